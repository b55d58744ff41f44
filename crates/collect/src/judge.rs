//! 校验: what becomes of one row. Pure: the row, the source's mapping, the pack and today's date in; an outcome, its reasons
//! and the candidate for a fact out.
//!
//! Reading order: `field` reads one cell, `party` finds out who is meant, `relation` whom else the row names, `content` looks into free
//! text, `write` makes the stored form; `notes` collects what is said. All faults of a row are said at once, so that one correction suffices.

mod content;
mod field;
mod notes;
mod party;
mod relation;
mod write;

use std::borrow::Cow;
use std::fmt;

use xinzhi_core::record::{Class, Document, Outcome, Remark};
use xinzhi_core::{Day, Fen};
use xinzhi_rules::model::{Field, FieldIx, FieldKind, Nature, Need, Pack, RecordKind, RepeatedAmount, Source};
use xinzhi_rules::predicate::{Column, Truth};

use crate::mapping::{HeaderFault, Mapping, kind_of};
use crate::table::{Row, RowFault};
use field::Value;
use notes::Notes;
pub use notes::only_warns;
pub use party::Party;
pub use relation::Stated;

/// Judges the rows of one file.
pub struct Judge<'p> {
    pack: &'p Pack,
    kind: &'p RecordKind,
    source: &'p Source,
    mapping: Mapping,
    today: Day,
    /// Words that are categories of parties, not names.
    categories: Vec<&'p str>,
    /// By field, and by unknown column: the member's key in the stored JSON.
    member_keys: Vec<String>,
    other_keys: Vec<String>,
    /// The last day of a document whose report is late today.
    late_through: Option<Day>,
}

impl fmt::Debug for Judge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").field("source", &self.source.id).field("today", &self.today).finish_non_exhaustive()
    }
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Accepted (may become a fact), quarantined or refused; whether it is a duplicate only the office knows.
    pub outcome: Outcome,
    /// Reasons and warnings.
    pub remarks: Vec<Remark>,
    /// What may become a fact; none where refused.
    pub candidate: Option<Candidate>,
}

/// A row that may become a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who it is about.
    pub party: Party,
    /// What it rests on. Without a document of its own (registrations) number and organ may be empty.
    pub document: Document,
    /// 失信程度, for adverse kinds; none there only where quarantined.
    pub class: Option<Class>,
    /// Canonical JSON of the open fields by code, in catalogue order; texts of unknown columns under `_`.
    pub open: String,
    /// The same of the sealed fields; with a person as party the unknown columns are here.
    pub sealed: Option<String>,
    /// Natural key without the subject.
    pub key: String,
    /// The relations that the row states of its party.
    pub relations: Vec<Stated>,
}

/// The text of a column that no field knows.
struct Other<'r> {
    member_key: &'r str,
    text: Cow<'r, str>,
}

impl<'p> Judge<'p> {
    /// Prepares for the rows of one file.
    ///
    /// # Errors
    /// [`HeaderFault::SourceBroken`], which a checked pack does not have.
    pub fn new(pack: &'p Pack, source: &'p Source, mapping: Mapping, today: Day) -> Result<Judge<'p>, HeaderFault> {
        let kind = kind_of(pack, source)?;
        let party_kinds = kind.roles.party_kind.and_then(|ix| kind.at(ix)).map(|field| &field.kind);
        let mut categories: Vec<&str> = pack.subject_kinds.iter().map(|k| k.title.as_str()).collect();
        if let Some(FieldKind::Choice(choices)) = party_kinds {
            categories.extend(choices.values.iter().map(|value| value.title.as_str()));
        }
        Ok(Judge {
            pack,
            kind,
            source,
            today,
            categories,
            member_keys: kind.fields.iter().map(|field| write::member_key(&field.code)).collect(),
            other_keys: mapping.unknown.iter().map(|(_, header)| write::member_key(header)).collect(),
            late_through: kind.report_within.and_then(|days| late_through(pack, today, days)),
            mapping,
        })
    }

    /// Judges one row.
    pub fn judge(&self, row: &Row) -> Judged {
        if let Some(fault) = &row.fault {
            return refused_for(fault);
        }
        let mut notes = Notes::new();
        let values = self.values(row, &mut notes);
        let others = self.others(row, &mut notes);
        let numbers: Vec<Option<i64>> = values.iter().map(Value::number).collect();
        self.ask_for_needed(&values, &numbers, &mut notes);
        let party = self.party(&values, &mut notes);
        let document = self.document(&values, &mut notes);
        self.refuse_minors(&values, document.as_ref().map(|d| d.date), &mut notes);
        let class = self.class(&numbers, &mut notes);
        let named = party.as_ref().zip(document.as_ref());
        let relations = named.map_or_else(Vec::new, |(party, document)| self.relations(&values, (party, document.date), &mut notes));
        let (Some(party), Some(document), false) = (party, document, notes.refused()) else {
            return Judged { outcome: Outcome::Refused, remarks: notes.remarks, candidate: None };
        };
        self.compare_amount(&values, &mut notes);
        self.remark_lateness(&document, &mut notes);
        let (open, sealed) = self.json(&values, &others, party.is_person);
        let key = self.key(&values, &document.organ, party.is_person);
        let candidate = Candidate { party, document, class, open, sealed, key, relations };
        Judged { outcome: notes.outcome, remarks: notes.remarks, candidate: Some(candidate) }
    }

    fn values<'r>(&'r self, row: &'r Row, notes: &mut Notes) -> Vec<Value<'r>> {
        let mut values = Vec::with_capacity(self.kind.fields.len());
        for (index, field) in self.kind.fields.iter().enumerate() {
            let column = self.mapping.columns.get(index).copied().flatten();
            let text = match column {
                Some(column) => row.cells.get(column).map(String::as_str),
                None => self.source.defaults.get(&FieldIx(index)).map(String::as_str),
            };
            let value = text.map_or(Value::Empty, |text| field::read(text, field, self.today, notes));
            self.remark_code(FieldIx(index), field, &value, notes);
            values.push(value);
        }
        values
    }

    /// Placeholders and faults of codes that are not the party's.
    fn remark_code(&self, ix: FieldIx, field: &Field, value: &Value<'_>, notes: &mut Notes) {
        match value {
            Value::Placeholder => {
                let sentence = format!("{} 填的是占位码，视为未填写；请补充真实代码", field.title);
                notes.warn("code.placeholder", Some(field), sentence);
            }
            Value::Flawed(text, fault) if !self.identifies_party(ix) && !self.names_another(ix) => {
                party::note_flawed(field, text, *fault, notes)
            }
            _ => {}
        }
    }

    fn identifies_party(&self, ix: FieldIx) -> bool {
        let roles = &self.kind.roles;
        [roles.party_uscc, roles.party_org_code, roles.party_resident_id].contains(&Some(ix))
    }

    fn others<'r>(&'r self, row: &'r Row, notes: &mut Notes) -> Vec<Other<'r>> {
        let mut others = Vec::new();
        for ((column, header), member_key) in self.mapping.unknown.iter().zip(&self.other_keys) {
            let Some(text) = row.cells.get(*column).and_then(|cell| field::clean(cell, header, None, notes)) else { continue };
            if !text.is_empty() {
                field::scan(&text, header, None, notes);
                others.push(Other { member_key, text });
            }
        }
        others
    }

    /// Empty fields that must or should be filled. The party's codes and an adverse record's document have their own rules.
    fn ask_for_needed(&self, values: &[Value<'_>], numbers: &[Option<i64>], notes: &mut Notes) {
        let roles = &self.kind.roles;
        let adverse = self.kind.nature == Nature::Adverse;
        let document = [roles.document_number, roles.organ_name, roles.document_date];
        for (index, (field, value)) in self.kind.fields.iter().zip(values).enumerate() {
            let ix = FieldIx(index);
            if !value.is_empty() || self.source.absent.contains(&ix) || self.identifies_party(ix) {
                continue;
            }
            if adverse && document.contains(&Some(ix)) {
                continue;
            }
            let title = &field.title;
            match &field.need {
                Need::Optional => {}
                Need::Required => {
                    notes.refuse("field.required", Some(field), format!("{title} 未填写，为必填项；请补充后重新报送本行"));
                }
                Need::When(condition) => {
                    let read = |column| match column {
                        Column::Field(FieldIx(index)) => numbers.get(index).copied().flatten(),
                        Column::Class => None,
                    };
                    if condition.truth(&read) == Truth::True {
                        let sentence = format!("{title} 未填写，按本行其他内容为必填项；请补充后重新报送本行");
                        notes.refuse("field.required", Some(field), sentence);
                    }
                }
                Need::Expected => {
                    if self.mapping.columns.get(index).is_some_and(Option::is_some) {
                        notes.warn("field.expected", Some(field), format!("{title} 未填写，请尽量补充"));
                    }
                }
            }
        }
    }

    /// The document (L5). None where the row cannot have one; the reasons are in `notes`.
    fn document(&self, values: &[Value<'_>], notes: &mut Notes) -> Option<Document> {
        let roles = &self.kind.roles;
        let adverse = self.kind.nature == Nature::Adverse;
        let at = |role: Option<FieldIx>| role.and_then(|ix| values.get(ix.0)).unwrap_or(&Value::Empty);
        let text = |role| at(role).text().unwrap_or_default().to_owned();
        let field = |role: Option<FieldIx>| role.and_then(|ix| self.kind.at(ix));
        let number = text(roles.document_number);
        let mut organ = text(roles.organ_name);
        if adverse && number.is_empty() {
            let sentence = "没有文书号，失信信息须以生效文书为依据，须经人工核实；请补充文书号".to_owned();
            notes.quarantine("document.no_number", field(roles.document_number), sentence);
        }
        if adverse && organ.is_empty() {
            let sentence = "没有作出文书的机关，失信信息须以生效文书为依据，须经人工核实；请补充机关名称".to_owned();
            notes.quarantine("document.no_organ", field(roles.organ_name), sentence);
        }
        if !adverse && organ.is_empty() {
            organ = text(roles.supplier_name);
            if organ.is_empty() {
                organ = self.source.supplier.clone().unwrap_or_default();
            }
        }
        let organ_code = match at(roles.organ_code) {
            Value::Uscc(code) => Some(code.as_str().to_owned()),
            _ => None,
        };
        let date = match at(roles.document_date) {
            Value::Day(day) => *day,
            Value::Empty | Value::NoEnd if adverse => {
                let sentence = "没有文书日期，期限无从起算；请补充后重新报送本行".to_owned();
                notes.refuse("document.no_date", field(roles.document_date), sentence);
                return None;
            }
            Value::Unusable => return None,
            // What has no document (a registration) is known from the day of its report.
            _ => self.today,
        };
        Some(Document { number, organ, organ_code, date })
    }

    /// 失信程度: the first line that holds. A line that cannot be told stops the search: the next might be milder or harsher.
    fn class(&self, numbers: &[Option<i64>], notes: &mut Notes) -> Option<Class> {
        if self.kind.nature != Nature::Adverse || notes.refused() {
            return None;
        }
        let class = xinzhi_rules::class_of(self.kind, numbers);
        if class.is_some() {
            return class;
        }
        let sentence = "失信程度无法确定：判断所需的项目未填写，须经人工核实；请补充后重新报送".to_owned();
        notes.quarantine("class.unknown", None, sentence);
        None
    }

    fn remark_lateness(&self, document: &Document, notes: &mut Notes) {
        if let (Some(last), Some(days)) = (self.late_through, self.kind.report_within)
            && document.date <= last
        {
            let field = self.kind.roles.document_date.and_then(|ix| self.kind.at(ix));
            let sentence = format!("报送超期：文书日期 {} 起 {days} 个工作日内应当报送", document.date);
            notes.warn("report.late", field, sentence);
        }
    }

    fn compare_amount(&self, values: &[Value<'_>], notes: &mut Notes) {
        let Some(RepeatedAmount { amount, text, after }) = &self.kind.repeated_amount else { return };
        let (Some(Value::Money(stated)), Some(Value::Text(said))) = (values.get(amount.0), values.get(text.0)) else { return };
        let (field, text) = (self.kind.at(*amount), self.kind.at(*text));
        if let (Some(written), Some(text)) = (amount_after(after, said), text)
            && written != *stated
        {
            let title = field.map_or("", |f| f.title.as_str());
            let sentence = format!("{title} 折合 {stated}，与{}中所写的 {written} 不一致；请核对单位和金额", text.title);
            notes.warn("money.differs", field, sentence);
        }
    }
}

fn refused_for(fault: &RowFault) -> Judged {
    let remark = Remark { code: fault.code().to_owned(), field: None, sentence: fault.to_string() };
    Judged { outcome: Outcome::Refused, remarks: vec![remark], candidate: None }
}

/// The last day of a document that is late when reported today. Found by walking back, once for a file.
fn late_through(pack: &Pack, today: Day, working_days: u32) -> Option<Day> {
    const LONGEST_HOLIDAY_DAYS: u32 = 60;
    let mut day = today;
    for _ in 0..working_days.saturating_mul(2).saturating_add(LONGEST_HOLIDAY_DAYS) {
        if pack.calendar.working_days_after(day, working_days).day < today {
            return Some(day);
        }
        day = day.plus_days(-1);
    }
    None
}

/// The amount of 「罚款2000元」 or 「罚款人民币0.2万元」 after `word`, where the text has exactly one such amount.
fn amount_after(word: &str, text: &str) -> Option<Fen> {
    use xinzhi_core::money::Unit;
    let mut found = None;
    for (at, word) in text.match_indices(word) {
        let after = text.get(at + word.len()..)?;
        let after = after.trim_start_matches(|c: char| c.is_whitespace() || "人民币共计合金额为：:￥¥".contains(c));
        let end = after.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))).unwrap_or(after.len());
        let (number, unit) = after.split_at_checked(end)?;
        let unit = match unit.trim_start() {
            unit if unit.starts_with("万元") => Unit::TenThousandYuan,
            unit if unit.starts_with('元') => Unit::Yuan,
            _ => continue,
        };
        let Ok(fen) = Fen::parse(&number.replace(',', ""), unit) else { continue };
        if found.is_some_and(|other| other != fen) {
            return None;
        }
        found = Some(fen);
    }
    found
}

#[cfg(test)]
mod tests;

//! Who a row is about: a code that proves itself, or nobody (D6). A name alone never finds a subject.

use xinzhi_core::identifier::{Invalid, OrgCode, ResidentId, Uscc};
use xinzhi_core::subject::SubjectCode;
use xinzhi_core::{AreaCode, Day, mask};
use xinzhi_rules::model::{Field, FieldIx, FieldKind, Nature, Scheme, SubjectKind, SubjectKindIx};

use super::Judge;
use super::field::Value;
use super::notes::{Notes, shown};

/// The party of a record, as far as the row tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its code; none where nobody may be taken for meant until a person has looked.
    pub code: Option<SubjectCode>,
    /// Its name as written; empty where the file had a category instead of a name.
    pub name: String,
    /// Its kind.
    pub kind: SubjectKindIx,
    /// Whether it is a natural person.
    pub is_person: bool,
    /// Area code, where the kind of record carries one.
    pub area: Option<String>,
    /// Industry code, where the kind of record carries one.
    pub industry: Option<String>,
}

/// A field of the kind with what the row has in it.
#[derive(Clone, Copy)]
struct Part<'r> {
    field: Option<&'r Field>,
    value: &'r Value<'r>,
}

impl<'r> Part<'r> {
    fn uscc(self) -> Option<&'r Uscc> {
        if let Value::Uscc(code) = self.value { Some(code) } else { None }
    }

    fn org_code(self) -> Option<&'r OrgCode> {
        if let Value::OrgCode(code) = self.value { Some(code) } else { None }
    }

    fn resident(self) -> Option<&'r ResidentId> {
        if let Value::Resident(id) = self.value { Some(id) } else { None }
    }

    fn flawed(self) -> Option<(&'r Field, &'r str, Invalid)> {
        match (self.field, self.value) {
            (Some(field), Value::Flawed(text, fault)) => Some((field, text, *fault)),
            _ => None,
        }
    }
}

/// The three codes a party may have.
struct Codes<'r> {
    uscc: Part<'r>,
    org_code: Part<'r>,
    resident: Part<'r>,
}

impl<'p> Judge<'p> {
    /// Reads the party; its faults go to `notes`. None where not even its kind can be told.
    pub(super) fn party(&self, values: &[Value<'_>], notes: &mut Notes) -> Option<Party> {
        let roles = &self.kind.roles;
        let codes = Codes {
            uscc: self.part(roles.party_uscc, values),
            org_code: self.part(roles.party_org_code, values),
            resident: self.part(roles.party_resident_id, values),
        };
        let Some(kind) = self.subject_kind(&codes, self.declared(values), notes) else {
            let sentence = format!("规则包没有规定{}的主体范围，无法确定主体类别；请联系规则包的维护人员", self.kind.title);
            notes.refuse("party.kind_unknown", None, sentence);
            return None;
        };
        let is_person = self.pack.subject_kinds.get(kind.0).is_some_and(|k| k.person);
        if !self.kind.subjects.contains(&kind) {
            let allowed: Vec<&str> = self.kind.subjects.iter().filter_map(|k| self.subject(*k)).map(|k| k.title.as_str()).collect();
            let found = self.subject(kind).map_or("", |k| k.title.as_str());
            let sentence = format!(
                "主体类别“{found}”不属于{}的主体范围（{}）；请核对相对人类别和代码后重新报送本行",
                self.kind.title,
                allowed.join("、")
            );
            notes.refuse("party.kind_not_allowed", self.part(roles.party_kind, values).field, sentence);
        }
        let name = self.name(values, notes);
        let code = match self.scheme_of(kind, &codes) {
            _ if is_person => self.person_code(&codes, notes),
            Some(scheme) => self.local_code(scheme, values, notes),
            None => self.organisation_code(&codes, notes),
        };
        let area = self.area(values, notes);
        let industry = self.part(roles.industry, values).value.text().map(str::to_owned);
        Some(Party { code, name, kind, is_person, area, industry })
    }

    fn part<'r>(&'r self, role: Option<FieldIx>, values: &'r [Value<'r>]) -> Part<'r> {
        let field = role.and_then(|ix| self.kind.at(ix));
        let value = role.and_then(|ix| values.get(ix.0)).unwrap_or(&Value::Empty);
        Part { field, value }
    }

    pub(super) fn subject(&self, kind: SubjectKindIx) -> Option<&'p SubjectKind> {
        self.pack.subject_kinds.get(kind.0)
    }

    /// Whether the source has no such column, so that its value is nobody's statement about this row.
    fn is_defaulted(&self, role: Option<FieldIx>) -> bool {
        role.is_some_and(|ix| self.mapping.columns.get(ix.0).is_some_and(Option::is_none))
    }

    /// The subject kinds that the written category stands for.
    fn declared(&self, values: &[Value<'_>]) -> &'p [SubjectKindIx] {
        let part = self.part(self.kind.roles.party_kind, values);
        let (Some(ix), Value::Choice(position)) = (self.kind.roles.party_kind, part.value) else { return &[] };
        match self.kind.at(ix).map(|field| &field.kind) {
            Some(FieldKind::Choice(choices)) => choices.values.get(*position).map_or(&[], |value| value.subject_kinds.as_slice()),
            _ => &[],
        }
    }

    /// The kind that a code's first characters mark; the longest prefix wins.
    pub(super) fn kind_of_code(&self, code: &Uscc) -> Option<SubjectKindIx> {
        let kinds = self.pack.subject_kinds.iter().enumerate();
        let lengths = kinds.filter_map(|(index, kind)| {
            let fitting = kind.uscc_prefixes.iter().filter(|prefix| code.category().starts_with(prefix.as_str()));
            fitting.map(String::len).max().map(|length| (length, index))
        });
        lengths.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, index)| SubjectKindIx(index))
    }

    fn subject_kind(&self, codes: &Codes<'_>, declared: &[SubjectKindIx], notes: &mut Notes) -> Option<SubjectKindIx> {
        let is_person = |kind: &SubjectKindIx| self.subject(*kind).is_some_and(|k| k.person);
        let by_code = codes.uscc.uscc().and_then(|code| self.kind_of_code(code));
        if let Some(by_code) = by_code {
            if declared.is_empty() || declared.contains(&by_code) {
                return Some(by_code);
            }
            let said = declared.first().and_then(|k| self.subject(*k)).map_or("", |k| k.title.as_str());
            let coded = self.subject(by_code).map_or("", |k| k.title.as_str());
            let sentence = format!("相对人类别“{said}”与统一社会信用代码所示的“{coded}”不一致；请核对相对人类别");
            notes.warn("party.kind_contradicts", codes.uscc.field, sentence);
            // Who is declared a person stays one, and sealed, whatever code stands there.
            let person = declared.iter().find(|kind| is_person(kind));
            return Some(person.copied().unwrap_or(by_code));
        }
        let by_number = self.kind.subjects.iter().find(|kind| is_person(kind)).filter(|_| codes.resident.resident().is_some());
        if let Some(person) = by_number
            && self.is_defaulted(self.kind.roles.party_kind)
            && codes.org_code.org_code().is_none()
            && !declared.iter().any(is_person)
        {
            let sentence = "来源没有相对人类别，本行又只有公民身份号码，须经人工核实主体是自然人还是组织；请补充相对人类别".to_owned();
            notes.quarantine("party.kind_unstated", codes.resident.field, sentence);
            return Some(*person);
        }
        let organisation = self.kind.subjects.iter().find(|kind| !is_person(kind));
        declared.first().or(by_number).or(organisation).or(self.kind.subjects.first()).copied()
    }

    fn name(&self, values: &[Value<'_>], notes: &mut Notes) -> String {
        let part = self.part(self.kind.roles.party_name, values);
        let Some(name) = part.value.text() else { return String::new() };
        if mask::is_masked_name(name) {
            let sentence = format!(
                "相对人名称 `{}` 已被遮掩，系统不作推测，须经人工核实主体；请提供完整名称",
                name.chars().take(20).collect::<String>()
            );
            notes.quarantine("party.masked", part.field, sentence);
        }
        if self.categories.contains(&name) {
            let sentence = format!("相对人名称 `{name}` 是类别而不是名称，未作为名称登记；如有字号请补充");
            notes.warn("party.category_name", part.field, sentence);
            return String::new();
        }
        name.to_owned()
    }

    fn organisation_code(&self, codes: &Codes<'_>, notes: &mut Notes) -> Option<SubjectCode> {
        if let Some((field, text, fault)) = codes.uscc.flawed() {
            self.flawed_party_code(field, text, fault, notes);
            return None;
        }
        if let Some((field, text, fault)) = codes.resident.flawed() {
            note_flawed(field, text, fault, notes);
        }
        if *codes.uscc.value == Value::Unusable {
            return None;
        }
        let Some(uscc) = codes.uscc.uscc() else { return self.org_code(codes, notes) };
        if let Some((field, text, fault)) = codes.org_code.flawed() {
            note_flawed(field, text, fault, notes);
        }
        let embedded = uscc.as_str().get(8..17).unwrap_or_default();
        if let Some(other) = codes.org_code.org_code().filter(|code| code.as_str() != embedded) {
            let sentence = format!("组织机构代码 `{}` 与统一社会信用代码中的 `{embedded}` 不一致；请核对", other.as_str());
            notes.warn("code.org_differs", codes.org_code.field, sentence);
        }
        Some(SubjectCode::Uscc(uscc.clone()))
    }

    /// The pack's own numbering of a kind, where the row has no national code, or the kind of record no column for one.
    fn scheme_of(&self, kind: SubjectKindIx, codes: &Codes<'_>) -> Option<&'p Scheme> {
        let scheme = self.subject(kind)?.scheme.as_ref().filter(|_| !self.kind.roles.party_code.is_empty())?;
        codes.uscc.value.is_empty().then_some(scheme)
    }

    /// A code of the pack's own numbering: the first way to it whose fields are all filled.
    fn local_code(&self, scheme: &Scheme, values: &[Value<'_>], notes: &mut Notes) -> Option<SubjectCode> {
        let ways = &self.kind.roles.party_code;
        let field = ways.first().and_then(|way| way.first()).and_then(|ix| self.kind.at(*ix));
        let Some(text) = ways.iter().find_map(|way| self.joined(way, values)) else {
            let sentence = format!("没有{}，主体无法唯一确定，须经人工核实；请补充", scheme.title);
            notes.quarantine("party.no_code", field, sentence);
            return None;
        };
        let code = scheme.parse(&text);
        if code.is_none() {
            let shape = scheme.mask.as_ref().map_or_else(String::new, |mask| format!("，应形如 {mask}（A 为字母，9 为数字）"));
            let sentence = format!("{} `{text}` 格式不符{shape}；请改正后重新报送本行", scheme.title);
            match self.kind.nature {
                Nature::Adverse => notes.refuse("code.shape", field, sentence),
                Nature::Neutral | Nature::Positive => notes.quarantine("code.shape", field, sentence),
            }
        }
        code.map(|code| SubjectCode::Local { scheme: scheme.id.clone(), code })
    }

    fn joined(&self, way: &[FieldIx], values: &[Value<'_>]) -> Option<String> {
        let part = |ix: &FieldIx| {
            let value = values.get(ix.0)?;
            let text = match (value, self.kind.at(*ix).map(|field| &field.kind)) {
                (Value::Choice(position), Some(FieldKind::Choice(choices))) => {
                    choices.values.get(*position).map(|value| value.title.clone())
                }
                (Value::Integer(number), _) => Some(number.to_string()),
                (value, _) => value.text().map(str::to_owned),
            };
            text.filter(|text| !text.is_empty())
        };
        way.iter().map(part).collect::<Option<Vec<String>>>().map(|parts| parts.join("-"))
    }

    fn org_code(&self, codes: &Codes<'_>, notes: &mut Notes) -> Option<SubjectCode> {
        if let Some((field, text, fault)) = codes.org_code.flawed() {
            self.flawed_party_code(field, text, fault, notes);
            return None;
        }
        if let Some(code) = codes.org_code.org_code() {
            return Some(SubjectCode::OrgCode(code.clone()));
        }
        let sentence = "没有统一社会信用代码，主体无法唯一确定，须经人工核实；请补充代码".to_owned();
        notes.quarantine("party.no_code", codes.uscc.field.or(codes.org_code.field), sentence);
        None
    }

    fn person_code(&self, codes: &Codes<'_>, notes: &mut Notes) -> Option<SubjectCode> {
        for (field, text, fault) in [codes.uscc.flawed(), codes.org_code.flawed()].into_iter().flatten() {
            note_flawed(field, text, fault, notes);
        }
        if let Some(id) = codes.resident.resident() {
            return Some(SubjectCode::ResidentId(id.clone()));
        }
        match codes.resident.flawed() {
            Some((field, text, _)) if mask::is_masked_name(text) => {
                let sentence = format!("{} 已被遮掩，自然人主体无法唯一确定，须经人工核实；请提供完整号码", field.title);
                notes.quarantine("party.masked", Some(field), sentence);
            }
            Some((field, _, Invalid::Length)) => {
                let sentence = format!("{} 不是 18 位公民身份号码，其他证件不能唯一确定主体，须经人工核实", field.title);
                notes.quarantine("party.not_exact", Some(field), sentence);
            }
            Some((field, text, fault)) => self.flawed_party_code(field, text, fault, notes),
            None => {
                let sentence = "自然人没有公民身份号码，主体无法唯一确定，须经人工核实；请补充号码".to_owned();
                notes.quarantine("party.no_code", codes.resident.field, sentence);
            }
        }
        None
    }

    /// A code of the party that fails its check: adverse records go back, others wait for a person.
    fn flawed_party_code(&self, field: &Field, text: &str, fault: Invalid, notes: &mut Notes) {
        let sentence = format!("{} {} {fault}；请改正后重新报送本行", field.title, shown(field, text));
        match self.kind.nature {
            Nature::Adverse => notes.refuse(code_of(fault), Some(field), sentence),
            Nature::Neutral | Nature::Positive => notes.quarantine(code_of(fault), Some(field), sentence),
        }
    }

    fn area(&self, values: &[Value<'_>], notes: &mut Notes) -> Option<String> {
        let part = self.part(self.kind.roles.area, values);
        let text = part.value.text()?;
        let area = AreaCode::parse(text);
        if let (None, Some(field)) = (&area, part.field) {
            let sentence =
                format!("{} {} 不是行政区划代码（应为 2、4、6、9 或 12 位数字），未登记区划；请核对", field.title, shown(field, text));
            notes.warn("area.invalid", Some(field), sentence);
        }
        area.map(|area| area.as_str().to_owned())
    }

    /// Nobody under 18 has a record (P9): any identity number of the row that says so sends it back and leaves nothing behind.
    pub(super) fn refuse_minors(&self, values: &[Value<'_>], document: Option<Day>, notes: &mut Notes) {
        const ADULT_YEARS: i32 = 18;
        for (field, value) in self.kind.fields.iter().zip(values) {
            let Value::Resident(id) = value else { continue };
            let day = document.map_or(self.today, |document| document.min(self.today));
            if day.years_since(id.birth()) < ADULT_YEARS {
                let sentence = format!("{} 所示的出生日期未满 18 周岁，未成年人不建立信用记录，本行不予留存", field.title);
                notes.refuse("person.minor", Some(field), sentence);
            }
        }
    }
}

/// A warning about a code that identifies nobody in this row.
pub(super) fn note_flawed(field: &Field, text: &str, fault: Invalid, notes: &mut Notes) {
    notes.warn(code_of(fault), Some(field), format!("{} {} {fault}", field.title, shown(field, text)));
}

/// The stable code of an identifier's fault.
pub(super) fn code_of(fault: Invalid) -> &'static str {
    match fault {
        Invalid::Missing => "code.missing",
        Invalid::Length => "code.length",
        Invalid::Character(_) => "code.character",
        Invalid::CheckDigit => "code.check_digit",
        Invalid::BirthDate => "code.birth_date",
        Invalid::Scientific => "code.scientific",
    }
}

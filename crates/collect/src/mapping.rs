//! Which column is which field. Decided once for a file, from its header alone.

use std::collections::BTreeMap;

use xinzhi_core::text;
use xinzhi_rules::forbidden::forbidden_field;
use xinzhi_rules::model::{Field, FieldIx, Need, Pack, RecordKind, Source};

/// Known columns below which a file is taken for the file of another source.
const KNOWN_COLUMNS_MIN: usize = 3;

/// The columns of a file as fields of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// By position of the field: where its column stands, from 0.
    pub columns: Vec<Option<usize>>,
    /// Columns that no field knows: position and header. Their texts are kept with the record.
    pub unknown: Vec<(usize, String)>,
    /// Titles of fields that are expected but have no column: worth one warning for the file, not one for each row.
    pub expected_missing: Vec<String>,
}

/// Why a header does not fit a source. The whole file goes back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// Hardly any column is known.
    #[error(
        "表头只有 {known} 列属于“{source_title}”，看来不是这一来源的文件（第一行应为表头，不要有标题行）；{}",
        suggestion(.better)
    )]
    WrongSource {
        /// Known columns.
        known: usize,
        /// Title of the chosen source.
        source_title: String,
        /// Title of a source that knows more of the columns.
        better: Option<String>,
    },
    /// A column that nobody may collect (guardrail 6, D11).
    #[error("第 {column} 列 `{header}` 不得采集：{reason}；请删除该列后重新上传")]
    Forbidden {
        /// Counted from 1.
        column: usize,
        /// The header.
        header: String,
        /// Why.
        reason: &'static str,
    },
    /// Two columns mean one field.
    #[error("第 {first} 列 `{first_header}` 和第 {second} 列 `{second_header}` 都是“{field}”，请只保留一列后重新上传")]
    Twice {
        /// Title of the field.
        field: String,
        /// Counted from 1.
        first: usize,
        /// The header there.
        first_header: String,
        /// Counted from 1.
        second: usize,
        /// The header there.
        second_header: String,
    },
    /// Required columns are not there.
    #[error("缺少必填的列：{}；请补上后重新上传{}", missing_columns(.fields), hint(.better))]
    Missing {
        /// Each with the headers that would be accepted.
        fields: Vec<MissingField>,
        /// Title of a source for which nothing is missing.
        better: Option<String>,
    },
    /// The pack's source points nowhere; a checked pack has no such source.
    #[error("来源“{source_title}”引用的目录项不存在，请联系规则包的维护人员")]
    SourceBroken {
        /// Title of the source.
        source_title: String,
    },
}

/// A required field without a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingField {
    /// Its title.
    pub title: String,
    /// What its header may be.
    pub headers: Vec<String>,
}

fn suggestion(better: &Option<String>) -> String {
    match better {
        Some(title) => format!("更像是“{title}”，请改选该来源后重新上传"),
        None => "请核对所选来源和表头后重新上传".to_owned(),
    }
}

fn hint(better: &Option<String>) -> String {
    better.as_ref().map(|title| format!("，或改选来源“{title}”（该来源所需的列齐全）")).unwrap_or_default()
}

fn missing_columns(fields: &[MissingField]) -> String {
    let one = |field: &MissingField| format!("{}（表头可写作 {}）", field.title, quoted(&field.headers));
    fields.iter().map(one).collect::<Vec<_>>().join("、")
}

fn quoted(headers: &[String]) -> String {
    headers.iter().map(|header| format!("`{header}`")).collect::<Vec<_>>().join(" ")
}

impl Mapping {
    /// Finds the field of each column.
    ///
    /// # Errors
    /// [`HeaderFault`], with the sentence for the sender.
    pub fn of(pack: &Pack, source: &Source, header: &[String]) -> Result<Mapping, HeaderFault> {
        let kind = kind_of(pack, source)?;
        let names = Names::of(kind, source);
        let known = names.known(header);
        if known < KNOWN_COLUMNS_MIN.min(kind.fields.len()) {
            let better = better_source(pack, source, header, known);
            return Err(HeaderFault::WrongSource { known, source_title: source.title.clone(), better });
        }
        let mut mapping = Mapping { columns: vec![None; kind.fields.len()], unknown: Vec::new(), expected_missing: Vec::new() };
        for (position, title) in header.iter().enumerate() {
            match names.find(title) {
                Some(field) => mapping.place(kind, field, position, header)?,
                None => {
                    if let Some(reason) = forbidden_field(title) {
                        return Err(HeaderFault::Forbidden { column: position + 1, header: title.clone(), reason });
                    }
                    mapping.unknown.push((position, title.clone()));
                }
            }
        }
        let missing = names.missing(&mapping.columns);
        if !missing.is_empty() {
            let better = complete_source(pack, source, header);
            return Err(HeaderFault::Missing { fields: missing, better });
        }
        let unasked = |(index, field): &(usize, &Field)| {
            matches!(field.need, Need::Expected)
                && mapping.columns.get(*index).is_some_and(Option::is_none)
                && !names.excused(FieldIx(*index))
        };
        mapping.expected_missing = kind.fields.iter().enumerate().filter(unasked).map(|(_, field)| field.title.clone()).collect();
        Ok(mapping)
    }

    fn place(&mut self, kind: &RecordKind, field: FieldIx, position: usize, header: &[String]) -> Result<(), HeaderFault> {
        let Some(column) = self.columns.get_mut(field.0) else { return Ok(()) };
        if let Some(first) = column {
            let shown = |position: usize| header.get(position).cloned().unwrap_or_default();
            return Err(HeaderFault::Twice {
                field: kind.at(field).map(|f| f.title.clone()).unwrap_or_default(),
                first: *first + 1,
                first_header: shown(*first),
                second: position + 1,
                second_header: shown(position),
            });
        }
        *column = Some(position);
        Ok(())
    }
}

/// The record kind of a source.
pub(crate) fn kind_of<'p>(pack: &'p Pack, source: &Source) -> Result<&'p RecordKind, HeaderFault> {
    pack.record_kinds.get(source.kind.0).ok_or_else(|| HeaderFault::SourceBroken { source_title: source.title.clone() })
}

/// Every header that a source accepts, folded.
struct Names<'p> {
    kind: &'p RecordKind,
    source: &'p Source,
    fields: BTreeMap<String, FieldIx>,
}

impl<'p> Names<'p> {
    fn of(kind: &'p RecordKind, source: &'p Source) -> Names<'p> {
        let mut fields = BTreeMap::new();
        for (index, field) in kind.fields.iter().enumerate() {
            for alias in &field.aliases {
                fields.entry(fold(alias)).or_insert(FieldIx(index));
            }
        }
        // A title or a code outranks another field's alias; the source's own headers outrank both.
        for (index, field) in kind.fields.iter().enumerate() {
            fields.insert(fold(&field.title), FieldIx(index));
            fields.insert(fold(&field.code), FieldIx(index));
        }
        fields.extend(source.headers.iter().map(|(header, field)| (fold(header), *field)));
        Names { kind, source, fields }
    }

    fn find(&self, header: &str) -> Option<FieldIx> {
        self.fields.get(&fold(header)).copied()
    }

    fn known(&self, header: &[String]) -> usize {
        header.iter().filter(|title| self.find(title).is_some()).count()
    }

    /// Whether the source need not have a column for the field.
    fn excused(&self, field: FieldIx) -> bool {
        self.source.absent.contains(&field) || self.source.defaults.contains_key(&field)
    }

    fn missing(&self, columns: &[Option<usize>]) -> Vec<MissingField> {
        let fields = self.kind.fields.iter().enumerate();
        let without = fields.filter(|(index, field)| {
            matches!(field.need, Need::Required) && columns.get(*index).is_some_and(Option::is_none) && !self.excused(FieldIx(*index))
        });
        without.map(|(index, field)| MissingField { title: field.title.clone(), headers: self.headers(FieldIx(index), field) }).collect()
    }

    fn headers(&self, index: FieldIx, field: &Field) -> Vec<String> {
        let own = [field.title.clone(), field.code.clone()];
        let of_source = self.source.headers.iter().filter(|(_, ix)| **ix == index).map(|(header, _)| header.clone());
        own.into_iter().chain(field.aliases.iter().cloned()).chain(of_source).collect()
    }
}

/// Takes away what headers differ in without meaning anything: case, white space, width, the star of required columns.
fn fold(header: &str) -> String {
    let cleaned = text::clean(header).unwrap_or(std::borrow::Cow::Borrowed(header));
    let narrow = text::half_width(&cleaned);
    narrow.chars().filter(|c| !c.is_whitespace() && *c != '*').flat_map(char::to_uppercase).collect()
}

/// A source that knows more of the columns than the chosen one.
fn better_source(pack: &Pack, chosen: &Source, header: &[String], known: usize) -> Option<String> {
    let others = pack.sources.iter().filter(|source| source.id != chosen.id);
    let counted = others.filter_map(|source| {
        let kind = pack.record_kinds.get(source.kind.0)?;
        Some((Names::of(kind, source).known(header), source))
    });
    let best = counted.filter(|(count, _)| *count > known && *count >= KNOWN_COLUMNS_MIN).max_by_key(|(count, _)| *count);
    best.map(|(_, source)| source.title.clone())
}

/// A source for which no required column is missing.
fn complete_source(pack: &Pack, chosen: &Source, header: &[String]) -> Option<String> {
    let others = pack.sources.iter().filter(|source| source.id != chosen.id);
    let complete = others.filter_map(|source| {
        let kind = pack.record_kinds.get(source.kind.0)?;
        let names = Names::of(kind, source);
        let mut columns = vec![None; kind.fields.len()];
        for (position, title) in header.iter().enumerate() {
            if let Some(column) = names.find(title).and_then(|field| columns.get_mut(field.0)) {
                *column = Some(position);
            }
        }
        let fits = names.known(header) >= KNOWN_COLUMNS_MIN && names.missing(&columns).is_empty();
        fits.then(|| (names.known(header), source))
    });
    complete.max_by_key(|(count, _)| *count).map(|(_, source)| source.title.clone())
}

#[cfg(test)]
mod tests;

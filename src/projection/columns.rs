//! What was known of some subjects, as columns.

use xinzhi_columnar::projection::{Held, LayerColumns};
use xinzhi_columnar::{CoverageRow, RecordColumns};
use xinzhi_office::projection::{Covered, HeldFact, HeldSubject, Stay};
use xinzhi_rules::Pack;

pub fn positions(stay: Stay) -> (i64, Option<i64>) {
    (stay.known.0, stay.until.map(|until| until.0))
}

/// Appends a subject without its records.
pub fn subject(columns: &mut LayerColumns, subject: &HeldSubject) {
    let Held { columns, stays } = &mut columns.subjects;
    for described in &subject.described {
        let (known, until) = positions(described.stay);
        columns.numbers.push(subject.subject.0);
        columns.kinds.push_text(Some(&subject.kind));
        columns.areas.push_text(described.area.as_deref());
        columns.industries.push_text(described.industry.as_deref());
        columns.codes.push_text(subject.code.as_deref());
        stays.push(known, until);
    }
}

/// Appends records.
pub fn facts(columns: &mut LayerColumns, pack: &Pack, facts: &[HeldFact]) {
    for held in facts {
        let Some(kind) = pack.record_kind(held.fact.kind) else { continue };
        let empty = || Held { columns: RecordColumns::of(kind), ..Held::default() };
        let Held { columns, stays } = columns.kinds.entry(held.fact.kind).or_insert_with(empty);
        let (known, until) = positions(held.stay);
        columns.push(held.subject.0, &held.fact);
        stays.push(known, until);
    }
}

/// Coverage.
pub fn coverage(rows: &[Covered]) -> Held<Vec<CoverageRow>> {
    let mut held: Held<Vec<CoverageRow>> = Held::default();
    for row in rows {
        let (known, until) = positions(row.stay);
        held.columns.push(CoverageRow { area: Some(row.area.clone()), kind: row.kind.clone(), span: row.span });
        held.stays.push(known, until);
    }
    held
}

//! Whether a rule reads the same out of the same records by two packs. What a catalogue says besides, such as titles, bounds, what else it
//! collects or how a row is judged when it comes in, changes nothing of what was recorded.

use xinzhi_rules::model::{Choices, Each, FieldKind, Forcing, Indicator, Nature, Number, Override, RecordKind, Take};
use xinzhi_rules::predicate::{Column, Predicate};

/// Whether an indicator that is the same by its own text reads the same, given each kind that it counts, old and new.
pub(super) fn indicator(rule: &Indicator, kinds: &[(&RecordKind, &RecordKind)]) -> bool {
    let own = match &rule.take {
        Take::Each { each: Each::ByChoice { field, .. } | Each::ByBand { field, .. }, .. } => vec![Column::Field(*field)],
        Take::Number { number: Number::Distinct(field) | Number::Total(field), .. } => vec![Column::Field(*field)],
        Take::Number { number: Number::Rate(of), .. } => columns(of),
        Take::Each { each: Each::Constant(_) | Each::ByClass(_), .. } | Take::Number { number: Number::Count | Number::Ratio(_), .. } => {
            Vec::new()
        }
    };
    let asked = rule.counts().map(|(_, filter)| filter.map(columns).unwrap_or_default());
    let alike = kinds.iter().zip(asked).all(|((old, new), columns)| reads_alike((old, new), &columns));
    // Where records are divided by others, doubt about one that is adverse counts otherwise than about any other.
    let in_doubt = |kind: &RecordKind| rule.divisor().is_some() && kind.nature == Nature::Adverse;
    alike && kinds.first().is_some_and(|(old, new)| reads_alike((old, new), &own) && in_doubt(old) == in_doubt(new))
}

/// The same of a rule that forces a grade: a record of honour lifts, any other lowers.
pub(super) fn forcing(rule: &Override, (old, new): (&RecordKind, &RecordKind)) -> bool {
    let (same_list, columns) = match &rule.when {
        Forcing::Listed => {
            let fields = old.list.map(|list| std::iter::once(list.from).chain(list.until).map(Column::Field).collect());
            (old.list == new.list, fields.unwrap_or_default())
        }
        Forcing::Within { filter, .. } => (true, filter.as_ref().map(columns).unwrap_or_default()),
    };
    let lifts = |kind: &RecordKind| kind.nature == Nature::Positive;
    same_list && lifts(old) == lifts(new) && reads_alike((old, new), &columns)
}

fn columns(condition: &Predicate) -> Vec<Column> {
    match condition {
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter().flat_map(columns).collect(),
        Predicate::Not(part) => columns(part),
        Predicate::Test { column, .. } => vec![*column],
    }
}

fn reads_alike((old, new): (&RecordKind, &RecordKind), columns: &[Column]) -> bool {
    let alike = |column: &Column| match column {
        // It stands beside the record, as it was judged when it came in.
        Column::Class => true,
        Column::Field(field) => {
            old.at(*field).zip(new.at(*field)).is_some_and(|(old, new)| old.code == new.code && values(&old.kind, &new.kind))
        }
    };
    old.id == new.id && columns.iter().all(alike)
}

/// Whether what stands in a record is the same number by both.
fn values(old: &FieldKind, new: &FieldKind) -> bool {
    match (old, new) {
        (FieldKind::Choice(old), FieldKind::Choice(new)) | (FieldKind::Choices(old), FieldKind::Choices(new)) => words(old, new),
        (FieldKind::Integer { .. }, FieldKind::Integer { .. })
        | (FieldKind::Money(_), FieldKind::Money(_))
        | (FieldKind::Day { .. }, FieldKind::Day { .. }) => true,
        _ => false,
    }
}

/// Whether every word that may stand in a record is the same value by both. A record holds the title that its value had when it came in, which
/// is another word for it where the title has changed since: the pack in force knows it under either. A word that only the new one knows
/// stands in no record that the pack in force can read.
fn words(old: &Choices, new: &Choices) -> bool {
    let known = old.values.iter().flat_map(|value| std::iter::once(&value.title).chain(&value.aliases));
    old.values.len() == new.values.len() && known.into_iter().all(|word| old.find(word) == new.find(word))
}

#[cfg(test)]
mod tests;

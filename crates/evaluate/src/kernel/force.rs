//! What forces a grade: entries of lists, and records that weigh more than any sum.

use xinzhi_core::Day;

use super::Watch;
use super::days::Window;
use super::ranges;
use super::rows::Scratch;
use crate::columns::KindColumns;
use crate::plan::{ForcingPlan, OverridePlan, Plan};

/// The entry that forces a grade: the rule's place in the plan, and the row among the rows of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub rule: usize,
    pub row: usize,
}

/// Marks the subjects of a chunk that a rule's rows force; of several rules the worst grade stays, and of equal ones the first.
pub(super) fn force(
    plan: &Plan,
    place: usize,
    columns: &KindColumns<'_>,
    as_of: Day,
    (forced, scratch, mut watch): (&mut [u16], &mut Scratch, Option<&mut Watch>),
) {
    let Some((rule, mark)) = plan.overrides.get(place).zip(u16::try_from(place + 1).ok()) else { return };
    holding(rule, columns, as_of, scratch);
    let held_by = |mark: u16| {
        let place = usize::from(mark.checked_sub(1)?);
        Some((plan.overrides.get(place)?.grade, place))
    };
    for (slot, (start, end)) in forced.iter_mut().zip(ranges(columns)) {
        let rows = scratch.entry.get(start..end).unwrap_or(&[]);
        let Some(first) = rows.iter().position(|holds| *holds != 0) else { continue };
        // Kinds come in an order of their own, so that an earlier rule may come later.
        if held_by(*slot).is_none_or(|(grade, held)| rule.grade > grade || (rule.grade == grade && place < held)) {
            *slot = mark;
            if let Some(watch) = watch.as_deref_mut() {
                watch.hit = Some(Hit { rule: place, row: start + first });
            }
        }
    }
}

/// 1 by row where it forces.
fn holding(rule: &OverridePlan, columns: &KindColumns<'_>, as_of: Day, scratch: &mut Scratch) {
    let Scratch { filter, entry, pool, .. } = scratch;
    entry.clear();
    match &rule.when {
        // What `Fact::listed_on` says, over columns: from the day of entry, or else of the document, up to the day of removal.
        ForcingPlan::Listed { from, until } => {
            let (from, until) = (columns.column(*from), until.and_then(|until| columns.column(until)));
            let today = as_of.number();
            entry.extend(columns.day.iter().enumerate().map(|(row, day)| {
                let from = from.and_then(|from| from.at(row)).unwrap_or(i64::from(*day));
                let until = until.and_then(|until| until.at(row));
                u16::from(from <= today && until.is_none_or(|until| today < until))
            }));
        }
        ForcingPlan::Within { filter: condition, window_months } => {
            match condition {
                Some(condition) => filter.read(condition, columns, pool),
                None => filter.fill(columns.rows(), 1),
            }
            let window = Window::new(as_of, *window_months);
            entry.extend(columns.day.iter().zip(&filter.yes).map(|(day, yes)| u16::from(window.holds(*day) & yes)));
        }
    }
}

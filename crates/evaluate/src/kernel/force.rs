//! What forces a grade: entries of lists, and records that weigh more than any sum.

use xinzhi_core::Day;

use super::days::Window;
use super::mask;
use super::rows::Scratch;
use super::{Chunk, Owners, Totals, Watch};
use crate::columns::KindColumns;
use crate::plan::{ForcingPlan, OverridePlan, Plan};

/// The entry that forces a grade: the rule's place in the plan, and the row among the rows of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub rule: usize,
    pub row: usize,
}

/// What a rule's rows say of a chunk's subjects.
pub(super) struct Forcing<'p> {
    plan: &'p Plan,
    /// The rule's place in the plan.
    place: usize,
    rule: &'p OverridePlan,
    days: &'p [Day],
}

impl<'p> Forcing<'p> {
    /// The rule at a place of the plan, for some days; none where there is no such rule.
    pub(super) fn new(plan: &'p Plan, place: usize, days: &'p [Day]) -> Option<Forcing<'p>> {
        plan.overrides.get(place).map(|rule| Forcing { plan, place, rule, days })
    }

    /// Marks the subjects whom the rows force; of several rules the worst grade stays, and of equal ones the first.
    pub(super) fn run(&self, chunk: &Chunk<'_>, totals: &mut [Totals], (scratch, mut watch): (&mut Scratch, Option<&mut Watch>)) {
        if let ForcingPlan::Within { filter, .. } = &self.rule.when {
            match filter {
                Some(filter) => mask::read(&filter.holds, &chunk.columns, &mut scratch.sure, &mut scratch.pool),
                None => mask::fill(&mut scratch.sure, chunk.columns.rows(), 1),
            }
        }
        for (day, totals) in self.days.iter().zip(totals) {
            self.holding(&chunk.columns, *day, scratch);
            self.mark(chunk.owners(), &mut totals.forced, (&scratch.counts, watch.as_deref_mut()));
        }
    }

    fn mark(&self, owners: Owners<'_>, forced: &mut [u16], (holding, mut watch): (&[u8], Option<&mut Watch>)) {
        let Ok(mark) = u16::try_from(self.place + 1) else { return };
        let held_by = |mark: u16| {
            let place = usize::from(mark.checked_sub(1)?);
            Some((self.plan.overrides.get(place)?.grade, place))
        };
        let grade = self.rule.grade;
        for owner in owners {
            let rows = holding.get(owner.rows()).unwrap_or(&[]);
            let first = rows.iter().position(|holds| *holds != 0);
            let Some((slot, first)) = forced.get_mut(owner.subject as usize).zip(first) else { continue };
            // Kinds come in an order of their own, so that an earlier rule may come later.
            if held_by(*slot).is_none_or(|(held, by)| grade > held || (grade == held && self.place < by)) {
                *slot = mark;
                if let Some(watch) = watch.as_deref_mut() {
                    watch.hit = Some(Hit { rule: self.place, row: owner.rows().start + first });
                }
            }
        }
    }

    /// 1 by row where it forces on a day.
    fn holding(&self, columns: &KindColumns<'_>, as_of: Day, scratch: &mut Scratch) {
        let Scratch { sure, counts, .. } = scratch;
        counts.clear();
        match &self.rule.when {
            // What `Fact::listed_on` says, over columns: from the day of entry, or else of the document, up to the day of removal.
            ForcingPlan::Listed { from, until } => {
                let (from, until) = (columns.column(*from), until.and_then(|until| columns.column(until)));
                let today = as_of.number();
                counts.extend(columns.day.iter().enumerate().map(|(row, day)| {
                    let from = from.and_then(|from| from.at(row)).unwrap_or(i64::from(*day));
                    let until = until.and_then(|until| until.at(row));
                    u8::from(from <= today && until.is_none_or(|until| today < until))
                }));
            }
            ForcingPlan::Within { window_months, .. } => {
                let window = Window::new(as_of, *window_months);
                counts.extend(columns.day.iter().zip(&*sure).map(|(day, sure)| window.holds(*day) & sure));
            }
        }
    }
}

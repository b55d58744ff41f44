//! What is counted: a group of equal things, or one of them, with all that it can be broken down by.

use std::sync::Arc;

use xinzhi_core::AreaCode;
use xinzhi_rules::Pack;
use xinzhi_rules::figure::{Dimension, Only, Population, State};
use xinzhi_rules::model::SubjectKind;

use super::month::Month;
use crate::permission::Scope;

/// A text that many items share.
pub(crate) type Shared = Option<Arc<str>>;

/// Several equal things; what a population does not have is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item {
    pub month: Option<Month>,
    pub organ: Shared,
    pub area: Shared,
    pub kind: Shared,
    pub source: Shared,
    pub reason: Shared,
    pub subject: Shared,
    pub matter: Shared,
    pub place: Shared,
    /// Everything that is true of its state: an obligation may be closed, executed and in time.
    pub states: [Option<State>; 3],
    /// How long it took, where a median is taken of that.
    pub days: Option<i64>,
    pub many: i64,
}

impl Item {
    pub(crate) fn is(&self, state: State) -> bool {
        self.states.contains(&Some(state))
    }

    /// Whether it is in one of the states; of none everything is.
    pub(crate) fn is_any(&self, states: &[State]) -> bool {
        states.is_empty() || states.iter().any(|state| self.is(*state))
    }

    /// Whether it lies within what the reader may see.
    pub(crate) fn within(&self, scope: &Scope, counts: Population) -> bool {
        match (counts, scope) {
            // Whoever may open a file of any area may see how the areas stand.
            (Population::Evaluations { .. }, Scope::Organ(_)) => true,
            _ => scope.covers_work(self.organ.as_deref(), self.area.as_deref()),
        }
    }

    /// Whether the figure's filter lets it in.
    pub(crate) fn passes(&self, filter: &[Only], pack: &Pack) -> bool {
        filter.iter().all(|only| match only {
            Only::MeasureKinds(kinds) => self.kind.as_deref().is_some_and(|kind| kinds.iter().any(|known| measure_word(*known) == kind)),
            Only::RecordKinds(kinds) => {
                self.kind.as_deref().is_some_and(|kind| kinds.iter().any(|ix| pack.record_kind(*ix).is_some_and(|k| k.id == kind)))
            }
            Only::Subjects(kinds) => {
                self.subject.as_deref().is_some_and(|id| kinds.iter().any(|ix| pack.subject_kind(*ix).is_some_and(|k| k.id == id)))
            }
            Only::Matters(matters) => {
                self.matter.as_deref().is_some_and(|id| matters.iter().any(|ix| pack.matters.get(ix.0).is_some_and(|m| m.id == id)))
            }
            Only::Sources(ids) => self.source.as_deref().is_some_and(|id| ids.iter().any(|known| known == id)),
        })
    }

    /// The group that it belongs to; none where that is not known.
    pub(crate) fn group(&self, by: Dimension, base: &AreaCode) -> Option<String> {
        let text = |shared: &Shared| shared.as_deref().map(str::to_owned);
        match by {
            Dimension::Month => self.month.map(|month| month.to_string()),
            Dimension::Organ => text(&self.organ),
            Dimension::Area => self.area.as_deref().map(|area| below(base, area)),
            Dimension::Kind => text(&self.kind),
            Dimension::Source => text(&self.source),
            Dimension::Reason => text(&self.reason),
            Dimension::Subject => text(&self.subject),
            Dimension::Grade => self.states.iter().flatten().next().map(|state| grade_key(*state)),
            Dimension::Matter => text(&self.matter),
            Dimension::Place => text(&self.place),
        }
    }
}

/// A grade in an address.
pub(crate) fn grade_key(state: State) -> String {
    match state {
        State::Grade(position) => position.to_string(),
        other => other.word().to_owned(),
    }
}

/// The area one level below `base` that holds `area`: a county sees its townships, a township its villages.
pub(crate) fn below(base: &AreaCode, area: &str) -> String {
    let level = match base.as_str().len() {
        0..=3 => 4,
        4..=5 => 6,
        6..=8 => 9,
        _ => 12,
    };
    area.chars().take(level).collect()
}

fn measure_word(kind: xinzhi_core::measure::MeasureKind) -> &'static str {
    match kind {
        xinzhi_core::measure::MeasureKind::Incentive => "incentive",
        xinzhi_core::measure::MeasureKind::Supervision => "supervision",
        xinzhi_core::measure::MeasureKind::Restriction => "restriction",
    }
}

/// The subject kind of an id.
pub(crate) fn subject_kind<'p>(pack: &'p Pack, id: &str) -> Option<&'p SubjectKind> {
    pack.subject_kind_by_id(id).map(|(_, kind)| kind)
}

/// Hands out one copy of each text.
#[derive(Debug, Default)]
pub(crate) struct Texts(std::collections::BTreeSet<Arc<str>>);

impl Texts {
    pub(crate) fn one(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let fresh: Arc<str> = Arc::from(text);
        self.0.insert(Arc::clone(&fresh));
        fresh
    }

    pub(crate) fn some(&mut self, text: Option<&str>) -> Shared {
        text.filter(|text| !text.is_empty()).map(|text| self.one(text))
    }
}

/// Adds equal items up.
pub(crate) fn folded(items: impl IntoIterator<Item = Item>) -> Vec<Item> {
    let mut sums: std::collections::BTreeMap<Item, i64> = std::collections::BTreeMap::new();
    for mut item in items {
        let many = std::mem::take(&mut item.many);
        *sums.entry(item).or_insert(0) += many;
    }
    sums.into_iter().map(|(item, many)| Item { many, ..item }).collect()
}

/// What was added up before, with what there is more and less of it since.
pub(crate) fn changed(before: &[Item], changes: impl IntoIterator<Item = Item>) -> Vec<Item> {
    let changes = folded(changes);
    let mut items = before.to_vec();
    // Each change moves what stands behind it: where there are many, everything is added up again.
    let few = changes.len().saturating_mul(16) <= before.len();
    if few {
        changes.into_iter().for_each(|change| put(&mut items, change));
    } else {
        items = folded(items.into_iter().chain(changes));
    }
    items.retain(|item| item.many != 0);
    items
}

/// Adds to items in order; how many there are is what they are ordered by last.
fn put(items: &mut Vec<Item>, change: Item) {
    let first = Item { many: i64::MIN, ..change.clone() };
    let at = items.partition_point(|item| *item < first);
    match items.get_mut(at) {
        Some(item) if (Item { many: change.many, ..item.clone() }) == change => item.many += change.many,
        _ => items.insert(at, change),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(place: u8, many: i64) -> Item {
        Item { place: Some(Arc::from(format!("{place:02}"))), many, ..Item::default() }
    }

    #[test]
    fn a_few_changes_and_adding_everything_up_again_come_to_the_same() {
        let before = folded((0..60).step_by(2).map(|place| item(place, 2)));
        for changes in [
            vec![item(0, -2)],
            vec![item(58, 5)],
            vec![item(59, 1)],
            vec![item(1, 1)],
            vec![item(4, -2), item(4, 1), item(4, 1)],
            vec![item(5, 3), item(5, -3)],
            (0..60).map(|place| item(place, -1)).collect(),
            Vec::new(),
        ] {
            let mut again = folded(before.iter().cloned().chain(changes.iter().cloned()));
            again.retain(|item| item.many != 0);
            assert_eq!(changed(&before, changes.clone()), again, "{changes:?}");
        }
    }
}

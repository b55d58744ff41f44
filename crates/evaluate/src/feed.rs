//! Columns made from facts: of one subject for an explanation, of many for a run without a projection.

use std::collections::BTreeMap;

use xinzhi_core::record::RecordId;
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{FieldIx, KindIx};
use xinzhi_rules::predicate;

use crate::columns::{Column, ColumnsFault, KindColumns, Population, Values};
use crate::coverage::Coverage;
use crate::plan::{Plan, Reads};

/// Owned columns of the kinds and fields that a plan reads.
#[derive(Clone, Debug)]
pub struct Feed {
    kinds: BTreeMap<KindIx, KindRows>,
    subjects: u32,
}

/// The rows of one kind, each subject's together, oldest document first: the order of facts handed in leaves no trace.
#[derive(Clone, Debug)]
pub struct KindRows {
    /// Which record each row is; the kernel never sees it.
    pub records: Vec<RecordId>,
    starts: Vec<u32>,
    day: Vec<i32>,
    class: Owned,
    fields: BTreeMap<FieldIx, Owned>,
}

#[derive(Clone, Debug, Default)]
struct Owned {
    values: Vec<i64>,
    known: Vec<u8>,
}

impl Owned {
    fn push(&mut self, value: Option<i64>) {
        self.values.push(value.unwrap_or(0));
        self.known.push(u8::from(value.is_some()));
    }

    fn borrow(&self) -> Column<'_> {
        Column { values: Values::Long(&self.values), known: Some(&self.known) }
    }
}

impl Feed {
    /// Columns of subjects 0, 1, 2 …, whose facts come in that order.
    pub fn new<'f, F: IntoIterator<Item = &'f Fact>>(plan: &Plan, subjects: impl IntoIterator<Item = F>) -> Feed {
        let kinds = plan.reads().iter().map(|(kind, reads)| (*kind, KindRows::new(reads))).collect();
        let mut feed = Feed { kinds, subjects: 0 };
        for facts in subjects {
            let mut facts: Vec<&Fact> = facts.into_iter().collect();
            facts.sort_by_key(|fact| (fact.day, fact.record));
            facts.into_iter().for_each(|fact| feed.push(fact));
            feed.kinds.values_mut().for_each(KindRows::close);
            feed.subjects += 1;
        }
        feed
    }

    fn push(&mut self, fact: &Fact) {
        let Some(rows) = self.kinds.get_mut(&fact.kind) else { return };
        rows.records.push(fact.record);
        rows.day.push(crate::kernel::number(fact.day));
        rows.class.push(fact.value(predicate::Column::Class));
        for (field, column) in &mut rows.fields {
            column.push(fact.value(predicate::Column::Field(*field)));
        }
    }

    /// The rows of a kind, with their records.
    pub fn kind(&self, kind: KindIx) -> Option<&KindRows> {
        self.kinds.get(&kind)
    }

    /// The population that these columns are, each subject with its coverage.
    ///
    /// # Errors
    /// [`ColumnsFault::Coverage`] unless there is one coverage for each subject.
    pub fn population<'a>(&'a self, coverage_of: &[&'a Coverage]) -> Result<Population<'a>, ColumnsFault> {
        if u32::try_from(coverage_of.len()).ok() != Some(self.subjects) {
            return Err(ColumnsFault::Coverage);
        }
        let (coverages, places) = distinct(coverage_of);
        Population::new(self.kinds.iter().map(|(kind, rows)| (*kind, rows.borrow())).collect(), coverages, places)
    }
}

/// Many subjects share one coverage; each is stored once, and looked at once for everybody. An office has as many as areas.
fn distinct<'a>(coverage_of: &[&'a Coverage]) -> (Vec<&'a Coverage>, Vec<u32>) {
    let mut coverages: Vec<&Coverage> = Vec::new();
    let mut places = Vec::with_capacity(coverage_of.len());
    for coverage in coverage_of {
        let known = coverages.iter().position(|known| std::ptr::eq(*known, *coverage));
        let place = known.unwrap_or(coverages.len());
        if known.is_none() {
            coverages.push(coverage);
        }
        places.push(u32::try_from(place).unwrap_or(u32::MAX));
    }
    (coverages, places)
}

impl KindRows {
    fn new(reads: &Reads) -> KindRows {
        let fields = reads.fields.iter().map(|field| (*field, Owned::default())).collect();
        KindRows { records: Vec::new(), starts: vec![0], day: Vec::new(), class: Owned::default(), fields }
    }

    /// Ends a subject's rows. Nobody's facts come near four thousand million.
    fn close(&mut self) {
        self.starts.push(u32::try_from(self.day.len()).unwrap_or(u32::MAX));
    }

    /// The rows as the kernel sees them.
    pub(crate) fn borrow(&self) -> KindColumns<'_> {
        let width = self.fields.keys().next_back().map_or(0, |last| last.0 + 1);
        let fields = (0..width).map(|index| self.fields.get(&FieldIx(index)).map(Owned::borrow)).collect();
        KindColumns { starts: &self.starts, day: &self.day, class: Some(self.class.borrow()), fields }
    }

    /// The document day of a row, as a number.
    pub(crate) fn day(&self, row: usize) -> Option<i64> {
        self.day.get(row).map(|day| i64::from(*day))
    }
}

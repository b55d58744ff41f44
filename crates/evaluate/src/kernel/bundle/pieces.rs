//! Which rows are alike for the indicators of a bundle. A condition and a worth read a column only by comparing it with a few values; cut there, it falls
//! into a few pieces, and what a row has of each column makes its place, however many conditions there are. What an indicator says of a place is asked
//! of a sample, a row that has it, with the same masks and codes that go over all rows elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use xinzhi_rules::predicate::Column;

use crate::columns::{self, KindColumns, Values};
use crate::kernel::codes::To;
use crate::kernel::days::ByDay;
use crate::kernel::rows::Scratch;
use crate::plan::{Compare, IndicatorPlan, Node, TakePlan, Worth};

/// A column of bytes that is cut more often than so is cut at every value: finding the nearest is then less work than comparing.
const CUTS_OF_BYTES: usize = 8;

/// A column that is cut more often than so is not cut: comparing is then more work than looking up.
pub(super) const CUTS: usize = 32;

/// By column the least value of each piece, rising; none for that of empty cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pieces(BTreeMap<Column, BTreeSet<Option<i64>>>);

/// A column whose pieces are part of a place.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    of: Of,
    pieces: Vec<Option<i64>>,
    /// How far apart the places of two pieces lie.
    stride: u16,
}

/// Of what.
#[derive(Clone, Debug)]
enum Of {
    Column(Column),
    /// The document's day.
    Day,
    /// The same, where places are looked up.
    ByDay(ByDay),
}

/// One row for each place.
pub(super) struct Samples {
    day: Vec<i32>,
    columns: Vec<(Column, Vec<i64>, Vec<u8>)>,
}

impl Pieces {
    /// Of all columns that an indicator over these reads of a row; none where a set of choices is among them, which no order cuts, or one would
    /// be cut very often.
    pub(super) fn of(plan: &IndicatorPlan, columns: &KindColumns<'_>) -> Option<Pieces> {
        let TakePlan::Each { worth, .. } = &plan.take else { return None };
        let mut pieces = Pieces::default();
        if let Some(filter) = &plan.filter {
            pieces.cut_by(&filter.holds, columns)?;
        }
        match worth {
            Worth::Constant(_) => {}
            Worth::Table(column, points) => pieces.cut(*column, 0..=i64::try_from(points.len()).ok()?, columns)?,
            Worth::Bands(column, bands) => pieces.cut(*column, bands.iter().map(|(from, _)| *from), columns)?,
        }
        Some(pieces)
    }

    fn cut_by(&mut self, node: &Node, columns: &KindColumns<'_>) -> Option<()> {
        match node {
            Node::All(parts) | Node::Any(parts) => parts.iter().try_for_each(|part| self.cut_by(part, columns)),
            Node::Test { column, compare, .. } => match compare {
                Compare::Among(values) => {
                    self.cut(*column, values.iter().flat_map(|value| [Some(*value), value.checked_add(1)]).flatten(), columns)
                }
                Compare::AtLeast(least) => self.cut(*column, [*least], columns),
                Compare::AtMost(most) => self.cut(*column, most.checked_add(1), columns),
                Compare::Present => self.cut(*column, None, columns),
                Compare::AnyBit(_) => None,
            },
        }
    }

    /// Cuts a column before each of some values.
    fn cut(&mut self, column: Column, before: impl IntoIterator<Item = i64>, columns: &KindColumns<'_>) -> Option<()> {
        let columns::Column { values, known } = columns.column(column)?;
        let (least, most) = match values {
            Values::Byte(_) => (u8::MIN.into(), u8::MAX.into()),
            Values::Short(_) => (i32::MIN.into(), i32::MAX.into()),
            Values::Long(_) => (i64::MIN, i64::MAX),
        };
        let pieces = self.0.entry(column).or_default();
        pieces.insert(Some(least));
        pieces.extend(known.map(|_| None));
        pieces.extend(before.into_iter().filter(|value| least < *value && *value <= most).map(Some));
        if let (Values::Byte(_), Some(Some(last)), true) = (values, pieces.last().copied(), pieces.len() > CUTS_OF_BYTES) {
            pieces.extend((least..last).map(Some));
        }
        (pieces.len() <= CUTS || matches!(values, Values::Byte(_))).then_some(())
    }

    /// These, cut further where the others are.
    pub(super) fn and(&self, others: &Pieces) -> Pieces {
        let mut both = self.clone();
        for (column, others) in &others.0 {
            both.0.entry(*column).or_default().extend(others);
        }
        both
    }

    /// How many places they make.
    pub(super) fn places(&self) -> usize {
        self.0.values().fold(1, |places, pieces| places.saturating_mul(pieces.len()))
    }

    /// How each column is read, and a sample of every place.
    pub(super) fn read(&self) -> (Vec<Reading>, Samples) {
        let places = self.places();
        let (mut readings, mut columns, mut stride) = (Vec::new(), Vec::new(), 1);
        for (column, pieces) in &self.0 {
            let pieces: Vec<Option<i64>> = pieces.iter().copied().collect();
            let cell = |place: usize| pieces.get((place / stride) % pieces.len()).copied().flatten();
            let (values, known) = (0..places).map(|place| (cell(place).unwrap_or(0), u8::from(cell(place).is_some()))).unzip();
            columns.push((*column, values, known));
            let many = pieces.len();
            // A bundle keeps places few.
            readings.push(Reading { of: Of::Column(*column), pieces, stride: u16::try_from(stride).unwrap_or(0) });
            stride = stride.saturating_mul(many);
        }
        (readings, Samples { day: vec![0; places], columns })
    }
}

impl Reading {
    /// The document's day, cut before some others, each of whose pieces has so many places.
    pub(super) fn of_days(cuts: impl Iterator<Item = i32>, places: usize) -> Reading {
        let pieces = std::iter::once(i32::MIN).chain(cuts).map(|day| Some(i64::from(day))).collect();
        // A bundle keeps places few.
        Reading { of: Of::Day, pieces, stride: u16::try_from(places).unwrap_or(0) }
    }

    /// The document's day, of which is told where its places begin. It is the first that is read.
    pub(super) fn by_day(places: ByDay) -> Reading {
        Reading { of: Of::ByDay(places), pieces: Vec::new(), stride: 0 }
    }

    /// Adds to the place of each row what its piece of the column makes of it; puts it there where places are those of other rows still.
    pub(super) fn read(&self, columns: &KindColumns<'_>, stale: bool, scratch: &mut Scratch) {
        let column = match &self.of {
            Of::Column(column) => columns.column(*column),
            Of::Day => Some(columns::Column { values: Values::Short(columns.day), known: None }),
            Of::ByDay(places) => return places.read(columns.day, &mut scratch.codes),
        };
        let Scratch { codes, narrow, .. } = scratch;
        // `complete` has seen that the column is there.
        let Some(columns::Column { values, known }) = column else { return codes.fill(0) };
        let mut to = To { codes, stride: self.stride, stale };
        let base = u8::from(self.pieces.first() == Some(&None));
        // Nothing lies below the least of all.
        let cuts = || self.pieces.iter().copied().flatten().skip(1);
        match (values, cuts().last().map(u8::try_from)) {
            (Values::Byte(values), Some(Ok(last))) if last < u8::MAX && usize::from(last) == cuts().count() => {
                to.nearest((values, known), (base, last));
            }
            _ => to.reached((base, cuts()), (values, known), narrow),
        }
    }
}

impl Samples {
    /// As the rows of a kind.
    pub(super) fn columns(&self) -> KindColumns<'_> {
        let mut columns = KindColumns { starts: &[], day: &self.day, class: None, fields: Vec::new() };
        for (column, values, known) in &self.columns {
            let cells = Some(columns::Column { values: Values::Long(values), known: Some(known) });
            match column {
                Column::Class => columns.class = cells,
                Column::Field(field) => {
                    columns.fields.resize(columns.fields.len().max(field.0 + 1), None);
                    columns.fields.get_mut(field.0).into_iter().for_each(|field| *field = cells);
                }
            }
        }
        columns
    }
}

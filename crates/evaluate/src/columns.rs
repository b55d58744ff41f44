//! What the kernel sees: borrowed columns of integers with validity masks, each subject's rows together. Never a position of the
//! journal, never an Arrow type, nothing that names anybody.

use std::collections::BTreeMap;
use std::ops::Range;

use xinzhi_rules::model::{FieldIx, KindIx, RECORDS_MAX, SubjectKindIx};
use xinzhi_rules::predicate;

use crate::coverage::Coverage;

/// The integers of one column, as narrow as they are: reading them is most of the work.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// Positions of choices and classes.
    Byte(&'a [u8]),
    /// Day numbers, small numbers.
    Short(&'a [i32]),
    /// 分, bit sets, any number.
    Long(&'a [i64]),
}

/// One column: a value is only read where it is known.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// Positions of choices, bit sets, 分, numbers, day numbers.
    pub values: Values<'a>,
    /// 1 where the value is filled, else 0; none where every one is.
    pub known: Option<&'a [u8]>,
}

/// The records of one kind, one row each.
#[derive(Clone, Debug)]
pub struct KindColumns<'a> {
    /// The rows of subject `s` are `starts[s]..starts[s + 1]`, in any order among themselves.
    pub starts: &'a [u32],
    /// Number of the document's day.
    pub day: &'a [i32],
    /// 失信程度 as a number; none where no rule of the plan reads it.
    pub class: Option<Column<'a>>,
    /// By position of the field; none where no rule of the plan reads it.
    pub fields: Vec<Option<Column<'a>>>,
}

/// Why columns cannot be evaluated. Feeders are ours, so this is a fault of the house and never a user's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsFault {
    /// Columns of one kind differ in length.
    #[error("第 {0} 类信息的各列长度不一致，请检查列存数据")]
    Lengths(usize),
    /// A mask holds something else than 0 and 1.
    #[error("第 {0} 类信息的有效标记不是 0 或 1，请检查列存数据")]
    Mask(usize),
    /// Starts that do not rise from 0 to the number of rows, one for each subject and one more.
    #[error("第 {0} 类信息的主体分界与行数不符，请检查列存数据")]
    Starts(usize),
    /// A subject with more rows than the proof allows.
    #[error("有主体的第 {0} 类信息超过 16777216 条，无法保证合计不溢出，请检查列存数据")]
    TooMany(usize),
    /// The plan reads the class, which was not handed in.
    #[error("第 {0} 类信息缺少规则要读的失信程度一列，请检查列存数据")]
    ClassAbsent(usize),
    /// The plan reads a column that was not handed in.
    #[error("第 {0} 类信息缺少规则要读的第 {1} 列，请检查列存数据")]
    Absent(usize, usize),
    /// The coverage of a subject is not stated.
    #[error("主体的归集覆盖情况与主体数不一致，请检查列存数据")]
    Coverage,
    /// The scorecard groups by the kind of subject, and it is not stated for each.
    #[error("主体类型与主体数不一致，请检查列存数据")]
    Kinds,
}

/// Rows of one kind of which few subjects have more.
pub(crate) const FEW: u32 = 31;

/// How many subjects lie between two marks.
const STRIDE: usize = 256;

/// A subject who has rows, and where they end; they begin where those of the one before end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct End {
    pub subject: u32,
    pub end: u32,
}

/// A subject, and which rows it has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Owner {
    pub subject: u32,
    pub start: u32,
    pub end: u32,
}

/// The subjects who have rows of a kind.
#[derive(Clone, Debug, Default)]
struct Owned {
    ends: Vec<End>,
    /// By every [`STRIDE`] subjects, how many of the ends are of those before.
    marks: Vec<u32>,
    /// Those who have more than [`FEW`].
    crowded: Vec<Owner>,
}

/// Some of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnedBy<'a> {
    pub ends: &'a [End],
    pub crowded: &'a [Owner],
}

/// A population: columns by record kind, and each subject's coverage.
#[derive(Clone, Debug)]
pub struct Population<'a> {
    kinds: BTreeMap<KindIx, KindColumns<'a>>,
    owned: BTreeMap<KindIx, Owned>,
    coverages: Vec<&'a Coverage>,
    coverage_of: Vec<u32>,
    subject_kinds: Vec<SubjectKindIx>,
}

impl<'a> Population<'a> {
    /// A checked population. Subject `s` is covered by `coverages[coverage_of[s]]`, so `coverage_of` also says how many there are.
    ///
    /// # Errors
    /// [`ColumnsFault`] where the columns contradict one another.
    pub fn new(
        kinds: BTreeMap<KindIx, KindColumns<'a>>,
        coverages: Vec<&'a Coverage>,
        coverage_of: Vec<u32>,
    ) -> Result<Population<'a>, ColumnsFault> {
        if coverage_of.iter().any(|set| *set as usize >= coverages.len()) {
            return Err(ColumnsFault::Coverage);
        }
        for (kind, columns) in &kinds {
            columns.check(kind.0, coverage_of.len())?;
        }
        let owned = kinds.iter().map(|(kind, columns)| (*kind, Owned::of(columns.starts))).collect();
        Ok(Population { kinds, owned, coverages, coverage_of, subject_kinds: Vec::new() })
    }

    /// The same with the kind of each subject, which some scorecards group by.
    ///
    /// # Errors
    /// [`ColumnsFault::Kinds`] unless there is one for each subject.
    pub fn with_kinds(self, subject_kinds: Vec<SubjectKindIx>) -> Result<Population<'a>, ColumnsFault> {
        if subject_kinds.len() != self.subjects() {
            return Err(ColumnsFault::Kinds);
        }
        Ok(Population { subject_kinds, ..self })
    }

    /// What kind of subject; none where the feeder did not say.
    pub(crate) fn subject_kind(&self, subject: usize) -> Option<SubjectKindIx> {
        self.subject_kinds.get(subject).copied()
    }

    /// Whether the kind of every subject is known.
    pub(crate) fn kinds_known(&self) -> bool {
        self.subject_kinds.len() == self.subjects()
    }

    /// How many subjects.
    pub fn subjects(&self) -> usize {
        self.coverage_of.len()
    }

    /// The rows of a kind; none where nobody has one.
    pub fn kind(&self, kind: KindIx) -> Option<&KindColumns<'a>> {
        self.kinds.get(&kind)
    }

    /// Those of some subjects who have rows of a kind.
    pub(crate) fn owned_by(&self, kind: KindIx, subjects: &Range<usize>) -> OwnedBy<'_> {
        self.owned.get(&kind).map_or(OwnedBy { ends: &[], crowded: &[] }, |owned| OwnedBy {
            ends: owned.ends.get(owned.before(subjects.start)..owned.before(subjects.end)).unwrap_or(&[]),
            crowded: among(&owned.crowded, subjects),
        })
    }

    /// By coverage set 1 where `covers` holds: asked once for each, not for each subject.
    pub(crate) fn covered(&self, covers: impl Fn(&Coverage) -> bool) -> Vec<u8> {
        self.coverages.iter().map(|coverage| u8::from(covers(coverage))).collect()
    }

    /// How many coverage sets there are.
    pub(crate) fn coverages(&self) -> usize {
        self.coverages.len()
    }

    /// Which coverage set each of some subjects has.
    pub(crate) fn coverage_of(&self, subjects: Range<usize>) -> &[u32] {
        self.coverage_of.get(subjects).unwrap_or(&[])
    }
}

impl<'a> KindColumns<'a> {
    /// How many rows.
    pub fn rows(&self) -> usize {
        self.day.len()
    }

    /// The column that a predicate names.
    pub fn column(&self, column: predicate::Column) -> Option<Column<'a>> {
        match column {
            predicate::Column::Class => self.class,
            predicate::Column::Field(FieldIx(index)) => self.fields.get(index).copied().flatten(),
        }
    }

    /// The rows of some subjects, with starts as they were: `starts[0]` is then the first row's place among all.
    pub(crate) fn of(&self, subjects: Range<usize>) -> KindColumns<'a> {
        let starts = self.starts.get(subjects.start..=subjects.end).unwrap_or(&[]);
        let place = |start: Option<&u32>| start.map_or(0, |start| *start as usize);
        let rows = place(starts.first())..place(starts.last());
        KindColumns {
            starts,
            day: part(self.day, &rows),
            class: self.class.map(|column| column.part(&rows)),
            fields: self.fields.iter().map(|column| column.map(|column| column.part(&rows))).collect(),
        }
    }

    fn check(&self, kind: usize, subjects: usize) -> Result<(), ColumnsFault> {
        let rows = self.rows();
        let columns = || self.class.iter().chain(self.fields.iter().flatten());
        if columns().any(|column| column.values.len() != rows || column.known.is_some_and(|known| known.len() != rows)) {
            return Err(ColumnsFault::Lengths(kind));
        }
        // To the end, whatever is found: a loop that may stop at every byte is not vectorised.
        if columns().filter_map(|column| column.known).any(|known| known.iter().fold(0, |all, bit| all | bit) > 1) {
            return Err(ColumnsFault::Mask(kind));
        }
        let whole = self.starts.len() == subjects + 1 && self.starts.first() == Some(&0);
        let ends = self.starts.last().is_some_and(|last| *last as usize == rows);
        let (sorted, longest) = self
            .starts
            .iter()
            .zip(self.starts.iter().skip(1))
            .fold((true, 0), |(sorted, longest), (start, end)| (sorted & (start <= end), end.wrapping_sub(*start).max(longest)));
        if !whole || !ends || !sorted {
            return Err(ColumnsFault::Starts(kind));
        }
        if i64::from(longest) > RECORDS_MAX {
            return Err(ColumnsFault::TooMany(kind));
        }
        Ok(())
    }
}

impl Owned {
    fn of(starts: &[u32]) -> Owned {
        let (mut ends, mut many) = (vec![End::default(); starts.len()], 0_usize);
        // There is no branch to guess wrong: each subject is put down where the next one belongs and is written over unless it has rows.
        let mut marks = Vec::with_capacity(starts.len() / STRIDE + 1);
        for ((start, end), subject) in starts.iter().zip(starts.iter().skip(1)).zip(0_u32..) {
            if (subject as usize).is_multiple_of(STRIDE) {
                marks.push(u32::try_from(many).unwrap_or(0));
            }
            ends.get_mut(many).into_iter().for_each(|place| *place = End { subject, end: *end });
            many = many.wrapping_add(usize::from(start != end));
        }
        ends.truncate(many);
        ends.shrink_to_fit();
        let begins = std::iter::once(0).chain(ends.iter().map(|end| end.end));
        let owners = ends.iter().zip(begins).map(|(end, start)| Owner { subject: end.subject, start, end: end.end });
        let crowded = owners.filter(|owner| owner.crowded()).collect();
        Owned { ends, marks, crowded }
    }

    /// How many of the ends are of subjects before one.
    fn before(&self, subject: usize) -> usize {
        let mark = |place: usize| self.marks.get(place).map_or(self.ends.len(), |mark| *mark as usize);
        let (from, until) = (mark(subject / STRIDE), mark(subject / STRIDE + 1));
        let few = self.ends.get(from..until).unwrap_or(&[]);
        if subject.is_multiple_of(STRIDE) { from } else { from + few.partition_point(|end| (end.subject as usize) < subject) }
    }
}

impl Owner {
    pub(crate) fn rows(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The same where so many subjects and rows before are left out.
    pub(crate) fn among(self, subjects: u32, rows: u32) -> Owner {
        let Owner { subject, start, end } = self;
        Owner { subject: subject.wrapping_sub(subjects), start: start.wrapping_sub(rows), end: end.wrapping_sub(rows) }
    }

    /// Whether it has more rows than nearly all.
    pub(crate) fn crowded(self) -> bool {
        self.end.wrapping_sub(self.start) > FEW
    }
}

/// Those of rising owners who are some subjects.
fn among<'a>(owners: &'a [Owner], subjects: &Range<usize>) -> &'a [Owner] {
    let before = |subject: usize| owners.partition_point(|owner| (owner.subject as usize) < subject);
    owners.get(before(subjects.start)..before(subjects.end)).unwrap_or(&[])
}

impl Values<'_> {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Values::Byte(values) => values.len(),
            Values::Short(values) => values.len(),
            Values::Long(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One value.
    pub fn at(&self, row: usize) -> Option<i64> {
        match self {
            Values::Byte(values) => values.get(row).map(|value| i64::from(*value)),
            Values::Short(values) => values.get(row).map(|value| i64::from(*value)),
            Values::Long(values) => values.get(row).copied(),
        }
    }
}

impl<'a> Column<'a> {
    /// One cell; none where it is empty.
    pub fn at(&self, row: usize) -> Option<i64> {
        let known = self.known.is_none_or(|known| known.get(row).copied() == Some(1));
        self.values.at(row).filter(|_| known)
    }

    fn part(&self, rows: &Range<usize>) -> Column<'a> {
        let values = match self.values {
            Values::Byte(values) => Values::Byte(part(values, rows)),
            Values::Short(values) => Values::Short(part(values, rows)),
            Values::Long(values) => Values::Long(part(values, rows)),
        };
        Column { values, known: self.known.map(|known| part(known, rows)) }
    }
}

fn part<'a, T>(slice: &'a [T], rows: &Range<usize>) -> &'a [T] {
    slice.get(rows.clone()).unwrap_or(&[])
}

//! What the kernel sees: borrowed columns of integers with validity masks and dense subject indexes. Never a position of the
//! journal, never an Arrow type, nothing that names anybody.

use std::collections::BTreeMap;

use xinzhi_rules::model::{FieldIx, KindIx};
use xinzhi_rules::predicate;

use crate::coverage::Coverage;

/// Rows of one record kind in one population, at most. The plan's proof that sums fit counts on it.
pub const ROWS_MAX: i64 = 1 << 32;

/// One column: a value is only read where `known` is 1.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// Positions of choices, bit sets, 分, numbers, day numbers.
    pub values: &'a [i64],
    /// 1 where the value is filled, else 0.
    pub known: &'a [u8],
}

/// The records of one kind, one row each, in any order.
#[derive(Clone, Debug)]
pub struct KindColumns<'a> {
    /// Whose record: a dense index from 0.
    pub subject: &'a [u32],
    /// Number of the document's day.
    pub day: &'a [i64],
    /// 失信程度 as a number.
    pub class: &'a [i64],
    /// 1 where the class is known, else 0.
    pub class_known: &'a [u8],
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
    /// A subject index lies outside the population, or a coverage index outside its sets.
    #[error("第 {0} 类信息的主体序号超出范围，请检查列存数据")]
    Subject(usize),
    /// More rows than the proof allows.
    #[error("第 {0} 类信息超过一次运算的行数上限，请分批运算")]
    TooMany(usize),
    /// The plan reads a column that was not handed in.
    #[error("第 {0} 类信息缺少规则要读的第 {1} 列，请检查列存数据")]
    Absent(usize, usize),
    /// The coverage of a subject is not stated.
    #[error("主体的归集覆盖情况与主体数不一致，请检查列存数据")]
    Coverage,
}

/// A population: columns by record kind, and each subject's coverage.
#[derive(Clone, Debug)]
pub struct Population<'a> {
    kinds: BTreeMap<KindIx, KindColumns<'a>>,
    coverages: Vec<&'a Coverage>,
    coverage_of: Vec<u32>,
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
        Ok(Population { kinds, coverages, coverage_of })
    }

    /// How many subjects.
    pub fn subjects(&self) -> usize {
        self.coverage_of.len()
    }

    /// The rows of a kind; none where nobody has one.
    pub fn kind(&self, kind: KindIx) -> Option<&KindColumns<'a>> {
        self.kinds.get(&kind)
    }

    /// For each subject 1 where `covers` holds for its coverage; asked once for each coverage, not for each subject.
    pub(crate) fn covered(&self, covers: impl Fn(&Coverage) -> bool) -> Vec<u8> {
        let sets: Vec<u8> = self.coverages.iter().map(|coverage| u8::from(covers(coverage))).collect();
        self.coverage_of.iter().map(|set| sets.get(*set as usize).copied().unwrap_or(0)).collect()
    }
}

impl<'a> KindColumns<'a> {
    /// How many rows.
    pub fn rows(&self) -> usize {
        self.subject.len()
    }

    /// The column that a predicate names.
    pub fn column(&self, column: predicate::Column) -> Option<Column<'a>> {
        match column {
            predicate::Column::Class => Some(Column { values: self.class, known: self.class_known }),
            predicate::Column::Field(FieldIx(index)) => self.fields.get(index).copied().flatten(),
        }
    }

    /// One cell; none where it is empty.
    pub(crate) fn entry(&self, column: predicate::Column, row: usize) -> Option<i64> {
        let column = self.column(column)?;
        let known = column.known.get(row).copied() == Some(1);
        column.values.get(row).copied().filter(|_| known)
    }

    /// Rows `start` up to `start + length`: small enough that every buffer of a block stays in the cache.
    pub(crate) fn block(&self, start: usize, length: usize) -> KindColumns<'a> {
        let column =
            |c: &Option<Column<'a>>| c.map(|c| Column { values: part(c.values, start, length), known: part(c.known, start, length) });
        KindColumns {
            subject: part(self.subject, start, length),
            day: part(self.day, start, length),
            class: part(self.class, start, length),
            class_known: part(self.class_known, start, length),
            fields: self.fields.iter().map(column).collect(),
        }
    }

    fn check(&self, kind: usize, subjects: usize) -> Result<(), ColumnsFault> {
        let rows = self.rows();
        if i64::try_from(rows).is_ok_and(|rows| rows > ROWS_MAX) {
            return Err(ColumnsFault::TooMany(kind));
        }
        let fields = || self.fields.iter().flatten();
        let even = self.day.len() == rows && self.class.len() == rows && self.class_known.len() == rows;
        if !even || fields().any(|c| c.values.len() != rows || c.known.len() != rows) {
            return Err(ColumnsFault::Lengths(kind));
        }
        let bits = |mask: &[u8]| mask.iter().all(|bit| *bit <= 1);
        if !bits(self.class_known) || fields().any(|c| !bits(c.known)) {
            return Err(ColumnsFault::Mask(kind));
        }
        if self.subject.iter().any(|subject| *subject as usize >= subjects) {
            return Err(ColumnsFault::Subject(kind));
        }
        Ok(())
    }
}

fn part<T>(slice: &[T], start: usize, length: usize) -> &[T] {
    let rest = slice.get(start..).unwrap_or(&[]);
    rest.get(..length).unwrap_or(rest)
}

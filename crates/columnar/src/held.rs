//! Tables that a program holds in memory, read by the decoders and the checks that files go through. What comes in is cells as a page of
//! a file has them, so nothing here knows how the program itself lays them out.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::cells::{self, Cells, Dictionary, Form, Listed};
use crate::fault::{Fault, Origin, Trouble};
use crate::file::{Blamed, Readable, Stored};
use crate::schema::{Content, Shape};

/// What the table of subjects is called.
const SUBJECTS: &str = "subjects";

/// What a column of a program is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldType {
    /// One of the types of a table set.
    Content(Content),
    /// Of no type, and empty in every row.
    Nothing,
    /// None of ours: what the program calls it.
    Other(String),
}

/// Cells of one column in one piece of a table.
#[derive(Clone, Debug, Default)]
pub struct HeldCells {
    /// 1 where a row is filled, else 0; none where every one is.
    pub known: Option<Vec<u8>>,
    /// The filled cells, or the elements of lists, one after another: `int64` as eight bytes, `date32` as four, a word as four bytes of
    /// its length and then itself, all little-endian. Where `positions` are given, the different words instead.
    pub plain: Bytes,
    /// How many cells or words stand in `plain`.
    pub entries: usize,
    /// For each filled cell, or each element, the place of its word.
    pub positions: Option<Vec<u32>>,
    /// Of lists: how many elements each filled row has.
    pub lengths: Vec<u32>,
    /// Of lists: whether an element of one is empty.
    pub hollow: bool,
}

/// Rows of a table that lie together.
#[derive(Clone, Debug)]
pub struct HeldPiece {
    /// How many.
    pub rows: usize,
    /// By column of the table; none for a column that no rule reads.
    pub cells: Vec<Option<HeldCells>>,
}

/// A table in memory.
#[derive(Clone, Debug)]
pub struct HeldTable {
    /// What its owner calls it.
    pub name: String,
    /// Names and types of its columns.
    pub columns: Vec<(String, HeldType)>,
    /// Its rows.
    pub pieces: Vec<HeldPiece>,
}

/// Subjects and all their records, in memory.
#[derive(Clone, Debug)]
pub struct HeldPart {
    /// As `subjects.parquet`.
    pub subjects: HeldTable,
    /// By id of the record kind; none where nobody has a record.
    pub kinds: BTreeMap<String, Option<HeldTable>>,
}

impl Readable for &HeldTable {
    fn find(&self, shape: &Shape) -> Result<usize, Fault> {
        let mut named = self.columns.iter().enumerate().filter(|(_, (name, _))| *name == shape.name);
        let Some((place, (_, found))) = named.next() else {
            return Err(Fault::Held {
                table: self.name.clone(),
                what: format!("没有列 `{}`，请补上该列，没有数据也要给出空列", shape.name),
            });
        };
        if named.next().is_some() {
            return Err(self.fault(&shape.name, "出现两次，请只留一列".to_owned()));
        }
        let name = match found {
            HeldType::Nothing => return Ok(place),
            HeldType::Content(content) if *content == shape.content => return Ok(place),
            HeldType::Content(content) => content.name(),
            HeldType::Other(name) => name,
        };
        Err(self.fault(&shape.name, format!("的类型是 {name}，应为 {}，请按表集的格式转换后再传入", shape.content.name())))
    }

    fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|(found, _)| found == name)
    }

    fn groups(&self) -> usize {
        self.pieces.len()
    }

    fn rows(&self) -> usize {
        self.pieces.iter().map(|piece| piece.rows).sum()
    }

    fn chunk(&mut self, group: usize, column: usize) -> Result<Stored<'_>, Fault> {
        let piece = self.pieces.get(group);
        let found = piece.and_then(|piece| Some((piece.cells.get(column)?.as_ref()?, piece.rows)));
        let name = || self.columns.get(column).map_or("", |(name, _)| name);
        found.map(|(cells, rows)| Stored::Held(cells, rows)).ok_or_else(|| self.trouble(Trouble::Damaged, name()))
    }
}

impl Blamed for &HeldTable {
    fn fault(&self, column: &str, what: String) -> Fault {
        Fault::HeldColumn { table: self.name.clone(), column: column.to_owned(), what }
    }

    /// Files and partitions are nothing that its owner knows of.
    fn trouble(&self, trouble: Trouble, column: &str) -> Fault {
        let what = match trouble {
            Trouble::Damaged => "的行数与内容前后不符，请核对传入的数据".to_owned(),
            Trouble::Unsorted if self.name == SUBJECTS => "有重复的主体或没有按升序排列，请每个主体只留一行并排序后再传入".to_owned(),
            Trouble::Unsorted => "没有按升序排列，请按主体排序后再传入".to_owned(),
            Trouble::Stranger(subject) => format!("含有主体 {subject}，而 subjects 表中没有它，请更正数据"),
            other => other.clause(Origin::Lone),
        };
        self.fault(column, what)
    }
}

impl HeldCells {
    /// Appends the cells of a flat column.
    pub(crate) fn flat<F: Form>(&self, rows: usize, form: &mut F, into: &mut Cells<F::Cell>) -> Result<(), Trouble> {
        match self.known(rows)? {
            None => {
                self.words(rows, form, &mut into.values)?;
                into.filled();
            }
            Some((known, filled)) => {
                let mut dense = Vec::with_capacity(filled);
                self.words(filled, form, &mut dense)?;
                cells::scatter(&dense, known, into);
            }
        }
        Ok(())
    }

    /// Appends lists of listed words, each list as a set of bits.
    pub(crate) fn sets<F: FnMut(&str) -> Option<u8>>(
        &self,
        rows: usize,
        form: &mut Listed<F>,
        into: &mut Cells<i64>,
    ) -> Result<(), Trouble> {
        if self.hollow {
            return Err(Trouble::Hollow);
        }
        let known = self.known(rows)?;
        let lengths = self.lengths.iter().map(|length| usize::try_from(*length)).collect::<Result<Vec<_>, _>>();
        let lengths = lengths.map_err(|_| Trouble::Damaged)?;
        if lengths.len() != known.map_or(rows, |(_, filled)| filled) {
            return Err(Trouble::Damaged);
        }
        let mut codes = Vec::new();
        self.words(lengths.iter().sum(), form, &mut codes)?;
        let mut codes = codes.into_iter();
        let mut dense = Vec::with_capacity(lengths.len());
        for length in lengths {
            let set = codes.by_ref().take(length).try_fold(0_i64, |set, code| (code < 63).then_some(set | 1 << code));
            dense.push(set.ok_or(Trouble::Damaged)?);
        }
        match known {
            None => {
                into.values.append(&mut dense);
                into.filled();
            }
            Some((known, _)) => cells::scatter(&dense, known, into),
        }
        Ok(())
    }

    /// Which rows are filled, and how many; none where all are.
    fn known(&self, rows: usize) -> Result<Option<(&[u8], usize)>, Trouble> {
        let Some(known) = self.known.as_deref().filter(|known| known.contains(&0)) else { return Ok(None) };
        if known.len() != rows {
            return Err(Trouble::Damaged);
        }
        Ok(Some((known, known.iter().map(|known| usize::from(*known)).sum())))
    }

    fn words<F: Form>(&self, count: usize, form: &mut F, out: &mut Vec<F::Cell>) -> Result<(), Trouble> {
        let Some(positions) = &self.positions else {
            return if self.entries == count { form.plain(&self.plain, count, out) } else { Err(Trouble::Damaged) };
        };
        if positions.len() != count {
            return Err(Trouble::Damaged);
        }
        Dictionary::read(form, &self.plain, self.entries)?.append(positions, out)
    }
}

//! A partition of a projection: the layers of a range of subjects put together, as known at a position.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use xinzhi_evaluate::Reads;
use xinzhi_rules::Pack;
use xinzhi_rules::model::{FieldIx, KindIx, RecordKind};

use super::{DAYS, Named, Owned, Partition, Rows, Subjects, Wanted, class, owned, read_filled, read_open, stays, subject_kinds};
use crate::cells::{Bounds, Cells, Days, Longs, Words};
use crate::fault::{Fault, Trouble};
use crate::file::{Blamed, Table};
use crate::manifest::{ENDING, SUBJECTS};
use crate::places::Places;
use crate::projection::{CLOSINGS, Held, Layer};
use crate::schema::{self, Content};
use crate::set::{Stays, SubjectColumns, WordColumn};

const ANY: Bounds = Bounds { low: i64::MIN, high: i64::MAX };

impl Partition {
    /// Reads a partition of the projection at `root` as known at a position.
    ///
    /// # Errors
    /// [`Fault`]; then nothing of the partition is used.
    pub(crate) fn as_known(root: &Path, layers: &[Layer], wanted: Wanted<'_>, known: i64) -> Result<Partition, Fault> {
        let path = root.join(layers.last().map_or("", |layer| layer.folder.as_str())).join(SUBJECTS);
        let subjects = Told::read(root, layers)?.at(&path, wanted.pack, known)?;
        let ended = closings(root, layers)?;
        let mut places = Places::new(&subjects.numbers);
        let mut rows = BTreeMap::new();
        for (ix, needs) in wanted.needs {
            let Some(kind) = wanted.pack.record_kind(*ix) else { continue };
            let records = Records::read(root, layers, (kind, needs), &ended)?;
            if !records.subject.is_empty() {
                rows.insert(*ix, records.at(known, &mut places, &path)?);
            }
        }
        let (coverages, coverage_of) = subjects.covered(&path, wanted.reported)?;
        Ok(Partition { subjects, rows, coverages, coverage_of })
    }
}

/// Opens a file of a layer, where the layer has it.
fn open(root: &Path, layer: &Layer, name: &str) -> Result<Option<Table>, Fault> {
    let path = root.join(&layer.folder).join(name);
    layer.files.get(name).map(|file| Table::kept(path, &file.note())).transpose()
}

/// All that the layers say of subjects, in the order of the layers.
#[derive(Debug, Default)]
struct Told {
    numbers: Vec<i64>,
    /// The layer of each row.
    layers: Vec<usize>,
    stays: Stays,
    words: [Named; 4],
}

/// The columns of words, in the order of [`Told::words`], and whether each is filled.
const WORDS: [(&str, bool); 4] = [("kind", true), ("area", false), ("industry", false), ("code", false)];

impl Told {
    fn read(root: &Path, layers: &[Layer]) -> Result<Told, Fault> {
        let mut told = Told::default();
        let mut lists: [Words; 4] = Default::default();
        for (place, layer) in layers.iter().enumerate() {
            let Some(mut table) = open(root, layer, SUBJECTS)? else { continue };
            let numbers = longs(&mut table, schema::SUBJECT)?;
            if !numbers.is_sorted() {
                return Err(table.trouble(Trouble::Unsorted, schema::SUBJECT));
            }
            told.layers.resize(told.layers.len() + numbers.len(), place);
            told.numbers.extend(numbers);
            told.stays.append(stays(&mut table)?);
            for ((words, list), (column, filled)) in told.words.iter_mut().zip(&mut lists).zip(WORDS) {
                let named = (column, Content::Word);
                if filled {
                    read_filled(&mut table, named, list, &mut words.cells)?;
                } else {
                    read_open(&mut table, named, list, &mut words.cells)?;
                }
            }
        }
        told.words.iter_mut().zip(lists).for_each(|(words, list)| words.list = list.list);
        Ok(told)
    }

    /// The rows that count, by subject and stretch: of each subject those of the newest layer that has it.
    fn counting(&self) -> Vec<usize> {
        let of = |row: usize| (self.numbers.get(row).copied(), Reverse(self.layers.get(row).copied()));
        let mut rows: Vec<usize> = (0..self.numbers.len()).collect();
        rows.sort_by_key(|row| of(*row));
        let mut newest = None;
        rows.retain(|row| {
            let (number, layer) = of(*row);
            if newest.is_none_or(|(before, _)| before != number) {
                newest = Some((number, layer));
            }
            newest == Some((number, layer))
        });
        rows
    }

    /// Who is known at a position, in order.
    fn at(&self, file: &dyn Blamed, pack: &Pack, known: i64) -> Result<Subjects, Fault> {
        let rows: Vec<usize> = self.counting().into_iter().filter(|row| self.stays.holds(*row, known)).collect();
        let numbers: Vec<i64> = rows.iter().filter_map(|row| self.numbers.get(*row)).copied().collect();
        if !numbers.is_sorted_by(|a, b| a < b) {
            return Err(file.trouble(Trouble::Unsorted, schema::SUBJECT));
        }
        let [kinds, areas, _, codes] = &self.words;
        let kinds = subject_kinds(file, &kinds.picked(&rows), pack)?;
        Ok(Subjects { numbers, kinds, areas: areas.picked(&rows), codes: codes.picked(&rows) })
    }

    /// The same as it is written: every stretch of every subject.
    fn columns(&self) -> Held<SubjectColumns> {
        let rows = self.counting();
        let numbers = rows.iter().filter_map(|row| self.numbers.get(*row)).copied().collect();
        let word = |named: &Named| WordColumn { list: named.list.clone(), cells: picked(&named.cells, &rows) };
        let [kinds, areas, industries, codes] = &self.words;
        let columns = SubjectColumns { numbers, kinds: word(kinds), areas: word(areas), industries: word(industries), codes: word(codes) };
        Held { columns, stays: self.stays.picked(&rows) }
    }
}

fn longs(table: &mut Table, column: &str) -> Result<Vec<i64>, Fault> {
    let mut cells = Cells::default();
    read_filled(table, (column, Content::Number), &mut Longs(ANY), &mut cells)?;
    Ok(cells.values)
}

impl Named {
    fn picked(&self, rows: &[usize]) -> Named {
        Named { list: self.list.clone(), cells: picked(&self.cells, rows) }
    }
}

fn picked<T: Copy + Default>(cells: &Cells<T>, rows: &[usize]) -> Cells<T> {
    let values = rows.iter().map(|row| cells.values.get(*row).copied().unwrap_or_default()).collect();
    let known = cells.known.as_ref().map(|known| rows.iter().map(|row| known.get(*row).copied().unwrap_or(0)).collect());
    Cells { values, known }
}

fn append<T>(to: &mut Cells<T>, more: Cells<T>) {
    let (before, many) = (to.values.len(), more.values.len());
    if to.known.is_some() || more.known.is_some() {
        let known = to.known.get_or_insert_with(|| vec![1; before]);
        known.extend(more.known.unwrap_or_else(|| vec![1; many]));
    }
    to.values.extend(more.values);
}

impl Stays {
    fn append(&mut self, more: Stays) {
        self.known.extend(more.known);
        append(&mut self.until, more.until);
    }

    fn picked(&self, rows: &[usize]) -> Stays {
        Stays { known: rows.iter().filter_map(|row| self.known.get(*row)).copied().collect(), until: picked(&self.until, rows) }
    }
}

impl Owned {
    fn append(&mut self, more: Owned) {
        match (self, more) {
            (Owned::Byte(cells), Owned::Byte(more)) => append(cells, more),
            (Owned::Short(cells), Owned::Short(more)) => append(cells, more),
            (Owned::Long(cells), Owned::Long(more)) => append(cells, more),
            // One field is always read in one width.
            (Owned::Byte(_) | Owned::Short(_) | Owned::Long(_), _) => {}
        }
    }

    fn picked(&self, rows: &[usize]) -> Owned {
        match self {
            Owned::Byte(cells) => Owned::Byte(picked(cells, rows)),
            Owned::Short(cells) => Owned::Short(picked(cells, rows)),
            Owned::Long(cells) => Owned::Long(picked(cells, rows)),
        }
    }

    /// A cell as rules see it.
    fn at(&self, row: usize) -> Option<i64> {
        match self {
            Owned::Byte(cells) => cells.at(row).map(i64::from),
            Owned::Short(cells) => cells.at(row).map(i64::from),
            Owned::Long(cells) => cells.at(row),
        }
    }
}

/// Since when records of earlier layers no longer hold, by what later ones say.
type Ended = BTreeMap<i64, i64>;

fn closings(root: &Path, layers: &[Layer]) -> Result<Ended, Fault> {
    let mut ended = Ended::new();
    for layer in layers {
        let Some(mut table) = open(root, layer, CLOSINGS)? else { continue };
        let (records, untils) = (longs(&mut table, schema::RECORD)?, longs(&mut table, schema::UNTIL)?);
        for (record, until) in records.into_iter().zip(untils) {
            ended.entry(record).and_modify(|first| *first = until.min(*first)).or_insert(until);
        }
    }
    Ok(ended)
}

/// The records of one kind in all layers, each until it ended by all that is known.
#[derive(Debug, Default)]
struct Records {
    subject: Vec<i64>,
    record: Vec<i64>,
    day: Vec<i32>,
    stays: Stays,
    class: Option<Owned>,
    fields: BTreeMap<FieldIx, Owned>,
}

/// A record as it is examined: whose, which, on which day, when it holds, its class, the fields that rules may read in the order of the kind.
pub type RecordLine = (i64, i64, i32, (i64, Option<i64>), Option<i64>, Vec<Option<i64>>);

impl Records {
    fn read(root: &Path, layers: &[Layer], (kind, needs): (&RecordKind, &Reads), ended: &Ended) -> Result<Records, Fault> {
        let mut records = Records::default();
        for layer in layers {
            let Some(mut table) = open(root, layer, &format!("{}{ENDING}", kind.id))? else { continue };
            let mut day = Cells::default();
            read_filled(&mut table, (schema::DAY, Content::Day), &mut Days(DAYS), &mut day)?;
            let mut more = Records {
                subject: longs(&mut table, schema::SUBJECT)?,
                record: longs(&mut table, schema::RECORD)?,
                day: day.values,
                stays: stays(&mut table)?,
                ..Records::default()
            };
            if needs.class {
                more.class = Some(class(&mut table)?);
            }
            for ix in &needs.fields {
                let Some(field) = kind.at(*ix) else { continue };
                more.fields.insert(*ix, owned(&mut table, field)?);
            }
            records.append(more);
        }
        records.end(ended);
        Ok(records)
    }

    fn append(&mut self, more: Records) {
        if self.subject.is_empty() {
            *self = more;
            return;
        }
        self.subject.extend(more.subject);
        self.record.extend(more.record);
        self.day.extend(more.day);
        self.stays.append(more.stays);
        if let (Some(class), Some(more)) = (&mut self.class, more.class) {
            class.append(more);
        }
        for (ix, more) in more.fields {
            if let Some(cells) = self.fields.get_mut(&ix) {
                cells.append(more);
            }
        }
    }

    fn end(&mut self, ended: &Ended) {
        if ended.is_empty() {
            return;
        }
        let mut until = Cells::default();
        for (row, record) in self.record.iter().enumerate() {
            until.push(self.stays.until.at(row).into_iter().chain(ended.get(record).copied()).min());
        }
        self.stays.until = until;
    }

    /// The rows that hold at a position, each subject's together.
    fn at(&self, known: i64, places: &mut Places<'_>, file: &dyn Blamed) -> Result<Rows, Fault> {
        let mut rows: Vec<usize> = (0..self.subject.len()).filter(|row| self.stays.holds(*row, known)).collect();
        // Each layer is in order; what later ones add is put where it belongs.
        rows.sort_by_key(|row| self.subject.get(*row).copied());
        let subjects: Vec<i64> = rows.iter().filter_map(|row| self.subject.get(*row)).copied().collect();
        places.begin();
        places.add(&subjects).map_err(|trouble| file.trouble(trouble, schema::SUBJECT))?;
        let day = rows.iter().filter_map(|row| self.day.get(*row)).copied().collect();
        let class = self.class.as_ref().map(|class| class.picked(&rows));
        let fields = self.fields.iter().map(|(ix, cells)| (*ix, cells.picked(&rows))).collect();
        Ok(Rows { starts: places.end(), day, class, fields })
    }

    fn line(&self, row: usize) -> Option<RecordLine> {
        let stay = (*self.stays.known.get(row)?, self.stays.until.at(row));
        let class = self.class.as_ref().and_then(|class| class.at(row));
        let fields = self.fields.values().map(|cells| cells.at(row)).collect();
        Some((*self.subject.get(row)?, *self.record.get(row)?, *self.day.get(row)?, stay, class, fields))
    }
}

/// All that the layers of a partition say, whenever it holds.
#[derive(Debug, Default)]
pub struct Whole {
    /// Every stretch of every subject.
    pub subjects: Held<SubjectColumns>,
    /// Every record that was ever known, by subject and number.
    pub records: BTreeMap<KindIx, Vec<RecordLine>>,
}

impl Whole {
    /// Reads all of a partition, to compare it with the store.
    ///
    /// # Errors
    /// [`Fault`] where a file cannot be read.
    pub fn read(root: &Path, layers: &[Layer], pack: &Pack) -> Result<Whole, Fault> {
        let subjects = Told::read(root, layers)?.columns();
        let ended = closings(root, layers)?;
        let mut records = BTreeMap::new();
        for (index, kind) in pack.record_kinds.iter().enumerate() {
            let fields = kind.fields.iter().enumerate().filter(|(_, field)| field.kind.rules_may_read());
            let needs = Reads { class: true, fields: fields.map(|(place, _)| FieldIx(place)).collect() };
            let all = Records::read(root, layers, (kind, &needs), &ended)?;
            let mut lines: Vec<RecordLine> = (0..all.subject.len()).filter_map(|row| all.line(row)).collect();
            lines.sort();
            if !lines.is_empty() {
                records.insert(KindIx(index), lines);
            }
        }
        Ok(Whole { subjects, records })
    }

    /// The numbers of those whom the layers have.
    ///
    /// # Errors
    /// [`Fault`] where a file cannot be read.
    pub fn numbers(root: &Path, layers: &[Layer]) -> Result<Vec<i64>, Fault> {
        let mut all = Vec::new();
        for layer in layers {
            if let Some(mut table) = open(root, layer, SUBJECTS)? {
                all.extend(longs(&mut table, schema::SUBJECT)?);
            }
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }
}

impl SubjectColumns {
    /// Kind, area, industry and code of a row.
    pub fn words(&self, row: usize) -> [Option<&[u8]>; 4] {
        [&self.kinds, &self.areas, &self.industries, &self.codes].map(|column| {
            let code = column.cells.at(row).and_then(|code| usize::try_from(code).ok());
            code.and_then(|code| column.list.get(code)).map(Bytes::as_ref)
        })
    }
}

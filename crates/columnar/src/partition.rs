//! One partition in memory: its subjects, and of the record kinds that a plan reads just the columns that it reads.

mod held;

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use xinzhi_core::record::Class;
use xinzhi_core::text::shown;
use xinzhi_core::{AreaCode, Fen};
use xinzhi_evaluate::columns::{Column, Values};
use xinzhi_evaluate::{Coverage, KindColumns, Population, Reads};
use xinzhi_rules::Pack;
use xinzhi_rules::model::{Choices, Field, FieldIx, FieldKind, KindIx, RecordKind, SubjectKindIx};

pub use held::{RecordLine, Whole};

use crate::cells::{self, Bounds, Cells, Days, Form, Listed, Longs, Shorts, Words};
use crate::coverage::Reported;
use crate::fault::{Fault, Trouble};
use crate::file::{Blamed, Readable, Stored, Table};
use crate::held::HeldPart;
use crate::manifest::{ENDING, PartitionNote, SUBJECTS};
use crate::places::Places;
use crate::schema::{self, Content};
use crate::set::Stays;

/// One word for each subject: positions in a list.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub list: Vec<Bytes>,
    pub cells: Cells<u32>,
}

/// Who is in a partition, in the order of numbers.
#[derive(Debug, Default)]
pub(crate) struct Subjects {
    pub numbers: Vec<i64>,
    pub kinds: Vec<SubjectKindIx>,
    pub areas: Named,
    pub codes: Named,
}

/// A column as narrow as its values.
#[derive(Debug)]
enum Owned {
    Byte(Cells<u8>),
    Short(Cells<i32>),
    Long(Cells<i64>),
}

/// The records of one kind.
#[derive(Debug, Default)]
struct Rows {
    starts: Vec<u32>,
    day: Vec<i32>,
    class: Option<Owned>,
    fields: BTreeMap<FieldIx, Owned>,
}

/// A partition.
#[derive(Debug)]
pub(crate) struct Partition {
    pub subjects: Subjects,
    rows: BTreeMap<KindIx, Rows>,
    coverages: Vec<Coverage>,
    coverage_of: Vec<u32>,
}

/// What a partition is read by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub pack: &'a Pack,
    pub needs: &'a BTreeMap<KindIx, Reads>,
    pub reported: &'a Reported,
}

impl Partition {
    /// Reads a partition of the set at `root`.
    ///
    /// # Errors
    /// [`Fault`]; then nothing of the partition is used.
    pub fn read(root: &Path, note: &PartitionNote, wanted: Wanted<'_>) -> Result<Partition, Fault> {
        let folder = root.join(&note.folder);
        let file = note.files.get(SUBJECTS).ok_or_else(|| Fault::set(root, format!("的分区 `{}` 没有 {SUBJECTS}", note.folder)))?;
        let mut table = Table::open(folder.join(SUBJECTS), file)?;
        let subjects = Subjects::read(&mut table, wanted.pack)?;
        let ends = (subjects.numbers.first().copied(), subjects.numbers.last().copied());
        if ends != (Some(note.first), Some(note.last)) {
            return Err(Fault::file(&folder.join(SUBJECTS), "的主体范围与 tables.json 不符，请重新制作表集"));
        }
        Partition::with((subjects, &table), wanted, |kind| {
            let name = format!("{}{ENDING}", kind.id);
            note.files.get(&name).map(|file| Table::open(folder.join(&name), file)).transpose()
        })
    }

    /// Reads tables in memory.
    ///
    /// # Errors
    /// [`Fault`]; then nothing of them is used.
    pub fn held(part: &HeldPart, wanted: Wanted<'_>) -> Result<Partition, Fault> {
        let mut table = &part.subjects;
        let subjects = Subjects::read(&mut table, wanted.pack)?;
        Partition::with((subjects, &table), wanted, |kind| match part.kinds.get(&kind.id) {
            Some(table) => Ok(table.as_ref()),
            // Nothing said of a kind is not the same as nobody having a record.
            None => {
                let what = format!("没有传入；它是评价模型要读的信息种类（{}），确实没有记录时请传入空表", kind.title);
                Err(Fault::Held { table: kind.id.clone(), what })
            }
        })
    }

    fn with<R: Readable>(
        (subjects, table): (Subjects, &dyn Readable),
        wanted: Wanted<'_>,
        open: impl Fn(&RecordKind) -> Result<Option<R>, Fault>,
    ) -> Result<Partition, Fault> {
        let mut places = Places::new(&subjects.numbers);
        let mut rows = BTreeMap::new();
        for (ix, needs) in wanted.needs {
            let Some(kind) = wanted.pack.record_kind(*ix) else { continue };
            if let Some(mut table) = open(kind)? {
                rows.insert(*ix, Rows::read(&mut table, (kind, needs), &mut places)?);
            }
        }
        let (coverages, coverage_of) = subjects.covered(table, wanted.reported)?;
        Ok(Partition { subjects, rows, coverages, coverage_of })
    }

    /// How many records were read.
    pub fn records(&self) -> usize {
        self.rows.values().map(|rows| rows.day.len()).sum()
    }

    /// What the kernel sees of it.
    pub fn population(&self) -> Result<Population<'_>, Fault> {
        let kinds = self.rows.iter().map(|(kind, rows)| (*kind, rows.borrow())).collect();
        let population = Population::new(kinds, self.coverages.iter().collect(), self.coverage_of.clone())?;
        Ok(population.with_kinds(self.subjects.kinds.clone())?)
    }
}

impl Subjects {
    fn read(table: &mut dyn Readable, pack: &Pack) -> Result<Subjects, Fault> {
        let mut numbers = Cells::default();
        let any = Bounds { low: i64::MIN, high: i64::MAX };
        read_filled(table, (schema::SUBJECT, Content::Number), &mut Longs(any), &mut numbers)?;
        if !numbers.values.is_sorted_by(|a, b| a < b) {
            return Err(table.trouble(Trouble::Unsorted, schema::SUBJECT));
        }
        let mut kinds = Named::default();
        kinds.read(table, "kind", true)?;
        let kinds = subject_kinds(table, &kinds, pack)?;
        let (mut areas, mut codes) = (Named::default(), Named::default());
        areas.read(table, "area", false)?;
        codes.read(table, "code", false)?;
        Ok(Subjects { numbers: numbers.values, kinds, areas, codes })
    }

    /// The distinct coverages, and which one each subject has.
    fn covered(&self, table: &dyn Blamed, reported: &Reported) -> Result<(Vec<Coverage>, Vec<u32>), Fault> {
        let mut coverages: Vec<Coverage> = Vec::new();
        // Areas are many, and nearly all of them share what was reported for the whole.
        let mut place = |area: Option<&AreaCode>| {
            let coverage = reported.of(area);
            let found = coverages.iter().position(|known| *known == coverage);
            let place = found.unwrap_or_else(|| {
                coverages.push(coverage);
                coverages.len() - 1
            });
            u32::try_from(place).unwrap_or(u32::MAX)
        };
        let nowhere = place(None);
        let mut by_word = Vec::with_capacity(self.areas.list.len());
        let mut seen: BTreeMap<&[u8], u32> = BTreeMap::new();
        for (word, used) in self.areas.list.iter().zip(self.areas.used()) {
            if let Some(place) = seen.get(word.as_ref()).or((!used).then_some(&nowhere)) {
                by_word.push(*place);
                continue;
            }
            let text = String::from_utf8_lossy(word);
            let area = AreaCode::parse(&text).ok_or_else(|| table.fault("area", no_area(&text)))?;
            let found = place(Some(&area));
            seen.insert(word, found);
            by_word.push(found);
        }
        let of = |row: usize| self.areas.at(row).map_or(nowhere, |word| by_word.get(word).copied().unwrap_or(nowhere));
        let coverage_of = (0..self.numbers.len()).map(of).collect();
        Ok((coverages, coverage_of))
    }
}

/// What is wrong with a code of an area.
pub(crate) fn no_area(text: &str) -> String {
    format!("含有 `{}`，不是行政区划代码（2、4、6、9 或 12 位数字），请更正数据", shown(text))
}

/// What each subject is. A natural person has no place in a set: nobody evaluates one (C2).
fn subject_kinds(table: &dyn Blamed, kinds: &Named, pack: &Pack) -> Result<Vec<SubjectKindIx>, Fault> {
    let known = |word: &Bytes| {
        let text = String::from_utf8_lossy(word);
        let Some((ix, kind)) = pack.subject_kind_by_id(&text) else {
            return Err(table.trouble(Trouble::Unlisted(text.into_owned()), "kind"));
        };
        if kind.person {
            return Err(table.fault("kind", format!("含有 `{text}`：自然人不作公共信用评价，不得列入表集，请剔除后重新制作")));
        }
        Ok(ix)
    };
    let listed = kinds.list.iter().zip(kinds.used()).map(|(word, used)| used.then(|| known(word)).transpose());
    let listed = listed.collect::<Result<Vec<_>, Fault>>()?;
    let at = |code: &u32| usize::try_from(*code).ok().and_then(|code| listed.get(code).copied().flatten());
    let kinds: Option<Vec<SubjectKindIx>> = kinds.cells.values.iter().map(at).collect();
    kinds.ok_or_else(|| table.trouble(Trouble::Damaged, "kind"))
}

impl Named {
    fn read(&mut self, table: &mut dyn Readable, column: &str, filled: bool) -> Result<(), Fault> {
        let mut words = Words::default();
        if filled {
            read_filled(table, (column, Content::Word), &mut words, &mut self.cells)?;
        } else {
            read_open(table, (column, Content::Word), &mut words, &mut self.cells)?;
        }
        self.list = words.list;
        Ok(())
    }

    /// Of each word whether a row has it.
    fn used(&self) -> Vec<bool> {
        let mut used = vec![false; self.list.len()];
        for row in 0..self.cells.values.len() {
            if let Some(used) = self.at(row).and_then(|place| used.get_mut(place)) {
                *used = true;
            }
        }
        used
    }

    /// Position of the word of a row; none where it has none.
    pub fn at(&self, row: usize) -> Option<usize> {
        self.cells.at(row).and_then(|code| usize::try_from(code).ok())
    }

    /// The word of a row; none where it has none.
    pub fn word(&self, row: usize) -> Option<&[u8]> {
        self.at(row).and_then(|place| self.list.get(place)).map(AsRef::as_ref)
    }
}

impl Rows {
    fn read(table: &mut dyn Readable, (kind, needs): (&RecordKind, &Reads), places: &mut Places<'_>) -> Result<Rows, Fault> {
        if let Some(name) = schema::RESERVED.into_iter().find(|name| table.has(name)) {
            return Err(table.fault(name, "是本版式保留的列名，本程序不会读它，请去掉该列后重新制作".to_owned()));
        }
        let starts = starts(table, places)?;
        let mut day = Cells::default();
        read_filled(table, (schema::DAY, Content::Day), &mut Days(DAYS), &mut day)?;
        let class = if needs.class { Some(class(table)?) } else { None };
        let mut fields = BTreeMap::new();
        for ix in &needs.fields {
            let Some(field) = kind.at(*ix) else { continue };
            fields.insert(*ix, owned(table, field)?);
        }
        Ok(Rows { starts, day: day.values, class, fields })
    }

    fn borrow(&self) -> KindColumns<'_> {
        let width = self.fields.keys().next_back().map_or(0, |last| last.0 + 1);
        let fields = (0..width).map(|index| self.fields.get(&FieldIx(index)).map(Owned::borrow)).collect();
        KindColumns { starts: &self.starts, day: &self.day, class: self.class.as_ref().map(Owned::borrow), fields }
    }
}

impl Owned {
    fn borrow(&self) -> Column<'_> {
        match self {
            Owned::Byte(cells) => Column { values: Values::Byte(&cells.values), known: cells.known.as_deref() },
            Owned::Short(cells) => Column { values: Values::Short(&cells.values), known: cells.known.as_deref() },
            Owned::Long(cells) => Column { values: Values::Long(&cells.values), known: cells.known.as_deref() },
        }
    }
}

/// The stays of a file's rows.
pub(crate) fn stays(table: &mut Table) -> Result<Stays, Fault> {
    let positions = Bounds { low: 1, high: i64::MAX };
    let (mut known, mut until) = (Cells::default(), Cells::default());
    read_filled(table, (schema::KNOWN, Content::Number), &mut Longs(positions), &mut known)?;
    read_open(table, (schema::UNTIL, Content::Number), &mut Longs(positions), &mut until)?;
    Ok(Stays { known: known.values, until })
}

/// Days that a record may carry.
const DAYS: Bounds = Bounds { low: -7_397, high: 47_481 };

/// Where each subject's rows begin.
fn starts(table: &mut dyn Readable, places: &mut Places<'_>) -> Result<Vec<u32>, Fault> {
    let column = table.find(&schema::filled(schema::SUBJECT, Content::Number))?;
    let any = Bounds { low: i64::MIN, high: i64::MAX };
    let mut group_rows = Cells::default();
    places.begin();
    for group in 0..table.groups() {
        let chunk = table.chunk(group, column)?;
        group_rows.values.clear();
        chunk.flat(&mut Longs(any), &mut group_rows).map_err(|trouble| table.trouble(trouble, schema::SUBJECT))?;
        if group_rows.known.is_some() {
            return Err(table.trouble(Trouble::Empty, schema::SUBJECT));
        }
        places.add(&group_rows.values).map_err(|trouble| table.trouble(trouble, schema::SUBJECT))?;
    }
    Ok(places.end())
}

fn class(table: &mut dyn Readable) -> Result<Owned, Fault> {
    let number = |word: &str| Class::from_title(word).and_then(|class| u8::try_from(class.number()).ok());
    let mut cells = Cells::default();
    read_open(table, (schema::CLASS, Content::Word), &mut Listed(number), &mut cells)?;
    Ok(Owned::Byte(cells))
}

fn owned(table: &mut dyn Readable, field: &Field) -> Result<Owned, Fault> {
    let place = |choices: &Choices, word: &str| choices.find(word).and_then(|place| u8::try_from(place).ok());
    let content = schema::content(field).ok_or_else(|| table.fault(&field.code, "不是规则可以读的字段".to_owned()))?;
    let named = (field.code.as_str(), content);
    match &field.kind {
        FieldKind::Choice(choices) => {
            let mut cells = Cells::default();
            read_open(table, named, &mut Listed(|word: &str| place(choices, word)), &mut cells)?;
            Ok(Owned::Byte(cells))
        }
        FieldKind::Choices(choices) => {
            let mut cells = Cells::default();
            let column = table.find(&schema::open(&field.code, content))?;
            for group in 0..table.groups() {
                let chunk = table.chunk(group, column)?;
                let mut form = Listed(|word: &str| place(choices, word));
                chunk.sets(&mut form, &mut cells).map_err(|trouble| table.trouble(trouble, &field.code))?;
            }
            Ok(Owned::Long(cells))
        }
        FieldKind::Integer { min, max } if i32::try_from(*min).is_ok() && i32::try_from(*max).is_ok() => {
            let mut cells = Cells::default();
            read_open(table, named, &mut Shorts(Bounds { low: *min, high: *max }), &mut cells)?;
            Ok(Owned::Short(cells))
        }
        FieldKind::Day { .. } => {
            let mut cells = Cells::default();
            read_open(table, named, &mut Days(DAYS), &mut cells)?;
            Ok(Owned::Short(cells))
        }
        kind => {
            let (low, high) = if let FieldKind::Integer { min, max } = kind { (*min, *max) } else { (0, Fen::MAX.0) };
            let mut cells = Cells::default();
            read_open(table, named, &mut Longs(Bounds { low, high }), &mut cells)?;
            Ok(Owned::Long(cells))
        }
    }
}

impl Stored<'_> {
    fn flat<F: Form>(self, form: &mut F, into: &mut Cells<F::Cell>) -> Result<(), Trouble> {
        match self {
            Stored::Pages(chunk) => cells::flat(chunk, form, into),
            Stored::Held(held, rows) => held.flat(rows, form, into),
        }
    }

    fn sets<F: FnMut(&str) -> Option<u8>>(self, form: &mut Listed<F>, into: &mut Cells<i64>) -> Result<(), Trouble> {
        match self {
            Stored::Pages(chunk) => cells::sets(chunk, form, into),
            Stored::Held(held, rows) => held.sets(rows, form, into),
        }
    }
}

/// Reads a column whose cells may be empty.
pub(crate) fn read_open<F: Form>(
    table: &mut dyn Readable,
    (name, content): (&str, Content),
    form: &mut F,
    into: &mut Cells<F::Cell>,
) -> Result<(), Fault> {
    let column = table.find(&schema::open(name, content))?;
    into.values.reserve(table.rows());
    for group in 0..table.groups() {
        let chunk = table.chunk(group, column)?;
        chunk.flat(form, into).map_err(|trouble| table.trouble(trouble, name))?;
    }
    Ok(())
}

/// Reads a column without empty cells.
pub(crate) fn read_filled<F: Form>(
    table: &mut dyn Readable,
    named: (&str, Content),
    form: &mut F,
    into: &mut Cells<F::Cell>,
) -> Result<(), Fault> {
    read_open(table, named, form, into)?;
    if into.known.is_some() { Err(table.trouble(Trouble::Empty, named.0)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use xinzhi_core::Day;

    use super::DAYS;

    #[test]
    fn the_days_of_records_are_those_that_departments_may_report() {
        assert_eq!((DAYS.low, DAYS.high), (Day::EARLIEST.number(), Day::LONG_TERM.number()));
    }
}

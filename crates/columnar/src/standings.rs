//! What a run says of each subject: the columns of a result file, for one partition at a time; and such a file read again to compare.
//! A backtest says it of many days: the same columns behind one more, the day.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use parquet::file::writer::SerializedFileWriter;
use xinzhi_core::text::shown;
use xinzhi_core::{Day, Digest};
use xinzhi_evaluate::{Outcome, Reason, Standing};
use xinzhi_rules::Pack;
use xinzhi_rules::model::{Scorecard, SubjectKindIx};

use crate::cells::{Bounds, Cells, Longs, Marks, Words};
use crate::fault::{Fault, Trouble};
use crate::file::{Blamed, Readable, Table};
use crate::fresh::Fresh;
use crate::partition::{Named, Partition, read_filled, read_open};
use crate::schema::{self, Content, Shape};
use crate::write::{self, Load, Put};

/// The layout of the file.
pub const EDITION: &str = "xinzhi-standings/1";
/// The layout of a file with many days.
pub const SERIES: &str = "xinzhi-backtest/1";

/// Why there are no points, as the word that the file holds and as people read it, in one order.
pub const REASONS: [(&str, &str); 6] = [
    ("not-yet-in-force", "评价模型尚未施行"),
    ("no-longer-in-force", "评价模型已停止使用"),
    ("review-overdue", "规则包逾期未审查"),
    ("no-basis-in-force", "所列依据均不生效"),
    ("no-cutoffs-in-force", "没有有效的同业界限"),
    ("too-little-known", "已知信息不足"),
];

/// The last of them: the scorecard is used, and its dimensions have sums.
const TOO_LITTLE_KNOWN: u8 = 5;

/// Position in [`REASONS`].
pub(crate) fn reason(reason: &Reason) -> u8 {
    match reason {
        Reason::NotYetInForce { .. } => 0,
        Reason::NoLongerInForce { .. } => 1,
        Reason::ReviewOverdue { .. } => 2,
        Reason::NoBasisInForce => 3,
        Reason::NoCutoffsInForce => 4,
        Reason::TooLittleKnown { .. } => TOO_LITTLE_KNOWN,
    }
}

/// The word of a reason, as files and summaries have it.
pub fn word(of: &Reason) -> &'static str {
    REASONS.get(usize::from(reason(of))).map_or("", |(word, _)| word)
}

/// The standings of one partition, one row for each subject that the scorecard evaluates.
#[derive(Debug, Default)]
pub struct Standings {
    /// The day of each row as a number, where there are rows of several days.
    pub days: Vec<i32>,
    /// Numbers of the subjects, rising.
    pub subjects: Vec<i64>,
    /// Position of each one's subject kind.
    pub kinds: Vec<u32>,
    /// Position of the reason in [`REASONS`] where there are no points.
    pub reasons: Cells<u8>,
    /// Points in thousandths.
    pub points: Cells<i64>,
    /// Position of the grade that counts.
    pub grades: Cells<u32>,
    /// Whether something else than points gave the grade.
    pub forced: Vec<bool>,
    /// Known share of the weight, in thousandths.
    pub assessed: Vec<i32>,
    /// 分.
    pub amounts: Cells<i64>,
    /// What each dimension enters into the points, also where too little is known for points; none where the scorecard is not used at all.
    pub dimensions: Vec<Cells<i64>>,
    pub(crate) areas: Named,
    pub(crate) codes: Named,
}

impl Standings {
    /// Takes the words of a partition over; the rows follow with [`Standings::push`].
    pub(crate) fn of(partition: &mut Partition, dimensions: usize) -> Standings {
        let take = |named: &mut Named| Named { list: std::mem::take(&mut named.list), cells: Cells::default() };
        let areas = take(&mut partition.subjects.areas);
        let codes = take(&mut partition.subjects.codes);
        Standings { areas, codes, dimensions: vec![Cells::default(); dimensions], ..Standings::default() }
    }

    /// Appends the standing of the subject in a row of the partition.
    pub(crate) fn push(
        &mut self,
        (partition, row): (&Partition, usize),
        standing: &Standing,
        dimension: impl Fn(usize) -> Option<i64>,
    ) -> Option<()> {
        let SubjectKindIx(kind) = *partition.subjects.kinds.get(row)?;
        self.subjects.push(*partition.subjects.numbers.get(row)?);
        self.kinds.push(u32::try_from(kind).ok()?);
        let position = |named: &Named| named.at(row).and_then(|place| u32::try_from(place).ok());
        self.areas.cells.push(position(&partition.subjects.areas));
        self.codes.cells.push(position(&partition.subjects.codes));
        let (points, why) = match &standing.outcome {
            Outcome::Graded { points, .. } => (Some(points.0), None),
            Outcome::NotEvaluable { reason: why } => (None, Some(reason(why))),
        };
        self.points.push(points);
        self.reasons.push(why);
        // What does not fit is a fault and never the same as no grade.
        self.grades.push(standing.grade.map(u32::try_from).transpose().ok()?);
        self.forced.push(standing.forced.is_some());
        self.assessed.push(i32::try_from(standing.assessed_share).ok()?);
        self.amounts.push(standing.amount);
        let used = why.is_none_or(|why| why == TOO_LITTLE_KNOWN);
        for (place, cells) in self.dimensions.iter_mut().enumerate() {
            cells.push(dimension(place).filter(|_| used));
        }
        Some(())
    }

    /// The same on one of several days.
    pub(crate) fn push_on(
        &mut self,
        as_of: Day,
        subject: (&Partition, usize),
        standing: &Standing,
        dimension: impl Fn(usize) -> Option<i64>,
    ) -> Option<()> {
        self.days.push(i32::try_from(as_of.number()).ok()?);
        self.push(subject, standing, dimension)
    }

    /// Takes all rows away and leaves the words.
    pub(crate) fn clear(&mut self) {
        let words = |named: &mut Named| Named { list: std::mem::take(&mut named.list), cells: Cells::default() };
        let dimensions = vec![Cells::default(); self.dimensions.len()];
        *self = Standings { areas: words(&mut self.areas), codes: words(&mut self.codes), dimensions, ..Standings::default() };
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.subjects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// Position of the kind of the subject in a row.
    pub fn kind(&self, row: usize) -> Option<usize> {
        self.kinds.get(row).and_then(|kind| usize::try_from(*kind).ok())
    }

    /// Position of the grade of the subject in a row.
    pub fn grade(&self, row: usize) -> Option<usize> {
        self.grades.at(row).and_then(|grade| usize::try_from(grade).ok())
    }

    /// Where the subject in a row is, in UTF-8.
    pub fn area(&self, row: usize) -> Option<&[u8]> {
        self.areas.word(row)
    }

    /// What the subject in a row is called outside, in UTF-8.
    pub fn code(&self, row: usize) -> Option<&[u8]> {
        self.codes.word(row)
    }
}

impl Pin<'_> {
    /// Names and values of everything that is written beside the columns.
    pub fn said(&self) -> Vec<(String, String)> {
        self.words().into_iter().filter_map(|word| Some((word.key, word.value?))).collect()
    }
}

/// Columns of a result, in order.
pub fn shapes(card: &Scorecard) -> Vec<Shape> {
    let mut shapes = vec![
        schema::filled(schema::SUBJECT, Content::Number),
        schema::open("code", Content::Word),
        schema::filled("kind", Content::Word),
        schema::open("area", Content::Word),
        schema::open("reason", Content::Word),
        schema::open("points", Content::Number),
        schema::open("grade", Content::Word),
        schema::filled("forced", Content::Flag),
        schema::filled("assessed_share", Content::Small),
        schema::open("amount", Content::Number),
    ];
    shapes.extend((1..=card.dimensions.len()).map(|number| schema::open(&format!("d{number}"), Content::Number)));
    shapes
}

/// What a result rests on, written beside its columns.
#[derive(Clone, Debug)]
pub struct Pin<'a> {
    /// The pack.
    pub pack: &'a Pack,
    /// One of its scorecards.
    pub card: &'a Scorecard,
    /// The day of evaluation.
    pub as_of: Day,
    /// Position of the journal that the set shows.
    pub position: Option<i64>,
    /// Digest of the set's `tables.json`; none where the set is the projection of an office.
    pub tables: Option<Digest>,
}

impl Pin<'_> {
    fn words(&self) -> Vec<KeyValue> {
        let mut words = self.common(EDITION);
        words.push(KeyValue::new("xinzhi.as_of".to_owned(), self.as_of.to_string()));
        words
    }

    /// The same for a file with many days, whose own column says which.
    fn series(&self, days: &[Day]) -> Vec<KeyValue> {
        let mut words = self.common(SERIES);
        let days: Vec<String> = days.iter().map(Day::to_string).collect();
        words.push(KeyValue::new("xinzhi.days".to_owned(), days.join(" ")));
        words
    }

    fn common(&self, edition: &str) -> Vec<KeyValue> {
        let mut words = vec![
            ("xinzhi.edition".to_owned(), edition.to_owned()),
            ("xinzhi.pack".to_owned(), self.pack.id.clone()),
            ("xinzhi.pack_digest".to_owned(), self.pack.digest.to_string()),
            ("xinzhi.scorecard".to_owned(), self.card.id.clone()),
        ];
        words.extend(self.tables.map(|digest| ("xinzhi.tables".to_owned(), digest.to_string())));
        words.extend(self.position.map(|position| ("xinzhi.position".to_owned(), position.to_string())));
        let titles = self.card.dimensions.iter().enumerate();
        words.extend(titles.map(|(place, dimension)| (format!("xinzhi.d{}", place + 1), dimension.title.clone())));
        words.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect()
    }
}

/// How standings become columns: which there are, and what positions in them stand for.
#[derive(Clone, Debug)]
pub struct Rows {
    shapes: Vec<Shape>,
    series: bool,
    kinds: Vec<Bytes>,
    grades: Vec<Bytes>,
}

/// Rows that are a piece of a file already; only their place in it is open.
#[derive(Debug)]
pub struct Encoded {
    bytes: Bytes,
    metadata: ParquetMetaData,
}

impl Rows {
    fn new(pin: &Pin<'_>, series: bool) -> Rows {
        let day = series.then(|| schema::filled(schema::AS_OF, Content::Day));
        Rows {
            shapes: day.into_iter().chain(shapes(pin.card)).collect(),
            series,
            kinds: pin.pack.subject_kinds.iter().map(|kind| Bytes::copy_from_slice(kind.id.as_bytes())).collect(),
            grades: pin.card.grades.iter().map(|grade| Bytes::copy_from_slice(grade.name.as_bytes())).collect(),
        }
    }

    /// Of several days.
    pub(crate) fn of_series(pin: &Pin<'_>) -> Rows {
        Rows::new(pin, true)
    }

    /// Makes a piece of a file of rows, on whichever thread.
    pub(crate) fn encode(&self, rows: &Standings) -> Result<Encoded, Fault> {
        let written = || {
            let mut bytes = Vec::new();
            let mut writer = write::begin(&mut bytes, &self.shapes, Vec::new())?;
            self.put(&mut writer, rows)?;
            let metadata = writer.close()?;
            Ok(Encoded { bytes: bytes.into(), metadata })
        };
        written().map_err(Fault::unwritten(Path::new("--out")))
    }

    fn put<W: Write + Send>(&self, writer: &mut SerializedFileWriter<W>, rows: &Standings) -> parquet::errors::Result<()> {
        let reasons = REASONS.map(|(word, _)| Bytes::from_static(word.as_bytes()));
        let day = self.series.then_some(Put { cells: Load::Shorts(&rows.days), known: None });
        let mut columns: Vec<Put<'_>> = day.into_iter().collect();
        columns.extend([
            Put { cells: Load::Longs(&rows.subjects), known: None },
            Put { cells: Load::Words(&rows.codes.cells.values, &rows.codes.list), known: rows.codes.cells.known.as_deref() },
            Put { cells: Load::Words(&rows.kinds, &self.kinds), known: None },
            Put { cells: Load::Words(&rows.areas.cells.values, &rows.areas.list), known: rows.areas.cells.known.as_deref() },
            Put { cells: Load::Codes(&rows.reasons.values, &reasons), known: rows.reasons.known.as_deref() },
            Put { cells: Load::Longs(&rows.points.values), known: rows.points.known.as_deref() },
            Put { cells: Load::Words(&rows.grades.values, &self.grades), known: rows.grades.known.as_deref() },
            Put { cells: Load::Flags(&rows.forced), known: None },
            Put { cells: Load::Shorts(&rows.assessed), known: None },
            Put { cells: Load::Longs(&rows.amounts.values), known: rows.amounts.known.as_deref() },
        ]);
        columns.extend(rows.dimensions.iter().map(|cells| Put { cells: Load::Longs(&cells.values), known: cells.known.as_deref() }));
        write::append(writer, &columns, rows.len())
    }
}

/// A result file being written, under another name until it is whole. Dropped before that, it leaves nothing.
#[derive(Debug)]
pub struct StandingsWriter {
    fresh: Fresh,
    writer: SerializedFileWriter<File>,
    rows: Rows,
}

impl StandingsWriter {
    /// Begins a file at `target`, which must not be there yet.
    ///
    /// # Errors
    /// [`Fault`] where something is there or cannot be written.
    pub fn begin(target: &Path, pin: &Pin<'_>) -> Result<StandingsWriter, Fault> {
        StandingsWriter::new(target, Rows::new(pin, false), pin.words())
    }

    /// Begins a file with the rows of many days, filled by [`StandingsWriter::take`].
    ///
    /// # Errors
    /// [`Fault`] where something is there or cannot be written.
    pub fn begin_series(target: &Path, pin: &Pin<'_>, days: &[Day]) -> Result<StandingsWriter, Fault> {
        StandingsWriter::new(target, Rows::new(pin, true), pin.series(days))
    }

    fn new(target: &Path, rows: Rows, words: Vec<KeyValue>) -> Result<StandingsWriter, Fault> {
        let (fresh, file) = Fresh::begin(target)?;
        let writer = write::begin(file, &rows.shapes, words).map_err(Fault::unwritten(fresh.partial()))?;
        Ok(StandingsWriter { fresh, writer, rows })
    }

    /// Appends the rows of a partition.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be written.
    pub fn append(&mut self, rows: &Standings) -> Result<(), Fault> {
        self.rows.put(&mut self.writer, rows).map_err(Fault::unwritten(self.fresh.partial()))
    }

    /// Appends rows that are encoded already.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be written.
    pub fn take(&mut self, rows: &Encoded) -> Result<(), Fault> {
        let mut splice = || {
            for group in rows.metadata.row_groups() {
                let mut out = self.writer.next_row_group()?;
                for chunk in group.columns() {
                    let close = ColumnCloseResult {
                        bytes_written: u64::try_from(chunk.compressed_size()).unwrap_or(0),
                        rows_written: u64::try_from(group.num_rows()).unwrap_or(0),
                        metadata: chunk.clone(),
                        bloom_filter: None,
                        column_index: None,
                        offset_index: None,
                    };
                    out.append_column(&rows.bytes, close)?;
                }
                out.close()?;
            }
            Ok(())
        };
        splice().map_err(Fault::unwritten(self.fresh.partial()))
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be written; then there is no file.
    pub fn finish(self) -> Result<(), Fault> {
        let file = self.writer.into_inner().map_err(Fault::unwritten(self.fresh.partial()))?;
        self.fresh.finish(&file)
    }
}

/// The grades of an earlier result, by subject.
#[derive(Debug)]
pub struct Earlier {
    /// The day of evaluation.
    pub as_of: String,
    path: PathBuf,
    /// Digest of the set that it was made of; none where it was made of an office.
    tables: Option<String>,
    subjects: Vec<i64>,
    /// What stands for the code of each.
    codes: Cells<u64>,
    grades: Cells<u32>,
    names: Vec<String>,
}

impl Earlier {
    /// Reads an earlier result of the same scorecard.
    ///
    /// # Errors
    /// [`Fault`] where the file is none.
    pub fn read(path: &Path, card: &Scorecard) -> Result<Earlier, Fault> {
        let mut table = Table::lone(path.to_owned())?;
        if table.word("xinzhi.edition") != Some(EDITION) {
            return Err(Fault::file(path, "不是 `xinzhi evaluate --out` 对一个评价日写出的结果，无法比较"));
        }
        let scorecard = table.word("xinzhi.scorecard").unwrap_or("");
        if scorecard != card.id {
            let what = format!("是评价模型 `{}` 的结果，只能与 `{}` 的结果比较", shown(scorecard), card.id);
            return Err(Fault::file(path, what));
        }
        let as_of = shown(table.word("xinzhi.as_of").unwrap_or(""));
        let (mut subjects, mut grades, mut words) = (Cells::default(), Cells::default(), Words::default());
        let any = Bounds { low: i64::MIN, high: i64::MAX };
        read_filled(&mut table, (schema::SUBJECT, Content::Number), &mut Longs(any), &mut subjects)?;
        read_open(&mut table, ("grade", Content::Word), &mut words, &mut grades)?;
        if !subjects.values.is_sorted_by(|a, b| a < b) {
            return Err(table.trouble(Trouble::Unsorted, schema::SUBJECT));
        }
        let mut codes = Cells::default();
        if table.has("code") {
            read_open(&mut table, ("code", Content::Word), &mut Marks, &mut codes)?;
        }
        let names = words.list.iter().map(|word| shown(&String::from_utf8_lossy(word))).collect();
        let tables = table.word("xinzhi.tables").map(str::to_owned);
        Ok(Earlier { as_of, path: path.to_owned(), tables, subjects: subjects.values, codes, grades, names })
    }

    /// Whether it was made of the very set of this digest, whose numbers are those of the same subjects.
    pub(crate) fn is_of(&self, tables: Option<Digest>) -> bool {
        tables.is_some_and(|tables| self.tables.as_deref() == Some(tables.to_string().as_str()))
    }

    /// Whether the code of the subject in a row is this one; none where one of them is not known.
    pub(crate) fn has_code(&self, row: usize, code: Option<&[u8]>) -> Option<bool> {
        let known = self.codes.at(row).filter(|mark| *mark != Marks::of(b""));
        let code = code.filter(|code| !code.is_empty());
        known.zip(code).map(|(known, code)| known == Marks::of(code))
    }

    /// What is wrong with comparing it.
    pub(crate) fn fault(&self, what: String) -> Fault {
        Fault::file(&self.path, what)
    }

    /// How many subjects.
    pub fn len(&self) -> usize {
        self.subjects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// Number and grade of a row.
    pub fn at(&self, row: usize) -> Option<(i64, Option<&str>)> {
        let grade = self.grades.at(row).and_then(|code| self.names.get(usize::try_from(code).ok()?));
        Some((*self.subjects.get(row)?, grade.map(String::as_str)))
    }
}

//! A table's new rows as lines of NDJSON in a file without a name: what an import reads, and the other database is let go at once.
//!
//! Rows come in the order of watermark and key, so a place in that order says what was read. A transaction may become visible after
//! others with a higher watermark, though: the rows of the overlap before the place are looked at again, and those that were not there are
//! delivered. Which were there is remembered row by row for a few thousand; of a larger overlap only whether it has changed, and then all
//! of it is delivered again. What is the same then is a duplicate like any other.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};
use xinzhi_collect::Mapping;
use xinzhi_rules::model::Pack;
use xinzhi_store::connector::{ConnectorRow, PullRow};
use xinzhi_store::department::{Address, Column, Department, Family, Place, Pulled, Snapshot, Table, Trouble, Wanted};

use crate::connector::register::opened;
use crate::connector::sentence::{failed, of_header, of_trouble};
use crate::keys::Keys;
use crate::{Error, Office};

/// Rows of one batch; rows that share the last place come on top.
const ROWS_MAX: i64 = 20_000;
/// Rows of an overlap that are remembered one by one.
const REMEMBERED_MAX: usize = 4_000;
/// Bytes of the digest of one of them.
const MARK_BYTES: usize = 16;
/// How much is written before it must be on disk, so that nobody's commit waits for all of it.
const SYNC_BYTES: usize = 4 << 20;

/// What a look found.
pub(super) struct Spool {
    /// The lines, from the beginning.
    pub(super) file: File,
    /// How many; none where there is only to be said that there was nothing, and then the file is a header.
    pub(super) rows: i64,
    /// Where the last row stands.
    pub(super) last: Place,
    /// JSON: the columns of the table.
    pub(super) columns: String,
    /// What is remembered of the rows inside the overlap before the last place.
    pub(super) overlapping: Vec<u8>,
    /// Whether rows are left for another batch.
    pub(super) more: bool,
    /// Whether some row has no watermark or no key.
    pub(super) unreachable: bool,
    /// Whether nothing was left out that the table holds.
    pub(super) whole: bool,
}

/// Where the next batch begins.
pub(super) struct From {
    place: Place,
    overlapping: Seen,
}

/// What is remembered of an overlap.
enum Seen {
    /// Digests of its rows.
    Rows(BTreeSet<[u8; MARK_BYTES]>),
    /// One digest of all of them.
    Whole([u8; 32]),
}

impl Seen {
    /// Stored as a letter and the digests.
    fn bytes(&self) -> Vec<u8> {
        match self {
            Seen::Rows(marks) => std::iter::once(b'r').chain(marks.iter().flatten().copied()).collect(),
            Seen::Whole(digest) => std::iter::once(b'w').chain(digest.iter().copied()).collect(),
        }
    }

    fn from_bytes(bytes: &[u8]) -> Option<Seen> {
        match bytes.split_first()? {
            (b'r', marks) => {
                let (marks, rest) = marks.as_chunks::<MARK_BYTES>();
                rest.is_empty().then(|| Seen::Rows(marks.iter().copied().collect()))
            }
            (b'w', digest) => digest.try_into().ok().map(Seen::Whole),
            _ => None,
        }
    }
}

/// A place as it is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    key: String,
    watermark: String,
}

/// Either side may fail.
enum Stop {
    Theirs(Trouble),
    Ours(Error),
}

impl std::convert::From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Stop {
        Stop::Theirs(trouble)
    }
}

impl std::convert::From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Ours(error)
    }
}

impl std::convert::From<std::io::Error> for Stop {
    fn from(cause: std::io::Error) -> Stop {
        Stop::Ours(xinzhi_store::Fault::Io { what: "keeping the rows of a department's table".to_owned(), cause }.into())
    }
}

/// Seals a place for storage.
pub(super) fn sealed_place(office: &Office, id: &str, place: &Place) -> Result<Vec<u8>, Error> {
    let sealed = Sealed { key: place.key.clone(), watermark: place.watermark.clone() };
    let json = serde_json::to_vec(&sealed).map_err(|e| Error::inconsistent(e.to_string()))?;
    Ok(office.keys.office().seal(office.entropy(), format!("connector_pull {id}").as_bytes(), &json)?)
}

/// Where a committed pull ended.
pub(super) fn from(keys: &Keys, id: &str, pull: &PullRow) -> Result<From, Error> {
    let json = keys.office().open(format!("connector_pull {id}").as_bytes(), &pull.place)?;
    let Sealed { key, watermark } = serde_json::from_slice(&json).map_err(|e| Error::inconsistent(format!("a sealed place: {e}")))?;
    let overlapping = Seen::from_bytes(&pull.overlapping).ok_or_else(|| Error::inconsistent("what is remembered of an overlap"))?;
    Ok(From { place: Place { watermark, key }, overlapping })
}

/// Who watches while a table is read.
pub(super) struct Watch<'a> {
    /// Whether to leave off.
    pub(super) stopping: &'a dyn Fn() -> bool,
    /// Hears how many rows were read.
    pub(super) so_far: &'a dyn Fn(i64),
    /// Whether it is worth saying that there was nothing new.
    pub(super) tells_nothing: bool,
}

/// Rows after which somebody is told how far it is.
const TELL_ROWS: i64 = 500;

/// Reads what is new; none where nothing is.
pub(super) fn spool(office: &Office, row: &ConnectorRow, last: Option<&PullRow>, watch: &Watch<'_>) -> Result<Option<Spool>, Error> {
    let of = &row.registered;
    let table = Table {
        schema: of.schema.clone(),
        name: of.table.clone(),
        watermark: of.watermark.clone(),
        key: of.key.clone(),
        overlap: of.overlap,
    };
    let address = Address {
        host: of.host.clone(),
        port: u16::try_from(of.port).map_err(|_| Error::inconsistent("a port beyond 65535"))?,
        database: of.database.clone(),
        user: of.user.clone(),
        secret: opened(&office.keys, of)?,
    };
    let begin = last.map(|pull| from(&office.keys, &of.id, pull)).transpose()?;
    let mut department = Department::connect(&address).map_err(|trouble| of_trouble(of, &trouble))?;
    let spooled = department.read(&table, |snapshot| {
        let columns = snapshot.columns().to_vec();
        // Whoever resumed it after the last batch has seen what the table looks like now.
        let known = last.filter(|pull| row.resumed < pull.committed);
        if let Some(known) = known {
            same_columns(known, &columns)?;
        }
        let reading = Reading { keys: &office.keys, columns: delivered(&office.pack(), row, &columns)?, watch };
        reading.read(snapshot, begin.as_ref(), &columns)
    });
    spooled.map_err(|stop: Stop| match stop {
        Stop::Theirs(trouble) => of_trouble(of, &trouble),
        Stop::Ours(error) => error,
    })
}

/// A column that is gone or holds something else now would silently empty a field.
fn same_columns(known: &PullRow, now: &[Column]) -> Result<(), Error> {
    let known: Vec<(String, String)> =
        serde_json::from_str(&known.columns).map_err(|e| Error::inconsistent(format!("columns of a pull: {e}")))?;
    for (name, before) in known {
        let Some(column) = now.iter().find(|column| column.name == name) else {
            return Err(failed(format!("列 `{name}` 不见了；请对方恢复，确实取消的，请核对后运行 xinzhi connector resume")));
        };
        if word(column) != before {
            let words = format!("列 `{name}` 的类型变为 {}；请对方改回，确实要改的，请核对后运行 xinzhi connector resume", column.kind);
            return Err(failed(words));
        }
    }
    Ok(())
}

fn word(column: &Column) -> &str {
    column.family.map_or("", Family::word)
}

fn columns_json(columns: &[Column]) -> Result<String, Error> {
    let pairs: Vec<(&str, &str)> = columns.iter().map(|column| (column.name.as_str(), word(column))).collect();
    serde_json::to_string(&pairs).map_err(|e| Error::inconsistent(e.to_string()))
}

/// The columns that are handed to the import: all but the watermark and the key where they are no fields. They say when a row was
/// touched, not what it says; kept with a record they would make every touch a correction.
fn delivered(pack: &Pack, row: &ConnectorRow, columns: &[Column]) -> Result<Vec<Column>, Error> {
    let of = &row.registered;
    let source = pack.sources.iter().find(|source| source.id == of.source);
    let source =
        source.ok_or_else(|| failed(format!("现行规则包中没有数据来源 `{}`；请装入有此来源的规则包，或停用后重新登记", of.source)))?;
    let header: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let mapping = Mapping::of(pack, source, &header).map_err(|fault| of_header(of, &fault))?;
    let unknown = |index: usize| mapping.unknown.iter().any(|(position, _)| *position == index);
    let marks = |name: &String| *name == of.watermark || *name == of.key;
    let kept = columns.iter().enumerate().filter(|(index, column)| !(marks(&column.name) && unknown(*index)));
    Ok(kept.map(|(_, column)| column.clone()).collect())
}

struct Reading<'a> {
    keys: &'a Keys,
    columns: Vec<Column>,
    watch: &'a Watch<'a>,
}

impl Reading<'_> {
    fn read(&self, snapshot: &mut Snapshot<'_>, begin: Option<&From>, columns: &[Column]) -> Result<Option<Spool>, Stop> {
        let mut lines = Lines::new(&self.columns)?;
        if let Some(begin) = begin {
            self.late(snapshot, begin, &mut lines)?;
        }
        let (mut last, mut fresh, mut more) = (begin.map(|begin| begin.place.clone()), 0, false);
        snapshot.walk(Wanted::After(begin.map(|begin| &begin.place)), &self.columns, |row| {
            self.go_on()?;
            more = fresh >= ROWS_MAX && last.as_ref() != Some(&row.place);
            if more {
                return Ok::<bool, Stop>(false);
            }
            fresh += 1;
            if fresh % TELL_ROWS == 0 {
                (self.watch.so_far)(fresh);
            }
            lines.add(&row)?;
            last = Some(row.place);
            Ok(true)
        })?;
        let Some(last) = last.filter(|_| lines.rows > 0 || self.watch.tells_nothing) else { return Ok(None) };
        let overlapping = self.seen(snapshot, &last)?.bytes();
        // Asked last: a slow answer ends the snapshot.
        let unreachable = snapshot.has_unreachable_rows().unwrap_or(false);
        let whole = !more && !unreachable && !snapshot.has_rows_ahead().unwrap_or(true);
        let rows = lines.rows;
        (self.watch.so_far)(rows);
        Ok(Some(Spool {
            file: if rows > 0 { lines.finish()? } else { header(&self.columns)? },
            rows,
            last,
            columns: columns_json(columns)?,
            overlapping,
            more,
            unreachable,
            whole,
        }))
    }

    fn go_on(&self) -> Result<(), Stop> {
        if (self.watch.stopping)() { Err(Stop::Ours(xinzhi_core::Code::Unavailable.into())) } else { Ok(()) }
    }

    /// Delivers what the overlap before a place holds now and did not hold before.
    fn late(&self, snapshot: &mut Snapshot<'_>, begin: &From, lines: &mut Lines) -> Result<(), Stop> {
        let known = match &begin.overlapping {
            Seen::Rows(marks) => Some(marks),
            Seen::Whole(before) => {
                let changed = !matches!(self.seen(snapshot, &begin.place)?, Seen::Whole(now) if now == *before);
                if !changed {
                    return Ok(());
                }
                None
            }
        };
        snapshot.walk(Wanted::Overlap(&begin.place), &self.columns, |row| {
            self.go_on()?;
            if known.is_none_or(|marks| !marks.contains(&self.mark(&row))) { lines.add(&row) } else { Ok(true) }
        })
    }

    fn seen(&self, snapshot: &mut Snapshot<'_>, place: &Place) -> Result<Seen, Stop> {
        let (mut marks, mut whole) = (BTreeSet::new(), [0; 32]);
        snapshot.walk(Wanted::Overlap(place), &self.columns, |row| {
            self.go_on()?;
            let mark = self.mark(&row);
            whole = self.keys.keyed(&[&whole, &mark]);
            if marks.len() <= REMEMBERED_MAX {
                marks.insert(mark);
            }
            Ok::<bool, Stop>(true)
        })?;
        Ok(if marks.len() <= REMEMBERED_MAX { Seen::Rows(marks) } else { Seen::Whole(whole) })
    }

    /// A keyed digest of a row.
    fn mark(&self, row: &Pulled) -> [u8; MARK_BYTES] {
        let cells = row.cells.iter().map(|cell| cell.as_ref().map_or(b"\0".as_slice(), String::as_bytes));
        let marks = [row.place.watermark.as_bytes(), row.place.key.as_bytes()];
        let parts: Vec<&[u8]> = marks.into_iter().chain(cells).collect();
        self.keys.keyed_short(&parts)
    }
}

/// A file of the columns and no row.
fn header(columns: &[Column]) -> Result<File, Stop> {
    let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.name.replace('"', "\"\""))).collect();
    let mut file = tempfile::tempfile()?;
    file.write_all(format!("{}\n", names.join(",")).as_bytes())?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// Lines on their way to disk.
struct Lines {
    file: BufWriter<File>,
    /// `"name":` of each column, with what stands before it.
    heads: Vec<String>,
    rows: i64,
    unsynced: usize,
}

impl Lines {
    fn new(columns: &[Column]) -> Result<Lines, Stop> {
        let mut heads = Vec::with_capacity(columns.len());
        for column in columns {
            let name = serde_json::to_string(&column.name).map_err(|e| Error::inconsistent(e.to_string()))?;
            heads.push(format!("{}{name}:", if heads.is_empty() { '{' } else { ',' }));
        }
        Ok(Lines { file: BufWriter::new(tempfile::tempfile()?), heads, rows: 0, unsynced: 0 })
    }

    fn add(&mut self, row: &Pulled) -> Result<bool, Stop> {
        let mut line = String::new();
        for (head, cell) in self.heads.iter().zip(&row.cells) {
            line.push_str(head);
            line.push_str(&serde_json::to_string(cell).map_err(|e| Error::inconsistent(e.to_string()))?);
        }
        line.push_str("}\n");
        self.file.write_all(line.as_bytes())?;
        (self.rows, self.unsynced) = (self.rows + 1, self.unsynced + line.len());
        if self.unsynced >= SYNC_BYTES {
            self.file.flush()?;
            self.file.get_ref().sync_data()?;
            self.unsynced = 0;
        }
        Ok(true)
    }

    fn finish(mut self) -> Result<File, Stop> {
        self.file.flush()?;
        let mut file = self.file.into_inner().map_err(|error| Stop::from(error.into_error()))?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

//! Reading the journal: for auditors, who see what happened and by whom, but no business data. What they take away is an entry too.

use std::collections::VecDeque;
use std::sync::Arc;

use rust_xlsxwriter::{Workbook, XlsxError};
use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Act, Draft, Entry, Position};
use xinzhi_core::{Code, Day, Moment, Refusal};
use xinzhi_store::Connection;
use xinzhi_store::journal::Wanted;

use crate::permission::{Action, Scope};
use crate::{Error, Office, sheet};

/// Entries of one file at most; it says when it was cut.
pub const EXPORT_MAX: i64 = 100_000;
/// Corrections of the clock that are looked at.
const CORRECTIONS_MAX: i64 = 1_000;
/// Entries fetched at once while several acts are read side by side.
const VEIN: i64 = 200;

/// Which entries are wanted. Every combination is answered by an index: `entry` itself, (act, entry), or (actor, act, entry).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of one kind.
    pub act: Option<Act>,
    /// By one account or key.
    pub actor: Option<String>,
    /// From this day on.
    pub from: Option<Day>,
    /// Through this day.
    pub until: Option<Day>,
    /// The newest that is wanted.
    pub to: Option<Position>,
}

/// A page of the journal, newest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// The last position of the journal.
    pub head: Position,
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where the next page begins, where there is one.
    pub older: Option<Position>,
}

/// A page of at most `limit` entries.
///
/// # Errors
/// A role that may not read it.
pub async fn page(office: &Arc<Office>, actor: &Actor, filter: Filter, limit: i64) -> Result<Page, Error> {
    Scope::of(Action::SeeJournal, actor)?;
    office
        .read(move |connection| {
            let head = xinzhi_store::journal::head(connection)?;
            let mut entries = read(connection, &filter, head, limit + 1)?;
            let more = i64::try_from(entries.len()).is_ok_and(|found| found > limit);
            let older = entries.last().filter(|_| more).map(|entry| entry.position);
            if more {
                entries.pop();
            }
            Ok(Page { head, entries, older })
        })
        .await
}

/// The newest entries of a filter.
fn read(connection: &mut Connection, filter: &Filter, head: Position, limit: i64) -> Result<Vec<Entry>, Error> {
    let mut found = Vec::new();
    for (from, last) in stretches(connection, filter, head)? {
        let to = filter.to.map_or(last, |to| to.min(last));
        let left = limit - i64::try_from(found.len()).unwrap_or(limit);
        if left > 0 && from <= to {
            found.extend(between(connection, filter, Wanted { from, to, limit: left })?);
        }
    }
    Ok(found)
}

/// The newest entries of an act and an actor between two positions.
fn between(connection: &mut Connection, filter: &Filter, wanted: Wanted) -> Result<Vec<Entry>, Error> {
    Ok(match (&filter.actor, filter.act) {
        (None, None) => xinzhi_store::journal::back(connection, wanted)?,
        (None, Some(act)) => xinzhi_store::journal::back_of_act(connection, wanted, act)?,
        (Some(actor), Some(act)) => xinzhi_store::journal::back_of_actor(connection, wanted, (actor, act))?,
        (Some(actor), None) => of_actor(connection, wanted, actor)?,
    })
}

/// Where the days of a filter lie, newest first. Moments rise with positions except where the clock was put right: from there on they
/// rise anew, so each such stretch is looked at by itself.
fn stretches(connection: &mut Connection, filter: &Filter, head: Position) -> Result<Vec<(Position, Position)>, Error> {
    if filter.from.is_none() && filter.until.is_none() {
        return Ok(vec![(Position(1), head)]);
    }
    let corrections = xinzhi_store::journal::of_act(connection, Act::ClockCorrected, Position(0), CORRECTIONS_MAX)?;
    let mut begins: Vec<Position> = std::iter::once(Position(1)).chain(corrections.iter().map(|entry| entry.position)).collect();
    let mut end = head;
    let mut found = Vec::new();
    while let Some(begin) = begins.pop() {
        let first = filter.from.map_or(Ok(begin), |day| first_since(connection, day, (begin, end)))?;
        let after = filter.until.map_or(Ok(Position(end.0 + 1)), |day| first_since(connection, day.plus_days(1), (begin, end)))?;
        found.push((first, Position(after.0 - 1)));
        end = Position(begin.0 - 1);
    }
    Ok(found)
}

/// The first entry of a day or later between two positions, or the position after them. Halving finds it in some twenty steps, without an
/// index of its own.
fn first_since(connection: &mut Connection, day: Day, (begin, end): (Position, Position)) -> Result<Position, Error> {
    let (mut low, mut high) = (begin.0, end.0 + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let at = xinzhi_store::journal::at(connection, Position(middle))?.unwrap_or(Moment(i64::MAX));
        if at.day() < day { low = middle + 1 } else { high = middle }
    }
    Ok(Position(low))
}

/// Entries of one act by an actor, as far as they were fetched.
struct Vein {
    act: Act,
    fetched: VecDeque<Entry>,
    /// The newest that was not fetched yet; none at the end.
    rest: Option<Position>,
}

/// Everything that one actor did: the index is by actor and act, so the acts are read side by side and the newest is taken each time.
fn of_actor(connection: &mut Connection, wanted: Wanted, actor: &str) -> Result<Vec<Entry>, Error> {
    let vein = |act: Act| Vein { act, fetched: VecDeque::new(), rest: Some(wanted.to) };
    let mut veins: Vec<Vein> = Act::ALL.into_iter().map(vein).collect();
    let mut found = Vec::new();
    while i64::try_from(found.len()).is_ok_and(|count| count < wanted.limit) {
        for vein in veins.iter_mut().filter(|vein| vein.fetched.is_empty()) {
            let Some(to) = vein.rest else { continue };
            let piece = Wanted { to, limit: VEIN.min(wanted.limit), ..wanted };
            vein.fetched = xinzhi_store::journal::back_of_actor(connection, piece, (actor, vein.act))?.into();
            vein.rest = vein.fetched.back().map(|entry| Position(entry.position.0 - 1));
        }
        let newest = veins.iter_mut().max_by_key(|vein| vein.fetched.front().map_or(Position(0), |entry| entry.position));
        let Some(entry) = newest.and_then(|vein| vein.fetched.pop_front()) else { break };
        found.push(entry);
    }
    Ok(found)
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A workbook.
    Xlsx,
    /// One JSON object a line.
    Ndjson,
}

impl FileKind {
    /// The ending of its name.
    pub fn word(self) -> &'static str {
        match self {
            FileKind::Xlsx => "xlsx",
            FileKind::Ndjson => "ndjson",
        }
    }
}

/// What is handed out.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The bytes of the file.
    pub bytes: Vec<u8>,
    /// Entries in it.
    pub count: usize,
    /// Whether there were more than fit.
    pub is_cut: bool,
}

/// Hands out what a filter finds, newest first. That it was handed out is an entry, written before anybody has the file. `title` says how
/// people read an act.
///
/// # Errors
/// A role that may not read it.
pub async fn export(
    office: &Arc<Office>,
    actor: &Actor,
    filter: Filter,
    (kind, title): (FileKind, fn(Act) -> &'static str),
) -> Result<Exported, Error> {
    Scope::of(Action::SeeJournal, actor)?;
    let asked = filter.clone();
    let exported = office
        .read(move |connection| {
            let head = xinzhi_store::journal::head(connection)?;
            let mut entries = read(connection, &filter, head, EXPORT_MAX + 1)?;
            let is_cut = i64::try_from(entries.len()).is_ok_and(|found| found > EXPORT_MAX);
            if is_cut {
                entries.pop();
            }
            let bytes = match kind {
                FileKind::Xlsx => workbook(&entries, title, is_cut).map_err(sheet::unwritten)?,
                FileKind::Ndjson => lines(&entries, title),
            };
            Ok(Exported { bytes, count: entries.len(), is_cut })
        })
        .await?;
    let refs = serde_json::json!({
        "act": asked.act.map(Act::word),
        "actor": asked.actor,
        "cut": exported.is_cut,
        "entries": exported.count,
        "file": kind.word(),
        "from": asked.from.map(|day| day.to_string()),
        "to": asked.to.map(|to| to.0),
        "until": asked.until.map(|day| day.to_string()),
    });
    let refs = refs.to_string();
    let digest = xinzhi_proof::salted(&[], &[&exported.bytes]);
    office
        .write(actor, move |tx| {
            let payload = xinzhi_proof::salted(&tx.random::<16>(), &[refs.as_bytes(), digest.as_bytes()]);
            Ok(tx.append(&Draft { act: Act::JournalExported, subject: None, refs, payload }).map(drop)?)
        })
        .await?;
    Ok(exported)
}

fn lines(entries: &[Entry], title: fn(Act) -> &'static str) -> Vec<u8> {
    let mut out = String::new();
    for entry in entries {
        let refs: serde_json::Value = serde_json::from_str(&entry.draft.refs).unwrap_or_else(|_| entry.draft.refs.clone().into());
        let line = serde_json::json!({
            "entry": entry.position.0,
            "at": entry.at.to_string(),
            "act": entry.draft.act.word(),
            "title": title(entry.draft.act),
            "actor": entry.actor,
            "refs": refs,
            "payload": entry.draft.payload.to_string(),
        });
        out.push_str(&line.to_string());
        out.push('\n');
    }
    out.into_bytes()
}

fn workbook(entries: &[Entry], title: fn(Act) -> &'static str, is_cut: bool) -> Result<Vec<u8>, XlsxError> {
    const COLUMNS: [(&str, u16); 7] =
        [("笔次", 10), ("时间", 20), ("事项", 16), ("事项代码", 20), ("操作账号", 20), ("关联", 60), ("内容摘要", 68)];
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet::head(sheet, "账簿", &COLUMNS)?;
    let mut line = 1;
    for entry in entries {
        let cells = [
            entry.position.0.to_string(),
            entry.at.to_string(),
            title(entry.draft.act).to_owned(),
            entry.draft.act.word().to_owned(),
            entry.actor.clone(),
            entry.draft.refs.clone(),
            entry.draft.payload.to_string(),
        ];
        sheet::line(sheet, line, cells)?;
        line += 1;
    }
    if is_cut {
        sheet.write_string(line, 0, format!("只含最新的 {EXPORT_MAX} 笔，请缩小筛选范围后分次导出"))?;
    }
    workbook.save_to_buffer()
}

/// A position that is asked about, where the journal has got so far.
///
/// # Errors
/// [`Code::NotFound`] for a position that is not there.
pub(crate) fn position_within(connection: &mut Connection, position: Position) -> Result<Position, Error> {
    let head = xinzhi_store::journal::head(connection)?;
    if position < Position(1) || position > head {
        let words = format!("账簿现有第 1 至 {} 笔，没有第 {} 笔，请改用其中的位置", head.0, position.0);
        return Err(Refusal::field(Code::NotFound, "known", words).into());
    }
    Ok(position)
}

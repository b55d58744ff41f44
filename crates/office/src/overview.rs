//! What whoever runs an office may know of it: packs, calendars, kinds in numbers, work in progress. No business data (A9).

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::Act;
use xinzhi_core::{Day, Digest};
use xinzhi_rules::model::Part;
use xinzhi_store::seen::{Held, InstalledRow, StagedRow, StandingRow};

use crate::account::allow;
use crate::names::Names;
use crate::permission::Action;
use crate::work::WorkView;
use crate::{Error, Office};

/// Installations that are shown.
const INSTALLED_MAX: i64 = 100;
/// Staged batches that are shown.
const STAGED_MAX: i64 = 100;
/// Month from which the calendar of the next year is missed: its notice comes out in the autumn.
const CALENDAR_DUE_MONTH: i8 = 12;

/// Acts by which a record begins or ceases to hold.
const MOVES_RECORDS: [Act; 4] = [Act::BatchCommitted, Act::BatchRecalled, Act::RowRuled, Act::FeedbackGiven];

/// The newest entry of each act that moves records.
type Mark = Vec<Option<i64>>;

/// What an office holds, and after which acts it was counted.
#[derive(Debug, Default)]
pub struct HeldCache(Mutex<Option<(Mark, Arc<Held>)>>);

/// What an office holds, in numbers.
///
/// # Errors
/// [`xinzhi_core::Code::NotPermitted`].
pub async fn held(office: &Arc<Office>, by: &Actor) -> Result<Arc<Held>, Error> {
    allow(Action::SeeOperation, by)?;
    held_now(office).await
}

/// The same without a question: counting reads every subject, so it is done once for each state of the records.
pub(crate) async fn held_now(office: &Arc<Office>) -> Result<Arc<Held>, Error> {
    let of = Arc::clone(office);
    let read = move |connection: &mut xinzhi_store::Connection| {
        let mark = xinzhi_store::figure::newest(connection, &MOVES_RECORDS)?;
        let kept = || of.held.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((from, held)) = kept().as_ref()
            && *from == mark
        {
            return Ok(Arc::clone(held));
        }
        let held = Arc::new(xinzhi_store::seen::held(connection)?);
        *kept() = Some((mark, Arc::clone(&held)));
        Ok(held)
    };
    office.read(read).await
}

/// How many relations of each kind hold today, by the id of the kind.
///
/// # Errors
/// [`xinzhi_core::Code::NotPermitted`].
pub async fn relations(office: &Arc<Office>, by: &Actor) -> Result<Vec<(String, i64)>, Error> {
    allow(Action::SeeOperation, by)?;
    let today = office.today();
    office.read(move |connection| Ok(xinzhi_store::relation::in_force(connection, today)?)).await
}

/// The rules in force and how they came to be.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The packs in force, the one that the others stand on first.
    pub parts: Vec<Part>,
    /// Digest over all of them, which is in every pin.
    pub digest: Digest,
    /// Every installation, newest first; the newest of a pack is in force.
    pub installed: Vec<InstalledRow>,
    /// What those who installed them are called.
    pub names: Names,
    /// Years of which the holidays are known, with the number of the notice.
    pub years: Vec<(i16, String)>,
    /// Years that are missing, and whether that is urgent.
    pub missing: Vec<(i16, bool)>,
}

/// The rules in force.
///
/// # Errors
/// [`xinzhi_core::Code::NotPermitted`].
pub async fn rules(office: &Arc<Office>, by: &Actor) -> Result<Rules, Error> {
    allow(Action::SeeOperation, by)?;
    let pack = office.pack();
    let read = office.read(|connection| {
        let installed = xinzhi_store::seen::installed(connection, INSTALLED_MAX)?;
        let names = Names::of(connection, installed.iter().map(|row| row.by.as_str()))?;
        Ok((installed, names))
    });
    let (installed, names) = read.await?;
    let years: Vec<(i16, String)> = pack.calendar.years.iter().map(|(year, known)| (*year, known.notice.clone())).collect();
    let missing = missing(&years, office.today());
    Ok(Rules { parts: pack.parts.clone(), digest: pack.digest, installed, names, years, missing })
}

/// This year and the next, where their holidays are not known.
fn missing(years: &[(i16, String)], today: Day) -> Vec<(i16, bool)> {
    let due = [(today.year(), true), (today.year() + 1, today.month() >= CALENDAR_DUE_MONTH)];
    due.into_iter().filter(|(year, _)| !years.iter().any(|(known, _)| known == year)).collect()
}

/// Work that is done again and again: a table that is polled, a recipient that is told.
#[derive(Clone, Debug)]
pub struct StandingWork {
    /// What it is, in Chinese: 前置库取数, 推送.
    pub title: &'static str,
    /// How it stands and went.
    pub row: StandingRow,
    /// What this process does of it just now.
    pub running: Option<WorkView>,
}

fn standing(rows: Vec<StandingRow>, (title, of): (&'static str, fn(&str) -> String), running: &[WorkView]) -> Vec<StandingWork> {
    let work = |row: StandingRow| {
        let of = of(&row.id);
        StandingWork { title, running: running.iter().find(|view| view.of.as_ref() == Some(&of)).cloned(), row }
    };
    rows.into_iter().map(work).collect()
}

/// What goes on in this process.
#[derive(Clone, Debug)]
pub struct Going {
    /// Work in progress, oldest first.
    pub running: Vec<WorkView>,
    /// Work that ended lately, newest first.
    pub finished: Vec<WorkView>,
    /// Work that is done again and again.
    pub standing: Vec<StandingWork>,
    /// Batches that were previewed and wait for somebody.
    pub staged: Vec<(StagedRow, String)>,
    /// Evaluations, areas of coverage and keys that are remembered.
    pub remembered: (usize, usize, usize),
    /// Sign-ins that may still be used, counted at most a minute ago.
    pub sessions: i64,
    /// Requests and pieces of imports that wait for the Writer.
    pub waiting: (usize, usize),
    /// Bytes of the database and of the log beside it; none on a server of its own.
    pub bytes: Option<(u64, u64)>,
    /// Whether the Writer has stopped after a failure of the database.
    pub is_stopped: bool,
}

/// What goes on in this process.
///
/// # Errors
/// [`xinzhi_core::Code::NotPermitted`].
pub async fn going(office: &Arc<Office>, by: &Actor) -> Result<Going, Error> {
    allow(Action::SeeOperation, by)?;
    let pack = office.pack();
    let staged = office.read(|connection| Ok(xinzhi_store::seen::staged(connection, STAGED_MAX)?)).await?;
    let operation = office.operation().await?;
    let database = office.url().database_file().map(size);
    let title = |row: &StagedRow| pack.source_by_id(&row.source).map_or_else(|| row.source.clone(), |source| source.title.clone());
    let (running, finished) = office.works().now();
    let read = |connection: &mut xinzhi_store::Connection| {
        Ok((xinzhi_store::seen::connectors(connection)?, xinzhi_store::seen::subscriptions(connection)?))
    };
    let (connectors, subscriptions) = office.read(read).await?;
    let mut again = standing(connectors, ("前置库取数", crate::connector::pull::work_of), &running);
    again.extend(standing(subscriptions, ("推送", crate::push::deliver::work_of), &running));
    Ok(Going {
        standing: again,
        running,
        finished,
        staged: staged.into_iter().map(|row| (row.clone(), title(&row))).collect(),
        remembered: (office.cache.len(), office.coverage.len(), office.programs.len()),
        sessions: operation.rows.sessions,
        bytes: database.zip(operation.log_bytes),
        waiting: (operation.requests_waiting, operation.imports_waiting),
        is_stopped: operation.stopped,
    })
}

/// Bytes of a file; one that is not there has none.
fn size(path: impl AsRef<Path>) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_of_the_next_year_is_missed_from_december_on() {
        let years = |known: &[i16]| known.iter().map(|year| (*year, String::new())).collect::<Vec<_>>();
        let on = |known: &[i16], day: &str| missing(&years(known), Day::parse(day).unwrap());
        assert_eq!(on(&[2025, 2026], "2026-11-30"), [(2027, false)]);
        assert_eq!(on(&[2025, 2026], "2026-12-01"), [(2027, true)]);
        assert_eq!(on(&[2026, 2027], "2026-12-31"), []);
        assert_eq!(on(&[2026], "2027-01-01"), [(2027, true), (2028, false)]);
    }
}

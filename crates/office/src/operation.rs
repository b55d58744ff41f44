//! How the running program does, for whoever watches it: counts without names, never business data.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use xinzhi_core::journal::Position;
use xinzhi_core::{Day, Moment};
use xinzhi_store::Connection;
use xinzhi_store::account::SeenSince;

use crate::account::session::{IDLE_ADMIN_MS, IDLE_MS, SESSION_MS};
use crate::{Error, Office};

/// What has to be counted row by row is counted no more often than this.
const KEPT_MS: i64 = 60_000;

/// What imports of this process do.
#[derive(Debug, Default)]
pub(crate) struct Imports {
    running: AtomicI64,
    rows: AtomicU64,
}

/// One import under way; over when it is dropped.
#[derive(Debug)]
pub(crate) struct Running<'a>(&'a Imports);

impl Imports {
    pub(crate) fn begin(&self) -> Running<'_> {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(self)
    }
}

impl Running<'_> {
    pub(crate) fn rows(&self, count: usize) {
        self.0.rows.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The last count of rows, and when it was taken.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Option<(Moment, Rows)>>);

/// What is counted row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Sign-ins that are neither ended nor idle too long.
    pub sessions: i64,
    /// Measures whose answer is overdue.
    pub overdue: i64,
    /// Rows that wait for a person.
    pub waiting: i64,
}

/// The state of the running program.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The last position of the journal.
    pub head: Position,
    /// Requests that wait for the Writer.
    pub requests_waiting: usize,
    /// Pieces of imports that wait for it.
    pub imports_waiting: usize,
    /// Whether it has stopped after a failure of the database.
    pub stopped: bool,
    /// Imports under way in this process.
    pub imports_running: i64,
    /// Rows read by imports since the start.
    pub import_rows: u64,
    /// Bytes of the file of the write-ahead log; none on PostgreSQL.
    pub log_bytes: Option<u64>,
    /// At most a minute old.
    pub rows: Rows,
}

impl Office {
    /// How the program does at this moment.
    pub async fn operation(self: &Arc<Self>) -> Result<Operation, Error> {
        let (now, kept) = (self.now(), self.kept_rows());
        let (head, rows) = self
            .read(move |connection| {
                let head = xinzhi_store::journal::head(connection)?;
                let rows = kept.map_or_else(|| count(connection, now), Ok)?;
                Ok((head, rows))
            })
            .await?;
        if kept.is_none() {
            *self.kept.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, rows));
        }
        let (requests_waiting, imports_waiting) = self.tally().1;
        Ok(Operation {
            head,
            requests_waiting,
            imports_waiting,
            stopped: self.is_stopped(),
            imports_running: self.imports.running.load(Ordering::Relaxed),
            import_rows: self.imports.rows.load(Ordering::Relaxed),
            log_bytes: self.log_file().map(|file| std::fs::metadata(file).map_or(0, |data| data.len())),
            rows,
        })
    }

    fn kept_rows(&self) -> Option<Rows> {
        let kept = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was put back makes the count old as well.
        kept.filter(|(at, _)| (0..KEPT_MS).contains(&(self.now().0 - at.0))).map(|(_, rows)| rows)
    }

    fn log_file(&self) -> Option<PathBuf> {
        self.url().write_ahead_log()
    }
}

fn count(connection: &mut Connection, now: Moment) -> Result<Rows, Error> {
    let since = SeenSince { staff: now.plus_ms(-IDLE_MS), administrators: now.plus_ms(-IDLE_ADMIN_MS), begun: now.plus_ms(-SESSION_MS) };
    let today: Day = now.day();
    Ok(Rows {
        sessions: xinzhi_store::account::open_sessions(connection, &since)?,
        overdue: xinzhi_store::check::overdue(connection, today)?,
        waiting: xinzhi_store::batch::waiting_count(connection)?,
    })
}

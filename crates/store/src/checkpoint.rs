//! Moving the write-ahead log of SQLite into the database file beside the writer, so that no act waits while thousands of pages are
//! written. PostgreSQL does this by itself.
//!
//! The log can be begun anew only at a moment in which all of it is moved. Under load that moment never comes by itself: once the log is
//! long, the writer is asked to move, between two groups, the little that came since. SQLite flushes the database file to disk only then;
//! this thread flushes it before, so that little is left to flush as well.

use std::fs::File;
use std::mem::ManuallyDrop;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use crate::Fault;
use crate::queue::Queue;
use crate::sqlite::{Purpose, Sqlite};
use crate::tally::Tally;
use crate::writer::Work;

/// Pages of the log, of 4 KB, that wait before they are moved: 1 MB. While the disk takes them every commit waits behind, so the pieces are
/// small: at 8 MB the slowest hundredth of acts beside an import took 12 ms, at 1 MB it took 6.
const PAGES_MIN: i64 = 256;
/// Pages at which the log is to begin anew: 256 MB. Each time costs the acts of that moment some milliseconds.
const PAGES_MAX: i64 = 65_536;
/// Pages that may be left for the writer to move: 1 MB, a few milliseconds.
const PAGES_REST: i64 = 256;
/// How often the thread tries to catch up with the writer before it leaves more than that.
const PASSES_MAX: u32 = 8;
/// How far the thread stands back from requests when both want the processor (`nice`): the log may wait, they may not.
const STANDS_BACK: i32 = 10;
/// Groups after which the length of the log is looked at.
const GROUPS: u32 = 4;

/// How long the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    /// Pages in it.
    pub(crate) pages: i64,
    /// Pages of it that are in the database file already.
    pub(crate) moved: i64,
}

/// The thread that moves the log. Dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct Mover {
    wake: Option<SyncSender<()>>,
    groups: u32,
    thread: Option<JoinHandle<()>>,
}

impl Mover {
    /// Starts the thread, with a connection of its own.
    pub(crate) fn start(file: &Path, queue: Arc<Queue<Work>>, tally: Arc<Tally>) -> Result<Mover, Fault> {
        let connection = Sqlite::open(file, Purpose::Checkpoint)?;
        // Never closed: closing any descriptor of a file releases every POSIX lock of the process on it, those of SQLite included.
        let flushed = ManuallyDrop::new(File::open(file).map_err(Fault::io("opening the database to flush it"))?);
        let (wake, woken) = sync_channel(1);
        let thread = std::thread::Builder::new().name("checkpoint".to_owned());
        let thread = thread
            .spawn(move || run((connection, &flushed), &queue, &woken, &tally))
            .map_err(Fault::io("starting the checkpoint thread"))?;
        Ok(Mover { wake: Some(wake), groups: 0, thread: Some(thread) })
    }

    /// A group was committed.
    pub(crate) fn committed(&mut self) {
        self.groups += 1;
        if self.groups >= GROUPS {
            self.groups = 0;
            // Full means that the thread has been woken already; closed, that it ended, which stopped the writer.
            let _woken = self.wake.as_ref().map(|wake| wake.try_send(()));
        }
    }
}

impl Drop for Mover {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            // A panic was printed when it happened.
            let _ended = thread.join();
        }
    }
}

fn run((mut connection, database): (Sqlite, &File), queue: &Queue<Work>, woken: &Receiver<()>, tally: &Tally) {
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), STANDS_BACK) {
        tracing::warn!(%error, "the log is moved with the priority of requests");
    }
    while woken.recv().is_ok() {
        if let Err(fault) = move_log(&mut connection, database, queue, tally) {
            // The log cannot be moved: the disk fails, and nobody may go on as if it did not (E8).
            tracing::error!(%fault, "checkpoint failed; the writer stops");
            queue.abandon();
            return;
        }
    }
}

fn move_log(connection: &mut Sqlite, database: &File, queue: &Queue<Work>, tally: &Tally) -> Result<(), Fault> {
    let log = connection.log_length()?;
    tally.log(log);
    if log.pages - log.moved < PAGES_MIN && log.pages < PAGES_MAX {
        return Ok(());
    }
    for _ in 0..PASSES_MAX {
        connection.move_log()?;
        database.sync_data().map_err(Fault::io("flushing the database"))?;
        let log = connection.log_length()?;
        tally.log(log);
        if log.pages < PAGES_MAX {
            return Ok(());
        }
        if log.pages - log.moved <= PAGES_REST {
            break;
        }
    }
    let (done, rest_moved): (Sender<()>, _) = channel();
    if queue.push_first(Work::MoveLog(done)).is_ok() {
        // An error means that the writer stopped; it has said why.
        let _moved = rest_moved.recv();
    }
    Ok(())
}

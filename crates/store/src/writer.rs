//! The one writer of a process: acts that arrive together share a transaction, a savepoint each, and one flush to disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use xinzhi_core::Clock;
use xinzhi_core::actor::Actor;

use crate::checkpoint::Mover;
use crate::connection::Connection;
use crate::queue::{Lane, NoPlace, Queue};
use crate::sql::statements;
use crate::tally::{Stopwatch, Tally};
use crate::tx::{Entropy, Tx};
use crate::url::DATABASE_FILE;
use crate::{Fault, Purpose, Url, params};

statements! {
    /// Takes the head of the journal. On PostgreSQL the row lock puts the writers of several servers in order.
    TAKE_HEAD = "update journal_head set entry = entry where one = 1 returning entry";
    /// Stores the head of the journal, once per group.
    STORE_HEAD = "update journal_head set entry = $1 where one = 1";
}

/// Acts that share one transaction at most.
const GROUP_ACTS_MAX: usize = 64;
/// How long a group keeps accepting acts that are already waiting.
const GROUP_MS_MAX: i64 = 2;
/// A group that takes as long as this is worth a line in the log.
const SLOW: Duration = Duration::from_millis(20);
/// How long nobody must have asked before an import takes larger bites.
const QUIET_MS: i64 = 500;

/// Runs one act; returns whether it is to be kept, and a callback that delivers the answer after the commit.
type Job = Box<dyn FnOnce(&mut Tx) -> Ran + Send>;

/// What the writer's thread does.
#[derive(Debug)]
pub(crate) enum Work {
    /// An act, in a group with others.
    Act(Act),
    /// Moves the rest of the write-ahead log, between two groups, and tells when it is done.
    MoveLog(Sender<()>),
}

/// How to run an act: who acts travels beside the closure, since [`Tx`] borrows it.
pub(crate) struct Act {
    actor: Actor,
    job: Job,
}

impl std::fmt::Debug for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Act").field("actor", &self.actor.name).finish_non_exhaustive()
    }
}

struct Ran {
    keep: bool,
    deliver: Deliver,
}

/// What the writer needs from outside.
#[derive(Clone, Debug)]
pub struct World {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// The writing end of an office. Dropping it finishes the queue and joins the thread.
#[derive(Debug)]
pub struct Writer {
    queue: Arc<Queue<Work>>,
    tally: Arc<Tally>,
    clock: Arc<dyn Clock>,
    /// When somebody last asked for something that was not an import.
    asked_at: AtomicI64,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Opens the connections to the office at `url` and starts the thread that owns them. The schema must be up to date.
    pub fn start(url: &Url, world: World) -> Result<Writer, Fault> {
        let connection = Connection::open(url, Purpose::Write)?;
        let (queue, tally) = (Arc::new(Queue::new()), Arc::new(Tally::new()));
        let mover = match url {
            Url::Sqlite(directory) => Some(Mover::start(&directory.join(DATABASE_FILE), Arc::clone(&queue), Arc::clone(&tally))?),
            Url::Postgres { .. } => None,
        };
        let thread = std::thread::Builder::new().name("writer".to_owned());
        let (clock, works, counts) = (Arc::clone(&world.clock), Arc::clone(&queue), Arc::clone(&tally));
        let thread = thread.spawn(move || run(connection, &world, (&works, &counts), mover)).map_err(Fault::io("starting the writer"))?;
        Ok(Writer { queue, tally, clock, asked_at: AtomicI64::new(0), thread: Mutex::new(Some(thread)) })
    }

    /// A writer that takes nothing: of an office that is only looked at.
    pub fn closed(clock: Arc<dyn Clock>) -> Writer {
        let queue = Queue::new();
        queue.close();
        Writer { queue: Arc::new(queue), tally: Arc::new(Tally::new()), clock, asked_at: AtomicI64::new(0), thread: Mutex::new(None) }
    }

    /// Queues an act. `answer` is called with its result once the group is durable, or once it is known to have failed.
    /// The closure may not have effects outside its [`Tx`]: it is undone when it returns an error.
    ///
    /// # Errors
    /// [`Fault::Closed`] when the writer has stopped or, for a request, when too many wait; then `answer` is never called.
    pub fn submit<T, E>(
        &self,
        lane: Lane,
        actor: Actor,
        act: impl FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        answer: impl FnOnce(Result<T, E>) + Send + 'static,
    ) -> Result<(), Fault>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        let now = self.clock.now();
        if lane == Lane::Request {
            self.asked_at.store(now.0, Ordering::Relaxed);
        }
        self.queue.push(lane, Work::Act(Act { actor, job: job(act, answer) }), now).map_err(|NoPlace| Fault::Closed)
    }

    /// Whether the thread has ended: no act is taken any more.
    pub fn is_stopped(&self) -> bool {
        self.queue.is_closed()
    }

    /// What it did since it was started.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How many acts wait, by lane: requests, pieces of imports.
    pub fn waiting(&self) -> (usize, usize) {
        self.queue.lengths()
    }

    /// Whether nobody but imports has asked for anything lately, so that an import may take larger bites.
    pub fn is_quiet(&self) -> bool {
        self.clock.now().0 - self.asked_at.load(Ordering::Relaxed) > QUIET_MS
    }
}

fn job<T, E>(act: impl FnOnce(&mut Tx) -> Result<T, E> + Send + 'static, answer: impl FnOnce(Result<T, E>) + Send + 'static) -> Job
where
    T: Send + 'static,
    E: From<Fault> + Send + 'static,
{
    Box::new(move |tx| {
        let result = act(tx);
        let keep = result.is_ok();
        Ran { keep, deliver: Box::new(move |durable| answer(result.and_then(|value| durable.map(|()| value).map_err(E::from)))) }
    })
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
        if let Ok(Some(thread)) = self.thread.lock().map(|mut slot| slot.take()) {
            // A panic of the writer was reported when it happened; there is nobody left to tell.
            let _ended = thread.join();
        }
    }
}

fn run(mut connection: Connection, world: &World, (works, tally): (&Queue<Work>, &Tally), mut mover: Option<Mover>) {
    while let Some((lane, work)) = works.next(world.clock.as_ref()) {
        let done = match work {
            Work::Act(act) => group(&mut connection, world, (lane, act), (works, tally)),
            Work::MoveLog(done) => move_log(&mut connection, &done, tally),
        };
        match (done, &mut mover) {
            (Ok(()), Some(mover)) => mover.committed(),
            (Ok(()), None) => {}
            (Err(fault), _) => {
                // After an error of the disk or a lost server nobody knows what is durable. Stop taking work (E8): every
                // later caller is refused, and a restart recovers from what the database itself says.
                tracing::error!(%fault, "writer stopped");
                works.abandon();
                return;
            }
        }
    }
}

fn move_log(connection: &mut Connection, done: &Sender<()>, tally: &Tally) -> Result<(), Fault> {
    if let Connection::Sqlite(sqlite) = connection {
        let log = sqlite.move_log()?;
        tally.log(log);
        tracing::debug!(pages = log.pages, moved = log.moved, "log moved");
    }
    // Nobody listens where the office is being closed.
    let _told = done.send(());
    Ok(())
}

/// Runs one group. An error means that the connection can no longer be trusted.
fn group(
    connection: &mut Connection,
    world: &World,
    (lane, first): (Lane, Act),
    (works, tally): (&Queue<Work>, &Tally),
) -> Result<(), Fault> {
    let (started, watch) = (world.clock.now(), Stopwatch::start());
    let mut delivered = Vec::new();
    let mut after = None;
    let result = (|| {
        connection.begin_write()?;
        let before: i64 = connection.query_one(&TAKE_HEAD, &[])?.get("entry")?;
        let mut head = before;
        // Alone in its transaction, the first act needs no savepoint to be undone by itself.
        let ran = one(connection, world, &mut head, first)?;
        let alone = !ran.keep;
        delivered.push(ran.deliver);
        if alone {
            return connection.script("rollback");
        }
        // A piece of an import is large: it keeps nobody else's answer waiting for its commit.
        while lane == Lane::Request && delivered.len() < GROUP_ACTS_MAX && world.clock.now() < started.plus_ms(GROUP_MS_MAX) {
            match works.another_request() {
                Some(Work::Act(act)) => delivered.push(another(connection, world, &mut head, act)?),
                Some(Work::MoveLog(done)) => {
                    after = Some(done);
                    break;
                }
                None => break,
            }
        }
        if head != before {
            connection.execute(&STORE_HEAD, params![head])?;
        }
        let run = watch.elapsed();
        connection.script("commit")?;
        let commit = watch.elapsed().saturating_sub(run);
        tally.group((lane, delivered.len()), (run, commit));
        tell_slow((run, commit), (lane, delivered.len()));
        Ok(())
    })();
    match result {
        Ok(()) => {
            delivered.into_iter().for_each(|deliver| deliver(Ok(())));
            after.map_or(Ok(()), |done| move_log(connection, &done, tally))
        }
        Err(fault) => {
            let file = if let Fault::File { ailment, .. } = &fault { Some(*ailment) } else { None };
            let unknown = || Fault::OutcomeUnknown { cause: fault.to_string(), file };
            delivered.into_iter().for_each(|deliver| deliver(Err(unknown())));
            Err(fault)
        }
    }
}

/// Says at `debug` which groups kept others waiting, and whether acts or the disk took the time.
fn tell_slow((run, commit): (Duration, Duration), (lane, acts): (Lane, usize)) {
    if run + commit >= SLOW {
        tracing::debug!(run_ms = run.as_millis(), commit_ms = commit.as_millis(), ?lane, acts, "slow group");
    }
}

type Deliver = Box<dyn FnOnce(Result<(), Fault>) + Send>;

/// Runs a further act of a group, in a savepoint: when it refuses, fails or panics, only it is undone.
fn another(connection: &mut Connection, world: &World, head: &mut i64, act: Act) -> Result<Deliver, Fault> {
    connection.script("savepoint act")?;
    let ran = one(connection, world, head, act)?;
    connection.script(if ran.keep { "release savepoint act" } else { "rollback to savepoint act; release savepoint act" })?;
    Ok(ran.deliver)
}

/// Runs one act; `head` moves only when the act is to be kept.
fn one(connection: &mut Connection, world: &World, head: &mut i64, act: Act) -> Result<Ran, Fault> {
    let moment = world.clock.now();
    let mut tx = Tx { connection, actor: &act.actor, moment, head: *head, entropy: world.entropy.as_ref() };
    let ran = catch_unwind(AssertUnwindSafe(|| (act.job)(&mut tx)));
    let reached = tx.head;
    // A panic was printed by its hook; the act is undone, and its caller learns that no answer will come.
    let ran = ran.unwrap_or_else(|_| Ran { keep: false, deliver: Box::new(|_| ()) });
    if let Connection::Sqlite(sqlite) = &*connection
        && sqlite.transaction_is_gone()
    {
        return Err(Fault::OutcomeUnknown { cause: "SQLite ended the transaction".to_owned(), file: None });
    }
    if ran.keep {
        *head = reached;
    }
    Ok(ran)
}

//! The one writer of a process: acts that arrive together share a transaction, a savepoint each, and one flush to disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use xinzhi_core::Clock;
use xinzhi_core::actor::Actor;

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::{Entropy, Tx};
use crate::{Fault, params};

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
/// How long nobody must have asked before an import takes larger bites.
const QUIET_MS: i64 = 500;
/// Acts that may wait; beyond it callers are told to come back (503).
const QUEUE_MAX: usize = 1024;

/// Runs one act; returns whether it is to be kept, and a callback that delivers the answer after the commit.
type Job = Box<dyn FnOnce(&mut Tx) -> Ran + Send>;

/// How to run an act: who acts travels beside the closure, since [`Tx`] borrows it.
struct Act {
    actor: Actor,
    job: Job,
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
    queue: Option<SyncSender<Act>>,
    clock: Arc<dyn Clock>,
    /// When somebody last asked for something that was not an import.
    asked_at: AtomicI64,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread that owns `connection`.
    pub fn start(connection: Connection, world: World) -> Result<Writer, Fault> {
        let (queue, acts) = sync_channel(QUEUE_MAX);
        let thread = std::thread::Builder::new().name("writer".to_owned());
        let clock = Arc::clone(&world.clock);
        let thread = thread.spawn(move || run(connection, &world, &acts)).map_err(Fault::io("starting the writer"))?;
        Ok(Writer { queue: Some(queue), clock, asked_at: AtomicI64::new(0), thread: Mutex::new(Some(thread)) })
    }

    /// Queues an act. `answer` is called with its result once the group is durable, or once it is known to have failed.
    /// The closure may not have effects outside its [`Tx`]: it is undone when it returns an error.
    ///
    /// # Errors
    /// [`Fault::Closed`] when the queue is full or the writer has stopped; then `answer` is never called.
    pub fn submit<T, E>(
        &self,
        actor: Actor,
        act: impl FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        answer: impl FnOnce(Result<T, E>) + Send + 'static,
    ) -> Result<(), Fault>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        self.asked_at.store(self.clock.now().0, Ordering::Relaxed);
        let queue = self.queue.as_ref().ok_or(Fault::Closed)?;
        queue.try_send(Act { actor, job: job(act, answer) }).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Fault::Closed,
        })
    }

    /// Whether nobody but imports has asked for anything lately, so that an import may take larger bites.
    pub fn is_quiet(&self) -> bool {
        self.clock.now().0 - self.asked_at.load(Ordering::Relaxed) > QUIET_MS
    }

    /// Like [`Writer::submit`], but waits for a place in the queue: for imports, which have time, never for requests.
    ///
    /// # Errors
    /// [`Fault::Closed`] when the writer has stopped.
    pub fn submit_patiently<T, E>(
        &self,
        actor: Actor,
        act: impl FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        answer: impl FnOnce(Result<T, E>) + Send + 'static,
    ) -> Result<(), Fault>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        let queue = self.queue.as_ref().ok_or(Fault::Closed)?;
        queue.send(Act { actor, job: job(act, answer) }).map_err(|_| Fault::Closed)
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
        self.queue = None;
        if let Ok(Some(thread)) = self.thread.lock().map(|mut slot| slot.take()) {
            // A panic of the writer was reported when it happened; there is nobody left to tell.
            let _ended = thread.join();
        }
    }
}

fn run(mut connection: Connection, world: &World, acts: &Receiver<Act>) {
    while let Ok(first) = acts.recv() {
        if let Err(fault) = group(&mut connection, world, first, acts) {
            // After an error of the disk or a lost server nobody knows what is durable. Stop taking work (E8): every
            // later caller is refused, and a restart recovers from what the database itself says.
            tracing::error!(%fault, "writer stopped");
            return;
        }
    }
}

/// Runs one group. An error means that the connection can no longer be trusted.
fn group(connection: &mut Connection, world: &World, first: Act, acts: &Receiver<Act>) -> Result<(), Fault> {
    let started = world.clock.now();
    let mut delivered = Vec::new();
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
        while delivered.len() < GROUP_ACTS_MAX && world.clock.now() < started.plus_ms(GROUP_MS_MAX) {
            let Ok(act) = acts.try_recv() else { break };
            delivered.push(another(connection, world, &mut head, act)?);
        }
        if head != before {
            connection.execute(&STORE_HEAD, params![head])?;
        }
        connection.script("commit")
    })();
    match result {
        Ok(()) => {
            delivered.into_iter().for_each(|deliver| deliver(Ok(())));
            Ok(())
        }
        Err(fault) => {
            let words = fault.to_string();
            delivered.into_iter().for_each(|deliver| deliver(Err(Fault::OutcomeUnknown(words.clone()))));
            Err(fault)
        }
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
        return Err(Fault::OutcomeUnknown("SQLite ended the transaction".to_owned()));
    }
    if ran.keep {
        *head = reached;
    }
    Ok(ran)
}

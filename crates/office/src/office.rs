//! The office: one database, one Writer, the pack in force, and how use cases reach them.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::journal::{Act, Draft, Position};
use xinzhi_core::{AreaCode, Clock, Day, Moment};
use xinzhi_store::office::OfficeRow;
use xinzhi_store::tally::Tally;
use xinzhi_store::{Connection, Entropy, Fault, Lane, Purpose, Readers, Tx, Url, World, Writer, migrate};

use crate::account::Programs;
use crate::coverage::CoverageCache;
use crate::evaluation::Cache;
use crate::figure::kept::FigureCache;
use crate::impact::{Drafts, ImpactCache};
use crate::keys::{Existing, Keys};
use crate::operation::{Imports, Kept};
use crate::overview::HeldCache;
use crate::pack::{self, InForce, PastPacks};
use crate::work::Works;
use crate::{Error, Obstacle, quality};

/// What a new office is called and where it is; an existing one keeps what it has.
#[derive(Clone, Debug)]
pub struct Founding {
    /// 单位名称.
    pub name: String,
    /// Its area.
    pub area: AreaCode,
}

/// An open office. Cheap to share behind an [`Arc`]; dropping the last one finishes the Writer's queue.
#[derive(Debug)]
pub struct Office {
    writer: Writer,
    readers: Readers,
    pub(crate) world: World,
    pub(crate) keys: Keys,
    pub(crate) cache: Cache,
    pub(crate) coverage: CoverageCache,
    pub(crate) figures: FigureCache,
    pub(crate) programs: Programs,
    pub(crate) past_packs: PastPacks,
    pub(crate) drafts: Drafts,
    pub(crate) impacts: ImpactCache,
    pub(crate) imports: Imports,
    pub(crate) kept: Kept,
    pub(crate) held: HeldCache,
    works: Arc<Works>,
    url: Url,
    pub(crate) quality: quality::Cache,
    /// Held by whoever reads a department's table: one at a time.
    pub(crate) pulling: std::sync::Mutex<()>,
    row: OfficeRow,
    /// Whether its subjects are invented (A14).
    demonstration: bool,
    /// Whether it was founded when it was opened.
    is_new: bool,
    pub(crate) packs: InForce,
    /// Held for the life of the office: one directory has one writer. None where nothing is written.
    _lock: Option<File>,
}

/// What an office is put together from.
struct Parts {
    writer: Writer,
    readers: Readers,
    world: World,
    keys: Keys,
    url: Url,
    row: OfficeRow,
    demonstration: bool,
    is_new: bool,
    packs: InForce,
    lock: Option<File>,
}

/// A correction of the clock, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockCorrected {
    /// Its place in the journal.
    pub entry: Position,
    /// What the clock said.
    pub now: Moment,
    /// The last moment before.
    pub last: Moment,
}

impl Office {
    /// Opens the office at `url`, creating it with the pack the binary carries where there is none.
    ///
    /// # Errors
    /// When another process holds the directory, the database breaks its promises, the schema is from the future, or the
    /// clock is before the last entry of the journal (W5).
    pub fn open(url: &Url, world: World, founding: &Founding) -> Result<Office, Error> {
        Office::open_for(url, world, Some((founding, DataSet::Own)))
    }

    /// Opens the office at `url` and founds none: where there is none, nothing is made either, no directory, no file and no table.
    ///
    /// # Errors
    /// The same as [`Office::open`], and [`Obstacle::NoData`] or [`Obstacle::NoDataOnServer`] where there is no office.
    pub fn open_existing(url: &Url, world: World) -> Result<Office, Error> {
        Office::open_for(url, world, None)
    }

    /// The same for an office of invented subjects, which carries the mark of it in the first entry of its journal.
    ///
    /// # Errors
    /// The same, and [`Obstacle::NotDemonstration`] where there is an office without that mark: nothing invented gets into it (A14).
    pub fn open_demonstration(url: &Url, world: World, founding: &Founding) -> Result<Office, Error> {
        Office::open_for(url, world, Some((founding, DataSet::Invented)))
    }

    fn open_for(url: &Url, world: World, founding: Option<(&Founding, DataSet)>) -> Result<Office, Error> {
        let beginning = if founding.is_some() { Beginning::May } else { Beginning::MustNot };
        let Entered { mut connection, lock, existing } = enter(url, &world, beginning)?;
        let keys = Keys::open(url.directory(), world.entropy.as_ref(), existing).map_err(keys_lost)?;
        let (now, last) = (world.clock.now(), xinzhi_store::office::last_moment(&mut connection)?);
        if now < last {
            return Err(Obstacle::ClockBehind { now, last }.into());
        }
        drop(connection);
        let writer = Writer::start(url, world.clone())?;
        let readers = Readers::new(url.clone());
        let row = match founding {
            Some(founding) => found(&writer, &readers, founding)?,
            None => readers.read::<_, Error>(|connection| Ok(xinzhi_store::office::find(connection)?))?.ok_or_else(|| no_data(url))?,
        };
        let demonstration = is_marked(&readers)?;
        if matches!(founding, Some((_, DataSet::Invented))) && !demonstration {
            return Err(Obstacle::NotDemonstration.into());
        }
        let packs = pack::install_own(&writer, &readers)?;
        let head = readers.read::<_, Error>(|connection| Ok(xinzhi_store::journal::head(connection)?))?;
        let is_new = existing == Existing::No;
        let parts = Parts { writer, readers, world, keys, url: url.clone(), row, demonstration, is_new, packs, lock: Some(lock) };
        let office = Office::of(parts);
        tracing::info!(head = head.0, pack = %office.pack().digest.short(), "office opened");
        Ok(office)
    }

    /// Opens an office that cannot be written, such as a backup on a medium of its own, to look at it: nothing beside it is written either,
    /// and every act is refused.
    ///
    /// # Errors
    /// Where there is no office in the embedded database of `url`, or its schema is not that of this program.
    pub fn open_to_examine(url: &Url, world: World) -> Result<Office, Error> {
        let other = "这份只读的数据由另一版本的信治写成：请复制到可写的目录再核对，或改用写成它的版本";
        Office::open_to_read(url, (Readers::to_examine(url.clone()), world), [other, "这份只读的数据里没有单位，请核对 --data"])
    }

    /// Opens an office that another process holds, to read beside it: no lock is taken, nothing is written, and every act is refused.
    ///
    /// # Errors
    /// Where there is no office at `url`, or its schema is not that of this program.
    pub fn open_beside(url: &Url, world: World) -> Result<Office, Error> {
        let nobody = "这里还没有单位，请核对 --data 和 --database";
        if matches!(url, Url::Sqlite(_)) && !url.has_embedded_database() {
            return Err(Obstacle::Copy(nobody.to_owned()).into());
        }
        let other = "正在运行的服务与本程序不是同一版本：请改用与它同版的程序";
        Office::open_to_read(url, (Readers::new(url.clone()), world), [other, nobody])
    }

    fn open_to_read(url: &Url, (readers, world): (Readers, World), [other, nobody]: [&str; 2]) -> Result<Office, Error> {
        let not_here = |words: &str| Error::from(Obstacle::Copy(words.to_owned()));
        if !readers.read::<_, Error>(|connection| Ok(xinzhi_store::migrate::is_up_to_date(connection)?))? {
            return Err(not_here(other));
        }
        let row = readers.read::<_, Error>(|connection| Ok(xinzhi_store::office::find(connection)?))?;
        let row = row.ok_or_else(|| not_here(nobody))?;
        let keys = Keys::open(url.directory(), world.entropy.as_ref(), Existing::Yes).map_err(keys_lost)?;
        let (demonstration, packs) = (is_marked(&readers)?, pack::installed(&readers)?);
        let writer = Writer::closed(Arc::clone(&world.clock));
        let (url, is_new) = (url.clone(), false);
        Ok(Office::of(Parts { writer, readers, world, keys, url, row, demonstration, is_new, packs, lock: None }))
    }

    fn of(parts: Parts) -> Office {
        let Parts { writer, readers, world, keys, url, row, demonstration, is_new, packs, lock } = parts;
        Office {
            writer,
            readers,
            works: Arc::new(Works::new(Arc::clone(&world.clock))),
            held: HeldCache::default(),
            world,
            keys,
            cache: Cache::default(),
            coverage: CoverageCache::new(row.area.clone()),
            figures: FigureCache::default(),
            programs: Programs::default(),
            past_packs: PastPacks::default(),
            drafts: Drafts::default(),
            impacts: ImpactCache::default(),
            imports: Imports::default(),
            kept: Kept::default(),
            url,
            quality: quality::Cache::default(),
            pulling: std::sync::Mutex::default(),
            row,
            demonstration,
            is_new,
            packs,
            _lock: lock,
        }
    }

    /// Writes into the journal that the clock had been ahead, so that the office opens although earlier entries are of the future. What they
    /// said about days stays; sign-ins and locks of that time end.
    ///
    /// # Errors
    /// [`Obstacle::ClockRight`] where the clock is not behind the journal, [`Obstacle::NoData`] or [`Obstacle::NoDataOnServer`] where there is none,
    /// and what prevents opening.
    pub fn correct_clock(url: &Url, world: World) -> Result<ClockCorrected, Error> {
        let Entered { mut connection, lock: _lock, .. } = enter(url, &world, Beginning::MustNot)?;
        let (now, last) = (world.clock.now(), xinzhi_store::office::last_moment(&mut connection)?);
        if now >= last {
            return Err(Obstacle::ClockRight { now, last }.into());
        }
        drop(connection);
        let writer = Writer::start(url, world)?;
        write_now(&writer, move |tx| {
            let refs = format!("{{\"last\":{}}}", last.0);
            let payload = clock_payload(&refs);
            let entry = tx.append(&Draft { act: Act::ClockCorrected, subject: None, refs, payload })?;
            xinzhi_store::account::forget_the_future(tx)?;
            Ok(ClockCorrected { entry, now: tx.moment(), last })
        })
    }

    /// 单位名称 and area.
    pub fn row(&self) -> &OfficeRow {
        &self.row
    }

    /// Whether this is a demonstration: every subject, person and record in it is invented (A14).
    pub fn is_demonstration(&self) -> bool {
        self.demonstration
    }

    /// Whether it was founded when this process opened it.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Where whatever takes long says how far it is.
    pub fn works(&self) -> &Arc<Works> {
        &self.works
    }

    /// Whether other servers may write into the same database.
    pub(crate) fn shares_its_database(&self) -> bool {
        matches!(self.url, Url::Postgres { .. })
    }

    /// The present moment, from the injected clock.
    pub fn now(&self) -> Moment {
        self.world.clock.now()
    }

    /// The civil day.
    pub fn today(&self) -> Day {
        self.now().day()
    }

    /// Runs a writing act and answers once it is durable. The closure must be free of effects outside its [`Tx`].
    pub async fn write<T: Send + 'static>(
        &self,
        actor: &Actor,
        act: impl FnOnce(&mut Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // Whoever asked may have gone; the act stands all the same, and its idempotency key tells them later.
        self.writer.submit(Lane::Request, actor.clone(), act, move |answer| drop(sender.send(answer)))?;
        receiver.await.unwrap_or_else(|_| Err(unanswered()))
    }

    /// Runs a writing act and waits for it on this thread: for the command line and for imports.
    pub fn write_here<T: Send + 'static>(
        &self,
        actor: &Actor,
        act: impl FnOnce(&mut Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.write_later(actor, act)?.recv().map_err(|_| unanswered())?
    }

    /// Queues a writing act, waiting for a place in the queue; the answer comes through the receiver.
    pub(crate) fn write_later<T: Send + 'static>(
        &self,
        actor: &Actor,
        act: impl FnOnce(&mut Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<std::sync::mpsc::Receiver<Result<T, Error>>, Error> {
        let (sender, receiver) = std::sync::mpsc::channel();
        self.writer.submit(Lane::Import, actor.clone(), act, move |answer| drop(sender.send(answer)))?;
        Ok(receiver)
    }

    /// Runs a read in one consistent state, off the async threads.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let office = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || office.readers.read(read));
        task.await.unwrap_or_else(|_| Err(Error::inconsistent("a read ended without an answer")))
    }

    /// Runs a read on this thread: for the command line and for work that is off the async threads already.
    pub fn read_here<T>(&self, read: impl FnOnce(&mut Connection) -> Result<T, Error>) -> Result<T, Error> {
        self.readers.read(read)
    }

    /// Runs a read beside another one of the same caller, where there is a connection to spare; none where it did not run. It may see what
    /// happened since the other one began.
    pub(crate) fn read_beside<T>(&self, read: impl FnOnce(&mut Connection) -> Result<T, Error>) -> Result<Option<T>, Error> {
        self.readers.read_spare(read)
    }

    /// Whoever sits at the machine, with the rights of the credit centre; the journal names them `cli`.
    pub fn operator() -> Actor {
        Actor {
            name: "cli".to_owned(),
            title: "本机操作员".to_owned(),
            role: Role::Centre,
            organ: Some("信用中心".to_owned()),
            area: None,
            subject: None,
            is_person: true,
        }
    }

    /// Whether the Writer has stopped: after a failure of the database nothing is written until a restart (E8).
    pub fn is_stopped(&self) -> bool {
        self.writer.is_stopped()
    }

    /// What the Writer did since it was started, and how many acts wait for it: requests, pieces of imports.
    pub fn tally(&self) -> (&Tally, (usize, usize)) {
        (self.writer.tally(), self.writer.waiting())
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Whether nobody but imports has asked for anything lately.
    pub(crate) fn is_quiet(&self) -> bool {
        self.writer.is_quiet()
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.world.entropy.as_ref()
    }
}

/// A fresh key for a form, so that sending it twice has one effect.
pub fn form_token(office: &Office) -> String {
    let mut bytes = [0; 16];
    office.entropy().fill(&mut bytes);
    xinzhi_core::text::hex(&bytes)
}

/// Runs an act while the office is being opened, before there is a runtime.
pub(crate) fn write_now<T: Send + 'static>(
    writer: &Writer,
    act: impl FnOnce(&mut Tx) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (sender, receiver) = std::sync::mpsc::channel();
    writer.submit(Lane::Request, Office::operator(), act, move |answer| drop(sender.send(answer)))?;
    receiver.recv().unwrap_or_else(|_| Err(unanswered()))
}

/// Whose data a new office is founded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DataSet {
    /// Those of an office.
    Own,
    /// Invented ones.
    Invented,
}

/// What the first entry says of a demonstration; it cannot be added later, and the seal of the entry covers it.
const DEMONSTRATION: &str = "{\"demonstration\":true}";

fn is_marked(readers: &Readers) -> Result<bool, Error> {
    let first = readers.read::<_, Error>(|connection| Ok(xinzhi_store::journal::after(connection, Position(0), 1)?))?;
    Ok(first.first().is_some_and(|entry| entry.draft.act == Act::OfficeFounded && entry.draft.refs == DEMONSTRATION))
}

fn found(writer: &Writer, readers: &Readers, (founding, data): (&Founding, DataSet)) -> Result<OfficeRow, Error> {
    if let Some(row) = readers.read::<_, Error>(|connection| Ok(xinzhi_store::office::find(connection)?))? {
        return Ok(row);
    }
    let Founding { name, area } = founding.clone();
    write_now(writer, move |tx| {
        let payload = xinzhi_proof::salted(&tx.random::<16>(), &[name.as_bytes(), area.as_str().as_bytes()]);
        let refs = if data == DataSet::Invented { DEMONSTRATION } else { "{}" }.to_owned();
        tx.append(&Draft { act: Act::OfficeFounded, subject: None, refs, payload })?;
        xinzhi_store::office::found(tx, &name, &area)?;
        Ok(OfficeRow { name, area, founded_at: tx.moment() })
    })
}

/// What the journal keeps of a correction of the clock.
pub(crate) fn clock_payload(refs: &str) -> xinzhi_core::Digest {
    xinzhi_proof::salted(&[], &[refs.as_bytes()])
}

/// A directory that is ours, with its database up to date.
struct Entered {
    connection: Connection,
    lock: File,
    existing: Existing,
}

/// Whether an office may begin where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beginning {
    /// It may.
    May,
    /// It must not: the place was perhaps mistyped.
    MustNot,
}

/// Refuses a place where nothing was ever kept, having made nothing there.
fn look_first(url: &Url) -> Result<(), Error> {
    let directory = url.directory();
    let kept = match url {
        // Whoever holds the directory may have its office on a server.
        Url::Sqlite(_) => url.has_embedded_database() || Keys::exist(directory) || is_held(directory),
        Url::Postgres { .. } => Keys::exist(directory) || url.has_embedded_database(),
    };
    if kept {
        return Ok(());
    }
    match url {
        Url::Postgres { .. } if xinzhi_store::office::is_founded(&mut Connection::open(url, Purpose::Read)?)? => {
            Err(Obstacle::KeysLost.into())
        }
        Url::Postgres { .. } | Url::Sqlite(_) => Err(no_data(url)),
    }
}

fn no_data(url: &Url) -> Error {
    match url {
        Url::Sqlite(directory) => Obstacle::NoData(directory.clone()).into(),
        Url::Postgres { .. } => Obstacle::NoDataOnServer.into(),
    }
}

/// Whether another process has the lock of a directory; nothing is made to find out.
fn is_held(directory: &Path) -> bool {
    File::open(directory.join("lock")).is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

fn enter(url: &Url, world: &World, beginning: Beginning) -> Result<Entered, Error> {
    if beginning == Beginning::MustNot {
        look_first(url)?;
    }
    let directory = url.directory();
    std::fs::create_dir_all(directory).map_err(io("creating the office's directory"))?;
    let lock = take_lock(directory)?;
    let embedded = url.has_embedded_database();
    if matches!(url, Url::Sqlite(_)) && !embedded && Keys::exist(directory) {
        return Err(Obstacle::DatabaseMissing.into());
    }
    let mut connection = Connection::open(url, Purpose::Write)?;
    connection.assert_not_read_only().map_err(read_only)?;
    if beginning == Beginning::MustNot && !xinzhi_store::office::is_founded(&mut connection)? {
        let other = matches!(url, Url::Postgres { .. }) && embedded;
        return Err(if other { Obstacle::DatabaseOther.into() } else { no_data(url) });
    }
    migrate::migrate(&mut connection, world.clock.now()).map_err(too_new)?;
    connection.prove_writable().map_err(read_only)?;
    let existing = if xinzhi_store::office::find(&mut connection)?.is_some() { Existing::Yes } else { Existing::No };
    if matches!(url, Url::Postgres { .. }) && embedded && existing == Existing::No {
        return Err(Obstacle::DatabaseOther.into());
    }
    Ok(Entered { connection, lock, existing })
}

fn take_lock(directory: &Path) -> Result<File, Error> {
    let path = directory.join("lock");
    let file = File::create(path).map_err(io("opening the lock file"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Obstacle::Held.into()),
        Err(TryLockError::Error(cause)) => Err(io("locking the directory")(cause).into()),
    }
}

/// What ails the server or the file keeps it from being written only among other things.
fn read_only(fault: Fault) -> Error {
    match fault {
        ailing @ (Fault::Server { .. } | Fault::File { .. }) => ailing.into(),
        other => Obstacle::ReadOnly(other).into(),
    }
}

fn too_new(fault: Fault) -> Error {
    match fault {
        Fault::Newer { step, known } => Obstacle::SchemaNewer { step, known }.into(),
        other => other.into(),
    }
}

/// The Writer stopped, or the act panicked, before it was known to be durable.
fn unanswered() -> Error {
    Fault::OutcomeUnknown { cause: "an act ended without an answer".to_owned(), file: None }.into()
}

/// Without its keys an office cannot be opened, and must not be given others.
fn keys_lost(fault: Fault) -> Error {
    match fault {
        Fault::Io { cause, .. } if cause.kind() == std::io::ErrorKind::NotFound => Obstacle::KeysLost.into(),
        Fault::Unusable(_) => Obstacle::KeysDamaged.into(),
        fault => fault.into(),
    }
}

fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> Fault {
    move |cause| Fault::Io { what: what.to_owned(), cause }
}

/// The clock of the machine; the one place that reads it.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the injected clock of the product comes from")]
    fn now(&self) -> Moment {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Moment(since.ok().and_then(|d| i64::try_from(d.as_millis()).ok()).unwrap_or(0))
    }
}

/// Randomness for salts, keys and tokens: a stream cipher keyed once from the operating system.
#[derive(Debug)]
pub struct SystemEntropy(std::sync::Mutex<rand_chacha::ChaCha20Rng>);

impl SystemEntropy {
    /// Keys the generator.
    ///
    /// # Errors
    /// Where the operating system has no randomness to give.
    pub fn new() -> Result<SystemEntropy, Error> {
        use rand_chacha::rand_core::SeedableRng;
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|e| Error::inconsistent(format!("no randomness: {e}")))?;
        Ok(SystemEntropy(std::sync::Mutex::new(rand_chacha::ChaCha20Rng::from_seed(seed))))
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        use rand_chacha::rand_core::Rng;
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(bytes);
    }
}

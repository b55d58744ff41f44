//! Staging: read, judge, write in chunks that nobody sees, and end with one entry that counts them.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use xinzhi_collect::{Candidate, Judge, Judged, Mapping, Options, Row};
use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Act, Draft, Position};
use xinzhi_core::record::{BatchId, Class, Counts, Outcome, RecordId, Remark};
use xinzhi_core::{AreaCode, Code, Day, Digest, Refusal};
use xinzhi_proof::Tree;
use xinzhi_rules::Pack;
use xinzhi_store::Tx;
use xinzhi_store::batch::{BatchRow, Chunk, NewWaiting};
use xinzhi_store::record::{KEY_BYTES, NewRecord, Origin, Place};
use xinzhi_store::relation::NewRelation;

use crate::idempotent::Once;
use crate::import::subjects::{House, Meant, Meeting, StoredCode, stored_code};
use crate::import::{Stored, Waiting, relation};
use crate::keys::Keys;
use crate::operation::Running;
use crate::permission::{Action, Scope};
use crate::{Error, Office};

/// How much of an import is written between two chances for others to work.
struct Bite {
    /// Rows of the file.
    rows: usize,
    /// Records made findable.
    places: usize,
    /// Lists of search tokens indexed.
    lists: i64,
}

/// While others work: a check beside an import waits only milliseconds.
const SMALL: Bite = Bite { rows: 25, places: 100, lists: 60 };
/// While nobody else does: fewer, larger transactions touch each page of an index less often.
const LARGE: Bite = Bite { rows: 400, places: 1_000, lists: 150 };

/// How often a quiet import joins pieces of the search index at its end.
const TIDY_STEPS: usize = 16;

fn bite(office: &Office) -> Bite {
    if office.is_quiet() { LARGE } else { SMALL }
}

/// The remark that is counted for the file instead of being kept for each row.
const LATE: &str = "report.late";

/// A file as delivered.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Id of the source.
    pub source: String,
    /// Name of the file.
    pub file_name: String,
    /// For which area it reports; none means the area of whoever delivers, else the whole office.
    pub area: Option<AreaCode>,
    /// Days for which the supplier states that it is complete.
    pub covers: Option<(Day, Day)>,
    /// Declared format, encoding, sheet.
    pub options: Options,
    /// The client's key: the same file under the same key is staged once.
    pub once: Option<Once>,
}

struct Staging {
    batch: BatchId,
    kind: String,
    /// Whether the kind has records already, so that chains must be looked up.
    has_history: bool,
    meeting: Meeting,
    /// The rows of this batch so far, by chain.
    chains: Chains,
    places: Vec<Place>,
    counts: Counts,
    late: i64,
    tree: Tree,
}

/// The version of a chain that a row is compared with.
#[derive(Clone, Copy)]
struct Standing {
    record: RecordId,
    content: [u8; KEY_BYTES],
    /// In this file.
    row: i64,
}

/// How a row compares with the version that its chain holds.
#[derive(Clone, Copy)]
struct Compared {
    record: RecordId,
    same_content: bool,
    same_supplier: bool,
    /// The row of the same file that holds it; none for one in effect.
    row: Option<i64>,
}

/// The rows of a file by chain, in many small tables: one of a million rows takes a tenth of a second to grow, and nobody else gets memory
/// meanwhile.
struct Chains(Vec<HashMap<[u8; KEY_BYTES], Standing>>);

impl Chains {
    fn new() -> Chains {
        Chains((0..=u8::MAX).map(|_| HashMap::new()).collect())
    }

    fn get(&self, chain: &[u8; KEY_BYTES]) -> Option<&Standing> {
        let [first, ..] = chain;
        self.0.get(usize::from(*first))?.get(chain)
    }

    fn insert(&mut self, chain: [u8; KEY_BYTES], standing: Standing) {
        let [first, ..] = chain;
        if let Some(table) = self.0.get_mut(usize::from(first)) {
            table.insert(chain, standing);
        }
    }
}

struct JudgedRow {
    number: i64,
    judged: Judged,
    /// For an acceptable row: what its record needs and another thread than the writer's can make.
    ready: Option<Ready>,
}

/// The codes as the database keeps them, and the digest of the content.
struct Ready {
    /// The party's.
    code: StoredCode,
    /// Those of whom else the row names.
    others: Vec<StoredCode>,
    content: [u8; KEY_BYTES],
}

impl JudgedRow {
    fn new(keys: &Keys, number: i64, judged: Judged) -> JudgedRow {
        let accepted = judged.candidate.as_ref().filter(|_| judged.outcome == Outcome::Accepted);
        let coded = accepted.and_then(|candidate| Some((candidate.party.code.as_ref()?, candidate)));
        let ready = coded.map(|(code, candidate)| Ready {
            code: stored_code(keys, code),
            others: relation::codes(keys, candidate),
            content: content(keys, candidate),
        });
        JudgedRow { number, judged, ready }
    }
}

/// How far an import stands back from requests when both want the processor (`nice`).
const STANDS_BACK: i32 = 19;

/// Lets this thread stand back while others want the processor.
pub(crate) fn stand_back() {
    stand_back_by(STANDS_BACK);
}

/// The same so far.
pub(crate) fn stand_back_by(nice: i32) {
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), nice) {
        tracing::warn!(%error, "what should stand back runs with the priority of requests");
    }
}

/// [`stage`] on a thread of its own, for a server: it stands back while others want the processor.
///
/// # Errors
/// As [`stage`].
pub async fn stage_aside<R: Read + Seek + Send + 'static>(
    office: &Arc<Office>,
    actor: &Actor,
    delivery: Delivery,
    file: R,
) -> Result<BatchId, Error> {
    let (office, actor) = (Arc::clone(office), actor.clone());
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let work = move || {
        stand_back();
        // Whoever asked may have gone; the batch stands all the same, and its idempotency key tells them later.
        drop(sender.send(stage(&office, &actor, &delivery, file, &mut |_| ())));
    };
    let thread = std::thread::Builder::new().name("import".to_owned()).spawn(work);
    thread.map_err(|cause| xinzhi_store::Fault::Io { what: "starting an import".to_owned(), cause })?;
    receiver.await.unwrap_or_else(|_| Err(Error::inconsistent("an import ended without an answer")))
}

/// Reads, judges and stages a file; nothing of it counts before its commit. Runs on this thread: call it off the async ones.
///
/// # Errors
/// A refusal for the file as a whole: unreadable, wrong header, unknown source. Faults of rows become verdicts instead.
pub fn stage<R: Read + Seek + Send + 'static>(
    office: &Arc<Office>,
    actor: &Actor,
    delivery: &Delivery,
    file: R,
    progress: &mut dyn FnMut(i64),
) -> Result<BatchId, Error> {
    stage_with(office, actor, delivery, (file, |_: &mut Tx, _| Ok(())), progress)
}

/// [`stage`], with facts about the batch that `beside` writes in the transaction of its entry.
pub(crate) fn stage_with<R: Read + Seek + Send + 'static>(
    office: &Arc<Office>,
    actor: &Actor,
    delivery: &Delivery,
    read: (R, impl FnOnce(&mut Tx, BatchId) -> Result<(), Error> + Send + 'static),
    progress: &mut dyn FnMut(i64),
) -> Result<BatchId, Error> {
    Scope::of(Action::ImportBatch, actor)?;
    let title = office.pack().source_by_id(&delivery.source).map_or_else(String::new, |source| source.title.clone());
    let working = office.works().begin("归集预览", title);
    let mut told = |rows| {
        working.so_far(rows);
        progress(rows);
    };
    let batch = stage_file(office, actor, delivery, read, &mut told)?;
    working.finish();
    Ok(batch)
}

fn stage_file<R: Read + Seek + Send + 'static>(
    office: &Arc<Office>,
    actor: &Actor,
    delivery: &Delivery,
    (mut file, beside): (R, impl FnOnce(&mut Tx, BatchId) -> Result<(), Error> + Send + 'static),
    progress: &mut dyn FnMut(i64),
) -> Result<BatchId, Error> {
    let area = reported_area(office, actor, delivery)?;
    let pack = office.pack();
    let unknown = || Refusal::field(Code::SourceUnknown, "source", format!("没有数据来源 `{}`", delivery.source));
    let source = pack.sources.iter().find(|s| s.id == delivery.source).ok_or_else(unknown)?;
    let file_digest = digest(&mut file)?;
    let once = delivery.once.as_ref().map(|once| once.about(&[said(delivery).as_bytes(), file_digest.as_bytes()]));
    if let Some(staged) = staged_before(office, actor, once.clone())? {
        return Ok(staged);
    }
    let unreadable = |words: String| Error::from(Refusal::field(Code::FileUnreadable, "file", words));
    let mut table = xinzhi_collect::table::open(file, &delivery.options).map_err(|e| unreadable(e.to_string()))?;
    let mapping = Mapping::of(&pack, source, &table.header).map_err(|e| unreadable(e.to_string()))?;
    let columns = FileNote { unknown_columns: unknown_columns(&mapping), missing_columns: mapping.expected_missing.clone(), late_rows: 0 };
    let judge = Judge::new(&pack, source, mapping, office.today()).map_err(|e| unreadable(e.to_string()))?;
    let kind = pack.record_kinds.get(source.kind.0).map(|kind| kind.id.clone()).unwrap_or_default();

    let wanted = kind.clone();
    let (batch, known, has_history) = office.write_here(actor, move |tx| {
        let has_history = xinzhi_store::record::kind_exists(tx.connection(), &wanted)?;
        Ok((BatchId(tx.take_numbers("batch", 1)?), tx.head(), has_history))
    })?;
    let staging = Staging {
        batch,
        kind,
        has_history,
        meeting: Meeting::default(),
        chains: Chains::new(),
        places: Vec::new(),
        counts: Counts::default(),
        late: 0,
        tree: Tree::new(),
    };
    let mut pipe = Pipe { office, actor, pack: Arc::clone(&pack), running: office.imports.begin(), state: State::Here(Box::new(staging)) };
    let mut row = Row::default();
    let mut rows = Vec::new();
    while table.next(&mut row).map_err(|e| unreadable(e.to_string()))? {
        rows.push(JudgedRow::new(&office.keys, row.number, judge.judge(&row)));
        if rows.len() >= bite(office).rows {
            progress(pipe.write(std::mem::take(&mut rows))?);
        }
    }
    pipe.write(rows)?;
    let mut staging = pipe.finish()?;
    place(office, actor, std::mem::take(&mut staging.places))?;
    index(office, actor)?;
    progress(staging.counts.read);
    let row = BatchRow {
        batch,
        staged: Position(0),
        known,
        source: delivery.source.clone(),
        kind: staging.kind,
        organ: actor.organ.clone(),
        file_name: delivery.file_name.clone(),
        file_digest,
        pack_digest: pack.digest,
        area: area.to_string(),
        covers: delivery.covers,
        counts: staging.counts,
        root: staging.tree.root(),
        note: serde_json::to_string(&FileNote { late_rows: staging.late, ..columns }).map_err(|e| Error::inconsistent(e.to_string()))?,
        committed: None,
        recalled: None,
        staged_at: 0,
        staged_by: actor.name.clone(),
    };
    let Counts { read, accepted, duplicate, refused, quarantined } = row.counts;
    let batch = office.write_here(actor, move |tx| close(tx, row, once, beside))?;
    tracing::info!(batch = batch.0, source = delivery.source, read, accepted, duplicate, refused, quarantined, "import staged");
    Ok(batch)
}

/// For which area a delivery counts: what it says, within the area of whoever delivers.
fn reported_area(office: &Office, actor: &Actor, delivery: &Delivery) -> Result<AreaCode, Error> {
    match (&delivery.area, &actor.area) {
        (Some(said), Some(own)) if !own.contains(said) => {
            let words = format!("`{said}` 不在当前账号的辖区 `{own}` 内");
            Err(Refusal::field(Code::OutOfScope, "area", words).into())
        }
        (said, own) => Ok(said.as_ref().or(own.as_ref()).unwrap_or(&office.row().area).clone()),
    }
}

/// What was said about the file: the same bytes as something else are another delivery (E5).
fn said(delivery: &Delivery) -> String {
    format!("{:?}", (&delivery.source, &delivery.area, delivery.covers, &delivery.options))
}

/// Lets the batch's records be found, in the order in which the database keeps them: each page is written once.
fn place(office: &Office, actor: &Actor, mut places: Vec<Place>) -> Result<(), Error> {
    places.sort_unstable_by_key(|place| (place.subject, place.record));
    in_bites(office, &places, |piece| office.write_here(actor, move |tx| Ok(xinzhi_store::record::place_by_subject(tx, &piece)?)))?;
    places.sort_unstable_by_key(|place| (place.chain, place.record));
    in_bites(office, &places, |piece| office.write_here(actor, move |tx| Ok(xinzhi_store::record::place_by_chain(tx, &piece)?)))
}

fn in_bites(office: &Office, places: &[Place], write: impl Fn(Vec<Place>) -> Result<(), Error>) -> Result<(), Error> {
    let mut rest = places;
    while let Some((piece, later)) = rest.split_at_checked(bite(office).places.min(rest.len())).filter(|(piece, _)| !piece.is_empty()) {
        write(piece.to_vec())?;
        rest = later;
    }
    Ok(())
}

/// Lets the batch's new subjects be searched. Pieces of the index are joined where nobody waits; where somebody does, searching goes on over
/// the pieces.
fn index(office: &Office, actor: &Actor) -> Result<(), Error> {
    while index_some(office, actor)? {}
    for _ in 0..TIDY_STEPS {
        if office.is_quiet() {
            office.write_here(actor, |tx| Ok(xinzhi_store::subject::tidy_index(tx)?))?;
        }
    }
    Ok(())
}

/// Moves some waiting search tokens into the index; tells whether any are left.
fn index_some(office: &Office, actor: &Actor) -> Result<bool, Error> {
    let lists = bite(office).lists;
    office.write_here(actor, move |tx| Ok(xinzhi_store::subject::index_pending(tx, lists)?))
}

/// The batch that this very delivery became before.
fn staged_before(office: &Office, actor: &Actor, once: Option<Once>) -> Result<Option<BatchId>, Error> {
    let Some(once) = once else { return Ok(None) };
    let given = office.write_here(actor, move |tx| once.given(tx))?;
    given.map(|text| kept(&text)).transpose()
}

fn kept(text: &str) -> Result<BatchId, Error> {
    text.parse().map(BatchId).map_err(|_| Error::inconsistent(format!("a kept answer: {text}")))
}

/// The last act of staging: the entry, the row that carries its position, and what is written beside. The same delivery may have come twice
/// at once: whichever is done first is the one that was staged, and nothing speaks of the other.
fn close(
    tx: &mut Tx,
    mut row: BatchRow,
    once: Option<Once>,
    beside: impl FnOnce(&mut Tx, BatchId) -> Result<(), Error>,
) -> Result<BatchId, Error> {
    if let Some(first) = once.as_ref().map(|once| once.given(tx)).transpose()?.flatten() {
        return kept(&first);
    }
    let counts = row.counts;
    let numbers = format!(
        "{{\"accepted\":{},\"batch\":{},\"duplicate\":{},\"quarantined\":{},\"read\":{},\"refused\":{}}}",
        counts.accepted, row.batch.0, counts.duplicate, counts.quarantined, counts.read, counts.refused
    );
    let payload = xinzhi_proof::salted(row.root.as_bytes(), &[numbers.as_bytes(), row.file_digest.as_bytes()]);
    row.staged = tx.append(&Draft { act: Act::BatchStaged, subject: None, refs: numbers, payload })?;
    xinzhi_store::batch::stage(tx, &row)?;
    once.map_or(Ok(()), |once| once.keep(tx, &row.batch.0.to_string()))?;
    beside(tx, row.batch)?;
    Ok(row.batch)
}

/// One chunk is being written while the next is read and judged.
struct Pipe<'a> {
    office: &'a Arc<Office>,
    actor: &'a Actor,
    pack: Arc<Pack>,
    running: Running<'a>,
    state: State,
}

enum State {
    Here(Box<Staging>),
    Away(Receiver<Result<Box<Staging>, Error>>),
}

impl Pipe<'_> {
    /// Sends a chunk off after the one before has come back; returns how many rows are written so far.
    fn write(&mut self, rows: Vec<JudgedRow>) -> Result<i64, Error> {
        self.running.rows(rows.len());
        let mut staging = self.back()?;
        let done = staging.counts.read;
        staging.make_room(rows.len());
        let (keys, world, pack) = (self.office.keys.clone(), self.office.world.clone(), Arc::clone(&self.pack));
        let act = move |tx: &mut Tx| {
            let house = House { keys: &keys, entropy: world.entropy.as_ref(), pack: &pack };
            staging.write(tx, &house, rows)?;
            Ok(staging)
        };
        self.state = State::Away(self.office.write_later(self.actor, act)?);
        Ok(done)
    }

    fn back(&mut self) -> Result<Box<Staging>, Error> {
        let lost = || Error::inconsistent("staging lost its state");
        match std::mem::replace(&mut self.state, State::Away(std::sync::mpsc::channel().1)) {
            State::Here(staging) => Ok(staging),
            State::Away(receiver) => receiver.recv().map_err(|_| lost())?,
        }
    }

    fn finish(&mut self) -> Result<Box<Staging>, Error> {
        self.back()
    }
}

/// A chunk on its way into the tables.
#[derive(Default)]
struct Writing {
    chunk: Chunk,
    records: Vec<NewRecord>,
    relations: Vec<NewRelation>,
}

impl Staging {
    /// Grows what grows with the file here, not in the middle of an act of the writer.
    fn make_room(&mut self, rows: usize) {
        self.places.reserve(rows);
        self.meeting.make_room(rows);
    }

    fn write(&mut self, tx: &mut Tx, house: &House<'_>, rows: Vec<JudgedRow>) -> Result<(), Error> {
        let accepted = || rows.iter().filter_map(|row| row.ready.as_ref().zip(row.judged.candidate.as_ref()));
        // Whoever has a row of its own here is named by it, not by those that name it.
        let parties = accepted().map(|(ready, candidate)| Meant::party(&ready.code, candidate));
        let others = accepted().flat_map(|(ready, candidate)| relation::meant(candidate, &ready.others));
        self.meeting.meet(tx, house, parties.chain(others))?;
        let mut number = tx.take_numbers("record", i64::try_from(rows.len()).unwrap_or(i64::MAX))?;
        let mut writing = Writing::default();
        for row in rows {
            let (outcome, mut remarks) = (row.judged.outcome, row.judged.remarks);
            let said = remarks.len();
            remarks.retain(|remark| remark.code != LATE);
            self.late += i64::from(remarks.len() < said);
            let outcome = match (outcome, row.judged.candidate) {
                (Outcome::Accepted, Some(candidate)) => {
                    let ready = row.ready.ok_or_else(|| Error::inconsistent("an accepted row without a code"))?;
                    let place = RowPlace { batch: self.batch, row: row.number, record: RecordId(number) };
                    number += 1;
                    self.accept(tx, house, (&candidate, &ready, place), (&mut writing, &mut remarks))?
                }
                (Outcome::Quarantined, Some(candidate)) => {
                    let reason = remarks.last().map_or_else(String::new, |remark| remark.code.clone());
                    writing.wait(house, (&candidate, row.number), (reason, None))?;
                    Outcome::Quarantined
                }
                (_, _) => Outcome::Refused,
            };
            self.counts.add(outcome);
            if outcome != Outcome::Accepted || !remarks.is_empty() {
                let remarks = serde_json::to_string(&remarks).map_err(|e| Error::inconsistent(e.to_string()))?;
                writing.chunk.verdicts.push((row.number, outcome, remarks));
            }
        }
        writing.records.iter().for_each(|record| self.tree.push(record.digest.as_bytes()));
        xinzhi_store::record::insert(tx, &writing.records)?;
        xinzhi_store::relation::insert(tx, &writing.relations)?;
        Ok(xinzhi_store::batch::insert_chunk(tx, self.batch, &writing.chunk)?)
    }

    /// Compares an acceptable row with what its chain holds.
    fn accept(
        &mut self,
        tx: &mut Tx,
        house: &House<'_>,
        (candidate, ready, place): (&Candidate, &Ready, RowPlace),
        (writing, remarks): (&mut Writing, &mut Vec<Remark>),
    ) -> Result<Outcome, Error> {
        let Some(met) = self.meeting.find(&ready.code) else {
            return Err(Error::inconsistent("an accepted row without a subject"));
        };
        if let Some(known) = self.meeting.note_name(tx, house, &ready.code, (&candidate.party.name, self.batch))? {
            let sentence =
                format!("名称 `{}` 与该代码已登记的名称 `{known}` 不一致，已按代码归入；如确有更名请归集登记信息", candidate.party.name);
            remarks.push(Remark { code: "name.differs".to_owned(), field: None, sentence });
        }
        let chain = chain(house.keys, &self.kind, candidate, met.subject.0);
        let content = ready.content;
        if let Some(other) = self.standing(tx, (&chain, &content), &candidate.document.organ)? {
            if other.same_content {
                writing.chunk.confirmations.push((place.row, other.record));
                remarks.push(repeated(other.row));
                return Ok(Outcome::Duplicate);
            }
            let remark = contradicting(candidate, &other);
            writing.wait(house, (candidate, place.row), (remark.code.clone(), Some(other.record)))?;
            remarks.push(remark);
            return Ok(Outcome::Quarantined);
        }
        let sealed = match &candidate.sealed {
            Some(plain) => {
                self.meeting.key(tx, house, &ready.code)?.map(|key| key.seal(house.entropy, &chain, plain.as_bytes())).transpose()?
            }
            None => None,
        };
        let origin = Origin::Row(place.batch, place.row);
        let parts = Parts { record: place.record, subject: met.subject, chain, content, origin, sealed };
        writing.records.push(new_record(tx, &self.kind, candidate, parts));
        writing.relations.extend(relation::of_record(&self.meeting, (candidate, &ready.others), (place.record, met.subject))?);
        self.chains.insert(chain, Standing { record: place.record, content, row: place.row });
        self.places.push(Place { chain, subject: met.subject, record: place.record });
        Ok(Outcome::Accepted)
    }

    /// What a row's chain holds: in this batch, or in effect.
    fn standing(
        &self,
        tx: &mut Tx,
        (chain, content): (&[u8; KEY_BYTES], &[u8; KEY_BYTES]),
        supplier: &str,
    ) -> Result<Option<Compared>, Error> {
        if let Some(here) = self.chains.get(chain) {
            // One file has one supplier of a document: its organ is part of the key.
            let same_content = here.content == *content;
            return Ok(Some(Compared { record: here.record, same_content, same_supplier: true, row: Some(here.row) }));
        }
        if !self.has_history {
            return Ok(None);
        }
        let version = xinzhi_store::record::of_chain(tx.connection(), chain)?;
        let compared = |v: xinzhi_store::record::Version| {
            let (same_content, same_supplier) = (v.content == content, v.supplier == supplier);
            Compared { record: v.record, same_content, same_supplier, row: None }
        };
        Ok(version.map(compared))
    }
}

/// Where an accepted row goes.
#[derive(Clone, Copy)]
struct RowPlace {
    batch: BatchId,
    row: i64,
    record: RecordId,
}

impl Writing {
    fn wait(
        &mut self,
        house: &House<'_>,
        (candidate, row): (&Candidate, i64),
        (reason, against): (String, Option<RecordId>),
    ) -> Result<(), Error> {
        let candidate = seal_waiting(house, &Waiting::Candidate(Box::new(Stored::of(candidate, house.pack)?)))?;
        self.chunk.waiting.push(NewWaiting { row, reason, against, candidate });
        Ok(())
    }
}

pub(super) fn seal_waiting(house: &House<'_>, waiting: &Waiting) -> Result<Vec<u8>, Error> {
    let json = serde_json::to_vec(waiting).map_err(|e| Error::inconsistent(e.to_string()))?;
    Ok(house.keys.office().seal(house.entropy, b"waiting_row", &json)?)
}

pub(super) fn open_waiting(keys: &Keys, sealed: &[u8]) -> Result<Waiting, Error> {
    let json = keys.office().open(b"waiting_row", sealed)?;
    serde_json::from_slice(&json).map_err(|e| Error::inconsistent(format!("a waiting row: {e}")))
}

pub(super) fn chain(keys: &Keys, kind: &str, candidate: &Candidate, subject: i64) -> [u8; KEY_BYTES] {
    keys.keyed_short(&[b"chain", kind.as_bytes(), candidate.key.as_bytes(), &subject.to_be_bytes()])
}

pub(super) fn content(keys: &Keys, candidate: &Candidate) -> [u8; KEY_BYTES] {
    let class = candidate.class.map_or("", Class::title);
    let sealed = candidate.sealed.as_deref().unwrap_or("");
    keys.keyed_short(&[b"content", class.as_bytes(), candidate.open.as_bytes(), sealed.as_bytes()])
}

/// What a candidate gets when it becomes a record.
pub(super) struct Parts {
    pub(super) record: RecordId,
    pub(super) subject: xinzhi_core::SubjectId,
    pub(super) chain: [u8; KEY_BYTES],
    pub(super) content: [u8; KEY_BYTES],
    pub(super) origin: Origin,
    pub(super) sealed: Option<Vec<u8>>,
}

pub(super) fn new_record(tx: &Tx, kind: &str, candidate: &Candidate, parts: Parts) -> NewRecord {
    let Parts { record, subject, chain, content, origin, sealed } = parts;
    let mut new = NewRecord {
        record,
        subject,
        kind: kind.to_owned(),
        chain,
        content,
        origin,
        document: candidate.document.clone(),
        supplier: candidate.document.organ.clone(),
        class: candidate.class,
        fields: candidate.open.clone(),
        sealed,
        salt: tx.random(),
        digest: Digest([0; 32]),
    };
    new.digest = record_digest(&Digested::of(&new));
    new
}

/// What a record's digest covers: everything but its number and where it came from.
pub(crate) struct Digested<'a> {
    pub(crate) subject: i64,
    pub(crate) kind: &'a str,
    pub(crate) chain: &'a [u8],
    pub(crate) content: &'a [u8],
    pub(crate) document: &'a xinzhi_core::record::Document,
    pub(crate) class: Option<i64>,
    pub(crate) fields: &'a str,
    pub(crate) sealed: Option<&'a [u8]>,
    pub(crate) salt: &'a [u8],
}

impl<'a> Digested<'a> {
    pub(crate) fn of(record: &'a NewRecord) -> Digested<'a> {
        Digested {
            subject: record.subject.0,
            kind: &record.kind,
            chain: &record.chain,
            content: &record.content,
            document: &record.document,
            class: record.class.map(Class::number),
            fields: &record.fields,
            sealed: record.sealed.as_deref(),
            salt: &record.salt,
        }
    }
}

pub(crate) fn record_digest(d: &Digested<'_>) -> Digest {
    xinzhi_proof::salted(
        d.salt,
        &[
            &d.subject.to_be_bytes(),
            d.kind.as_bytes(),
            d.chain,
            d.content,
            d.document.number.as_bytes(),
            d.document.date.to_string().as_bytes(),
            d.document.organ.as_bytes(),
            d.document.organ_code.as_deref().unwrap_or("").as_bytes(),
            &d.class.unwrap_or(-1).to_be_bytes(),
            d.fields.as_bytes(),
            d.sealed.unwrap_or(&[]),
        ],
    )
}

fn repeated(row: Option<i64>) -> Remark {
    let other = row.map_or_else(|| "已有记录".to_owned(), |row| format!("本文件第 {row} 行"));
    let sentence = format!("与{other}内容相同，不重复登记");
    Remark { code: "row.duplicate".to_owned(), field: None, sentence }
}

fn contradicting(candidate: &Candidate, other: &Compared) -> Remark {
    let number = &candidate.document.number;
    let (code, sentence) = if other.same_supplier {
        let held = other.row.map_or_else(|| "已有记录".to_owned(), |row| format!("与本文件第 {row} 行是同一文书"));
        ("row.correction", format!("文书 `{number}` {held}而内容不同，视为更正申请，待工作人员核实后生效"))
    } else {
        ("row.conflict", format!("文书 `{number}` 已由另一单位报送且内容不同，待工作人员核实以哪一份为准"))
    };
    Remark { code: code.to_owned(), field: None, sentence }
}

/// What is said about a file as a whole.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct FileNote {
    /// Columns that no field knows; kept with the records.
    pub(crate) unknown_columns: Vec<String>,
    /// Columns that were expected and are not there.
    pub(crate) missing_columns: Vec<String>,
    /// Rows whose document was reported later than the catalogue allows.
    pub(crate) late_rows: i64,
}

fn unknown_columns(mapping: &Mapping) -> Vec<String> {
    mapping.unknown.iter().map(|(_, header)| header.clone()).collect()
}

/// SHA-256 of the whole file; leaves it at its beginning.
fn digest<R: Read + Seek>(file: &mut R) -> Result<Digest, Error> {
    let io = |cause| xinzhi_store::Fault::Io { what: "reading the delivered file".to_owned(), cause };
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer).map_err(io)?;
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else { break };
        hasher.update(read);
    }
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    Ok(Digest(hasher.finalize().into()))
}

//! 列存投影: what the office knew from which position until which, for a projection to show in columns. By ranges of subjects for a whole
//! one, by stretches of the journal for one that follows. Facts never change and carry the position that made them known, so each piece may
//! be read by itself, however much is written meanwhile: all pieces as known at one position are one state.
//!
//! What is handed out is what rules may read, of organisations: no name, no text, nothing sealed, no natural person (C2, D11, D12). Files are
//! not this room's work, and nothing here reads one: what decides reads the database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::day::Span;
use xinzhi_core::journal::Position;
use xinzhi_core::record::RecordId;
use xinzhi_core::{AreaCode, Code, Digest, SubjectId};
use xinzhi_rules::Pack;
use xinzhi_rules::fact::{Fact, rule_values};
use xinzhi_rules::model::KindIx;
use xinzhi_store::Connection;
use xinzhi_store::projection::{self, Ended, HeldRow, Page, Range};

pub use xinzhi_store::projection::Stay;

use crate::journal::position_within;
use crate::permission::{Action, Scope};
use crate::react::description;
use crate::{Error, Office};

/// Records that one follow holds in memory at most; beyond it everything is written anew, a partition at a time.
const CHANGES_MAX: i64 = 200_000;
/// Rows read at once.
const PAGE: i64 = 5_000;

/// On what a projection stands.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The position that it shows.
    pub position: Position,
    /// The packs in force there, as one.
    pub pack: Arc<Pack>,
    /// Seal of the first entry: whose projection it is.
    pub office: String,
    /// Seal of the entry at the position: a journal that was put back and went on otherwise has another.
    pub seal: String,
    /// The office's area: where a subject lies of whom nobody said it.
    pub area: AreaCode,
    /// The highest number of a subject.
    pub last: SubjectId,
}

/// A record as rules read it, and when it holds.
#[derive(Clone, Debug)]
pub struct HeldFact {
    /// About whom.
    pub subject: SubjectId,
    /// The fact.
    pub fact: Fact,
    /// When it holds.
    pub stay: Stay,
}

/// What was known of a subject's place and industry over a stretch of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// When it holds.
    pub stay: Stay,
    /// 行政区划代码.
    pub area: Option<String>,
    /// Industry code.
    pub industry: Option<String>,
}

/// An organisation about which the office has known something.
#[derive(Clone, Debug)]
pub struct HeldSubject {
    /// Its number.
    pub subject: SubjectId,
    /// Id of its kind.
    pub kind: String,
    /// What it is called outside.
    pub code: Option<String>,
    /// From its first record on, without gaps, oldest first.
    pub described: Vec<Described>,
    /// Its records, oldest document first.
    pub facts: Vec<HeldFact>,
}

/// What was reported for an area, and when that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// Where.
    pub area: AreaCode,
    /// Id of the record kind.
    pub kind: String,
    /// The days.
    pub span: Span,
    /// When it holds.
    pub stay: Stay,
}

/// What a stretch of the journal changed.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Records that became known in it, some of them ended in it too.
    pub facts: Vec<HeldFact>,
    /// Earlier records that ended in it: about whom, which, since when.
    pub ended: Vec<(SubjectId, RecordId, Position)>,
    /// Whose place or industry may have changed.
    pub described: BTreeSet<SubjectId>,
}

/// A stretch that is followed, or one after which everything is written anew.
#[derive(Debug)]
pub enum Since {
    /// So few that they are added.
    Few(Changes),
    /// Too many to hold.
    Many,
}

/// On what a projection of the present, or as known at a position, stands.
///
/// # Errors
/// [`Code::NotPermitted`] unless `actor` sees the whole office, [`Code::NotFound`] for a position that is not there.
pub fn ground(office: &Office, actor: &Actor, known: Option<Position>) -> Result<Ground, Error> {
    whole_office(actor)?;
    office.read_here(|connection| {
        let position = match known {
            Some(position) => position_within(connection, position)?,
            None => xinzhi_store::journal::head(connection)?,
        };
        Ok(Ground {
            position,
            pack: office.pack_at(connection, position)?,
            office: seal(connection, Position(1))?,
            seal: seal(connection, position)?,
            area: office.row().area.clone(),
            last: projection::last_subject(connection)?,
        })
    })
}

fn whole_office(actor: &Actor) -> Result<(), Error> {
    match Scope::of(Action::SeeFigures, actor)? {
        Scope::Office => Ok(()),
        Scope::Own(_) | Scope::Organ(_) | Scope::Area(_) => Err(Code::NotPermitted.into()),
    }
}

/// The seal of an entry, by which a projection knows the journal that it followed.
fn seal(connection: &mut Connection, position: Position) -> Result<String, Error> {
    let entries = xinzhi_store::journal::after(connection, Position(position.0 - 1), 1)?;
    let entry = entries.first().filter(|entry| entry.position == position);
    let entry = entry.ok_or_else(|| Error::inconsistent(format!("no entry at position {}", position.0)))?;
    Ok(entry.draft.payload.to_string())
}

/// The journal's head, and the seal of an entry; none where it is not there.
///
/// # Errors
/// A fault of the database.
pub fn sealed_at(office: &Office, position: Position) -> Result<(Position, Option<String>), Error> {
    office.read_here(|connection| {
        let head = xinzhi_store::journal::head(connection)?;
        let there = (Position(1)..=head).contains(&position);
        Ok((head, there.then(|| seal(connection, position)).transpose()?))
    })
}

/// The packs by which a projection was made.
///
/// # Errors
/// A fault where they were never in force here.
pub fn pack_of(office: &Office, digest: &str) -> Result<Arc<Pack>, Error> {
    let digest = Digest::from_hex(digest).ok_or_else(|| Error::inconsistent("the digest of a projection's pack"))?;
    office.read_here(|connection| office.pack_by_digest(connection, digest))
}

/// Organisations of a range about which anything was known up to the ground's position, with their records.
///
/// # Errors
/// A fault of the database, or of what is stored.
pub fn held(office: &Office, ground: &Ground, range: Range) -> Result<Vec<HeldSubject>, Error> {
    office.read_here(|connection| held_on(connection, ground, range))
}

fn held_on(connection: &mut Connection, ground: &Ground, range: Range) -> Result<Vec<HeldSubject>, Error> {
    let pack = &ground.pack;
    let members = projection::organisations(connection, range)?;
    let codes: BTreeMap<SubjectId, String> = projection::codes(connection, range)?.into_iter().collect();
    let mut rows: BTreeMap<SubjectId, Vec<HeldRow>> = BTreeMap::new();
    for row in projection::held(connection, range, ground.position)? {
        // Of a kind that the packs do not have rules know nothing, not even that there is somebody.
        if pack.record_kinds.iter().any(|kind| kind.id == row.fact.kind) {
            rows.entry(row.fact.subject).or_default().push(row);
        }
    }
    let mut subjects = Vec::with_capacity(rows.len());
    for (subject, kind) in members {
        // A kind that the packs no longer have is nobody that rules know.
        if pack.subject_kind_by_id(&kind).is_none_or(|(_, kind)| kind.person) {
            continue;
        }
        let Some(rows) = rows.remove(&subject) else { continue };
        let described = described(pack, &rows)?;
        let facts = rows.iter().filter_map(|row| fact(pack, row).transpose()).collect::<Result<_, Error>>()?;
        subjects.push(HeldSubject { subject, kind, code: codes.get(&subject).cloned(), described, facts });
    }
    Ok(subjects)
}

/// A row as rules see it; none where the packs have no such kind.
fn fact(pack: &Pack, HeldRow { fact: row, stay }: &HeldRow) -> Result<Option<HeldFact>, Error> {
    let Some(index) = pack.record_kinds.iter().position(|kind| kind.id == row.kind) else { return Ok(None) };
    let Some(kind) = pack.record_kinds.get(index) else { return Ok(None) };
    let fields: serde_json::Value =
        serde_json::from_str(&row.fields).map_err(|e| Error::inconsistent(format!("fields of record {}: {e}", row.record.0)))?;
    let values = rule_values(kind, &fields);
    let fact = Fact { record: row.record, kind: KindIx(index), day: row.day, class: row.class, values };
    Ok(Some(HeldFact { subject: row.subject, fact, stay: *stay }))
}

/// Place and industry are what the latest registration says that holds at a position; they may change wherever one begins or ends.
fn described(pack: &Pack, rows: &[HeldRow]) -> Result<Vec<Described>, Error> {
    let registers = |row: &&HeldRow| pack.record_kinds.iter().any(|kind| kind.id == row.fact.kind && kind.roles.area.is_some());
    let registrations: Vec<&HeldRow> = rows.iter().filter(registers).collect();
    let Some(first) = rows.iter().map(|row| row.stay.known).min() else { return Ok(Vec::new()) };
    let turns = registrations.iter().flat_map(|row| std::iter::once(row.stay.known).chain(row.stay.until));
    let turns: BTreeSet<Position> = turns.chain(std::iter::once(first)).collect();
    let mut out: Vec<Described> = Vec::new();
    for turn in turns {
        let holds = |row: &&&HeldRow| row.stay.known <= turn && row.stay.until.is_none_or(|until| until > turn);
        let latest = registrations.iter().filter(holds).max_by_key(|row| (row.fact.day, row.fact.record));
        let (area, industry) = match latest {
            None => (None, None),
            Some(row) => {
                let kind = pack.record_kinds.iter().find(|kind| kind.id == row.fact.kind);
                let said = kind.map(|kind| description(kind, &row.fact.fields)).transpose()?;
                said.map_or((None, None), |said| (said.area, said.industry))
            }
        };
        // What is no code says no place: such a subject is covered as one of which no place is known.
        let area = area.filter(|area| AreaCode::parse(area).is_some());
        if let Some(last) = out.last_mut() {
            if last.area == area && last.industry == industry {
                continue;
            }
            last.stay.until = Some(turn);
        }
        out.push(Described { stay: Stay { known: turn, until: None }, area, industry });
    }
    Ok(out)
}

/// Coverage as known at every position up to the ground's.
///
/// # Errors
/// A fault of the database.
pub fn covered(office: &Office, ground: &Ground) -> Result<Vec<Covered>, Error> {
    let rows = office.read_here(|connection| Ok(projection::covered(connection, ground.position)?))?;
    let covered = rows.into_iter().filter_map(|row| {
        // What was reported for no place covers nobody.
        let area = AreaCode::parse(&row.area)?;
        Some(Covered { area, kind: row.kind, span: Span { from: row.from, until: Some(row.through) }, stay: row.stay })
    });
    Ok(covered.collect())
}

/// What the journal changed after a position, up to the ground's.
///
/// # Errors
/// A fault of the database, or of what is stored.
pub fn changes(office: &Office, ground: &Ground, since: Position) -> Result<Since, Error> {
    let stretch = (since, ground.position);
    if office.read_here(|connection| Ok(projection::extent(connection, stretch)?))? > CHANGES_MAX {
        return Ok(Since::Many);
    }
    let mut changes = Changes::default();
    for batch in office.read_here(|connection| Ok(projection::committed(connection, stretch)?))? {
        pages(office, |connection, page| {
            let (rows, next) = projection::of_batch(connection, batch, ground.position, page)?;
            changes.add(&ground.pack, &rows)?;
            Ok(next)
        })?;
    }
    pages(office, |connection, page| {
        let (rows, next) = projection::of_entries(connection, stretch, page)?;
        changes.add(&ground.pack, &rows)?;
        Ok(next)
    })?;
    pages(office, |connection, page| {
        let (rows, next) = projection::closed(connection, stretch, page)?;
        changes.end(&ground.pack, &rows);
        Ok(next)
    })?;
    for batch in office.read_here(|connection| Ok(projection::recalled(connection, stretch)?))? {
        pages(office, |connection, page| {
            let (rows, next) = projection::of_recalled(connection, batch, since, page)?;
            changes.end(&ground.pack, &rows);
            Ok(next)
        })?;
    }
    changes.ended.sort();
    changes.facts.sort_by_key(|held| (held.subject, held.fact.kind, held.fact.day, held.fact.record));
    Ok(Since::Few(changes))
}

/// Reads page after page, each in a transaction of its own, so that no long read stands in the way of whoever writes.
fn pages(office: &Office, mut read: impl FnMut(&mut Connection, Page) -> Result<Option<RecordId>, Error>) -> Result<(), Error> {
    let mut after = RecordId(0);
    loop {
        match office.read_here(|connection| read(connection, Page { after, limit: PAGE }))? {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

impl Changes {
    fn add(&mut self, pack: &Pack, rows: &[HeldRow]) -> Result<(), Error> {
        for row in rows {
            self.facts.extend(fact(pack, row)?);
            self.describe(pack, row.fact.subject, &row.fact.kind);
        }
        Ok(())
    }

    fn end(&mut self, pack: &Pack, rows: &[Ended]) {
        for row in rows.iter().filter(|row| pack.record_kinds.iter().any(|kind| kind.id == row.kind)) {
            self.ended.push((row.subject, row.record, row.until));
            self.describe(pack, row.subject, &row.kind);
        }
    }

    fn describe(&mut self, pack: &Pack, subject: SubjectId, kind: &str) {
        if pack.record_kinds.iter().any(|known| known.id == kind && known.roles.area.is_some()) {
            self.described.insert(subject);
        }
    }
}

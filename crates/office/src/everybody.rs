//! Everybody of an office as the rules of a pack see them: organisations with their records, a chunk at a time. Natural persons are never
//! among them (C2).

mod fields;
pub(crate) mod share;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use xinzhi_core::journal::Position;
use xinzhi_core::{Day, SubjectId};
use xinzhi_evaluate::Coverage;
use xinzhi_rules::Pack;
use xinzhi_rules::fact::{Fact, rule_values};
use xinzhi_rules::model::{FieldIx, KindIx, RecordKind};
use xinzhi_store::Connection;
use xinzhi_store::figure::{FactRow, Member};

use crate::Error;
use crate::coverage::CoverageCache;

/// Subjects read at once.
const CHUNK: i64 = 2_000;
/// Subjects of a piece: some of them have many records.
const PIECE: i64 = 500;

/// A kind of record and what of it is read.
#[derive(Debug)]
struct Read<'a> {
    ix: KindIx,
    kind: &'a RecordKind,
    /// Whether its records become facts.
    ruled: bool,
    /// Codes of the fields that are read.
    codes: Vec<&'a str>,
    /// Fields of which the latest value is told: their place among those asked for, and their code.
    latest: Vec<(usize, &'a str)>,
    /// Code of the field that tells the area, where it is a registration: it tells since when there is a subject.
    registers: Option<&'a str>,
}

/// What a run has to read of the records that a pack knows.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    kinds: BTreeMap<&'a str, Read<'a>>,
    latest: usize,
}

/// What its records say of one subject.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// Oldest document first.
    pub(crate) facts: Vec<Fact>,
    /// Earliest registration.
    pub(crate) since: Option<Day>,
    /// The area that the latest registration tells. The subject's row tells too what was only staged, and what was taken back.
    pub(crate) area: Option<String>,
    /// What the latest record that fills each of the fields asked for says.
    pub(crate) latest: Vec<Option<Value>>,
}

impl<'a> Reading<'a> {
    /// Reads the records of `ruled` with these of their fields, the latest value of the fields of `latest`, and registrations.
    pub(crate) fn new(pack: &'a Pack, ruled: &BTreeMap<KindIx, BTreeSet<FieldIx>>, latest: &[(KindIx, FieldIx)]) -> Reading<'a> {
        let read = |(index, kind): (usize, &'a RecordKind)| {
            let ix = KindIx(index);
            let code = |field: FieldIx| kind.at(field).map(|field| field.code.as_str());
            let latest = latest.iter().enumerate().filter(|(_, (of, _))| *of == ix);
            let latest: Vec<(usize, &str)> = latest.filter_map(|(place, (_, field))| Some((place, code(*field)?))).collect();
            let fields = ruled.get(&ix);
            let registers = kind.roles.area.and_then(code);
            let codes = fields.into_iter().flatten().filter_map(|field| code(*field)).chain(latest.iter().map(|(_, code)| *code));
            let codes = codes.chain(registers).collect();
            let read = Read { ix, kind, ruled: fields.is_some(), codes, latest, registers };
            (read.ruled || !read.latest.is_empty() || registers.is_some()).then_some((kind.id.as_str(), read))
        };
        Reading { kinds: pack.record_kinds.iter().enumerate().filter_map(read).collect(), latest: latest.len() }
    }

    /// Ids of the kinds that it reads.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &'a str> {
        self.kinds.keys().copied()
    }

    /// What the rows of a chunk say, by subject.
    pub(crate) fn told(&self, rows: &[FactRow]) -> Result<BTreeMap<SubjectId, Told>, Error> {
        let mut told: BTreeMap<SubjectId, Told> = BTreeMap::new();
        for row in rows {
            let Some(read) = self.kinds.get(row.kind.as_str()) else { continue };
            let entry = told.entry(row.subject).or_insert_with(|| self.nothing());
            let fields = if read.codes.is_empty() { Value::Null } else { some(row, &read.codes)? };
            if let Some(area) = read.registers {
                entry.since = Some(entry.since.map_or(row.day, |since| since.min(row.day)));
                entry.area = fields.get(area).and_then(Value::as_str).map(str::to_owned);
            }
            // Oldest first: the latest record has the last word.
            for (place, code) in &read.latest {
                let value = fields.get(*code).filter(|value| !value.is_null()).cloned();
                if let Some((slot, value)) = entry.latest.get_mut(*place).zip(value) {
                    *slot = Some(value);
                }
            }
            if read.ruled {
                let values = rule_values(read.kind, &fields);
                entry.facts.push(Fact { record: row.record, kind: read.ix, day: row.day, class: row.class, values });
            }
        }
        Ok(told)
    }

    /// What is told of somebody without records.
    pub(crate) fn nothing(&self) -> Told {
        Told { latest: vec![None; self.latest], ..Told::default() }
    }
}

fn some(row: &FactRow, codes: &[&str]) -> Result<Value, Error> {
    fields::some(&row.fields, codes).map_err(|e| Error::inconsistent(format!("fields of record {}: {e}", row.record.0)))
}

/// Goes through every organisation with its records of some kinds as known at a position.
pub(crate) fn each_chunk(
    connection: &mut Connection,
    (kinds, known): (&[&str], Position),
    mut take: impl FnMut(&mut Connection, &[Member], &[FactRow]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after = SubjectId(0);
    loop {
        let members = xinzhi_store::figure::members(connection, after, CHUNK)?;
        let Some(last) = members.last().map(|member| member.subject) else { return Ok(()) };
        let facts = xinzhi_store::figure::facts(connection, (after, last), kinds, known)?;
        take(connection, &members, &facts)?;
        after = last;
    }
}

/// Some subjects, to be read at once.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// All that come after one up to another.
    Between(SubjectId, SubjectId),
    /// These, in order.
    These(Vec<SubjectId>),
}

impl Piece {
    /// All subjects after `first` up to `last`, so many numbers at a time.
    pub(crate) fn between(first: SubjectId, last: SubjectId) -> impl Iterator<Item = Piece> {
        let step = usize::try_from(PIECE).unwrap_or(1);
        (first.0..last.0).step_by(step).map(move |after| Piece::Between(SubjectId(after), SubjectId(last.0.min(after + PIECE))))
    }

    /// Some subjects, so many at a time.
    pub(crate) fn these(subjects: &BTreeSet<SubjectId>) -> impl Iterator<Item = Piece> {
        let all: Vec<SubjectId> = subjects.iter().copied().collect();
        let pieces: Vec<Piece> = all.chunks(usize::try_from(PIECE).unwrap_or(1)).map(|some| Piece::These(some.to_vec())).collect();
        pieces.into_iter()
    }
}

/// What is read: organisations of some kinds with their records of some kinds, as known at a position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sought<'a> {
    pub(crate) subjects: &'a [&'a str],
    pub(crate) records: &'a [&'a str],
    pub(crate) known: Position,
}

impl Sought<'_> {
    /// Reads a piece.
    pub(crate) fn read(&self, connection: &mut Connection, piece: &Piece) -> Result<(Vec<Member>, Vec<FactRow>), Error> {
        let Sought { subjects, records, known } = *self;
        Ok(match piece {
            Piece::Between(first, last) => (
                xinzhi_store::figure::members_of(connection, (*first, *last), subjects)?,
                xinzhi_store::figure::facts(connection, (*first, *last), records, known)?,
            ),
            Piece::These(these) => (
                xinzhi_store::figure::members_among(connection, these, subjects)?,
                xinzhi_store::figure::facts_of(connection, these, records, known)?,
            ),
        })
    }
}

/// What has been reported for the areas of some subjects, asked once for each: many subjects share one.
pub(crate) fn coverages<'m>(
    connection: &mut Connection,
    (cache, pack, known): (&CoverageCache, &Pack, Position),
    areas: impl IntoIterator<Item = Option<&'m str>>,
) -> Result<Vec<Arc<Coverage>>, Error> {
    let mut covered: BTreeMap<Option<&str>, Arc<Coverage>> = BTreeMap::new();
    let mut coverages = Vec::new();
    for area in areas {
        let coverage = match covered.get(&area) {
            Some(coverage) => Arc::clone(coverage),
            None => cache.of_area(connection, pack, area, known)?.0,
        };
        covered.insert(area, Arc::clone(&coverage));
        coverages.push(coverage);
    }
    Ok(coverages)
}

//! Everybody's grade at the end of each month, by the one kernel: facts are read once, a chunk of subjects at a time, and the same chunk
//! is evaluated for every day that is asked for. No explanation is made and no result is stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use xinzhi_core::journal::Position;
use xinzhi_core::{Day, SubjectId};
use xinzhi_evaluate::{Coverage, Plan, Question, Subject, evaluate_many};
use xinzhi_rules::Pack;
use xinzhi_rules::fact::{Fact, rule_values};
use xinzhi_rules::figure::{Figure, Population, State};
use xinzhi_rules::model::{FieldIx, KindIx, RecordKind, ScorecardIx, SubjectKindIx};
use xinzhi_store::Connection;
use xinzhi_store::figure::{FactRow, Member};

use super::item::{Item, Shared, Texts, folded};
use super::month::Month;
use crate::Error;
use crate::coverage::CoverageCache;

/// Subjects evaluated at once.
const CHUNK: i64 = 2_000;

/// The month had not begun for this subject: it was registered later.
const ABSENT: u8 = u8::MAX;
/// Not evaluable.
const UNGRADED: u8 = u8::MAX - 1;

/// One organisation with its grades, in the order of [`Standings::months`].
#[derive(Clone, Debug)]
pub(crate) struct Stands {
    pub(crate) subject: SubjectId,
    kind: Arc<str>,
    area: Shared,
    place: Shared,
    grades: Vec<u8>,
}

/// Everybody whom a scorecard evaluates.
#[derive(Debug, Default)]
pub(crate) struct Standings {
    /// Months with the day on which each was evaluated, oldest first.
    pub(crate) months: Vec<(Month, Day)>,
    pub(crate) subjects: Vec<Stands>,
}

impl Stands {
    /// What it is in the month at a position; none where it was not there yet.
    pub(crate) fn item(&self, index: usize, month: Month) -> Option<Item> {
        let state = match *self.grades.get(index)? {
            ABSENT => return None,
            UNGRADED => State::Ungraded,
            grade => State::Grade(usize::from(grade)),
        };
        Some(Item {
            month: Some(month),
            area: self.area.clone(),
            subject: Some(Arc::clone(&self.kind)),
            place: self.place.clone(),
            states: [Some(state), None, None],
            many: 1,
            ..Item::default()
        })
    }
}

impl Standings {
    /// Everybody counted in every month.
    pub(crate) fn items(&self) -> Vec<Item> {
        let months = || self.months.iter().enumerate().map(|(index, (month, _))| (index, *month));
        folded(self.subjects.iter().flat_map(|stands| months().filter_map(|(index, month)| stands.item(index, month))))
    }
}

/// The months of a figure with the day on which each is evaluated: its last day, or today. One more than is shown, to compare with;
/// none before the scorecard was in force.
pub(crate) fn days(figure: &Figure, pack: &Pack, today: Day) -> Vec<(Month, Day)> {
    let Population::Evaluations { scorecard, .. } = figure.counts else { return Vec::new() };
    let from = pack.scorecard(scorecard).map_or(today, |card| card.in_force.from);
    let last = Month::of(today).plus(if figure.whole_months { -1 } else { 0 });
    let back = i32::try_from(figure.months).unwrap_or(0);
    let months = (0..=back).rev().map(|ago| last.plus(-ago)).map(|month| (month, month.last_day().min(today)));
    months.filter(|(_, day)| *day >= from).collect()
}

/// What is asked, and how the pack's kinds are found.
struct Asked<'a> {
    pack: &'a Pack,
    card: ScorecardIx,
    /// By id, those that are read at all.
    kinds: BTreeMap<&'a str, Read<'a>>,
    days: Vec<(Month, Day)>,
    known: Position,
}

/// A kind of record and what of it is read.
struct Read<'a> {
    ix: KindIx,
    kind: &'a RecordKind,
    /// Whether the scorecard reads it.
    scored: bool,
    /// Codes of the fields that are read.
    codes: Vec<&'a str>,
    /// The field by which subjects belong together.
    place: Option<FieldIx>,
    /// Whether it tells since when there is a subject.
    registers: bool,
}

/// The kinds that a run has to read.
fn kinds<'a>(pack: &'a Pack, plan: &Plan, place: Option<(KindIx, FieldIx)>) -> BTreeMap<&'a str, Read<'a>> {
    let read = |(index, kind): (usize, &'a RecordKind)| {
        let ix = KindIx(index);
        let scored = plan.reads().get(&ix);
        let place = place.filter(|(of, _)| *of == ix).map(|(_, field)| field);
        let registers = kind.roles.area.is_some();
        let read = scored.into_iter().flat_map(|reads| &reads.fields).copied().chain(place);
        let codes = read.filter_map(|field| kind.at(field)).map(|field| field.code.as_str()).collect();
        let read = Read { ix, kind, scored: scored.is_some(), codes, place, registers };
        (read.scored || place.is_some() || registers).then_some((kind.id.as_str(), read))
    };
    pack.record_kinds.iter().enumerate().filter_map(read).collect()
}

/// What a chunk of facts says of one subject.
#[derive(Debug, Default)]
struct Told {
    facts: Vec<Fact>,
    /// Earliest registration.
    since: Option<Day>,
    place: Option<String>,
}

/// Evaluates everybody as known now.
pub(crate) fn standings(
    connection: &mut Connection,
    coverages: &CoverageCache,
    (pack, figure): (&Pack, &Figure),
    today: Day,
) -> Result<Standings, Error> {
    let Population::Evaluations { scorecard, place } = figure.counts else { return Ok(Standings::default()) };
    let plan = Plan::compile(pack, scorecard).map_err(|fault| Error::inconsistent(fault.to_string()))?;
    let known = xinzhi_store::journal::head(connection)?;
    let asked = Asked { pack, card: scorecard, kinds: kinds(pack, &plan, place), days: days(figure, pack, today), known };
    let read: Vec<&str> = asked.kinds.keys().copied().collect();
    let mut texts = Texts::default();
    let mut all = Standings { months: asked.days.clone(), subjects: Vec::new() };
    let mut after = SubjectId(0);
    loop {
        let members = xinzhi_store::figure::members(connection, after, CHUNK)?;
        let Some(last) = members.last().map(|member| member.subject) else { return Ok(all) };
        let facts = xinzhi_store::figure::facts(connection, (after, last), &read, known)?;
        all.subjects.extend(chunk(connection, coverages, &asked, (&members, &facts), &mut texts)?);
        after = last;
    }
}

fn chunk(
    connection: &mut Connection,
    coverages: &CoverageCache,
    asked: &Asked<'_>,
    (members, facts): (&[Member], &[FactRow]),
    texts: &mut Texts,
) -> Result<Vec<Stands>, Error> {
    let card = asked.pack.scorecard(asked.card).ok_or_else(|| Error::inconsistent("a figure of no scorecard"))?;
    let told = told(asked, facts)?;
    let nothing = Told::default();
    let mut covered: BTreeMap<Option<&str>, Arc<Coverage>> = BTreeMap::new();
    let mut evaluated: Vec<(&Member, SubjectKindIx, &Told, Arc<Coverage>)> = Vec::new();
    for member in members {
        let Some((kind, _)) = asked.pack.subject_kind_by_id(&member.kind).filter(|(kind, _)| card.subjects.contains(kind)) else {
            continue;
        };
        // Asked once for each area: many subjects share one.
        let area = member.area.as_deref();
        let coverage = match covered.get(&area) {
            Some(coverage) => Arc::clone(coverage),
            None => coverages.of_area(connection, asked.pack, area, asked.known)?.0,
        };
        covered.insert(area, Arc::clone(&coverage));
        evaluated.push((member, kind, told.get(&member.subject).unwrap_or(&nothing), coverage));
    }
    let subjects: Vec<Subject<'_>> =
        evaluated.iter().map(|(_, kind, told, coverage)| Subject { kind: *kind, facts: &told.facts, coverage }).collect();
    let mut grades: Vec<Vec<u8>> = vec![Vec::with_capacity(asked.days.len()); subjects.len()];
    for (_, as_of) in &asked.days {
        let question = Question { pack: asked.pack, card: asked.card, as_of: *as_of };
        let standings = evaluate_many(&question, &subjects).map_err(|fault| Error::inconsistent(fault.to_string()))?;
        for ((grades, standing), (_, _, told, _)) in grades.iter_mut().zip(standings).zip(&evaluated) {
            let grade = standing.map_err(|fault| Error::inconsistent(fault.to_string()))?.grade;
            let later = told.since.is_some_and(|since| since > *as_of);
            grades.push(if later { ABSENT } else { grade.and_then(|grade| u8::try_from(grade).ok()).unwrap_or(UNGRADED) });
        }
    }
    let stands = evaluated.iter().zip(grades).map(|((member, _, told, _), grades)| Stands {
        subject: member.subject,
        kind: texts.one(&member.kind),
        area: texts.some(member.area.as_deref()),
        place: texts.some(told.place.as_deref()),
        grades,
    });
    Ok(stands.collect())
}

/// What the facts of a chunk say, by subject.
fn told(asked: &Asked<'_>, rows: &[FactRow]) -> Result<BTreeMap<SubjectId, Told>, Error> {
    let mut told: BTreeMap<SubjectId, Told> = BTreeMap::new();
    for row in rows {
        let Some(read) = asked.kinds.get(row.kind.as_str()) else { continue };
        let entry = told.entry(row.subject).or_default();
        if read.registers {
            entry.since = Some(entry.since.map_or(row.day, |since| since.min(row.day)));
        }
        let fields = if read.codes.is_empty() { serde_json::Value::Null } else { fields(row, &read.codes)? };
        // Oldest first: the latest registration has the last word.
        let place = read.place.and_then(|field| read.kind.at(field)).and_then(|field| fields.get(&field.code)?.as_str());
        if let Some(place) = place {
            entry.place = Some(place.to_owned());
        }
        if read.scored {
            let values = rule_values(read.kind, &fields);
            entry.facts.push(Fact { record: row.record, kind: read.ix, day: row.day, class: row.class, values });
        }
    }
    Ok(told)
}

fn fields(row: &FactRow, codes: &[&str]) -> Result<serde_json::Value, Error> {
    super::fields::some(&row.fields, codes).map_err(|e| Error::inconsistent(format!("fields of record {}: {e}", row.record.0)))
}

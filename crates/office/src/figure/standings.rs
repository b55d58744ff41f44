//! Everybody's grade at the end of each month, by the one kernel: facts are read once, a chunk of subjects at a time, and the same chunk
//! is evaluated for every day that is asked for, several chunks at once where there is help. Whoever was evaluated before on the same day
//! by the same pack is evaluated again only where a record of theirs changed since, or what silence says in their area. No explanation is
//! made and no result is stored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use xinzhi_core::journal::Position;
use xinzhi_core::{Day, SubjectId};
use xinzhi_evaluate::{Coverage, Plan, Question, Subject, evaluate_days};
use xinzhi_rules::Pack;
use xinzhi_rules::figure::{Figure, Population, State};
use xinzhi_rules::model::{Scorecard, ScorecardIx, SubjectKindIx};
use xinzhi_store::Connection;
use xinzhi_store::figure::Member;

use super::census::Census;
use super::item::{Item, Shared, Texts};
use super::kept::{Behind, Counted};
use super::month::Month;
use crate::everybody::share::share;
use crate::everybody::{Piece, Reading, Sought, Told};
use crate::{Error, Office};

/// The month had not begun for this subject: it was registered later.
const ABSENT: u8 = u8::MAX;
/// Not evaluable.
const UNGRADED: u8 = u8::MAX - 1;

/// How an organisation stands, as many do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stands {
    kind: Arc<str>,
    /// As its registration tells it.
    pub(crate) area: Shared,
    place: Shared,
    /// In the order of [`Standings::months`].
    grades: Vec<u8>,
}

/// Everybody whom a scorecard evaluates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standings {
    /// Months with the day on which each was evaluated, oldest first.
    pub(crate) months: Vec<(Month, Day)>,
    pub(crate) census: Census<Stands>,
    /// What silence says in each area: by month, by indicator.
    silences: BTreeMap<Shared, Vec<bool>>,
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

    fn profile(&self) -> (&Arc<str>, &Shared, &Shared) {
        (&self.kind, &self.area, &self.place)
    }
}

impl Standings {
    /// How many stand how in each month. Those of one kind, area and place lie together, so that only grades are told apart by looking up.
    fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        let mut sums: BTreeMap<(usize, u8), Item> = BTreeMap::new();
        let mut profile = None;
        for (stands, many) in self.census.ways() {
            if profile != Some(stands.profile()) {
                items.extend(std::mem::take(&mut sums).into_values());
                profile = Some(stands.profile());
            }
            for ((index, (month, _)), grade) in self.months.iter().enumerate().zip(&stands.grades) {
                if let Some(sum) = sums.get_mut(&(index, *grade)) {
                    sum.many += many;
                } else if let Some(item) = stands.item(index, *month) {
                    sums.insert((index, *grade), Item { many, ..item });
                }
            }
        }
        items.extend(sums.into_values());
        items
    }

    fn of_areas(&self, areas: &BTreeSet<&Shared>) -> BTreeSet<SubjectId> {
        if areas.is_empty() {
            return BTreeSet::new();
        }
        self.census.subjects().filter(|(_, stands)| areas.contains(&stands.area)).map(|(subject, _)| subject).collect()
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

/// What is asked of everybody.
struct Asked<'a> {
    office: &'a Office,
    pack: &'a Pack,
    card: ScorecardIx,
    plan: Plan,
    reading: Reading<'a>,
    days: Vec<(Month, Day)>,
    known: Position,
    /// What was reported for each area, asked once: many subjects share one.
    areas: Mutex<BTreeMap<Shared, Area>>,
}

/// What was reported for an area, and what its silence says: by month, by indicator.
#[derive(Clone, Debug)]
struct Area {
    coverage: Arc<Coverage>,
    silence: Vec<bool>,
}

/// Evaluates everybody as known at `known`, and again only those about whom something changed since they were evaluated `earlier`, on the
/// same day by the same pack.
pub(crate) fn standings(
    connection: &mut Connection,
    office: &Office,
    (pack, figure, today): (&Pack, &Figure, Day),
    known: Position,
    earlier: Option<(&Standings, Position)>,
) -> Result<Counted, Error> {
    let Population::Evaluations { scorecard, place } = figure.counts else { return Ok(Counted::of(Vec::new(), known)) };
    let plan = Plan::compile(pack, scorecard).map_err(|fault| Error::inconsistent(fault.to_string()))?;
    let ruled = plan.reads().iter().map(|(kind, reads)| (*kind, reads.fields.clone())).collect();
    let reading = Reading::new(pack, &ruled, place.as_slice());
    let asked = Asked { office, pack, card: scorecard, plan, reading, days: days(figure, pack, today), known, areas: Mutex::default() };
    let earlier = earlier.filter(|(earlier, then)| earlier.months == asked.days && *then <= known);
    let nobody = Standings { months: asked.days.clone(), ..Standings::default() };
    let now = match earlier {
        Some((standings, then)) => asked.anew(connection, standings.clone(), then)?,
        None => asked.anew(connection, nobody, known)?,
    };
    Ok(Counted { behind: Behind::Standings(now.clone()), ..Counted::of(now.items(), known) })
}

impl Asked<'_> {
    fn card(&self) -> Result<&Scorecard, Error> {
        self.pack.scorecard(self.card).ok_or_else(|| Error::inconsistent("a figure of no scorecard"))
    }

    /// Evaluates those who may stand otherwise than at `then`, and those who were not there.
    fn anew(&self, connection: &mut Connection, mut standings: Standings, then: Position) -> Result<Standings, Error> {
        let mut moved: BTreeSet<&Shared> = BTreeSet::new();
        for (area, said) in &standings.silences {
            if self.area(connection, area)?.silence != *said {
                moved.insert(area);
            }
        }
        let last = standings.census.last().unwrap_or(SubjectId(0));
        let mut again = standings.of_areas(&moved);
        if last > SubjectId(0) {
            again.extend(xinzhi_store::figure::changed(connection, then)?.into_iter().filter(|id| *id <= last));
        }
        let end = xinzhi_store::projection::last_subject(connection)?;
        let pieces: Vec<Piece> = Piece::these(&again).chain(Piece::between(last, end)).collect();

        let subjects: Vec<&str> = self.card()?.subjects.iter().filter_map(|ix| Some(self.pack.subject_kind(*ix)?.id.as_str())).collect();
        let records: Vec<&str> = self.reading.kinds().collect();
        let sought = Sought { subjects: &subjects, records: &records, known: self.known };
        let work = |connection: &mut Connection, piece: &Piece| self.evaluated(connection, &sought, piece);
        // Whoever is not found again does not count any more.
        for subject in again {
            standings.census.put(subject, None);
        }
        let census = &mut standings.census;
        let take = |found: Vec<(SubjectId, Stands)>| found.into_iter().for_each(|(subject, stands)| census.put(subject, Some(stands)));
        share((self.office, connection), &pieces, work, take)?;
        let areas = self.areas.lock().unwrap_or_else(PoisonError::into_inner);
        standings.silences = areas.iter().map(|(area, said)| (area.clone(), said.silence.clone())).collect();
        drop(areas);
        Ok(standings)
    }

    /// What was reported for an area as far as this count knows.
    fn area(&self, connection: &mut Connection, area: &Shared) -> Result<Area, Error> {
        let known = || self.areas.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(area) {
            return Ok(known.clone());
        }
        let (coverage, _) = self.office.coverage.of_area(connection, self.pack, area.as_deref(), self.known)?;
        let silence = self.days.iter().flat_map(|(_, as_of)| self.plan.silence(&coverage, *as_of)).collect();
        Ok(known().entry(area.clone()).or_insert(Area { coverage, silence }).clone())
    }

    fn evaluated(&self, connection: &mut Connection, sought: &Sought<'_>, piece: &Piece) -> Result<Vec<(SubjectId, Stands)>, Error> {
        let (mut members, rows) = sought.read(connection, piece)?;
        let (card, mut texts) = (self.card()?, Texts::default());
        let (told, nothing) = (self.reading.told(&rows)?, self.reading.nothing());
        // Whoever was only staged, or came in later than this count knows, is nobody yet.
        let silent: Vec<SubjectId> = members.iter().map(|member| member.subject).filter(|subject| !told.contains_key(subject)).collect();
        let known: BTreeSet<SubjectId> = xinzhi_store::figure::ever_known(connection, &silent, self.known)?.into_iter().collect();
        members.retain(|member| told.contains_key(&member.subject) || known.contains(&member.subject));
        let mut coverages = Vec::new();
        let mut evaluated: Vec<(&Member, SubjectKindIx, &Told, Shared)> = Vec::new();
        for member in &members {
            let kind = self.pack.subject_kind_by_id(&member.kind).filter(|(kind, _)| card.subjects.contains(kind));
            let Some((kind, _)) = kind else { continue };
            let told = told.get(&member.subject).unwrap_or(&nothing);
            // As the subject's page has it: by its registration.
            let area = texts.some(told.area.as_deref());
            coverages.push(self.area(connection, &area)?.coverage);
            evaluated.push((member, kind, told, area));
        }
        let subjects: Vec<Subject<'_>> = evaluated
            .iter()
            .zip(&coverages)
            .map(|((_, kind, told, _), coverage)| Subject { kind: *kind, facts: &told.facts, coverage })
            .collect();
        let grades = self.grades(&subjects)?;
        let stands = evaluated.into_iter().zip(grades).map(|((member, _, told, area), grades)| {
            let place = told.latest.first().and_then(Option::as_ref).and_then(serde_json::Value::as_str);
            let then =
                |(grade, (_, as_of)): (u8, &(Month, Day))| if told.since.is_some_and(|since| since > *as_of) { ABSENT } else { grade };
            let grades = grades.into_iter().zip(&self.days).map(then).collect();
            (member.subject, Stands { kind: texts.one(&member.kind), area, place: texts.some(place), grades })
        });
        Ok(stands.collect())
    }

    /// Of each subject its grade on each day.
    fn grades(&self, subjects: &[Subject<'_>]) -> Result<Vec<Vec<u8>>, Error> {
        let days: Vec<Day> = self.days.iter().map(|(_, as_of)| *as_of).collect();
        let Some(last) = days.last() else { return Ok(subjects.iter().map(|_| Vec::new()).collect()) };
        let question = Question { pack: self.pack, card: self.card, as_of: *last };
        let standings = evaluate_days(&question, &days, subjects).map_err(|fault| Error::inconsistent(fault.to_string()))?;
        let grades = standings.into_iter().map(|standings| {
            let standings = standings.map_err(|fault| Error::inconsistent(fault.to_string()))?;
            let grade = |grade: Option<usize>| grade.and_then(|grade| u8::try_from(grade).ok()).unwrap_or(UNGRADED);
            Ok(standings.iter().map(|standing| grade(standing.grade)).collect())
        });
        grades.collect()
    }
}

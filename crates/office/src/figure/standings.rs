//! Everybody's grade at the end of each month, by the one kernel: facts are read once, a chunk of subjects at a time, and the same chunk
//! is evaluated for every day that is asked for. Whoever was evaluated before on the same day by the same pack is evaluated again only
//! where a record of theirs changed since, or what silence says in their area. No explanation is made and no result is stored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use xinzhi_core::journal::Position;
use xinzhi_core::{Day, SubjectId};
use xinzhi_evaluate::{Plan, Question, Subject, evaluate_many};
use xinzhi_rules::Pack;
use xinzhi_rules::figure::{Figure, Population, State};
use xinzhi_rules::model::{Scorecard, ScorecardIx, SubjectKindIx};
use xinzhi_store::Connection;
use xinzhi_store::figure::{FactRow, Member};

use super::item::{Item, Shared, Texts, changed};
use super::kept::Counted;
use super::month::Month;
use crate::Error;
use crate::coverage::CoverageCache;
use crate::everybody::{self, Reading, Sought, Told};

/// The month had not begun for this subject: it was registered later.
const ABSENT: u8 = u8::MAX;
/// Not evaluable.
const UNGRADED: u8 = u8::MAX - 1;

/// One organisation with its grades, in the order of [`Standings::months`].
#[derive(Clone, Debug)]
pub(crate) struct Stands {
    pub(crate) subject: SubjectId,
    kind: Arc<str>,
    /// As its registration tells it.
    pub(crate) area: Shared,
    place: Shared,
    grades: Vec<u8>,
}

/// Everybody whom a scorecard evaluates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standings {
    /// Months with the day on which each was evaluated, oldest first.
    pub(crate) months: Vec<(Month, Day)>,
    pub(crate) subjects: BTreeMap<SubjectId, Arc<Stands>>,
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
}

impl Standings {
    /// One subject in every month in which it was there.
    fn items<'s>(&'s self, stands: &'s Stands) -> impl Iterator<Item = Item> + 's {
        self.months.iter().enumerate().filter_map(|(index, (month, _))| stands.item(index, *month))
    }

    fn of_areas(&self, areas: &BTreeSet<&Shared>) -> impl Iterator<Item = SubjectId> {
        self.subjects.values().filter(|stands| areas.contains(&stands.area)).map(|stands| stands.subject)
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
    pack: &'a Pack,
    card: ScorecardIx,
    plan: Plan,
    reading: Reading<'a>,
    days: Vec<(Month, Day)>,
    known: Position,
    coverages: &'a CoverageCache,
}

/// Evaluates everybody as known at the head, and again only those about whom something changed since they were evaluated `earlier`, on the
/// same day by the same pack.
pub(crate) fn standings(
    connection: &mut Connection,
    coverages: &CoverageCache,
    (pack, figure, today): (&Pack, &Figure, Day),
    known: Position,
    earlier: Option<&Counted>,
) -> Result<Counted, Error> {
    let Population::Evaluations { scorecard, place } = figure.counts else { return Ok(Counted::of(Vec::new(), known)) };
    let plan = Plan::compile(pack, scorecard).map_err(|fault| Error::inconsistent(fault.to_string()))?;
    let ruled = plan.reads().iter().map(|(kind, reads)| (*kind, reads.fields.clone())).collect();
    let reading = Reading::new(pack, &ruled, place.as_slice());
    let asked = Asked { pack, card: scorecard, plan, reading, days: days(figure, pack, today), known, coverages };
    let nobody = Counted { standings: Standings { months: asked.days.clone(), ..Standings::default() }, ..Counted::of(Vec::new(), known) };
    let earlier = earlier.filter(|earlier| earlier.standings.months == asked.days && earlier.known <= known).unwrap_or(&nobody);
    let fresh = asked.anew(connection, earlier)?;

    let (mut now, mut changes) = (Standings { silences: fresh.silences, ..earlier.standings.clone() }, Vec::new());
    for id in fresh.looked_at {
        if let Some(stood) = now.subjects.remove(&id) {
            changes.extend(earlier.standings.items(&stood).map(|item| Item { many: -item.many, ..item }));
        }
    }
    for stands in fresh.stands {
        changes.extend(earlier.standings.items(&stands));
        now.subjects.insert(stands.subject, Arc::new(stands));
    }
    Ok(Counted { standings: now, ..Counted::of(changed(&earlier.items, changes), known) })
}

/// Whoever was evaluated anew.
struct Anew {
    looked_at: BTreeSet<SubjectId>,
    stands: Vec<Stands>,
    silences: BTreeMap<Shared, Vec<bool>>,
}

impl Asked<'_> {
    fn card(&self) -> Result<&Scorecard, Error> {
        self.pack.scorecard(self.card).ok_or_else(|| Error::inconsistent("a figure of no scorecard"))
    }

    /// Evaluates those who may stand otherwise than before, and those who were not there.
    fn anew(&self, connection: &mut Connection, earlier: &Counted) -> Result<Anew, Error> {
        let before = &earlier.standings;
        let mut silences = BTreeMap::new();
        for area in before.silences.keys() {
            silences.insert(area.clone(), self.silence(connection, area)?);
        }
        let moved: BTreeSet<&Shared> =
            before.silences.iter().filter(|(area, said)| silences.get(*area) != Some(*said)).map(|(a, _)| a).collect();
        let last = before.subjects.keys().next_back().copied().unwrap_or(SubjectId(0));
        let mut looked_at: BTreeSet<SubjectId> = before.of_areas(&moved).collect();
        if last > SubjectId(0) {
            looked_at.extend(xinzhi_store::figure::changed(connection, earlier.known)?.into_iter().filter(|id| *id <= last));
        }
        let subjects: Vec<&str> = self.card()?.subjects.iter().filter_map(|ix| Some(self.pack.subject_kind(*ix)?.id.as_str())).collect();
        let records: Vec<&str> = self.reading.kinds().collect();
        let sought = Sought { subjects: &subjects, records: &records, known: self.known };
        let (mut texts, mut stands) = (Texts::default(), Vec::new());
        let mut take = |connection: &mut Connection, members: &[Member], rows: &[FactRow]| {
            stands.extend(self.chunk(connection, (members, rows), &mut texts)?);
            Ok(())
        };
        sought.each_of(connection, &looked_at, &mut take)?;
        sought.each_after(connection, last, &mut take)?;
        for stands in &stands {
            if !silences.contains_key(&stands.area) {
                silences.insert(stands.area.clone(), self.silence(connection, &stands.area)?);
            }
        }
        Ok(Anew { looked_at, stands, silences })
    }

    /// What silence says in an area, by month, by indicator.
    fn silence(&self, connection: &mut Connection, area: &Shared) -> Result<Vec<bool>, Error> {
        let (coverage, _) = self.coverages.of_area(connection, self.pack, area.as_deref(), self.known)?;
        Ok(self.days.iter().flat_map(|(_, as_of)| self.plan.silence(&coverage, *as_of)).collect())
    }

    fn chunk(
        &self,
        connection: &mut Connection,
        (members, rows): (&[Member], &[FactRow]),
        texts: &mut Texts,
    ) -> Result<Vec<Stands>, Error> {
        let card = self.card()?;
        let (told, nothing) = (self.reading.told(rows)?, self.reading.nothing());
        let evaluated: Vec<(Member, SubjectKindIx, &Told)> = members
            .iter()
            .filter_map(|member| {
                let (kind, _) = self.pack.subject_kind_by_id(&member.kind).filter(|(kind, _)| card.subjects.contains(kind))?;
                let told = told.get(&member.subject).unwrap_or(&nothing);
                // As the subject's page has it: by its registration.
                Some((Member { area: told.area.clone(), ..member.clone() }, kind, told))
            })
            .collect();
        let of = evaluated.iter().map(|(member, _, _)| member.area.as_deref());
        let covered = everybody::coverages(connection, (self.coverages, self.pack, self.known), of)?;
        let subjects: Vec<Subject<'_>> = evaluated
            .iter()
            .zip(&covered)
            .map(|((_, kind, told), coverage)| Subject { kind: *kind, facts: &told.facts, coverage })
            .collect();
        let grades = self.grades(&subjects, &evaluated)?;
        let place = |told: &Told| told.latest.first()?.as_ref()?.as_str().map(str::to_owned);
        let stands = evaluated.iter().zip(grades).map(|((member, _, told), grades)| Stands {
            subject: member.subject,
            kind: texts.one(&member.kind),
            area: texts.some(member.area.as_deref()),
            place: texts.some(place(told).as_deref()),
            grades,
        });
        Ok(stands.collect())
    }

    /// Of each subject its grade on each day.
    fn grades(&self, subjects: &[Subject<'_>], evaluated: &[(Member, SubjectKindIx, &Told)]) -> Result<Vec<Vec<u8>>, Error> {
        let mut grades: Vec<Vec<u8>> = vec![Vec::with_capacity(self.days.len()); subjects.len()];
        for (_, as_of) in &self.days {
            let question = Question { pack: self.pack, card: self.card, as_of: *as_of };
            let standings = evaluate_many(&question, subjects).map_err(|fault| Error::inconsistent(fault.to_string()))?;
            for ((grades, standing), (_, _, told)) in grades.iter_mut().zip(standings).zip(evaluated) {
                let grade = standing.map_err(|fault| Error::inconsistent(fault.to_string()))?.grade;
                let later = told.since.is_some_and(|since| since > *as_of);
                grades.push(if later { ABSENT } else { grade.and_then(|grade| u8::try_from(grade).ok()).unwrap_or(UNGRADED) });
            }
        }
        Ok(grades)
    }
}

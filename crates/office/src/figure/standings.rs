//! Everybody's grade at the end of each month, by the one kernel: facts are read once, a chunk of subjects at a time, and the same chunk
//! is evaluated for every day that is asked for. No explanation is made and no result is stored.

use std::sync::Arc;

use xinzhi_core::journal::Position;
use xinzhi_core::{Day, SubjectId};
use xinzhi_evaluate::{Plan, Question, Subject, evaluate_many};
use xinzhi_rules::Pack;
use xinzhi_rules::figure::{Figure, Population, State};
use xinzhi_rules::model::{ScorecardIx, SubjectKindIx};
use xinzhi_store::Connection;
use xinzhi_store::figure::{FactRow, Member};

use super::item::{Item, Shared, Texts, folded};
use super::month::Month;
use crate::Error;
use crate::coverage::CoverageCache;
use crate::everybody::{self, Reading, Told};

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

/// What is asked of everybody.
struct Asked<'a> {
    pack: &'a Pack,
    card: ScorecardIx,
    reading: Reading<'a>,
    days: Vec<(Month, Day)>,
    known: Position,
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
    let ruled = plan.reads().iter().map(|(kind, reads)| (*kind, reads.fields.clone())).collect();
    let reading = Reading::new(pack, &ruled, place.as_slice());
    let kinds: Vec<&str> = reading.kinds().collect();
    let asked = Asked { pack, card: scorecard, reading, days: days(figure, pack, today), known };
    let mut texts = Texts::default();
    let mut all = Standings { months: asked.days.clone(), subjects: Vec::new() };
    everybody::each_chunk(connection, (&kinds, known), |connection, members, rows| {
        all.subjects.extend(chunk(connection, coverages, &asked, (members, rows), &mut texts)?);
        Ok(())
    })?;
    Ok(all)
}

fn chunk(
    connection: &mut Connection,
    coverages: &CoverageCache,
    asked: &Asked<'_>,
    (members, rows): (&[Member], &[FactRow]),
    texts: &mut Texts,
) -> Result<Vec<Stands>, Error> {
    let card = asked.pack.scorecard(asked.card).ok_or_else(|| Error::inconsistent("a figure of no scorecard"))?;
    let (told, nothing) = (asked.reading.told(rows)?, asked.reading.nothing());
    let evaluated: Vec<(&Member, SubjectKindIx, &Told)> = members
        .iter()
        .filter_map(|member| {
            let (kind, _) = asked.pack.subject_kind_by_id(&member.kind).filter(|(kind, _)| card.subjects.contains(kind))?;
            Some((member, kind, told.get(&member.subject).unwrap_or(&nothing)))
        })
        .collect();
    let of = evaluated.iter().map(|(member, _, _)| *member);
    let covered = everybody::coverages(connection, (coverages, asked.pack, asked.known), of)?;
    let subjects: Vec<Subject<'_>> =
        evaluated.iter().zip(&covered).map(|((_, kind, told), coverage)| Subject { kind: *kind, facts: &told.facts, coverage }).collect();
    let mut grades: Vec<Vec<u8>> = vec![Vec::with_capacity(asked.days.len()); subjects.len()];
    for (_, as_of) in &asked.days {
        let question = Question { pack: asked.pack, card: asked.card, as_of: *as_of };
        let standings = evaluate_many(&question, &subjects).map_err(|fault| Error::inconsistent(fault.to_string()))?;
        for ((grades, standing), (_, _, told)) in grades.iter_mut().zip(standings).zip(&evaluated) {
            let grade = standing.map_err(|fault| Error::inconsistent(fault.to_string()))?.grade;
            let later = told.since.is_some_and(|since| since > *as_of);
            grades.push(if later { ABSENT } else { grade.and_then(|grade| u8::try_from(grade).ok()).unwrap_or(UNGRADED) });
        }
    }
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

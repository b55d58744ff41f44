//! Who does what and when, before a line is written: the conduct of every subject over the years.
//!
//! Most subjects are clean. What is planned here is small beside the register: the many inspections and licences come after,
//! in the number that is left.

use std::collections::BTreeMap;

use xinzhi_core::Day;

use super::Size;
use super::dice::{Dice, Stream};
use super::licences::{Grant, choose, demand};
use super::lists::Event;
use super::offences::{OFFENCES, TOBACCO_OFFENCES};
use super::organs::Organ;
use super::penalties::{Party, Penalty};
use super::subject::{OTHERS, Population, Subject, back};

/// Everything planned, each list in the order of days.
#[derive(Debug, Default)]
pub struct Plan {
    /// Decisions by department.
    pub penalties: BTreeMap<usize, Vec<Penalty>>,
    /// Decisions of the department that still delivers the old layout.
    pub legacy: Vec<Penalty>,
    pub abnormal: Vec<Event>,
    pub serious: Vec<Event>,
    pub honours: Vec<Event>,
    pub commitments: Vec<Event>,
    /// Licences by department.
    pub licences: BTreeMap<usize, Vec<Grant>>,
    planned: usize,
    budget: usize,
}

/// The days in which records fall.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    pub from: Day,
    pub through: Day,
}

impl Period {
    /// The years of `size` up to its last day.
    pub fn of(size: &Size) -> Period {
        let months = i32::try_from(size.years).unwrap_or(1).saturating_mul(12);
        Period { from: size.through.plus_months(-months).plus_days(1), through: size.through }
    }

    /// A working day not before `founded`; decisions fall on weekdays.
    pub fn day(self, founded: Day, dice: &mut Dice) -> Day {
        let first = self.from.max(founded).number();
        let days = u64::try_from(self.through.number() - first).unwrap_or(0);
        let chosen = first + i64::try_from(dice.below(days)).unwrap_or(0);
        weekday(Day::from_number(chosen).unwrap_or(self.through)).max(self.from)
    }

    /// The day of row `at` of `rows` when a file runs through the period in order.
    pub fn at(self, at: usize, rows: usize) -> Day {
        let days = u64::try_from(self.through.number() - self.from.number()).unwrap_or(0);
        let (at, rows) = (u64::try_from(at).unwrap_or(0), u64::try_from(rows.max(1)).unwrap_or(1));
        let chosen = self.from.number() + i64::try_from(u128::from(days) * u128::from(at) / u128::from(rows)).unwrap_or(0);
        weekday(Day::from_number(chosen).unwrap_or(self.through)).max(self.from)
    }
}

/// The Friday before a weekend, else the day itself.
fn weekday(day: Day) -> Day {
    let mut day = day;
    while day.is_weekend() {
        day = back(day, 1);
    }
    day
}

/// Shares of subjects, in ten thousandths, with each kind of conduct where records are plenty.
const PUNISHED: u64 = 600;
const ABNORMAL: u64 = 200;
const SERIOUS: u64 = 30;
const HONOURED: u64 = 400;
const COMMITTED: u64 = 900;
const SMOKES: u64 = 60;
/// Records that these shares bring for ten thousand subjects, about.
const RECORDS: u64 = 2_900;

impl Plan {
    /// Plans the conduct of all subjects; at most seven tenths of the records.
    pub fn conduct(size: &Size, population: Population) -> Plan {
        let mut plan = Plan { budget: size.records * 7 / 10, ..Plan::default() };
        let period = Period::of(size);
        let subjects = u64::try_from(size.subjects).unwrap_or(0);
        let wanted = u64::try_from(size.records * 6 / 10).unwrap_or(0);
        // With few records for many subjects, everything becomes rarer alike.
        let scale = (wanted * 10_000_000 / (subjects * RECORDS).max(1)).min(1000);
        for number in 0..subjects {
            let mut dice = Dice::new(population.seed, Stream::Conduct, number);
            let mut happens = |share: u64| dice.below(10_000_000) < share * scale;
            let what = [PUNISHED, ABNORMAL, SERIOUS, HONOURED, COMMITTED, SMOKES].map(&mut happens);
            if what.contains(&true) {
                let subject = population.subject(number);
                if subject.is_active() {
                    plan.live(number, &subject, what, (period, &mut dice));
                }
            }
        }
        plan.persons(period, population);
        plan.sort();
        plan
    }

    fn live(&mut self, number: u64, subject: &Subject, what: [bool; 6], (period, dice): (Period, &mut Dice)) {
        let [punished, abnormal, serious, honoured, committed, smokes] = what;
        let is_entity = subject.form.is_market_entity();
        if punished || serious {
            let count = *dice.weighted(&[(1, 60), (2, 22), (3, 10), (4, 5), (5, 3)], |(_, weight)| *weight);
            for _ in 0..count.0 {
                self.punish(number, subject, (period, dice));
            }
        }
        let mut event = |list: &mut Vec<Event>, happened: bool| {
            let fits = happened && self.planned < self.budget;
            if fits {
                self.planned += 1;
                list.push(Event { day: period.day(subject.founded, dice), subject: number });
            }
        };
        event(&mut self.abnormal, abnormal && is_entity);
        event(&mut self.serious, serious);
        // Who is punished or listed is not honoured.
        event(&mut self.honours, honoured && !(punished || abnormal || serious));
        event(&mut self.commitments, committed);
        let is_shop = TOBACCO_OFFENCES.iter().any(|offence| offence.weight(subject.trade.sectors) > 0);
        if smokes && is_shop && self.planned < self.budget {
            self.planned += 1;
            let offence = dice.weighted(&TOBACCO_OFFENCES, |offence| offence.weight(subject.trade.sectors));
            let day = period.day(subject.founded, dice);
            self.legacy.push(Penalty { day, offence, party: Party::Subject(number), joined: false });
        }
    }

    fn punish(&mut self, number: u64, subject: &Subject, (period, dice): (Period, &mut Dice)) {
        let offence = dice.weighted(&OFFENCES, |offence| offence.weight(subject.trade.sectors));
        let day = period.day(subject.founded, dice);
        self.penalty(Penalty { day, offence, party: Party::Subject(number), joined: false });
        // One decision in forty names further parties: here persons who took part.
        if dice.chance(25) {
            for further in 0..=dice.below(2) {
                let person = OTHERS + (number * 3 + further) % 2_000_000;
                self.penalty(Penalty { day, offence, party: Party::Person(person), joined: true });
            }
        }
    }

    fn penalty(&mut self, penalty: Penalty) {
        if self.planned < self.budget {
            self.planned += 1;
            self.penalties.entry(penalty.offence.organ.index()).or_default().push(penalty);
        }
    }

    /// Persons punished on their own account: one decision in twenty.
    fn persons(&mut self, period: Period, population: Population) {
        let count = self.penalties.values().map(Vec::len).sum::<usize>() / 20;
        for number in 0..u64::try_from(count).unwrap_or(0) {
            let mut dice = Dice::new(population.seed, Stream::Conduct, (1 << 40) | number);
            let street = |organ: Organ| matches!(organ, Organ::City | Organ::Transport | Organ::Fire);
            let offence = dice.weighted(&OFFENCES, |o| u32::from(street(o.organ)));
            let day = period.day(period.from, &mut dice);
            self.penalty(Penalty { day, offence, party: Party::Person(OTHERS + 2_000_000 + number), joined: false });
        }
    }

    /// Plans `count` licences.
    pub fn license(&mut self, count: usize, size: &Size, population: Population) {
        let period = Period::of(size);
        for number in 0..u64::try_from(count).unwrap_or(0) {
            let mut dice = Dice::new(population.seed, Stream::Permits, (1 << 50) | number);
            let (mut subject, mut found) = active(size, population, period.through, &mut dice);
            for _ in 0..4 {
                // Trades that hardly need a licence are seldom seen at the counter.
                if demand(found.trade.sectors) >= 20 || dice.chance(200) {
                    break;
                }
                (subject, found) = active(size, population, period.through, &mut dice);
            }
            let licence = choose(found.trade.sectors, &mut dice);
            let grant = Grant { day: period.day(found.founded, &mut dice), licence, subject };
            self.licences.entry(licence.organ.index()).or_default().push(grant);
        }
        for grants in self.licences.values_mut() {
            grants.sort_by_key(|grant| (grant.day, grant.subject));
        }
    }

    /// By day; the further parties of a decision stay behind it, since they were planned with it and share its day.
    fn sort(&mut self) {
        for penalties in self.penalties.values_mut() {
            *penalties = by_decision(penalties);
        }
        self.legacy.sort_by_key(|penalty| penalty.day);
        for events in [&mut self.abnormal, &mut self.serious, &mut self.honours, &mut self.commitments] {
            events.sort_by_key(|event| (event.day, event.subject));
        }
    }
}

/// Sorts by the day of the decision without parting a decision from its further parties.
fn by_decision(penalties: &[Penalty]) -> Vec<Penalty> {
    let mut decisions: Vec<&[Penalty]> = penalties.chunk_by(|_, next| next.joined).collect();
    decisions.sort_by_key(|decision| decision.first().map(|penalty| penalty.day));
    decisions.concat()
}

/// A subject in business that existed by `day`.
pub fn active(size: &Size, population: Population, day: Day, dice: &mut Dice) -> (u64, Subject) {
    const TRIES: u32 = 64;
    let subjects = u64::try_from(size.subjects).unwrap_or(0);
    let mut drawn = dice.below(subjects);
    let mut subject = population.subject(drawn);
    for _ in 0..TRIES {
        if subject.is_active() && subject.founded <= day {
            break;
        }
        drawn = dice.below(subjects);
        subject = population.subject(drawn);
    }
    (drawn, subject)
}

//! Writes the county, file by file, in the order in which the files are to be imported.

use std::io;
use std::path::Path;

use xinzhi_core::{Day, Span};

use super::defects::{Defect, Planting};
use super::dice::{Dice, Stream};
use super::layout::{ABNORMAL, COMMITMENT, HONOUR, INSPECTION, LEGACY, LICENCE, Layout, PENALTY, REGISTRATION, SERIOUS};
use super::lists::{self, Event};
use super::offences::OFFENCES;
use super::organs::{Numbers, Organ};
use super::outgoing::{DayStyle, Desk, Habit, Outgoing};
use super::penalties::{self, Party, Penalty};
use super::plan::{Period, Plan, active};
use super::sheet::{Format, Row};
use super::subject::Population;
use super::{Delivery, Size, inspections, licences};

/// Rows between two reports of progress.
const STRIDE: u64 = 2048;

/// Rows in ten thousand that have a defect.
const USUAL: usize = 100;

/// Smallest file that gets every kind of defect at least once.
const SHOWCASE_ROWS_MIN: usize = 60;

/// Whether a file has the defects of real files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defects {
    /// None.
    None,
    /// About one row in a hundred.
    Usual,
}

/// Writes the county into `out`, the register first. `progress` hears of rows written and rows in all.
///
/// # Errors
/// What the file system says; and a county without subjects, or without days, is refused.
pub fn write(size: &Size, out: &Path, progress: &mut dyn FnMut(u64, u64)) -> io::Result<Vec<Delivery>> {
    checked(size)?;
    std::fs::create_dir_all(out)?;
    let population = Population { seed: size.seed, through: size.through };
    let total = u64::try_from(size.subjects + size.records).unwrap_or(u64::MAX);
    let mut office = Office { size, population, period: Period::of(size), out, done: 0, total, progress, deliveries: Vec::new() };
    let mut plan = Plan::conduct(size, population);

    office.register()?;
    office.penalties(&plan)?;
    office.legacy(&plan)?;
    office.lists(&plan)?;
    let left = size.records.saturating_sub(office.records());
    plan.license(left / 3, size, population);
    office.licences(&plan)?;
    let left = size.records.saturating_sub(office.records());
    office.inspections(left)?;

    (office.progress)(total, total);
    office.deliveries.sort_by_key(|delivery| ORDER.iter().position(|source| *source == delivery.source));
    Ok(office.deliveries)
}

/// The order of import: who there is, what they may do, what they did, what followed.
const ORDER: [&str; 9] =
    ["registration", "xk-2018", "cf-legacy", "cf-2018", "inspection", "abnormal", "serious-list", "honour", "commitment"];

fn checked(size: &Size) -> io::Result<()> {
    if size.subjects == 0 || size.years == 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "主体数量和年数都应大于 0，请改正后重试"));
    }
    Ok(())
}

/// The writing of one county.
struct Office<'a> {
    size: &'a Size,
    population: Population,
    period: Period,
    out: &'a Path,
    done: u64,
    total: u64,
    progress: &'a mut dyn FnMut(u64, u64),
    deliveries: Vec<Delivery>,
}

impl Office<'_> {
    fn desk(&self) -> Desk<'_> {
        Desk { out: self.out, seed: self.size.seed, through: self.size.through }
    }

    fn tick(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(STRIDE) {
            (self.progress)(self.done.min(self.total), self.total);
        }
    }

    /// Rows written so far, the register apart.
    fn records(&self) -> usize {
        self.deliveries.iter().filter(|delivery| delivery.source != REGISTRATION.source).map(|delivery| delivery.rows).sum()
    }

    fn whole(&self) -> Span {
        Span { from: self.period.from, until: Some(self.period.through) }
    }

    fn planting(&self, rows: usize, habit: Habit, salt: u64) -> Planting {
        let mut dice = Dice::new(self.size.seed, Stream::Defects, (1 << 50) | salt);
        let each = habit.layout.source == PENALTY.source && habit.supplier == Organ::Market && rows >= SHOWCASE_ROWS_MIN;
        Planting::of(rows, (USUAL, usize::from(each)), |defect| habit.fits(defect), &mut dice)
    }

    fn register(&mut self) -> io::Result<()> {
        let habit = plain(&REGISTRATION, Organ::Market, Format::Utf8);
        let fits = |defect: Defect| habit.fits(defect) && !matches!(defect, Defect::MaskedName | Defect::MissingCode);
        let mut dice = Dice::new(self.size.seed, Stream::Defects, 1);
        // A fault in the register costs a subject its name for every later file: a tenth of the usual share.
        let planting = Planting::of(self.size.subjects, (USUAL / 10, 0), fits, &mut dice);
        let mut file = Outgoing::open(self.desk(), "01-registration", habit, planting)?;
        let mut earliest = self.period.from;
        for number in 0..u64::try_from(self.size.subjects).unwrap_or(0) {
            let subject = self.population.subject(number);
            if subject.form.is_market_entity() {
                let founded = subject.founded;
                earliest = earliest.min(founded);
                file.put(lists::registration(self.population, number, subject), founded)?;
            }
            self.tick();
        }
        let covers = Some(Span { from: earliest, until: Some(self.period.through) });
        self.deliveries.push(file.finish(covers)?);
        Ok(())
    }

    fn penalties(&mut self, plan: &Plan) -> io::Result<()> {
        let mut numbers = Numbers::default();
        let last = plan.penalties.keys().next_back().copied();
        for (index, penalties) in &plan.penalties {
            let Some(organ) = penalties.first().map(|penalty| penalty.offence.organ) else { continue };
            let habit = of_department(&PENALTY, organ).for_rows(penalties.len());
            let salt = u64::try_from(*index).unwrap_or(0) << 8;
            let planting = self.planting(penalties.len(), habit, salt | 1);
            let mut file = Outgoing::open(self.desk(), &format!("03-cf-2018-{}", slug(organ)), habit, planting)?;
            let mut number = String::new();
            for (row, penalty) in (0_u64..).zip(penalties) {
                if !penalty.joined || number.is_empty() {
                    number = numbers.next(organ, "罚", penalty.day.year());
                }
                let draw = (salt << 24) | row;
                file.put(penalties::row(self.population, penalty, number.clone(), draw), penalty.day)?;
                if penalty.joined {
                    file.count("further-party");
                }
                self.tick();
            }
            // Only with the last department's file is the source complete.
            let covers = (Some(*index) == last).then(|| self.whole());
            self.deliveries.push(file.finish(covers)?);
        }
        Ok(())
    }

    fn legacy(&mut self, plan: &Plan) -> io::Result<()> {
        if plan.legacy.is_empty() {
            return Ok(());
        }
        let habit = plain(&LEGACY, Organ::Tobacco, Format::Gbk);
        let planting = self.planting(plan.legacy.len(), habit, 2);
        let mut file = Outgoing::open(self.desk(), "03-cf-legacy-tobacco", habit, planting)?;
        let mut numbers = Numbers::default();
        for (row, penalty) in (0_u64..).zip(&plan.legacy) {
            let number = numbers.next(Organ::Tobacco, "罚", penalty.day.year());
            file.put(penalties::legacy_row(self.population, penalty, number, (1 << 54) | row), penalty.day)?;
            self.tick();
        }
        self.deliveries.push(file.finish(None)?);
        Ok(())
    }

    fn lists(&mut self, plan: &Plan) -> io::Result<()> {
        self.list("05-abnormal-market", plain(&ABNORMAL, Organ::Market, Format::Utf8Mark), (&plan.abnormal, lists::abnormal))?;
        self.list("06-serious-list-centre", plain(&SERIOUS, Organ::Centre, Format::Xlsx), (&plan.serious, lists::serious))?;
        self.list("07-honour-centre", plain(&HONOUR, Organ::Centre, Format::Xlsx), (&plan.honours, lists::honour))?;
        self.list("08-commitment-centre", plain(&COMMITMENT, Organ::Centre, Format::Gbk), (&plan.commitments, lists::commitment))
    }

    fn list(&mut self, stem: &str, habit: Habit, (events, row): (&[Event], Line)) -> io::Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let habit = Habit { in_words: true, ..habit }.for_rows(events.len());
        let salt = stem.bytes().fold(0, |sum, byte| sum * 31 % 1_000_003 + u64::from(byte));
        let planting = self.planting(events.len(), habit, salt);
        let mut file = Outgoing::open(self.desk(), stem, habit, planting)?;
        let mut numbers = Numbers::default();
        let mut dice = Dice::new(self.size.seed, Stream::Texts, (1 << 53) | salt);
        for event in events {
            file.put(row(self.population, event, &mut numbers, &mut dice), event.day)?;
            self.tick();
        }
        self.deliveries.push(file.finish(Some(self.whole()))?);
        Ok(())
    }

    fn licences(&mut self, plan: &Plan) -> io::Result<()> {
        let mut numbers = Numbers::default();
        let last = plan.licences.keys().next_back().copied();
        for (index, grants) in &plan.licences {
            let Some(organ) = grants.first().map(|grant| grant.licence.organ) else { continue };
            let habit = of_department(&LICENCE, organ).for_rows(grants.len());
            let salt = u64::try_from(*index).unwrap_or(0) << 8;
            let planting = self.planting(grants.len(), habit, salt | 2);
            let mut file = Outgoing::open(self.desk(), &format!("02-xk-2018-{}", slug(organ)), habit, planting)?;
            for (row, grant) in (0_u64..).zip(grants) {
                let number = numbers.next(organ, "许准", grant.day.year());
                file.put(licences::row(self.population, grant, number, (salt << 24) | row), grant.day)?;
                self.tick();
            }
            let covers = (Some(*index) == last).then(|| self.whole());
            self.deliveries.push(file.finish(covers)?);
        }
        Ok(())
    }

    /// The enforcement platform delivers one file for each year; together they have exactly `rows` rows.
    fn inspections(&mut self, rows: usize) -> io::Result<()> {
        let years = usize::try_from(self.size.years).unwrap_or(1).max(1);
        let mut left = rows;
        let mut numbers = Numbers::default();
        for year in 0..years {
            let share = if year + 1 == years { left } else { rows / years };
            left -= share;
            let months = i32::try_from(12 * (years - year - 1)).unwrap_or(0);
            let through = self.period.through.plus_months(-months);
            let from = self.period.through.plus_months(-months - 12).plus_days(1);
            self.inspected_year(share, Period { from, through }, &mut numbers)?;
        }
        Ok(())
    }

    fn inspected_year(&mut self, rows: usize, period: Period, numbers: &mut Numbers) -> io::Result<()> {
        if rows == 0 {
            return Ok(());
        }
        let habit = plain(&INSPECTION, Organ::Command, Format::Utf8);
        let stem = format!("04-inspection-{}", period.through.year());
        let salt = u64::try_from(period.through.number()).unwrap_or(0);
        let planting = self.planting(rows, habit, salt << 20);
        let own = rows.saturating_sub(planting.added);
        let mut file = Outgoing::open(self.desk(), &stem, habit, planting)?;
        let mut dice = Dice::new(self.size.seed, Stream::Inspections, salt);
        for at in 0..own {
            let day = period.at(at, own);
            let (_, subject) = active(self.size, self.population, day, &mut dice);
            file.put(inspections::row(subject, day, numbers, &mut dice), day)?;
            self.tick();
        }
        self.deliveries.push(file.finish(Some(Span { from: period.from, until: Some(period.through) }))?);
        Ok(())
    }
}

/// How one row of a small file is made.
type Line = fn(Population, &Event, &mut Numbers, &mut Dice) -> Row;

fn plain(layout: &'static Layout, supplier: Organ, format: Format) -> Habit {
    Habit { layout, supplier, format, in_words: false, stamped: false, days: DayStyle::Dashes }
}

/// Each department has its own habits, the same for all its files.
fn of_department(layout: &'static Layout, organ: Organ) -> Habit {
    let (format, in_words, stamped, days) = match organ {
        Organ::Market => (Format::Utf8Mark, false, false, DayStyle::Dashes),
        Organ::Environment | Organ::Fire | Organ::Culture => (Format::Xlsx, true, false, DayStyle::Dashes),
        Organ::Transport | Organ::Health => (Format::Gbk, true, true, DayStyle::Dashes),
        Organ::Emergency | Organ::Labour => (Format::Xlsx, false, false, DayStyle::Digits),
        Organ::City | Organ::Land => (Format::Utf8Mark, true, true, DayStyle::Slashes),
        Organ::Farm | Organ::Education => (Format::Gbk, true, false, DayStyle::Slashes),
        _ => (Format::Utf8, false, false, DayStyle::Dashes),
    };
    Habit { layout, supplier: organ, format, in_words, stamped, days }
}

/// The part of a file's name that tells the department.
fn slug(organ: Organ) -> &'static str {
    match organ {
        Organ::Market => "market",
        Organ::Environment => "environment",
        Organ::Transport => "transport",
        Organ::Emergency => "emergency",
        Organ::Housing => "housing",
        Organ::Health => "health",
        Organ::City => "city",
        Organ::Fire => "fire",
        Organ::Farm => "farm",
        Organ::Labour => "labour",
        Organ::Land => "land",
        Organ::Culture => "culture",
        Organ::Tax => "tax",
        Organ::Tobacco => "tobacco",
        Organ::Education => "education",
        Organ::Reform => "reform",
        Organ::Court => "court",
        Organ::Government => "government",
        Organ::Command => "command",
        Organ::Centre => "centre",
    }
}

/// Writes one 行政处罚 file of `size.records` rows with the 30 fields, for all departments, running through the period in
/// order. Memory does not grow with the rows, the kept copies for repeated rows apart.
///
/// # Errors
/// What the file system says; and a county without subjects, or without days, is refused.
pub fn write_cf(size: &Size, defects: Defects, out: &Path) -> io::Result<Delivery> {
    checked(size)?;
    let population = Population { seed: size.seed, through: size.through };
    let period = Period::of(size);
    let habit = plain(&PENALTY, Organ::Centre, Format::Utf8);
    let mut dice = Dice::new(size.seed, Stream::Defects, 3);
    let planting = match defects {
        Defects::None => Planting::none(),
        Defects::Usual => Planting::of(size.records, (USUAL, 0), |defect| habit.fits(defect), &mut dice),
    };
    let own = size.records.saturating_sub(planting.added);
    let desk = Desk { out, seed: size.seed, through: size.through };
    let mut file = Outgoing::open_at(desk, out.to_owned(), habit, planting)?;
    let mut numbers = Numbers::default();
    let mut dice = Dice::new(size.seed, Stream::Conduct, 1 << 52);
    for (draw, at) in (1_u64 << 53..).zip(0..own) {
        let day: Day = period.at(at, own);
        let (subject, found) = active(size, population, day, &mut dice);
        let offence = dice.weighted(&OFFENCES, |offence| offence.weight(found.trade.sectors));
        let penalty = Penalty { day, offence, party: Party::Subject(subject), joined: false };
        let number = numbers.next(offence.organ, "罚", day.year());
        file.put(penalties::row(population, &penalty, number, draw), day)?;
    }
    file.finish(None)
}

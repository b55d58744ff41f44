//! The kept rows of a population of one, put into lines a person can follow, and the next day on which any of them changes.

use xinzhi_core::record::RecordId;
use xinzhi_core::{Day, Points};
use xinzhi_rules::fact::leaves_window_on;
use xinzhi_rules::model::Scorecard;

use crate::columns::KindColumns;
use crate::coverage::Coverage;
use crate::evaluate::Question;
use crate::feed::{Feed, KindRows};
use crate::kernel::{Hit, Part, Tally, standing};
use crate::plan::{IndicatorPlan, OverridePlan, Plan};
use crate::result::{Contribution, DimensionLine, Evaluation, Forced, IndicatorLine, Knowledge};

/// The explanation of subject 0. None only where plan and scorecard are not of one pack.
pub(crate) fn explain(question: &Question<'_>, plan: &Plan, feed: &Feed, tally: &Tally, coverage: &Coverage) -> Option<Evaluation> {
    let scorecard = question.pack.scorecards.get(question.card.0)?;
    let as_of = question.as_of;
    let standing = standing(plan, tally, 0, as_of)?;
    let mut changes: Vec<Day> = plan.turns_on(as_of).into_iter().collect();
    let awake = plan.dormant(as_of).is_none();
    let mut dimensions = Vec::new();
    if awake {
        let lines = indicator_lines(question, plan, feed, tally);
        changes.extend(lines.iter().flat_map(|line| line.changes(coverage, as_of)));
        changes.extend(plan.overrides.iter().flat_map(|rule| list_changes(rule, feed, as_of)));
        dimensions = grouped(scorecard, lines);
    }
    let forced = tally.forced.first().copied().flatten().filter(|_| awake);
    Some(Evaluation {
        card: question.card,
        scorecard: scorecard.id.clone(),
        as_of,
        valid_until: plan.valid_until(as_of),
        base: scorecard.base,
        outcome: standing.outcome,
        forced: forced.and_then(|hit| forced_by(hit, plan, feed)),
        grade: standing.grade,
        assessed_share: standing.assessed_share,
        dimensions,
        next_change: changes.into_iter().min(),
    })
}

fn forced_by(hit: Hit, plan: &Plan, feed: &Feed) -> Option<Forced> {
    let rule = plan.overrides.get(hit.rule)?;
    let record = *feed.kind(rule.list)?.records.get(hit.row)?;
    Some(Forced { grade: rule.grade, list: rule.list, record })
}

/// A line, with what is needed to foresee its changes.
struct Drafted<'p> {
    line: IndicatorLine,
    plan: &'p IndicatorPlan,
    /// Days on which an uncertain record leaves the window, or a later document enters it.
    others: Vec<Day>,
}

fn indicator_lines<'p>(question: &Question<'_>, plan: &'p Plan, feed: &Feed, tally: &Tally) -> Vec<Drafted<'p>> {
    let Some(scorecard) = question.pack.scorecards.get(question.card.0) else { return Vec::new() };
    let titles = scorecard.dimensions.iter().flat_map(|dimension| &dimension.indicators);
    let parts = plan.indicators.iter().zip(&tally.parts);
    let drafted = parts.zip(titles).map(|((plan, part), indicator)| {
        let raw = part.raw.first().copied().unwrap_or(0);
        let points = raw.clamp(plan.floor, plan.cap);
        let line = IndicatorLine {
            id: indicator.id.clone(),
            title: indicator.title.clone(),
            state: if part.known.first() == Some(&1) { Knowledge::Known } else { Knowledge::Unknown },
            raw: Points(raw),
            points: Points(points),
            bounded: raw != points,
            contributions: Vec::new(),
            uncertain: Vec::new(),
        };
        let mut drafted = Drafted { line, plan, others: Vec::new() };
        if let Some(rows) = feed.kind(plan.kind) {
            drafted.list_rows(part, rows, question.as_of);
        }
        drafted
    });
    drafted.collect()
}

impl Drafted<'_> {
    fn list_rows(&mut self, part: &Part, rows: &KindRows, as_of: Day) {
        let blocks = part.rows.iter().flat_map(|block| {
            let marks = block.counts.iter().zip(&block.uncertain).zip(&block.coming);
            let points = block.full.iter().zip(&block.keep).zip(&block.points);
            marks.zip(points)
        });
        for (row, (((counts, uncertain), coming), ((full, keep), points))) in blocks.enumerate() {
            let Some((record, day)) = row_identity(rows, row) else { continue };
            let leaves_on = leaves_window_on(day, self.plan.window_months);
            if *counts == 1 {
                let ages = self.plan.fades.iter().map(|(months, _)| day.plus_months(*months));
                let next_fade = ages.filter(|fade| *fade > as_of && *fade < leaves_on).min();
                let (full, points) = (Points(*full), Points(*points));
                self.line.contributions.push(Contribution { record, day, full, keep: *keep, points, next_fade, leaves_on });
            }
            if *uncertain == 1 {
                self.line.uncertain.push(record);
                self.others.push(leaves_on);
            }
            if *coming == 1 {
                self.others.push(day);
            }
        }
    }

    fn changes(&self, coverage: &Coverage, as_of: Day) -> Vec<Day> {
        let records = self.line.contributions.iter().flat_map(|c| c.next_fade.into_iter().chain([c.leaves_on]));
        let mut days: Vec<Day> = records.chain(self.others.iter().copied()).collect();
        // A record that counts makes the indicator known whatever coverage says, and its leaving is a change already.
        if self.line.contributions.is_empty() {
            days.extend(coverage.turns_on(self.plan.wanted, as_of));
        }
        days
    }
}

fn row_identity(rows: &KindRows, row: usize) -> Option<(RecordId, Day)> {
    Some((*rows.records.get(row)?, Day::from_number(rows.day(row)?)?))
}

fn grouped(scorecard: &Scorecard, lines: Vec<Drafted<'_>>) -> Vec<DimensionLine> {
    let mut lines = lines.into_iter().map(|drafted| drafted.line);
    let dimension = |dimension: &xinzhi_rules::model::Dimension| {
        let indicators: Vec<IndicatorLine> = lines.by_ref().take(dimension.indicators.len()).collect();
        let points = Points(indicators.iter().fold(0, |sum, line| sum + line.points.0));
        DimensionLine { title: dimension.title.clone(), points, indicators }
    };
    scorecard.dimensions.iter().map(dimension).collect()
}

/// The days on which an entry of a list begins or ends.
fn list_changes(rule: &OverridePlan, feed: &Feed, as_of: Day) -> Vec<Day> {
    let Some(rows) = feed.kind(rule.list) else { return Vec::new() };
    let columns = rows.borrow();
    let borders = (0..columns.rows()).flat_map(|row| list_borders(rule, &columns, row));
    borders.filter_map(Day::from_number).filter(|day| *day > as_of).collect()
}

fn list_borders(rule: &OverridePlan, columns: &KindColumns<'_>, row: usize) -> Vec<i64> {
    let from = columns.entry(rule.from, row).or_else(|| columns.day.get(row).copied());
    let until = rule.until.and_then(|column| columns.entry(column, row));
    // An entry that ends before it begins never holds.
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        return Vec::new();
    }
    from.into_iter().chain(until).collect()
}

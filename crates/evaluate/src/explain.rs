//! The kept rows of a population of one, put into lines a person can follow, and the next day on which any of them changes.

use xinzhi_core::record::RecordId;
use xinzhi_core::{Day, Points};
use xinzhi_rules::fact::leaves_window_on;
use xinzhi_rules::model::{Dimension, Fading, FieldKind, Group, Number, Pack, RecordKind, Scorecard, Take};

use crate::columns::KindColumns;
use crate::coverage::Coverage;
use crate::evaluate::{Question, Subject};
use crate::feed::{Feed, KindRows};
use crate::kernel::{Hit, Kept, KeptRow, Totals, Watch, linear_keep};
use crate::plan::{ForcingPlan, IndicatorPlan, OverridePlan, Plan, TakePlan};
use crate::result::{Contribution, DimensionLine, Evaluation, Forced, IndicatorLine, Knowledge, Measure, Measured, Outcome, Together};

/// A watched run of one subject.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'r> {
    pub plan: &'r Plan,
    pub feed: &'r Feed,
    pub totals: &'r Totals,
    pub watch: &'r Watch,
    pub subject: &'r Subject<'r>,
}

/// The explanation of subject 0. None only where plan and scorecard are not of one pack.
pub(crate) fn explain(question: &Question<'_>, run: &Run<'_>) -> Option<Evaluation> {
    let scorecard = question.pack.scorecards.get(question.card.0)?;
    let (plan, as_of) = (run.plan, question.as_of);
    let standing = run.totals.standing(plan, 0)?;
    let mut changes: Vec<Day> = plan.turns_on(as_of).into_iter().collect();
    let awake = plan.dormant(as_of).is_none();
    let mut dimensions = Vec::new();
    if awake {
        let lines = indicator_lines(question, run);
        changes.extend(lines.iter().flat_map(|line| line.changes(run.subject.coverage, as_of)));
        changes.extend(plan.overrides.iter().flat_map(|rule| forced_changes(rule, run.feed, as_of)));
        changes.extend(peer_changes(run, as_of));
        dimensions = grouped(scorecard, run, lines);
    }
    let forced = run.watch.hit.filter(|_| awake);
    Some(Evaluation {
        card: question.card,
        scorecard: scorecard.id.clone(),
        as_of,
        valid_until: plan.valid_until(as_of),
        base: scorecard.base,
        outcome: standing.outcome,
        forced: forced.and_then(|hit| forced_by(hit, run)),
        grade: standing.grade,
        assessed_share: standing.assessed_share,
        amount: standing.amount,
        peers: if matches!(standing.outcome, Outcome::Graded { .. }) { measured(question, run) } else { None },
        dimensions,
        next_change: changes.into_iter().min(),
    })
}

fn forced_by(hit: Hit, run: &Run<'_>) -> Option<Forced> {
    let rule = run.plan.overrides.get(hit.rule)?;
    let record = *run.feed.kind(rule.kind)?.records.get(hit.row)?;
    Some(Forced { rule: hit.rule, grade: rule.grade, list: rule.kind, record })
}

/// By whose limits the subject is graded.
fn measured(question: &Question<'_>, run: &Run<'_>) -> Option<Measured> {
    let scorecard = question.pack.scorecards.get(question.card.0)?;
    let (peers, limits) = run.plan.peers.as_ref().zip(run.plan.limits(question.as_of))?;
    let set = question.pack.cutoffs.get(limits.place)?;
    let population = run.feed.population(&[run.subject.coverage]).ok()?.with_kinds(vec![run.subject.kind]).ok()?;
    let group = peers.grouping.of(&population, 0..1, question.as_of).first().copied().flatten();
    let (own, ladder) = match group.and_then(|group| set.groups.get(group)) {
        Some(Group::Own(ladder)) => (true, ladder),
        Some(Group::Small(_)) | None => (false, &set.everyone),
    };
    Some(Measured {
        group: group.and_then(|group| xinzhi_rules::model::groups(question.pack, scorecard).get(group).map(|name| (*name).to_owned())),
        own,
        size: ladder.size,
        limits: ladder.limits.clone(),
        made: set.made.as_of,
        in_force: set.in_force(),
        tables: set.made.tables,
    })
}

/// The days on which other limits hold, or the subject may belong to another group.
fn peer_changes(run: &Run<'_>, as_of: Day) -> Vec<Day> {
    let Some(peers) = &run.plan.peers else { return Vec::new() };
    let told = run.subject.facts.iter().filter(|fact| peers.grouping.told_by(fact));
    let days = peers.borders().chain(told.flat_map(|fact| peers.grouping.turns(fact.kind, fact.day)));
    days.filter(|day| *day > as_of).collect()
}

/// A line, with what is needed to foresee its changes.
struct Drafted<'p> {
    line: IndicatorLine,
    plan: &'p IndicatorPlan,
    /// Days on which an uncertain record leaves the window, or a later document enters it.
    others: Vec<Day>,
}

fn indicator_lines<'p>(question: &Question<'_>, run: &Run<'p>) -> Vec<Drafted<'p>> {
    let Some(scorecard) = question.pack.scorecards.get(question.card.0) else { return Vec::new() };
    let titles = scorecard.dimensions.iter().flat_map(|dimension| &dimension.indicators);
    let parts = run.plan.indicators.iter().zip(titles).enumerate();
    let drafted = parts.filter_map(|(place, (plan, indicator))| {
        let kept = run.watch.parts.get(&place)?;
        let within = kept.raw.clamp(plan.bounds.floor, plan.bounds.cap);
        let line = IndicatorLine {
            id: indicator.id.clone(),
            title: indicator.title.clone(),
            state: if kept.known { Knowledge::Known } else { Knowledge::Unknown },
            silence: indicator.take.silence(),
            together: together(question.pack, (indicator.kind, &indicator.take), kept),
            raw: Points(kept.raw),
            within: Points(within),
            weight: plan.bounds.weight,
            points: Points(if kept.known { plan.bounds.apply(kept.raw) } else { 0 }),
            bounded: kept.raw != within,
            contributions: Vec::new(),
            uncertain: Vec::new(),
        };
        let mut drafted = Drafted { line, plan, others: Vec::new() };
        if let Some(rows) = run.feed.kind(plan.kind) {
            drafted.list_rows(&kept.rows, rows, question.as_of);
        }
        let divisor = plan.divisor().and_then(|plan| run.feed.kind(plan.kind)).zip(kept.divisor.as_ref());
        if let Some((rows, divisor)) = divisor {
            drafted.list_rows(&divisor.rows, rows, question.as_of);
            drafted.line.contributions.sort_by_key(|contribution| (contribution.day, contribution.record));
            drafted.line.uncertain.sort();
        }
        Some(drafted)
    });
    drafted.collect()
}

fn together(pack: &Pack, (kind, take): (xinzhi_rules::model::KindIx, &Take), kept: &Kept) -> Together {
    let kind: Option<&RecordKind> = pack.record_kinds.get(kind.0);
    match take {
        Take::Each { put, .. } => Together::By(*put),
        Take::Number { number, .. } => {
            let measure = match number {
                Number::Count => Measure::Records,
                Number::Distinct(_) => Measure::Values,
                Number::Total(field) => match kind.and_then(|kind| kind.at(*field)).map(|field| &field.kind) {
                    Some(FieldKind::Money(_)) => Measure::Money,
                    _ => Measure::Total,
                },
                Number::Rate(_) => Measure::Rate,
                Number::Ratio(_) => {
                    let counted = kept.rows.iter().filter(|row| row.counts).count();
                    Measure::Ratio { counted, by: kept.divisor.as_ref().map_or(0, |divisor| divisor.by) }
                }
            };
            Together::Number(measure, kept.number)
        }
    }
}

impl Drafted<'_> {
    fn list_rows(&mut self, kept: &[KeptRow], rows: &KindRows, as_of: Day) {
        for (row, kept) in kept.iter().enumerate() {
            let Some((record, day)) = row_identity(rows, row) else { continue };
            let leaves_on = leaves_window_on(day, self.plan.window_months);
            if kept.counts {
                let next_fade = self.next_fade((kept, day), leaves_on, as_of);
                let (full, points) = (Points(kept.full), Points(kept.points));
                self.line.contributions.push(Contribution { record, day, full, keep: kept.keep, points, next_fade, leaves_on });
            }
            if kept.uncertain {
                self.line.uncertain.push(record);
                self.others.push(leaves_on);
            }
            if kept.coming {
                self.others.push(day);
            }
        }
    }

    /// The first day after `as_of`, and before the record leaves, on which less of it is kept.
    fn next_fade(&self, (kept, day): (&KeptRow, Day), leaves_on: Day, as_of: Day) -> Option<Day> {
        let TakePlan::Each { fading, .. } = &self.plan.take else { return None };
        match fading {
            Fading::Steps(steps) => {
                let ages = steps.iter().map(|step| day.plus_months(step.after_months));
                ages.filter(|fade| *fade > as_of && *fade < leaves_on).min()
            }
            // Evenly from the age on: nearly every day, though the truncated share may stay for some.
            Fading::Linear { after_months } => {
                let mut on = as_of.plus_days(1);
                while on < leaves_on {
                    if linear_keep(day, (self.plan.window_months, *after_months), on) < kept.keep {
                        return Some(on);
                    }
                    on = on.plus_days(1);
                }
                None
            }
        }
    }

    fn changes(&self, coverage: &Coverage, as_of: Day) -> Vec<Day> {
        let records = self.line.contributions.iter().flat_map(|c| c.next_fade.into_iter().chain([c.leaves_on]));
        let mut days: Vec<Day> = records.chain(self.others.iter().copied()).collect();
        // Points of a record that counts make the indicator known whatever coverage says, and its leaving is a change already.
        let counted = matches!(self.line.together, Together::By(_)) && !self.line.contributions.is_empty();
        if !counted {
            days.extend(coverage.turns_on(&self.plan.wanted, as_of));
        }
        days
    }
}

fn row_identity(rows: &KindRows, row: usize) -> Option<(RecordId, Day)> {
    Some((*rows.records.get(row)?, Day::from_number(rows.day(row)?)?))
}

fn grouped(scorecard: &Scorecard, run: &Run<'_>, lines: Vec<Drafted<'_>>) -> Vec<DimensionLine> {
    let mut lines = lines.into_iter().map(|drafted| drafted.line);
    let dimension = |(place, dimension): (usize, &Dimension)| {
        let indicators: Vec<IndicatorLine> = lines.by_ref().take(dimension.indicators.len()).collect();
        let raw = indicators.iter().fold(0_i64, |sum, line| sum.saturating_add(line.points.0));
        let within = run.plan.dimensions.get(place).map_or(raw, |plan| raw.clamp(plan.bounds.floor, plan.bounds.cap));
        let points = run.totals.dimension(place, 0).unwrap_or_default();
        DimensionLine {
            title: dimension.title.clone(),
            raw: Points(raw),
            within: Points(within),
            weight: dimension.weight,
            points,
            indicators,
        }
    };
    scorecard.dimensions.iter().enumerate().map(dimension).collect()
}

/// The days on which what forces a grade begins or ends to do so.
fn forced_changes(rule: &OverridePlan, feed: &Feed, as_of: Day) -> Vec<Day> {
    let Some(rows) = feed.kind(rule.kind) else { return Vec::new() };
    let columns = rows.borrow();
    let borders = (0..columns.rows()).flat_map(|row| forced_borders(rule, &columns, row));
    borders.filter(|day| *day > as_of).collect()
}

fn forced_borders(rule: &OverridePlan, columns: &KindColumns<'_>, row: usize) -> Vec<Day> {
    let day = columns.day.get(row).map(|day| i64::from(*day));
    match &rule.when {
        ForcingPlan::Listed { from, until } => {
            let from = columns.column(*from).and_then(|from| from.at(row)).or(day);
            let until = until.and_then(|until| columns.column(until)).and_then(|until| until.at(row));
            // An entry that ends before it begins never holds.
            if from.zip(until).is_some_and(|(from, until)| until <= from) {
                return Vec::new();
            }
            from.into_iter().chain(until).filter_map(Day::from_number).collect()
        }
        ForcingPlan::Within { window_months, .. } => {
            let day = day.and_then(Day::from_number);
            day.into_iter().flat_map(|day| [day, leaves_window_on(day, *window_months)]).collect()
        }
    }
}

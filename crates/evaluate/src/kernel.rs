//! The one kernel: masks, points, windows, fades, sums and bounds over columns of integers.
//!
//! Rows go through in blocks, so that every buffer of a block stays in the cache; the loops over a block are plain and without
//! branches. Arithmetic wraps because [`Plan::compile`] has proved that it cannot overflow. Rows are kept only for an
//! explanation: a population of one and a population of ten million run the same code.

use xinzhi_core::{Day, Points};
use xinzhi_rules::fact::window_start;
use xinzhi_rules::predicate;

use crate::columns::{Column, ColumnsFault, KindColumns, Population};
use crate::plan::{Compare, IndicatorPlan, Node, OverridePlan, Plan, Worth};
use crate::result::{Outcome, Reason, Standing};

const BLOCK: usize = 4096;

/// Whether the rows behind the sums are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Totals,
    Rows,
}

/// What a run leaves behind, by subject.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    /// Base and bounded sums, before the range.
    pub total: Vec<i64>,
    /// Weight of the known indicators.
    pub known_weight: Vec<i64>,
    /// The override that forces the worst grade, with the row of its entry.
    pub forced: Vec<Option<Hit>>,
    /// By indicator; empty unless rows are kept.
    pub parts: Vec<Part>,
}

/// An override that holds: its position in the plan, and the row of the entry among the rows of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub rule: usize,
    pub row: usize,
}

/// One indicator over the population.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Sum by subject, before floor and cap.
    pub raw: Vec<i64>,
    /// 1 by subject where the indicator is covered or a record counts.
    pub known: Vec<u8>,
    /// Blocks of rows in order; empty unless rows are kept.
    pub rows: Vec<Rows>,
}

/// What became of each row of a block.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub full: Vec<i64>,
    pub keep: Vec<i64>,
    pub points: Vec<i64>,
    /// 1 where the row contributes.
    pub counts: Vec<u8>,
    /// 1 where it lies in the window and cannot be told.
    pub uncertain: Vec<u8>,
    /// 1 where its document's day is still to come and it will matter then.
    pub coming: Vec<u8>,
}

/// Truth of a condition by row: `yes` only where `known`.
struct Mask {
    yes: Vec<u8>,
    known: Vec<u8>,
}

/// The days of one indicator, as numbers that rows are compared with.
struct Cut {
    first: i64,
    last: i64,
    /// Latest document day that has reached each fade, with what is kept.
    fades: Vec<(i64, i64)>,
}

/// Points of every subject of a population on a day.
///
/// # Errors
/// [`ColumnsFault`] where a column that the plan reads is missing.
pub fn standings(plan: &Plan, population: &Population<'_>, as_of: Day) -> Result<Vec<Standing>, ColumnsFault> {
    let tally = run(plan, population, as_of, Keep::Totals)?;
    Ok((0..population.subjects()).filter_map(|subject| standing(plan, &tally, subject, as_of)).collect())
}

/// The result of one subject of a run.
pub(crate) fn standing(plan: &Plan, tally: &Tally, subject: usize, as_of: Day) -> Option<Standing> {
    let (total, known) = (*tally.total.get(subject)?, *tally.known_weight.get(subject)?);
    if let Some(reason) = plan.dormant(as_of) {
        return Some(Standing { outcome: Outcome::NotEvaluable { reason }, forced: None, grade: None, assessed_share: 0 });
    }
    let assessed_share = known.wrapping_mul(1000) / plan.weight;
    let enough = known.wrapping_mul(1000) >= plan.assessed_share.wrapping_mul(plan.weight);
    let outcome = if enough {
        let points = total.clamp(plan.min, plan.max);
        Outcome::Graded { points: Points(points), grade: plan.grade(points) }
    } else {
        Outcome::NotEvaluable { reason: Reason::TooLittleKnown { assessed_share, needed: plan.assessed_share } }
    };
    let rule = tally.forced.get(subject)?.and_then(|hit| plan.overrides.get(hit.rule));
    Some(Standing { outcome, forced: rule.map(|rule| rule.grade), grade: settle(outcome, rule), assessed_share })
}

/// The grade that counts. A list of honour never lowers what points give, and no other list ever raises it (D17).
fn settle(outcome: Outcome, rule: Option<&OverridePlan>) -> Option<usize> {
    match (outcome, rule) {
        (Outcome::Graded { grade, .. }, None) => Some(grade),
        (Outcome::Graded { grade, .. }, Some(rule)) if rule.lifts => Some(grade.min(rule.grade)),
        (Outcome::Graded { grade, .. }, Some(rule)) => Some(grade.max(rule.grade)),
        (Outcome::NotEvaluable { .. }, rule) => rule.map(|rule| rule.grade),
    }
}

/// Runs a plan over a population.
pub(crate) fn run(plan: &Plan, population: &Population<'_>, as_of: Day, keep: Keep) -> Result<Tally, ColumnsFault> {
    complete(plan, population)?;
    let subjects = population.subjects();
    let mut tally =
        Tally { total: vec![plan.base; subjects], known_weight: vec![0; subjects], forced: vec![None; subjects], parts: Vec::new() };
    for indicator in &plan.indicators {
        let part = indicator_part(indicator, population, as_of, keep);
        for (total, raw) in tally.total.iter_mut().zip(&part.raw) {
            *total = total.wrapping_add((*raw).clamp(indicator.floor, indicator.cap));
        }
        for (weight, known) in tally.known_weight.iter_mut().zip(&part.known) {
            *weight = weight.wrapping_add(indicator.weight.wrapping_mul(i64::from(*known)));
        }
        if keep == Keep::Rows {
            tally.parts.push(part);
        }
    }
    for position in 0..plan.overrides.len() {
        force(plan, position, population, as_of, &mut tally.forced);
    }
    Ok(tally)
}

fn complete(plan: &Plan, population: &Population<'_>) -> Result<(), ColumnsFault> {
    for (kind, fields) in plan.reads() {
        let Some(columns) = population.kind(*kind) else { continue };
        if let Some(field) = fields.iter().find(|field| columns.column(predicate::Column::Field(**field)).is_none()) {
            return Err(ColumnsFault::Absent(kind.0, field.0));
        }
    }
    Ok(())
}

fn indicator_part(indicator: &IndicatorPlan, population: &Population<'_>, as_of: Day, keep: Keep) -> Part {
    let known = population.covered(|coverage| coverage.covers(indicator.wanted, as_of));
    let mut part = Part { raw: vec![0; population.subjects()], known, rows: Vec::new() };
    let Some(columns) = population.kind(indicator.kind) else { return part };
    let cut = Cut::new(indicator, as_of);
    for start in (0..columns.rows()).step_by(BLOCK) {
        let block = columns.block(start, BLOCK);
        let rows = judge(indicator, &cut, &block);
        for ((subject, points), counts) in block.subject.iter().zip(&rows.points).zip(&rows.counts) {
            if let Some(sum) = part.raw.get_mut(*subject as usize) {
                *sum = sum.wrapping_add(*points);
            }
            if let Some(known) = part.known.get_mut(*subject as usize) {
                *known |= counts;
            }
        }
        if keep == Keep::Rows {
            part.rows.push(rows);
        }
    }
    part
}

impl Cut {
    fn new(indicator: &IndicatorPlan, as_of: Day) -> Cut {
        let fades = indicator.fades.iter().map(|(months, keep)| (latest_aged(as_of, *months).number(), *keep)).collect();
        Cut { first: window_start(as_of, indicator.window_months).number(), last: as_of.number(), fades }
    }
}

/// The latest day that is `months` old on `as_of`, that is `day.plus_months(months) <= as_of`, with its clamped month ends.
fn latest_aged(as_of: Day, months: i32) -> Day {
    let mut day = as_of.plus_months(-months);
    for _ in 0..3 {
        let next = day.plus_days(1);
        if next.plus_months(months) > as_of {
            break;
        }
        day = next;
    }
    day
}

/// Windows, conditions, points and fades of one block.
fn judge(indicator: &IndicatorPlan, cut: &Cut, columns: &KindColumns<'_>) -> Rows {
    let rows = columns.rows();
    let (full, valued) = worth(&indicator.worth, columns);
    let holds = indicator.filter.as_ref().map_or_else(|| Mask { yes: vec![1; rows], known: vec![1; rows] }, |node| mask(node, columns));
    let keep = kept(cut, columns.day);
    let mut out = Rows { full, keep, points: vec![0; rows], counts: vec![0; rows], uncertain: vec![0; rows], coming: vec![0; rows] };

    let judged = holds.yes.iter().zip(&holds.known).zip(&valued).zip(columns.day);
    let marks = out.counts.iter_mut().zip(&mut out.uncertain).zip(&mut out.coming);
    for ((((yes, known), valued), day), ((counts, uncertain), coming)) in judged.zip(marks) {
        let within = u8::from(cut.first <= *day) & u8::from(*day <= cut.last);
        let sure = yes & valued;
        let doubtful = (known ^ 1) | (yes & (valued ^ 1));
        *counts = within & sure;
        *uncertain = within & doubtful;
        *coming = u8::from(*day > cut.last) & (sure | doubtful);
    }
    let weighed = out.full.iter().zip(&out.keep).zip(&out.counts);
    for (points, ((full, keep), counts)) in out.points.iter_mut().zip(weighed) {
        // The rounding of `rules::fact::faded`, without its overflow check: the product is proved to fit.
        *points = (full.wrapping_mul(*keep) / 1000).wrapping_mul(i64::from(*counts));
    }
    out
}

fn kept(cut: &Cut, days: &[i64]) -> Vec<i64> {
    let mut keep = vec![1000; days.len()];
    for (latest, kept) in &cut.fades {
        for (keep, day) in keep.iter_mut().zip(days) {
            *keep = if *day <= *latest { *kept } else { *keep };
        }
    }
    keep
}

/// Full points by row, and 1 where they are known; where they are not, they are 0.
fn worth(worth: &Worth, columns: &KindColumns<'_>) -> (Vec<i64>, Vec<u8>) {
    match worth {
        Worth::Constant(points) => (vec![*points; columns.rows()], vec![1; columns.rows()]),
        Worth::Table(column, points) => {
            let column = read(columns, *column);
            let find = |value: &i64| usize::try_from(*value).ok().and_then(|position| points.get(position).copied());
            let found = column.values.iter().zip(column.known).map(|(value, known)| find(value).filter(|_| *known == 1));
            found.map(|points| points.map_or((0, 0), |points| (points, 1))).unzip()
        }
        Worth::Bands(column, bands) => {
            let column = read(columns, *column);
            let (mut full, mut valued) = (vec![0; columns.rows()], vec![0; columns.rows()]);
            for (from, points) in bands {
                let cells = full.iter_mut().zip(&mut valued).zip(column.values.iter().zip(column.known));
                for ((full, valued), (value, known)) in cells {
                    let reached = *value >= *from && *known == 1;
                    *full = if reached { *points } else { *full };
                    *valued |= u8::from(reached);
                }
            }
            (full, valued)
        }
    }
}

/// A column of a block. `complete` has seen that every column the plan reads is there; an absent one would read as unknown.
fn read<'a>(columns: &KindColumns<'a>, column: predicate::Column) -> Column<'a> {
    columns.column(column).unwrap_or(Column { values: &[], known: &[] })
}

/// Kleene's logic on masks: false is `known` without `yes`.
fn mask(node: &Node, columns: &KindColumns<'_>) -> Mask {
    match node {
        Node::All(parts) => {
            let mut all = Mask { yes: vec![1; columns.rows()], known: vec![1; columns.rows()] };
            for part in parts {
                all.join(&mask(part, columns), |(a, a_known), (b, b_known)| {
                    (a & b, (a_known & b_known) | (a_known & (a ^ 1)) | (b_known & (b ^ 1)))
                });
            }
            all
        }
        Node::Any(parts) => {
            let mut any = Mask { yes: vec![0; columns.rows()], known: vec![1; columns.rows()] };
            for part in parts {
                any.join(&mask(part, columns), |(a, a_known), (b, b_known)| (a | b, (a_known & b_known) | a | b));
            }
            any
        }
        Node::Not(part) => {
            let mut not = mask(part, columns);
            not.yes.iter_mut().zip(&not.known).for_each(|(yes, known)| *yes = known & (*yes ^ 1));
            not
        }
        Node::Test(column, compare) => test(read(columns, *column), compare),
    }
}

impl Mask {
    fn join(&mut self, other: &Mask, rule: impl Fn((u8, u8), (u8, u8)) -> (u8, u8)) {
        let cells = self.yes.iter_mut().zip(&mut self.known).zip(other.yes.iter().zip(&other.known));
        for ((yes, known), (other_yes, other_known)) in cells {
            (*yes, *known) = rule((*yes, *known), (*other_yes, *other_known));
        }
    }
}

fn test(column: Column<'_>, compare: &Compare) -> Mask {
    match compare {
        Compare::InSet(set) => each(column, |value| u32::try_from(value).is_ok_and(|shift| set.checked_shr(shift).unwrap_or(0) & 1 == 1)),
        Compare::Among(values) => each(column, |value| values.contains(&value)),
        Compare::AnyBit(bits) => each(column, |value| value & bits != 0),
        Compare::AtLeast(least) => each(column, |value| value >= *least),
        Compare::AtMost(most) => each(column, |value| value <= *most),
        Compare::Present => Mask { yes: column.known.to_vec(), known: vec![1; column.known.len()] },
    }
}

fn each(column: Column<'_>, holds: impl Fn(i64) -> bool) -> Mask {
    let yes = column.values.iter().zip(column.known).map(|(value, known)| u8::from(holds(*value)) & known).collect();
    Mask { yes, known: column.known.to_vec() }
}

/// Marks the subjects that a list's entries force; of several, the worst grade stays, and of equal ones the first.
fn force(plan: &Plan, position: usize, population: &Population<'_>, as_of: Day, forced: &mut [Option<Hit>]) {
    let Some(rule) = plan.overrides.get(position) else { return };
    let Some(columns) = population.kind(rule.list) else { return };
    for (row, subject) in columns.subject.iter().enumerate() {
        if !listed(rule, columns, row, as_of.number()) {
            continue;
        }
        let Some(slot) = forced.get_mut(*subject as usize) else { continue };
        let held = slot.and_then(|hit| plan.overrides.get(hit.rule)).map(|rule| rule.grade);
        if held.is_none_or(|held| rule.grade > held) {
            *slot = Some(Hit { rule: position, row });
        }
    }
}

/// What `Fact::listed_on` says, over columns: from the day of entry, or else of the document, up to the day of removal.
fn listed(rule: &OverridePlan, columns: &KindColumns<'_>, row: usize, day: i64) -> bool {
    let from = columns.entry(rule.from, row).or_else(|| columns.day.get(row).copied());
    let until = rule.until.and_then(|column| columns.entry(column, row));
    from.is_some_and(|from| from <= day) && until.is_none_or(|until| day < until)
}

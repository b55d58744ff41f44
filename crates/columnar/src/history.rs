//! A backtest in one table: on each day how many had which grade, what the points were on average, and who moved since the day before.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use xinzhi_core::{Day, Points};
use xinzhi_evaluate::{Outcome, Standing};
use xinzhi_rules::model::Scorecard;

use crate::standings::{self, Pin, REASONS};
use crate::summary::{Counts, Mean, UNGRADED, bump, table};

/// Counts of one day.
#[derive(Clone, Debug)]
pub struct Line {
    /// The day of evaluation.
    pub as_of: Day,
    /// By grade in the scorecard's order, then those without one.
    pub grades: Counts,
    /// Whose grade something else than points gave.
    pub forced: u64,
    /// In the order of [`REASONS`].
    pub reasons: Counts,
    /// Points of those who have them.
    pub points: Mean,
    /// From the grade of the day before, line by line, to the one of this day.
    pub moved: Counts,
}

/// The summary of a backtest, or of a part of its subjects.
#[derive(Clone, Debug)]
pub struct History {
    /// The grades, best first.
    names: Vec<String>,
    /// How many subjects were evaluated.
    pub subjects: u64,
    /// By day.
    pub lines: Vec<Line>,
}

impl History {
    /// An empty one.
    pub fn new(card: &Scorecard, days: &[Day]) -> History {
        let width = card.grades.len() + 1;
        let line = |as_of: &Day| Line {
            as_of: *as_of,
            grades: vec![0; width],
            forced: 0,
            reasons: vec![0; REASONS.len()],
            points: Mean::default(),
            moved: vec![0; width * width],
        };
        let names = card.grades.iter().map(|grade| grade.name.clone()).chain([UNGRADED.to_owned()]).collect();
        History { names, subjects: 0, lines: days.iter().map(line).collect() }
    }

    /// Counts the standing of a subject on a day, by place of the day; `before` is the place of its grade on the day before. Returns that of
    /// this day.
    pub(crate) fn add(&mut self, day: usize, standing: &Standing, before: Option<usize>) -> usize {
        let (width, ungraded) = (self.names.len(), self.names.len().saturating_sub(1));
        let grade = standing.grade.map_or(ungraded, |grade| grade.min(ungraded));
        let Some(line) = self.lines.get_mut(day) else { return grade };
        bump(&mut line.grades, grade, 1);
        line.forced += u64::from(standing.forced.is_some());
        match &standing.outcome {
            Outcome::Graded { points, .. } => line.points.count(points.0),
            Outcome::NotEvaluable { reason } => bump(&mut line.reasons, usize::from(standings::reason(reason)), 1),
        }
        if let Some(before) = before {
            bump(&mut line.moved, before * width + grade, 1);
        }
        grade
    }

    /// Counts what another part of the subjects came to.
    pub fn append(&mut self, other: &History) {
        self.subjects += other.subjects;
        for (line, other) in self.lines.iter_mut().zip(&other.lines) {
            let counts = [(&mut line.grades, &other.grades), (&mut line.reasons, &other.reasons), (&mut line.moved, &other.moved)];
            for (counts, others) in counts {
                counts.iter_mut().zip(others).for_each(|(count, other)| *count += other);
            }
            line.forced += other.forced;
            line.points.append(other.points);
        }
    }

    /// Who moved to a day from the one before, those who stayed included: from which grade, to which, how many.
    pub fn moves<'s>(&'s self, line: &'s Line) -> impl Iterator<Item = (&'s str, &'s str, u64)> {
        let from = self.names.iter().flat_map(|from| self.names.iter().map(move |to| (from.as_str(), to.as_str())));
        from.zip(&line.moved).filter(|(_, many)| **many > 0).map(|((from, to), many)| (from, to, *many))
    }

    /// One object for programs.
    pub fn json(&self, pin: &Pin<'_>) -> Value {
        let line = |line: &Line| {
            let grades: serde_json::Map<_, _> = self.names.iter().cloned().zip(line.grades.iter().map(|many| json!(many))).collect();
            let reasons = REASONS.iter().zip(&line.reasons).filter(|(_, many)| **many > 0);
            let reasons: BTreeMap<&str, u64> = reasons.map(|((word, _), many)| (*word, *many)).collect();
            let moved = self.moves(line).map(|(from, to, many)| json!({ "from": from, "to": to, "subjects": many }));
            json!({
                "as_of": line.as_of.to_string(),
                "grades": grades,
                "forced": line.forced,
                "reasons": reasons,
                "mean_points": line.points.thousandths(),
                "moved": moved.collect::<Vec<_>>(),
            })
        };
        json!({
            "scorecard": pin.card.id,
            "pack": pin.pack.id,
            "pack_digest": pin.pack.digest.to_string(),
            "tables": pin.tables.map(|digest| digest.to_string()),
            "position": pin.position,
            "subjects": self.subjects,
            "days": self.lines.iter().map(line).collect::<Vec<_>>(),
        })
    }

    /// Aligned text for people: a line a day.
    pub fn text(&self) -> String {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let heads = [words(&["评价日"]), self.names.clone(), words(&["平均分", "升级", "降级", "评级有无变化"])].concat();
        let ungraded = self.names.len().saturating_sub(1);
        let line = |line: &Line| {
            let mean = line.points.thousandths().map_or(String::new(), |mean| Points(mean).to_string());
            let numbers = |numbers: &[u64]| numbers.iter().map(u64::to_string).collect::<Vec<_>>();
            [vec![line.as_of.to_string()], numbers(&line.grades), vec![mean], numbers(&line.changes(ungraded))].concat()
        };
        let mut out = String::new();
        table(&mut out, &std::iter::once(heads).chain(self.lines.iter().map(line)).collect::<Vec<_>>());
        out
    }
}

impl Line {
    /// How many have a better grade than the day before, a worse one, one at last or none any more.
    fn changes(&self, ungraded: usize) -> [u64; 3] {
        let mut changes = [0; 3];
        let width = ungraded + 1;
        for (place, many) in self.moved.iter().enumerate() {
            let (from, to) = (place / width, place % width);
            let [better, worse, other] = &mut changes;
            match from.cmp(&to) {
                _ if (from == ungraded) != (to == ungraded) => *other += many,
                std::cmp::Ordering::Greater => *better += many,
                std::cmp::Ordering::Less => *worse += many,
                std::cmp::Ordering::Equal => {}
            }
        }
        changes
    }
}

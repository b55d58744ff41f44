//! One kernel: what a subject is told alone, among others and out of a table set is the same, to the last share.

use std::collections::BTreeMap;
use std::path::Path;

use xinzhi_core::record::{Class, RecordId};
use xinzhi_core::{AreaCode, Day};
use xinzhi_evaluate::{Coverage, Outcome, Question, Subject, evaluate, evaluate_many};
use xinzhi_rules::Pack;
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{KindIx, ScorecardIx, SubjectKindIx};

use super::support::*;
use crate::coverage::Reported;
use crate::dice::Dice;
use crate::manifest::Manifest;
use crate::run::{Loaded, Run};
use crate::standings::{REASONS, Standings};
use crate::{SetWriter, TableSet};

pub(super) const CARD: ScorecardIx = ScorecardIx(0);
const KINDS: [&str; 3] = ["enterprise", "village", "sole_trader"];
const AREAS: [Option<&str>; 4] = [Some("990101101"), None, Some("990102101201"), Some("990101")];

/// Records nobody chose, with empty cells, days after the evaluation and all kinds.
pub(super) fn rows(subjects: i64) -> BTreeMap<KindIx, Vec<Row>> {
    let mut kinds: BTreeMap<KindIx, Vec<Row>> = BTreeMap::new();
    for subject in 1..=subjects {
        let mut dice = Dice::new(11, u64::try_from(subject).unwrap());
        for record in 0..dice.below(12) {
            let on = day("2023-01-01") + i64::try_from(dice.below(1300)).unwrap();
            let mut maybe = |value: u64| (dice.below(6) > 0).then(|| i64::try_from(dice.below(value)).unwrap());
            let (kind, fields) = match record % 3 {
                0 => {
                    (PENALTY, vec![("CF_XDR_LB", maybe(3)), ("CF_CFLB", maybe(16)), ("CF_NR_FK", maybe(5_000_000)), ("CF_CS", maybe(1000))])
                }
                1 => (HONOUR, vec![("RY_JB", maybe(2))]),
                _ => (LIST, vec![("MD_RQ", Some(on)), ("MD_YC", maybe(400).map(|days| on + days))]),
            };
            let class = maybe(3).and_then(|class| u8::try_from(class).ok()).filter(|_| kind == PENALTY);
            let fields = fields.into_iter().filter_map(|(code, value)| Some((code, value?))).collect();
            kinds.entry(kind).or_default().push(Row { subject, record: i64::try_from(record).unwrap(), day: on, class, fields });
        }
    }
    kinds
}

pub(super) fn facts(pack: &Pack, rows: &BTreeMap<KindIx, Vec<Row>>, subject: i64) -> Vec<Fact> {
    let mine = rows.iter().flat_map(|(kind, rows)| rows.iter().filter(|row| row.subject == subject).map(|row| (*kind, row)));
    mine.map(|(kind, row)| {
        let fields = &pack.record_kind(kind).unwrap().fields;
        let value = |code: &String| row.fields.iter().find(|(name, _)| name == code).map(|(_, value)| *value);
        Fact {
            record: RecordId(row.record),
            kind,
            day: Day::from_number(row.day).unwrap(),
            class: row.class.and_then(|class| Class::from_number(i64::from(class))),
            values: fields.iter().map(|field| value(&field.code)).collect(),
        }
    })
    .collect()
}

pub(super) fn who(subject: i64) -> (&'static str, Option<&'static str>) {
    let place = usize::try_from(subject).unwrap();
    (KINDS[place % KINDS.len()], AREAS[place % AREAS.len()])
}

/// A set of everybody in partitions of `part` subjects.
pub(super) fn written(pack: &Pack, root: &Path, rows: &BTreeMap<KindIx, Vec<Row>>, (subjects_all, part): (i64, i64)) {
    let writer = SetWriter::begin(root, pack).unwrap();
    let mut notes = Vec::new();
    for first in (1..=subjects_all).step_by(usize::try_from(part).unwrap()) {
        let range = first..(first + part).min(subjects_all + 1);
        let people: Vec<(i64, &str, Option<&str>)> = range.clone().map(|subject| (subject, who(subject).0, who(subject).1)).collect();
        let mine = |rows: &[Row]| rows.iter().filter(|row| range.contains(&row.subject)).cloned().collect::<Vec<_>>();
        let kinds = rows.iter().map(|(kind, rows)| (*kind, columns(pack, *kind, &mine(rows)))).collect();
        notes.push(writer.partition(notes.len(), &subjects(&people), &kinds).unwrap());
    }
    writer.finish(&head(pack), notes).unwrap();
}

/// Points, grade, whether forced, known share, amount, reason, dimensions: of each subject that is evaluated.
pub(super) type Said = BTreeMap<i64, String>;

pub(super) fn through_parquet(pack: &Pack, root: &Path, as_of: Day, threads: usize) -> Said {
    let set = TableSet::open(root, pack).unwrap();
    let run = Run::compile(&set, CARD, as_of).unwrap();
    let mut said = Said::new();
    let mut sum = 0;
    run.over(&set, threads, |standings: Standings| {
        for row in 0..standings.len() {
            let dimensions: Vec<Option<i64>> = standings.dimensions.iter().map(|cells| cells.at(row)).collect();
            let reason = standings.reasons.at(row).map(|reason| REASONS[usize::from(reason)].0);
            let points = standings.points.at(row);
            sum += points.unwrap_or(0);
            let line = format!(
                "{points:?} {reason:?} {:?} {} {} {:?} {dimensions:?}",
                standings.grades.at(row),
                standings.forced[row],
                standings.assessed[row],
                standings.amounts.at(row)
            );
            said.insert(standings.subjects[row], line);
        }
        Ok(())
    })
    .unwrap();
    let loaded = Loaded::open(&set, &run, threads).unwrap();
    assert_eq!(
        loaded.records(),
        set.manifest()
            .records
            .iter()
            .filter(|(kind, _)| *kind != "village-audit")
            .map(|(_, rows)| usize::try_from(*rows).unwrap())
            .sum::<usize>()
    );
    // Villages have no records here: they stand at the base, and the scorecard is not for them.
    assert!(run.sum(&loaded.populations().unwrap(), threads).unwrap() >= sum);
    said
}

fn reason(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Graded { .. } => None,
        Outcome::NotEvaluable { reason } => {
            let word = match reason {
                xinzhi_evaluate::Reason::NotYetInForce { .. } => "not-yet-in-force",
                xinzhi_evaluate::Reason::NoLongerInForce { .. } => "no-longer-in-force",
                xinzhi_evaluate::Reason::ReviewOverdue { .. } => "review-overdue",
                xinzhi_evaluate::Reason::NoBasisInForce => "no-basis-in-force",
                xinzhi_evaluate::Reason::NoCutoffsInForce => "no-cutoffs-in-force",
                xinzhi_evaluate::Reason::TooLittleKnown { .. } => "too-little-known",
            };
            Some(word)
        }
    }
}

/// Each subject alone, explained; and all of them in one call. Both must agree before anything is compared with them.
pub(super) fn by_facts(pack: &Pack, reported: &Reported, rows: &BTreeMap<KindIx, Vec<Row>>, (subjects_all, as_of): (i64, Day)) -> Said {
    let question = Question { pack, card: CARD, as_of };
    let all: Vec<(SubjectKindIx, Vec<Fact>, Coverage)> = (1..=subjects_all)
        .map(|subject| {
            let (kind, area) = who(subject);
            let coverage = reported.of(area.and_then(AreaCode::parse).as_ref());
            (pack.subject_kind_by_id(kind).unwrap().0, facts(pack, rows, subject), coverage)
        })
        .collect();
    let asked: Vec<Subject<'_>> = all.iter().map(|(kind, facts, coverage)| Subject { kind: *kind, facts, coverage }).collect();
    let together = evaluate_many(&question, &asked).unwrap();
    let mut said = Said::new();
    for ((subject, asked), among) in (1..).zip(&asked).zip(together) {
        let Ok(alone) = evaluate(&question, asked) else {
            assert!(among.is_err());
            continue;
        };
        let standing = alone.standing();
        assert_eq!(standing, among.unwrap(), "{subject}");
        let points = match standing.outcome {
            Outcome::Graded { points, .. } => Some(points.0),
            Outcome::NotEvaluable { .. } => None,
        };
        let dimensions: Vec<Option<i64>> = match alone.dimensions.is_empty() {
            true => pack.scorecards[0].dimensions.iter().map(|_| None).collect(),
            false => alone.dimensions.iter().map(|dimension| Some(dimension.points.0)).collect(),
        };
        let grade = standing.grade.map(|grade| u8::try_from(grade).unwrap());
        let line = format!(
            "{points:?} {:?} {grade:?} {} {} {:?} {dimensions:?}",
            reason(&standing.outcome),
            standing.forced.is_some(),
            standing.assessed_share,
            standing.amount
        );
        said.insert(subject, line);
    }
    said
}

#[test]
fn d1_d18_alone_among_others_and_through_parquet_is_the_same() {
    let mut pack = pack();
    pack.scorecards[0].amount = Some(xinzhi_rules::model::AmountByGrade { title: "额度".into(), amounts: vec![500, 200, 0] });
    let folder = tempfile::tempdir().unwrap();
    let many = 600;
    let rows = rows(many);
    let mut kinds_of_answers = std::collections::BTreeSet::new();
    for part in [many, 1, 97] {
        let root = folder.path().join(format!("by {part}"));
        written(&pack, &root, &rows, (many, part));
        let manifest = Manifest::read(&root).unwrap().0;
        let reported = Reported::read(&root, &manifest, &pack).unwrap();
        for as_of in ["2026-06-01", "2026-07-31", "2024-01-01", "2028-01-01"] {
            let as_of = Day::parse(as_of).unwrap();
            let expected = by_facts(&pack, &reported, &rows, (many, as_of));
            assert_eq!(expected.len(), 400, "villages are not evaluated by it");
            for threads in [1, 2] {
                let found = through_parquet(&pack, &root, as_of, threads);
                for (subject, line) in &expected {
                    assert_eq!(found.get(subject), Some(line), "{subject} on {as_of}, {part} a partition, {threads} threads");
                }
                assert_eq!(found.len(), expected.len());
            }
            kinds_of_answers.extend(expected.into_values());
        }
    }
    assert!(kinds_of_answers.len() > 150, "the records must reach the rules: {} answers", kinds_of_answers.len());
    assert!(
        kinds_of_answers.iter().any(|line| line.contains("too-little-known")) && kinds_of_answers.iter().any(|line| line.contains("true"))
    );
}

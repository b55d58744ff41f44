//! Limits by peers against the plainest way to find them: everybody's points in one list, sorted.

use std::path::Path;

use xinzhi_core::{AreaCode, Day, Digest, Points};
use xinzhi_evaluate::{Comparison, Coverage, Outcome, Question, Subject, evaluate_many};
use xinzhi_rules::Pack;
use xinzhi_rules::fact::leaves_window_on;
use xinzhi_rules::model::{Cutoffs, FieldIx, Group, Ladder, Made, Peers, PeersBy};

use super::same::{CARD, by_facts, facts, rows, through_parquet, who, written};
use super::support::*;
use crate::coverage::Reported;
use crate::cutoffs::{Asked, Tallies};
use crate::manifest::Manifest;
use crate::{Fault, TableSet};

const MANY: i64 = 600;
const SHARES: [i64; 3] = [100, 305, 595];
const SIZE: i64 = 40;

fn compared(by: PeersBy) -> Pack {
    let mut pack = pack();
    let card = &mut pack.scorecards[0];
    card.grades.iter_mut().for_each(|grade| grade.from = None);
    card.peers = Some(Peers { by, group_size: SIZE, shares: SHARES.to_vec() });
    pack
}

fn category(pack: &Pack) -> FieldIx {
    pack.record_kind(PENALTY).unwrap().field("CF_XDR_LB").unwrap()
}

fn on(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn tallies(pack: &Pack, root: &Path, as_of: Day, threads: usize) -> Result<Tallies, Fault> {
    let set = TableSet::open(root, pack)?;
    let comparison = Comparison::compile(pack, CARD, as_of)?.unwrap();
    let mut partitions = 0;
    let tallies = Tallies::over(&set, (&comparison, &pack.scorecards[0]), as_of, threads, || partitions += 1);
    assert_eq!(partitions, set.partitions());
    tallies
}

/// Points and group of everybody who has points, from facts.
fn everybody(pack: &Pack, reported: &Reported, as_of: Day) -> Vec<(i64, Option<usize>)> {
    let mut plain = pack.clone();
    let card = &mut plain.scorecards[0];
    let by = card.peers.take().unwrap().by;
    card.grades.truncate(1);
    card.grades[0].from = Some(card.min);
    card.overrides.clear();
    let rows = rows(MANY);
    let subjects: Vec<_> = (1..=MANY)
        .map(|subject| {
            let (kind, area) = who(subject);
            let coverage: Coverage = reported.of(area.and_then(AreaCode::parse).as_ref());
            (pack.subject_kind_by_id(kind).unwrap().0, facts(pack, &rows, subject), coverage)
        })
        .collect();
    let asked: Vec<Subject<'_>> = subjects.iter().map(|(kind, facts, coverage)| Subject { kind: *kind, facts, coverage }).collect();
    let standings = evaluate_many(&Question { pack: &plain, card: CARD, as_of }, &asked).unwrap();
    let told = standings.into_iter().zip(&asked).filter_map(|(standing, subject)| {
        let Outcome::Graded { points, .. } = standing.ok()?.outcome else { return None };
        let group = match by {
            PeersBy::Kind => plain.scorecards[0].subjects.iter().position(|kind| *kind == subject.kind),
            PeersBy::Choice { kind, field } => {
                let months = pack.record_kind(kind).unwrap().retention_months;
                let mut told: Vec<(std::cmp::Reverse<Day>, i64)> = subject
                    .facts
                    .iter()
                    .filter(|fact| fact.kind == kind && fact.day <= as_of && as_of < leaves_window_on(fact.day, months))
                    .filter_map(|fact| Some((std::cmp::Reverse(fact.day), fact.values[field.0]?)))
                    .collect();
                told.sort_unstable();
                told.first().map(|(_, value)| usize::try_from(*value).unwrap())
            }
        };
        Some((points.0, group))
    });
    told.collect()
}

fn limits(mut points: Vec<i64>) -> Vec<Points> {
    points.sort_unstable_by(|a, b| b.cmp(a));
    let mut sum = 0;
    let shares = SHARES.iter().take(SHARES.len() - 1);
    shares
        .map(|share| {
            sum += share;
            let place = (points.len() * usize::try_from(sum).unwrap()).div_ceil(1000);
            Points(points[place - 1])
        })
        .collect()
}

/// The pack's own form of what a run says.
fn cutoffs(tallies: &Tallies) -> Cutoffs {
    let ladder = |tally: &xinzhi_evaluate::Tally| Ladder { size: i64::try_from(tally.size()).unwrap(), limits: tally.limits(&SHARES) };
    let group = |tally| Some(ladder(tally)).filter(|ladder| ladder.size >= SIZE).map_or(Group::Small(ladder(tally).size), Group::Own);
    Cutoffs {
        id: "market-2026-06-02".into(),
        scorecard: CARD,
        made: Made { as_of: on("2026-06-01"), tables: Digest([1; 32]), pack: Digest([2; 32]) },
        from: on("2026-06-02"),
        until: on("2026-07-31"),
        everyone: ladder(&tallies.everyone),
        groups: tallies.groups.iter().map(group).collect(),
    }
}

#[test]
fn d1_d18_limits_are_those_of_the_sorted_list_and_everybody_is_graded_by_them_alone_as_among_all() {
    let folder = tempfile::tempdir().unwrap();
    let field = category(&pack());
    for by in [PeersBy::Kind, PeersBy::Choice { kind: PENALTY, field }] {
        let mut pack = compared(by);
        let as_of = on("2026-06-01");
        let mut found = Vec::new();
        for part in [MANY, 1, 97] {
            let root = folder.path().join(format!("{by:?} {part}"));
            written(&pack, &root, &rows(MANY), (MANY, part));
            for threads in [1, 2] {
                found.push(tallies(&pack, &root, as_of, threads).unwrap());
            }
        }
        assert!(found.iter().all(|other| *other == found[0]), "neither threads nor partitions change a limit");
        let root = folder.path().join(format!("{by:?} {MANY}"));
        let reported = Reported::read(&root, &Manifest::read(&root).unwrap().0, &pack).unwrap();
        let everybody = everybody(&pack, &reported, as_of);
        let of = |group: usize| everybody.iter().filter(|(_, mine)| *mine == Some(group)).map(|(points, _)| *points).collect::<Vec<_>>();
        assert_eq!(found[0].everyone.limits(&SHARES), limits(everybody.iter().map(|(points, _)| *points).collect()));
        for (group, tally) in found[0].groups.iter().enumerate() {
            assert_eq!(tally.size(), u64::try_from(of(group).len()).unwrap(), "group {group}");
            assert_eq!(tally.limits(&SHARES), limits(of(group)), "group {group}");
        }
        let sizes: u64 = found[0].groups.iter().map(xinzhi_evaluate::Tally::size).sum();
        match by {
            PeersBy::Kind => assert_eq!(sizes, found[0].everyone.size()),
            PeersBy::Choice { .. } => assert!(sizes < found[0].everyone.size(), "some belong to no group"),
        }
        pack.cutoffs.push(cutoffs(&found[0]));
        let mut grades = std::collections::BTreeSet::new();
        for day in ["2026-06-01", "2026-06-02", "2026-07-31", "2026-08-01"] {
            let expected = by_facts(&pack, &reported, &rows(MANY), (MANY, on(day)));
            let through = through_parquet(&pack, &root, on(day), 2);
            assert_eq!(through, expected, "{day}");
            let dormant = expected.values().filter(|line| line.contains("no-cutoffs-in-force")).count();
            assert_eq!(dormant, if day == "2026-06-02" || day == "2026-07-31" { 0 } else { expected.len() }, "{day}");
            grades.extend(
                expected.into_values().filter(|line| !line.contains("no-cutoffs")).map(|line| line.split(' ').nth(2).unwrap().to_owned()),
            );
        }
        assert!(grades.len() >= 3, "{grades:?}");
    }
}

#[test]
fn a_file_of_limits_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let text = |pack: &Pack, with: &xinzhi_rules::load::Files| {
        let root = folder.path().join("set");
        written(pack, &root, &rows(MANY), (MANY, 97));
        let tallies = tallies(pack, &root, on("2026-06-01"), 1).unwrap();
        let (card, peers) = (&pack.scorecards[0], pack.scorecards[0].peers.as_ref().unwrap());
        let (as_of, from, until) = (on("2026-06-01"), on("2026-06-02"), on("2026-07-31"));
        let asked = Asked { pack, card, peers, as_of, from, until, tables: Digest([1; 32]) };
        (with.with("cutoffs/market-2026-06-02.yaml", &tallies.text("market-2026-06-02", &asked)), tallies)
    };
    let files = xinzhi_rules::load::Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pack")).unwrap();
    let card =
        files.text("scorecards/market.yaml").unwrap().replace("from: 850 }", "share: 10% }").replace("from: 700 }", "share: 30.5% }");
    let card = card.replace("from: 0 }\n", "share: 59.5% }\npeers: { by: kind, group_size: 40 }\n");
    let files = files.with("scorecards/market.yaml", &card);
    let pack = xinzhi_rules::load("example", &files).unwrap();
    let (files, tallies) = text(&pack, &files);
    let pack = xinzhi_rules::load("example", &files).unwrap_or_else(|faults| panic!("{faults:?}"));
    let expected = cutoffs(&tallies);
    let found = &pack.cutoffs[0];
    assert_eq!((&found.everyone, &found.groups), (&expected.everyone, &expected.groups));
    assert_eq!((found.from, found.until, found.made.as_of), (expected.from, expected.until, expected.made.as_of));
    assert!(matches!(found.groups[0], Group::Own(_)));
}

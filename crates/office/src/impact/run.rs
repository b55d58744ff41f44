//! Everybody by both packs: the kernel for models, `apply` for measures, and the old model once more for each part that differs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use xinzhi_apply::Decision;
use xinzhi_core::journal::Position;
use xinzhi_core::{AreaCode, Day, SubjectId};
use xinzhi_evaluate::{Coverage, Fault, Plan, Question, Subject, evaluate_many};
use xinzhi_rules::Pack;
use xinzhi_rules::fact::{Fact, rule_values};
use xinzhi_rules::model::{FieldIx, Grouping, Indicator, KindIx, Scorecard, ScorecardIx, SubjectKindIx};
use xinzhi_store::Connection;
use xinzhi_store::figure::{FactRow, Member};

use super::alteration::{Changed, Part, changes};
use super::joint::{Joint, alone, with};
use super::measure::{self, Known, Pair};
use super::ratio::Befalls;
use super::shift::{MeasureShift, Scales, Shift, Stand};
use super::side::{as_if, ruled};
use super::words::Difference;
use crate::Error;
use crate::check::run::decision;
use crate::coverage::CoverageCache;
use crate::everybody::{self, Reading, Told};
use crate::figure::item::{Shared, Texts, below};

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) old: Arc<Pack>,
    pub(crate) new: Arc<Pack>,
    /// The one model that is asked about.
    pub(crate) scorecard: Option<String>,
    /// Rules that differ, where that is known already.
    pub(crate) differences: Option<Arc<Vec<Difference>>>,
    pub(crate) day: Day,
    pub(crate) position: Position,
    /// The area of the office: its townships are compared.
    pub(crate) base: AreaCode,
}

/// A model of both packs and what becomes of everybody by it.
#[derive(Debug)]
pub(crate) struct CardRun {
    pub(crate) old: ScorecardIx,
    pub(crate) new: ScorecardIx,
    pub(crate) scales: Scales,
    pub(crate) changes: Vec<Changed>,
    /// By change: the old model with it, where that is a model.
    pub(crate) variants: Vec<Option<ScorecardIx>>,
    /// By change of an indicator: the indicator alone, old and new.
    singles: Vec<[Option<ScorecardIx>; 2]>,
    pub(crate) groupings: Vec<Placed>,
    pub(crate) shifts: Vec<Shift>,
}

/// A grouping with the pack that has it.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) grouping: Grouping,
    pub(crate) is_new: bool,
    /// Its place among the latest values that its pack reads.
    latest: usize,
}

/// What becomes of everybody.
#[derive(Debug)]
pub(crate) struct Outcomes {
    pub(crate) cards: Vec<CardRun>,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) measures: Vec<MeasureShift>,
    pub(crate) subjects: i64,
    /// The packs as they were read.
    pub(crate) rules: [Pack; 2],
}

/// One pack as it is asked.
struct Side<'a> {
    rules: &'a Pack,
    reading: Reading<'a>,
    coverage: CoverageCache,
}

/// What every chunk is asked by.
struct Run<'a> {
    ask: &'a Ask,
    sides: [Side<'a>; 2],
    joint: &'a Joint,
    decisions: BTreeMap<SubjectId, Vec<Decision>>,
}

/// Somebody as one pack knows them.
struct Seen<'a> {
    kind: Option<SubjectKindIx>,
    told: &'a Told,
    coverage: Arc<Coverage>,
    stands: Vec<(ScorecardIx, Stand)>,
}

/// Somebody.
struct Person<'a> {
    member: &'a Member,
    exact: bool,
    seen: [Seen<'a>; 2],
    /// As both packs together know them; made only where a variant is asked.
    facts: Vec<Fact>,
    coverage: Arc<Coverage>,
}

impl Person<'_> {
    /// Where it is registered, as its page has it.
    fn area(&self) -> Option<&str> {
        self.seen.iter().find_map(|seen| seen.told.area.as_deref())
    }
}

/// Asks about everybody.
///
/// # Errors
/// A fault of the store, or of a model that does not compile, which the checker would have refused.
pub(crate) fn run(connection: &mut Connection, ask: &Ask) -> Result<Outcomes, Error> {
    let rules = [as_if(&ask.old, ask.day), as_if(&ask.new, ask.day)];
    let mut joint = Joint::new(&rules[0], &rules[1]);
    let cards = cards(ask, [&rules[0], &rules[1]], &mut joint);
    let latest = [latest(&cards, false), latest(&cards, true)];
    let side = |place: usize| -> Option<Side<'_>> {
        let (rules, latest) = (rules.get(place)?, latest.get(place)?);
        Some(Side { rules, reading: Reading::new(rules, &ruled(rules), latest), coverage: CoverageCache::new(ask.base.clone()) })
    };
    let (Some(old), Some(new)) = (side(0), side(1)) else { return Err(Error::inconsistent("two packs are compared")) };
    let kinds: std::collections::BTreeSet<&str> = old.reading.kinds().chain(new.reading.kinds()).collect();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    let mut decisions: BTreeMap<SubjectId, Vec<Decision>> = BTreeMap::new();
    for row in xinzhi_store::check::every_decision(connection, ask.position)? {
        decisions.entry(row.subject).or_default().push(decision(row));
    }
    let run = Run { ask, sides: [old, new], joint: &joint, decisions };
    let pairs = measure::pairs(&ask.old, &ask.new);
    let mut out = Outcomes { cards, pairs, measures: Vec::new(), subjects: 0, rules: rules.clone() };
    let mut texts = Texts::default();
    everybody::each_chunk(connection, (&kinds, ask.position), |connection, members, rows| {
        chunk(connection, &run, (members, rows), (&mut out, &mut texts))
    })?;
    Ok(out)
}

/// The models that both packs have, each with what is asked of it besides.
fn cards(ask: &Ask, [old_rules, new_rules]: [&Pack; 2], joint: &mut Joint) -> Vec<CardRun> {
    let wanted = |card: &Scorecard| ask.scorecard.as_ref().is_none_or(|id| card.id == *id);
    let mut cards = Vec::new();
    for (place, old) in ask.old.scorecards.iter().enumerate().filter(|(_, card)| wanted(card)) {
        let Some((new_ix, new)) = ask.new.scorecard_by_id(&old.id) else { continue };
        let (Some(before), Some(after)) = (old_rules.scorecards.get(place), new_rules.scorecard(new_ix)) else { continue };
        let changes = changes((&ask.old, old), (&ask.new, new));
        let after = joint.moved(after, new_rules);
        let (mut variants, mut singles) = (Vec::new(), Vec::new());
        for change in &changes {
            // Limits by peers are made for a whole text: with one part of another they say nothing.
            let compared = before.peers.is_some() || after.peers.is_some();
            let ix = (!compared).then(|| joint.add(with(&change.part, before, &after)));
            variants.push(ix.filter(|ix| Plan::compile(&joint.pack, *ix).is_ok()));
            singles.push(single(joint, change, before, &after));
        }
        let scales = Scales::of(old, new);
        let (old, groupings) = (ScorecardIx(place), groupings(old, new));
        cards.push(CardRun { old, new: new_ix, scales, changes, variants, singles, groupings, shifts: Vec::new() });
    }
    // Places among the latest values of each pack, over all models.
    let mut places = [0, 0];
    for placed in cards.iter_mut().flat_map(|card| &mut card.groupings) {
        let [old, new] = &mut places;
        let next = if placed.is_new { new } else { old };
        placed.latest = *next;
        *next += 1;
    }
    cards
}

/// The indicator of a change as a model of its own, old and new; none where it is not there or cannot move anything.
fn single(joint: &mut Joint, change: &Changed, before: &Scorecard, after: &Scorecard) -> [Option<ScorecardIx>; 2] {
    let Part::Indicator(id) = &change.part else { return [None, None] };
    let mut subjects = before.subjects.clone();
    subjects.extend(after.subjects.iter().copied().filter(|ix| !before.subjects.contains(ix)));
    [before, after].map(|card| {
        let mut indicators = card.dimensions.iter().flat_map(|dimension| &dimension.indicators);
        let indicator: &Indicator = indicators.find(|indicator| indicator.id == *id)?;
        let ix = joint.add(alone(card, indicator, subjects.clone()));
        Plan::compile(&joint.pack, ix).is_ok().then_some(ix)
    })
}

/// Those of the new model, and those of the old one that it does not have.
fn groupings(old: &Scorecard, new: &Scorecard) -> Vec<Placed> {
    let placed = |grouping: &Grouping, is_new| Placed { grouping: grouping.clone(), is_new, latest: 0 };
    let kept = old.groups.iter().filter(|group| new.groups.iter().all(|other| other.title != group.title));
    new.groups.iter().map(|group| placed(group, true)).chain(kept.map(|group| placed(group, false))).collect()
}

fn latest(cards: &[CardRun], new: bool) -> Vec<(KindIx, FieldIx)> {
    let placed = cards.iter().flat_map(|card| &card.groupings).filter(|placed| placed.is_new == new);
    placed.map(|placed| (placed.grouping.kind, placed.grouping.field)).collect()
}

fn chunk(
    connection: &mut Connection,
    run: &Run<'_>,
    (members, rows): (&[Member], &[FactRow]),
    (out, texts): (&mut Outcomes, &mut Texts),
) -> Result<(), Error> {
    let [old, new] = &run.sides;
    let told = [old.reading.told(rows)?, new.reading.told(rows)?];
    let nothing = [old.reading.nothing(), new.reading.nothing()];
    let mut people = people(connection, run, members, [(&told[0], &nothing[0]), (&told[1], &nothing[1])])?;
    out.subjects += i64::try_from(people.len()).unwrap_or(i64::MAX);
    for place in [0, 1] {
        grade(run, &mut people, place)?;
    }
    for card in &mut out.cards {
        let asked = asked(run, card, &people)?;
        for (index, person) in people.iter().enumerate() {
            card.shifts.extend(shift(run, card, (person, index, &asked), texts));
        }
    }
    for person in &people {
        out.measures.push(measured(run, &out.pairs, person, texts)?);
    }
    Ok(())
}

type SideTold<'a> = (&'a BTreeMap<SubjectId, Told>, &'a Told);

/// Whoever was there on the day.
fn people<'a>(
    connection: &mut Connection,
    run: &Run<'_>,
    members: &'a [Member],
    told: [SideTold<'a>; 2],
) -> Result<Vec<Person<'a>>, Error> {
    let known = |subject: SubjectId| told.map(|(told, nothing)| told.get(&subject).unwrap_or(nothing));
    let day = run.ask.day;
    let there = |member: &&Member| known(member.subject).iter().all(|told| told.since.is_none_or(|since| since <= day));
    let members: Vec<&Member> = members.iter().filter(there).collect();
    let border = |member: Option<&&Member>| member.map_or(SubjectId(0), |member| member.subject);
    let (first, last) = (SubjectId(border(members.first()).0 - 1), border(members.last()));
    let exact: std::collections::BTreeSet<SubjectId> = xinzhi_store::figure::exact(connection, (first, last))?.into_iter().collect();
    let mut covered = Vec::new();
    for (place, side) in run.sides.iter().enumerate() {
        let of = (&side.coverage, side.rules, run.ask.position);
        let areas = members.iter().map(|member| known(member.subject).get(place).and_then(|told| told.area.as_deref()));
        covered.push(everybody::coverages(connection, of, areas)?);
    }
    let (Some(before), Some(after)) = (covered.first(), covered.get(1)) else { return Ok(Vec::new()) };
    let mut joined: BTreeMap<[Option<&str>; 2], Arc<Coverage>> = BTreeMap::new();
    let mut people = Vec::with_capacity(members.len());
    for ((member, before), after) in members.into_iter().zip(before).zip(after) {
        let [old, new] = known(member.subject);
        let areas = [old, new].map(|told| told.area.as_deref());
        let coverage = joined.entry(areas).or_insert_with(|| Arc::new(run.joint.coverage(before, after)));
        let seen = |side: &Side<'_>, told: &'a Told, coverage: &Arc<Coverage>| Seen {
            kind: side.rules.subject_kind_by_id(&member.kind).filter(|(_, kind)| !kind.person).map(|(ix, _)| ix),
            told,
            coverage: Arc::clone(coverage),
            stands: Vec::new(),
        };
        let facts = if run.joint.pack.scorecards.is_empty() { Vec::new() } else { run.joint.facts(&old.facts, &new.facts) };
        let [before_side, after_side] = &run.sides;
        people.push(Person {
            member,
            exact: exact.contains(&member.subject),
            seen: [seen(before_side, old, before), seen(after_side, new, after)],
            facts,
            coverage: Arc::clone(coverage),
        });
    }
    Ok(people)
}

/// Everybody by every model of one pack.
fn grade(run: &Run<'_>, people: &mut [Person<'_>], place: usize) -> Result<(), Error> {
    let Some(side) = run.sides.get(place) else { return Ok(()) };
    for card in (0..side.rules.scorecards.len()).map(ScorecardIx) {
        let stands = stands(
            (side.rules, card, run.ask.day),
            people.iter().map(|person| {
                let seen = person.seen.get(place)?;
                Some((seen.kind?, seen.told.facts.as_slice(), seen.coverage.as_ref()))
            }),
        )?;
        for (person, stand) in people.iter_mut().zip(stands) {
            if let Some((seen, stand)) = person.seen.get_mut(place).zip(stand) {
                seen.stands.push((card, stand));
            }
        }
    }
    Ok(())
}

/// How some stand by a model, in their order; none for those whom it does not evaluate.
fn stands<'p>(
    (pack, card, as_of): (&Pack, ScorecardIx, Day),
    people: impl Iterator<Item = Option<(SubjectKindIx, &'p [Fact], &'p Coverage)>>,
) -> Result<Vec<Option<Stand>>, Error> {
    let evaluates = |kind: SubjectKindIx| pack.scorecard(card).is_some_and(|card| card.subjects.contains(&kind));
    let people: Vec<Option<Subject<'_>>> = people
        .map(|person| person.filter(|(kind, _, _)| evaluates(*kind)).map(|(kind, facts, coverage)| Subject { kind, facts, coverage }))
        .collect();
    let subjects: Vec<Subject<'_>> = people.iter().flatten().copied().collect();
    let fault = |fault: Fault| Error::inconsistent(fault.to_string());
    let mut standings = evaluate_many(&Question { pack, card, as_of }, &subjects).map_err(fault)?.into_iter();
    let mut stands = Vec::with_capacity(people.len());
    for person in &people {
        let standing = if person.is_some() { standings.next().transpose().map_err(fault)? } else { None };
        stands.push(standing.map(|standing| Stand::of(&standing)));
    }
    Ok(stands)
}

/// By change: everybody by the old model with it, and by the indicator alone, old and new.
struct AskedOf {
    variants: Vec<Option<Vec<Option<Stand>>>>,
    singles: Vec<[Option<Vec<Option<Stand>>>; 2]>,
}

fn asked(run: &Run<'_>, card: &CardRun, people: &[Person<'_>]) -> Result<AskedOf, Error> {
    let ask = |ix: Option<ScorecardIx>| {
        ix.map(|ix| {
            let kinds = people.iter().map(|person| run.joint.subject_kind(&person.member.kind));
            let people = people.iter().zip(kinds);
            let seen = people.map(|(person, kind)| Some((kind?, person.facts.as_slice(), person.coverage.as_ref())));
            stands((&run.joint.pack, ix, run.ask.day), seen)
        })
        .transpose()
    };
    let variants = card.variants.iter().map(|ix| ask(*ix)).collect::<Result<_, _>>()?;
    let singles = card.singles.iter().map(|[old, new]| Ok([ask(*old)?, ask(*new)?])).collect::<Result<_, Error>>()?;
    Ok(AskedOf { variants, singles })
}

/// What becomes of somebody by a model; none where neither pack evaluates them by it.
fn shift(run: &Run<'_>, card: &CardRun, (person, index, asked): (&Person<'_>, usize, &AskedOf), texts: &mut Texts) -> Option<Shift> {
    let [old, new] = &person.seen;
    let stand = |seen: &Seen<'_>, ix| seen.stands.iter().find(|(card, _)| *card == ix).map(|(_, stand)| *stand);
    let (before, after) = (stand(old, card.old), stand(new, card.new));
    if before.is_none() && after.is_none() {
        return None;
    }
    let before = before.unwrap_or_default();
    let at = |stands: &Option<Vec<Option<Stand>>>| stands.as_ref().and_then(|stands| stands.get(index).copied().flatten());
    let alone = asked.variants.iter().enumerate().filter(|(_, stands)| stands.is_some());
    let alone = alone.map(|(place, stands)| (place, at(stands).unwrap_or_default()));
    let points = asked.singles.iter().enumerate().map(|(place, [old, new])| {
        let points = |stands| at(stands).and_then(|stand| stand.points).map_or(0, |points| points.0);
        (place, points(new) - points(old))
    });
    let (area, industry) = where_and_what(run, person, texts);
    Some(Shift {
        subject: person.member.subject,
        kind: texts.one(&person.member.kind),
        area,
        industry,
        groups: card.groupings.iter().map(|placed| group(run, person, placed)).collect(),
        before,
        after: after.unwrap_or_default(),
        points: points.filter(|(_, change)| *change != 0).collect(),
        // Of other grades the same place is another grade.
        alone: alone.filter(|(place, stand)| *stand != before || is_scale(card, *place)).collect(),
    })
}

/// The area one level below the office, and the first two characters of the industry code.
fn where_and_what(run: &Run<'_>, person: &Person<'_>, texts: &mut Texts) -> (Shared, Shared) {
    let area = texts.some(person.area().map(|area| below(&run.ask.base, area)).as_deref());
    (area, texts.some(person.member.industry.as_deref().and_then(|industry| industry.get(..2))))
}

fn is_scale(card: &CardRun, place: usize) -> bool {
    card.changes.get(place).is_some_and(|change| change.part == Part::Grades)
}

/// The group that somebody belongs to.
fn group(run: &Run<'_>, person: &Person<'_>, placed: &Placed) -> Option<usize> {
    let place = usize::from(placed.is_new);
    let (side, seen) = run.sides.get(place).zip(person.seen.get(place))?;
    let kind = side.rules.record_kind(placed.grouping.kind)?;
    let field = kind.at(placed.grouping.field)?;
    let value: Value = seen.told.latest.get(placed.latest)?.clone()?;
    let values = rule_values(kind, &json!({ field.code.as_str(): value }));
    placed.grouping.place(values.get(placed.grouping.field.0).copied().flatten()?)
}

fn measured(run: &Run<'_>, pairs: &[Pair], person: &Person<'_>, texts: &mut Texts) -> Result<MeasureShift, Error> {
    let decisions = run.decisions.get(&person.member.subject).map_or(&[][..], Vec::as_slice);
    let [old, new] = &person.seen;
    let [before, after] = &run.sides;
    let known = |side: &Side<'_>, seen: &Seen<'_>| {
        let known = Known {
            pack: side.rules,
            kind: seen.kind,
            facts: &seen.told.facts,
            stands: seen.stands.clone(),
            decisions,
            exact: person.exact,
        };
        measure::states(&known, run.ask.day)
    };
    let (was, is) = (known(before, old)?, known(after, new)?);
    let moves = measure::moves(pairs, (before.rules, old.kind, &was), (after.rules, new.kind, &is));
    let kind_of = |place: usize| measure::kind_of((&run.ask.old, &run.ask.new), pairs.get(place)?);
    let befalls = |sought: Befalls| {
        moves.iter().any(|(place, before, after)| kind_of(*place).and_then(|kind| measure::befalls(kind, *before, *after)) == Some(sought))
    };
    let (burdened, relieved) = (befalls(Befalls::Burdened), befalls(Befalls::Relieved));
    let (area, industry) = where_and_what(run, person, texts);
    Ok(MeasureShift { subject: person.member.subject, kind: texts.one(&person.member.kind), area, industry, moves, burdened, relieved })
}

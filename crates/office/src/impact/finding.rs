//! The outcome put together: tables, and what they show in sentences.

use std::collections::BTreeMap;

use xinzhi_evaluate::Reason;
use xinzhi_rules::Pack;
use xinzhi_rules::model::{Grade, Scorecard, ScorecardIx};
use xinzhi_rules::sentence;

use super::alteration::{Part, says};
use super::count::{Alarms, Breakdown, Group, MeasureGroup, Moves, groups, measure_groups, moves, spread};
use super::run::{Ask, CardRun, Outcomes, Placed};
use super::shift::{MeasureShift, Scales, Shift, Stand};
use super::words::differences;
use super::{Alteration, CardImpact, Gain, Impact, ImpactPin, MeasureImpact, Named, measure, side};
use crate::Error;
use crate::check::run::ENGINE_EDITION;
use crate::pack::titled;

/// What nobody's group is called in an address.
pub(crate) const UNKNOWN: &str = "-";
/// What is no grade.
pub(crate) const UNGRADED: &str = "不作评价";

/// What areas are called.
pub(crate) type Areas = BTreeMap<String, String>;

/// The outcome of a run.
///
/// # Errors
/// A fault where a model that was compared is not in its pack.
pub(crate) fn outcome(ask: &Ask, outcomes: &Outcomes, areas: &Areas) -> Result<Impact, Error> {
    let (old, new) = (&ask.old, &ask.new);
    let cards = outcomes.cards.iter().map(|run| card(ask, outcomes, run, areas)).collect::<Result<Vec<_>, _>>()?;
    let measures = measure::table((old, new), &outcomes.pairs, &outcomes.measures);
    let measure_groups = measure_breakdowns(&Names { ask, areas }, &outcomes.measures);
    let named = |pack: &Pack| Named { title: titled(pack), version: pack.version.clone() };
    Ok(Impact {
        pin: ImpactPin {
            old: old.digest.to_string(),
            new: new.digest.to_string(),
            scorecard: ask.scorecard.clone(),
            day: ask.day,
            position: ask.position.0,
            edition: ENGINE_EDITION,
        },
        old: named(old),
        new: named(new),
        finding: finding((ask, outcomes), &cards, (&measures, &measure_groups)),
        notes: notes(ask, outcomes),
        subjects: outcomes.subjects,
        differences: ask.differences.as_deref().cloned().unwrap_or_else(|| differences(old, new)),
        cards,
        measures,
        measure_groups,
    })
}

fn finding(
    (ask, outcomes): (&Ask, &Outcomes),
    cards: &[CardImpact],
    (measures, measure_groups): (&[MeasureImpact], &[Breakdown<MeasureGroup>]),
) -> String {
    if ask.old.digest == ask.new.digest {
        return "新旧规则是同一版本，没有差别".to_owned();
    }
    let moved = cards.iter().any(moves_somebody);
    let measured = measured(measures);
    let mut parts = apart(&ask.old, &ask.new);
    parts.extend(cards.iter().filter(|card| moves_somebody(card)).map(|card| format!("{}：{}", card.title, card.finding)));
    let still = cards.iter().filter(|card| !moves_somebody(card)).count();
    if moved {
        parts.extend((still > 0).then(|| format!("{still} 个评价模型的结果没有改变")));
        parts.push(measured.unwrap_or_else(|| "没有措施因此改变".to_owned()));
        parts.push(alarms(cards, measure_groups));
    } else if still > 0 && cards.iter().all(|card| card.moves.ungraded > 0 && card.moves.ungraded == card.moves.all()) {
        parts.push(uncompared(ask, outcomes));
        parts.extend(measured);
    } else {
        let words = "规则文字有差别，但没有主体的等级、得分或措施因此改变";
        let is_measured = measured.is_some();
        parts.push(measured.map_or_else(|| words.to_owned(), |measured| format!("没有主体的等级或得分改变；{measured}")));
        parts.extend(is_measured.then(|| alarms(cards, measure_groups)));
    }
    parts.join("；")
}

fn moves_somebody(card: &CardImpact) -> bool {
    card.moves.all() > card.moves.same
}

/// What becomes of measures; none where nothing does.
fn measured(measures: &[MeasureImpact]) -> Option<String> {
    let sum = |of: fn(&MeasureImpact) -> i64| measures.iter().map(of).sum::<i64>();
    let (begins, ends, changes) = (sum(|row| row.begins.all()), sum(|row| row.ends.all()), sum(|row| row.changes.all()));
    (begins + ends + changes > 0).then(|| format!("措施新增 {begins} 项次、终止 {ends} 项次、状态改变 {changes} 项次"))
}

/// How many gaps between groups somebody should look at.
fn alarms(cards: &[CardImpact], measures: &[Breakdown<MeasureGroup>]) -> String {
    let all = || cards.iter().flat_map(|card| &card.breakdowns);
    let found: Alarms = all().map(Breakdown::alarms).chain(measures.iter().map(Breakdown::alarms)).sum();
    if found.all() > 0 {
        return format!("有 {}", alarm_words(found));
    }
    let judged = all().any(Breakdown::is_judged) || measures.iter().any(Breakdown::is_judged);
    if judged { "各组之间没有须关注的差距" } else { "各组数量过少或者无从比较，不作判断" }.to_owned()
}

/// Gaps that somebody should look at, with which way they are: `3 处组间差距须关注（受损不均 2 处，受益不均 1 处）`.
pub fn alarm_words(alarms: Alarms) -> String {
    format!("{} 处组间差距须关注（受损不均 {} 处，受益不均 {} 处）", alarms.all(), alarms.loses, alarms.wins)
}

/// Packs that only one side has: a draft in nobody's place is beside all others.
fn apart(old: &Pack, new: &Pack) -> Vec<String> {
    let only = |of: &Pack, other: &Pack| -> Vec<String> {
        let is_other = |part: &&xinzhi_rules::model::Part| other.parts.iter().all(|known| known.id != part.id);
        of.parts.iter().filter(is_other).map(|part| format!("“{}”（{}）", part.title, part.id)).collect()
    };
    let (added, removed) = (only(new, old), only(old, new));
    let words = [(added, "旧规则中没有规则包", "，按新增评估"), (removed, "新规则中没有规则包", "，按删去评估")];
    let told = words.into_iter().filter(|(which, _, _)| !which.is_empty());
    told.map(|(which, before, behind)| format!("{before}{}{behind}", which.join("、"))).collect()
}

/// Why nobody can be compared where neither side evaluates anybody.
fn uncompared(ask: &Ask, outcomes: &Outcomes) -> String {
    let [old, new] = &outcomes.rules;
    let overdue = |rules, ix| matches!(side::dormant(rules, ix, ask.day), Some(Reason::ReviewOverdue { .. }));
    if outcomes.cards.iter().all(|run| overdue(old, run.old) && overdue(new, run.new)) {
        return format!("评价日 {} 已过复核期限，全部主体不作评价，无从比较", ask.day);
    }
    format!("评价日 {} 新旧规则都不能评价任何主体，无从比较；原因见各评价模型的提示", ask.day)
}

fn notes(ask: &Ask, outcomes: &Outcomes) -> Vec<String> {
    let mut notes = Vec::new();
    if outcomes.subjects == 0 {
        notes.push("本单位在评价日还没有可以评价的主体，以下各项均为零；请先归集登记信息，或另选评价日".to_owned());
    }
    let wanted = |card: &&Scorecard| ask.scorecard.as_ref().is_none_or(|id| card.id == *id);
    let missing = |of: &Pack, other: &Pack, which: &str| -> Vec<String> {
        let only = of.scorecards.iter().filter(wanted).filter(|card| other.scorecard_by_id(&card.id).is_none());
        only.map(|card| format!("评价模型“{}”（{}）只在{which}中有，无从比较", card.title, card.id)).collect()
    };
    notes.extend(missing(&ask.old, &ask.new, "旧规则"));
    notes.extend(missing(&ask.new, &ask.old, "新规则"));
    notes.push("失信程度在归集时已经认定，认定标准的改动不影响已有记录；自然人不作评价，不在评估之内".to_owned());
    notes
}

fn card(ask: &Ask, outcomes: &Outcomes, run: &CardRun, areas: &Areas) -> Result<CardImpact, Error> {
    let gone = || Error::inconsistent("a compared model is not in its pack");
    let old = ask.old.scorecard(run.old).ok_or_else(gone)?;
    let new = ask.new.scorecard(run.new).ok_or_else(gone)?;
    let [old_rules, new_rules] = &outcomes.rules;
    let mut notes = side::notes("旧规则", (&ask.old, old_rules), (run.old, old), ask.day);
    notes.extend(side::notes("新规则", (&ask.new, new_rules), (run.new, new), ask.day));
    if !run.scales.are_equal() {
        notes.push("新旧模型的等级不同：按等级名称比较；比不了的，只按分数比较".to_owned());
    }
    if (old.min, old.max) != (new.min, new.max) {
        notes.push(format!("新旧模型的分值范围不同（{} 至 {}，{} 至 {}）：分数的增减不宜直接比较", old.min, old.max, new.min, new.max));
    }
    let (rows, columns) = (names(old), names(new));
    let mut matrix = vec![vec![0; columns.len()]; rows.len()];
    for shift in &run.shifts {
        let place = |stand: Stand, names: &[String]| stand.grade.unwrap_or(names.len().saturating_sub(1));
        let cell = matrix.get_mut(place(shift.before, &rows)).and_then(|row| row.get_mut(place(shift.after, &columns)));
        if let Some(cell) = cell {
            *cell += 1;
        }
    }
    let moves = moves(&run.shifts, &run.scales);
    let points = run.shifts.iter().filter_map(|shift| shift.before.points.zip(shift.after.points)).map(|(old, new)| new.0 - old.0);
    Ok(CardImpact {
        id: old.id.clone(),
        title: new.title.clone(),
        finding: words(moves, run),
        notes,
        subjects: moves.all(),
        rows,
        columns,
        row_titles: old.grades.iter().map(grade_words).chain([UNGRADED.to_owned()]).collect(),
        column_titles: new.grades.iter().map(grade_words).chain([UNGRADED.to_owned()]).collect(),
        matrix,
        moves,
        points: spread(points),
        breakdowns: breakdowns(ask, run, areas),
        alterations: run.changes.iter().enumerate().map(|(place, _)| alteration(ask, run, place)).collect(),
        together: together(run),
    })
}

fn names(card: &Scorecard) -> Vec<String> {
    card.grades.iter().map(|grade| grade.name.clone()).chain([UNGRADED.to_owned()]).collect()
}

/// A grade as people call it: `B 良好`.
pub(crate) fn grade_words(grade: &Grade) -> String {
    if grade.title == grade.name { grade.name.clone() } else { format!("{} {}", grade.name, grade.title) }
}

fn words(moves: Moves, run: &CardRun) -> String {
    if moves.ungraded > 0 && moves.ungraded == moves.all() {
        return format!("{} 个主体新旧都不作评价，无从比较", moves.all());
    }
    let graded = i64::try_from(run.shifts.iter().filter(|shift| run.scales.differ(shift.before, shift.after)).count()).unwrap_or(i64::MAX);
    let Moves { better, worse, lost, found, grade_better, grade_worse, .. } = moves;
    format!(
        "{} 个主体中 {graded} 个等级改变，其中下降 {grade_worse} 个、上升 {grade_better} 个，不再评价 {lost} 个、改为可以评价 {found} 个；\
         连同等级不变、得分增减的，变差 {worse} 个、变好 {better} 个",
        moves.all()
    )
}

/// What groups are called.
struct Names<'a> {
    ask: &'a Ask,
    areas: &'a Areas,
}

impl Names<'_> {
    fn kind(&self, id: &str) -> (String, String) {
        let kind = self.ask.new.subject_kind_by_id(id).or_else(|| self.ask.old.subject_kind_by_id(id));
        (id.to_owned(), kind.map_or_else(|| id.to_owned(), |(_, kind)| kind.title.clone()))
    }

    fn area(&self, code: Option<&str>) -> (String, String) {
        unknown(code, |code| self.areas.get(code).cloned().unwrap_or_else(|| code.to_owned()))
    }

    /// By the names that either pack gives its codes.
    fn industry(&self, code: Option<&str>) -> (String, String) {
        unknown(code, |code| {
            let name = self.ask.new.industry_name(code).or_else(|| self.ask.old.industry_name(code));
            name.map_or_else(|| format!("行业 {code}"), |name| format!("{code} {name}"))
        })
    }
}

/// A group whose key is not known.
fn unknown(key: Option<&str>, title: impl Fn(&str) -> String) -> (String, String) {
    key.map_or_else(|| (UNKNOWN.to_owned(), "（未知）".to_owned()), |key| (key.to_owned(), title(key)))
}

/// By what everybody is compared: in an address, and as people read it.
const KIND: (&str, &str) = ("kind", "主体类型");
const AREA: (&str, &str) = ("area", "区域");
const INDUSTRY: (&str, &str) = ("industry", "行业（代码前两位）");

fn measure_breakdowns(names: &Names<'_>, shifts: &[MeasureShift]) -> Vec<Breakdown<MeasureGroup>> {
    let kind = measure_groups(shifts, |shift| shift.kind.clone(), |key| names.kind(key));
    let area = measure_groups(shifts, |shift| shift.area.clone(), |key| names.area(key.as_deref()));
    let industry = measure_groups(shifts, |shift| shift.industry.clone(), |key| names.industry(key.as_deref()));
    [(KIND, kind), (AREA, area), (INDUSTRY, industry)].map(|(by, groups)| breakdown(by, groups)).into()
}

fn breakdowns(ask: &Ask, run: &CardRun, areas: &Areas) -> Vec<Breakdown<Group>> {
    let all = (run.shifts.as_slice(), &run.scales);
    let names = Names { ask, areas };
    let mut found = vec![
        breakdown(KIND, groups(all, |shift| shift.kind.clone(), |key| names.kind(key))),
        breakdown(AREA, groups(all, |shift| shift.area.clone(), |key| names.area(key.as_deref()))),
        breakdown(INDUSTRY, groups(all, |shift| shift.industry.clone(), |key| names.industry(key.as_deref()))),
    ];
    for (place, placed) in run.groupings.iter().enumerate() {
        let of = |shift: &Shift| shift.groups.get(place).copied().flatten();
        let named = |key: &Option<usize>| match key {
            None => (UNKNOWN.to_owned(), "（未知）".to_owned()),
            Some(group) => (group.to_string(), group_title(ask, placed, *group)),
        };
        found.push(breakdown((&format!("group:{place}"), &placed.grouping.title), groups(all, of, named)));
    }
    found
}

fn breakdown<G>((by, title): (&str, &str), groups: Vec<G>) -> Breakdown<G> {
    Breakdown { by: by.to_owned(), title: title.to_owned(), groups }
}

fn group_title(ask: &Ask, placed: &Placed, group: usize) -> String {
    sentence::group(if placed.is_new { &ask.new } else { &ask.old }, &placed.grouping, group)
}

fn alteration(ask: &Ask, run: &CardRun, place: usize) -> Alteration {
    let (mut more, mut less, mut alone) = (Gain::default(), Gain::default(), Moves::default());
    let scales = scales_alone(run, place);
    for shift in &run.shifts {
        if let Some((_, change)) = shift.points.iter().find(|(of, _)| *of == place) {
            let gain = if *change > 0 { &mut more } else { &mut less };
            gain.subjects += 1;
            gain.sum += change;
        }
        let stand = alone_of(shift, place);
        alone.add(&scales, shift.before, stand);
    }
    let change = run.changes.get(place);
    let part = change.map(|change| &change.part);
    let says = |pack: &Pack, ix: ScorecardIx| says(part?, (pack, pack.scorecard(ix)?));
    let is_indicator = matches!(part, Some(Part::Indicator(_)));
    Alteration {
        id: part.map(Part::id).unwrap_or_default(),
        title: change.map(|change| change.title.clone()).unwrap_or_default(),
        how: change.map_or(super::How::Changed, |change| change.how),
        before: says(&ask.old, run.old),
        after: says(&ask.new, run.new),
        more: is_indicator.then_some(more),
        less: is_indicator.then_some(less),
        alone: run.variants.get(place).copied().flatten().map(|_| alone),
    }
}

/// How somebody stands by the old model with this one part of the new.
pub(crate) fn alone_of(shift: &Shift, place: usize) -> Stand {
    shift.alone.iter().find(|(of, _)| *of == place).map_or(shift.before, |(_, stand)| *stand)
}

/// The grades of the old model, and those of the model with one part of the new.
pub(crate) fn scales_alone(run: &CardRun, place: usize) -> Scales {
    let regrades = run.changes.get(place).is_some_and(|change| change.part == Part::Grades);
    if regrades { run.scales.clone() } else { run.scales.before() }
}

fn together(run: &CardRun) -> i64 {
    let moved = run.shifts.iter().filter(|shift| run.scales.differ(shift.before, shift.after));
    let alone = |shift: &Shift| {
        let mut places = shift.alone.iter();
        places.any(|(place, stand)| scales_alone(run, *place).differ(shift.before, *stand))
    };
    i64::try_from(moved.filter(|shift| !alone(shift)).count()).unwrap_or(i64::MAX)
}

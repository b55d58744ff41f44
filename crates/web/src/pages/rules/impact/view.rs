//! An outcome as texts, links and charts.

use xinzhi_office::impact::{
    Alarms, Alteration, Befalls, Breakdown, CardImpact, Compared, Comparison, Difference, Gain, Group, Impact, METHOD, MeasureGroup,
    MeasureImpact, Move, Moves, Ratio, States, alarm_words, signed, spread_words,
};

use super::super::super::frame::Link;
use super::super::super::text::percent;
use super::{HERE, address};

/// Bars of a chart; the table beneath has every group.
const BARS_MAX: usize = 12;
/// The whole of a share, in thousandths.
const WHOLE: i64 = 1000;

/// A number, with who is behind it where somebody is.
#[derive(Clone, Debug)]
pub(super) struct Number {
    pub(super) text: String,
    pub(super) href: Option<String>,
}

/// A cell of the migration matrix.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// Title of its column, for narrow screens.
    pub(super) label: String,
    pub(super) number: Number,
    /// Which way, as a word: the colour beneath says only how many.
    pub(super) way: &'static str,
    /// 0 for none or unchanged, up to 4.
    pub(super) heat: i64,
}

/// A line of the matrix.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) title: String,
    pub(super) cells: Vec<Cell>,
    pub(super) total: i64,
}

/// A bar of a group.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    pub(super) title: String,
    /// In thousandths of the longest.
    pub(super) length: i64,
    pub(super) share: String,
    pub(super) words: String,
    pub(super) alarm: Option<String>,
}

/// A ratio with what it comes to.
#[derive(Clone, Debug)]
pub(super) struct RatioView {
    /// What it compares.
    pub(super) title: &'static str,
    pub(super) text: String,
    pub(super) words: String,
    pub(super) alarms: bool,
    /// Whether there is anything to compare.
    pub(super) compares: bool,
}

/// A tab with how many gaps behind it somebody should look at.
#[derive(Clone, Debug)]
pub(super) struct Tab {
    pub(super) link: Link,
    pub(super) alarms: usize,
}

/// How often something befalls each group.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) title: String,
    /// What is said where it befalls nobody.
    pub(super) nobody: String,
    pub(super) bars: Vec<Bar>,
    /// Groups beyond those that are drawn.
    pub(super) left_out: usize,
}

/// A group.
#[derive(Clone, Debug)]
pub(super) struct GroupLine {
    pub(super) title: String,
    /// In the order of [`GROUP_HEADS`].
    pub(super) numbers: Vec<GroupNumber>,
    /// In the order of the heads of its table: each the unfavourable one, then its counterpart.
    pub(super) ratios: Vec<Vec<RatioView>>,
}

/// A number of a group, and how many of them are of a kind.
#[derive(Clone, Debug)]
pub(super) struct GroupNumber {
    pub(super) number: Number,
    pub(super) of_them: Option<(&'static str, Number)>,
}

/// What the numbers of a group count: the first is the sum of the others.
pub(super) const GROUP_HEADS: [&str; 6] = ["主体", "变差", "变好", "不变", "不再评价", "可以评价"];

/// What the ratios of a group compare.
pub(super) const RATIO_HEADS: [&str; 3] = ["变差、变好的率比", "等级升降的率比", "能否评价的率比"];

/// A group, with whom measures burden and relieve.
#[derive(Clone, Debug)]
pub(super) struct MeasureGroupLine {
    pub(super) title: String,
    /// In the order of [`MEASURE_HEADS`].
    pub(super) numbers: [Number; 3],
    pub(super) ratios: Vec<RatioView>,
}

/// What the numbers of a group count.
pub(super) const MEASURE_HEADS: [&str; 3] = ["主体", "失去激励或新增惩戒", "新增激励或终止惩戒"];

/// Groups by one property, with whom measures burden and relieve.
#[derive(Clone, Debug)]
pub(super) struct MeasureGroups {
    pub(super) title: String,
    pub(super) judged: String,
    /// Whether it is shown unfolded.
    pub(super) open: bool,
    pub(super) groups: Vec<MeasureGroupLine>,
    /// What the ratios of its groups compare.
    pub(super) ratio_heads: Vec<&'static str>,
    /// What is said about the ratios that there are none of.
    pub(super) uncompared: Option<String>,
}

/// A part of the model that differs.
#[derive(Clone, Debug)]
pub(super) struct AlterationLine {
    pub(super) title: String,
    pub(super) how: &'static str,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) more: Number,
    pub(super) less: Number,
    pub(super) alone: Number,
}

/// A model.
#[derive(Clone, Debug)]
pub(super) struct CardView {
    pub(super) title: String,
    /// What happens, where what is said of all models does not say it.
    pub(super) finding: Option<String>,
    pub(super) notes: Vec<String>,
    pub(super) spread: Option<String>,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Row>,
    pub(super) breakdowns: Vec<Tab>,
    pub(super) by: String,
    pub(super) charts: Vec<Chart>,
    /// Whether somebody should look at the groups.
    pub(super) judged: String,
    pub(super) groups: Vec<GroupLine>,
    /// What the ratios of its groups compare.
    pub(super) ratio_heads: Vec<&'static str>,
    /// What is said about the ratios that there are none of.
    pub(super) uncompared: Option<String>,
    pub(super) alterations: Vec<AlterationLine>,
    pub(super) together: i64,
}

/// A measure at a matter.
#[derive(Clone, Debug)]
pub(super) struct MeasureLine {
    pub(super) matter: String,
    pub(super) title: String,
    pub(super) kind: &'static str,
    pub(super) how: Option<&'static str>,
    pub(super) begins: Number,
    pub(super) ends: Number,
    pub(super) changes: Number,
    pub(super) stays: Number,
}

/// The outcome.
#[derive(Clone, Debug)]
pub(super) struct ResultView {
    pub(super) finding: String,
    pub(super) notes: Vec<String>,
    pub(super) workbook: String,
    pub(super) json: String,
    pub(super) cards: Vec<Tab>,
    pub(super) card: Option<CardView>,
    pub(super) measures: Vec<MeasureLine>,
    pub(super) measure_groups: Vec<MeasureGroups>,
    pub(super) differences: Vec<Difference>,
    pub(super) method: Vec<(&'static str, &'static str)>,
    pub(super) pin: Vec<(&'static str, String)>,
}

/// What every address of an outcome begins with.
struct Pins<'a>(&'a Impact);

impl Pins<'_> {
    fn to(&self, path: &str, more: &[(&'static str, Option<String>)]) -> String {
        let pin = &self.0.pin;
        let pins = [("old", Some(pin.old.clone())), ("new", Some(pin.new.clone())), ("day", Some(pin.day.to_string()))];
        address(&format!("{HERE}{path}"), &[pins.as_slice(), more].concat())
    }

    /// A number that counts organisations.
    fn number(&self, many: i64, more: &[(&'static str, Option<String>)]) -> Number {
        Number { text: many.to_string(), href: (many > 0).then(|| self.to("/list", more)) }
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

impl ResultView {
    pub(super) fn of(impact: &Impact, (card, by): (Option<&str>, Option<&str>)) -> ResultView {
        let pins = Pins(impact);
        // The first that somebody should look at, or else in which something moves, unless one is asked for.
        let moves = |card: &&CardImpact| card.moves.all() > card.moves.same;
        let asked = impact.cards.iter().find(|known| Some(known.id.as_str()) == card);
        let alarming = || impact.cards.iter().find(|card| alarms(card) > 0);
        let chosen = asked.or_else(alarming).or_else(|| impact.cards.iter().find(moves)).or(impact.cards.first());
        let tab = |of: &CardImpact| Tab {
            link: Link {
                current: chosen.is_some_and(|chosen| chosen.id == of.id),
                ..Link::new(pins.to("", &[("card", some(&of.id))]), of.title.clone())
            },
            alarms: alarms(of),
        };
        let (pin, old, new) = (&impact.pin, &impact.old, &impact.new);
        ResultView {
            finding: impact.finding.clone(),
            notes: impact.notes.clone(),
            workbook: pins.to("/data.xlsx", &[]),
            json: pins.to("/data.json", &[]),
            cards: impact.cards.iter().map(tab).collect(),
            card: chosen.map(|card| CardView::of(&pins, card, by)),
            measures: impact.moving().into_iter().map(|row| measure(&pins, row)).collect(),
            measure_groups: measure_groups(&pins, impact),
            differences: impact.differences.clone(),
            method: METHOD.to_vec(),
            pin: vec![
                ("旧规则", format!("{}，摘要 {}", old.title, pin.old)),
                ("新规则", format!("{}，摘要 {}", new.title, pin.new)),
                ("评价日", pin.day.to_string()),
                ("账簿位置", format!("{}，引擎版式 {}", pin.position, pin.edition)),
                ("范围", format!("{} 个法人、非法人组织和个体工商户", impact.subjects)),
            ],
        }
    }
}

impl CardView {
    fn of(pins: &Pins<'_>, card: &CardImpact, by: Option<&str>) -> CardView {
        let asked = card.breakdowns.iter().find(|known| Some(known.by.as_str()) == by);
        let alarming = || card.breakdowns.iter().find(|known| known.alarms().all() > 0);
        let chosen = asked.or_else(alarming).or(card.breakdowns.first());
        let tab = |of: &Breakdown<Group>| Tab {
            link: Link {
                current: chosen.is_some_and(|chosen| chosen.by == of.by),
                ..Link::new(format!("{}#groups", pins.to("", &[("card", some(&card.id)), ("by", some(&of.by))])), of.title.clone())
            },
            alarms: of.alarms().all(),
        };
        let lines = chosen.iter().flat_map(|by| by.groups.iter().map(|group| line(pins, (card, by), group)));
        let (groups, ratio_heads, uncompared) = told(lines.collect());
        CardView {
            title: card.title.clone(),
            finding: Some(card.finding.clone()).filter(|finding| !pins.0.finding.contains(finding)),
            notes: card.notes.clone(),
            spread: card.points.as_ref().map(spread_words),
            columns: card.column_titles.clone(),
            rows: card.row_titles.iter().enumerate().map(|(place, title)| row(pins, card, (place, title))).collect(),
            breakdowns: card.breakdowns.iter().map(tab).collect(),
            by: chosen.map(|by| by.title.clone()).unwrap_or_default(),
            charts: chosen.map(|by| DRAWN.map(|drawn| chart(by, drawn)).into()).unwrap_or_default(),
            judged: chosen.map(|by| judged(by.alarms(), by.is_judged())).unwrap_or_default(),
            groups,
            ratio_heads,
            uncompared,
            alterations: card.alterations.iter().map(|of| alteration(pins, card, of)).collect(),
            together: card.together,
        }
    }
}

/// How much of its line a cell is, in four steps; none where it says that nothing changes.
fn heat(many: i64, total: i64) -> i64 {
    match many * WHOLE / total.max(1) {
        _ if many == 0 => 0,
        0..=9 => 1,
        10..=99 => 2,
        100..=499 => 3,
        _ => 4,
    }
}

fn row(pins: &Pins<'_>, card: &CardImpact, (place, title): (usize, &String)) -> Row {
    let numbers = card.matrix.get(place).cloned().unwrap_or_default();
    let total: i64 = numbers.iter().sum();
    let cell = |(to, (label, many)): (usize, (&String, &i64))| {
        let query = [("card", some(&card.id)), ("from", some(&place.to_string())), ("to", some(&to.to_string()))];
        let leads = card.leads(place, to);
        let heat = if leads == Some(Move::Same) { 0 } else { heat(*many, total) };
        Cell { label: label.clone(), number: pins.number(*many, &query), way: if *many == 0 { "" } else { way(leads) }, heat }
    };
    Row { title: title.clone(), cells: card.column_titles.iter().zip(&numbers).enumerate().map(cell).collect(), total }
}

/// Which way a cell leads, in a word.
fn way(moved: Option<Move>) -> &'static str {
    match moved {
        Some(Move::Worse) => "↓ 下降",
        Some(Move::Better) => "↑ 上升",
        Some(Move::Same) => "不变",
        Some(Move::Lost) => "不再评价",
        Some(Move::Found) => "可以评价",
        None => "等级不同",
    }
}

/// How many gaps of a model somebody should look at.
fn alarms(card: &CardImpact) -> usize {
    card.breakdowns.iter().map(|by| by.alarms().all()).sum()
}

fn judged(alarms: Alarms, is_judged: bool) -> String {
    match alarms.all() {
        0 if is_judged => "没有须关注的差距".to_owned(),
        0 => "数量过少或者无从比较，不作判断".to_owned(),
        _ => alarm_words(alarms),
    }
}

/// What a chart draws, how many of a group it befalls, and how that compares.
type Drawn = (Befalls, fn(&Group) -> (i64, Ratio));

const DRAWN: [Drawn; 2] =
    [(Befalls::Worse, |group| (group.moves.worse, group.worse)), (Befalls::Better, |group| (group.moves.better, group.better))];

/// The largest groups, in the order of the table, with the share of each that something befalls.
fn chart(by: &Breakdown<Group>, (befalls, of): Drawn) -> Chart {
    let bars = bars(by, (befalls, of));
    let what = befalls.title();
    Chart {
        title: format!("各组{what}的比例，只按新旧都有结果的主体计算"),
        nobody: format!("没有主体{what}。"),
        left_out: if bars.is_empty() { 0 } else { by.groups.len().saturating_sub(bars.len()) },
        bars,
    }
}

fn bars(by: &Breakdown<Group>, (befalls, of): Drawn) -> Vec<Bar> {
    let mut places: Vec<(usize, &Group)> = by.groups.iter().enumerate().collect();
    places.sort_by_key(|(_, group)| std::cmp::Reverse(group.moves.compared()));
    places.truncate(BARS_MAX);
    places.sort_by_key(|(place, _)| *place);
    let groups: Vec<&Group> = places.into_iter().map(|(_, group)| group).collect();
    let share = |group: &Group| of(group).0 * WHOLE / group.moves.compared().max(1);
    let most = groups.iter().map(|group| share(group)).max().unwrap_or(0);
    if most == 0 {
        return Vec::new();
    }
    let bar = |group: &Group| {
        let (compared, (many, ratio)) = (group.moves.compared(), of(group));
        let (part, words) = match compared {
            0 => ("—".to_owned(), "没有新旧都有结果的主体".to_owned()),
            _ => {
                let words = format!("{compared} 个新旧都有结果的主体中 {many} 个{}，率比 {}", befalls.title(), ratio.text());
                (percent(share(group)), words)
            }
        };
        let alarm = ratio.comparison.alarms().then(|| ratio.comparison.words(befalls));
        Bar { title: group.title.clone(), length: share(group) * WHOLE / most, share: part, words, alarm }
    };
    groups.into_iter().map(bar).collect()
}

fn ratio((befalls, ratio): (Befalls, Ratio)) -> RatioView {
    let Ratio { comparison, .. } = ratio;
    let compares = comparison != Comparison::Nothing;
    RatioView { title: befalls.title(), text: ratio.text(), words: comparison.words(befalls), alarms: comparison.alarms(), compares }
}

/// What can be compared in some group, and what is said about what cannot be in any.
fn comparable<'r>(ratios: impl Iterator<Item = &'r RatioView>) -> (Vec<&'static str>, Option<String>) {
    let (mut found, mut others): (Vec<&'static str>, Vec<&'static str>) = (Vec::new(), Vec::new());
    for ratio in ratios {
        let titles = if ratio.compares { &mut found } else { &mut others };
        if !titles.contains(&ratio.title) {
            titles.push(ratio.title);
        }
    }
    others.retain(|title| !found.contains(title));
    let words = (!others.is_empty()).then(|| format!("{}的率比在各组都无从比较，没有列出。", others.join("、")));
    (found, words)
}

/// The groups with those ratios that say something, the heads of their columns, and what is said about the others.
fn told(mut groups: Vec<GroupLine>) -> (Vec<GroupLine>, Vec<&'static str>, Option<String>) {
    let (found, uncompared) = comparable(groups.iter().flat_map(|group| group.ratios.iter().flatten()));
    let is_told = |column: usize| {
        let mut ratios = groups.iter().filter_map(|group| group.ratios.get(column)).flatten();
        ratios.any(|ratio| found.contains(&ratio.title))
    };
    let heads = RATIO_HEADS.iter().enumerate().filter(|(column, _)| is_told(*column)).map(|(_, head)| *head).collect();
    for group in &mut groups {
        group.ratios.iter_mut().for_each(|pair| pair.retain(|ratio| found.contains(&ratio.title)));
        group.ratios.retain(|pair| !pair.is_empty());
    }
    (groups, heads, uncompared)
}

/// Only where a measure burdens or relieves somebody.
fn measure_groups(pins: &Pins<'_>, impact: &Impact) -> Vec<MeasureGroups> {
    let moves = |by: &&Breakdown<MeasureGroup>| by.groups.iter().any(|group| group.burdened + group.relieved > 0);
    let of = |by: &Breakdown<MeasureGroup>| {
        let mut groups: Vec<MeasureGroupLine> = by.groups.iter().map(|group| measure_line(pins, by, group)).collect();
        let (found, uncompared) = comparable(groups.iter().flat_map(|group| &group.ratios));
        groups.iter_mut().for_each(|group| group.ratios.retain(|ratio| found.contains(&ratio.title)));
        MeasureGroups {
            title: by.title.clone(),
            judged: judged(by.alarms(), by.is_judged()),
            open: by.alarms().all() > 0,
            ratio_heads: groups.first().map(|group| group.ratios.iter().map(|ratio| ratio.title).collect()).unwrap_or_default(),
            groups,
            uncompared,
        }
    };
    impact.measure_groups.iter().filter(moves).map(of).collect()
}

fn measure_line(pins: &Pins<'_>, by: &Breakdown<MeasureGroup>, group: &MeasureGroup) -> MeasureGroupLine {
    let number = |many: i64, part: Option<&str>| {
        pins.number(many, &[("by", some(&by.by)), ("group", some(&group.key)), ("part", part.map(str::to_owned))])
    };
    MeasureGroupLine {
        title: group.title.clone(),
        numbers: [number(group.subjects, None), number(group.burdened, Some("burdened")), number(group.relieved, Some("relieved"))],
        ratios: group.ratios().map(ratio).into(),
    }
}

fn line(pins: &Pins<'_>, (card, by): (&CardImpact, &Breakdown<Group>), group: &Group) -> GroupLine {
    let Moves { better, worse, same, lost, found, grade_worse, grade_better, ungraded } = group.moves;
    let number = |many: i64, part: Option<&str>| {
        let query = [("card", some(&card.id)), ("by", some(&by.by)), ("group", some(&group.key)), ("part", part.map(str::to_owned))];
        pins.number(many, &query)
    };
    let plain = |many, part| GroupNumber { number: number(many, part), of_them: None };
    let with = |many, part, (title, of_them, kind)| GroupNumber {
        number: number(many, Some(part)),
        of_them: (of_them > 0).then(|| (title, number(of_them, Some(kind)))),
    };
    GroupLine {
        title: group.title.clone(),
        numbers: vec![
            plain(group.moves.all(), None),
            with(worse, "worse", ("等级下降", grade_worse, "grade_worse")),
            with(better, "better", ("等级上升", grade_better, "grade_better")),
            with(same, "same", ("新旧都不评价", ungraded, "ungraded")),
            plain(lost, Some("lost")),
            plain(found, Some("found")),
        ],
        ratios: pairs(group),
    }
}

/// Each unfavourable comparison beside its counterpart.
fn pairs(group: &Group) -> Vec<Vec<RatioView>> {
    let (wins, loses): (Vec<_>, Vec<_>) = group.ratios().into_iter().partition(|(befalls, _)| befalls.wins());
    loses.into_iter().zip(wins).map(|(lost, won)| vec![ratio(lost), ratio(won)]).collect()
}

fn alteration(pins: &Pins<'_>, card: &CardImpact, of: &Alteration) -> AlterationLine {
    let query = |part: &str| [("card", some(&card.id)), ("alteration", some(&of.id)), ("part", some(part))];
    let gain = |gain: Option<Gain>, part: &str| match gain {
        None => Number { text: "—".to_owned(), href: None },
        Some(Gain { subjects: 0, .. }) => Number { text: "0".to_owned(), href: None },
        Some(Gain { subjects, sum }) => {
            Number { text: format!("{subjects} 个，共 {} 分", signed(sum)), ..pins.number(subjects, &query(part)) }
        }
    };
    let alone = match of.alone {
        None => Number { text: "单独改动不成其为模型".to_owned(), href: None },
        Some(moves) => {
            let many = moves.grade_worse + moves.grade_better + moves.lost + moves.found;
            let mut words = vec![format!("下降 {} 个", moves.grade_worse), format!("上升 {} 个", moves.grade_better)];
            words.extend((moves.lost > 0).then(|| format!("不再评价 {} 个", moves.lost)));
            words.extend((moves.found > 0).then(|| format!("可以评价 {} 个", moves.found)));
            Number { text: words.join("，"), ..pins.number(many, &query("alone")) }
        }
    };
    AlterationLine {
        title: of.title.clone(),
        how: of.how.title(),
        before: of.before.clone(),
        after: of.after.clone(),
        more: gain(of.more, "more"),
        less: gain(of.less, "less"),
        alone,
    }
}

fn measure(pins: &Pins<'_>, of: &MeasureImpact) -> MeasureLine {
    let number = |states: States, part: &str| {
        let query = [("matter", some(&of.matter)), ("measure", some(&of.measure)), ("part", some(part))];
        let plain = pins.number(states.all(), &query);
        let States { in_force, proposed } = states;
        let text = match (in_force, proposed) {
            (_, 0) => in_force.to_string(),
            (0, _) => format!("{proposed}（待决定）"),
            _ => format!("{}（待决定 {proposed}）", in_force + proposed),
        };
        Number { text, ..plain }
    };
    MeasureLine {
        matter: of.matter_title.clone(),
        title: of.measure_title.clone(),
        kind: of.kind.title(),
        how: of.how.map(|how| how.title()),
        begins: number(of.begins, "begins"),
        ends: number(of.ends, "ends"),
        changes: number(of.changes, "changes"),
        stays: number(of.stays, "stays"),
    }
}

//! An outcome as texts, links and charts.

use xinzhi_office::impact::{
    Alteration, Breakdown, CardImpact, Difference, Gain, Group, Impact, METHOD, MeasureImpact, Move, Moves, Ratio, States, signed,
    spread_words,
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
    pub(super) alarm: Option<&'static str>,
}

/// A ratio with what it comes to.
#[derive(Clone, Debug)]
pub(super) struct RatioView {
    pub(super) text: String,
    pub(super) words: &'static str,
    pub(super) alarms: bool,
}

/// A group.
#[derive(Clone, Debug)]
pub(super) struct GroupLine {
    pub(super) title: String,
    /// In the order of [`GROUP_HEADS`].
    pub(super) numbers: Vec<GroupNumber>,
    /// In the order of [`RATIO_HEADS`].
    pub(super) ratios: Vec<RatioView>,
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
pub(super) const RATIO_HEADS: [&str; 3] = ["变差的率比", "等级下降的率比", "不再评价的率比"];

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
    pub(super) finding: String,
    pub(super) notes: Vec<String>,
    pub(super) spread: Option<String>,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Row>,
    pub(super) breakdowns: Vec<Link>,
    pub(super) by: String,
    pub(super) bars: Vec<Bar>,
    pub(super) left_out: usize,
    /// Whether somebody should look at the groups.
    pub(super) judged: String,
    pub(super) groups: Vec<GroupLine>,
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
    pub(super) cards: Vec<Link>,
    pub(super) card: Option<CardView>,
    pub(super) measures: Vec<MeasureLine>,
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
        // The first in which something moves, unless one is asked for.
        let moves = |card: &&CardImpact| card.moves.all() > card.moves.same;
        let asked = impact.cards.iter().find(|known| Some(known.id.as_str()) == card);
        let chosen = asked.or_else(|| impact.cards.iter().find(moves)).or(impact.cards.first());
        let tab = |of: &CardImpact| Link {
            current: chosen.is_some_and(|chosen| chosen.id == of.id),
            ..Link::new(pins.to("", &[("card", some(&of.id))]), of.title.clone())
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
        let chosen = card.breakdowns.iter().find(|known| Some(known.by.as_str()) == by).or(card.breakdowns.first());
        let tab = |of: &Breakdown| Link {
            current: chosen.is_some_and(|chosen| chosen.by == of.by),
            ..Link::new(format!("{}#groups", pins.to("", &[("card", some(&card.id)), ("by", some(&of.by))])), of.title.clone())
        };
        let bars = chosen.map(bars).unwrap_or_default();
        CardView {
            title: card.title.clone(),
            finding: card.finding.clone(),
            notes: card.notes.clone(),
            spread: card.points.as_ref().map(spread_words),
            columns: card.column_titles.clone(),
            rows: card.row_titles.iter().enumerate().map(|(place, title)| row(pins, card, (place, title))).collect(),
            breakdowns: card.breakdowns.iter().map(tab).collect(),
            by: chosen.map(|by| by.title.clone()).unwrap_or_default(),
            left_out: if bars.is_empty() { 0 } else { chosen.map_or(0, |by| by.groups.len()).saturating_sub(bars.len()) },
            bars,
            judged: chosen.map(judged).unwrap_or_default(),
            groups: chosen.iter().flat_map(|by| by.groups.iter().map(|group| line(pins, (card, by), group))).collect(),
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

fn judged(by: &Breakdown) -> String {
    match by.alarms() {
        0 if by.is_judged() => "没有须关注的差距".to_owned(),
        0 => "数量过少或者无从比较，不作判断".to_owned(),
        many => format!("{many} 处须关注"),
    }
}

/// The largest groups, in the order of the table, with the share that becomes worse.
fn bars(by: &Breakdown) -> Vec<Bar> {
    let mut places: Vec<(usize, &Group)> = by.groups.iter().enumerate().collect();
    places.sort_by_key(|(_, group)| std::cmp::Reverse(group.moves.compared()));
    places.truncate(BARS_MAX);
    places.sort_by_key(|(place, _)| *place);
    let groups: Vec<&Group> = places.into_iter().map(|(_, group)| group).collect();
    let share = |group: &Group| group.moves.worse * WHOLE / group.moves.compared().max(1);
    let most = groups.iter().map(|group| share(group)).max().unwrap_or(0);
    if most == 0 {
        return Vec::new();
    }
    let bar = |group: &Group| {
        let (compared, worse) = (group.moves.compared(), group.moves.worse);
        let (part, words) = match compared {
            0 => ("—".to_owned(), "没有新旧都有结果的主体".to_owned()),
            _ => (percent(share(group)), format!("{compared} 个新旧都有结果的主体中 {worse} 个变差，率比 {}", group.worse.text())),
        };
        let alarm = group.worse.comparison.alarms().then(|| group.worse.comparison.title());
        Bar { title: group.title.clone(), length: share(group) * WHOLE / most, share: part, words, alarm }
    };
    groups.into_iter().map(bar).collect()
}

fn ratio(ratio: Ratio) -> RatioView {
    RatioView { text: ratio.text(), words: ratio.comparison.title(), alarms: ratio.comparison.alarms() }
}

fn line(pins: &Pins<'_>, (card, by): (&CardImpact, &Breakdown), group: &Group) -> GroupLine {
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
        ratios: group.ratios().map(ratio).to_vec(),
    }
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

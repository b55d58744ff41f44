//! What the records of an indicator amount to: points of each and how they come together, or one number and its bands.

use super::contradiction::never;
use super::field;
use super::grade::no_common_subject;
use super::indicator::{Worth, dated, fits, retained};
use super::predicate::{self, rules_may_read};
use super::source::record_kind;
use super::subject::overlap;
use super::worth;
use crate::model::{Divisor, FieldIx, FieldKind, Nature, Number, Pack, Put, RECORDS_MAX, RecordKind, Scorecard, Silence, Take};
use crate::predicate::{Column, Predicate, Test};
use crate::raw::{At, Value};
use crate::report::Report;
use crate::shape::{Item, Map, map, money_of, percent_of, share_of, text_of, unknown_word, whole_of, word_of};

const PUTS: [(&str, Put); 6] =
    [("sum", Put::Sum), ("best", Put::Best), ("worst", Put::Worst), ("latest", Put::Latest), ("first", Put::First), ("mean", Put::Mean)];

const SILENCES: [(&str, Silence); 2] = [("nothing", Silence::Nothing), ("unknown", Silence::Unknown)];

/// Where the last band of a ratio may start at the latest, in thousandths: ten thousand records for each other one.
const RATIO_MAX: i64 = 10_000_000;

/// Whole numbers of a field that are looked at one by one.
const VALUES_TRIED_MAX: i64 = 1_000;

/// What of an indicator has been read before what it takes.
pub(super) struct Over<'a> {
    pub pack: &'a Pack,
    pub card: &'a Scorecard,
    /// Whose records it counts.
    pub kind: &'a RecordKind,
    /// Its own condition.
    pub filter: Option<&'a Predicate>,
    /// Months.
    pub window: Option<i32>,
}

/// Either `each` with `put`, or `number` with `bands`.
pub(super) fn read(map: Map<'_>, over: &Over<'_>, report: &mut Report) -> Option<(Take, Worth)> {
    let kind = over.kind;
    match (map.get("each"), map.get("number")) {
        (None, None) => {
            let help = "请补写 `each: …`（逐条计分），或 `number: …` 和 `bands: …`（按数目分段计分）";
            report.fault(map.at, "missing-key", "缺少 `each` 或 `number`", help);
            None
        }
        (Some(_), Some(number)) => {
            report.fault(number.at(), "each-and-number", "`each` 和 `number` 只能写一个", "请拆成两个指标，或删去其中一个");
            None
        }
        (Some(each), None) => {
            misplaced(map, "bands", "指标逐条计分时", report);
            let put = map.get("put").map_or(Some(Put::Sum), |item| put(item, kind, report));
            let silence = map.get("silence").map_or(Some(Silence::Nothing), |item| silence(item, kind, report));
            let (each, points) = worth::read(each, kind, report)?;
            Some((Take::Each { each, put: put?, silence: silence? }, points))
        }
        (None, Some(item)) => {
            for key in ["put", "fade", "silence"] {
                misplaced(map, key, "指标按数目计分时", report);
            }
            let counted = number(item, over, report);
            let bands = map.need("bands", report);
            let (bands, points) = banded(bands?, kind, counted?, report)?;
            Some((bands, points))
        }
    }
}

/// Says that `key` has no place beside what was written.
pub(super) fn misplaced(map: Map<'_>, key: &str, when: &str, report: &mut Report) {
    if map.get(key).is_some() {
        report.fault(map.at_key(key), "unknown-key", format!("{when}不能写 `{key}`"), "请删去这个键");
    }
}

/// D17: one adverse record more may only lower, one positive record more may only lift; what is neither may be taken in any way.
fn put(item: Item<'_>, kind: &RecordKind, report: &mut Report) -> Option<Put> {
    let put = word_of(item, "取法", &PUTS, report)?;
    let (fits, help) = match kind.nature {
        Nature::Adverse => (matches!(put, Put::Sum | Put::Worst), "失信信息只能写 `sum`（合计）或 `worst`（取最低）"),
        Nature::Positive => (matches!(put, Put::Sum | Put::Best), "守信信息只能写 `sum`（合计）或 `best`（取最高）"),
        Nature::Neutral => (true, ""),
    };
    if !fits {
        let word = PUTS.iter().find(|(_, known)| *known == put).map_or("", |(word, _)| *word);
        let turned = if kind.nature == Nature::Adverse { "多一条失信反而得分更高" } else { "多一条守信反而得分更低" };
        let message = format!("{} `{}` 不能用 `{word}`：会使{turned}", kind.nature.title(), kind.title);
        report.fault(item.at(), "put-direction", message, help);
    }
    Some(put)
}

/// What it means where no record counts. D17: only what is neither good nor bad by itself may decide whether there is a grade at all.
fn silence(item: Item<'_>, kind: &RecordKind, report: &mut Report) -> Option<Silence> {
    let silence = word_of(item, "没有记录时的处理", &SILENCES, report)?;
    let (turned, help) = match kind.nature {
        Nature::Neutral => return Some(silence),
        Nature::Adverse => ("少一条失信反而不作评价", "已归集而没有失信记录，就是没有失信；请删去 `silence`"),
        Nature::Positive => ("没有守信记录就不作评价", "已归集而没有守信记录的不加分，也不因此不评；请删去 `silence`"),
    };
    if silence == Silence::Unknown {
        let message = format!("{} `{}` 不能写 `silence: unknown`：会使{turned}", kind.nature.title(), kind.title);
        report.fault(item.at(), "silence-direction", message, help);
    }
    Some(silence)
}

/// A number with what its bands start from: the unit and the greatest number that can be.
struct Counted {
    number: Number,
    unit: Unit,
    most: i64,
}

#[derive(Clone, Copy)]
enum Unit {
    Whole,
    Money,
    Share,
    Ratio,
}

fn number(item: Item<'_>, over: &Over<'_>, report: &mut Report) -> Option<Counted> {
    const WORDS: [&str; 5] = ["count", "distinct", "total", "rate", "ratio_to"];
    if let Value::Scalar(word) = &item.node.value {
        if word.trim() == "count" {
            return Some(Counted { number: Number::Count, unit: Unit::Whole, most: RECORDS_MAX });
        }
        unknown_word(item.at(), (word, item.what), WORDS.to_vec(), report);
        return None;
    }
    let [_, keys @ ..] = WORDS;
    let map = map(item, &keys, report)?;
    let given: Vec<Item<'_>> = keys.into_iter().filter_map(|key| map.get(key)).collect();
    let [given] = given.as_slice() else {
        let help = "请写 `count`，或 `distinct: 字段`、`total: 字段`、`rate: 条件`、`ratio_to: 另一种信息` 中的一个";
        report.fault(item.at(), "number-shape", "`number` 须写明一个数目，且只写一个", help);
        return None;
    };
    match given.what {
        "distinct" => distinct(*given, (over.kind, over.filter), report),
        "total" => total(*given, over.kind, report),
        "rate" => rate(*given, over.kind, over.filter, report),
        _ => ratio(*given, over, report),
    }
}

fn readable<'k>(item: Item<'_>, kind: &'k RecordKind, report: &mut Report) -> Option<(FieldIx, &'k FieldKind, String)> {
    let name = text_of(item, report)?;
    let ix = field::named(item.at(), &name, kind, report)?;
    let field = kind.at(ix)?;
    rules_may_read(field, &name, item.at(), report).then_some((ix, &field.kind, name))
}

fn distinct(item: Item<'_>, (kind, filter): (&RecordKind, Option<&Predicate>), report: &mut Report) -> Option<Counted> {
    let (ix, holds, name) = readable(item, kind, report)?;
    let most = match holds {
        FieldKind::Choice(choices) => different((kind, filter), ix, 0..i64::try_from(choices.values.len()).unwrap_or(0)),
        FieldKind::Integer { min, max } if max.saturating_sub(*min) < VALUES_TRIED_MAX => {
            different((kind, filter), ix, *min..max.saturating_add(1))
        }
        FieldKind::Integer { min, max } => max.saturating_sub(*min).saturating_add(1).min(RECORDS_MAX),
        FieldKind::Money(_) | FieldKind::Day { .. } => RECORDS_MAX,
        _ => {
            let message = format!("不能数字段 `{name}` 的不同取值");
            report.fault(item.at(), "by-type", message, "请改用单选、整数、金额或日期字段；多选字段请写进 `where`");
            return None;
        }
    };
    Some(Counted { number: Number::Distinct(ix), unit: Unit::Whole, most })
}

/// How many of some values the condition lets records have; at least one, for of a condition that lets none pass that is said.
fn different((kind, filter): (&RecordKind, Option<&Predicate>), ix: FieldIx, values: std::ops::Range<i64>) -> i64 {
    let at = |test| Predicate::Test { column: Column::Field(ix), test };
    let is_choice = matches!(kind.at(ix).map(|field| &field.kind), Some(FieldKind::Choice(_)));
    let is = |value: i64| match is_choice {
        true => at(Test::OneOf(vec![value])),
        false => Predicate::All(vec![at(Test::AtLeast(value)), at(Test::AtMost(value))]),
    };
    let met = values.filter(|value| !never(&filter.into_iter().chain([&is(*value)]).collect::<Vec<_>>(), kind));
    i64::try_from(met.count()).unwrap_or(RECORDS_MAX).max(1)
}

/// A sum of values of which none is negative, so that one record more never lowers it.
fn total(item: Item<'_>, kind: &RecordKind, report: &mut Report) -> Option<Counted> {
    let (ix, holds, name) = readable(item, kind, report)?;
    match holds {
        FieldKind::Integer { min, .. } if *min < 0 => {
            let message = format!("字段 `{name}` 可以是负数，合计会因多一条记录而变小");
            report.fault(item.at(), "total-negative", message, "请改用 `min` 不小于 0 的字段");
            None
        }
        FieldKind::Integer { max, .. } => {
            let Some(most) = max.checked_mul(RECORDS_MAX) else {
                let message = format!("字段 `{name}` 最大可到 {max}，一千六百万条记录相加会超出可计算的范围");
                report.fault(item.at(), "overflow", message, "请在信息目录中减小该字段的 `max`");
                return None;
            };
            Some(Counted { number: Number::Total(ix), unit: Unit::Whole, most })
        }
        FieldKind::Money(_) => Some(Counted { number: Number::Total(ix), unit: Unit::Money, most: i64::MAX }),
        _ => {
            let message = format!("不能合计字段 `{name}`");
            report.fault(item.at(), "by-type", message, "合计只能取整数或金额字段");
            None
        }
    }
}

fn rate(item: Item<'_>, kind: &RecordKind, filter: Option<&Predicate>, report: &mut Report) -> Option<Counted> {
    let of = predicate::read(item, field::Scope { kind, class: true }, report)?;
    if kind.nature != Nature::Neutral {
        let turned =
            if kind.nature == Nature::Adverse { "多一条失信可以使占比变好" } else { "多一条守信可以使占比变差" };
        let message = format!("{} `{}` 不能按占比计分：{turned}", kind.nature.title(), kind.title);
        report.fault(item.at(), "rate-direction", message, "请改用 `count` 或 `total`；占比只能用于一般信息");
    }
    let never_beside = |of: &Predicate| never(&filter.into_iter().chain([of]).collect::<Vec<_>>(), kind);
    // Where one of the two holds of nothing by itself, that has been said.
    if filter.is_none_or(|filter| !never(&[filter], kind)) && !never(&[&of], kind) {
        let always = match (never_beside(&of), never_beside(&Predicate::Not(Box::new(of.clone())))) {
            (true, _) => Some("`rate` 的条件与 `where` 矛盾，占比永远是 0%"),
            (_, true) => Some("`rate` 的条件总是成立，占比永远是 100%"),
            _ => None,
        };
        if let Some(message) = always {
            report.fault(item.at(), "contradiction", message, "`where` 是分母，`rate` 是其中的分子，请核对两处的条件");
        }
    }
    Some(Counted { number: Number::Rate(of), unit: Unit::Share, most: 1000 })
}

/// A number of records of one kind for each of another: `{ record: 行政检查, where: … }`.
fn ratio(item: Item<'_>, over: &Over<'_>, report: &mut Report) -> Option<Counted> {
    let map = map(item, &["record", "where"], report)?;
    let ix = map.need("record", report).and_then(|item| record_kind(item, over.pack, report))?;
    let (of, at) = (over.pack.record_kind(ix)?, map.at_key("record"));
    if of.id == over.kind.id {
        let message = format!("`ratio_to` 与指标的 `record` 是同一种信息 `{}`", of.title);
        report.fault(at, "ratio-same", message, "同一种信息之内的占比请写 `rate: 条件`");
    }
    if of.nature != Nature::Neutral {
        let turned =
            if of.nature == Nature::Adverse { "多一条失信可以使比值变好" } else { "多一条守信可以使比值变差" };
        let message = format!("不能以{} `{}` 为分母：{turned}", of.nature.title(), of.title);
        report.fault(at, "ratio-direction", message, "分母只能用一般信息，如检查、交易的记录");
    }
    if !overlap(&of.subjects, &over.card.subjects) || !overlap(&of.subjects, &over.kind.subjects) {
        no_common_subject(at, &of.title, report);
    }
    dated(of, at, report);
    if let Some(months) = over.window {
        retained(months, of, at, report);
    }
    let filter = match map.get("where") {
        Some(item) => Some(predicate::read(item, field::Scope { kind: of, class: true }, report)?),
        None => None,
    };
    Some(Counted { number: Number::Ratio(Divisor { kind: ix, filter }), unit: Unit::Ratio, most: RATIO_MAX })
}

fn banded(item: Item<'_>, kind: &RecordKind, counted: Counted, report: &mut Report) -> Option<(Take, Worth)> {
    let from = |item: Item<'_>, report: &mut Report| match counted.unit {
        Unit::Whole => whole_of(item, (0, counted.most), report),
        Unit::Money => money_of(item, report),
        Unit::Share => share_of(item, report),
        Unit::Ratio => percent_of(item, counted.most, report),
    };
    let start = "第一个区间没有从 0 起";
    let (bands, points) = worth::bands(item, (0, start), &from, report)?;
    for (at, points) in &points {
        fits(*points, *at, report);
    }
    for ((_, earlier), (at, points)) in points.iter().zip(points.iter().skip(1)) {
        rising((*earlier, *points), kind, *at, report);
    }
    Some((Take::Number { number: counted.number, bands }, points))
}

/// D17: the more adverse records, the fewer points; the more positive ones, the more.
fn rising((earlier, points): (xinzhi_core::Points, xinzhi_core::Points), kind: &RecordKind, at: At, report: &mut Report) {
    let (wrong, help) = match kind.nature {
        Nature::Adverse => (points > earlier, "失信越多得分不能越高，请改正分值"),
        Nature::Positive => (points < earlier, "守信越多得分不能越低，请改正分值"),
        Nature::Neutral => (false, ""),
    };
    if wrong {
        let message = format!("{} `{}` 的分值从 {earlier} 变为 {points}，方向相反", kind.nature.title(), kind.title);
        report.fault(at, "points-direction", message, help);
    }
}

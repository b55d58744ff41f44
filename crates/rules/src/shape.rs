//! Reading typed values out of the tree, with a Chinese sentence for each way in which a value can be of the wrong shape.

use std::collections::BTreeSet;

use xinzhi_core::day::Span;
use xinzhi_core::money::{NotMoney, Unit};
use xinzhi_core::{Day, Fen, Points, text};

use crate::names::{is_id, listed, nearest};
use crate::raw::{At, Entry, Node, Value};
use crate::report::Report;

/// Longest duration that a rule may name, in months.
const MONTHS_MAX: i32 = 1200;

/// A value together with the key it was written under, by which faults name it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'a> {
    pub what: &'a str,
    pub node: &'a Node,
}

impl<'a> Item<'a> {
    pub(crate) fn at(self) -> At {
        self.node.at
    }

    fn same(self, node: &'a Node) -> Item<'a> {
        Item { what: self.what, node }
    }
}

/// A map whose keys are known and come once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map<'a> {
    pub at: At,
    entries: &'a [Entry],
}

impl<'a> Map<'a> {
    /// The value under `key`, if the key is there.
    pub(crate) fn get(self, key: &'a str) -> Option<Item<'a>> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| Item { what: key, node: &entry.value })
    }

    /// The value under `key`; its absence is a fault.
    pub(crate) fn need(self, key: &'a str, report: &mut Report) -> Option<Item<'a>> {
        let item = self.get(key);
        if item.is_none() {
            report.fault(self.at, "missing-key", format!("缺少 `{key}`"), format!("请补写 `{key}: …`"));
        }
        item
    }

    /// Where `key` stands, or else the map itself.
    pub(crate) fn at_key(self, key: &str) -> At {
        self.entries.iter().find(|entry| entry.key == key).map_or(self.at, |entry| entry.value.at)
    }

    /// Text that must be there.
    pub(crate) fn text(self, key: &'a str, report: &mut Report) -> Option<String> {
        self.need(key, report).and_then(|item| text_of(item, report))
    }

    /// Text that may be left out; what is written must still be text.
    pub(crate) fn text_if(self, key: &'a str, report: &mut Report) -> Option<String> {
        self.get(key).and_then(|item| text_of(item, report))
    }
}

/// The entries of a map with names chosen by the author, each once.
pub(crate) fn entries<'a>(item: Item<'a>, report: &mut Report) -> Option<&'a [Entry]> {
    let Value::Map(entries) = &item.node.value else {
        return wrong(item, "一组键值", report);
    };
    let mut seen = BTreeSet::new();
    for entry in entries {
        if !seen.insert(entry.key.as_str()) {
            report.fault(entry.at, "duplicate-key", format!("`{}` 重复书写", entry.key), "同一个键只能写一次，请合并或删去其中一处");
        }
    }
    Some(entries)
}

/// A map with keys of the language; any other key is a fault.
pub(crate) fn map<'a>(item: Item<'a>, keys: &[&str], report: &mut Report) -> Option<Map<'a>> {
    let entries = entries(item, report)?;
    for entry in entries.iter().filter(|entry| !keys.contains(&entry.key.as_str())) {
        let help = match nearest(&entry.key, keys.iter().copied()) {
            Some(meant) => format!("是否想写 `{meant}`？"),
            None => format!("此处可用的键有：{}", listed(keys.iter().copied())),
        };
        report.fault(entry.at, "unknown-key", format!("不认识的键 `{}`", entry.key), help);
    }
    Some(Map { at: item.at(), entries })
}

/// The values of a list.
pub(crate) fn list<'a>(item: Item<'a>, report: &mut Report) -> Option<Vec<Item<'a>>> {
    match &item.node.value {
        Value::List(nodes) => Some(nodes.iter().map(|node| item.same(node)).collect()),
        _ => wrong(item, "一个列表", report),
    }
}

/// The values of a list that may also be written as one value alone.
pub(crate) fn one_or_list<'a>(item: Item<'a>, report: &mut Report) -> Option<Vec<Item<'a>>> {
    if matches!(item.node.value, Value::Scalar(_)) { Some(vec![item]) } else { list(item, report) }
}

/// Words of a list, each once.
pub(crate) fn words(item: Item<'_>, report: &mut Report) -> Vec<(At, String)> {
    let mut words: Vec<(At, String)> = Vec::new();
    for part in list(item, report).unwrap_or_default() {
        let Some(word) = text_of(part, report) else { continue };
        if words.iter().any(|(_, earlier)| *earlier == word) {
            report.fault(part.at(), "duplicate-value", format!("`{}` 中重复列出 `{word}`", item.what), "请删去重复的一项");
        } else {
            words.push((part.at(), word));
        }
    }
    words
}

/// Text, cleaned of what cannot be seen.
pub(crate) fn text_of(item: Item<'_>, report: &mut Report) -> Option<String> {
    let raw = scalar(item, "一段文字", report)?;
    match text::clean(raw) {
        Ok(clean) if clean.is_empty() => {
            report.fault(item.at(), "empty-text", format!("`{}` 没有填写", item.what), "请填写内容");
            None
        }
        Ok(clean) => Some(clean.into_owned()),
        Err(unclean) => {
            report.fault(item.at(), "unclean-text", format!("`{}` {unclean}", item.what), "请在纯文本编辑器中重新输入这段文字");
            None
        }
    }
}

/// An id of the language.
pub(crate) fn id_of(item: Item<'_>, report: &mut Report) -> Option<String> {
    let id = text_of(item, report)?;
    if is_id(&id) {
        return Some(id);
    }
    let help = "编号以小写字母开头，只用小写字母、数字、连字符和下划线，不超过 64 个字符";
    report.fault(item.at(), "invalid-id", format!("`{id}` 不能用作编号"), help);
    None
}

/// A whole number within bounds.
pub(crate) fn whole_of(item: Item<'_>, (least, most): (i64, i64), report: &mut Report) -> Option<i64> {
    let raw = scalar(item, "一个整数", report)?;
    let number = raw.parse::<i64>().ok().filter(|_| !raw.starts_with('+'));
    let Some(number) = number else {
        report.fault(item.at(), "wrong-type", format!("`{}` 应为整数，这里是 `{raw}`", item.what), "请写成半角整数，如 `30`");
        return None;
    };
    if (least..=most).contains(&number) {
        return Some(number);
    }
    let message = format!("`{}` 不能是 {number}", item.what);
    let help = if most == i64::MAX {
        format!("请填写不小于 {least} 的整数")
    } else {
        format!("请填写 {least} 到 {most} 之间的整数")
    };
    report.fault(item.at(), "out-of-range", message, help);
    None
}

/// A whole number of days, working days or months.
pub(crate) fn count_of(item: Item<'_>, least: i32, report: &mut Report) -> Option<i32> {
    whole_of(item, (i64::from(least), 36_500), report).and_then(|number| i32::try_from(number).ok())
}

/// One of a closed list of words.
pub(crate) fn word_of<T: Copy>(item: Item<'_>, expected: &str, known: &[(&'static str, T)], report: &mut Report) -> Option<T> {
    let word = scalar(item, expected, report)?;
    let found = known.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    if found.is_none() {
        unknown_word(item.at(), (word, item.what), known.iter().map(|(name, _)| *name).collect(), report);
    }
    found
}

/// `word` is none of those known under the key `what`.
pub(crate) fn unknown_word(at: At, (word, what): (&str, &str), known: Vec<&str>, report: &mut Report) {
    let meant = nearest(word, known.iter().copied()).map(|meant| format!("是否想写 `{meant}`？"));
    let help = meant.unwrap_or_else(|| format!("可用的有：{}", listed(known)));
    report.fault(at, "unknown-word", format!("`{what}` 不能写 `{word}`"), help);
}

/// `true` or `false`.
pub(crate) fn flag_of(item: Item<'_>, report: &mut Report) -> Option<bool> {
    match scalar(item, "`true` 或 `false`", report)? {
        "true" => Some(true),
        "false" => Some(false),
        _ => wrong(item, "`true` 或 `false`", report),
    }
}

/// A day, written `2026-03-01`.
pub(crate) fn day_of(item: Item<'_>, report: &mut Report) -> Option<Day> {
    let raw = scalar(item, "一个日期", report)?;
    match Day::parse(raw) {
        Ok(day) if day.to_string() == raw => Some(day),
        _ => {
            report.fault(
                item.at(),
                "wrong-type",
                format!("`{}` 不是日期：`{raw}`", item.what),
                "请写成 `2026-03-01` 的形式，并核对该日是否存在",
            );
            None
        }
    }
}

/// `{ from: …, until: … }`, the second of which may be left out.
pub(crate) fn span_of(item: Item<'_>, report: &mut Report) -> Option<Span> {
    let map = map(item, &["from", "until"], report)?;
    let from = map.need("from", report).and_then(|item| day_of(item, report))?;
    let until = map.get("until").map(|item| day_of(item, report));
    let until = match until {
        Some(None) => return None,
        other => other.flatten(),
    };
    if until.is_some_and(|until| until < from) {
        let message = format!("`{}` 的止日早于起日 {from}", item.what);
        report.fault(map.at_key("until"), "span-reversed", message, "请核对起止日期");
        return None;
    }
    Some(Span { from, until })
}

/// `3 years` or `6 months`, in months, at least one.
pub(crate) fn months_of(item: Item<'_>, report: &mut Report) -> Option<i32> {
    age_of(item, 1, report)
}

/// A duration in months that may be shorter than one, as `0 months`.
pub(crate) fn age_of(item: Item<'_>, least: i32, report: &mut Report) -> Option<i32> {
    let raw = scalar(item, "一段时长", report)?;
    let months = raw.split_once(' ').and_then(|(number, unit)| {
        let number: i32 = number.parse().ok()?;
        match unit {
            "month" | "months" => Some(number),
            "year" | "years" => Some(number.saturating_mul(12)),
            _ => None,
        }
    });
    let Some(months) = months else {
        report.fault(item.at(), "wrong-type", format!("`{}` 不是时长：`{raw}`", item.what), "请写成 `3 years` 或 `6 months`");
        return None;
    };
    if (least..=MONTHS_MAX).contains(&months) {
        return Some(months);
    }
    let help = format!("时长至少 {least} 个月，至多 100 年");
    report.fault(item.at(), "out-of-range", format!("`{}` 不能是 `{raw}`", item.what), help);
    None
}

/// `60%` or `12.5%`, in thousandths, at most the whole.
pub(crate) fn share_of(item: Item<'_>, report: &mut Report) -> Option<i64> {
    percent_of(item, 1000, report)
}

/// A percentage in thousandths, at most `most` of them.
pub(crate) fn percent_of(item: Item<'_>, most: i64, report: &mut Report) -> Option<i64> {
    let raw = scalar(item, "一个百分比", report)?;
    // Points count thousandths, so `12.5` is 12 500 of them: a share in thousandths is a hundredth of that.
    let share = raw.strip_suffix('%').and_then(Points::parse).filter(|share| share.0 % 100 == 0).map(|share| share.0 / 100);
    let Some(share) = share else {
        let message = format!("`{}` 不是百分比：`{raw}`", item.what);
        report.fault(item.at(), "wrong-type", message, "请写成 `60%`，至多一位小数");
        return None;
    };
    if (0..=most).contains(&share) {
        return Some(share);
    }
    let help = format!("百分比应在 0% 到 {} 之间", Points::percent(most));
    report.fault(item.at(), "out-of-range", format!("`{}` 不能是 `{raw}`", item.what), help);
    None
}

/// Points with at most three decimals.
pub(crate) fn points_of(item: Item<'_>, report: &mut Report) -> Option<Points> {
    let raw = scalar(item, "分值", report)?;
    let points = Points::parse(raw);
    if points.is_none() {
        report.fault(
            item.at(),
            "wrong-type",
            format!("`{}` 不是分值：`{raw}`", item.what),
            "请写成 `-20` 或 `12.5`，整数部分至多九位，至多三位小数",
        );
    }
    points
}

/// `2 万元`, `2000 元`, or a bare `0`, in 分.
pub(crate) fn money_of(item: Item<'_>, report: &mut Report) -> Option<i64> {
    let raw = scalar(item, "一笔金额", report)?;
    let (number, unit) = match raw.strip_suffix("万元") {
        Some(number) => (number, Unit::TenThousandYuan),
        None => (raw.strip_suffix('元').unwrap_or(if raw == "0" { raw } else { "" }), Unit::Yuan),
    };
    match Fen::parse(number, unit) {
        Ok(fen) => Some(fen.0),
        Err(fault) => {
            let (message, help) = match fault {
                NotMoney::NotANumber => (format!("`{}` 不是金额：`{raw}`", item.what), "请连同单位写成 `2 万元` 或 `2000 元`"),
                fault => (format!("`{}` 的金额 `{raw}` {fault}", item.what), "请改正金额"),
            };
            report.fault(item.at(), "wrong-type", message, help);
            None
        }
    }
}

/// The text of a scalar, as written.
pub(crate) fn scalar<'a>(item: Item<'a>, expected: &str, report: &mut Report) -> Option<&'a str> {
    match &item.node.value {
        Value::Scalar(text) => Some(text.trim()),
        _ => wrong(item, expected, report),
    }
}

/// Says that a value has the wrong shape.
pub(crate) fn wrong<T>(item: Item<'_>, expected: &str, report: &mut Report) -> Option<T> {
    let message = format!("`{}` 应为{expected}，这里是{}", item.what, item.node.looks());
    report.fault(item.at(), "wrong-type", message, format!("请改成{expected}"));
    None
}

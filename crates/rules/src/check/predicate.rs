//! Conditions: from `{ 字段: { operator: value } }` to integers, with the type of the field deciding what may be asked.

use xinzhi_core::record::Class;

use super::catalog::unknown_class;
use super::contradiction::{never, never_whatever_class};
use super::field::{self, Scope};
use crate::model::{Field, FieldIx, FieldKind, Nature, RecordKind, Seal};
use crate::names::{listed, nearest};
use crate::predicate::{Column, Predicate, Test};
use crate::raw::{Entry, Value};
use crate::report::Report;
use crate::shape::{Item, day_of, entries, flag_of, list, money_of, one_or_list, text_of, whole_of};

/// Deepest nesting of a condition.
pub(super) const DEPTH_MAX: usize = 16;

/// How rules name the class of a record.
pub(super) const CLASS: &str = "失信程度";

const OPERATORS: [&str; 6] = ["is", "any_of", "none_of", "at_least", "at_most", "present"];

/// Reads a condition on records of a kind.
pub(super) fn read(item: Item<'_>, scope: Scope<'_>, report: &mut Report) -> Option<Predicate> {
    let read = nested(item, scope, 1, report)?;
    if never(&[&read], scope.kind) && !never_whatever_class(&[&read], scope.kind) {
        let message = format!("`{}` 所要求的失信程度，`{}` 的认定标准认定不出，没有记录能够满足", item.what, scope.kind.title);
        let mut known: Vec<Class> = scope.kind.class_lines.iter().filter_map(|line| line.class).collect();
        known.sort();
        known.dedup();
        let known = listed(known.into_iter().map(Class::title));
        report.fault(item.at(), "contradiction", message, format!("该种信息的 `class` 只认定：{known}；请改正条件，或补充认定标准"));
    } else if never(&[&read], scope.kind) {
        let message = format!("`{}` 里的条件互相矛盾，没有记录能够满足", item.what);
        let help = "请核对同一字段上的各项要求，例如 `at_least` 大于 `at_most`，或者既要求没有填写又要求取某个值";
        report.fault(item.at(), "contradiction", message, help);
    }
    Some(read)
}

fn nested(item: Item<'_>, scope: Scope<'_>, depth: usize, report: &mut Report) -> Option<Predicate> {
    if depth > DEPTH_MAX {
        report.fault(item.at(), "too-deep", format!("条件嵌套超过 {DEPTH_MAX} 层"), "请拆分或化简条件");
        return None;
    }
    let entries = entries(item, report)?;
    if entries.is_empty() {
        report.fault(item.at(), "empty-condition", "条件是空的", "请写明字段和比较方式，或删去这个条件");
        return None;
    }
    let parts: Vec<Option<Predicate>> = entries.iter().map(|entry| part(entry, scope, depth, report)).collect();
    let mut parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
    if parts.len() == 1 { parts.pop() } else { Some(Predicate::All(parts)) }
}

fn part(entry: &Entry, scope: Scope<'_>, depth: usize, report: &mut Report) -> Option<Predicate> {
    let item = Item { what: &entry.key, node: &entry.value };
    match entry.key.as_str() {
        "all" => group(item, scope, depth, report).map(Predicate::All),
        "any" => group(item, scope, depth, report).map(Predicate::Any),
        "not" => nested(item, scope, depth + 1, report).map(|part| Predicate::Not(Box::new(part))),
        _ => column(entry, scope, report),
    }
}

fn group(item: Item<'_>, scope: Scope<'_>, depth: usize, report: &mut Report) -> Option<Vec<Predicate>> {
    let items = list(item, report)?;
    if items.is_empty() {
        report.fault(item.at(), "empty-condition", format!("`{}` 里没有条件", item.what), "请至少写一个条件，或删去这一层");
        return None;
    }
    let parts: Vec<_> = items.into_iter().map(|item| nested(item, scope, depth + 1, report)).collect();
    parts.into_iter().collect()
}

/// What a comparison is made with.
enum Compared<'a> {
    Class,
    Field(FieldIx, &'a Field),
}

fn column(entry: &Entry, scope: Scope<'_>, report: &mut Report) -> Option<Predicate> {
    let compared = if entry.key == CLASS { class(entry, scope, report)? } else { readable(entry, scope.kind, report)? };
    let item = Item { what: &entry.key, node: &entry.value };
    let tests = entries(item, report)?;
    if tests.is_empty() {
        report.fault(item.at(), "empty-condition", format!("`{}` 没有比较方式", entry.key), format!("可用的有：{}", listed(OPERATORS)));
        return None;
    }
    let column = match compared {
        Compared::Class => Column::Class,
        Compared::Field(ix, _) => Column::Field(ix),
    };
    let parts: Vec<_> = tests.iter().map(|test| operator(test, &compared, &entry.key, report)).collect();
    let tests = parts.into_iter().collect::<Option<Vec<_>>>()?;
    let mut parts: Vec<Predicate> = tests.into_iter().map(|test| Predicate::Test { column, test }).collect();
    if parts.len() == 1 { parts.pop() } else { Some(Predicate::All(parts)) }
}

fn class<'a>(entry: &Entry, scope: Scope<'a>, report: &mut Report) -> Option<Compared<'a>> {
    if scope.kind.nature != Nature::Adverse {
        let message = format!("{} `{}` 没有失信程度", scope.kind.nature.title(), scope.kind.title);
        report.fault(entry.at, "class-not-adverse", message, "只有失信信息才有失信程度，请改用其他字段");
        return None;
    }
    if !scope.class {
        let message = "此处不能使用 `失信程度`：它要由字段的内容认定";
        report.fault(entry.at, "class-too-early", message, "请直接写出认定所依据的字段");
        return None;
    }
    Some(Compared::Class)
}

/// D12: a rule reads choices, numbers, money and days; never names, text or codes, and never what is sealed.
fn readable<'a>(entry: &Entry, kind: &'a RecordKind, report: &mut Report) -> Option<Compared<'a>> {
    let ix = field::named(entry.at, &entry.key, kind, report)?;
    let field = kind.at(ix)?;
    if rules_may_read(field, &entry.key, entry.at, report) { Some(Compared::Field(ix, field)) } else { None }
}

/// Says why a rule may not read a field.
pub(super) fn rules_may_read(field: &Field, name: &str, at: crate::raw::At, report: &mut Report) -> bool {
    if !field.kind.rules_may_read() {
        let message = format!("规则不能读取文字或代码字段 `{name}`");
        report.fault(at, "text-in-rule", message, "规则只能读取选项、整数、金额和日期；请先把它做成选项字段");
        return false;
    }
    if field.seal != Seal::Open {
        let message = format!("规则不能读取加密保存的字段 `{name}`");
        report.fault(at, "sealed-in-rule", message, "请改用不加密的字段，或去掉该字段的 `seal`");
        return false;
    }
    true
}

fn operator(entry: &Entry, compared: &Compared<'_>, name: &str, report: &mut Report) -> Option<Test> {
    let item = Item { what: &entry.key, node: &entry.value };
    let kind = match compared {
        Compared::Class => None,
        Compared::Field(_, field) => Some(&field.kind),
    };
    let choice = matches!(kind, None | Some(FieldKind::Choice(_) | FieldKind::Choices(_)));
    let ordered = matches!(kind, None | Some(FieldKind::Integer { .. } | FieldKind::Money(_) | FieldKind::Day { .. }));
    match entry.key.as_str() {
        "is" | "any_of" if choice => Some(among(item, kind, report)?.one_of()),
        "none_of" if choice => Some(among(item, kind, report)?.none_of()),
        "at_least" if ordered => Some(Test::AtLeast(number(item, kind, report)?)),
        "at_most" if ordered => Some(Test::AtMost(number(item, kind, report)?)),
        "present" => Some(Test::Present(flag_of(item, report)?)),
        known if OPERATORS.contains(&known) => {
            let help = if choice {
                "选项字段用 `is`、`any_of`、`none_of`、`present`"
            } else {
                "整数、金额和日期字段用 `at_least`、`at_most`、`present`"
            };
            report.fault(entry.at, "operator-type", format!("`{known}` 不适用于字段 `{name}`"), help);
            None
        }
        other => {
            let help = nearest(other, OPERATORS)
                .map_or_else(|| format!("可用的有：{}", listed(OPERATORS)), |meant| format!("是否想写 `{meant}`？"));
            report.fault(entry.at, "unknown-operator", format!("没有 `{other}` 这一比较方式"), help);
            None
        }
    }
}

/// Values of a choice, or one bit for each value of several.
enum Among {
    Values(Vec<i64>),
    Bits(i64),
}

impl Among {
    fn one_of(self) -> Test {
        match self {
            Among::Values(values) => Test::OneOf(values),
            Among::Bits(bits) => Test::AnyBit(bits),
        }
    }

    fn none_of(self) -> Test {
        match self {
            Among::Values(values) => Test::NoneOf(values),
            Among::Bits(bits) => Test::NoBit(bits),
        }
    }
}

fn among(item: Item<'_>, kind: Option<&FieldKind>, report: &mut Report) -> Option<Among> {
    let items = one_or_list(item, report)?;
    if items.is_empty() {
        report.fault(item.at(), "empty-condition", format!("`{}` 没有列出任何值", item.what), "请至少列出一个值");
        return None;
    }
    let mut values = Vec::new();
    let mut complete = true;
    for item in items {
        match value(item, kind, report) {
            Some(value) if values.contains(&value) => {
                let message = format!("`{}` 中重复列出 {}", item.what, item.node.looks());
                report.fault(item.at(), "duplicate-value", message, "请删去重复的一项");
            }
            Some(value) => values.push(value),
            None => complete = false,
        }
    }
    let several = matches!(kind, Some(FieldKind::Choices(_)));
    let bits = || values.iter().fold(0, |bits, position| bits | 1_i64.checked_shl(u32::try_from(*position).unwrap_or(63)).unwrap_or(0));
    complete.then(|| if several { Among::Bits(bits()) } else { Among::Values(values.clone()) })
}

fn value(item: Item<'_>, kind: Option<&FieldKind>, report: &mut Report) -> Option<i64> {
    if let Value::Scalar(word) = &item.node.value
        && kind.is_none()
    {
        let class = Class::from_title(word);
        if class.is_none() {
            unknown_class(item.at(), word, report);
        }
        return class.map(Class::number);
    }
    let word = text_of(item, report)?;
    match kind {
        Some(FieldKind::Choice(choices) | FieldKind::Choices(choices)) => {
            field::value(item.at(), &word, choices, report).and_then(|position| i64::try_from(position).ok())
        }
        _ => None,
    }
}

/// The bound of a comparison, as the kernel compares it.
pub(super) fn number(item: Item<'_>, kind: Option<&FieldKind>, report: &mut Report) -> Option<i64> {
    match kind {
        None => value(item, None, report),
        Some(FieldKind::Integer { min, max }) => whole_of(item, (*min, *max), report),
        Some(FieldKind::Money(_)) => money_of(item, report),
        Some(FieldKind::Day { .. }) => day_of(item, report).map(|day| day.number()),
        Some(_) => None,
    }
}

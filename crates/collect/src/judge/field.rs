//! One cell as one field: cleaned, parsed, bounded. What cannot be parsed is said here; what a code that fails its check means
//! for the row is decided where the party and the organ are looked at.

use std::borrow::Cow;

use xinzhi_core::identifier::{Invalid, NO_CODE, OrgCode, ResidentId, Uscc};
use xinzhi_core::{Day, Fen, text};
use xinzhi_rules::model::{Choices, Field, FieldKind};

use super::content::{self, Found};
use super::notes::{Notes, shown};

/// Characters beyond which no field of any standard goes.
const TEXT_CHARS_MAX: usize = 20_000;

/// A field's value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// Nothing stands there.
    Empty,
    /// Something stands there that has been refused.
    Unusable,
    /// A day that means no end (长期): nothing is stored.
    NoEnd,
    /// The placeholder of a code: missing, though filled.
    Placeholder,
    /// Free text.
    Text(Cow<'a, str>),
    /// Position in the choice.
    Choice(usize),
    /// Bit set of positions.
    Choices(i64),
    /// A whole number.
    Integer(i64),
    /// An amount.
    Money(Fen),
    /// A day.
    Day(Day),
    /// A valid code.
    Uscc(Uscc),
    /// A valid code.
    OrgCode(OrgCode),
    /// A valid number.
    Resident(ResidentId),
    /// A code or number that fails its check, as written.
    Flawed(Cow<'a, str>, Invalid),
}

impl Value<'_> {
    /// The integer that rules compare; the same that `rules::fact` reads from the stored form.
    pub(super) fn number(&self) -> Option<i64> {
        match self {
            Value::Choice(position) => i64::try_from(*position).ok(),
            Value::Choices(number) | Value::Integer(number) => Some(*number),
            Value::Money(fen) => Some(fen.0),
            Value::Day(day) => Some(day.number()),
            _ => None,
        }
    }

    /// Whether the supplier left the field empty.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Value::Empty)
    }

    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The one cleaning of every cell (X2). None where the row is refused for it.
pub(super) fn clean<'a>(text: &'a str, title: &str, field: Option<&Field>, notes: &mut Notes) -> Option<Cow<'a, str>> {
    let text = match text::clean(text) {
        Ok(text) => text,
        Err(fault) => {
            notes.refuse("text.unclean", field, format!("{title} {fault}"));
            return None;
        }
    };
    if text.len() > TEXT_CHARS_MAX && text.chars().count() > TEXT_CHARS_MAX {
        notes.refuse("text.too_long", field, format!("{title} 超过 {TEXT_CHARS_MAX} 字，请删减后重新报送本行"));
        return None;
    }
    Some(text)
}

/// Says what a free text holds that it must not, without repeating it.
pub(super) fn scan(text: &str, title: &str, field: Option<&Field>, notes: &mut Notes) {
    match content::scan(text) {
        None => {}
        Some(Found::Forbidden(what)) => {
            notes.quarantine(
                "text.forbidden",
                field,
                format!("{title}疑似含有个人{what}信息，属于禁止采集的内容，须经人工核实；请删去后重新报送本行"),
            );
        }
        Some(Found::PersonNumber) => {
            notes.quarantine(
                "text.person_number",
                field,
                format!("{title}的文字中含有公民身份号码，须经人工核实；请删去号码后重新报送本行"),
            );
        }
    }
}

/// Reads one cell as `field`.
pub(super) fn read<'a>(cell: &'a str, field: &Field, today: Day, notes: &mut Notes) -> Value<'a> {
    let Some(text) = clean(cell, &field.title, Some(field), notes) else { return Value::Unusable };
    if text.is_empty() {
        return Value::Empty;
    }
    match &field.kind {
        FieldKind::Text => free_text(text, field, notes),
        FieldKind::Uscc if text.eq_ignore_ascii_case(NO_CODE) => Value::Placeholder,
        FieldKind::Uscc => open_code(Uscc::parse(&text).map(Value::Uscc), text, field, notes),
        FieldKind::OrgCode => open_code(OrgCode::parse(&text).map(Value::OrgCode), text, field, notes),
        FieldKind::PersonNumber => checked(ResidentId::parse(&text).map(Value::Resident), text),
        FieldKind::Choice(choices) => choice(&text, choices, field, notes),
        FieldKind::Choices(choices) => several(&text, choices, field, notes),
        FieldKind::Integer { min, max } => integer(&text, (*min, *max), field, notes),
        FieldKind::Money(unit) => match Fen::parse(&text, *unit) {
            Ok(fen) => Value::Money(fen),
            Err(fault) => {
                unusable("money.invalid", format!("{} {} {fault}；请改正后重新报送本行", field.title, shown(field, &text)), field, notes)
            }
        },
        FieldKind::Day { future } => day(&text, *future, field, today, notes),
    }
}

fn unusable<'a>(code: &str, sentence: String, field: &Field, notes: &mut Notes) -> Value<'a> {
    notes.refuse(code, Some(field), sentence);
    Value::Unusable
}

fn checked<'a>(parsed: Result<Value<'a>, Invalid>, text: Cow<'a, str>) -> Value<'a> {
    match parsed {
        Ok(value) => value,
        Err(Invalid::Missing) => Value::Placeholder,
        Err(fault) => Value::Flawed(text, fault),
    }
}

/// An identity number in a column of organisations' codes would be stored in the open.
fn open_code<'a>(parsed: Result<Value<'a>, Invalid>, text: Cow<'a, str>, field: &Field, notes: &mut Notes) -> Value<'a> {
    match checked(parsed, text) {
        Value::Flawed(text, _) if ResidentId::parse(&text).is_ok() => {
            let sentence = format!("{} 一栏填的是公民身份号码；请移到证件号码一栏后重新报送本行", field.title);
            unusable("code.person_number_misplaced", sentence, field, notes)
        }
        value => value,
    }
}

fn free_text<'a>(text: Cow<'a, str>, field: &Field, notes: &mut Notes) -> Value<'a> {
    if let Some(width) = field.width
        && text.len() > width
    {
        let count = text.chars().count();
        if count > width {
            notes.warn("text.wide", Some(field), format!("{} 有 {count} 字，超过标准规定的 {width} 字；已全文保留，请核对", field.title));
        }
    }
    scan(&text, &field.title, Some(field), notes);
    Value::Text(text)
}

fn listed(choices: &Choices) -> String {
    choices.values.iter().map(|value| value.title.as_str()).collect::<Vec<_>>().join("、")
}

/// Text that is no value becomes the pack's 其他 with a warning, or is refused.
fn outside(text: &str, choices: &Choices, field: &Field, notes: &mut Notes) -> Option<usize> {
    let written = shown(field, text);
    match choices.other.and_then(|other| choices.values.get(other).map(|value| (other, value))) {
        Some((other, value)) => {
            let sentence = format!("{} {written} 不在规定的取值之内，已按“{}”登记；请核对", field.title, value.title);
            notes.warn("choice.other", Some(field), sentence);
            Some(other)
        }
        None => {
            let sentence = format!("{} {written} 不在规定的取值之内，应为：{}；请改正后重新报送本行", field.title, listed(choices));
            notes.refuse("choice.unknown", Some(field), sentence);
            None
        }
    }
}

fn find(text: &str, choices: &Choices) -> Option<usize> {
    choices.find(text).or_else(|| match text::half_width(text) {
        Cow::Owned(narrow) => choices.find(&narrow),
        Cow::Borrowed(_) => None,
    })
}

fn choice<'a>(text: &str, choices: &Choices, field: &Field, notes: &mut Notes) -> Value<'a> {
    find(text, choices).or_else(|| outside(text, choices, field, notes)).map_or(Value::Unusable, Value::Choice)
}

const SEPARATORS: [char; 10] = ['、', '，', ',', ';', '；', '|', '/', '\n', '＋', '+'];

/// Values of the list contain separators themselves, so that the longest run of pieces that is a value is taken.
fn several<'a>(text: &str, choices: &Choices, field: &Field, notes: &mut Notes) -> Value<'a> {
    if let Some(position) = find(text, choices) {
        return Value::Choices(1 << position);
    }
    let mut bits = 0_i64;
    let mut rest = text.trim_matches(|c: char| SEPARATORS.contains(&c) || c.is_whitespace());
    while !rest.is_empty() {
        let ends = [rest.len()].into_iter().chain(rest.rmatch_indices(SEPARATORS).map(|(at, _)| at));
        let longest = ends.filter_map(|end| rest.get(..end).and_then(|piece| find(piece.trim(), choices)).map(|p| (p, end))).next();
        let (position, end) = match longest {
            Some(found) => found,
            None => {
                let end = rest.find(SEPARATORS).unwrap_or(rest.len());
                let piece = rest.get(..end).unwrap_or(rest);
                let Some(position) = outside(piece.trim(), choices, field, notes) else { return Value::Unusable };
                (position, end)
            }
        };
        bits |= 1 << position;
        rest = rest.get(end..).unwrap_or_default();
        rest = rest.trim_start_matches(|c: char| SEPARATORS.contains(&c) || c.is_whitespace());
    }
    if bits == 0 { outside(text, choices, field, notes).map_or(Value::Unusable, |p| Value::Choices(1 << p)) } else { Value::Choices(bits) }
}

fn integer<'a>(text: &str, (min, max): (i64, i64), field: &Field, notes: &mut Notes) -> Value<'a> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<i64>() {
        Ok(number) if plain && (min..=max).contains(&number) => Value::Integer(number),
        _ if plain => {
            let sentence = format!("{} {} 超出 {min} 到 {max} 的范围；请改正后重新报送本行", field.title, shown(field, text));
            unusable("integer.range", sentence, field, notes)
        }
        _ => {
            let sentence = format!("{} {} 不是整数，应写成半角数字；请改正后重新报送本行", field.title, shown(field, text));
            unusable("integer.invalid", sentence, field, notes)
        }
    }
}

fn day<'a>(text: &str, future: bool, field: &Field, today: Day, notes: &mut Notes) -> Value<'a> {
    if future && matches!(text, "长期" | "长期有效" | "永久") {
        return Value::NoEnd;
    }
    let title = &field.title;
    let written = || shown(field, text);
    match Day::parse(text) {
        Err(fault) => unusable("date.invalid", format!("{title} {} {fault}；请改正后重新报送本行", written()), field, notes),
        Ok(day) if future && day >= Day::LONG_TERM => Value::NoEnd,
        Ok(day) if day > today && !future => unusable(
            "date.future",
            format!("{title} {} 晚于今天（{today}），不能是将来的日期；请改正后重新报送本行", written()),
            field,
            notes,
        ),
        Ok(day) if day < Day::EARLIEST => {
            unusable("date.too_early", format!("{title} {} 早于 {}，请核对年份后重新报送本行", written(), Day::EARLIEST), field, notes)
        }
        Ok(day) => Value::Day(day),
    }
}

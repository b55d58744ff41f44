//! The stored form of a row: canonical JSON by field code in catalogue order, identifying fields apart, and the natural key.
//! `xinzhi_rules::fact::rule_values` reads the same form back.

use std::fmt::Write as _;

use xinzhi_core::text;
use xinzhi_rules::model::{Choices, Field, FieldKind, Seal};

use super::field::Value;
use super::{Judge, Other};

/// Separates the parts of a natural key; no cleaned text contains it.
const KEY_SEPARATOR: char = '\u{1f}';

/// A JSON object under construction; nothing at all until the first member.
struct Object {
    json: String,
}

impl Object {
    fn with_capacity(bytes: usize) -> Object {
        let mut json = String::with_capacity(bytes);
        json.push('{');
        Object { json }
    }

    /// Opens a member; `key` is quoted and ends with a colon.
    fn member(&mut self, key: &str) -> &mut String {
        if self.json.len() > 1 {
            self.json.push(',');
        }
        self.json.push_str(key);
        &mut self.json
    }

    fn is_empty(&self) -> bool {
        self.json.len() == 1
    }

    fn close(mut self) -> String {
        self.json.push('}');
        self.json
    }
}

/// `"key":`, escaped once for a whole file.
pub(super) fn member_key(name: &str) -> String {
    let mut key = String::new();
    push_text(&mut key, name);
    key.push(':');
    key
}

fn push_text(out: &mut String, text: &str) {
    let plain = text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\');
    if plain {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(text).to_string());
    }
}

impl Judge<'_> {
    /// The open members, and the sealed ones where there are any. Columns that no field knows may say anything about
    /// anybody; where the party is a person they are sealed as well.
    pub(super) fn json(&self, values: &[Value<'_>], others: &[Other<'_>], is_person: bool) -> (String, Option<String>) {
        let bytes: usize = values.iter().map(|v| v.text().map_or(24, str::len) + 16).sum();
        let mut open = Object::with_capacity(bytes);
        let mut sealed = Object::with_capacity(0);
        for ((field, key), value) in self.kind.fields.iter().zip(&self.member_keys).zip(values) {
            if is_stored(value) {
                let target = if is_sealed(field, is_person) { &mut sealed } else { &mut open };
                push_value(target.member(key), field, value);
            }
        }
        if !others.is_empty() {
            let target = if is_person { &mut sealed } else { &mut open };
            let out = target.member("\"_\":");
            for (index, other) in others.iter().enumerate() {
                out.push(if index == 0 { '{' } else { ',' });
                out.push_str(other.member_key);
                push_text(out, &other.text);
            }
            out.push('}');
        }
        let sealed = if sealed.is_empty() { None } else { Some(sealed.close()) };
        (open.close(), sealed)
    }

    /// Kind and key fields; the subject, which always belongs to the key, is the caller's. What is sealed stays out of it.
    pub(super) fn key(&self, values: &[Value<'_>], organ: &str, is_person: bool) -> String {
        let mut key = self.kind.id.clone();
        for ix in &self.kind.key {
            key.push(KEY_SEPARATOR);
            let (Some(field), Some(value)) = (self.kind.at(*ix), values.get(ix.0)) else { continue };
            if is_sealed(field, is_person) {
                continue;
            }
            match value {
                Value::Text(text) | Value::Flawed(text, _) => push_folded(&mut key, text),
                // An organ without a code is still one organ: its name keeps the numbers of two organs apart.
                Value::Empty | Value::Placeholder if Some(*ix) == self.kind.roles.organ_code => push_folded(&mut key, organ),
                value => push_plain(&mut key, field, value),
            }
        }
        key
    }
}

fn is_stored(value: &Value<'_>) -> bool {
    !matches!(value, Value::Empty | Value::Unusable | Value::NoEnd | Value::Placeholder)
}

fn is_sealed(field: &Field, is_person: bool) -> bool {
    match field.seal {
        Seal::Open => false,
        Seal::WhenPerson => is_person,
        Seal::Always => true,
    }
}

fn title_at(choices: &Choices, position: usize) -> &str {
    choices.values.get(position).map_or("", |value| value.title.as_str())
}

fn titles(bits: i64, choices: &Choices) -> impl Iterator<Item = &str> {
    let set = move |position: &usize| bits >> *position & 1 == 1;
    (0..choices.values.len()).filter(set).map(|position| title_at(choices, position))
}

fn push_value(out: &mut String, field: &Field, value: &Value<'_>) {
    match (value, &field.kind) {
        (Value::Text(text) | Value::Flawed(text, _), _) => push_text(out, text),
        (Value::Choice(position), FieldKind::Choice(choices)) => push_text(out, title_at(choices, *position)),
        (Value::Choices(bits), FieldKind::Choices(choices)) => {
            out.push('[');
            for (index, title) in titles(*bits, choices).enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_text(out, title);
            }
            out.push(']');
        }
        (Value::Integer(_) | Value::Money(_), _) => push_plain(out, field, value),
        (value, _) => {
            out.push('"');
            push_plain(out, field, value);
            out.push('"');
        }
    }
}

/// The value without quotes. Codes, days and numbers need no escaping.
fn push_plain(out: &mut String, field: &Field, value: &Value<'_>) {
    let written = match value {
        Value::Integer(number) => write!(out, "{number}"),
        Value::Money(fen) => write!(out, "{}", fen.0),
        Value::Day(day) => write!(out, "{day}"),
        Value::Uscc(code) => out.write_str(code.as_str()),
        Value::OrgCode(code) => out.write_str(code.as_str()),
        Value::Resident(id) => out.write_str(id.expose()),
        Value::Choice(position) => match &field.kind {
            FieldKind::Choice(choices) => out.write_str(title_at(choices, *position)),
            _ => Ok(()),
        },
        Value::Choices(bits) => match &field.kind {
            FieldKind::Choices(choices) => titles(*bits, choices).try_for_each(|title| out.write_str(title)),
            _ => Ok(()),
        },
        Value::Text(text) | Value::Flawed(text, _) => out.write_str(text),
        Value::Empty | Value::Unusable | Value::NoEnd | Value::Placeholder => Ok(()),
    };
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

/// Numbers of documents differ in brackets and blanks between two reports of one document; in a key they must not.
fn push_folded(out: &mut String, text: &str) {
    for c in text::half_width(text).chars().filter(|c| !c.is_whitespace()) {
        out.push(match c {
            '〔' | '[' | '【' | '(' | '﹝' => '〔',
            '〕' | ']' | '】' | ')' | '﹞' => '〕',
            c => c,
        });
    }
}

//! Reads the few fields of a record that a run needs, and steps over the others: a population has a hundred thousand records.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

/// The values under `codes` of a record's fields.
///
/// # Errors
/// Text that is no object.
pub(crate) fn some(text: &str, codes: &[&str]) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let fields = Wanted(codes).deserialize(&mut reader)?;
    reader.end()?;
    Ok(fields)
}

struct Wanted<'a>(&'a [&'a str]);

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fields of a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut found = Map::new();
        while let Some(code) = fields.next_key::<Cow<'_, str>>()? {
            if self.0.contains(&code.as_ref()) {
                found.insert(code.into_owned(), fields.next_value()?);
            } else {
                let IgnoredAny = fields.next_value()?;
            }
        }
        Ok(Value::Object(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wanted_is_kept() {
        let text = r#"{"A":"甲","B":{"A":[1,2]},"C":["x"],"\u0044":7}"#;
        assert_eq!(some(text, &["A", "C", "D"]).unwrap(), serde_json::json!({"A": "甲", "C": ["x"], "D": 7}));
        assert_eq!(some(text, &[]).unwrap(), serde_json::json!({}));
        for wrong in ["[]", "{", "{} x", ""] {
            assert!(some(wrong, &["A"]).is_err(), "{wrong}");
        }
    }
}

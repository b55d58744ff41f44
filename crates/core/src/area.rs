//! Administrative divisions: a code of 2, 4, 6, 9 or 12 digits whose prefixes are its ancestors (GB/T 2260, GB/T 10114).

use std::fmt;

use serde::{Deserialize, Serialize};

/// 行政区划代码, stored without padding zeros. A prefix names the area above: `330803` contains `330803103`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AreaCode(String);

impl AreaCode {
    /// Reads a code of any level; zeros that other systems pad with are taken off (`330803000000` is `330803`).
    pub fn parse(text: &str) -> Option<AreaCode> {
        let text = text.trim();
        if !matches!(text.len(), 2 | 4 | 6 | 9 | 12) || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mut code = text;
        for (length, step) in [(12, 3), (9, 3), (6, 2), (4, 2)] {
            let Some((above, below)) = code.split_at_checked(length - step) else { continue };
            if code.len() == length && below.bytes().all(|b| b == b'0') {
                code = above;
            }
        }
        Some(AreaCode(code.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this area or lies below it.
    pub fn contains(&self, other: &AreaCode) -> bool {
        other.0.starts_with(&self.0)
    }
}

impl fmt::Display for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_taken_off_and_prefixes_contain() {
        let county = AreaCode::parse("330803000000").unwrap();
        assert_eq!(county.as_str(), "330803");
        assert!(county.contains(&AreaCode::parse("330803103").unwrap()));
        assert!(!county.contains(&AreaCode::parse("331004").unwrap()));
        assert_eq!(AreaCode::parse("33080"), None);
    }
}

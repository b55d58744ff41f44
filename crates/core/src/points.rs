//! Evaluation points: thousandths in an integer, so that a sum never depends on its order (E11).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Points in thousandths; 12.5 points is `Points(12_500)`. Division truncates toward zero, as in SQLite and PostgreSQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Points(pub i64);

impl Points {
    /// No points.
    pub const ZERO: Points = Points(0);

    /// Whole points.
    pub const fn whole(points: i32) -> Points {
        Points(points as i64 * 1000)
    }

    /// Reads `-20`, `12.5`, at most three decimals.
    pub fn parse(text: &str) -> Option<Points> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 9 || fraction.len() > 3 || !plain(whole) || !plain(fraction) {
            return None;
        }
        let thousandths: i64 = format!("{whole}{fraction:0<3}").parse().ok()?;
        Some(Points(if negative { -thousandths } else { thousandths }))
    }

    /// Thousandths of a whole as percent: `937` is `93.7%`, `500` is `50%`.
    pub fn percent(thousandths: i64) -> String {
        format!("{}%", Points(thousandths.saturating_mul(100)))
    }

    /// With an explicit sign, as a ledger shows it: `-20`, `+12.5`, `0`.
    pub fn signed(self) -> String {
        if self.0 > 0 { format!("+{self}") } else { self.to_string() }
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 1000, self.0.unsigned_abs() % 1000);
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let fraction = format!("{rest:03}");
        write!(f, "{sign}{whole}.{}", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousandths_read_and_show() {
        for (text, points, shown) in [("-20", -20_000, "-20"), ("12.5", 12_500, "12.5"), ("0.125", 125, "0.125"), ("-0.5", -500, "-0.5")] {
            assert_eq!(Points::parse(text), Some(Points(points)));
            assert_eq!(Points(points).to_string(), shown);
        }
        for text in ["", "1.2345", "1e3", "ten", "１０", "--1"] {
            assert_eq!(Points::parse(text), None, "{text}");
        }
    }
}

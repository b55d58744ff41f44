//! Money: integers of 分, never a float (E11).

use std::fmt;

use serde::{Deserialize, Serialize};

/// 分, a hundredth of a 元.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(pub i64);

/// The unit in which a file states money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// 元: two decimals.
    #[serde(rename = "元")]
    Yuan,
    /// 万元, as the 双公示 template has it: six decimals.
    #[serde(rename = "万元")]
    TenThousandYuan,
}

/// Why a text is not an amount, as a clause that continues a Chinese sentence naming the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotMoney {
    /// Letters, full-width digits, scientific notation, thousands separators.
    #[error("不是金额，应写成半角数字，如 0.2")]
    NotANumber,
    /// More decimals than the unit divides into.
    #[error("小数位数过多，万元最多 6 位、元最多 2 位")]
    TooFine,
    /// Beyond 10 万亿元.
    #[error("超出可登记的最大金额")]
    TooLarge,
    /// Below zero.
    #[error("不能是负数")]
    Negative,
}

impl Fen {
    /// 10 万亿元: above any fine ever imposed, and far inside `i64`.
    pub const MAX: Fen = Fen(1_000_000_000_000_000);

    /// Reads a decimal in `unit`; `0.2` 万元 is 200 000 分. Nothing is rounded.
    ///
    /// # Errors
    /// [`NotMoney`], with the clause to show.
    pub fn parse(text: &str, unit: Unit) -> Result<Fen, NotMoney> {
        let decimals_max = match unit {
            Unit::Yuan => 2,
            Unit::TenThousandYuan => 6,
        };
        let text = text.trim();
        if text.starts_with('-') {
            return Err(NotMoney::Negative);
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(NotMoney::NotANumber);
        }
        if fraction.len() > decimals_max {
            return Err(NotMoney::TooFine);
        }
        let mut fen: i64 = 0;
        let zeros = std::iter::repeat_n(b'0', decimals_max - fraction.len());
        for digit in whole.bytes().chain(fraction.bytes()).chain(zeros) {
            let more = fen.checked_mul(10).and_then(|f| f.checked_add(i64::from(digit - b'0')));
            fen = more.filter(|f| *f <= Fen::MAX.0).ok_or(NotMoney::TooLarge)?;
        }
        Ok(Fen(fen))
    }
}

impl fmt::Display for Fen {
    /// `2,000.00 元`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yuan = (self.0 / 100).unsigned_abs().to_string();
        let sign = if self.0 < 0 { "-" } else { "" };
        let mut grouped = String::with_capacity(yuan.len() + yuan.len() / 3);
        for (index, digit) in yuan.chars().enumerate() {
            if index > 0 && (yuan.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        write!(f, "{sign}{grouped}.{:02} 元", (self.0 % 100).unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_yuan_becomes_fen_without_rounding() {
        for (text, fen) in [("0.2", 200_000), ("2", 2_000_000), ("0.000001", 1), ("12.345600", 12_345_600), ("0", 0)] {
            assert_eq!(Fen::parse(text, Unit::TenThousandYuan), Ok(Fen(fen)), "{text}");
        }
        assert_eq!(Fen::parse("2000.5", Unit::Yuan), Ok(Fen(200_050)));
    }

    #[test]
    fn what_is_not_an_amount_says_why() {
        for (text, fault) in [
            ("２０００", NotMoney::NotANumber),
            ("9.1E+3", NotMoney::NotANumber),
            ("2,000", NotMoney::NotANumber),
            ("", NotMoney::NotANumber),
            ("-1", NotMoney::Negative),
            ("0.0000001", NotMoney::TooFine),
            ("99999999999999999999", NotMoney::TooLarge),
        ] {
            assert_eq!(Fen::parse(text, Unit::TenThousandYuan), Err(fault), "{text}");
        }
    }

    #[test]
    fn shown_in_yuan_with_groups() {
        assert_eq!(Fen(200_000).to_string(), "2,000.00 元");
        assert_eq!(Fen(123_456_789).to_string(), "1,234,567.89 元");
        assert_eq!(Fen(5).to_string(), "0.05 元");
    }
}

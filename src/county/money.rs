//! Amounts as departments write them.

use super::dice::Dice;

/// 元 from 分, with 角 and 分 only where there are some: `2000`, `326.50`.
pub fn yuan(fen: i64) -> String {
    if fen % 100 == 0 { (fen / 100).to_string() } else { format!("{}.{:02}", fen / 100, fen % 100) }
}

/// 万元 from 分, without closing zeros: `0.2`.
pub fn ten_thousand(fen: i64) -> String {
    let whole = fen / 1_000_000;
    let part = format!("{:06}", fen % 1_000_000);
    let part = part.trim_end_matches('0');
    if part.is_empty() { whole.to_string() } else { format!("{whole}.{part}") }
}

/// A round sum in 元 between both ends, small ones far more often than large ones.
pub fn round_sum(dice: &mut Dice, (low, high): (u32, u32)) -> u32 {
    const STEPS: [u32; 8] = [10, 12, 15, 20, 30, 40, 50, 80];
    let ladder = || (1..7).flat_map(|power| STEPS.map(|step| step * 10_u32.pow(power))).filter(|sum| (low..=high).contains(sum));
    let count = ladder().count();
    let place = dice.index(count).min(dice.index(count));
    ladder().nth(place).unwrap_or(low)
}

/// A sum in 分 that nobody rounded: from a few hundred to some ten thousand 元.
pub fn odd_sum(dice: &mut Dice) -> i64 {
    let magnitude = *dice.pick(&[1_000, 10_000, 10_000, 100_000]);
    i64::from(dice.between(12, 98)) * magnitude + i64::from(dice.between(0, 19)) * 50
}

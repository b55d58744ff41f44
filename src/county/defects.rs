//! What is wrong with real files, planted in a known number so that an import can be held against it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use xinzhi_core::Day;
use xinzhi_core::Fen;
use xinzhi_core::identifier::NO_CODE;
use xinzhi_core::money::Unit;

use super::dice::Dice;
use super::layout::{Layout, Roles};
use super::money::{ten_thousand, yuan};
use super::sheet::Row;

/// A defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    MaskedName,
    MissingCode,
    WrongCheckDigit,
    ImpossibleDate,
    FullWidthMoney,
    DuplicateRow,
    ContradictingCorrection,
    FutureDate,
    PlaceholderOrgan,
    ZeroWidth,
    OverlongText,
    YuanForTenThousand,
    ScientificNumber,
    UnnamedSoleTrader,
    PersonNumberInText,
    ForbiddenContent,
}

impl Defect {
    /// All of them.
    pub const ALL: [Defect; 16] = [
        Defect::MaskedName,
        Defect::MissingCode,
        Defect::WrongCheckDigit,
        Defect::ImpossibleDate,
        Defect::FullWidthMoney,
        Defect::DuplicateRow,
        Defect::ContradictingCorrection,
        Defect::FutureDate,
        Defect::PlaceholderOrgan,
        Defect::ZeroWidth,
        Defect::OverlongText,
        Defect::YuanForTenThousand,
        Defect::ScientificNumber,
        Defect::UnnamedSoleTrader,
        Defect::PersonNumberInText,
        Defect::ForbiddenContent,
    ];

    /// Its name in the list of what was planted.
    pub fn name(self) -> &'static str {
        match self {
            Defect::MaskedName => "masked-name",
            Defect::MissingCode => "missing-code",
            Defect::WrongCheckDigit => "wrong-check-digit",
            Defect::ImpossibleDate => "impossible-date",
            Defect::FullWidthMoney => "full-width-money",
            Defect::DuplicateRow => "duplicate-row",
            Defect::ContradictingCorrection => "contradicting-correction",
            Defect::FutureDate => "future-date",
            Defect::PlaceholderOrgan => "placeholder-organ",
            Defect::ZeroWidth => "zero-width",
            Defect::OverlongText => "overlong-text",
            Defect::YuanForTenThousand => "yuan-for-ten-thousand",
            Defect::ScientificNumber => "scientific-number",
            Defect::UnnamedSoleTrader => "unnamed-sole-trader",
            Defect::PersonNumberInText => "person-number-in-text",
            Defect::ForbiddenContent => "forbidden-content",
        }
    }

    /// Whether it adds a row after the others instead of spoiling one.
    pub fn adds_a_row(self) -> bool {
        matches!(self, Defect::DuplicateRow | Defect::ContradictingCorrection)
    }

    /// Whether a file of this layout can have it. GBK has no zero-width characters.
    pub fn fits(self, roles: &Roles, is_gbk: bool) -> bool {
        match self {
            Defect::MaskedName | Defect::WrongCheckDigit | Defect::ImpossibleDate | Defect::FutureDate | Defect::DuplicateRow => true,
            Defect::MissingCode => !roles.code.is_empty(),
            Defect::ZeroWidth => !is_gbk,
            Defect::FullWidthMoney | Defect::YuanForTenThousand => !roles.amount.is_empty(),
            Defect::ContradictingCorrection => !roles.amount.is_empty() || !roles.until.is_empty(),
            Defect::PlaceholderOrgan => !roles.organ_code.is_empty(),
            Defect::OverlongText | Defect::PersonNumberInText | Defect::ForbiddenContent => !roles.facts.is_empty(),
            Defect::ScientificNumber => !roles.head_number.is_empty(),
            Defect::UnnamedSoleTrader => !roles.head_number.is_empty() && !roles.facts.is_empty(),
        }
    }
}

/// Positions of the columns in which defects are planted.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    name: Option<usize>,
    code: Option<usize>,
    organ_code: Option<usize>,
    day: Option<usize>,
    amount: Option<usize>,
    content: Option<usize>,
    facts: Option<usize>,
    head_number: Option<usize>,
    until: Option<usize>,
}

impl Places {
    /// Looks them up in the columns of a layout.
    pub fn of(layout: &Layout) -> Places {
        let find = |code: &str| layout.columns.iter().position(|(c, _)| *c == code);
        let roles = &layout.roles;
        Places {
            name: find(roles.name),
            code: find(roles.code),
            organ_code: find(roles.organ_code),
            day: find(roles.day),
            amount: find(roles.amount),
            content: find(roles.content),
            facts: find(roles.facts),
            head_number: find(roles.head_number),
            until: find(roles.until),
        }
    }

    /// Writes the day of the document in another style.
    pub fn write_day(&self, row: &mut Row, day: String) {
        if let Some(cell) = self.day.and_then(|at| row.get_mut(at)) {
            *cell = Cow::Owned(day);
        }
    }

    /// Spoils a row; false where this row cannot have the defect, because the cell is empty.
    pub fn spoil(&self, defect: Defect, row: &mut Row, dice: &mut Dice, through: Day) -> bool {
        match defect {
            // The code first: it tells whether this row has a party that could be masked.
            Defect::MaskedName => set(row, self.code, |_| Some(String::new())) && set(row, self.name, |_| Some("******".to_owned())),
            Defect::MissingCode => set(row, self.code, |_| Some(String::new())),
            Defect::WrongCheckDigit => set(row, self.code, with_other_check_character),
            Defect::ImpossibleDate => set(row, self.day, |_| Some((*dice.pick(&["20231332", "2025-02-30", "2024.13.01"])).to_owned())),
            Defect::FutureDate => set(row, self.day, |_| Some(through.plus_months(14).to_string())),
            Defect::FullWidthMoney => set(row, self.amount, |text| Some(full_width(text))),
            Defect::YuanForTenThousand => set(row, self.amount, |text| fen(text).filter(|f| *f >= 10_000).map(yuan)),
            Defect::ScientificNumber => set(row, self.head_number, |text| text.get(..6).map(|head| format!("{}E+17", decimal(head)))),
            Defect::PlaceholderOrgan => set(row, self.organ_code, |_| Some(NO_CODE.to_owned())),
            Defect::ZeroWidth => set(row, self.name, with_zero_width),
            Defect::OverlongText => set(row, self.facts, |text| Some(text.repeat(5200 / text.chars().count().max(1) + 1))),
            Defect::PersonNumberInText => {
                let number = self.head_number.and_then(|at| row.get(at)).filter(|n| n.len() == 18).cloned();
                number.is_some_and(|number| set(row, self.facts, |text| Some(format!("{text}现场负责人身份证号{number}。"))))
            }
            Defect::ForbiddenContent => set(row, self.facts, |text| Some(format!("{text}另查明，现场负责人血型为O型。"))),
            Defect::UnnamedSoleTrader => {
                let is_sole_trader = self.code.and_then(|at| row.get(at)).is_some_and(|code| code.starts_with("92"));
                is_sole_trader && set(row, self.name, |_| Some("个体工商户".to_owned()))
            }
            Defect::DuplicateRow => true,
            Defect::ContradictingCorrection => self.contradict(row),
        }
    }

    /// Says something else under the same document number: twice the fine, or a year more of validity.
    fn contradict(&self, row: &mut Row) -> bool {
        let old = self.amount.and_then(|at| row.get(at)).and_then(|text| fen(text));
        if let Some(old) = old.filter(|f| *f > 0) {
            let doubled = old * 2;
            let content = |text: &str| Some(text.replace(&format!("罚款{}元", yuan(old)), &format!("罚款{}元", yuan(doubled))));
            return set(row, self.amount, |_| Some(ten_thousand(doubled))) && set(row, self.content, content);
        }
        set(row, self.until, |text| Day::parse(text).ok().filter(|day| *day < Day::LONG_TERM).map(|day| day.plus_months(12).to_string()))
    }
}

/// Replaces a filled cell; false where there is none or the change declines.
fn set(row: &mut Row, place: Option<usize>, change: impl FnOnce(&str) -> Option<String>) -> bool {
    let Some(cell) = place.and_then(|at| row.get_mut(at)).filter(|cell| !cell.is_empty()) else { return false };
    match change(cell) {
        Some(text) => {
            *cell = Cow::Owned(text);
            true
        }
        None => false,
    }
}

fn fen(ten_thousand: &str) -> Option<i64> {
    Fen::parse(ten_thousand, Unit::TenThousandYuan).ok().map(|fen| fen.0)
}

fn with_other_check_character(code: &str) -> Option<String> {
    let mut text = code.to_owned();
    let last = text.pop()?;
    text.push(if last == '8' { '3' } else { '8' });
    Some(text)
}

fn with_zero_width(name: &str) -> Option<String> {
    let (at, _) = name.char_indices().nth(3)?;
    let (head, tail) = name.split_at_checked(at)?;
    Some(format!("{head}\u{200b}{tail}\u{feff}"))
}

fn full_width(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c) } else { c }).collect()
}

fn decimal(digits: &str) -> String {
    let (head, tail) = digits.split_at_checked(1).unwrap_or((digits, ""));
    format!("{head}.{tail}")
}

/// Smallest file in which anything is spoiled.
const SPOILED_ROWS_MIN: usize = 40;

/// Which rows of a file get which defect.
#[derive(Debug)]
pub struct Planting {
    /// By row of the file, counted from 0; waits for the next row that can have it.
    pub at: Vec<(usize, Defect)>,
    /// Rows that will be added at the end.
    pub added: usize,
}

impl Planting {
    /// No defects.
    pub fn none() -> Planting {
        Planting { at: Vec::new(), added: 0 }
    }

    /// Spoils about `share` in ten thousand of `rows`, evenly over what fits, every kind at least `least` times.
    pub fn of(rows: usize, (share, least): (usize, usize), fits: impl Fn(Defect) -> bool, dice: &mut Dice) -> Planting {
        if rows < SPOILED_ROWS_MIN {
            return Planting::none();
        }
        let kinds: Vec<Defect> = Defect::ALL.into_iter().filter(|defect| fits(*defect)).collect();
        let mut planting = Planting::none();
        for defect in &kinds {
            let spoiled = rows * share / kinds.len().max(1);
            let count = spoiled / 10_000 + usize::from(dice.index(10_000) < spoiled % 10_000);
            for _ in 0..count.max(least) {
                // Not among the last rows, so that a defect which must wait for a fitting row still finds one.
                planting.at.push((dice.index(rows * 4 / 5), *defect));
                planting.added += usize::from(defect.adds_a_row());
            }
        }
        planting.at.sort_unstable();
        planting
    }
}

/// What was planted, by name.
pub type Planted = BTreeMap<&'static str, usize>;

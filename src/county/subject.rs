//! The county's subjects, each computed from its number alone: nothing is kept in memory however large the county is.

use std::fmt::Write as _;

use xinzhi_core::Day;
use xinzhi_core::identifier::{OrgCode, ResidentId, Uscc};

use super::dice::{Dice, Stream, spread};
use super::names::{BRAND_FIRST, BRAND_FURTHER, BRAND_SECOND, COUNTY, COUNTY_CODE, GIVEN_FIRST, GIVEN_SECOND, SURNAMES, TOWNS, Town};
use super::trades::{COOP, FIRM, Forms, PUBLIC, SOCIAL, SOLE, TRADES, Trade};

/// Legal form of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Enterprise,
    SoleTrader,
    Cooperative,
    Institution,
    SocialOrganisation,
}

impl Form {
    /// Of a thousand subjects, so many have this form.
    fn of(number: u64) -> Form {
        match spread(number % 1000, 1000, 0) {
            0..620 => Form::SoleTrader,
            620..930 => Form::Enterprise,
            930..960 => Form::Cooperative,
            960..980 => Form::Institution,
            _ => Form::SocialOrganisation,
        }
    }

    fn trades(self) -> Forms {
        match self {
            Form::Enterprise => FIRM,
            Form::SoleTrader => SOLE,
            Form::Cooperative => COOP,
            Form::Institution => PUBLIC,
            Form::SocialOrganisation => SOCIAL,
        }
    }

    /// First two characters of the code.
    pub fn prefix(self, number: u64) -> &'static str {
        match self {
            Form::Enterprise => "91",
            Form::SoleTrader => "92",
            Form::Cooperative => "93",
            Form::Institution => "12",
            Form::SocialOrganisation if number.is_multiple_of(2) => "51",
            Form::SocialOrganisation => "52",
        }
    }

    /// Whether the market regulator registered it.
    pub fn is_market_entity(self) -> bool {
        matches!(self, Form::Enterprise | Form::SoleTrader | Form::Cooperative)
    }
}

/// A synthetic adult. No such person exists: the region code of the number is not assigned.
#[derive(Clone, Debug)]
pub struct Person {
    pub name: String,
    pub number: String,
}

/// A subject of the county.
#[derive(Clone, Debug)]
pub struct Subject {
    pub form: Form,
    pub name: String,
    pub code: String,
    /// Legal representative, or the operator of a sole trader.
    pub head: Person,
    pub trade: &'static Trade,
    pub town: &'static Town,
    pub street: &'static str,
    pub door: u32,
    pub founded: Day,
    /// Registered capital in 万元.
    pub capital: u32,
    /// 登记状态.
    pub state: &'static str,
}

impl Subject {
    /// Whether it still carries on business: only then do departments meet it.
    pub fn is_active(&self) -> bool {
        self.state == ACTIVE
    }

    /// Where it has its seat.
    pub fn address(&self) -> String {
        format!("{COUNTY}{}{}{}号", self.town.name, self.street, self.door)
    }
}

const ACTIVE: &str = "存续";
const STATES: [(&str, u32); 4] = [(ACTIVE, 975), ("注销", 13), ("吊销，未注销", 7), ("歇业", 5)];

/// All subjects of a county.
#[derive(Clone, Copy, Debug)]
pub struct Population {
    pub seed: u64,
    pub through: Day,
}

impl Population {
    /// Subject `number`, counted from 0.
    pub fn subject(&self, number: u64) -> Subject {
        let mut dice = Dice::new(self.seed, Stream::Subject, number);
        let form = Form::of(number);
        let trade = dice.weighted(&TRADES, |t| if t.forms & form.trades() == 0 { 0 } else { t.weight });
        let (place, brand) = brand(number, self.seed);
        let town = TOWNS.get(place.wrapping_sub(1)).unwrap_or_else(|| dice.pick(&TOWNS));
        let age = dice.between(60, 9000).min(dice.between(60, 9000));
        Subject {
            form,
            name: name(form, trade, place, &brand),
            code: code(form.prefix(number), number, self.seed),
            head: self.person(number),
            trade,
            town,
            street: dice.word(town.places),
            door: dice.between(1, 399),
            founded: back(self.through, age),
            capital: *dice.pick(&[10, 20, 30, 50, 50, 100, 100, 200, 300, 500, 500, 1000, 2000, 5000]),
            state: dice.weighted(&STATES, |(_, weight)| *weight).0,
        }
    }

    /// Synthetic person `number`: heads of subjects count from 0, others from [`OTHERS`].
    pub fn person(&self, number: u64) -> Person {
        let mut dice = Dice::new(self.seed, Stream::Parties, number);
        let name = [*dice.pick(&SURNAMES), *dice.pick(&GIVEN_FIRST), *dice.pick(&GIVEN_SECOND)].concat();
        Person { name, number: resident_number(number, self.seed) }
    }
}

/// Persons who head no subject are numbered from here.
pub const OTHERS: u64 = 10_000_000;

/// A day `days` before `day`.
pub fn back(day: Day, days: u32) -> Day {
    day.plus_days(i32::try_from(days).map_or(0, |d| -d))
}

/// Place and brand of a subject: no two subjects share both.
fn brand(number: u64, seed: u64) -> (usize, String) {
    let places = TOWNS.len() + 1;
    let (mut rest, place) = split(number, places);
    let pairs = BRAND_FIRST.len() * BRAND_SECOND.len();
    let (round, pair) = split(rest, pairs);
    let pair = spread(u64::try_from(pair).unwrap_or(0), u64::try_from(pairs).unwrap_or(1), seed ^ u64::try_from(place).unwrap_or(0));
    let (second, first) = split(pair, BRAND_FIRST.len());
    let mut brand = String::new();
    brand.push_str(BRAND_FIRST.get(first).copied().unwrap_or_default());
    brand.push_str(usize::try_from(second).ok().and_then(|i| BRAND_SECOND.get(i)).copied().unwrap_or_default());
    rest = round;
    while rest > 0 {
        let (higher, further) = split(rest - 1, BRAND_FURTHER.len());
        brand.push_str(BRAND_FURTHER.get(further).copied().unwrap_or_default());
        rest = higher;
    }
    (place, brand)
}

fn split(number: u64, size: usize) -> (u64, usize) {
    let size = u64::try_from(size).unwrap_or(1);
    (number / size, usize::try_from(number % size).unwrap_or(0))
}

fn name(form: Form, trade: &Trade, place: usize, brand: &str) -> String {
    let town = TOWNS.get(place.wrapping_sub(1));
    let (word, full) = town.map_or(("", ""), |t| (t.word, t.name));
    match form {
        Form::Enterprise => format!("{COUNTY}{word}{brand}{}有限公司", trade.word),
        Form::SoleTrader => format!("{COUNTY}{full}{brand}{}", trade.shop),
        Form::Cooperative => format!("{COUNTY}{word}{brand}{}专业合作社", trade.word),
        Form::Institution if trade.shop == "商会" => format!("{COUNTY}{full}{brand}公共服务中心"),
        Form::Institution if trade.shop == "诊所" => format!("{COUNTY}{full}{brand}社区卫生服务站"),
        Form::Institution => format!("{COUNTY}{full}{brand}中心{}", trade.shop),
        Form::SocialOrganisation if trade.shop == "诊所" => format!("{COUNTY}{full}{brand}护理院"),
        Form::SocialOrganisation => format!("{COUNTY}{full}{brand}{}", trade.shop),
    }
}

/// A valid 统一社会信用代码 with a valid 组织机构代码 inside; different for each number.
fn code(prefix: &str, number: u64, seed: u64) -> String {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let body = if prefix.starts_with('9') {
        let mut left = spread(number, 31_u64.pow(6), seed);
        let mut text = String::from("MA");
        for _ in 0..6 {
            let (higher, digit) = split(left, ALPHABET.len());
            text.push(ALPHABET.get(digit).map_or('0', |b| char::from(*b)));
            left = higher;
        }
        text
    } else {
        format!("{:08}", spread(number, 100_000_000, seed))
    };
    let check = OrgCode::check_character(&body).unwrap_or_default();
    let body = format!("{prefix}{COUNTY_CODE}{body}{check}");
    Uscc::with_check_character(&body).map_or(body, |code| code.as_str().to_owned())
}

/// A valid number of an adult born between 1958 and 1997; different for each person number below fourteen million.
fn resident_number(number: u64, seed: u64) -> String {
    const DAYS: u64 = 14_600;
    const SEQUENCES: u64 = 999;
    let place = spread(number, DAYS * SEQUENCES, seed);
    let first = Day::new(1958, 1, 1).map_or(0, Day::number);
    let birth = i64::try_from(place / SEQUENCES).ok().and_then(|days| Day::from_number(first + days)).unwrap_or(Day::EARLIEST);
    let mut body = String::with_capacity(18);
    body.push_str(COUNTY_CODE);
    let written = write!(body, "{:04}{:02}{:02}{:03}", birth.year(), birth.month(), birth.day_of_month(), place % SEQUENCES + 1);
    debug_assert!(written.is_ok(), "a string takes every text");
    body.push_str(ResidentId::check_character(&body).unwrap_or_default());
    body
}

#[cfg(test)]
mod tests;

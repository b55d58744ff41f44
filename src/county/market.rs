//! A farmers' market and a street of shops in the county's first township: who trades where. For the demonstration, which has the rules for
//! them; the county of `generate` is without.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use xinzhi_core::Day;

use super::defects::Planting;
use super::dice::{Dice, Stream};
use super::layout::{Layout, SHOP, STALL, STREET};
use super::names::{COUNTY, TOWNS, Town};
use super::organs::Organ;
use super::outgoing::{DayStyle, Desk, Habit, Outgoing};
use super::sheet::{Format, Row};
use super::subject::{Form, Population, Subject, back};
use super::{Delivery, Size};

const STALLS_MAX: usize = 24;
const SHOPS_MAX: usize = 16;
const STREET_CODE: &str = "QX-01";
/// Of a thousand places, so many have been given up.
const GIVEN_UP: u32 = 120;

const GOODS: [&str; 7] = ["蔬菜", "水果", "鲜肉", "水产", "豆制品", "熟食", "粮油副食"];
const TRADES: [&str; 4] = ["餐饮", "食品零售", "日用百货", "生活服务"];

/// Writes the registers of streets, shops and stalls into `out`, in the order of import; nothing where nobody in the township trades.
///
/// # Errors
/// What the file system says.
pub fn write_market(size: &Size, out: &Path) -> io::Result<Vec<Delivery>> {
    let population = Population { seed: size.seed, through: size.through };
    let [town, ..] = &TOWNS;
    let numbers = 0..u64::try_from(size.subjects).unwrap_or(0);
    let traders = numbers.map(|number| population.subject(number)).filter(|subject| trades(subject, town));
    let traders: Vec<Subject> = traders.take(STALLS_MAX + SHOPS_MAX).collect();
    if traders.is_empty() {
        return Ok(Vec::new());
    }
    let mut dice = Dice::new(size.seed, Stream::Places, 0);
    let desk = Desk { out, seed: size.seed, through: size.through };
    let (of_stalls, of_shops) = traders.split_at(traders.len().min(STALLS_MAX));

    let day = back(size.through, 900);
    let street = [STREET_CODE, &format!("{}信用街区", town.word), town.code, &day.to_string(), &registrar(town)].map(owned);
    let streets = file(desk, ("07-streets", &STREET), [(street.to_vec(), day)].into_iter())?;
    let shops = of_shops.iter().enumerate().map(|(at, trader)| shop(at, trader, town, (size.through, &mut dice))).collect::<Vec<_>>();
    let shops = file(desk, ("08-shops", &SHOP), shops.into_iter())?;
    // One in six has two stalls.
    let holders = of_stalls.iter().chain(of_stalls.iter().step_by(6));
    let stalls = holders.enumerate().map(|(at, trader)| stall(at, trader, town, (size.through, &mut dice))).collect::<Vec<_>>();
    let stalls = file(desk, ("09-stalls", &STALL), stalls.into_iter())?;
    Ok([streets, shops, stalls].into_iter().filter(|delivery| delivery.rows > 0).collect())
}

fn trades(subject: &Subject, town: &Town) -> bool {
    matches!(subject.form, Form::SoleTrader | Form::Enterprise) && subject.is_active() && subject.town.code == town.code
}

fn registrar(town: &Town) -> String {
    format!("{COUNTY}{}人民政府", town.name)
}

fn owned(text: &str) -> Cow<'static, str> {
    Cow::Owned(text.to_owned())
}

/// Since when a place is kept, and until when where it was given up.
fn days((through, dice): (Day, &mut Dice)) -> (Day, String, bool) {
    let from = back(through, dice.between(120, 800));
    let given_up = dice.chance(GIVEN_UP);
    let until = from.plus_days(i32::try_from(dice.between(60, 119)).unwrap_or(60));
    (from, if given_up { until.to_string() } else { String::new() }, given_up)
}

fn shop(at: usize, trader: &Subject, town: &Town, (through, dice): (Day, &mut Dice)) -> (Row, Day) {
    let (from, until, given_up) = days((through, dice));
    let code = format!("{STREET_CODE}-{:04}", at + 1);
    let name = format!("{}信用街区{}号铺", town.word, at + 1);
    let state = if given_up { "已撤" } else { "在营" };
    let trade = *dice.pick(&TRADES);
    let cells = [&code, STREET_CODE, &name, &trader.code, trade, town.code, &from.to_string(), &until, &registrar(town), state];
    (cells.map(owned).to_vec(), from)
}

fn stall(at: usize, trader: &Subject, town: &Town, (through, dice): (Day, &mut Dice)) -> (Row, Day) {
    let (from, until, given_up) = days((through, dice));
    let market = format!("{}农贸市场", town.word);
    let (code, name) = (format!("SF-01-{:03}", at + 1), format!("{market}{}号摊", at + 1));
    let state = if given_up { "已撤" } else { "在营" };
    let goods = *dice.pick(&GOODS);
    let keeper = format!("{COUNTY}{market}");
    let cells = [&code, &name, &market, &trader.code, goods, town.code, &from.to_string(), &until, &keeper, state];
    (cells.map(owned).to_vec(), from)
}

fn file(desk: Desk<'_>, (stem, layout): (&str, &'static Layout), rows: impl Iterator<Item = (Row, Day)>) -> io::Result<Delivery> {
    let habit = Habit { layout, supplier: Organ::Market, format: Format::Utf8, in_words: true, stamped: false, days: DayStyle::Dashes };
    let mut file = Outgoing::open(desk, stem, habit, Planting::none())?;
    for (row, day) in rows {
        file.put(row, day)?;
    }
    file.finish(None)
}

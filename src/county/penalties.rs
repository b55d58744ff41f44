//! 行政处罚 rows: texts, sanction and amounts that agree with each other.

use std::borrow::Cow;

use xinzhi_core::Day;

use super::dice::{Dice, Stream};
use super::money::{odd_sum, round_sum, ten_thousand, yuan};
use super::names::TOWNS;
use super::offences::{Grave, Offence};
use super::organs::Organ;
use super::sheet::Row;
use super::subject::{Form, Person, Population, Subject};
use super::trades::TRADES;

/// Between several categories of one decision.
const BETWEEN: &str = "；";

/// Who was punished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// A subject by number.
    Subject(u64),
    /// A natural person by number.
    Person(u64),
}

/// A decision to be written.
#[derive(Clone, Copy, Debug)]
pub struct Penalty {
    pub day: Day,
    pub offence: &'static Offence,
    pub party: Party,
    /// Whether it names a further party of the decision before it.
    pub joined: bool,
}

/// What was decided.
#[derive(Debug)]
struct Sanction {
    categories: String,
    content: String,
    /// In 分.
    fine: Option<i64>,
    /// In 分.
    confiscated: Option<i64>,
    licence: String,
    months: i32,
}

/// The row of a decision under `number`; `draw` names the stream of its texts.
pub fn row(population: Population, penalty: &Penalty, number: String, draw: u64) -> Row {
    let mut dice = Dice::new(population.seed, Stream::Texts, draw);
    let offence = penalty.offence;
    let worth = odd_sum(&mut dice);
    let sanction = sanction(offence, worth, &mut dice);
    let identity = match penalty.party {
        Party::Subject(number) => Identity::of_subject(population.subject(number)),
        Party::Person(number) => Identity::of_person(population.person(number), &mut dice),
    };
    let facts = facts(offence, &identity, (penalty.day, worth), &mut dice);
    let until = penalty.day.plus_months(sanction.months).to_string();
    let mut row: Row = Vec::with_capacity(31);
    identity.push(&mut row);
    row.push(Cow::Owned(number));
    row.push(Cow::Borrowed(offence.kind));
    row.push(Cow::Owned(facts));
    row.push(Cow::Borrowed(offence.basis));
    row.push(Cow::Owned(sanction.categories));
    row.push(Cow::Owned(sanction.content));
    row.push(Cow::Owned(sanction.fine.map(ten_thousand).unwrap_or_default()));
    row.push(Cow::Owned(sanction.confiscated.map(ten_thousand).unwrap_or_default()));
    row.push(Cow::Owned(sanction.licence));
    row.push(Cow::Owned(penalty.day.to_string()));
    row.push(Cow::Owned(until.clone()));
    row.push(Cow::Owned(until));
    push_organ(&mut row, offence.organ);
    push_organ(&mut row, offence.organ);
    row.push(Cow::Borrowed(""));
    row
}

/// The row in the layout of before 2018.
pub fn legacy_row(population: Population, penalty: &Penalty, number: String, draw: u64) -> Row {
    let mut dice = Dice::new(population.seed, Stream::Texts, draw);
    let offence = penalty.offence;
    let worth = odd_sum(&mut dice);
    let sanction = sanction(offence, worth, &mut dice);
    let identity = match penalty.party {
        Party::Subject(number) => Identity::of_subject(population.subject(number)),
        Party::Person(number) => Identity::of_person(population.person(number), &mut dice),
    };
    let facts = facts(offence, &identity, (penalty.day, worth), &mut dice);
    let org_code = identity.code.get(8..17).unwrap_or_default().to_owned();
    // The old layout has room for two: the gravest, and the others together.
    let (second, first) = sanction.categories.rsplit_once(BETWEEN).unwrap_or(("", &sanction.categories));
    vec![
        Cow::Owned(number),
        Cow::Owned(format!("{}案", offence.kind)),
        Cow::Owned(first.to_owned()),
        Cow::Owned(second.to_owned()),
        Cow::Owned(facts),
        Cow::Borrowed(offence.basis),
        Cow::Owned(identity.name),
        Cow::Owned(identity.code),
        Cow::Owned(org_code),
        Cow::Borrowed(""),
        Cow::Borrowed(""),
        Cow::Owned(identity.own_number),
        Cow::Owned(identity.head),
        Cow::Owned(sanction.content),
        Cow::Owned(penalty.day.to_string()),
        Cow::Borrowed(offence.organ.name()),
        Cow::Borrowed("0"),
        Cow::Borrowed(super::names::COUNTY_CODE),
        Cow::Owned(format!("{} 09:00:00", penalty.day)),
        Cow::Borrowed(""),
    ]
}

/// Name and code of a department, twice in each layout of 2018: the decider and the supplier.
pub fn push_organ(row: &mut Row, organ: Organ) {
    row.push(Cow::Borrowed(organ.name()));
    row.push(Cow::Borrowed(organ.code()));
}

/// The thirteen columns that say who is meant; the layouts of 2018 begin with them.
#[derive(Debug)]
pub struct Identity {
    name: String,
    kind: &'static str,
    code: String,
    head: String,
    head_number: String,
    own_number: String,
    place: String,
    goods: &'static [&'static str],
}

impl Identity {
    /// An organisation or a sole trader.
    pub fn of_subject(subject: Subject) -> Identity {
        let kind = if subject.form == Form::SoleTrader { "个体工商户" } else { "法人及非法人组织" };
        let place = subject.address();
        let Subject { name, code, head, trade, .. } = subject;
        Identity { name, kind, code, head: head.name, head_number: head.number, own_number: String::new(), place, goods: trade.goods }
    }

    /// A natural person.
    pub fn of_person(person: Person, dice: &mut Dice) -> Identity {
        let town = dice.pick(&TOWNS);
        Identity {
            name: person.name,
            kind: "自然人",
            code: String::new(),
            head: String::new(),
            head_number: String::new(),
            own_number: person.number,
            place: format!("{}{}", town.name, dice.word(town.places)),
            goods: dice.pick(&TRADES).goods,
        }
    }

    /// Appends the thirteen columns.
    pub fn push(&self, row: &mut Row) {
        let own = |text: &str| Cow::Owned(text.to_owned());
        let document = |number: &str| Cow::Borrowed(if number.is_empty() { "" } else { "身份证" });
        row.push(own(&self.name));
        row.push(Cow::Borrowed(self.kind));
        row.push(own(&self.code));
        row.extend([Cow::Borrowed(""), own(self.code.get(8..17).unwrap_or_default())]);
        row.extend([Cow::Borrowed(""), Cow::Borrowed(""), Cow::Borrowed("")]);
        row.push(own(&self.head));
        row.extend([document(&self.head_number), own(&self.head_number)]);
        row.extend([document(&self.own_number), own(&self.own_number)]);
    }
}

fn sanction(offence: &Offence, worth: i64, dice: &mut Dice) -> Sanction {
    if dice.chance(offence.warned) {
        let licence = String::new();
        return Sanction {
            categories: "警告".to_owned(), content: "警告".to_owned(), fine: None, confiscated: None, licence, months: 3
        };
    }
    let mut categories = vec!["罚款"];
    let mut content = Vec::new();
    let confiscated = dice.chance(offence.confiscated).then(|| {
        // Where the facts state the gain, exactly that is confiscated; else a part of what the goods were worth.
        if offence.facts.contains("违法所得{worth}") { worth } else { worth * i64::from(dice.between(20, 60)) / 100 }
    });
    if let Some(fen) = confiscated {
        categories.insert(0, "没收违法所得、没收非法财物");
        content.push(format!("没收违法所得{}元", yuan(fen)));
    }
    let fine = i64::from(round_sum(dice, offence.fine)) * 100;
    content.push(format!("罚款{}元", yuan(fine)));
    let (mut licence, mut months) = (String::new(), 12);
    let is_grave = dice.chance(25);
    match offence.grave {
        Grave::Revoke(which) if is_grave => {
            categories.push("吊销许可证件");
            content.push(format!("吊销{which}"));
            licence = which.to_owned();
            months = 36;
        }
        Grave::Suspend(which) if is_grave => {
            categories.push("暂扣许可证件");
            content.push(format!("暂扣{which}六个月"));
            licence = which.to_owned();
        }
        Grave::Halt if is_grave => {
            categories.push("责令停产停业");
            content.push("责令停产停业整顿".to_owned());
        }
        Grave::None | Grave::Revoke(_) | Grave::Suspend(_) | Grave::Halt => {}
    }
    Sanction { categories: categories.join(BETWEEN), content: content.join(BETWEEN), fine: Some(fine), confiscated, licence, months }
}

/// The facts with day, seat, goods, number and worth filled in; the visit lies before the decision.
fn facts(offence: &Offence, identity: &Identity, (decided, worth): (Day, i64), dice: &mut Dice) -> String {
    let visit = super::subject::back(decided, dice.between(8, 70));
    fill(offence.facts, |key, text| match key {
        "day" => text.push_str(&format!("{}年{}月{}日", visit.year(), visit.month(), visit.day_of_month())),
        "place" => text.push_str(&identity.place),
        "goods" => text.push_str(dice.word(identity.goods)),
        "few" => text.push_str(&dice.between(1, 4).to_string()),
        "count" => text.push_str(&dice.between(2, 36).to_string()),
        "worth" => text.push_str(&yuan(worth)),
        _ => {}
    })
}

/// Replaces each `{key}` of a template.
pub fn fill(template: &str, mut value: impl FnMut(&str, &mut String)) -> String {
    let mut text = String::with_capacity(template.len() + 96);
    let mut parts = template.split('{');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (key, tail) = part.split_once('}').unwrap_or((part, ""));
        value(key, &mut text);
        text.push_str(tail);
    }
    text
}

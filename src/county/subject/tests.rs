//! Every subject that a county can have is valid by the standards and unlike every other.

use std::collections::BTreeSet;

use super::*;

const POPULATION: Population = Population { seed: 11, through: Day::LONG_TERM };

fn through() -> Day {
    Day::new(2026, 11, 22).unwrap()
}

#[test]
fn d6_every_generated_code_and_its_inner_code_are_valid_and_differ() {
    let mut codes = BTreeSet::new();
    for number in (0..3000).chain(400_000..401_000) {
        let subject = POPULATION.subject(number);
        let code = Uscc::parse(&subject.code).unwrap();
        assert_eq!(code.county(), COUNTY_CODE);
        assert!(OrgCode::parse(subject.code.get(8..17).unwrap()).is_ok(), "{}", subject.code);
        assert!(codes.insert(subject.code), "{number}");
    }
}

#[test]
fn names_differ_in_a_county_of_any_size() {
    let names: BTreeSet<String> = (0..30_000).chain(600_000..630_000).map(|number| POPULATION.subject(number).name).collect();
    assert_eq!(names.len(), 60_000);
}

#[test]
fn p9_a14_every_generated_person_is_an_adult_with_a_valid_number_that_nobody_has() {
    let population = Population { seed: 3, through: through() };
    let mut numbers = BTreeSet::new();
    for number in (0..2000).chain(OTHERS..OTHERS + 2000) {
        let person = population.person(number);
        let id = ResidentId::parse(&person.number).unwrap();
        assert!(through().plus_months(-36).years_since(id.birth()) >= 18, "{id:?}");
        assert!(
            person.number.starts_with(COUNTY_CODE),
            "{}: numbers of real persons begin with a region code that was assigned",
            person.number
        );
        assert!(numbers.insert(person.number));
        assert!((2..=3).contains(&person.name.chars().count()));
    }
}

#[test]
fn forms_keep_their_shares_and_the_code_tells_the_form() {
    let mut counts = std::collections::BTreeMap::new();
    for number in 0..1000 {
        let subject = POPULATION.subject(number);
        *counts.entry(subject.code.get(..2).unwrap().to_owned()).or_insert(0) += 1;
        assert_ne!(subject.trade.forms & subject.form.trades(), 0, "{}", subject.name);
    }
    let share = |prefix: &str| counts.get(prefix).copied().unwrap_or(0);
    assert_eq!((share("92"), share("91"), share("93"), share("12"), share("51") + share("52")), (620, 310, 30, 20, 20));
}

#[test]
fn another_seed_is_another_county() {
    let other = Population { seed: 12, ..POPULATION };
    let same = (0..500).filter(|number| other.subject(*number).code == POPULATION.subject(*number).code).count();
    assert_eq!(same, 0);
}

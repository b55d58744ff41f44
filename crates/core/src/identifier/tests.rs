//! Vectors of the domain handbook (codes seen in public documents) and a sweep over every single-character error.

use super::*;

const VALID: [&str; 5] = ["91330100799655058B", "9144030071526726XG", "914403001922038216", "91230500MA1B3N1N2M", "11230500001755309F"];

#[test]
fn d6_published_codes_are_valid_with_their_embedded_organisation_code() {
    for code in VALID {
        assert_eq!(Uscc::parse(code).map(|c| c.as_str().to_owned()), Ok(code.to_owned()));
        assert!(OrgCode::parse(code.get(8..17).unwrap()).is_ok(), "{code}");
    }
}

#[test]
fn d6_every_single_wrong_character_is_caught() {
    for code in VALID {
        for position in 0..18 {
            for byte in USCC_ALPHABET {
                let mut wrong = code.as_bytes().to_vec();
                if wrong[position] == *byte {
                    continue;
                }
                wrong[position] = *byte;
                assert!(Uscc::parse(std::str::from_utf8(&wrong).unwrap()).is_err());
            }
        }
    }
}

#[test]
fn the_placeholder_is_missing_not_invalid() {
    assert_eq!(Uscc::parse(NO_CODE), Err(Invalid::Missing));
    assert_eq!(Uscc::parse("  "), Err(Invalid::Missing));
}

#[test]
fn what_people_type_is_understood_and_what_spreadsheets_do_is_named() {
    assert!(Uscc::parse(" 91330100799655058b ").is_ok());
    assert!(Uscc::parse("９１３３０１００７９９６５５０５８Ｂ").is_ok());
    assert_eq!(Uscc::parse("9.13308E+17"), Err(Invalid::Scientific));
    assert_eq!(Uscc::parse("9133010079965505IB"), Err(Invalid::Character(17)));
    assert_eq!(Uscc::parse("9133010079965505"), Err(Invalid::Length));
}

#[test]
fn resident_numbers_check_their_digit_and_birth_date() {
    let valid = format!("33080319900307123{}", ResidentId::check_character("33080319900307123").unwrap());
    assert_eq!(ResidentId::parse(&valid).unwrap().birth().to_string(), "1990-03-07");
    assert_eq!(ResidentId::parse("330803199013071231"), Err(Invalid::CheckDigit));
    let impossible = format!("33080319901307123{}", ResidentId::check_character("33080319901307123").unwrap());
    assert_eq!(ResidentId::parse(&impossible), Err(Invalid::BirthDate));
}

#[test]
fn a6_debug_never_shows_a_full_number() {
    let number = format!("33080319900307123{}", ResidentId::check_character("33080319900307123").unwrap());
    let shown = format!("{:?}", ResidentId::parse(&number).unwrap());
    assert!(!shown.contains("19900307"), "{shown}");
}

#[test]
fn identify_names_the_likely_kind_with_its_fault() {
    assert_eq!(identify("91330100799655058B").map(|i| i.kind()), Ok("统一社会信用代码"));
    assert_eq!(identify("91330100799655058C"), Err(("统一社会信用代码", Invalid::CheckDigit)));
    assert_eq!(identify("330803199003071234").map_err(|(kind, _)| kind), Err("公民身份号码"));
    assert_eq!(identify(NO_CODE), Err(("统一社会信用代码", Invalid::Missing)));
}

#[test]
fn a_generated_code_is_valid() {
    let code = Uscc::with_check_character("91330803MA2XABC1D").unwrap();
    assert_eq!(Uscc::parse(code.as_str()), Ok(code));
}

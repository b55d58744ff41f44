use super::*;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

#[test]
fn the_shapes_of_department_files_read_as_the_same_day() {
    for text in ["2026-03-01", "2026/3/1", "2026.3.1", "20260301", "2026年3月1日", "2026-03-01 00:00:00", "2026-03-01T08:00"] {
        assert_eq!(day(text), Day::new(2026, 3, 1).unwrap(), "{text}");
    }
}

#[test]
fn what_no_calendar_has_is_not_a_day() {
    for text in [
        "20231332",
        "2026-02-29",
        "2026-13-02",
        "",
        "2026-03",
        "二〇二六年",
        "46082",
        "２０２６-03-01",
        "2026-03-01-02",
        "26-3-1",
        "01101103",
        "0110-11-03",
    ] {
        assert_eq!(Day::parse(text), Err(NotADay), "{text}");
    }
}

#[test]
fn w7_months_are_clamped_to_the_last_day() {
    for (from, months, to) in [
        ("2026-11-30", 3, "2027-02-28"),
        ("2023-11-30", 3, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2025-12-31", 1, "2026-01-31"),
        ("2026-03-31", -1, "2026-02-28"),
    ] {
        assert_eq!(day(from).plus_months(months), day(to), "{from} + {months}");
    }
}

#[test]
fn numbers_round_trip() {
    assert_eq!(day("1970-01-01").number(), 0);
    assert_eq!(day("2026-11-23").number(), 20_780);
    assert_eq!(Day::from_number(20_780), Some(day("2026-11-23")));
    for number in [2_932_897, i64::from(i32::MAX), i64::MAX, i64::MIN] {
        assert_eq!(Day::from_number(number), None, "{number}");
    }
}

#[test]
fn age_completes_on_the_birthday() {
    let birth = day("2008-11-23");
    assert_eq!(day("2026-11-22").years_since(birth), 17);
    assert_eq!(day("2026-11-23").years_since(birth), 18);
}

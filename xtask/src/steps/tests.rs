use super::*;

#[test]
fn a_failed_step_is_named_and_still_timed() {
    let mut steps = Steps::default();
    steps.step("first", || Ok(())).unwrap();
    let error = steps.step("second", || run(Command::new("false").arg("--why"))).unwrap_err();
    let told = format!("{error:#}");
    assert!(told.starts_with("the step `second` failed: `false --why` ended with exit status: 1"), "{told}");
    let table = steps.table();
    let names: Vec<_> = table.lines().skip(2).filter_map(|line| line.get(9..)).collect();
    assert_eq!(names, ["first", "second", "together"], "{table}");
}

#[test]
fn a_program_that_does_not_exist_does_not_work() {
    assert!(works("true", &[]));
    assert!(!works("false", &[]));
    assert!(!works("a-program-nobody-has", &[]));
}

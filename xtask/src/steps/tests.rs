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

#[test]
fn a_runner_that_falls_silent_is_ended_with_all_below_it_and_its_test_is_named() {
    let say = "echo 'test a::slow has been running for over 60 seconds'; echo 'test b::slow has been running for over 60 seconds'";
    let mut silent = Command::new("sh");
    silent.args(["-c", &format!("{say}; echo 'test b::slow ... ok'; sleep 1234.5 & wait")]);
    let told = format!("{:#}", run_watched(&mut silent, Duration::from_secs(1)).unwrap_err());
    assert!(told.contains("Known to run: a::slow. Below it ran:") && told.contains(": sleep 1234.5"), "{told}");
    let (before, _) = told.split_once(" below").unwrap();
    let id = before.rsplit_once(' ').unwrap().1;
    // One that has ended keeps its number until its parent has asked how, but no command line. A busy machine ends it a moment later.
    let runs = || std::fs::read_to_string(format!("/proc/{id}/cmdline")).is_ok_and(|line| !line.is_empty());
    let (begin, (_quiet, nothing)) = (now(), std::sync::mpsc::channel::<()>());
    while runs() && begin.elapsed() < Duration::from_secs(10) {
        assert!(nothing.recv_timeout(Duration::from_millis(20)).is_err());
    }
    assert!(!runs(), "what ran below is still there");
}

#[test]
fn a_runner_that_leaves_somebody_behind_on_its_pipe_has_ended_all_the_same() {
    let mut left = Command::new("sh");
    left.args(["-c", "sleep 30 & echo done"]);
    let begin = now();
    run_watched(&mut left, Duration::from_secs(20)).unwrap();
    assert!(begin.elapsed() < Duration::from_secs(15));
    assert!(run_watched(Command::new("sh").args(["-c", "echo no; exit 3"]), Duration::from_secs(20)).is_err());
}

//! Lights and figures.

use xinzhi_core::check::FeedbackOutcome;
use xinzhi_rules::model::MatterIx;

use super::support::*;
use crate::{Light, LoopFigures, due, light};

const SEEN: FeedbackOutcome = FeedbackOutcome::Acknowledged;
const DONE: FeedbackOutcome = FeedbackOutcome::Applied;
const DECLINED: FeedbackOutcome = FeedbackOutcome::NotApplied;

#[test]
fn an_answer_is_due_in_working_days_of_the_packs_calendar() {
    // Thursday 2026-10-01 is a holiday: five working days after Monday end on the next Tuesday.
    let deadline = due(&pack(), MatterIx(0), day("2026-09-28")).unwrap();
    assert_eq!((deadline.day, deadline.provisional), (day("2026-10-06"), false));
    assert!(due(&pack(), MatterIx(0), day("2026-12-30")).unwrap().provisional, "2027 has no notice yet");
    assert!(due(&pack(), MatterIx(7), day("2026-09-28")).is_err());
}

#[test]
fn lights_turn_on_their_day() {
    for (today, given, expected) in [
        ("2026-06-07", &[][..], Light::Open),
        ("2026-06-08", &[], Light::DueSoon),
        ("2026-06-10", &[], Light::DueSoon),
        ("2026-06-11", &[], Light::Overdue),
        ("2026-06-10", &[SEEN], Light::Acknowledged),
        ("2026-06-11", &[SEEN], Light::Overdue),
        ("2026-06-11", &[SEEN, DONE], Light::Executed),
        ("2026-06-07", &[DECLINED], Light::NotExecuted),
    ] {
        assert_eq!(light(day("2026-06-10"), given, day(today)), expected, "{today} {given:?}");
    }
}

#[test]
fn e9_figures_close_and_the_share_counts_only_what_is_closed_or_past_due() {
    use Light::{Acknowledged, DueSoon, Executed, NotExecuted, Open, Overdue};
    for (lights, share) in [
        (vec![], None),
        (vec![Open, DueSoon, Acknowledged], None),
        (vec![Executed, NotExecuted, Overdue, Open], Some(666)),
        (vec![Overdue], Some(0)),
        (vec![Executed, Open, Open], Some(1000)),
    ] {
        let figures: LoopFigures = lights.iter().copied().collect();
        assert_eq!(figures.closed_share(), share, "{lights:?}");
        let LoopFigures { owed, open, acknowledged, executed, not_executed, overdue } = figures;
        assert_eq!(owed, open + acknowledged + executed + not_executed + overdue);
        assert_eq!(owed, i64::try_from(lights.len()).unwrap());
    }
}

//! Samples for the test over all pages.

use xinzhi_core::actor::Role;
use xinzhi_core::record::{BatchId, Counts, Outcome, Remark};
use xinzhi_office::quality::{FlawedRow, Line, Overdue, Reason, Span, Timeliness};

use super::super::super::answer::FormFault;
use super::super::super::samples::{HOSTILE, Sample, day, frame, hostile, sample, today};
use super::super::super::text::outcome_mark;
use super::{QualityPage, RowsPage, parts};

pub(in super::super) fn samples() -> Vec<Sample> {
    let faults = ["from", "through"].map(|field| FormFault::new(field, HOSTILE)).to_vec();
    let late =
        |last| Overdue { organ: hostile(), source: hostile(), source_title: hostile(), last, due: day("2026-11-02"), rule: hostile() };
    let empty = || QualityPage {
        frame: frame(Role::Centre, "/desk/quality"),
        from: hostile(),
        through: hostile(),
        organ: String::new(),
        all: None,
        today: today(),
        total: Counts::default(),
        unruled: 0,
        parts: Vec::new(),
        overdue: Vec::new(),
        faults: Vec::new(),
    };
    let full = QualityPage {
        organ: hostile(),
        all: Some("/desk/quality".to_owned()),
        total: counts(),
        unruled: 1,
        parts: parts(vec![line(true), line(false)], Span::usual(today())),
        overdue: vec![late(Some(day("2026-09-25"))), late(None)],
        faults,
        ..empty()
    };
    let rows = |rows, next| RowsPage {
        frame: frame(Role::Centre, "/desk/quality/rows"),
        span: Span::usual(today()),
        organ: hostile(),
        rows,
        next,
    };
    let every = [(Outcome::Refused, None), (Outcome::Quarantined, Some((Outcome::Refused, hostile())))];
    let marked = every.map(|(outcome, ruled)| (flawed(outcome, ruled), outcome_mark(outcome), Some(outcome_mark(Outcome::Refused))));
    let other = Line { organ: format!("{HOSTILE}2"), ..line(true) };
    let several = QualityPage { parts: parts(vec![line(true), other], Span::usual(today())), total: counts(), ..empty() };
    vec![
        sample("quality of several", &several),
        sample("quality", &full),
        sample("quality, nothing", &empty()),
        sample("quality rows", &rows(marked.into(), Some(hostile()))),
        sample("quality rows, none", &rows(Vec::new(), None)),
    ]
}

fn counts() -> Counts {
    Counts { read: 5, accepted: 2, duplicate: 1, refused: 1, quarantined: 1 }
}

fn line(timely: bool) -> Line {
    let reason = Reason { outcome: Outcome::Refused, code: hostile(), field: Some(hostile()), rows: 1, example: hostile() };
    Line {
        organ: hostile(),
        source: hostile(),
        source_title: hostile(),
        batches: 1,
        counts: counts(),
        unruled: 1,
        timeliness: timely.then_some(Timeliness { term: 7, records: 2, in_time: 1, median: 9 }),
        reasons: vec![reason],
    }
}

fn flawed(outcome: Outcome, ruled: Option<(Outcome, String)>) -> FlawedRow {
    let remarks = vec![Remark { code: hostile(), field: Some(hostile()), sentence: hostile() }];
    FlawedRow { batch: BatchId(7), file_name: hostile(), row: 12, at_commit: true, outcome, remarks, ruled }
}

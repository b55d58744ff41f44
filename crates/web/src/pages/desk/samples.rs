//! Samples for the test over all pages.

use xinzhi_core::Moment;
use xinzhi_core::actor::Role;
use xinzhi_core::check::CheckId;
use xinzhi_core::measure::{MeasureKind, MeasureState};
use xinzhi_core::record::{BatchId, Counts};
use xinzhi_office::apply::{Light, LoopFigures};
use xinzhi_office::check::run::{CheckAnswer, Pin};
use xinzhi_office::check::{CheckView, ObligationView};
use xinzhi_office::import::BatchView;
use xinzhi_office::import::preview::BatchState;

use super::super::file::samples::measure;
use super::super::samples::{Sample, day, frame, hostile, sample, today};
use super::loop_board::BoardLine;
use super::{HomePage, batches, check, connectors, figures, loop_board, opening, pushes, quality, search, subject, waiting};

pub(in super::super) fn samples() -> Vec<Sample> {
    let mut all = vec![home("desk", false), home("desk, empty", true)];
    all.extend(search::samples::samples());
    all.extend(subject::samples::samples());
    all.extend(check::samples::samples());
    all.extend(loop_board::samples::samples());
    all.extend(figures::samples::samples());
    all.extend(batches::samples::samples());
    all.extend(pushes::samples::samples());
    all.extend(waiting::samples::samples());
    all.extend(quality::samples::samples());
    all.extend(connectors::samples::samples());
    all.extend(opening::samples::samples());
    all
}

fn home(name: &'static str, empty: bool) -> Sample {
    let lines = || if empty { Vec::new() } else { vec![line(Light::Overdue), line(Light::DueSoon)] };
    let page = HomePage {
        frame: frame(Role::Centre, "/desk"),
        figures: Some(figures()),
        share: "75%".to_owned(),
        late: lines(),
        soon: lines(),
        waiting: (!empty).then(|| "3 行".to_owned()),
        staged: if empty { Vec::new() } else { vec![batch(BatchState::Staged)] },
        may_check: true,
        may_import: true,
    };
    sample(name, &page)
}

pub(super) fn figures() -> LoopFigures {
    LoopFigures { owed: 7, open: 1, acknowledged: 1, executed: 2, not_executed: 1, overdue: 2 }
}

fn obligation(light: Light, measure: String) -> ObligationView {
    ObligationView {
        check: CheckId(5),
        measure,
        measure_title: hostile(),
        kind: "restriction".to_owned(),
        state: "proposed".to_owned(),
        body: hostile(),
        subject_name: hostile(),
        matter_title: hostile(),
        case_number: hostile(),
        due: day("2026-11-20"),
        light,
        closed_at: None,
    }
}

pub(super) fn line(light: Light) -> BoardLine {
    BoardLine::of(&obligation(light, hostile()), today())
}

pub(in super::super) fn batch(state: BatchState) -> BatchView {
    BatchView {
        batch: BatchId(3),
        source: hostile(),
        source_title: hostile(),
        file_name: hostile(),
        file_digest: hostile(),
        organ: Some(hostile()),
        staged_by: hostile(),
        staged_by_title: hostile(),
        staged_at: Moment(0),
        covers: Some((day("2026-01-01"), today())),
        counts: Counts { read: 10, accepted: 4, duplicate: 3, refused: 2, quarantined: 1 },
        late_rows: 1,
        unknown_columns: vec![hostile()],
        missing_columns: vec![hostile()],
        state,
    }
}

/// A check with a measure of each kind, one of them overdue.
pub(in super::super) fn check_view() -> CheckView {
    let measures = vec![
        measure(MeasureKind::Restriction, MeasureState::Proposed),
        measure(MeasureKind::Restriction, MeasureState::InForce),
        measure(MeasureKind::Supervision, MeasureState::InForce),
    ];
    let lights = [Light::Overdue, Light::Acknowledged, Light::Executed];
    let obligations = measures.iter().zip(lights).map(|(measure, light)| obligation(light, measure.measure.clone())).collect();
    let answer = CheckAnswer {
        id: 5,
        subject: hostile(),
        name: hostile(),
        matter: hostile(),
        matter_title: hostile(),
        measures,
        commitments: vec![hostile()],
        feedback_due: day("2026-11-20"),
        feedback_due_provisional: true,
        pin: Pin { position: 4, day: today(), pack: hostile(), edition: 1 },
    };
    let [actor, organ, purpose, case_number] = [(); 4].map(|()| hostile());
    CheckView {
        answer,
        actor_title: hostile(),
        actor,
        organ: Some(organ),
        at: Moment(0),
        purpose,
        case_number,
        obligations,
        feedbacks: Vec::new(),
    }
}

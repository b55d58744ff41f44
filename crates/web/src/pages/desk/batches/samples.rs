//! Samples for the test over all pages.

use xinzhi_core::actor::Role;
use xinzhi_core::record::{Outcome, Remark};
use xinzhi_office::import::preview::{BatchState, VerdictView};

use super::super::super::answer::FormFault;
use super::super::super::samples::{HOSTILE, Sample, frame, hostile, sample};
use super::super::samples::batch;
use super::{BatchPage, ListPage, RecallForm, UploadPage, marked, state_mark};

pub(in super::super) fn samples() -> Vec<Sample> {
    let frame = || frame(Role::Department, "/desk/batches");
    let every = [BatchState::Staged, BatchState::Committed, BatchState::Recalled].map(|state| (batch(state), state_mark(state)));
    let faults = ["source", "file", "covers_from", "covers_through", "encoding"].map(|field| FormFault::new(field, HOSTILE)).to_vec();
    let sources = vec![(hostile(), hostile(), hostile())];
    vec![
        sample("batches", &ListPage { frame: frame(), batches: every.into(), may_import: true }),
        sample("batches, empty", &ListPage { frame: frame(), batches: Vec::new(), may_import: true }),
        sample("upload", &UploadPage { frame: frame(), sources, pack: hostile(), key: hostile(), faults }),
        sample("batch, staged", &one(BatchState::Staged, every_outcome())),
        sample("batch, committed", &one(BatchState::Committed, Vec::new())),
    ]
}

fn every_outcome() -> Vec<VerdictView> {
    let outcomes = [Outcome::Accepted, Outcome::Duplicate, Outcome::Refused, Outcome::Quarantined];
    let verdict = |outcome| VerdictView {
        row: 12,
        outcome,
        at_commit: true,
        remarks: vec![Remark { code: hostile(), field: Some(hostile()), sentence: hostile() }],
        ruled: Some(Outcome::Refused),
    };
    outcomes.map(verdict).into()
}

fn one(state: BatchState, verdicts: Vec<VerdictView>) -> BatchPage {
    BatchPage {
        frame: frame(Role::Department, "/desk/batches/3"),
        batch: batch(state),
        mark: state_mark(state),
        verdicts: verdicts.into_iter().map(marked).collect(),
        tabs: vec![("", "全部", true), ("refused", "退回", false)],
        next: Some(hostile()),
        may_commit: state == BatchState::Staged,
        may_recall: state == BatchState::Committed,
        key: hostile(),
        recall: RecallForm { reason: hostile(), once: hostile() },
        faults: vec![FormFault::new(if state == BatchState::Committed { "reason" } else { "" }, HOSTILE)],
    }
}

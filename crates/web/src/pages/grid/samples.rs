//! Samples for the test over all pages.

use xinzhi_core::actor::Role;

use super::super::answer::FormFault;
use super::super::desk::samples::batch;
use super::super::samples::{HOSTILE, Sample, frame, hostile, sample};
use super::super::text::outcome_mark;
use super::{Ask, Asked, FormPage, HomePage, outcome_of};
use xinzhi_office::import::preview::BatchState;

pub(in super::super) fn samples() -> Vec<Sample> {
    let frame = || frame(Role::Department, "/grid");
    let batch = batch(BatchState::Committed);
    let entered = vec![(batch.clone(), outcome_mark(outcome_of(&batch)))];
    let values = || vec![(hostile(), true), ("乙".to_owned(), false)];
    let asks = [Ask::Line("text"), Ask::Text, Ask::Buttons(values()), Ask::List(values()), Ask::Boxes(values())];
    let field = |(index, ask): (usize, Ask)| Asked {
        code: format!("F{index}"),
        title: hostile(),
        required: index == 0,
        hint: hostile(),
        value: hostile(),
        ask,
    };
    let form = FormPage {
        frame: frame(),
        source: "daily".to_owned(),
        title: hostile(),
        kind: hostile(),
        fields: asks.into_iter().enumerate().map(field).collect(),
        key: hostile(),
        faults: vec![FormFault::new("F0", HOSTILE), FormFault::new("", HOSTILE)],
    };
    vec![
        sample("grid", &HomePage { frame: frame(), forms: vec![("daily".to_owned(), hostile(), hostile())], entered }),
        sample("grid, empty", &HomePage { frame: frame(), forms: Vec::new(), entered: Vec::new() }),
        sample("grid form", &form),
    ]
}

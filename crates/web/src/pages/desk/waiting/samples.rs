//! Samples for the test over all pages.

use xinzhi_core::actor::Role;
use xinzhi_core::record::{BatchId, RecordId, Remark};
use xinzhi_office::import::WaitingView;

use super::super::super::answer::FormFault;
use super::super::super::samples::{HOSTILE, Sample, frame, hostile, sample};
use super::{RowPart, RulingForm, WaitingPage, differences};

pub(in super::super) fn samples() -> Vec<Sample> {
    let page = |parts| WaitingPage { frame: frame(Role::Centre, "/desk/waiting"), parts, more: true };
    vec![sample("waiting", &page(vec![part(1, true), part(2, false)])), sample("waiting, empty", &page(Vec::new()))]
}

fn part(number: i64, against: bool) -> RowPart {
    let row = WaitingView {
        batch: BatchId(3),
        row: number,
        file_name: hostile(),
        kind: hostile(),
        party: hostile(),
        code: against.then(hostile),
        document: hostile(),
        remarks: vec![Remark { code: hostile(), field: Some(hostile()), sentence: hostile() }],
        fields: vec![(hostile(), hostile())],
        against: against.then(|| (RecordId(7), vec![(hostile(), "别的内容".to_owned())])),
    };
    let typed = RulingForm { verdict: "accept".to_owned(), reason: hostile(), code: hostile() };
    let faults = vec![FormFault::new(&format!("reason-3-{number}"), HOSTILE)];
    RowPart { differences: differences(&row), row, typed, faults }
}

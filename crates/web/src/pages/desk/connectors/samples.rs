//! Samples for the test over all pages.

use xinzhi_core::Moment;
use xinzhi_core::actor::Role;
use xinzhi_core::record::{BatchId, Counts};
use xinzhi_office::connector::{ConnectorView, State};

use super::super::super::samples::{Sample, frame, hostile, sample};
use super::{ConnectorLine, ConnectorsPage, state_mark};

pub(in super::super) fn samples() -> Vec<Sample> {
    let states = [State::New, State::Well, State::Failing, State::Waiting(BatchId(7)), State::Paused, State::Ended];
    let page = |lines| ConnectorsPage { frame: frame(Role::Centre, "/desk/connectors"), lines, failing: 1 };
    vec![
        sample("connectors", &page(states.map(line).into())),
        sample("connectors, none", &ConnectorsPage { failing: 0, ..page(Vec::new()) }),
    ]
}

fn line(state: State) -> ConnectorLine {
    let of = ConnectorView {
        id: "shijian".to_owned(),
        title: hostile(),
        organ: hostile(),
        source: hostile(),
        source_title: hostile(),
        address: hostile(),
        table: hostile(),
        watermark: hostile(),
        key: hostile(),
        overlap: 600,
        every_minutes: 15,
        previews: true,
        covers: Some(crate::pages::samples::day("2023-11-01")),
        covered: Some(crate::pages::samples::today()),
        state,
        due_at: Moment(1_795_399_200_000),
        looked_at: Some(Moment(1_795_399_200_000)).filter(|_| state != State::New),
        failures: i64::from(state == State::Failing),
        sentence: hostile(),
        reached: Some(hostile()).filter(|_| state != State::New),
        batch: Some((BatchId(7), Counts { read: 5, accepted: 2, duplicate: 1, refused: 1, quarantined: 1 })),
    };
    ConnectorLine { mark: state_mark(state), key: hostile(), of }
}

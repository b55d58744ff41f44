//! Samples for the test over all pages.

use xinzhi_core::actor::Role;
use xinzhi_office::subject::file::PURPOSES;

use super::super::super::file::samples::file;
use super::super::super::samples::{Sample, frame, hostile, sample};
use super::{PurposePage, SubjectPage, UnmaskedPage};

pub(in super::super) fn samples() -> Vec<Sample> {
    let frame = || frame(Role::Centre, "/desk/subjects/91330803MA2ABCDE1X");
    let page = |name, empty| {
        let file = file(true, empty);
        sample(name, &SubjectPage { frame: frame(), file, purpose: hostile(), purposes: PURPOSES, may_check: true, may_unmask: true })
    };
    vec![
        page("subject", false),
        page("subject, empty", true),
        sample("purpose", &PurposePage { frame: frame(), code: hostile(), purposes: PURPOSES }),
        sample("unmasked", &UnmaskedPage { frame: frame(), record: 7, reason: hostile(), fields: vec![(hostile(), hostile())] }),
    ]
}

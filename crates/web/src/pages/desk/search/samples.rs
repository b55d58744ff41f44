//! Samples for the test over all pages.

use xinzhi_core::actor::Role;
use xinzhi_office::subject::Found;

use super::super::super::answer::FormFault;
use super::super::super::samples::{HOSTILE, Sample, frame, hostile, sample};
use super::{SearchPage, person_page};

pub(in super::super) fn samples() -> Vec<Sample> {
    let page = |found, faults| {
        let mut frame = frame(Role::Township, "/desk/search?q=x");
        frame.query = hostile();
        SearchPage { frame, found, more: true, faults }
    };
    let found = Found { code: hostile(), name: hostile(), kind: hostile(), area: Some(hostile()), area_name: Some(hostile()) };
    let faults = vec![FormFault::new("code", HOSTILE), FormFault::new("purpose", HOSTILE)];
    vec![
        sample("search", &page(vec![found], Vec::new())),
        sample("search, none", &page(Vec::new(), Vec::new())),
        sample("search, wrong", &page(Vec::new(), vec![FormFault::new("q", HOSTILE)])),
        sample("person", &person_page(frame(Role::Counter, "/desk/person"), "行政许可", faults)),
    ]
}

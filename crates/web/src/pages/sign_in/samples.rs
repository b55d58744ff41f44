//! Samples for the test over all pages.

use super::super::answer::FormFault;
use super::super::samples::{HOSTILE, Sample, frame, hostile, sample};
use super::SignInPage;
use xinzhi_core::actor::Role;

pub(in super::super) fn samples() -> Vec<Sample> {
    let mut frame = frame(Role::Centre, "/sign-in");
    frame.who = None;
    vec![sample("sign-in", &SignInPage { frame, name: hostile(), back: hostile(), faults: vec![FormFault::new("name", HOSTILE)] })]
}

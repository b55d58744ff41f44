//! Samples for the test over all pages.

use super::super::rules::PackHead;
use super::super::samples::{Sample, frame, hostile, pack, sample, today};
use super::HomePage;
use xinzhi_core::actor::Role;

pub(in super::super) fn samples() -> Vec<Sample> {
    let head = PackHead::of(&pack(), today());
    vec![sample(
        "portal",
        &HomePage { frame: frame(Role::Centre, "/"), head, scorecards: vec![(hostile(), hostile())], measures: 3, kinds: 9 },
    )]
}

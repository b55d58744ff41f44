//! Samples for the test over all pages.

use super::super::samples::{Sample, actor, frame, sample};
use super::page;
use crate::pages::answer::FormFault;
use xinzhi_core::actor::Role;

pub(in super::super) fn samples() -> Vec<Sample> {
    let faults = ["old", "password", "again"].map(|field| FormFault::new(field, crate::pages::samples::HOSTILE));
    let mut waiting = frame(Role::Centre, "/account");
    waiting.must_change = true;
    vec![
        sample("account", &page(frame(Role::Township, "/account"), actor(Role::Township), Vec::new())),
        sample("account, refused", &page(waiting, actor(Role::Centre), faults.to_vec())),
    ]
}

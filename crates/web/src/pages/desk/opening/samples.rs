//! Samples for the test over all pages.

use super::super::super::samples::{HOSTILE, Sample, frame, hostile, sample};
use super::page;
use crate::pages::admin::who::WhoForm;
use crate::pages::answer::FormFault;
use xinzhi_core::actor::Role;

pub(in super::super) fn samples() -> Vec<Sample> {
    let typed = WhoForm { name: hostile(), title: hostile(), subject: hostile(), ..WhoForm::default() };
    let faults = ["subject", "name", "title"].map(|field| FormFault::new(field, HOSTILE)).to_vec();
    let frame = || frame(Role::Counter, "/desk/accounts");
    vec![
        sample("account of a subject", &page(frame(), WhoForm::default(), Vec::new())),
        sample("account of a subject, refused", &page(frame(), typed, faults)),
    ]
}

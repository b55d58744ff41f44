//! Samples for the test over all pages.

use super::super::samples::{Sample, frame, hostile, sample};
use super::RefusedPage;
use xinzhi_core::actor::Role;

pub(in super::super) fn samples() -> Vec<Sample> {
    let frame = frame(Role::Audit, "/<script>");
    vec![sample("refused", &RefusedPage { frame, words: hostile(), remedy: "请重试", code: "not_found", status: 404 })]
}

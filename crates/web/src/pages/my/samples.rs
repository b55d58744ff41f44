//! Samples for the test over all pages.

use super::super::file::samples::file;
use super::super::samples::{Sample, frame, sample};
use super::MyPage;
use xinzhi_core::actor::Role;

pub(in super::super) fn samples() -> Vec<Sample> {
    let page = |name, file| {
        let purpose = super::OWN_PURPOSE.to_owned();
        sample(name, &MyPage { frame: frame(Role::Subject, "/my"), file, purpose, may_check: false, may_unmask: false })
    };
    vec![page("my", file(false, false)), page("my, empty", file(false, true))]
}

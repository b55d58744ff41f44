//! Samples for the test over all pages.

use super::super::samples::{Sample, frame, hostile, sample};
use super::{AccountLine, AccountsPage, EntryLine, JournalPage};
use xinzhi_core::actor::Role;

pub(in super::super) fn samples() -> Vec<Sample> {
    let account = |locked, own| AccountLine {
        name: hostile(),
        title: hostile(),
        role: Role::Counter.title(),
        organ: hostile(),
        area: hostile(),
        locked,
        own,
    };
    let accounts = vec![account(false, false), account(true, false), account(false, true)];
    let entry = EntryLine { position: 9, at: hostile(), title: "信用核查", actor: hostile(), refs: hostile(), digest: hostile() };
    let journal =
        |entries| JournalPage { frame: frame(Role::Audit, "/admin/journal"), head: 900, entries, older: Some(1), newer: Some(200) };
    vec![
        sample("accounts", &AccountsPage { frame: frame(Role::System, "/admin/accounts"), accounts, locked: 1 }),
        sample("journal", &journal(vec![entry])),
        sample("journal, empty", &journal(Vec::new())),
    ]
}

//! Samples for the test over all pages.

use xinzhi_core::actor::Role;
use xinzhi_office::account::factor::Offer;

use super::super::answer::FormFault;
use super::super::samples::{HOSTILE, Sample, frame, hostile, sample};
use super::{CodePage, FactorPage, Picture, RecoveryPage, Setting, Shown};

pub(in super::super) fn samples() -> Vec<Sample> {
    let code = CodePage {
        frame: frame(Role::Security, "/sign-in/code"),
        name: hostile(),
        back: hostile(),
        shown: Some(Shown { code: "287082".to_owned(), seconds: 7 }),
        faults: vec![FormFault::new("code", HOSTILE)],
    };
    let offer = Offer { uri: format!("otpauth://totp/{HOSTILE}"), secret: hostile(), sealed: hostile() };
    let enrol = FactorPage {
        frame: frame(Role::Security, "/account/factor"),
        needed: true,
        has_factor: false,
        must_enrol: true,
        left: 0,
        setting: Some(Setting { picture: Picture::of(&offer.uri), offer: offer.clone() }),
        taken_away: Some(("2026-11-23 10:00".to_owned(), hostile())),
        faults: vec![FormFault::new("code", HOSTILE)],
    };
    let own = FactorPage {
        frame: frame(Role::Centre, "/account/factor"),
        needed: false,
        has_factor: true,
        must_enrol: false,
        left: 7,
        setting: None,
        taken_away: Some(("2026-11-23 10:00".to_owned(), hostile())),
        faults: vec![FormFault::new("off-password", HOSTILE)],
    };
    let change = FactorPage {
        frame: frame(Role::Centre, "/account/factor"),
        needed: false,
        has_factor: true,
        must_enrol: false,
        left: 7,
        setting: Some(Setting { picture: None, offer }),
        taken_away: None,
        faults: vec![FormFault::new("password", HOSTILE)],
    };
    let recovery =
        RecoveryPage { frame: frame(Role::Security, "/account/factor"), name: hostile(), codes: vec!["abcd-efgh-jkmn-pqrs".to_owned()] };
    vec![
        sample("second step", &code),
        sample("second factor, to be set up", &enrol),
        sample("second factor", &own),
        sample("second factor, changed", &change),
        sample("recovery codes", &recovery),
    ]
}

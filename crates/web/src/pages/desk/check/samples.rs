//! Samples for the test over all pages.

use std::sync::Arc;

use xinzhi_core::actor::Role;

use super::super::super::answer::FormFault;
use super::super::super::samples::{HOSTILE, Sample, frame, hostile, pack, sample, today};
use super::super::samples::check_view;
use super::{CheckForm, FeedbackTyped, NewPage, SaidLine, Shown, check_page, field_of, matters};

pub(in super::super) fn samples() -> Vec<Sample> {
    let pack = Arc::new(pack());
    let new = |faults| {
        let frame = frame(Role::Counter, "/desk/check");
        let typed = CheckForm { subject: hostile(), matter: hostile(), case: hostile(), once: hostile() };
        NewPage { frame, matters: matters(&pack), typed, faults, key: hostile() }
    };
    let faults = ["subject", "matter", "case", ""].map(|field| FormFault::new(field, HOSTILE)).to_vec();
    vec![sample("check", &new(Vec::new())), sample("check, wrong", &new(faults)), one(&pack)]
}

/// A form for the proposed restriction came back with faults.
fn one(pack: &Arc<xinzhi_office::rules::Pack>) -> Sample {
    let view = check_view();
    let measure = view.answer.measures.first().map(|measure| measure.measure.clone()).unwrap_or_default();
    let faults = ["officer", "document-number", "no-such-field"].map(|field| FormFault::new(&field_of(&measure, field), HOSTILE)).to_vec();
    let [officer, reason, document_number, document_organ, document_date, notice, until, once] = [(); 8].map(|()| hostile());
    let outcome = "applied".to_owned();
    let typed = FeedbackTyped { measure, outcome, officer, reason, document_number, document_organ, document_date, notice, until, once };
    let frame = frame(Role::Counter, "/desk/checks/5");
    let shown = Shown { pack, today: today(), key: hostile(), frame, typed: Some((typed, faults)), done: None };
    let mut page = check_page(shown, &view);
    for part in &mut page.parts {
        part.said.push(SaidLine { outcome: "已签收", at: hostile(), officer: hostile(), document: hostile(), reason: hostile() });
    }
    sample("one check", &page)
}

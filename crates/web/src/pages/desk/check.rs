//! 信用核查: asking at a business trigger, reading the answer, and telling what was done with each measure.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use xinzhi_core::Day;
use xinzhi_core::check::{CheckId, FeedbackOutcome};
use xinzhi_core::measure::{MeasureKind, MeasureState};
use xinzhi_office::check::run::MeasureAnswer;
use xinzhi_office::check::{CheckRequest, CheckView, FeedbackForm, give_feedback, of_check, run_check};
use xinzhi_office::permission::{Action, Scope};
use xinzhi_office::rules::Pack;

use super::super::answer::{Answer, FormFault, Stopped, form_faults, go, show, show_as};
use super::super::frame::Frame;
use super::super::reader::Signed;
use super::super::rules::{Basis, cited};
use super::super::text::{Mark, left, light, measure_mark};
use super::{Done, form_key, once};
use crate::server::AppState;

/// A matter to choose from.
struct MatterChoice {
    id: String,
    title: String,
    organ: String,
    purpose: String,
    within: u32,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CheckForm {
    subject: String,
    matter: String,
    case: String,
    once: String,
}

#[derive(Template)]
#[template(path = "desk/check.html")]
struct NewPage {
    frame: Frame,
    matters: Vec<MatterChoice>,
    typed: CheckForm,
    faults: Vec<FormFault>,
    key: String,
}

fn new_page(state: &AppState, frame: Frame, typed: CheckForm, faults: Vec<FormFault>) -> NewPage {
    let (matters, key) = (matters(&state.office.pack()), form_key(state));
    NewPage { frame: frame.under("/desk", "工作台").titled("信用核查"), matters, typed, faults, key }
}

fn matters(pack: &Pack) -> Vec<MatterChoice> {
    let choices = pack.matters.iter().map(|matter| MatterChoice {
        id: matter.id.clone(),
        title: matter.title.clone(),
        organ: matter.organ.clone(),
        purpose: matter.purpose.clone(),
        within: matter.feedback_within,
    });
    choices.collect()
}

/// `GET /desk/check`: may be addressed with a subject.
pub(super) async fn new(State(state): State<AppState>, Query(typed): Query<CheckForm>, Signed { frame, actor }: Signed) -> Answer {
    Scope::of(Action::RunCheck, &actor)?;
    show(&new_page(&state, frame, typed, Vec::new()))
}

/// `POST /desk/check`: the purpose is the matter's; nobody types it.
pub(super) async fn run(State(state): State<AppState>, Signed { frame, actor }: Signed, Form(form): Form<CheckForm>) -> Answer {
    let pack = state.office.pack();
    let purpose = pack.matter_by_id(&form.matter).map_or_else(String::new, |matter| matter.purpose.clone());
    let mut faults = Vec::new();
    for (field, value, words) in [
        ("subject", &form.subject, "请填写统一社会信用代码"),
        ("matter", &form.matter, "请选择办理事项"),
        ("case", &form.case, "请填写办件编号"),
    ] {
        if value.trim().is_empty() {
            faults.push(FormFault::new(field, words));
        }
    }
    if !faults.is_empty() {
        return show_as(StatusCode::UNPROCESSABLE_ENTITY, &new_page(&state, frame, form, faults));
    }
    let request = CheckRequest { subject: form.subject.clone(), matter: form.matter.clone(), purpose, case: form.case.clone() };
    let key = once(&form.once, &["check", &form.subject, &form.matter, &form.case])?;
    match run_check(&state.office, &actor, request, Some(key)).await {
        Ok(answer) => go(&format!("/desk/checks/{}?done=check", answer.id)),
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            show_as(status, &new_page(&state, frame, form, faults))
        }
    }
}

/// A measure of an answer with what is owed and what came back.
struct MeasurePart {
    id: String,
    mark: Mark,
    light: Option<Mark>,
    due: Option<Day>,
    title: String,
    why: String,
    content: String,
    basis: Vec<Basis>,
    body: String,
    until: Option<(Day, String)>,
    way_out: String,
    rule: String,
    /// A decision is asked for: a named officer, a document, a day of service.
    decides: bool,
    restricts: bool,
    open: bool,
    said: Vec<SaidLine>,
    form: FeedbackTyped,
    faults: Vec<FormFault>,
}

impl MeasurePart {
    /// The id of an input: every measure has a form of its own.
    fn at(&self, field: &str) -> String {
        format!("{}-{field}", self.id)
    }
}

/// Feedback that was given.
struct SaidLine {
    outcome: &'static str,
    at: String,
    officer: String,
    document: String,
    reason: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FeedbackTyped {
    measure: String,
    outcome: String,
    officer: String,
    reason: String,
    document_number: String,
    document_organ: String,
    document_date: String,
    notice: String,
    until: String,
    once: String,
}

impl FeedbackTyped {
    fn form(&self) -> FeedbackForm {
        let mut form = FeedbackForm { measure: self.measure.clone(), outcome: self.outcome.clone(), ..FeedbackForm::default() };
        form.officer.clone_from(&self.officer);
        form.reason.clone_from(&self.reason);
        form.document.number.clone_from(&self.document_number);
        form.document.organ.clone_from(&self.document_organ);
        form.document.date.clone_from(&self.document_date);
        form.notice.clone_from(&self.notice);
        form.until.clone_from(&self.until);
        form
    }

    fn chose(&self, outcome: &str) -> bool {
        self.outcome == outcome || (self.outcome.is_empty() && outcome == FeedbackOutcome::Acknowledged.word())
    }
}

#[derive(Template)]
#[template(path = "desk/check_one.html")]
struct CheckPage {
    frame: Frame,
    id: i64,
    subject: String,
    name: String,
    subject_href: Option<String>,
    matter: String,
    case: String,
    purpose: String,
    asked_by: String,
    at: String,
    due: Day,
    due_left: String,
    provisional: bool,
    commitments: Vec<String>,
    pin: String,
    parts: Vec<MeasurePart>,
    /// Names of the outcomes with their words.
    outcomes: [(&'static str, &'static str); 3],
    key: String,
    officer: String,
    open: usize,
}

struct Shown<'a> {
    pack: &'a Arc<Pack>,
    today: Day,
    key: String,
    frame: Frame,
    /// A form that came back, with its faults.
    typed: Option<(FeedbackTyped, Vec<FormFault>)>,
    done: Option<&'static str>,
}

fn check_page(shown: Shown<'_>, view: &CheckView) -> CheckPage {
    let (pack, today) = (shown.pack, shown.today);
    let may_answer = shown.frame.may(Action::GiveFeedback);
    let answer = &view.answer;
    let part = |measure: &MeasureAnswer| part(view, measure, (pack, today, may_answer), shown.typed.as_ref());
    let parts: Vec<MeasurePart> = answer.measures.iter().map(part).collect();
    // A masked code opens nothing; a whole one opens the file.
    let subject_href = Some(&answer.subject).filter(|code| !code.contains('*') && shown.frame.may(Action::ReadSubject));
    let pin = &answer.pin;
    let pack_digest: String = pin.pack.chars().take(12).collect();
    let officer = shown.frame.who.as_ref().map_or_else(String::new, |who| who.title.clone());
    let outcomes = [FeedbackOutcome::Acknowledged, FeedbackOutcome::Applied, FeedbackOutcome::NotApplied];
    CheckPage {
        frame: shown
            .frame
            .under("/desk", "工作台")
            .under_where(Action::RunCheck, "/desk/check", "信用核查")
            .titled(format!("核查 {}", answer.id))
            .noticed(shown.done),
        id: answer.id,
        subject: answer.subject.clone(),
        name: answer.name.clone(),
        subject_href: subject_href.map(|code| format!("/desk/subjects/{code}")),
        matter: answer.matter_title.clone(),
        case: view.case_number.clone(),
        purpose: view.purpose.clone(),
        asked_by: view.organ.as_ref().map_or_else(|| view.actor_title.clone(), |organ| format!("{organ}（{}）", view.actor_title)),
        at: view.at.to_string(),
        due: answer.feedback_due,
        due_left: left(today, answer.feedback_due),
        provisional: answer.feedback_due_provisional,
        commitments: answer.commitments.clone(),
        pin: format!("账簿第 {} 笔，规则日 {}，规则包 {pack_digest}，引擎第 {} 版", pin.position, pin.day, pin.edition),
        open: parts.iter().filter(|part| part.open).count(),
        parts,
        outcomes: outcomes.map(|outcome| (outcome.word(), outcome.title())),
        key: shown.key,
        officer,
    }
}

fn part(
    view: &CheckView,
    measure: &MeasureAnswer,
    (pack, today, may_answer): (&Arc<Pack>, Day, bool),
    typed: Option<&(FeedbackTyped, Vec<FormFault>)>,
) -> MeasurePart {
    let owed = view.obligations.iter().find(|owed| owed.measure == measure.measure);
    let said = view.feedbacks.iter().filter(|said| said.measure == measure.measure);
    let restricts = measure.kind == MeasureKind::Restriction;
    let mine = typed.filter(|(form, _)| form.measure == measure.measure);
    MeasurePart {
        id: measure.measure.clone(),
        mark: measure_mark(measure.kind, measure.state),
        light: owed.map(|owed| light(owed.light, owed.due, today)),
        due: owed.filter(|owed| !owed.light.closed()).map(|owed| owed.due),
        title: measure.title.clone(),
        why: measure.why.clone(),
        content: measure.content.clone(),
        basis: cited(pack, &measure.basis),
        body: measure.body.clone(),
        until: measure.until.map(|until| (until, left(today, until))),
        way_out: measure.way_out.clone(),
        rule: format!("/rules/{}/measures#{}", pack.id, measure.measure),
        decides: restricts && measure.state == MeasureState::Proposed,
        restricts,
        open: may_answer && owed.is_some_and(|owed| !owed.light.closed()),
        said: said
            .map(|said| SaidLine {
                outcome: said.outcome.title(),
                at: said.at.to_minute(),
                officer: said.officer.clone(),
                document: format!("{} {}", said.organ, said.document).trim().to_owned(),
                reason: said.reason.clone(),
            })
            .collect(),
        form: mine.map(|(form, _)| form.clone()).unwrap_or_default(),
        faults: mine.map(|(_, faults)| faults.clone()).unwrap_or_default(),
    }
}

/// `GET /desk/checks/{id}`.
pub(super) async fn show_check(
    State(state): State<AppState>,
    Path(id): Path<i64>,
    Query(done): Query<Done>,
    Signed { frame, actor }: Signed,
) -> Answer {
    let view = of_check(&state.office, &actor, CheckId(id)).await?;
    let (pack, today, key) = (state.office.pack(), state.office.today(), form_key(&state));
    show(&check_page(Shown { pack: &pack, today, key, frame, typed: None, done: done.words() }, &view))
}

/// `POST /desk/checks/{id}/feedback`.
pub(super) async fn feedback(
    State(state): State<AppState>,
    Path(id): Path<i64>,
    Signed { frame, actor }: Signed,
    Form(typed): Form<FeedbackTyped>,
) -> Answer {
    let form = typed.form();
    let body = serde_json::to_string(&form).map_err(|_| Stopped(xinzhi_core::Code::Internal.into()))?;
    let key = once(&typed.once, &["feedback", &id.to_string(), &body])?;
    match give_feedback(&state.office, &actor, CheckId(id), form, Some(key)).await {
        Ok(receipt) => go(&format!("/desk/checks/{id}?done=feedback#{}", receipt.measure)),
        Err(error) => {
            let (status, mut faults) = form_faults(error)?;
            for fault in &mut faults {
                fault.field = field_of(&typed.measure, &fault.field);
            }
            let view = of_check(&state.office, &actor, CheckId(id)).await?;
            let (pack, today, key) = (state.office.pack(), state.office.today(), form_key(&state));
            show_as(status, &check_page(Shown { pack: &pack, today, key, frame, typed: Some((typed, faults)), done: None }, &view))
        }
    }
}

/// Ids of inputs carry the measure, since every measure has a form of its own.
fn field_of(measure: &str, field: &str) -> String {
    let known = ["outcome", "officer", "reason", "document-number", "document-organ", "document-date", "notice", "until"];
    if known.contains(&field) { format!("{measure}-{field}") } else { String::new() }
}

#[cfg(test)]
pub(super) mod samples;

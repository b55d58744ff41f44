//! `GET /desk/search`: organisations by name or code. A person is asked for on a page of its own, so that no identity number
//! ever stands in an address.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use xinzhi_core::identifier::{Identified, identify};
use xinzhi_core::text::half_width;
use xinzhi_office::permission::{Action, Scope};
use xinzhi_office::subject::file::PURPOSES;
use xinzhi_office::subject::{Found, Search, open_file};
use xinzhi_office::{Error, subject};

use super::super::answer::{Answer, FormFault, form_faults, go, show, show_as};
use super::super::frame::Frame;
use super::super::reader::Signed;
use super::subject::show_file;
use crate::server::AppState;

/// Results shown.
const FOUND_MAX: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    q: String,
}

#[derive(Template)]
#[template(path = "desk/search.html")]
struct SearchPage {
    frame: Frame,
    found: Vec<Found>,
    more: bool,
    faults: Vec<FormFault>,
}

pub(super) async fn search(State(state): State<AppState>, Query(wanted): Query<Wanted>, Signed { mut frame, actor }: Signed) -> Answer {
    Scope::of(Action::SearchSubjects, &actor)?;
    let code = half_width(wanted.q.trim()).to_ascii_uppercase();
    match identify(&code) {
        Ok(Identified::ResidentId(_)) => return go("/desk/person"),
        Ok(Identified::Uscc(code)) => return go(&format!("/desk/subjects/{}", code.as_str())),
        Ok(Identified::OrgCode(_)) | Err(_) => {}
    }
    frame.query.clone_from(&wanted.q);
    let frame = frame.under("/desk", "工作台").titled("查主体");
    if wanted.q.trim().is_empty() {
        return show(&SearchPage { frame, found: Vec::new(), more: false, faults: Vec::new() });
    }
    match subject::search(&state.office, &actor, &wanted.q, FOUND_MAX).await {
        Ok(Search { found, more }) => show(&SearchPage { frame, more, found, faults: Vec::new() }),
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            show_as(status, &SearchPage { frame, found: Vec::new(), more: false, faults })
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PersonForm {
    code: String,
    purpose: String,
}

#[derive(Template)]
#[template(path = "desk/person.html")]
struct PersonPage {
    frame: Frame,
    purposes: [&'static str; PURPOSES.len()],
    typed: String,
    faults: Vec<FormFault>,
}

fn person_page(frame: Frame, typed: &str, faults: Vec<FormFault>) -> PersonPage {
    let frame = frame.under("/desk", "工作台").under("/desk/search", "查主体").titled("查询自然人");
    PersonPage { frame, purposes: PURPOSES, typed: typed.to_owned(), faults }
}

/// `GET /desk/person`: number and purpose are asked before anything is opened (A1).
pub(super) async fn person(Signed { frame, actor }: Signed) -> Answer {
    Scope::of(Action::SearchSubjects, &actor)?;
    show(&person_page(frame, "", Vec::new()))
}

/// `POST /desk/person`: the file itself, without the number in its address.
pub(super) async fn open_person(State(state): State<AppState>, Signed { frame, actor }: Signed, Form(form): Form<PersonForm>) -> Answer {
    Scope::of(Action::SearchSubjects, &actor)?;
    if form.purpose.is_empty() {
        let faults = vec![FormFault::new("purpose", "请选择查询用途")];
        return show_as(StatusCode::UNPROCESSABLE_ENTITY, &person_page(frame, &form.purpose, faults));
    }
    match open_file(&state.office, &actor, &form.code, &form.purpose).await {
        Ok(file) => show_file(&state, frame, file, form.purpose),
        Err(error) => about_person(frame, &form, error),
    }
}

fn about_person(frame: Frame, form: &PersonForm, error: Error) -> Answer {
    let (status, mut faults) = form_faults(error)?;
    for fault in faults.iter_mut().filter(|fault| fault.field == "subject") {
        "code".clone_into(&mut fault.field);
    }
    show_as(status, &person_page(frame, &form.purpose, faults))
}

#[cfg(test)]
pub(super) mod samples;

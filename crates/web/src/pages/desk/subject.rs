//! `GET /desk/subjects/{code}`: a subject's file.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use serde::Deserialize;
use xinzhi_core::Code;
use xinzhi_core::identifier::{Identified, identify};
use xinzhi_core::record::RecordId;
use xinzhi_core::text::half_width;
use xinzhi_office::permission::{Action, Scope};
use xinzhi_office::subject::file::PURPOSES;
use xinzhi_office::subject::{self, SubjectFile, foresee, open_file};

use super::super::answer::{Answer, go, show};
use super::super::file::FileView;
use super::super::frame::Frame;
use super::super::reader::Signed;
use crate::server::AppState;

/// Leading characters of the 统一社会信用代码 of a sole trader: its file is also a person's.
const SOLE_TRADER: &str = "92";
/// Why an organisation's file is opened where nothing else is said.
const USUAL_PURPOSE: &str = "日常监管";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Opening {
    purpose: String,
}

#[derive(Template)]
#[template(path = "subject/desk.html")]
struct SubjectPage {
    frame: Frame,
    file: FileView,
    purpose: String,
    purposes: [&'static str; PURPOSES.len()],
    may_check: bool,
    may_unmask: bool,
}

#[derive(Template)]
#[template(path = "subject/purpose.html")]
struct PurposePage {
    frame: Frame,
    code: String,
    purposes: [&'static str; PURPOSES.len()],
}

pub(super) async fn show_subject(
    State(state): State<AppState>,
    Path(code): Path<String>,
    Query(opening): Query<Opening>,
    Signed { frame, actor }: Signed,
) -> Answer {
    let code = half_width(code.trim()).to_ascii_uppercase();
    let personal = match identify(&code) {
        // An identity number has no place in an address, whoever put it there.
        Ok(Identified::ResidentId(_)) => return go("/desk/person"),
        Ok(Identified::Uscc(code)) => code.as_str().starts_with(SOLE_TRADER),
        Ok(Identified::OrgCode(_)) | Err(_) => false,
    };
    if opening.purpose.is_empty() && personal {
        Scope::of(Action::ReadSubject, &actor)?;
        let frame = frame.under("/desk", "工作台").under("/desk/search", "查主体").titled("选择查询用途");
        return show(&PurposePage { frame, code, purposes: PURPOSES });
    }
    let purpose = if opening.purpose.is_empty() { USUAL_PURPOSE.to_owned() } else { opening.purpose };
    let mut file = open_file(&state.office, &actor, &code, &purpose).await?;
    foresee(&mut file)?;
    show_file(&state, frame, file, purpose)
}

/// The page of an opened file.
pub(super) fn show_file(state: &AppState, frame: Frame, file: SubjectFile, purpose: String) -> Answer {
    let may_check = frame.may(Action::RunCheck) && !file.person;
    let may_unmask = frame.may(Action::UnmaskIdentity);
    let frame = frame.under("/desk", "工作台").under("/desk/search", "查主体").titled(file.name.clone());
    let file = FileView::of(file, &state.office.pack(), true);
    show(&SubjectPage { frame, file, purpose, purposes: PURPOSES, may_check, may_unmask })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UnmaskForm {
    reason: String,
}

#[derive(Template)]
#[template(path = "subject/unmasked.html")]
struct UnmaskedPage {
    frame: Frame,
    record: i64,
    reason: String,
    fields: Vec<(String, String)>,
}

/// `POST /desk/records/{id}/unmask`: an act of its own, answered once and kept nowhere (A6).
pub(super) async fn unmask(
    State(state): State<AppState>,
    Path(id): Path<i64>,
    Signed { frame, actor }: Signed,
    Form(form): Form<UnmaskForm>,
) -> Answer {
    let fields = subject::unmask(&state.office, &actor, RecordId(id), &form.reason).await?;
    if fields.is_empty() {
        return Err(Code::NotFound.into());
    }
    let frame = frame.under("/desk", "工作台").titled("加密字段");
    show(&UnmaskedPage { frame, record: id, reason: form.reason, fields })
}

#[cfg(test)]
pub(super) mod samples;

//! How a page answers: rendered, sent elsewhere, or stopped with a sentence that says what to do.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use xinzhi_core::{Code, Refusal};
use xinzhi_office::Error;

/// What every handler of a page returns.
pub(super) type Answer = Result<Response, Stopped>;

/// A rendered page.
pub(super) fn show(page: &impl Template) -> Answer {
    show_as(StatusCode::OK, page)
}

/// A rendered page with a status of its own, such as a form that came back with faults.
pub(super) fn show_as(status: StatusCode, page: &impl Template) -> Answer {
    let html = page.render().map_err(|error| {
        tracing::error!(%error, "a page could not be rendered");
        Stopped(Code::Internal.into())
    })?;
    // What a page shows belongs to whoever is signed in: nobody's proxy keeps it.
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Html(html)).into_response())
}

/// After a form was filed: the next page, by GET.
pub(super) fn go(address: &str) -> Answer {
    Ok(Redirect::to(address).into_response())
}

/// The domain said no, or we failed. The layer around all pages turns it into a page.
#[derive(Clone, Debug)]
pub(super) struct Stopped(pub(super) Refusal);

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Stopped {
        Stopped(refusal)
    }
}

impl From<Code> for Stopped {
    fn from(code: Code) -> Stopped {
        Stopped(code.into())
    }
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Stopped {
        match error {
            Error::Refusal(refusal) => Stopped(refusal),
            busy if busy.is_busy() => Stopped(Code::Unavailable.into()),
            fault @ (Error::Fault(_) | Error::Obstacle(_)) => {
                tracing::error!(%fault, "a page failed");
                Stopped(fault.shown())
            }
        }
    }
}

impl IntoResponse for Stopped {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self.0);
        response
    }
}

/// A fault of a form, beside its field and in the list at the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FormFault {
    /// Name of the field, which is the id of its input; empty where it is about the whole form.
    pub(super) field: String,
    /// What is wrong and what to do.
    pub(super) sentence: String,
}

impl FormFault {
    pub(super) fn new(field: &str, sentence: impl Into<String>) -> FormFault {
        FormFault { field: field.to_owned(), sentence: sentence.into() }
    }
}

/// What the office refuses about a form comes back with what was typed; everything else stops.
pub(super) fn form_faults(error: Error) -> Result<(StatusCode, Vec<FormFault>), Stopped> {
    let stopped = Stopped::from(error);
    let Refusal { code, field, .. } = &stopped.0;
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    let about_form = matches!(status, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST | StatusCode::CONFLICT)
        || matches!(
            code,
            Code::SubjectUnknown
                | Code::OutOfScope
                | Code::SignInWrong
                | Code::FactorWrong
                | Code::AccountLocked
                | Code::AccountNotReleased
        );
    if !about_form {
        return Err(stopped);
    }
    if *code == Code::KeyReused {
        // Somebody went back, changed the form and filed it again; the page it comes back on carries a new key.
        let words = "这份表单已经提交过一次，这次的内容与上次不同；如要另行提交，请核对后再次提交";
        return Ok((status, vec![FormFault::new("", words)]));
    }
    // Dots are for JSON; an id in HTML has none. A second factor has one field.
    let field = if *code == Code::FactorWrong { "code".to_owned() } else { field.as_deref().unwrap_or_default().replace('.', "-") };
    Ok((status, vec![FormFault { field, sentence: stopped.0.sentence() }]))
}

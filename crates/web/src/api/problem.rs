//! Errors on the wire: RFC 9457 problem+json with a stable code, the field, and a Chinese sentence saying what to do (X9).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use xinzhi_core::{Code, Refusal};
use xinzhi_office::Error;

/// A refusal as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the code tells the kind.
    #[serde(rename = "type")]
    kind: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Stable word for programs.
    pub code: &'static str,
    /// What is wrong, in general.
    pub title: &'static str,
    /// What is wrong here and what to do, one Chinese sentence.
    pub detail: String,
    /// The field it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Problem {
    /// A problem of the table, with a sentence of its own where given.
    pub fn of(code: Code, detail: Option<&str>) -> Problem {
        Problem::from(Refusal { code, field: None, detail: detail.map(str::to_owned) })
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        Problem {
            kind: "about:blank",
            status: refusal.code.status(),
            code: refusal.code.word(),
            title: refusal.code.title(),
            detail: refusal.sentence(),
            field: refusal.field,
        }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Problem {
        Refusal::from(code).into()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        match error {
            Error::Refusal(refusal) => refusal.into(),
            error if error.is_busy() => Code::Unavailable.into(),
            fault @ (Error::Fault(_) | Error::Obstacle(_)) => {
                tracing::error!(%fault, "request failed");
                fault.shown().into()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry = status == StatusCode::SERVICE_UNAVAILABLE;
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if retry {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

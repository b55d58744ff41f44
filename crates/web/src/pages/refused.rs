//! The layer around all pages: who is reading, and a page for every refusal.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use xinzhi_core::{Code, Refusal};

use super::answer::show_as;
use super::frame::Frame;
use super::reader;
use crate::server::AppState;

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    frame: Frame,
    words: String,
    remedy: &'static str,
    code: &'static str,
    status: u16,
}

/// Runs a page inside its frame. What comes back without a page of its own gets one.
pub(super) async fn surround(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let visit = reader::visit(&state, &parts).await;
    let frame = visit.frame.clone();
    let reads = parts.method == Method::GET;
    if let Some(threshold) = visit.threshold.filter(|threshold| !threshold.opens(parts.uri.path())) {
        return Redirect::to(threshold.address()).into_response();
    }
    parts.extensions.insert(visit);
    let response = next.run(Request::from_parts(parts, body)).await;
    let refusal = response.extensions().get::<Refusal>().cloned().or_else(|| bare(&response));
    match refusal {
        None => response,
        Some(refusal) if refusal.code == Code::SignInRequired => to_sign_in(&frame, reads),
        Some(refusal) => told(frame, &refusal).unwrap_or(response),
    }
}

/// An answer of the router itself: no such address, wrong method, a body that is too large or of another kind.
fn bare(response: &Response) -> Option<Refusal> {
    let page = HeaderValue::from_static("text/html; charset=utf-8");
    if response.headers().get(header::CONTENT_TYPE) == Some(&page) {
        return None;
    }
    let code = match response.status() {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodWrong,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::MediaTypeWrong,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Code::FieldInvalid,
        StatusCode::FORBIDDEN => Code::NotPermitted,
        status if status.is_server_error() => Code::Internal,
        _ => return None,
    };
    Some(code.into())
}

fn to_sign_in(frame: &Frame, reads: bool) -> Response {
    // A form that was filed after the session ended cannot be filed again by following a link.
    if reads && frame.path != "/" {
        let back: String = frame.path.bytes().map(escaped).collect();
        return Redirect::to(&format!("/sign-in?back={back}")).into_response();
    }
    Redirect::to("/sign-in").into_response()
}

fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

fn told(frame: Frame, refusal: &Refusal) -> Option<Response> {
    let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let page = RefusedPage {
        frame: frame.titled(refusal.code.title()),
        words: refusal.detail.clone().unwrap_or_default(),
        remedy: refusal.code.remedy(),
        code: refusal.code.word(),
        status: status.as_u16(),
    };
    show_as(status, &page).ok()
}

/// `GET` of an address that no page has.
pub(super) async fn nowhere() -> Result<Response, super::answer::Stopped> {
    Err(Refusal::detail(Code::NotFound, "没有这个网址").into())
}

#[cfg(test)]
pub(super) mod samples;

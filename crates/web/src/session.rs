//! Who is asking: a session cookie for people, a key for programs.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use xinzhi_core::Code;
use xinzhi_core::actor::Actor;
use xinzhi_office::Error;
use xinzhi_office::account::factor::Gate;
use xinzhi_office::account::{self, Session};

use crate::api::problem::Problem;
use crate::server::AppState;

const COOKIE: &str = "xinzhi";

/// Somebody with a key or a session: for the API.
#[derive(Clone, Debug)]
pub struct Caller(pub Actor);

/// Marks a request that came through the socket in the office's directory, which only its owner can open.
#[derive(Clone, Copy, Debug)]
pub struct Operator;

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Caller, Problem> {
        if let Some(Operator) = parts.extensions.get::<Operator>() {
            return Ok(Caller(xinzhi_office::Office::operator()));
        }
        let key = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(key) = key.and_then(|value| value.strip_prefix("Bearer ")) {
            return Ok(Caller(account::by_key(&state.office, key.trim()).await?));
        }
        let session = by_cookie(state, &parts.headers).await?;
        if session.gate != Gate::Open {
            return Err(Code::FactorRequired.into());
        }
        if session.must_change {
            return Err(Code::PasswordChangeRequired.into());
        }
        Ok(Caller(session.actor))
    }
}

/// The session behind the cookie of a page's request; none where nobody is signed in.
pub async fn find(state: &AppState, headers: &HeaderMap) -> Option<Session> {
    match by_cookie(state, headers).await {
        Ok(session) => Some(session),
        Err(Error::Refusal(_)) => None,
        Err(fault @ (Error::Fault(_) | Error::Obstacle(_))) => {
            tracing::error!(%fault, "a session could not be read");
            None
        }
    }
}

/// The session token of a request.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

async fn by_cookie(state: &AppState, headers: &HeaderMap) -> Result<Session, Error> {
    let token = token(headers).ok_or(Code::SignInRequired)?;
    account::session(&state.office, token).await
}

/// The header that begins a session.
pub fn set_cookie(token: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax")).ok()
}

/// The header that ends one.
pub fn clear_cookie() -> HeaderValue {
    HeaderValue::from_static("xinzhi=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
}

//! `/sign-in` and `/sign-out`.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use serde::Deserialize;
use xinzhi_core::Code;
use xinzhi_office::account;

use super::answer::{Answer, FormFault, form_faults, go, show, show_as};
use super::factor;
use super::frame::{Frame, home};
use super::portal::local;
use super::reader::{Reader, Signed, Threshold};
use super::text::encoded;
use crate::server::AppState;
use crate::session;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/sign-in", get(form).post(sign_in)).route("/sign-out", post(sign_out))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SignInForm {
    name: String,
    password: String,
    back: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    name: String,
    back: String,
    faults: Vec<FormFault>,
}

async fn form(Query(typed): Query<SignInForm>, Reader(frame): Reader) -> Answer {
    if frame.who.is_some() {
        return go(if typed.back.is_empty() { frame.home() } else { local(&typed.back) });
    }
    show(&SignInPage { frame: frame.titled("登录"), name: String::new(), back: typed.back, faults: Vec::new() })
}

async fn sign_in(State(state): State<AppState>, Reader(frame): Reader, Form(typed): Form<SignInForm>) -> Answer {
    match account::sign_in(&state.office, typed.name.trim(), &typed.password).await {
        Ok(token) => {
            let session = account::session(&state.office, &token).await?;
            let cookie = session::set_cookie(&token).ok_or(Code::Internal)?;
            let onward = match Threshold::of(&session) {
                Some(threshold @ Threshold::Code) => format!("{}?back={}", threshold.address(), encoded(&typed.back)),
                _ => factor::onward(&session, &typed.back, home(Some(session.actor.role))).to_owned(),
            };
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&onward)).into_response())
        }
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            show_as(status, &SignInPage { frame: frame.titled("登录"), name: typed.name, back: typed.back, faults })
        }
    }
}

async fn sign_out(State(state): State<AppState>, headers: HeaderMap, Signed { actor, .. }: Signed) -> Answer {
    if let Some(token) = session::token(&headers) {
        account::sign_out(&state.office, &actor, token).await?;
    }
    Ok(([(header::SET_COOKIE, session::clear_cookie())], Redirect::to("/")).into_response())
}

#[cfg(test)]
pub(super) mod samples;

//! `/account`: who I am here, and my password. Until a first password is changed, every other page leads here.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::HeaderMap;
use axum::routing::get;
use serde::Deserialize;
use xinzhi_core::Code;
use xinzhi_core::actor::Actor;
use xinzhi_office::account;

use super::answer::{Answer, FormFault, form_faults, go, show, show_as};
use super::frame::Frame;
use super::reader::Signed;
use crate::server::AppState;
use crate::session;

/// The address that a first password leads to.
pub(super) const ADDRESS: &str = "/account";

pub(super) fn router() -> Router<AppState> {
    Router::new().route(ADDRESS, get(own).post(change))
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    name: String,
    title: String,
    role: &'static str,
    organ: String,
    area: String,
    faults: Vec<FormFault>,
}

fn page(frame: Frame, actor: Actor, faults: Vec<FormFault>) -> AccountPage {
    let area = actor.area.as_ref().map(ToString::to_string).unwrap_or_default();
    let organ = actor.organ.unwrap_or_default();
    AccountPage {
        frame: frame.titled("账号与密码"), name: actor.name, title: actor.title, role: actor.role.title(), organ, area, faults
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Done {
    done: String,
}

async fn own(Query(done): Query<Done>, Signed { frame, actor }: Signed) -> Answer {
    let notice = (done.done == "password").then_some("密码已修改，其他设备上的登录已全部退出");
    show(&page(frame.noticed(notice), actor, Vec::new()))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PasswordForm {
    old: String,
    password: String,
    again: String,
}

async fn change(
    State(state): State<AppState>,
    headers: HeaderMap,
    Signed { frame, actor }: Signed,
    Form(typed): Form<PasswordForm>,
) -> Answer {
    let token = session::token(&headers).ok_or(Code::SignInRequired)?;
    if typed.password != typed.again {
        let faults = vec![FormFault::new("again", "两次输入的新密码不一致，请重新输入")];
        return show_as(axum::http::StatusCode::UNPROCESSABLE_ENTITY, &page(frame, actor, faults));
    }
    match account::change_own(&state.office, &actor, token, (&typed.old, &typed.password)).await {
        Ok(()) => go("/account?done=password"),
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            show_as(status, &page(frame, actor, faults))
        }
    }
}

#[cfg(test)]
pub(super) mod samples;

//! Keys of programs.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use xinzhi_core::Code;
use xinzhi_core::actor::Role;
use xinzhi_core::journal::Position;
use xinzhi_office::account::{self, KeyView};
use xinzhi_office::organ;
use xinzhi_office::permission::Action;

use super::super::answer::{Answer, FormFault, Stopped, form_faults, go, show, show_as};
use super::super::frame::Frame;
use super::super::reader::Signed;
use super::super::text::{Mark, Tone, whom};
use super::Done;
use super::accounts::MadePage;
use super::who::{Areas, Menu, WhoForm, place, told};
use crate::server::AppState;

pub(super) struct KeyLine {
    pub(super) number: i64,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) role: &'static str,
    pub(super) place: String,
    pub(super) made_by: String,
    pub(super) used: String,
    pub(super) mark: Mark,
    pub(super) may_end: bool,
}

#[derive(Template)]
#[template(path = "admin/keys.html")]
pub(super) struct KeysPage {
    pub(super) frame: Frame,
    pub(super) keys: Vec<KeyLine>,
    pub(super) in_use: usize,
    pub(super) may_make: bool,
}

/// `GET /admin/keys`.
pub(super) async fn list(State(state): State<AppState>, Query(done): Query<Done>, Signed { frame, actor }: Signed) -> Answer {
    let may_make = frame.may(Action::GrantRights);
    let every = account::keys(&state.office, &actor).await?;
    let areas = Areas::read(&state, &actor).await?;
    let in_use = every.iter().filter(|key| key.ended_at.is_none()).count();
    let line = |key: KeyView| KeyLine {
        number: key.number.0,
        place: place(&key.actor, &areas),
        role: key.actor.role.title(),
        name: key.actor.name,
        title: key.actor.title,
        made_by: whom(key.made_by),
        used: key.used_on.map_or_else(|| "还没有用过".to_owned(), |day| day.to_string()),
        mark: match key.ended_at {
            None => Mark::new(Tone::Green, "可用"),
            Some(at) => Mark::new(Tone::Plain, format!("{} 作废", at.to_minute())),
        },
        may_end: may_make && key.ended_at.is_none(),
    };
    let keys = every.into_iter().map(line).collect();
    show(&KeysPage { frame: frame.titled("接口密钥").noticed(done.words()), keys, in_use, may_make })
}

#[derive(Template)]
#[template(path = "admin/key_new.html")]
pub(super) struct NewPage {
    pub(super) frame: Frame,
    pub(super) typed: WhoForm,
    pub(super) menu: Menu,
    pub(super) faults: Vec<FormFault>,
}

async fn new_page(state: &AppState, Signed { frame, actor }: Signed, typed: WhoForm, faults: Vec<FormFault>) -> Result<NewPage, Stopped> {
    if !frame.may(Action::GrantRights) {
        return Err(Code::NotPermitted.into());
    }
    let roles = [Role::Department, Role::Township, Role::Counter, Role::Centre];
    let menu = Menu::new(roles, organ::choices(&state.office, &actor).await?, &typed);
    Ok(NewPage { frame: frame.under("/admin/keys", "接口密钥").titled("发放接口密钥"), typed, menu, faults })
}

/// `GET /admin/keys/new`.
pub(super) async fn new(State(state): State<AppState>, signed: Signed) -> Answer {
    show(&new_page(&state, signed, WhoForm::default(), Vec::new()).await?)
}

/// `POST /admin/keys/new`: a name is in use once, so that pressing twice makes one key.
pub(super) async fn make(State(state): State<AppState>, signed: Signed, Form(typed): Form<WhoForm>) -> Answer {
    let faults = account::key_faults(&state.office, &signed.actor, &typed.wanted()).await?;
    if !faults.is_empty() {
        return show_as(StatusCode::UNPROCESSABLE_ENTITY, &new_page(&state, signed, typed, told(faults)).await?);
    }
    match account::make_key(&state.office, &signed.actor, &typed.wanted()).await {
        Ok(secret) => show(&MadePage {
            frame: signed.frame.under("/admin/keys", "接口密钥").titled("密钥已发放"),
            name: typed.name.trim().to_owned(),
            secret,
            what: "接口密钥",
            next: "系统只保存密钥的摘要，离开本页后无法再次查看。请交给对方系统的管理人员保存，遗失时作废后重新发放。",
            back: "/admin/keys".to_owned(),
        }),
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            show_as(status, &new_page(&state, signed, typed, faults).await?)
        }
    }
}

/// `POST /admin/keys/{number}/end`.
pub(super) async fn end(State(state): State<AppState>, Path(number): Path<i64>, Signed { actor, .. }: Signed) -> Answer {
    account::end_key(&state.office, &actor, Position(number)).await?;
    go("/admin/keys?done=key_end")
}

//! `/desk/accounts`: an account for a subject that stands at the counter. The security administrator releases it like any other.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use xinzhi_core::Code;
use xinzhi_core::actor::Role;
use xinzhi_office::account;
use xinzhi_office::permission::Action;

use super::super::admin::accounts::MadePage;
use super::super::admin::who::{WhoForm, told};
use super::super::answer::{Answer, FormFault, form_faults, show, show_as};
use super::super::frame::Frame;
use super::super::reader::Signed;
use crate::server::AppState;

#[derive(Template)]
#[template(path = "desk/opening.html")]
pub(super) struct OpeningPage {
    frame: Frame,
    typed: WhoForm,
    faults: Vec<FormFault>,
}

fn page(frame: Frame, typed: WhoForm, faults: Vec<FormFault>) -> OpeningPage {
    OpeningPage { frame: frame.under("/desk", "工作台").titled("主体账号"), typed, faults }
}

/// `GET /desk/accounts`: may be addressed with a subject.
pub(super) async fn new(Query(typed): Query<WhoForm>, Signed { frame, .. }: Signed) -> Answer {
    if !frame.may(Action::OpenForSubject) {
        return Err(Code::NotPermitted.into());
    }
    show(&page(frame, typed, Vec::new()))
}

/// `POST /desk/accounts`: a name is given once, so that pressing twice makes one account.
pub(super) async fn open(State(state): State<AppState>, Signed { frame, actor }: Signed, Form(typed): Form<WhoForm>) -> Answer {
    let typed = WhoForm { role: Role::Subject.word().to_owned(), organ: String::new(), area: String::new(), ..typed };
    let faults = account::faults(&state.office, &actor, &typed.wanted()).await?;
    if !faults.is_empty() {
        return show_as(StatusCode::UNPROCESSABLE_ENTITY, &page(frame, typed, told(faults)));
    }
    match account::make(&state.office, &actor, &typed.wanted(), None).await {
        Ok(made) => show(&MadePage {
            frame: frame.under("/desk", "工作台").under("/desk/accounts", "主体账号").titled("主体账号已开立"),
            name: made.name,
            secret: made.password,
            what: "首次密码",
            next: "账号由安全管理员启用后即可登录，登录后必须修改密码。请核对经办人身份和授权后，当面交付。",
            back: "/desk/accounts".to_owned(),
        }),
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            show_as(status, &page(frame, typed, faults))
        }
    }
}

#[cfg(test)]
pub(super) mod samples;

//! 我的: a subject's own file, with who looked at it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use xinzhi_core::Code;
use xinzhi_core::actor::Role;
use xinzhi_office::subject::{foresee, open_file};

use super::answer::{Answer, show};
use super::file::FileView;
use super::frame::Frame;
use super::reader::Signed;
use crate::server::AppState;

/// The purpose under which a subject's own visit is recorded.
const OWN_PURPOSE: &str = "本人查询";

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/my", get(own_file))
}

#[derive(Template)]
#[template(path = "subject/my.html")]
struct MyPage {
    frame: Frame,
    file: FileView,
    purpose: String,
    may_check: bool,
    may_unmask: bool,
}

async fn own_file(State(state): State<AppState>, Signed { frame, actor }: Signed) -> Answer {
    if actor.role != Role::Subject {
        return Err(Code::NotPermitted.into());
    }
    let mut file = open_file(&state.office, &actor, "", OWN_PURPOSE).await?;
    foresee(&mut file)?;
    let frame = frame.titled(format!("我的信用档案：{}", file.name));
    let file = FileView::of(file, &state.office.pack(), false);
    show(&MyPage { frame, file, purpose: OWN_PURPOSE.to_owned(), may_check: false, may_unmask: false })
}

#[cfg(test)]
pub(super) mod samples;

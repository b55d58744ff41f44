//! 管理: accounts for the system administrator, the journal for the auditor. Neither sees business data (A9).

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::response::Redirect;
use axum::routing::{get, post};
use serde::Deserialize;
use xinzhi_core::journal::Position;
use xinzhi_core::{Code, Refusal};
use xinzhi_office::account::{self, Change};
use xinzhi_office::{journal, permission::Action};

use super::answer::{Answer, Stopped, go, show};
use super::frame::Frame;
use super::reader::Signed;
use super::text::act_title;
use crate::server::AppState;

/// Entries of one page.
const ENTRIES_PAGE: i64 = 100;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/admin", get(index))
        .route("/admin/accounts", get(accounts))
        .route("/admin/accounts/{name}", post(change))
        .route("/admin/journal", get(entries))
}

/// Each administrator's own page.
async fn index(Signed { frame, .. }: Signed) -> Result<Redirect, Stopped> {
    if frame.may(Action::ManageAccounts) {
        return Ok(Redirect::to("/admin/accounts"));
    }
    if frame.may(Action::SeeJournal) { Ok(Redirect::to("/admin/journal")) } else { Err(Code::NotPermitted.into()) }
}

struct AccountLine {
    name: String,
    title: String,
    role: &'static str,
    organ: String,
    area: String,
    locked: bool,
    own: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Done {
    done: String,
}

#[derive(Template)]
#[template(path = "admin/accounts.html")]
struct AccountsPage {
    frame: Frame,
    accounts: Vec<AccountLine>,
    locked: usize,
}

async fn accounts(State(state): State<AppState>, Query(done): Query<Done>, Signed { frame, actor }: Signed) -> Answer {
    let every = account::every(&state.office, &actor).await?;
    let lines = every.into_iter().map(|(of, locked)| AccountLine {
        own: of.name == actor.name,
        name: of.name,
        title: of.title,
        role: of.role.title(),
        organ: of.organ.unwrap_or_default(),
        area: of.area.map(|area| area.to_string()).unwrap_or_default(),
        locked,
    });
    let accounts: Vec<AccountLine> = lines.collect();
    let notice = match done.done.as_str() {
        "lock" => Some("账号已锁定，其登录已全部退出"),
        "unlock" => Some("账号已解锁"),
        "sign_out" => Some("该账号的登录已全部退出"),
        _ => None,
    };
    let locked = accounts.iter().filter(|line| line.locked).count();
    show(&AccountsPage { frame: frame.titled("账号").noticed(notice), accounts, locked })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ChangeForm {
    change: String,
}

async fn change(
    State(state): State<AppState>,
    Path(name): Path<String>,
    Signed { actor, .. }: Signed,
    Form(form): Form<ChangeForm>,
) -> Answer {
    let change = match form.change.as_str() {
        "lock" if name == actor.name => return Err(Refusal::detail(Code::NotPermitted, "不能锁定自己的账号").into()),
        "lock" => Change::Lock,
        "unlock" => Change::Unlock,
        "sign_out" => Change::SignOut,
        _ => return Err(Refusal::field(Code::FieldInvalid, "change", "没有这样的操作").into()),
    };
    account::change(&state.office, &actor, &name, change).await?;
    go(&format!("/admin/accounts?done={}", form.change))
}

struct EntryLine {
    position: i64,
    at: String,
    title: &'static str,
    actor: String,
    refs: String,
    digest: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Page {
    /// The newest entry of the page; none is the head.
    to: Option<i64>,
}

#[derive(Template)]
#[template(path = "admin/journal.html")]
struct JournalPage {
    frame: Frame,
    head: i64,
    entries: Vec<EntryLine>,
    older: Option<i64>,
    newer: Option<i64>,
}

/// `GET /admin/journal`: the newest first, a page at a time.
async fn entries(State(state): State<AppState>, Query(page): Query<Page>, Signed { frame, actor }: Signed) -> Answer {
    let head = journal::head(&state.office, &actor).await?.0;
    let to = page.to.unwrap_or(head).clamp(0, head);
    let after = (to - ENTRIES_PAGE).max(0);
    let found = journal::entries(&state.office, &actor, Position(after), to - after).await?;
    let lines = found.into_iter().rev().map(|entry| EntryLine {
        position: entry.position.0,
        at: entry.at.to_string(),
        title: act_title(entry.draft.act),
        actor: entry.actor,
        refs: entry.draft.refs,
        digest: entry.draft.payload.short(),
    });
    show(&JournalPage {
        frame: frame.titled("账簿"),
        head,
        entries: lines.collect(),
        older: Some(after).filter(|after| *after > 0),
        newer: Some(to + ENTRIES_PAGE).filter(|_| to < head).map(|newer| newer.min(head)),
    })
}

impl AccountLine {
    /// 岗位 with what it is bound to.
    fn place(&self) -> String {
        let parts: Vec<&str> = [self.organ.as_str(), self.area.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { "—".to_owned() } else { parts.join("，") }
    }
}

#[cfg(test)]
pub(super) mod samples;

#[cfg(test)]
mod tests {
    use xinzhi_core::actor::Role;

    use super::*;

    #[test]
    fn a_place_is_said_or_dashed() {
        let line = |organ: &str, area: &str| AccountLine {
            name: "a".into(),
            title: "甲".into(),
            role: Role::Township.title(),
            organ: organ.into(),
            area: area.into(),
            locked: false,
            own: false,
        };
        assert_eq!(line("", "").place(), "—");
        assert_eq!(line("廿里镇", "330803104").place(), "廿里镇，330803104");
    }
}

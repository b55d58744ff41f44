//! Accounts: the list, one account with what was done to it, and what the two administrators may do.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::{Code, Refusal};
use xinzhi_office::account::{self, AccountView, Change, Standing};
use xinzhi_office::organ;
use xinzhi_office::permission::Action;

use super::super::answer::{Answer, FormFault, Stopped, form_faults, go, show, show_as};
use super::super::frame::Frame;
use super::super::reader::Signed;
use super::super::text::{Mark, Tone, whom};
use super::Done;
use super::who::{Areas, Menu, WhoForm, place, told};
use crate::server::AppState;

fn standing_mark(standing: Standing) -> Mark {
    let tone = match standing {
        Standing::Waiting | Standing::Locked => Tone::Amber,
        Standing::InUse => Tone::Green,
        Standing::Ended => Tone::Plain,
    };
    Mark::new(tone, standing.title())
}

pub(super) struct AccountLine {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) role: &'static str,
    pub(super) place: String,
    pub(super) mark: Mark,
}

impl AccountLine {
    fn of(view: AccountView, areas: &Areas) -> AccountLine {
        let (place, mark) = (place(&view.actor, areas), standing_mark(view.standing));
        AccountLine { role: view.actor.role.title(), name: view.actor.name, title: view.actor.title, place, mark }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    state: String,
}

/// A filter: its word, what it is called, whether it is chosen, how many it finds.
pub(super) type Tab = (&'static str, &'static str, bool, usize);

#[derive(Template)]
#[template(path = "admin/accounts.html")]
pub(super) struct AccountsPage {
    pub(super) frame: Frame,
    pub(super) accounts: Vec<AccountLine>,
    pub(super) tabs: Vec<Tab>,
    pub(super) may_make: bool,
    pub(super) may_grant: bool,
    pub(super) waiting: usize,
}

/// `GET /admin/accounts`.
pub(super) async fn list(State(state): State<AppState>, Query(query): Query<ListQuery>, Signed { frame, actor }: Signed) -> Answer {
    let every = account::every(&state.office, &actor).await?;
    let areas = Areas::read(&state, &actor).await?;
    let count = |standing: Standing| every.iter().filter(|view| view.standing == standing).count();
    let mut tabs = vec![("", "全部", query.state.is_empty(), every.len())];
    tabs.extend(Standing::ALL.map(|one| (one.word(), one.title(), query.state == one.word(), count(one))));
    let waiting = count(Standing::Waiting);
    let shown = every.into_iter().filter(|view| query.state.is_empty() || view.standing.word() == query.state);
    let accounts = shown.map(|view| AccountLine::of(view, &areas)).collect();
    let (may_make, may_grant) = (frame.may(Action::MakeAccounts), frame.may(Action::GrantRights));
    show(&AccountsPage { frame: frame.titled("账号"), accounts, tabs, may_make, may_grant, waiting })
}

#[derive(Template)]
#[template(path = "admin/account_new.html")]
pub(super) struct NewPage {
    pub(super) frame: Frame,
    pub(super) typed: WhoForm,
    pub(super) menu: Menu,
    pub(super) faults: Vec<FormFault>,
}

/// Every role that an account may be made with here; a subject's is opened where the subject is known.
fn roles() -> impl Iterator<Item = Role> {
    Role::ALL.into_iter().filter(|role| *role != Role::Subject)
}

async fn new_page(state: &AppState, Signed { frame, actor }: Signed, typed: WhoForm, faults: Vec<FormFault>) -> Result<NewPage, Stopped> {
    if !frame.may(Action::MakeAccounts) {
        return Err(Code::NotPermitted.into());
    }
    let menu = Menu::new(roles(), organ::choices(&state.office, &actor).await?, &typed);
    Ok(NewPage { frame: frame.under("/admin/accounts", "账号").titled("建立账号"), typed, menu, faults })
}

/// `GET /admin/accounts/new`.
pub(super) async fn new(State(state): State<AppState>, signed: Signed) -> Answer {
    show(&new_page(&state, signed, WhoForm::default(), Vec::new()).await?)
}

/// What is shown once.
#[derive(Template)]
#[template(path = "admin/made.html")]
pub(in super::super) struct MadePage {
    pub(in super::super) frame: Frame,
    pub(in super::super) name: String,
    pub(in super::super) secret: String,
    /// 首次密码 or 接口密钥.
    pub(in super::super) what: &'static str,
    pub(in super::super) next: &'static str,
    pub(in super::super) back: String,
}

/// `POST /admin/accounts/new`: a name is given once, so that pressing twice makes one account.
pub(super) async fn make(State(state): State<AppState>, signed: Signed, Form(typed): Form<WhoForm>) -> Answer {
    if typed.role == Role::Subject.word() {
        let fault = FormFault::new("role", "主体账号由窗口、乡镇或信用中心在工作台开立");
        return show_as(StatusCode::UNPROCESSABLE_ENTITY, &new_page(&state, signed, typed, vec![fault]).await?);
    }
    let faults = account::faults(&state.office, &signed.actor, &typed.wanted()).await?;
    if !faults.is_empty() {
        return show_as(StatusCode::UNPROCESSABLE_ENTITY, &new_page(&state, signed, typed, told(faults)).await?);
    }
    match account::make(&state.office, &signed.actor, &typed.wanted(), None).await {
        Ok(made) => show(&MadePage {
            frame: signed.frame.under("/admin/accounts", "账号").titled("账号已建立"),
            name: made.name,
            secret: made.password,
            what: "首次密码",
            next: "账号还不能登录，须由安全管理员启用。请把首次密码当面或封口交给本人，本人首次登录时必须修改。",
            back: "/admin/accounts".to_owned(),
        }),
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            show_as(status, &new_page(&state, signed, typed, faults).await?)
        }
    }
}

/// Something that was done to an account.
pub(super) struct Step {
    pub(super) entry: i64,
    pub(super) at: String,
    pub(super) by: String,
    pub(super) what: &'static str,
    pub(super) rights: String,
}

/// What was done, in words.
pub(super) fn what_title(what: &str) -> &'static str {
    match what {
        "made" => "建立",
        "released" => "启用",
        "rights" => "变更权限",
        "lock" => "锁定",
        "unlock" => "解锁",
        "sign_out" => "强制退出",
        "password" => "本人修改密码",
        "reset" => "重设密码",
        "factor" => "启用第二因素",
        "factor_off" => "关闭第二因素",
        "factor_reset" => "重置第二因素",
        "factor_told" => "本人获知重置",
        "ended" => "注销",
        _ => "其他",
    }
}

#[derive(Template)]
#[template(path = "admin/account.html")]
pub(super) struct AccountPage {
    pub(super) frame: Frame,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) role: &'static str,
    pub(super) organ: String,
    pub(super) area: String,
    pub(super) made_by: String,
    pub(super) mark: Mark,
    pub(super) must_change: bool,
    pub(super) has_factor: bool,
    /// Whether the role cannot be without a second factor.
    pub(super) needs_factor: bool,
    pub(super) steps: Vec<Step>,
    pub(super) menu: Option<Menu>,
    pub(super) acts: Acts,
    pub(super) faults: Vec<FormFault>,
}

/// What this reader may do to this account now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Acts {
    pub(super) release: bool,
    pub(super) lock: bool,
    pub(super) unlock: bool,
    pub(super) reset: bool,
    pub(super) reset_factor: bool,
    pub(super) end: bool,
    pub(super) own: bool,
}

impl Acts {
    fn of(view: &AccountView, reader: &Actor, grants: bool) -> Acts {
        let own = view.actor.name == reader.name;
        let may = grants && !own && view.standing != Standing::Ended;
        Acts {
            release: may && view.standing == Standing::Waiting && view.made_by != reader.name,
            lock: may && view.standing == Standing::InUse,
            unlock: may && view.standing == Standing::Locked,
            reset: may && !view.actor.role.is_administrator(),
            reset_factor: may && view.has_factor,
            end: may,
            own,
        }
    }

    fn any(self) -> bool {
        self.release || self.lock || self.unlock || self.reset || self.reset_factor || self.end
    }
}

async fn account_page(
    state: &AppState,
    Signed { frame, actor }: Signed,
    name: &str,
    (typed, faults): (Option<WhoForm>, Vec<FormFault>),
) -> Result<AccountPage, Stopped> {
    let (view, history) = account::one(&state.office, &actor, name).await?;
    let areas = Areas::read(state, &actor).await?;
    let acts = Acts::of(&view, &actor, frame.may(Action::GrantRights));
    let typed = typed.unwrap_or_else(|| WhoForm::of(&view.actor));
    let menu = if acts.end {
        let fixed = account::grant::keeps_its_role(view.actor.role);
        let roles =
            Role::ALL.into_iter().filter(|role| if fixed { *role == view.actor.role } else { !account::grant::keeps_its_role(*role) });
        Some(Menu::new(roles, organ::choices(&state.office, &actor).await?, &typed))
    } else {
        None
    };
    let step = |row: account::HistoryRow| Step {
        entry: row.entry.0,
        at: row.at.to_string(),
        by: whom(row.by),
        what: what_title(&row.what),
        rights: [Some(row.role.title().to_owned()), row.organ, row.area.map(|area| areas.said(&area))]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("，"),
    };
    Ok(AccountPage {
        frame: frame.under("/admin/accounts", "账号").titled(format!("账号 {}", view.actor.name)),
        role: view.actor.role.title(),
        organ: view.actor.organ.clone().unwrap_or_default(),
        area: view.actor.area.as_ref().map(|area| areas.said(area.as_str())).unwrap_or_default(),
        mark: standing_mark(view.standing),
        must_change: view.must_change,
        has_factor: view.has_factor,
        needs_factor: view.actor.role.is_administrator(),
        made_by: whom(view.made_by),
        name: view.actor.name,
        title: view.actor.title,
        steps: history.into_iter().map(step).collect(),
        menu,
        acts,
        faults,
    })
}

/// `GET /admin/accounts/{name}`.
pub(super) async fn show_one(State(state): State<AppState>, Path(name): Path<String>, Query(done): Query<Done>, signed: Signed) -> Answer {
    let page = account_page(&state, signed, &name, (None, Vec::new())).await?;
    let frame = page.frame.clone().noticed(done.words());
    show(&AccountPage { frame, ..page })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChangeForm {
    change: String,
}

/// `POST /admin/accounts/{name}`: each of these leaves the account in one state, however often it is pressed.
pub(super) async fn change(
    State(state): State<AppState>,
    Path(name): Path<String>,
    signed: Signed,
    Form(form): Form<ChangeForm>,
) -> Answer {
    let (office, by) = (&state.office, &signed.actor);
    let changed = match form.change.as_str() {
        "release" => account::release(office, by, &name).await,
        "lock" => account::change(office, by, &name, Change::Lock).await,
        "unlock" => account::change(office, by, &name, Change::Unlock).await,
        "sign_out" => account::change(office, by, &name, Change::SignOut).await,
        "reset_factor" => account::factor::reset(office, by, &name).await,
        "end" => account::end(office, by, &name).await,
        _ => return Err(Refusal::field(Code::FieldInvalid, "change", "没有这样的操作").into()),
    };
    came_back(&state, signed, &name, (changed, &form.change, None)).await
}

/// `POST /admin/accounts/{name}/rights`.
pub(super) async fn rights(State(state): State<AppState>, Path(name): Path<String>, signed: Signed, Form(typed): Form<WhoForm>) -> Answer {
    let wanted = (typed.role.as_str(), typed.organ.as_str(), typed.area.as_str());
    let changed = account::set_rights(&state.office, &signed.actor, &name, wanted).await;
    came_back(&state, signed, &name, (changed, "rights", Some(typed))).await
}

/// The page of an account again, with what was done or what was wrong.
async fn came_back(
    state: &AppState,
    signed: Signed,
    name: &str,
    (changed, done, typed): (Result<(), xinzhi_office::Error>, &str, Option<WhoForm>),
) -> Answer {
    match changed {
        Ok(()) => go(&format!("/admin/accounts/{name}?done={done}")),
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            show_as(status, &account_page(state, signed, name, (typed, faults)).await?)
        }
    }
}

/// `POST /admin/accounts/{name}/reset`: pressed again it makes another password, and only the last one opens.
pub(super) async fn reset(State(state): State<AppState>, Path(name): Path<String>, signed: Signed) -> Answer {
    let secret = account::reset(&state.office, &signed.actor, &name).await?;
    show(&MadePage {
        frame: signed
            .frame
            .under("/admin/accounts", "账号")
            .under(format!("/admin/accounts/{name}"), format!("账号 {name}"))
            .titled("密码已重设"),
        back: format!("/admin/accounts/{name}"),
        name,
        secret,
        what: "首次密码",
        next: "原密码已失效，该账号的登录已全部退出。请把首次密码当面或封口交给本人，本人登录后必须修改。",
    })
}

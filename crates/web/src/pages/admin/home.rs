//! `/admin`: where each of the three administrators begins: what asks for a look today, and what the post may do.

use askama::Template;
use axum::extract::State;
use xinzhi_core::Code;
use xinzhi_core::actor::{Actor, Role};
use xinzhi_office::account::{self, AccountView, Standing};
use xinzhi_office::overview;
use xinzhi_office::permission::Action;

use super::super::answer::{Answer, Stopped, show};
use super::super::frame::{ADMIN_HOME, Frame};
use super::super::reader::Signed;
use crate::server::AppState;

/// Something to be looked at: where, what, and what to do about it.
pub(super) struct Notice {
    pub(super) href: &'static str,
    pub(super) what: String,
    pub(super) then: &'static str,
}

/// A page of the post.
pub(super) struct Duty {
    pub(super) href: String,
    pub(super) title: String,
    pub(super) words: &'static str,
}

#[derive(Template)]
#[template(path = "admin/home.html")]
pub(super) struct HomePage {
    pub(super) frame: Frame,
    pub(super) title: String,
    pub(super) post: &'static str,
    pub(super) bounds: &'static str,
    pub(super) notices: Vec<Notice>,
    pub(super) duties: Vec<Duty>,
}

/// `GET /admin`.
pub(super) async fn home(State(state): State<AppState>, Signed { frame, actor }: Signed) -> Answer {
    if !actor.role.is_administrator() {
        return Err(Code::NotPermitted.into());
    }
    let notices = notices(&state, &frame, &actor).await?;
    let pages = frame.places.iter().find(|place| place.href == ADMIN_HOME).map(|place| place.pages.clone()).unwrap_or_default();
    let duty = |page: super::super::frame::Link| Duty { words: words(actor.role, &page.href), href: page.href, title: page.title };
    show(&HomePage {
        title: actor.title.clone(),
        post: actor.role.title(),
        bounds: bounds(actor.role),
        notices,
        duties: pages.into_iter().map(duty).collect(),
        frame: frame.titled("管理首页"),
    })
}

async fn notices(state: &AppState, frame: &Frame, actor: &Actor) -> Result<Vec<Notice>, Stopped> {
    let mut notices = Vec::new();
    if frame.may(Action::SeeAccounts) {
        let every = account::every(&state.office, actor).await?;
        notices.extend(of_accounts(&every, frame.may(Action::GrantRights)));
    }
    if frame.may(Action::SeeOperation) {
        let rules = overview::rules(&state.office, actor).await?;
        let today = state.office.today();
        for year in rules.missing.iter().filter(|(_, urgent)| *urgent).map(|(year, _)| year) {
            let what = format!("{year} 年的节假日安排还没有装入");
            notices.push(Notice {
                href: "/admin/packs", what, then: "工作日期限暂按周末推算，请装入含当年日历的规则包"
            });
        }
        for part in rules.parts.iter().filter(|part| today > part.review_by) {
            let what = format!("规则包“{}”已过复审日期 {}", part.title, part.review_by);
            notices.push(Notice { href: "/admin/packs", what, then: "请提请法制审核机构复审" });
        }
    }
    Ok(notices)
}

fn of_accounts(every: &[AccountView], grants: bool) -> Vec<Notice> {
    let count = |standing: Standing| every.iter().filter(|view| view.standing == standing).count();
    let bare = every.iter().filter(|view| view.actor.role.is_administrator() && view.standing == Standing::InUse && !view.has_factor);
    let lines = [
        (
            count(Standing::Waiting),
            "/admin/accounts?state=waiting",
            "个账号待启用",
            if grants { "核对人员和权限后启用" } else { "由安全管理员启用" },
        ),
        (
            count(Standing::Locked),
            "/admin/accounts?state=locked",
            "个账号已锁定",
            if grants { "核实后解锁" } else { "由安全管理员核实后解锁" },
        ),
        (bare.count(), "/admin/accounts", "名管理员还没有设置第二因素", "请本人尽快登录设置，在此之前凭密码就能设置"),
    ];
    let told = lines.into_iter().filter(|(number, ..)| *number > 0);
    told.map(|(number, href, what, then)| Notice { href, what: format!("{number} {what}"), then }).collect()
}

/// What a post may not do.
fn bounds(role: Role) -> &'static str {
    match role {
        Role::System => "不启用账号，不改权限，看不到业务数据",
        Role::Security => "不建立账号，不动自己的账号，看不到业务数据",
        _ => "只看不改，看不到业务数据",
    }
}

/// What a post does on a page.
fn words(role: Role, href: &str) -> &'static str {
    match (href, role) {
        ("/admin/journal", _) => "谁在何时做了什么；按人、事项和日期查，可导出",
        ("/admin/accounts", Role::System) => "建立账号；建立后由安全管理员启用",
        ("/admin/accounts", Role::Security) => "启用、变更权限、锁定和解锁、重设密码、重置第二因素、注销",
        ("/admin/accounts", _) => "查看全部账号及其经过",
        ("/admin/keys", Role::Security) => "为业务系统发放和作废接口密钥",
        ("/admin/keys", _) => "查看全部接口密钥",
        ("/admin/organs", Role::System) => "登记和停用单位",
        ("/admin/organs", _) => "查看单位",
        ("/admin/areas", Role::System) => "登记辖区内的区划",
        ("/admin/areas", _) => "查看区划",
        ("/admin/seen", _) => "各类主体和记录有多少，不含内容",
        ("/admin/packs", _) => "现行规则包、安装经过和节假日安排",
        ("/admin/work", _) => "正在进行的作业、定时取数和推送",
        _ => "",
    }
}

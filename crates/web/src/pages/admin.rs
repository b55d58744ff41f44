//! 管理: what each of the three administrators does. The system administrator makes, the security administrator grants, the auditor reads;
//! none of them sees business data (A9).

pub(super) mod accounts;
mod home;
mod journal;
mod keys;
mod organs;
mod overview;
mod refs;
pub(super) mod who;

use axum::Router;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::server::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/admin", get(home::home))
        .route("/admin/accounts", get(accounts::list))
        .route("/admin/accounts/new", get(accounts::new).post(accounts::make))
        .route("/admin/accounts/{name}", get(accounts::show_one).post(accounts::change))
        .route("/admin/accounts/{name}/rights", post(accounts::rights))
        .route("/admin/accounts/{name}/reset", post(accounts::reset))
        .route("/admin/keys", get(keys::list))
        .route("/admin/keys/new", get(keys::new).post(keys::make))
        .route("/admin/keys/{number}/end", post(keys::end))
        .route("/admin/organs", get(organs::list))
        .route("/admin/organs/new", get(organs::new).post(organs::make))
        .route("/admin/organs/{name}", get(organs::show_one).post(organs::change))
        .route("/admin/areas", get(organs::areas).post(organs::record_area))
        .route("/admin/seen", get(overview::seen))
        .route("/admin/packs", get(overview::packs))
        .route("/admin/work", get(overview::work))
        .route("/admin/journal", get(journal::list))
        .route("/admin/journal/export", post(journal::export))
}

/// What an address says was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Done {
    done: String,
}

impl Done {
    fn words(&self) -> Option<&'static str> {
        Some(match self.done.as_str() {
            "release" => "账号已启用，可以登录",
            "rights" => "岗位、单位和辖区已变更，下一次操作起生效",
            "lock" => "账号已锁定，其登录已全部退出",
            "unlock" => "账号已解锁",
            "sign_out" => "该账号的登录已全部退出",
            "reset_factor" => "第二因素已重置，该账号的登录已全部退出；本人下次登录时重新设置",
            "end" => "账号已注销，其登录已全部退出",
            "key_end" => "密钥已作废，下一次调用起不再有效",
            "organ" => "单位已登记",
            "area" => "区划已登记",
            _ => return None,
        })
    }
}

#[cfg(test)]
pub(super) mod samples;

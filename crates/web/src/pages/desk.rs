//! 工作台: what staff do all day. The first page says what is owed today.

mod batches;
mod check;
mod connectors;
mod figures;
mod loop_board;
mod opening;
mod pushes;
mod quality;
mod search;
mod subject;
mod waiting;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};
use serde::Deserialize;
use xinzhi_core::actor::Actor;
use xinzhi_core::{Code, Refusal};
use xinzhi_office::Error;
use xinzhi_office::apply::LoopFigures;
use xinzhi_office::check::{BoardFilter, board};
use xinzhi_office::idempotent::Once;
use xinzhi_office::import::preview::BatchState;
use xinzhi_office::import::{BatchView, batches as newest, waiting as waiting_rows};
use xinzhi_office::permission::Action;

use super::answer::{Answer, go, show};
use super::frame::{ADMIN_HOME, Frame};
use super::reader::Signed;
use super::text::percent;
use crate::server::AppState;
use loop_board::BoardLine;

/// Obligations shown on the first page.
const SOONEST: i64 = 10;
/// Rows counted as waiting; more are said to be more.
const WAITING_MAX: i64 = 100;
/// Batches looked through for those that wait to be committed.
const BATCHES_MAX: i64 = 50;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/desk", get(home))
        .route("/desk/search", get(search::search))
        .route("/desk/person", get(search::person).post(search::open_person))
        .route("/desk/subjects/{code}", get(subject::show_subject))
        .route("/desk/records/{id}/unmask", post(subject::unmask))
        .route("/desk/check", get(check::new).post(check::run))
        .route("/desk/checks/{id}", get(check::show_check))
        .route("/desk/checks/{id}/feedback", post(check::feedback))
        .route("/desk/loop", get(loop_board::show_board))
        .route("/desk/figures", get(figures::all))
        .route("/desk/figures/{id}", get(figures::one))
        .route("/desk/figures/{id}/list", get(figures::list))
        .route("/desk/figures/{id}/data.xlsx", get(figures::workbook))
        .route("/desk/batches", get(batches::list))
        .route("/desk/batches/new", get(batches::new))
        .route("/desk/batches/new", post(batches::upload).layer(DefaultBodyLimit::disable()))
        .route("/desk/batches/{id}", get(batches::show_batch))
        .route("/desk/batches/{id}/commit", post(batches::commit))
        .route("/desk/batches/{id}/recall", post(batches::recall))
        .route("/desk/batches/{id}/verdicts.xlsx", get(batches::workbook))
        .route("/desk/quality", get(quality::show_quality))
        .route("/desk/quality/rows", get(quality::show_rows))
        .route("/desk/quality/{file}", get(quality::workbook))
        .route("/desk/connectors", get(connectors::list))
        .route("/desk/connectors/{id}", post(connectors::act))
        .route("/desk/pushes", get(pushes::list))
        .route("/desk/pushes/new", get(pushes::new).post(pushes::make))
        .route("/desk/pushes/{id}", get(pushes::show_one))
        .route("/desk/pushes/{id}/change", post(pushes::change))
        .route("/desk/pushes/{id}/rotate", post(pushes::rotate))
        .route("/desk/pushes/{id}/end", post(pushes::end))
        .route("/desk/pushes/{id}/events/{sequence}", get(pushes::show_event))
        .route("/desk/pushes/{id}/events/{sequence}/resend", post(pushes::resend))
        .route("/desk/pushes/{id}/events/{sequence}/acknowledge", post(pushes::acknowledge))
        .route("/desk/accounts", get(opening::new).post(opening::open))
        .route("/desk/waiting", get(waiting::list))
        .route("/desk/waiting/{batch}/{row}", post(waiting::rule))
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
            "check" => "核查已完成，结果和待反馈的措施如下",
            "feedback" => "反馈已收到并记入账簿",
            "staged" => "文件已预览，还没有生效；核对后提交",
            "committed" => "批次已提交生效",
            "recalled" => "批次已撤回，其中的记录不再使用",
            "ruled" => "处理意见已记入账簿",
            "push_changed" => "订阅已变更",
            "push_ended" => "订阅已终止，不再推送",
            "push_resent" => "已重新排队，马上发送",
            "push_acknowledged" => "已签收",
            _ => return None,
        })
    }
}

/// The key of a form, so that a second press has no second effect. `parts` is everything that makes the form what it is.
fn once(key: &str, parts: &[&str]) -> Result<Once, Error> {
    if key.is_empty() {
        return Err(Refusal::detail(Code::FieldInvalid, "表单不完整，请返回并刷新页面后重新提交").into());
    }
    let bytes: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
    Once::new(key, &bytes)
}

fn form_key(state: &AppState) -> String {
    xinzhi_office::office::form_token(&state.office)
}

#[derive(Template)]
#[template(path = "desk/home.html")]
struct HomePage {
    frame: Frame,
    figures: Option<LoopFigures>,
    share: String,
    late: Vec<BoardLine>,
    soon: Vec<BoardLine>,
    waiting: Option<String>,
    staged: Vec<BatchView>,
    may_check: bool,
    may_import: bool,
}

impl HomePage {
    /// Whether nothing at all is asked of this reader today.
    fn quiet(&self) -> bool {
        self.late.is_empty() && self.soon.is_empty() && self.staged.is_empty() && self.waiting.is_none()
    }
}

async fn home(State(state): State<AppState>, Signed { frame, actor }: Signed) -> Answer {
    // Nothing of a desk is an administrator's: their own first page says what is.
    if actor.role.is_administrator() {
        return go(ADMIN_HOME);
    }
    let mut page = HomePage {
        figures: None,
        share: "—".to_owned(),
        late: Vec::new(),
        soon: Vec::new(),
        waiting: None,
        staged: Vec::new(),
        may_check: frame.may(Action::RunCheck),
        may_import: frame.may(Action::ImportBatch),
        frame: frame.titled("待办"),
    };
    if page.frame.may(Action::SeeLoopBoard) {
        let (figures, late) = obligations(&state, &actor, "overdue").await?;
        page.share = figures.closed_share().map_or(page.share, percent);
        page.figures = Some(figures);
        page.late = late;
        page.soon = obligations(&state, &actor, "due").await?.1;
    }
    if page.frame.may(Action::RuleOnRow) {
        page.waiting = match waiting_rows(&state.office, &actor, WAITING_MAX).await?.len() {
            0 => None,
            many if i64::try_from(many).is_ok_and(|many| many == WAITING_MAX) => Some(format!("{WAITING_MAX} 行以上")),
            some => Some(format!("{some} 行")),
        };
    }
    if page.frame.may(Action::SeeBatches) {
        let batches = newest(&state.office, &actor, BATCHES_MAX).await?;
        page.staged = batches.into_iter().filter(|batch| batch.state == BatchState::Staged).collect();
    }
    show(&page)
}

async fn obligations(state: &AppState, actor: &Actor, filter: &str) -> Result<(LoopFigures, Vec<BoardLine>), Error> {
    let found = board(&state.office, actor, BoardFilter { state: Some(filter.to_owned()), limit: SOONEST }).await?;
    let lines = found.obligations.iter().map(|owed| BoardLine::of(owed, found.today)).collect();
    Ok((found.figures, lines))
}

#[cfg(test)]
pub(super) mod samples;

//! Checks and feedback on the wire.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use xinzhi_core::check::CheckId;
use xinzhi_office::check::{self, BoardFilter, CheckAnswer, CheckRequest, FeedbackForm, FeedbackReceipt};

use crate::api::input::Posted;
use crate::api::number;
use crate::api::problem::Problem;
use crate::server::AppState;
use crate::session::Caller;

/// Obligations on one page.
const OBLIGATIONS_MAX: i64 = 500;

/// What a business system asks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckBody {
    /// 统一社会信用代码, 组织机构代码 or 公民身份号码.
    #[schema(example = "91330100799655058B", max_length = 40)]
    subject: String,
    /// Id of the matter, as on the rules page.
    #[schema(example = "food-licence", max_length = 60)]
    matter: String,
    /// Purpose of the access, as the matter has it.
    #[schema(example = "行政许可", max_length = 40)]
    purpose: String,
    /// 办件编号 of the asking system.
    #[schema(example = "SP2026-00017", min_length = 1, max_length = 100)]
    case: String,
}

/// What it is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckView {
    id: i64,
    subject: String,
    name: String,
    matter: String,
    matter_title: String,
    measures: Vec<MeasureView>,
    commitments: Vec<String>,
    /// YYYY-MM-DD, the last day on which each measure may be answered in time.
    feedback_due: String,
    feedback_due_provisional: bool,
    pin: PinView,
}

/// One measure.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureView {
    measure: String,
    title: String,
    content: String,
    /// incentive, supervision or restriction.
    #[schema(value_type = String)]
    kind: xinzhi_core::measure::MeasureKind,
    /// in_force or proposed; a proposal takes effect only through feedback that names officer and document.
    #[schema(value_type = String)]
    state: xinzhi_core::measure::MeasureState,
    basis: Vec<String>,
    body: String,
    until: Option<String>,
    why: String,
    records: Vec<i64>,
    way_out: String,
}

/// What the answer is a pure function of.
#[derive(Debug, Serialize, ToSchema)]
pub struct PinView {
    position: i64,
    day: String,
    pack: String,
    edition: i64,
}

impl From<CheckAnswer> for CheckView {
    fn from(answer: CheckAnswer) -> CheckView {
        let CheckAnswer { id, subject, name, matter, matter_title, measures, commitments, feedback_due, feedback_due_provisional, pin } =
            answer;
        CheckView {
            id,
            subject,
            name,
            matter,
            matter_title,
            measures: measures.into_iter().map(MeasureView::from).collect(),
            commitments,
            feedback_due: feedback_due.to_string(),
            feedback_due_provisional,
            pin: PinView { position: pin.position, day: pin.day.to_string(), pack: pin.pack, edition: pin.edition },
        }
    }
}

impl From<check::run::MeasureAnswer> for MeasureView {
    fn from(m: check::run::MeasureAnswer) -> MeasureView {
        let check::run::MeasureAnswer { measure, title, content, kind, state, basis, body, until, why, records, way_out } = m;
        let until = until.map(|day| day.to_string());
        MeasureView { measure, title, content, kind, state, basis, body, until, why, records, way_out }
    }
}

/// What an officer did with a measure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackBody {
    /// Id of the measure.
    #[schema(max_length = 60)]
    measure: String,
    /// acknowledged, applied or not_applied.
    #[schema(example = "applied", max_length = 20, pattern = "^(acknowledged|applied|not_applied)$")]
    outcome: String,
    /// 承办人.
    #[serde(default)]
    #[schema(max_length = 50)]
    officer: String,
    /// Why not, or a remark.
    #[serde(default)]
    #[schema(max_length = 500)]
    reason: String,
    /// The document of a decision.
    #[serde(default)]
    document: DocumentBody,
    /// 送达日期, YYYY-MM-DD.
    #[serde(default)]
    #[schema(max_length = 20, pattern = r"^(\d{4}-\d{2}-\d{2})?$")]
    notice: String,
    /// Last day of a restriction, YYYY-MM-DD, where shorter than the longest.
    #[serde(default)]
    #[schema(max_length = 20, pattern = r"^(\d{4}-\d{2}-\d{2})?$")]
    until: String,
}

/// The document of a decision.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentBody {
    /// 文书号.
    #[serde(default)]
    #[schema(max_length = 100)]
    number: String,
    /// 决定机关.
    #[serde(default)]
    #[schema(max_length = 100)]
    organ: String,
    /// 决定日期, YYYY-MM-DD.
    #[serde(default)]
    #[schema(max_length = 20, pattern = r"^(\d{4}-\d{2}-\d{2})?$")]
    date: String,
}

/// The receipt.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptView {
    id: i64,
    check: i64,
    measure: String,
    outcome: String,
    closed: bool,
    decision: Option<i64>,
    until: Option<String>,
}

/// One obligation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObligationView {
    check: i64,
    measure: String,
    title: String,
    kind: String,
    state: String,
    body: String,
    subject: String,
    matter: String,
    case: String,
    due: String,
    /// 待反馈, 即将到期, 已逾期, 已签收, 已实施, 未实施.
    light: &'static str,
}

impl From<check::ObligationView> for ObligationView {
    fn from(o: check::ObligationView) -> ObligationView {
        ObligationView {
            check: o.check.0,
            measure: o.measure,
            title: o.measure_title,
            kind: o.kind,
            state: o.state,
            body: o.body,
            subject: o.subject_name,
            matter: o.matter_title,
            case: o.case_number,
            due: o.due.to_string(),
            light: o.light.title(),
        }
    }
}

/// Obligations with their counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct BoardView {
    owed: i64,
    open: i64,
    acknowledged: i64,
    executed: i64,
    not_executed: i64,
    overdue: i64,
    /// 闭环率 in thousandths: closed over closed plus overdue; none while nothing is closed or overdue.
    closed_share: Option<i64>,
    obligations: Vec<ObligationView>,
}

/// Which obligations are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BoardQuery {
    /// open, overdue, due (open and not overdue) or closed; all where left out.
    #[param(pattern = "^(open|overdue|due|closed)$")]
    state: Option<String>,
}

/// A matter at which a check can be asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatterView {
    id: String,
    title: String,
    organ: String,
    purpose: String,
    /// Working days within which each measure is owed an answer.
    feedback_within: u32,
}

/// The matters of the pack in force.
#[utoipa::path(get, path = "/api/v1/matters", tag = "场景应用", responses((status = 200, body = Vec<MatterView>)))]
pub(super) async fn matters(State(state): State<AppState>) -> Json<Vec<MatterView>> {
    let pack = state.office.pack();
    let views = pack.matters.iter().map(|m| MatterView {
        id: m.id.clone(),
        title: m.title.clone(),
        organ: m.organ.clone(),
        purpose: m.purpose.clone(),
        feedback_within: m.feedback_within,
    });
    Json(views.collect())
}

/// 业务触发 → 自动信用核查 → 奖惩措施推送.
#[utoipa::path(post, path = "/api/v1/checks", request_body = CheckBody, security(("key" = [])), tag = "场景应用",
    params(("Idempotency-Key" = String, Header, description = "每次提交唯一", min_length = 1, max_length = 200, pattern = "^[!-~]+$")),
    responses((status = 200, body = CheckView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn run(
    State(state): State<AppState>,
    Caller(actor): Caller,
    posted: Posted<CheckBody>,
) -> Result<Json<CheckView>, Problem> {
    let CheckBody { subject, matter, purpose, case } = posted.body;
    let request = CheckRequest { subject, matter, purpose, case };
    Ok(Json(check::run_check(&state.office, &actor, request, Some(posted.once)).await?.into()))
}

/// What is owed, by state.
#[utoipa::path(get, path = "/api/v1/checks", params(BoardQuery), security(("key" = [])), tag = "场景应用",
    responses((status = 200, body = BoardView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<BoardQuery>,
) -> Result<Json<BoardView>, Problem> {
    let board = check::board(&state.office, &actor, BoardFilter { state: query.state, limit: OBLIGATIONS_MAX }).await?;
    let f = board.figures;
    Ok(Json(BoardView {
        owed: f.owed,
        open: f.open,
        acknowledged: f.acknowledged,
        executed: f.executed,
        not_executed: f.not_executed,
        overdue: f.overdue,
        closed_share: f.closed_share(),
        obligations: board.obligations.into_iter().map(ObligationView::from).collect(),
    }))
}

/// One check with what became of its measures.
#[utoipa::path(get, path = "/api/v1/checks/{id}", operation_id = "check", params(("id" = i64, Path, minimum = 1)), security(("key" = [])), tag = "场景应用",
    responses((status = 200, body = CheckView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show(State(state): State<AppState>, Caller(actor): Caller, Path(id): Path<String>) -> Result<Json<CheckView>, Problem> {
    let view = check::of_check(&state.office, &actor, CheckId(number(&id)?)).await?;
    Ok(Json(view.answer.into()))
}

/// 应用结果自动反馈.
#[utoipa::path(post, path = "/api/v1/checks/{id}/feedback", request_body = FeedbackBody, security(("key" = [])), tag = "场景应用",
    params(("id" = i64, Path, minimum = 1),
        ("Idempotency-Key" = String, Header, description = "每次提交唯一", min_length = 1, max_length = 200, pattern = "^[!-~]+$")),
    responses((status = 200, body = ReceiptView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn feedback(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    posted: Posted<FeedbackBody>,
) -> Result<Json<ReceiptView>, Problem> {
    let FeedbackBody { measure, outcome, officer, reason, document, notice, until } = posted.body;
    let DocumentBody { number: document_number, organ, date } = document;
    let document = check::feedback::DocumentText { number: document_number, organ, date };
    let form = FeedbackForm { measure, outcome, officer, reason, document, notice, until };
    let receipt = check::give_feedback(&state.office, &actor, CheckId(number(&id)?), form, Some(posted.once)).await?;
    let FeedbackReceipt { id, check, measure, outcome, closed, decision, until } = receipt;
    Ok(Json(ReceiptView { id, check, measure, outcome, closed, decision, until: until.map(|day| day.to_string()) }))
}

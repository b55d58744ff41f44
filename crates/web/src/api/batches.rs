//! Batches on the wire: a file is staged, looked at, committed as one, recalled as one.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, Multipart, Path, Query, Request, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use xinzhi_core::actor::Actor;
use xinzhi_core::record::{BatchId, Counts, Outcome};
use xinzhi_core::{Code, Refusal};
use xinzhi_office::Office;
use xinzhi_office::import::{self, BatchView as Batch};

use crate::api::input::{Key, Posted};
use crate::api::number;
use crate::api::problem::Problem;
use crate::server::AppState;
use crate::session::Caller;
use crate::upload::{LinesQuery, Upload};
use crate::workbook::XLSX;

/// Verdicts on one page.
const VERDICTS_MAX: i64 = 1_000;

/// What a file upload consists of.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the multipart form for OpenAPI; the form is read part by part")]
pub struct UploadForm {
    /// Id of the source, as `cf-2018`.
    #[schema(min_length = 1)]
    source: String,
    /// First and last day for which the file is complete, YYYY-MM-DD; both or none.
    #[schema(nullable = false, pattern = r"^(\d{4}-\d{2}-\d{2})?$")]
    covers_from: Option<String>,
    #[schema(nullable = false, pattern = r"^(\d{4}-\d{2}-\d{2})?$")]
    covers_through: Option<String>,
    /// For which area the file reports, a 行政区划代码; the area of the account, else the whole office, where left out.
    #[schema(nullable = false, pattern = r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})?$")]
    area: Option<String>,
    /// utf-8 or gb18030, where the file's bytes do not tell.
    #[schema(nullable = false, pattern = "^(utf-8|gb18030)?$")]
    encoding: Option<String>,
    /// CSV or XLSX.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchView {
    id: i64,
    source: String,
    file_name: String,
    /// staged, committed or recalled.
    state: &'static str,
    counts: CountsView,
    covers_from: Option<String>,
    covers_through: Option<String>,
    unknown_columns: Vec<String>,
    missing_columns: Vec<String>,
    /// Rows whose document was reported later than the catalogue allows.
    late_rows: i64,
}

/// Counts; read is the sum of the other four.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountsView {
    read: i64,
    accepted: i64,
    duplicate: i64,
    refused: i64,
    quarantined: i64,
}

impl From<Counts> for CountsView {
    fn from(c: Counts) -> CountsView {
        CountsView { read: c.read, accepted: c.accepted, duplicate: c.duplicate, refused: c.refused, quarantined: c.quarantined }
    }
}

impl From<Batch> for BatchView {
    fn from(b: Batch) -> BatchView {
        BatchView {
            id: b.batch.0,
            source: b.source,
            file_name: b.file_name,
            state: b.state.word(),
            counts: b.counts.into(),
            covers_from: b.covers.map(|(from, _)| from.to_string()),
            covers_through: b.covers.map(|(_, through)| through.to_string()),
            unknown_columns: b.unknown_columns,
            missing_columns: b.missing_columns,
            late_rows: b.late_rows,
        }
    }
}

/// What is said about a row.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerdictView {
    row: i64,
    /// accepted, duplicate, refused or quarantined.
    outcome: &'static str,
    at_commit: bool,
    remarks: Vec<RemarkView>,
}

/// One remark.
#[derive(Debug, Serialize, ToSchema)]
pub struct RemarkView {
    code: String,
    field: Option<String>,
    sentence: String,
}

/// Which verdicts are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VerdictQuery {
    /// Rows after this one.
    after: Option<i64>,
    /// accepted, duplicate, refused or quarantined; all where left out.
    #[param(pattern = "^(accepted|duplicate|refused|quarantined)$")]
    outcome: Option<String>,
}

/// Why a batch is recalled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecallBody {
    /// The reason, shown in the journal.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Stages a file: every row is judged, nothing counts yet.
/// A program may send NDJSON instead of a form: one object a line, its keys as the headers of a file.
#[utoipa::path(post, path = "/api/v1/batches", security(("key" = [])), tag = "数据归集",
    request_body(content((UploadForm = "multipart/form-data"), (String = "application/x-ndjson"))),
    params(("Idempotency-Key" = String, Header, description = "每次提交唯一", min_length = 1, max_length = 200, pattern = "^[!-~]+$"), LinesQuery),
    responses((status = 200, body = BatchView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn upload(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Key(once): Key,
    query: Result<Query<LinesQuery>, QueryRejection>,
    request: Request,
) -> Result<Json<BatchView>, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let mut upload = if kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-ndjson")) {
        let Query(query) = query
            .map_err(|_| Refusal::field(Code::FieldInvalid, "source", "网址中的参数只能是 source、name、covers_from、covers_through"))?;
        Upload::receive_lines(query, request.into_body()).await?
    } else {
        // What a form says in its parts would otherwise be contradicted in the address, and nobody told.
        if request.uri().query().is_some_and(|query| !query.is_empty()) {
            return Err(Refusal::field(Code::FieldInvalid, "source", "随表单提交的，各项写在表单中，网址中不带参数").into());
        }
        let form = Multipart::from_request(request, &state).await.map_err(|_| Problem::from(Code::MediaTypeWrong))?;
        Upload::receive(form).await?
    };
    upload.delivery.once = Some(once);
    let id = upload.stage(&state.office, &actor).await?;
    Ok(Json(import::batch_as_staged(&state.office, &actor, id).await?.into()))
}

async fn view(office: &Arc<Office>, actor: &Actor, id: BatchId) -> Result<Json<BatchView>, Problem> {
    Ok(Json(import::batch(office, actor, id).await?.into()))
}

/// A batch.
#[utoipa::path(get, path = "/api/v1/batches/{id}", operation_id = "batch", params(("id" = i64, Path, minimum = 1)), security(("key" = [])), tag = "数据归集",
    responses((status = 200, body = BatchView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show(State(state): State<AppState>, Caller(actor): Caller, Path(id): Path<String>) -> Result<Json<BatchView>, Problem> {
    view(&state.office, &actor, BatchId(number(&id)?)).await
}

/// What is said about its rows; rows accepted without a remark have no verdict of their own.
#[utoipa::path(get, path = "/api/v1/batches/{id}/verdicts", params(("id" = i64, Path, minimum = 1), VerdictQuery), security(("key" = [])), tag = "数据归集",
    responses((status = 200, body = Vec<VerdictView>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn verdicts(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    query: Result<Query<VerdictQuery>, QueryRejection>,
) -> Result<Json<Vec<VerdictView>>, Problem> {
    let invalid = |field: &str, words: &str| Problem::from(Refusal::field(Code::FieldInvalid, field, words));
    let Query(query) = query.map_err(|_| invalid("after", "after 应为行号"))?;
    let word = |word: &String| {
        Outcome::from_word(word).ok_or_else(|| invalid("outcome", "outcome 应为 accepted、duplicate、refused 或 quarantined"))
    };
    let outcome = query.outcome.as_ref().map(word).transpose()?;
    let wanted = (query.after.unwrap_or(i64::MIN), outcome, VERDICTS_MAX);
    let verdicts = import::verdicts(&state.office, &actor, BatchId(number(&id)?), wanted).await?;
    let remark = |r: xinzhi_core::record::Remark| RemarkView { code: r.code, field: r.field, sentence: r.sentence };
    let views = verdicts.into_iter().map(|v| VerdictView {
        row: v.row,
        outcome: v.outcome.word(),
        at_commit: v.at_commit,
        remarks: v.remarks.into_iter().map(remark).collect(),
    });
    Ok(Json(views.collect()))
}

/// The same as a workbook to send back to the department.
#[utoipa::path(get, path = "/api/v1/batches/{id}/verdicts.xlsx", params(("id" = i64, Path, minimum = 1)), security(("key" = [])), tag = "数据归集",
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn verdicts_xlsx(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let workbook = import::verdicts_xlsx(&state.office, &actor, BatchId(number(&id)?)).await?;
    Ok(([(header::CONTENT_TYPE, XLSX)], workbook))
}

/// Lets a staged batch take effect, all or nothing.
#[utoipa::path(post, path = "/api/v1/batches/{id}/commit", security(("key" = [])), tag = "数据归集",
    params(("id" = i64, Path, minimum = 1),
        ("Idempotency-Key" = String, Header, description = "每次提交唯一", min_length = 1, max_length = 200, pattern = "^[!-~]+$")),
    responses((status = 200, body = CountsView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn commit(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Key(once): Key,
) -> Result<Json<CountsView>, Problem> {
    Ok(Json(import::commit(&state.office, &actor, BatchId(number(&id)?), Some(once)).await?.into()))
}

/// Takes a committed batch back, all of it.
#[utoipa::path(post, path = "/api/v1/batches/{id}/recall", request_body = RecallBody, security(("key" = [])), tag = "数据归集",
    params(("id" = i64, Path, minimum = 1),
        ("Idempotency-Key" = String, Header, description = "每次提交唯一", min_length = 1, max_length = 200, pattern = "^[!-~]+$")),
    responses((status = 200, body = BatchView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn recall(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    posted: Posted<RecallBody>,
) -> Result<Json<BatchView>, Problem> {
    let id = BatchId(number(&id)?);
    import::recall(&state.office, &actor, id, (&posted.body.reason, Some(posted.once))).await?;
    view(&state.office, &actor, id).await
}

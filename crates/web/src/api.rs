//! The JSON API under `/api/v1`, described by `/api/openapi.json`.

mod batches;
mod better;
mod checks;
mod connectors;
mod evaluation;
mod figures;
pub mod input;
pub mod problem;
mod quality;
mod subjects;
mod subscriptions;

use std::collections::BTreeMap;

use axum::http::header;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa::openapi::RefOr;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use xinzhi_core::Code;

use crate::server::AppState;
use problem::Problem;

/// The description of every route.
#[derive(OpenApi, Debug)]
#[openapi(
    info(title = "信治 Xinzhi", description = "公共信用归集、评价、核查与反馈。所有 POST 须带 Idempotency-Key 请求头；错误为 application/problem+json。"),
    paths(
        checks::matters,
        checks::run,
        checks::list,
        checks::show,
        checks::feedback,
        batches::upload,
        batches::show,
        batches::verdicts,
        batches::verdicts_xlsx,
        batches::commit,
        batches::recall,
        subjects::search,
        subjects::file,
        subjects::records,
        subjects::evaluations,
        subjects::relations,
        subjects::measures,
        subjects::accesses,
        figures::list,
        figures::one,
        quality::show,
        subscriptions::list,
        subscriptions::make,
        subscriptions::show,
        subscriptions::change,
        subscriptions::end,
        subscriptions::rotate,
        subscriptions::events,
        subscriptions::event,
        subscriptions::acknowledge,
        subscriptions::resend,
        subscriptions::about,
        subscriptions::reconciliation,
        subscriptions::hosts,
    ),
    modifiers(&Common)
)]
pub struct Description;

/// What every route has in common.
struct Common;

impl utoipa::Modify for Common {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        description.components.get_or_insert_default().add_security_scheme("key", scheme);
        for path in description.paths.paths.values_mut() {
            for operation in [&mut path.get, &mut path.post].into_iter().flatten() {
                describe(&mut operation.responses.responses);
            }
        }
    }
}

/// OpenAPI 3.1 wants words for every answer; a fault of ours has the form of a refusal.
fn describe(answers: &mut BTreeMap<String, RefOr<utoipa::openapi::Response>>) {
    if let Some(refusal) = answers.get("4XX").cloned() {
        answers.insert("5XX".to_owned(), refusal);
    }
    for (status, answer) in answers {
        let RefOr::T(answer) = answer else { continue };
        let words = match status.as_str() {
            "200" => "成功",
            "4XX" => "不予办理：code 供程序判断，detail 说明原因和改法",
            _ => "系统正忙或正在停止（503，请按 Retry-After 用同一幂等键重试），或系统内部错误（500）",
        };
        answer.description = words.to_owned();
    }
}

/// Every route of the API.
pub fn router() -> Router<AppState> {
    around(v1())
}

/// The same for the operator of the machine, who alone registers which addresses the office calls (X8).
pub(crate) fn operator_router() -> Router<AppState> {
    around(v1().merge(connectors::router()))
}

fn v1() -> Router<AppState> {
    Router::new()
        .route("/checks", post(checks::run).get(checks::list))
        .route("/checks/{id}", get(checks::show))
        .route("/checks/{id}/feedback", post(checks::feedback))
        .route("/batches", post(batches::upload).layer(axum::extract::DefaultBodyLimit::disable()))
        .route("/batches/{id}", get(batches::show))
        .route("/batches/{id}/verdicts", get(batches::verdicts))
        .route("/batches/{id}/verdicts.xlsx", get(batches::verdicts_xlsx))
        .route("/matters", get(checks::matters))
        .route("/batches/{id}/commit", post(batches::commit))
        .route("/batches/{id}/recall", post(batches::recall))
        .route("/subjects", get(subjects::search))
        .route("/subjects/{code}", get(subjects::file))
        .route("/subjects/{code}/records", get(subjects::records))
        .route("/subjects/{code}/evaluations", get(subjects::evaluations))
        .route("/subjects/{code}/relations", get(subjects::relations))
        .route("/subjects/{code}/measures", get(subjects::measures))
        .route("/subjects/{code}/accesses", get(subjects::accesses))
        .route("/figures", get(figures::list))
        .route("/figures/{id}", get(figures::one))
        .route("/quality", get(quality::show))
        .merge(pushes())
}

fn around(v1: Router<AppState>) -> Router<AppState> {
    Router::new()
        .nest("/v1", v1)
        .route("/openapi.json", get(|| async { Json(Description::openapi()) }))
        .fallback(|| async { Problem::from(Code::NotFound) })
        .method_not_allowed_fallback(|| async { Problem::from(Code::MethodWrong) })
        .layer(map_response(as_problem))
}

fn pushes() -> Router<AppState> {
    use subscriptions as of;
    Router::new()
        .route("/subscriptions", get(of::list).post(of::make))
        .route("/subscriptions/{id}", get(of::show))
        .route("/subscriptions/{id}/change", post(of::change))
        .route("/subscriptions/{id}/end", post(of::end))
        .route("/subscriptions/{id}/rotate", post(of::rotate))
        .route("/subscriptions/{id}/events", get(of::events))
        .route("/subscriptions/{id}/events/{sequence}", get(of::event))
        .route("/subscriptions/{id}/events/{sequence}/acknowledgement", post(of::acknowledge))
        .route("/subscriptions/{id}/events/{sequence}/resend", post(of::resend))
        .route("/subscriptions/{id}/events/{sequence}/subject", get(of::about))
        .route("/subscriptions/{id}/reconciliation", get(of::reconciliation))
        .route("/hosts", get(of::hosts))
        .route("/operator/hosts", post(of::list_host))
}

/// What never reached a handler, such as a parameter given twice, is told as a problem too (X9).
async fn as_problem(response: Response) -> Response {
    let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json");
    if response.status().is_client_error() && !is_problem {
        return Problem::of(Code::FieldInvalid, Some("网址中的参数重复、缺失或无法读出")).into_response();
    }
    response
}

/// A path number; anything else is a resource that does not exist.
pub(crate) fn number(text: &str) -> Result<i64, Problem> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| Code::NotFound.into())
}

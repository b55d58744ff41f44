//! A draft handed in at the machine, and what it would do: `xinzhi pack diff`. Pages show the same outcomes, and the draft until a restart.

use std::collections::BTreeMap;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use xinzhi_core::Code;
use xinzhi_office::Office;
use xinzhi_office::impact::{self, Asked, Impact, Proposal};

use crate::api::problem::Problem;
use crate::server::AppState;
use crate::workbook::XLSX;

/// Largest draft: more than any pack has, even as JSON.
const DRAFT_BYTES_MAX: usize = 64 << 20;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/drafts", post(propose).layer(DefaultBodyLimit::max(DRAFT_BYTES_MAX)))
        .route("/impact", get(show))
        .route("/impact.xlsx", get(workbook))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    /// Id of the pack in whose place it is read.
    id: String,
    /// Text by path.
    files: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wish {
    old: Option<String>,
    new: Option<String>,
    scorecard: Option<String>,
    day: Option<String>,
}

impl Wish {
    fn asked(self) -> Asked {
        let Wish { old, new, scorecard, day } = self;
        Asked { old, new, scorecard, day }
    }
}

async fn propose(State(state): State<AppState>, draft: Result<Json<Draft>, JsonRejection>) -> Result<Json<Proposal>, Problem> {
    let Json(draft) = draft.map_err(|fault| unread(&fault))?;
    let files = draft.files.into_iter().collect();
    Ok(Json(impact::propose(&state.office, &Office::operator(), &draft.id, files).await?))
}

/// The reader's words are English; what can befall a folder that was read as a pack is its size.
fn unread(fault: &JsonRejection) -> Problem {
    if fault.status() != StatusCode::PAYLOAD_TOO_LARGE {
        return Code::BodyInvalid.into();
    }
    let detail = format!("草案各文件合计超过 {} MiB，不能评估；请核对是否选错了目录", DRAFT_BYTES_MAX >> 20);
    let mut problem = Problem::from(Code::BodyTooLarge);
    problem.detail = detail;
    problem
}

async fn show(State(state): State<AppState>, Query(wish): Query<Wish>) -> Result<Json<Impact>, Problem> {
    let found = impact::show(&state.office, &Office::operator(), &wish.asked()).await?;
    Ok(Json(Impact::clone(&found)))
}

async fn workbook(State(state): State<AppState>, Query(wish): Query<Wish>) -> Result<Response, Problem> {
    let bytes = impact::workbook(&state.office, &Office::operator(), &wish.asked()).await?;
    Ok(([(header::CONTENT_TYPE, XLSX)], bytes).into_response())
}

//! A draft handed in at the machine, and what it would do: `xinzhi pack diff`. Pages show the same outcomes, and the draft until a restart.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use xinzhi_core::Code;
use xinzhi_office::Office;
use xinzhi_office::impact::{self, Asked, Impact, Proposal};

use crate::api::problem::Problem;
use crate::server::AppState;
use crate::workbook::XLSX;

/// Largest draft: more than any pack has, even as JSON.
const DRAFT_BYTES_MAX: usize = 64 << 20;

/// How much of a larger one is read before it is cut off.
const READ_BYTES_MAX: usize = 16 * DRAFT_BYTES_MAX;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/drafts", post(propose).layer(DefaultBodyLimit::disable()))
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

async fn propose(State(state): State<AppState>, body: Body) -> Result<Json<Proposal>, Problem> {
    let draft: Draft = serde_json::from_slice(&whole(body).await?).map_err(|_| Problem::from(Code::BodyInvalid))?;
    let files = draft.files.into_iter().collect();
    Ok(Json(impact::propose(&state.office, &Office::operator(), &draft.id, files).await?))
}

/// A draft to its end, also where it is too large: who is cut off while sending does not read what the answer says.
async fn whole(mut body: Body) -> Result<Vec<u8>, Problem> {
    let (mut draft, mut length) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let Ok(part) = frame.map_err(|_| Problem::from(Code::BodyInvalid))?.into_data() else { continue };
        length = length.saturating_add(part.len());
        if length > READ_BYTES_MAX {
            break;
        }
        if length <= DRAFT_BYTES_MAX {
            draft.extend_from_slice(&part);
        }
    }
    if length <= DRAFT_BYTES_MAX { Ok(draft) } else { Err(too_large()) }
}

fn too_large() -> Problem {
    let mut problem = Problem::from(Code::BodyTooLarge);
    problem.detail = format!("草案各文件合计超过 {} MiB，不能评估；请核对是否选错了目录", DRAFT_BYTES_MAX >> 20);
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

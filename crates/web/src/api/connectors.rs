//! 前置库 for the operator of the machine: on the socket in the office's directory, not on the network, and not in the public description.

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use xinzhi_core::{Code, Day, Refusal};
use xinzhi_office::connector::{self, Change, ConnectorView, Look, New};

use crate::api::input::Posted;
use crate::api::problem::Problem;
use crate::server::AppState;
use crate::session::Caller;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/connectors", get(list).post(add)).route("/connectors/{id}/{act}", post(act))
}

/// A connector as it is told. The password is not among it.
#[derive(Debug, Serialize)]
struct ConnectorLine {
    id: String,
    title: String,
    organ: String,
    source: String,
    address: String,
    table: String,
    watermark: String,
    key: String,
    overlap: i64,
    every_minutes: i64,
    previews: bool,
    state: &'static str,
    due_at: String,
    looked_at: Option<String>,
    failures: i64,
    sentence: String,
    reached: Option<String>,
    covers: Option<String>,
    covered: Option<String>,
    batch: Option<i64>,
}

impl From<ConnectorView> for ConnectorLine {
    fn from(of: ConnectorView) -> ConnectorLine {
        ConnectorLine {
            state: of.state.word(),
            due_at: of.due_at.to_string(),
            looked_at: of.looked_at.map(|at| at.to_string()),
            batch: of.batch.map(|(batch, _)| batch.0),
            id: of.id,
            title: of.title,
            organ: of.organ,
            source: of.source,
            address: of.address,
            table: of.table,
            watermark: of.watermark,
            key: of.key,
            overlap: of.overlap,
            every_minutes: of.every_minutes,
            previews: of.previews,
            failures: of.failures,
            sentence: of.sentence,
            reached: of.reached,
            covers: of.covers.map(|day| day.to_string()),
            covered: of.covered.map(|day| day.to_string()),
        }
    }
}

async fn list(State(state): State<AppState>, Caller(actor): Caller) -> Result<Json<Vec<ConnectorLine>>, Problem> {
    let found = connector::connectors(&state.office, &actor).await?;
    Ok(Json(found.into_iter().map(ConnectorLine::from).collect()))
}

/// What the operator registers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewConnector {
    id: String,
    title: String,
    organ: String,
    area: Option<String>,
    source: String,
    host: String,
    port: u16,
    dbname: String,
    user: String,
    secret: String,
    schema: String,
    table: String,
    watermark: String,
    key: String,
    overlap: i64,
    every_minutes: i64,
    previews: bool,
    #[serde(default)]
    covers: Option<String>,
}

async fn add(State(state): State<AppState>, Caller(actor): Caller, posted: Posted<NewConnector>) -> Result<Json<Done>, Problem> {
    let new = posted.body;
    let wrong = |text: &str| Refusal::field(Code::FieldInvalid, "covers", format!("起始日期 `{text}` 应写成 YYYY-MM-DD"));
    let covers = new.covers.as_deref().map(|text| Day::parse(text).map_err(|_| wrong(text))).transpose()?;
    let new = New {
        id: new.id,
        title: new.title,
        organ: new.organ,
        area: new.area,
        source: new.source,
        host: new.host,
        port: new.port,
        database: new.dbname,
        user: new.user,
        secret: new.secret,
        schema: new.schema,
        table: new.table,
        watermark: new.watermark,
        key: new.key,
        overlap: new.overlap,
        every_minutes: new.every_minutes,
        previews: new.previews,
        covers,
    };
    let id = new.id.clone();
    connector::register(&state.office, &actor, new).await?;
    Ok(Json(Done { id, look: None }))
}

/// What was done.
#[derive(Debug, Serialize)]
struct Done {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    look: Option<LookLine>,
}

/// What a look came to.
#[derive(Debug, Serialize)]
struct LookLine {
    batches: Vec<i64>,
    read: i64,
    accepted: i64,
    duplicate: i64,
    refused: i64,
    quarantined: i64,
    waiting: Option<i64>,
    sentence: String,
}

impl From<Look> for LookLine {
    fn from(look: Look) -> LookLine {
        LookLine {
            sentence: look.sentence(),
            batches: look.batches.iter().map(|batch| batch.0).collect(),
            read: look.counts.read,
            accepted: look.counts.accepted,
            duplicate: look.counts.duplicate,
            refused: look.counts.refused,
            quarantined: look.counts.quarantined,
            waiting: look.waiting.map(|batch| batch.0),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ActBody {
    secret: Option<String>,
}

async fn act(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((id, act)): Path<(String, String)>,
    posted: Posted<Option<ActBody>>,
) -> Result<Json<Done>, Problem> {
    let change = match act.as_str() {
        "run" => {
            let look = connector::pull_aside(&state.office, &actor, &id).await?;
            return Ok(Json(Done { id, look: Some(look.into()) }));
        }
        "pause" => Change::Pause,
        "resume" => Change::Resume,
        "end" => Change::End,
        "secret" => {
            let missing = || Refusal::field(Code::FieldInvalid, "secret", "请给出新的口令");
            Change::Secret(posted.body.and_then(|body| body.secret).ok_or_else(missing)?)
        }
        _ => return Err(Code::NotFound.into()),
    };
    connector::change(&state.office, &actor, &id, (change, Some(posted.once))).await?;
    Ok(Json(Done { id, look: None }))
}

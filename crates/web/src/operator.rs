//! What only whoever can open the socket in the office's directory may ask: the accounts, keys and areas of the command line. The same use
//! cases as the pages of the administrators; not part of the public interface.

mod impact;

use std::io::Cursor;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use xinzhi_core::{Code, Refusal};
use xinzhi_office::account::{self, AccountView, Change, KeyView, Wanted};
use xinzhi_office::{Office, organ};

use crate::api::problem::Problem;
use crate::server::AppState;

/// Largest file of areas.
const AREAS_BYTES_MAX: usize = 8 << 20;

type Told = Result<Json<Value>, Problem>;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/accounts", get(list).post(make))
        .route("/accounts/{name}/{act}", post(act))
        .route("/keys", post(make_key))
        .route("/keys/{name}/end", post(end_key))
        .route("/areas", post(areas).layer(DefaultBodyLimit::max(AREAS_BYTES_MAX)))
        .merge(impact::router())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Typed {
    name: String,
    title: String,
    role: String,
    organ: String,
    area: String,
    subject: String,
    password: String,
}

impl Typed {
    fn wanted(&self) -> Wanted {
        let Typed { name, title, role, organ, area, subject, .. } = self;
        Wanted {
            name: name.clone(),
            title: title.clone(),
            role: role.clone(),
            organ: organ.clone(),
            area: area.clone(),
            subject: subject.clone(),
        }
    }
}

async fn list(State(state): State<AppState>) -> Told {
    let by = Office::operator();
    let accounts = account::every(&state.office, &by).await?;
    let keys = account::keys(&state.office, &by).await?;
    let of_account = |view: AccountView| {
        json!({
            "name": view.actor.name,
            "title": view.actor.title,
            "role": view.actor.role.word(),
            "organ": view.actor.organ,
            "area": view.actor.area,
            "state": view.standing.word(),
            "state_title": view.standing.title(),
            "made_by": view.made_by,
            "second_factor": view.has_factor,
        })
    };
    let of_key = |view: KeyView| {
        json!({
            "name": view.actor.name,
            "title": view.actor.title,
            "role": view.actor.role.word(),
            "organ": view.actor.organ,
            "area": view.actor.area,
            "made_by": view.made_by,
            "used_on": view.used_on,
            "ended": view.ended_at.is_some(),
        })
    };
    let accounts: Vec<Value> = accounts.into_iter().map(of_account).collect();
    let keys: Vec<Value> = keys.into_iter().map(of_key).collect();
    Ok(Json(json!({ "accounts": accounts, "keys": keys })))
}

async fn make(State(state): State<AppState>, Json(typed): Json<Typed>) -> Told {
    let made = account::make(&state.office, &Office::operator(), &typed.wanted(), Some(&typed.password)).await?;
    Ok(Json(json!({ "name": made.name })))
}

async fn act(State(state): State<AppState>, Path((name, act)): Path<(String, String)>, Json(typed): Json<Typed>) -> Told {
    let (office, by) = (&state.office, Office::operator());
    match act.as_str() {
        "release" => account::release(office, &by, &name).await?,
        "end" => account::end(office, &by, &name).await?,
        "unlock" => account::change(office, &by, &name, Change::Unlock).await?,
        "reset-factor" => account::factor::reset(office, &by, &name).await?,
        "password" => account::set_at_machine(office, &by, &name, &typed.password).await?,
        _ => return Err(Problem::from(Refusal::detail(Code::NotFound, "没有这样的操作"))),
    }
    Ok(Json(json!({ "name": name })))
}

async fn make_key(State(state): State<AppState>, Json(typed): Json<Typed>) -> Told {
    let key = account::make_key(&state.office, &Office::operator(), &typed.wanted()).await?;
    Ok(Json(json!({ "key": key })))
}

async fn end_key(State(state): State<AppState>, Path(name): Path<String>) -> Told {
    let by = Office::operator();
    let number = account::key::number_of_key(&state.office, &by, &name).await?;
    account::end_key(&state.office, &by, number).await?;
    Ok(Json(json!({ "name": name })))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AreasQuery {
    encoding: Option<String>,
}

async fn areas(State(state): State<AppState>, Query(query): Query<AreasQuery>, file: Bytes) -> Told {
    let options = crate::upload::options(query.encoding.as_deref())?;
    let imported = organ::import_areas(&state.office, &Office::operator(), Cursor::new(file), options).await?;
    Ok(Json(json!({ "recorded": imported.recorded, "same": imported.same, "outside": imported.outside })))
}

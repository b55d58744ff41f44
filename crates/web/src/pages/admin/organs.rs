//! Organs and areas: the tables that accounts and keys choose from.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use xinzhi_core::Code;
use xinzhi_core::text::escaped;
use xinzhi_office::organ::{self, AreaView, KINDS, OrganRow, OrganWanted, kind_title};
use xinzhi_office::permission::Action;

use super::super::answer::{Answer, FormFault, Stopped, go, show, show_as};
use super::super::frame::Frame;
use super::super::reader::Signed;
use super::super::text::{Mark, Tone};
use super::Done;
use super::who::{Areas, told};
use crate::server::AppState;

/// What stands about an organ, as a line.
pub(super) struct OrganLine {
    pub(super) name: String,
    pub(super) href: String,
    pub(super) kind: &'static str,
    pub(super) code: String,
    pub(super) area: String,
    pub(super) entry: i64,
    pub(super) mark: Mark,
}

fn line(row: OrganRow, areas: &Areas) -> OrganLine {
    OrganLine {
        href: format!("/admin/organs/{}", escaped(&row.name)),
        kind: kind_title(&row.kind),
        code: row.code.unwrap_or_default(),
        area: row.area.map(|area| areas.said(&area)).unwrap_or_default(),
        entry: row.entry.0,
        mark: if row.ended { Mark::new(Tone::Plain, "已停用") } else { Mark::new(Tone::Green, "现行") },
        name: row.name,
    }
}

#[derive(Template)]
#[template(path = "admin/organs.html")]
pub(super) struct OrgansPage {
    pub(super) frame: Frame,
    pub(super) organs: Vec<OrganLine>,
    pub(super) may_keep: bool,
}

/// `GET /admin/organs`.
pub(super) async fn list(State(state): State<AppState>, Query(done): Query<Done>, Signed { frame, actor }: Signed) -> Answer {
    let areas = Areas::read(&state, &actor).await?;
    let organs = organ::organs(&state.office, &actor).await?.into_iter().map(|row| line(row, &areas)).collect();
    let may_keep = frame.may(Action::KeepOrgans);
    show(&OrgansPage { frame: frame.titled("单位").noticed(done.words()), organs, may_keep })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OrganForm {
    pub(super) name: String,
    pub(super) code: String,
    pub(super) area: String,
    pub(super) kind: String,
    pub(super) ended: String,
}

impl OrganForm {
    fn wanted(&self) -> OrganWanted {
        let OrganForm { name, code, area, kind, ended } = self.clone();
        OrganWanted { name, code, area, kind, ended: ended == "yes" }
    }

    fn of(row: &OrganRow) -> OrganForm {
        OrganForm {
            name: row.name.clone(),
            code: row.code.clone().unwrap_or_default(),
            area: row.area.clone().unwrap_or_default(),
            kind: row.kind.clone(),
            ended: if row.ended { "yes".to_owned() } else { String::new() },
        }
    }
}

#[derive(Template)]
#[template(path = "admin/organ.html")]
pub(super) struct OrganPage {
    pub(super) frame: Frame,
    /// Where the form goes.
    pub(super) action: String,
    pub(super) is_new: bool,
    pub(super) may_keep: bool,
    pub(super) typed: OrganForm,
    pub(super) kinds: [(&'static str, &'static str); 5],
    pub(super) areas: Vec<(String, String)>,
    pub(super) versions: Vec<OrganLine>,
    pub(super) faults: Vec<FormFault>,
}

async fn form(
    state: &AppState,
    Signed { frame, actor }: Signed,
    name: Option<&str>,
    (typed, faults): (Option<OrganForm>, Vec<FormFault>),
) -> Result<OrganPage, Stopped> {
    let may_keep = frame.may(Action::KeepOrgans);
    if name.is_none() && !may_keep {
        return Err(Code::NotPermitted.into());
    }
    let versions = match name {
        Some(name) => organ::organ(&state.office, &actor, name).await?,
        None => Vec::new(),
    };
    let typed = typed.or_else(|| versions.first().map(OrganForm::of)).unwrap_or_default();
    let areas = Areas::read(state, &actor).await?;
    let frame = frame.under("/admin/organs", "单位").titled(name.map_or("登记单位".to_owned(), str::to_owned));
    Ok(OrganPage {
        frame,
        action: format!("/admin/organs/{}", name.map_or_else(|| "new".to_owned(), escaped)),
        is_new: name.is_none(),
        may_keep,
        typed,
        kinds: KINDS,
        areas: organ::choices(&state.office, &actor).await?.areas,
        versions: versions.into_iter().map(|row| line(row, &areas)).collect(),
        faults,
    })
}

/// `GET /admin/organs/new`.
pub(super) async fn new(State(state): State<AppState>, signed: Signed) -> Answer {
    show(&form(&state, signed, None, (None, Vec::new())).await?)
}

/// `POST /admin/organs/new`.
pub(super) async fn make(State(state): State<AppState>, signed: Signed, Form(typed): Form<OrganForm>) -> Answer {
    match organ::record(&state.office, &signed.actor, &typed.wanted(), true).await? {
        Ok(()) => go("/admin/organs?done=organ"),
        Err(faults) => show_as(StatusCode::UNPROCESSABLE_ENTITY, &form(&state, signed, None, (Some(typed), told(faults))).await?),
    }
}

/// `GET /admin/organs/{name}`.
pub(super) async fn show_one(State(state): State<AppState>, Path(name): Path<String>, signed: Signed) -> Answer {
    show(&form(&state, signed, Some(&name), (None, Vec::new())).await?)
}

/// `POST /admin/organs/{name}`: the same again changes nothing.
pub(super) async fn change(
    State(state): State<AppState>,
    Path(name): Path<String>,
    signed: Signed,
    Form(typed): Form<OrganForm>,
) -> Answer {
    let typed = OrganForm { name: name.clone(), ..typed };
    match organ::record(&state.office, &signed.actor, &typed.wanted(), false).await? {
        Ok(()) => go("/admin/organs?done=organ"),
        Err(faults) => show_as(StatusCode::UNPROCESSABLE_ENTITY, &form(&state, signed, Some(&name), (Some(typed), told(faults))).await?),
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AreaForm {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) ended: String,
}

#[derive(Template)]
#[template(path = "admin/areas.html")]
pub(super) struct AreasPage {
    pub(super) frame: Frame,
    pub(super) areas: Vec<AreaView>,
    pub(super) own: String,
    pub(super) may_keep: bool,
    pub(super) typed: AreaForm,
    pub(super) faults: Vec<FormFault>,
}

async fn areas_page(
    state: &AppState,
    Signed { frame, actor }: Signed,
    (typed, faults): (AreaForm, Vec<FormFault>),
) -> Result<AreasPage, Stopped> {
    let areas = organ::areas(&state.office, &actor).await?;
    let (may_keep, own) = (frame.may(Action::KeepOrgans), state.office.row().area.to_string());
    Ok(AreasPage { frame: frame.titled("区划"), areas, own, may_keep, typed, faults })
}

/// `GET /admin/areas`.
pub(super) async fn areas(State(state): State<AppState>, Query(done): Query<Done>, signed: Signed) -> Answer {
    let page = areas_page(&state, signed, (AreaForm::default(), Vec::new())).await?;
    let frame = page.frame.clone().noticed(done.words());
    show(&AreasPage { frame, ..page })
}

/// `POST /admin/areas`: the same again changes nothing.
pub(super) async fn record_area(State(state): State<AppState>, signed: Signed, Form(typed): Form<AreaForm>) -> Answer {
    match organ::record_area(&state.office, &signed.actor, (&typed.code, &typed.name), typed.ended == "yes").await? {
        Ok(()) => go("/admin/areas?done=area"),
        Err(faults) => show_as(StatusCode::UNPROCESSABLE_ENTITY, &areas_page(&state, signed, (typed, told(faults))).await?),
    }
}

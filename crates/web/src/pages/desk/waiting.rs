//! `GET /desk/waiting`: rows that only a person may decide on.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use serde::Deserialize;
use xinzhi_core::record::BatchId;
use xinzhi_office::import::{self, Ruling, WaitingView};

use super::super::answer::{Answer, FormFault, Stopped, form_faults, go, show, show_as};
use super::super::frame::Frame;
use super::super::reader::Signed;
use super::Done;
use crate::server::AppState;

/// Rows of the page.
const ROWS_MAX: i64 = 50;

/// A row with what was typed about it, where that came back.
struct RowPart {
    row: WaitingView,
    differences: Vec<Difference>,
    typed: RulingForm,
    faults: Vec<FormFault>,
}

impl RowPart {
    /// The id of an input: every row has a form of its own.
    fn at(&self, field: &str) -> String {
        format!("{field}-{}-{}", self.row.batch.0, self.row.row)
    }
}

/// A field in which the waiting row and the record in effect differ.
struct Difference {
    title: String,
    now: String,
    proposed: String,
}

#[derive(Template)]
#[template(path = "desk/waiting.html")]
struct WaitingPage {
    frame: Frame,
    parts: Vec<RowPart>,
    more: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RulingForm {
    verdict: String,
    reason: String,
    code: String,
}

/// Which row a form was about, what was typed and what was wrong.
type Returned = ((i64, i64), RulingForm, Vec<FormFault>);

async fn page(state: &AppState, Signed { frame, actor }: Signed, returned: Option<Returned>) -> Result<WaitingPage, Stopped> {
    let rows = import::waiting(&state.office, &actor, ROWS_MAX).await?;
    let more = i64::try_from(rows.len()).is_ok_and(|count| count == ROWS_MAX);
    let parts = rows.into_iter().map(|row| {
        let mine = returned.as_ref().filter(|(place, _, _)| *place == (row.batch.0, row.row));
        RowPart {
            differences: differences(&row),
            typed: mine.map(|(_, typed, _)| typed.clone()).unwrap_or_default(),
            faults: mine.map(|(_, _, faults)| faults.clone()).unwrap_or_default(),
            row,
        }
    });
    Ok(WaitingPage { frame: frame.under("/desk", "工作台").titled("待核实"), parts: parts.collect(), more })
}

fn differences(row: &WaitingView) -> Vec<Difference> {
    let Some((_, now)) = &row.against else { return Vec::new() };
    let value = |fields: &[(String, String)], title: &str| {
        fields.iter().find(|(name, _)| name == title).map_or_else(|| "—".to_owned(), |(_, value)| value.clone())
    };
    let mut titles: Vec<&String> = now.iter().chain(&row.fields).map(|(title, _)| title).collect();
    let mut seen = std::collections::BTreeSet::new();
    titles.retain(|title| seen.insert(*title));
    let pairs =
        titles.into_iter().map(|title| Difference { title: title.clone(), now: value(now, title), proposed: value(&row.fields, title) });
    pairs.filter(|pair| pair.now != pair.proposed).collect()
}

/// `GET /desk/waiting`.
pub(super) async fn list(State(state): State<AppState>, Query(done): Query<Done>, signed: Signed) -> Answer {
    let found = page(&state, signed, None).await?;
    let frame = found.frame.noticed(done.words());
    show(&WaitingPage { frame, parts: found.parts, more: found.more })
}

/// `POST /desk/waiting/{batch}/{row}`.
pub(super) async fn rule(
    State(state): State<AppState>,
    Path((batch, row)): Path<(i64, i64)>,
    signed: Signed,
    Form(typed): Form<RulingForm>,
) -> Answer {
    let code = Some(typed.code.trim().to_owned()).filter(|code| !code.is_empty());
    let accept = match typed.verdict.as_str() {
        "accept" => true,
        "refuse" => false,
        _ => {
            let faults = vec![FormFault::new(&format!("verdict-{batch}-{row}"), "请选择采纳或者退回")];
            let page = page(&state, signed, Some(((batch, row), typed, faults))).await?;
            return show_as(axum::http::StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let ruling = Ruling { accept, reason: typed.reason.clone(), code };
    match import::rule(&state.office, &signed.actor, (BatchId(batch), row), &ruling).await {
        Ok(()) => go("/desk/waiting?done=ruled"),
        Err(error) => {
            let (status, mut faults) = form_faults(error)?;
            for fault in faults.iter_mut().filter(|fault| !fault.field.is_empty()) {
                fault.field = format!("{}-{batch}-{row}", fault.field);
            }
            let page = page(&state, signed, Some(((batch, row), typed, faults))).await?;
            show_as(status, &page)
        }
    }
}

#[cfg(test)]
pub(super) mod samples;

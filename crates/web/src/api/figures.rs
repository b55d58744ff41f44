//! Figures on the wire: the same numbers as on the pages, with what they rest on.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use xinzhi_office::figure::{self, Asked, Cell, Shown, Value};
use xinzhi_office::rules::sentence;

use crate::api::problem::Problem;
use crate::server::AppState;
use crate::session::Caller;

/// How a figure is looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FigureQuery {
    /// One of the figure's breakdowns; its first where left out.
    #[param(pattern = "^(month|organ|area|kind|source|reason|subject|grade|matter|place)$")]
    by: Option<String>,
    /// Number of months up to the running one, at most 36, or all.
    #[param(pattern = "^([1-9]|[12][0-9]|3[0-6]|all)$")]
    months: Option<String>,
    /// Of evaluations: at the end of which month, YYYY-MM.
    #[param(pattern = r"^\d{4}-(0[1-9]|1[0-2])$")]
    month: Option<String>,
}

/// A figure as packs define it, with its number of today.
#[derive(Debug, Serialize, ToSchema)]
pub struct FigureView {
    id: String,
    title: String,
    /// obligations, checks, rows, records, evaluations or measures.
    counts: &'static str,
    /// count, share or median.
    kind: &'static str,
    /// What one is called.
    unit: String,
    /// more, less or neither.
    better: &'static str,
    definition: String,
    /// Legal bases.
    basis: Vec<String>,
    /// Where the definition comes from, where it rests on no legal basis.
    source: String,
    /// The whole definition as a sentence.
    rule: String,
    /// Breakdowns that it offers.
    by: Vec<&'static str>,
    /// What its first breakdown shows.
    finding: String,
    /// Its number within the caller's scope, in the order of the columns of its first breakdown.
    overall: Vec<CellView>,
}

/// A column.
#[derive(Debug, Serialize, ToSchema)]
pub struct ColumnView {
    id: String,
    title: String,
}

/// A number.
#[derive(Debug, Serialize, ToSchema)]
pub struct CellView {
    /// Id of the column.
    column: String,
    /// A count, thousandths of a share, or days; none where there is nothing to tell or it is hidden.
    value: Option<i64>,
    /// Whether it is not told because fewer than ten natural persons are in it.
    hidden: bool,
    /// More or less than a month before.
    change: Option<i64>,
}

/// A line.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupView {
    /// None where what it is grouped by is not known.
    key: Option<String>,
    title: String,
    cells: Vec<CellView>,
}

/// What the numbers rest on.
#[derive(Debug, Serialize, ToSchema)]
pub struct FigurePinView {
    position: i64,
    day: String,
    pack: String,
}

/// A figure broken down.
#[derive(Debug, Serialize, ToSchema)]
pub struct FigureTableView {
    figure: FigureView,
    /// By what it is broken down here.
    by: &'static str,
    /// First month counted, YYYY-MM; none where there is no limit.
    from: Option<String>,
    /// Last month counted.
    through: Option<String>,
    /// What it shows, in a sentence.
    finding: String,
    columns: Vec<ColumnView>,
    groups: Vec<GroupView>,
    /// All groups together; none for a trend of evaluations.
    total: Option<Vec<CellView>>,
    pin: FigurePinView,
}

fn cells(shown: &Shown, cells: &[Cell]) -> Vec<CellView> {
    let cell = |(column, cell): (&figure::Column, &Cell)| {
        let value = match cell.value {
            Value::Count(number) | Value::Share(number) | Value::Days(number) => Some(number),
            Value::Nothing | Value::Hidden => None,
        };
        CellView { column: column.id.clone(), value, hidden: cell.value == Value::Hidden, change: cell.change }
    };
    shown.table.columns.iter().zip(cells).map(cell).collect()
}

fn view(shown: &Shown) -> FigureView {
    let figure = &shown.figure;
    FigureView {
        id: figure.id.clone(),
        title: figure.title.clone(),
        counts: figure.counts.word(),
        kind: figure.kind.word(),
        unit: figure.unit.clone(),
        better: figure.better.word(),
        definition: figure.definition.clone(),
        basis: figure.basis.iter().filter_map(|ix| shown.pack.law(*ix)).map(|law| law.citation()).collect(),
        source: figure.source.clone(),
        rule: sentence::figure(&shown.pack, figure),
        by: figure.by.iter().map(|by| by.word()).collect(),
        finding: shown.finding.clone(),
        overall: cells(shown, &shown.table.overall),
    }
}

/// Every figure that the caller may see.
#[utoipa::path(get, path = "/api/v1/figures", operation_id = "figures", security(("key" = [])), tag = "统计",
    responses((status = 200, body = Vec<FigureView>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(State(state): State<AppState>, Caller(actor): Caller) -> Result<Json<Vec<FigureView>>, Problem> {
    let shown = figure::shown_figures(&state.office, &actor).await?;
    Ok(Json(shown.iter().map(view).collect()))
}

/// One figure broken down, within the caller's scope.
#[utoipa::path(get, path = "/api/v1/figures/{id}", operation_id = "figure",
    params(("id" = String, Path, max_length = 64, pattern = "^[a-z][a-z0-9_-]*$"), FigureQuery),
    security(("key" = [])), tag = "统计",
    responses((status = 200, body = FigureTableView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn one(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(query): Query<FigureQuery>,
) -> Result<Json<FigureTableView>, Problem> {
    let asked = Asked { by: query.by, months: query.months, month: query.month };
    let shown = figure::show(&state.office, &actor, &id, &asked).await?;
    let group =
        |group: &figure::Group| GroupView { key: group.key.clone(), title: group.title.clone(), cells: cells(&shown, &group.cells) };
    let month = |month: Option<figure::Month>| month.map(|month| month.to_string());
    Ok(Json(FigureTableView {
        figure: view(&shown),
        by: shown.table.view.by.word(),
        from: month(shown.table.span.0),
        through: month(shown.table.span.1),
        finding: shown.finding.clone(),
        columns: shown.table.columns.iter().map(|column| ColumnView { id: column.id.clone(), title: column.title.clone() }).collect(),
        groups: shown.table.groups.iter().map(group).collect(),
        total: shown.table.total.as_ref().map(|total| cells(&shown, total)),
        pin: FigurePinView { position: shown.position.0, day: shown.today.to_string(), pack: shown.pack.digest.to_string() },
    }))
}

//! 数据质量 on the wire: the numbers of the page.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use xinzhi_core::{Code, Refusal};
use xinzhi_office::quality::{self, Line, Overdue, Quality, Reason, Span};

use crate::api::problem::Problem;
use crate::server::AppState;
use crate::session::Caller;

/// Which days, and whose.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct QualityQuery {
    /// First day, YYYY-MM-DD; the first of the last month where left out.
    #[param(format = Date)]
    from: Option<String>,
    /// Last day; today where left out.
    #[param(format = Date)]
    through: Option<String>,
    /// One organ; all that may be seen where left out.
    organ: Option<String>,
}

/// How departments report in a span of days.
#[derive(Debug, Serialize, ToSchema)]
pub struct QualityView {
    from: String,
    through: String,
    total: CountsLine,
    /// Of the waiting rows, those that nobody has ruled on yet.
    unruled: i64,
    lines: Vec<LineView>,
    overdue: Vec<OverdueView>,
}

/// Rows; read is the sum of the other four.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountsLine {
    read: i64,
    accepted: i64,
    duplicate: i64,
    refused: i64,
    quarantined: i64,
}

impl From<xinzhi_core::record::Counts> for CountsLine {
    fn from(c: xinzhi_core::record::Counts) -> CountsLine {
        CountsLine { read: c.read, accepted: c.accepted, duplicate: c.duplicate, refused: c.refused, quarantined: c.quarantined }
    }
}

/// What one organ reported by one source.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineView {
    organ: String,
    source: String,
    batches: i64,
    counts: CountsLine,
    unruled: i64,
    /// None where the catalogue lays no term down or no record came.
    timeliness: Option<TimelinessView>,
    /// Most frequent first.
    reasons: Vec<ReasonView>,
}

/// How timely records came, in working days from the document's day to the day on which the batch took effect.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelinessView {
    term: u32,
    records: i64,
    in_time: i64,
    /// In thousandths, truncated.
    share: i64,
    median: u32,
}

/// Why rows did not get through.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReasonView {
    /// refused or quarantined.
    outcome: &'static str,
    code: String,
    field: Option<String>,
    rows: i64,
}

/// Somebody who should have reported by now.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverdueView {
    organ: String,
    source: String,
    /// None where it was never reported.
    last: Option<String>,
    /// The last day on which it still was in time.
    due: String,
}

impl From<Line> for LineView {
    fn from(of: Line) -> LineView {
        let timeliness = of.timeliness.map(|t| TimelinessView {
            term: t.term,
            records: t.records,
            in_time: t.in_time,
            share: t.share(),
            median: t.median,
        });
        let reason = |Reason { outcome, code, field, rows, .. }: Reason| ReasonView { outcome: outcome.word(), code, field, rows };
        LineView {
            organ: of.organ,
            source: of.source,
            batches: of.batches,
            counts: of.counts.into(),
            unruled: of.unruled,
            timeliness,
            reasons: of.reasons.into_iter().map(reason).collect(),
        }
    }
}

impl From<Quality> for QualityView {
    fn from(of: Quality) -> QualityView {
        let overdue = |Overdue { organ, source, last, due, .. }: Overdue| OverdueView {
            organ,
            source,
            last: last.map(|day| day.to_string()),
            due: due.to_string(),
        };
        QualityView {
            from: of.span.from.to_string(),
            through: of.span.through.to_string(),
            total: of.total.into(),
            unruled: of.unruled,
            lines: of.lines.into_iter().map(LineView::from).collect(),
            overdue: of.overdue.into_iter().map(overdue).collect(),
        }
    }
}

/// Counts, timeliness and refusals by organ and source, and who is overdue.
#[utoipa::path(get, path = "/api/v1/quality", operation_id = "quality", params(QualityQuery), security(("key" = [])), tag = "数据质量",
    responses((status = 200, body = QualityView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    query: Result<Query<QualityQuery>, QueryRejection>,
) -> Result<Json<QualityView>, Problem> {
    let Query(query) =
        query.map_err(|_| Refusal::field(Code::FieldInvalid, "from", "网址中的参数只能是 from、through 和 organ，每个一次"))?;
    for (field, text) in [("from", &query.from), ("through", &query.through)] {
        if text.as_ref().is_some_and(String::is_empty) {
            return Err(Refusal::field(Code::FieldInvalid, field, format!("{field} 是空的，应写成 YYYY-MM-DD，或者不写")).into());
        }
    }
    let span = Span::parse(query.from.as_deref(), query.through.as_deref(), state.office.today())?;
    let organ = query.organ.filter(|organ| !organ.is_empty());
    Ok(Json(quality::quality(&state.office, &actor, span, organ).await?.into()))
}

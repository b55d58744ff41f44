//! `GET /desk/quality`: how well and how timely departments report. Days and organ are in the address.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use xinzhi_core::record::{BatchId, Counts, Outcome};
use xinzhi_core::{Code, Day};
use xinzhi_office::Error;
use xinzhi_office::quality::{self, FlawedRow, Line, Overdue, Reason, Span, Timeliness, Which};

use super::super::answer::{Answer, FormFault, form_faults, show, show_as};
use super::super::frame::Frame;
use super::super::reader::Signed;
use super::super::text::{Mark, encoded, outcome_mark, percent};
use crate::server::AppState;
use crate::workbook::disposed;

/// Rows of a page.
const ROWS_PAGE: usize = 100;
/// Reasons of a source that are listed.
const REASONS_MAX: usize = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    from: String,
    through: String,
    organ: String,
    source: String,
    outcome: String,
    reason: String,
    field: String,
    after: String,
}

impl Asked {
    fn organ(&self) -> Option<String> {
        given(&self.organ)
    }

    fn which(&self) -> Which {
        Which {
            organ: self.organ(),
            source: given(&self.source),
            outcome: Outcome::from_word(&self.outcome),
            code: given(&self.reason),
            field: given(&self.field),
        }
    }

    /// The row after which the page begins, as `12.345`.
    fn after(&self) -> Option<(BatchId, i64)> {
        let (batch, row) = self.after.split_once('.')?;
        Some((BatchId(batch.parse().ok()?), row.parse().ok()?))
    }
}

fn given(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn days(span: Span) -> String {
    format!("from={}&through={}", span.from, span.through)
}

struct ReasonLine {
    of: Reason,
    mark: Mark,
    href: String,
}

struct SourceLine {
    title: String,
    batches: i64,
    counts: Counts,
    unruled: i64,
    timeliness: Option<Timeliness>,
    share: String,
    reasons: Vec<ReasonLine>,
    /// Reasons beyond those that are listed.
    others: usize,
}

struct OrganPart {
    organ: String,
    href: String,
    workbook: String,
    /// Rows that are to be mended or wait.
    flawed: i64,
    counts: Counts,
    /// Records whose catalogue lays a term down, and those within it.
    timed: (i64, i64),
    sources: Vec<SourceLine>,
}

#[derive(Template)]
#[template(path = "desk/quality.html")]
struct QualityPage {
    frame: Frame,
    from: String,
    through: String,
    organ: String,
    /// Where the same days are shown for all organs.
    all: Option<String>,
    today: Day,
    total: Counts,
    unruled: i64,
    parts: Vec<OrganPart>,
    overdue: Vec<Overdue>,
    faults: Vec<FormFault>,
}

impl SourceLine {
    fn of(line: Line, span: Span) -> SourceLine {
        let link = |reason: &Reason| {
            let field = reason.field.as_deref().unwrap_or_default();
            format!(
                "/desk/quality/rows?{}&organ={}&source={}&outcome={}&reason={}&field={}",
                days(span),
                encoded(&line.organ),
                encoded(&line.source),
                reason.outcome.word(),
                encoded(&reason.code),
                encoded(field)
            )
        };
        let listed = line.reasons.iter().take(REASONS_MAX);
        let reasons: Vec<ReasonLine> =
            listed.map(|of| ReasonLine { href: link(of), mark: outcome_mark(of.outcome), of: of.clone() }).collect();
        SourceLine {
            others: line.reasons.len() - reasons.len(),
            share: line.timeliness.map_or_else(|| "—".to_owned(), |t| percent(t.share())),
            title: line.source_title,
            batches: line.batches,
            counts: line.counts,
            unruled: line.unruled,
            timeliness: line.timeliness,
            reasons,
        }
    }
}

impl OrganPart {
    fn add(&mut self, line: Line, span: Span) {
        self.flawed += line.counts.refused + line.unruled;
        self.counts = self.counts.plus(line.counts);
        if let Some(timely) = line.timeliness {
            self.timed = (self.timed.0 + timely.records, self.timed.1 + timely.in_time);
        }
        self.sources.push(SourceLine::of(line, span));
    }

    fn share(&self) -> String {
        let (records, in_time) = self.timed;
        if records == 0 { "—".to_owned() } else { percent(in_time * 1_000 / records) }
    }
}

/// Lines come by organ; each organ becomes a part.
fn parts(lines: Vec<Line>, span: Span) -> Vec<OrganPart> {
    let mut parts: Vec<OrganPart> = Vec::new();
    for line in lines {
        if parts.last().is_none_or(|part| part.organ != line.organ) {
            parts.push(OrganPart {
                href: format!("/desk/quality?{}&organ={}", days(span), encoded(&line.organ)),
                workbook: format!("/desk/quality/{}.xlsx?{}", encoded(&line.organ), days(span)),
                organ: line.organ.clone(),
                flawed: 0,
                counts: Counts::default(),
                timed: (0, 0),
                sources: Vec::new(),
            });
        }
        if let Some(part) = parts.last_mut() {
            part.add(line, span);
        }
    }
    parts
}

/// `GET /desk/quality`.
pub(super) async fn show_quality(State(state): State<AppState>, Query(asked): Query<Asked>, Signed { frame, actor }: Signed) -> Answer {
    let today = state.office.today();
    let (status, span, faults) = match Span::parse(Some(&asked.from), Some(&asked.through), today) {
        Ok(span) => (StatusCode::OK, span, Vec::new()),
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            (status, Span::usual(today), faults)
        }
    };
    let found = quality::quality(&state.office, &actor, span, asked.organ()).await?;
    let typed = |text: &str, usual: Day| given(text).filter(|_| !faults.is_empty()).unwrap_or_else(|| usual.to_string());
    let page = QualityPage {
        frame: frame.under("/desk", "工作台").titled("数据质量"),
        from: typed(&asked.from, span.from),
        through: typed(&asked.through, span.through),
        all: asked.organ().map(|_| format!("/desk/quality?{}", days(span))),
        organ: asked.organ,
        today,
        total: found.total,
        unruled: found.unruled,
        parts: parts(found.lines, span),
        overdue: found.overdue,
        faults,
    };
    show_as(status, &page)
}

#[derive(Template)]
#[template(path = "desk/quality_rows.html")]
struct RowsPage {
    frame: Frame,
    span: Span,
    organ: String,
    rows: Vec<(FlawedRow, Mark, Option<Mark>)>,
    next: Option<String>,
}

/// `GET /desk/quality/rows`: the rows behind a number.
pub(super) async fn show_rows(State(state): State<AppState>, Query(asked): Query<Asked>, Signed { frame, actor }: Signed) -> Answer {
    let span = Span::parse(Some(&asked.from), Some(&asked.through), state.office.today())?;
    let found = quality::rows(&state.office, &actor, span, asked.which(), (asked.after(), ROWS_PAGE)).await?;
    let last = found.last().filter(|_| found.len() == ROWS_PAGE);
    let next = last.map(|row| {
        let place = format!("{}.{}", row.batch.0, if row.at_commit { -row.row } else { row.row });
        let [organ, source, reason, field] = [&asked.organ, &asked.source, &asked.reason, &asked.field].map(|text| encoded(text));
        let outcome = encoded(&asked.outcome);
        format!(
            "/desk/quality/rows?{}&organ={organ}&source={source}&outcome={outcome}&reason={reason}&field={field}&after={place}",
            days(span)
        )
    });
    let marked = |row: FlawedRow| {
        let (mark, ruled) = (outcome_mark(row.outcome), row.ruled.as_ref().map(|(outcome, _)| outcome_mark(*outcome)));
        (row, mark, ruled)
    };
    let above = format!("/desk/quality?{}", days(span));
    show(&RowsPage {
        frame: frame.under("/desk", "工作台").under(above, "数据质量").titled("没有通过的行"),
        span,
        organ: asked.organ,
        rows: found.into_iter().map(marked).collect(),
        next,
    })
}

/// `GET /desk/quality/{organ}.xlsx`: the list to send back.
pub(super) async fn workbook(
    State(state): State<AppState>,
    Path(file): Path<String>,
    Query(asked): Query<Asked>,
    Signed { actor, .. }: Signed,
) -> Answer {
    let organ = file.strip_suffix(".xlsx").filter(|organ| !organ.is_empty()).ok_or_else(|| Error::from(Code::NotFound))?;
    let span = Span::parse(Some(&asked.from), Some(&asked.through), state.office.today())?;
    let bytes = quality::workbook(&state.office, &actor, span, organ).await?;
    let plain = format!("quality-{}-{}.xlsx", span.from, span.through);
    let name = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", encoded(&format!("{organ}-{plain}")));
    Ok(disposed(name, bytes))
}

#[cfg(test)]
pub(super) mod samples;

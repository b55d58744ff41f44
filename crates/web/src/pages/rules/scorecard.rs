//! `GET /rules/{pack}/{scorecard}`: an evaluation model, indicator by indicator.

use askama::Template;
use axum::extract::{Path, State};
use xinzhi_core::{Code, Day, Points};
use xinzhi_office::rules::Pack;
use xinzhi_office::rules::model::Scorecard;
use xinzhi_office::rules::sentence;

use super::super::answer::{Answer, show};
use super::super::frame::Frame;
use super::super::reader::Reader;
use super::super::text::percent;
use super::{Basis, PackHead, bases, named, plain, under};
use crate::server::AppState;

#[derive(Template)]
#[template(path = "rules/scorecard.html")]
pub(super) struct ScorecardPage {
    frame: Frame,
    head: PackHead,
    purpose: String,
    subjects: String,
    from: Day,
    until: Option<Day>,
    base: Points,
    least: Points,
    most: Points,
    share: String,
    lag_days: i32,
    valid_days: i32,
    basis: Vec<Basis>,
    dimensions: Vec<DimensionLine>,
    overrides: Vec<(String, Vec<Basis>)>,
    grades: Vec<GradeLine>,
    amount: Option<String>,
}

struct DimensionLine {
    title: String,
    /// Bounds and weight of the sum of its indicators; empty where it has none.
    counts: String,
    indicators: Vec<IndicatorLine>,
}

struct IndicatorLine {
    id: String,
    title: String,
    sentence: String,
    basis: Vec<Basis>,
}

struct GradeLine {
    name: String,
    title: String,
    from: Points,
    below: Option<Points>,
}

pub(super) async fn show_scorecard(
    State(state): State<AppState>,
    Path((id, scorecard)): Path<(String, String)>,
    Reader(frame): Reader,
) -> Answer {
    let pack = named(&state, &id)?;
    let (_, card) = pack.scorecard_by_id(&scorecard).ok_or(Code::ScorecardUnknown)?;
    show(&page(&pack, card, state.office.today(), under(frame, &pack).titled(card.title.clone())))
}

pub(super) fn page(pack: &Pack, card: &Scorecard, today: Day, frame: Frame) -> ScorecardPage {
    let indicators = |dimension: &xinzhi_office::rules::model::Dimension| {
        let lines = dimension.indicators.iter().map(|indicator| IndicatorLine {
            id: indicator.id.clone(),
            title: indicator.title.clone(),
            sentence: plain(&sentence::indicator(pack, card, indicator), &indicator.title),
            basis: bases(pack, &indicator.basis),
        });
        DimensionLine { title: dimension.title.clone(), counts: sentence::dimension(dimension), indicators: lines.collect() }
    };
    let above = card.grades.iter().map(|grade| grade.from);
    let below = std::iter::once(None).chain(above.map(Some));
    let grades = card.grades.iter().zip(below);
    ScorecardPage {
        frame,
        head: PackHead::of(pack, today),
        purpose: card.purpose.clone(),
        subjects: sentence::subjects(pack, &card.subjects),
        from: card.in_force.from,
        until: card.in_force.until,
        base: card.base,
        least: card.min,
        most: card.max,
        share: percent(card.assessed_share),
        lag_days: card.coverage_lag_days,
        valid_days: card.valid_days,
        basis: bases(pack, &card.basis),
        dimensions: card.dimensions.iter().map(indicators).collect(),
        overrides: card
            .overrides
            .iter()
            .map(|rule| (plain(&sentence::override_rule(pack, card, rule), ""), bases(pack, &rule.basis)))
            .collect(),
        grades: grades
            .map(|(grade, below)| GradeLine { name: grade.name.clone(), title: grade.title.clone(), from: grade.from, below })
            .collect(),
        amount: sentence::amount(card),
    }
}

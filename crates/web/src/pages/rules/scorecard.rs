//! `GET /rules/{pack}/{scorecard}`: an evaluation model, indicator by indicator.

use askama::Template;
use axum::extract::{Path, State};
use xinzhi_core::{Code, Day, Points};
use xinzhi_office::rules::Pack;
use xinzhi_office::rules::model::{Cutoffs, Group, Scorecard, groups};
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
    /// Who is compared with whom, where peers decide.
    peers: Option<String>,
    /// Limits by peers, the latest first.
    cutoffs: Vec<CutoffsPart>,
    amount: Option<String>,
}

/// Limits of some days.
struct CutoffsPart {
    head: String,
    current: bool,
    /// Short names of the grades that have limits.
    grades: Vec<String>,
    ladders: Vec<LadderLine>,
}

struct LadderLine {
    group: String,
    size: i64,
    /// None where the group is too small for limits of its own.
    limits: Option<Vec<Points>>,
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
    /// Which points, or which share of peers.
    holds: String,
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
        grades: grades(card),
        peers: sentence::peers(pack, card),
        cutoffs: cutoffs(pack, card, today),
        amount: sentence::amount(card),
    }
}

fn grades(card: &Scorecard) -> Vec<GradeLine> {
    let mut above: Option<Points> = None;
    let lines = card.grades.iter().enumerate().map(|(place, grade)| {
        let share = card.peers.as_ref().and_then(|peers| peers.shares.get(place)).map(|share| percent(*share));
        let holds = match (grade.from, above, share) {
            (Some(from), Some(above), _) => format!("{from} 分以上，不满 {above} 分"),
            (Some(from), None, _) => format!("{from} 分以上"),
            (None, _, Some(share)) if place == 0 => format!("同组的前 {share}"),
            (None, _, share) => share.map(|share| format!("同组的其后 {share}")).unwrap_or_default(),
        };
        above = grade.from;
        GradeLine { name: grade.name.clone(), title: grade.title.clone(), holds }
    });
    lines.collect()
}

fn cutoffs(pack: &Pack, card: &Scorecard, today: Day) -> Vec<CutoffsPart> {
    let mut mine: Vec<&Cutoffs> =
        pack.cutoffs.iter().filter(|set| pack.scorecard(set.scorecard).is_some_and(|other| other.id == card.id)).collect();
    mine.sort_by_key(|set| std::cmp::Reverse(set.from));
    let part = |set: &Cutoffs| {
        let line = |group: &str, size, limits: Option<&Vec<Points>>| LadderLine { group: group.to_owned(), size, limits: limits.cloned() };
        let own = groups(pack, card).into_iter().zip(&set.groups).map(|(name, group)| match group {
            Group::Own(ladder) => line(name, ladder.size, Some(&ladder.limits)),
            Group::Small(size) => line(name, *size, None),
        });
        let limited = card.grades.len().saturating_sub(1);
        CutoffsPart {
            head: sentence::cutoffs(pack, set).into_iter().next().unwrap_or_default(),
            current: set.in_force().contains(today),
            grades: card.grades.iter().take(limited).map(|grade| grade.name.clone()).collect(),
            ladders: std::iter::once(line("全部主体", set.everyone.size, Some(&set.everyone.limits))).chain(own).collect(),
        }
    };
    mine.into_iter().map(part).collect()
}

//! 规则: everything the engine applies, as sentences with articles; open to anybody. All of it is read out of the pack.

mod catalogue;
mod impact;
mod measures;
mod scorecard;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use xinzhi_core::{Code, Day};
use xinzhi_office::pack::titled;
use xinzhi_office::permission::Action;
use xinzhi_office::rules::Pack;
use xinzhi_office::rules::model::{Law, LawIx, Review};

use super::answer::{Answer, Stopped, show};
use super::frame::Frame;
use super::reader::Reader;
use crate::server::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/rules", get(index))
        .route("/rules/impact", get(impact::assess))
        .route("/rules/impact/list", get(impact::list))
        .route("/rules/impact/data.xlsx", get(impact::workbook))
        .route("/rules/impact/data.json", get(impact::json))
        .route("/rules/{pack}", get(index_of))
        .route("/rules/{pack}/measures", get(measures::show_measures))
        .route("/rules/{pack}/matters", get(measures::show_matters))
        .route("/rules/{pack}/catalog", get(catalogue::show_catalogue))
        .route("/rules/{pack}/{scorecard}", get(scorecard::show_scorecard))
}

/// What stands above every page of a pack: which edition, who reviewed it, until when.
#[derive(Clone, Debug)]
pub(super) struct PackHead {
    pub(super) id: String,
    /// Titles and versions of all that is in force together.
    pub(super) named: String,
    pub(super) jurisdiction: String,
    pub(super) digest: String,
    /// Who reviewed it; none is a demonstration, said in so many words.
    pub(super) reviewed: Option<String>,
    pub(super) review_by: Day,
    pub(super) overdue: bool,
}

impl PackHead {
    pub(super) fn of(pack: &Pack, today: Day) -> PackHead {
        let reviewed = match &pack.review {
            Review::Demonstration => None,
            Review::Reviewed { by, on, document } => Some(format!("{by}于 {on} 审查，{document}")),
        };
        PackHead {
            id: pack.id.clone(),
            named: titled(pack),
            jurisdiction: pack.jurisdiction.clone(),
            digest: pack.digest.short(),
            reviewed,
            review_by: pack.review_by,
            overdue: today > pack.review_by,
        }
    }
}

/// An article, linked to its entry in the list of laws.
#[derive(Clone, Debug)]
pub(super) struct Basis {
    pub(super) href: String,
    pub(super) citation: String,
    pub(super) level: &'static str,
}

pub(super) fn bases(pack: &Pack, basis: &[LawIx]) -> Vec<Basis> {
    let laws = basis.iter().filter_map(|ix| pack.law(*ix));
    laws.map(|law| Basis { href: format!("/rules/{}#law-{}", pack.id, law.id), citation: law.citation(), level: law.level.title() })
        .collect()
}

/// The articles of an answer, linked where the pack in force still has them.
pub(super) fn cited(pack: &Pack, citations: &[String]) -> Vec<Basis> {
    let basis = |citation: &String| {
        let law = pack.laws.iter().find(|law| law.citation() == *citation);
        let href = law.map_or_else(|| "/rules#laws".to_owned(), |law| format!("/rules/{}#law-{}", pack.id, law.id));
        Basis { href, citation: citation.clone(), level: law.map_or("", |law| law.level.title()) }
    };
    citations.iter().map(basis).collect()
}

/// A rule's sentence without its title, which stands above it, and without its articles, which follow as links.
pub(super) fn plain(sentence: &str, title: &str) -> String {
    let sentence = sentence.strip_prefix(title).and_then(|rest| rest.strip_prefix('：')).unwrap_or(sentence);
    sentence.rsplit_once("依据：").map_or(sentence, |(rule, _)| rule).to_owned()
}

/// The pack that the address names; the office holds one.
fn named(state: &AppState, id: &str) -> Result<Arc<Pack>, Stopped> {
    let pack = state.office.pack();
    if pack.id == id { Ok(pack) } else { Err(Code::NotFound.into()) }
}

fn under(frame: Frame, pack: &Pack) -> Frame {
    frame.under("/rules", "规则").under(format!("/rules/{}", pack.id), pack.title.clone())
}

#[derive(Template)]
#[template(path = "rules/index.html")]
struct IndexPage {
    frame: Frame,
    head: PackHead,
    scorecards: Vec<(String, String, String)>,
    measures: [(&'static str, usize); 3],
    matters: usize,
    kinds: usize,
    cases: usize,
    laws: Vec<LawLine>,
    years: Vec<(i16, String, usize, usize)>,
}

struct LawLine {
    id: String,
    citation: String,
    level: &'static str,
    may_restrict: bool,
    issued_by: String,
    from: Day,
    until: Option<Day>,
    in_force: bool,
    to_confirm: Option<String>,
}

impl LawLine {
    fn of(law: &Law, today: Day) -> LawLine {
        LawLine {
            id: law.id.clone(),
            citation: law.citation(),
            level: law.level.title(),
            may_restrict: law.level.may_restrict(),
            issued_by: law.issued_by.clone(),
            from: law.in_force.from,
            until: law.in_force.until,
            in_force: law.in_force.contains(today),
            to_confirm: law.to_confirm.clone(),
        }
    }
}

async fn index(State(state): State<AppState>, Reader(frame): Reader) -> Answer {
    show(&index_page(&state.office.pack(), state.office.today(), frame.titled("规则")))
}

async fn index_of(State(state): State<AppState>, Path(id): Path<String>, Reader(frame): Reader) -> Answer {
    let pack = named(&state, &id)?;
    show(&index_page(&pack, state.office.today(), frame.under("/rules", "规则").titled(pack.title.clone())))
}

fn index_page(pack: &Pack, today: Day, frame: Frame) -> IndexPage {
    let count = |kind| pack.measures.iter().filter(|measure| measure.kind == kind).count();
    IndexPage {
        frame,
        head: PackHead::of(pack, today),
        scorecards: pack.scorecards.iter().map(|card| (card.id.clone(), card.title.clone(), card.purpose.clone())).collect(),
        measures: measures::KINDS.map(|kind| (kind.title(), count(kind))),
        matters: pack.matters.len(),
        kinds: pack.record_kinds.len(),
        cases: pack.cases.len(),
        laws: pack.laws.iter().map(|law| LawLine::of(law, today)).collect(),
        years: pack
            .calendar
            .years
            .iter()
            .map(|(year, days)| (*year, days.notice.clone(), days.holidays.len(), days.workdays.len()))
            .collect(),
    }
}

#[cfg(test)]
pub(super) mod samples;

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_sentence_does_not_say_twice_what_stands_beside_it() {
        assert_eq!(plain("行政处罚：近 3 年内的行政处罚。依据：《甲法》第一条。", "行政处罚"), "近 3 年内的行政处罚。");
        assert_eq!(plain("没有依据的话", "别的"), "没有依据的话");
    }
}

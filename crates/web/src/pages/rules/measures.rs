//! `GET /rules/{pack}/measures` and `…/matters`: what a check may answer, and when it is asked.

use askama::Template;
use axum::extract::{Path, State};
use xinzhi_core::Day;
use xinzhi_core::measure::MeasureKind;
use xinzhi_office::rules::Pack;
use xinzhi_office::rules::model::{Matter, Measure};
use xinzhi_office::rules::sentence;

use super::super::answer::{Answer, show};
use super::super::frame::Frame;
use super::super::reader::Reader;
use super::super::text::or_dash;
use super::{Basis, PackHead, bases, named, under};
use crate::server::AppState;

/// In the order of the page.
pub(super) const KINDS: [MeasureKind; 3] = [MeasureKind::Incentive, MeasureKind::Supervision, MeasureKind::Restriction];

#[derive(Template)]
#[template(path = "rules/measures.html")]
pub(super) struct MeasuresPage {
    frame: Frame,
    head: PackHead,
    kinds: Vec<(MeasureKind, Vec<MeasureLine>)>,
}

struct MeasureLine {
    id: String,
    title: String,
    content: String,
    trigger: String,
    subjects: String,
    body: String,
    term: String,
    way_out: String,
    list_item: String,
    floor: Option<&'static str>,
    review_by: Day,
    applicable: bool,
    basis: Vec<Basis>,
}

impl MeasureLine {
    fn of(pack: &Pack, measure: &Measure, today: Day) -> MeasureLine {
        MeasureLine {
            id: measure.id.clone(),
            title: measure.title.clone(),
            content: measure.content.clone(),
            trigger: sentence::trigger(pack, &measure.trigger),
            subjects: sentence::subjects(pack, &measure.subjects),
            body: measure.body.clone(),
            term: sentence::months(measure.term_months),
            way_out: measure.way_out.clone(),
            list_item: or_dash(&measure.list_item).to_owned(),
            floor: measure.class_floor.map(xinzhi_core::record::Class::title),
            review_by: measure.review_by,
            applicable: pack.in_force_on(measure, today),
            basis: bases(pack, &measure.basis),
        }
    }
}

pub(super) async fn show_measures(State(state): State<AppState>, Path(id): Path<String>, Reader(frame): Reader) -> Answer {
    let pack = named(&state, &id)?;
    show(&measures_page(&pack, state.office.today(), under(frame, &pack).titled("措施清单")))
}

pub(super) fn measures_page(pack: &Pack, today: Day, frame: Frame) -> MeasuresPage {
    let of_kind = |kind| {
        let measures = pack.measures.iter().filter(|measure| measure.kind == kind);
        (kind, measures.map(|measure| MeasureLine::of(pack, measure, today)).collect())
    };
    MeasuresPage { frame, head: PackHead::of(pack, today), kinds: KINDS.map(of_kind).into() }
}

#[derive(Template)]
#[template(path = "rules/matters.html")]
pub(super) struct MattersPage {
    frame: Frame,
    head: PackHead,
    matters: Vec<MatterLine>,
}

struct MatterLine {
    id: String,
    title: String,
    organ: String,
    purpose: String,
    subjects: String,
    feedback_within: u32,
    commitments: Vec<String>,
    measures: Vec<(String, String, &'static str)>,
    basis: Vec<Basis>,
}

impl MatterLine {
    fn of(pack: &Pack, matter: &Matter) -> MatterLine {
        let measures = matter.measures.iter().filter_map(|ix| pack.measure(*ix));
        MatterLine {
            id: matter.id.clone(),
            title: matter.title.clone(),
            organ: matter.organ.clone(),
            purpose: matter.purpose.clone(),
            subjects: sentence::subjects(pack, &matter.subjects),
            feedback_within: matter.feedback_within,
            commitments: matter.commitments.clone(),
            measures: measures.map(|measure| (measure.id.clone(), measure.title.clone(), measure.kind.title())).collect(),
            basis: bases(pack, &matter.basis),
        }
    }
}

pub(super) async fn show_matters(State(state): State<AppState>, Path(id): Path<String>, Reader(frame): Reader) -> Answer {
    let pack = named(&state, &id)?;
    show(&matters_page(&pack, state.office.today(), under(frame, &pack).titled("业务事项")))
}

pub(super) fn matters_page(pack: &Pack, today: Day, frame: Frame) -> MattersPage {
    let matters = pack.matters.iter().map(|matter| MatterLine::of(pack, matter)).collect();
    MattersPage { frame, head: PackHead::of(pack, today), matters }
}

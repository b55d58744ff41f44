//! `GET /rules/{pack}/catalog`: what may be collected at all, from whom and by which article.

use askama::Template;
use axum::extract::{Path, State};
use xinzhi_core::Day;
use xinzhi_office::rules::Pack;
use xinzhi_office::rules::model::RecordKind;
use xinzhi_office::rules::sentence;

use super::super::answer::{Answer, show};
use super::super::frame::Frame;
use super::super::reader::Reader;
use super::{Basis, PackHead, bases, named, plain, under};
use crate::server::AppState;

#[derive(Template)]
#[template(path = "rules/catalogue.html")]
pub(super) struct CataloguePage {
    frame: Frame,
    head: PackHead,
    kinds: Vec<KindLine>,
    /// Each as a sentence with its id.
    relations: Vec<(String, String)>,
    sources: Vec<(String, String, String)>,
}

struct KindLine {
    id: String,
    title: String,
    sentence: String,
    class_rule: Option<String>,
    relations: Vec<String>,
    remedies: Vec<String>,
    fields: Vec<String>,
    basis: Vec<Basis>,
}

impl KindLine {
    fn of(pack: &Pack, kind: &RecordKind) -> KindLine {
        KindLine {
            id: kind.id.clone(),
            title: kind.title.clone(),
            sentence: plain(&sentence::record_kind(pack, kind), &kind.title),
            class_rule: sentence::class_rule(kind),
            relations: kind.relations.iter().map(|statement| sentence::statement(pack, kind, statement)).collect(),
            remedies: kind.remedies.iter().map(|remedy| sentence::remedy(pack, kind, remedy)).collect(),
            fields: kind.fields.iter().map(|field| sentence::field(kind, field)).collect(),
            basis: bases(pack, &kind.basis),
        }
    }
}

pub(super) async fn show_catalogue(State(state): State<AppState>, Path(id): Path<String>, Reader(frame): Reader) -> Answer {
    let pack = named(&state, &id)?;
    show(&page(&pack, state.office.today(), under(frame, &pack).titled("信息目录")))
}

pub(super) fn page(pack: &Pack, today: Day, frame: Frame) -> CataloguePage {
    let kind_title = |ix| pack.record_kind(ix).map_or_else(String::new, |kind| kind.title.clone());
    CataloguePage {
        frame,
        head: PackHead::of(pack, today),
        relations: pack.relations.iter().map(|relation| (relation.id.clone(), sentence::relation(pack, relation))).collect(),
        kinds: pack.record_kinds.iter().map(|kind| KindLine::of(pack, kind)).collect(),
        sources: pack.sources.iter().map(|source| (source.id.clone(), source.title.clone(), kind_title(source.kind))).collect(),
    }
}

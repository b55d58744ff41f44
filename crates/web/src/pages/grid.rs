//! 网格: records filled in where they arise, on a phone. Which there are, and what they ask for, stands in the packs.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use serde::Deserialize;
use xinzhi_core::actor::Actor;
use xinzhi_core::money::Unit;
use xinzhi_core::record::{Outcome, Remark};
use xinzhi_office::import::by_hand::{self, Entered};
use xinzhi_office::import::{BatchView, batches as newest};
use xinzhi_office::permission::{Action, Scope};
use xinzhi_office::rules::Pack;
use xinzhi_office::rules::model::{Field, FieldIx, FieldKind, Need, RecordKind, Source};

use super::answer::{Answer, FormFault, go, show, show_as};
use super::frame::Frame;
use super::reader::Signed;
use super::text::{Mark, outcome_mark};
use crate::server::AppState;

/// Batches looked through for those that were filled in by hand.
const BATCHES_MAX: i64 = 100;
/// Of those, how many are shown.
const SHOWN_MAX: usize = 20;
/// Values beyond which a choice is a list to open, not buttons to press.
const BUTTONS_MAX: usize = 6;
/// Texts wider than this get room for several lines.
const LINE_CHARS_MAX: usize = 200;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/grid", get(home)).route("/grid/{source}", get(new).post(file))
}

#[derive(Template)]
#[template(path = "grid/home.html")]
struct HomePage {
    frame: Frame,
    /// Id, title, what a form becomes.
    forms: Vec<(String, String, String)>,
    entered: Vec<(BatchView, Mark)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HomeQuery {
    batch: Option<i64>,
    outcome: String,
}

/// `GET /grid`.
async fn home(State(state): State<AppState>, Query(query): Query<HomeQuery>, Signed { frame, actor }: Signed) -> Answer {
    Scope::of(Action::ImportBatch, &actor)?;
    let pack = state.office.pack();
    let by_hand = |id: &str| pack.sources.iter().any(|source| source.by_hand && source.id == id);
    let batches = newest(&state.office, &actor, BATCHES_MAX).await?;
    let mine = batches.into_iter().filter(|batch| by_hand(&batch.source) && batch.staged_by == actor.name);
    let entered = mine.take(SHOWN_MAX).map(|batch| (outcome_mark(outcome_of(&batch)), batch)).map(|(mark, batch)| (batch, mark)).collect();
    let title = |source: &Source| pack.record_kind(source.kind).map_or_else(String::new, |kind| kind.title.clone());
    let forms = pack.sources.iter().filter(|source| source.by_hand).map(|s| (s.id.clone(), s.title.clone(), title(s))).collect();
    let notice = query.batch.zip(Outcome::from_word(&query.outcome)).map(|(batch, outcome)| match outcome {
        Outcome::Accepted => format!("已登记，编号 {batch}"),
        Outcome::Duplicate => format!("内容与已有记录相同，不重复登记；编号 {batch}"),
        Outcome::Quarantined | Outcome::Refused => format!("已收到，须由信用中心核实后登记；编号 {batch}"),
    });
    show(&HomePage { frame: frame.titled("现场填报").noticed(notice), forms, entered })
}

fn outcome_of(batch: &BatchView) -> Outcome {
    match (batch.counts.accepted, batch.counts.duplicate) {
        (1.., _) => Outcome::Accepted,
        (_, 1..) => Outcome::Duplicate,
        _ => Outcome::Quarantined,
    }
}

/// How a field is asked for.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    /// One line; the word is the type of the input.
    Line(&'static str),
    /// Several lines.
    Text,
    /// One of a few: buttons.
    Buttons(Vec<(String, bool)>),
    /// One of many: a list.
    List(Vec<(String, bool)>),
    /// Several.
    Boxes(Vec<(String, bool)>),
}

/// A field of a form with what was typed.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    code: String,
    title: String,
    required: bool,
    hint: String,
    value: String,
    ask: Ask,
}

#[derive(Template)]
#[template(path = "grid/form.html")]
struct FormPage {
    frame: Frame,
    source: String,
    title: String,
    kind: String,
    fields: Vec<Asked>,
    key: String,
    faults: Vec<FormFault>,
}

/// `GET /grid/{source}`: fields named in the query are filled in, so that a code on a door can lead here.
async fn new(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(typed): Query<BTreeMap<String, String>>,
    Signed { frame, actor }: Signed,
) -> Answer {
    Scope::of(Action::ImportBatch, &actor)?;
    show(&form(&state, (frame, &actor), &id, (&typed, Vec::new()))?)
}

/// `POST /grid/{source}`.
async fn file(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Signed { frame, actor }: Signed,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer {
    let mut typed: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        // Several boxes of one field come one by one; files separate several values in the same way.
        typed.entry(name).and_modify(|whole| *whole = format!("{whole}；{value}")).or_insert(value);
    }
    let key = typed.remove("once").unwrap_or_default();
    match by_hand::enter(&state.office, &actor, (&id, &key), &typed).await? {
        Entered::Done { batch, outcome, .. } => go(&format!("/grid?batch={}&outcome={}", batch.0, outcome.word())),
        Entered::Refused(remarks) => {
            let pack = state.office.pack();
            let kind = pack.record_kind(by_hand::source(&pack, &id)?.kind);
            let faults = remarks.iter().map(|remark| fault(kind, remark)).collect();
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &form(&state, (frame, &actor), &id, (&typed, faults))?)
        }
    }
}

fn fault(kind: Option<&RecordKind>, remark: &Remark) -> FormFault {
    let named =
        |kind: &RecordKind| remark.field.as_ref().and_then(|name| kind.field(name)).and_then(|ix| kind.at(ix)).map(|f| f.code.clone());
    FormFault::new(&kind.and_then(named).unwrap_or_default(), remark.sentence.clone())
}

fn form(
    state: &AppState,
    (frame, actor): (Frame, &Actor),
    id: &str,
    (typed, faults): (&BTreeMap<String, String>, Vec<FormFault>),
) -> Result<FormPage, super::answer::Stopped> {
    let pack = state.office.pack();
    let source = by_hand::source(&pack, id)?;
    let today = state.office.today().to_string();
    let known = Known { today: &today, organ: actor.organ.as_deref().unwrap_or_default() };
    let fields = fields(&pack, source, (typed, known));
    let kind = pack.record_kind(source.kind).map_or_else(String::new, |kind| kind.title.clone());
    let frame = frame.under("/grid", "现场填报").titled(source.title.clone());
    let key = xinzhi_office::office::form_token(&state.office);
    Ok(FormPage { frame, source: source.id.clone(), title: source.title.clone(), kind, fields, key, faults })
}

/// What a fresh form can say by itself.
#[derive(Clone, Copy)]
struct Known<'a> {
    today: &'a str,
    organ: &'a str,
}

fn fields(pack: &Pack, source: &Source, (typed, known): (&BTreeMap<String, String>, Known<'_>)) -> Vec<Asked> {
    let Some(kind) = pack.record_kind(source.kind) else { return Vec::new() };
    let asked = kind.fields.iter().enumerate().filter(|(index, _)| by_hand::is_asked(source, FieldIx(*index)));
    asked
        .map(|(index, field)| {
            let plays = |role: Option<FieldIx>| role == Some(FieldIx(index));
            let fresh = match () {
                () if plays(kind.roles.document_date) => known.today,
                () if plays(kind.roles.organ_name) => known.organ,
                () => "",
            };
            let value = typed.get(&field.code).cloned().unwrap_or_else(|| fresh.to_owned());
            let ask = ask(field, &value);
            Asked {
                code: field.code.clone(),
                title: field.title.clone(),
                required: matches!(field.need, Need::Required),
                hint: hint(field),
                value,
                ask,
            }
        })
        .collect()
}

fn ask(field: &Field, value: &str) -> Ask {
    let titles = |values: &[xinzhi_office::rules::model::ChoiceValue]| -> Vec<(String, bool)> {
        values.iter().map(|v| (v.title.clone(), value.split('；').any(|chosen| chosen == v.title))).collect()
    };
    match &field.kind {
        FieldKind::Choice(choices) if choices.values.len() <= BUTTONS_MAX => Ask::Buttons(titles(&choices.values)),
        FieldKind::Choice(choices) => Ask::List(titles(&choices.values)),
        FieldKind::Choices(choices) => Ask::Boxes(titles(&choices.values)),
        FieldKind::Day { .. } => Ask::Line("date"),
        FieldKind::Integer { .. } => Ask::Line("number"),
        FieldKind::Text if field.width.is_none_or(|width| width > LINE_CHARS_MAX) => Ask::Text,
        FieldKind::Text | FieldKind::Uscc | FieldKind::OrgCode | FieldKind::PersonNumber | FieldKind::Money(_) => Ask::Line("text"),
    }
}

fn hint(field: &Field) -> String {
    match &field.kind {
        FieldKind::Integer { min, max } => format!("{min} 到 {max} 的整数"),
        FieldKind::Money(Unit::TenThousandYuan) => "单位：万元".to_owned(),
        FieldKind::Money(Unit::Yuan) => "单位：元".to_owned(),
        FieldKind::Uscc => "18 位统一社会信用代码".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
pub(super) mod samples;

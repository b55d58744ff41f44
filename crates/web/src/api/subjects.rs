//! Subjects on the wire: by role, purpose and area; masked.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use xinzhi_core::money::Fen;
use xinzhi_core::record::Class;
use xinzhi_core::{Code, Day, Refusal};
use xinzhi_office::evaluate::{IndicatorLine, Knowledge, Measured, Outcome};
use xinzhi_office::rules::model::Scorecard;
use xinzhi_office::rules::{Pack, sentence};
use xinzhi_office::subject::file::{EvaluationView as Evaluated, RecordView as Record};
use xinzhi_office::subject::{self, RelationView as Related, SubjectFile};

use crate::api::better::BetterView;
use crate::api::checks::MeasureView;
use crate::api::problem::Problem;
use crate::server::AppState;
use crate::session::Caller;

/// Results of one search.
const FOUND_MAX: usize = 20;

/// What is searched for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Two characters of the name, pinyin initials, or a code.
    #[param(min_length = 1, max_length = 60)]
    q: String,
}

/// Why a file is opened.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PurposeQuery {
    /// One of the purposes of the office, as 日常监管.
    #[param(pattern = "^(日常监管|行政许可|政府采购|财政资金|评先评优|异议核查|本人查询)$")]
    purpose: String,
}

/// Why a file is opened, and which evaluation is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EvaluationQuery {
    /// One of the purposes of the office, as 日常监管.
    #[param(pattern = "^(日常监管|行政许可|政府采购|财政资金|评先评优|异议核查|本人查询)$")]
    purpose: String,
    /// Id of a scorecard; all that apply where left out.
    scorecard: Option<String>,
    /// Day of evaluation, YYYY-MM-DD; needs a scorecard.
    #[param(format = Date)]
    as_of: Option<String>,
    /// Journal position of what is to be known, at most the journal's last; needs a scorecard.
    #[param(minimum = 1)]
    known: Option<i64>,
}

/// A search result.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundView {
    code: String,
    name: String,
    kind: String,
    area: Option<String>,
}

/// A subject.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubjectView {
    code: String,
    name: String,
    kind: String,
    area: Option<String>,
    industry: Option<String>,
    aliases: Vec<String>,
    evaluations: Vec<EvaluationView>,
    measures: Vec<MeasureView>,
    /// Relations to others, at most 19; those in force first.
    relations: Vec<RelationView>,
    /// Whether there are more relations than are listed.
    relations_more: bool,
    records: usize,
    /// YYYY-MM-DD.
    today: String,
    /// Journal position of what was known.
    known: i64,
    next_change: Option<String>,
}

/// An evaluation.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvaluationView {
    scorecard: String,
    title: String,
    as_of: String,
    valid_until: String,
    pack: String,
    /// Points as written, `835` or `812.5`; none where not evaluable.
    points: Option<String>,
    /// How they come about: what everybody begins with, what each dimension adds, and bounds; `800 - 95 + 17.5 = 722.5`.
    arithmetic: Option<String>,
    grade: Option<String>,
    /// What the grade is worth, as the model's amount says: `1,000,000.00 元`; none where it gives no amounts.
    amount: Option<String>,
    /// Why there are no points.
    reason: Option<String>,
    /// By whose limits it is graded, where how peers do decides; none where points alone do.
    peers: Option<PeersView>,
    /// Share of the weight inside coverage, in thousandths.
    assessed_share: i64,
    indicators: Vec<IndicatorView>,
    /// What would make the grade better; only in the answer of `…/evaluations`.
    better: Option<BetterView>,
}

/// Limits by peers: data of the pack, made by one run and the same for everybody of a group.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeersView {
    /// A sentence: which group, made of how many, when, for which days.
    says: String,
    /// The group; none where nothing says one.
    group: Option<String>,
    /// Whether the limits are the group's own; else everybody's.
    own: bool,
    /// Of how many subjects they were made.
    size: i64,
    /// The day for which the run computed everybody's points.
    made: String,
    /// First day of the limits.
    from: String,
    /// Last day of them.
    until: Option<String>,
    /// Least points by grade, without the last grade.
    limits: Vec<LimitView>,
}

/// From how many points a grade holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitView {
    grade: String,
    from: String,
}

/// An indicator.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndicatorView {
    id: String,
    title: String,
    known: bool,
    /// Why it is not known, where it is not.
    unknown_because: Option<&'static str>,
    points: String,
    arithmetic: String,
    /// The rule as a Chinese sentence with its articles.
    rule: String,
    contributions: Vec<ContributionView>,
}

/// A record's share in an indicator.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContributionView {
    record: i64,
    day: String,
    /// 文书号, where the record can be shown.
    document: Option<String>,
    points: String,
    arithmetic: String,
    next_fade: Option<String>,
    leaves_on: String,
}

/// A record.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordView {
    id: i64,
    kind: String,
    nature: &'static str,
    document: String,
    organ: String,
    date: String,
    class: Option<&'static str>,
    fields: std::collections::BTreeMap<String, String>,
    batch: Option<i64>,
    row: Option<i64>,
}

/// A relation to another subject. Nothing that the other did counts for this one.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelationView {
    /// Id of the relation in its pack.
    relation: String,
    /// What the other side is to this subject.
    title: String,
    code: String,
    /// None where the caller may not open the other's file.
    name: Option<String>,
    kind: String,
    /// Whether it holds on the day asked about.
    in_force: bool,
    /// First day, YYYY-MM-DD.
    from: String,
    /// Last day, YYYY-MM-DD; none while it goes on.
    until: Option<String>,
    /// The record that states it.
    record: i64,
    record_kind: String,
    /// Whether that record is this subject's own.
    own_record: bool,
    document: String,
    supplier: String,
    batch: Option<i64>,
    row: Option<i64>,
    /// Articles by which it may be known.
    basis: Vec<String>,
}

/// A subject's relations on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelationsView {
    /// At most 19; those in force first.
    relations: Vec<RelationView>,
    /// Whether there are more.
    more: bool,
}

/// Why a file is opened, and when its relations are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RelationQuery {
    /// One of the purposes of the office, as 日常监管.
    #[param(pattern = "^(日常监管|行政许可|政府采购|财政资金|评先评优|异议核查|本人查询)$")]
    purpose: String,
    /// Day, YYYY-MM-DD; today where left out.
    #[param(format = Date)]
    as_of: Option<String>,
    /// Journal position of what is to be known, at most the journal's last; the newest where left out.
    #[param(minimum = 1)]
    known: Option<i64>,
}

/// A read of a subject's file.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessView {
    at: String,
    who: String,
    role: String,
    organ: Option<String>,
    purpose: String,
    case: String,
    what: String,
}

fn evaluation(pack: &Pack, view: &Evaluated, records: &[Record]) -> EvaluationView {
    let e = &view.evaluation;
    let (points, reason) = match e.outcome {
        Outcome::Graded { points, .. } => (Some(points.to_string()), None),
        Outcome::NotEvaluable { reason } => (None, Some(reason.sentence())),
    };
    EvaluationView {
        scorecard: e.scorecard.clone(),
        title: view.title.clone(),
        as_of: e.as_of.to_string(),
        valid_until: e.valid_until.to_string(),
        pack: view.pack.clone(),
        points,
        arithmetic: e.arithmetic(),
        grade: view.grade.as_ref().map(|(name, _)| name.clone()),
        amount: e.amount.map(|amount| Fen(amount).to_string()),
        reason,
        peers: e.peers.as_ref().map(|peers| measured(peers, pack.scorecard(view.card))),
        assessed_share: e.assessed_share,
        indicators: e.indicators().map(|line| indicator(pack, view, line, records)).collect(),
        better: view.better.as_ref().map(|better| BetterView::of(pack, better)),
    }
}

fn measured(peers: &Measured, card: Option<&Scorecard>) -> PeersView {
    let grades = card.into_iter().flat_map(|card| &card.grades);
    PeersView {
        says: peers.sentence(),
        group: peers.group.clone(),
        own: peers.own,
        size: peers.size,
        made: peers.made.to_string(),
        from: peers.in_force.from.to_string(),
        until: peers.in_force.until.map(|day| day.to_string()),
        limits: grades.zip(&peers.limits).map(|(grade, from)| LimitView { grade: grade.name.clone(), from: from.to_string() }).collect(),
    }
}

fn indicator(pack: &Pack, view: &Evaluated, line: &IndicatorLine, records: &[Record]) -> IndicatorView {
    let card = pack.scorecards.get(view.card.0);
    let of_card = |card: &'_ Scorecard| {
        let found = card.dimensions.iter().flat_map(|d| &d.indicators).find(|i| i.id == line.id);
        found.map(|indicator| sentence::indicator(pack, card, indicator))
    };
    let document = |record| records.iter().find(|r| r.record == record).map(|r| r.document.number.clone());
    let contributions = line.contributions.iter().map(|c| ContributionView {
        record: c.record.0,
        day: c.day.to_string(),
        document: document(c.record),
        points: c.points.to_string(),
        arithmetic: c.arithmetic(),
        next_fade: c.next_fade.map(|day| day.to_string()),
        leaves_on: c.leaves_on.to_string(),
    });
    IndicatorView {
        id: line.id.clone(),
        title: line.title.clone(),
        known: line.state == Knowledge::Known,
        unknown_because: line.unknown_because(),
        points: line.points.to_string(),
        arithmetic: line.arithmetic(),
        rule: card.and_then(of_card).unwrap_or_default(),
        contributions: contributions.collect(),
    }
}

fn record(view: &Record) -> RecordView {
    RecordView {
        id: view.record.0,
        kind: view.kind.clone(),
        nature: view.nature,
        document: view.document.number.clone(),
        organ: view.document.organ.clone(),
        date: view.document.date.to_string(),
        class: view.class.map(Class::title),
        fields: view.fields.iter().cloned().collect(),
        batch: view.from.map(|(batch, _)| batch.0),
        row: view.from.map(|(_, row)| row),
    }
}

fn relation(pack: &Pack, view: &Related) -> RelationView {
    RelationView {
        relation: view.relation.clone(),
        title: view.title.clone(),
        code: view.code.clone(),
        name: view.name.clone(),
        kind: view.kind.clone(),
        in_force: view.in_force,
        from: view.span.from.to_string(),
        until: view.span.until.map(|day| day.to_string()),
        record: view.record.0,
        record_kind: view.record_kind.clone(),
        own_record: view.own_record,
        document: view.document.number.clone(),
        supplier: view.supplier.clone(),
        batch: view.from.map(|(batch, _)| batch.0),
        row: view.from.map(|(_, row)| row),
        basis: view.basis.iter().filter_map(|ix| pack.law(*ix)).map(xinzhi_office::rules::model::Law::citation).collect(),
    }
}

/// Organisations by name, pinyin initials or code.
#[utoipa::path(get, path = "/api/v1/subjects", params(SearchQuery), security(("key" = [])), tag = "主体",
    responses((status = 200, body = Vec<FoundView>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn search(
    State(state): State<AppState>,
    Caller(actor): Caller,
    query: Result<Query<SearchQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Vec<FoundView>>, Problem> {
    let Query(query) = query.map_err(missing("q", "请用 q 给出名称中的两个字、拼音首字母或完整代码"))?;
    let found = subject::search(&state.office, &actor, &query.q, FOUND_MAX).await?.found;
    Ok(Json(found.into_iter().map(|f| FoundView { code: f.code, name: f.name, kind: f.kind, area: f.area }).collect()))
}

fn missing<E>(field: &'static str, words: &'static str) -> impl FnOnce(E) -> Problem {
    move |_| Refusal::field(Code::FieldInvalid, field, words).into()
}

type Purpose = Result<Query<PurposeQuery>, axum::extract::rejection::QueryRejection>;

async fn open(state: &AppState, caller: &Caller, code: &str, purpose: Purpose) -> Result<SubjectFile, Problem> {
    let Query(query) = purpose.map_err(missing("purpose", "请用 purpose 说明查询用途"))?;
    Ok(subject::open_file(&state.office, &caller.0, code, &query.purpose).await?)
}

/// One subject: what is in force and its evaluation.
#[utoipa::path(get, path = "/api/v1/subjects/{code}", params(("code" = String, Path), PurposeQuery), security(("key" = [])), tag = "主体",
    responses((status = 200, body = SubjectView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn file(
    State(state): State<AppState>,
    caller: Caller,
    Path(code): Path<String>,
    purpose: Purpose,
) -> Result<Json<SubjectView>, Problem> {
    let file = open(&state, &caller, &code, purpose).await?;
    let pack = state.office.pack();
    Ok(Json(SubjectView {
        evaluations: file.evaluations.iter().map(|e| evaluation(&pack, e, &file.records)).collect(),
        relations: file.relations.lines.iter().map(|one| relation(&pack, one)).collect(),
        relations_more: file.relations.more,
        records: file.records.len(),
        today: file.today.to_string(),
        known: file.known.0,
        next_change: file.next_change.map(|day| day.to_string()),
        measures: file.measures.into_iter().map(|(measure, _)| measure.into()).collect(),
        code: file.code,
        name: file.name,
        kind: file.kind,
        area: file.area,
        industry: file.industry,
        aliases: file.aliases,
    }))
}

/// Its records, newest document first.
#[utoipa::path(get, path = "/api/v1/subjects/{code}/records", params(("code" = String, Path), PurposeQuery), security(("key" = [])), tag = "主体",
    responses((status = 200, body = Vec<RecordView>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn records(
    State(state): State<AppState>,
    caller: Caller,
    Path(code): Path<String>,
    purpose: Purpose,
) -> Result<Json<Vec<RecordView>>, Problem> {
    Ok(Json(open(&state, &caller, &code, purpose).await?.records.iter().map(record).collect()))
}

/// Its evaluations, with every contribution; one scorecard's on any day and as known at any position, where asked.
#[utoipa::path(get, path = "/api/v1/subjects/{code}/evaluations", params(("code" = String, Path), EvaluationQuery), security(("key" = [])),
    tag = "主体",
    responses((status = 200, body = Vec<EvaluationView>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn evaluations(
    State(state): State<AppState>,
    caller: Caller,
    Path(code): Path<String>,
    query: Result<Query<EvaluationQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Vec<EvaluationView>>, Problem> {
    let Query(query) = query.map_err(missing("purpose", "请用 purpose 说明查询用途，known 应为账簿位置"))?;
    let invalid = |fault| Refusal::field(Code::FieldInvalid, "as_of", format!("评价日{fault}"));
    let as_of = query.as_of.as_deref().map(Day::parse).transpose().map_err(invalid)?;
    let known = query.known.map(xinzhi_core::journal::Position);
    if query.scorecard.is_none() && (as_of.is_some() || known.is_some()) {
        return Err(Refusal::field(Code::FieldInvalid, "scorecard", "给出 as_of 或 known 的，请用 scorecard 指明评价模型").into());
    }
    let pack = state.office.pack();
    let mut file = subject::open_file(&state.office, &caller.0, &code, &query.purpose).await?;
    let Some(scorecard) = &query.scorecard else {
        subject::foresee(&mut file)?;
        return Ok(Json(file.evaluations.iter().map(|e| evaluation(&pack, e, &file.records)).collect()));
    };
    let (view, records) = subject::file::explain(&state.office, &caller.0, (&code, scorecard, &query.purpose), (as_of, known)).await?;
    Ok(Json(vec![evaluation(&pack, &view, &records)]))
}

/// Its relations to other subjects on any day, as known at any position.
#[utoipa::path(get, path = "/api/v1/subjects/{code}/relations", params(("code" = String, Path), RelationQuery), security(("key" = [])),
    tag = "主体",
    responses((status = 200, body = RelationsView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn relations(
    State(state): State<AppState>,
    caller: Caller,
    Path(code): Path<String>,
    query: Result<Query<RelationQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<RelationsView>, Problem> {
    let Query(query) = query.map_err(missing("purpose", "请用 purpose 说明查询用途，known 应为账簿位置"))?;
    let invalid = |fault| Refusal::field(Code::FieldInvalid, "as_of", format!("查询日{fault}"));
    let as_of = query.as_of.as_deref().map(Day::parse).transpose().map_err(invalid)?;
    let known = query.known.map(xinzhi_core::journal::Position);
    let (found, pack) = subject::relations(&state.office, &caller.0, (&code, &query.purpose), (as_of, known)).await?;
    Ok(Json(RelationsView { relations: found.lines.iter().map(|one| relation(&pack, one)).collect(), more: found.more }))
}

/// The measures that apply to it or wait for a person.
#[utoipa::path(get, path = "/api/v1/subjects/{code}/measures", params(("code" = String, Path), PurposeQuery), security(("key" = [])), tag = "主体",
    responses((status = 200, body = Vec<MeasureView>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn measures(
    State(state): State<AppState>,
    caller: Caller,
    Path(code): Path<String>,
    purpose: Purpose,
) -> Result<Json<Vec<MeasureView>>, Problem> {
    Ok(Json(open(&state, &caller, &code, purpose).await?.measures.into_iter().map(|(measure, _)| measure.into()).collect()))
}

/// Who looked at its file.
#[utoipa::path(get, path = "/api/v1/subjects/{code}/accesses", params(("code" = String, Path), PurposeQuery), security(("key" = [])), tag = "主体",
    responses((status = 200, body = Vec<AccessView>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn accesses(
    State(state): State<AppState>,
    caller: Caller,
    Path(code): Path<String>,
    purpose: Purpose,
) -> Result<Json<Vec<AccessView>>, Problem> {
    let file = open(&state, &caller, &code, purpose).await?;
    let views = file.accesses.into_iter().map(|a| AccessView {
        at: a.at.to_string(),
        who: a.title,
        role: a.role,
        organ: a.organ,
        purpose: a.purpose,
        case: a.case_number,
        what: a.what,
    });
    Ok(Json(views.collect()))
}

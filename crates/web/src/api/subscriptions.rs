//! Subscriptions and pushes on the wire.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use xinzhi_core::{Code, Refusal};
use xinzhi_office::push::subscribe::{self, Form, HostForm, Made};
use xinzhi_office::push::view::{self, EventView, Filter, SubscriptionView};
use xinzhi_office::push::{receipt, reconcile};

use crate::api::input::{Key, Posted};
use crate::api::number;
use crate::api::problem::Problem;
use crate::server::AppState;
use crate::session::Caller;

/// Events of one answer.
const EVENTS_MAX: i64 = 500;

/// Where to, and of what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionBody {
    /// measure.begins, measure.ends and measure.withdrawn (all three or none), record.corrected, obligation.due.
    #[schema(min_items = 1, max_items = 5, pattern = "^(measure\\.(begins|ends|withdrawn)|record\\.corrected|obligation\\.due)$", example = json!(["obligation.due"]))]
    events: Vec<String>,
    /// https://host[:port]/path; the host stands on the list of the office. http only for addresses that the list names.
    #[schema(max_length = 500, pattern = r"^https?://[0-9A-Za-z.:\[\]-]+(/[!-~]*)?$", example = "https://push.example.gov.cn/xinzhi")]
    url: String,
    /// What people call the system; the host where left out.
    #[serde(default)]
    #[schema(max_length = 100)]
    title: String,
}

/// A subscription whose key was just made.
#[derive(Serialize, ToSchema)]
pub struct MadeView {
    id: i64,
    /// The key that signs, `whsec_…` (Standard Webhooks). It is shown this once; the same request under the same key is answered the same.
    secret: String,
}

impl From<Made> for MadeView {
    fn from(made: Made) -> MadeView {
        MadeView { id: made.subscription, secret: made.secret }
    }
}

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriptionListView {
    id: i64,
    title: String,
    /// Whose system; none for one that is told of the whole office.
    organ: Option<String>,
    url: String,
    events: Vec<&'static str>,
    ended: bool,
    /// Why it ended.
    reason: String,
    /// Every event so far: the number of the last one.
    sequence: i64,
    /// Events not accepted yet.
    waiting: i64,
    /// Events given up after about a day.
    dead: i64,
    /// Events undone before they were sent.
    cancelled: i64,
    /// Accepted, and not acknowledged.
    unacknowledged: i64,
    acknowledged: i64,
    /// Waiting for more than an hour, or unacknowledged for more than a day.
    late: i64,
}

impl From<SubscriptionView> for SubscriptionListView {
    fn from(view: SubscriptionView) -> SubscriptionListView {
        let counts = view.counts;
        SubscriptionListView {
            id: view.row.subscription,
            ended: view.row.is_ended(),
            title: view.row.title,
            organ: view.row.organ,
            url: view.row.url,
            events: view.events.iter().map(|kind| kind.word()).collect(),
            reason: view.row.reason,
            sequence: counts.events,
            waiting: counts.waiting,
            dead: counts.dead,
            cancelled: counts.cancelled,
            unacknowledged: counts.unacknowledged,
            acknowledged: counts.acknowledged,
            late: counts.late,
        }
    }
}

/// An event with what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PushView {
    sequence: i64,
    /// Under which the recipient knows it.
    webhook_id: String,
    /// The kind of event.
    #[serde(rename = "type")]
    kind: String,
    /// The day on which it became true, YYYY-MM-DD.
    day: String,
    /// waiting, accepted, dead or cancelled.
    state: String,
    acknowledged: bool,
    tries: i64,
    /// HTTP status of the last answer.
    status: Option<i64>,
    /// What went wrong last.
    error: String,
    /// The CloudEvents envelope as it is sent.
    #[schema(value_type = Object)]
    event: serde_json::Value,
}

impl From<EventView> for PushView {
    fn from(view: EventView) -> PushView {
        let row = view.row;
        PushView {
            sequence: row.sequence,
            webhook_id: row.webhook,
            kind: row.kind,
            day: row.day.to_string(),
            acknowledged: row.acknowledged_at.is_some(),
            state: row.state,
            tries: row.tries,
            status: row.status,
            error: row.error,
            event: serde_json::from_str(&row.body).unwrap_or_default(),
        }
    }
}

/// Why it ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndBody {
    /// 理由.
    #[schema(min_length = 1, max_length = 100)]
    reason: String,
}

/// That it was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct DoneView {
    done: bool,
}

const DONE: Json<DoneView> = Json(DoneView { done: true });

fn form(body: SubscriptionBody) -> Form {
    let SubscriptionBody { events, url, title } = body;
    Form { title, url, events }
}

/// The subscriptions of the caller's organ; the credit centre sees all.
#[utoipa::path(get, path = "/api/v1/subscriptions", operation_id = "subscriptions", security(("key" = [])), tag = "推送",
    responses((status = 200, body = Vec<SubscriptionListView>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(State(state): State<AppState>, Caller(actor): Caller) -> Result<Json<Vec<SubscriptionListView>>, Problem> {
    let found = view::subscriptions(&state.office, &actor).await?;
    Ok(Json(found.into_iter().map(SubscriptionListView::from).collect()))
}

/// 订阅: signed events from now on, in order; of restrictions also those that run already.
#[utoipa::path(post, path = "/api/v1/subscriptions", operation_id = "subscribe", request_body = SubscriptionBody, security(("key" = [])), tag = "推送",
    params(("Idempotency-Key" = String, Header, description = "每次提交唯一", min_length = 1, max_length = 200, pattern = "^[!-~]+$")),
    responses((status = 200, body = MadeView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn make(
    State(state): State<AppState>,
    Caller(actor): Caller,
    posted: Posted<SubscriptionBody>,
) -> Result<Json<MadeView>, Problem> {
    Ok(Json(subscribe::make(&state.office, &actor, form(posted.body), Some(posted.once)).await?.into()))
}

/// One subscription.
#[utoipa::path(get, path = "/api/v1/subscriptions/{id}", operation_id = "subscription", params(("id" = i64, Path, minimum = 1)), security(("key" = [])), tag = "推送",
    responses((status = 200, body = SubscriptionListView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<SubscriptionListView>, Problem> {
    let filter = Filter { limit: 0, ..Filter::default() };
    Ok(Json(view::detail(&state.office, &actor, number(&id)?, filter).await?.subscription.into()))
}

/// Another address, title or choice of events.
#[utoipa::path(post, path = "/api/v1/subscriptions/{id}/change", operation_id = "change_subscription", request_body = SubscriptionBody, security(("key" = [])), tag = "推送",
    params(("id" = i64, Path, minimum = 1),
        ("Idempotency-Key" = String, Header, description = "每次提交唯一", min_length = 1, max_length = 200, pattern = "^[!-~]+$")),
    responses((status = 200, body = DoneView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn change(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    posted: Posted<SubscriptionBody>,
) -> Result<Json<DoneView>, Problem> {
    subscribe::change(&state.office, &actor, number(&id)?, form(posted.body), Some(posted.once)).await?;
    Ok(DONE)
}

/// Ends a subscription for good.
#[utoipa::path(post, path = "/api/v1/subscriptions/{id}/end", operation_id = "end_subscription", request_body = EndBody, security(("key" = [])), tag = "推送",
    params(("id" = i64, Path, minimum = 1),
        ("Idempotency-Key" = String, Header, description = "每次提交唯一", min_length = 1, max_length = 200, pattern = "^[!-~]+$")),
    responses((status = 200, body = DoneView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn end(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    posted: Posted<EndBody>,
) -> Result<Json<DoneView>, Problem> {
    subscribe::end(&state.office, &actor, number(&id)?, &posted.body.reason, Some(posted.once)).await?;
    Ok(DONE)
}

/// A new key; the old one signs beside it for a day.
#[utoipa::path(post, path = "/api/v1/subscriptions/{id}/rotate", operation_id = "rotate_key", security(("key" = [])), tag = "推送",
    params(("id" = i64, Path, minimum = 1),
        ("Idempotency-Key" = String, Header, description = "每次提交唯一", min_length = 1, max_length = 200, pattern = "^[!-~]+$")),
    responses((status = 200, body = MadeView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn rotate(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Key(once): Key,
) -> Result<Json<MadeView>, Problem> {
    Ok(Json(subscribe::rotate(&state.office, &actor, number(&id)?, Some(once)).await?.into()))
}

/// From where on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AfterQuery {
    /// Events after this number; from the first where left out.
    #[param(minimum = 0)]
    after: Option<i64>,
}

/// Events in order, at most 500: how a recipient fetches what it misses.
#[utoipa::path(get, path = "/api/v1/subscriptions/{id}/events", operation_id = "events", params(("id" = i64, Path, minimum = 1), AfterQuery), security(("key" = [])), tag = "推送",
    responses((status = 200, body = Vec<PushView>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn events(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(query): Query<AfterQuery>,
) -> Result<Json<Vec<PushView>>, Problem> {
    let after = query.after.unwrap_or(0);
    if after < 0 {
        return Err(Refusal::field(Code::FieldInvalid, "after", "after 应为推送编号，从 0 起").into());
    }
    let found = view::after(&state.office, &actor, number(&id)?, (after, EVENTS_MAX)).await?;
    Ok(Json(found.into_iter().map(PushView::from).collect()))
}

/// One event.
#[utoipa::path(get, path = "/api/v1/subscriptions/{id}/events/{sequence}", operation_id = "event", params(("id" = i64, Path, minimum = 1), ("sequence" = i64, Path, minimum = 1)), security(("key" = [])), tag = "推送",
    responses((status = 200, body = PushView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn event(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((id, sequence)): Path<(String, String)>,
) -> Result<Json<PushView>, Problem> {
    let (found, _) = view::event(&state.office, &actor, (number(&id)?, number(&sequence)?)).await?;
    Ok(Json(found.into()))
}

/// When the recipient first said so.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcknowledgedView {
    sequence: i64,
    /// RFC 3339.
    acknowledged_at: String,
}

/// 签收: the event had its effect at the recipient. Said again, it is answered the same.
#[utoipa::path(post, path = "/api/v1/subscriptions/{id}/events/{sequence}/acknowledgement", operation_id = "acknowledge", security(("key" = [])), tag = "推送",
    params(("id" = i64, Path, minimum = 1), ("sequence" = i64, Path, minimum = 1),
        ("Idempotency-Key" = String, Header, description = "每次提交唯一", min_length = 1, max_length = 200, pattern = "^[!-~]+$")),
    responses((status = 200, body = AcknowledgedView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn acknowledge(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((id, sequence)): Path<(String, String)>,
    Key(once): Key,
) -> Result<Json<AcknowledgedView>, Problem> {
    let sequence = number(&sequence)?;
    let at = receipt::acknowledge(&state.office, &actor, (number(&id)?, sequence), Some(once)).await?;
    Ok(Json(AcknowledgedView { sequence, acknowledged_at: at.to_rfc3339() }))
}

/// Sends an event again, before all that waits, under its number and id.
#[utoipa::path(post, path = "/api/v1/subscriptions/{id}/events/{sequence}/resend", operation_id = "resend", security(("key" = [])), tag = "推送",
    params(("id" = i64, Path, minimum = 1), ("sequence" = i64, Path, minimum = 1),
        ("Idempotency-Key" = String, Header, description = "每次提交唯一", min_length = 1, max_length = 200, pattern = "^[!-~]+$")),
    responses((status = 200, body = DoneView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn resend(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((id, sequence)): Path<(String, String)>,
    Key(once): Key,
) -> Result<Json<DoneView>, Problem> {
    receipt::resend(&state.office, &actor, (number(&id)?, number(&sequence)?), Some(once)).await?;
    Ok(DONE)
}

/// What for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PurposeQuery {
    /// Purpose of the access.
    #[param(pattern = "^(日常监管|行政许可|政府采购|财政资金|评先评优|异议核查|本人查询)$")]
    purpose: String,
}

/// Whom an event is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct AboutView {
    /// Masked for persons.
    name: String,
    /// Masked for persons.
    code: String,
    /// Kind of subject.
    kind: String,
}

/// Resolves the subject of an event, for a purpose; the subject sees that somebody looked.
#[utoipa::path(get, path = "/api/v1/subscriptions/{id}/events/{sequence}/subject", operation_id = "event_subject",
    params(("id" = i64, Path, minimum = 1), ("sequence" = i64, Path, minimum = 1), PurposeQuery), security(("key" = [])), tag = "推送",
    responses((status = 200, body = AboutView), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn about(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((id, sequence)): Path<(String, String)>,
    Query(query): Query<PurposeQuery>,
) -> Result<Json<AboutView>, Problem> {
    let found = receipt::about(&state.office, &actor, (number(&id)?, number(&sequence)?), &query.purpose).await?;
    Ok(Json(AboutView { name: found.name, code: found.code, kind: found.kind }))
}

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DaysQuery {
    /// First day, YYYY-MM-DD.
    #[param(pattern = r"^\d{4}-\d{2}-\d{2}$")]
    from: String,
    /// Last day, YYYY-MM-DD; at most 31 days.
    #[param(pattern = r"^\d{4}-\d{2}-\d{2}$")]
    to: String,
}

/// One day of a subscription.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayView {
    /// On which the events were written down.
    day: String,
    events: i64,
    accepted: i64,
    acknowledged: i64,
    /// Numbers that still wait.
    waiting: Vec<i64>,
    /// Numbers that were given up: fetch them, or have them sent again.
    dead: Vec<i64>,
    /// Numbers that were undone before they were sent: nothing is missing.
    cancelled: Vec<i64>,
    /// SHA-256 in hex over a line `number webhook-id` of each accepted event, in order, each line ended by a line feed.
    digest: String,
}

/// 对账: what should have arrived, by day, for the recipient to compare.
#[utoipa::path(get, path = "/api/v1/subscriptions/{id}/reconciliation", operation_id = "reconciliation", params(("id" = i64, Path, minimum = 1), DaysQuery), security(("key" = [])), tag = "推送",
    responses((status = 200, body = Vec<DayView>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn reconciliation(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(query): Query<DaysQuery>,
) -> Result<Json<Vec<DayView>>, Problem> {
    let days = reconcile::days(&state.office, &actor, number(&id)?, (&query.from, &query.to)).await?;
    let view = |day: reconcile::DayCount| DayView {
        day: day.day.to_string(),
        events: day.events,
        accepted: day.accepted,
        acknowledged: day.acknowledged,
        waiting: day.waiting,
        dead: day.dead,
        cancelled: day.cancelled,
        digest: day.digest.to_string(),
    };
    Ok(Json(days.into_iter().map(view).collect()))
}

/// A host that may be sent to, or no longer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostBody {
    /// Name, address or range, with a port where it is not the scheme's own.
    host: String,
    /// Whether it may be sent to.
    allowed: bool,
    /// What for.
    note: String,
    /// Certificates of the authorities by which alone it is to be known, as PEM.
    #[serde(default)]
    authorities: Option<String>,
}

/// A host that may be sent to.
#[derive(Debug, Serialize, ToSchema)]
pub struct HostView {
    host: String,
    note: String,
    /// Whether it is known by authorities of its own alone.
    own_authorities: bool,
    actor: String,
    at: String,
}

/// The hosts that may be sent to.
#[utoipa::path(get, path = "/api/v1/hosts", security(("key" = [])), tag = "推送",
    responses((status = 200, body = Vec<HostView>), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn hosts(State(state): State<AppState>, Caller(actor): Caller) -> Result<Json<Vec<HostView>>, Problem> {
    let rows = subscribe::hosts(&state.office, &actor).await?;
    let view = |row: xinzhi_office::push::HostRow| HostView {
        own_authorities: row.authorities.is_some(),
        host: row.host,
        note: row.note,
        actor: row.actor,
        at: row.at.to_minute(),
    };
    Ok(Json(rows.into_iter().map(view).collect()))
}

/// Puts a host on the list or takes it off: for the operator of the machine and the system administrator. It is a way of the command line
/// and stands in no description: no key of a program ever opens it.
pub(super) async fn list_host(
    State(state): State<AppState>,
    Caller(actor): Caller,
    posted: Posted<HostBody>,
) -> Result<Json<DoneView>, Problem> {
    let HostBody { host, allowed, note, authorities } = posted.body;
    if let Some(pem) = &authorities {
        let unusable = |words| Refusal::field(Code::FieldInvalid, "authorities", words);
        crate::outbound::authorities(pem).map_err(unusable)?;
    }
    subscribe::list_host(&state.office, &actor, &HostForm { host, allowed, note, authorities }, Some(posted.once)).await?;
    Ok(DONE)
}

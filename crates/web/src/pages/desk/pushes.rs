//! 推送: which systems are told, what arrived there, what was acknowledged, what is late, and what was given up.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use xinzhi_core::Moment;
use xinzhi_office::Error;
use xinzhi_office::push::subscribe::{self, Made};
use xinzhi_office::push::view::{self, EventView, Filter, SubscriptionView};
use xinzhi_office::push::{AttemptRow, EventKind, HostRow, ReconciliationRow, receipt};

use super::super::answer::{Answer, FormFault, Stopped, form_faults, go, show, show_as};
use super::super::frame::Frame;
use super::super::reader::Signed;
use super::super::text::{Mark, Tone};
use super::{Done, form_key, once};
use crate::server::AppState;

/// Events of one page.
const EVENTS_PAGE: i64 = 100;

/// How an event stands, in words.
pub(super) fn event_mark(event: &EventView) -> Mark {
    let row = &event.row;
    match (row.state.as_str(), row.acknowledged_at, event.late) {
        ("waiting", _, true) => Mark::new(Tone::Red, "逾期未送达"),
        ("waiting", _, false) if row.tries > 0 => Mark::new(Tone::Amber, "未送达，自动重试"),
        ("waiting", _, false) => Mark::new(Tone::Plain, "排队等待"),
        ("accepted", Some(_), _) => Mark::new(Tone::Green, "已签收"),
        ("accepted", None, true) => Mark::new(Tone::Red, "逾期未签收"),
        ("accepted", None, false) => Mark::new(Tone::Accent, "已送达，待签收"),
        ("dead", _, _) => Mark::new(Tone::Ink, "未送达，已停止重试"),
        _ => Mark::new(Tone::Plain, "发出前已撤销"),
    }
}

fn subscription_mark(view: &SubscriptionView) -> Mark {
    match (view.row.is_ended(), view.counts.late, view.counts.waiting, view.counts.dead) {
        (true, ..) => Mark::new(Tone::Plain, "已终止"),
        (false, 1.., ..) => Mark::new(Tone::Red, format!("逾期 {} 件", view.counts.late)),
        (false, _, 1.., _) => Mark::new(Tone::Amber, "有待送达"),
        (false, _, _, 1..) => Mark::new(Tone::Ink, "有未送达"),
        _ => Mark::new(Tone::Green, "正常"),
    }
}

#[derive(Template)]
#[template(path = "desk/pushes.html")]
struct ListPage {
    frame: Frame,
    subscriptions: Vec<(SubscriptionView, Mark)>,
    hosts: Vec<HostRow>,
}

/// `GET /desk/pushes`.
pub(super) async fn list(State(state): State<AppState>, Query(done): Query<Done>, Signed { frame, actor }: Signed) -> Answer {
    let found = view::subscriptions(&state.office, &actor).await?;
    let subscriptions = found.into_iter().map(|view| (subscription_mark(&view), view)).map(|(mark, view)| (view, mark)).collect();
    let hosts = subscribe::hosts(&state.office, &actor).await?;
    show(&ListPage { frame: frame.under("/desk", "工作台").titled("推送").noticed(done.words()), subscriptions, hosts })
}

/// What is typed. Of measures there is one box: beginnings are told with their ends or not at all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SubscriptionForm {
    title: String,
    url: String,
    measures: String,
    records: String,
    obligations: String,
    once: String,
}

impl SubscriptionForm {
    fn form(&self) -> subscribe::Form {
        let boxes = [
            (&self.measures, EventKind::MEASURES.as_slice()),
            (&self.records, &[EventKind::RecordCorrected]),
            (&self.obligations, &[EventKind::ObligationDue]),
        ];
        let chosen = boxes.into_iter().filter(|(ticked, _)| !ticked.is_empty()).flat_map(|(_, kinds)| kinds);
        subscribe::Form { title: self.title.clone(), url: self.url.clone(), events: chosen.map(|kind| kind.word().to_owned()).collect() }
    }

    fn of(view: &SubscriptionView) -> SubscriptionForm {
        let ticked = |kind| if view.events.contains(&kind) { "on".to_owned() } else { String::new() };
        SubscriptionForm {
            title: view.row.title.clone(),
            url: view.row.url.clone(),
            measures: ticked(EventKind::MeasureBegins),
            records: ticked(EventKind::RecordCorrected),
            obligations: ticked(EventKind::ObligationDue),
            once: String::new(),
        }
    }

    fn once(&self, what: &str) -> Result<xinzhi_office::idempotent::Once, Error> {
        once(&self.once, &[what, &self.title, &self.url, &self.measures, &self.records, &self.obligations])
    }
}

#[derive(Template)]
#[template(path = "desk/push_new.html")]
struct NewPage {
    frame: Frame,
    typed: SubscriptionForm,
    hosts: Vec<HostRow>,
    key: String,
    faults: Vec<FormFault>,
}

/// `GET /desk/pushes/new`.
pub(super) async fn new(State(state): State<AppState>, Signed { frame, actor }: Signed) -> Answer {
    let typed = SubscriptionForm { measures: "on".to_owned(), ..SubscriptionForm::default() };
    let hosts = subscribe::hosts(&state.office, &actor).await?;
    show(&NewPage { frame: head(frame).titled("新建订阅"), typed, hosts, key: form_key(&state), faults: Vec::new() })
}

fn head(frame: Frame) -> Frame {
    frame.under("/desk", "工作台").under("/desk/pushes", "推送")
}

#[derive(Template)]
#[template(path = "desk/push_secret.html")]
struct SecretPage {
    frame: Frame,
    made: Made,
    rotated: bool,
}

/// `POST /desk/pushes/new`. Answered by a page and not by an address: the key is shown this once.
pub(super) async fn make(State(state): State<AppState>, Signed { frame, actor }: Signed, Form(form): Form<SubscriptionForm>) -> Answer {
    let key = form.once("subscribe")?;
    match subscribe::make(&state.office, &actor, form.form(), Some(key)).await {
        Ok(made) => show(&SecretPage { frame: head(frame).titled("订阅已建立"), made, rotated: false }),
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            let hosts = subscribe::hosts(&state.office, &actor).await?;
            show_as(status, &NewPage { frame: head(frame).titled("新建订阅"), typed: form, hosts, key: form_key(&state), faults })
        }
    }
}

/// An event as a line of a table.
struct EventLine {
    sequence: i64,
    kind: String,
    about: String,
    day: String,
    at: Moment,
    mark: Mark,
    tries: i64,
    said: String,
}

impl EventLine {
    fn of(event: &EventView) -> EventLine {
        let row = &event.row;
        EventLine {
            sequence: row.sequence,
            kind: event.kind.map_or_else(|| row.kind.clone(), |kind| kind.title().to_owned()),
            about: about(&row.body),
            day: row.day.to_string(),
            at: row.at,
            mark: event_mark(event),
            tries: row.tries,
            said: row.error.clone(),
        }
    }
}

/// What an event is about, from what is sent: the measure or the records, and the subject as the recipient knows it.
fn about(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |name: &str| body.pointer(&format!("/data/{name}")).and_then(Value::as_str);
    let number = |name: &str| body.pointer(&format!("/data/{name}")).and_then(Value::as_i64);
    let what = match (text("title"), number("record"), number("batch")) {
        (Some(title), ..) => Some(title.to_owned()),
        (None, Some(record), _) => Some(format!("记录 {record}")),
        (None, None, batch) => batch.map(|batch| format!("批次 {batch}")),
    };
    let whom = text("subject").or_else(|| text("subject_reference")).map(str::to_owned);
    [what, whom].into_iter().flatten().collect::<Vec<_>>().join("，")
}

/// Which events are wanted, and what was just done.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    state: String,
    before: Option<i64>,
    done: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EndForm {
    reason: String,
    once: String,
}

#[derive(Template)]
#[template(path = "desk/push.html")]
struct DetailPage {
    frame: Frame,
    view: SubscriptionView,
    mark: Mark,
    lines: Vec<EventLine>,
    nights: Vec<ReconciliationRow>,
    /// Word, title, whether chosen, count.
    tabs: Vec<(&'static str, &'static str, bool, i64)>,
    next: Option<String>,
    typed: SubscriptionForm,
    ending: EndForm,
    key: String,
    faults: Vec<FormFault>,
}

impl DetailPage {
    fn id(&self) -> i64 {
        self.view.row.subscription
    }
}

async fn detail_page(state: &AppState, Signed { frame, actor }: Signed, id: i64, wanted: Wanted) -> Result<DetailPage, Stopped> {
    let chosen = Some(wanted.state.clone()).filter(|state| !state.is_empty());
    let found = view::detail(&state.office, &actor, id, Filter { state: chosen, before: wanted.before, limit: EVENTS_PAGE }).await?;
    let view = found.subscription;
    let full = i64::try_from(found.events.len()).is_ok_and(|count| count == EVENTS_PAGE);
    let last = found.events.last().filter(|_| full).map(|event| event.row.sequence);
    let next = last.map(|last| format!("/desk/pushes/{id}?state={}&before={last}#list", wanted.state));
    let counts = view.counts;
    let tab = |word: &'static str, title, count| (word, title, wanted.state == word, count);
    let title = view.row.title.clone();
    Ok(DetailPage {
        frame: head(frame).titled(title).noticed(Done { done: wanted.done.clone() }.words()),
        mark: subscription_mark(&view),
        lines: found.events.iter().map(EventLine::of).collect(),
        nights: found.nights,
        tabs: vec![
            tab("", "全部", counts.events),
            tab("waiting", "待送达", counts.waiting),
            tab("unacknowledged", "待签收", counts.unacknowledged),
            tab("dead", "停止重试", counts.dead),
            tab("cancelled", "已撤销", counts.cancelled),
        ],
        next,
        typed: SubscriptionForm::of(&view),
        ending: EndForm::default(),
        key: form_key(state),
        faults: Vec::new(),
        view,
    })
}

/// `GET /desk/pushes/{id}`.
pub(super) async fn show_one(State(state): State<AppState>, Path(id): Path<i64>, Query(wanted): Query<Wanted>, signed: Signed) -> Answer {
    show(&detail_page(&state, signed, id, wanted).await?)
}

/// `POST /desk/pushes/{id}/change`.
pub(super) async fn change(
    State(state): State<AppState>,
    Path(id): Path<i64>,
    signed: Signed,
    Form(form): Form<SubscriptionForm>,
) -> Answer {
    let key = form.once(&format!("change {id}"))?;
    match subscribe::change(&state.office, &signed.actor, id, form.form(), Some(key)).await {
        Ok(()) => go(&format!("/desk/pushes/{id}?done=push_changed")),
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            let page = detail_page(&state, signed, id, Wanted::default()).await?;
            show_as(status, &DetailPage { typed: form, faults, ..page })
        }
    }
}

/// `POST /desk/pushes/{id}/end`.
pub(super) async fn end(State(state): State<AppState>, Path(id): Path<i64>, signed: Signed, Form(form): Form<EndForm>) -> Answer {
    let key = once(&form.once, &["end", &id.to_string(), &form.reason])?;
    match subscribe::end(&state.office, &signed.actor, id, &form.reason, Some(key)).await {
        Ok(()) => go(&format!("/desk/pushes/{id}?done=push_ended")),
        Err(error) => {
            let (status, faults): (StatusCode, _) = form_faults(error)?;
            let page = detail_page(&state, signed, id, Wanted::default()).await?;
            show_as(status, &DetailPage { ending: form, faults, ..page })
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pressed {
    once: String,
}

/// `POST /desk/pushes/{id}/rotate`.
pub(super) async fn rotate(
    State(state): State<AppState>,
    Path(id): Path<i64>,
    Signed { frame, actor }: Signed,
    Form(form): Form<Pressed>,
) -> Answer {
    let key = once(&form.once, &["rotate", &id.to_string()])?;
    let made = subscribe::rotate(&state.office, &actor, id, Some(key)).await?;
    show(&SecretPage { frame: head(frame).titled("密钥已更换"), made, rotated: true })
}

#[derive(Template)]
#[template(path = "desk/push_event.html")]
struct EventPage {
    frame: Frame,
    id: i64,
    line: EventLine,
    webhook: String,
    /// The envelope, in lines.
    body: String,
    next_at: Option<Moment>,
    accepted_at: Option<Moment>,
    acknowledged_at: Option<Moment>,
    attempts: Vec<AttemptRow>,
    may_resend: bool,
    may_acknowledge: bool,
    key: String,
}

/// `GET /desk/pushes/{id}/events/{sequence}`.
pub(super) async fn show_event(
    State(state): State<AppState>,
    Path((id, sequence)): Path<(i64, i64)>,
    Query(done): Query<Done>,
    Signed { frame, actor }: Signed,
) -> Answer {
    let view = view::detail(&state.office, &actor, id, Filter { limit: 0, ..Filter::default() }).await?;
    let (event, attempts) = view::event(&state.office, &actor, (id, sequence)).await?;
    let (line, row) = (EventLine::of(&event), event.row);
    let body: Value = serde_json::from_str(&row.body).unwrap_or_default();
    let running = !view.subscription.row.is_ended();
    let title = view.subscription.row.title;
    show(&EventPage {
        frame: head(frame).under(format!("/desk/pushes/{id}"), title).titled(format!("第 {sequence} 号")).noticed(done.words()),
        id,
        line,
        webhook: row.webhook,
        body: serde_json::to_string_pretty(&body).unwrap_or(row.body),
        next_at: Some(row.next_at).filter(|_| row.state == "waiting" && running),
        may_resend: running && matches!(row.state.as_str(), "dead" | "accepted"),
        may_acknowledge: row.accepted_at.is_some() && row.acknowledged_at.is_none(),
        accepted_at: row.accepted_at,
        acknowledged_at: row.acknowledged_at,
        attempts,
        key: form_key(&state),
    })
}

/// `POST /desk/pushes/{id}/events/{sequence}/resend`.
pub(super) async fn resend(
    State(state): State<AppState>,
    Path((id, sequence)): Path<(i64, i64)>,
    Signed { actor, .. }: Signed,
    Form(form): Form<Pressed>,
) -> Answer {
    let key = once(&form.once, &["resend", &id.to_string(), &sequence.to_string()])?;
    receipt::resend(&state.office, &actor, (id, sequence), Some(key)).await?;
    go(&format!("/desk/pushes/{id}/events/{sequence}?done=push_resent"))
}

/// `POST /desk/pushes/{id}/events/{sequence}/acknowledge`: a department may say by hand what its system did not.
pub(super) async fn acknowledge(
    State(state): State<AppState>,
    Path((id, sequence)): Path<(i64, i64)>,
    Signed { actor, .. }: Signed,
    Form(form): Form<Pressed>,
) -> Answer {
    let key = once(&form.once, &["acknowledge", &id.to_string(), &sequence.to_string()])?;
    receipt::acknowledge(&state.office, &actor, (id, sequence), Some(key)).await?;
    go(&format!("/desk/pushes/{id}/events/{sequence}?done=push_acknowledged"))
}

#[cfg(test)]
pub(super) mod samples;

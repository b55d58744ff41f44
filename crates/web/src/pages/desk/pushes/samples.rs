//! Samples for the test over all pages.

use xinzhi_core::actor::Role;
use xinzhi_core::journal::Position;
use xinzhi_core::{Digest, Moment};
use xinzhi_office::push::subscribe::Made;
use xinzhi_office::push::view::{EventView, SubscriptionView};
use xinzhi_office::push::{AttemptRow, CountsRow, EventKind, EventRow, HostRow, ReconciliationRow, SubscriptionRow};

use super::super::super::answer::FormFault;
use super::super::super::samples::{HOSTILE, Sample, frame, hostile, sample, today};
use super::{DetailPage, EndForm, EventLine, EventPage, ListPage, NewPage, SecretPage, SubscriptionForm, subscription_mark};

pub(in super::super) fn samples() -> Vec<Sample> {
    let frame = || frame(Role::Department, "/desk/pushes");
    let every = ["made", "ended"].map(|what| (view(what), subscription_mark(&view(what))));
    let faults = || ["title", "url", "events", "reason"].map(|field| FormFault::new(field, HOSTILE)).to_vec();
    let typed = || SubscriptionForm { title: hostile(), url: hostile(), measures: "on".to_owned(), ..SubscriptionForm::default() };
    let made = || Made { subscription: 7, secret: hostile() };
    vec![
        sample("pushes", &ListPage { frame: frame(), subscriptions: every.into(), hosts: vec![host()] }),
        sample("pushes, empty", &ListPage { frame: frame(), subscriptions: Vec::new(), hosts: Vec::new() }),
        sample("new subscription", &NewPage { frame: frame(), typed: typed(), hosts: vec![host()], key: hostile(), faults: faults() }),
        sample(
            "new subscription, no host",
            &NewPage { frame: frame(), typed: typed(), hosts: Vec::new(), key: hostile(), faults: Vec::new() },
        ),
        sample("key of a subscription", &SecretPage { frame: frame(), made: made(), rotated: false }),
        sample("key, rotated", &SecretPage { frame: frame(), made: made(), rotated: true }),
        sample("subscription", &detail("made", faults())),
        sample("subscription, ended", &detail("ended", Vec::new())),
        sample("push", &one("dead")),
        sample("push, waiting", &one("waiting")),
    ]
}

fn host() -> HostRow {
    let [host, note, actor] = [(); 3].map(|()| hostile());
    HostRow { entry: Position(3), host, allowed: true, note, actor, at: Moment(0), salt: Vec::new(), authorities: None }
}

fn view(what: &str) -> SubscriptionView {
    let [title, url, reason, actor] = [(); 4].map(|()| hostile());
    SubscriptionView {
        row: SubscriptionRow {
            entry: Position(7),
            subscription: 7,
            what: what.to_owned(),
            organ: Some(hostile()),
            title,
            url,
            events: String::new(),
            reason,
            actor,
            at: Moment(0),
            salt: Vec::new(),
            made_at: Moment(0),
        },
        events: EventKind::ALL.into(),
        counts: CountsRow { events: 7, waiting: 2, dead: 1, cancelled: 1, unacknowledged: 2, acknowledged: 1, late: 2, accepted_at: None },
        stuck: Some(event("waiting", true).row),
        overlap: Some(Moment(0)),
    }
}

fn event(state: &str, late: bool) -> EventView {
    let [webhook, error] = [(); 2].map(|()| hostile());
    let row = EventRow {
        subscription: 7,
        sequence: 4,
        webhook,
        kind: EventKind::MeasureBegins.word().to_owned(),
        subject: None,
        decision: None,
        at: Moment(0),
        day: today(),
        body: serde_json::json!({"data": {"title": HOSTILE, "subject": HOSTILE}}).to_string(),
        state: state.to_owned(),
        tries: 3,
        next_at: Moment(0),
        status: Some(500),
        error,
        accepted_at: (state == "accepted").then_some(Moment(0)),
        acknowledged_at: None,
    };
    EventView { kind: Some(EventKind::MeasureBegins), late, row }
}

fn detail(what: &str, faults: Vec<FormFault>) -> DetailPage {
    let lines = [("waiting", true), ("waiting", false), ("accepted", true), ("accepted", false), ("dead", false), ("cancelled", false)];
    let digest = Digest([1; 32]);
    let night = ReconciliationRow {
        day: today(),
        at: Moment(0),
        events: 3,
        accepted: 2,
        acknowledged: 1,
        dead: 1,
        cancelled: 0,
        requeued: 1,
        digest,
    };
    DetailPage {
        frame: frame(Role::Centre, "/desk/pushes/7"),
        mark: subscription_mark(&view(what)),
        lines: lines.iter().map(|(state, late)| EventLine::of(&event(state, *late))).collect(),
        nights: vec![night],
        tabs: vec![("", "全部", true, 7), ("dead", "停止重试", false, 1)],
        next: Some("/desk/pushes/7?before=4".to_owned()),
        typed: SubscriptionForm::of(&view(what)),
        ending: EndForm { reason: hostile(), once: String::new() },
        key: hostile(),
        faults,
        view: view(what),
    }
}

fn one(state: &str) -> EventPage {
    let attempt = AttemptRow { number: 3, at: Moment(0), status: Some(500), error: hostile() };
    EventPage {
        frame: frame(Role::Centre, "/desk/pushes/7/events/4"),
        id: 7,
        line: EventLine::of(&event(state, false)),
        webhook: hostile(),
        body: hostile(),
        next_at: (state == "waiting").then_some(Moment(0)),
        accepted_at: Some(Moment(0)),
        acknowledged_at: Some(Moment(0)),
        attempts: vec![attempt],
        may_resend: true,
        may_acknowledge: true,
        key: hostile(),
    }
}

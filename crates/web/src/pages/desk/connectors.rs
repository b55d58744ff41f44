//! `GET /desk/connectors`: the departments' tables that the office polls, and how each stands.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use serde::Deserialize;
use xinzhi_core::{Code, Refusal};
use xinzhi_office::connector::{self, Change, ConnectorView, State as Standing};

use super::super::answer::{Answer, go, show};
use super::super::frame::Frame;
use super::super::reader::Signed;
use super::super::text::{Mark, Tone};
use super::{Done, form_key, once};
use crate::server::AppState;

fn state_mark(state: Standing) -> Mark {
    let tone = match state {
        Standing::Well => Tone::Green,
        Standing::Failing => Tone::Ink,
        Standing::Waiting(_) => Tone::Amber,
        Standing::New | Standing::Paused | Standing::Ended => Tone::Plain,
    };
    Mark::new(tone, state.title())
}

struct ConnectorLine {
    of: ConnectorView,
    mark: Mark,
    /// The hidden key of its form.
    key: String,
}

impl ConnectorLine {
    fn is_polled(&self) -> bool {
        !matches!(self.of.state, Standing::Paused | Standing::Ended)
    }

    fn may_resume(&self) -> bool {
        matches!(self.of.state, Standing::Paused | Standing::Failing | Standing::Waiting(_))
    }

    fn has_ended(&self) -> bool {
        self.of.state == Standing::Ended
    }

    /// Until when nothing happens, where it is polled.
    fn next(&self) -> String {
        if self.is_polled() { self.of.due_at.to_minute() } else { "—".to_owned() }
    }
}

#[derive(Template)]
#[template(path = "desk/connectors.html")]
struct ConnectorsPage {
    frame: Frame,
    lines: Vec<ConnectorLine>,
    failing: usize,
}

/// `GET /desk/connectors`.
pub(super) async fn list(State(state): State<AppState>, Query(done): Query<Done>, Signed { frame, actor }: Signed) -> Answer {
    let found = connector::connectors(&state.office, &actor).await?;
    let line = |of: ConnectorView| ConnectorLine { mark: state_mark(of.state), key: form_key(&state), of };
    let lines: Vec<ConnectorLine> = found.into_iter().map(line).collect();
    let failing = lines.iter().filter(|line| line.of.state == Standing::Failing).count();
    let notice = match done.done.as_str() {
        "run" => Some("已安排立即取数，几秒后刷新本页查看结果"),
        "pause" => Some("已暂停，恢复之前不再取数"),
        "resume" => Some("已恢复，从上次读到的地方继续"),
        _ => None,
    };
    show(&ConnectorsPage { frame: frame.under("/desk", "工作台").titled("前置库").noticed(notice), lines, failing })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ActForm {
    act: String,
    once: String,
}

/// `POST /desk/connectors/{id}`.
pub(super) async fn act(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Signed { actor, .. }: Signed,
    Form(form): Form<ActForm>,
) -> Answer {
    let key = once(&form.once, &["connector", &id, &form.act])?;
    match form.act.as_str() {
        "run" => connector::run_soon(&state.office, &actor, &id).await?,
        "pause" => connector::change(&state.office, &actor, &id, (Change::Pause, Some(key))).await?,
        "resume" => connector::change(&state.office, &actor, &id, (Change::Resume, Some(key))).await?,
        _ => return Err(Refusal::field(Code::FieldInvalid, "act", "没有这样的操作").into()),
    }
    go(&format!("/desk/connectors?done={}", form.act))
}

#[cfg(test)]
pub(super) mod samples;

//! The journal for auditors: filters in the address, pages by position, and files of exactly what is filtered.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use xinzhi_core::Day;
use xinzhi_core::journal::{Act, Position};
use xinzhi_core::text::escaped;
use xinzhi_office::journal::{self, EXPORT_MAX, FileKind, Filter};

use super::super::answer::{Answer, FormFault, Stopped, show_as};
use super::super::frame::Frame;
use super::super::reader::Signed;
use super::super::text::act_title;
use super::refs::words;
use crate::server::AppState;
use crate::workbook::XLSX;

/// Entries of one page.
const ENTRIES_PAGE: i64 = 100;
/// Longest name that is asked for.
const ACTOR_CHARS_MAX: usize = 60;

/// What an address or a form asks for, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    pub(super) act: String,
    pub(super) actor: String,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) to: String,
    pub(super) file: String,
}

impl Asked {
    fn filter(&self) -> Result<Filter, Vec<FormFault>> {
        let mut faults = Vec::new();
        let act = Some(self.act.as_str()).filter(|word| !word.is_empty()).map(|word| {
            let act = Act::from_word(word);
            if act.is_none() {
                faults.push(FormFault::new("act", "没有这样的事项，请从列表中选择"));
            }
            act
        });
        let mut day = |field: &str, typed: &str| {
            let typed = typed.trim();
            let day = (!typed.is_empty()).then(|| Day::parse(typed).ok());
            if day == Some(None) {
                faults.push(FormFault::new(field, "日期应写作 2026-11-23"));
            }
            day.flatten()
        };
        let (from, until) = (day("from", &self.from), day("until", &self.until));
        if from.zip(until).is_some_and(|(from, until)| from > until) {
            faults.push(FormFault::new("until", "截止日期早于起始日期"));
        }
        let typed = self.to.trim();
        let to = (!typed.is_empty()).then(|| typed.parse::<i64>().ok().filter(|to| *to > 0));
        if to == Some(None) {
            faults.push(FormFault::new("to", "笔次应为正整数"));
        }
        let actor = self.actor.trim();
        if actor.chars().count() > ACTOR_CHARS_MAX {
            faults.push(FormFault::new("actor", format!("操作账号不超过 {ACTOR_CHARS_MAX} 字")));
        }
        let actor = Some(actor.to_owned()).filter(|actor| !actor.is_empty());
        let filter = Filter { act: act.flatten(), actor, from, until, to: to.flatten().map(Position) };
        if faults.is_empty() { Ok(filter) } else { Err(faults) }
    }

    /// The address of the page from a position on.
    fn address(&self, to: &str) -> String {
        let pairs = [("act", self.act.as_str()), ("actor", self.actor.trim()), ("from", &self.from), ("until", &self.until), ("to", to)];
        let pairs: Vec<String> =
            pairs.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        if pairs.is_empty() { "/admin/journal".to_owned() } else { format!("/admin/journal?{}", pairs.join("&")) }
    }

    fn is_narrow(&self) -> bool {
        [&self.act, &self.actor, &self.from, &self.until, &self.to].into_iter().any(|typed| !typed.trim().is_empty())
    }
}

pub(super) struct EntryLine {
    pub(super) position: i64,
    pub(super) at: String,
    pub(super) title: &'static str,
    pub(super) actor: String,
    pub(super) refs: String,
    pub(super) digest: String,
}

#[derive(Template)]
#[template(path = "admin/journal.html")]
pub(super) struct JournalPage {
    pub(super) frame: Frame,
    pub(super) head: i64,
    pub(super) acts: Vec<(&'static str, &'static str)>,
    pub(super) asked: Asked,
    pub(super) narrow: bool,
    pub(super) entries: Vec<EntryLine>,
    pub(super) older: Option<String>,
    pub(super) newest: Option<String>,
    pub(super) most: i64,
    pub(super) faults: Vec<FormFault>,
}

/// `GET /admin/journal`: the newest first, a page at a time.
pub(super) async fn list(State(state): State<AppState>, Query(asked): Query<Asked>, signed: Signed) -> Answer {
    let (filter, faults) = match asked.filter() {
        Ok(filter) => (filter, Vec::new()),
        // Nothing is found by a question that cannot be read.
        Err(faults) => (Filter { to: Some(Position(0)), ..Filter::default() }, faults),
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    show_as(status, &page(&state, signed, asked, (filter, faults)).await?)
}

async fn page(
    state: &AppState,
    Signed { frame, actor }: Signed,
    asked: Asked,
    (filter, faults): (Filter, Vec<FormFault>),
) -> Result<JournalPage, Stopped> {
    let found = journal::page(&state.office, &actor, filter, ENTRIES_PAGE).await?;
    let pack = state.office.pack();
    let lines = found.entries.into_iter().map(|entry| EntryLine {
        position: entry.position.0,
        at: entry.at.to_string(),
        title: act_title(entry.draft.act),
        actor: entry.actor,
        refs: words(entry.draft.act, &entry.draft.refs, &pack),
        digest: entry.draft.payload.short(),
    });
    Ok(JournalPage {
        frame: frame.titled("账簿"),
        head: found.head.0,
        acts: Act::ALL.map(|act| (act.word(), act_title(act))).to_vec(),
        narrow: asked.is_narrow(),
        entries: lines.collect(),
        older: found.older.map(|older| asked.address(&older.0.to_string())),
        newest: (!asked.to.trim().is_empty()).then(|| asked.address("")),
        most: EXPORT_MAX,
        asked,
        faults,
    })
}

/// `POST /admin/journal/export`: a file, and an entry that says so.
pub(super) async fn export(State(state): State<AppState>, signed: Signed, Form(asked): Form<Asked>) -> Answer {
    let kind = if asked.file == FileKind::Ndjson.word() { FileKind::Ndjson } else { FileKind::Xlsx };
    let filter = match asked.filter() {
        Ok(filter) => filter,
        Err(faults) => {
            let nothing = Filter { to: Some(Position(0)), ..Filter::default() };
            return show_as(StatusCode::UNPROCESSABLE_ENTITY, &page(&state, signed, asked, (nothing, faults)).await?);
        }
    };
    let exported = journal::export(&state.office, &signed.actor, filter, (kind, act_title)).await?;
    let media = match kind {
        FileKind::Xlsx => XLSX,
        FileKind::Ndjson => "application/x-ndjson; charset=utf-8",
    };
    let cut = if exported.is_cut { "-cut" } else { "" };
    let name = format!("attachment; filename=\"journal-{}-{}{cut}.{}\"", state.office.today(), exported.count, kind.word());
    let headers = [(header::CONTENT_TYPE, media.to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((StatusCode::OK, headers, exported.bytes).into_response())
}

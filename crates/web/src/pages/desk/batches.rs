//! 数据归集: batches, what became of each row, commit and recall.

use askama::Template;
use axum::extract::{Form, Multipart, Path, Query, State};
use serde::Deserialize;
use xinzhi_core::actor::Actor;
use xinzhi_core::record::{BatchId, Outcome};
use xinzhi_office::Error;
use xinzhi_office::import::preview::{BatchState, VerdictView};
use xinzhi_office::import::{self, BatchView};
use xinzhi_office::permission::Action;

use super::super::answer::{Answer, FormFault, form_faults, go, show, show_as};
use super::super::frame::Frame;
use super::super::reader::Signed;
use super::super::text::{Mark, Tone, outcome_mark};
use super::{Done, form_key, once};
use crate::server::AppState;
use crate::upload::Upload;
use crate::workbook::attached;

/// Batches of the list.
const BATCHES_MAX: i64 = 100;
/// Verdicts of a page.
const VERDICTS_PAGE: i64 = 100;

fn state_mark(state: BatchState) -> Mark {
    let tone = match state {
        BatchState::Staged => Tone::Amber,
        BatchState::Committed => Tone::Green,
        BatchState::Recalled => Tone::Plain,
    };
    Mark::new(tone, state.title())
}

#[derive(Template)]
#[template(path = "desk/batches.html")]
struct ListPage {
    frame: Frame,
    batches: Vec<(BatchView, Mark)>,
    may_import: bool,
}

/// `GET /desk/batches`.
pub(super) async fn list(State(state): State<AppState>, Signed { frame, actor }: Signed) -> Answer {
    let batches = import::batches(&state.office, &actor, BATCHES_MAX).await?;
    let batches = batches.into_iter().map(|batch| (state_mark(batch.state), batch)).map(|(mark, batch)| (batch, mark)).collect();
    let may_import = frame.may(Action::ImportBatch);
    show(&ListPage { frame: frame.under("/desk", "工作台").titled("数据归集"), batches, may_import })
}

#[derive(Template)]
#[template(path = "desk/upload.html")]
struct UploadPage {
    frame: Frame,
    /// Id, title, what its rows become.
    sources: Vec<(String, String, String)>,
    pack: String,
    key: String,
    faults: Vec<FormFault>,
}

fn upload_page(state: &AppState, frame: Frame, faults: Vec<FormFault>) -> UploadPage {
    let pack = state.office.pack();
    let kind = |ix| pack.record_kind(ix).map_or_else(String::new, |kind| kind.title.clone());
    let sources = pack.sources.iter().map(|source| (source.id.clone(), source.title.clone(), kind(source.kind))).collect();
    let frame = frame.under("/desk", "工作台").under("/desk/batches", "数据归集").titled("上传文件");
    UploadPage { frame, sources, pack: pack.id.clone(), key: form_key(state), faults }
}

/// `GET /desk/batches/new`.
pub(super) async fn new(State(state): State<AppState>, Signed { frame, .. }: Signed) -> Answer {
    show(&upload_page(&state, frame, Vec::new()))
}

/// `POST /desk/batches/new`: the file is judged and previewed; nothing of it counts yet.
pub(super) async fn upload(State(state): State<AppState>, Signed { frame, actor }: Signed, form: Multipart) -> Answer {
    match staged(&state, &actor, form).await {
        Ok(batch) => go(&format!("/desk/batches/{}?done=staged", batch.0)),
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            show_as(status, &upload_page(&state, frame, faults))
        }
    }
}

/// The same form sent twice stages its file once.
async fn staged(state: &AppState, actor: &Actor, form: Multipart) -> Result<BatchId, Error> {
    let mut upload = Upload::receive(form).await?;
    upload.delivery.once = Some(once(&upload.form_key, &["upload"])?);
    upload.stage(&state.office, actor).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Rows {
    outcome: String,
    after: Option<i64>,
    done: String,
}

#[derive(Template)]
#[template(path = "desk/batch.html")]
struct BatchPage {
    frame: Frame,
    batch: BatchView,
    mark: Mark,
    verdicts: Vec<(VerdictView, Mark, Option<Mark>)>,
    /// Word, title, whether chosen.
    tabs: Vec<(&'static str, &'static str, bool)>,
    next: Option<String>,
    may_commit: bool,
    may_recall: bool,
    key: String,
    recall: RecallForm,
    faults: Vec<FormFault>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RecallForm {
    reason: String,
    once: String,
}

/// `GET /desk/batches/{id}`.
pub(super) async fn show_batch(State(state): State<AppState>, Path(id): Path<i64>, Query(rows): Query<Rows>, signed: Signed) -> Answer {
    show(&batch_page(&state, signed, BatchId(id), rows).await?)
}

async fn batch_page(
    state: &AppState,
    Signed { frame, actor }: Signed,
    id: BatchId,
    rows: Rows,
) -> Result<BatchPage, super::super::answer::Stopped> {
    let batch = import::batch(&state.office, &actor, id).await?;
    let outcome = Outcome::from_word(&rows.outcome);
    let after = rows.after.unwrap_or(i64::MIN);
    let verdicts = import::verdicts(&state.office, &actor, id, (after, outcome, VERDICTS_PAGE)).await?;
    let full = i64::try_from(verdicts.len()).is_ok_and(|count| count == VERDICTS_PAGE);
    // Rows found at commit are counted below zero; they come first and are never more than a page apart from the rest.
    let last = verdicts.last().map(|verdict| if verdict.at_commit { -verdict.row } else { verdict.row });
    let next = last.filter(|_| full).map(|last| format!("/desk/batches/{}?outcome={}&after={last}", id.0, rows.outcome));
    let tab = |word: &'static str, title| (word, title, rows.outcome == word);
    let done = Done { done: rows.done.clone() };
    let title = format!("批次 {}", id.0);
    Ok(BatchPage {
        mark: state_mark(batch.state),
        may_commit: batch.state == BatchState::Staged && frame.may(Action::ImportBatch),
        may_recall: batch.state == BatchState::Committed && frame.may(Action::RecallBatch),
        frame: frame.under("/desk", "工作台").under("/desk/batches", "数据归集").titled(title).noticed(done.words()),
        verdicts: verdicts.into_iter().map(marked).collect(),
        tabs: vec![
            tab("", "全部"),
            tab("refused", "退回"),
            tab("quarantined", "待核实"),
            tab("duplicate", "重复"),
            tab("accepted", "接收但有提示"),
        ],
        next,
        key: form_key(state),
        recall: RecallForm::default(),
        faults: Vec::new(),
        batch,
    })
}

fn marked(verdict: VerdictView) -> (VerdictView, Mark, Option<Mark>) {
    let (outcome, ruled) = (outcome_mark(verdict.outcome), verdict.ruled.map(outcome_mark));
    (verdict, outcome, ruled)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CommitForm {
    once: String,
}

/// `POST /desk/batches/{id}/commit`.
pub(super) async fn commit(
    State(state): State<AppState>,
    Path(id): Path<i64>,
    Signed { actor, .. }: Signed,
    Form(form): Form<CommitForm>,
) -> Answer {
    let key = once(&form.once, &["commit", &id.to_string()])?;
    import::commit(&state.office, &actor, BatchId(id), Some(key)).await?;
    go(&format!("/desk/batches/{id}?done=committed"))
}

/// `POST /desk/batches/{id}/recall`.
pub(super) async fn recall(State(state): State<AppState>, Path(id): Path<i64>, signed: Signed, Form(form): Form<RecallForm>) -> Answer {
    let key = once(&form.once, &["recall", &id.to_string(), &form.reason])?;
    match import::recall(&state.office, &signed.actor, BatchId(id), (&form.reason, Some(key))).await {
        Ok(_) => go(&format!("/desk/batches/{id}?done=recalled")),
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            let page = batch_page(&state, signed, BatchId(id), Rows::default()).await?;
            show_as(status, &BatchPage { recall: form, faults, ..page })
        }
    }
}

/// `GET /desk/batches/{id}/verdicts.xlsx`: to send back to the department.
pub(super) async fn workbook(State(state): State<AppState>, Path(id): Path<i64>, Signed { actor, .. }: Signed) -> Answer {
    let bytes = import::verdicts_xlsx(&state.office, &actor, BatchId(id)).await?;
    Ok(attached(&format!("batch-{id}-verdicts.xlsx"), bytes))
}

#[cfg(test)]
pub(super) mod samples;

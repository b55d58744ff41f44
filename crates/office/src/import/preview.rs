//! Looking at batches and at what became of each row.

use std::sync::Arc;

use rust_xlsxwriter::{Workbook, XlsxError};
use xinzhi_core::actor::Actor;
use xinzhi_core::record::{BatchId, Counts, Outcome, Remark};
use xinzhi_core::{Code, Day, Moment};
use xinzhi_rules::Pack;
use xinzhi_store::batch::{BatchRow, VerdictRow};

use crate::import::stage::FileNote;
use crate::names::Names;
use crate::permission::{Action, Scope};
use crate::{Error, Office, sheet};

/// Rows of one page of verdicts, and of the workbook at most.
const VERDICTS_XLSX_MAX: i64 = 100_000;

/// A batch as people see it.
#[derive(Clone, Debug)]
pub struct BatchView {
    /// Its number.
    pub batch: BatchId,
    /// Id of the source.
    pub source: String,
    /// Title of the source.
    pub source_title: String,
    /// Name of the file.
    pub file_name: String,
    /// First hex digits of the file's SHA-256.
    pub file_digest: String,
    /// Organ of whoever delivered it.
    pub organ: Option<String>,
    /// Who delivered it.
    pub staged_by: String,
    /// What people call them.
    pub staged_by_title: String,
    /// When.
    pub staged_at: Moment,
    /// Days for which it is complete.
    pub covers: Option<(Day, Day)>,
    /// Its counts.
    pub counts: Counts,
    /// Columns that no field knows; kept with the records.
    pub unknown_columns: Vec<String>,
    /// Columns that were expected and are not there.
    pub missing_columns: Vec<String>,
    /// Rows whose document was reported later than the catalogue allows.
    pub late_rows: i64,
    /// What state it is in.
    pub state: BatchState,
}

/// Where a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// Judged, counts for nothing yet.
    Staged,
    /// In effect.
    Committed,
    /// Taken back.
    Recalled,
}

impl BatchState {
    /// The word that people read.
    pub fn title(self) -> &'static str {
        match self {
            BatchState::Staged => "待提交",
            BatchState::Committed => "已生效",
            BatchState::Recalled => "已撤回",
        }
    }

    /// The word that the API speaks.
    pub fn word(self) -> &'static str {
        match self {
            BatchState::Staged => "staged",
            BatchState::Committed => "committed",
            BatchState::Recalled => "recalled",
        }
    }
}

/// A verdict as people see it.
#[derive(Clone, Debug)]
pub struct VerdictView {
    /// The row as a person counts.
    pub row: i64,
    /// What happened to it.
    pub outcome: Outcome,
    /// Whether this was found at commit, after the preview.
    pub at_commit: bool,
    /// Reasons and warnings.
    pub remarks: Vec<Remark>,
    /// What a person ruled later.
    pub ruled: Option<Outcome>,
}

fn view((pack, names): (&Pack, &Names), row: BatchRow) -> Result<BatchView, Error> {
    let note: FileNote = serde_json::from_str(&row.note).map_err(|e| Error::inconsistent(format!("note of a batch: {e}")))?;
    let source_title = pack.sources.iter().find(|s| s.id == row.source).map_or_else(|| row.source.clone(), |s| s.title.clone());
    let state = match (row.committed, row.recalled) {
        (_, Some(_)) => BatchState::Recalled,
        (Some(_), None) => BatchState::Committed,
        (None, None) => BatchState::Staged,
    };
    Ok(BatchView {
        batch: row.batch,
        source_title,
        file_digest: row.file_digest.short(),
        unknown_columns: note.unknown_columns,
        missing_columns: note.missing_columns,
        late_rows: note.late_rows,
        source: row.source,
        file_name: row.file_name,
        organ: row.organ,
        staged_by_title: names.title(&row.staged_by).to_owned(),
        staged_by: row.staged_by,
        staged_at: Moment(row.staged_at),
        covers: row.covers,
        counts: row.counts,
        state,
    })
}

/// One batch.
///
/// # Errors
/// [`Code::NotFound`] also where it is another organ's: its existence is not told.
pub async fn batch(office: &Arc<Office>, actor: &Actor, id: BatchId) -> Result<BatchView, Error> {
    let scope = Scope::of(Action::SeeBatches, actor)?;
    let pack = office.pack();
    office
        .read(move |connection| {
            let row = xinzhi_store::batch::by_id(connection, id)?.ok_or(Code::NotFound)?;
            if !scope.covers_work(row.organ.as_deref(), Some(&row.area)) {
                return Err(Code::NotFound.into());
            }
            let names = Names::of(connection, [row.staged_by.as_str()])?;
            view((&pack, &names), row)
        })
        .await
}

/// A batch as it was staged, whatever became of it: one key has one answer (E2).
///
/// # Errors
/// As [`batch`].
pub async fn batch_as_staged(office: &Arc<Office>, actor: &Actor, id: BatchId) -> Result<BatchView, Error> {
    Scope::of(Action::ImportBatch, actor)?;
    let pack = office.pack();
    office
        .read(move |connection| {
            let row = xinzhi_store::batch::as_staged(connection, id)?.ok_or(Code::NotFound)?;
            let names = Names::of(connection, [row.staged_by.as_str()])?;
            view((&pack, &names), row)
        })
        .await
}

/// The newest batches that the actor may see.
pub async fn batches(office: &Arc<Office>, actor: &Actor, limit: i64) -> Result<Vec<BatchView>, Error> {
    let scope = Scope::of(Action::SeeBatches, actor)?;
    let pack = office.pack();
    office
        .read(move |connection| {
            let rows = xinzhi_store::batch::newest(connection, i64::MAX, limit)?;
            let names = Names::of(connection, rows.iter().map(|row| row.staged_by.as_str()))?;
            let mine = rows.into_iter().filter(|row| scope.covers_work(row.organ.as_deref(), Some(&row.area)));
            mine.map(|row| view((&pack, &names), row)).collect()
        })
        .await
}

/// Verdicts of a batch after row `after`, of one outcome or of all; rows accepted without a remark have none.
pub async fn verdicts(
    office: &Arc<Office>,
    actor: &Actor,
    id: BatchId,
    (after, outcome, limit): (i64, Option<Outcome>, i64),
) -> Result<Vec<VerdictView>, Error> {
    batch(office, actor, id).await?;
    office
        .read(move |connection| {
            let rows = xinzhi_store::batch::verdicts(connection, id, after, outcome, limit)?;
            rows.into_iter().map(verdict).collect()
        })
        .await
}

fn verdict(row: VerdictRow) -> Result<VerdictView, Error> {
    let remarks = serde_json::from_str(&row.remarks).map_err(|e| Error::inconsistent(format!("remarks of a verdict: {e}")))?;
    Ok(VerdictView {
        row: row.row.abs(),
        outcome: row.outcome,
        at_commit: row.row < 0,
        remarks,
        ruled: row.ruled.as_deref().and_then(Outcome::from_word),
    })
}

/// The verdicts as a workbook to send back to the department.
pub async fn verdicts_xlsx(office: &Arc<Office>, actor: &Actor, id: BatchId) -> Result<Vec<u8>, Error> {
    let verdicts = verdicts(office, actor, id, (i64::MIN, None, VERDICTS_XLSX_MAX + 1)).await?;
    let workbook = tokio::task::spawn_blocking(move || workbook(&verdicts));
    let bytes = workbook.await.map_err(|_| Error::inconsistent("a workbook ended without an answer"))?;
    bytes.map_err(sheet::unwritten)
}

/// Each remark has a line; beyond the most there are, the list says that it goes on.
fn workbook(verdicts: &[VerdictView]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet::head(sheet, "逐行结果", &[("行号", 8), ("结果", 10), ("字段", 24), ("说明", 90)])?;
    let said = |verdict: &VerdictView| (verdict.row.to_string(), verdict.outcome.title());
    let remarks = verdicts.iter().flat_map(|verdict| verdict.remarks.iter().map(move |remark| (said(verdict), remark)));
    for (line, ((row, outcome), remark)) in (1..).zip(remarks) {
        if i64::from(line) > VERDICTS_XLSX_MAX {
            let words = format!("只列出前 {VERDICTS_XLSX_MAX} 条说明，请改正后把其余各行拆成另一个文件报送");
            sheet.write_string(line, 3, words)?;
            break;
        }
        sheet::line(sheet, line, [&row, outcome, remark.field.as_deref().unwrap_or(""), remark.sentence.as_str()])?;
    }
    workbook.save_to_buffer()
}

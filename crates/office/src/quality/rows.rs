//! The rows behind the numbers.

use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::record::{BatchId, Outcome, Remark};
use xinzhi_store::Connection;
use xinzhi_store::quality::{Flawed, ReportedBatch};

use super::{Span, Wanted};
use crate::permission::{Action, Scope};
use crate::{Error, Office};

/// Rows that are in memory at once.
const PAGE: i64 = 2_000;

/// Which rows are wanted; what is left out does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Of this organ.
    pub organ: Option<String>,
    /// By this source.
    pub source: Option<String>,
    /// Refused, or waiting.
    pub outcome: Option<Outcome>,
    /// With a remark of this code.
    pub code: Option<String>,
    /// The same remark about this column.
    pub field: Option<String>,
}

/// A row that did not get through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlawedRow {
    /// Its batch.
    pub batch: BatchId,
    /// Name of the file.
    pub file_name: String,
    /// The row as a person counts.
    pub row: i64,
    /// Whether it was found at commit, after the preview.
    pub at_commit: bool,
    /// Refused, or waiting.
    pub outcome: Outcome,
    /// What is wrong.
    pub remarks: Vec<Remark>,
    /// What a person ruled, and why.
    pub ruled: Option<(Outcome, String)>,
}

impl Which {
    fn fits(&self, row: &FlawedRow) -> bool {
        let said = |remark: &Remark| {
            self.code.as_ref().is_none_or(|code| *code == remark.code)
                && self.field.as_ref().is_none_or(|field| remark.field.as_ref() == Some(field))
        };
        let free = self.code.is_none() && self.field.is_none();
        self.outcome.is_none_or(|outcome| outcome == row.outcome) && (free || row.remarks.iter().any(said))
    }
}

/// At most `limit` rows after one of a batch, in the order of batches and rows.
///
/// # Errors
/// [`xinzhi_core::Code::NotPermitted`].
pub async fn rows(
    office: &Arc<Office>,
    actor: &Actor,
    span: Span,
    which: Which,
    (after, limit): (Option<(BatchId, i64)>, usize),
) -> Result<Vec<FlawedRow>, Error> {
    let scope = Scope::of(Action::SeeQuality, actor)?;
    office
        .read(move |connection| {
            let batches = wanted(connection, &scope, span, &which)?;
            let mut found = Vec::new();
            walk(connection, &batches, after, |row| {
                if which.fits(&row) {
                    found.push(row);
                }
                Ok(found.len() < limit)
            })?;
            Ok(found)
        })
        .await
}

/// The batches whose rows are wanted.
pub(super) fn wanted(connection: &mut Connection, scope: &Scope, span: Span, which: &Which) -> Result<Vec<ReportedBatch>, Error> {
    let batches = Wanted { scope, organ: which.organ.as_deref() }.batches(connection, span)?;
    Ok(batches.into_iter().filter(|batch| which.source.as_ref().is_none_or(|source| *source == batch.source)).collect())
}

/// Gives rows to `take` until it has enough.
pub(super) fn walk(
    connection: &mut Connection,
    batches: &[ReportedBatch],
    after: Option<(BatchId, i64)>,
    mut take: impl FnMut(FlawedRow) -> Result<bool, Error>,
) -> Result<(), Error> {
    for batch in batches.iter().filter(|batch| after.is_none_or(|(first, _)| batch.batch >= first)) {
        let mut last = after.filter(|(first, _)| *first == batch.batch).map_or(i64::MIN, |(_, row)| row);
        loop {
            let rows = xinzhi_store::quality::flawed(connection, batch.batch, last, PAGE)?;
            let Some(end) = rows.last() else { break };
            last = end.row;
            for row in rows {
                if !take(flawed(batch, row)?)? {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

fn flawed(batch: &ReportedBatch, row: Flawed) -> Result<FlawedRow, Error> {
    let remarks = serde_json::from_str(&row.remarks).map_err(|e| Error::inconsistent(format!("remarks of a verdict: {e}")))?;
    Ok(FlawedRow {
        batch: batch.batch,
        file_name: batch.file_name.clone(),
        row: row.row.abs(),
        at_commit: row.row < 0,
        outcome: row.outcome,
        remarks,
        ruled: row.ruled,
    })
}

//! The list that goes back to a department: which rows, what is wrong, what to do.
//!
//! It says what the verdicts say, which show nothing of sealed fields, and masks what looks like an identity number wherever it stands (A6).
//! Rows go to disk as they come, so memory does not grow with their number.

use std::sync::Arc;

use rust_xlsxwriter::Workbook;
use xinzhi_collect::only_warns;
use xinzhi_core::actor::Actor;
use xinzhi_core::identifier::ResidentId;
use xinzhi_core::mask;
use xinzhi_core::record::{Outcome, Remark};

use super::Span;
use super::rows::{FlawedRow, Which, walk, wanted};
use crate::permission::{Action, Scope};
use crate::{Error, Office, sheet};

/// Lines of the list at most.
const LINES_MAX: u32 = 100_000;
/// Titles of the columns with their widths.
const COLUMNS: [(&str, u16); 8] =
    [("单位", 24), ("批次", 8), ("文件", 36), ("行号", 8), ("结果", 10), ("字段", 22), ("问题", 60), ("怎样处理", 44)];

/// The refused and waiting rows of an organ in a span, as a workbook. Rows that a person let in are not among them.
///
/// # Errors
/// [`xinzhi_core::Code::NotPermitted`].
pub async fn workbook(office: &Arc<Office>, actor: &Actor, span: Span, organ: &str) -> Result<Vec<u8>, Error> {
    let scope = Scope::of(Action::SeeQuality, actor)?;
    let organ = organ.to_owned();
    office
        .read(move |connection| {
            let which = Which { organ: Some(organ.clone()), ..Which::default() };
            let batches = wanted(connection, &scope, span, &which)?;
            let mut workbook = Workbook::new();
            let sheet = workbook.add_worksheet_with_constant_memory().map_err(sheet::unwritten)?;
            sheet::head(sheet, "请核对后重新报送", &COLUMNS).map_err(sheet::unwritten)?;
            let mut line = 1;
            walk(connection, &batches, None, |row| {
                if row.ruled.as_ref().is_some_and(|(outcome, _)| *outcome == Outcome::Accepted) {
                    return Ok(true);
                }
                for [field, wrong, remedy] in said(&row) {
                    if line > LINES_MAX {
                        let words = format!("只列出前 {LINES_MAX} 行，请缩短起止日期后另行下载其余各行");
                        sheet.write_string(line, 6, words).map_err(sheet::unwritten)?;
                        return Ok(false);
                    }
                    let (batch, number) = (row.batch.0.to_string(), row.row.to_string());
                    let texts = [&organ, &batch, &row.file_name, &number, title(&row), &field, &wrong, &remedy];
                    sheet::line(sheet, line, texts.map(masked)).map_err(sheet::unwritten)?;
                    line += 1;
                }
                Ok(true)
            })?;
            workbook.save_to_buffer().map_err(sheet::unwritten)
        })
        .await
}

fn title(row: &FlawedRow) -> &'static str {
    match (&row.ruled, row.outcome) {
        (Some((Outcome::Refused, _)), _) => "核实后退回",
        (_, outcome) => outcome.title(),
    }
}

/// Field, what is wrong and what to do, for each remark of a row.
fn said(row: &FlawedRow) -> Vec<[String; 3]> {
    if let Some((_, reason)) = &row.ruled {
        return vec![[String::new(), reason.clone(), "请按核实意见改正后重新报送本行".to_owned()]];
    }
    let usual = match row.outcome {
        Outcome::Quarantined => "由信用中心核实；请备好决定文书，收到询问时提供",
        Outcome::Accepted | Outcome::Duplicate | Outcome::Refused => "请改正后重新报送本行",
    };
    let parts = |Remark { field, sentence, .. }: &Remark| {
        let (wrong, remedy) = sentence
            .split_once("；请")
            .map_or((sentence.clone(), usual.to_owned()), |(wrong, rest)| (wrong.to_owned(), format!("请{rest}")));
        [field.clone().unwrap_or_default(), wrong, remedy]
    };
    row.remarks.iter().filter(|remark| !only_warns(&remark.code)).map(parts).collect()
}

/// The text with every run of characters that is an identity number, or has the form of one, shown by its ends only.
fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().map(Some).chain([None]) {
        match c.filter(char::is_ascii_alphanumeric) {
            Some(c) => run.push(c),
            None => {
                out.push_str(&if identifies(&run) { mask::number(&run) } else { std::mem::take(&mut run) });
                run.clear();
                out.extend(c);
            }
        }
    }
    out
}

fn identifies(run: &str) -> bool {
    let digits = run.strip_suffix(['X', 'x']).unwrap_or(run);
    let formed = run.len() == 18 && digits.len() >= 17 && digits.bytes().all(|b| b.is_ascii_digit());
    formed || ResidentId::parse(run).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a6_what_has_the_form_of_an_identity_number_is_masked_wherever_it_stands() {
        assert_eq!(masked("证件 33080219700101001X，见附件"), "证件 3308**********001X，见附件");
        assert_eq!(masked("330802197001010010"), "3308**********0010");
        assert_eq!(masked("代码 91330803MA2ABCDE1X 第 12 行"), "代码 91330803MA2ABCDE1X 第 12 行");
        assert_eq!(masked(""), "");
    }
}

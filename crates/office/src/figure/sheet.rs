//! A figure as a workbook: exactly what its page shows. Texts are written as texts, so that no cell becomes a formula (X7).

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::show::Shown;
use super::table::{Cell, Value};
use crate::Error;
use crate::sheet::unwritten;

const WIDTH: u16 = 16;
const FIRST_WIDTH: u16 = 36;

/// The workbook of a figure as it is shown.
///
/// # Errors
/// A fault of the writer.
pub async fn workbook(shown: Shown) -> Result<Vec<u8>, Error> {
    let task = tokio::task::spawn_blocking(move || write(&shown));
    let bytes = task.await.map_err(|_| Error::inconsistent("a workbook ended without an answer"))?;
    bytes.map_err(unwritten)
}

fn write(shown: &Shown) -> Result<Vec<u8>, XlsxError> {
    let (mut workbook, bold) = (Workbook::new(), Format::new().set_bold());
    let sheet = workbook.add_worksheet();
    sheet.set_name("统计")?;
    sheet.set_column_width(0, FIRST_WIDTH)?;
    sheet.write_string_with_format(0, 0, &shown.figure.title, &bold)?;
    sheet.write_string(1, 0, &shown.finding)?;
    sheet.write_string(2, 0, format!("口径：{}", shown.figure.definition))?;
    sheet.write_string(3, 0, format!("统计日期：{}，账簿位置 {}", shown.today, shown.position.0))?;
    let mut line = 5;
    sheet.write_string_with_format(line, 0, shown.table.view.by.title(), &bold)?;
    for (column, (title, _)) in (1_u16..).zip(heads(shown)) {
        sheet.write_string_with_format(line, column, title, &bold)?;
        sheet.set_column_width(column, WIDTH)?;
    }
    for group in &shown.table.groups {
        line += 1;
        match shown.table.code(group) {
            Some(code) => sheet.write_string(line, 0, format!("{}（{code}）", group.title))?,
            None => sheet.write_string(line, 0, &group.title)?,
        };
        cells(sheet, line, (shown, &group.cells))?;
    }
    if let Some(total) = &shown.table.total {
        line += 1;
        sheet.write_string_with_format(line, 0, "合计", &bold)?;
        cells(sheet, line, (shown, total))?;
    }
    for note in &shown.notes {
        line += 1;
        sheet.write_string(line, 0, note)?;
    }
    workbook.save_to_buffer()
}

/// Titles of the columns, and whether each is the change of the one before it.
fn heads(shown: &Shown) -> Vec<(String, bool)> {
    let compares = shown.compares();
    let mut heads = Vec::new();
    for column in &shown.table.columns {
        heads.push((column.title.clone(), false));
        if compares {
            heads.push((format!("{}比上月", column.title), true));
        }
    }
    heads
}

fn cells(sheet: &mut Worksheet, line: u32, (shown, cells): (&Shown, &[Cell])) -> Result<(), XlsxError> {
    let compares = shown.compares();
    let mut column = 1;
    for cell in cells {
        value(sheet, (line, column), cell.value)?;
        column += 1;
        if compares {
            if let Some(change) = cell.change {
                value(sheet, (line, column), Value::Count(change))?;
            }
            column += 1;
        }
    }
    Ok(())
}

fn value(sheet: &mut Worksheet, (line, column): (u32, u16), value: Value) -> Result<(), XlsxError> {
    match value {
        Value::Count(number) | Value::Days(number) => match i32::try_from(number) {
            Ok(number) => sheet.write_number(line, column, number)?,
            Err(_) => sheet.write_string(line, column, number.to_string())?,
        },
        Value::Share(share) => {
            let format = Format::new().set_num_format("0.0%");
            match i32::try_from(share) {
                Ok(share) => sheet.write_number_with_format(line, column, f64::from(share) / 1000.0, &format)?,
                Err(_) => sheet.write_string(line, column, share.to_string())?,
            }
        }
        Value::Nothing => sheet.write_string(line, column, "—")?,
        Value::Hidden => sheet.write_string(line, column, "少于 10，不显示")?,
    };
    Ok(())
}

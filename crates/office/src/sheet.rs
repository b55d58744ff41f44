//! What every workbook for people begins with and consists of. Texts are written as texts: no cell becomes a formula (X7).

use rust_xlsxwriter::{Format, Worksheet, XlsxError};

use crate::Error;

/// Names the sheet and writes its head: titles in bold above columns of these widths, which stays when the sheet is scrolled. To be called before any
/// line, since a sheet that goes to disk as it is written takes no widths afterwards.
pub(crate) fn head(sheet: &mut Worksheet, name: &str, columns: &[(&str, u16)]) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    sheet.set_name(name)?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, (_, width)) in (0_u16..).zip(columns) {
        sheet.set_column_width(column, *width)?;
    }
    for (column, (title, _)) in (0_u16..).zip(columns) {
        sheet.write_string_with_format(0, column, *title, &bold)?;
    }
    Ok(())
}

/// Writes a line of texts.
pub(crate) fn line(sheet: &mut Worksheet, line: u32, texts: impl IntoIterator<Item = impl Into<String>>) -> Result<(), XlsxError> {
    for (column, text) in (0_u16..).zip(texts) {
        sheet.write_string(line, column, text)?;
    }
    Ok(())
}

/// A fault of the writer, which is ours.
#[expect(clippy::needless_pass_by_value, reason = "handed to `map_err`")]
pub(crate) fn unwritten(fault: XlsxError) -> Error {
    Error::inconsistent(format!("writing a workbook: {fault}"))
}

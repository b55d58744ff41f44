//! Workbooks on the wire.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// Media type of an XLSX workbook (ECMA-376).
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A workbook that a browser saves under a name of plain letters.
pub(crate) fn attached(name: &str, bytes: Vec<u8>) -> Response {
    disposed(format!("attachment; filename=\"{name}\""), bytes)
}

/// The same where the header is written already, since the name has other letters.
pub(crate) fn disposed(disposition: String, bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, XLSX.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response()
}

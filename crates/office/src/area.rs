//! What areas are called: the names that the office recorded, for everything that shows where somebody is.

use std::collections::BTreeMap;
use std::sync::Arc;

use xinzhi_store::Connection;

use crate::{Error, Office};

/// Names of areas by code.
#[derive(Debug)]
pub(crate) struct AreaNames(BTreeMap<String, String>);

impl AreaNames {
    /// As they are recorded now; an area that nobody named is not among them.
    pub(crate) fn read(connection: &mut Connection) -> Result<AreaNames, Error> {
        let rows = xinzhi_store::organ::areas(connection)?.into_iter();
        Ok(AreaNames(rows.filter(|row| !row.name.is_empty()).map(|row| (row.code, row.name)).collect()))
    }

    /// By code.
    pub(crate) fn into_map(self) -> BTreeMap<String, String> {
        self.0
    }

    /// The name of an area, where it has one.
    pub(crate) fn name(&self, code: Option<&str>) -> Option<String> {
        code.and_then(|code| self.0.get(code)).cloned()
    }

    /// An area in one line: `青溪镇（330899101）`, the code alone where nobody named it, nothing where it is not known.
    pub(crate) fn said(&self, code: Option<&str>) -> String {
        match (code, self.name(code)) {
            (Some(code), Some(name)) => format!("{name}（{code}）"),
            (code, _) => code.unwrap_or_default().to_owned(),
        }
    }
}

/// An area in one line, its name and its code.
pub async fn said(office: &Arc<Office>, code: &str) -> Result<String, Error> {
    let code = code.to_owned();
    office.read(move |connection| Ok(AreaNames::read(connection)?.said(Some(&code)))).await
}

//! A rule pack that can travel: its files and their digest, checked again wherever it arrives.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pyo3::prelude::*;
use xinzhi_columnar::Manifest;
use xinzhi_rules::load::{self, Files, Standing};
use xinzhi_rules::model;

use crate::refused;

/// A checked rule pack, together with the packs that it stands on.
#[pyclass(frozen, module = "xinzhi")]
pub(crate) struct Pack {
    files: Files,
    pub(crate) pack: Arc<model::Pack>,
}

#[pymethods]
impl Pack {
    /// Reads folders in any order; what a pack stands on is one of them or lies beside it. For a table set they are put together as its
    /// maker had them, which is what their digest goes by.
    #[staticmethod]
    #[pyo3(signature = (directories, tables=None))]
    fn load(py: Python<'_>, directories: Vec<PathBuf>, tables: Option<PathBuf>) -> PyResult<Pack> {
        py.detach(|| {
            if directories.is_empty() {
                return Err("没有给出规则包，请给出规则包所在的目录".to_owned());
            }
            let made = tables.map(|tables| Manifest::read(&tables)).transpose().map_err(|fault| fault.to_string())?;
            let first = made.as_ref().map(|(manifest, _)| manifest.pack.as_str());
            let directories: Vec<&Path> = directories.iter().map(PathBuf::as_path).collect();
            let Standing { id, files, .. } = load::together(&directories, first, |_| None).map_err(|fault| fault.to_string())?;
            Pack::checked(&id, files)
        })
        .map_err(refused)
    }

    /// Puts together again what `files` and `digest` took apart.
    #[staticmethod]
    fn from_files(py: Python<'_>, id: &str, files: BTreeMap<String, String>, digest: &str) -> PyResult<Pack> {
        py.detach(|| {
            let files: Files = files.into_iter().collect();
            if files.digest().to_string() != digest {
                return Err(format!("规则包 `{id}` 的内容与摘要 {digest} 不符，请重新分发规则包"));
            }
            Pack::checked(id, files)
        })
        .map_err(refused)
    }

    /// Name of its folder.
    #[getter]
    fn id(&self) -> &str {
        &self.pack.id
    }

    /// What it says of its version.
    #[getter]
    fn version(&self) -> &str {
        &self.pack.version
    }

    /// SHA-256 over its files, in hexadecimal: what every result is pinned to.
    #[getter]
    fn digest(&self) -> String {
        self.pack.digest.to_string()
    }

    /// Text of every file by its path inside the pack.
    #[getter]
    fn files(&self) -> BTreeMap<&str, &str> {
        self.files.iter().collect()
    }

    /// Ids and titles of its scorecards.
    #[getter]
    fn scorecards(&self) -> BTreeMap<&str, &str> {
        self.pack.scorecards.iter().map(|card| (card.id.as_str(), card.title.as_str())).collect()
    }

    fn __repr__(&self) -> String {
        format!("<xinzhi.Pack {} {}>", self.pack.id, self.pack.version)
    }
}

impl Pack {
    fn checked(id: &str, files: Files) -> Result<Pack, String> {
        let pack = load::load(id, &files).map_err(|faults| {
            let first = faults.first().map(ToString::to_string).unwrap_or_default();
            format!("规则包 `{id}` 有 {} 处错误，第一处：{first}", faults.len())
        })?;
        Ok(Pack { files, pack: Arc::new(pack) })
    }
}

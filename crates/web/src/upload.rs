//! An uploaded file: its parts are read one by one, the file goes to disk as it comes.

use std::io::{Seek, Write};
use std::sync::Arc;

use axum::extract::Multipart;
use axum::extract::multipart::Field;
use xinzhi_core::actor::Actor;
use xinzhi_core::record::BatchId;
use xinzhi_core::{Code, Day, Refusal};
use xinzhi_office::import::{self, Delivery};
use xinzhi_office::{Error, Office};

/// Largest file, in bytes: a year of a province's decisions as CSV.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// Longest text part.
const TEXT_BYTES_MAX: usize = 1_000;
/// Parts of a form.
const PARTS_MAX: usize = 16;

/// A file with what was said about it.
#[derive(Debug)]
pub struct Upload {
    /// Source, name, coverage, declared encoding.
    pub delivery: Delivery,
    file: std::fs::File,
}

impl Upload {
    /// Reads a form with the parts source, file and, where given, covers_from, covers_through, encoding.
    ///
    /// # Errors
    /// A refusal naming the part that is missing, too large or wrong.
    pub async fn receive(mut form: Multipart) -> Result<Upload, Error> {
        let mut texts = std::collections::BTreeMap::new();
        let mut file = None;
        let mut parts = 0;
        while let Some(part) = form.next_field().await.map_err(|_| Error::from(Code::BodyInvalid))? {
            parts += 1;
            if parts > PARTS_MAX {
                return Err(Code::BodyInvalid.into());
            }
            match part.name().map(str::to_owned) {
                Some(name) if name == "file" => {
                    let file_name = part.file_name().unwrap_or("未命名").chars().take(200).collect::<String>();
                    file = Some((file_name, to_disk(part).await?));
                }
                Some(name) => drop(texts.insert(name, text(part).await?)),
                None => {}
            }
        }
        let (file_name, file) = file.ok_or_else(|| Refusal::field(Code::FieldInvalid, "file", "请选择要上传的文件"))?;
        let given = |name: &str| texts.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        let source = given("source").ok_or_else(|| Refusal::field(Code::FieldInvalid, "source", "请选择数据来源"))?.to_owned();
        let covers = covers(given("covers_from"), given("covers_through"))?;
        let options = options(given("encoding"))?;
        Ok(Upload { delivery: Delivery { source, file_name, area: None, covers, options, once: None }, file })
    }

    /// Judges the file off the async threads.
    ///
    /// # Errors
    /// What [`import::stage()`] refuses.
    pub async fn stage(self, office: &Arc<Office>, actor: &Actor) -> Result<BatchId, Error> {
        let (office, actor) = (Arc::clone(office), actor.clone());
        let task = tokio::task::spawn_blocking(move || import::stage(&office, &actor, &self.delivery, self.file, &mut |_| ()));
        task.await.map_err(|_| Error::inconsistent("an import ended without an answer"))?
    }
}

async fn text(part: Field<'_>) -> Result<String, Error> {
    let name = part.name().unwrap_or_default().to_owned();
    let bytes = part.bytes().await.map_err(|_| Error::from(Code::BodyInvalid))?;
    let invalid = || Refusal::field(Code::FieldInvalid, &name, "内容过长或不是 UTF-8 文字");
    if bytes.len() > TEXT_BYTES_MAX {
        return Err(invalid().into());
    }
    String::from_utf8(bytes.to_vec()).map_err(|_| invalid().into())
}

async fn to_disk(mut part: Field<'_>) -> Result<std::fs::File, Error> {
    let io = |cause: std::io::Error| Error::inconsistent(format!("receiving a file: {cause}"));
    let mut file = tempfile::tempfile().map_err(io)?;
    let mut length = 0_u64;
    while let Some(chunk) = part.chunk().await.map_err(|_| Error::from(Code::BodyInvalid))? {
        length += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if length > FILE_BYTES_MAX {
            return Err(Refusal::field(Code::BodyTooLarge, "file", "文件超过 1 GiB").into());
        }
        file.write_all(&chunk).map_err(io)?;
    }
    file.rewind().map_err(io)?;
    Ok(file)
}

fn covers(from: Option<&str>, through: Option<&str>) -> Result<Option<(Day, Day)>, Error> {
    let day = |field: &str, text: &str| {
        Day::parse(text).map_err(|fault| Error::from(Refusal::field(Code::FieldInvalid, field, format!("覆盖日期{fault}"))))
    };
    match (from, through) {
        (None, None) => Ok(None),
        (Some(from), Some(through)) => {
            let (from, through) = (day("covers_from", from)?, day("covers_through", through)?);
            if from <= through {
                return Ok(Some((from, through)));
            }
            Err(Refusal::field(Code::FieldInvalid, "covers_through", "覆盖截止日期不能早于起始日期").into())
        }
        (None, Some(_)) => Err(Refusal::field(Code::FieldInvalid, "covers_from", "请同时填写覆盖的起止日期").into()),
        (Some(_), None) => Err(Refusal::field(Code::FieldInvalid, "covers_through", "请同时填写覆盖的起止日期").into()),
    }
}

fn options(encoding: Option<&str>) -> Result<xinzhi_office::import::Options, Error> {
    let mut options = xinzhi_office::import::Options::undeclared();
    options.encoding = match encoding {
        None => None,
        Some(word) => Some(
            xinzhi_office::import::Encoding::parse(word)
                .ok_or_else(|| Refusal::field(Code::FieldInvalid, "encoding", "编码应为 utf-8 或 gb18030"))?,
        ),
    };
    Ok(options)
}

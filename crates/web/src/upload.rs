//! An uploaded file: its parts are read one by one, the file goes to disk as it comes.

use std::io::{Seek, Write};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Multipart;
use axum::extract::multipart::Field;
use http_body_util::BodyExt;
use serde::Deserialize;
use utoipa::IntoParams;
use xinzhi_core::actor::Actor;
use xinzhi_core::record::BatchId;
use xinzhi_core::{AreaCode, Code, Day, Refusal};
use xinzhi_office::import::{self, Delivery};
use xinzhi_office::{Error, Office};

/// Largest file, in bytes: a year of a province's decisions as CSV.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// How much of a file is written before it must be on disk: left to the system, a large file floods the disk half a minute later, and
/// every act of that moment waits.
const SYNC_BYTES: u64 = 4 << 20;
/// Longest text part.
const TEXT_BYTES_MAX: usize = 1_000;
/// Longest name of a file that is kept.
const FILE_NAME_CHARS_MAX: usize = 200;
/// Parts of a form.
const PARTS_MAX: usize = 16;
/// The parts there are beside the file; `once` is the hidden key of a page.
const TEXTS: [&str; 6] = ["source", "area", "covers_from", "covers_through", "encoding", "once"];

/// A file with what was said about it.
#[derive(Debug)]
pub struct Upload {
    /// Source, name, coverage, declared encoding.
    pub delivery: Delivery,
    /// The hidden key of a form, so that sending it twice has one effect; empty where there is none.
    pub form_key: String,
    file: std::fs::File,
}

/// What is said beside a body of NDJSON, in the query.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LinesQuery {
    /// Id of the source, where the body is NDJSON.
    #[param(min_length = 1)]
    source: Option<String>,
    /// Name of the delivery, for people.
    name: Option<String>,
    /// First day for which the delivery is complete, YYYY-MM-DD.
    #[param(format = Date)]
    covers_from: Option<String>,
    /// Last day for which it is.
    #[param(format = Date)]
    covers_through: Option<String>,
    /// For which area the delivery reports, a 行政区划代码; the area of the account, else the whole office, where left out.
    #[param(pattern = r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$")]
    area: Option<String>,
}

impl Upload {
    /// Reads a form with the parts source, file and, where given, area, covers_from, covers_through, encoding.
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
                    let file_name = part.file_name().unwrap_or("未命名").chars().take(FILE_NAME_CHARS_MAX).collect::<String>();
                    file = Some((file_name, to_disk(part).await?));
                }
                Some(name) if TEXTS.contains(&name.as_str()) => drop(texts.insert(name, text(part).await?)),
                Some(_) => {
                    let words = "表单中只能有 source、file、area、covers_from、covers_through、encoding 各项";
                    return Err(Refusal::detail(Code::BodyInvalid, words).into());
                }
                None => {}
            }
        }
        let (file_name, file) = file.ok_or_else(|| Refusal::field(Code::FieldInvalid, "file", "请选择要上传的文件"))?;
        let given = |name: &str| texts.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        let source = given("source").ok_or_else(source_missing)?.to_owned();
        let covers = covers(given("covers_from"), given("covers_through"))?;
        let options = options(given("encoding"))?;
        let area = given("area").map(area).transpose()?;
        let form_key = given("once").unwrap_or_default().to_owned();
        Ok(Upload { delivery: Delivery { source, file_name, area, covers, options, once: None }, form_key, file })
    }

    /// Takes a body of NDJSON, one object a line.
    ///
    /// # Errors
    /// A refusal naming what is missing, too large or wrong.
    pub async fn receive_lines(query: LinesQuery, body: Body) -> Result<Upload, Error> {
        let LinesQuery { source, name, covers_from, covers_through, area: reported } = query;
        let source = source.filter(|source| !source.is_empty()).ok_or_else(source_missing)?;
        let covers = covers(covers_from.as_deref(), covers_through.as_deref())?;
        let area = reported.as_deref().map(area).transpose()?;
        let file_name = name.unwrap_or_else(|| "接口报送.ndjson".to_owned()).chars().take(FILE_NAME_CHARS_MAX).collect();
        let mut landing = Landing::new()?;
        let mut body = body;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Error::from(Code::BodyInvalid))?;
            if let Ok(bytes) = frame.into_data() {
                landing.take(&bytes).await?;
            }
        }
        let options = import::Options { format: Some(import::Format::Ndjson), ..import::Options::undeclared() };
        let delivery = Delivery { source, file_name, area, covers, options, once: None };
        Ok(Upload { delivery, form_key: String::new(), file: landing.finish()? })
    }

    /// Judges the file off the async threads.
    ///
    /// # Errors
    /// What [`import::stage()`] refuses.
    pub async fn stage(self, office: &Arc<Office>, actor: &Actor) -> Result<BatchId, Error> {
        import::stage_aside(office, actor, self.delivery, self.file).await
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
    let mut landing = Landing::new()?;
    while let Some(chunk) = part.chunk().await.map_err(|_| Error::from(Code::BodyInvalid))? {
        landing.take(&chunk).await?;
    }
    landing.finish()
}

/// A file on its way to disk, without a name.
struct Landing {
    file: std::fs::File,
    bytes: u64,
    unsynced: u64,
}

impl Landing {
    fn new() -> Result<Landing, Error> {
        Ok(Landing { file: tempfile::tempfile().map_err(receiving)?, bytes: 0, unsynced: 0 })
    }

    async fn take(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let count = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        (self.bytes, self.unsynced) = (self.bytes.saturating_add(count), self.unsynced.saturating_add(count));
        if self.bytes > FILE_BYTES_MAX {
            return Err(Refusal::field(Code::BodyTooLarge, "file", "文件超过 1 GiB").into());
        }
        self.file.write_all(chunk).map_err(receiving)?;
        if self.unsynced >= SYNC_BYTES {
            self.unsynced = 0;
            let file = self.file.try_clone().map_err(receiving)?;
            let synced = tokio::task::spawn_blocking(move || file.sync_data()).await;
            synced.map_err(std::io::Error::other).flatten().map_err(receiving)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<std::fs::File, Error> {
        self.file.rewind().map_err(receiving)?;
        Ok(self.file)
    }
}

fn receiving(cause: std::io::Error) -> Error {
    Error::inconsistent(format!("receiving a file: {cause}"))
}

fn source_missing() -> Error {
    Refusal::field(Code::FieldInvalid, "source", "请选择数据来源").into()
}

fn area(text: &str) -> Result<AreaCode, Error> {
    let words = "行政区划代码应为 2、4、6、9 或 12 位数字";
    AreaCode::parse(text).ok_or_else(|| Refusal::field(Code::FieldInvalid, "area", words).into())
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

pub(crate) fn options(encoding: Option<&str>) -> Result<xinzhi_office::import::Options, Error> {
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

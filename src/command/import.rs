//! `xinzhi import`: files in, counts out; read is the sum of the other four.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context, bail};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::{Method, Request};
use indicatif::ProgressBar;
use serde_json::Value;
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use xinzhi_core::record::BatchId;
use xinzhi_core::{AreaCode, Day};
use xinzhi_office::Office;
use xinzhi_office::import::{self, Delivery, Encoding, Options};

use crate::arguments::Import;
use crate::door::{self, Door};

const BOUNDARY: &str = "xinzhi-file-boundary-7d0f5c1e";
const CHUNK_BYTES: usize = 1 << 16;

pub fn run(arguments: &Import) -> anyhow::Result<ExitCode> {
    let covers = arguments.covers.as_deref().map(covers).transpose()?;
    let area = arguments.area.as_deref().map(area).transpose()?;
    let encoding = match &arguments.encoding {
        None => None,
        Some(word) => Some(Encoding::parse(word).with_context(|| format!("编码 `{word}` 应为 utf-8 或 gb18030"))?),
    };
    if arguments.verdicts.is_some() && arguments.files.len() > 1 {
        bail!("--verdicts 一次只能用于一个文件，请分别归集");
    }
    let runtime = door::runtime()?;
    let door = door::knock(&arguments.place)?;
    for file in &arguments.files {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let opened = std::fs::File::open(file).with_context(|| format!("无法打开 {}", file.display()))?;
        let id = match &door {
            Door::Here(office) => {
                let options = Options { encoding, ..Options::undeclared() };
                let delivery =
                    Delivery { source: arguments.source.clone(), file_name: name.clone(), area: area.clone(), covers, options, once: None };
                stage_here(office, &delivery, opened)?
            }
            Door::Server(socket) => runtime.block_on(upload(socket, arguments, &name, opened))?,
        };
        let path = format!("/api/v1/batches/{id}");
        if !arguments.preview {
            runtime.block_on(door.json(Method::POST, &format!("{path}/commit"), None))?;
        }
        let batch = runtime.block_on(door.json(Method::GET, &path, None))?;
        if let Some(out) = &arguments.verdicts {
            let workbook = runtime.block_on(workbook(&door, id))?;
            std::fs::write(out, workbook).with_context(|| format!("无法写入 {}", out.display()))?;
        }
        report(arguments, &name, &batch)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn stage_here(office: &Arc<Office>, delivery: &Delivery, file: std::fs::File) -> anyhow::Result<i64> {
    let bar = ProgressBar::new_spinner();
    bar.set_message("已判定行数");
    let batch = import::stage(office, &Office::operator(), delivery, file, &mut |done| bar.set_position(u64::try_from(done).unwrap_or(0)))?;
    bar.finish_and_clear();
    Ok(batch.0)
}

/// The workbook of verdicts from whoever holds the office.
async fn workbook(door: &Door, id: i64) -> anyhow::Result<Vec<u8>> {
    match door {
        Door::Here(office) => Ok(import::verdicts_xlsx(office, &Office::operator(), BatchId(id)).await?),
        Door::Server(socket) => {
            let path = format!("/api/v1/batches/{id}/verdicts.xlsx");
            let request = Request::builder().uri(path).header("host", "xinzhi").body(http_body_util::Empty::<Bytes>::new())?;
            Ok(door::succeed(door::send(socket, request).await?).await?.to_vec())
        }
    }
}

/// Streams the file as a form to the server that holds the office.
async fn upload(socket: &std::path::Path, arguments: &Import, name: &str, file: std::fs::File) -> anyhow::Result<i64> {
    let mut head = String::new();
    let mut text = |field: &str, value: &str| {
        head.push_str(&format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"));
    };
    text("source", &arguments.source);
    if let Some((from, through)) = arguments.covers.as_deref().map(covers).transpose()? {
        text("covers_from", &from.to_string());
        text("covers_through", &through.to_string());
    }
    if let Some(area) = &arguments.area {
        text("area", area);
    }
    if let Some(encoding) = &arguments.encoding {
        text("encoding", encoding);
    }
    let plain = name.replace(['"', '\r', '\n'], "_");
    head.push_str(&format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{plain}\"\r\n\r\n"));
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, std::io::Error>>(4);
    tokio::spawn(async move {
        let mut file = tokio::fs::File::from_std(file);
        let mut next = Some(Bytes::from(head));
        while let Some(bytes) = next.take() {
            if sender.send(Ok(Frame::data(bytes))).await.is_err() {
                return;
            }
            let mut buffer = vec![0; CHUNK_BYTES];
            match file.read(&mut buffer).await {
                Ok(0) => {}
                Ok(count) => {
                    buffer.truncate(count);
                    next = Some(buffer.into());
                }
                Err(error) => return drop(sender.send(Err(error)).await),
            }
        }
        drop(sender.send(Ok(Frame::data(Bytes::from(format!("\r\n--{BOUNDARY}--\r\n"))))).await);
    });
    let stream = tokio_stream(receiver);
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/batches")
        .header("host", "xinzhi")
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
        .header("idempotency-key", format!("cli-{}", door::fresh_key()?))
        .body(StreamBody::new(stream).boxed_unsync())?;
    let answer: Value = serde_json::from_slice(&door::succeed(door::send(socket, request).await?).await?)?;
    answer.get("id").and_then(Value::as_i64).context("服务没有返回批次编号")
}

/// A receiver as the stream that a body wants.
fn tokio_stream<T: Send + 'static>(mut receiver: tokio::sync::mpsc::Receiver<T>) -> impl futures_core::Stream<Item = T> + Send {
    futures_util::stream::poll_fn(move |context| receiver.poll_recv(context))
}

fn area(text: &str) -> anyhow::Result<AreaCode> {
    AreaCode::parse(text).with_context(|| format!("`{text}` 不是行政区划代码（应为 2、4、6、9 或 12 位数字）"))
}

fn covers(text: &str) -> anyhow::Result<(Day, Day)> {
    let words = || format!("覆盖日期 `{text}` 应写成 起..止，如 2026-01-01..2026-10-31");
    let (from, through) = text.split_once("..").with_context(words)?;
    let (from, through) = (Day::parse(from).ok().with_context(words)?, Day::parse(through).ok().with_context(words)?);
    if from <= through { Ok((from, through)) } else { bail!("覆盖截止日期不能早于起始日期") }
}

fn report(arguments: &Import, name: &str, batch: &Value) -> anyhow::Result<()> {
    let counts = batch.get("counts").context("服务没有返回行数")?;
    let count = |key: &str| counts.get(key).and_then(Value::as_i64).unwrap_or(0);
    let mut out = crate::say::out();
    if arguments.json {
        writeln!(out, "{batch}")?;
        return Ok(());
    }
    let state = if arguments.preview { "仅预览，未生效" } else { "已生效" };
    writeln!(
        out,
        "{name}：批次 {}，读入 {} = 接收 {} + 重复 {} + 退回 {} + 待核实 {}（{state}）",
        batch.get("id").and_then(Value::as_i64).unwrap_or(0),
        count("read"),
        count("accepted"),
        count("duplicate"),
        count("refused"),
        count("quarantined")
    )?;
    Ok(())
}

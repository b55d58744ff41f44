//! `xinzhi connector`: which tables of departments the office polls, said by whoever sits at its machine.

use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use hyper::Method;
use serde_json::{Value, json};

use crate::arguments::{ConnectorCommand, NamedConnector, NewConnector, Place};
use crate::door;

/// Longest file with a password, in bytes.
const SECRET_BYTES_MAX: u64 = 4_096;

pub fn run(command: &ConnectorCommand) -> anyhow::Result<ExitCode> {
    match command {
        ConnectorCommand::Add(new) => add(new)?,
        ConnectorCommand::List { place, json } => list(place, *json)?,
        ConnectorCommand::Run { of, json } => look(of, *json)?,
        ConnectorCommand::Pause(of) => act(of, "pause", "已暂停")?,
        ConnectorCommand::Resume(of) => act(of, "resume", "已恢复")?,
        ConnectorCommand::End(of) => act(of, "end", "已停用")?,
        ConnectorCommand::Secret { of, secret_file } => {
            let body = json!({ "secret": secret(secret_file.as_deref())? });
            ask(&of.place, Method::POST, &path(&of.id, "secret"), &body)?;
            say(&format!("已更换前置库 {} 的口令", of.id))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn add(new: &NewConnector) -> anyhow::Result<()> {
    let body = json!({
        "id": new.of.id,
        "title": new.title,
        "organ": new.organ,
        "area": new.area,
        "source": new.source,
        "host": new.host,
        "port": new.port,
        "dbname": new.dbname,
        "user": new.user,
        "secret": secret(new.secret_file.as_deref())?,
        "schema": new.schema,
        "table": new.table,
        "watermark": new.watermark,
        "key": new.key,
        "overlap": new.overlap,
        "every_minutes": new.every,
        "previews": new.preview,
        "covers": new.covers,
    });
    ask(&new.of.place, Method::POST, "/api/v1/connectors", &body)?;
    let id = &new.of.id;
    say(&format!("已登记前置库 {id}；可运行 xinzhi connector run {id} 立即试取一次，服务运行时每 {} 分钟取数", new.every))
}

fn list(place: &Place, as_json: bool) -> anyhow::Result<()> {
    let found = ask(place, Method::GET, "/api/v1/connectors", &Value::Null)?;
    if as_json {
        return say(&found.to_string());
    }
    let every = found.as_array().context("服务没有返回前置库列表")?;
    if every.is_empty() {
        return say("还没有登记前置库");
    }
    for line in every {
        let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or("—");
        let sentence = Some(text("sentence")).filter(|sentence| !sentence.is_empty()).unwrap_or("还没有取过");
        say(&format!(
            "{}\t{}\t{}\t{}\t{} 读到 {}\t{sentence}",
            text("id"),
            text("title"),
            text("state"),
            text("table"),
            text("watermark"),
            text("reached")
        ))?;
    }
    Ok(())
}

fn look(of: &NamedConnector, as_json: bool) -> anyhow::Result<()> {
    let done = ask(&of.place, Method::POST, &path(&of.id, "run"), &Value::Null)?;
    let look = done.get("look").context("服务没有返回取数结果")?;
    if as_json {
        return say(&look.to_string());
    }
    let batches: Vec<String> = look.get("batches").and_then(Value::as_array).into_iter().flatten().map(ToString::to_string).collect();
    let batches = if batches.is_empty() { String::new() } else { format!("批次 {}，", batches.join("、")) };
    say(&format!("{}：{batches}{}", of.id, look.get("sentence").and_then(Value::as_str).unwrap_or_default()))
}

fn act(of: &NamedConnector, word: &str, done: &str) -> anyhow::Result<()> {
    ask(&of.place, Method::POST, &path(&of.id, word), &Value::Null)?;
    say(&format!("前置库 {} {done}", of.id))
}

fn path(id: &str, act: &str) -> String {
    format!("/api/v1/connectors/{}/{act}", xinzhi_web::pages::text::encoded(id))
}

fn ask(place: &Place, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
    let runtime = door::runtime()?;
    let door = door::knock(place)?;
    let answer = runtime.block_on(door.json(method, path, Some(body)));
    // The office is closed outside the runtime: connections to PostgreSQL cannot be closed from there.
    drop(runtime);
    answer
}

fn say(words: &str) -> anyhow::Result<()> {
    Ok(crate::say::say!("{words}")?)
}

/// The password comes by standard input or from a file, so that it stands in no process list and no history.
fn secret(file: Option<&Path>) -> anyhow::Result<String> {
    let text = match file {
        Some(path) => {
            let size = std::fs::metadata(path).with_context(|| format!("无法读取口令文件 {}", path.display()))?.len();
            if size > SECRET_BYTES_MAX {
                bail!("口令文件 {} 超过 {SECRET_BYTES_MAX} 字节，请核对是否选错了文件", path.display());
            }
            std::fs::read_to_string(path).with_context(|| format!("无法读取口令文件 {}", path.display()))?
        }
        None => {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).context("无法从标准输入读取口令")?;
            line
        }
    };
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() { bail!("请从标准输入给出口令，或用 --secret-file 指定文件") } else { Ok(secret.to_owned()) }
}

//! `xinzhi subscription`: where the office may send pushes to, and how the subscriptions stand.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use hyper::Method;
use serde_json::{Value, json};

use crate::arguments::{ListedHost, Listing, SubscriptionCommand};
use crate::door;
use crate::say::{out, say};

pub fn run(command: &SubscriptionCommand) -> anyhow::Result<ExitCode> {
    match command {
        SubscriptionCommand::Allow { host, ca } => {
            let pem = ca.as_deref().map(pem).transpose()?;
            list(host, true, pem.as_deref())?;
            say!("已允许向 {} 推送{}", host.host, if pem.is_some() { "，只认所给 CA 签发的证书" } else { "" })?;
        }
        SubscriptionCommand::Deny(host) => {
            list(host, false, None)?;
            say!("不再向 {} 推送", host.host)?;
        }
        SubscriptionCommand::Hosts(listing) => show(listing, "/api/v1/hosts", host_line)?,
        SubscriptionCommand::List(listing) => show(listing, "/api/v1/subscriptions", subscription_line)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Longest file of certificates, in bytes.
const PEM_BYTES_MAX: u64 = 64 * 1024;

fn pem(path: &Path) -> anyhow::Result<String> {
    let size = std::fs::metadata(path).with_context(|| format!("无法读取 CA 证书 {}", path.display()))?.len();
    if size > PEM_BYTES_MAX {
        bail!("{} 超过 64 KB，请核对是否选错了文件", path.display());
    }
    let bytes = std::fs::read(path).with_context(|| format!("无法读取 CA 证书 {}", path.display()))?;
    String::from_utf8(bytes).ok().with_context(|| format!("{} 不是 PEM 文本；DER 格式的请先转换：openssl x509 -inform der", path.display()))
}

fn list(host: &ListedHost, allowed: bool, authorities: Option<&str>) -> anyhow::Result<()> {
    let door = door::knock(&host.place)?;
    let body = json!({ "host": host.host, "allowed": allowed, "note": host.note, "authorities": authorities });
    door::runtime()?.block_on(door.json(Method::POST, "/api/v1/operator/hosts", Some(&body)))?;
    Ok(())
}

fn show(listing: &Listing, path: &str, line: fn(&Value) -> String) -> anyhow::Result<()> {
    let door = door::knock(&listing.place)?;
    let found = door::runtime()?.block_on(door.json(Method::GET, path, None))?;
    let mut out = out();
    if listing.json {
        writeln!(out, "{found}")?;
        return Ok(());
    }
    for one in found.as_array().context("服务的回答不是列表")? {
        writeln!(out, "{}", line(one))?;
    }
    Ok(())
}

fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn host_line(host: &Value) -> String {
    let own = if host.get("own_authorities").and_then(Value::as_bool) == Some(true) { "自有 CA" } else { "公共 CA" };
    [text(host, "host"), text(host, "note"), own.to_owned(), text(host, "actor"), text(host, "at")].join("\t")
}

fn subscription_line(one: &Value) -> String {
    let ended = if one.get("ended").and_then(Value::as_bool) == Some(true) { "已终止" } else { "推送中" };
    let counts = [("待送达", "waiting"), ("待签收", "unacknowledged"), ("已签收", "acknowledged"), ("停止重试", "dead"), ("逾期", "late")];
    let counts = counts.map(|(title, name)| format!("{title} {}", text(one, name))).join(" ");
    [text(one, "id"), text(one, "title"), ended.to_owned(), counts, text(one, "url")].join("\t")
}

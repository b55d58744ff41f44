//! `xinzhi account` and `xinzhi areas`: accounts, keys and areas by whoever sits at the machine, also while the server runs. The rules are
//! those of the pages; the passwords of the administrators can be reset here alone.

use std::io::BufRead;
use std::process::ExitCode;

use anyhow::{Context, bail};
use hyper::Method;
use serde_json::{Value, json};
use xinzhi_web::pages::text::encoded;

use crate::arguments::{AccountCommand, Areas, NewAccount, Place};
use crate::command::demo;
use crate::door::{self, Door};
use crate::say::{self, say};
use crate::words;

pub fn run(command: &AccountCommand) -> anyhow::Result<ExitCode> {
    match command {
        AccountCommand::Add { at, new } => {
            let body = body(new, &password()?);
            asked(&door::knock_first(at)?, Method::POST, "/operator/accounts", Some(&body))?;
            say!("已建立并启用账号 {}，本人首次登录时须修改密码", new.name)?;
        }
        AccountCommand::Key { place, new } => {
            let made = ask(place, Method::POST, "/operator/keys", Some(&body(new, "")))?;
            say::once(text(&made, "key")).or_else(|cause| unseen((place, &new.name), &cause))?;
        }
        AccountCommand::List { place, json } => {
            let found = ask(place, Method::GET, "/operator/accounts", None)?;
            if *json {
                say!("{found}")?;
            } else {
                list(&found)?;
            }
        }
        AccountCommand::End { place, name, key: true } => {
            end_key(place, name)?;
            say!("已作废接口密钥 {name}")?;
        }
        AccountCommand::End { place, name, key: false } => {
            act(place, name, ("end", json!({})))?;
            say!("已注销账号 {name}")?;
        }
        AccountCommand::Password { place, name } => {
            act(place, name, ("password", json!({ "password": password()? })))?;
            say!("已重设 {name} 的密码，本人登录后须修改")?;
        }
        AccountCommand::Release { place, name } => {
            act(place, name, ("release", json!({})))?;
            say!("已启用账号 {name}")?;
        }
        AccountCommand::ResetFactor { place, name } => {
            act(place, name, ("reset-factor", json!({})))?;
            say!("已重置 {name} 的第二因素，本人下次登录时会看到并重新设置")?;
        }
        AccountCommand::Code { place, name } => say!("{}", demo::code_of(&place.data, name)?)?,
        AccountCommand::Unlock { place, name } => {
            act(place, name, ("unlock", json!({})))?;
            say!("已解锁账号 {name}")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn end_key(place: &Place, name: &str) -> anyhow::Result<Value> {
    ask(place, Method::POST, &format!("/operator/keys/{}/end", encoded(name)), Some(&json!({})))
}

/// A key that nobody could read is of use to nobody, and must not stay behind in force.
fn unseen((place, name): (&Place, &str), cause: &std::io::Error) -> anyhow::Result<()> {
    let cause = words::of_io(cause);
    end_key(place, name)
        .with_context(|| format!("接口密钥 {name} 没能显示（{cause}），也没能作废：请运行 xinzhi account end {name} --key"))?;
    bail!("接口密钥 {name} 没能显示（{cause}），已把它作废：请换一个能写的标准输出，重新建立")
}

/// `xinzhi areas FILE`.
pub fn areas(arguments: &Areas) -> anyhow::Result<ExitCode> {
    let bytes = std::fs::read(&arguments.file).with_context(|| format!("无法读取 {}", arguments.file.display()))?;
    let door = door::knock(&arguments.place)?;
    let declared = arguments.encoding.as_ref().map_or_else(String::new, |encoding| format!("?encoding={}", encoded(encoding)));
    let found = door::runtime()?.block_on(door.post(&format!("/operator/areas{declared}"), ("application/octet-stream", bytes)))?;
    if arguments.json {
        say!("{found}")?;
    } else {
        let [recorded, same, outside] = ["recorded", "same", "outside"].map(|field| found.get(field).and_then(Value::as_u64).unwrap_or(0));
        say!("登记 {recorded} 个区划，{same} 个与已登记的相同，{outside} 个不在本单位辖区内")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn ask(place: &Place, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
    asked(&door::knock(place)?, method, path, body)
}

fn asked(door: &Door, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
    door::runtime()?.block_on(door.json(method, path, body))
}

fn act(place: &Place, name: &str, (act, body): (&str, Value)) -> anyhow::Result<Value> {
    ask(place, Method::POST, &format!("/operator/accounts/{}/{act}", encoded(name)), Some(&body))
}

/// The password comes by standard input, so that it stands in no process list and no history.
fn password() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("无法从标准输入读取密码")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("请从标准输入给出密码，例如：printf '%s\\n' \"$PASSWORD\" | xinzhi account add …")
    } else {
        Ok(password.to_owned())
    }
}

fn body(new: &NewAccount, password: &str) -> Value {
    json!({
        "password": password,
        "name": new.name,
        "title": new.title,
        "role": new.role,
        "organ": new.organ.as_deref().unwrap_or_default(),
        "area": new.area.as_deref().unwrap_or_default(),
        "subject": new.subject.as_deref().unwrap_or_default(),
    })
}

/// A text of an answer; a dash where there is none.
fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of.get(field).and_then(Value::as_str).unwrap_or("—")
}

fn list(found: &Value) -> std::io::Result<()> {
    let every = |of: &str| found.get(of).and_then(Value::as_array).cloned().unwrap_or_default();
    for one in every("accounts") {
        let columns = ["name", "title", "role", "organ", "area", "state_title"].map(|field| text(&one, field));
        say!("账号\t{}", columns.join("\t"))?;
    }
    for one in every("keys") {
        let columns = ["name", "title", "role", "organ", "area"].map(|field| text(&one, field));
        let ended = one.get("ended").and_then(Value::as_bool) == Some(true);
        say!("密钥\t{}\t{}", columns.join("\t"), if ended { "已作废" } else { "可用" })?;
    }
    Ok(())
}

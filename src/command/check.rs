//! `xinzhi check`: what a business system is told at a trigger.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use hyper::Method;
use serde_json::{Value, json};

use crate::arguments::Check;
use crate::door;

pub fn run(arguments: &Check) -> anyhow::Result<ExitCode> {
    let door = door::knock(&arguments.place)?;
    let runtime = door::runtime()?;
    let matters = runtime.block_on(door.json(Method::GET, "/api/v1/matters", None))?;
    let known: Vec<&Value> = matters.as_array().into_iter().flatten().collect();
    let id = |matter: &Value| matter.get("id").and_then(Value::as_str).unwrap_or("").to_owned();
    let Some(matter) = known.iter().find(|matter| id(matter) == arguments.matter) else {
        let title = |matter: &Value| matter.get("title").and_then(Value::as_str).unwrap_or("").to_owned();
        let all: Vec<String> = known.iter().map(|matter| format!("  {}  {}", id(matter), title(matter))).collect();
        bail!("没有办理事项 `{}`，请改用下列编号之一：\n{}", arguments.matter, all.join("\n"));
    };
    let purpose = matter.get("purpose").and_then(Value::as_str).context("事项没有规定用途")?;
    let body = json!({ "subject": arguments.subject, "matter": arguments.matter, "purpose": purpose, "case": arguments.case });
    let answer = runtime.block_on(door.json(Method::POST, "/api/v1/checks", Some(&body)))?;
    let mut out = crate::say::out();
    if arguments.json {
        writeln!(out, "{answer}")?
    } else {
        write(&mut out, &answer)?
    }
    Ok(ExitCode::SUCCESS)
}

fn write(out: &mut impl Write, answer: &Value) -> std::io::Result<()> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    let number = answer.get("id").and_then(Value::as_i64).unwrap_or(0);
    writeln!(out, "核查 {number}：{}（{}），{}", text(answer, "name"), text(answer, "subject"), text(answer, "matter_title"))?;
    let measures: Vec<&Value> = answer.get("measures").and_then(Value::as_array).into_iter().flatten().collect();
    if measures.is_empty() {
        return writeln!(out, "没有适用的措施");
    }
    for measure in measures {
        let state = if text(measure, "state") == "in_force" { "生效中" } else { "待决定" };
        let until = match text(measure, "until").as_str() {
            "" => String::new(),
            day => format!("，至 {day}"),
        };
        let basis: Vec<&str> = measure.get("basis").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        writeln!(out, "\n[{state}] {}{until}", text(measure, "title"))?;
        writeln!(out, "  内容：{}", text(measure, "content"))?;
        writeln!(out, "  缘由：{}", text(measure, "why"))?;
        writeln!(out, "  依据：{}", basis.join("；"))?;
        writeln!(out, "  实施：{}", text(measure, "body"))?;
    }
    writeln!(out, "\n请在 {} 前逐项反馈应用结果", text(answer, "feedback_due"))
}

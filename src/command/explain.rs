//! `xinzhi explain`, and `xinzhi evaluate` of one subject: every contribution with record, rule, article and arithmetic.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use hyper::Method;
use serde_json::Value;
use xinzhi_web::pages::text::encoded;

use crate::arguments::Explain;
use crate::door;

pub fn run(arguments: &Explain) -> anyhow::Result<ExitCode> {
    let code = arguments.code.as_ref().or(arguments.subject.as_ref()).context("请给出主体代码")?;
    let door = door::knock(&arguments.place)?;
    let mut path = format!(
        "/api/v1/subjects/{}/evaluations?purpose={}&scorecard={}",
        encoded(code),
        encoded("日常监管"),
        encoded(&arguments.scorecard)
    );
    if let Some(day) = &arguments.as_of {
        path.push_str(&format!("&as_of={}", encoded(day)));
    }
    if let Some(known) = arguments.known {
        path.push_str(&format!("&known={known}"));
    }
    let answer = door::runtime()?.block_on(door.json(Method::GET, &path, None))?;
    let evaluation = answer.get(0).context("服务没有返回评价")?;
    let mut out = crate::say::out();
    if arguments.json {
        writeln!(out, "{evaluation}")?
    } else {
        write(&mut out, evaluation)?
    }
    Ok(ExitCode::SUCCESS)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn write(out: &mut impl Write, evaluation: &Value) -> std::io::Result<()> {
    let result = match (text(evaluation, "points"), text(evaluation, "grade")) {
        ("", "") => format!("不作评价：{}", text(evaluation, "reason")),
        ("", grade) => format!("等级 {grade}（{}）", text(evaluation, "reason")),
        (points, grade) => format!("{points} 分，等级 {grade}"),
    };
    writeln!(out, "{}：{result}", text(evaluation, "title"))?;
    writeln!(out, "评价日 {}，有效至 {}，规则包 {}", text(evaluation, "as_of"), text(evaluation, "valid_until"), text(evaluation, "pack"))?;
    if let Some(arithmetic) = Some(text(evaluation, "arithmetic")).filter(|arithmetic| !arithmetic.is_empty()) {
        writeln!(out, "算式：{arithmetic}（基础分和各维度的分）")?;
    }
    if let Some(peers) = evaluation.get("peers").filter(|peers| peers.is_object()) {
        let limits: Vec<String> =
            list(peers, "limits").map(|limit| format!("{} {} 分起", text(limit, "grade"), text(limit, "from"))).collect();
        writeln!(out, "{}：{}", text(peers, "says"), limits.join("，"))?;
    }
    for indicator in list(evaluation, "indicators") {
        let known = indicator.get("known").and_then(Value::as_bool).unwrap_or(false);
        let points = if known {
            format!("{} 分", signed(text(indicator, "points")))
        } else {
            format!("未知（{}），不加分也不减分", text(indicator, "unknown_because"))
        };
        writeln!(out, "\n{}：{points}", text(indicator, "title"))?;
        writeln!(out, "  规则：{}", text(indicator, "rule"))?;
        for contribution in list(indicator, "contributions") {
            let record = contribution.get("record").and_then(Value::as_i64).unwrap_or(0);
            let fade = match text(contribution, "next_fade") {
                "" => String::new(),
                day => format!("，{day} 起减轻"),
            };
            writeln!(
                out,
                "  记录 {record}（{}，{}）：{}{fade}，{} 起不再计入",
                text(contribution, "day"),
                text(contribution, "document"),
                text(contribution, "arithmetic"),
                text(contribution, "leaves_on")
            )?;
        }
    }
    evaluation.get("better").filter(|better| better.is_object()).map_or(Ok(()), |better| improve(out, better))
}

/// What is added to points and what is taken from them, told apart.
fn signed(points: &str) -> String {
    if points == "0" || points.starts_with('-') { points.to_owned() } else { format!("+{points}") }
}

/// What would make the grade better.
fn improve(out: &mut impl Write, better: &Value) -> std::io::Result<()> {
    writeln!(out, "\n怎样可以改善")?;
    for goal in list(better, "goals") {
        writeln!(out, "  {}", text(goal, "says"))?;
        for way in list(goal, "ways") {
            let sets: Vec<&Value> = list(way, "sets").collect();
            match sets.as_slice() {
                [set] => writeln!(out, "    {}：{}", text(way, "says"), text(set, "says"))?,
                _ => writeln!(out, "    {}：", text(way, "says"))?,
            }
            for (number, set) in sets.iter().enumerate() {
                if sets.len() > 1 {
                    writeln!(out, "      第 {} 组：{}", number + 1, text(set, "says"))?;
                }
                list(set, "steps").try_for_each(|step| write_step(out, step))?;
            }
            let more = way.get("more").and_then(Value::as_u64).unwrap_or(0);
            if more > 0 {
                writeln!(out, "      另有 {more} 组同样多的事项也可以，没有列出")?;
            }
        }
    }
    list(better, "notes").filter_map(Value::as_str).try_for_each(|note| writeln!(out, "  {note}"))
}

fn write_step(out: &mut impl Write, step: &Value) -> std::io::Result<()> {
    let record = step.get("record").and_then(Value::as_i64).unwrap_or(0);
    let basis: Vec<&str> = list(step, "basis").filter_map(Value::as_str).collect();
    let confirm = match text(step, "to_confirm") {
        "" => String::new(),
        words => format!("（待核：{words}）"),
    };
    writeln!(
        out,
        "      - 向{}办理“{}”，记录 {record}（{} {}）的{}；依据 {}{confirm}",
        text(step, "at"),
        text(step, "step"),
        text(step, "kind"),
        text(step, "document"),
        text(step, "becomes"),
        basis.join("、")
    )
}

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

fn number(value: &Value, key: &str) -> i64 {
    value.get(key).and_then(Value::as_i64).unwrap_or(0)
}

fn holds(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// A text that is not there or empty says nothing.
fn said<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    Some(text(value, key)).filter(|words| !words.is_empty())
}

/// `D（较差）`.
fn grade(value: &Value, (name, title): (&str, &str)) -> Option<String> {
    let name = said(value, name)?;
    Some(said(value, title).map_or_else(|| name.to_owned(), |title| format!("{name}（{title}）")))
}

fn write(out: &mut impl Write, evaluation: &Value) -> std::io::Result<()> {
    write_head(out, evaluation)?;
    for dimension in list(evaluation, "dimensions") {
        write_dimension(out, evaluation, dimension)?;
    }
    evaluation.get("better").filter(|better| better.is_object()).map_or(Ok(()), |better| improve(out, better))
}

/// What came of it, and on what it rests.
fn write_head(out: &mut impl Write, evaluation: &Value) -> std::io::Result<()> {
    let result = match (said(evaluation, "points"), grade(evaluation, ("grade", "grade_title"))) {
        (None, None) => format!("不作评价：{}", text(evaluation, "reason")),
        (None, Some(grade)) => format!("等级 {grade}；{}", text(evaluation, "reason")),
        (Some(points), grade) => format!("{points} 分，等级 {}", grade.unwrap_or_default()),
    };
    writeln!(out, "{}：{result}", text(evaluation, "title"))?;
    writeln!(
        out,
        "评价日 {}，有效至 {}；按账簿到第 {} 笔为止所知，规则包 {}",
        text(evaluation, "as_of"),
        text(evaluation, "valid_until"),
        number(evaluation, "known"),
        text(evaluation, "pack")
    )?;
    writeln!(out, "用途：{}", text(evaluation, "purpose"))?;
    if let Some(forced) = evaluation.get("forced").filter(|forced| forced.is_object()) {
        write_forced(out, forced)?;
    }
    if let Some(arithmetic) = said(evaluation, "arithmetic") {
        writeln!(out, "算式：{arithmetic}（基础分和各维度的分）")?;
    }
    if let (Some(title), Some(amount)) = (said(evaluation, "amount_title"), said(evaluation, "amount")) {
        writeln!(out, "{title}：{amount}")?;
    }
    if let Some(peers) = evaluation.get("peers").filter(|peers| peers.is_object()) {
        let limits: Vec<String> =
            list(peers, "limits").map(|limit| format!("{} {} 分起", text(limit, "grade"), text(limit, "from"))).collect();
        writeln!(out, "{}：{}", text(peers, "says"), limits.join("，"))?;
    }
    let share = xinzhi_core::Points::percent(number(evaluation, "assessed_share"));
    let next = said(evaluation, "next_change").map(|day| format!("；下一变化 {day}")).unwrap_or_default();
    writeln!(out, "已知权重 {share}{next}")
}

/// What has a say about the grade beside the points: the rule, and the record that it rests on.
fn write_forced(out: &mut impl Write, forced: &Value) -> std::io::Result<()> {
    let by_points = grade(forced, ("by_points", "by_points_title")).map(|grade| format!("（按分值为 {grade}）")).unwrap_or_default();
    writeln!(out, "{}{by_points}", text(forced, "says"))?;
    writeln!(out, "  规则：{}", text(forced, "rule"))?;
    let (kind, document) = (text(forced, "kind"), text(forced, "document"));
    writeln!(out, "  记录 {}（{}，{kind} {document}）", number(forced, "record"), text(forced, "day"))
}

/// A dimension with what bounds and weight make of it, and its indicators.
fn write_dimension(out: &mut impl Write, evaluation: &Value, dimension: &Value) -> std::io::Result<()> {
    let points = if holds(dimension, "known") { format!("{} 分", signed(text(dimension, "points"))) } else { "未知".to_owned() };
    writeln!(out, "\n【{}】{points}", text(dimension, "title"))?;
    if let Some(arithmetic) = said(dimension, "arithmetic") {
        writeln!(out, "本维度合计 {arithmetic}")?;
    }
    for id in list(dimension, "indicators").filter_map(Value::as_str) {
        let mine = list(evaluation, "indicators").find(|indicator| text(indicator, "id") == id);
        mine.map_or(Ok(()), |indicator| write_indicator(out, indicator))?;
    }
    match number(dimension, "unknown") {
        0 => Ok(()),
        unknown => writeln!(out, "有 {unknown} 项指标未知，不加分也不减分，其权重不算入已知权重。"),
    }
}

fn write_indicator(out: &mut impl Write, indicator: &Value) -> std::io::Result<()> {
    let known = holds(indicator, "known");
    let points = if known {
        format!("{} 分", signed(text(indicator, "points")))
    } else {
        format!("未知（{}）", text(indicator, "unknown_because"))
    };
    writeln!(out, "{}：{points}", text(indicator, "title"))?;
    writeln!(out, "  规则：{}", text(indicator, "rule"))?;
    // A single number explains nothing that does not stand above.
    if let Some(arithmetic) = said(indicator, "arithmetic").filter(|arithmetic| known && *arithmetic != text(indicator, "points")) {
        writeln!(out, "  算式：{arithmetic}")?;
    }
    for contribution in list(indicator, "contributions") {
        let fade = said(contribution, "next_fade").map(|day| format!("，{day} 起减轻")).unwrap_or_default();
        writeln!(
            out,
            "  记录 {}（{}，{}）：{}{fade}，{} 起不再计入",
            number(contribution, "record"),
            text(contribution, "day"),
            text(contribution, "document"),
            text(contribution, "arithmetic"),
            text(contribution, "leaves_on")
        )?;
    }
    list(indicator, "uncertain")
        .try_for_each(|record| writeln!(out, "  记录 {}（{}）：不能确定，不计入", number(record, "record"), text(record, "document")))
}

/// What is added to points and what is taken from them, told apart.
fn signed(points: &str) -> String {
    if points == "0" || points.starts_with('-') { points.to_owned() } else { format!("+{points}") }
}

/// What would make the grade better.
fn improve(out: &mut impl Write, better: &Value) -> std::io::Result<()> {
    writeln!(out, "\n怎样可以改善")?;
    for goal in list(better, "goals") {
        let choice = if list(goal, "ways").count() > 1 { "，下列办法任取一种" } else { "" };
        writeln!(out, "  {}{choice}", text(goal, "says"))?;
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
        "      - 向{}办理“{}”；办结后，记录 {record}（{} {}）的{}；依据 {}{confirm}",
        text(step, "at"),
        text(step, "step"),
        text(step, "kind"),
        text(step, "document"),
        text(step, "becomes"),
        basis.join("、")
    )
}

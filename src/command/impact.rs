//! `xinzhi pack diff`: what a draft would do to everybody, as text, JSON and a workbook. The draft is read and forgotten; a running server
//! keeps it until it stops, so that its pages can show the same.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use hyper::Method;
use serde_json::json;
use xinzhi_office::impact::{
    Alteration, Breakdown, CardImpact, Gain, Impact, METHOD, MeasureImpact, Moves, Proposal, signed, spread_words,
};
use xinzhi_rules::load::named;
use xinzhi_web::pages::text::encoded;

use crate::arguments::PackDiff;
use crate::door::{self, Door};
use crate::say::table;

pub fn run(arguments: &PackDiff) -> anyhow::Result<ExitCode> {
    let (old, new) = match arguments.directories.as_slice() {
        [old, new] => (Some(old), new),
        [new] => (None, new),
        _ => anyhow::bail!("请写新规则包的目录；要与别的规则包比较的，在它之前写旧规则包的目录"),
    };
    let drafts: Vec<(&Path, (String, xinzhi_rules::Files))> =
        old.into_iter().chain([new]).map(|folder| Ok((folder.as_path(), named(folder)?))).collect::<anyhow::Result<_>>()?;
    let own = drafts.first().map(|(_, (id, _))| id.clone()).unwrap_or_default();
    let id = arguments.id.clone().unwrap_or(own);
    let door = door::knock(&arguments.place)?;
    let runtime = door::runtime()?;
    let mut digests = Vec::new();
    for (folder, (_, files)) in &drafts {
        match runtime.block_on(propose(&door, &id, files))? {
            Proposal::Sound { digest } => digests.push(digest),
            Proposal::Faulty { faults } => {
                let mut out = crate::say::out();
                faults.iter().try_for_each(|fault| writeln!(out, "{fault}\n"))?;
                drop(out);
                anyhow::bail!("{} 放在现行规则包 `{id}` 的位置上有 {} 处错误，无法评估；请按行列改正", folder.display(), faults.len());
            }
        }
    }
    let query = query(arguments, &digests);
    let answer = runtime.block_on(door.json(Method::GET, &format!("/operator/impact{query}"), None))?;
    if let Some(file) = &arguments.xlsx {
        let bytes = runtime.block_on(door.file(&format!("/operator/impact.xlsx{query}")))?;
        xinzhi_columnar::fresh::write(file, &bytes)?;
    }
    let mut out = crate::say::out();
    if arguments.json {
        writeln!(out, "{answer}")?;
    } else {
        let impact: Impact = serde_json::from_value(answer).context("服务的回答不是规则影响评估")?;
        write(&mut out, &impact)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn propose(door: &Door, id: &str, files: &xinzhi_rules::Files) -> anyhow::Result<Proposal> {
    let files: serde_json::Map<String, serde_json::Value> = files.iter().map(|(path, text)| (path.to_owned(), json!(text))).collect();
    let body = json!({ "id": id, "files": files });
    let answer = door.json(Method::POST, "/operator/drafts", Some(&body)).await?;
    serde_json::from_value(answer).context("服务的回答不是约定的 JSON")
}

/// The last digest is the new one; where there are two, the first is the old one.
fn query(arguments: &PackDiff, digests: &[String]) -> String {
    let old = if let [old, _] = digests { Some(old) } else { None };
    let named = [("old", old), ("new", digests.last()), ("scorecard", arguments.scorecard.as_ref()), ("day", arguments.as_of.as_ref())];
    let parts: Vec<String> = named.iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded(value.as_ref()?)))).collect();
    format!("?{}", parts.join("&"))
}

fn write(out: &mut impl Write, impact: &Impact) -> std::io::Result<()> {
    let pin = &impact.pin;
    let short = |digest: &str| digest.chars().take(12).collect::<String>();
    writeln!(out, "规则影响评估：{} {} → {} {}", impact.old.title, impact.old.version, impact.new.title, impact.new.version)?;
    writeln!(
        out,
        "评价日 {}，账簿位置 {}，摘要 {} → {}，{} 个主体",
        pin.day,
        pin.position,
        short(&pin.old),
        short(&pin.new),
        impact.subjects
    )?;
    writeln!(out, "结论：{}", impact.finding)?;
    impact.notes.iter().try_for_each(|note| writeln!(out, "提示：{note}"))?;
    if !impact.differences.is_empty() {
        writeln!(out, "\n一、规则的差别（{} 处）", impact.differences.len())?;
    }
    for difference in &impact.differences {
        writeln!(out, "  {}  {}：{}", difference.how.title(), difference.what, difference.title)?;
        for (word, text) in [("旧", &difference.before), ("新", &difference.after)] {
            text.iter().try_for_each(|text| writeln!(out, "      {word}：{text}"))?;
        }
    }
    impact.cards.iter().try_for_each(|card| write_card(out, card))?;
    let moving = impact.moving();
    if moving.is_empty() {
        writeln!(out, "\n措施：没有新增、终止或者状态改变的")?;
    } else {
        writeln!(out, "\n措施（只列有改变的）")?;
        write!(out, "{}", table(&measures(&moving)))?;
    }
    writeln!(out, "\n说明")?;
    METHOD.iter().try_for_each(|(title, words)| writeln!(out, "  {title}：{words}"))
}

fn write_card(out: &mut impl Write, card: &CardImpact) -> std::io::Result<()> {
    writeln!(out, "\n{}（{}）：{}", card.title, card.id, card.finding)?;
    card.notes.iter().try_for_each(|note| writeln!(out, "提示：{note}"))?;
    if card.moves.all() == card.moves.same {
        return writeln!(out, "没有主体的等级或得分改变");
    }
    writeln!(out, "\n等级迁移：行为旧等级，列为新等级")?;
    write!(out, "{}", table(&matrix(card)))?;
    card.points.iter().try_for_each(|points| writeln!(out, "\n{}", spread_words(points)))?;
    for by in &card.breakdowns {
        writeln!(out, "\n按{}", by.title)?;
        write!(out, "{}", table(&groups(by)))?;
    }
    if !card.alterations.is_empty() {
        writeln!(out, "\n引起改变的规则；另有 {} 个主体的等级改变须几处改动合在一起才发生", card.together)?;
        write!(out, "{}", table(&alterations(&card.alterations)))?;
    }
    Ok(())
}

fn row(first: &str, numbers: impl IntoIterator<Item = i64>) -> Vec<String> {
    std::iter::once(first.to_owned()).chain(numbers.into_iter().map(|number| number.to_string())).collect()
}

fn heads(titles: &[&str]) -> Vec<String> {
    titles.iter().map(|title| (*title).to_owned()).collect()
}

fn matrix(card: &CardImpact) -> Vec<Vec<String>> {
    let mut rows = vec![std::iter::once("旧＼新".to_owned()).chain(card.columns.iter().cloned()).chain(["合计".to_owned()]).collect()];
    for (name, numbers) in card.rows.iter().zip(&card.matrix) {
        rows.push(row(name, numbers.iter().copied().chain([numbers.iter().sum()])));
    }
    let column = |place: usize| card.matrix.iter().filter_map(|numbers| numbers.get(place)).sum::<i64>();
    rows.push(row("合计", (0..card.columns.len()).map(column).chain([card.subjects])));
    rows
}

fn groups(by: &Breakdown) -> Vec<Vec<String>> {
    let mut rows = vec![heads(&["", "主体", "变差", "变好", "不变", "不再评价", "可以评价", "等级下降", "变差率比", "下降率比", "判断"])];
    for group in &by.groups {
        let Moves { better, worse, same, lost, found, grade_worse, .. } = group.moves;
        let mut line = row(&group.title, [group.moves.all(), worse, better, same, lost, found, grade_worse]);
        line.extend([group.worse.text(), group.grade_worse.text()]);
        let named = [("变差", group.worse), ("下降", group.grade_worse)];
        let alarms: Vec<String> = named
            .iter()
            .filter(|(_, ratio)| ratio.comparison.alarms())
            .map(|(word, ratio)| format!("{word}{}", ratio.comparison.title()))
            .collect();
        line.push(if alarms.is_empty() { group.worse.comparison.title().to_owned() } else { format!("！{}", alarms.join("；")) });
        rows.push(line);
    }
    rows
}

fn alterations(alterations: &[Alteration]) -> Vec<Vec<String>> {
    let mut rows = vec![heads(&["", "差别", "得分增加", "合计", "得分减少", "合计", "只改这一处：等级下降", "等级上升"])];
    let gain = |gain: Option<Gain>| gain.map_or(["—".to_owned(), "—".to_owned()], |gain| [gain.subjects.to_string(), signed(gain.sum)]);
    for alteration in alterations {
        let alone = alteration
            .alone
            .map_or(["不成模型".to_owned(), "—".to_owned()], |alone| [alone.grade_worse.to_string(), alone.grade_better.to_string()]);
        let mut line = vec![alteration.title.clone(), alteration.how.title().to_owned()];
        line.extend(gain(alteration.more).into_iter().chain(gain(alteration.less)).chain(alone));
        rows.push(line);
    }
    rows
}

fn measures(measures: &[&MeasureImpact]) -> Vec<Vec<String>> {
    let mut rows =
        vec![heads(&["事项、措施", "种类", "新增生效", "新增待决定", "终止生效", "终止待决定", "改为生效", "改为待决定", "不变"])];
    for of in measures {
        let how = of.how.map(|how| format!("（{}）", how.title())).unwrap_or_default();
        let mut line = vec![format!("{}：{}{how}", of.matter_title, of.measure_title), of.kind.title().to_owned()];
        let (begins, ends, changes) = (of.begins, of.ends, of.changes);
        let numbers = [begins.in_force, begins.proposed, ends.in_force, ends.proposed, changes.in_force, changes.proposed, of.stays.all()];
        line.extend(numbers.map(|number| number.to_string()));
        rows.push(line);
    }
    rows
}

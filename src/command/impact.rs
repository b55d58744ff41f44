//! `xinzhi pack diff`: what a draft would do to everybody, as text, JSON and a workbook. The draft is read and forgotten; a running server
//! keeps it until it stops, so that its pages can show the same.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use hyper::Method;
use serde_json::json;
use xinzhi_office::impact::{
    Alteration, Befalls, Breakdown, CardImpact, Compared, Gain, Group, Impact, METHOD, MeasureGroup, MeasureImpact, Moves, Proposal, Ratio,
    signed, spread_words,
};
use xinzhi_rules::Files;
use xinzhi_rules::load::{HEAD, named};
use xinzhi_web::pages::text::encoded;

use crate::arguments::PackDiff;
use crate::door::{self, Door};
use crate::say::table;

pub fn run(arguments: &PackDiff) -> anyhow::Result<ExitCode> {
    let (old, new) = match arguments.directories.as_slice() {
        [old, new] => (Some(old), new),
        [new] => (None, new),
        _ => bail!("请写新规则包的目录；要与别的规则包比较的，在它之前写旧规则包的目录"),
    };
    // Told at once, not after everybody was assessed.
    arguments.xlsx.as_deref().map_or(Ok(()), xinzhi_columnar::fresh::vacant)?;
    let drafts: Vec<(&Path, (String, Files))> =
        old.into_iter().chain([new]).map(|folder| Ok((folder.as_path(), read(folder)?))).collect::<anyhow::Result<_>>()?;
    let own = drafts.first().map(|(_, (id, _))| id.clone()).unwrap_or_default();
    let id = arguments.id.clone().unwrap_or(own);
    let door = door::knock(&arguments.place)?;
    let runtime = door::runtime()?;
    let mut digests = Vec::new();
    for (folder, (_, files)) in &drafts {
        match runtime.block_on(propose(&door, &id, files))? {
            Proposal::Sound { digest } => digests.push(digest),
            Proposal::Misplaced { in_force } => bail!("{}", misplaced(&id, &in_force)),
            Proposal::Faulty { faults } => {
                let mut out = crate::say::out();
                faults.iter().try_for_each(|fault| writeln!(out, "{fault}\n"))?;
                drop(out);
                bail!("{} 放在规则包 `{id}` 的位置上有 {} 处错误，无法评估；请按行列改正", folder.display(), faults.len());
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

/// The id and the files of a folder that holds a pack.
fn read(folder: &Path) -> anyhow::Result<(String, Files)> {
    let (id, files) = named(folder)?;
    if files.text(HEAD).is_none() {
        bail!("目录 {} 中没有 {HEAD}，不是规则包；请写规则包所在的目录", folder.display());
    }
    Ok((id, files))
}

fn misplaced(id: &str, in_force: &[String]) -> String {
    let place = in_force.first().map_or("", String::as_str);
    format!("现行的规则包有 {}，没有 {id}，而草案的内容与它们重复；请用 --as 指明它代替哪一个，例如 --as {place}", in_force.join("、"))
}

async fn propose(door: &Door, id: &str, files: &Files) -> anyhow::Result<Proposal> {
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
    writeln!(out, "规则影响评估：{} → {}", impact.old.title, impact.new.title)?;
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
        for by in &impact.measure_groups {
            writeln!(out, "\n措施，按{}：任一事项有激励终止或惩戒新增的为受损，有激励新增或惩戒终止的为受益", by.title)?;
            write!(out, "{}", table(&measure_groups(by)))?;
        }
    }
    writeln!(out, "\n说明")?;
    METHOD.iter().try_for_each(|(title, words)| writeln!(out, "  {title}：{words}"))
}

fn write_card(out: &mut impl Write, card: &CardImpact) -> std::io::Result<()> {
    writeln!(out, "\n{}（{}）：{}", card.title, card.id, card.finding)?;
    card.notes.iter().try_for_each(|note| writeln!(out, "提示：{note}"))?;
    if card.moves.all() == card.moves.same {
        let ungraded = card.moves.ungraded > 0 && card.moves.ungraded == card.moves.all();
        return if ungraded { Ok(()) } else { writeln!(out, "没有主体的等级或得分改变") };
    }
    writeln!(out, "\n等级迁移：行为旧等级，列为新等级")?;
    write!(out, "{}", table(&matrix(card)))?;
    card.points.iter().try_for_each(|points| writeln!(out, "\n{}", spread_words(points)))?;
    // Tables of nothing but zeros hide those that say something.
    let Moves { worse, grade_worse, lost, better, grade_better, found, .. } = card.moves;
    let (loses, wins) = ([worse, grade_worse, lost] != [0; 3], [better, grade_better, found] != [0; 3]);
    for by in &card.breakdowns {
        if loses {
            writeln!(out, "\n按{}：受损", by.title)?;
            write!(out, "{}", table(&losers(by)))?;
        }
        if wins {
            writeln!(out, "\n按{}：受益", by.title)?;
            write!(out, "{}", table(&winners(by)))?;
        }
    }
    if !loses {
        writeln!(out, "\n没有主体受损（变差、等级下降或不再评价），不列各组受损的表")?;
    }
    if !wins {
        writeln!(out, "\n没有主体受益（变好、等级上升或改为可以评价），不列各组受益的表")?;
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
    let mut rows =
        vec![std::iter::once("旧＼新".to_owned()).chain(card.column_titles.iter().cloned()).chain(["合计".to_owned()]).collect()];
    for (name, numbers) in card.row_titles.iter().zip(&card.matrix) {
        rows.push(row(name, numbers.iter().copied().chain([numbers.iter().sum()])));
    }
    let column = |place: usize| card.matrix.iter().filter_map(|numbers| numbers.get(place)).sum::<i64>();
    rows.push(row("合计", (0..card.columns.len()).map(column).chain([card.subjects])));
    rows
}

fn losers(by: &Breakdown<Group>) -> Vec<Vec<String>> {
    let numbers = ["", "主体", "变差", "变好", "不变", "不再评价", "可以评价", "等级下降"];
    let heads = heads(&[numbers.as_slice(), &["变差率比", "判断", "下降率比", "判断", "不再评价率比", "判断"]].concat());
    let lines = by.groups.iter().map(|group| {
        let Moves { better, worse, same, lost, found, grade_worse, .. } = group.moves;
        let line = row(&group.title, [group.moves.all(), worse, better, same, lost, found, grade_worse]);
        judged(line, group.ratios().into_iter().filter(|(befalls, _)| !befalls.wins()))
    });
    std::iter::once(heads).chain(lines).collect()
}

fn winners(by: &Breakdown<Group>) -> Vec<Vec<String>> {
    let numbers = ["", "主体", "变好", "等级上升", "可以评价"];
    let heads = heads(&[numbers.as_slice(), &["变好率比", "判断", "上升率比", "判断", "可以评价率比", "判断"]].concat());
    let lines = by.groups.iter().map(|group| {
        let Moves { better, found, grade_better, .. } = group.moves;
        let line = row(&group.title, [group.moves.all(), better, grade_better, found]);
        judged(line, group.ratios().into_iter().filter(|(befalls, _)| befalls.wins()))
    });
    std::iter::once(heads).chain(lines).collect()
}

fn measure_groups(by: &Breakdown<MeasureGroup>) -> Vec<Vec<String>> {
    let heads = heads(&["", "主体", "受损", "受益", "受损率比", "判断", "受益率比", "判断"]);
    let lines = by.groups.iter().map(|group| {
        let line = row(&group.title, [group.subjects, group.burdened, group.relieved]);
        judged(line, group.ratios())
    });
    std::iter::once(heads).chain(lines).collect()
}

/// Each ratio beside what it comes to.
fn judged(mut line: Vec<String>, ratios: impl IntoIterator<Item = (Befalls, Ratio)>) -> Vec<String> {
    for (befalls, ratio) in ratios {
        let mark = if ratio.comparison.alarms() { "！" } else { "" };
        line.extend([ratio.text(), format!("{mark}{}", ratio.comparison.words(befalls))]);
    }
    line
}

fn alterations(alterations: &[Alteration]) -> Vec<Vec<String>> {
    let alone = ["只改这一处：等级下降", "等级上升", "不再评价", "可以评价"];
    let mut rows = vec![heads(&[["", "差别", "得分增加", "合计", "得分减少", "合计"].as_slice(), &alone].concat())];
    let none = || "—".to_owned();
    let gain = |gain: Option<Gain>| gain.map_or([none(), none()], |gain| [gain.subjects.to_string(), signed(gain.sum)]);
    for alteration in alterations {
        let alone = alteration.alone.map_or(["不成模型".to_owned(), none(), none(), none()], |moves| {
            [moves.grade_worse, moves.grade_better, moves.lost, moves.found].map(|number| number.to_string())
        });
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

#[cfg(test)]
mod tests {
    use xinzhi_office::impact::{Comparison, Group, Ratio};

    use super::*;

    #[test]
    fn every_ratio_has_a_judgement_of_its_own_that_says_which_way() {
        let ratio = |thousandths, comparison| Ratio { thousandths: Some(thousandths), comparison };
        let group = Group {
            key: "30".to_owned(),
            title: "行业 30".to_owned(),
            moves: Moves { better: 7, worse: 40, same: 60, lost: 8, found: 9, grade_better: 2, grade_worse: 3, ..Moves::default() },
            worse: ratio(853, Comparison::Even),
            grade_worse: ratio(729, Comparison::Few),
            lost: ratio(1300, Comparison::High),
            better: ratio(500, Comparison::Low),
            grade_better: ratio(2000, Comparison::High),
            found: ratio(1000, Comparison::Even),
        };
        let by = Breakdown { by: "industry".to_owned(), title: "行业".to_owned(), groups: vec![group] };
        let (lost, won) = (losers(&by), winners(&by));
        let words = ["0.853", "在 0.8 至 1.25 之间", "0.729", "数量过少，不作判断", "1.3", "！高于 1.25，不再评价偏多，须关注"];
        assert_eq!((lost[0].len(), won[0].len()), (lost[1].len(), won[1].len()));
        assert_eq!(lost[1], [["行业 30", "124", "40", "7", "60", "8", "9", "3"].as_slice(), &words].concat());
        let words = ["0.5", "！低于 0.8，变好偏少，须关注", "2", "！高于 1.25，等级上升偏多，须关注", "1", "在 0.8 至 1.25 之间"];
        assert_eq!(won[1], [["行业 30", "124", "7", "2", "9"].as_slice(), &words].concat());
    }
}

//! Limits of grades that a run over everybody made: for a scorecard that asks for them, complete, never rising, of no day twice.

use xinzhi_core::{Day, Digest, Points};

use super::{duplicate, named_after};
use crate::model::{Cutoffs, Group, Ladder, Made, Pack, Peers, Scorecard, ScorecardIx, groups};
use crate::names::listed;
use crate::raw::At;
use crate::report::{Noun, Report};
use crate::shape::{Item, Map, day_of, entries, id_of, list, map, points_of, scalar, text_of, whole_of};

/// One file of `cutoffs/`. Limits of a scorecard that is itself at fault, one of `faulty`, are left alone: they would only repeat that.
pub(super) fn read(item: Item<'_>, stem: &str, (pack, faulty): (&mut Pack, &[String]), report: &mut Report) {
    let keys = ["cutoffs", "scorecard", "made", "in_force", "everyone", "groups"];
    let Some(map) = map(item, &keys, report) else { return };
    let id = map.need("cutoffs", report).and_then(|item| id_of(item, report));
    if let Some(id) = &id {
        named_after(id, stem, map.at_key("cutoffs"), report);
        if pack.cutoffs.iter().any(|other| other.id == *id) {
            duplicate(Noun::Cutoffs, id, map.at_key("cutoffs"), report);
        }
    }
    let rule = scorecard(map, (pack, faulty), report);
    let read = rule.and_then(|rule| body(map, rule, pack, report));
    if let (Some(id), Some(read)) = (id, read) {
        pack.cutoffs.push(Cutoffs { id, ..read });
    }
}

/// The scorecard, which must be one that compares peers.
fn scorecard<'p>(map: Map<'_>, (pack, faulty): (&'p Pack, &[String]), report: &mut Report) -> Option<Rule<'p>> {
    let named = map.need("scorecard", report)?;
    let name = text_of(named, report)?;
    if faulty.contains(&name) {
        return None;
    }
    let Some((ix, card)) = pack.scorecard_by_id(&name) else {
        report.unknown(named.at(), (Noun::Scorecard, &name), "", pack.scorecards.iter().map(|card| card.id.as_str()));
        return None;
    };
    let Some(peers) = &card.peers else {
        let message = format!("评价模型 `{name}` 的等级由分值决定，不用同业界限");
        report.fault(named.at(), "cutoffs-not-asked", message, "请删去这个文件，或改为写有 `peers` 的评价模型");
        return None;
    };
    Some((ix, card, peers))
}

type Rule<'p> = (ScorecardIx, &'p Scorecard, &'p Peers);

fn body(map: Map<'_>, (scorecard, card, peers): Rule<'_>, pack: &Pack, report: &mut Report) -> Option<Cutoffs> {
    let made = map.need("made", report).and_then(|item| made(item, card, report));
    if made.as_ref().is_some_and(|(_, rule)| *rule != card.text) {
        return None;
    }
    let made = made.map(|(made, _)| made);
    let days = map.need("in_force", report).and_then(|item| days(item, made.map(|made| made.as_of), report));
    if let Some((at, from, until)) = days {
        let mine = pack.cutoffs.iter().filter(|other| other.scorecard == scorecard);
        if let Some(other) = mine.into_iter().find(|other| other.from <= until && from <= other.until) {
            let message = format!("与 `{}`（{} 至 {}）的有效期重叠，同一天有两套界限", other.id, other.from, other.until);
            report.fault(at, "cutoffs-overlap", message, "请改正起止日期，使同一评价模型的各套界限互不重叠");
        }
    }
    let everyone = map.need("everyone", report).and_then(|item| everyone(item, (card, peers), report));
    let size = everyone.as_ref().map_or(i64::MAX, |ladder| ladder.size);
    let groups = map.need("groups", report).and_then(|item| read_groups(item, (card, peers), (pack, size), report));
    let (made, (_, from, until), everyone, groups) = (made?, days?, everyone?, groups?);
    let cutoffs = Cutoffs { id: String::new(), scorecard, made, from, until, everyone, groups };
    reachable(&cutoffs, card, map.at_key("everyone"), report);
    Some(cutoffs)
}

/// The run: the day, the tables, the pack, and the text of the scorecard as it then was. Limits of another text are not looked at further.
fn made(item: Item<'_>, card: &Scorecard, report: &mut Report) -> Option<(Made, Digest)> {
    let map = map(item, &["as_of", "tables", "pack", "rule"], report)?;
    let as_of = map.need("as_of", report).and_then(|item| day_of(item, report));
    let mut digest = |key| map.need(key, report).and_then(|item| digest_of(item, report));
    let (tables, pack, rule) = (digest("tables"), digest("pack"), digest("rule"));
    if rule.is_some_and(|rule| rule != card.text) {
        let message = format!("这些界限按评价模型 `{}` 的另一版本计算", card.id);
        report.fault(map.at_key("rule"), "cutoffs-stale", message, "评价模型改动后须用 `xinzhi cutoffs` 重新计算；旧的界限请删去");
    }
    Some((Made { as_of: as_of?, tables: tables?, pack: pack? }, rule?))
}

fn digest_of(item: Item<'_>, report: &mut Report) -> Option<Digest> {
    let text = scalar(item, "一个摘要", report)?;
    let lower = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()));
    let bytes: Option<Vec<u8>> = if text.chars().all(lower) { pairs.collect() } else { None };
    let digest = bytes.and_then(|bytes| Digest::from_bytes(&bytes)).filter(|_| text.len() == 64);
    if digest.is_none() {
        let help = "摘要是 64 位小写十六进制数，由 `xinzhi cutoffs` 写出，请勿改动";
        report.fault(item.at(), "wrong-type", format!("`{}` 不是摘要：`{text}`", item.what), help);
    }
    digest
}

/// First and last day, after the day for which the run was made: nobody is measured by limits that could not be known.
fn days(item: Item<'_>, as_of: Option<Day>, report: &mut Report) -> Option<(At, Day, Day)> {
    let map = map(item, &["from", "until"], report)?;
    let mut day = |key| map.need(key, report).and_then(|item| day_of(item, report));
    let (from, until) = (day("from")?, day("until")?);
    if until < from {
        let message = format!("`{}` 的止日早于起日 {from}", item.what);
        report.fault(map.at_key("until"), "span-reversed", message, "请核对起止日期");
        return None;
    }
    if let Some(as_of) = as_of.filter(|as_of| from <= *as_of) {
        let message = format!("界限自 {from} 起有效，而它是按 {as_of} 的数据计算的");
        report.fault(map.at_key("from"), "cutoffs-early", message, "界限只能从计算所用之日的次日以后起有效，请改正起日");
    }
    Some((map.at_key("from"), from, until))
}

fn everyone(item: Item<'_>, (card, peers): (&Scorecard, &Peers), report: &mut Report) -> Option<Ladder> {
    let map = map(item, &["size", "limits"], report)?;
    let size = map.need("size", report).and_then(|item| whole_of(item, (0, i64::MAX), report));
    if let Some(size) = size.filter(|size| *size < peers.group_size) {
        let message = format!("全部只有 {size} 个主体有分数，不足 `group_size` 的 {}", peers.group_size);
        report.fault(map.at_key("size"), "cutoffs-too-few", message, "主体太少，不能按同业比较定级，请改用按分值的等级");
    }
    let limits = map.need("limits", report).and_then(|item| limits(item, card, report));
    Some(Ladder { size: size?, limits: limits? })
}

/// Least points of each grade but the last, by its name: never rising, and none that the points do not reach.
fn limits(item: Item<'_>, card: &Scorecard, report: &mut Report) -> Option<Vec<Points>> {
    let asked = card.grades.iter().take(card.grades.len().saturating_sub(1));
    let names: Vec<&str> = asked.map(|grade| grade.name.as_str()).collect();
    let mut found: Vec<Option<(At, Points)>> = vec![None; names.len()];
    for entry in entries(item, report)? {
        let points = points_of(Item { what: &entry.key, node: &entry.value }, report);
        match names.iter().position(|name| *name == entry.key).and_then(|position| found.get_mut(position)) {
            Some(slot) => *slot = points.map(|points| (entry.value.at, points)),
            None => {
                let help = format!("除最后一级外每级一个界限，可用的有：{}", listed(names.iter().copied()));
                report.fault(entry.at, "unknown-grade", format!("没有名为 `{}` 的须写界限的等级", entry.key), help);
            }
        }
    }
    let missing: Vec<String> = names.iter().zip(&found).filter(|(_, slot)| slot.is_none()).map(|(name, _)| format!("`{name}`")).collect();
    if !missing.is_empty() {
        let help = "除最后一级外，每个等级都须有界限";
        report.fault(item.at(), "limits-incomplete", format!("没有写明等级 {} 的界限", missing.join("、")), help);
    }
    let found = found.into_iter().collect::<Option<Vec<_>>>()?;
    let (least, most) = card.range();
    for (place, (at, points)) in found.iter().enumerate() {
        let name = names.get(place).copied().unwrap_or_default();
        if *points > most || *points < least {
            let message = format!("等级 `{name}` 的界限 {points} 不在可能的得分 {least} 到 {most} 之间");
            report.fault(*at, "grade-unreachable", message, "界限由 `xinzhi cutoffs` 写出，请勿改动；评价模型改动后须重新计算");
        }
        if let Some((_, better)) = place.checked_sub(1).and_then(|before| found.get(before)).filter(|(_, better)| points > better) {
            let message = format!("等级 `{name}` 的界限 {points} 高于前一等级的 {better}");
            report.fault(*at, "limits-order", message, "等级从好到差，界限不能升高");
        }
    }
    Some(found.into_iter().map(|(_, points)| points).collect())
}

/// Every group once, in any order; limits of its own exactly where it is large enough.
fn read_groups(item: Item<'_>, (card, peers): (&Scorecard, &Peers), (pack, all): (&Pack, i64), report: &mut Report) -> Option<Vec<Group>> {
    let names = groups(pack, card);
    let mut found: Vec<Option<Group>> = vec![None; names.len()];
    let mut seen = vec![false; names.len()];
    let mut sum = 0_i64;
    for item in list(item, report)? {
        let Some(map) = map(item, &["group", "size", "limits"], report) else { continue };
        let Some(name) = map.text("group", report) else { continue };
        let Some(position) = names.iter().position(|known| *known == name) else {
            let help = format!("可用的有：{}", listed(names.iter().copied()));
            report.fault(map.at_key("group"), "unknown-group", format!("没有 `{name}` 这一组"), help);
            continue;
        };
        if seen.get_mut(position).is_some_and(|seen| std::mem::replace(seen, true)) {
            report.fault(map.at_key("group"), "duplicate-value", format!("`{name}` 组写了两次"), "每组只写一次");
        }
        let group = group(map, (card, peers), &name, report);
        if let Some(Group::Own(Ladder { size, .. }) | Group::Small(size)) = &group {
            sum = sum.saturating_add(*size);
        }
        if let Some(slot) = found.get_mut(position) {
            *slot = group;
        }
    }
    let missing: Vec<&str> = names.iter().zip(&seen).filter(|(_, seen)| !**seen).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        let message = format!("没有写明{} 组", missing.iter().map(|name| format!(" `{name}`")).collect::<Vec<_>>().join("、"));
        report.fault(item.at(), "groups-missing", message, "每一组都须写出，主体不足的只写 `size`");
    }
    if sum > all {
        let message = format!("各组合计 {sum} 个主体，多于全部的 {all} 个");
        report.fault(item.at(), "groups-sum", message, "界限由 `xinzhi cutoffs` 写出，请勿改动主体数");
    }
    found.into_iter().collect()
}

fn group(map: Map<'_>, (card, peers): (&Scorecard, &Peers), name: &str, report: &mut Report) -> Option<Group> {
    let size = map.need("size", report).and_then(|item| whole_of(item, (0, i64::MAX), report))?;
    let written = map.get("limits").map(|item| limits(item, card, report));
    match written {
        Some(_) if size < peers.group_size => {
            let message = format!("`{name}` 组只有 {size} 个主体，不足 `group_size` 的 {}，不能有自己的界限", peers.group_size);
            report.fault(map.at_key("limits"), "group-too-small", message, "请删去 `limits`；这一组按全部主体的界限定级");
            None
        }
        None if size >= peers.group_size => {
            let message = format!("`{name}` 组有 {size} 个主体，缺少界限");
            report.fault(map.at, "missing-key", message, "主体不少于 `group_size` 的组须写 `limits`");
            None
        }
        Some(limits) => Some(Group::Own(Ladder { size, limits: limits? })),
        None => Some(Group::Small(size)),
    }
}

/// Many equal points can leave nobody between two limits. In one group that is as it is; where it is so in all of them the grade is
/// none, unless something forces it.
fn reachable(cutoffs: &Cutoffs, card: &Scorecard, at: At, report: &mut Report) {
    let own = cutoffs.groups.iter().filter_map(|group| match group {
        Group::Own(ladder) => Some(ladder),
        Group::Small(_) => None,
    });
    let ladders: Vec<&Ladder> = own.chain([&cutoffs.everyone]).collect();
    let (least, _) = card.range();
    for (position, grade) in card.grades.iter().enumerate() {
        let limit = |ladder: &Ladder, place: usize| ladder.limits.get(place).copied().unwrap_or(least);
        let empty = |ladder: &&Ladder| position.checked_sub(1).is_some_and(|better| limit(ladder, better) <= limit(ladder, position));
        if ladders.iter().all(empty) && !card.overrides.iter().any(|rule| rule.grade == position) {
            let message = format!("同分的主体太多，各组都没有主体能落在等级 `{}`", grade.name);
            report.fault(at, "grade-unreachable", message, "请减少等级或调整份额，使界限能够区分；或细化指标的分值");
        }
    }
}

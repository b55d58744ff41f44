//! Grades by how peers do, and the limits that a run made of it, as sentences.

use xinzhi_core::Points;

use super::months;
use super::score::named_grade;
use crate::model::{Cutoffs, Group, Ladder, Pack, PeersBy, Scorecard, groups};

/// Who is compared with whom, and what decides where points are equal; none where grades follow from points alone.
pub fn peers(pack: &Pack, card: &Scorecard) -> Option<String> {
    let peers = card.peers.as_ref()?;
    let by = match peers.by {
        PeersBy::Kind => "同组按主体类型划分".to_owned(),
        PeersBy::Choice { kind, field } => {
            let kind = pack.record_kind(kind)?;
            let name = kind.at(field).map_or("", |field| field.title.as_str());
            let within = months(kind.retention_months);
            format!("同组按近 {within}内最近一份{}的{name}划分，没有写明的按全部主体的界限", kind.title)
        }
    };
    Some(format!(
        "按同组得分的高低定级：{by}；有分数的主体不足 {} 个的组，按全部主体的界限。界限是排在该份额最末一位的得分，同分的归入较好一级。\
         界限对全部主体计算一次，注明日期后写入规则包，有效期内不变；没有有效界限的日子不作评价。",
        peers.group_size
    ))
}

/// The limits of one run: a sentence on the run, then one of each ladder.
pub fn cutoffs(pack: &Pack, cutoffs: &Cutoffs) -> Vec<String> {
    let Some(card) = pack.scorecard(cutoffs.scorecard) else { return Vec::new() };
    let head = format!(
        "{} 至 {} 的界限：按 {} 的数据对全部主体计算（表集 {}，规则包 {}）。",
        cutoffs.from,
        cutoffs.until,
        cutoffs.made.as_of,
        cutoffs.made.tables.short(),
        cutoffs.made.pack.short()
    );
    let own = groups(pack, card).into_iter().zip(&cutoffs.groups).map(|(name, group)| match group {
        Group::Own(ladder) => self::ladder(card, name, ladder),
        Group::Small(size) => format!("{name}（{size} 个主体）：主体不足，按全部主体的界限。"),
    });
    [head, ladder(card, "全部主体", &cutoffs.everyone)].into_iter().chain(own).collect()
}

fn ladder(card: &Scorecard, name: &str, ladder: &Ladder) -> String {
    format!("{name}（{} 个主体）：{}。", ladder.size, limits(card, &ladder.limits))
}

/// `A（领先）90 分起，B（居中）70 分起，C（靠后）不满 70 分`; a grade that nobody can have by points says so.
pub fn limits(card: &Scorecard, limits: &[Points]) -> String {
    let mut parts = Vec::new();
    let mut better: Option<Points> = None;
    for (position, grade) in card.grades.iter().enumerate() {
        let name = named_grade(grade);
        parts.push(match (limits.get(position), better) {
            (Some(from), Some(above)) if *from >= above => format!("{name}因同分没有主体"),
            (Some(from), _) => format!("{name}{from} 分起"),
            (None, Some(above)) => format!("{name}不满 {above} 分"),
            (None, None) => name,
        });
        better = limits.get(position).copied().or(better);
    }
    parts.join("，")
}

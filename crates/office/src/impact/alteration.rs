//! What of a model differs, part by part: what its results differ by must come from one of these, or from several together.

use serde::{Deserialize, Serialize};
use xinzhi_core::Day;
use xinzhi_core::day::Span;
use xinzhi_rules::Pack;
use xinzhi_rules::model::{Dimension, Group, Indicator, Ladder, LawIx, Number, Override, PeersBy, Scorecard, Take};
use xinzhi_rules::sentence;

use super::alike;

/// A part of a model that can be replaced by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// An indicator, by its id.
    Indicator(String),
    /// Weight and bounds of a dimension, by its title.
    Dimension(String),
    /// Records that force a grade.
    Overrides,
    /// Where grades begin, and what they are called.
    Grades,
    /// Base points, least and most.
    Range,
    /// How much must be known, and how far reports may lag.
    Share,
    /// When it may be used, and on what basis.
    Force,
    /// Whom it evaluates.
    Subjects,
}

/// Whether it is in one of the packs or in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Only in the new one.
    Added,
    /// Only in the old one.
    Removed,
    /// In both, and not the same.
    Changed,
}

impl How {
    /// What people read.
    pub fn title(self) -> &'static str {
        match self {
            How::Added => "新增",
            How::Removed => "删去",
            How::Changed => "改动",
        }
    }
}

/// A part that differs.
#[derive(Clone, Debug)]
pub(crate) struct Changed {
    pub(crate) part: Part,
    pub(crate) title: String,
    pub(crate) how: How,
}

impl Part {
    /// What it is called in an address.
    pub(crate) fn id(&self) -> String {
        match self {
            Part::Indicator(id) => format!("indicator:{id}"),
            Part::Dimension(title) => format!("dimension:{title}"),
            Part::Overrides => "overrides".to_owned(),
            Part::Grades => "grades".to_owned(),
            Part::Range => "range".to_owned(),
            Part::Share => "share".to_owned(),
            Part::Force => "force".to_owned(),
            Part::Subjects => "subjects".to_owned(),
        }
    }
}

pub(crate) type Model<'a> = (&'a Pack, &'a Scorecard);

/// Every part in which two models differ, compared as the kernel reads them: a rule that is only worded or founded differently is none.
pub(crate) fn changes(old: Model<'_>, new: Model<'_>) -> Vec<Changed> {
    let mut found = indicators(old, new);
    let (o, n) = (old.1, new.1);
    for dimension in &o.dimensions {
        let other = n.dimensions.iter().find(|other| other.title == dimension.title);
        let bounds = |d: &Dimension| (d.weight, d.floor, d.cap);
        if other.is_some_and(|other| bounds(other) != bounds(dimension)) {
            found.push(changed(Part::Dimension(dimension.title.clone()), format!("维度“{}”的权重和上下限", dimension.title)));
        }
    }
    let names =
        |(pack, card): Model<'_>| card.subjects.iter().filter_map(|ix| pack.subject_kind(*ix)).map(|k| k.id.clone()).collect::<Vec<_>>();
    let spans = |(pack, card): Model<'_>| -> Vec<Span> {
        let law = |ix: &LawIx| pack.law(*ix).map(|law| law.in_force);
        card.basis.iter().filter_map(law).collect()
    };
    let grades = |card: &Scorecard| card.grades.iter().map(|grade| (grade.name.clone(), grade.from)).collect::<Vec<_>>();
    let whole = [
        (same_overrides(old, new), Part::Overrides, "直接定级"),
        (grades(o) == grades(n) && limits(old) == limits(new), Part::Grades, "等级界限"),
        ((o.base, o.min, o.max) == (n.base, n.min, n.max), Part::Range, "基础分和分值范围"),
        ((o.assessed_share, o.coverage_lag_days) == (n.assessed_share, n.coverage_lag_days), Part::Share, "可评价比例和归集滞后"),
        ((o.in_force, o.review_by, spans(old)) == (n.in_force, n.review_by, spans(new)), Part::Force, "施行、复核期限和依据的有效期"),
        (names(old) == names(new), Part::Subjects, "评价对象"),
    ];
    found.extend(whole.into_iter().filter(|(same, _, _)| !same).map(|(_, part, title)| changed(part, title.to_owned())));
    found
}

/// Where peers decide: who is compared, what share each grade has, and the limits of the days.
fn limits((pack, card): Model<'_>) -> Option<(String, i64, Vec<i64>, Vec<Limits<'_>>)> {
    let peers = card.peers.as_ref()?;
    let by = match peers.by {
        PeersBy::Kind => String::new(),
        PeersBy::Choice { kind, field } => {
            let kind = pack.record_kind(kind)?;
            format!("{} {}", kind.id, kind.at(field)?.code)
        }
    };
    let mine = pack.cutoffs.iter().filter(|set| pack.scorecard(set.scorecard).is_some_and(|other| other.id == card.id));
    let sets = mine.map(|set| (set.from, set.until, &set.everyone, set.groups.as_slice())).collect();
    Some((by, peers.group_size, peers.shares.clone(), sets))
}

type Limits<'a> = (Day, Day, &'a Ladder, &'a [Group]);

fn changed(part: Part, title: String) -> Changed {
    Changed { part, title, how: How::Changed }
}

fn all(card: &Scorecard) -> impl Iterator<Item = (&Dimension, &Indicator)> {
    card.dimensions.iter().flat_map(|dimension| dimension.indicators.iter().map(move |indicator| (dimension, indicator)))
}

fn indicators(old: Model<'_>, new: Model<'_>) -> Vec<Changed> {
    let mut found = Vec::new();
    for (dimension, indicator) in all(old.1) {
        let how = match all(new.1).find(|(_, other)| other.id == indicator.id) {
            None => How::Removed,
            Some((there, other)) if there.title == dimension.title && same_indicator((old.0, indicator), (new.0, other)) => continue,
            Some(_) => How::Changed,
        };
        found.push(Changed { part: Part::Indicator(indicator.id.clone()), title: indicator.title.clone(), how });
    }
    let fresh = all(new.1).filter(|(_, indicator)| all(old.1).all(|(_, other)| other.id != indicator.id));
    found.extend(fresh.map(|(_, indicator)| Changed {
        part: Part::Indicator(indicator.id.clone()),
        title: indicator.title.clone(),
        how: How::Added,
    }));
    found
}

fn same_indicator((old_pack, old): (&Pack, &Indicator), (new_pack, new): (&Pack, &Indicator)) -> bool {
    let kinds = old.counts().zip(new.counts()).map(|((o, _), (n, _))| old_pack.record_kind(o).zip(new_pack.record_kind(n)));
    let kinds: Option<Vec<_>> = kinds.collect();
    // A kind may stand in another place of each pack.
    let mut take = new.take.clone();
    if let (Take::Number { number: Number::Ratio(divisor), .. }, Some(other)) = (&mut take, old.divisor()) {
        divisor.kind = other.kind;
    }
    kinds.is_some_and(|kinds| alike::indicator(old, &kinds))
        && (&old.filter, old.window_months, &old.take) == (&new.filter, new.window_months, &take)
        && (&old.fade, old.floor, old.cap, old.weight) == (&new.fade, new.floor, new.cap, new.weight)
}

fn same_overrides(old: Model<'_>, new: Model<'_>) -> bool {
    let same = |(a, b): (&Override, &Override)| {
        let kinds = old.0.record_kind(a.kind).zip(new.0.record_kind(b.kind));
        let grades = old.1.grades.get(a.grade).map(|grade| &grade.name) == new.1.grades.get(b.grade).map(|grade| &grade.name);
        kinds.is_some_and(|kinds| alike::forcing(a, kinds)) && a.when == b.when && grades
    };
    old.1.overrides.len() == new.1.overrides.len() && old.1.overrides.iter().zip(&new.1.overrides).all(same)
}

/// A rule as a sentence, in one of the packs.
pub(crate) fn says(part: &Part, (pack, card): Model<'_>) -> Option<String> {
    match part {
        Part::Indicator(id) => all(card).find(|(_, i)| i.id == *id).map(|(_, indicator)| sentence::indicator(pack, card, indicator)),
        Part::Dimension(title) => card.dimensions.iter().find(|d| d.title == *title).map(|dimension| {
            let words = sentence::dimension(dimension);
            if words.is_empty() { "没有上下限，全部计入总分".to_owned() } else { words }
        }),
        Part::Overrides => {
            let rules: Vec<String> = card.overrides.iter().map(|rule| sentence::override_rule(pack, card, rule)).collect();
            Some(if rules.is_empty() { "没有直接定级".to_owned() } else { rules.concat() })
        }
        Part::Grades => Some(sentence::grades(card)),
        Part::Range | Part::Share | Part::Force | Part::Subjects => Some(sentence::scorecard(pack, card)),
    }
}

#[cfg(test)]
mod tests {
    use xinzhi_rules::model::KindIx;

    use super::*;
    use crate::pack::{load, own_files};

    const CARD: &str = "scorecards/market-entity.yaml";
    const DIVISOR: &str = "ratio_to: { record: 抽查检查 }";

    /// The pack of the house with penalties divided as `by` says; and, of the other half, with one more kind of record before all others.
    fn with_ratio(by: &str, shifted: bool) -> Pack {
        let files = own_files();
        let ratio = format!(
            "      - id: penalty-ratio\n        title: 检查中的处罚\n        record: 行政处罚\n        window: 2 years\n        number: {{ {by} }}\n        \
             bands: [ {{ from: 0%, points: 0 }}, {{ from: 5.5%, points: -20 }} ]\n        basis: [penalty-law-48]\n"
        );
        let first = "      - id: penalty\n";
        let card = files.text(CARD).unwrap().replacen(first, &format!("{ratio}{first}"), 1);
        let mut files = files.with(CARD, &card);
        if shifted {
            let kind = files.text("catalog/inspection.yaml").unwrap().replace("kind: inspection", "kind: a-first");
            let kind = kind.replace("title: 抽查检查\n", "title: 排在最前的检查\n");
            files = files.with("catalog/a-first.yaml", &kind);
        }
        load("national", &files).unwrap()
    }

    fn of_ratio(old: &Pack, new: &Pack) -> Option<How> {
        let card = |pack: &'static str, of: &Pack| of.scorecard_by_id(pack).map(|(ix, _)| ix).unwrap();
        let (before, after) = (card("market-entity", old), card("market-entity", new));
        let found = changes((old, old.scorecard(before).unwrap()), (new, new.scorecard(after).unwrap()));
        found.into_iter().find(|changed| changed.part == Part::Indicator("penalty-ratio".to_owned())).map(|changed| changed.how)
    }

    fn divisor(pack: &Pack) -> KindIx {
        let (_, card) = pack.scorecard_by_id("market-entity").unwrap();
        all(card).find_map(|(_, indicator)| indicator.divisor()).unwrap().kind
    }

    #[test]
    fn a_ratio_is_the_same_wherever_the_kind_that_it_divides_by_stands() {
        let (old, new) = (with_ratio(DIVISOR, false), with_ratio(DIVISOR, true));
        assert_ne!(divisor(&old), divisor(&new), "the kind stands elsewhere");
        assert_eq!((of_ratio(&old, &new), of_ratio(&new, &old)), (None, None));
        assert!(changes((&old, &old.scorecards[0]), (&new, &new.scorecards[0])).is_empty(), "nor has anything else changed");
    }

    #[test]
    fn silence_that_is_no_mark_is_a_change_of_its_indicator() {
        let with = |silence: &str| {
            let files = own_files();
            let first = "      - id: inspection\n        title: 抽查检查\n        record: 抽查检查\n";
            let card = files.text(CARD).unwrap().replacen(first, &format!("{first}{silence}"), 1);
            load("national", &files.with(CARD, &card)).unwrap()
        };
        let (old, same, new) = (with(""), with("        silence: nothing\n"), with("        silence: unknown\n"));
        let all = |new: &Pack| {
            let found = changes((&old, &old.scorecards[0]), (new, &new.scorecards[0]));
            found.into_iter().map(|changed| (changed.part, changed.how)).collect::<Vec<_>>()
        };
        assert_eq!(all(&same), [], "what holds anyway may be written");
        let part = Part::Indicator("inspection".to_owned());
        assert_eq!(all(&new), [(part.clone(), How::Changed)]);
        assert!(says(&part, (&new, &new.scorecards[0])).unwrap().contains("一条也没有的按未知处理"));
    }

    #[test]
    fn a_ratio_to_other_records_is_a_change() {
        let (old, moved) = (with_ratio(DIVISOR, false), with_ratio(DIVISOR, true));
        let some = with_ratio("ratio_to: { record: 抽查检查, where: { 检查类型: { is: 双随机抽查 } } }", true);
        let others = with_ratio("ratio_to: { record: 排在最前的检查 }", true);
        for new in [&some, &others] {
            assert_eq!((of_ratio(&old, new), of_ratio(&moved, new)), (Some(How::Changed), Some(How::Changed)));
        }
    }
}

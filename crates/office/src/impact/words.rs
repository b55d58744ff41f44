//! What differs between two packs as a jurist reads it: every rule by its sentence, those only in one of them and those that are worded
//! differently.

use serde::{Deserialize, Serialize};
use xinzhi_rules::Pack;
use xinzhi_rules::model::Scorecard;
use xinzhi_rules::sentence;

use super::alteration::How;

/// A rule that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What kind of rule, in words.
    pub what: String,
    /// Its title.
    pub title: String,
    /// In which of the packs it is.
    pub how: How,
    /// The old sentence.
    pub before: Option<String>,
    /// The new one.
    pub after: Option<String>,
}

/// One rule: what kind, what names it among its kind, its title, what it says.
struct Rule {
    what: String,
    key: String,
    title: String,
    says: String,
}

fn rule(what: impl Into<String>, key: &str, title: &str, says: String) -> Rule {
    Rule { what: what.into(), key: key.to_owned(), title: title.to_owned(), says }
}

/// Every rule that differs, in the order of the old pack, then what is new.
pub(crate) fn differences(old: &Pack, new: &Pack) -> Vec<Difference> {
    let (old, new) = (rules(old), rules(new));
    let twin = |of: &Rule, among: &[Rule]| among.iter().position(|other| (&other.what, &other.key) == (&of.what, &of.key));
    let mut found = Vec::new();
    for before in &old {
        let after = twin(before, &new).and_then(|place| new.get(place));
        let how = match after {
            Some(after) if after.says == before.says => continue,
            Some(_) => How::Changed,
            None => How::Removed,
        };
        let title = after.map_or(&before.title, |after| &after.title).clone();
        let after = after.map(|after| after.says.clone());
        found.push(Difference { what: before.what.clone(), title, how, before: Some(before.says.clone()), after });
    }
    let fresh = new.iter().filter(|rule| twin(rule, &old).is_none());
    found.extend(fresh.map(|rule| Difference {
        what: rule.what.clone(),
        title: rule.title.clone(),
        how: How::Added,
        before: None,
        after: Some(rule.says.clone()),
    }));
    found
}

fn rules(pack: &Pack) -> Vec<Rule> {
    let mut rules: Vec<Rule> = pack.scorecards.iter().flat_map(|card| model(pack, card)).collect();
    rules.extend(pack.measures.iter().map(|measure| rule("措施", &measure.id, &measure.title, sentence::measure(pack, measure))));
    rules.extend(pack.matters.iter().map(|matter| rule("事项", &matter.id, &matter.title, sentence::matter(pack, matter))));
    rules.extend(pack.record_kinds.iter().map(|kind| {
        let class = sentence::class_rule(kind).unwrap_or_default();
        let remedies: String = kind.remedies.iter().map(|remedy| sentence::remedy(pack, kind, remedy)).collect();
        let fields: String = kind.fields.iter().map(|field| sentence::field(kind, field)).collect();
        rule("信息目录", &kind.id, &kind.title, format!("{}{class}{remedies}{fields}", sentence::record_kind(pack, kind)))
    }));
    rules.extend(pack.laws.iter().map(|law| rule("依据", &law.id, &law.citation(), sentence::law(law))));
    rules
}

fn model(pack: &Pack, card: &Scorecard) -> Vec<Rule> {
    let of = |what: &str| format!("{}：{what}", card.title);
    let key = |key: &str| format!("{}/{key}", card.id);
    let mut rules = vec![
        rule("评价模型", &card.id, &card.title, sentence::scorecard(pack, card)),
        rule(of("等级"), &card.id, "等级界限", sentence::grades(card)),
    ];
    for dimension in &card.dimensions {
        let says = sentence::dimension(dimension);
        let says = if says.is_empty() { "各指标合计全部计入总分。".to_owned() } else { format!("{says}。") };
        rules.push(rule(of("维度"), &key(&dimension.title), &dimension.title, says));
        for indicator in &dimension.indicators {
            let says = format!("{}（{}）", sentence::indicator(pack, card, indicator), dimension.title);
            rules.push(rule(of("指标"), &key(&indicator.id), &indicator.title, says));
        }
    }
    let overrides = card.overrides.iter().map(|of| {
        let title = pack.record_kind(of.kind).map_or("", |kind| kind.title.as_str());
        (title, sentence::override_rule(pack, card, of))
    });
    for (place, (title, says)) in overrides.enumerate() {
        rules.push(rule(of("直接定级"), &key(&format!("{title}/{place}")), title, says));
    }
    rules.extend(sentence::amount(card).map(|says| rule(of("金额"), &card.id, "等级金额", says)));
    let groups = card.groups.iter().map(|group| rule(of("分组"), &key(&group.title), &group.title, sentence::grouping(pack, group)));
    rules.extend(groups);
    rules
}

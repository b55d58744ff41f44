//! A measure depends on the kinds of records that its rule names, and on nothing else that is known of a subject (L6).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use xinzhi_core::actor::Role;
use xinzhi_rules::Pack;
use xinzhi_rules::model::{Measure, Trigger};

use crate::support::files::{Company, Penalty, REVOKED, company, honours, penalties, registration, serious_list};
use crate::support::town::{Caller, Town, each_database, word};

/// Every source whose records may be there or not, in the order of the companies that lack them.
const SOURCES: [&str; 7] = ["cf-2018", "xk-2018", "inspection", "abnormal", "serious-list", "honour", "commitment"];

/// One file of a source with a row for each company.
fn file(source: &str, companies: &[&Company]) -> String {
    let each = |header: &str, row: &dyn Fn(usize, &Company) -> String| {
        header.to_owned() + &companies.iter().enumerate().map(|(at, company)| row(at, company)).collect::<String>()
    };
    match source {
        "cf-2018" => {
            let numbers: Vec<String> = companies.iter().map(|c| format!("示市监罚〔2026〕{}号", c.code)).collect();
            let rows: Vec<_> = companies.iter().zip(&numbers).map(|(c, number)| (*c, Penalty { number, ..REVOKED })).collect();
            penalties(&rows)
        }
        "serious-list" => {
            let numbers: Vec<String> = companies.iter().map(|c| format!("示税列〔2026〕{}号", c.code)).collect();
            serious_list(&companies.iter().zip(&numbers).map(|(c, n)| (*c, n.as_str(), "2026-06-01", "2027-05-31")).collect::<Vec<_>>())
        }
        "honour" => {
            let numbers: Vec<String> = companies.iter().map(|c| format!("示政〔2026〕{}号", c.code)).collect();
            honours(&companies.iter().zip(&numbers).map(|(c, n)| (*c, n.as_str(), "国家级", "2026-05-01")).collect::<Vec<_>>())
        }
        "xk-2018" => each(
            "行政相对人名称,行政相对人类别,统一社会信用代码,行政许可决定文书号,许可类别,许可决定日期,许可机关\n",
            &|at, Company { code, name, .. }| {
                format!("{name},法人及非法人组织,{code},示许〔2026〕{at}号,普通,2026-08-01,示范县市场监督管理局\n")
            },
        ),
        "inspection" => each(
            "被检查主体名称,统一社会信用代码,检查文书号,检查机关,检查日期,检查结果\n",
            &|at, Company { code, name, .. }| format!("{name},{code},示检〔2026〕{at}号,示范县市场监督管理局,2026-10-20,不配合检查\n"),
        ),
        "abnormal" => each(
            "主体名称,统一社会信用代码,列入决定文书号,列入日期,列入原因,列入决定机关,移出日期\n",
            &|at, Company { code, name, .. }| {
                format!("{name},{code},示异〔2026〕{at}号,2026-07-10,未按规定期限公示年度报告,示范县市场监督管理局,\n")
            },
        ),
        "commitment" => each(
            "主体名称,统一社会信用代码,承诺书编号,承诺类型,做出承诺日期,承诺受理单位,承诺履约状态\n",
            &|at, Company { code, name, .. }| format!("{name},{code},示诺〔2026〕{at}号,容缺受理型,2026-09-15,示范县政务服务中心,未履行\n"),
        ),
        other => panic!("no rows of {other}"),
    }
}

/// The kinds of records that a measure's rule names, those of its scorecards included.
fn related(pack: &Pack, measure: &Measure) -> BTreeSet<String> {
    fn walk(pack: &Pack, trigger: &Trigger, kinds: &mut BTreeSet<usize>) {
        match trigger {
            Trigger::OnList(kind) | Trigger::Record { kind, .. } => drop(kinds.insert(kind.0)),
            Trigger::All(parts) => parts.iter().for_each(|part| walk(pack, part, kinds)),
            Trigger::Not(part) => walk(pack, part, kinds),
            Trigger::Grade { scorecard, .. } => {
                let card = &pack.scorecards[scorecard.0];
                kinds.extend(card.dimensions.iter().flat_map(|d| &d.indicators).map(|indicator| indicator.kind.0));
                kinds.extend(card.overrides.iter().map(|forced| forced.kind.0));
            }
        }
    }
    let mut kinds = BTreeSet::new();
    walk(pack, &measure.trigger, &mut kinds);
    kinds.into_iter().map(|kind| pack.record_kinds[kind].title.clone()).collect()
}

/// What every matter answers about a company, by matter and measure, without the numbers of records.
fn answers(town: &Town, who: &Caller, pack: &Pack, code: &str) -> BTreeMap<(String, String), Value> {
    let mut out = BTreeMap::new();
    for matter in &pack.matters {
        let body = json!({"subject": code, "matter": matter.id, "purpose": matter.purpose, "case": "L6"});
        let check = town.post(who, "/api/v1/checks", &body).ok();
        for measure in check["measures"].as_array().unwrap() {
            let mut measure = measure.clone();
            measure.as_object_mut().unwrap().remove("records");
            out.insert((matter.id.clone(), word(&measure["measure"])), measure);
        }
    }
    out
}

#[test]
fn l6_a_kind_of_record_that_a_measures_rule_does_not_name_never_changes_the_measure() {
    each_database(|town| {
        let pack = town.office.pack();
        let centre = town.program(Role::Centre);
        // The first company has a record of each kind; each of the others lacks one kind; the last has none at all.
        let companies: Vec<Company> = (1..=9).map(company).collect();
        town.import(&centre, "registration", &registration(&companies.iter().collect::<Vec<_>>()));
        for (at, source) in SOURCES.into_iter().enumerate() {
            let with: Vec<&Company> = companies.iter().enumerate().filter(|(n, _)| *n != at + 1 && *n != 8).map(|(_, c)| c).collect();
            let batch = town.import(&centre, source, &file(source, &with));
            assert_eq!(batch["counts"]["accepted"], 7, "{source}: {batch} {:?}", town.verdicts(&centre, &batch));
        }
        let full = answers(town, &centre, &pack, &companies[0].code);
        let none = answers(town, &centre, &pack, &companies[8].code);
        let (mut compared, mut moved) = (0, BTreeSet::new());
        for (at, source) in SOURCES.into_iter().enumerate() {
            let kind = &pack.sources.iter().find(|s| s.id == source).unwrap().kind;
            let title = &pack.record_kinds[kind.0].title;
            let without = answers(town, &centre, &pack, &companies[at + 1].code);
            for matter in &pack.matters {
                for measure in matter.measures.iter().map(|ix| &pack.measures[ix.0]) {
                    let key = (matter.id.clone(), measure.id.clone());
                    let [with, without] = [full.get(&key), without.get(&key)];
                    if !related(&pack, measure).contains(title) {
                        compared += usize::from(with.is_some());
                        assert_eq!(with, without, "{title} is none of the kinds that `{}` names", measure.id);
                    } else if with != without {
                        moved.insert(source);
                    }
                }
            }
        }
        assert!(compared >= 40, "only {compared} measures stood before a kind that they do not name");
        let named = ["cf-2018", "abnormal", "serious-list", "commitment"];
        assert!(named.iter().all(|source| moved.contains(source)), "kinds that are named do move measures: {moved:?}");
        assert!(full.len() > none.len(), "{none:?}");

        // What was told back becomes a record of a kind that no measure names.
        let body = json!({"subject": companies[0].code, "matter": "food-licence", "purpose": "行政许可", "case": "L6"});
        let check = town.post(&centre, "/api/v1/checks", &body).ok();
        let told = json!({"measure": "market-access-limit", "outcome": "not_applied", "reason": "核对后不属于限制情形"});
        town.post(&centre, &format!("/api/v1/checks/{}/feedback", check["id"]), &told).ok();
        let records = town.file(&centre, &companies[0].code, "records");
        assert!(records.as_array().unwrap().iter().any(|record| record["kind"] == "信用应用反馈"), "{records}");
        assert_eq!(answers(town, &centre, &pack, &companies[0].code), full);
    });
}

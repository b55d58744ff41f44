//! What would make a grade better: told by day and step, and true on the day when it is done.

use serde_json::{Value, json};
use xinzhi_core::actor::Role;
use xinzhi_core::record::BatchId;
use xinzhi_office::import::{self, Ruling};

use crate::support::binary::{self, told};
use crate::support::files::{Company, FINE, Penalty, REVOKED, company, penalties, registration, serious_list};
use crate::support::postgres;
use crate::support::town::{Caller, Town, each_database, encoded, form, word};

/// 抽查检查: company, number, result, day.
fn inspections(rows: &[(&Company, &str, &str, &str)]) -> String {
    let mut out =
        "被检查主体名称,统一社会信用代码,检查文书号,检查机关,检查机关统一社会信用代码,检查日期,检查类型,检查事项,检查结果\n".to_owned();
    for (Company { code, name, .. }, number, result, day) in rows {
        out += &format!("{name},{code},{number},示范县市场监督管理局,,{day},专项检查,商品质量,{result}\n");
    }
    out
}

/// 信用承诺: company, number, state, day.
fn commitments(rows: &[(&Company, &str, &str, &str)]) -> String {
    let mut out =
        "主体名称,统一社会信用代码,承诺书编号,承诺类型,承诺事由,做出承诺日期,承诺受理单位,承诺受理单位统一社会信用代码,承诺履约状态\n"
            .to_owned();
    for (Company { code, name, .. }, number, state, day) in rows {
        out += &format!("{name},{code},{number},容缺受理型,补交材料,{day},示范县市场监督管理局,,{state}\n");
    }
    out
}

/// Imports a file that is complete for three years up to a day.
fn report(town: &Town, who: &Caller, (source, file): (&str, &str), through: &str) -> Value {
    let texts = [("source", source), ("encoding", "utf-8"), ("covers_from", "2023-11-01"), ("covers_through", through)];
    let staged = town.upload_form(who, &town.fresh_key(), &form(&texts, file.as_bytes())).ok();
    town.post(who, &format!("/api/v1/batches/{}/commit", staged["id"]), &Value::Null).ok();
    town.get(who, &format!("/api/v1/batches/{}", staged["id"])).ok()
}

/// A revoked licence −120, an inspection with something left to put right −15, a broken commitment −30: 635, C.
fn troubled(town: &Town, who: &Caller, firm: &Company) {
    town.import(who, "registration", &registration(&[firm]));
    town.import(who, "cf-2018", &penalties(&[(firm, REVOKED)]));
    town.import(who, "inspection", &inspections(&[(firm, "示检〔2026〕1号", "发现问题待整改", "2026-11-01")]));
    town.import(who, "commitment", &commitments(&[(firm, "示诺〔2026〕1号", "未履行", "2026-11-10")]));
}

/// Day, number of steps and grade of every way to a goal, with the points of its sets.
fn ways(better: &Value, goal: usize) -> Vec<(String, u64, Vec<String>)> {
    let ways = better["goals"][goal]["ways"].as_array().cloned().unwrap_or_default();
    let points = |way: &Value| way["sets"].as_array().unwrap().iter().map(|set| word(&set["points"])).collect();
    ways.iter().map(|way| (word(&way["on"]), way["steps"].as_u64().unwrap(), points(way))).collect()
}

fn expected() -> Vec<(String, u64, Vec<String>)> {
    let way = |on: &str, steps: u64, points: &[&str]| (on.to_owned(), steps, points.iter().map(|p| (*p).to_owned()).collect());
    // A year after the penalty, −60: 695, and either step is enough. Twenty-four days later the inspection halves, −7.5.
    vec![way("2027-10-08", 1, &["730", "710"]), way("2027-11-01", 0, &["702.5"])]
}

#[test]
fn c3_days_and_steps_are_those_of_a_computation_by_hand() {
    each_database(|town| {
        let (firm, centre) = (company(1), town.program(Role::Centre));
        troubled(town, &centre, &firm);
        let evaluation = town.evaluation(&centre, &firm.code);
        assert_eq!((&evaluation["points"], &evaluation["grade"]), (&json!("635"), &json!("C")));
        let better = &evaluation["better"];
        assert_eq!(ways(better, 0), expected(), "{better}");
        assert_eq!(better["goals"].as_array().unwrap().len(), 1, "A needs honours: {better}");
        let [first, second] = [0, 1].map(|set| better["goals"][0]["ways"][0]["sets"][set]["steps"][0].clone());
        assert_eq!(
            (&first["document"], &first["at"], &first["becomes"]),
            (&json!("示诺〔2026〕1号"), &json!("承诺受理单位"), &json!("承诺履约状态为已履行"))
        );
        assert_eq!((&second["step"], &second["document"]), (&json!("完成整改并申请复查"), &json!("示检〔2026〕1号")));
        assert!(
            second["basis"].as_array().unwrap().contains(&json!("《市场监督管理信用修复管理办法》（市场监管总局令第107号）")),
            "{second}"
        );
        assert!(word(&better["notes"][0]).contains("没有新的记录"), "what is assumed is said");

        // The same for one scorecard on a day; on the day itself, what is left to do is told as of today.
        let path = format!("/api/v1/subjects/{}/evaluations?purpose={}", firm.code, encoded("日常监管"));
        let asked = town.get(&centre, &format!("{path}&scorecard=market-entity&as_of=2026-11-23")).ok();
        assert_eq!(asked[0]["better"]["limit"], serde_json::Value::Null, "it is exact");
        assert_eq!(ways(&asked[0]["better"], 0), expected());
    });
}

#[test]
fn what_was_told_is_true_on_the_day_and_not_on_the_day_before() {
    each_database(|town| {
        let [firm, other] = [company(1), company(2)];
        let centre = town.program(Role::Centre);
        troubled(town, &centre, &firm);
        town.import(&centre, "registration", &registration(&[&other]));
        // Everything goes on being reported; 2027-10-07 is 318 days on.
        town.advance_days(318);
        let go_on = |through: &str| {
            report(town, &centre, ("cf-2018", &penalties(&[(&other, Penalty { number: "示市监罚〔2026〕7号", ..FINE })])), through);
            report(town, &centre, ("inspection", &inspections(&[(&other, "示检〔2026〕7号", "未发现问题", "2026-11-01")])), through);
            report(town, &centre, ("commitment", &commitments(&[(&other, "示诺〔2026〕7号", "履行中", "2026-11-01")])), through);
        };
        go_on("2027-10-06");
        let corrected = inspections(&[(&firm, "示检〔2026〕1号", "发现问题已改正", "2026-11-01")]);
        let batch = report(town, &centre, ("inspection", &corrected), "2027-10-06");
        assert_eq!(batch["counts"]["quarantined"], 1, "a correction waits for a person: {batch}");
        let now = |town: &Town| {
            let evaluation = town.evaluation(&centre, &firm.code);
            (word(&evaluation["points"]), word(&evaluation["grade"]))
        };
        assert_eq!(now(town), ("635".to_owned(), "C".to_owned()), "nothing is done yet");
        let ruling = Ruling { accept: true, reason: "已复查".to_owned(), code: None };
        let officer = town.actor(Role::Centre);
        town.wait(import::rule(&town.office, &officer, (BatchId(batch["id"].as_i64().unwrap()), 2), &ruling)).unwrap();
        assert_eq!(now(town), ("650".to_owned(), "C".to_owned()), "done a day too early");
        let better = town.evaluation(&centre, &firm.code)["better"].clone();
        assert_eq!(ways(&better, 0), [("2027-10-08".to_owned(), 0, vec!["710".to_owned()])], "nothing is left to be done but to wait");
        town.advance_days(1);
        assert_eq!(now(town), ("710".to_owned(), "B".to_owned()), "as it was told a year before");
    });
}

#[test]
fn who_has_nothing_to_put_right_is_told_days_and_the_best_is_told_so() {
    each_database(|town| {
        let [fined, clean] = [company(1), company(2)];
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&fined, &clean]));
        town.import(&centre, "cf-2018", &penalties(&[(&fined, REVOKED)]));
        town.import(&centre, "honour", &crate::support::files::honours(&[(&clean, "示政〔2026〕1号", "国家级", "2026-05-01")]));
        let better = |firm: &Company| town.evaluation(&centre, &firm.code)["better"].clone();
        assert_eq!(ways(&better(&fined), 0), [("2027-10-08".to_owned(), 0, vec!["740".to_owned()])]);
        assert_eq!(better(&clean), json!({"notes": ["已是最高等级。"], "limit": null, "goals": []}));

        let centre = town.person(Role::Centre);
        let page = |firm: &Company| town.get(&centre, &format!("/desk/subjects/{}?purpose={}", firm.code, encoded("日常监管"))).text();
        let (fined, clean) = (page(&fined), page(&clean));
        for (page, said) in
            [(&fined, "怎样可以改善"), (&fined, "升到 B（良好）"), (&fined, "不需要办理任何事项"), (&clean, "已是最高等级。")]
        {
            assert!(page.contains(said), "{said}: {page}");
        }
    });
}

/// Whoever is on the list is D until the listing ends; then at once what the points say.
#[test]
fn a_goal_is_headed_by_the_grade_that_its_only_way_reaches() {
    each_database(|town| {
        let (firm, centre) = (company(1), town.program(Role::Centre));
        let other = company(2);
        town.import(&centre, "registration", &registration(&[&firm, &other]));
        town.import(&centre, "cf-2018", &penalties(&[(&firm, FINE)]));
        town.import(&centre, "honour", &crate::support::files::honours(&[(&other, "示政〔2026〕1号", "国家级", "2026-05-01")]));
        town.import(&centre, "serious-list", &serious_list(&[(&firm, "示税列〔2026〕1号", "2026-06-01", "2027-03-31")]));
        let evaluation = town.evaluation(&centre, &firm.code);
        assert_eq!(evaluation["grade"], "D", "{evaluation}");
        let goals = &evaluation["better"]["goals"];
        assert_eq!((&goals[0]["grade"], &goals[0]["ways"][0]["sets"][0]["grade"]), (&json!("B"), &json!("B")), "{goals}");
        assert_eq!(goals.as_array().unwrap().len(), 1, "{goals}");
        let reader = town.person(Role::Centre);
        let page = town.get(&reader, &format!("/desk/subjects/{}?purpose={}", firm.code, encoded("日常监管"))).text();
        assert!(page.contains("升到 B（良好）") && !page.contains("升到 C（一般）"), "{page}");
    });
}

#[test]
fn the_command_explains_it_in_plain_words() {
    for url in [None, Some(postgres::database())] {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        binary::found(&data, url.as_deref());
        let data = data.to_str().unwrap();
        let more: Vec<&str> = url.iter().flat_map(|url| ["--database", url.as_str()]).collect();
        let firm = company(1);
        let files = [
            ("registration", registration(&[&firm])),
            ("cf-2018", penalties(&[(&firm, REVOKED)])),
            ("inspection", inspections(&[(&firm, "示检〔2026〕1号", "发现问题待整改", "2026-11-01")])),
            ("commitment", commitments(&[(&firm, "示诺〔2026〕1号", "未履行", "2026-11-10")])),
        ];
        for (source, content) in files {
            let file = place.path().join("file.csv");
            std::fs::write(&file, content).unwrap();
            let import = ["import", file.to_str().unwrap(), "--source", source, "--encoding", "utf-8"];
            let covers = ["--covers", "2023-11-01..2026-11-22", "--json", "--data", data];
            binary::json(&[import.as_slice(), covers.as_slice(), more.as_slice()].concat());
        }
        let explain = ["explain", &firm.code, "--scorecard", "market-entity", "--as-of", "2026-11-23", "--data", data];
        let words = told(&[explain.as_slice(), more.as_slice()].concat());
        for said in [
            "怎样可以改善",
            "升到 B（良好）",
            "2027-10-08 办结下列任意一组，每组 1 项",
            "第 1 组：B（良好），730 分",
            "向原检查机关办理“完成整改并申请复查”",
            "等到 2027-11-01，不需要办理任何事项：B（良好），702.5 分",
        ] {
            assert!(words.contains(said), "{said}: {words}");
        }
        let told = binary::json(&[explain.as_slice(), more.as_slice(), &["--json"]].concat());
        assert_eq!(ways(&told["better"], 0), expected());
    }
}

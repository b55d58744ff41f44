//! Evaluation models as packs write them, from a department's file to a grade: raters weighed, deductions, grades that a record decides, amounts.

use std::path::Path;

use serde_json::{Value, json};
use xinzhi_core::actor::Role;
use xinzhi_rules::load::Files;

use crate::support::files::{Company, company};
use crate::support::town::{Caller, Town, each_database, encoded, form};

fn files() -> Files {
    Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("packs/models")).unwrap()
}

/// Delivers a file that is complete for two years up to today.
fn deliver(town: &Town, who: &Caller, source: &str, file: &str) {
    let texts = [("source", source), ("encoding", "utf-8"), ("covers_from", "2024-11-23"), ("covers_through", "2026-11-23")];
    let staged = town.upload_form(who, &town.fresh_key(), &form(&texts, file.as_bytes())).ok();
    assert_eq!((&staged["counts"]["refused"], &staged["counts"]["quarantined"]), (&json!(0), &json!(0)), "{staged}");
    town.post(who, &format!("/api/v1/batches/{}/commit", staged["id"]), &json!(null)).ok();
}

fn evaluation(town: &Town, who: &Caller, code: &str, scorecard: &str) -> Value {
    let query = format!("purpose={}&scorecard={scorecard}", encoded("日常监管"));
    town.get(who, &format!("/api/v1/subjects/{code}/evaluations?{query}")).ok()[0].clone()
}

const HEAD: &str = "主体名称,统一社会信用代码,文书号,作出日期,作出单位";

#[test]
fn d3_raters_are_weighed_and_nobody_is_graded_while_one_of_them_has_not_spoken() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        town.wait(town.office.install_pack("models", files())).unwrap();
        let (rated, silent, unseen) = (company(1), company(2), company(3));
        let row = |who: &Company, number: u32, rater: &str, level: &str| {
            format!("{},{},项目{number},2026-06-0{number},示范单位,{rater},{level}\n", who.name, who.code)
        };
        // Two owners: five stars and one, on average three.
        let file = [
            format!("{HEAD},评价方,评价等次\n"),
            row(&rated, 1, "业主", "五星"),
            row(&rated, 2, "业主", "一星"),
            row(&rated, 1, "主管部门", "五星"),
            row(&rated, 1, "中心", "四星"),
            row(&silent, 3, "业主", "五星"),
        ]
        .concat();
        let texts = [("source", "agency-review"), ("encoding", "utf-8")];
        let staged = town.upload_form(&centre, &town.fresh_key(), &form(&texts, file.as_bytes())).ok();
        town.post(&centre, &format!("/api/v1/batches/{}/commit", staged["id"]), &json!(null)).ok();
        let early = evaluation(town, &centre, &silent.code, "agency-stars");
        assert_eq!((&early["points"], &early["grade"]), (&json!(null), &json!(null)), "what may still be missing is not known: {early}");

        deliver(town, &centre, "agency-review", &file);
        // 50 % of 60, 30 % of 100, 20 % of 80.
        let found = evaluation(town, &centre, &rated.code, "agency-stars");
        assert_eq!((&found["points"], &found["grade"]), (&json!("76"), &json!("4★")), "{found}");
        let rules: Vec<&str> = found["indicators"].as_array().unwrap().iter().map(|line| line["rule"].as_str().unwrap()).collect();
        assert!(rules.iter().all(|rule| rule.contains("有几条的取平均分")), "{rules:?}");
        // Only one of three has rated, and of somebody else nobody: everything was reported, and nobody is given the middle.
        deliver(
            town,
            &centre,
            "agency-registration",
            &format!("{HEAD},服务类别\n{},{},登记3,2025-03-01,示范中心,测绘\n", unseen.name, unseen.code),
        );
        for (who, share, missing) in [(&silent, "50", &["department", "centre"][..]), (&unseen, "0", &["owner", "department", "centre"])] {
            let found = evaluation(town, &centre, &who.code, "agency-stars");
            assert_eq!((&found["points"], &found["grade"]), (&json!(null), &json!(null)), "{found}");
            let reason = format!("已知信息只占评价权重的 {share}%，低于 100%，不作评价");
            assert!(found["reason"].as_str().unwrap().starts_with(&reason), "{found}");
            let why = |line: &&Value| line["unknown_because"] == "没有评分记录，不作评价";
            let lines = found["indicators"].as_array().unwrap();
            let unknown: Vec<&str> = lines.iter().filter(why).map(|line| line["id"].as_str().unwrap()).collect();
            assert_eq!(unknown, missing, "{found}");
            assert!(lines.iter().all(|line| line["known"] == line["unknown_because"].is_null()), "{found}");
            let notes = found["better"]["notes"].to_string();
            assert!(notes.contains("“中心评价”没有评分记录：有了评分"), "{notes}");
        }
        let person = town.person(Role::Centre);
        let page = town.get(&person, &format!("/desk/subjects/{}?purpose={}", silent.code, encoded("日常监管"))).text();
        assert!(page.contains("没有评分记录，不作评价") && page.contains("已知权重 50%"), "{page}");
        let page = town.get(&person, "/rules/national/agency-stars").text();
        for said in ["按 50% 计入总分", "按 30% 计入总分", "按 20% 计入总分", "有几条的取平均分", "一条也没有的按未知处理，不当作 0 分"]
        {
            assert!(page.contains(said), "{said}: {page}");
        }
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a_record_decides_the_grade_while_it_is_young_enough_and_the_points_stay_what_they_are() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        town.wait(town.office.install_pack("models", files())).unwrap();
        let (plain, new, poor, direct) = (company(1), company(2), company(3), company(4));
        let row =
            |who: &Company, number: u32, rest: &str| format!("{},{},文{number}号,2026-06-0{number},示范税务局{rest}\n", who.name, who.code);
        let deducted: String = [(&plain, 1), (&poor, 1), (&poor, 2), (&poor, 3)].map(|(who, number)| row(who, number, ",扣11分")).concat();
        deliver(town, &centre, "tax-deduction", &format!("{HEAD},扣分档次\n{deducted}"));
        deliver(town, &centre, "tax-newcomer", &format!("{HEAD}\n{}{}", row(&new, 4, ""), row(&poor, 5, "")));
        deliver(town, &centre, "tax-direct-d", &format!("{HEAD}\n{}", row(&direct, 6, "")));
        for (who, points, grade) in [(&plain, "89", "B"), (&new, "100", "M"), (&poor, "67", "C"), (&direct, "100", "D")] {
            let found = evaluation(town, &centre, &who.code, "tax-credit");
            assert_eq!((&found["points"], &found["grade"]), (&json!(points), &json!(grade)), "{found}");
        }
        let page = town.get(&town.person(Role::Centre), "/rules/national/tax-credit").text();
        assert!(page.contains("有近 1 年内的直接判为D级的认定的，等级直接定为 D"), "{page}");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a_grade_is_worth_what_the_pack_says_and_a_worse_one_never_more() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        const AMOUNT: &str = "amount: { title: 贷款参考额度, by_grade: { 5★: 100 万元, 4★: 50 万元, 3★: 0, 2★: 0, 1★: 0 } }\n";
        let priced = |amount: &str, expected: &str| -> Files {
            let edited = files();
            let edited = edited.iter().map(|(path, text)| {
                let more = if path == "scorecards/agency-stars.yaml" { amount } else { "" };
                let text = text.replace("points: 86, grade: 4★", &format!("points: 86, grade: 4★, amount: {expected}"));
                (path.to_owned(), format!("{text}{more}"))
            });
            edited.collect()
        };
        let refused = |files| town.wait(town.office.install_pack("models", files)).unwrap_err().to_string();
        let turned = refused(priced(&AMOUNT.replace("100 万元", "10 万元"), "50 万元"));
        assert!(turned.contains("较差等级的金额高于较好等级"), "{turned}");
        let other = refused(priced(AMOUNT, "60 万元"));
        assert!(other.contains("金额应为 600,000.00 元，实为 500,000.00 元"), "{other}");
        town.wait(town.office.install_pack("models", priced(AMOUNT, "50 万元"))).unwrap();
        let rated = company(1);
        let row = |rater: &str, level: &str| format!("{},{},项目1,2026-06-01,示范单位,{rater},{level}\n", rated.name, rated.code);
        let rows = [row("业主", "五星"), row("主管部门", "四星"), row("中心", "三星")].concat();
        let file = format!("{HEAD},评价方,评价等次\n{rows}");
        deliver(town, &centre, "agency-review", &file);
        let found = evaluation(town, &centre, &rated.code, "agency-stars");
        assert_eq!((&found["grade"], &found["amount"]), (&json!("4★"), &json!("500,000.00 元")), "{found}");
        let page = town.get(&town.person(Role::Centre), "/rules/national/agency-stars").text();
        assert!(page.contains("贷款参考额度：5★（五星） 100 万元，4★（四星） 50 万元"), "{page}");
        assert_eq!(town.doctor(), []);
    });
}

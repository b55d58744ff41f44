//! Why an evaluation is what it is: the subject's page, the API and the command line say the same.

use std::path::Path;

use serde_json::{Value, json};
use xinzhi_core::actor::Role;
use xinzhi_rules::load::Files;

use crate::support::binary::{self, text, told, xinzhi};
use crate::support::files::{Company, FINE, REVOKED, company, honours, penalties, registration, serious_list};
use crate::support::postgres;
use crate::support::town::{Caller, Town, each_database, encoded, form};

const HEAD: &str = "主体名称,统一社会信用代码,文书号,作出日期,作出单位";

fn models(town: &Town) {
    let files = Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("packs/models")).unwrap();
    town.wait(town.office.install_pack("models", files)).unwrap();
}

/// Delivers a file that is complete for two years up to today.
fn deliver(town: &Town, who: &Caller, source: &str, file: &str) {
    let texts = [("source", source), ("encoding", "utf-8"), ("covers_from", "2024-11-23"), ("covers_through", "2026-11-23")];
    let staged = town.upload_form(who, &town.fresh_key(), &form(&texts, file.as_bytes())).ok();
    assert_eq!((&staged["counts"]["refused"], &staged["counts"]["quarantined"]), (&json!(0), &json!(0)), "{staged}");
    town.post(who, &format!("/api/v1/batches/{}/commit", staged["id"]), &json!(null)).ok();
}

fn evaluation(town: &Town, who: &Caller, code: &str, asked: &str) -> Value {
    let query = format!("purpose={}&scorecard={asked}", encoded("日常监管"));
    town.get(who, &format!("/api/v1/subjects/{code}/evaluations?{query}")).ok()[0].clone()
}

fn page(town: &Town, code: &str) -> String {
    let reader = town.person(Role::Centre);
    town.get(&reader, &format!("/desk/subjects/{code}?purpose={}", encoded("日常监管"))).text()
}

#[track_caller]
fn says(text: &str, words: &[&str]) {
    for said in words {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn what_weights_and_bounds_make_of_a_dimension_stands_beside_its_indicators() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        models(town);
        let (rated, silent) = (company(1), company(2));
        let row = |who: &Company, number: u32, rater: &str, level: &str| {
            format!("{},{},项目{number},2026-06-0{number},示范单位,{rater},{level}\n", who.name, who.code)
        };
        let file = [
            format!("{HEAD},评价方,评价等次\n"),
            row(&rated, 1, "业主", "五星"),
            row(&rated, 2, "业主", "四星"),
            row(&rated, 1, "主管部门", "二星"),
            row(&rated, 1, "中心", "一星"),
        ]
        .concat();
        deliver(town, &centre, "agency-review", &file);
        town.import(&centre, "registration", &registration(&[&silent]));
        let found = evaluation(town, &centre, &rated.code, "agency-stars");
        assert_eq!((&found["points"], &found["grade"], &found["grade_title"]), (&json!("61"), &json!("3★"), &json!("三星")), "{found}");
        let number = |value: &Value| value.as_str().unwrap().parse::<i64>().unwrap();
        let shown = page(town, &rated.code);
        let mut total = number(&found["base"]);
        for (place, (title, weight)) in [("业主评价", 50), ("主管部门评价", 30), ("中心评价", 20)].into_iter().enumerate() {
            let (dimension, indicator) = (&found["dimensions"][place], &found["indicators"][place]);
            assert_eq!(
                (&dimension["title"], &dimension["weight"], &dimension["known"]),
                (&json!(title), &json!(weight * 10), &json!(true))
            );
            assert_eq!(dimension["indicators"], json!([indicator["id"]]), "{found}");
            assert_eq!((&dimension["sum"], &dimension["within"]), (&indicator["points"], &indicator["points"]), "{found}");
            let (sum, points) = (number(&dimension["sum"]), number(&dimension["points"]));
            assert_eq!(sum * weight, points * 100, "{dimension}");
            let arithmetic = format!("{sum} × {weight}% = {points}");
            assert_eq!((&dimension["arithmetic"], &dimension["floor"]), (&json!(arithmetic), &json!(null)), "{dimension}");
            says(&shown, &[&format!("本维度合计 {arithmetic}")]);
            total += points;
        }
        assert_eq!(total, 61);
        says(found["indicators"][0]["arithmetic"].as_str().unwrap(), &["取平均"]);
        assert_eq!(found["forced"], json!(null), "{found}");
        says(found["purpose"].as_str().unwrap(), &["演示三方加权的星级评价"]);

        // A floor that cuts, and a dimension that nothing is known of.
        let revoked = |number| crate::support::files::Penalty { number, ..REVOKED };
        let fines = ["示市监罚〔2026〕2号", "示市监罚〔2026〕3号", "示市监罚〔2026〕4号"].map(|number| (&rated, revoked(number)));
        town.import(&centre, "cf-2018", &penalties(&fines));
        let found = evaluation(town, &centre, &rated.code, "market-entity");
        let penalty = found["indicators"].as_array().unwrap().iter().find(|line| line["id"] == "penalty").unwrap();
        let cut = ["sum", "floor", "cap", "within", "weight", "points"].map(|key| penalty[key].clone());
        assert_eq!(json!(cut), json!(["-360", "-300", null, "-300", 1000, "-300"]), "{penalty}");
        let [lawful, promises] = [0, 1].map(|place| &found["dimensions"][place]);
        assert_eq!((&lawful["known"], &lawful["sum"], &lawful["arithmetic"]), (&json!(true), &json!("-300"), &json!(null)), "{found}");
        assert_eq!(
            (&promises["known"], &promises["unknown"], &promises["arithmetic"]),
            (&json!(false), &json!(1), &json!(null)),
            "{found}"
        );
    });
}

#[test]
fn what_gives_the_grade_in_place_of_points_is_said_with_its_rule_and_its_record() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        models(town);
        let (new, poor, direct, listed) = (company(2), company(3), company(4), company(5));
        let row =
            |who: &Company, number: u32, rest: &str| format!("{},{},文{number}号,2026-06-0{number},示范税务局{rest}\n", who.name, who.code);
        let deducted: String = [1, 2, 3].map(|number| row(&poor, number, ",扣11分")).concat();
        deliver(town, &centre, "tax-deduction", &format!("{HEAD},扣分档次\n{deducted}"));
        deliver(town, &centre, "tax-newcomer", &format!("{HEAD}\n{}{}", row(&new, 4, ""), row(&poor, 5, "")));
        deliver(town, &centre, "tax-direct-d", &format!("{HEAD}\n{}", row(&direct, 6, "")));
        let forced = |who: &Company| {
            let found = evaluation(town, &centre, &who.code, "tax-credit");
            let forced = &found["forced"];
            let keys = ["decides", "by_points", "kind", "document", "day"].map(|key| forced[key].clone());
            (found["grade"].clone(), json!(keys), forced.clone())
        };
        let (grade, keys, said) = forced(&direct);
        assert_eq!((grade, keys), (json!("D"), json!([true, "A", "直接判为D级的认定", "文6号", "2026-06-06"])), "{said}");
        assert_eq!(said["says"], "等级由记录直接确定，不按分值");
        says(said["rule"].as_str().unwrap(), &["有近 1 年内的直接判为D级的认定的，等级直接定为 D（D 级）。依据："]);
        assert!(said["record"].as_i64().unwrap() > 0 && !said["basis"].as_array().unwrap().is_empty(), "{said}");
        // Of two rules the one that counts, and one that changes nothing.
        let (grade, keys, said) = forced(&new);
        assert_eq!((grade, keys), (json!("M"), json!([true, "A", "新设立或者暂未经营的认定", "文4号", "2026-06-04"])), "{said}");
        let (grade, keys, said) = forced(&poor);
        assert_eq!((grade, &keys[0], &keys[1]), (json!("C"), &json!(false), &json!("C")), "{said}");
        assert_eq!(said["says"], "另有信息直接定级，没有改变按分值所定的等级");

        town.import(&centre, "registration", &registration(&[&listed]));
        town.import(&centre, "serious-list", &serious_list(&[(&listed, "示税列〔2026〕1号", "2026-06-01", "2027-03-31")]));
        let found = evaluation(town, &centre, &listed.code, "market-entity");
        assert_eq!(
            (&found["points"], &found["grade"], &found["forced"]["by_points"]),
            (&json!(null), &json!("D"), &json!(null)),
            "{found}"
        );
        let shown = page(town, &listed.code);
        let record = format!("href=\"#record-{}\"", found["forced"]["record"]);
        says(&shown, &["等级由记录直接确定，不按分值", "列入严重失信主体名单的，等级直接定为 D（较差）", &record, "示税列〔2026〕1号"]);
        let shown = page(town, &poor.code);
        says(&shown, &["另有信息直接定级，没有改变按分值所定的等级", "按分值为 C（C 级）"]);
        assert!(!shown.contains("不按分值"), "{shown}");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn w4_what_was_known_then_is_explained_by_the_rules_of_then() {
    each_database(|town| {
        let (centre, firm) = (town.program(Role::Centre), company(1));
        town.import(&centre, "registration", &registration(&[&firm]));
        town.import(&centre, "cf-2018", &penalties(&[(&firm, FINE)]));
        town.import(&centre, "serious-list", &serious_list(&[(&firm, "示税列〔2026〕1号", "2026-06-01", "2027-03-31")]));
        let asked = format!("market-entity&as_of=2026-11-23&known={}", town.head());
        let before = evaluation(town, &centre, &firm.code, &asked);
        says(before["indicators"][0]["rule"].as_str().unwrap(), &["行政处罚：近 3 年内"]);
        // Other words for the same rules, and another pack beside them.
        let retitled = |path: &str, text: &str| match path {
            "pack.yaml" => text.replacen("version: \"2026.1\"", "version: \"2026.2\"", 1),
            "scorecards/market-entity.yaml" => {
                text.replacen("        title: 行政处罚\n", "        title: 处罚\n", 1).replace("title: 较差", "title: 差")
            }
            _ => text.to_owned(),
        };
        let national = xinzhi_office::pack::own_files();
        let national = national.iter().map(|(path, text)| (path.to_owned(), retitled(path, text))).collect();
        town.wait(town.office.install_pack("national", national)).unwrap();
        models(town);
        let now = evaluation(town, &centre, &firm.code, "market-entity&as_of=2026-11-23");
        says(now["indicators"][0]["rule"].as_str().unwrap(), &["处罚：近 3 年内"]);
        says(now["forced"]["rule"].as_str().unwrap(), &["等级直接定为 D（差）"]);
        assert_eq!(evaluation(town, &centre, &firm.code, &asked), before);
    });
}

#[test]
fn the_command_says_what_the_page_says() {
    for url in [None, Some(postgres::database())] {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        binary::found(&data, url.as_deref());
        let data = data.to_str().unwrap();
        let more: Vec<&str> = url.iter().flat_map(|url| ["--database", url.as_str()]).chain(["--data", data]).collect();
        let firm = company(1);
        let files = [
            ("registration", registration(&[&firm])),
            ("cf-2018", penalties(&[(&firm, REVOKED)])),
            ("honour", honours(&[(&firm, "示政〔2026〕1号", "国家级", "2026-05-01")])),
            ("serious-list", serious_list(&[(&firm, "示税列〔2026〕1号", "2026-06-01", "2027-03-31")])),
        ];
        for (source, content) in files {
            let file = place.path().join("file.csv");
            std::fs::write(&file, content).unwrap();
            let import = ["import", file.to_str().unwrap(), "--source", source, "--encoding", "utf-8"];
            let covers = ["--covers", "2023-11-01..2026-11-22", "--json"];
            binary::json(&[import.as_slice(), covers.as_slice(), more.as_slice()].concat());
        }
        let explain = ["explain", &firm.code, "--scorecard", "market-entity", "--as-of", "2026-11-23"];
        let words = told(&[explain.as_slice(), more.as_slice()].concat());
        let told_as = binary::json(&[explain.as_slice(), &["--known", "10", "--json"], more.as_slice()].concat());
        assert_eq!((&told_as["known"], &told_as["forced"]["decides"]), (&json!(10), &json!(true)), "{told_as}");
        let record = format!("  记录 {}（2026-06-01，严重失信主体名单 示税列〔2026〕1号）", told_as["forced"]["record"]);
        says(
            &words,
            &[
                "760 分，等级 D（较差）",
                "用途：供行政机关分级分类监管",
                "等级由记录直接确定，不按分值（按分值为 B（良好））\n",
                "  规则：列入严重失信主体名单的，等级直接定为 D（较差）。依据：",
                &record,
                "算式：800 - 120 + 80 = 760",
                "【遵纪守法】-120 分",
                "【履约践诺】未知",
                "不加分也不减分",
                "；下一变化 2027-",
            ],
        );
        let past = told(&[explain.as_slice(), &["--known", "10"], more.as_slice()].concat());
        says(&past, &["评价日 2026-11-23，有效至 2026-12-24；按账簿到第 10 笔为止所知，规则包"]);
        let once = told(&[&["evaluate", firm.code.as_str()], &explain[2..], &["--known", "10"], more.as_slice()].concat());
        assert_eq!(once, past, "one subject is evaluated as it is explained");

        // Everybody: the same position in the head of the summary.
        let out = place.path().join("result.parquet");
        let everybody = ["evaluate", "--scorecard", "market-entity", "--out", out.to_str().unwrap()];
        let head = |more: &[&str]| told(&[everybody.as_slice(), more].concat()).lines().next().unwrap().to_owned();
        let summary = head(&[&["--as-of", "2026-11-23", "--known", "10"], more.as_slice()].concat());
        says(&summary, &["市场主体公共信用评价，评价日 2026-11-23，按账簿到第 10 笔为止所知，规则包 national", "1 个主体"]);
        std::fs::remove_file(&out).unwrap();
        let months = ["--every", "month", "--from", "2026-10-01", "--until", "2026-11-30", "--known", "10"];
        says(&head(&[&months, more.as_slice()].concat()), &["2 个评价日，按账簿到第 10 笔为止所知，规则包 national"]);
        let refused = xinzhi(&[explain.as_slice(), &["--known", "9999"], more.as_slice()].concat());
        assert!(refused.status.code() == Some(1) && text(&refused.stderr).contains("没有第 9999 笔"), "{}", text(&refused.stderr));
    }
}

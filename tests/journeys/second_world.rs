//! Another world on the same engine: a pack of its own with subjects that it numbers itself, over two years of real inspections. No line of the
//! engine knows it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use xinzhi_core::Day;
use xinzhi_core::actor::Role;
use xinzhi_rules::load::Files;

use crate::support::town::{Answer, Caller, Town, each_database, encoded, form};

const AS_OF: &str = "2013-05-30";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn install(town: &Town, pack: &str) {
    let files = Files::read(&root().join("packs").join(pack)).unwrap();
    town.wait(town.office.install_pack(pack, files)).unwrap();
}

fn inspections() -> String {
    let packed = root().join("tests/data/minneapolis-2011-2013.csv.gz");
    let unpacked = Command::new("gzip").arg("-dc").arg(packed).output().unwrap();
    assert!(unpacked.status.success());
    String::from_utf8(unpacked.stdout).unwrap()
}

/// Posts a form of the phone.
fn fill(town: &Town, who: &Caller, source: &str, fields: &[(&str, &str)]) -> Answer {
    let key = town.fresh_key();
    let pairs: Vec<String> =
        [("once", key.as_str())].iter().chain(fields).map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    town.post_raw(who, &format!("/grid/{source}"), &headers, pairs.join("&").as_bytes())
}

fn stage(town: &Town, who: &Caller, file: &str) -> serde_json::Value {
    let texts = [("source", "inspections"), ("encoding", "utf-8"), ("covers_from", "2011-05-02"), ("covers_through", AS_OF)];
    town.upload_form(who, &town.fresh_key(), &form(&texts, file.as_bytes())).ok()
}

/// What the scorecard says, computed by hand: points in thousandths by facility.
fn by_hand(file: &str) -> BTreeMap<String, i64> {
    let as_of = Day::parse(AS_OF).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    let mut points = BTreeMap::new();
    for row in csv::Reader::from_reader(file.as_bytes()).deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        let licence = format!("{}-{}", row["licence_code"], row["licence_number"]);
        let code = if row["licence_code"].is_empty() { row["facility_id"].clone() } else { licence };
        let total = points.entry(code.clone()).or_insert(1_000_000);
        let day = Day::parse(&row["inspection_date"]).unwrap();
        let deducted = match row["critical"].as_str() {
            "Yes" => 15_000,
            "No" => 2_000,
            // Unknown never turns into adverse.
            _ => 0,
        };
        let once = seen.insert((code, row["inspection_id"].clone(), row["code_section"].clone()));
        if once && day > as_of.plus_months(-12) {
            *total = (*total - if day > as_of.plus_months(-6) { deducted } else { deducted / 2 }).max(0);
        }
    }
    points
}

#[test]
fn d3_e9_two_years_of_real_inspections_are_collected_and_evaluated_whole() {
    let file = inspections();
    let expected = by_hand(&file);
    assert_eq!(expected.len(), 2_535);
    each_database(|town| {
        let centre = town.program(Role::Centre);
        install(town, "minneapolis");
        let staged = stage(town, &centre, &file);
        assert_eq!(staged["counts"], json!({"read": 26461, "accepted": 26432, "duplicate": 2, "refused": 0, "quarantined": 27}));
        town.post(&centre, &format!("/api/v1/batches/{}/commit", staged["id"]), &json!(null)).ok();

        // The same rows in another order, with the columns turned round: nothing new.
        let mut rows: Vec<csv::StringRecord> = csv::Reader::from_reader(file.as_bytes()).records().map(Result::unwrap).collect();
        rows.reverse();
        let header = csv::Reader::from_reader(file.as_bytes()).headers().unwrap().clone();
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in std::iter::once(&header).chain(&rows) {
            writer.write_record(row.iter().collect::<Vec<_>>().into_iter().rev()).unwrap();
        }
        let turned = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let again = stage(town, &centre, &turned);
        assert_eq!(again["counts"], json!({"read": 26461, "accepted": 0, "duplicate": 26434, "refused": 0, "quarantined": 27}));

        for (code, points) in expected.iter().step_by(29) {
            let query = format!("purpose={}&scorecard=food-facility&as_of={AS_OF}", encoded("日常监管"));
            let evaluation = town.get(&centre, &format!("/api/v1/subjects/{code}/evaluations?{query}")).ok()[0].clone();
            let whole = points / 1000;
            let shown = if points % 1000 == 0 { whole.to_string() } else { format!("{whole}.{}", points % 1000 / 100) };
            assert_eq!(evaluation["points"], shown, "{code}: {evaluation}");
        }
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn packs_stand_beside_one_another_and_one_that_does_not_fit_is_refused() {
    each_database(|town| {
        let before = town.office.pack();
        install(town, "minneapolis");
        let both = town.office.pack();
        assert_eq!(both.parts.iter().map(|part| part.id.as_str()).collect::<Vec<_>>(), ["national", "minneapolis"]);
        assert_ne!(before.digest, both.digest);
        assert!(both.scorecards.len() == before.scorecards.len() + 1);

        // The same ids under another name contradict what is there.
        let files = Files::read(&root().join("packs/minneapolis")).unwrap();
        let refused = town.wait(town.office.install_pack("minneapolis-two", files)).unwrap_err().to_string();
        assert!(refused.contains("重复"), "{refused}");
        // A pack that stands on one that is not installed.
        let orphan = Files::from_iter([(
            "pack.yaml".to_owned(),
            "title: 甲\nversion: \"1\"\njurisdiction: 甲\nreview: 演示,未经合法性审查\nreview_by: 2027-12-31\nextends: [province]\n"
                .to_owned(),
        )]);
        let refused = town.wait(town.office.install_pack("orphan", orphan)).unwrap_err().to_string();
        assert!(refused.contains("province"), "{refused}");
        assert_eq!(town.office.pack().digest, both.digest, "what is in force stays in force");
    });
}

#[test]
fn d6_a_code_without_a_check_digit_finds_a_subject_and_never_restricts_it() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        install(town, "minneapolis");
        let header = "inspection_id,licence_code,licence_number,business_name,inspection_kind,inspection_purpose,inspection_date,code_section,critical\n";
        let row = |code: &str, number: &str| format!("1,{code},{number},CAFE,Risk Based Inspection,Routine,2012-03-01,1-2,Yes\n");
        let file = format!("{header}{}{}{}", row("L159", "7"), row("", ""), row("L1 59", "8"));
        let staged = stage(town, &centre, &file);
        let verdicts = town.verdicts(&centre, &staged);
        assert!(verdicts.contains(&(3, "quarantined".to_owned(), vec!["party.no_code".to_owned()])), "{verdicts:?}");
        assert!(verdicts.contains(&(4, "refused".to_owned(), vec!["code.shape".to_owned()])), "{verdicts:?}");
        town.post(&centre, &format!("/api/v1/batches/{}/commit", staged["id"]), &json!(null)).ok();
        let found = town.get(&centre, "/api/v1/subjects?q=l159-7").ok();
        assert_eq!(found[0]["code"], "L159-7", "{found}");
        // At a matter of the national pack such a subject is of the wrong kind.
        town.check(&centre, "L159-7").refused(422, "subject_kind_wrong");
        town.get(&centre, "/api/v1/subjects/L159-8?purpose=x").refused(422, "field_invalid");
    });
}

/// 整改复查 as an inspector fills it in.
fn recheck<'a>(stall: &'a str, notice: &'a str, result: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("FC_DXBH", stall),
        ("FC_TZBH", notice),
        ("FC_SDRQ", "2026-11-16"),
        ("FC_ZGQX", "2026-11-20"),
        ("FC_WTLB", "食品安全"),
        ("FC_JG", result),
        ("FC_GH", "017"),
        ("FC_RQ", "2026-11-23"),
        ("FC_DW", "示范市场开办者"),
    ]
}

#[test]
fn what_an_inspector_asks_for_and_is_done_deducts_nothing_and_what_is_not_done_does() {
    each_database(|town| {
        install(town, "cangnan-market");
        let inspector = town.person(Role::Department);
        let stalls = "摊位编号,摊位名称,所属行政区划,登记日期,登记单位\nCN-01-001,老李水产,330899101001,2026-01-05,示范市场开办者\nCN-01-002,小王蔬菜,330899101001,2026-01-05,示范市场开办者\n";
        town.import(&inspector, "stall-registration", stalls);
        let home = town.get(&inspector, "/grid").text();
        assert!(home.contains("市场日常巡查记录") && home.contains("整改复查（市场，摊位）") && !home.contains("摊位登记册"), "{home}");
        let form = town.get(&inspector, "/grid/market-patrol?XC_TWBH=CN-01-001").text();
        assert!(form.contains("value=\"CN-01-001\"") && form.contains("value=\"2026-11-23\""), "the code and today are filled in");

        let patrol = [("XC_TWBH", "cn-01-001"), ("XC_BH", "X1"), ("XC_NR", "食品安全"), ("XC_NR", "环境卫生"), ("XC_JG", "提出整改要求")];
        let before = town.head();
        let incomplete = fill(town, &inspector, "market-patrol", &patrol);
        assert_eq!((incomplete.status, town.head()), (422, before), "a form with faults leaves nothing behind");
        let page = incomplete.text();
        assert!(page.contains("整改通知编号 未填写") && page.contains("value=\"X1\"") && page.contains("href=\"#XC_TZBH\""), "{page}");
        let rest = [("XC_TZBH", "T1"), ("XC_ZGQX", "2026-11-25"), ("XC_RQ", "2026-11-23"), ("XC_DW", "示范市场开办者")];
        let done = fill(town, &inspector, "market-patrol", &[&patrol[..], &rest].concat());
        assert_eq!(done.status, 303, "{}", done.text());
        for (stall, notice, result) in [("CN-01-001", "T1", "已整改"), ("CN-01-002", "T2", "未整改")] {
            assert_eq!(fill(town, &inspector, "recheck-stall", &recheck(stall, notice, result)).status, 303);
        }

        let deducted = |stall: &str| {
            let evaluation = town.evaluation(&inspector, stall);
            let indicators = evaluation["indicators"].as_array().unwrap().clone();
            indicators.into_iter().find(|i| i["id"] == "food-unrectified").unwrap_or_else(|| panic!("{evaluation}"))["contributions"]
                .clone()
        };
        assert_eq!(deducted("CN-01-001"), json!([]), "done on request");
        let undone = deducted("CN-01-002");
        assert_eq!((undone.as_array().unwrap().len(), &undone[0]["points"]), (1, &json!("-8")), "{undone}");
        let file = town.get(&inspector, "/desk/subjects/CN-01-001").text();
        assert!(file.contains("老李水产") && file.contains("提出整改要求") && file.contains("食品安全、环境卫生"), "{file}");
        assert_eq!(town.get(&town.person(Role::Audit), "/grid").status, 403);
        assert_eq!(town.doctor(), []);
    });
}

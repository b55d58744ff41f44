//! Grades by how peers do, from end to end: limits made of a whole set, put into the pack, and told to each subject.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use xinzhi_core::actor::Role;
use xinzhi_rules::load::Files;

use crate::support::binary::{json, text, told, xinzhi};
use crate::support::files::company;
use crate::support::town::{Caller, Town, each_database, encoded, form};

const CARD: &str = "scorecard: compared
title: 同业比较
purpose: 检验
subjects: [plant, shop]
in_force: { from: 2026-04-01 }
basis: [own]
range: { base: 500, min: 0, max: 1000 }
assessed_share: 60%
coverage_lag_days: 400
valid_days: 31
dimensions:
  - title: 检查
    indicators:
      - id: results
        title: 检查结果
        record: 检查
        window: 5 years
        each: { by: 结果, points: { 好: 13, 中: 1, 差: -7 } }
        floor: -400
        cap: 400
        basis: [own]
peers: { by: { record: 规模登记, field: 规模 }, group_size: 30 }
grades:
  - { grade: A, title: 领先, share: 10% }
  - { grade: B, title: 居中, share: 60% }
  - { grade: C, title: 靠后, share: 30% }
";

fn catalogue(kind: &str, title: &str, choice: &str) -> String {
    format!(
        "kind: {kind}
title: {title}
category: 检验
basis: [law]
supplier: 机关
nature: 一般信息
subjects: [plant, shop]
roles: {{ party_name: 名称, document_number: 文号, document_date: 日期, organ_name: 机关 }}
key: [文号]
retention_months: 120
fields:
  - {{ code: MC, title: 名称, type: text, need: required }}
  - {{ code: WH, title: 文号, type: text, need: required }}
  - {{ code: RQ, title: 日期, type: day, need: required }}
  - {{ code: JG, title: 机关, type: text, need: required }}
  - {choice}
"
    )
}

struct Place(tempfile::TempDir);

impl Place {
    /// A pack with one scorecard, and nothing else.
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        let size = "{ code: GM, title: 规模, type: choice, need: optional, values: [ { title: 大型 }, { title: 中型 }, { title: 小微 } ] }";
        let result = "{ code: JG2, title: 结果, type: choice, need: required, values: [ { title: 好 }, { title: 中 }, { title: 差 } ] }";
        let law = |id: &str, level: &str| {
            format!("- {{ id: {id}, title: 规则, level: {level}, issued_by: 机关, in_force: {{ from: 2000-01-01 }} }}\n")
        };
        let files = [
            (
                "pack.yaml",
                "title: 检验\nversion: \"1\"\njurisdiction: 检验\nreview: 演示,未经合法性审查\nreview_by: 2029-12-31\n".to_owned(),
            ),
            ("laws.yaml", law("law", "行政法规") + &law("own", "自定模型")),
            (
                "subjects/kinds.yaml",
                "- { id: plant, title: 工厂, person: false, code: { id: no, title: 编号 } }\n- { id: shop, title: 商店, person: false, code: { id: no, title: 编号 } }\n"
                    .to_owned(),
            ),
            ("catalog/size.yaml", catalogue("size", "规模登记", size)),
            ("catalog/visit.yaml", catalogue("visit", "检查", result)),
            ("scorecards/compared.yaml", CARD.to_owned()),
        ];
        files.iter().for_each(|(path, text)| place.write(path, text));
        place
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.pack().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn pack(&self) -> PathBuf {
        self.at("compared-pack")
    }

    fn generate(&self, name: &str, partition: &str) -> PathBuf {
        let (out, pack) = (self.at(name), self.pack());
        let size = ["--subjects", "600", "--records", "9000", "--seed", "5", "--through", "2026-06-30", "--partition-subjects", partition];
        let words = ["generate", "--only", "parquet", "--pack", pack.to_str().unwrap(), "--out", out.to_str().unwrap()];
        told(&[&words[..], &size].concat());
        out
    }

    fn arguments(&self, tables: &Path, out: &str) -> Vec<String> {
        let paths = [tables.to_path_buf(), self.pack(), self.at(out)].map(|path| path.to_str().unwrap().to_owned());
        let [tables, pack, out] = paths;
        let words = ["cutoffs", "--scorecard", "compared", "--tables", &tables, "--pack", &pack, "--as-of", "2026-06-30", "--out", &out];
        words.map(str::to_owned).to_vec()
    }

    #[track_caller]
    fn cutoffs(&self, tables: &Path, out: &str, more: &[&str]) -> (Value, String) {
        let arguments = self.arguments(tables, out);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(["--json"]).chain(more.iter().copied()).collect();
        (json(&arguments), fs::read_to_string(self.at(out)).unwrap())
    }

    /// The sentence of a refusal, which leaves no file behind.
    #[track_caller]
    fn refusal(&self, tables: &Path, out: &str, more: &[&str]) -> String {
        let arguments = self.arguments(tables, out);
        let output = xinzhi(&arguments.iter().map(String::as_str).chain(more.iter().copied()).collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        assert!(!self.at(out).exists() && !self.at(out).with_extension("yaml.partial").exists());
        text(&output.stderr)
    }

    fn evaluate(&self, tables: &Path, out: &str, as_of: &str) -> Value {
        let (pack, out) = (self.pack(), self.at(out));
        let words = ["--tables", tables.to_str().unwrap(), "--pack", pack.to_str().unwrap(), "--out", out.to_str().unwrap()];
        json(&[&["evaluate", "--scorecard", "compared", "--as-of", as_of, "--json"][..], &words].concat())
    }
}

/// Everything but what names the set itself.
fn without_tables(file: &str) -> String {
    file.lines().filter(|line| !line.trim_start().starts_with("tables:")).collect::<Vec<_>>().join("\n")
}

#[test]
fn d1_limits_are_made_of_everybody_put_into_the_pack_and_grade_the_shares_that_it_says() {
    let place = Place::new();
    let tables = place.generate("whole", "600");
    let none = place.evaluate(&tables, "none.parquet", "2026-07-01");
    assert_eq!(none["reasons"], json!({ "no-cutoffs-in-force": none["subjects"] }), "no limits are no default: {none}");
    let (told_json, file) = place.cutoffs(&tables, "compared-2026-07-01.yaml", &["--threads", "1"]);
    for (part, threads) in [("600", "2"), ("97", "1"), ("97", "2"), ("1", "2")] {
        let parts = place.generate(&format!("by {part} {threads}"), part);
        let folder = format!("limits {part} {threads}");
        fs::create_dir_all(place.at(&folder)).unwrap();
        let (_, again) = place.cutoffs(&parts, &format!("{folder}/compared-2026-07-01.yaml"), &["--threads", threads]);
        assert_eq!(without_tables(&again), without_tables(&file), "{part} a partition, {threads} threads");
    }
    let size = told_json["everyone"]["size"].as_u64().unwrap();
    let groups = told_json["groups"].as_object().unwrap();
    let of_groups: u64 = groups.values().filter_map(|group| group["size"].as_u64()).sum();
    assert!(groups.len() == 3 && of_groups < size && of_groups > size / 2, "some say no size: {told_json}");
    for (name, group) in groups {
        let limits: Vec<i64> = group["limits"].as_array().unwrap().iter().filter_map(Value::as_i64).collect();
        assert!(limits.len() == 2 && limits[0] > limits[1], "{name}: {limits:?}");
    }

    fs::create_dir_all(place.pack().join("cutoffs")).unwrap();
    fs::copy(place.at("compared-2026-07-01.yaml"), place.pack().join("cutoffs/compared-2026-07-01.yaml")).unwrap();
    let pack = place.pack();
    let checked = told(&["pack", "check", pack.to_str().unwrap()]);
    assert!(checked.contains("0 处错误"), "{checked}");
    let shown = told(&["pack", "show", pack.to_str().unwrap()]);
    for said in ["A（领先）前 10%", "同组按近 10 年内最近一份规模登记的规模划分", "2026-07-01 至 2027-06-30 的界限：按 2026-06-30 的数据"]
    {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    // On the last day of the data's age, which is the first of the limits: as many as the shares say, and those who are equal to the last of them.
    let found = place.evaluate(&tables, "found.parquet", "2026-07-01");
    let grade = |name: &str| found["grades"][name].as_u64().unwrap();
    assert!(grade("A") >= size / 10 && grade("A") < size / 5, "{found}");
    assert!(grade("A") + grade("B") >= size * 7 / 10 && grade("C") > size / 5, "{found}");
    for (day, dormant) in [("2026-06-30", true), ("2027-06-30", false), ("2027-07-01", true)] {
        let found = place.evaluate(&tables, &format!("{day}.parquet"), day);
        let said = found["reasons"].get("no-cutoffs-in-force").is_some();
        assert_eq!((said, found["grades"]["A"] == json!(0)), (dormant, dormant), "{day}: {found}");
    }
}

#[test]
fn a_group_that_is_too_small_has_no_limits_and_equal_points_may_leave_too_little_to_tell() {
    let place = Place::new();
    place.write("scorecards/compared.yaml", &CARD.replace("group_size: 30", "group_size: 400"));
    let tables = place.generate("set", "200");
    let (told, file) = place.cutoffs(&tables, "small-2026.yaml", &["--from", "2026-09-01", "--until", "2026-12-31"]);
    assert!(told["everyone"]["limits"].is_array(), "{told}");
    for (name, group) in told["groups"].as_object().unwrap() {
        assert!(group["size"].as_u64().unwrap() < 400 && group["limits"].is_null(), "{name}: {told}");
        assert!(file.contains(&format!("group: '{name}', size: {} }}", group["size"])), "{file}");
    }
    assert!(file.contains("in_force: { from: 2026-09-01, until: 2026-12-31 }"), "{file}");

    place.write("scorecards/compared.yaml", &CARD.replace("group_size: 30", "group_size: 1000"));
    let few = place.refusal(&tables, "few-2026.yaml", &[]);
    assert!(few.contains("不足 `group_size` 的 1000"), "{few}");

    // Only a floor that nobody passes: most points are equal.
    place.write("scorecards/compared.yaml", &CARD.replace("floor: -400\n        cap: 400", "floor: -1\n        cap: 0"));
    let tied = place.refusal(&tables, "tied-2026.yaml", &[]);
    assert!(tied.contains("同分的主体太多") && tied.contains("grade-unreachable"), "{tied}");
}

#[test]
fn what_cannot_be_asked_is_wrong_usage_or_refused() {
    let place = Place::new();
    let tables = place.generate("set", "300");
    for missing in ["--scorecard", "--tables", "--pack", "--as-of", "--out"] {
        let mut arguments = place.arguments(&tables, "x.yaml");
        let at = arguments.iter().position(|word| word == missing).unwrap();
        arguments.drain(at..at + 2);
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        assert_eq!(xinzhi(&words).status.code(), Some(2), "{missing}");
    }
    let mut arguments = place.arguments(&tables, "x.yaml");
    arguments.extend(["--threads".to_owned(), "0".to_owned()]);
    assert_eq!(xinzhi(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).status.code(), Some(2));
    let refused = |out: &str, more: &[&str]| place.refusal(&tables, out, more);
    assert!(refused("x.yaml", &["--from", "2026-06-30"]).contains("不晚于 --as-of"));
    assert!(refused("x.yaml", &["--from", "2026-13-01"]).contains("--from `2026-13-01`"));
    assert!(refused("x.yaml", &["--until", "2026-06-30"]).contains("早于起日"));
    assert!(refused("x.txt", &[]).contains("不是 .yaml 文件名"));
    assert!(refused("X 1.yaml", &[]).contains("不能用作编号"), "the name is the id");
    assert!(refused("none/x.yaml", &[]).contains("无法写入"));
    // The calendar ends: nobody is told of an option that was not written.
    let last = refused("x.yaml", &["--from", "9999-12-31"]);
    assert!(last.contains("9999-12-31") && last.contains("请用 --until 写明"), "{last}");
    let mut arguments = place.arguments(&tables, "x.yaml");
    *arguments.iter_mut().find(|word| **word == "2026-06-30").unwrap() = "9999-12-31".to_owned();
    let last = text(&xinzhi(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).stderr);
    assert!(last.contains("--as-of `9999-12-31`") && !last.contains("--from"), "{last}");
    assert!(refused("set/x.yaml", &[]).contains("之内，请写到别处"));
    // Nothing is written through a link, over what stands beside it, or in the place of a link to nothing.
    fs::write(place.at("precious"), "precious").unwrap();
    std::os::unix::fs::symlink("precious", place.at("linked-2026.yaml.partial")).unwrap();
    place.cutoffs(&tables, "linked-2026.yaml", &[]);
    assert_eq!(fs::read_to_string(place.at("precious")).unwrap(), "precious");
    std::os::unix::fs::symlink("nowhere", place.at("dangling.yaml")).unwrap();
    assert!(refused("dangling.yaml", &[]).contains("已经存在") && place.at("dangling.yaml").is_symlink());

    let (_, file) = place.cutoffs(&tables, "first-2026.yaml", &[]);
    let again = xinzhi(&place.arguments(&tables, "first-2026.yaml").iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!again.status.success() && text(&again.stderr).contains("已经存在"));
    assert_eq!(fs::read_to_string(place.at("first-2026.yaml")).unwrap(), file, "what is published is not rewritten");
    place.write("cutoffs/first-2026.yaml", &file);
    let twice = refused("second-2026.yaml", &[]);
    assert!(twice.contains("cutoffs-overlap") && twice.contains("first-2026"), "{twice}");
    place.cutoffs(&tables, "second-2027.yaml", &["--from", "2027-07-01", "--until", "2027-12-31"]);
    // A rule that was changed takes its limits with it.
    place.write("scorecards/compared.yaml", &CARD.replace("差: -7", "差: -8"));
    let pack = place.pack();
    let stale = xinzhi(&["pack", "check", pack.to_str().unwrap()]);
    assert_eq!(stale.status.code(), Some(1));
    let stale = text(&stale.stdout);
    assert!(stale.contains("cutoffs/first-2026.yaml:8:9 错误[cutoffs-stale]"), "{stale}");
    fs::remove_file(pack.join("cutoffs/first-2026.yaml")).unwrap();
    let by_points = CARD.replace(" share: 10%", " from: 600").replace(" share: 60%", " from: 500").replace(" share: 30%", " from: 0");
    place.write("scorecards/compared.yaml", &by_points.lines().filter(|line| !line.starts_with("peers")).collect::<Vec<_>>().join("\n"));
    assert!(refused("x.yaml", &[]).contains("没有写 `peers`"));
    place.write(
        "scorecards/compared.yaml",
        &CARD.replace("in_force: { from: 2026-04-01 }", "in_force: { from: 2026-04-01, until: 2026-05-01 }"),
    );
    assert!(refused("x.yaml", &[]).contains("不能计算界限：评价模型已于 2026-05-01 停止使用"));
    place.write("scorecards/compared.yaml", &CARD.replace("in_force: { from: 2026-04-01 }", "in_force: { from: 2027-01-01 }"));
    place.cutoffs(&tables, "before-2027.yaml", &["--from", "2027-01-01"]);
}

#[test]
fn limits_of_the_models_can_be_tried_on_a_made_up_set() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/packs/models");
    let (tables, out) = (at("tables"), at("agency-peers-2027-07-01.yaml"));
    let generate = ["generate", "--only", "parquet", "--pack", pack, "--scorecard", "agency-peers", "--through", "2026-06-30"];
    told(&[&generate[..], &["--subjects", "600", "--records", "60000", "--seed", "7", "--out", &tables]].concat());
    let set: Value = serde_json::from_slice(&fs::read(place.path().join("tables/tables.json")).unwrap()).unwrap();
    let made: Vec<&String> = set["records"].as_object().unwrap().iter().filter(|(_, many)| **many != 0).map(|(kind, _)| kind).collect();
    assert_eq!(made, ["agency-registration", "agency-review"], "what the scorecard reads, and nothing else");
    let cutoffs = ["cutoffs", "--scorecard", "agency-peers", "--tables", &tables, "--pack", pack, "--as-of", "2026-06-30"];
    let said = told(&[&cutoffs[..], &["--from", "2027-07-01", "--out", &out]].concat());
    assert!(said.contains("2027-07-01 至 2028-06-30 的界限") && said.contains("测绘"), "{said}");
    // Another pack beside it changes no limit.
    let (beside, again) = (concat!(env!("CARGO_MANIFEST_DIR"), "/packs/cangnan-market"), at("again.yaml"));
    told(&[&cutoffs[..], &["--pack", beside, "--from", "2027-07-01", "--out", &again]].concat());
    let limits = |file: &str| fs::read_to_string(file).unwrap().split_once("everyone:").unwrap().1.to_owned();
    assert_eq!(limits(&out), limits(&again));
    let refused = xinzhi(&[&generate[..6], &["no-such", "--out", &at("never")]].concat());
    assert!(refused.status.code() == Some(1) && text(&refused.stderr).contains("没有评价模型 `no-such`"), "{}", text(&refused.stderr));
}

const HEAD: &str = "主体名称,统一社会信用代码,文书号,作出日期,作出单位";

/// The models as they are carried, with limits of the autumn of 2026 in the place of their own.
fn models() -> Files {
    let files = Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("packs/models")).unwrap();
    let files: Files = files
        .iter()
        .filter(|(path, _)| !path.starts_with("cutoffs/"))
        .map(|(path, text)| {
            // Cases of the limits that were left out would no longer hold.
            let text = if path == "cases/peers.yaml" { "[]\n" } else { text };
            (path.to_owned(), text.to_owned())
        })
        .collect();
    let rule = files.text_digest("scorecards/agency-peers.yaml");
    let digest = "0".repeat(64);
    let small = ["环境影响评价", "工程造价", "审计", "其他类别"].map(|name| format!("  - {{ group: {name}, size: 3 }}\n")).concat();
    let limits = format!(
        "cutoffs: agency-autumn
scorecard: agency-peers
made: {{ as_of: 2026-08-31, tables: '{digest}', pack: '{digest}', rule: '{rule}' }}
in_force: {{ from: 2026-09-01, until: 2026-11-30 }}
everyone: {{ size: 412, limits: {{ A: 90, B: 70, C: 50 }} }}
groups:
  - {{ group: 测绘, size: 44, limits: {{ A: 96, B: 88, C: 80 }} }}
{small}"
    );
    files.with("cutoffs/agency-autumn.yaml", &limits)
}

fn deliver(town: &Town, who: &Caller, source: &str, file: &str) {
    let texts = [("source", source), ("encoding", "utf-8"), ("covers_from", "2024-11-23"), ("covers_through", "2026-11-23")];
    let staged = town.upload_form(who, &town.fresh_key(), &form(&texts, file.as_bytes())).ok();
    assert_eq!((&staged["counts"]["refused"], &staged["counts"]["quarantined"]), (&json!(0), &json!(0)), "{staged}");
    town.post(who, &format!("/api/v1/batches/{}/commit", staged["id"]), &json!(null)).ok();
}

#[test]
fn d8_each_subject_is_told_by_whose_limits_it_is_graded_from_which_run_and_until_when() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        town.wait(town.office.install_pack("models", models())).unwrap();
        let (mapper, auditor, nobody) = (company(1), company(2), company(3));
        // 50 + 18 + 12.
        let review = |who: &crate::support::files::Company, number: u32| -> String {
            let row = |(rater, level)| format!("{},{},项目{number},2026-06-01,示范单位,{rater},{level}\n", who.name, who.code);
            [("业主", "五星"), ("主管部门", "三星"), ("中心", "三星")].map(row).concat()
        };
        let reviews = [review(&mapper, 1), review(&auditor, 2), review(&nobody, 3)].concat();
        deliver(town, &centre, "agency-review", &format!("{HEAD},评价方,评价等次\n{reviews}"));
        let registered = |who: &crate::support::files::Company, kind: &str| {
            format!("{},{},登记{},2025-03-01,示范中心,{kind}\n", who.name, who.code, who.code)
        };
        let file = format!("{HEAD},服务类别\n{}{}", registered(&mapper, "测绘"), registered(&auditor, "审计"));
        deliver(town, &centre, "agency-registration", &file);
        let evaluated = |code: &str, more: &str| -> Value {
            let query = format!("purpose={}&scorecard=agency-peers{more}", encoded("日常监管"));
            town.get(&centre, &format!("/api/v1/subjects/{code}/evaluations?{query}")).ok()[0].clone()
        };
        // The same 80 points, and three answers.
        let found = [&mapper, &auditor, &nobody].map(|who| evaluated(&who.code, ""));
        let grades: Vec<(&str, &str)> = found.iter().map(|e| (e["points"].as_str().unwrap(), e["grade"].as_str().unwrap())).collect();
        assert_eq!(grades, [("80", "C"), ("80", "B"), ("80", "B")]);
        let says: Vec<&str> = found.iter().map(|e| e["peers"]["says"].as_str().unwrap()).collect();
        assert!(
            says[0].starts_with("按同组“测绘”（44 个主体）的界限定级；界限按 2026-08-31 的数据计算，自 2026-09-01 至 2026-11-30 有效"),
            "{says:?}"
        );
        assert!(says[1].starts_with("同组“审计”主体不足，按全部 412 个主体的界限定级"), "{says:?}");
        assert!(says[2].starts_with("没有写明属于哪一组，按全部 412 个主体的界限定级"), "{says:?}");
        assert_eq!(found[0]["peers"]["limits"][1], json!({ "grade": "B", "from": "88" }));
        assert_eq!(found[0]["valid_until"], "2026-11-30", "no longer than its limits");
        let later = evaluated(&mapper.code, "&as_of=2026-12-01");
        assert_eq!((&later["points"], &later["grade"], &later["peers"]), (&json!(null), &json!(null), &json!(null)));
        assert!(later["reason"].as_str().unwrap().contains("没有有效的同业界限"), "{later}");

        let person = town.person(Role::Centre);
        let page = town.get(&person, "/rules/national/agency-peers").text();
        for said in ["同组的前 10%", "同组的其后 30%", "96 分起", "2026-09-01 至 2026-11-30 的界限", "主体不足，按全部主体的界限"]
        {
            assert!(page.contains(said), "{said}: {page}");
        }
        let query = format!("/desk/subjects/{}?purpose={}", mapper.code, encoded("日常监管"));
        let page = town.get(&person, &query).text();
        assert!(page.contains("按同组“测绘”（44 个主体）的界限定级"), "{page}");
        assert_eq!(town.doctor(), []);
    });
}

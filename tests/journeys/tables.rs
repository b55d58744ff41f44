//! A table set from end to end, as an operator drives it: made up, evaluated, compared, spoilt.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::demonstration::demonstrate;
use crate::support::binary::{self, json, program, text, told, xinzhi};
use crate::support::files::{company, registration};

const PACK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packs/national");

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A set of 300 subjects with 5 000 records.
    fn generate(&self, name: &str, partition: &str) -> String {
        let out = self.at(name).to_str().unwrap().to_owned();
        let size = ["--subjects", "300", "--records", "5000", "--seed", "3", "--through", "2026-11-20", "--partition-subjects", partition];
        let said = told(&[&["generate", "--only", "parquet", "--pack", PACK, "--out", &out][..], &size].concat());
        assert!(said.contains("300 个主体，5000 条记录，截至 2026-11-20"), "{said}");
        out
    }

    fn arguments(&self, tables: &str, out: &str) -> Vec<String> {
        let out = self.at(out).to_str().unwrap().to_owned();
        let words =
            ["evaluate", "--scorecard", "market-entity", "--tables", tables, "--pack", PACK, "--as-of", "2026-11-20", "--out", &out];
        words.map(str::to_owned).to_vec()
    }

    #[track_caller]
    fn evaluate(&self, tables: &str, out: &str, more: &[&str]) -> Value {
        let arguments = self.arguments(tables, out);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(["--json"]).chain(more.iter().copied()).collect();
        json(&arguments)
    }

    /// The sentence of a refusal, which leaves no result behind.
    #[track_caller]
    fn refusal(&self, tables: &str) -> String {
        let arguments = self.arguments(tables, "never.parquet");
        let output = xinzhi(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        let left: Vec<String> =
            fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        assert!(left.iter().all(|name| !name.starts_with("never")), "{left:?}");
        text(&output.stderr)
    }
}

/// Everything but what names the set itself.
fn said(mut summary: Value) -> Value {
    summary.as_object_mut().unwrap().remove("tables");
    summary.as_object_mut().unwrap().remove("moved");
    summary
}

#[test]
fn d1_neither_threads_nor_partitions_change_a_result() {
    let place = Place::new();
    let whole = place.generate("whole", "300");
    let first = place.evaluate(&whole, "whole.parquet", &["--threads", "1"]);
    let subjects = first["subjects"].as_u64().unwrap();
    assert!((150..=300).contains(&subjects), "those whom the scorecard is for: {first}");
    let grades = first["grades"].as_object().unwrap();
    assert_eq!(grades.values().filter_map(Value::as_u64).sum::<u64>(), subjects);
    assert!(grades.values().filter(|many| many.as_u64() > Some(0)).count() >= 2, "{first}");
    assert_eq!(first["as_of"], "2026-11-20");
    place.evaluate(&whole, "two.parquet", &["--threads", "2"]);
    assert!(fs::read(place.at("whole.parquet")).unwrap() == fs::read(place.at("two.parquet")).unwrap(), "the same bytes");
    // In seven partitions, and everybody alone.
    for partition in ["43", "1"] {
        let parts = place.generate(&format!("by {partition}"), partition);
        let many = fs::read_dir(&parts).unwrap().count() - 2;
        assert_eq!(many, if partition == "1" { 300 } else { 7 });
        for threads in ["1", "2"] {
            let out = format!("{partition} {threads}.parquet");
            let against = place.at("whole.parquet");
            let summary = place.evaluate(&parts, &out, &["--threads", threads, "--against", against.to_str().unwrap()]);
            let moved = summary["moved"]["grades"].as_array().unwrap();
            assert!(moved.iter().all(|line| line["from"] == line["to"]), "{moved:?}");
            assert_eq!(moved.iter().filter_map(|line| line["subjects"].as_u64()).sum::<u64>(), subjects);
            assert_eq!(said(summary), said(first.clone()), "{partition} a partition, {threads} threads");
        }
    }
}

#[test]
fn two_days_are_compared_and_told_in_words() {
    let place = Place::new();
    let tables = place.generate("set", "100");
    place.evaluate(&tables, "now.parquet", &[]);
    let arguments = place.arguments(&tables, "later.parquet");
    let against = place.at("now.parquet");
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(["--against", against.to_str().unwrap()]).collect();
    *arguments.iter_mut().find(|word| **word == "2026-11-20").unwrap() = "2027-11-20";
    let words = told(&arguments);
    for word in ["评价日 2027-11-20", "主体类别", "企业", "乡镇街道", "330899101", "没有分数的原因", "与 2026-11-20 的结果比较"]
    {
        assert!(words.contains(word), "{word}: {words}");
    }
    let again = xinzhi(&arguments);
    assert!(!again.status.success() && text(&again.stderr).contains("已存在"), "a result is never overwritten");
}

/// Every office and every set counts its subjects from 1.
#[test]
fn strangers_of_the_same_numbers_are_never_compared() {
    let place = Place::new();
    let word = |name: &str| place.at(name).to_str().unwrap().to_owned();
    let tables = place.generate("set", "100");
    place.evaluate(&tables, "of-set.parquet", &[]);
    let (data, dj) = (word("data"), word("dj.csv"));
    binary::found(&place.at("data"), None);
    fs::write(&dj, registration(&[&company(1), &company(2)])).unwrap();
    told(&["import", &dj, "--source", "registration", "--encoding", "utf-8", "--data", &data]);
    let everybody = ["evaluate", "--scorecard", "market-entity", "--as-of", "2026-11-20", "--data", &data];
    let of_office = |out: &str, more: &[&str]| xinzhi(&[&everybody[..], &["--out", &word(out)], more].concat());
    assert!(of_office("of-office.parquet", &[]).status.success());
    // One way and the other: the office with the set, and the set with the office.
    let of_set = place.arguments(&tables, "never.parquet");
    let of_set: Vec<&str> = of_set.iter().map(String::as_str).collect();
    let (theirs, ours) = (word("of-set.parquet"), word("of-office.parquet"));
    for refused in [of_office("never.parquet", &["--against", &theirs]), xinzhi(&[&of_set[..], &["--against", &ours]].concat())] {
        let said = text(&refused.stderr);
        assert_eq!((refused.status.code(), text(&refused.stdout).as_str()), (Some(1), ""), "{said}");
        for words in ["不能与这次的结果比较：编号 ", "两份结果的主体不是同一批；请换成同一单位或同一表集的结果，或不作比较"]
        {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(!place.at("never.parquet").exists() && !place.at("never.parquet.partial").exists());
    }
    // What was kept by itself and is of somebody else stops nothing, and nothing is told of moves.
    fs::copy(&theirs, place.at("data/projection/results/market-entity.parquet")).unwrap();
    let output = of_office("again.parquet", &["--json"]);
    assert!(output.status.success() && text(&output.stderr).contains("提示：无法与上次的结果比较"), "{}", text(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["moved"], &summary["subjects"]), (&json!(null), &json!(2)));
    let again = of_office("third.parquet", &["--json", "--against", &ours]);
    let summary: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(summary["moved"]["grades"][0]["subjects"], 2, "{summary}");
}

#[test]
fn what_cannot_be_asked_is_wrong_usage_or_refused() {
    let place = Place::new();
    let tables = place.generate("set", "100");
    for wrong in [
        &["evaluate", "--scorecard", "market-entity"][..],
        &["evaluate", "--scorecard", "market-entity", "--tables", &tables],
        &["evaluate", "--scorecard", "market-entity", "--tables", &tables, "--pack", PACK, "--out", "x.parquet", "--threads", "0"],
        &["evaluate", "--scorecard", "market-entity", "--tables", &tables, "--pack", PACK, "--out", "x.parquet", "--subject", "1"],
        &["generate", "--only", "parquet", "--out", "x"],
        // What was written and would have no effect is never passed over, whatever else was written beside it.
        &["evaluate", "--scorecard", "market-entity", "--data", "d", "--out", "x.parquet", "--pack", "no/such/path"],
        &["evaluate", "--scorecard", "market-entity", "--database", "postgres://x", "--out", "x.parquet", "--pack", PACK],
        &["evaluate", "--scorecard", "market-entity", "--projection", "p", "--out", "x.parquet", "--pack", PACK],
        &["evaluate", "--scorecard", "market-entity", "--known", "1", "--out", "x.parquet", "--pack", PACK],
        &["evaluate", "--scorecard", "market-entity", "1", "--pack", PACK],
        &["evaluate", "--scorecard", "market-entity", "--subject", "1", "--against", "x.parquet"],
        &["evaluate", "--scorecard", "market-entity", "1", "--against", "x.parquet"],
        &["evaluate", "--scorecard", "market-entity", "1", "--from", "2026-01-01"],
        &["evaluate", "--scorecard", "market-entity", "--subject", "1", "--until", "2026-01-01"],
        &["evaluate", "--scorecard", "market-entity", "--out", "x.parquet", "--as-of", "2026-01-01", "--until", "2026-01-01"],
        &["evaluate", "--scorecard", "market-entity", "--out", "x.parquet", "--against", "y.parquet", "--from", "2026-01-01"],
        &["generate", "--only", "parquet", "--pack", PACK, "--out", "x", "--flawless"],
        &["generate", "--only", "parquet", "--pack", PACK, "--out", "x", "--partition-subjects", "0"],
    ] {
        assert_eq!(xinzhi(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let out = place.at("x.parquet");
    let refused = |scorecard: &str, pack: &str, tables: &str| {
        let output = xinzhi(&["evaluate", "--scorecard", scorecard, "--tables", tables, "--pack", pack, "--out", out.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        text(&output.stderr)
    };
    assert!(refused("no-such", PACK, &tables).contains("market-entity"));
    let market = concat!(env!("CARGO_MANIFEST_DIR"), "/packs/cangnan-market");
    let other = refused("stall-monthly", market, &tables);
    assert!(other.contains("另一版本") && other.contains("没有信息种类"), "{other}");
    assert!(refused("market-entity", PACK, place.0.path().to_str().unwrap()).contains("没有 tables.json"));
    assert!(!out.exists());
    let again = xinzhi(&["generate", "--only", "parquet", "--pack", PACK, "--out", &tables]);
    assert!(!again.status.success() && text(&again.stderr).contains("已存在"));
    for through in ["1900-01-01", "2099-12-31", "9999-12-31"] {
        let far = place.at("far");
        let output = xinzhi(&["generate", "--only", "parquet", "--pack", PACK, "--out", far.to_str().unwrap(), "--through", through]);
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains(through) && said.contains("1949-10-01"), "{said}");
        assert!(!far.exists());
    }
}

#[test]
fn a_result_beside_what_was_left_and_away_from_what_it_is_made_of() {
    let place = Place::new();
    let tables = place.generate("set", "300");
    // What a kill left, what somebody made, and a link that leads to something of value.
    let precious = place.at("precious");
    fs::write(&precious, "precious").unwrap();
    fs::write(place.at("x.parquet.partial"), "left").unwrap();
    std::os::unix::fs::symlink(&precious, place.at("x.parquet.2.partial")).unwrap();
    place.evaluate(&tables, "x.parquet", &[]);
    let text_of = |name: &str| fs::read_to_string(place.at(name)).unwrap();
    assert_eq!([text_of("precious"), text_of("x.parquet.partial")], ["precious", "left"]);
    assert!(fs::read(place.at("x.parquet")).unwrap().starts_with(b"PAR1") && !place.at("x.parquet.3.partial").exists());
    // Not into the set, by whatever way: the next run would find a file that nobody listed.
    std::os::unix::fs::symlink(&tables, place.at("link")).unwrap();
    for out in ["set/x.parquet", "set/part=00000/x.parquet", "link/part=00000/../y.parquet"] {
        let arguments = place.arguments(&tables, out);
        let output = xinzhi(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(output.status.code() == Some(1) && text(&output.stderr).contains("之内，请写到别处"), "{}", text(&output.stderr));
        assert!(!place.at(out).exists());
    }
    place.evaluate(&tables, "y.parquet", &[]);
}

#[test]
fn where_nothing_can_be_said_it_is_said_what_was_written() {
    let place = Place::new();
    let tables = place.generate("set", "300");
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = |arguments: &[&str]| {
        let output = program(arguments).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        text(&output.stderr)
    };
    for (out, json) in [("x.parquet", false), ("y.parquet", true)] {
        let arguments = place.arguments(&tables, out);
        let said = run(&arguments.iter().map(String::as_str).chain(json.then_some("--json")).collect::<Vec<_>>());
        assert!(said.contains("结果已写入") && said.contains(out) && said.contains("但摘要未能输出"), "{said}");
    }
    assert_eq!(fs::read(place.at("x.parquet")).unwrap(), fs::read(place.at("y.parquet")).unwrap());
    let months = ["--every", "month", "--from", "2026-09-01", "--until", "2026-10-31"];
    let backtest = [&["evaluate", "--scorecard", "market-entity", "--tables", &tables, "--pack", PACK][..], &months].concat();
    let said = run(&backtest);
    assert!(said.contains("摘要未能输出") && !said.contains("已写入"), "nothing was written: {said}");
    let made = place.at("made");
    let said =
        run(&["generate", "--only", "parquet", "--pack", PACK, "--subjects", "9", "--records", "9", "--out", made.to_str().unwrap()]);
    assert!(said.contains("结果已写入") && made.join("tables.json").exists(), "{said}");
}

#[test]
fn d1_a_backtest_says_of_each_month_what_a_run_of_its_last_day_says() {
    let place = Place::new();
    let tables = place.generate("set", "43");
    let out = place.at("backtest.parquet");
    let common = ["evaluate", "--scorecard", "market-entity", "--tables", &tables, "--pack", PACK, "--every", "month"];
    let asked = |more: &[&str]| -> Vec<String> { common.iter().chain(more).map(|word| (*word).to_owned()).collect() };
    let words = |of: &[String]| told(&of.iter().map(String::as_str).collect::<Vec<_>>());
    let range = ["--from", "2026-08-31", "--until", "2026-12-30"];
    let said: Value =
        serde_json::from_str(words(&asked(&[&range[..], &["--json", "--out", out.to_str().unwrap()]].concat())).lines().last().unwrap())
            .unwrap();
    let days = said["days"].as_array().unwrap();
    let as_of: Vec<&str> = days.iter().filter_map(|day| day["as_of"].as_str()).collect();
    assert_eq!(as_of, ["2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30"]);
    assert_eq!(said["left_out"], json!([]));
    assert!(out.exists());
    let mut before: Option<PathBuf> = None;
    for day in days {
        let file = place.at(&format!("{}.parquet", day["as_of"].as_str().unwrap()));
        let mut arguments = place.arguments(&tables, "x");
        *arguments.iter_mut().find(|word| **word == "2026-11-20").unwrap() = day["as_of"].as_str().unwrap().to_owned();
        *arguments.last_mut().unwrap() = file.to_str().unwrap().to_owned();
        let against: Vec<&str> = before.iter().flat_map(|path| ["--against", path.to_str().unwrap()]).collect();
        let alone = json(&arguments.iter().map(String::as_str).chain(["--json"]).chain(against).collect::<Vec<_>>());
        for column in ["grades", "forced", "reasons", "mean_points"] {
            assert_eq!(day[column], alone[column], "{column} on {}", day["as_of"]);
        }
        assert_eq!(said["subjects"], alone["subjects"]);
        let moves = |of: &Value| of.as_array().unwrap().iter().map(Value::to_string).collect::<std::collections::BTreeSet<_>>();
        if before.is_some() {
            assert_eq!(moves(&day["moved"]), moves(&alone["moved"]["grades"]), "{}", day["as_of"]);
        }
        before = Some(file);
    }
    let text = words(&asked(&range));
    assert!(text.contains("4 个评价日") && text.contains("评级有无变化"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("2026-")).count(), 4, "{text}");
}

#[test]
fn what_cannot_be_backtested_is_wrong_usage_or_refused() {
    let place = Place::new();
    let tables = place.generate("set", "300");
    let asked = |every: &str, more: &[&str]| {
        let common = ["evaluate", "--scorecard", "market-entity", "--tables", &tables, "--pack", PACK, "--every", every];
        xinzhi(&[&common[..], more].concat())
    };
    for (every, wrong) in [
        ("week", &["--from", "2026-05-01", "--until", "2026-06-30"][..]),
        ("month", &["--from", "2026-05-01"]),
        ("month", &["--until", "2026-05-01"]),
        ("month", &["--from", "2026-05-01", "--until", "2026-06-30", "--as-of", "2026-05-01"]),
        ("month", &["--from", "2026-05-01", "--until", "2026-06-30", "--against", "x.parquet"]),
    ] {
        assert_eq!(asked(every, wrong).status.code(), Some(2), "{every} {wrong:?}");
    }
    let alone =
        ["evaluate", "--scorecard", "market-entity", "--subject", "1", "--every", "month", "--from", "2026-05-01", "--until", "2026-06-30"];
    assert_eq!(xinzhi(&alone).status.code(), Some(2), "only over a table set");
    let out = place.at("never.parquet");
    for (every, from, until, word) in [
        ("month", "2026-06-30", "2026-06-29", "晚于"),
        ("month", "2026-06-01", "2026-06-29", "没有月末"),
        ("quarter", "2026-07-01", "2026-09-29", "没有季末"),
        ("year", "2026-01-01", "2026-12-30", "没有年末"),
        ("month", "1950-01-01", "2099-12-31", "超过 1200 个"),
        ("month", "9999-12-01", "9999-12-31", "没有可以回测的评价日（9999-12-31："),
        ("month", "2026-06-31", "2026-07-31", "--from `2026-06-31`"),
        ("month", "2020-01-01", "2020-12-31", "没有可以回测的评价日"),
    ] {
        let output = asked(every, &["--from", from, "--until", until, "--out", out.to_str().unwrap()]);
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains(word), "{every} {from} {until}: {said}");
    }
    assert!(!out.exists());
    // Months before the scorecard's force are left out, and it is said which.
    let output = asked("quarter", &["--from", "2020-01-01", "--until", "2026-11-30", "--json"]);
    let said = text(&output.stderr);
    assert!(output.status.success() && said.contains("未列入") && said.contains("2020-03-31"), "{said}");
    let object: Value = serde_json::from_str(text(&output.stdout).lines().last().unwrap()).unwrap();
    assert_eq!(object["left_out"][0], json!({ "as_of": "2020-03-31", "reason": "not-yet-in-force" }));
    assert_eq!(object["left_out"].as_array().unwrap().len() + object["days"].as_array().unwrap().len(), 27);
    fs::write(&out, b"").unwrap();
    let again = asked("month", &["--from", "2026-09-01", "--until", "2026-10-31", "--out", out.to_str().unwrap()]);
    assert!(!again.status.success() && text(&again.stderr).contains("已存在"));
}

/// Changes the manifest of a set as a program of somebody else might write it.
fn manifest(tables: &Path, change: impl FnOnce(&mut Value)) {
    let path = tables.join("tables.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut manifest);
    fs::write(path, manifest.to_string()).unwrap();
}

#[test]
fn a_spoilt_set_gives_a_sentence_and_never_half_a_result() {
    let place = Place::new();
    let tables = place.generate("set", "100");
    let root = Path::new(&tables);
    // The last partition, so that the others come out before it.
    let path = root.join("part=00002/inspection.parquet");
    let whole = fs::read(&path).unwrap();
    let note = |manifest: &mut Value, name: &str, key: &str, value: Value| manifest["partitions"][2]["files"][name][key] = value;

    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(place.refusal(&tables).contains("part=00002/inspection.parquet"), "cut");

    let mut changed = whole.clone();
    changed[100] ^= 1;
    fs::write(&path, &changed).unwrap();
    let refusal = place.refusal(&tables);
    assert!(refusal.contains("part=00002/inspection.parquet") && refusal.contains("已损坏"), "one bit: {refusal}");

    // Another kind's file under this name, with a manifest that goes along.
    let original = fs::read(root.join("tables.json")).unwrap();
    let foreign = fs::read(root.join("part=00002/honour.parquet")).unwrap();
    fs::write(&path, &foreign).unwrap();
    manifest(root, |manifest| {
        let rows = manifest["partitions"][2]["files"]["inspection.parquet"]["rows"].as_u64().unwrap();
        let other = manifest["partitions"][2]["files"]["honour.parquet"].clone();
        let all = manifest["records"]["inspection"].as_u64().unwrap();
        manifest["records"]["inspection"] = json!(all - rows + other["rows"].as_u64().unwrap());
        manifest["partitions"][2]["files"]["inspection.parquet"] = other;
    });
    let refusal = place.refusal(&tables);
    assert!(refusal.contains("inspection.parquet` 没有列"), "foreign: {refusal}");
    fs::write(root.join("tables.json"), &original).unwrap();
    fs::write(&path, &whole).unwrap();

    fs::write(root.join("part=00001/extra.parquet"), &whole).unwrap();
    assert!(place.refusal(&tables).contains("extra.parquet"), "a file that nobody listed");
    fs::remove_file(root.join("part=00001/extra.parquet")).unwrap();

    // A whole partition that nobody listed, and what only looks like one; what other programs leave beside is none of ours.
    let copied = root.join("part=00009");
    fs::create_dir(&copied).unwrap();
    for file in fs::read_dir(root.join("part=00001")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copied.join(file.file_name())).unwrap();
    }
    let refusal = place.refusal(&tables);
    assert!(refusal.contains(&format!("表集 `{tables}` 中的 `part=00009` 不在 tables.json 所列之内，请移走")), "{refusal}");
    fs::remove_dir_all(&copied).unwrap();
    for stray in ["part=1", "more.parquet"] {
        fs::write(root.join(stray), b"x").unwrap();
        let refusal = place.refusal(&tables);
        assert!(refusal.contains(&format!("`{stray}` 不在 tables.json 所列之内")), "{refusal}");
        fs::remove_file(root.join(stray)).unwrap();
    }
    std::os::unix::fs::symlink("part=00001", root.join("linked")).unwrap();
    assert!(place.refusal(&tables).contains("linked` 是符号链接"), "a link wherever it leads");
    fs::remove_file(root.join("linked")).unwrap();
    fs::create_dir(root.join("_delta_log")).unwrap();
    fs::write(root.join("_SUCCESS"), b"").unwrap();
    place.evaluate(&tables, "beside.parquet", &[]);

    manifest(root, |manifest| note(manifest, "subjects.parquet", "rows", json!(99)));
    assert!(place.refusal(&tables).contains("300 个主体"), "counts");
    manifest(root, |manifest| {
        manifest["subjects"] = json!(299);
    });
    assert!(place.refusal(&tables).contains("subjects.parquet"), "a file that has more rows than it should");
    fs::write(root.join("tables.json"), b"{}").unwrap();
    assert!(place.refusal(&tables).contains("tables.json"), "no manifest");
    fs::write(root.join("tables.json"), &original).unwrap();
    place.evaluate(&tables, "fine.parquet", &[]);
}

#[test]
fn d1_what_an_office_of_two_packs_writes_is_read_by_both_with_the_results_of_the_office() {
    let place = Place::new();
    let word = |name: &str| place.at(name).to_str().unwrap().to_owned();
    let (data, tables) = (word("data"), word("tables"));
    let market = concat!(env!("CARGO_MANIFEST_DIR"), "/packs/cangnan-market");
    assert!(demonstrate(&["--data", &data]).0, "the demonstration did not start");
    told(&["columns", "--data", &data, "--out", &tables]);
    let set: Value = serde_json::from_slice(&fs::read(place.at("tables/tables.json")).unwrap()).unwrap();
    for (number, scorecard) in ["market-entity", "stall-monthly"].into_iter().enumerate() {
        let result = |name: &str| word(&format!("{name}-{number}.parquet"));
        let of_office = result("office");
        let evaluate = ["evaluate", "--scorecard", scorecard, "--json"];
        let office = json(&[&evaluate[..], &["--data", &data, "--out", &of_office]].concat());
        let day = office["as_of"].as_str().unwrap();
        let read = |out: &str, packs: [&str; 2]| {
            let packs = packs.into_iter().flat_map(|pack| ["--pack", pack]);
            let of_set = ["--tables", &tables, "--out", out, "--as-of", day, "--against", &of_office];
            json(&evaluate.into_iter().chain(of_set).chain(packs).collect::<Vec<_>>())
        };
        let (one, other) = (result("one"), result("other"));
        let told = read(&one, [PACK, market]);
        assert_eq!(told["pack_digest"], set["pack_digest"], "the packs of the office, as it has them");
        let moved = told["moved"]["grades"].as_array().unwrap();
        assert!(!moved.is_empty() && moved.iter().all(|line| line["from"] == line["to"]), "{scorecard}: {moved:?}");
        assert_eq!(said(told), said(office.clone()), "{scorecard}");
        read(&other, [market, PACK]);
        assert!(fs::read(one).unwrap() == fs::read(other).unwrap(), "the order of packs changes nothing");
    }
    // By one of them alone it cannot be read, and what to do is said.
    let refused = |packs: &[&str]| {
        let out = word("never.parquet");
        let words = ["evaluate", "--scorecard", "market-entity", "--tables", &tables, "--out", &out];
        let output = xinzhi(&words.into_iter().chain(packs.iter().flat_map(|pack| ["--pack", *pack])).collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        text(&output.stderr)
    };
    let alone = refused(&[PACK]);
    assert!(alone.contains("没有列出的取值") && alone.contains("请用 --pack 逐个写出"), "{alone}");
    let second = place.at("elsewhere/national");
    fs::create_dir_all(&second).unwrap();
    fs::copy(format!("{PACK}/pack.yaml"), second.join("pack.yaml")).unwrap();
    assert!(refused(&[PACK, second.to_str().unwrap()]).contains("两个名为 `national` 的规则包"));
    // People are told what a township is called, where the office knows it.
    let words = |more: &[&str]| told(&[&["evaluate", "--scorecard", "market-entity", "--out"], more].concat());
    let (named, bare) = (
        words(&[&word("named.parquet"), "--data", &data]),
        words(&[&word("bare.parquet"), "--tables", &tables, "--pack", PACK, "--pack", market]),
    );
    assert!(named.contains("330899101 青溪镇"), "{named}");
    assert!(bare.contains("330899101") && !bare.contains("青溪镇"), "{bare}");
}

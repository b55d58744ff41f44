//! The same again is a duplicate; something else under the same number waits for a person.

use serde_json::json;
use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::record::BatchId;
use xinzhi_office::import::{self, Ruling};

use crate::support::files::{FINE, Penalty, company, penalties, registration};
use crate::support::town::{Town, each_database, word};

/// The numbers of the penalties in a subject's file with their content.
fn penalties_of(town: &Town, code: &str) -> Vec<String> {
    let records = town.file(&town.program(Role::Centre), code, "records");
    let penalties = records.as_array().unwrap().iter().filter(|r| r["kind"] == "行政处罚");
    penalties.map(|r| word(&r["fields"]["处罚内容"])).collect()
}

fn rule(town: &Town, by: &Actor, batch: &serde_json::Value, accept: bool) -> Result<(), xinzhi_office::Error> {
    let ruling = Ruling { accept, reason: "已核对决定书原件".to_owned(), code: None };
    town.wait(import::rule(&town.office, by, (BatchId(batch["id"].as_i64().unwrap()), 2), &ruling))
}

#[test]
fn e9_the_same_file_twice_changes_nothing() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        let file = penalties(&[(&company, FINE), (&company, Penalty { number: "示市监罚〔2026〕9号", ..FINE })]);
        town.import(&centre, "cf-2018", &file);
        let before = (town.file(&centre, &company.code, "records"), town.evaluation(&centre, &company.code)["indicators"].clone());

        let again = town.import(&centre, "cf-2018", &file);
        assert_eq!(again["counts"], json!({"read": 2, "accepted": 0, "duplicate": 2, "refused": 0, "quarantined": 0}));
        let verdicts = town.verdicts(&centre, &again);
        assert!(
            verdicts.iter().all(|(_, outcome, codes)| outcome == "duplicate" && codes.contains(&"row.duplicate".to_owned())),
            "{verdicts:?}"
        );
        assert_eq!((town.file(&centre, &company.code, "records"), town.evaluation(&centre, &company.code)["indicators"].clone()), before);
    });
}

#[test]
fn a_correction_and_a_conflict_wait_and_ruling_closes_the_old_version() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        let officer = town.actor(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        town.import(&centre, "cf-2018", &penalties(&[(&company, FINE)]));

        let corrected = Penalty { content: "罚款三千元", fine: "0.3", ..FINE };
        let batch = town.import(&centre, "cf-2018", &penalties(&[(&company, corrected)]));
        assert_eq!(batch["counts"]["quarantined"], 1);
        let (_, outcome, codes) = town.verdicts(&centre, &batch)[0].clone();
        assert_eq!((outcome.as_str(), codes.last().map(String::as_str)), ("quarantined", Some("row.correction")));
        assert_eq!(penalties_of(town, &company.code), ["罚款五千元"], "nothing changes by itself");

        let waiting = town.wait(import::waiting(&town.office, &officer, 10)).unwrap();
        let said = |fields: &[(String, String)]| fields.iter().find(|(title, _)| title == "处罚内容").map(|(_, text)| text.clone());
        assert_eq!(waiting.len(), 1);
        assert_eq!(said(&waiting[0].fields).as_deref(), Some("罚款三千元"));
        assert_eq!(said(&waiting[0].against.as_ref().unwrap().1).as_deref(), Some("罚款五千元"), "the officer sees both versions");

        // A program may not rule; a person may, once.
        let program = Actor { is_person: false, ..town.actor(Role::Centre) };
        let refused = rule(town, &program, &batch, true).unwrap_err().to_string();
        assert!(refused.contains("具名工作人员"), "{refused}");
        let before = town.head();
        rule(town, &officer, &batch, true).unwrap();
        assert_eq!(town.told(before), [("row_ruled".to_owned(), json!({"accepted": 1, "batch": batch["id"], "row": 2}))]);
        assert_eq!(penalties_of(town, &company.code), ["罚款三千元"], "one version stands");
        assert!(rule(town, &officer, &batch, true).unwrap_err().to_string().contains("已经核实处理"));

        // Another supplier's version of the same document is a conflict; refusing it leaves the standing one.
        let other = Penalty { content: "罚款九千元", fine: "0.9", ..FINE };
        let neighbour = penalties(&[(&company, other)]).replace(",示范县市场监督管理局,\n", ",示范县税务局,\n");
        let batch = town.import(&centre, "cf-2018", &neighbour);
        assert_eq!(batch["counts"]["quarantined"], 1, "{batch}");
        rule(town, &officer, &batch, false).unwrap();
        assert_eq!(penalties_of(town, &company.code), ["罚款三千元"]);
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn d6_a_name_alone_finds_nobody_until_an_officer_states_the_code() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        let file = penalties(&[(&company, FINE)]).replace(&company.code, "");
        let batch = town.import(&centre, "cf-2018", &file);
        let (_, outcome, codes) = town.verdicts(&centre, &batch)[0].clone();
        assert_eq!(outcome, "quarantined", "{codes:?}");
        assert!(penalties_of(town, &company.code).is_empty(), "the same name is not the same subject");
        let officer = town.actor(Role::Centre);
        assert!(rule(town, &officer, &batch, true).unwrap_err().to_string().contains("统一社会信用代码"));
        let (batch, wrong) = (BatchId(batch["id"].as_i64().unwrap()), "91330899MA2000000X");
        let ruling = |code: &str| Ruling { accept: true, reason: "决定书载明".to_owned(), code: Some(code.to_owned()) };
        let refused = town.wait(import::rule(&town.office, &officer, (batch, 2), &ruling(wrong))).unwrap_err().to_string();
        assert!(refused.contains("校验位"), "{refused}");
        town.wait(import::rule(&town.office, &officer, (batch, 2), &ruling(&company.code))).unwrap();
        assert_eq!(penalties_of(town, &company.code), ["罚款五千元"]);
    });
}

#[test]
fn e9_rows_that_another_batch_overtook_since_the_preview_are_judged_again() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        let changed = Penalty { content: "罚款三千元", fine: "0.3", ..FINE };
        let other = Penalty { number: "示市监罚〔2026〕12号", ..FINE };
        let files = [penalties(&[(&company, FINE)]), penalties(&[(&company, FINE), (&company, other)]), penalties(&[(&company, changed)])];
        let staged = files.map(|file| town.upload(&centre, "cf-2018", &file).ok());
        assert!(
            staged.iter().all(|batch| batch["counts"]["accepted"] == batch["counts"]["read"]),
            "each preview was right when it was made"
        );
        let counts = staged.clone().map(|batch| {
            let path = format!("/api/v1/batches/{}", batch["id"]);
            let counts = town.post(&centre, &format!("{path}/commit"), &json!(null)).ok();
            assert_eq!(town.get(&centre, &path).ok()["counts"], counts, "the batch tells what became of it");
            ["read", "accepted", "duplicate", "quarantined"].map(|name| counts[name].as_i64().unwrap())
        });
        assert_eq!(counts, [[1, 1, 0, 0], [2, 1, 1, 0], [1, 0, 0, 1]]);
        let mut standing = penalties_of(town, &company.code);
        standing.sort();
        assert_eq!(standing, ["罚款五千元", "罚款五千元"], "one of each number");
        assert_eq!(town.doctor(), [], "roots leave out what stood aside");

        // The overtaken correction is ruled on like any other.
        rule(town, &town.actor(Role::Centre), &staged[2], true).unwrap();
        let mut standing = penalties_of(town, &company.code);
        standing.sort();
        assert_eq!(standing, ["罚款三千元", "罚款五千元"]);
        assert_eq!(town.doctor(), []);
    });
}

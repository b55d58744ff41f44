//! Recall: a batch that was taken back is as if it had never been, and the journal says that it was.

use serde_json::json;
use xinzhi_core::actor::Role;

use crate::support::files::{FINE, Penalty, company, honours, penalties, registration};
use crate::support::town::{each_database, form, word};

#[test]
fn x6_a_recalled_batch_is_as_if_it_had_never_been() {
    each_database(|town| {
        let [first, second] = [company(1), company(2)];
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&first, &second]));
        town.import(&centre, "honour", &honours(&[(&first, "示政〔2026〕1号", "省级", "2026-05-01")]));
        let kept = Penalty { number: "示市监罚〔2026〕7号", ..FINE };
        town.import(&centre, "cf-2018", &penalties(&[(&second, kept)]));
        let before = town.evaluation(&centre, &first.code);
        assert_eq!(before["points"], "870");

        // One row is new, another is repeated by a later batch of the next department.
        let repeated = Penalty { number: "示市监罚〔2026〕8号", ..FINE };
        let wrong = town.import(&centre, "cf-2018", &penalties(&[(&first, FINE), (&first, repeated)]));
        let again = town.import(&centre, "cf-2018", &penalties(&[(&first, repeated)]));
        assert_eq!((&again["counts"]["accepted"], &again["counts"]["duplicate"]), (&json!(0), &json!(1)));
        assert_eq!(town.evaluation(&centre, &first.code)["points"], "830");

        let position = town.head();
        let path = format!("/api/v1/batches/{}/recall", wrong["id"]);
        let bare = town.post(&centre, &path, &json!({"reason": "  "}));
        assert!(bare.refused(422, "field_invalid").contains("理由"));
        let recalled = town.post(&centre, &path, &json!({"reason": "部门报错了文件"})).ok();
        assert_eq!(recalled["state"], "recalled");
        assert_eq!(town.told(position), [("batch_recalled".to_owned(), json!({"batch": wrong["id"]}))]);
        town.post(&centre, &path, &json!({"reason": "再撤一次"})).refused(409, "batch_state");

        // The row that another batch repeated stands on; the other is gone from evaluation and file.
        let after = town.evaluation(&centre, &first.code);
        assert_eq!(after["points"], "850", "{after}");
        assert_eq!(after["indicators"][0]["contributions"][0]["document"], repeated.number);
        let records = town.file(&centre, &first.code, "records");
        let numbers: Vec<String> = records.as_array().unwrap().iter().map(|r| word(&r["document"])).collect();
        assert!(!numbers.contains(&FINE.number.to_owned()) && numbers.contains(&repeated.number.to_owned()), "{numbers:?}");

        // With the repeating batch gone too, everything is as it was before both.
        town.post(&centre, &format!("/api/v1/batches/{}/recall", again["id"]), &json!({"reason": "同样是错报"})).ok();
        let end = town.evaluation(&centre, &first.code);
        assert_eq!((&end["points"], &end["indicators"]), (&before["points"], &before["indicators"]));
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn x6_a_staged_batch_counts_for_nothing_and_can_be_committed_once() {
    each_database(|town| {
        let company = company(1);
        let department = town.program(Role::Department);
        town.import(&department, "registration", &registration(&[&company]));
        let staged = town.upload(&department, "cf-2018", &penalties(&[(&company, FINE)])).ok();
        assert_eq!(staged["state"], "staged");
        let kinds: Vec<String> =
            town.file(&department, &company.code, "records").as_array().unwrap().iter().map(|r| word(&r["kind"])).collect();
        assert_eq!(kinds, ["市场主体登记"], "a staged row is nobody's record");
        let path = format!("/api/v1/batches/{}", staged["id"]);
        town.post(&department, &format!("{path}/recall"), &json!({"reason": "还没有生效"})).refused(409, "batch_state");
        town.post(&department, &format!("{path}/commit"), &json!(null)).ok();
        town.post(&department, &format!("{path}/commit"), &json!(null)).refused(409, "batch_state");
        assert_eq!(town.file(&department, &company.code, "records").as_array().unwrap().len(), 2);
    });
}

#[test]
fn x6_a_row_that_repeated_what_was_recalled_before_its_own_commit_stands_in() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        let first = town.import(&centre, "cf-2018", &penalties(&[(&company, FINE)]));
        let staged = town.upload(&centre, "cf-2018", &penalties(&[(&company, FINE)])).ok();
        assert_eq!(staged["counts"]["duplicate"], 1);
        town.post(&centre, &format!("/api/v1/batches/{}/recall", first["id"]), &json!({"reason": "部门报错了文件"})).ok();
        let path = format!("/api/v1/batches/{}", staged["id"]);
        let counts = town.post(&centre, &format!("{path}/commit"), &json!(null)).ok();
        assert_eq!((&counts["accepted"], &counts["duplicate"]), (&json!(1), &json!(0)));
        let at_commit = town.verdicts(&centre, &staged);
        assert!(at_commit.contains(&(2, "accepted".to_owned(), vec!["row.stands_in".to_owned()])), "{at_commit:?}");
        let records = town.file(&centre, &company.code, "records");
        assert_eq!(records.as_array().unwrap().iter().filter(|r| r["document"] == FINE.number).count(), 1);
        // The record that stands in goes with its batch.
        town.post(&centre, &format!("{path}/recall"), &json!({"reason": "同样是错报"})).ok();
        assert_eq!(town.file(&centre, &company.code, "records").as_array().unwrap().len(), 1);
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn x6_w4_where_a_registration_that_does_not_hold_places_a_company_counts_for_nothing() {
    each_database(|town| {
        let [company, other] = [company(1), company(2)];
        let centre = town.program(Role::Centre);
        let stage = |source: &str, file: &str, area: &str| {
            let days = [("covers_from", "2023-11-01"), ("covers_through", "2026-11-22")];
            let texts = [&[("source", source), ("encoding", "utf-8"), ("area", area)][..], &days[..]].concat();
            town.upload_form(&centre, &town.fresh_key(), &form(&texts, file.as_bytes())).ok()["id"].clone()
        };
        let commit = |batch: serde_json::Value| town.post(&centre, &format!("/api/v1/batches/{batch}/commit"), &json!(null)).ok();
        commit(stage("registration", &registration(&[&other]), "330899"));
        let staged = stage("registration", &registration(&[&company]), "330899");
        // Penalties and honours are reported in full for its township alone.
        commit(stage("cf-2018", &penalties(&[(&company, FINE)]), "330899101"));
        commit(stage("honour", &honours(&[(&other, "示政〔2026〕1号", "省级", "2026-05-01")]), "330899101"));
        let points = || town.evaluation(&centre, &company.code)["points"].clone();
        assert_eq!(points(), json!(null), "a staged registration tells nobody where it lies");
        commit(staged.clone());
        let placed = points();
        assert_ne!(placed, json!(null));
        let check = town.check(&centre, &company.code).ok();
        town.post(&centre, &format!("/api/v1/batches/{staged}/recall"), &json!({"reason": "部门报错了文件"})).ok();
        assert_eq!(points(), json!(null), "nor does one that was taken back: {placed}");
        assert_eq!(town.check(&centre, &company.code).ok()["subject"], check["subject"]);
        assert_eq!(town.doctor(), [], "both checks replay");
    });
}

//! What was known at a position, read by the law of a day, gives the same answer for ever.

use serde_json::json;
use xinzhi_core::actor::Role;

use crate::support::database::{force, unguard};
use crate::support::files::{FINE, Penalty, REVOKED, company, honours, penalties, registration};
use crate::support::town::{each_database, encoded, form};

#[test]
fn d1_w4_an_evaluation_replays_byte_for_byte_after_the_world_moved_on() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        let fines = town.import(&centre, "cf-2018", &penalties(&[(&company, FINE)]));
        town.import(&centre, "honour", &honours(&[(&company, "示政〔2026〕1号", "省级", "2026-05-01")]));
        let known = town.head();
        let replay = |known: i64, day: &str| {
            let path = format!("/api/v1/subjects/{}/evaluations", company.code);
            town.get(&centre, &format!("{path}?purpose={}&scorecard=market-entity&as_of={day}&known={known}", encoded("日常监管")))
        };
        let before = ["2026-11-23", "2027-09-01", "2029-09-01"].map(|day| (day, replay(known, day)));
        assert_eq!(before[0].1.ok()[0]["points"], "850");
        assert_eq!(before[1].1.ok()[0]["points"], "860", "a year later the fine counts half");
        assert_eq!(before[2].1.ok()[0]["points"], json!(null), "three years later nothing is known any more, so nothing is said");
        let check = town.check(&centre, &company.code);
        let id = check.ok()["id"].as_i64().unwrap();

        // The world moves on: new facts, a correction of law by time, a recall.
        let other = Penalty { number: "示市监罚〔2026〕4号", ..REVOKED };
        town.import(&centre, "cf-2018", &penalties(&[(&company, REVOKED), (&company, other)]));
        town.post(&centre, &format!("/api/v1/batches/{}/recall", fines["id"]), &json!({"reason": "报错"})).ok();
        town.advance_days(40);

        for (day, answer) in &before {
            assert_eq!(replay(known, day).text(), answer.text(), "{day}");
        }
        assert_eq!(town.get(&centre, &format!("/api/v1/checks/{id}")).json(), check.json(), "a check is kept as it was answered");
        let now = town.evaluation(&centre, &company.code);
        assert_eq!(now["points"], "630", "800 − 240 + 70: the present is another thing");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn d1_w4_where_a_company_moves_later_changes_nothing_said_before() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        let lies_in = |township: &str, number: &str, name: &str| {
            let here = registration(&[&company]).replace(company.area, township).replace(",ZC", &format!(",{number}"));
            here.replace(&company.name, name)
        };
        // Penalties are reported in full for one township alone.
        let report = |source: &str, file: &str, area: &str| {
            let texts = [
                ("source", source),
                ("encoding", "utf-8"),
                ("area", area),
                ("covers_from", "2023-11-01"),
                ("covers_through", "2026-11-22"),
            ];
            let staged = town.upload_form(&centre, &town.fresh_key(), &form(&texts, file.as_bytes())).ok();
            town.post(&centre, &format!("/api/v1/batches/{}/commit", staged["id"]), &json!(null)).ok();
        };
        let other = crate::support::files::company(2);
        report("registration", &registration(&[&other]), "330899");
        report("registration", &lies_in("330899101001", "A", "示范县旧名商贸有限公司"), "330899");
        report("cf-2018", &penalties(&[(&other, FINE)]), "330899101");
        report("honour", &honours(&[(&other, "示政〔2026〕1号", "省级", "2026-05-01")]), "330899101");
        let known = town.head();
        let then = || {
            let path = format!("/api/v1/subjects/{}/evaluations?purpose={}", company.code, encoded("日常监管"));
            town.get(&centre, &format!("{path}&scorecard=market-entity&as_of=2026-11-23&known={known}"))
        };
        let (before, check) = (then(), town.check(&centre, &company.code).ok());
        assert_ne!(before.ok()[0]["points"], json!(null), "{}", before.text());

        let moved = lies_in("330899102001", "B", "示范县新名商贸有限公司").replace("2015-03-01", "2026-10-01");
        report("registration", &moved, "330899");
        assert_eq!(town.evaluation(&centre, &company.code)["points"], json!(null), "of its new township nothing is reported");
        let later = town.check(&centre, &company.code).ok();
        assert_eq!((&check["name"], &later["name"]), (&json!("示范县旧名商贸有限公司"), &json!("示范县新名商贸有限公司")));
        assert_eq!(then().text(), before.text());
        assert_eq!(town.doctor(), [], "both checks replay, each by what was known then");
    });
}

#[test]
fn d1_an_answer_that_cannot_have_been_is_named() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        town.import(&centre, "honour", &honours(&[(&company, "示政〔2026〕1号", "国家级", "2026-05-01")]));
        let check = town.check(&centre, &company.code).ok()["id"].as_i64().unwrap();
        assert_eq!(town.doctor(), []);
        unguard(town, "check_event");
        force(town, &format!("update check_event set answer = replace(answer, '示范县', '示范市') where check_id = {check}"));
        let found = town.doctor();
        assert!(found.contains(&("D1".to_owned(), format!("核查 {check} 重新计算的结果与当时的答复不同"))), "{found:?}");
    });
}

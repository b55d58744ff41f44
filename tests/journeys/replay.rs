//! What was known at a position, read by the law of a day, gives the same answer for ever.

use serde_json::json;
use xinzhi_core::actor::Role;

use crate::support::files::{FINE, Penalty, REVOKED, company, honours, penalties, registration};
use crate::support::town::{each_database, encoded};

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

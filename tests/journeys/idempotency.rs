//! One key, one effect, one answer, for every POST of the API.

use serde_json::{Value, json};
use xinzhi_core::actor::Role;

use crate::support::files::{FINE, Penalty, company, honours, penalties, registration};
use crate::support::town::{Answer, Caller, Town, each_database, form};

/// Sends twice under one key and once more with another body: one effect, one answer, one refusal.
fn once(town: &Town, what: &str, send: &dyn Fn(&str, bool) -> Answer) -> Value {
    let key = town.fresh_key();
    let first = send(&key, false);
    assert_eq!(first.status, 200, "{what}: {}", first.text());
    let after = town.head();
    let again = send(&key, false);
    assert_eq!((again.status, again.text()), (200, first.text()), "{what}: the same again is answered the same");
    assert_eq!(town.head(), after, "{what}: the same again does nothing");
    let other = send(&key, true);
    other.refused(422, "key_reused");
    assert_eq!(town.head(), after, "{what}: another body under the key does nothing");
    first.json()
}

fn upload(town: &Town, who: &Caller, file: &str, key: &str) -> Answer {
    town.upload_form(who, key, &form(&[("source", "cf-2018"), ("encoding", "utf-8")], file.as_bytes()))
}

#[test]
fn e2_e5_each_post_has_one_effect_per_key_and_refuses_another_body() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        town.import(&centre, "honour", &honours(&[(&company, "示政〔2026〕1号", "国家级", "2026-05-01")]));
        town.import(&centre, "cf-2018", &penalties(&[(&company, FINE)]));

        let check = once(town, "check", &|key, other| {
            let case = if other { "SP2" } else { "SP1" };
            town.post_once(
                &centre,
                "/api/v1/checks",
                (key, &json!({"subject": company.code, "matter": "food-licence", "purpose": "行政许可", "case": case})),
            )
        });
        let measure = check["measures"][0]["measure"].clone();
        assert_eq!(measure, "green-channel");
        once(town, "feedback", &|key, other| {
            let officer = if other { "王明" } else { "李芳" };
            let body = json!({"measure": measure, "outcome": "applied", "officer": officer});
            town.post_once(&centre, &format!("/api/v1/checks/{}/feedback", check["id"]), (key, &body))
        });
        let [file, another] =
            ["示市监罚〔2026〕21号", "示市监罚〔2026〕22号"].map(|number| penalties(&[(&company, Penalty { number, ..FINE })]));
        let batch = once(town, "upload", &|key, other| upload(town, &centre, if other { &another } else { &file }, key));
        let path = format!("/api/v1/batches/{}", batch["id"]);
        let staged = upload(town, &centre, &another, &town.fresh_key()).ok();
        once(town, "commit", &|key, other| {
            let which = if other { format!("/api/v1/batches/{}", staged["id"]) } else { path.clone() };
            town.post_once(&centre, &format!("{which}/commit"), (key, &Value::Null))
        });
        once(town, "recall", &|key, other| {
            let reason = if other { "另一个理由" } else { "报错了文件" };
            town.post_once(&centre, &format!("{path}/recall"), (key, &json!({"reason": reason})))
        });
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn e2_a_key_belongs_to_its_caller_and_a_post_without_one_is_refused() {
    each_database(|town| {
        let company = company(1);
        let [one, two] = [town.program(Role::Centre), town.program(Role::Centre)];
        town.import(&one, "registration", &registration(&[&company]));
        let body = json!({"subject": company.code, "matter": "food-licence", "purpose": "行政许可", "case": "SP1"});
        let first = town.post_once(&one, "/api/v1/checks", ("same", &body)).ok();
        let second = town.post_once(&two, "/api/v1/checks", ("same", &body)).ok();
        assert_ne!(first["id"], second["id"], "two programs may choose the same key");
        let bare = town.post_raw(&one, "/api/v1/checks", &[("content-type", "application/json")], body.to_string().as_bytes());
        bare.refused(400, "key_missing");
        let long = "k".repeat(201);
        town.post_once(&one, "/api/v1/checks", (&long, &body)).refused(422, "field_invalid");
    });
}

#[test]
fn e2_twenty_at_once_under_one_key_are_one_check() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        let before = town.head();
        let body = json!({"subject": company.code, "matter": "food-licence", "purpose": "行政许可", "case": "SP1"});
        let answers: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..20).map(|_| scope.spawn(|| town.post_once(&centre, "/api/v1/checks", ("storm", &body)).text())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
        assert_eq!(town.told(before).len(), 1, "one entry in the journal");
    });
}

#[test]
fn e2_a_delivery_sent_eight_times_at_once_is_one_batch() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        let (before, key, file) = (town.head(), town.fresh_key(), penalties(&[(&company, FINE)]));
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| upload(town, &centre, &file, &key))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(answers.iter().all(|answer| answer.ok()["id"] == answers[0].ok()["id"]), "{answers:?}");
        assert_eq!(town.told(before).len(), 1, "one entry in the journal");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn e2_a_delivery_is_answered_as_it_was_staged_whatever_became_of_it() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        let (key, file) = (town.fresh_key(), penalties(&[(&company, FINE)]));
        let first = upload(town, &centre, &file, &key);
        let path = format!("/api/v1/batches/{}", first.ok()["id"]);
        for (act, body) in [("commit", Value::Null), ("recall", json!({"reason": "报错"}))] {
            town.post(&centre, &format!("{path}/{act}"), &body).ok();
            assert_eq!(upload(town, &centre, &file, &key).text(), first.text(), "after {act}");
        }
        assert_eq!(town.get(&centre, &path).ok()["state"], "recalled");
    });
}

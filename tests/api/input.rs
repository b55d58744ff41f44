//! Hostile input at the border: every answer is a problem with a code and a Chinese sentence, never a fault of ours.

use serde_json::{Value, json};
use xinzhi_core::actor::Role;

use crate::support::files::{company, registration};
use crate::support::town::{Answer, Caller, Town, each_database, encoded};

const JSON: (&str, &str) = ("content-type", "application/json");

fn raw(town: &Town, who: &Caller, path: &str, body: &[u8]) -> Answer {
    town.post_raw(who, path, &[JSON, ("idempotency-key", &town.fresh_key())], body)
}

#[test]
fn x2_x9_naughty_strings_in_every_text_field_never_become_a_fault() {
    let strings: Vec<String> = serde_json::from_str(include_str!("../../crates/collect/tests/data/blns.json")).unwrap();
    assert!(strings.len() > 300);
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        let batch = town.import(&centre, "registration", &registration(&[&company]));
        let check = town.check(&centre, &company.code).ok();
        let check = json!({"subject": company.code, "matter": "food-licence", "purpose": "行政许可", "case": "SP1", "id": check["id"]});
        let feedback = format!("/api/v1/checks/{}/feedback", check["id"]);
        let recall = format!("/api/v1/batches/{}/recall", 100_000 + batch["id"].as_i64().unwrap());
        let bodies = |text: &str| -> Vec<(&str, Value)> {
            let mut bodies = Vec::new();
            for field in ["subject", "matter", "purpose", "case"] {
                let mut body = json!({"subject": company.code, "matter": "food-licence", "purpose": "行政许可", "case": "SP1"});
                body[field] = json!(text);
                bodies.push(("/api/v1/checks", body));
            }
            for field in ["measure", "outcome", "officer", "reason", "notice", "until"] {
                let mut body = json!({"measure": "green-channel", "outcome": "applied", "officer": "李芳"});
                body[field] = json!(text);
                bodies.push((&feedback, body));
            }
            for field in ["number", "organ", "date"] {
                bodies.push((&feedback, json!({"measure": "green-channel", "outcome": "applied", "document": {field: text}})));
            }
            bodies.push((&recall, json!({"reason": text})));
            bodies
        };
        // Each string in one body of the list, the next string in the next: every field sees a twentieth of them on every run.
        for (at, text) in strings.iter().enumerate() {
            let all = bodies(text);
            let (path, body) = &all[at % all.len()];
            sound(&town.post(&centre, path, body), text);
            sound(&town.get(&centre, &format!("/api/v1/subjects?q={}", encoded(text))), text);
            if at % 7 == 0 {
                sound(&town.get(&centre, &format!("/api/v1/subjects/{}?purpose={}", encoded(text), encoded(text))), text);
            }
        }
        assert_eq!(town.doctor(), []);
    });
}

#[track_caller]
fn sound(answer: &Answer, text: &str) {
    match answer.status {
        200 => drop(answer.json()),
        400..500 => {
            assert!(!answer.code().is_empty(), "{text:?}");
            answer.sentence();
        }
        status => panic!("{text:?} was answered {status}: {}", answer.text()),
    }
}

#[test]
fn x3_json_that_says_two_things_or_no_thing_is_refused() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        let good = json!({"subject": company.code, "matter": "food-licence", "purpose": "行政许可", "case": "SP1"}).to_string();
        let before = town.head();
        let swap = |from: &str, to: &str| good.replacen(from, to, 1);
        let bodies = [
            ("duplicate key", swap("{", "{\"case\":\"SP0\",")),
            ("trailing data", format!("{good} {{}}")),
            ("trailing text", format!("{good}x")),
            ("cut short", good.trim_end_matches('}').to_owned()),
            ("number for text", swap("\"SP1\"", "17")),
            ("NaN", swap("\"SP1\"", "NaN")),
            ("beyond i64", swap("\"SP1\"", "92233720368547758070")),
            ("unpaired surrogate", swap("SP1", "\\ud800")),
            ("unknown field", swap("{", "{\"colour\":\"red\",")),
            ("missing field", json!({"subject": company.code}).to_string()),
            ("null", "null".to_owned()),
            ("an array", format!("[{good}]")),
            ("empty", String::new()),
            ("single quotes", good.replace('"', "'")),
            ("a comment", format!("/* */{good}")),
            ("very deep", "[".repeat(100_000)),
        ];
        for (what, body) in bodies {
            let answer = raw(town, &centre, "/api/v1/checks", body.as_bytes());
            assert_eq!((answer.status, answer.code().as_str()), (400, "body_invalid"), "{what}: {}", answer.text());
            answer.sentence();
        }
        raw(town, &centre, "/api/v1/checks", b"\xff\xfe{}").refused(400, "body_invalid");
        assert_eq!(town.head(), before);
        raw(town, &centre, "/api/v1/checks", good.as_bytes()).ok();
    });
}

#[test]
fn x1_a_body_at_its_limit_passes_and_one_byte_more_does_not() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        let good = json!({"subject": company.code, "matter": "food-licence", "purpose": "行政许可", "case": "SP1"}).to_string();
        for (size, status) in [(256 * 1024 - 1, 200), (256 * 1024, 200), (256 * 1024 + 1, 413)] {
            let body = good.clone() + &" ".repeat(size - good.len());
            let answer = raw(town, &centre, "/api/v1/checks", body.as_bytes());
            assert_eq!(answer.status, status, "{size}: {}", answer.text());
        }
        for (length, status) in [(99, 200), (100, 200), (101, 422)] {
            let body = good.replace("SP1", &"案".repeat(length));
            assert_eq!(raw(town, &centre, "/api/v1/checks", body.as_bytes()).status, status, "a case number of {length}");
        }
        for (length, code) in [(60, ""), (61, "field_invalid")] {
            let answer = town.get(&centre, &format!("/api/v1/subjects?q={}", encoded(&"查".repeat(length))));
            assert_eq!(answer.json().get("code").and_then(Value::as_str).unwrap_or(""), code, "a query of {length}");
        }
    });
}

#[test]
fn x9_wrong_doors_are_told_as_problems() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        let text = town.post_raw(&centre, "/api/v1/checks", &[("content-type", "text/plain"), ("idempotency-key", "a")], b"{}");
        text.refused(415, "media_type_wrong");
        let json = town.post_raw(&centre, "/api/v1/batches", &[JSON, ("idempotency-key", "b")], b"{}");
        json.refused(415, "media_type_wrong");
        town.post_raw(&centre, "/api/v1/checks", &[JSON], b"{}").refused(400, "key_missing");
        town.get(&centre, "/api/v1/no-such").refused(404, "not_found");
        town.get(&centre, "/api/v1/checks/0").refused(404, "not_found");
        town.get(&centre, "/api/v1/checks/x").refused(404, "not_found");
        town.get(&centre, "/api/v1/checks/99999999999999999999").refused(404, "not_found");
        town.get(&centre, "/api/v1/batches/7").refused(404, "not_found");
        town.post(&centre, "/api/v1/matters", &json!({})).refused(405, "method_wrong");
        town.get(&centre, "/api/v1/subjects").refused(422, "field_invalid");
        town.get(&centre, "/api/v1/checks?state=open&state=closed").sentence();
        town.get(&centre, "/api/v1/batches/1/verdicts?after=x").refused(422, "field_invalid");
        town.get(&centre, "/api/v1/subjects/%FF?purpose=x").sentence();
    });
}

//! 归集 → 评价 → 核查 → 反馈 → 记录: the loop closes, and what did not come back is seen to be overdue.

use serde_json::{Value, json};
use xinzhi_core::actor::Role;

use crate::support::files::{FINE, Penalty, REVOKED, company, honours, penalties, registration};
use crate::support::town::{Town, each_database, encoded, word};

#[test]
fn e9_e10_a_department_file_becomes_an_evaluation_and_counts_close() {
    each_database(|town| {
        let [good, bad] = [company(1), company(2)];
        let centre = town.program(Role::Centre);

        let batch = town.import(&centre, "registration", &registration(&[&good, &bad]));
        assert_eq!(batch["counts"], json!({"read": 2, "accepted": 2, "duplicate": 0, "refused": 0, "quarantined": 0}));
        // A reader after the acknowledgement sees it.
        let found = town.get(&centre, &format!("/api/v1/subjects?q={}", encoded("明德"))).ok();
        assert_eq!(found, json!([]), "another company's name");
        let found = town.get(&centre, &format!("/api/v1/subjects?q={}", encoded("青禾"))).ok();
        assert_eq!(found[0]["code"], json!(good.code));

        // Nothing is known yet, so nothing is said: unknown is no zero and no fault.
        let unknown = town.evaluation(&centre, &good.code);
        assert_eq!((&unknown["points"], &unknown["assessed_share"]), (&Value::Null, &json!(0)), "{unknown}");

        let second = Penalty { number: "示市监罚〔2026〕3号", day: "2025-10-01", ..FINE };
        let rows = [(&good, FINE), (&bad, REVOKED), (&bad, second)];
        town.import(&centre, "cf-2018", &penalties(&rows));
        town.import(
            &centre,
            "honour",
            &honours(&[(&good, "示政〔2026〕1号", "省级", "2026-05-01"), (&good, "示政〔2026〕2号", "市级", "2024-10-01")]),
        );

        // 800 − 20 (一般, within a year) + min(100, 70 + 60 × 50 % for the one older than two years).
        let graded = town.evaluation(&centre, &good.code);
        assert_eq!((&graded["points"], &graded["grade"]), (&json!("880"), &json!("A")), "{graded}");
        assert_eq!(graded["assessed_share"], 666, "300 of 600 for penalties and 100 of 600 for honours are inside coverage");
        let shares: Vec<(String, bool, String, usize)> = graded["indicators"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| (word(&i["id"]), i["known"].as_bool().unwrap(), word(&i["points"]), i["contributions"].as_array().unwrap().len()))
            .collect();
        let expected = [
            ("penalty", true, "-20", 1),
            ("commitment", false, "0", 0),
            ("abnormal", false, "0", 0),
            ("inspection", false, "0", 0),
            ("honour", true, "100", 2),
        ];
        assert_eq!(shares, expected.map(|(id, known, points, count)| (id.to_owned(), known, points.to_owned(), count)));
        let penalty = &graded["indicators"][0];
        assert!(word(&penalty["rule"]).contains("第四十八条"), "the rule names its article: {penalty}");
        assert_eq!(penalty["contributions"][0]["document"], FINE.number);
        assert_eq!(penalty["contributions"][0]["leaves_on"], "2029-09-01", "three years after the document");

        // 800 − 120 (严重) − 20 × 50 % (older than a year).
        let poor = town.evaluation(&centre, &bad.code);
        assert_eq!((&poor["points"], &poor["grade"]), (&json!("670"), &json!("C")), "{poor}");
        assert_eq!(town.doctor(), []);
    });
}

/// A company with an excellent grade and one with a revoked licence.
fn two_companies(town: &Town) -> (String, String) {
    let [good, bad] = [company(1), company(2)];
    let centre = town.program(Role::Centre);
    town.import(&centre, "registration", &registration(&[&good, &bad]));
    town.import(&centre, "cf-2018", &penalties(&[(&bad, REVOKED)]));
    town.import(&centre, "honour", &honours(&[(&good, "示政〔2026〕1号", "省级", "2026-05-01")]));
    (good.code, bad.code)
}

#[test]
fn d8_l1_a_check_is_answered_with_articles_and_its_feedback_becomes_a_record() {
    each_database(|town| {
        let (good, bad) = two_companies(town);
        let counter = town.program(Role::Department);
        let before = town.head();

        let check = town.check(&counter, &good).ok();
        assert_eq!(check["feedback_due"], "2026-11-30", "five working days after Monday 2026-11-23");
        assert_eq!(check["feedback_due_provisional"], false);
        assert_eq!(
            check["pin"],
            json!({"position": before, "day": "2026-11-23", "pack": town.office.pack().digest.to_string(), "edition": 1})
        );
        let measures = check["measures"].as_array().unwrap();
        assert_eq!(measures.len(), 1, "{check}");
        let green = &measures[0];
        assert_eq!(
            (&green["measure"], &green["kind"], &green["state"]),
            (&json!("green-channel"), &json!("incentive"), &json!("in_force"))
        );
        for measure in measures {
            for said in ["why", "way_out", "body", "content"] {
                assert!(!word(&measure[said]).is_empty(), "{said}: {measure}");
            }
            let basis = measure["basis"].as_array().unwrap();
            assert!(!basis.is_empty() && basis.iter().all(|b| word(b).contains('《')), "every measure names its documents: {measure}");
        }

        let id = check["id"].as_i64().unwrap();
        let answer = |outcome: &str, officer: &str| json!({"measure": "green-channel", "outcome": outcome, "officer": officer});
        let feedback = format!("/api/v1/checks/{id}/feedback");
        let receipt = town.post(&counter, &feedback, &answer("acknowledged", "")).ok();
        assert_eq!((&receipt["closed"], &receipt["decision"]), (&json!(false), &Value::Null));
        let nobody = town.post(&counter, &feedback, &answer("applied", ""));
        assert!(nobody.refused(422, "field_invalid").contains("承办人"));
        let receipt = town.post(&counter, &feedback, &answer("applied", "陈静")).ok();
        assert_eq!(receipt["closed"], true);
        town.post(&counter, &feedback, &answer("not_applied", "陈静")).refused(409, "feedback_final");

        // The loop closes: what was done is a record of the subject.
        let centre = town.program(Role::Centre);
        let records = town.file(&centre, &good, "records");
        let record = records.as_array().unwrap().iter().find(|r| r["kind"] == "信用应用反馈").unwrap_or_else(|| panic!("{records}"));
        let fields = &record["fields"];
        let said = ["措施", "措施类型", "应用结果", "承办人", "核查编号", "事项"].map(|title| word(&fields[title]));
        assert_eq!(said, ["绿色通道、容缺受理", "激励", "已实施", "陈静", &id.to_string(), "食品经营许可"].map(str::to_owned));
        assert_eq!((&record["batch"], &record["date"]), (&Value::Null, &json!("2026-11-23")));

        // The whole journal of the journey.
        let told = town.told(before);
        let acts: Vec<&str> = told.iter().map(|(act, _)| act.as_str()).collect();
        assert_eq!(acts, ["check_made", "feedback_given", "feedback_given", "key_created", "subject_read"]);
        assert_eq!(told[0].1, json!({ "check": id }));
        assert_eq!(told[2].1, json!({"check": id, "measure": "green-channel"}));
        assert_eq!(town.doctor(), []);
        assert!(!bad.is_empty());
    });
}

#[test]
fn e9_the_loop_board_counts_close_and_what_did_not_come_back_is_overdue() {
    each_database(|town| {
        let (good, bad) = two_companies(town);
        let counter = town.program(Role::Department);
        let first = town.check(&counter, &good).ok();
        let second = town.check(&counter, &bad).ok();
        let owed: Vec<String> =
            second["measures"].as_array().unwrap().iter().map(|m| format!("{} {}", word(&m["measure"]), word(&m["state"]))).collect();
        assert_eq!(
            owed,
            ["strengthened-supervision in_force", "market-access-limit proposed", "no-notice-commitment proposed"],
            "{second}"
        );

        let board = |state: &str| town.get(&counter, &format!("/api/v1/checks{state}")).ok();
        let figures = |board: &Value| {
            ["owed", "open", "acknowledged", "executed", "not_executed", "overdue"].map(|name| board[name].as_i64().unwrap())
        };
        assert_eq!(figures(&board("")), [4, 4, 0, 0, 0, 0]);
        assert_eq!(board("")["closed_share"], Value::Null, "nothing is due yet: no share to tell");

        let give = |check: &Value, body: Value| town.post(&counter, &format!("/api/v1/checks/{}/feedback", check["id"]), &body).ok();
        give(&first, json!({"measure": "green-channel", "outcome": "applied", "officer": "陈静"}));
        give(&second, json!({"measure": "strengthened-supervision", "outcome": "acknowledged"}));
        give(&second, json!({"measure": "market-access-limit", "outcome": "not_applied", "reason": "许可取得手段合法，不属于限制情形"}));
        assert_eq!(figures(&board("")), [4, 1, 1, 1, 1, 0]);

        // The due day itself is in time; the day after is not, with nothing running in between (W2).
        town.advance_days(7);
        assert_eq!(figures(&board("")), [4, 1, 1, 1, 1, 0]);
        town.advance_days(1);
        let late = board("?state=overdue");
        assert_eq!(figures(&late), [4, 0, 0, 1, 1, 2]);
        assert_eq!(late["closed_share"], 500, "two closed of two closed and two overdue");
        let lights: Vec<(String, String)> =
            late["obligations"].as_array().unwrap().iter().map(|o| (word(&o["measure"]), word(&o["light"]))).collect();
        assert_eq!(
            lights,
            [("no-notice-commitment", "已逾期"), ("strengthened-supervision", "已逾期")].map(|(m, l)| (m.to_owned(), l.to_owned()))
        );
        assert_eq!(board("?state=closed")["obligations"].as_array().unwrap().len(), 2);
        town.get(&counter, "/api/v1/checks?state=late").refused(422, "field_invalid");
        let figures = figures(&late);
        assert_eq!(figures[0], figures[1..].iter().sum::<i64>(), "what is owed is the sum of what became of it");
    });
}

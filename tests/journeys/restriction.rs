//! A restriction is proposed by a check, decided by a person on a document, and ends by itself.

use serde_json::{Value, json};
use xinzhi_core::actor::Role;

use crate::support::database::{force, force_unchecked, unguard};
use crate::support::files::{company, registration, serious_list};
use crate::support::town::{Answer, Caller, Town, each_database, word};

/// A company on the list that leaves it on the last day of March 2027; returns its code and the batch of the list.
fn listed(town: &Town) -> (String, Value) {
    let company = company(3);
    let centre = town.program(Role::Centre);
    town.import(&centre, "registration", &registration(&[&company]));
    let batch = town.import(&centre, "serious-list", &serious_list(&[(&company, "示税列〔2026〕1号", "2026-06-01", "2027-03-31")]));
    (company.code, batch)
}

fn ask(town: &Town, who: &Caller, code: &str) -> Value {
    let body = json!({"subject": code, "matter": "procurement-bid", "purpose": "政府采购", "case": "CG2026-9"});
    town.post(who, "/api/v1/checks", &body).ok()
}

fn measure<'a>(check: &'a Value, id: &str) -> Option<&'a Value> {
    check["measures"].as_array().unwrap().iter().find(|m| m["measure"] == id)
}

fn decide(town: &Town, who: &Caller, check: &Value, body: &Value) -> Answer {
    let mut full = json!({"measure": "procurement-limit", "outcome": "applied"});
    full.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    town.post(who, &format!("/api/v1/checks/{}/feedback", check["id"]), &full)
}

#[test]
fn d2_d9_w2_l3_a_restriction_is_decided_by_a_person_and_ends_by_itself() {
    each_database(|town| {
        let (code, _) = listed(town);
        let (program, person) = (town.program(Role::Department), town.person(Role::Department));
        let check = ask(town, &program, &code);
        let limit = measure(&check, "procurement-limit").unwrap_or_else(|| panic!("{check}"));
        assert_eq!((&limit["state"], &limit["kind"]), (&json!("proposed"), &json!("restriction")));
        assert!(word(&limit["why"]).contains("2026-06-01 的文书列入严重失信主体名单"), "the reason names the fact: {limit}");
        assert_eq!(limit["records"].as_array().unwrap().len(), 1);

        // Asking again changes nothing: a check never decides.
        assert_eq!(measure(&ask(town, &program, &code), "procurement-limit").unwrap()["state"], "proposed");

        let before = town.head();
        let evidence = json!({"officer": "李芳", "document": {"number": "示财采〔2026〕8号", "organ": "示范县财政局", "date": "2026-11-20"}, "notice": "2026-11-23"});
        assert!(decide(town, &program, &check, &evidence).refused(403, "human_required").contains("工作人员"));
        let bare = decide(town, &person, &check, &json!({}));
        let sentence = bare.refused(422, "decision_incomplete");
        for missing in ["承办人", "文书号", "决定机关", "决定日期", "送达日期"] {
            assert!(sentence.contains(missing), "{sentence}");
        }
        let unserved = json!({"officer": "李芳", "document": {"number": "示财采〔2026〕8号", "organ": "示范县财政局", "date": "2026-11-20"}, "notice": "2026-11-24"});
        assert_eq!(decide(town, &person, &check, &unserved).json()["field"], "notice");
        let beyond = json!({"officer": "李芳", "document": evidence["document"], "notice": "2026-11-23", "until": "2027-03-31"});
        assert_eq!(decide(town, &person, &check, &beyond).json()["field"], "until", "not a day longer than the list");
        let other = town.post(
            &person,
            &format!("/api/v1/checks/{}/feedback", check["id"]),
            &json!({"measure": "fund-limit", "outcome": "applied"}),
        );
        other.refused(422, "measure_unknown");
        assert_eq!(town.told(before), [], "nothing of this left a trace of a decision");

        let receipt = decide(town, &person, &check, &evidence).ok();
        assert_eq!((&receipt["closed"], &receipt["until"]), (&json!(true), &json!("2027-03-30")));
        let acts: Vec<String> = town.told(before).into_iter().map(|(act, _)| act).collect();
        assert_eq!(acts, ["feedback_given", "restriction_decided"]);
        assert_eq!(receipt["decision"], before + 2);

        let next = ask(town, &program, &code);
        let limit = measure(&next, "procurement-limit").unwrap();
        assert_eq!((&limit["state"], &limit["until"]), (&json!("in_force"), &json!("2027-03-30")));
        assert_eq!(next["pin"]["pack"], town.office.pack().digest.to_string(), "the list version is stored with the answer");

        // The last day, and the day after: nothing runs in between, the read decides.
        town.advance_days(127);
        assert_eq!(town.office.today().to_string(), "2027-03-30");
        assert_eq!(measure(&ask(town, &program, &code), "procurement-limit").unwrap()["state"], "in_force");
        town.advance_days(1);
        let after = ask(town, &program, &code);
        assert!(measure(&after, "procurement-limit").is_none(), "{after}");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn d10_a_record_brings_the_same_measure_about_once() {
    each_database(|town| {
        let (code, _) = listed(town);
        let person = town.person(Role::Department);
        let [first, second] = [ask(town, &person, &code), ask(town, &person, &code)];
        let evidence = json!({"officer": "李芳", "document": {"number": "示财采〔2026〕8号", "organ": "示范县财政局", "date": "2026-11-20"}, "notice": "2026-11-23"});
        decide(town, &person, &first, &evidence).ok();
        // The other check was answered `proposed`; meanwhile the measure is in force and cannot be decided a second time.
        let again = decide(town, &person, &second, &evidence);
        assert!(again.refused(422, "field_invalid").contains("待决定"), "{}", again.text());
        let decided: Vec<String> = town.told(0).into_iter().map(|(act, _)| act).filter(|act| act == "restriction_decided").collect();
        assert_eq!(decided.len(), 1);
    });
}

#[test]
fn w3_a_restriction_ends_in_the_moment_in_which_its_record_is_taken_back() {
    each_database(|town| {
        let (code, batch) = listed(town);
        let person = town.person(Role::Centre);
        let check = ask(town, &person, &code);
        let evidence = json!({"officer": "王明", "document": {"number": "示财采〔2026〕8号", "organ": "示范县财政局", "date": "2026-11-20"}, "notice": "2026-11-23"});
        decide(town, &person, &check, &evidence).ok();
        assert_eq!(measure(&ask(town, &person, &code), "procurement-limit").unwrap()["state"], "in_force");
        let kinds = |file: &Value| file.as_array().unwrap().iter().filter(|m| m["kind"] == "restriction").count();
        assert!(kinds(&town.file(&person, &code, "measures")) >= 3, "the list supports more than one measure");

        town.post(&person, &format!("/api/v1/batches/{}/recall", batch["id"]), &json!({"reason": "认定决定已被撤销"})).ok();
        assert_eq!(ask(town, &person, &code)["measures"], json!([]), "neither in force nor proposed");
        assert_eq!(kinds(&town.file(&person, &code, "measures")), 0);
        let again = decide(town, &person, &check, &evidence);
        assert!([409, 422].contains(&again.status), "the earlier check decides nothing any more: {}", again.text());
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn d5_silence_decides_nothing_and_becomes_a_task() {
    each_database(|town| {
        let (code, _) = listed(town);
        let centre = town.program(Role::Centre);
        let check = ask(town, &centre, &code);
        assert_eq!(measure(&check, "procurement-limit").unwrap()["state"], "proposed");
        // Nobody answers, neither the body nor the subject; the day on which an answer was due goes by, and many more.
        for days in [3, 30, 60] {
            town.advance_days(days);
            assert_eq!(measure(&ask(town, &centre, &code), "procurement-limit").unwrap()["state"], "proposed", "{days}");
        }
        let acts: Vec<String> = town.told(0).into_iter().map(|(act, _)| act).collect();
        assert!(!acts.contains(&"restriction_decided".to_owned()), "{acts:?}");
        let waiting = town.get(&centre, "/api/v1/checks?state=overdue").ok();
        let tasks = waiting["obligations"].as_array().unwrap();
        assert!(tasks.iter().any(|task| task["check"] == check["id"] && task["measure"] == "procurement-limit"), "{waiting}");
        // A company of which nothing is known at all is not worse off than it was.
        let silent = company(4);
        town.import(&centre, "registration", &registration(&[&silent]));
        assert_eq!(ask(town, &centre, &silent.code)["measures"], json!([]));
    });
}

#[test]
fn w1_w8_a_record_filed_late_restricts_no_longer_than_one_filed_in_time() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        let companies = [1, 2, 3].map(company);
        town.import(&centre, "registration", &registration(&companies.each_ref()));
        let file = |at: usize, number: &str| {
            // No day of removal: nothing but the document's own day ends what follows from it.
            town.import(&centre, "serious-list", &serious_list(&[(&companies[at], number, "2024-01-15", "")]));
        };
        let limit = |at: usize| measure(&ask(town, &centre, &companies[at].code), "procurement-limit").cloned();
        file(0, "示税列〔2024〕1号");
        let filed_in_time = limit(0).unwrap_or_else(|| panic!("the list brings a proposal about"));
        assert_eq!((&filed_in_time["state"], &filed_in_time["until"]), (&json!("proposed"), &json!("2027-01-15")));

        // Three days before the end: nothing is gained by filing late, and no decision reaches further.
        town.advance_days(50);
        assert_eq!(town.office.today().to_string(), "2027-01-12");
        file(1, "示税列〔2024〕2号");
        assert_eq!(limit(1).unwrap()["until"], filed_in_time["until"]);
        let person = town.person(Role::Department);
        let check = ask(town, &person, &companies[1].code);
        let evidence = |until: &str| json!({"officer": "李芳", "document": {"number": "示财采〔2027〕1号", "organ": "示范县财政局", "date": "2027-01-11"}, "notice": "2027-01-12", "until": until});
        assert_eq!(decide(town, &person, &check, &evidence("2027-01-16")).json()["field"], "until");
        assert_eq!(decide(town, &person, &check, &evidence("2027-01-15")).ok()["until"], "2027-01-15");

        town.advance_days(4);
        file(2, "示税列〔2024〕3号");
        for at in [0, 1, 2] {
            assert_eq!(limit(at), None, "three years after the document nothing restricts, decided, proposed or just filed");
        }
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn d2_d4_d6_d9_l7_l8_w1_w8_a_decision_that_could_not_have_been_made_is_named_by_doctor() {
    each_database(|town| {
        let (code, _) = listed(town);
        let person = town.person(Role::Department);
        let evidence = json!({"officer": "李芳", "document": {"number": "示财采〔2026〕8号", "organ": "示范县财政局", "date": "2026-11-20"}, "notice": "2026-11-23"});
        let decision = decide(town, &person, &ask(town, &person, &code), &evidence).ok()["decision"].as_i64().unwrap();
        assert_eq!(town.doctor(), []);
        for table in ["decision", "decision_cause", "record", "subject_code"] {
            unguard(town, table);
        }
        let of = |change: &str| format!("update decision set {change} where decision_id = {decision}");
        let cause = format!("record_id in (select record_id from decision_cause where decision_id = {decision})");
        let edits = [
            (of("officer = ' '"), of("officer = '李芳'"), "没有具名的决定人、文书或机关"),
            (of("document = ''"), of("document = '示财采〔2026〕8号'"), "没有具名的决定人、文书或机关"),
            (of("notice_day = '2026-11-19'"), of("notice_day = '2026-11-23'"), "的文书、送达、生效、截止日期次序颠倒"),
            (of("until_day = '2026-11-01'"), of("until_day = '2027-03-30'"), "的文书、送达、生效、截止日期次序颠倒"),
            (
                format!("update record set class = 0 where {cause}"),
                format!("update record set class = 2 where {cause}"),
                "所依据的不是该主体一般以上的失信记录",
            ),
            (
                format!("update record set subject_id = subject_id + 1000 where {cause}"),
                format!("update record set subject_id = subject_id - 1000 where {cause}"),
                "所依据的不是该主体一般以上的失信记录",
            ),
            (of("until_day = '2029-06-02'"), of("until_day = '2027-03-30'"), "的截止日期晚于所依据文书满三年之日"),
            (
                "update subject_code set scheme = 'own' where scheme = 'uscc'".to_owned(),
                "update subject_code set scheme = 'uscc' where scheme = 'own'".to_owned(),
                "针对的主体没有带校验位的代码",
            ),
        ];
        force(town, &of("until_day = '2029-06-01'"));
        let longest: Vec<String> = town.doctor().into_iter().map(|(_, fault)| fault).filter(|fault| fault.contains("满三年")).collect();
        assert_eq!(longest, Vec::<String>::new(), "the last day of three years is the last that may be");
        force(town, &of("until_day = '2027-03-30'"));
        for (edit, undo, words) in edits {
            // What it breaks beside is named too; here it is about the decision.
            force_unchecked(town, &edit);
            let found: Vec<String> = town.doctor().into_iter().map(|(_, fault)| fault).collect();
            assert!(found.contains(&format!("惩戒决定 {decision}{words}")), "{edit}: {found:?}");
            force_unchecked(town, &undo);
        }
        assert_eq!(town.doctor(), []);
    });
}

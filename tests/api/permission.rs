//! Who may see what: the table, and every route held against it.

use serde_json::json;
use xinzhi_core::actor::{Actor, Role};
use xinzhi_office::permission::{self, Action, Reach};

use crate::support::database::number;
use crate::support::files::{Company, FINE, company, penalties, registration, sole_trader};
use crate::support::golden;
use crate::support::town::{Answer, Caller, Town, each_database, encoded, form, word};

#[test]
fn the_table_of_permissions_is_the_golden_one() {
    golden::compare("permissions.txt", &permission::table());
}

/// Every route of the API with the action it stands for.
fn routes(town: &Town, who: &Caller, company: &Company) -> Vec<(Action, &'static str, Answer)> {
    let purpose = encoded("日常监管");
    let code = &company.code;
    let get = |path: &str| town.get(who, path);
    let check = json!({"subject": code, "matter": "food-licence", "purpose": "行政许可", "case": "SP1"});
    let feedback = json!({"measure": "green-channel", "outcome": "acknowledged"});
    let subscription = json!({"events": ["obligation.due"], "url": "https://push.example.gov.cn/"});
    let file = form(&[("source", "cf-2018"), ("encoding", "utf-8")], penalties(&[(company, FINE)]).as_bytes());
    vec![
        (Action::SearchSubjects, "search", get(&format!("/api/v1/subjects?q={}", encoded("青禾")))),
        (Action::ReadSubject, "file", get(&format!("/api/v1/subjects/{code}?purpose={purpose}"))),
        (Action::ReadSubject, "records", get(&format!("/api/v1/subjects/{code}/records?purpose={purpose}"))),
        (Action::ReadSubject, "evaluations", get(&format!("/api/v1/subjects/{code}/evaluations?purpose={purpose}"))),
        (Action::ReadSubject, "explain", get(&format!("/api/v1/subjects/{code}/evaluations?purpose={purpose}&scorecard=market-entity"))),
        (Action::ReadSubject, "relations", get(&format!("/api/v1/subjects/{code}/relations?purpose={purpose}"))),
        (Action::ReadSubject, "measures", get(&format!("/api/v1/subjects/{code}/measures?purpose={purpose}"))),
        (Action::ReadSubject, "accesses", get(&format!("/api/v1/subjects/{code}/accesses?purpose={purpose}"))),
        (Action::RunCheck, "check", town.post(who, "/api/v1/checks", &check)),
        (Action::SeeLoopBoard, "board", get("/api/v1/checks")),
        (Action::SeeLoopBoard, "shown check", get("/api/v1/checks/1")),
        (Action::SeeFigures, "figures", get("/api/v1/figures")),
        (Action::SeeFigures, "figure", get("/api/v1/figures/checks")),
        (Action::GiveFeedback, "feedback", town.post(who, "/api/v1/checks/1/feedback", &feedback)),
        (Action::SeeBatches, "batch", get("/api/v1/batches/1")),
        (Action::SeeBatches, "verdicts", get("/api/v1/batches/1/verdicts")),
        (Action::SeeBatches, "workbook", get("/api/v1/batches/1/verdicts.xlsx")),
        (Action::SeeQuality, "quality", get("/api/v1/quality")),
        (Action::ImportBatch, "upload", town.upload_form(who, &town.fresh_key(), &file)),
        (Action::ImportBatch, "commit", town.post(who, "/api/v1/batches/999/commit", &json!(null))),
        (Action::Subscribe, "subscriptions", get("/api/v1/subscriptions")),
        (Action::Subscribe, "subscribe", town.post(who, "/api/v1/subscriptions", &subscription)),
        (Action::Subscribe, "subscription", get("/api/v1/subscriptions/1")),
        (Action::Subscribe, "change", town.post(who, "/api/v1/subscriptions/1/change", &subscription)),
        (Action::Subscribe, "end", town.post(who, "/api/v1/subscriptions/1/end", &json!({"reason": "试"}))),
        (Action::Subscribe, "rotate", town.post(who, "/api/v1/subscriptions/1/rotate", &json!(null))),
        (Action::Subscribe, "events", get("/api/v1/subscriptions/1/events")),
        (Action::Subscribe, "event", get("/api/v1/subscriptions/1/events/1")),
        (Action::Subscribe, "acknowledge", town.post(who, "/api/v1/subscriptions/1/events/1/acknowledgement", &json!(null))),
        (Action::Subscribe, "resend", town.post(who, "/api/v1/subscriptions/1/events/1/resend", &json!(null))),
        (Action::Subscribe, "whom", get(&format!("/api/v1/subscriptions/1/events/1/subject?purpose={purpose}"))),
        (Action::Subscribe, "reconciliation", get("/api/v1/subscriptions/1/reconciliation?from=2026-11-01&to=2026-11-02")),
        (
            Action::ListHosts,
            "list a host",
            town.post(who, "/api/v1/operator/hosts", &json!({"host": "a.gov.cn", "allowed": true, "note": "试"})),
        ),
        (Action::RecallBatch, "recall", town.post(who, "/api/v1/batches/999/recall", &json!({"reason": "试"}))),
    ]
}

#[test]
fn a9_each_role_opens_exactly_the_routes_of_the_table() {
    each_database(|town| {
        let company = company(1);
        town.import(&town.program(Role::Centre), "registration", &registration(&[&company]));
        for role in Role::ALL {
            let subject = (role == Role::Subject).then(|| town.subject(&company.code));
            let who = town.person_as(Actor { subject, ..town.actor(role) });
            for (action, route, answer) in routes(town, &who, &company) {
                let denied = answer.status == 403 && answer.code() == "not_permitted";
                assert_eq!(
                    denied,
                    permission::reach(action, role) == Reach::Nothing,
                    "{role:?} {route}: {} {}",
                    answer.status,
                    answer.text()
                );
                let administers = role.is_administrator();
                assert!(!(administers && answer.text().contains(&company.name)), "{role:?} {route} shows business data");
                assert!(answer.status < 500, "{role:?} {route}: {}", answer.text());
            }
        }
    });
}

/// A form that is refused when it is filed is not shown, and nothing leads to it.
#[test]
fn a9_nobody_is_shown_a_form_that_is_not_theirs() {
    each_database(|town| {
        let company = company(1);
        let program = town.program(Role::Centre);
        town.import(&program, "registration", &registration(&[&company]));
        let check = town.check(&program, &company.code).ok();
        let forms = [
            ("/desk/check", Action::RunCheck),
            ("/desk/search", Action::SearchSubjects),
            ("/desk/person", Action::SearchSubjects),
            (&format!("/desk/subjects/{}", sole_trader()), Action::ReadSubject),
        ];
        for role in Role::ALL {
            let subject = (role == Role::Subject).then(|| town.subject(&company.code));
            let who = town.person_as(Actor { subject, ..town.actor(role) });
            for (form, action) in forms {
                let expected = if permission::reach(action, role) == Reach::Nothing { 403 } else { 200 };
                assert_eq!(town.get(&who, form).status, expected, "{role:?} {form}");
            }
        }
        let legal = town.person(Role::Legal);
        for path in ["/desk".to_owned(), "/desk/loop".to_owned(), format!("/desk/checks/{}", check["id"])] {
            let page = town.get(&legal, &path);
            assert_eq!(page.status, 200, "{path}: {}", page.text());
            for closed in ["/desk/check\"", "/desk/search", "/desk/person", "/desk/subjects/"] {
                assert!(!page.text().contains(&format!("=\"{closed}")), "{path} leads to {closed}: {}", page.text());
            }
        }
    });
}

#[test]
fn a_township_sees_nothing_of_its_neighbour() {
    each_database(|town| {
        let mine = company(1);
        let neighbour = Company { area: "330899102001", ..company(2) };
        let nowhere = Company { area: "", ..company(3) };
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&mine, &neighbour, &nowhere]));
        let theirs = town.check(&centre, &neighbour.code).ok();
        for who in [town.program(Role::Township), town.person(Role::Township)] {
            let found = town.get(&who, &format!("/api/v1/subjects?q={}", encoded("商贸有限公司"))).ok();
            let codes: Vec<String> = found.as_array().unwrap().iter().map(|f| word(&f["code"])).collect();
            assert_eq!(codes, [mine.code.as_str()], "a row is listed exactly when it may be opened");
            for other in [&neighbour, &nowhere] {
                for (action, route, answer) in routes(town, &who, other) {
                    assert!(!answer.text().contains(&other.name), "{route}: {}", answer.text());
                    if matches!(action, Action::ReadSubject | Action::RunCheck) {
                        answer.refused(403, "out_of_scope");
                    }
                }
            }
            town.get(&who, &format!("/api/v1/checks/{}", theirs["id"])).refused(404, "not_found");
            let body = json!({"measure": "green-channel", "outcome": "acknowledged"});
            town.post(&who, &format!("/api/v1/checks/{}/feedback", theirs["id"]), &body).refused(403, "out_of_scope");
            town.file(&who, &mine.code, "records");
        }
    });
}

#[test]
fn a_department_sees_the_work_of_its_own_organ_only() {
    each_database(|town| {
        let company = company(1);
        let own = town.program(Role::Department);
        let other =
            town.program_as(Actor { organ: Some("示范县税务局".to_owned()), is_person: false, ..town.actor(Role::Department) });
        let batch = town.import(&own, "registration", &registration(&[&company]));
        let check = town.check(&own, &company.code).ok();
        town.get(&other, &format!("/api/v1/batches/{}", batch["id"])).refused(404, "not_found");
        town.get(&other, &format!("/api/v1/batches/{}/verdicts", batch["id"])).refused(404, "not_found");
        town.post(&other, &format!("/api/v1/batches/{}/recall", batch["id"]), &json!({"reason": "不是我的"})).refused(403, "out_of_scope");
        town.get(&other, &format!("/api/v1/checks/{}", check["id"])).refused(404, "not_found");
        assert_eq!(town.get(&other, "/api/v1/checks").ok()["owed"], 0);
        town.get(&own, &format!("/api/v1/checks/{}", check["id"])).ok();
    });
}

#[test]
fn a_subject_sees_its_own_file_and_every_look_into_it() {
    each_database(|town| {
        let [own, other] = [company(1), company(2)];
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&own, &other]));
        let who = town.person_as(Actor { subject: Some(town.subject(&own.code)), ..town.actor(Role::Subject) });
        let purpose = encoded("本人查询");
        for code in [&own.code, &other.code] {
            let file = town.get(&who, &format!("/api/v1/subjects/{code}?purpose={purpose}")).ok();
            assert_eq!((word(&file["code"]), word(&file["name"])), (own.code.clone(), own.name.clone()), "whatever code is asked for");
        }
        assert_eq!(number(town, &format!("select count(*) from access where subject_id = {}", town.subject(&other.code).0)), 0);
    });
}

#[test]
fn a1_a2_every_read_names_an_allowed_purpose_and_appears_among_the_accesses() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        let count = || number(town, "select count(*) from access");
        let path = format!("/api/v1/subjects/{}", company.code);
        for query in ["", "?purpose=", &format!("?purpose={}", encoded("好奇")), &format!("?purpose={}", encoded("行政检查"))] {
            for part in ["", "/records", "/evaluations", "/relations", "/measures", "/accesses"] {
                town.get(&centre, &format!("{path}{part}{query}")).refused(422, "field_invalid");
            }
        }
        let body = json!({"subject": company.code, "matter": "food-licence", "purpose": "政府采购", "case": "SP1"});
        assert!(town.post(&centre, "/api/v1/checks", &body).refused(422, "field_invalid").contains("行政许可"));
        assert_eq!(count(), 0, "nothing was read");

        for (looks, part) in (1..).zip(["", "/records", "/evaluations", "/relations", "/measures", "/accesses"]) {
            town.get(&centre, &format!("{path}{part}?purpose={}", encoded("异议核查"))).ok();
            assert_eq!(count(), looks, "{part}");
        }
        town.check(&centre, &company.code).ok();
        let own = town.person_as(Actor { subject: Some(town.subject(&company.code)), ..town.actor(Role::Subject) });
        let accesses = town.file(&own, &company.code, "accesses");
        let seen: Vec<(String, String, String)> =
            accesses.as_array().unwrap().iter().map(|a| (word(&a["what"]), word(&a["purpose"]), word(&a["case"]))).collect();
        assert_eq!(seen.len(), 8, "six looks, a check, and the subject's own: {seen:?}");
        assert!(seen.contains(&("check".to_owned(), "行政许可".to_owned(), "SP2026-00017".to_owned())), "{seen:?}");
        assert_eq!(seen.iter().filter(|(what, purpose, _)| what == "file" && purpose == "异议核查").count(), 6);
    });
}

#[test]
fn a4_no_call_returns_more_than_twenty_subjects() {
    each_database(|town| {
        let companies: Vec<Company> = (1..=30).map(company).collect();
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&companies.iter().collect::<Vec<_>>()));
        for query in ["商贸", "smyxgs", "示范县"] {
            for more in ["", "&limit=100", "&page=2", "&offset=20", "&after=20"] {
                let found = town.get(&centre, &format!("/api/v1/subjects?q={}{more}", encoded(query))).ok();
                assert_eq!(found.as_array().unwrap().len(), 20, "{query}{more}");
            }
        }
        for query in ["", " ", "*", "%", "_"] {
            town.get(&centre, &format!("/api/v1/subjects?q={}", encoded(query))).refused(422, "field_invalid");
        }
    });
}

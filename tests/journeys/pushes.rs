//! Pushes: what concerns a department's system reaches it once in effect, in order, and the office knows what arrived and what not.

use serde_json::{Value, json};
use xinzhi_core::actor::{Actor, Role};

use crate::support::database::{force, number, unguard};
use crate::support::files::{Company, FINE, company, honours, penalties, registration, serious_list};
use crate::support::recipient::{ALL, HOST, MEASURES, URL, World, allow, list, subscribe};
use crate::support::town::{Caller, MARKET, Town, each_database, encoded, word};

/// A company on the list of serious dishonesty until March 2027; returns the batch of the list.
fn listed(town: &Town, company: &Company) -> Value {
    let centre = town.program(Role::Centre);
    town.import(&centre, "registration", &registration(&[company]));
    town.import(&centre, "serious-list", &serious_list(&[(company, "示税列〔2026〕1号", "2026-06-01", "2027-03-31")]))
}

/// Decides that a company is not to take part in procurement; the day is the town's.
fn decide(town: &Town, who: &Caller, company: &Company) -> Value {
    let body = json!({"subject": company.code, "matter": "procurement-bid", "purpose": "政府采购", "case": "CG2026-9"});
    let check = town.post(who, "/api/v1/checks", &body).ok();
    let document = json!({"number": "示财采〔2026〕8号", "organ": "示范县财政局", "date": "2026-11-20"});
    let body =
        json!({"measure": "procurement-limit", "outcome": "applied", "officer": "李芳", "document": document, "notice": "2026-11-23"});
    town.post(who, &format!("/api/v1/checks/{}/feedback", check["id"]), &body).ok()
}

/// By a program of the department: sessions of people end while the clock is moved.
fn event(town: &Town, (id, sequence): (i64, i64)) -> Value {
    town.get(&town.program(Role::Department), &format!("/api/v1/subscriptions/{id}/events/{sequence}")).ok()
}

#[test]
fn e6_w3_d14_a_restriction_is_told_signed_and_in_order_and_withdrawn_when_its_record_falls() {
    each_database(|town| {
        let (company, world) = (company(3), World::new());
        let batch = listed(town, &company);
        let (program, person) = (town.program(Role::Department), town.person(Role::Department));
        let (id, secret) = subscribe(town, &program, &MEASURES);
        assert_eq!(world.told(town), [], "nothing has happened yet");

        let receipt = decide(town, &person, &company);
        let arrived = world.round(town);
        let [begins] = arrived.as_slice() else { panic!("{arrived:?}") };
        assert!(begins.is_signed_with(&secret), "{begins:?}");
        assert!(!begins.is_signed_with("whsec_AAAA"));
        let now = town.office.now().0 / 1000;
        assert_eq!(begins.header("webhook-timestamp"), now.to_string());
        assert_eq!(begins.header("content-type"), "application/cloudevents+json; charset=utf-8");
        let envelope = &begins.event;
        assert_eq!(
            (&envelope["specversion"], &envelope["type"], &envelope["sequence"], &envelope["subject"]),
            (&json!("1.0"), &json!("measure.begins"), &json!("1"), &json!(company.code))
        );
        assert_eq!(word(&envelope["id"]), begins.header("webhook-id"));
        let data = &envelope["data"];
        assert_eq!(
            (&data["measure"], &data["decision"], &data["from"], &data["until"], &data["subject"]),
            (&json!("procurement-limit"), &receipt["decision"], &json!("2026-11-23"), &json!("2027-03-30"), &json!(company.code))
        );
        assert_eq!(world.told(town), [], "once");

        town.post(&town.program(Role::Centre), &format!("/api/v1/batches/{}/recall", batch["id"]), &json!({"reason": "认定决定已被撤销"}))
            .ok();
        let arrived = world.round(town);
        assert_eq!(arrived.iter().map(|a| (a.kind(), a.sequence())).collect::<Vec<_>>(), [("measure.withdrawn".to_owned(), 2)]);
        assert_eq!((&arrived[0].event["data"]["why"], &arrived[0].event["data"]["day"]), (&json!("record"), &json!("2026-11-23")));
        assert_eq!(arrived[0].event["data"]["decision"], receipt["decision"]);
        assert_eq!(world.told(town), []);
        let seen = event(town, (id, 2));
        assert_eq!((&seen["state"], &seen["acknowledged"], &seen["tries"]), (&json!("accepted"), &json!(false), &json!(1)));
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn e7_w2_what_a_day_brings_about_is_told_once_with_its_day_however_late_somebody_looks() {
    each_database(|town| {
        let (company, world) = (company(3), World::new());
        listed(town, &company);
        let person = town.person(Role::Department);
        decide(town, &person, &company);
        // Whoever subscribes later learns what runs already.
        subscribe(town, &person, &MEASURES);
        assert_eq!(world.told(town), [("measure.begins".to_owned(), 1)]);
        town.advance_days(127);
        assert_eq!((town.office.today().to_string().as_str(), world.told(town)), ("2027-03-30", vec![]), "the last day is a day in force");
        // Nobody looked for a week.
        town.advance_days(8);
        let arrived = world.round(town);
        assert_eq!(arrived.iter().map(|a| (a.kind(), a.sequence())).collect::<Vec<_>>(), [("measure.ends".to_owned(), 2)]);
        assert_eq!(arrived[0].event["data"]["day"], "2027-03-31");
        town.advance_days(1);
        assert_eq!(world.told(town), []);
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn l2_when_the_basis_ends_delivered_measures_are_withdrawn_and_waiting_ones_cancelled() {
    each_database(|town| {
        let (first, second, world) = (company(3), company(4), World::new());
        listed(town, &first);
        listed(town, &second);
        let person = town.person(Role::Department);
        let (id, _) = subscribe(town, &person, &MEASURES);
        decide(town, &person, &first);
        assert_eq!(world.told(town), [("measure.begins".to_owned(), 1)]);
        // The second is numbered and not sent; then the measure outlives its review day.
        decide(town, &person, &second);
        town.wait(xinzhi_office::push::derive::derive(&town.office)).unwrap();
        assert_eq!(event(town, (id, 2))["state"], "waiting");
        outlive_review(town);
        let arrived = world.round(town);
        let told: Vec<_> = arrived.iter().map(|a| (a.kind(), a.sequence())).collect();
        assert_eq!(told, [("measure.withdrawn".to_owned(), 3)], "the second never left the house");
        assert_eq!(arrived[0].event["data"]["why"], "basis");
        assert_eq!(event(town, (id, 2))["state"], "cancelled");
        assert_eq!(town.doctor(), []);
    });
}

/// Installs the national pack anew, with the review of its measures fallen due yesterday.
fn outlive_review(town: &Town) {
    let own = xinzhi_office::pack::own_files();
    let kept = own.iter().filter(|(path, _)| !path.starts_with("cases/"));
    let files = kept.map(|(path, text)| {
        let text =
            if path.starts_with("measures/") { text.replace("review_by: 2027-12-31", "review_by: 2026-11-22") } else { text.to_owned() };
        (path.to_owned(), text)
    });
    town.wait(town.office.install_pack("national", files.collect())).unwrap();
    // The office takes a pack over some seconds after it was installed.
    town.advance_minutes(1);
}

#[test]
fn e6_a_recipient_that_is_down_is_tried_again_and_told_everything_in_order() {
    each_database(|town| {
        let (companies, world) = ([company(3), company(4)], World::new());
        companies.iter().for_each(|company| drop(listed(town, company)));
        let person = town.person(Role::Department);
        let program = town.program(Role::Department);
        let (id, _) = subscribe(town, &program, &MEASURES);
        world.answer(|_| Err("无法连接".to_owned()));
        companies.iter().for_each(|company| drop(decide(town, &person, company)));
        assert_eq!(world.told(town), [("measure.begins".to_owned(), 1)], "the second waits for the first");
        assert_eq!(world.told(town), [], "not before five seconds are over");
        let mut tries = 1;
        for _ in 0..20 {
            town.advance_minutes(1);
            let told = world.told(town);
            assert!(told.iter().all(|(_, sequence)| *sequence == 1), "{told:?}");
            tries += told.len();
        }
        assert!((6..=10).contains(&tries), "twenty minutes of doubling waits were {tries} tries");
        let stuck = event(town, (id, 1));
        assert_eq!((&stuck["state"], &stuck["error"], &stuck["tries"]), (&json!("waiting"), &json!("无法连接"), &json!(tries)));
        let view = town.get(&program, &format!("/api/v1/subscriptions/{id}")).ok();
        assert_eq!((&view["waiting"], &view["late"]), (&json!(2), &json!(0)));
        town.advance_minutes(60);
        assert_eq!(town.get(&program, &format!("/api/v1/subscriptions/{id}")).ok()["late"], 2, "an hour is too long");
        world.answer(|_| Ok(200));
        let told: Vec<i64> = world.told(town).into_iter().map(|(_, sequence)| sequence).collect();
        assert_eq!(told, [1, 2]);
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn e7_what_is_given_up_blocks_nothing_and_can_be_sent_again() {
    each_database(|town| {
        let (companies, world) = ([company(3), company(4)], World::new());
        let batches = companies.clone().map(|company| listed(town, &company));
        let person = town.person(Role::Department);
        let (id, _) = subscribe(town, &person, &MEASURES);
        companies.iter().for_each(|company| drop(decide(town, &person, company)));
        world.answer(|event| Ok(if event["sequence"] == "1" { 500 } else { 200 }));
        let mut tries = 0;
        for _ in 0..32 {
            tries += world.round(town).iter().filter(|arrived| arrived.sequence() == 1).count();
            town.advance_minutes(61);
        }
        assert_eq!((event(town, (id, 1))["state"].clone(), tries), (json!("waiting"), 32), "a day is not over");
        let told = world.told(town);
        assert_eq!(told, [("measure.begins".to_owned(), 1), ("measure.begins".to_owned(), 2)]);
        let dead = event(town, (id, 1));
        assert_eq!((&dead["state"], &dead["status"], &dead["error"]), (&json!("dead"), &json!(500), &json!("接收方答复 500")));
        assert_eq!(event(town, (id, 2))["state"], "accepted");

        let path = format!("/api/v1/subscriptions/{id}/events");
        let person = town.person(Role::Department);
        let before = town.head();
        let again = town.post_once(&person, &format!("{path}/1/resend"), ("again", &Value::Null)).ok();
        assert_eq!(town.post_once(&person, &format!("{path}/1/resend"), ("again", &Value::Null)).ok(), again);
        let acts: Vec<String> = town.told(before).into_iter().map(|(act, _)| act).collect();
        assert_eq!(acts, ["event_resent"], "pressed twice, done once");
        town.post(&person, &format!("{path}/1/resend"), &Value::Null).refused(409, "event_state");
        world.answer(|_| Ok(200));
        assert_eq!(world.told(town), [("measure.begins".to_owned(), 1)]);
        assert_eq!(event(town, (id, 1))["state"], "accepted");

        // After its end a beginning is not sent again: it would bring the measure back.
        town.post(&town.program(Role::Centre), &format!("/api/v1/batches/{}/recall", batches[0]["id"]), &json!({"reason": "撤销"})).ok();
        assert_eq!(world.told(town), [("measure.withdrawn".to_owned(), 3)]);
        assert!(town.post(&person, &format!("{path}/1/resend"), &Value::Null).refused(409, "event_state").contains("第 3 号"));
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a_recipient_that_is_gone_is_told_nothing_more() {
    each_database(|town| {
        let (company, world) = (company(3), World::new());
        listed(town, &company);
        let person = town.person(Role::Department);
        let (id, _) = subscribe(town, &person, &MEASURES);
        world.answer(|_| Ok(410));
        decide(town, &person, &company);
        assert_eq!(world.told(town).len(), 1);
        let view = town.get(&person, &format!("/api/v1/subscriptions/{id}")).ok();
        assert_eq!((&view["ended"], &view["dead"]), (&json!(true), &json!(1)));
        assert!(word(&view["reason"]).contains("410"));
        town.advance_days(200);
        assert_eq!(world.told(town), []);
        let person = town.person(Role::Department);
        for act in ["end", "rotate", "change"] {
            let body = match act {
                "end" => json!({"reason": "不再使用"}),
                "change" => json!({"events": MEASURES, "url": URL}),
                _ => Value::Null,
            };
            town.post(&person, &format!("/api/v1/subscriptions/{id}/{act}"), &body).refused(409, "subscription_state");
        }
        assert_eq!(number(town, "select count(*) from subscription_key"), 0, "its key is destroyed");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn x8_names_that_change_their_meaning_and_hosts_taken_off_the_list_are_not_reached() {
    each_database(|town| {
        let (company, world) = (company(3), World::new());
        listed(town, &company);
        let person = town.person(Role::Department);
        let try_url = |url: &str| town.post(&person, "/api/v1/subscriptions", &json!({"events": ["obligation.due"], "url": url}));
        assert!(try_url(URL).refused(422, "host_not_listed").contains(HOST));
        let (id, _) = subscribe(town, &person, &MEASURES);
        for url in ["https://evil.cn/in", "https://push.example.gov.cn:8443/in", "http://10.1.2.3/in", "http://127.0.0.1:8080/api"] {
            try_url(url).refused(422, "host_not_listed");
        }
        decide(town, &person, &company);
        for inside in ["127.0.0.1:443", "10.1.2.3:443", "169.254.169.254:443", "[::ffff:192.168.0.1]:443", "[fe80::1]:443"] {
            world.name(HOST, &[inside]);
            assert!(world.round(town).is_empty(), "{inside} was reached");
            let error = word(&event(town, (id, 1))["error"]);
            assert!(error.contains("内部地址"), "{inside}: {error}");
            town.advance_minutes(61);
        }
        list(town, HOST, false);
        world.name(HOST, &["203.119.25.1:443"]);
        assert!(world.round(town).is_empty(), "no longer on the list");
        town.advance_minutes(61);
        allow(town, HOST);
        // Among the addresses of a name the one that may be reached is taken, with the port of the address that was subscribed.
        world.name(HOST, &["10.1.2.3:22", "203.119.25.1:22"]);
        world.answer(|_| Ok(302));
        let arrived = world.round(town);
        assert_eq!(arrived.iter().map(|a| a.at.to_string()).collect::<Vec<_>>(), ["203.119.25.1:443"]);
        let seen = event(town, (id, 1));
        assert_eq!((&seen["state"], &seen["status"]), (&json!("waiting"), &json!(302)), "a redirect is a failure");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn another_department_is_told_nothing_and_sees_nothing() {
    each_database(|town| {
        let (company, world) = (company(3), World::new());
        listed(town, &company);
        let person = town.person(Role::Department);
        let stranger = Actor { organ: Some("示范县水利局".to_owned()), ..town.actor(Role::Department) };
        let stranger = town.program_as(Actor { is_person: false, ..stranger });
        let (theirs, _) = subscribe(town, &stranger, &ALL);
        let (own, _) = subscribe(town, &person, &ALL);
        let (all, _) = subscribe(town, &town.program(Role::Centre), &ALL);
        decide(town, &person, &company);
        // Asked again and not answered: the restriction in force is owed an answer.
        let again = json!({"subject": company.code, "matter": "procurement-bid", "purpose": "政府采购", "case": "CG2026-10"});
        town.post(&person, "/api/v1/checks", &again).ok();
        town.advance_days(30);
        world.round(town);
        let told = |id: i64| {
            let events = town.get(&town.program(Role::Centre), &format!("/api/v1/subscriptions/{id}/events")).ok();
            events.as_array().unwrap().iter().map(|event| word(&event["type"])).collect::<Vec<_>>()
        };
        assert_eq!(told(theirs), Vec::<String>::new());
        assert!(told(own).contains(&"measure.begins".to_owned()) && told(own) == told(all), "{:?} {:?}", told(own), told(all));
        assert!(told(own).contains(&"obligation.due".to_owned()), "{:?}", told(own));
        let path = format!("/api/v1/subscriptions/{own}");
        for part in ["", "/events", "/events/1", "/events/1/subject?purpose=", "/reconciliation?from=2026-11-01&to=2026-11-30"] {
            let part = if part.ends_with('=') { format!("{part}{}", encoded("日常监管")) } else { part.to_owned() };
            town.get(&stranger, &format!("{path}{part}")).refused(404, "not_found");
        }
        for part in ["/rotate", "/events/1/resend", "/events/1/acknowledgement"] {
            town.post(&stranger, &format!("{path}{part}"), &Value::Null).refused(404, "not_found");
        }
        town.post(&stranger, &format!("{path}/end"), &json!({"reason": "不是我的"})).refused(404, "not_found");
        assert_eq!(town.get(&stranger, "/api/v1/subscriptions").ok().as_array().unwrap().len(), 1);
        for role in [Role::Township, Role::Counter, Role::Legal, Role::Audit, Role::System] {
            town.get(&town.person(role), "/api/v1/subscriptions").refused(403, "not_permitted");
        }
        town.post(&town.person(Role::Department), "/api/v1/operator/hosts", &json!({"host": "evil.cn", "allowed": true, "note": "试"}))
            .refused(403, "not_permitted");
        town.post(&town.person(Role::System), "/api/v1/operator/hosts", &json!({"host": "b.gov.cn", "allowed": true, "note": "试"})).ok();
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn what_is_filled_in_wrong_is_refused_by_the_name_of_its_field() {
    each_database(|town| {
        allow(town, HOST);
        let who = town.program(Role::Department);
        let good = json!({"events": ["obligation.due"], "url": URL, "title": "系统"});
        for (field, value, words) in [
            ("events", json!([]), "至少选择一种"),
            ("events", json!(["measure.begins"]), "一并订阅"),
            ("events", json!(["everything"]), "everything"),
            ("url", json!(""), "https://"),
            ("url", json!("ftp://push.example.gov.cn/"), "https://"),
            ("url", json!("https://a:b@push.example.gov.cn/"), "@"),
            ("title", json!("长".repeat(101)), "100"),
            ("title", json!("\u{202e}x"), "系统名称"),
        ] {
            let mut body = good.clone();
            body[field] = value;
            let answer = town.post(&who, "/api/v1/subscriptions", &body);
            let sentence = answer.refused(422, "field_invalid");
            assert_eq!(answer.json()["field"], field, "{sentence}");
            assert!(sentence.contains(words), "{sentence}");
        }
        let operator = town.person(Role::System);
        for host in ["", "*", "0.0.0.0/0", "https://a.cn", "a b"] {
            let answer = town.post(&operator, "/api/v1/operator/hosts", &json!({"host": host, "allowed": true, "note": "试"}));
            assert_eq!(answer.json()["field"], "host", "{}", answer.text());
        }
        let made = town.post_once(&who, "/api/v1/subscriptions", ("one", &good)).ok();
        assert_eq!(
            town.post_once(&who, "/api/v1/subscriptions", ("one", &good)).ok(),
            made,
            "the same key, the same answer, the secret included"
        );
        let everything = crate::support::database::everything(town);
        let secret = word(&made["secret"]);
        let naked = secret.strip_prefix("whsec_").unwrap().as_bytes();
        assert!(!everything.windows(naked.len()).any(|window| window == naked), "the key lies in the clear");
        let path = format!("/api/v1/subscriptions/{}", made["id"]);
        for (query, field) in
            [("from=2026-02-30&to=2026-03-01", "from"), ("from=2026-03-02&to=2026-03-01", "to"), ("from=2026-01-01&to=2026-12-31", "to")]
        {
            assert_eq!(town.get(&who, &format!("{path}/reconciliation?{query}")).json()["field"], field);
        }
        town.get(&who, &format!("{path}/events/1")).refused(404, "not_found");
        town.post(&who, &format!("{path}/events/1/acknowledgement"), &Value::Null).refused(404, "not_found");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn g9_a_replaced_key_signs_beside_the_new_one_for_a_day_and_no_longer() {
    each_database(|town| {
        let (companies, world) = ([company(3), company(4), company(5)], World::new());
        companies.iter().for_each(|company| drop(listed(town, company)));
        let person = town.person(Role::Department);
        let (id, old) = subscribe(town, &person, &MEASURES);
        let new = word(&town.post(&person, &format!("/api/v1/subscriptions/{id}/rotate"), &Value::Null).ok()["secret"]);
        assert_ne!(old, new);
        let mut signed = Vec::new();
        for (company, minutes) in companies.iter().zip([0, 24 * 60 - 1, 1]) {
            town.advance_minutes(minutes);
            decide(town, &town.person(Role::Department), company);
            let arrived = world.round(town);
            signed.push((arrived[0].is_signed_with(&old), arrived[0].is_signed_with(&new)));
        }
        assert_eq!(signed, [(true, true), (true, true), (false, true)]);
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn corrections_and_recalls_reach_who_supplied_the_records_and_due_answers_who_owes_them() {
    each_database(|town| {
        let (company, world) = (company(1), World::new());
        let program = town.program(Role::Department);
        town.import(&program, "registration", &registration(&[&company]));
        let batch = town.import(&program, "cf-2018", &penalties(&[(&company, FINE)]));
        let (id, _) = subscribe(town, &program, &["record.corrected", "obligation.due"]);
        assert_eq!(world.told(town), []);
        // Another content of the same document waits for a person, who accepts it.
        let changed = crate::support::files::Penalty { content: "罚款六千元", ..FINE };
        let second = town.import(&program, "cf-2018", &penalties(&[(&company, changed)]));
        assert_eq!(world.told(town), [], "nothing holds yet");
        let ruling = xinzhi_office::import::Ruling { accept: true, reason: "依据更正决定".to_owned(), code: None };
        let place = (xinzhi_core::record::BatchId(second["id"].as_i64().unwrap()), 2);
        town.wait(xinzhi_office::import::rule(&town.office, &town.actor(Role::Centre), place, &ruling)).unwrap();
        let arrived = world.round(town);
        let data = &arrived[0].event["data"];
        assert_eq!((arrived.len(), arrived[0].kind().as_str(), &data["change"]), (1, "record.corrected", &json!("replaced")));
        assert_eq!(data["subject"], company.code);
        town.post(&program, &format!("/api/v1/batches/{}/recall", batch["id"]), &json!({"reason": "错报"})).ok();
        let arrived = world.round(town);
        assert_eq!((&arrived[0].event["data"]["change"], &arrived[0].event["data"]["batch"]), (&json!("recalled"), &batch["id"]));

        town.import(&town.program(Role::Centre), "honour", &honours(&[(&company, "示政〔2026〕1号", "国家级", "2026-05-01")]));
        let check = town.check(&program, &company.code).ok();
        assert!(!check["measures"].as_array().unwrap().is_empty(), "{check}");
        let mut states = Vec::new();
        for _ in 0..15 {
            town.advance_days(1);
            for arrived in world.round(town) {
                assert_eq!(arrived.event["data"]["check"], check["id"]);
                states.push(word(&arrived.event["data"]["state"]));
            }
        }
        let owed = check["measures"].as_array().unwrap().len();
        assert_eq!(states, [vec!["due_soon"; owed], vec!["overdue"; owed]].concat());
        let view = town.get(&program, &format!("/api/v1/subscriptions/{id}")).ok();
        assert_eq!((&view["waiting"], &view["unacknowledged"]), (&json!(0), &json!(2 + 2 * owed)));
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn n1_delivered_is_not_acknowledged_and_the_subject_sees_what_was_told_about_it() {
    each_database(|town| {
        let (company, world) = (company(3), World::new());
        listed(town, &company);
        let person = town.person(Role::Department);
        let (id, _) = subscribe(town, &person, &MEASURES);
        decide(town, &person, &company);
        let path = format!("/api/v1/subscriptions/{id}");
        let acknowledge = |key: &str| town.post_once(&person, &format!("{path}/events/1/acknowledgement"), (key, &Value::Null));
        town.wait(xinzhi_office::push::derive::derive(&town.office)).unwrap();
        assert!(acknowledge("early").refused(409, "event_state").contains("还没有送达"));
        let own = town.person_as(Actor { subject: Some(town.subject(&company.code)), ..town.actor(Role::Subject) });
        let pushes = |file: &Value| file.as_array().unwrap().iter().filter(|access| access["what"] == "push").count();
        assert_eq!(pushes(&town.file(&own, &company.code, "accesses")), 0, "nothing left the house yet");
        world.round(town);
        assert_eq!(pushes(&town.file(&own, &company.code, "accesses")), 1);
        let counts = || {
            let view = town.get(&person, &path).ok();
            (view["unacknowledged"].clone(), view["acknowledged"].clone(), view["late"].clone())
        };
        assert_eq!(counts(), (json!(1), json!(0), json!(0)));
        town.advance_days(2);
        // Two days later the session is over, the key is not.
        let program = town.program(Role::Department);
        assert_eq!(town.get(&program, &path).ok()["late"], 1, "a day is long enough to acknowledge");
        let first = town.post_once(&program, &format!("{path}/events/1/acknowledgement"), ("a", &Value::Null)).ok();
        town.advance_minutes(5);
        let second = town.post_once(&program, &format!("{path}/events/1/acknowledgement"), ("b", &Value::Null)).ok();
        assert_eq!(first, second, "said twice, taken once");
        let view = town.get(&program, &path).ok();
        assert_eq!((&view["acknowledged"], &view["late"]), (&json!(1), &json!(0)));
        let about = town.get(&program, &format!("{path}/events/1/subject?purpose={}", encoded("日常监管"))).ok();
        assert_eq!(about["name"], company.name);
        town.get(&program, &format!("{path}/events/1/subject?purpose={}", encoded("好奇"))).refused(422, "field_invalid");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn e7_the_night_counts_what_arrived_and_tries_again_what_waits() {
    each_database(|town| {
        let (companies, world) = ([company(3), company(4)], World::new());
        companies.iter().for_each(|company| drop(listed(town, company)));
        let person = town.person(Role::Department);
        let program = town.program(Role::Department);
        let (id, _) = subscribe(town, &person, &MEASURES);
        decide(town, &person, &companies[0]);
        let first = world.round(town);
        world.answer(|_| Err("停电".to_owned()));
        decide(town, &person, &companies[1]);
        for _ in 0..15 {
            town.advance_minutes(61);
            world.round(town);
        }
        // 2026-11-24 01:15; the wait is an hour long by now. At two the day before is counted.
        assert_eq!(number(town, "select count(*) from push_reconciliation"), 0);
        town.advance_minutes(46);
        world.answer(|_| Ok(200));
        assert_eq!(world.told(town), [("measure.begins".to_owned(), 2)], "tried at once, whatever the wait");
        let days = town.get(&program, &format!("/api/v1/subscriptions/{id}/reconciliation?from=2026-11-20&to=2026-11-30")).ok();
        assert_eq!(days.as_array().unwrap().len(), 1, "{days}");
        assert_eq!((&days[0]["day"], &days[0]["events"], &days[0]["accepted"]), (&json!("2026-11-23"), &json!(2), &json!(2)));
        let second = town.get(&program, &format!("/api/v1/subscriptions/{id}/events?after=1")).ok();
        let lines = format!("1 {}\n2 {}\n", first[0].header("webhook-id"), word(&second[0]["webhook_id"]));
        let digest: String = <sha2::Sha256 as sha2::Digest>::digest(lines.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(days[0]["digest"], digest.as_str());
        assert_eq!(number(town, "select requeued from push_reconciliation"), 1);
        assert_eq!(number(town, "select accepted from push_reconciliation"), 1, "as it was that night");
        world.round(town);
        assert_eq!(number(town, "select count(*) from push_reconciliation"), 1, "once a night");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn e6_e7_doctor_finds_a_planted_gap_an_end_without_a_beginning_and_an_event_that_is_missing() {
    each_database(|town| {
        let (companies, world) = ([company(3), company(4)], World::new());
        companies.iter().for_each(|company| drop(listed(town, company)));
        let person = town.person(Role::Department);
        let (id, _) = subscribe(town, &person, &MEASURES);
        companies.iter().for_each(|company| drop(decide(town, &person, company)));
        world.round(town);
        assert_eq!(town.doctor(), []);
        unguard(town, "push_event");
        unguard(town, "subscription");
        let found = |edit: &str, undo: &str| {
            force(town, edit);
            let found: Vec<String> = town.doctor().into_iter().map(|(_, fault)| fault).collect();
            force(town, undo);
            assert_eq!(town.doctor(), [], "{undo}");
            found.join("；")
        };
        let gap = format!("update subscription_head set sequence = 3 where subscription_id = {id}");
        let whole = format!("update subscription_head set sequence = 2 where subscription_id = {id}");
        assert!(found(&gap, &whole).contains("编号有缺口"));
        let ends = format!("update push_event set kind = 'measure.ends' where subscription_id = {id} and sequence = 1");
        let begins = format!("update push_event set kind = 'measure.begins' where subscription_id = {id} and sequence = 1");
        assert!(found(&ends, &begins).contains("此前没有告知其开始"));
        let decision = number(town, &format!("select decision_id from push_event where subscription_id = {id} and sequence = 2"));
        let lost = format!("update push_event set decision_id = null where subscription_id = {id} and sequence = 2");
        let kept = format!("update push_event set decision_id = {decision} where subscription_id = {id} and sequence = 2");
        assert!(found(&lost, &kept).contains(&format!("缺少应有的推送（measure:{decision}:1）")));
        let delivery = |state: &str, tries: i64| {
            format!("update push_delivery set state = '{state}', tries = {tries} where subscription_id = {id} and sequence = 1")
        };
        let overtaken = found(&delivery("waiting", 0), &delivery("accepted", 1));
        assert!(overtaken.contains("第 2 号推送先于更早的编号送达"), "{overtaken}");
        let elsewhere = format!("update subscription set url = 'https://evil.cn/' where subscription_id = {id}");
        let here = format!("update subscription set url = '{URL}' where subscription_id = {id}");
        assert!(found(&elsewhere, &here).contains("subscription_made"));
    });
}

#[test]
fn the_organ_of_accounts_of_departments_is_the_one_that_pushes_go_to() {
    let town = Town::on_sqlite();
    let (id, _) = subscribe(&town, &town.program(Role::Department), &["obligation.due"]);
    assert_eq!(town.get(&town.program(Role::Centre), &format!("/api/v1/subscriptions/{id}")).ok()["organ"], MARKET);
}

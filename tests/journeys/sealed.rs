//! What identifies people is sealed: nothing of it lies in the database in the clear, and seeing it is an act that its subject sees.

use serde_json::Value;
use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::identifier::ResidentId;
use xinzhi_core::record::RecordId;
use xinzhi_office::subject;

use crate::support::database::everything;
use crate::support::files::{Company, company, registration};
use crate::support::town::{Town, each_database, encoded, word};

const CHIEF: &str = "欧阳不言";
const RESIDENT: &str = "司马无忌";
const HEADER: &str = "行政相对人名称,行政相对人类别,统一社会信用代码,法定代表人,法定代表人证件类型,法定代表人证件号码,自然人证件类型,自然人证件号码,\
    行政处罚决定书文号,违法行为类型,违法事实,处罚依据,处罚类别,处罚内容,罚款金额（万元）,处罚决定日期,处罚机关,备注\n";

fn person_number(body: &str) -> String {
    format!("{body}{}", ResidentId::check_character(body).unwrap())
}

/// A company's penalty with its chief's number, a resident's own, and a resident without a usable number.
fn plant(town: &Town) -> (Company, [String; 2]) {
    let company = company(1);
    let [chief, resident] = ["33082519700101001", "33082519850607002"].map(person_number);
    let Company { code, name, .. } = &company;
    let end = "销售,销售不合格商品,《产品质量法》第四十九条,罚款,罚款五千元,0.5,2026-09-01,示范县市场监督管理局,";
    let rows = [
        format!("{name},法人及非法人组织,{code},{CHIEF},身份证,{chief},,,示市监罚〔2026〕31号,{end}\n"),
        format!("{RESIDENT},自然人,,,,,身份证,{resident},示市监罚〔2026〕32号,{end}住址同上\n"),
        format!("{RESIDENT},自然人,,,,,身份证,,示市监罚〔2026〕33号,{end}\n"),
    ];
    let centre = town.program(Role::Centre);
    town.import(&centre, "registration", &registration(&[&company]));
    let batch = town.import(&centre, "cf-2018", &(HEADER.to_owned() + &rows.concat()));
    assert_eq!([&batch["counts"]["accepted"], &batch["counts"]["quarantined"]], [2, 1], "{batch} {:?}", town.verdicts(&centre, &batch));
    (company, [chief, resident])
}

#[test]
fn a6_c2_nothing_planted_lies_in_the_database_or_in_an_answer() {
    each_database(|town| {
        let (company, [chief, resident]) = plant(town);
        let centre = town.program(Role::Centre);
        let asked = town.check(&centre, &resident);
        asked.refused(422, "subject_kind_wrong");
        let mut answers = vec![asked.text()];
        for part in ["records", "measures", "evaluations", "accesses"] {
            for code in [&company.code, &resident] {
                let answer = town.get(&centre, &format!("/api/v1/subjects/{code}/{part}?purpose={}", encoded("日常监管")));
                assert_eq!(answer.status, 200, "{part}: {}", answer.text());
                answers.push(answer.text());
            }
        }
        let person = town.get(&centre, &format!("/api/v1/subjects/{resident}?purpose={}", encoded("日常监管"))).ok();
        assert!(word(&person["name"]).contains('*') && word(&person["code"]).contains('*'), "masked: {person}");
        assert_eq!(person["evaluations"], Value::Array(Vec::new()), "nobody is scored as a person (C2)");
        answers.push(person.to_string());
        answers.push(town.get(&centre, "/api/v1/batches/2/verdicts").text());

        let stored = everything(town);
        for planted in [CHIEF, RESIDENT, &chief, &resident] {
            assert!(!stored.windows(planted.len()).any(|bytes| bytes == planted.as_bytes()), "{planted} lies in the database");
            assert!(!answers.iter().any(|answer| answer.contains(planted)), "{planted} is in an answer");
        }
        assert!(stored.windows(company.name.len()).any(|bytes| bytes == company.name.as_bytes()), "the search does find what is there");
    });
}

fn penalty_of(town: &Town, code: &str) -> RecordId {
    let records = town.file(&town.program(Role::Centre), code, "records");
    let found = records.as_array().unwrap().iter().find(|r| r["kind"] == "行政处罚").map(|r| r["id"].as_i64().unwrap());
    RecordId(found.unwrap())
}

#[test]
fn a6_seeing_what_is_sealed_needs_a_person_and_a_reason_and_is_shown_to_the_subject() {
    each_database(|town| {
        let (company, [chief, _]) = plant(town);
        let record = penalty_of(town, &company.code);
        let see = |by: &Actor, reason: &str| town.wait(subject::unmask(&town.office, by, record, reason));
        let centre = town.actor(Role::Centre);
        let before = town.head();
        for role in [Role::Department, Role::Township, Role::Counter, Role::Legal, Role::Audit, Role::System, Role::Security] {
            assert!(see(&town.actor(role), "核对").unwrap_err().to_string().contains("无权"), "{role:?}");
        }
        let program = Actor { is_person: false, ..centre.clone() };
        assert!(see(&program, "核对").unwrap_err().to_string().contains("具名工作人员"));
        assert!(see(&centre, " ").unwrap_err().to_string().contains("理由"));
        assert_eq!(town.head(), before, "a refused look leaves no trace of a look");

        let seen = see(&centre, "核对异议申请人身份").unwrap();
        let field = |title: &str| seen.iter().find(|(name, _)| name == title).map(|(_, text)| text.as_str());
        assert_eq!((field("法定代表人"), field("法定代表人证件号码")), (Some(CHIEF), Some(chief.as_str())));
        let acts: Vec<String> = town.told(before).into_iter().map(|(act, _)| act).collect();
        assert_eq!(acts, ["identity_unmasked"]);

        let own = Actor { subject: Some(town.subject(&company.code)), ..town.actor(Role::Subject) };
        let accesses = town.file(&town.person_as(own), &company.code, "accesses");
        let look = accesses.as_array().unwrap().iter().find(|a| a["what"] == "unmask").unwrap_or_else(|| panic!("{accesses}"));
        assert_eq!((word(&look["purpose"]), word(&look["who"])), ("核对异议申请人身份".to_owned(), "李芳".to_owned()));
    });
}

#[test]
fn c1_no_route_searches_people_by_name_or_by_what_is_written_about_them() {
    each_database(|town| {
        let (company, _) = plant(town);
        let centre = town.program(Role::Centre);
        for text in [RESIDENT, "司马", "smwj", CHIEF, "欧阳", "住址同上", "罚款五千元", "销售不合格商品"] {
            let found = town.get(&centre, &format!("/api/v1/subjects?q={}", encoded(text))).ok();
            assert_eq!(found, Value::Array(Vec::new()), "{text}");
        }
        let found = town.get(&centre, &format!("/api/v1/subjects?q={}", encoded("青禾"))).ok();
        assert_eq!(found[0]["code"], company.code.as_str(), "companies are found");
    });
}

#[test]
fn a3_an_answer_holds_the_fields_of_its_view_and_no_more() {
    each_database(|town| {
        let (company, _) = plant(town);
        let counter = town.program(Role::Counter);
        let keys = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
        let check = town.check(&counter, &company.code).ok();
        let expected = [
            "case",
            "commitments",
            "feedback_due",
            "feedback_due_provisional",
            "id",
            "matter",
            "matter_title",
            "measures",
            "name",
            "pin",
            "subject",
        ];
        assert_eq!(keys(&check), expected.into_iter().filter(|key| *key != "case").collect::<Vec<_>>());
        let records = town.file(&counter, &company.code, "records");
        for record in records.as_array().unwrap() {
            assert_eq!(keys(record), ["batch", "class", "date", "document", "fields", "id", "kind", "nature", "organ", "row"]);
            for sealed in ["法定代表人", "法定代表人证件类型", "法定代表人证件号码", "自然人证件号码"] {
                assert!(record["fields"].get(sealed).is_none(), "{sealed}: {record}");
            }
        }
        let accesses = town.file(&counter, &company.code, "accesses");
        assert_eq!(keys(&accesses[0]), ["at", "case", "organ", "purpose", "role", "what", "who"]);
        let found = town.get(&counter, &format!("/api/v1/subjects?q={}", encoded("青禾"))).ok();
        assert_eq!(keys(&found[0]), ["area", "code", "kind", "name"]);
    });
}

//! A department's system reports by program: NDJSON over HTTP, judged like any file.

use serde_json::{Value, json};
use xinzhi_core::actor::Role;

use crate::support::files::{FINE, company, registration};
use crate::support::town::{Answer, Caller, Town, each_database, encoded};

const LINES: (&str, &str) = ("content-type", "application/x-ndjson");

fn report(town: &Town, who: &Caller, (query, key): (&str, &str), lines: &[Value]) -> Answer {
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    town.post_raw(who, &format!("/api/v1/batches{query}"), &[LINES, ("idempotency-key", key)], body.as_bytes())
}

#[test]
fn e2_e9_a_program_reports_lines_and_each_has_its_verdict() {
    each_database(|town| {
        let company = company(1);
        let market = town.program(Role::Department);
        town.import(&market, "registration", &registration(&[&company]));
        let penalty = |number: &str| {
            json!({"行政相对人名称": company.name, "行政相对人类别": "法人及非法人组织", "统一社会信用代码": company.code,
                "行政处罚决定书文号": number, "违法行为类型": "未查验", "违法事实": "未查验供货者的许可证", "处罚依据": "某法第一条", "处罚类别": FINE.kinds,
                "处罚内容": FINE.content, "罚款金额（万元）": FINE.fine, "处罚决定日期": FINE.day, "处罚机关": FINE.organ,
                "处罚机关统一社会信用代码": null, "数据来源单位": FINE.organ})
        };
        let mut fraction = penalty("示市监罚〔2026〕3号");
        fraction["罚款金额（万元）"] = json!(0.5);
        let lines = [penalty("示市监罚〔2026〕1号"), penalty("示市监罚〔2026〕1号"), fraction, json!([1])];

        let query = format!("?source=cf-2018&name={}&covers_from=2026-01-01&covers_through=2026-11-22", encoded("十一月接口报送"));
        let staged = report(town, &market, (&query, "lines-1"), &lines).ok();
        assert_eq!(staged["counts"], json!({"read": 4, "accepted": 1, "duplicate": 1, "refused": 2, "quarantined": 0}), "{staged}");
        assert_eq!((&staged["file_name"], &staged["covers_from"]), (&json!("十一月接口报送"), &json!("2026-01-01")));
        let again = report(town, &market, (&query, "lines-1"), &lines).ok();
        assert_eq!(again["id"], staged["id"], "one key, one batch");
        report(town, &market, (&query, "lines-1"), &lines[..1]).refused(422, "key_reused");
        let verdicts = town.verdicts(&market, &staged);
        assert!(verdicts.contains(&(3, "refused".to_owned(), vec!["row.json_value".to_owned()])), "{verdicts:?}");
        assert!(verdicts.contains(&(4, "refused".to_owned(), vec!["row.json".to_owned()])), "{verdicts:?}");

        town.post(&market, &format!("/api/v1/batches/{}/commit", staged["id"]), &Value::Null).ok();
        assert_eq!(town.file(&market, &company.code, "records").as_array().unwrap().len(), 2);
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn x9_a_report_without_what_it_needs_is_told_so() {
    each_database(|town| {
        let market = town.program(Role::Department);
        let no_source = report(town, &market, ("", "a"), &[json!({"a": "1"})]);
        assert_eq!((no_source.refused(422, "field_invalid").is_empty(), no_source.json()["field"].clone()), (false, json!("source")));
        report(town, &market, ("?source=cf-2018&colour=red", "b"), &[]).refused(422, "field_invalid");
        report(town, &market, ("?source=cf-2018", "c"), &[]).refused(422, "file_unreadable");
        report(town, &market, ("?source=nothing", "d"), &[json!({"a": "1"})]).refused(422, "source_unknown");
        let text = town.post_raw(&market, "/api/v1/batches", &[("content-type", "text/plain"), ("idempotency-key", "e")], b"a");
        text.refused(415, "media_type_wrong");
    });
}

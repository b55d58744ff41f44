//! Doctor is content with a sound office and names what somebody with all rights has changed behind its back.

use serde_json::json;
use xinzhi_core::actor::Role;

use crate::support::database::{force, force_unchecked, number, unguard};
use crate::support::files::{Company, FINE, company, honours, penalties, registration, serious_list};
use crate::support::town::{Town, each_database};

/// An office in which something of each kind has happened.
fn busy(town: &Town) {
    let company = company(1);
    let centre = town.program(Role::Centre);
    town.import(&centre, "registration", &registration(&[&company]));
    town.import(&centre, "cf-2018", &penalties(&[(&company, FINE)]));
    town.import(&centre, "honour", &honours(&[(&company, "示政〔2026〕1号", "国家级", "2026-05-01")]));
    let check = town.check(&centre, &company.code).ok();
    let body = json!({"measure": "green-channel", "outcome": "applied", "officer": "陈静"});
    town.post(&centre, &format!("/api/v1/checks/{}/feedback", check["id"]), &body).ok();
    town.check(&centre, &company.code).ok();
    town.file(&centre, &company.code, "records");
    town.file(&centre, &company.code, "accesses");
}

#[test]
fn e12_l9_a_sound_office_is_sound_and_every_planted_edit_is_named() {
    each_database(|town| {
        busy(town);
        assert_eq!(town.doctor(), []);
        let looked: i64 = xinzhi_office::doctor::examine(&town.office).unwrap().iter().map(|f| f.looked_at).sum();
        assert!(looked > 10, "it looked at {looked} things only");

        let record = number(town, "select min(record_id) from record where kind = 'administrative-penalty'");
        let check = number(town, "select min(check_id) from check_event");
        let answer = number(town, "select max(feedback_id) from feedback");
        let commit = number(town, "select max(entry) from batch_commit");
        let batch = number(town, "select max(batch_id) from batch_commit");
        let first_read = number(town, "select min(access_id) from access where what = 'file'");
        let second_check = number(town, "select max(check_id) from check_event");
        let read = number(town, "select max(access_id) from access where what = 'file'");
        let edits = [
            (
                "record",
                format!("update record set fields = replace(fields, '罚款五千元', '罚款五万元') where record_id = {record}"),
                format!("记录 {record} "),
            ),
            (
                "check_event",
                format!("update check_event set answer = replace(answer, '示范县', '示范市') where check_id = {check}"),
                format!("账簿第 {check} 笔（check_made）与其事实不符"),
            ),
            (
                "journal",
                format!("update journal set refs = replace(refs, '\"accepted\":1', '\"accepted\":2') where entry = {commit}"),
                format!("批次 {batch} 的提交与账簿不符"),
            ),
            (
                "feedback",
                format!("update feedback set officer = '别人' where feedback_id = {answer}"),
                format!("账簿第 {answer} 笔（feedback_given）与其事实不符"),
            ),
            (
                "journal",
                format!("update journal set actor = 'somebody' where entry = {first_read}"),
                format!("账簿第 {first_read} 笔（subject_read）与其事实不符"),
            ),
            (
                "journal",
                format!("update journal set at = at - 86400000 where entry = {second_check}"),
                format!("账簿第 {second_check} 笔（check_made）与其事实不符"),
            ),
            (
                "access",
                format!("update access set purpose = '本人查询' where access_id = {read}"),
                format!("账簿第 {read} 笔（subject_read）与其事实不符"),
            ),
            ("batch", "update batch set rows_read = rows_read + 1 where batch_id = 2".to_owned(), "批次 2 的行数不闭合".to_owned()),
        ];
        for (table, edit, named) in edits {
            let before = town.doctor();
            unguard(town, table);
            force(town, &edit);
            // An answer that was edited does not replay either (D1); here it is about the seals.
            let of_seals = town.doctor().into_iter().filter(|finding| !before.contains(finding) && finding.0 != "D1");
            let new: Vec<_> = of_seals.collect();
            assert_eq!(new.len(), 1, "{table}: {new:?}");
            assert!(new[0].1.contains(&named), "{table}: {new:?}");
        }
        // A record taken out whole is missed by its batch's root; an entry taken out leaves a gap.
        let before = town.doctor().len();
        let honour = number(town, "select min(record_id) from record where kind = 'honour'");
        force(town, &format!("delete from record where record_id = {honour}"));
        force(town, &format!("delete from journal where entry = {check}"));
        let found: Vec<String> = town.doctor().into_iter().map(|(_, fault)| fault).collect();
        assert!(
            found.len() > before && found.iter().any(|f| f.contains("默克尔根")) && found.iter().any(|f| f.contains("账簿末位")),
            "{found:?}"
        );
    });
}

#[test]
fn e3_the_ledger_of_what_is_owed_balances_and_a_planted_imbalance_is_named() {
    each_database(|town| {
        busy(town);
        let company = company(2);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        town.import(&centre, "honour", &honours(&[(&company, "示政〔2026〕2号", "国家级", "2026-05-01")]));
        let open = town.check(&centre, &company.code).ok()["id"].as_i64().unwrap();
        let closed = number(town, "select min(check_id) from obligation_closing");
        assert_eq!(town.doctor(), []);

        let seen = json!({"measure": "green-channel", "outcome": "acknowledged"});
        let seen = town.post(&centre, &format!("/api/v1/checks/{open}/feedback"), &seen).ok()["id"].as_i64().unwrap();
        let close = |feedback: i64| format!("insert into obligation_closing values ({open}, 'green-channel', {feedback})");
        let edits = [
            // An acknowledgement closes nothing.
            (
                close(seen),
                format!("delete from obligation_closing where check_id = {open}"),
                format!("核查 {open} 的措施 `green-channel` 的反馈账不平"),
            ),
            // A debt that the answer does not hold.
            (
                format!("update obligation set due_day = '2099-01-01' where check_id = {open}"),
                "select 1".to_owned(),
                format!("核查 {open} 应反馈的措施与其结果不一致"),
            ),
            // A final answer that closed nothing.
            (
                format!("delete from obligation_closing where check_id = {closed}"),
                "select 1".to_owned(),
                format!("核查 {closed} 的措施 `green-channel` 的反馈账不平"),
            ),
        ];
        unguard(town, "obligation");
        unguard(town, "obligation_closing");
        for (edit, undo, named) in edits {
            let before = town.doctor();
            force(town, &edit);
            let new: Vec<_> = town.doctor().into_iter().filter(|finding| !before.contains(finding)).collect();
            assert_eq!(new.len(), 1, "{edit}: {new:?}");
            assert!(new[0].1.contains(&named), "{edit}: {new:?}");
            force(town, &undo);
        }
    });
}

/// Plants each edit, expects its sentence, and takes it back.
fn each_is_named(town: &Town, edits: &[(String, String, String)]) {
    for (edit, undo, named) in edits {
        force_unchecked(town, edit);
        let found: Vec<String> = town.doctor().into_iter().map(|(_, fault)| fault).collect();
        assert!(found.iter().any(|fault| fault.contains(named)), "{edit}: {found:?}");
        force_unchecked(town, undo);
    }
    assert_eq!(town.doctor(), [], "all of it was taken back");
}

#[test]
fn l1_l3_l6_l10_d10_a_decision_against_the_rules_of_its_day_is_named() {
    each_database(|town| {
        let [one, other] = [company(3), company(4)];
        let (centre, person) = (town.program(Role::Centre), town.person(Role::Department));
        town.import(&centre, "registration", &registration(&[&one, &other]));
        let listed = [(&one, "示税列〔2026〕1号", "2026-06-01", "2028-03-31"), (&other, "示税列〔2026〕2号", "2026-06-01", "2028-03-31")];
        town.import(&centre, "serious-list", &serious_list(&listed));
        let decide = |company: &Company| -> i64 {
            let body = json!({"subject": company.code, "matter": "procurement-bid", "purpose": "政府采购", "case": "CG2026-9"});
            let check = town.post(&person, "/api/v1/checks", &body).ok();
            let told = json!({"measure": "procurement-limit", "outcome": "applied", "officer": "李芳", "notice": "2026-11-23",
                "document": {"number": "示财采〔2026〕8号", "organ": "示范县财政局", "date": "2026-11-20"}});
            town.post(&person, &format!("/api/v1/checks/{}/feedback", check["id"]), &told).ok()["decision"].as_i64().unwrap()
        };
        let (first, second) = (decide(&one), decide(&other));
        assert_eq!(town.doctor(), []);
        for table in ["decision", "decision_cause", "journal"] {
            unguard(town, table);
        }
        let measure = |id: &str| {
            format!(
                "update decision set measure = '{id}' where decision_id = {first};
                update decision_cause set measure = '{id}' where decision_id = {first}"
            )
        };
        let at = number(town, &format!("select at from journal where entry = {first}"));
        let moment = |at: i64| format!("update journal set at = {at} where entry = {first}");
        let until = |day: &str| format!("update decision set until_day = '{day}' where decision_id = {first}");
        let was = measure("procurement-limit");
        each_is_named(
            town,
            &[
                (measure("no-such-measure"), was.clone(), format!("惩戒决定 {first}的措施不在当时的惩戒措施清单内")),
                (measure("green-channel"), was.clone(), format!("惩戒决定 {first}的措施不在当时的惩戒措施清单内")),
                (measure("procurement-ban"), was.clone(), format!("惩戒决定 {first}依据了该措施触发情形以外的信息种类")),
                (
                    format!("{}; {}", measure("no-notice-commitment"), until("2027-11-24")),
                    format!("{was}; {}", until("2028-03-30")),
                    format!("惩戒决定 {first}超过该措施的最长期限"),
                ),
                (moment(0), moment(at), format!("惩戒决定 {first}的措施当日没有生效的依据")),
            ],
        );
        // A record brings a measure about once: a constraint says so, until somebody takes it away.
        let copied =
            "create table causes as select * from decision_cause; drop table decision_cause; alter table causes rename to decision_cause";
        let unconstrained = if town.is_sqlite() { copied } else { "alter table decision_cause drop constraint decision_once_per_cause" };
        force_unchecked(town, unconstrained);
        let again = format!(
            "insert into decision_cause (decision_id, measure, record_id)
                select {second}, c.measure, c.record_id from decision_cause c where c.decision_id = {first}"
        );
        force_unchecked(town, &again);
        let found: Vec<String> = town.doctor().into_iter().map(|(_, fault)| fault).collect();
        assert!(found.contains(&format!("惩戒决定 {second}所依据的记录已引发过同一措施")), "{found:?}");
    });
}

#[test]
fn l5_d8_l1_l10_a_record_without_its_document_and_an_answer_without_its_reasons_are_named() {
    each_database(|town| {
        busy(town);
        let record = number(town, "select min(record_id) from record where kind = 'administrative-penalty'");
        let check = number(town, "select min(check_id) from check_event");
        unguard(town, "record");
        unguard(town, "check_event");
        let document = |number: &str| format!("update record set document = '{number}' where record_id = {record}");
        let organ = |name: &str| format!("update record set organ = '{name}' where record_id = {record}");
        let answer =
            |from: &str, to: &str| format!("update check_event set answer = replace(answer, '{from}', '{to}') where check_id = {check}");
        let without = |field: &str, text: &str| {
            let (whole, bare) = (format!("\"{field}\":\"{text}\""), format!("\"{field}\":\"\""));
            let named = format!("核查 {check} 的答复缺少依据、理由、记录或退出途径");
            (answer(&whole, &bare), answer(&bare, &whole), named)
        };
        let way_out = "等级不再为优秀，或者被列入严重失信主体名单、经营异常名录的，自动终止；可以重新获得";
        let no_basis = (
            answer("\"basis\":[", "\"basis\":[],\"basis_was\":["),
            answer("\"basis\":[],\"basis_was\":[", "\"basis\":["),
            format!("核查 {check} 的答复缺少依据、理由、记录或退出途径"),
        );
        let undocumented = format!("记录 {record} 没有文书号或作出机关");
        each_is_named(
            town,
            &[
                (document(" "), document(FINE.number), undocumented.clone()),
                (organ(""), organ(FINE.organ), undocumented),
                without("body", "办理该事项的行政机关"),
                without("way_out", way_out),
                no_basis,
            ],
        );
    });
}

#[test]
fn e12_a2_a_fact_of_which_the_journal_knows_nothing_is_named() {
    each_database(|town| {
        busy(town);
        let read = number(town, "select max(access_id) from access where what = 'file'");
        let check = number(town, "select min(check_id) from check_event");
        let far = town.head() + 1_000;
        unguard(town, "access");
        unguard(town, "check_event");
        let moved = |table: &str, column: &str, from: i64, to: i64| format!("update {table} set {column} = {to} where {column} = {from}");
        let at = |table: &str, entry: i64| format!("`{table}` 中第 {entry} 笔的事实在账簿中没有对应的一笔");
        each_is_named(
            town,
            &[
                (moved("access", "access_id", read, far), moved("access", "access_id", far, read), at("access", far)),
                (moved("check_event", "check_id", check, far), moved("check_event", "check_id", far, check), at("check_event", far)),
                // Under the entry of another subject's read it stands for nothing either.
                (
                    format!("update access set subject_id = subject_id + 1000 where access_id = {read}"),
                    format!("update access set subject_id = subject_id - 1000 where access_id = {read}"),
                    at("access", read),
                ),
            ],
        );
    });
}

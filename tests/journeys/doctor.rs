//! Doctor is content with a sound office and names what somebody with all rights has changed behind its back.

use serde_json::json;
use xinzhi_core::actor::Role;

use crate::support::database::{force, number, unguard};
use crate::support::files::{FINE, company, honours, penalties, registration};
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

//! 前置库: rows of a department's table come in once and whole, whatever happens to them, to the table, and to us.

use serde_json::{Value, json};
use xinzhi_core::actor::Role;
use xinzhi_core::{Code, Refusal};
use xinzhi_office::connector::{self, Change, Look, New};
use xinzhi_office::{Error, Office};

use crate::support::database::{everything, force, number, unguard};
use crate::support::department::{Department, SECRET};
use crate::support::files::{Company, company, registration};
use crate::support::town::{Caller, Town, each_database};

fn register(town: &Town, new: New) {
    town.wait(connector::register(&town.office, &Office::operator(), new)).unwrap();
}

fn look(town: &Town) -> Look {
    connector::pull(&town.office, &Office::operator(), "cf", &|| false).unwrap_or_else(|error| panic!("{error}"))
}

/// Read, accepted, duplicate, refused, waiting.
fn counts(look: &Look) -> [i64; 5] {
    let c = look.counts;
    [c.read, c.accepted, c.duplicate, c.refused, c.quarantined]
}

/// The sentence of a look that failed.
#[track_caller]
fn failed(town: &Town) -> String {
    match connector::pull(&town.office, &Office::operator(), "cf", &|| false) {
        Err(Error::Refusal(refusal)) if refusal.code == Code::ConnectorFailed => refusal.sentence(),
        other => panic!("{other:?}"),
    }
}

fn ready(town: &Town) -> (Department, Company) {
    let (department, company) = (Department::open(), company(1));
    town.import(&town.program(Role::Centre), "registration", &registration(&[&company]));
    register(town, department.connector("cf"));
    (department, company)
}

#[test]
fn e2_rows_appear_change_and_come_late_and_each_has_effect_once() {
    each_database(|town| {
        let (mut department, company) = ready(town);
        let fines = |town: &Town| number(town, "select count(*) from record where kind = 'administrative-penalty'");
        assert_eq!(look(town).sentence(), "没有新的行");
        department.fines(&[1, 2, 3], &company, "2026-11-20 10:00");
        let first = look(town);
        assert_eq!((first.batches.len(), counts(&first)), (1, [3, 3, 0, 0, 0]));
        assert_eq!(look(town), Look::default(), "what was read is not read again");

        // The same watermark, a later key: neither lost nor read for ever.
        department.fine(4, &company, "2026-11-20 10:00");
        assert_eq!(counts(&look(town)), [1, 1, 0, 0, 0]);
        assert_eq!(look(town), Look::default());
        // Late: it was written before the others became visible, inside the overlap of ten minutes.
        department.fine(-1, &company, "2026-11-20 09:55");
        assert_eq!(counts(&look(town)), [1, 1, 0, 0, 0], "what was there before is not delivered again");
        assert_eq!(look(town), Look::default());
        // Beyond the overlap nobody looks.
        department.fine(-2, &company, "2026-11-20 08:00");
        assert_eq!(look(town), Look::default());

        // Touched without a change, and changed.
        department.run("update cf set updated_at = '2026-11-21 10:00+08' where id = 1");
        assert_eq!(counts(&look(town)), [1, 0, 1, 0, 0]);
        department
            .run(r#"update cf set "罚款金额（万元）" = 0.6, "处罚内容" = '罚款六千元', updated_at = '2026-11-21 11:00+08' where id = 2"#);
        assert_eq!(counts(&look(town)), [1, 0, 0, 0, 1], "other content waits for a person");
        assert_eq!(fines(town), 5);
        // A typing error of a year must not carry the watermark past everything that is to come.
        department.fine(5, &company, "2062-11-21 11:00");
        assert_eq!(look(town), Look::default());
        department.fine(6, &company, "2026-11-21 12:00");
        assert_eq!(counts(&look(town)), [1, 1, 0, 0, 0]);

        let records = town.file(&town.program(Role::Centre), &company.code, "records");
        let fine =
            records.as_array().unwrap().iter().find(|r| r["document"] == "示市监罚〔2026〕6号").unwrap_or_else(|| panic!("{records}"));
        let text = fine.to_string();
        assert!(text.contains("2026-11-17") && text.contains("5,000.00 元") && text.contains("\"是否公开\":\"是\""), "{text}");
        assert!(!text.contains("updated_at"), "the watermark is no content: {text}");
        assert_eq!(town.doctor(), []);
    });
}

/// Days for which batches in effect say that penalties were reported completely.
fn covered(town: &Town) -> Vec<(String, String)> {
    let head = xinzhi_core::journal::Position(town.head());
    let rows = town.office.read_here(|connection| Ok(xinzhi_store::batch::coverage(connection, head)?)).unwrap();
    let penalties = rows.iter().filter(|row| row.kind == "administrative-penalty");
    let mut spans: Vec<(String, String)> = penalties.map(|row| (row.from.to_string(), row.through.to_string())).collect();
    spans.sort();
    spans
}

fn span(from: &str, through: &str) -> (String, String) {
    (from.to_owned(), through.to_owned())
}

#[test]
fn d3_a_table_that_is_promised_to_be_whole_states_coverage_once_it_was_read_whole() {
    each_database(|town| {
        let (mut department, company) = ready(town);
        let from = xinzhi_core::Day::parse("2023-11-01").unwrap();
        let wrong = New { covers: Some(town.office.today()), ..department.connector("wrong") };
        let refused = town.wait(connector::register(&town.office, &Office::operator(), wrong)).unwrap_err();
        assert!(refused.to_string().contains("应早于今天"), "{refused}");
        // Without a promise nothing is said, however often it is read.
        department.fine(1, &company, "2026-11-20 10:00");
        assert_eq!(look(town).covered, None);
        town.wait(connector::change(&town.office, &Office::operator(), "cf", (Change::End, None))).unwrap();
        assert_eq!(covered(town), []);

        register(town, New { covers: Some(from), ..department.connector("whole") });
        let look = || connector::pull(&town.office, &Office::operator(), "whole", &|| false).unwrap();
        // Somebody of whom nothing is known.
        let other = self::company(2);
        town.import(&town.program(Role::Centre), "registration", &registration(&[&other]));
        let unknown = town.evaluation(&town.program(Role::Centre), &other.code);
        department.fine(2, &company, "2026-11-21 10:00");
        let first = look();
        assert_eq!((first.counts.read, first.covered.map(|day| day.to_string())), (2, Some("2026-11-22".to_owned())));
        assert!(first.sentence().ends_with("；完整覆盖至 2026-11-22"), "{}", first.sentence());
        assert_eq!(covered(town), [span("2023-11-01", "2026-11-22")]);
        let known = town.evaluation(&town.program(Role::Centre), &other.code);
        assert!(known["assessed_share"].as_i64() > unknown["assessed_share"].as_i64(), "silence means none: {unknown} {known}");

        // Nothing new: said once a day, and not before the day is over and what comes late has come.
        assert_eq!(look(), Look::default());
        town.advance_days(1);
        let nothing = look();
        assert_eq!((nothing.batches.len(), nothing.counts.read), (1, 0));
        assert_eq!(covered(town)[1..], [span("2023-11-01", "2026-11-23")]);
        assert_eq!(look(), Look::default());
        // Five minutes after midnight the last ten of the day before may still become visible.
        town.advance_minutes(14 * 60 + 5);
        assert_eq!(look(), Look::default());
        town.advance_minutes(6);
        assert_eq!(look().covered.map(|day| day.to_string()), Some("2026-11-24".to_owned()));

        // A row that is not read is not none.
        town.advance_days(1);
        department.run("update cf set updated_at = null where id = 2");
        let partly = look();
        assert!(partly.covered.is_none() && partly.sentence().contains("本次不声明完整覆盖"), "{}", partly.sentence());
        department.run("update cf set updated_at = '2062-01-01 10:00+08' where id = 2");
        assert!(look().sentence().contains("超前一天以上"));
        assert_eq!(covered(town).len(), 3);
        department.run("update cf set updated_at = '2026-11-22 10:00+08' where id = 2");
        assert_eq!((look().covered.is_some(), covered(town).len()), (true, 4));
        assert_eq!(town.doctor(), []);

        // What a batch brought is taken back: the others together are not everything any more.
        let path = format!("/api/v1/batches/{}/recall", first.batches[0].0);
        town.post(&town.program(Role::Centre), &path, &json!({"reason": "整批报错"})).ok();
        assert_eq!(covered(town), []);
        town.advance_days(1);
        let broken = look();
        assert!(broken.batches.is_empty() && broken.sentence().contains("有批次被撤回"), "{}", broken.sentence());
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn d3_no_coverage_is_stated_of_an_empty_table_or_before_somebody_commits() {
    each_database(|town| {
        let (mut department, company) = (Department::open(), company(1));
        town.import(&town.program(Role::Centre), "registration", &registration(&[&company]));
        register(town, New { covers: xinzhi_core::Day::parse("2023-11-01").ok(), previews: true, ..department.connector("cf") });
        assert_eq!(look(town), Look::default(), "there is no place up to which it was read");
        department.fine(1, &company, "2026-11-20 10:00");
        let waits = look(town);
        assert_eq!((waits.counts.read, waits.covered), (1, None));
        assert_eq!(covered(town), []);
        let path = format!("/api/v1/batches/{}/commit", waits.batches[0].0);
        town.post(&town.program(Role::Centre), &path, &Value::Null).ok();
        assert_eq!(covered(town), [span("2023-11-01", "2026-11-22")]);
        assert_eq!(look(town), Look::default());
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn work_that_is_done_again_and_again_tells_how_it_goes() {
    each_database(|town| {
        let (mut department, company) = ready(town);
        let read = |who: &Caller| town.get(who, "/admin/work").text();
        // Signed in anew where time went by: an administrator's sign-in is over after a quarter of an hour.
        let page = || read(&town.person(Role::Audit));
        assert!(page().contains("市监处罚前置库") && page().contains("还没有做过"), "{}", page());
        department.fine(1, &company, "2026-11-20 10:00");
        look(town);
        let well = page();
        assert!(well.contains("正常") && well.contains("2026-11-23 10:00:00") && well.contains("2026-11-23 10:15:00"), "{well}");
        // While it goes on: since when, and how far. The table is held, so that the look waits.
        town.advance_minutes(20);
        let mut holder = ::postgres::Client::connect(&department.url(), ::postgres::NoTls).unwrap();
        holder.batch_execute("begin; lock table cf in access exclusive mode").unwrap();
        let audit = town.person(Role::Audit);
        let during = std::thread::scope(|scope| {
            let looking = scope.spawn(|| connector::pull(&town.office, &Office::operator(), "cf", &|| false));
            let mut seen = read(&audit);
            for _ in 0..200 {
                if seen.contains("10:20:00 开始，已办 0") {
                    break;
                }
                seen = read(&audit);
            }
            holder.batch_execute("rollback").unwrap();
            looking.join().unwrap().unwrap();
            seen
        });
        assert!(during.contains("进行中") && during.contains("10:20:00 开始，已办 0"), "{during}");
        department.run("drop table cf");
        town.advance_minutes(20);
        failed(town);
        town.advance_minutes(20);
        failed(town);
        let badly = page();
        for said in ["连续失败 2 次", "没有表或视图", "2026-11-23 11:00:00", "2026-11-23 11:30:00", "2026-11-23 10:20:00"] {
            assert!(badly.contains(said), "{said}: {badly}");
        }
        town.wait(connector::change(&town.office, &Office::operator(), "cf", (Change::Pause, None))).unwrap();
        assert!(page().contains("已暂停"));
        town.wait(connector::change(&town.office, &Office::operator(), "cf", (Change::End, None))).unwrap();
        assert!(page().contains("没有定时作业"));
        assert!(!badly.contains(&company.name) && !badly.contains(&company.code), "no business data");
    });
}

#[test]
fn e2_fifty_thousand_rows_with_one_watermark_come_in_bounded_batches() {
    each_database(|town| {
        let (mut department, company) = (Department::open(), company(1));
        town.import(&town.program(Role::Centre), "registration", &registration(&[&company]));
        register(town, New { covers: xinzhi_core::Day::parse("2023-11-01").ok(), ..department.connector("cf") });
        let ids: Vec<i64> = (1..=50_000).collect();
        department.fines(&ids, &company, "2026-11-20 10:00");
        let first = look(town);
        assert_eq!((first.batches.len(), counts(&first)), (3, [50_000, 50_000, 0, 0, 0]));
        assert_eq!(covered(town), [span("2023-11-01", "2026-11-22")], "said of the whole once, with the last batch");
        assert_eq!(look(town), Look::default());
        department.fine(50_001, &company, "2026-11-20 10:00");
        assert_eq!(counts(&look(town)), [1, 1, 0, 0, 0], "a row more with the same watermark is one row");
    });
}

#[test]
fn e2_of_a_large_overlap_it_is_remembered_only_whether_it_changed() {
    each_database(|town| {
        let (mut department, company) = ready(town);
        let ids: Vec<i64> = (1..=4_100).collect();
        department.fines(&ids, &company, "2026-11-20 10:00");
        assert_eq!(counts(&look(town)), [4_100, 4_100, 0, 0, 0]);
        assert_eq!(look(town), Look::default());
        department.fine(-1, &company, "2026-11-20 09:59");
        assert_eq!(counts(&look(town)), [4_101, 1, 4_100, 0, 0], "what is read again is a duplicate");
        assert_eq!(look(town), Look::default());
    });
}

/// Lets writing to a table of the office fail, as if the process had ended there; `when` says at which rows.
fn stop_at(town: &Town, table: &str, when: &str) {
    if town.is_sqlite() {
        force(town, &format!("create trigger stops before insert on {table} when new.{when} begin select raise(abort, 'stopped'); end"));
    } else {
        force(town, &format!("alter table {table} add constraint stops check (not ({when})) not valid"));
    }
}

fn go_on(town: &Town, table: &str) {
    force(town, &if town.is_sqlite() { "drop trigger stops".to_owned() } else { format!("alter table {table} drop constraint stops") });
}

#[test]
fn e1_e2_a_look_that_ends_between_chunks_or_before_its_commit_is_taken_up_by_the_next() {
    each_database(|town| {
        let (mut department, company) = ready(town);
        let pull = || connector::pull(&town.office, &Office::operator(), "cf", &|| false);
        let ids: Vec<i64> = (1..=60).collect();
        department.fines(&ids, &company, "2026-11-20 10:00");
        stop_at(town, "record", "row_number > 30");
        pull().unwrap_err();
        go_on(town, "record");
        assert_eq!(number(town, "select count(*) from connector_pull"), 0, "half a batch is none");

        stop_at(town, "batch_commit", "entry > 0");
        pull().unwrap_err();
        go_on(town, "batch_commit");
        let staged = number(town, "select max(batch_id) from connector_pull");
        assert_eq!(number(town, &format!("select count(*) from batch_commit where batch_id = {staged}")), 0);
        assert_eq!(town.file(&town.program(Role::Centre), &company.code, "records").as_array().unwrap().len(), 1, "nothing has effect yet");

        let taken_up = look(town);
        assert_eq!((taken_up.batches[0].0, counts(&taken_up)), (staged, [60, 60, 0, 0, 0]));
        assert_eq!(look(town), Look::default(), "effect and place came together");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn what_is_wrong_with_a_table_is_said_and_nothing_of_it_comes_in() {
    each_database(|town| {
        let (mut department, company) = ready(town);
        department.fine(1, &company, "2026-11-20 10:00");
        look(town);
        department.fine(2, &company, "2026-11-20 11:00");
        let before = number(town, "select count(*) from batch");
        let department_user = department.user.clone();
        let mut fails = |spoil: &str, words: &[&str], mend: &str| {
            department.run(spoil);
            let sentence = failed(town);
            for word in words {
                assert!(sentence.contains(word), "{spoil}: {sentence}");
            }
            assert!(!sentence.contains("示市监罚") && !sentence.contains(SECRET), "{sentence}");
            department.run(mend);
        };
        fails(r#"alter table cf rename "处罚依据" to x"#, &["列 `处罚依据` 不见了", "resume"], r#"alter table cf rename x to "处罚依据""#);
        fails("alter table cf rename to moved", &["没有表或视图 `public.cf`"], "alter table moved rename to cf");
        fails("alter table cf rename updated_at to u", &["没有列 `updated_at`"], "alter table cf rename u to updated_at");
        fails(
            r#"alter table cf alter "违法事实" type integer using 1"#,
            &["列 `违法事实` 的类型变为 int4"],
            r#"alter table cf alter "违法事实" type text using '销售不合格商品'"#,
        );
        fails("alter table cf add column f double precision", &["列 `f` 是 float8 类型", "numeric"], "alter table cf drop column f");
        fails("alter table cf add column j jsonb", &["列 `j` 是 jsonb 类型"], "alter table cf drop column j");
        let user = department_user.as_str();
        fails(&format!("revoke select on cf from {user}"), &["无权读 `public.cf`", user], &format!("grant select on cf to {user}"));
        fails("alter table cf add column \"民族\" text", &["不得采集"], "alter table cf drop column \"民族\"");
        fails(&format!("alter role {user} password 'other'"), &["不接受用户", user], &format!("alter role {user} password '{SECRET}'"));
        assert_eq!(number(town, "select count(*) from batch"), before, "nothing was staged");

        assert_eq!(counts(&look(town)), [1, 1, 0, 0, 0], "mended, it goes on where it stood");
        for (id, spoil, words) in [
            ("a", (|new: New| New { host: "/nowhere".to_owned(), ..new }) as fn(New) -> New, "网络和防火墙放行（"),
            ("b", |new: New| New { database: "nichts".to_owned(), ..new }, "没有数据库 `nichts`"),
            ("c", |new: New| New { watermark: "处罚内容".to_owned(), ..new }, "水位列应为整数、日期或时间戳"),
            ("d", |new: New| New { table: "cf\"; drop table cf; --".to_owned(), ..new }, "没有表或视图"),
            ("e", |new: New| New { source: "registration".to_owned(), ..new }, "不合来源 `registration`"),
        ] {
            register(town, spoil(department.connector(id)));
            let refused = connector::pull(&town.office, &Office::operator(), id, &|| false).unwrap_err().to_string();
            assert!(refused.contains(words), "{id}: {refused}");
        }
        assert_eq!(department.client.query_one("select count(*) from cf", &[]).unwrap().get::<_, i64>(0), 2, "the table is still there");
    });
}

#[test]
fn a_column_that_was_given_up_on_purpose_is_accepted_by_resuming() {
    each_database(|town| {
        let (mut department, company) = ready(town);
        department.fine(1, &company, "2026-11-20 10:00");
        look(town);
        department.run(r#"alter table cf drop column "是否公开"; update cf set updated_at = '2026-11-20 11:00+08'"#);
        assert!(failed(town).contains("是否公开"));
        town.wait(connector::change(&town.office, &Office::operator(), "cf", (Change::Resume, None))).unwrap();
        assert_eq!(counts(&look(town))[0], 1);
    });
}

#[test]
fn numbers_serve_as_watermarks_and_rows_without_one_are_told() {
    each_database(|town| {
        let (mut department, company) = ready(town);
        department.run(
            "create view by_number as select c.*, c.id as n, md5(c.id::text)::uuid as u from cf c; grant select on by_number to department",
        );
        let new =
            New { table: "by_number".to_owned(), watermark: "n".to_owned(), key: "u".to_owned(), overlap: 2, ..department.connector("n") };
        register(town, new);
        let look = || connector::pull(&town.office, &Office::operator(), "n", &|| false).unwrap();
        department.fines(&[10, 11], &company, "2026-11-20 10:00");
        assert_eq!(counts(&look()), [2, 2, 0, 0, 0]);
        department.fine(9, &company, "2026-11-20 10:00");
        assert_eq!(counts(&look()), [1, 1, 0, 0, 0], "9 lies inside the overlap of two numbers");
        department.fine(8, &company, "2026-11-20 10:00");
        assert_eq!(look(), Look::default(), "8 does not");
        department.run("create or replace view by_number as select c.*, nullif(c.id, 13) as n, md5(c.id::text)::uuid as u from cf c");
        department.fines(&[12, 13], &company, "2026-11-20 10:00");
        let told = look();
        assert!(told.sentence().contains("水位列或次序列为空"), "{}", told.sentence());
    });
}

#[test]
fn a_batch_waits_for_a_person_where_the_operator_wants_it() {
    each_database(|town| {
        let (mut department, company) = ready(town);
        register(town, New { previews: true, ..department.connector("waits") });
        let pull = || connector::pull(&town.office, &Office::operator(), "waits", &|| false).unwrap();
        department.fine(1, &company, "2026-11-20 10:00");
        let staged = pull();
        let [batch] = staged.batches.as_slice() else { panic!("{staged:?}") };
        assert_eq!((staged.waiting, counts(&staged)), (Some(*batch), [1, 1, 0, 0, 0]));
        department.fine(2, &company, "2026-11-20 11:00");
        assert_eq!(pull().batches, [], "until it is committed nothing is read");
        let centre = town.program(Role::Centre);
        town.post(&centre, &format!("/api/v1/batches/{}/commit", batch.0), &Value::Null).ok();
        let next = pull();
        assert_eq!(counts(&next), [1, 1, 0, 0, 0], "from there it goes on");
        // Resuming gives a staged batch up: its rows are read again.
        town.wait(connector::change(&town.office, &Office::operator(), "waits", (Change::Resume, None))).unwrap();
        let again = pull();
        assert_eq!((again.batches.len(), counts(&again)), (1, [1, 1, 0, 0, 0]));
        assert_ne!(again.batches, next.batches);
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn tables_are_looked_at_when_due_and_later_and_later_after_failures() {
    each_database(|town| {
        let (mut department, company) = ready(town);
        let work = || connector::work_due(&town.office, &|| false).unwrap();
        let state = || town.wait(connector::connectors(&town.office, &Office::operator())).unwrap().remove(0);
        department.fine(1, &company, "2026-11-20 10:00");
        work();
        assert_eq!((state().state.word(), state().reached.as_deref()), ("well", Some("2026-11-20 10:00:00+08")));
        department.fine(2, &company, "2026-11-20 11:00");
        town.advance_minutes(14);
        work();
        assert_eq!(state().batch.unwrap().1.read, 1, "not due");
        department.run("alter table cf rename to moved");
        for (wait, failures) in [(1, 1), (15, 2), (29, 2), (1, 3)] {
            town.advance_minutes(wait);
            work();
            assert_eq!((state().failures, state().state.word()), (failures, "failing"), "after {wait} minutes");
        }
        department.run("alter table moved rename to cf");
        let centre = town.person(Role::Centre);
        let press = |who: &Caller, act: &str| {
            let body = format!("act={act}&once={}", town.fresh_key());
            town.post_raw(who, "/desk/connectors/cf", &[("content-type", "application/x-www-form-urlencoded")], body.as_bytes()).status
        };
        assert_eq!(press(&centre, "run"), 303);
        work();
        assert_eq!((state().state.word(), state().reached.as_deref()), ("well", Some("2026-11-20 11:00:00+08")));

        assert_eq!(press(&centre, "pause"), 303);
        assert_eq!((press(&centre, "run"), press(&centre, "drop")), (422, 422));
        department.fine(3, &company, "2026-11-20 12:00");
        town.advance_days(1);
        work();
        assert_eq!((state().state.word(), state().reached.as_deref()), ("paused", Some("2026-11-20 11:00:00+08")));
        let centre = town.person(Role::Centre);
        assert_eq!(press(&centre, "resume"), 303);
        work();
        assert_eq!(state().reached.as_deref(), Some("2026-11-20 12:00:00+08"));
        for role in [Role::Department, Role::Township, Role::Counter, Role::Legal, Role::Audit, Role::System] {
            let who = town.person(role);
            assert_eq!((press(&who, "pause"), town.get(&who, "/desk/connectors").status), (403, 403), "{role:?}");
        }
        town.wait(connector::change(&town.office, &Office::operator(), "cf", (Change::End, None))).unwrap();
        assert_eq!(press(&centre, "resume"), 422, "what has ended stays so");
        let told: Vec<String> = town.told(0).into_iter().map(|(act, _)| act).filter(|act| act.starts_with("connector")).collect();
        assert_eq!(told.iter().filter(|act| *act == "connector_pulled").count(), 3);
        assert_eq!(told.iter().filter(|act| *act == "connector_changed").count(), 3);
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn x8_a6_only_the_operator_says_what_is_called_and_the_password_lies_nowhere() {
    each_database(|town| {
        let (mut department, company) = ready(town);
        department.fine(1, &company, "2026-11-20 10:00");
        look(town);
        let [program, person] = [town.program(Role::Centre), town.person(Role::Centre)];
        let body = json!({"id": "x", "host": "10.0.0.1"});
        for who in [&program, &person] {
            town.post(who, "/api/v1/connectors", &body).refused(404, "not_found");
            town.post(who, "/api/v1/connectors/cf/run", &Value::Null).refused(404, "not_found");
        }
        let refused = town.wait(connector::register(&town.office, &town.actor(Role::Centre), department.connector("y"))).unwrap_err();
        assert!(matches!(refused, Error::Refusal(Refusal { code: Code::NotPermitted, .. })), "{refused}");
        town.wait(connector::change(&town.office, &town.actor(Role::Centre), "cf", (Change::Secret("x".to_owned()), None))).unwrap_err();

        let page = town.get(&person, "/desk/connectors");
        assert!(page.status == 200 && page.text().contains("市监处罚前置库") && !page.text().contains(SECRET), "{}", page.text());
        let stored = everything(town);
        assert!(!stored.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "the password lies in the clear");
        assert!(!town.journal(0).iter().any(|entry| format!("{entry:?}").contains(SECRET)));

        // Edited behind the back, the journal tells.
        unguard(town, "connector");
        force(town, "update connector set host = '10.6.6.6'");
        assert!(!town.doctor().is_empty(), "a changed address goes unnoticed");
    });
}

#[test]
fn x9_what_cannot_be_registered_names_its_field() {
    each_database(|town| {
        let department = Department::open();
        let refused = |spoil: fn(New) -> New| match town.wait(connector::register(
            &town.office,
            &Office::operator(),
            spoil(department.connector("cf")),
        )) {
            Err(Error::Refusal(refusal)) => refusal.field.unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(|new| New { id: "Cf/1".to_owned(), ..new }), "id");
        assert_eq!(refused(|new| New { source: "nothing".to_owned(), ..new }), "source");
        assert_eq!(refused(|new| New { area: Some("33".repeat(9)), ..new }), "area");
        assert_eq!(refused(|new| New { organ: " ".to_owned(), ..new }), "organ");
        assert_eq!(refused(|new| New { host: "a\nb".to_owned(), ..new }), "host");
        assert_eq!(refused(|new| New { table: "表".repeat(22), ..new }), "table");
        assert_eq!(refused(|new| New { key: "a\0".to_owned(), ..new }), "key");
        assert_eq!(refused(|new| New { port: 0, ..new }), "port");
        assert_eq!(refused(|new| New { every_minutes: 0, ..new }), "every");
        assert_eq!(refused(|new| New { overlap: -1, ..new }), "overlap");
        assert_eq!(refused(|new| New { secret: String::new(), ..new }), "secret");
        register(town, department.connector("cf"));
        assert_eq!(refused(|new| new), "id", "twice");
        let unknown = connector::pull(&town.office, &Office::operator(), "nobody", &|| false).unwrap_err();
        assert!(matches!(unknown, Error::Refusal(Refusal { code: Code::NotFound, .. })));
    });
}

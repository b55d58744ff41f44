//! Organs and areas, what is seen of the office, the audit trail, and forms of the desk that tell what is wrong.

use serde_json::Value;
use xinzhi_core::actor::Role;
use xinzhi_core::journal::Act;
use xinzhi_core::record::BatchId;
use xinzhi_office::import::{self, Ruling};
use xinzhi_office::journal::{self, FileKind, Filter};

use super::accounts::file;
use crate::support::database::force;
use crate::support::files::{Company, FINE, REVOKED, company, penalties, registration};
use crate::support::town::{Answer, Caller, PASSWORD, Town, each_database, encoded};

#[track_caller]
fn page(town: &Town, who: &Caller, path: &str) -> String {
    let answer = town.get(who, path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

#[test]
fn each_administrator_begins_at_a_page_of_what_the_post_may_do() {
    each_database(|town| {
        let [system, security, audit] = [Role::System, Role::Security, Role::Audit].map(|role| town.person(role));
        let new = [("name", "wangfang"), ("title", "王芳"), ("role", "legal")];
        assert_eq!(file(town, &system, "/admin/accounts/new", &new).status, 200);
        for (who, does, does_not) in [
            (&system, "建立账号；建立后由安全管理员启用", "发放和作废接口密钥"),
            (&security, "发放和作废接口密钥", "/admin/journal"),
            (&audit, "谁在何时做了什么", "发放和作废接口密钥"),
        ] {
            let sent = town.get(who, "/desk");
            assert_eq!((sent.status, sent.text().is_empty()), (303, true), "an empty desk is no page for an administrator");
            let home = page(town, who, "/admin");
            assert!(home.contains(does) && !home.contains(does_not), "{home}");
            assert!(home.contains("1 个账号待启用") && home.contains("看不到业务数据"), "{home}");
        }
        assert!(page(town, &security, "/admin").contains("核对人员和权限后启用"));
        let staff = town.person(Role::Centre);
        assert_eq!((town.get(&staff, "/admin").status, town.get(&staff, "/desk").status), (403, 200));
        // A further administrator without a second factor is told of.
        let bare = town.actor(Role::Audit);
        town.wait(xinzhi_office::account::create(&town.office, &xinzhi_office::Office::operator(), bare, PASSWORD)).unwrap();
        assert!(page(town, &security, "/admin").contains("1 名管理员还没有设置第二因素"));
    });
}

const BUREAU: &str = "示范县住房和城乡建设局";

#[test]
fn organs_are_chosen_from_a_table_with_a_history() {
    each_database(|town| {
        let (system, audit) = (town.person(Role::System), town.person(Role::Audit));
        let wrong = file(
            town,
            &system,
            "/admin/organs/new",
            &[("name", "甲/乙"), ("kind", "club"), ("code", "91330100799655058C"), ("area", "110101")],
        );
        let text = wrong.text();
        assert!(wrong.status == 422 && text.contains("有 4 处需要改正"), "{text}");
        for (field, says) in [("name", "不含斜线"), ("kind", "请选择"), ("code", "校验"), ("area", "辖区内")] {
            let (_, beside) = text.split_once(&format!("id=\"{field}-wrong\">")).unwrap_or_else(|| panic!("{field}: {text}"));
            assert!(beside.split('<').next().unwrap().contains(says), "{field}: {beside}");
        }
        let organ = [("name", BUREAU), ("kind", "department")];
        assert_eq!(file(town, &system, "/admin/organs/new", &organ).status, 303);
        let again = file(town, &system, "/admin/organs/new", &organ);
        assert!(again.status == 422 && again.text().contains("已经登记"), "{}", again.text());
        let path = format!("/admin/organs/{}", encoded(BUREAU));
        assert!(page(town, &system, "/admin/accounts/new").contains(BUREAU));
        let before = town.head();
        for _ in 0..2 {
            assert_eq!(file(town, &system, &path, &[("kind", "department"), ("area", "330899")]).status, 303);
        }
        assert_eq!(file(town, &system, &path, &[("kind", "department"), ("area", "330899"), ("ended", "yes")]).status, 303);
        let told: Vec<String> = town.told(before).into_iter().map(|(act, _)| act).collect();
        assert_eq!(told, ["organ_recorded", "organ_recorded"], "the same again is no change");
        assert!(!page(town, &system, "/admin/accounts/new").contains(BUREAU), "what was ended is not chosen");
        let chosen =
            file(town, &system, "/admin/accounts/new", &[("name", "a"), ("title", "甲"), ("role", "department"), ("organ", BUREAU)]);
        assert!(chosen.status == 422 && chosen.text().contains("已停用"), "{}", chosen.text());
        let history = page(town, &audit, &path);
        assert_eq!(history.matches("<tr><td class=\"num\"").count(), 3, "{history}");
        assert!(!history.contains("<button class=\"main-button\">保存"), "an auditor changes nothing");
        assert_eq!(town.get(&audit, "/admin/organs/nobody").status, 404);
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn areas_are_those_of_the_office_those_named_and_those_seen() {
    each_database(|town| {
        let system = town.person(Role::System);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company(1)]));
        let text = page(town, &system, "/admin/areas");
        assert!(text.contains("建账时指定") && text.contains("主体登记信息") && text.contains("未登记名称"), "{text}");
        for (code, name, says) in [("110101", "东城区", "辖区"), ("33089", "某镇", "数字"), ("330899101", " ", "请填写名称")]
        {
            let answer = file(town, &system, "/admin/areas", &[("code", code), ("name", name)]);
            assert!(answer.status == 422 && answer.text().contains(says), "{code}: {}", answer.text());
        }
        let before = town.head();
        for name in ["青溪镇", "青溪镇", "青溪街道"] {
            assert_eq!(file(town, &system, "/admin/areas", &[("code", "330899101000"), ("name", name)]).status, 303);
        }
        assert_eq!(town.told(before).len(), 2, "the same again is no change");
        assert!(page(town, &system, "/admin/accounts/new").contains("330899101 青溪街道"));
        assert_eq!(file(town, &system, "/admin/areas", &[("code", "330899101"), ("name", "青溪街道"), ("ended", "yes")]).status, 303);
        assert!(!page(town, &system, "/admin/accounts/new").contains("330899101 "));
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn whoever_runs_the_office_sees_numbers_packs_and_work_but_no_content() {
    each_database(|town| {
        let system = town.person(Role::System);
        let centre = town.program(Role::Centre);
        let [one, two] = [company(1), company(2)];
        town.import(&centre, "registration", &registration(&[&one, &two]));
        town.upload(&centre, "cf-2018", &penalties(&[(&one, FINE)])).ok();
        let seen = page(town, &system, "/admin/seen");
        assert!(seen.contains("<td class=\"num\">2</td>") && seen.contains("企业"), "{seen}");
        let work = page(town, &system, "/admin/work");
        assert!(work.contains("行政处罚（2018 年版式）") && work.contains("归集预览") && work.contains("批次生效"), "{work}");
        assert!(work.contains("没有进行中的作业") && work.contains("已完成"), "{work}");
        let packs = page(town, &system, "/admin/packs");
        assert!(
            packs.contains("演示，未经合法性审查")
                && packs.contains("2027-12-31")
                && packs.contains(&town.office.pack().digest.to_string())
        );
        assert!(packs.contains("2027 年的节假日尚未装入"), "{packs}");
        town.advance_days(8);
        let system = town.person(Role::System);
        assert!(page(town, &system, "/admin/packs").contains("2027 年的节假日还没有"), "from December on it is missed");
        for text in [seen, work, packs] {
            assert!(!text.contains(&one.name) && !text.contains(&one.code), "{text}");
        }
    });
}

/// How many subjects the page of numbers counts, all kinds together, and how many the areas have, by code.
fn subjects(town: &Town, who: &Caller) -> (String, Vec<(String, String)>) {
    let cell = |text: &str| text.split("</td>").next().and_then(|cell| cell.rsplit('>').next()).unwrap().to_owned();
    let seen = page(town, who, "/admin/seen");
    let kinds = seen.split("<h2>主体类型</h2>").nth(1).and_then(|rest| rest.split("合计</th>").nth(1)).unwrap_or_else(|| panic!("{seen}"));
    let areas = page(town, who, "/admin/areas");
    let code = |row: &str| row.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).map(str::to_owned);
    let many = |row: &str| cell(row.split("data-label=\"主体数\">").nth(1).unwrap());
    (cell(kinds), areas.split("<tr>").skip(1).filter_map(|row| Some((code(row)?, many(row)))).collect())
}

#[test]
fn subjects_are_counted_of_which_a_record_holds() {
    each_database(|town| {
        let system = town.person(Role::System);
        let centre = town.program(Role::Centre);
        let [one, two, three] = [1, 2, 3].map(company);
        let two = Company { area: "330899202001", ..two };
        let own = ("330899".to_owned(), "0".to_owned());
        let [first, second] = ["330899101001", "330899202001"].map(|code| (code.to_owned(), "1".to_owned()));
        let counted = |all: &str, areas: &[&(String, String)], when: &str| {
            assert_eq!(subjects(town, &system), (all.to_owned(), areas.iter().map(|area| (*area).clone()).collect()), "{when}");
        };
        counted("0", &[&own], "an office without records");
        town.import(&centre, "registration", &registration(&[&one]));
        counted("1", &[&own, &first], "one batch in effect");
        let staged = town.upload(&centre, "registration", &registration(&[&two])).ok();
        counted("1", &[&own, &first], "a batch that waits brings nobody");
        let path = format!("/api/v1/batches/{}", staged["id"]);
        town.post(&centre, &format!("{path}/commit"), &serde_json::json!(null)).ok();
        counted("2", &[&own, &first, &second], "in effect");
        town.post(&centre, &format!("{path}/recall"), &serde_json::json!({"reason": "部门报错了文件"})).ok();
        counted("1", &[&own, &first], "recalled");
        // A row that waits for a person brings its subject when it is accepted, without a batch that takes effect.
        let waiting = town.import(&centre, "cf-2018", &penalties(&[(&three, FINE)]).replace(&three.code, ""));
        counted("1", &[&own, &first], "not ruled on yet");
        let ruling = Ruling { accept: true, reason: "决定书载明".to_owned(), code: Some(three.code.clone()) };
        let batch = BatchId(waiting["id"].as_i64().unwrap());
        town.wait(import::rule(&town.office, &town.actor(Role::Centre), (batch, 2), &ruling)).unwrap();
        assert_eq!(subjects(town, &system).0, "2", "accepted");
        let seen = page(town, &system, "/admin/seen");
        assert!(seen.contains("有有效记录的主体；只在没有生效或已经撤回的批次中出现过的"), "{seen}");
    });
}

/// The positions that a page of the journal lists.
fn positions(text: &str) -> Vec<i64> {
    text.split("<tr id=\"entry-").skip(1).map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
}

fn lines(answer: &Answer) -> Vec<Value> {
    assert_eq!((answer.status, answer.kind.as_str()), (200, "application/x-ndjson; charset=utf-8"), "{}", answer.text());
    answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A town with some days behind it: who did what, and the auditor, whose first attempt at the door failed.
struct Trail {
    audit: Caller,
    auditor: String,
    program: String,
    every: Vec<xinzhi_core::journal::Entry>,
}

fn trail(town: &Town, checks: (usize, usize)) -> Trail {
    let auditor = town.actor(Role::Audit);
    let name = auditor.name.clone();
    town.person_as(auditor);
    let centre = town.program(Role::Centre);
    let company = company(1);
    town.import(&centre, "registration", &registration(&[&company]));
    let again = |count: usize| (0..count).for_each(|_| drop(town.check(&centre, &company.code).ok()));
    again(checks.0);
    town.advance_days(2);
    again(checks.1);
    let sign_in = |password: &str| town.wait(xinzhi_office::account::sign_in(&town.office, &name, password));
    sign_in("not-the-password").unwrap_err();
    let audit = town.sign_in(&name);
    let every = town.journal(0);
    let program = every.iter().find(|entry| entry.draft.act.word() == "check_made").unwrap().actor.clone();
    Trail { audit, auditor: name, program, every }
}

#[test]
fn a10_the_trail_is_filtered_and_paged() {
    each_database(|town| {
        let Trail { audit, auditor, program, every } = trail(town, (120, 30));
        let matching = |wanted: &dyn Fn(&xinzhi_core::journal::Entry) -> bool| {
            let found = every.iter().filter(|entry| wanted(entry)).map(|entry| entry.position.0);
            found.rev().collect::<Vec<i64>>()
        };
        let act = |entry: &xinzhi_core::journal::Entry, word: &str| entry.draft.act.word() == word;
        let later = |entry: &xinzhi_core::journal::Entry| entry.at.day().to_string() == "2026-11-25";
        let cases: Vec<(String, Vec<i64>)> = vec![
            (String::new(), matching(&|_| true)),
            ("act=check_made".into(), matching(&|entry| act(entry, "check_made"))),
            ("act=sign_in_failed".into(), matching(&|entry| act(entry, "sign_in_failed"))),
            (format!("actor={program}"), matching(&|entry| entry.actor == program)),
            (format!("actor={auditor}"), matching(&|entry| entry.actor == auditor)),
            (
                format!("actor={program}&act=check_made&from=2026-11-25&until=2026-11-25"),
                matching(&|entry| entry.actor == program && later(entry)),
            ),
            ("from=2026-11-25".into(), matching(&later)),
            ("until=2026-11-24".into(), matching(&|entry| !later(entry))),
            ("from=2026-11-24&until=2026-11-24".into(), Vec::new()),
            ("actor=nobody-at-all".into(), Vec::new()),
            ("to=40".into(), matching(&|entry| entry.position.0 <= 40)),
        ];
        for (query, wanted) in cases {
            let mut found = Vec::new();
            let mut path = format!("/admin/journal?{query}");
            // Page by page, as a reader would follow the links.
            loop {
                let text = page(town, &audit, &path);
                found.extend(positions(&text));
                let Some((before, _)) = text.split_once("\">较早</a>") else { break };
                path = before.rsplit_once("href=\"").unwrap().1.replace("&#38;", "&");
            }
            assert_eq!(found, wanted, "{query}");
        }
        for (query, says) in [
            ("act=nonsense", "没有这样的事项"),
            ("from=2026-13-01", "2026-11-23"),
            ("from=2026-11-25&until=2026-11-01", "早于"),
            ("to=x", "正整数"),
        ] {
            let answer = town.get(&audit, &format!("/admin/journal?{query}"));
            assert!(answer.status == 422 && answer.text().contains(says), "{query}: {}", answer.text());
            assert!(answer.text().contains("-wrong\"") && positions(&answer.text()).is_empty(), "{query}");
        }
        let text = page(town, &audit, "/admin/journal");
        assert!(!text.contains(&company(1).name) && !text.contains(&company(1).code), "no business data");
    });
}

#[test]
fn a10_what_is_taken_away_from_the_trail_is_an_entry() {
    each_database(|town| {
        let Trail { audit, program, .. } = trail(town, (12, 7));
        let before = town.head();
        let fields = [("act", "check_made"), ("actor", program.as_str()), ("from", "2026-11-25"), ("file", "ndjson")];
        let handed = lines(&file(town, &audit, "/admin/journal/export", &fields));
        assert_eq!(handed.len(), 7);
        for line in handed {
            assert_eq!((&line["act"], &line["title"], &line["actor"]), (&"check_made".into(), &"信用核查".into(), &program.clone().into()));
            assert_eq!(line["payload"].as_str().unwrap().len(), 64);
        }
        let told = town.told(before);
        let [(act, refs)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(
            (act.as_str(), &refs["entries"], &refs["actor"], &refs["cut"]),
            ("journal_exported", &7.into(), &program.into(), &false.into())
        );
        let book = file(town, &audit, "/admin/journal/export", &[("act", "check_made"), ("file", "xlsx")]);
        assert_eq!(book.status, 200);
        let mut table = xinzhi_collect::table::open(std::io::Cursor::new(book.bytes), &xinzhi_collect::Options::undeclared()).unwrap();
        let (mut row, mut rows) = (xinzhi_collect::Row::default(), 0);
        while table.next(&mut row).unwrap() {
            rows += 1;
        }
        assert_eq!((rows, table.header.first().map(String::as_str)), (19, Some("笔次")));
        let wrong = file(town, &audit, "/admin/journal/export", &[("act", "nonsense"), ("file", "xlsx")]);
        assert!(wrong.status == 422 && wrong.text().contains("没有这样的事项"), "{}", wrong.text());
        assert_eq!(town.told(before).len(), 2, "two files, two entries");
    });
}

#[test]
fn a_long_trail_is_handed_out_up_to_where_the_file_says() {
    let town = Town::on_sqlite();
    let audit = town.actor(Role::Audit);
    let head = town.head();
    // Entries as nobody makes them, in numbers that take a county years.
    let more = |from: i64, to: i64| {
        let entries = format!(
            "with recursive n (i) as (select {from} union all select i + 1 from n where i < {to})
            insert into journal (entry, at, actor, act, subject_id, refs, payload)
                select n.i, j.at, 'program', 'check_made', null, '{{}}', j.payload from n, journal j where j.entry = {head};
            update journal_head set entry = {to}"
        );
        force(&town, &entries);
    };
    let export = || {
        let filter = Filter { act: Some(Act::CheckMade), ..Filter::default() };
        let exported = town.wait(journal::export(&town.office, &audit, filter, (FileKind::Ndjson, Act::word))).unwrap();
        let refs = town.told(town.head() - 1).pop().unwrap().1;
        assert_eq!((&refs["entries"], &refs["cut"]), (&exported.count.into(), &exported.is_cut.into()), "what was handed out is an entry");
        let lines = std::str::from_utf8(&exported.bytes).unwrap().lines();
        let first: Value = serde_json::from_str(lines.clone().next().unwrap()).unwrap();
        (lines.count(), exported.is_cut, first["entry"].as_i64().unwrap())
    };
    let most = usize::try_from(journal::EXPORT_MAX).unwrap();
    more(head + 1, head + journal::EXPORT_MAX);
    assert_eq!(export(), (most, false, head + journal::EXPORT_MAX), "as many as there may be");
    let last = town.head() + 1;
    more(last, last);
    assert_eq!(export(), (most, true, last), "of one more the newest");
}

#[test]
fn the_trail_is_read_by_its_indexes() {
    let town = Town::on_sqlite();
    let connection = rusqlite::Connection::open(town.url.directory().join("office.db")).unwrap();
    for (name, index) in [
        ("BACK", "INTEGER PRIMARY KEY"),
        ("BACK_OF_ACT", "journal_by_act (act=? AND entry>? AND entry<?)"),
        ("BACK_OF_ACTOR_SQLITE", "journal_by_actor (actor=? AND act=? AND entry>? AND entry<?)"),
        ("AT", "INTEGER PRIMARY KEY"),
    ] {
        let sql = xinzhi_store::journal::ALL.iter().find(|sql| sql.name == name).unwrap();
        let mut plan = connection.prepare(&format!("explain query plan {}", sql.text.replace('$', "?"))).unwrap();
        let nothing = vec![rusqlite::types::Value::Null; plan.parameter_count()];
        let steps = plan.query_map(rusqlite::params_from_iter(nothing), |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<String> = steps.map(Result::unwrap).collect();
        let text = steps.join("; ");
        assert!(text.contains(index) && !text.contains("SCAN") && !text.contains("TEMP B-TREE"), "{name}: {text}");
    }
}

#[test]
fn an_overdue_measure_is_listed_once() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        let company = company(1);
        town.import(&centre, "registration", &registration(&[&company]));
        town.import(&centre, "cf-2018", &penalties(&[(&company, REVOKED)]));
        let check = town.check(&centre, &company.code).ok();
        let link = format!("/desk/checks/{}", check["id"]);
        let listed = |town: &Town| page(town, &town.person(Role::Centre), "/desk").matches(&format!("href=\"{link}")).count();
        let open = listed(town);
        assert!(open > 0);
        town.advance_days(30);
        assert_eq!(listed(town), open, "as often as before it was overdue");
    });
}

#[test]
fn feedback_and_rulings_tell_what_is_wrong_beside_the_field() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        let company = company(1);
        town.import(&centre, "registration", &registration(&[&company]));
        town.import(&centre, "cf-2018", &penalties(&[(&company, REVOKED)]));
        let body = serde_json::json!({"subject": company.code, "matter": "procurement-bid", "purpose": "政府采购", "case": "CG1"});
        let check = town.post(&centre, "/api/v1/checks", &body).ok();
        let measure = check["measures"][0]["measure"].as_str().unwrap().to_owned();
        let person = town.person(Role::Centre);
        let path = format!("/desk/checks/{}/feedback", check["id"]);
        let answer = file(town, &person, &path, &[("once", "k1"), ("measure", &measure), ("outcome", "not_applied"), ("reason", "")]);
        let text = answer.text();
        assert_eq!(answer.status, 422, "{text}");
        let id = format!("{measure}-reason");
        assert!(text.contains(&format!("id=\"{id}-wrong\"")) && text.contains(&format!("href=\"#{id}\"")), "{text}");
        assert!(text.contains(&format!("aria-describedby=\"{id}-hint {id}-wrong\" aria-invalid=\"true\"")), "{text}");
    });
}

/// A clock that is set.
#[derive(Debug)]
struct SetClock(std::sync::atomic::AtomicI64);

impl xinzhi_core::Clock for SetClock {
    fn now(&self) -> xinzhi_core::Moment {
        xinzhi_core::Moment(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}

#[test]
fn a10_days_are_found_also_where_the_clock_was_put_right() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let directory = tempfile::tempdir().unwrap();
    let url = xinzhi_store::Url::Sqlite(directory.path().to_owned());
    let clock = std::sync::Arc::new(SetClock(1_795_399_200_000.into()));
    let world = || xinzhi_store::World {
        clock: std::sync::Arc::clone(&clock) as _,
        entropy: std::sync::Arc::new(xinzhi_office::SystemEntropy::new().unwrap()),
    };
    let founding = xinzhi_office::Founding { name: "示范县".into(), area: xinzhi_core::AreaCode::parse("330899").unwrap() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let open = || std::sync::Arc::new(xinzhi_office::Office::open(&url, world(), &founding).unwrap());
    let by = xinzhi_office::Office::operator();
    let name = |office: &std::sync::Arc<xinzhi_office::Office>, code: &str| {
        runtime.block_on(xinzhi_office::organ::record_area(office, &by, (code, "某镇"), false)).unwrap().unwrap();
    };
    let office = open();
    // Three entries on the 23rd, one of which the clock places on the 28th, then it is put right on the 24th.
    name(&office, "330899101");
    clock.0.fetch_add(5 * DAY_MS, std::sync::atomic::Ordering::SeqCst);
    name(&office, "330899102");
    drop(office);
    clock.0.fetch_sub(4 * DAY_MS, std::sync::atomic::Ordering::SeqCst);
    xinzhi_office::Office::correct_clock(&url, world()).unwrap();
    let office = open();
    name(&office, "330899103");
    let audit = xinzhi_core::actor::Actor { role: Role::Audit, name: "audit".into(), ..by.clone() };
    let found = |from: &str, until: &str| -> Vec<i64> {
        let day = |text: &str| Some(xinzhi_core::Day::parse(text).unwrap());
        let filter = xinzhi_office::journal::Filter { from: day(from), until: day(until), ..Default::default() };
        let page = runtime.block_on(xinzhi_office::journal::page(&office, &audit, filter, 100)).unwrap();
        page.entries.iter().map(|entry| entry.position.0).collect()
    };
    assert_eq!(found("2026-11-23", "2026-11-23"), [3, 2, 1]);
    assert_eq!(found("2026-11-24", "2026-11-24"), [6, 5]);
    assert_eq!(found("2026-11-28", "2026-11-28"), [4]);
    assert_eq!(found("2026-11-01", "2026-12-31"), [6, 5, 4, 3, 2, 1]);
    assert_eq!(found("2026-11-25", "2026-11-27"), [] as [i64; 0]);
    runtime.block_on(async { drop(office) });
}

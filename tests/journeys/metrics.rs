//! Whoever watches the program sees how it does, and nothing about anybody.

use std::time::Duration;

use xinzhi_core::actor::{Actor, Role};

use crate::support::binary::{self, Server};
use crate::support::exposition::{self, Exposition};
use crate::support::files::{company, registration};
use crate::support::postgres;

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).timeout_global(Some(Duration::from_secs(20))).build().into()
}

fn scrape(address: &str) -> (String, Exposition) {
    let mut answer = agent().get(format!("http://{address}/metrics")).call().unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.body_mut().read_to_string().unwrap();
    let read = exposition::read(&text).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
    (text, read)
}

fn watched(database: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let (data, file, metrics) = (folder.path().join("data"), folder.path().join("dj.csv"), binary::free_address());
    let place = [&["--data", data.to_str().unwrap()], database].concat();
    let companies: Vec<_> = (1..=3).map(company).collect();
    std::fs::write(&file, registration(&companies.iter().collect::<Vec<_>>())).unwrap();
    let server = Server::start_with(&data, &[database, &["--metrics", &metrics]].concat());

    let first = scrape(&metrics).1;
    assert_eq!(first.value("xinzhi_journal_head", &[]), 2.0, "founded, and its pack installed");
    assert_eq!(first.value("xinzhi_import_rows_total", &[]), 0.0);
    binary::told(&[&["import", file.to_str().unwrap(), "--source", "registration", "--encoding", "utf-8"], place.as_slice()].concat());
    binary::told(&[&["check", &companies[0].code, "--matter", "food-licence"], place.as_slice()].concat());
    let get = |path: &str| agent().get(format!("http://{}{path}", server.address)).call().unwrap().status().as_u16();
    assert_eq!([get("/"), get("/desk/subjects/91330899SECRET1"), get("/%E6%9D%8E%E8%8A%B3")], [200, 303, 404]);
    let made_up = ureq::http::Request::builder().method("EVIL").uri(format!("http://{}/", server.address)).body(()).unwrap();
    let agent_of_any = ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true).build().new_agent();
    assert_eq!(agent_of_any.run(made_up).unwrap().status(), 405);

    let (text, now) = scrape(&metrics);
    let requests =
        |route, method, status| now.value("xinzhi_http_requests_total", &[("route", route), ("method", method), ("status", status)]);
    assert_eq!(requests("/", "GET", "2xx"), 1.0);
    assert_eq!(requests("/desk/subjects/{code}", "GET", "3xx"), 1.0, "the pattern, not what was asked");
    assert_eq!(requests("none", "GET", "4xx"), 1.0);
    assert_eq!(requests("/", "other", "4xx"), 1.0);
    assert_eq!(now.value("xinzhi_http_request_duration_seconds_count", &[("route", "/"), ("method", "GET")]), 1.0);
    assert_eq!(now.value("xinzhi_import_rows_total", &[]), 3.0);
    assert_eq!(now.value("xinzhi_imports_running", &[]), 0.0);
    // Staged, committed, the check: its access is in its entry.
    assert_eq!(now.value("xinzhi_journal_head", &[]), 5.0);
    for lane in ["request", "import"] {
        assert!(now.value("xinzhi_writer_acts_total", &[("lane", lane)]) > 0.0, "{lane}");
        assert_eq!(now.value("xinzhi_writer_queue_length", &[("lane", lane)]), 0.0);
    }
    assert!(now.value("xinzhi_writer_group_commit_seconds_count", &[]) > 2.0);
    assert!(now.value("xinzhi_writer_group_commit_seconds_sum", &[]) > 0.0);
    assert_eq!(now.value("xinzhi_writer_stopped", &[]), 0.0);
    assert_eq!(now.value("xinzhi_open_sessions", &[]), 0.0);
    assert!(now.value("process_resident_memory_bytes", &[]) > 1e6);
    assert_eq!(now.kinds.contains_key("xinzhi_wal_bytes"), database.is_empty(), "PostgreSQL moves its own log");
    for secret in ["SECRET", "李芳", "EVIL", &companies[0].code, &companies[0].name, "registration"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    // The public listener knows nothing of it, the one for watching nothing else.
    assert_eq!(get("/metrics"), 404);
    assert_eq!(agent().get(format!("http://{metrics}/")).call().unwrap().status(), 404);
    assert!(server.stop());
}

#[test]
fn a_scraper_reads_how_the_program_does_and_nothing_about_anybody() {
    watched(&[]);
    watched(&["--database", &postgres::database()]);
}

#[test]
fn what_is_overdue_waiting_or_signed_in_is_counted() {
    crate::support::town::each_database(|town| {
        let [good, bad] = [company(1), company(2)];
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&good, &bad]));
        let file = crate::support::files::penalties(&[(&bad, crate::support::files::REVOKED)]);
        town.import(&centre, "cf-2018", &file);
        let counted = || town.wait(town.office.operation()).unwrap().rows;
        assert_eq!((counted().sessions, counted().overdue, counted().waiting), (0, 0, 0));
        let owed = town.check(&centre, &bad.code).ok()["measures"].as_array().unwrap().len();
        town.import(&centre, "cf-2018", &file.replace("吊销", "撤销"));
        town.person(Role::Centre);
        town.person_as(Actor { name: "auditor".to_owned(), ..town.actor(Role::Audit) });
        assert_eq!(counted().sessions, 0, "counted once a minute");
        town.advance_minutes(2);
        assert_eq!((counted().sessions, counted().overdue, counted().waiting), (2, 0, 1));
        town.advance_minutes(18);
        assert_eq!(counted().sessions, 1, "an auditor is idle after a quarter of an hour");
        town.advance_days(60);
        assert!(owed > 0);
        assert_eq!((counted().sessions, counted().overdue), (0, i64::try_from(owed).unwrap()));
    });
}

//! A server that polls a table is killed at random moments, between chunks and around commits: every row has effect once. And the command
//! line, with and without a server.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::support::binary::{self, Server};
use crate::support::department::{Department, SECRET};
use crate::support::files::company;
use crate::support::town::MARKET;

const ROUNDS: i64 = 10;
/// So many that a look is about as long as the server lives.
const ROWS: i64 = 1_500;

/// Registers a table as an operator would: the password by standard input.
fn add(data: &Path, department: &Department, more: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xinzhi"));
    command.args(["connector", "add", "cf", "--title", "市监处罚", "--source", "cf-2018", "--organ", MARKET, "--user", &department.user]);
    command.args(["--table", "cf", "--watermark", "updated_at", "--key", "id", "--every", "1", "--data"]).arg(data);
    command.args(["--host", &department.host, "--dbname", &department.database]).args(more);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{SECRET}").unwrap();
    child.wait_with_output().unwrap()
}

fn numbers(data: &Path, sql: &str) -> i64 {
    rusqlite::Connection::open(data.join("office.db")).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn e1_e2_a_killed_server_loses_no_row_and_repeats_none() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    binary::found(&data, None);
    let mut department = Department::open();
    let told = add(&data, &department, &[]);
    assert!(told.status.success(), "{}", binary::text(&told.stderr));
    let path = data.to_str().unwrap();
    let mut dice = ChaCha20Rng::from_seed([41; 32]);
    let (_keep, never) = channel::<()>();
    for round in 0..ROUNDS {
        let ids: Vec<i64> = (round * ROWS + 1..=(round + 1) * ROWS).collect();
        department.fines(&ids, &company(1), &format!("2026-11-20 {:02}:00", round + 1));
        let server = Server::start(&data);
        let _timed_out = never.recv_timeout(Duration::from_millis(200 + u64::from(dice.next_u32() % 1_200)));
        server.kill();
        // Otherwise the next look would be a minute away.
        rusqlite::Connection::open(data.join("office.db")).unwrap().execute("update connector_state set due_at = 0", []).unwrap();
    }
    let looked = binary::json(&["connector", "run", "cf", "--json", "--data", path]);
    assert!(looked["waiting"].is_null(), "{looked}");
    let again = binary::told(&["connector", "run", "cf", "--data", path]);
    assert!(again.contains("没有新的行"), "{again}");

    let all = ROUNDS * ROWS;
    let known = "from record r join batch_commit c on c.batch_id = r.batch_id left join record_closing z on z.record_id = r.record_id
        where z.record_id is null";
    assert_eq!(numbers(&data, &format!("select count(*) {known}")), all, "each row once");
    assert_eq!(numbers(&data, &format!("select count(distinct r.document) {known}")), all);
    assert_eq!(
        numbers(
            &data,
            "select count(*) from batch_commit c left join connector_pull p on p.batch_id = c.batch_id where p.batch_id is null"
        ),
        0,
        "no batch took effect without its place"
    );
    assert_eq!(numbers(&data, "select coalesce(sum(c.rows_duplicate), 0) from batch_commit c"), 0, "nothing was read again");
    let doctor = binary::json(&["doctor", "--json", "--data", path]);
    assert_eq!(doctor["sound"], true, "{doctor}");
}

#[test]
fn the_command_line_registers_runs_and_lists_with_and_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    binary::found(&data, None);
    let mut department = Department::open();
    let path = data.to_str().unwrap();
    let told = add(&data, &department, &["--preview"]);
    assert!(binary::text(&told.stdout).contains("已登记前置库 cf"), "{}", binary::text(&told.stderr));
    let twice = add(&data, &department, &[]);
    assert_eq!(twice.status.code(), Some(1));
    assert!(binary::text(&twice.stderr).contains("已有名为 `cf` 的前置库"), "{}", binary::text(&twice.stderr));

    department.fine(1, &company(1), "2026-11-20 10:00");
    let server = Server::start(&data);
    let looked = binary::json(&["connector", "run", "cf", "--json", "--data", path]);
    assert!(looked["waiting"].is_i64(), "looked at here or by the thread, a batch waits: {looked}");
    for act in ["pause", "resume", "end"] {
        assert!(binary::told(&["connector", act, "cf", "--data", path]).contains("前置库 cf 已"), "{act}");
    }
    let list = binary::json(&["connector", "list", "--json", "--data", path]);
    assert_eq!(list[0]["state"], "ended", "{list}");
    assert!(!list.to_string().contains(SECRET));
    let ended = binary::xinzhi(&["connector", "run", "cf", "--data", path]);
    assert_eq!((ended.status.code(), binary::text(&ended.stderr).contains("已停用")), (Some(1), true));
    assert!(server.stop());
    assert!(binary::told(&["connector", "list", "--data", path]).starts_with("cf\t市监处罚\tended"));
}

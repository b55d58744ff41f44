//! What is invented and what is real never stand in one office (A14).

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::binary::{Server, found, free_address, program, text, told};
use crate::support::postgres;

/// Runs the demonstration until it serves or ends by itself; tells whether it served, and what it said where it did not.
pub(super) fn demonstrate(place: &[&str]) -> (bool, String) {
    let address = free_address();
    let size = ["demo", "--subjects", "60", "--records", "300", "--listen", &address];
    let mut child = program(&[&size[..], place].concat()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    if lines.any(|line| line.unwrap().contains("信治已启动")) {
        child.kill().unwrap();
        child.wait().unwrap();
        return (true, String::new());
    }
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    (false, text(&ended.stderr))
}

#[test]
fn a14_a_demonstration_carries_its_mark_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let place = ["--data", directory.path().to_str().unwrap()];
    assert!(demonstrate(&place).0, "the demonstration did not start");
    let address = free_address();
    let mut command = program(&["serve", "--listen", &address]);
    let mut child = command.args(place).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains("信治已启动"));
    assert!(lines.next().unwrap().contains("演示单位"), "the server says at its start what it serves");
    let page = ureq::get(format!("http://{address}/")).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(page.contains("演示单位：主体、人员和记录都是虚构的"), "{page}");
    child.kill().unwrap();
    child.wait().unwrap();
    // It may be shown again.
    assert!(demonstrate(&place).0, "it was not shown a second time");
}

#[test]
fn a14_nothing_invented_gets_into_an_office_that_is_none() {
    let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let database = postgres::database();
    let [embedded, server] = directories.each_ref().map(|directory| directory.path().to_str().unwrap());
    for place in [vec!["--data", embedded], vec!["--data", server, "--database", &database]] {
        let with = |command: &'static str| [&[command][..], &place].concat();
        // Founded, and nothing in it yet: on a server a demonstration once filled such an office.
        found(std::path::Path::new(place[1]), place.get(3).copied());
        told(&with("doctor"));
        let (served, sentence) = demonstrate(&place);
        assert!(!served, "a demonstration fills an office that is none");
        assert!(sentence.contains("不是演示用的单位") && sentence.contains("--data"), "{sentence}");
        assert!(!std::path::Path::new(place[1]).join("county").exists(), "no file of a department was written");
        let address = free_address();
        let mut command = program(&with("serve"));
        command.args(["--listen", &address]);
        let _server = Server::launch(command, address.clone());
        let page = ureq::get(format!("http://{address}/")).call().unwrap().body_mut().read_to_string().unwrap();
        assert!(!page.contains("演示单位"), "{page}");
    }
}

//! The schema and every statement, on SQLite. The same list is prepared on PostgreSQL by the journeys, which start a server.

use std::sync::Arc;
use std::sync::mpsc::channel;

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::journal::{Act, Draft};
use xinzhi_core::{Clock, Digest, Moment};

use crate::sql::Sql;
use crate::{Connection, Entropy, Fault, Lane, Purpose, Url, World, Writer, migrate};

#[derive(Debug)]
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Moment {
        Moment(1_795_363_200_000)
    }
}

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fn office() -> (tempfile::TempDir, Url) {
    let directory = tempfile::tempdir().unwrap();
    let url = Url::Sqlite(directory.path().to_owned());
    let mut connection = Connection::open(&url, Purpose::Write).unwrap();
    migrate::migrate(&mut connection, Fixed.now()).unwrap();
    migrate::migrate(&mut connection, Fixed.now()).unwrap();
    (directory, url)
}

fn actor() -> Actor {
    Actor { name: "test".into(), title: "测试".into(), role: Role::Centre, organ: None, area: None, subject: None, is_person: true }
}

fn draft() -> Draft {
    Draft { act: Act::OfficeFounded, subject: None, refs: "{}".into(), payload: Digest([1; 32]) }
}

#[test]
fn every_statement_prepares() {
    let (_directory, url) = office();
    let mut connection = Connection::open(&url, Purpose::Write).unwrap();
    for sql in crate::every_statement().filter(|sql| !sql.name.ends_with("_POSTGRES")) {
        connection.prepare(sql).unwrap();
    }
    connection.prepare(&crate::subject::search::SQLITE).unwrap();
    connection.prepare(&crate::subject::search::MATCHES_SQLITE).unwrap();
}

#[test]
fn a_search_for_what_everybody_has_looks_at_a_bounded_number_and_says_so() {
    let (_directory, url) = office();
    let mut connection = Connection::open(&url, Purpose::Write).unwrap();
    let town = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 20001)
        insert into subject (subject_id, kind, person, name, entry)
            select i, 'enterprise', 0, case i when 20001 then '五金' else '五金店' || i end, 0 from n;
        insert into subject_search (rowid, tokens)
            select subject_id, case subject_id when 7 then 'n五金 n七号' else 'n五金' end from subject;";
    connection.script(town).unwrap();
    let (common, rare) = (["n五金".to_owned()], ["n五金".to_owned(), "n七号".to_owned()]);
    let names = |connection: &mut Connection, tokens: &[String]| -> Vec<String> {
        let sought = crate::subject::Sought { tokens, area: None, query: "", no_names: &[], limit: 2 };
        crate::subject::search(connection, sought).unwrap().into_iter().map(|row| row.name).collect()
    };
    assert_eq!(names(&mut connection, &common), ["五金店1", "五金店2"], "the last of them is not looked at");
    assert_eq!(names(&mut connection, &rare), ["五金店7"]);
    assert!(crate::subject::matches_too_many(&mut connection, &common).unwrap());
    assert!(!crate::subject::matches_too_many(&mut connection, &rare).unwrap());
}

#[test]
fn placeholders_bind_by_number_not_by_order() {
    let (_directory, url) = office();
    let mut connection = Connection::open(&url, Purpose::Read).unwrap();
    let swapped = Sql { name: "swapped", text: "select $2 || $1 as joined" };
    let row = connection.query_one(&swapped, crate::params!["a", "b"]).unwrap();
    assert_eq!(row.get::<String>("joined").unwrap(), "ba");
}

#[test]
fn e4_facts_refuse_change_and_deletion() {
    let (_directory, url) = office();
    let world = World { clock: Arc::new(Fixed), entropy: Arc::new(Fixed) };
    let writer = Writer::start(&url, world).unwrap();
    write(&writer, |tx| tx.append(&draft()).map(drop)).unwrap();
    for text in ["update journal set actor = 'x'", "delete from journal"] {
        let fault = write(&writer, move |tx| tx.connection.execute(&Sql { name: "attempt", text }, &[]).map(drop));
        assert!(matches!(fault, Err(Fault::Statement { cause, .. }) if cause.contains("append-only")), "{text}");
    }
}

#[test]
fn an_act_that_refuses_leaves_nothing_and_the_next_one_goes_on() {
    let (_directory, url) = office();
    let world = World { clock: Arc::new(Fixed), entropy: Arc::new(Fixed) };
    let writer = Writer::start(&url, world).unwrap();
    let refused: Result<(), Fault> = write(&writer, |tx| {
        tx.append(&draft())?;
        Err(Fault::Closed)
    });
    assert!(refused.is_err());
    let head = write(&writer, |tx| tx.append(&draft())).unwrap();
    assert_eq!(head.0, 1, "the refused act's position was taken back");
}

#[test]
fn a_panicking_act_is_undone_and_does_not_stop_the_writer() {
    let (_directory, url) = office();
    let world = World { clock: Arc::new(Fixed), entropy: Arc::new(Fixed) };
    let writer = Writer::start(&url, world).unwrap();
    let (sender, receiver) = channel::<Result<(), Fault>>();
    let boom = move |tx: &mut crate::Tx| -> Result<(), Fault> {
        tx.append(&draft())?;
        panic!("on purpose")
    };
    writer.submit(Lane::Request, actor(), boom, move |answer| sender.send(answer).unwrap()).unwrap();
    assert!(receiver.recv().is_err(), "no answer comes");
    assert_eq!(write(&writer, |tx| tx.append(&draft())).unwrap().0, 1);
}

fn write<T: Send + 'static>(writer: &Writer, act: impl FnOnce(&mut crate::Tx) -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    let (sender, receiver) = channel();
    writer.submit(Lane::Request, actor(), act, move |answer| sender.send(answer).unwrap()).unwrap();
    receiver.recv().unwrap()
}

//! When the database fails, the office says that it does not know, stops writing, and recovers by a restart.

use xinzhi_core::actor::{Actor, Role};

use crate::support::database::{attempt, force, number};
use crate::support::files::{company, registration};
use crate::support::town::{Caller, Town, each_database, encoded};

#[test]
fn a2_if_the_read_cannot_be_recorded_nothing_is_read() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        let guard = if town.is_sqlite() {
            "create trigger access_refused before insert on access begin select raise(abort, 'refused'); end"
        } else {
            "create trigger access_refused before insert on access for each row execute function refuse_change()"
        };
        force(town, guard);
        let before = (town.head(), number(town, "select count(*) from access"));
        let purpose = encoded("日常监管");
        for part in ["", "/records", "/evaluations", "/measures", "/accesses"] {
            let answer = town.get(&centre, &format!("/api/v1/subjects/{}{part}?purpose={purpose}", company.code));
            answer.refused(500, "internal");
            assert!(!answer.text().contains(&company.name), "{}", answer.text());
        }
        town.check(&centre, &company.code).refused(500, "internal");
        assert_eq!((town.head(), number(town, "select count(*) from access")), before);
        assert_eq!(number(town, "select count(*) from check_event"), 0);

        force(town, if town.is_sqlite() { "drop trigger access_refused" } else { "drop trigger access_refused on access" });
        town.file(&centre, &company.code, "records");
        assert_eq!(number(town, "select count(*) from access"), before.1 + 1, "each read is one access");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn e8_a_lost_database_stops_the_writer_until_a_restart() {
    let mut town = Town::on_postgres();
    let company = company(1);
    let centre = town.program_as(Actor { name: "steady".to_owned(), is_person: false, ..town.actor(Role::Centre) });
    town.import(&centre, "registration", &registration(&[&company]));
    let before = town.head();
    attempt(&town, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
        .unwrap();
    // Readers find the database again by themselves: nothing depends on what they had open.
    town.get(&Caller::nobody(), "/api/v1/matters").ok();
    let body = serde_json::json!({"subject": company.code, "matter": "food-licence", "purpose": "行政许可", "case": "SP1"});
    let lost = town.post_once(&centre, "/api/v1/checks", ("lost", &body));
    assert!([500, 503].contains(&lost.status), "{}", lost.text());
    lost.sentence();
    let after = town.post_once(&centre, "/api/v1/checks", ("lost", &body));
    assert!([500, 503].contains(&after.status), "no write is taken until a restart: {}", after.text());
    after.sentence();
    town.reopen();
    assert_eq!(town.head(), before, "what was never acknowledged is not there");
    let answer = town.post_once(&centre, "/api/v1/checks", ("lost", &body)).ok();
    assert_eq!(answer["id"], before + 1);
    assert_eq!(town.doctor(), []);
}

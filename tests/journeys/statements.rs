//! One SQL text on two databases: every statement parses on both, placeholders bind by number, facts refuse change.

use std::collections::BTreeSet;

use xinzhi_core::actor::Role;
use xinzhi_store::{Connection, Purpose};

use crate::support::database::{attempt, number};
use crate::support::files::{FINE, company, penalties, registration};
use crate::support::recipient::subscribe;
use crate::support::town::each_database;

#[test]
fn every_statement_prepares_on_both_databases() {
    each_database(|town| {
        let other = if town.is_sqlite() { "_POSTGRES" } else { "_SQLITE" };
        let mut connection = Connection::open(&town.url, Purpose::Write).unwrap();
        let own: Vec<_> = xinzhi_store::every_statement().filter(|sql| !sql.name.ends_with(other)).collect();
        assert!(own.len() > 60, "only {} statements were found", own.len());
        for sql in own {
            connection.prepare(sql).unwrap_or_else(|fault| panic!("{}: {fault}", sql.name));
        }
        let swapped = xinzhi_store::sql::Sql { name: "swapped", text: "select cast($2 as text) || cast($1 as text) as joined" };
        let params = [xinzhi_store::value::Param::from("a"), xinzhi_store::value::Param::from("b")];
        let row = connection.query_one(&swapped, &params).unwrap();
        assert_eq!(row.get::<String>("joined").unwrap(), "ba");
    });
}

/// The migrations that make tables.
const SCHEMA: [&str; 5] = [
    include_str!("../../crates/store/migrations/0001_office.sql"),
    include_str!("../../crates/store/migrations/0006_pushes.sql"),
    include_str!("../../crates/store/migrations/0007_connector.postgres.sql"),
    include_str!("../../crates/store/migrations/0008_accounts.sqlite.sql"),
    include_str!("../../crates/store/migrations/0012_relation.sql"),
];

/// The tables whose rows never change, by the comments of the schema.
fn fact_tables() -> BTreeSet<String> {
    let schema = SCHEMA.concat();
    let mut facts = BTreeSet::new();
    let mut is_fact = false;
    for line in schema.lines() {
        is_fact |= line.starts_with("-- Fact.");
        if let Some(name) = line.strip_prefix("create table ").and_then(|rest| rest.split(' ').next()) {
            if is_fact {
                facts.insert(name.to_owned());
            }
            is_fact = false;
        }
    }
    facts
}

#[test]
fn a10_e4_no_fact_can_be_changed_or_deleted_by_any_sql() {
    let facts = fact_tables();
    assert!(facts.len() >= 18 && facts.contains("record") && facts.contains("journal"), "{facts:?}");
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        town.import(&centre, "cf-2018", &penalties(&[(&company, FINE)]));
        town.check(&centre, &company.code).ok();
        subscribe(town, &centre, &["obligation.due"]);
        for table in &facts {
            let column = first_column(table);
            for sql in [format!("update {table} set {column} = {column}"), format!("delete from {table}")] {
                // SQLite's triggers fire for each row: an empty table has nothing to refuse.
                if town.is_sqlite() && number(town, &format!("select count(*) from {table}")) == 0 {
                    continue;
                }
                let refused = attempt(town, &sql).expect_err(&sql);
                assert!(refused.contains("append-only"), "{sql}: {refused}");
            }
            if !town.is_sqlite() {
                let refused = attempt(town, &format!("truncate {table} cascade")).expect_err(table);
                assert!(refused.contains("append-only"), "{table}: {refused}");
            }
        }
        assert_eq!(town.doctor(), []);
    });
}

fn first_column(table: &str) -> &'static str {
    let find = |schema: &&'static str| schema.split_once(&format!("create table {table} (")).map(|(_, body)| body);
    SCHEMA.iter().find_map(find).unwrap().split_whitespace().next().unwrap()
}

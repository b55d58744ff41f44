//! Migrations: one numbered file a step, run once each, never edited afterwards.

use xinzhi_core::Moment;

use crate::connection::Connection;
use crate::sql::statements;
use crate::value::Row;
use crate::{Fault, params};

struct Step {
    number: i64,
    sqlite: &'static str,
    postgres: &'static str,
}

const STEP_13: &str = concat!(
    include_str!("../migrations/0013_second_factor.sql"),
    include_str!("../migrations/0013_standing_work.sql"),
    include_str!("../migrations/0013_promised_coverage.sql"),
    include_str!("../migrations/0013_own_authorities.sql"),
);

/// Every step. Where one text serves both databases, it stands in both columns.
const STEPS: &[Step] = &[
    Step { number: 1, sqlite: include_str!("../migrations/0001_office.sql"), postgres: include_str!("../migrations/0001_office.sql") },
    Step {
        number: 2,
        sqlite: include_str!("../migrations/0002_append_only.sqlite.sql"),
        postgres: include_str!("../migrations/0002_append_only.postgres.sql"),
    },
    Step {
        number: 3,
        sqlite: include_str!("../migrations/0003_search.sqlite.sql"),
        postgres: include_str!("../migrations/0003_search.postgres.sql"),
    },
    Step {
        number: 4,
        sqlite: include_str!("../migrations/0004_through_the_journal.sql"),
        postgres: include_str!("../migrations/0004_through_the_journal.sql"),
    },
    Step {
        number: 5,
        sqlite: include_str!("../migrations/0005_search_merges.sqlite.sql"),
        postgres: include_str!("../migrations/0005_search_merges.postgres.sql"),
    },
    Step {
        number: 6,
        sqlite: concat!(include_str!("../migrations/0006_pushes.sql"), include_str!("../migrations/0006_pushes_append_only.sqlite.sql")),
        postgres: concat!(
            include_str!("../migrations/0006_pushes.sql"),
            include_str!("../migrations/0006_pushes_append_only.postgres.sql")
        ),
    },
    Step {
        number: 7,
        sqlite: include_str!("../migrations/0007_connector.sqlite.sql"),
        postgres: include_str!("../migrations/0007_connector.postgres.sql"),
    },
    Step {
        number: 8,
        sqlite: include_str!("../migrations/0008_accounts.sqlite.sql"),
        postgres: include_str!("../migrations/0008_accounts.postgres.sql"),
    },
    Step {
        number: 12,
        sqlite: concat!(include_str!("../migrations/0012_relation.sql"), include_str!("../migrations/0012_relation_guards.sqlite.sql")),
        postgres: concat!(include_str!("../migrations/0012_relation.sql"), include_str!("../migrations/0012_relation_guards.postgres.sql")),
    },
    Step { number: 13, sqlite: STEP_13, postgres: STEP_13 },
];

statements! {
    /// Steps already run.
    STEPS_RUN = "select number from migration order by number";
    /// Marks a step as run.
    STEP_RUN = "insert into migration (number, at) values ($1, $2)";
}

/// Whether every step has been run, and none that this program does not know.
///
/// # Errors
/// A statement that fails.
pub fn is_up_to_date(connection: &mut Connection) -> Result<bool, Fault> {
    let run = connection.query(&STEPS_RUN, &[])?.iter().map(|row| row.get("number")).collect::<Result<Vec<i64>, _>>()?;
    Ok(run.iter().copied().eq(STEPS.iter().map(|step| step.number)))
}

/// Brings the schema up to date, each step in a transaction of its own.
///
/// # Errors
/// A statement that fails, or [`Fault::Newer`].
pub fn migrate(connection: &mut Connection, now: Moment) -> Result<(), Fault> {
    connection.script("create table if not exists migration (number bigint primary key, at bigint not null)")?;
    let rows = connection.query(&STEPS_RUN, &[])?;
    let run: Vec<i64> = rows.iter().map(|row: &Row| row.get("number")).collect::<Result<_, _>>()?;
    let known = STEPS.iter().map(|step| step.number).max().unwrap_or(0);
    if let Some(step) = run.iter().copied().find(|number| !STEPS.iter().any(|step| step.number == *number)) {
        return Err(Fault::Newer { step, known });
    }
    for step in STEPS.iter().filter(|step| !run.contains(&step.number)) {
        let script = match connection {
            // There, an `integer primary key` is the row's own number; a `bigint` one would be a second index beside it.
            // A table that is nothing but its key needs no rows beside it.
            Connection::Sqlite(_) => {
                step.sqlite.replace("bigint primary key", "integer primary key").replace("/* without rowid */", "without rowid")
            }
            Connection::Postgres(_) => step.postgres.to_owned(),
        };
        connection.begin_write()?;
        connection.script(&script)?;
        connection.execute(&STEP_RUN, params![step.number, now.0])?;
        connection.script("commit")?;
        tracing::info!(step = step.number, "schema step done");
    }
    Ok(())
}

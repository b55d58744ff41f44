//! 库: the only SQL of the house, over SQLite and PostgreSQL with one text per statement.
//!
//! Reading order: `url` and `connection` open a database and assert its settings, `sql` and `value` are the border,
//! `migrate` brings the schema up to date, `writer` (with `queue` and `checkpoint`) and `tx` are how anything is written, `readers` how it is read,
//! `tally` counts what the writer does. After them a module for each noun; a reading function takes a [`Connection`], a writing one takes a [`Tx`]. `department`
//! alone reads another database than the office's.

pub mod access;
pub mod account;
pub mod backup;
pub mod batch;
pub mod check;
pub(crate) mod checkpoint;
pub mod connection;
pub mod connector;
pub mod department;
pub mod factor;
pub mod fault;
pub mod figure;
pub mod idempotency;
pub mod journal;
pub mod key;
pub mod migrate;
pub mod office;
pub mod organ;
pub(crate) mod postgres_side;
pub mod projection;
pub mod push;
pub mod quality;
pub mod queue;
pub mod readers;
pub mod record;
pub mod relation;
pub mod seen;
pub mod sql;
pub(crate) mod sqlite;
pub mod subject;
pub mod subscription;
pub mod tally;
pub mod tx;
pub mod url;
pub mod value;
pub mod writer;

pub use connection::Connection;
pub use fault::{Ailment, Fault, FileAilment};
pub use queue::Lane;
pub use readers::Readers;
pub use sqlite::Purpose;
pub use tx::{Entropy, Tx};
pub use url::Url;
pub use writer::{World, Writer};

/// Every statement of the house. A test prepares each on both databases.
pub fn every_statement() -> impl Iterator<Item = &'static sql::Sql> {
    [
        access::ALL,
        account::ALL,
        factor::ALL,
        batch::ALL,
        check::ALL,
        figure::ALL,
        connector::ALL,
        idempotency::ALL,
        journal::ALL,
        key::ALL,
        migrate::ALL,
        office::ALL,
        projection::ALL,
        quality::ALL,
        push::ALL,
        organ::ALL,
        record::ALL,
        relation::ALL,
        seen::ALL,
        subject::ALL,
        subscription::ALL,
        tx::ALL,
        writer::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

#[cfg(test)]
mod tests;

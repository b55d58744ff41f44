//! Readers: a few connections that cannot write, each use in one consistent state.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::Fault;
use crate::connection::Connection;
use crate::sqlite::Purpose;
use crate::url::Url;

/// Connections kept open; a reader beyond it waits its turn.
const READERS_MAX: usize = 8;
/// Connections in use, from which on none is spare: whoever has one already leaves the others to those who have none.
const SPARE_UNTIL: usize = 4;

/// A bounded pool of reading connections, opened as they are needed.
#[derive(Debug)]
pub struct Readers {
    url: Url,
    purpose: Purpose,
    pool: Mutex<Pool>,
    returned: Condvar,
}

/// How a connection is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    /// One, whenever it comes.
    One,
    /// One that nobody without any is likely to miss.
    Spare,
}

#[derive(Debug, Default)]
struct Pool {
    idle: Vec<Connection>,
    open: usize,
}

impl Readers {
    /// A pool for the office at `url`.
    pub fn new(url: Url) -> Readers {
        Readers { url, purpose: Purpose::Read, pool: Mutex::default(), returned: Condvar::new() }
    }

    /// The same for an office that cannot be written, such as a backup on a medium of its own.
    pub fn to_examine(url: Url) -> Readers {
        Readers { purpose: Purpose::Examine, ..Readers::new(url) }
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        // A panic inside a read never leaves the pool half-changed: it is only locked to take and to give back.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `read` in a transaction that sees one state throughout.
    ///
    /// # Errors
    /// What `read` returns, or a fault of the connection, which is then not used again.
    pub fn read<T, E: From<Fault>>(&self, read: impl FnOnce(&mut Connection) -> Result<T, E>) -> Result<T, E> {
        self.read_by(Want::One, read)?.ok_or_else(|| E::from(Fault::Closed))
    }

    /// The same where there is a connection to spare, for whoever reads through another one already: it never waits, so that two who each
    /// hold one cannot wait for each other. None where `read` did not run.
    ///
    /// # Errors
    /// As [`Readers::read`].
    pub fn read_spare<T, E: From<Fault>>(&self, read: impl FnOnce(&mut Connection) -> Result<T, E>) -> Result<Option<T>, E> {
        self.read_by(Want::Spare, read)
    }

    fn read_by<T, E: From<Fault>>(&self, want: Want, read: impl FnOnce(&mut Connection) -> Result<T, E>) -> Result<Option<T>, E> {
        let Some(mut lease) = self.begin(want)? else { return Ok(None) };
        let Some(connection) = lease.connection.as_mut() else { return Err(E::from(Fault::Closed)) };
        let result = read(connection);
        connection.script("rollback")?;
        lease.healthy = true;
        result.map(Some)
    }

    /// A connection in a transaction of its own. One that lay idle may be gone, because the database was started again or a firewall
    /// forgot it: nothing was read through it yet, so the next one is taken, and in the end a new one. None where none is spare.
    fn begin(&self, want: Want) -> Result<Option<Lease<'_>>, Fault> {
        loop {
            let Some((connection, new)) = self.take(want)? else { return Ok(None) };
            let mut lease = Lease { readers: self, connection: Some(connection), healthy: false };
            match lease.connection.as_mut().ok_or(Fault::Closed)?.begin_read() {
                Ok(()) => return Ok(Some(lease)),
                Err(fault) if new => return Err(fault),
                Err(_) => drop(lease),
            }
        }
    }

    /// A connection, and whether it was opened just now.
    fn take(&self, want: Want) -> Result<Option<(Connection, bool)>, Fault> {
        let mut pool = self.pool();
        loop {
            if want == Want::Spare && pool.open - pool.idle.len() >= SPARE_UNTIL {
                return Ok(None);
            }
            if let Some(connection) = pool.idle.pop() {
                return Ok(Some((connection, false)));
            }
            if pool.open < READERS_MAX {
                pool.open += 1;
                drop(pool);
                let opened = Connection::open(&self.url, self.purpose).inspect_err(|_| {
                    self.pool().open -= 1;
                    self.returned.notify_one();
                })?;
                return Ok(Some((opened, true)));
            }
            pool = self.returned.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A connection on loan. It comes back on every way out, a panic included; unless all went well it is closed.
struct Lease<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
    healthy: bool,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut pool = self.readers.pool();
        match self.connection.take() {
            Some(connection) if self.healthy => pool.idle.push(connection),
            _ => pool.open -= 1,
        }
        drop(pool);
        self.readers.returned.notify_one();
    }
}

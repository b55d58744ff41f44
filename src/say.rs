//! Standard output. Whoever read it may have gone (`xinzhi … | head`): what is said then is dropped, and the command still does its work.

use std::fmt;
use std::io::{self, StdoutLock, Write};

/// Writes a line to standard output.
macro_rules! say {
    ($($words:tt)*) => { $crate::say::line(format_args!($($words)*)) };
}
pub(crate) use say;

/// Standard output, held while it is written to. A full disk behind it is a failure; a reader that has gone is none.
pub struct Out(StdoutLock<'static>);

pub fn out() -> Out {
    Out(io::stdout().lock())
}

pub fn line(words: fmt::Arguments<'_>) -> io::Result<()> {
    writeln!(out(), "{words}")
}

/// Writes what is shown only this once, and says so where nobody could read it: what a reader that has gone would have seen is lost for good.
pub fn once(words: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{words}")?;
    out.flush()
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        // What is left in the buffer is written here, where a reader that has gone is no failure; at the end of the process nobody looks.
        let _flushed = self.flush();
    }
}

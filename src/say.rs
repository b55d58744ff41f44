//! Standard output. Whoever read it may have gone (`xinzhi … | head`): what is said then is dropped, and the command still does its work.

use std::fmt;
use std::io::{self, StdoutLock, Write};
use std::path::Path;

use anyhow::Context;

/// Writes a line to standard output.
macro_rules! say {
    ($($words:tt)*) => { $crate::say::line(format_args!($($words)*)) };
}
pub(crate) use say;

/// Standard output, held while it is written to. A full disk behind it is a failure; a reader that has gone is none.
pub struct Out {
    to: StdoutLock<'static>,
    /// Whether something was dropped because nobody reads any more.
    dropped: bool,
}

pub fn out() -> Out {
    Out { to: io::stdout().lock(), dropped: false }
}

pub fn line(words: fmt::Arguments<'_>) -> io::Result<()> {
    writeln!(out(), "{words}")
}

/// Says what came of it, where it has been written already; where nothing can be said, that it is there all the same. Where the reader has gone
/// that is no failure, but who looks for the summary is told why there is none.
pub fn of(written: Option<&Path>, tell: impl FnOnce(&mut Out) -> io::Result<()>) -> anyhow::Result<()> {
    let mut said = out();
    let told = tell(&mut said).and_then(|()| said.flush());
    if let Some(path) = written.filter(|_| said.dropped) {
        eprintln!("提示：标准输出已被关闭，摘要没有全部输出；结果已写入 `{}`", path.display());
    }
    told.with_context(|| match written {
        Some(path) => format!("结果已写入 `{}`，但摘要未能输出，请核对标准输出", path.display()),
        None => "摘要未能输出，请核对标准输出".to_owned(),
    })
}

/// Writes what is shown only this once, and says so where nobody could read it: what a reader that has gone would have seen is lost for good.
pub fn once(words: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{words}")?;
    out.flush()
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.to.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.dropped = true;
                Ok(bytes.len())
            }
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.to.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.dropped = true;
                Ok(())
            }
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

/// Columns of text side by side: words to the left, numbers to the right; a Chinese character takes two places.
pub fn table(rows: &[Vec<String>]) -> String {
    let wide = |text: &str| text.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum::<usize>();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let widths: Vec<usize> = (0..columns).map(|column| cells(column).map(|cell| wide(cell)).max().unwrap_or(0)).collect();
    let is_number = |cell: &String| cell == "—" || cell.trim_start_matches(['+', '-']).starts_with(|letter: char| letter.is_ascii_digit());
    let numbers: Vec<bool> = (0..columns).map(|column| column > 0 && cells(column).skip(1).all(is_number)).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for ((cell, width), number) in row.iter().zip(&widths).zip(&numbers) {
            let gap = " ".repeat(width.saturating_sub(wide(cell)));
            line.push_str(&if *number { format!("  {gap}{cell}") } else { format!("  {cell}{gap}") });
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let rows = [vec!["", "主体", "判断"], vec!["企业", "12", "少"], vec!["个体工商户", "3", "须关注"]];
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        assert_eq!(table(&rows), "              主体  判断\n  企业          12  少\n  个体工商户     3  须关注\n");
    }
}

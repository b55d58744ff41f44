//! A fault in a pack, told so that its author can mend it: where, what, and what to do.

use std::fmt;

use crate::load::Files;

/// Whether a pack may still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The pack is refused.
    Fault,
    /// The pack may be used, but its author probably meant something else.
    Warning,
}

impl Severity {
    /// The word that people read.
    pub fn title(self) -> &'static str {
        match self {
            Severity::Fault => "错误",
            Severity::Warning => "提醒",
        }
    }
}

/// One finding of the checker. The order of the fields is the order in which findings are shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Path inside the pack, as `scorecards/market-entity.yaml`.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Fault or warning.
    pub severity: Severity,
    /// Stable word for programs, as `unknown-field`.
    pub code: &'static str,
    /// What is wrong, in Chinese, the thing itself in backticks.
    pub message: String,
    /// What to do, in Chinese.
    pub help: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        write!(f, "\n  建议：{}", self.help)
    }
}

impl std::error::Error for Diagnostic {}

impl Diagnostic {
    fn head(&self, f: &mut impl fmt::Write) -> fmt::Result {
        let Diagnostic { file, line, column, severity, code, message, help: _ } = self;
        write!(f, "{file}:{line}:{column} {}[{code}] {message}", severity.title())
    }

    /// The finding with the line of `files` that it is about and a caret under the place.
    pub fn render(&self, files: &Files) -> String {
        let index = usize::try_from(self.line.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(source) = files.text(&self.file).and_then(|text| text.lines().nth(index)) else {
            return self.to_string();
        };
        let before = usize::try_from(self.column.saturating_sub(1)).unwrap_or(0);
        let indent: usize = source.chars().take(before).map(columns).sum();
        // What is no text goes to no terminal, and of a line without end only what surrounds the place.
        let shown = |c: char| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
        let source: String = source.chars().map(shown).take(before.saturating_add(BEHIND_MAX)).collect();
        let number = self.line.to_string();
        let (gutter, caret) = (" ".repeat(number.len()), " ".repeat(indent));
        let mut head = String::new();
        // Writing into a String cannot fail.
        let _ = self.head(&mut head);
        format!("{head}\n {gutter} |\n {number} | {source}\n {gutter} | {caret}^\n  建议：{}", self.help)
    }
}

/// Characters that are shown behind the place.
const BEHIND_MAX: usize = 160;

/// Cells a character takes in a terminal: Chinese ones take two.
fn columns(c: char) -> usize {
    let wide = matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{20000}'..='\u{3fffd}');
    if wide { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place_behind_chinese_text() {
        let files: Files = [("a.yaml".to_owned(), "x: 1\n处罚: [法, 律]\n".to_owned())].into_iter().collect();
        let finding = Diagnostic {
            file: "a.yaml".into(),
            line: 2,
            column: 9,
            severity: Severity::Fault,
            code: "unknown-law",
            message: "没有 `律`".into(),
            help: "请改正".into(),
        };
        let expected = "a.yaml:2:9 错误[unknown-law] 没有 `律`\n   |\n 2 | 处罚: [法, 律]\n   |            ^\n  建议：请改正";
        assert_eq!(finding.render(&files), expected);
        let elsewhere = Diagnostic { line: 9, ..finding };
        assert_eq!(elsewhere.render(&files), "a.yaml:9:9 错误[unknown-law] 没有 `律`\n  建议：请改正");
    }
}

//! Just enough of Rust and SQL to tell code from prose and from quoted text.

use std::collections::BTreeSet;

/// The identifiers of a Rust text, each with the number of the line where it first stands.
pub fn identifiers_of_rust(text: &str) -> BTreeSet<(String, usize)> {
    identifiers(&code_of_rust(text))
}

/// The identifiers of an SQL text.
pub fn identifiers_of_sql(text: &str) -> BTreeSet<(String, usize)> {
    let lines = text.lines().map(|line| {
        let code = line.split_once("--").map_or(line, |(code, _)| code);
        code.split('\'').step_by(2).collect::<Vec<_>>().join(" ")
    });
    identifiers(&lines.collect::<Vec<_>>().join("\n"))
}

fn identifiers(code: &str) -> BTreeSet<(String, usize)> {
    let mut seen = BTreeSet::new();
    let mut out = BTreeSet::new();
    for (number, line) in (1..).zip(code.lines()) {
        for word in line.split(|letter: char| !letter.is_alphanumeric() && letter != '_') {
            if word.starts_with(|letter: char| letter.is_alphabetic() || letter == '_') && seen.insert(word) {
                out.insert((word.to_owned(), number));
            }
        }
    }
    out
}

/// The text with every comment and every literal blanked; line breaks stay, so that line numbers hold.
fn code_of_rust(text: &str) -> String {
    let mut rest = text;
    let mut code = String::with_capacity(text.len());
    while let Some(letter) = rest.chars().next() {
        let length = skipped(rest, code.chars().next_back());
        if length == 0 {
            code.push(letter);
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
            continue;
        }
        let (gone, after) = rest.split_at(length);
        code.push(' ');
        code.extend(gone.chars().filter(|letter| *letter == '\n'));
        rest = after;
    }
    code
}

/// How many bytes of comment or literal stand at the head of `rest`.
fn skipped(rest: &str, before: Option<char>) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |end| end + 2);
    }
    let inside_word = before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    if !inside_word && rest.starts_with(['r', 'b', 'c']) {
        let marked = ["b\"", "c\"", "b'"].iter().any(|head| rest.starts_with(head));
        return if marked { 1 + skipped(rest.get(1..).unwrap_or_default(), None) } else { raw_string(rest).unwrap_or(0) };
    }
    if rest.starts_with('"') {
        return quoted(rest, '"');
    }
    let mut letters = rest.chars();
    match (letters.next(), letters.next(), letters.next()) {
        (Some('\''), Some('\\'), _) => quoted(rest, '\''),
        (Some('\''), Some(letter), Some('\'')) => 2 + letter.len_utf8(),
        _ => 0,
    }
}

/// `r"…"`, `br#"…"#` and their like.
fn raw_string(rest: &str) -> Option<usize> {
    let prefix =
        ["r", "br", "cr"].into_iter().find(|prefix| rest.starts_with(&format!("{prefix}\"")) || rest.starts_with(&format!("{prefix}#")))?;
    let tail = rest.strip_prefix(prefix)?;
    let hashes = tail.len() - tail.trim_start_matches('#').len();
    let body = tail.trim_start_matches('#').strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = body.find(&close).unwrap_or(body.len().saturating_sub(close.len()));
    Some(prefix.len() + hashes + 1 + end + close.len())
}

fn quoted(rest: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == mark => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[test]
fn comments_and_literals_are_no_code() {
    let text =
        "let a = \"b \\\" b\"; // b\nfn c<'a>(x: &'a str) { ('b', '\\'', r#\"b \" b\"#, b\"b\", /* b\n b */ d) }\nlet r#type = br\"b\\\";";
    let found: Vec<_> = identifiers_of_rust(text).into_iter().map(|(word, line)| format!("{word}:{line}")).collect();
    assert_eq!(found, ["a:1", "c:2", "d:3", "fn:2", "let:1", "r:4", "str:2", "type:4", "x:2"].map(String::from));
    let found: Vec<_> = identifiers_of_sql("select a -- b\nwhere c = 'b' and d").into_iter().map(|(word, _)| word).collect();
    assert_eq!(found, ["a", "and", "c", "d", "select", "where"]);
}

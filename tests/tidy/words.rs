//! One thing, one word: GLOSSARY.md says which, and lists the words that are not ours.
//!
//! Its section `## Banned` has one line a word: `- word → use other`. Several words may share a line, separated by commas; a phrase such as
//! `black list` bans `BlackList` and `black_list`. Names that a foreign crate imposes are let through by `(foreign: …)` at the end of the line.

use std::collections::BTreeSet;

use super::lexer::{identifiers_of_rust, identifiers_of_sql};
use super::none;
use super::tree::{File, files, read};

const GLOSSARY: &str = "GLOSSARY.md";

#[test]
fn no_banned_word_is_a_name_in_the_code() {
    let bans = bans(&read(GLOSSARY).unwrap()).unwrap();
    let faults: Vec<String> = files().iter().flat_map(|file| faults_of(file, &bans)).collect();
    none(&faults);
}

struct Ban {
    words: Vec<String>,
    instead: String,
    foreign: BTreeSet<String>,
}

fn bans(glossary: &str) -> Result<Vec<Ban>, String> {
    let section = glossary.lines().skip_while(|line| line.trim() != "## Banned").skip(1).take_while(|line| !line.starts_with("## "));
    let mut out = Vec::new();
    for line in section.filter_map(|line| line.strip_prefix("- ")) {
        let Some((banned, instead)) = line.split_once('→') else {
            return Err(format!("{GLOSSARY}: write `- word → use other` instead of `- {line}`"));
        };
        let (instead, foreign) = instead.split_once("(foreign:").unwrap_or((instead, ""));
        let foreign: BTreeSet<String> = foreign.trim_end().trim_end_matches(')').split(',').map(plain).collect();
        for phrase in banned.split(',') {
            let words = plain(phrase).split([' ', '_', '-']).map(str::to_lowercase).collect();
            out.push(Ban { words, instead: instead.trim().to_owned(), foreign: foreign.clone() });
        }
    }
    if out.is_empty() {
        return Err(format!("{GLOSSARY} has no section `## Banned` with lines `- word → use other`; the rule has nothing to check"));
    }
    Ok(out)
}

fn plain(phrase: &str) -> String {
    phrase.trim().trim_matches(['`', '*']).to_owned()
}

fn faults_of(file: &File, bans: &[Ban]) -> Vec<String> {
    let found = match () {
        () if file.has_ending(&["rs"]) => identifiers_of_rust(&file.text),
        () if file.has_ending(&["sql"]) => identifiers_of_sql(&file.text),
        () => return Vec::new(),
    };
    let mut out = Vec::new();
    for (name, line) in found {
        let words = words(&name);
        for ban in bans.iter().filter(|ban| !ban.foreign.contains(&name) && says(&words, &ban.words)) {
            out.push(format!("{}:{line}: `{name}` says `{}`: {}", file.path, ban.words.join(" "), ban.instead));
        }
    }
    out
}

/// Whether `name` holds the banned words side by side, the last one perhaps in the plural.
fn says(name: &[String], banned: &[String]) -> bool {
    let plural =
        |found: &String, word: &String| found == word || found.strip_suffix('s') == Some(word) || found.strip_suffix("es") == Some(word);
    name.windows(banned.len()).any(|found| found.iter().zip(banned).all(|(found, word)| plural(found, word)))
}

/// `FiledObjection`, `filed_objection` and `FILED_OBJECTION` are the same two words.
fn words(name: &str) -> Vec<String> {
    let mut out = Vec::new();
    for part in name.split('_').filter(|part| !part.is_empty()) {
        let camel = part.chars().any(char::is_lowercase);
        let mut word = String::new();
        for letter in part.chars() {
            if camel && letter.is_uppercase() && !word.is_empty() {
                out.push(std::mem::take(&mut word));
            }
            word.extend(letter.to_lowercase());
        }
        out.push(word);
    }
    out
}

#[test]
fn a_banned_word_is_found_in_every_spelling() {
    let bans = bans("# Glossary\n\n## Banned\n\n- `black list`, dossier → use list (foreign: DossierKit)\n\n## Other\n- x\n").unwrap();
    let file = |text: &str| File { path: "a.rs".into(), text: text.into() };
    for bad in ["struct BlackList;", "fn black_lists() {}", "const OLD_DOSSIER: u8 = 1;", "let dossiers = 1;"] {
        assert_eq!(faults_of(&file(bad), &bans).len(), 1, "{bad}");
    }
    for good in
        ["struct List;", "// black_list", "let a = \"dossier\";", "use x::DossierKit;", "fn blacklist() {}", "fn listed_in_black() {}"]
    {
        assert_eq!(faults_of(&file(good), &bans), Vec::<String>::new(), "{good}");
    }
    assert!(self::bans("# Glossary\n").is_err());
}

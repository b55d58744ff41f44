//! Where nothing was ever kept, only a command that is meant to found an office makes one: a place that was mistyped stays as it was.

use std::path::Path;

use super::settings;
use crate::support::binary::{self, fed, text, told};
use crate::support::files::{company, registration};
use crate::support::postgres;

/// The commands that may found an office, and the one that puts a backup where nothing is.
const BEGIN: [&str; 4] = ["account add", "demo", "restore", "serve"];

/// Every command that wants an office, with arguments that would do if there were one.
fn asked<'a>([file, pack, out]: &[&'a str; 3], code: &'a str) -> Vec<Vec<&'a str>> {
    let card = ["--scorecard", "market-entity"];
    let new = ["--title", "甲", "--role", "centre"];
    let connector =
        ["--title", "甲", "--source", "cf-2018", "--organ", "某局", "--host", "h", "--dbname", "d", "--user", "u", "--table", "t"];
    let connector = [&connector[..], &["--watermark", "w", "--key", "k"]].concat();
    vec![
        vec!["import", file, "--source", "registration"],
        [&["evaluate", code], &card[..]].concat(),
        [&["evaluate", "--out", out], &card[..]].concat(),
        vec!["columns", "--out", out],
        vec!["projection", "follow"],
        vec!["projection", "rebuild"],
        [&["explain", code], &card[..]].concat(),
        vec!["check", code, "--matter", "food-licence"],
        vec!["pack", "diff", pack],
        vec!["pack", "install", pack],
        [&["account", "key", "a"], &new[..]].concat(),
        vec!["account", "list"],
        vec!["account", "end", "a"],
        vec!["account", "password", "a"],
        vec!["account", "reset-factor", "a"],
        vec!["account", "code", "a"],
        vec!["account", "release", "a"],
        vec!["account", "unlock", "a"],
        [&["connector", "add", "a"], &connector[..]].concat(),
        vec!["connector", "list"],
        vec!["connector", "run", "a"],
        vec!["connector", "pause", "a"],
        vec!["connector", "resume", "a"],
        vec!["connector", "end", "a"],
        vec!["connector", "secret", "a"],
        vec!["subscription", "allow", "h", "--note", "n"],
        vec!["subscription", "deny", "h", "--note", "n"],
        vec!["subscription", "hosts"],
        vec!["subscription", "list"],
        vec!["areas", file],
        vec!["doctor"],
        vec!["correct-clock"],
        vec!["backup", out],
    ]
}

/// The command that words begin with: `pack diff`.
fn name(words: &[&str], known: &std::collections::BTreeSet<String>) -> String {
    let two = words.get(..2).unwrap_or(words).join(" ");
    if known.contains(&two) { two } else { words[0].to_owned() }
}

fn files(folder: &Path) -> Vec<String> {
    let mut found: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    found.sort();
    found
}

#[test]
fn no_command_makes_an_office_where_none_is_but_those_that_are_meant_to() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let (file, pack, out, nowhere) = (at("dj.csv"), at("national"), at("out"), at("mistyped"));
    std::fs::write(&file, registration(&[&company(1)])).unwrap();
    for (path, content) in xinzhi_office::pack::own_files().iter() {
        let target = Path::new(&pack).join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, content).unwrap();
    }
    let code = company(1).code;
    let all = asked(&[&file, &pack, &out], &code);
    let wanting = settings::options().remove("--data").unwrap();
    let tried: std::collections::BTreeSet<String> = all.iter().map(|words| name(words, &wanting)).chain(BEGIN.map(str::to_owned)).collect();
    assert_eq!(tried, wanting, "every command that wants an office is tried below");

    let url = postgres::database();
    let before = files(place.path());
    for words in &all {
        for more in [vec!["--data", &nowhere], vec!["--data", &nowhere, "--database", &url]] {
            let output = fed(&[words.as_slice(), &more].concat(), "a-long-password-1\n");
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{words:?}: {}{said}", text(&output.stdout));
            assert_eq!(files(place.path()), before, "{words:?} left something");
            match words.as_slice() {
                ["account", "code", ..] => assert!(said.contains("不是 xinzhi demo 建立的数据目录"), "{said}"),
                ["backup", ..] if more.len() > 2 => assert!(said.contains("pg_dump"), "{said}"),
                _ => assert!(said.contains("没有信治的数据，请核对 --data") && said.contains("xinzhi serve"), "{words:?}: {said}"),
            }
            assert!(text(&output.stdout).is_empty(), "{words:?}");
        }
    }
    let mut client = ::postgres::Client::connect(&url, ::postgres::NoTls).unwrap();
    let tables: i64 = client.query_one("select count(*) from information_schema.tables where table_schema = 'public'", &[]).unwrap().get(0);
    assert_eq!(tables, 0, "nothing was made in the database");
}

#[test]
fn the_first_account_founds_the_office_with_the_name_that_is_said_and_says_so() {
    for url in [None, Some(postgres::database())] {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        let at = ["--data", data.to_str().unwrap()].into_iter().chain(url.iter().flat_map(|url| ["--database", url.as_str()]));
        let at: Vec<&str> = at.collect();
        let add = |name: &'static str, more: &[&str]| {
            let words = ["account", "add", name, "--title", "赵磊", "--role", "system"];
            let output = fed(&[&words[..], more, &at].concat(), "a-long-password-1\n");
            assert!(output.status.success(), "{}", text(&output.stderr));
            text(&output.stderr)
        };
        let said = add("zhaolei", &["--office-name", "某县公共信用中心", "--office-area", "330327"]);
        assert!(said.contains("已新建单位“某县公共信用中心”（330327）"), "{said}");
        assert!(!add("zhoujie", &[]).contains("新建"), "the second finds it");
        assert!(told(&[&["account", "list"], at.as_slice()].concat()).contains("zhoujie"));
        let doctor = binary::json(&[&["doctor", "--json"], at.as_slice()].concat());
        assert_eq!(doctor["sound"], true, "{doctor}");
    }
}

#[test]
fn keys_that_are_elsewhere_and_a_database_without_an_office_are_told_and_left_alone() {
    // An office on a server, and a mistyped directory beside it: the keys are what is missing, and no directory is made.
    let (place, url) = (tempfile::tempdir().unwrap(), postgres::database());
    let (data, other) = (place.path().join("data"), place.path().join("mistyped"));
    binary::found(&data, Some(&url));
    let output = binary::xinzhi(&["account", "list", "--data", other.to_str().unwrap(), "--database", &url]);
    let said = text(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("keys/office.key") && !other.exists(), "{said}");
    told(&["account", "list", "--data", data.to_str().unwrap(), "--database", &url]);
    // A file of that name that is no office.
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("office.db"), "").unwrap();
    let output = binary::xinzhi(&["doctor", "--data", other.to_str().unwrap()]);
    let said = text(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("没有信治的数据"), "{said}");
    assert!(!other.join("keys").exists(), "no key was made");
}

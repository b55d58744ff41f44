//! What is wrong with a command line, or with the files that it names, is said in Chinese; it ends as before.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use crate::support::binary::{self, program, text, told, xinzhi};

/// Words of the parser and of the system that nobody should read here.
const ENGLISH: [&str; 12] =
    ["error:", "Usage", "argument", "required", "invalid", "unexpected", "possible", "help, ", "tip:", "os error", "No such", "Permission"];

#[track_caller]
fn chinese(said: &str) {
    for word in ENGLISH {
        assert!(!said.contains(word), "{word}: {said}");
    }
}

#[test]
fn wrong_usage_is_said_in_chinese_and_ends_with_2() {
    let evaluate = |more: &[&'static str]| [&["evaluate", "x", "--scorecard", "a"], more].concat();
    let cases: [(Vec<&str>, &[&str]); 23] = [
        // Something is missing.
        (vec!["evaluate"], &["缺少必须写的参数 `--scorecard <编号>`", "用法：xinzhi evaluate", "详见 xinzhi evaluate --help"]),
        (vec!["evaluate", "--scorecard", "a", "--tables", "t", "--out", "o"], &["缺少必须写的参数 `--pack <目录>`"]),
        (vec!["pack"], &["规则包：检查", "用法：xinzhi pack <命令>"]),
        (vec![], &["用法：xinzhi <命令>", "doctor"]),
        (vec!["evaluate", "--scorecard"], &["参数 `--scorecard <编号>` 之后缺少值"]),
        (vec!["evaluate", "--every"], &["之后缺少值，可用的有 month、quarter、year"]),
        // Something is not known.
        (vec!["evalute"], &["没有命令 `evalute`；是否想写 `evaluate`？"]),
        (vec!["pack", "frobnicate"], &["没有命令 `frobnicate`", "用法：xinzhi pack <命令>"]),
        (evaluate(&["--as-off", "2026-01-01"]), &["不认识参数 `--as-off`", "是否想写 `--as-of`？"]),
        (vec!["identify", "-x"], &["不认识参数 `-x`"]),
        // A value cannot be used.
        (evaluate(&["--every", "moth", "--from", "a", "--until", "b"]), &["`moth` 不能用作 `--every <周期>`", "是否想写 `month`？"]),
        (evaluate(&["--known", "abc"]), &["`abc` 不能用作 `--known <位置>`：应为整数"]),
        (vec!["generate", "--out", "o", "--seed", "99999999999999999999"], &["`--seed <数>`：这个数过大"]),
        (evaluate(&["--threads", "0"]), &["`0` 不能用作 `--threads <数>`：应在 1 至 1024 之间"]),
        (vec!["connector", "add", "a", "--port", "99999"], &["`99999` 不能用作 `--port <端口>`：应在 0 至 65535 之间"]),
        // Too much.
        (evaluate(&["--json=1"]), &["参数 `--json` 之后多出了 `1`"]),
        (vec!["pack", "diff", "a", "b", "c"], &["之后多出了 `c`"]),
        (evaluate(&["--scorecard", "b"]), &["参数 `--scorecard <编号>` 只能写一次"]),
        (evaluate(&["--subject", "y"]), &["不能与 `--subject <代码>` 同时使用"]),
        (evaluate(&["--known", "1", "--tables", "t", "--pack", "p", "--out", "o"]), &["不能与", "`--tables <目录>`"]),
        (vec!["doctor", "extra"], &["不认识参数 `extra`"]),
        (vec!["generate", "--out", "o", "--through", "2026-01-01"], &["`--through <日期>` 只用于", "用法：xinzhi generate"]),
        (vec!["generate", "--out", "o", "--area", "330899", "--penalties-only"], &["`--area <代码>` 只用于", "`--only parquet`"]),
    ];
    for (words, says) in cases {
        let output = xinzhi(&words);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
        assert!(output.stdout.is_empty(), "{words:?}");
        for part in says {
            assert!(said.contains(part), "{words:?}: {part}: {said}");
        }
        chinese(&said);
    }
    // Bytes that are no text.
    let mut command = program(&["check"]);
    let output = command.args([OsStr::from_bytes(b"\xff"), OsString::from("--matter").as_os_str(), OsStr::new("m")]).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("不是 UTF-8 文字"), "{said}");
    chinese(&said);
}

#[test]
fn help_and_version_are_asked_for_and_end_well() {
    for words in [&["--help"][..], &["-h"], &["help"], &["evaluate", "--help"], &["pack", "diff", "-h"], &["help", "pack", "diff"]] {
        let said = told(words);
        assert!(said.contains("用法：xinzhi") && said.contains("显示帮助"), "{words:?}: {said}");
        for english in ["Usage", "Options", "Commands", "Print", "[default", "[possible", "Possible values"] {
            assert!(!said.contains(english), "{words:?} says {english}: {said}");
        }
    }
    assert!(told(&["--version"]).starts_with("xinzhi "));
}

#[test]
fn what_the_system_refuses_is_said_in_chinese() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let (data, file, locked, pack) = (at("data"), at("a.csv"), at("locked"), concat!(env!("CARGO_MANIFEST_DIR"), "/packs/national"));
    binary::found(&place.path().join("data"), None);
    std::fs::write(&file, "x").unwrap();
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();
    let (inside, below) = (at("a.csv/b"), at("no/such/a.csv"));
    let import =
        |file: &str| vec!["import".to_owned(), file.to_owned(), "--source".into(), "cf-2018".into(), "--data".into(), data.clone()];
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let cases = [
        (import(&below), "没有这个文件或目录"),
        (import(&inside), "路径中有一段不是目录"),
        (words(&["pack", "check", &below]), "没有这个文件或目录"),
        (words(&["pack", "check", &file]), "路径中有一段不是目录"),
        (words(&["areas", &at(""), "--data", &data]), "这是目录，不是文件"),
        (words(&["evaluate", "--scorecard", "market-entity", "--tables", &below, "--pack", pack, "--out", &at("o")]), "没有 tables.json"),
        (
            words(&["evaluate", "--scorecard", "market-entity", "--tables", &file, "--pack", pack, "--out", &at("o")]),
            "路径中有一段不是目录",
        ),
        (words(&["generate", "--out", &inside]), "路径中有一段不是目录"),
        (words(&["columns", "--out", &at("locked/t"), "--data", &data]), "没有权限"),
        (words(&["serve", "--data", &at("locked/new"), "--listen", "127.0.0.1:0"]), "没有权限"),
        (words(&["serve", "--data", &inside, "--listen", "127.0.0.1:0"]), "路径中有一段不是目录"),
    ];
    for (words, says) in cases {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = binary::program_as_user(&words).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
        assert!(said.contains(says), "{words:?}: {said}");
        chinese(&said);
    }
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o700)).unwrap();
}

use clap::Command;

use super::{command, try_parse};

/// Every command below one, with its words: `pack diff`.
fn all(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        let path = format!("{path} {}", below.get_name()).trim().to_owned();
        found.push((path.clone(), below.clone()));
        all(below, &path, found);
    }
}

#[test]
fn three_commands_may_begin_an_office_and_no_other() {
    let mut found = Vec::new();
    all(&command(), "", &mut found);
    let begins = |(path, command): &(String, Command)| {
        command.get_arguments().any(|argument| argument.get_long() == Some("office-name")).then(|| path.clone())
    };
    assert_eq!(found.iter().filter_map(begins).collect::<Vec<_>>(), ["demo", "serve", "account add"]);
}

#[test]
fn no_help_speaks_english() {
    let mut found = vec![("xinzhi".to_owned(), command())];
    all(&command(), "", &mut found);
    assert!(found.len() > 40);
    for (path, command) in &mut found {
        for text in [command.render_help().to_string(), command.render_long_help().to_string()] {
            assert!(text.contains("用法：xinzhi") && text.contains("显示帮助"), "{path}: {text}");
            for word in ["Usage", "Options", "Arguments", "Commands", "COMMAND", "Print", "[default", "[possible", "Possible"] {
                assert!(!text.contains(word), "{path} says {word}: {text}");
            }
        }
        for argument in command.get_arguments().filter(|argument| argument.get_action().takes_values() && *path != "help") {
            let named = argument.get_value_names().unwrap_or_default().iter().all(|name| !name.is_ascii() || *name == "URL");
            assert!(named, "{path}: {argument}");
        }
    }
}

#[test]
fn a_value_that_may_be_left_out_and_those_that_are_listed_stand_in_the_help() {
    let mut found = Vec::new();
    all(&command(), "", &mut found);
    let help = |path: &str| found.iter().find(|(other, _)| other == path).unwrap().1.clone().render_help().to_string();
    assert!(help("doctor").contains("（默认：./data）"), "{}", help("doctor"));
    assert!(help("evaluate").contains("（可选：month 每月末、quarter 每季末、year 每年末）"), "{}", help("evaluate"));
    assert!(help("generate").contains("（可选：files 部门文件、parquet 列存表集；默认：files）"), "{}", help("generate"));
}

#[test]
fn sound_words_are_read() {
    let words = ["xinzhi", "evaluate", "--scorecard", "x", "--tables", "t", "--pack", "a", "--pack", "b", "--out", "o"];
    assert!(try_parse(words.map(Into::into)).is_ok());
}

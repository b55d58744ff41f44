//! What the parser says to people, in their language: help, and why a command line is wrong. The words are ours; which of them apply is the
//! parser's finding.

use std::ffi::OsString;
use std::num::{IntErrorKind, ParseIntError};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches};

use super::{Arguments, Generate, Only};

/// What a wrong command line ends with, as with other programs.
const WRONG_USAGE: i32 = 2;
/// How the parser begins a usage, and what it calls all options together.
const USAGE: &str = "Usage: ";
const OPTIONS: (&str, &str) = ("[OPTIONS]", "[选项]");

/// Reads the command line, or says what is wrong with it and ends the process.
pub fn parse() -> Arguments {
    match try_parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        // Help is what was asked for, and speaks Chinese by its template; it ends well. Where it stands in for a command that is missing, it does not.
        Err(fault) if matches!(fault.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => fault.exit(),
        Err(fault) if fault.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => fault.exit(),
        Err(fault) => {
            eprintln!("{}", sentence(&fault));
            std::process::exit(WRONG_USAGE)
        }
    }
}

fn try_parse(words: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    let mut command = command();
    let mut found = command.try_get_matches_from_mut(words)?;
    if let Some(fault) = idle(&mut command, &found) {
        return Err(fault);
    }
    Arguments::from_arg_matches_mut(&mut found).map_err(|fault| fault.format(&mut command))
}

/// Options of `generate` that were written and would have no effect. Whether one has is up to the value of another, which may not have been
/// written at all: the parser knows no such rule.
fn idle(command: &mut Command, found: &ArgMatches) -> Option<clap::Error> {
    let (name, found) = found.subcommand().filter(|(name, _)| *name == "generate")?;
    if found.get_one::<Only>("only") == Some(&Only::Parquet) {
        return None;
    }
    let generate = command.find_subcommand_mut(name)?;
    let was_written = |id: &str| Generate::OF_TABLES.contains(&id) && found.value_source(id) == Some(ValueSource::CommandLine);
    let written = generate.get_arguments().filter(|argument| was_written(argument.get_id().as_str()));
    let written: Vec<String> = written.map(ToString::to_string).collect();
    if written.is_empty() {
        return None;
    }
    let mut fault = clap::Error::new(ErrorKind::ArgumentConflict);
    let why = "只用于生成列存表集，生成部门文件时不起作用；请去掉，或另写 `--only parquet`";
    fault.insert(ContextKind::InvalidArg, ContextValue::Strings(written));
    fault.insert(ContextKind::Custom, ContextValue::String(why.to_owned()));
    fault.insert(ContextKind::Usage, ContextValue::StyledStr(generate.render_usage()));
    Some(fault)
}

/// All commands with help in Chinese.
fn command() -> Command {
    let mut command = Arguments::command();
    // The parser adds its own parts only now; afterwards they can be put into words.
    command.build();
    worded(command)
}

fn worded(command: Command) -> Command {
    let command = command.mut_args(worded_argument).mut_subcommands(worded).subcommand_value_name("命令");
    let mut command = if command.get_name() == "help" { command.about("显示帮助") } else { command };
    let usage = translated(&command.render_usage().to_string());
    let sections = [
        (command.has_subcommands(), "命令", "subcommands"),
        (command.get_positionals().next().is_some(), "参数", "positionals"),
        (command.get_arguments().any(|argument| !argument.is_positional()), "选项", "options"),
    ];
    let sections = sections.iter().filter(|(is_there, ..)| *is_there).map(|(_, title, tag)| format!("\n\n{title}：\n{{{tag}}}"));
    let template = format!("{{about-with-newline}}\n用法：{{usage}}{}{{after-help}}", sections.collect::<String>());
    command.override_usage(usage).help_template(template)
}

fn worded_argument(argument: Arg) -> Arg {
    match argument.get_id().as_str() {
        "help" => return argument.help("显示帮助").long_help(None::<&str>),
        "version" => return argument.help("显示版本"),
        _ => {}
    }
    let mut notes = Vec::new();
    if argument.get_action().takes_values() {
        let values: Vec<String> = argument.get_possible_values().iter().map(value).collect();
        if !values.is_empty() {
            notes.push(format!("可选：{}", values.join("、")));
        }
        let default: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if !default.is_empty() {
            notes.push(format!("默认：{}", default.join("、")));
        }
    }
    let argument = argument.hide_default_value(true).hide_possible_values(true);
    match argument.get_help() {
        Some(help) if !notes.is_empty() => {
            let help = format!("{help}（{}）", notes.join("；"));
            argument.help(help)
        }
        _ => argument,
    }
}

/// A value that may be given, with what it means.
fn value(value: &clap::builder::PossibleValue) -> String {
    match value.get_help() {
        Some(help) => format!("{} {help}", value.get_name()),
        None => value.get_name().to_owned(),
    }
}

fn translated(usage: &str) -> String {
    usage.strip_prefix(USAGE).unwrap_or(usage).replace(OPTIONS.0, OPTIONS.1)
}

/// Why a command line is wrong, what could have been meant, and how it is written.
fn sentence(fault: &clap::Error) -> String {
    let mut said = what(fault);
    for kind in [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue] {
        let meant = texts(fault, kind);
        if !meant.is_empty() {
            said.push_str(&format!("；是否想写 {}？", quoted(&meant)));
        }
    }
    if let Some(usage) = texts(fault, ContextKind::Usage).first() {
        let usage = translated(usage);
        let command: Vec<&str> = usage.split(' ').take_while(|word| word.starts_with(|letter: char| letter.is_ascii_lowercase())).collect();
        said.push_str(&format!("\n\n用法：{usage}\n\n详见 {} --help", command.join(" ")));
    }
    said
}

fn what(fault: &clap::Error) -> String {
    let [argument, value] = [ContextKind::InvalidArg, ContextKind::InvalidValue].map(|kind| quoted(&texts(fault, kind)));
    match fault.kind() {
        ErrorKind::MissingRequiredArgument => format!("缺少必须写的参数 {argument}"),
        ErrorKind::MissingSubcommand => {
            format!("{} 之后缺少命令，可用的有 {}", subcommand(fault), valid(fault, ContextKind::ValidSubcommand))
        }
        ErrorKind::InvalidSubcommand => format!("没有命令 {}", subcommand(fault)),
        ErrorKind::UnknownArgument => format!("不认识参数 {argument}，请去掉或改正"),
        ErrorKind::InvalidValue if value == "``" || value.is_empty() => match valid(fault, ContextKind::ValidValue) {
            values if values.is_empty() => format!("参数 {argument} 之后缺少值"),
            values => format!("参数 {argument} 之后缺少值，可用的有 {values}"),
        },
        ErrorKind::InvalidValue => format!("{value} 不能用作 {argument}，可用的有 {}", valid(fault, ContextKind::ValidValue)),
        ErrorKind::ValueValidation => format!("{value} 不能用作 {argument}：{}", cause(fault)),
        ErrorKind::TooManyValues => format!("参数 {argument} 之后多出了 {value}，请去掉"),
        ErrorKind::ArgumentConflict => {
            if let Some(why) = texts(fault, ContextKind::Custom).first() {
                return format!("参数 {argument} {why}");
            }
            let with = quoted(&texts(fault, ContextKind::PriorArg));
            match with == argument || with.is_empty() {
                true => format!("参数 {argument} 只能写一次"),
                false => format!("参数 {argument} 不能与 {with} 同时使用"),
            }
        }
        ErrorKind::InvalidUtf8 => "有的参数不是 UTF-8 文字，请改用 UTF-8".to_owned(),
        // The rest does not come out of the arguments that there are; its own word is better than none.
        other => format!("命令写得不对（{other}）"),
    }
}

/// What is wrong with a value that is of a type of its own.
fn cause(fault: &clap::Error) -> String {
    let Some(source) = std::error::Error::source(fault) else { return "请核对写法".to_owned() };
    if let Some(number) = source.downcast_ref::<ParseIntError>() {
        return match number.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "这个数过大",
            _ => "应为整数",
        }
        .to_owned();
    }
    let words = source.to_string();
    match words.rsplit_once(" is not in ").and_then(|(_, range)| range.split_once("..")) {
        Some((first, last)) => format!("应在 {first} 至 {} 之间", last.trim_start_matches('=')),
        None => words,
    }
}

fn subcommand(fault: &clap::Error) -> String {
    quoted(&texts(fault, ContextKind::InvalidSubcommand))
}

fn valid(fault: &clap::Error, kind: ContextKind) -> String {
    texts(fault, kind).join("、")
}

fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join("、")
}

fn texts(fault: &clap::Error, kind: ContextKind) -> Vec<String> {
    match fault.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
        Some(ContextValue::StyledStrs(texts)) => texts.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;

//! `xinzhi identify`: one line per code; needs no office.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use xinzhi_core::identifier::identify;

use crate::arguments::Identify;

pub fn run(arguments: &Identify) -> anyhow::Result<ExitCode> {
    let mut out = crate::say::out();
    let reads_input = arguments.codes.is_empty() || arguments.codes.iter().any(|code| code == "-");
    for code in arguments.codes.iter().filter(|code| *code != "-") {
        write_line(&mut out, code)?;
    }
    if reads_input {
        for line in std::io::stdin().lock().lines() {
            write_line(&mut out, line?.trim())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn write_line(out: &mut impl Write, code: &str) -> std::io::Result<()> {
    match identify(code) {
        Ok(identified) => writeln!(out, "{code}\t{}\t有效", identified.kind()),
        Err((kind, fault)) => writeln!(out, "{code}\t{kind}\t无效\t{fault}"),
    }
}

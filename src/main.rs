//! The one binary: parses arguments, opens the office or finds the server that holds it, dispatches. Decides nothing.

#![deny(clippy::print_stdout)]

mod arguments;
mod command;
mod county;
mod door;
mod projection;
mod say;
mod words;

use std::process::ExitCode;

use arguments::{Arguments, Command};

/// Rows are made on one thread and freed on another; the C library's allocator takes a lock for each of those.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("XINZHI_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            // A failure that an error carries and tells by itself is said once.
            let said: Vec<String> = error.chain().map(words::of).collect();
            for (place, words) in said.iter().enumerate() {
                match place {
                    0 => eprintln!("{words}"),
                    _ if said.get(place - 1).is_some_and(|before| before.contains(words.as_str())) => {}
                    _ => eprintln!("  原因：{words}"),
                }
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Demo(demo) => command::demo::run(&demo),
        Command::Serve(serve) => command::serve::run(&serve),
        Command::Import(import) => command::import::run(&import),
        Command::Identify(identify) => command::identify::run(&identify),
        Command::Evaluate(evaluate) => command::evaluate::run(evaluate),
        Command::Cutoffs(cutoffs) => command::cutoffs::run(&cutoffs),
        Command::Columns(columns) => command::columns::run(&columns),
        Command::Projection(projection) => command::projection::run(&projection.command),
        Command::Explain(explain) => command::explain::run(&explain),
        Command::Check(check) => command::check::run(&check),
        Command::Pack(pack) => command::pack::run(&pack.command),
        Command::Account(account) => command::account::run(&account.command),
        Command::Connector(connector) => command::connector::run(&connector.command),
        Command::Subscription(subscription) => command::subscription::run(&subscription.command),
        Command::Areas(areas) => command::account::areas(&areas),
        Command::Generate(generate) => command::generate::run(&generate),
        Command::CorrectClock(clock) => command::clock::run(&clock),
        Command::Doctor(doctor) => command::doctor::run(&doctor),
        Command::Backup(backup) => command::backup::run(&backup),
        Command::Restore(restore) => command::backup::restore(&restore),
    }
}

//! The developer's one command. `cargo xtask test` brings what is missing on this machine, runs every check of the house and ends with
//! the journeys, so that the last lines on the screen are the test runner's own. It decides nothing about the product.

mod bench;
mod checks;
mod contract;
mod deny;
mod fuzz;
mod load;
mod python;
mod steps;
mod tools;
mod torture;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

const USAGE: &str = "usage: cargo xtask COMMAND

  test    install what is missing, then run every check and every test
  tools   only install what is missing
  fuzz    [--seconds 60] [TARGET...]
          every parser of outside bytes under libFuzzer
  load    --address 127.0.0.1:8080 (--key KEY | --session TOKEN) --codes FILE [--ask check|search|file|page]
          [--clients 64] [--rate 0] [--seconds 10]
          ask a running server, at a constant rate or (0) as fast as it answers
  oracle  [--cases 300] [--seed 1] [--release]
          random scorecards, answered by the program, by DuckDB and by a plain reading; bench/README.md
  bench   [--subjects 1000000] [--records 20000000] [--threads 2] [--repeat 5] [--alone 200] [--large]
          the program against DuckDB over the same records, and against its aims; fails where a result differs; bench/README.md
  python  build the wheel of python/ and run its tests
  spark   [--subjects 1000000] [--records 20000000] [--repeat 3]
          the wheel on Spark, two executors, against the program; fails where a row differs; docs/spark.md
  torture [--database sqlite|postgres] [--kills 40] [--cuts 12] [--faults 6] [--seed 1]
          kill the program, cut its power, let its calls fail, fill its disk; docs/torture.md
";

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let outcome = match wanted.as_slice() {
        ["test"] => checks::run_all(),
        ["tools"] => checks::bring_tools(),
        ["fuzz", arguments @ ..] => fuzz::Fuzz::parse(arguments).and_then(|fuzz| fuzz.run(&root()?)),
        ["load", arguments @ ..] => load::Load::parse(arguments).and_then(|load| load.run()),
        ["oracle", arguments @ ..] => bench::Oracle::parse(arguments).and_then(|oracle| oracle.run(&root()?)),
        ["bench", arguments @ ..] => bench::Bench::parse(arguments).and_then(|bench| bench.run(&root()?)),
        ["python"] => root().and_then(|root| python::test(&root)),
        ["spark", arguments @ ..] => python::Spark::parse(arguments).and_then(|spark| spark.run(&root()?)),
        ["torture", arguments @ ..] => root().and_then(|root| torture::Torture::parse(&root, arguments)).and_then(|torture| torture.run()),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace, wherever the command was given.
fn root() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).context("xtask lies in a folder of the workspace")
}

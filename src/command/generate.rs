//! `xinzhi generate`: a synthetic county as department files, for trials and benchmarks.

use std::process::ExitCode;

use anyhow::Context;
use indicatif::ProgressBar;
use xinzhi_core::Clock;
use xinzhi_office::SystemClock;

use crate::arguments::Generate;
use crate::county::{self, Defects, Size};
use crate::say::say;

pub fn run(arguments: &Generate) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(&arguments.out).with_context(|| format!("无法建立 {}", arguments.out.display()))?;
    let through = SystemClock.now().day().plus_days(-1);
    let size = Size { subjects: arguments.subjects, records: arguments.records, seed: arguments.seed, through, years: 3 };
    if arguments.penalties_only {
        let path = arguments.out.join("cf-2018.csv");
        let defects = if arguments.flawless { Defects::None } else { Defects::Usual };
        county::write_cf(&size, defects, &path)?;
        say!("{}", path.display())?;
        return Ok(ExitCode::SUCCESS);
    }
    let bar = ProgressBar::new(0);
    let files = county::write(&size, &arguments.out, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    for file in files {
        let covers = file.covers.and_then(|span| span.until.map(|until| format!(" --covers {}..{until}", span.from)));
        say!("{}\t--source {}{}\t{} 行", file.path.display(), file.source, covers.unwrap_or_default(), file.rows)?;
    }
    Ok(ExitCode::SUCCESS)
}

//! `xinzhi backup` and `xinzhi restore`: a copy while serving, and an office from it that proves itself.

use std::process::ExitCode;

use serde_json::json;
use xinzhi_core::{Clock, Moment};
use xinzhi_office::{SystemClock, backup};

use crate::arguments::{Backup, Doctor, Restore};
use crate::say::say;
use crate::{command, door};

pub fn run(arguments: &Backup) -> anyhow::Result<ExitCode> {
    let note = backup::backup(&door::url(&arguments.place), &arguments.to, SystemClock.now())?;
    if arguments.json {
        say!("{}", json!({ "to": arguments.to, "head": note.head, "made_at": note.made_at }))?;
    } else {
        say!("已备份到 {}：账簿至第 {} 笔，含密钥，请妥善保管", arguments.to.display(), note.head.0)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A restored office is examined before anybody relies on it.
pub fn restore(arguments: &Restore) -> anyhow::Result<ExitCode> {
    if arguments.place.database.is_some() {
        anyhow::bail!("PostgreSQL 上的数据请用 pg_restore 恢复，并放回 keys 目录；步骤见 docs/operate.md");
    }
    let note = backup::restore(&arguments.from, &arguments.place.data)?;
    if !arguments.json {
        say!("已恢复到 {}：账簿至第 {} 笔，备份于 {}；核对如下", arguments.place.data.display(), note.head.0, Moment(note.made_at))?;
    }
    command::doctor::run(&Doctor { place: arguments.place.clone(), replay: false, projection: None, json: arguments.json })
}

//! `xinzhi correct-clock`: the way out after the machine's clock was ahead.

use std::process::ExitCode;
use std::sync::Arc;

use xinzhi_office::{Office, SystemClock, SystemEntropy};
use xinzhi_store::World;

use crate::arguments::CorrectClock;
use crate::door;
use crate::say::say;

pub fn run(arguments: &CorrectClock) -> anyhow::Result<ExitCode> {
    let world = World { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy::new()?) };
    let corrected = Office::correct_clock(&door::url(&arguments.place), world)?;
    say!(
        "已登记时钟更正（账簿第 {} 笔）：最后一笔的时间是 {}，现在是 {}；所有登录已结束，可以启动服务",
        corrected.entry.0,
        corrected.last,
        corrected.now
    )?;
    Ok(ExitCode::SUCCESS)
}

//! `xinzhi projection`: the columnar copy of an office brought to the journal's head, or made anew.

use std::process::ExitCode;

use indicatif::ProgressBar;
use serde_json::json;

use crate::arguments::{Projected, ProjectionCommand};
use crate::door;
use crate::projection::{self, How, Ready};
use crate::say::say;

pub fn run(command: &ProjectionCommand) -> anyhow::Result<ExitCode> {
    let (arguments, anew) = match command {
        ProjectionCommand::Follow(arguments) => (arguments, false),
        ProjectionCommand::Rebuild(arguments) => (arguments, true),
    };
    let office = door::open_to_read(&arguments.place)?;
    let root = projection::folder(&arguments.place, arguments.projection.as_ref());
    let bar = ProgressBar::new(0);
    let ready = if anew { projection::rebuild(&office, &root, &bar)? } else { projection::follow(&office, &root, &bar)? };
    tell(arguments, &ready)
}

fn tell(arguments: &Projected, ready: &Ready) -> anyhow::Result<ExitCode> {
    let (head, root) = (&ready.head, ready.projection.root());
    let files = head.files().count();
    if arguments.json {
        let how = match &ready.how {
            How::Same => json!({ "how": "same" }),
            How::Followed { since, records, ended, added, rewritten } => json!({
                "how": "followed", "since": since, "records": records, "ended": ended, "added": added, "rewritten": rewritten,
            }),
            How::Made(why) => json!({ "how": "made", "why": why }),
        };
        let mut said = json!({ "position": head.position, "pack_digest": head.pack_digest, "files": files, "bytes": head.bytes() });
        if let (Some(said), Some(how)) = (said.as_object_mut(), how.as_object()) {
            said.extend(how.clone());
        }
        say!("{said}")?;
    } else {
        say!("{}\n{}：{files} 个文件，{} 字节", sentence(ready), root.display(), head.bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How a projection came to where it is.
pub fn sentence(ready: &Ready) -> String {
    let position = ready.head.position;
    match &ready.how {
        How::Same => format!("列存投影已在账簿末位（第 {position} 笔）"),
        How::Followed { since, records, ended, added, rewritten } => format!(
            "列存投影已从账簿第 {since} 笔跟到第 {position} 笔：新增 {records} 条记录，{ended} 条不再有效；{added} 个分区添加，{rewritten} 个分区重写"
        ),
        How::Made(None) => format!("已制作列存投影，到账簿第 {position} 笔"),
        How::Made(Some(why)) => format!("已重新制作列存投影，到账簿第 {position} 笔（{why}）"),
    }
}

//! What the command line says where something below it failed, in the language of whoever reads it.

use std::io;

use xinzhi_core::text;
use xinzhi_office::{Error, Obstacle, ails, file_ails};
use xinzhi_store::Fault;

/// A failure of the system.
pub fn of_io(error: &io::Error) -> String {
    text::io_words(error)
}

/// A cause in the chain of an error.
pub fn of(cause: &(dyn std::error::Error + 'static)) -> String {
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return of_io(error);
    }
    let fault = match cause.downcast_ref::<Error>() {
        Some(Error::Fault(fault)) => Some(fault),
        Some(Error::Obstacle(Obstacle::ReadOnly(fault))) => {
            tracing::info!(%fault, "failed");
            None
        }
        _ => cause.downcast_ref::<Fault>(),
    };
    // What the database says in its own language is for whoever looks after the program.
    if let Some(fault) = fault {
        tracing::info!(%fault, "failed");
    }
    match fault {
        // What was attempted is a word of ours in English, for the log; what the system said is what an operator can act on.
        Some(Fault::Io { cause, .. }) => format!("无法读写数据目录中的文件：{}，请核对路径、所有者、权限和剩余空间", of_io(cause)),
        Some(Fault::Unusable(words)) => format!("数据库无法使用，请核对 --data 和 --database（{words}）"),
        Some(Fault::Server { ailment, cause, .. }) => format!("{}（{cause}）", ails(*ailment)),
        Some(Fault::File { ailment, .. }) => file_ails(*ailment).to_owned(),
        Some(Fault::Setting { name, found, wanted }) => {
            format!(
                "数据库的设置 {name} 是 {found}，应为 {}，否则不能保证数据安全：请改正后再试，步骤见 docs/operate.md",
                wanted.join(" 或 ")
            )
        }
        Some(Fault::TooOld { what, found, least }) => format!("{what} 的版本 {found} 太旧，请升级到 {least} 或更新的版本"),
        Some(Fault::OutcomeUnknown { file, .. }) => {
            let why = file.map(|ailment| format!("{}。", file_ails(ailment))).unwrap_or_default();
            format!("{why}数据库没有回答最后一次写入是否办成：请先排除故障，重新启动后查看结果，再决定是否重做")
        }
        Some(fault @ Fault::Statement { .. }) => {
            format!("数据库没有执行一条语句，这一次没有办成：请核对磁盘和数据库后再试，仍不成功请把括号中的话告知维护人员（{fault}）")
        }
        Some(fault @ (Fault::Shape { .. } | Fault::Inconsistent(_))) => {
            format!("库中的内容与本程序的预期不符，这一次没有办成：请运行 xinzhi doctor 核对，并把括号中的话告知维护人员（{fault}）")
        }
        Some(Fault::Closed) => "现在不能写入：等候的请求过多，或者先前的失败使写入停止；请稍后再试，仍不成功请重新启动".to_owned(),
        Some(Fault::Newer { .. }) | None => cause.to_string(),
    }
}

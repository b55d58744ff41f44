//! What the command line says where something below it failed, in the language of whoever reads it.

use std::error::Error;
use std::io;

use xinzhi_core::text;
use xinzhi_office::ails;
use xinzhi_store::Fault;

/// A failure of the system.
pub fn of_io(error: &io::Error) -> String {
    text::io_words(error)
}

/// A cause in the chain of an error.
pub fn of(cause: &(dyn Error + 'static)) -> String {
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return of_io(error);
    }
    let fault = match cause.downcast_ref::<xinzhi_office::Error>() {
        Some(xinzhi_office::Error::Fault(fault)) => Some(fault),
        _ => cause.downcast_ref::<Fault>(),
    };
    match fault {
        // What was attempted is a word of ours in English, for the log; what the system said is what an operator can act on.
        Some(Fault::Io { cause, .. }) => format!("无法读写数据目录中的文件：{}，请核对路径、所有者、权限和剩余空间", of_io(cause)),
        Some(Fault::Unusable(words)) => format!("数据库无法使用，请核对 --data 和 --database（{words}）"),
        Some(Fault::Server { ailment, cause, .. }) => format!("{}（{cause}）", ails(*ailment)),
        Some(fault @ Fault::Statement { .. }) => {
            format!("数据库没有执行一条语句，这一次没有办成：请核对磁盘和数据库后再试，仍不成功请把括号中的话告知维护人员（{fault}）")
        }
        _ => cause.to_string(),
    }
}

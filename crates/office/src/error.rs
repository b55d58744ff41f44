//! The two ways an act ends badly: the domain says no, or we failed.

use std::path::PathBuf;

use xinzhi_core::{Code, Moment, Refusal};
use xinzhi_store::{Ailment, Fault, FileAilment};

/// What a use case returns instead of its result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The domain says no; shown to whoever asked.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// The office cannot be opened, copied or put back.
    #[error(transparent)]
    Obstacle(#[from] Obstacle),
    /// We failed; logged whole, shown as a number.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why an office cannot be opened, copied or put back. Told at the machine itself, where "try again with the same key" would be
/// wrong advice, and never over HTTP.
#[derive(Debug, thiserror::Error)]
pub enum Obstacle {
    /// Another process holds the directory.
    #[error("数据目录正由另一个信治进程使用，请先停止它，或通过它的地址访问")]
    Held,
    /// The keys are no keys.
    #[error("密钥文件 keys/office.key 已损坏（应有 64 字节）：请从备份放回密钥文件")]
    KeysDamaged,
    /// The database has an office and the directory has no keys.
    #[error("数据目录中没有密钥文件 keys/office.key，而数据库已有数据：请从备份放回密钥文件；核对 --data 指的是否同一个目录")]
    KeysLost,
    /// The directory has keys and no database.
    #[error(
        "数据目录中有密钥而没有内嵌数据库 office.db：单位若在 PostgreSQL 上，请加上 --database；若用内嵌数据库，请从备份放回 office.db。\
        没有另建新单位"
    )]
    DatabaseMissing,
    /// The directory has an embedded database, the server's is new.
    #[error(
        "数据目录中已有内嵌数据库 office.db，而 --database 所指的数据库是空的：要用内嵌数据库，请去掉 --database；\
        要在 PostgreSQL 上新建单位，请用 --data 指定另一个空目录"
    )]
    DatabaseOther,
    /// The database takes no writes.
    #[error("数据库不可写：请核对数据目录及其中各文件的所有者、权限和磁盘，PostgreSQL 则核对是否只读的备机")]
    ReadOnly(Fault),
    /// A newer program brought the database up.
    #[error(
        "数据库是由更新版本的信治建立或升级的（已到第 {step} 步，本程序只认识到第 {known} 步），没有打开，也没有改动：\
        请安装更新版本的程序；要退回旧版本，请放回升级之前的备份"
    )]
    SchemaNewer {
        /// A step of the schema that this program does not know.
        step: i64,
        /// The last step that it knows.
        known: i64,
    },
    /// The clock is before the journal.
    #[error(
        "系统时钟（{now}）早于账簿最后一笔的时间（{last}）：请先校准系统时钟；如果现在的时钟正确、是以前走快了，\
        请运行 xinzhi correct-clock 登记一次更正（写入账簿），然后启动"
    )]
    ClockBehind {
        /// What the clock says.
        now: Moment,
        /// The last moment of the journal.
        last: Moment,
    },
    /// There is nothing to correct.
    #[error("系统时钟（{now}）不早于账簿最后一笔的时间（{last}），无需更正，可以直接启动")]
    ClockRight {
        /// What the clock says.
        now: Moment,
        /// The last moment of the journal.
        last: Moment,
    },
    /// Nothing was ever kept in the directory.
    #[error("`{}` 里没有信治的数据，请核对 --data；新建请先运行 xinzhi serve 或 xinzhi demo", .0.display())]
    NoData(PathBuf),
    /// Nothing was ever kept in the database of a server.
    #[error("--database 所指的数据库里没有信治的数据，请核对 --database；新建请先运行 xinzhi serve 或 xinzhi demo")]
    NoDataOnServer,
    /// A demonstration would be brought into an office that is none (A14).
    #[error(
        "这里已有不是演示用的单位，演示不会把虚构的主体和记录写进去：请用 --data（或 --database）给演示另指一处；        要启动已有的单位，请用 xinzhi serve"
    )]
    NotDemonstration,
    /// A backup cannot be made or put back; the words say why and what to do.
    #[error("{0}")]
    Copy(String),
}

/// What ails the database server and what to do, for whoever runs it.
pub fn ails(ailment: Ailment) -> &'static str {
    match ailment {
        Ailment::Unreachable => "连不上 PostgreSQL 服务器：请核对 --database 中的地址和端口，确认服务器正在运行，网络和防火墙放行",
        Ailment::Refused => "PostgreSQL 服务器不接受这个用户：请核对 --database 中的用户名和口令，并确认服务器的 pg_hba.conf 放行本机",
        Ailment::NoDatabase => {
            "PostgreSQL 服务器上没有 --database 所写的数据库：请核对名称；新建请先在服务器上运行 createdb，步骤见 docs/operate.md"
        }
        Ailment::NoRight => "数据库用户的权限不够：请让 --database 中的用户成为该数据库的所有者（createdb --owner）",
        Ailment::Interrupted => "PostgreSQL 服务器正在停止或启动，或者连接已经中断：请确认服务器恢复运行、网络畅通后再试",
        Ailment::DiskFull => "PostgreSQL 服务器的磁盘已满：请在服务器上腾出或扩充空间后再试",
        Ailment::TooMany => "PostgreSQL 服务器的连接数已满：请稍后再试，或结束不用的连接、调大服务器的 max_connections",
    }
}

/// The same for whoever works with the office: what it is, and whom to tell.
fn ails_briefly(ailment: Ailment) -> String {
    not_done(match ailment {
        Ailment::Unreachable => "连不上数据库服务器",
        Ailment::Refused => "数据库服务器不接受本系统的用户",
        Ailment::NoRight => "本系统在数据库中的权限不够",
        Ailment::NoDatabase => "数据库服务器上没有本系统的数据库",
        Ailment::Interrupted => "数据库服务器正在停止或启动，或者连接已经中断",
        Ailment::DiskFull => "数据库服务器的磁盘已满",
        Ailment::TooMany => "数据库服务器的连接数已满",
    })
}

fn not_done(what: &str) -> String {
    format!("{what}，这一次没有办成；请稍后重试，仍不成功请把这句话告知系统管理员")
}

/// What ails the file of an embedded database and what to do, for whoever keeps the machine.
pub fn file_ails(ailment: FileAilment) -> &'static str {
    match ailment {
        FileAilment::DiskFull => "数据目录所在的磁盘已满：请腾出或扩充空间后再试",
        FileAilment::ReadOnly => "数据库不可写：请核对数据目录及其中各文件的所有者、权限，并确认磁盘没有以只读方式挂载",
        FileAilment::Busy => "数据库文件 office.db 正被别的程序占用：请结束打开它的程序后再试",
        FileAilment::Damaged => "数据库文件 office.db 已损坏：请停止服务，保留这份文件，从最近的备份恢复（xinzhi restore）",
        FileAilment::NotADatabase => {
            "数据目录中的 office.db 不是数据库文件，或者已经损坏：请核对 --data；确是本单位的目录时，请保留这份文件，从最近的备份恢复"
        }
        FileAilment::CannotOpen => "数据库文件 office.db 打不开：请核对 --data，以及数据目录及其中各文件的所有者、权限",
        FileAilment::Disk => "读写数据库文件时磁盘出错：请核对磁盘是否已满、是否有故障（df、dmesg），确认正常后再试",
    }
}

/// The same for whoever works with the office.
fn file_ails_briefly(ailment: FileAilment) -> &'static str {
    match ailment {
        FileAilment::DiskFull => "数据库所在的磁盘已满",
        FileAilment::ReadOnly => "数据库不可写",
        FileAilment::Busy => "数据库正被别的程序占用",
        FileAilment::Damaged => "数据库文件已损坏",
        FileAilment::NotADatabase => "数据库文件不是数据库，或者已经损坏",
        FileAilment::CannotOpen => "数据库文件打不开",
        FileAilment::Disk => "读写数据库文件时磁盘出错",
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Error {
        Error::Refusal(code.into())
    }
}

impl Error {
    /// Whether the same request may succeed a moment later.
    pub fn is_busy(&self) -> bool {
        matches!(self, Error::Fault(Fault::Closed))
    }

    /// What whoever asked is told: of a failure of ours nothing but that there was one, since its words may quote stored data, or what ails the
    /// database.
    pub fn shown(self) -> Refusal {
        match self {
            Error::Refusal(refusal) => refusal,
            Error::Fault(Fault::Server { ailment, .. }) => Refusal::detail(Code::Internal, ails_briefly(ailment)),
            Error::Fault(Fault::File { ailment, .. }) => Refusal::detail(Code::Internal, not_done(file_ails_briefly(ailment))),
            Error::Fault(Fault::OutcomeUnknown { file: Some(ailment), .. }) => {
                let what = file_ails_briefly(ailment);
                Refusal::detail(Code::Internal, format!("{what}，这一次是否办成不能确定，系统已停止写入；请把这句话告知系统管理员"))
            }
            Error::Fault(Fault::Closed) => Code::Unavailable.into(),
            Error::Fault(_) | Error::Obstacle(_) => Code::Internal.into(),
        }
    }

    /// A fault of ours that is not the database's.
    pub fn inconsistent(words: impl Into<String>) -> Error {
        Error::Fault(Fault::Inconsistent(words.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ails_the_file_is_shown_and_the_words_of_the_driver_are_not() {
        let cause = || "database or disk is full".to_owned();
        let shown = |fault: Fault| Error::Fault(fault).shown();
        let full = shown(Fault::File { ailment: FileAilment::DiskFull, what: "script", cause: cause() });
        let detail = "数据库所在的磁盘已满，这一次没有办成；请稍后重试，仍不成功请把这句话告知系统管理员";
        assert_eq!(full, Refusal::detail(Code::Internal, detail));
        let unknown = |file| shown(Fault::OutcomeUnknown { cause: cause(), file });
        let detail = "数据库所在的磁盘已满，这一次是否办成不能确定，系统已停止写入；请把这句话告知系统管理员";
        assert_eq!(unknown(Some(FileAilment::DiskFull)), Refusal::detail(Code::Internal, detail));
        assert_eq!(unknown(None), Refusal::from(Code::Internal));
    }
}

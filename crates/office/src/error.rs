//! The two ways an act ends badly: the domain says no, or we failed.

use std::path::PathBuf;

use xinzhi_core::{Code, Moment, Refusal};
use xinzhi_store::Fault;

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
    #[error("数据库不可写（{0}）：请核对数据目录及其中各文件的所有者、权限和磁盘，PostgreSQL 则核对是否只读的备机")]
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

    /// A fault of ours that is not the database's.
    pub fn inconsistent(words: impl Into<String>) -> Error {
        Error::Fault(Fault::Inconsistent(words.into()))
    }
}

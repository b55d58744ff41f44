//! Why a table set, a file of it or a run is refused: each a sentence that names the file, the column and what to do.

use std::io;
use std::path::{Path, PathBuf};

use xinzhi_core::Day;
use xinzhi_core::text::{io_words, shown, visible};
use xinzhi_evaluate::{ColumnsFault, PlanFault};

/// Why nothing comes out. There never is half a result.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The system would not let us.
    #[error("无法读写 `{}`：{}，请核对路径、权限和剩余空间", seen(.path), io_words(.fault))]
    Disk {
        /// What was to be read or written.
        path: PathBuf,
        /// What the system said.
        fault: io::Error,
    },
    /// There is no such set.
    #[error("`{}` 不是表集：其中没有 tables.json，请核对目录；写到一半的表集不能使用，请重新生成", seen(.0))]
    NotASet(PathBuf),
    /// Something is there already.
    #[error("`{}` 已存在，不会覆盖，请换一个名称或先移走", seen(.0))]
    Exists(PathBuf),
    /// The set as a whole cannot be used.
    #[error("表集 `{}` {what}", seen(.path))]
    Set {
        /// Directory of the set.
        path: PathBuf,
        /// A clause that says what is wrong and what to do.
        what: String,
    },
    /// A file cannot be used.
    #[error("文件 `{}` {what}", seen(.path))]
    File {
        /// The file.
        path: PathBuf,
        /// A clause that says what is wrong and what to do.
        what: String,
    },
    /// A column of a file cannot be used.
    #[error("文件 `{}` 的列 `{column}` {what}", seen(.path))]
    Column {
        /// The file.
        path: PathBuf,
        /// Name of the column.
        column: String,
        /// A clause that says what is wrong and what to do.
        what: String,
    },
    /// A table that a program holds cannot be used.
    #[error("表 `{table}` {what}")]
    Held {
        /// What its owner calls it.
        table: String,
        /// A clause that says what is wrong and what to do.
        what: String,
    },
    /// A column of such a table cannot be used.
    #[error("表 `{table}` 的列 `{column}` {what}")]
    HeldColumn {
        /// What its owner calls the table.
        table: String,
        /// Name of the column.
        column: String,
        /// A clause that says what is wrong and what to do.
        what: String,
    },
    /// The decoder gave up on a partition.
    #[error("表集的第 {0} 个分区无法解读，文件已损坏，请重新取得")]
    Undecodable(usize),
    /// A pack that no table can be made for.
    #[error("规则包的信息种类 `{kind}` {what}")]
    Pack {
        /// Id of the record kind.
        kind: String,
        /// A clause that says what is wrong and what to do.
        what: String,
    },
    /// Made-up records would have days that no record may carry.
    #[error("截至 {through} 的表集会有早于 1949-10-01 或晚于 2099-12-31 的日期，请改为 {first} 至 {last} 之间的日期")]
    Through {
        /// The last day that was asked for.
        through: Day,
        /// The earliest that can be had.
        first: Day,
        /// The latest.
        last: Day,
    },
    /// The scorecard does not compile.
    #[error(transparent)]
    Plan(#[from] PlanFault),
    /// The columns contradict one another.
    #[error(transparent)]
    Columns(#[from] ColumnsFault),
}

impl Fault {
    /// For `map_err` on what the system answers.
    pub(crate) fn disk(path: &Path) -> impl FnOnce(io::Error) -> Fault + '_ {
        move |fault| Fault::Disk { path: path.to_owned(), fault }
    }

    pub(crate) fn set(path: &Path, what: impl Into<String>) -> Fault {
        Fault::Set { path: path.to_owned(), what: what.into() }
    }

    pub(crate) fn file(path: &Path, what: impl Into<String>) -> Fault {
        Fault::File { path: path.to_owned(), what: what.into() }
    }

    pub(crate) fn column(path: &Path, column: &str, what: impl Into<String>) -> Fault {
        Fault::Column { path: path.to_owned(), column: column.to_owned(), what: what.into() }
    }

    /// For `map_err` on what the Parquet library says while writing: its words are for us, the path is for the operator.
    pub(crate) fn unwritten(path: &Path) -> impl FnOnce(parquet::errors::ParquetError) -> Fault + '_ {
        move |fault| {
            let system = match &fault {
                parquet::errors::ParquetError::External(cause) => cause.downcast_ref::<io::Error>().map(io_words),
                _ => None,
            };
            Fault::file(path, format!("无法写出（{}），请核对剩余空间后重试", system.unwrap_or_else(|| fault.to_string())))
        }
    }
}

/// A path in a sentence: names inside a set come from others.
fn seen(path: &Path) -> String {
    visible(&path.display().to_string())
}

/// Whose a file is: who says what it must be, and what to do where it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A table set, which somebody handed over.
    Set,
    /// The projection of an office, which the office makes anew.
    Projection,
    /// Nobody's: a file by itself.
    Lone,
}

impl Origin {
    /// Where it is written what the file must be.
    pub fn list(self) -> &'static str {
        match self {
            Origin::Set | Origin::Lone => "tables.json",
            Origin::Projection => "projection.json",
        }
    }

    /// What to do about a damaged file.
    pub fn again(self) -> &'static str {
        self.or("请重新取得该文件")
    }

    /// What to do where something else helps with a file of others: nothing that a projection holds is corrected by hand.
    pub fn or(self, otherwise: &'static str) -> &'static str {
        match self {
            Origin::Set | Origin::Lone => otherwise,
            Origin::Projection => "请运行 xinzhi projection rebuild 重建",
        }
    }
}

/// What is wrong with the cells of one column, before anybody knows which file it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Bytes that do not decode.
    Damaged,
    /// Bytes that only whoever has the key can decode.
    Encrypted,
    /// Sound, but in an encoding that the reader does not know.
    Encoding(String),
    /// Sound, but compressed otherwise.
    Compression(String),
    /// A word that the pack does not list.
    Unlisted(String),
    /// A number or day outside its bounds.
    Outside(String),
    /// An empty cell where none may be.
    Empty,
    /// A list with an empty element.
    Hollow,
    /// Rows of the same file that should rise and do not.
    Unsorted,
    /// A subject that is not in `subjects.parquet`.
    Stranger(i64),
}

impl Trouble {
    /// The clause of the sentence.
    pub(crate) fn clause(&self, origin: Origin) -> String {
        let (found, remedy) = self.told();
        format!("{found}，{}", origin.or(remedy))
    }

    /// What was found, and what to do about it in a file of others.
    fn told(&self) -> (String, &'static str) {
        match self {
            Trouble::Damaged => ("已损坏或不完整".to_owned(), Origin::Lone.again()),
            Trouble::Encrypted => ("已加密，本程序不能解密".to_owned(), "请不加密重新写出"),
            Trouble::Encoding(found) => (format!("的编码为 {found}"), "请用 PLAIN 或字典编码重新写出"),
            Trouble::Compression(found) => (format!("的压缩方式为 {found}"), "请用 SNAPPY 或不压缩重新写出"),
            Trouble::Unlisted(word) => (format!("含有规则包没有列出的取值 `{}`", shown(word)), "请更正数据，或使用列有该取值的规则包"),
            Trouble::Outside(what) => (format!("含有超出允许范围的值 {what}"), "请更正数据"),
            Trouble::Empty => ("含有空值，此列每行都须有值".to_owned(), "请更正数据"),
            Trouble::Hollow => ("的列表中有空元素；整行可以为空，列表中的元素不可以".to_owned(), "请去掉空元素后重新写出"),
            Trouble::Unsorted => ("没有按升序排列".to_owned(), "请按主体排序后重新写出"),
            Trouble::Stranger(subject) => (format!("含有主体 {subject}，而同一分区的 subjects.parquet 中没有它"), "请更正数据"),
        }
    }
}

//! What people read when a table cannot be read: what is wrong and what to do, without a value of any row.

use xinzhi_collect::HeaderFault;
use xinzhi_core::{Code, Refusal};
use xinzhi_store::connector::Registered;
use xinzhi_store::department::Trouble;

use crate::Error;

/// A refusal with this sentence.
pub(super) fn failed(words: impl Into<String>) -> Error {
    Refusal::detail(Code::ConnectorFailed, words).into()
}

/// The sentence of a trouble.
pub(super) fn of_trouble(of: &Registered, trouble: &Trouble) -> Error {
    let (place, table) = (format!("{}:{}", of.host, of.port), format!("{}.{}", of.schema, of.table));
    failed(match trouble {
        Trouble::Unreachable(cause) => {
            format!("连不上数据库 {place}，或者连接中断；请核对地址和端口，确认对方数据库在运行、网络和防火墙放行（{cause}）")
        }
        Trouble::Refused => {
            format!("数据库 {place} 不接受用户 `{}`；请核对口令（xinzhi connector secret），并请对方在 pg_hba.conf 中放行本机", of.user)
        }
        Trouble::NoDatabase => format!("{place} 上没有数据库 `{}`；请核对名称后重新登记", of.database),
        Trouble::NoTable => format!("数据库 `{}` 中没有表或视图 `{table}`；请对方恢复，或核对名称和大小写后重新登记", of.database),
        Trouble::NoColumn(name) => format!("`{table}` 中没有列 `{name}`；请对方恢复该列，或核对名称后重新登记"),
        Trouble::NoRight => format!("用户 `{}` 无权读 `{table}`；请对方授予 select（以及模式的 usage）", of.user),
        Trouble::Type(name, kind) => format!(
            "`{table}` 的列 `{name}` 是 {kind} 类型，只能读文字、整数和 numeric、日期、时间戳、布尔；请对方在视图中转换或去掉该列（浮点数请转为 numeric）"
        ),
        Trouble::Order(name, kind) => format!(
            "`{table}` 的列 `{name}` 是 {kind} 类型，不能用来记录读到哪里：水位列应为整数、日期或时间戳，次序列应为整数、numeric、文字或 uuid；请在视图中转换"
        ),
        Trouble::Encoding(name) => format!("`{table}` 的列 `{name}` 中有不是 UTF-8 的文字；请对方核对数据库编码后在视图中改正"),
        Trouble::Slow => format!("读 `{table}` 超过 60 秒没有结果或被锁住；请对方在水位列和次序列上建立索引"),
        Trouble::Busy => format!("数据库 {place} 连接已满，或者正在启动、停止；稍后会自动再试"),
        Trouble::Other(code) => format!("读 `{table}` 时对方数据库报错（SQLSTATE {code}）；请对方用同一用户查询该表核对"),
    })
}

/// The sentence of columns that do not fit the source.
pub(super) fn of_header(of: &Registered, fault: &HeaderFault) -> Error {
    let words = fault.to_string().replace("后重新上传", "").replace("文件", "表");
    failed(format!("`{}.{}` 的列不合来源 `{}` 的要求：{words}", of.schema, of.table, of.source))
}

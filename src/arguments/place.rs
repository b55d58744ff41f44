//! Where an office is. Its type says whether a command may begin one: whoever takes a [`Place`] finds an office there or refuses, whoever
//! takes a [`NewPlace`] founds one where there is none.

use std::path::PathBuf;

use clap::Args;

/// Where an office is.
#[derive(Clone, Debug, Args)]
pub struct Place {
    /// 数据目录：内嵌数据库、密钥与锁
    #[arg(long, default_value = "./data", value_name = "目录")]
    pub data: PathBuf,
    /// PostgreSQL 地址；不写则用内嵌数据库
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

/// Where an office is, or is to be.
#[derive(Clone, Debug, Args)]
pub struct NewPlace {
    #[command(flatten)]
    pub place: Place,
    /// 单位名称；只在目录为空、新建单位时使用
    #[arg(long, value_name = "名称")]
    pub office_name: Option<String>,
    /// 单位所在的行政区划代码；只在新建单位时使用
    #[arg(long, value_name = "代码")]
    pub office_area: Option<String>,
}

//! What can be typed. Names are public: they may grow, and change only with an entry in `CHANGELOG.md`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod place;
mod registered;
mod words;

pub use place::{NewPlace, Place};
pub use registered::{
    Account, AccountCommand, Areas, Connector, ConnectorCommand, ListedHost, Listing, NamedConnector, NewAccount, NewConnector,
    Subscription, SubscriptionCommand,
};
pub use words::parse;

/// 信治 Xinzhi：公共信用归集、评价、核查与反馈
#[derive(Debug, Parser)]
#[command(name = "xinzhi", version = env!("XINZHI_VERSION"), arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// 生成示范县并启动服务（目录为空时先生成部门文件并经正门归集）
    #[command(after_help = "示例：xinzhi demo --data ./data --listen 127.0.0.1:8080")]
    Demo(Demo),
    /// 启动服务
    #[command(after_help = "示例：xinzhi serve --data ./data --listen 127.0.0.1:8080")]
    Serve(Serve),
    /// 归集部门文件：逐行给出结果，整批生效
    #[command(after_help = "示例：xinzhi import 处罚.csv --source cf-2018 --covers 2026-01-01..2026-10-31")]
    Import(Import),
    /// 识别代码：统一社会信用代码、组织机构代码、公民身份号码
    #[command(after_help = "示例：xinzhi identify 91330100799655058B")]
    Identify(Identify),
    /// 评价一个主体，或评价单位、表集中的全部主体
    #[command(
        after_help = "示例：xinzhi evaluate --scorecard market-entity --subject 91330100799655058B --as-of 2026-11-23\n      xinzhi evaluate --scorecard market-entity --as-of 2026-11-23 --out 结果.parquet --data ./data\n      xinzhi evaluate --scorecard market-entity --tables ./tables --pack ./packs/national --as-of 2026-11-23 --out 结果.parquet\n      xinzhi evaluate --scorecard market-entity --tables ./tables --pack ./packs/national --every month --from 2026-04-01 --until 2026-11-30"
    )]
    Evaluate(Evaluate),
    /// 由表集中的全部主体计算同业界限，写成规则包的一个文件
    #[command(
        after_help = "示例：xinzhi cutoffs --scorecard agency-peers --tables ./tables --pack ./packs/models --as-of 2026-06-30 --out ./packs/models/cutoffs/agency-peers-2026-07-01.yaml"
    )]
    Cutoffs(Cutoffs),
    /// 把单位到账簿某一位置所知的数据写成表集
    #[command(after_help = "示例：xinzhi columns --out ./tables --data ./data")]
    Columns(Columns),
    /// 列存投影：单位数据的 Parquet 副本，供全体评价使用；可随时删除、重建
    Projection(Projection),
    /// 说明评价的每一分从何而来
    #[command(after_help = "示例：xinzhi explain 91330100799655058B --scorecard market-entity")]
    Explain(Explain),
    /// 业务触发时的信用核查
    #[command(after_help = "示例：xinzhi check 91330100799655058B --matter food-licence --case SP2026-00017")]
    Check(Check),
    /// 规则包：检查、跑案例、读成中文、安装
    Pack(Pack),
    /// 账号与接口密钥：由本机操作员建立、启用、重设、注销
    Account(Account),
    /// 前置库：定时读取部门数据库中的一张表或视图，由本机操作员登记
    Connector(Connector),
    /// 推送订阅：允许推送的地址、各订阅的状态；服务运行时也可使用
    Subscription(Subscription),
    /// 登记辖区内的区划：CSV 或 XLSX，须有“代码”和“名称”两列
    #[command(after_help = "示例：xinzhi areas 区划.csv --data ./data")]
    Areas(Areas),
    /// 生成示范县的部门文件，或按任意规则包生成列存表集
    #[command(
        after_help = "示例：xinzhi generate --subjects 20000 --records 200000 --seed 7 --out ./county\n      xinzhi generate --only parquet --pack ./packs/national --subjects 1000000 --records 20000000 --out ./tables"
    )]
    Generate(Generate),
    /// 核对库中数据是否符合全部不变量
    #[command(after_help = "示例：xinzhi doctor --data ./data")]
    Doctor(Doctor),
    /// 系统时钟曾经走快、账簿末尾的时间晚于现在时，登记一次更正，此后可以启动
    #[command(after_help = "先用 timedatectl 确认现在的时间正确。示例：xinzhi correct-clock --data ./data")]
    CorrectClock(CorrectClock),
    /// 备份：数据库和密钥的一致副本，服务运行时也可进行
    #[command(after_help = "示例：xinzhi backup /mnt/backup/2026-11-25 --data ./data")]
    Backup(Backup),
    /// 从备份恢复到空目录，并核对全部不变量
    #[command(after_help = "示例：xinzhi restore /mnt/backup/2026-11-25 --data ./data")]
    Restore(Restore),
}

#[derive(Debug, Args)]
pub struct Demo {
    #[command(flatten)]
    pub at: NewPlace,
    /// 监听地址
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "地址")]
    pub listen: String,
    /// 主体数量
    #[arg(long, default_value_t = 20_000, value_name = "数量")]
    pub subjects: usize,
    /// 记录数量；默认为主体数量的十倍
    #[arg(long, value_name = "数量")]
    pub records: Option<usize>,
    /// 随机种子；同一种子生成同样的县
    #[arg(long, default_value_t = 7, value_name = "数")]
    pub seed: u64,
    /// 运行指标（Prometheus）的监听地址；不写则不提供。勿设为公众可达的地址
    #[arg(long, value_name = "地址")]
    pub metrics: Option<String>,
}

#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    pub at: NewPlace,
    /// 监听地址
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "地址")]
    pub listen: String,
    /// 运行指标（Prometheus）的监听地址；不写则不提供。勿设为公众可达的地址
    #[arg(long, value_name = "地址")]
    pub metrics: Option<String>,
}

#[derive(Debug, Args)]
pub struct CorrectClock {
    #[command(flatten)]
    pub place: Place,
}

#[derive(Debug, Args)]
pub struct Import {
    #[command(flatten)]
    pub place: Place,
    /// 部门文件（CSV 或 XLSX）
    #[arg(required = true, value_name = "文件")]
    pub files: Vec<PathBuf>,
    /// 数据来源编号，如 cf-2018
    #[arg(long, value_name = "编号")]
    pub source: String,
    /// 只预览，不生效
    #[arg(long)]
    pub preview: bool,
    /// 把逐行结果写成 XLSX
    #[arg(long, value_name = "文件")]
    pub verdicts: Option<PathBuf>,
    /// 文件完整覆盖的日期，如 2026-01-01..2026-10-31
    #[arg(long, value_name = "起..止")]
    pub covers: Option<String>,
    /// 文件所报的辖区（行政区划代码），覆盖日期只对它有效；不写则为本单位的全部辖区
    #[arg(long, value_name = "代码")]
    pub area: Option<String>,
    /// 文件编码（utf-8 或 gb18030）；不写则须能唯一判定
    #[arg(long, value_name = "编码")]
    pub encoding: Option<String>,
    /// 结果以一行 JSON 输出
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Identify {
    /// 代码；写 - 则从标准输入逐行读取
    #[arg(value_name = "代码")]
    pub codes: Vec<String>,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("result").multiple(true))]
pub struct Evaluate {
    #[command(flatten)]
    pub place: Place,
    /// 主体代码
    #[arg(value_name = "主体", required_unless_present_any = ["subject", "tables", "out", "every"])]
    pub code: Option<String>,
    /// 主体代码（另一种写法）
    #[arg(long, value_name = "代码", conflicts_with = "code")]
    pub subject: Option<String>,
    /// 评价模型编号
    #[arg(long, value_name = "编号")]
    pub scorecard: String,
    /// 评价日；不写则为今天
    #[arg(long, value_name = "日期")]
    pub as_of: Option<String>,
    /// 按账簿到这一位置时所知
    #[arg(long, value_name = "位置")]
    pub known: Option<i64>,
    /// 评价这个表集中的全部主体；不需要数据库
    #[arg(long, value_name = "目录", requires = "pack", requires = "result", conflicts_with_all = ["code", "subject", "known", "data", "database"])]
    pub tables: Option<PathBuf>,
    /// 评价表集所用的规则包目录；表集按几个规则包制作的，逐个写出，次序不限
    // What is required and conflicts with something that was written is no longer required: so the conflict is stated here too, and below.
    #[arg(long, value_name = "目录", requires = "tables", conflicts_with_all = ["code", "subject", "known", "data", "database", "projection"])]
    pub pack: Vec<PathBuf>,
    /// 评价全部主体，把逐个主体的结果写成 Parquet 文件；回测时可以不写，只要汇总
    #[arg(long, value_name = "文件", conflicts_with_all = ["code", "subject"], group = "result")]
    pub out: Option<PathBuf>,
    /// 回测：在 --from 至 --until 之间每个月、季、年的最后一日各评价全部主体一次，数据只读一遍
    #[arg(
        long,
        value_name = "周期",
        requires = "from",
        requires = "until",
        conflicts_with_all = ["code", "subject", "as_of", "against"],
        group = "result"
    )]
    pub every: Option<Every>,
    /// 回测的起始日期
    #[arg(long, value_name = "日期", requires = "every", conflicts_with_all = ["code", "subject", "as_of", "against"])]
    pub from: Option<String>,
    /// 回测的截止日期
    #[arg(long, value_name = "日期", requires = "every", conflicts_with_all = ["code", "subject", "as_of", "against"])]
    pub until: Option<String>,
    /// 与较早的一次结果比较，列出等级的变动；评价单位时不写则与上次结果比较
    #[arg(long, value_name = "文件", requires = "out", conflicts_with_all = ["code", "subject"])]
    pub against: Option<PathBuf>,
    /// 列存投影所在目录；不写则为数据目录中的 projection
    #[arg(long, value_name = "目录", requires = "result", conflicts_with = "tables")]
    pub projection: Option<PathBuf>,
    /// 线程数；不写则与处理器核数相同
    #[arg(long, value_name = "数", requires = "result", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// 结果以一行 JSON 输出
    #[arg(long)]
    pub json: bool,
}

/// How far apart the days of a backtest are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Every {
    /// 每月末
    Month,
    /// 每季末
    Quarter,
    /// 每年末
    Year,
}

#[derive(Debug, Args)]
pub struct Cutoffs {
    /// 评价模型编号；它的等级按同业比较（写有 peers）
    #[arg(long, value_name = "编号")]
    pub scorecard: String,
    /// 表集目录
    #[arg(long, value_name = "目录")]
    pub tables: PathBuf,
    /// 规则包目录；表集按几个规则包制作的，逐个写出，次序不限
    #[arg(long, required = true, value_name = "目录")]
    pub pack: Vec<PathBuf>,
    /// 按哪一天计算全部主体的得分
    #[arg(long, value_name = "日期")]
    pub as_of: String,
    /// 界限从哪一天起有效；不写则为计算之日的次日
    #[arg(long, value_name = "日期")]
    pub from: Option<String>,
    /// 界限到哪一天为止；不写则为一年
    #[arg(long, value_name = "日期")]
    pub until: Option<String>,
    /// 写到这个 .yaml 文件；放入规则包的 cutoffs 目录后生效
    #[arg(long, value_name = "文件")]
    pub out: PathBuf,
    /// 线程数；不写则与处理器核数相同
    #[arg(long, value_name = "数", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// 结果以一行 JSON 输出
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Columns {
    #[command(flatten)]
    pub place: Place,
    /// 表集写到这个目录；目录须尚不存在或为空
    #[arg(long, value_name = "目录")]
    pub out: PathBuf,
    /// 按账簿到这一位置时所知；不写则为末位
    #[arg(long, value_name = "位置")]
    pub known: Option<i64>,
}

#[derive(Debug, Args)]
pub struct Projection {
    #[command(subcommand)]
    pub command: ProjectionCommand,
}

#[derive(Debug, Subcommand)]
pub enum ProjectionCommand {
    /// 跟到账簿末位；没有投影时从头制作
    #[command(after_help = "示例：xinzhi projection follow --data ./data")]
    Follow(Projected),
    /// 不问已有内容，从头制作
    #[command(after_help = "示例：xinzhi projection rebuild --data ./data")]
    Rebuild(Projected),
}

#[derive(Debug, Args)]
pub struct Projected {
    #[command(flatten)]
    pub place: Place,
    /// 列存投影所在目录；不写则为数据目录中的 projection
    #[arg(long, value_name = "目录")]
    pub projection: Option<PathBuf>,
    /// 结果以一行 JSON 输出
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Explain {
    #[command(flatten)]
    pub place: Place,
    /// 主体代码
    #[arg(value_name = "主体", required_unless_present = "subject")]
    pub code: Option<String>,
    /// 主体代码（另一种写法）
    #[arg(long, value_name = "代码", conflicts_with = "code")]
    pub subject: Option<String>,
    /// 评价模型编号
    #[arg(long, value_name = "编号")]
    pub scorecard: String,
    /// 评价日
    #[arg(long, value_name = "日期")]
    pub as_of: Option<String>,
    /// 按账簿到这一位置时所知
    #[arg(long, value_name = "位置")]
    pub known: Option<i64>,
    /// 结果以一行 JSON 输出
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub place: Place,
    /// 主体代码
    #[arg(value_name = "主体")]
    pub subject: String,
    /// 办理事项编号
    #[arg(long, value_name = "编号")]
    pub matter: String,
    /// 办件编号
    #[arg(long, default_value = "命令行核查", value_name = "编号")]
    pub case: String,
    /// 结果以一行 JSON 输出
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Pack {
    #[command(subcommand)]
    pub command: PackCommand,
}

#[derive(Debug, Subcommand)]
pub enum PackCommand {
    /// 检查规则包，逐处给出行列与改法
    #[command(after_help = "示例：xinzhi pack check ./packs/national")]
    Check {
        /// 规则包目录
        #[arg(value_name = "目录")]
        directory: PathBuf,
    },
    /// 跑规则包自带的案例
    #[command(after_help = "示例：xinzhi pack test ./packs/national")]
    Test {
        /// 规则包目录
        #[arg(value_name = "目录")]
        directory: PathBuf,
    },
    /// 把规则读成中文句子
    #[command(after_help = "示例：xinzhi pack show ./packs/national")]
    Show {
        /// 规则包目录；不写则读本程序自带的规则包
        #[arg(value_name = "目录")]
        directory: Option<PathBuf>,
    },
    /// 规则影响评估：草案代替现行规则后，哪些主体的等级和措施会改变，由哪些规则引起；不装入
    #[command(
        after_help = "示例：xinzhi pack diff ./drafts/national --data ./data --xlsx 影响评估.xlsx\n      xinzhi pack diff ./packs/national ./drafts/national --scorecard market-entity --as-of 2026-11-23"
    )]
    Diff(PackDiff),
    /// 检查、跑案例并装入单位
    #[command(after_help = "示例：xinzhi pack install ./packs/zhejiang --data ./data")]
    Install {
        #[command(flatten)]
        place: Place,
        /// 规则包目录
        #[arg(value_name = "目录")]
        directory: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct PackDiff {
    #[command(flatten)]
    pub place: Place,
    /// 新规则包的目录；之前可以再写旧规则包的目录，不写则与现行规则比较
    #[arg(required = true, num_args = 1..=2, value_name = "目录")]
    pub directories: Vec<PathBuf>,
    /// 代替现行规则包中的哪一个；不写则按目录名，两个目录都写了的按旧目录名
    #[arg(long = "as", value_name = "编号")]
    pub id: Option<String>,
    /// 只评估这一个评价模型；不写则评估两边都有的全部模型
    #[arg(long, value_name = "编号")]
    pub scorecard: Option<String>,
    /// 评价日；不写则为今天
    #[arg(long, value_name = "日期")]
    pub as_of: Option<String>,
    /// 另把结果写成 XLSX
    #[arg(long, value_name = "文件")]
    pub xlsx: Option<PathBuf>,
    /// 结果以一行 JSON 输出
    #[arg(long)]
    pub json: bool,
}

/// What is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// 部门文件
    Files,
    /// 列存表集
    Parquet,
}

#[derive(Debug, Args)]
pub struct Generate {
    /// 主体数量
    #[arg(long, default_value_t = 20_000, value_name = "数量")]
    pub subjects: usize,
    /// 记录数量
    #[arg(long, default_value_t = 200_000, value_name = "数量")]
    pub records: usize,
    /// 随机种子
    #[arg(long, default_value_t = 7, value_name = "数")]
    pub seed: u64,
    /// 输出目录
    #[arg(long, value_name = "目录")]
    pub out: PathBuf,
    /// 只写一个行政处罚文件，行数等于 --records（用于归集测速）
    #[arg(long)]
    pub penalties_only: bool,
    /// 与 --penalties-only 合用：不掺入有毛病的行
    #[arg(long, requires = "penalties_only", conflicts_with = "only")]
    pub flawless: bool,
    /// 生成什么：部门文件，或列存表集
    #[arg(long, value_enum, default_value_t = Only::Files, value_name = "类别", conflicts_with = "penalties_only")]
    pub only: Only,
    /// 表集所依据的规则包目录
    #[arg(long, value_name = "目录", required_if_eq("only", "parquet"))]
    pub pack: Option<PathBuf>,
    /// 表集只含这一评价模型评价的主体和它要读的信息种类
    #[arg(long, value_name = "编号", requires = "pack")]
    pub scorecard: Option<String>,
    /// 表集每个分区的主体数量
    #[arg(long, default_value_t = 65_536, value_name = "数量", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub partition_subjects: u64,
    /// 表集的记录截至哪一天；不写则为昨天
    #[arg(long, value_name = "日期")]
    pub through: Option<String>,
    /// 表集主体所在的县级行政区划代码
    #[arg(long, default_value = "330899", value_name = "代码")]
    pub area: String,
}

impl Generate {
    /// Options that say something of a table set alone, by the names of their fields.
    const OF_TABLES: [&str; 5] = ["pack", "scorecard", "partition_subjects", "through", "area"];
}

#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    pub place: Place,
    /// 另把每一次核查按当时的记录、日期和规则重新计算一遍，逐字比较，并把列存投影的全部分区同库中逐条比较；费时与当初作出这些核查、
    /// 制作投影相当
    #[arg(long)]
    pub replay: bool,
    /// 列存投影所在目录；不写则为数据目录中的 projection
    #[arg(long, value_name = "目录")]
    pub projection: Option<PathBuf>,
    /// 结果以一行 JSON 输出
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Backup {
    /// 备份到这个空目录
    #[arg(value_name = "目录")]
    pub to: PathBuf,
    #[command(flatten)]
    pub place: Place,
    /// 结果以一行 JSON 输出
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Restore {
    /// 备份所在的目录
    #[arg(value_name = "目录")]
    pub from: PathBuf,
    #[command(flatten)]
    pub place: Place,
    /// 结果以一行 JSON 输出
    #[arg(long)]
    pub json: bool,
}

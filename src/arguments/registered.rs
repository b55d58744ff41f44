//! What an operator registers at the machine: accounts and keys of programs, areas, polled tables, and where pushes may go.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{NewPlace, Place};

#[derive(Debug, Args)]
pub struct Account {
    #[command(subcommand)]
    pub command: AccountCommand,
}

#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// 建立并启用账号；首次密码从标准输入读取
    #[command(after_help = "示例：printf '%s\\n' \"$PASSWORD\" | xinzhi account add wangming --title 王明 --role centre")]
    Add {
        #[command(flatten)]
        at: NewPlace,
        #[command(flatten)]
        new: NewAccount,
    },
    /// 建立接口密钥并打印；只显示这一次
    #[command(after_help = "示例：xinzhi account key shenpi --title 行政审批系统 --role department --organ 示范县市场监督管理局")]
    Key {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        new: NewAccount,
    },
    /// 列出账号和接口密钥
    #[command(after_help = "示例：xinzhi account list --data ./data")]
    List {
        #[command(flatten)]
        place: Place,
        /// 结果以一行 JSON 输出
        #[arg(long)]
        json: bool,
    },
    /// 注销账号，或用 --key 作废接口密钥；做过的事保留在账簿中
    #[command(after_help = "示例：xinzhi account end shenpi --key")]
    End {
        #[command(flatten)]
        place: Place,
        /// 用户名或密钥名称
        #[arg(value_name = "名称")]
        name: String,
        /// 作废接口密钥
        #[arg(long)]
        key: bool,
    },
    /// 重设密码；新的首次密码从标准输入读取
    #[command(after_help = "示例：printf '%s\\n' \"$PASSWORD\" | xinzhi account password wangming")]
    Password {
        #[command(flatten)]
        place: Place,
        /// 用户名
        #[arg(value_name = "用户名")]
        name: String,
    },
    /// 重置第二因素：本人手机和恢复码都已遗失；本人下次登录时重新设置
    #[command(after_help = "示例：xinzhi account reset-factor zhoujie")]
    ResetFactor {
        #[command(flatten)]
        place: Place,
        /// 用户名
        #[arg(value_name = "用户名")]
        name: String,
    },
    /// 演示账号此刻的验证码；只用于 xinzhi demo 建立的数据目录
    #[command(after_help = "示例：xinzhi account code anquan --data ./data")]
    Code {
        #[command(flatten)]
        place: Place,
        /// 演示账号的用户名
        #[arg(value_name = "用户名")]
        name: String,
    },
    /// 启用在页面上建立的账号
    #[command(after_help = "示例：xinzhi account release wangming")]
    Release {
        #[command(flatten)]
        place: Place,
        /// 用户名
        #[arg(value_name = "用户名")]
        name: String,
    },
    /// 解锁账号
    #[command(after_help = "示例：xinzhi account unlock wangming")]
    Unlock {
        #[command(flatten)]
        place: Place,
        /// 用户名
        #[arg(value_name = "用户名")]
        name: String,
    },
}

#[derive(Debug, Args)]
pub struct Areas {
    #[command(flatten)]
    pub place: Place,
    /// 区划文件（CSV 或 XLSX）
    #[arg(value_name = "文件")]
    pub file: PathBuf,
    /// 文件编码（utf-8 或 gb18030）；不写则须能唯一判定
    #[arg(long, value_name = "编码")]
    pub encoding: Option<String>,
    /// 结果以一行 JSON 输出
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Subscription {
    #[command(subcommand)]
    pub command: SubscriptionCommand,
}

#[derive(Debug, Subcommand)]
pub enum SubscriptionCommand {
    /// 允许向一个主机、地址或网段推送
    #[command(after_help = "示例：xinzhi subscription allow 10.1.2.3:8443 --note 市监局审批系统 --ca 市监局根证书.pem")]
    Allow {
        #[command(flatten)]
        host: ListedHost,
        /// 接收方自建 CA 的证书（PEM）：对它只认这些 CA 签发的证书，公共 CA 的不认。不写则认公共 CA 和本单位的 push-ca.pem
        #[arg(long, value_name = "文件")]
        ca: Option<PathBuf>,
    },
    /// 不再允许向它推送
    #[command(after_help = "示例：xinzhi subscription deny 10.1.2.3:8443 --note 系统停用")]
    Deny(ListedHost),
    /// 列出允许推送的地址，每行一个
    #[command(after_help = "示例：xinzhi subscription hosts")]
    Hosts(Listing),
    /// 列出订阅及其推送状态
    #[command(after_help = "示例：xinzhi subscription list --json")]
    List(Listing),
}

#[derive(Debug, Args)]
pub struct ListedHost {
    /// 主机名、地址或网段，可加端口；不写端口则为协议的默认端口
    #[arg(value_name = "主机")]
    pub host: String,
    /// 用途，记入账簿
    #[arg(long, value_name = "用途")]
    pub note: String,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Debug, Args)]
pub struct Listing {
    #[command(flatten)]
    pub place: Place,
    /// 结果以一行 JSON 输出
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct NewAccount {
    /// 用户名
    #[arg(value_name = "用户名")]
    pub name: String,
    /// 姓名或程序名称
    #[arg(long, value_name = "名称")]
    pub title: String,
    /// 角色：centre department township counter legal audit system security subject
    #[arg(long, value_name = "角色")]
    pub role: String,
    /// 单位
    #[arg(long, value_name = "单位")]
    pub organ: Option<String>,
    /// 辖区的行政区划代码
    #[arg(long, value_name = "代码")]
    pub area: Option<String>,
    /// 主体账号（subject）的主体代码
    #[arg(long, value_name = "代码")]
    pub subject: Option<String>,
}

#[derive(Debug, Args)]
pub struct Connector {
    #[command(subcommand)]
    pub command: ConnectorCommand,
}

#[derive(Debug, Subcommand)]
pub enum ConnectorCommand {
    /// 登记一张表或视图；口令从标准输入或文件读取
    #[command(
        after_help = "示例：xinzhi connector add shijian --title 市监处罚 --source cf-2018 --organ 示范县市场监督管理局 --host 10.1.2.3 --dbname qzk --user xinzhi --table cf --watermark updated_at --key id < 口令文件"
    )]
    Add(Box<NewConnector>),
    /// 列出全部前置库和最近一次取数的结果
    #[command(after_help = "示例：xinzhi connector list --json")]
    List {
        #[command(flatten)]
        place: Place,
        /// 结果以一行 JSON 输出
        #[arg(long)]
        json: bool,
    },
    /// 立即取数一次
    #[command(after_help = "示例：xinzhi connector run shijian")]
    Run {
        #[command(flatten)]
        of: NamedConnector,
        /// 结果以一行 JSON 输出
        #[arg(long)]
        json: bool,
    },
    /// 暂停定时取数
    Pause(NamedConnector),
    /// 恢复取数；认可该表现在的列，不再等待未提交的批次
    Resume(NamedConnector),
    /// 停用，不能再恢复
    End(NamedConnector),
    /// 更换口令；从标准输入或文件读取
    Secret {
        #[command(flatten)]
        of: NamedConnector,
        /// 从这个文件读取口令；不写则从标准输入读取
        #[arg(long, value_name = "文件")]
        secret_file: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub struct NamedConnector {
    #[command(flatten)]
    pub place: Place,
    /// 编号
    #[arg(value_name = "编号")]
    pub id: String,
}

#[derive(Debug, Args)]
pub struct NewConnector {
    #[command(flatten)]
    pub of: NamedConnector,
    /// 名称
    #[arg(long, value_name = "名称")]
    pub title: String,
    /// 数据来源编号：列与字段的对应关系按规则包中的这一来源
    #[arg(long, value_name = "来源")]
    pub source: String,
    /// 报送单位
    #[arg(long, value_name = "单位")]
    pub organ: String,
    /// 报送范围的行政区划代码；不写则为全县
    #[arg(long, value_name = "代码")]
    pub area: Option<String>,
    /// 数据库主机名、地址，或本机套接字所在目录
    #[arg(long, value_name = "主机")]
    pub host: String,
    /// 端口
    #[arg(long, default_value_t = 5432, value_name = "端口")]
    pub port: u16,
    /// 数据库名称
    #[arg(long, value_name = "数据库")]
    pub dbname: String,
    /// 只读用户
    #[arg(long, value_name = "用户")]
    pub user: String,
    /// 从这个文件读取口令；不写则从标准输入读取
    #[arg(long, value_name = "文件")]
    pub secret_file: Option<PathBuf>,
    /// 模式
    #[arg(long, default_value = "public", value_name = "模式")]
    pub schema: String,
    /// 表或视图
    #[arg(long, value_name = "表")]
    pub table: String,
    /// 水位列：只增不减的时间戳、日期或整数
    #[arg(long, value_name = "列")]
    pub watermark: String,
    /// 次序列：同一水位的行按它排列，最好是主键
    #[arg(long, value_name = "列")]
    pub key: String,
    /// 每次重读水位之前的范围（秒；水位列是整数时为号数），以免漏掉晚提交的行
    #[arg(long, default_value_t = 600, value_name = "数")]
    pub overlap: i64,
    /// 取数间隔（分钟）
    #[arg(long, default_value_t = 15, value_name = "分钟")]
    pub every: i64,
    /// 每批只预览，由人提交后才生效；提交之前不再取数
    #[arg(long)]
    pub preview: bool,
    /// 部门承诺：自这一天起，该类数据全部在表中；读到头时声明完整覆盖，没有记录即为没有。不写则不声明
    #[arg(long, value_name = "日期")]
    pub covers: Option<String>,
}

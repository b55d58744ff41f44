//! The operator registers a department's table. Nobody else can: the address is what the office will call (X8).

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Act, Draft};
use xinzhi_core::{AreaCode, Code, Day, Refusal};
use xinzhi_store::Tx;
use xinzhi_store::connector::Registered;
use xinzhi_store::department::NAME_BYTES_MAX;

use crate::connector::registered_payload;
use crate::keys::Keys;
use crate::permission::{Action, Scope};
use crate::{Error, Office};

/// Longest id and longest of the other texts, in characters.
const ID_CHARS_MAX: usize = 40;
const TEXT_CHARS_MAX: usize = 200;
/// A week, in minutes.
const EVERY_MINUTES_MAX: i64 = 7 * 24 * 60;
/// A month, in seconds.
const OVERLAP_MAX: i64 = 31 * 86_400;
/// Longest password, in bytes.
const SECRET_BYTES_MAX: usize = 1_000;

/// What the operator says. The texts are as typed.
#[derive(Clone, PartialEq, Eq)]
pub struct New {
    /// A word for it: small letters, digits, hyphens.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Organ whose batches they are.
    pub organ: String,
    /// For which area they report; none means the whole office.
    pub area: Option<String>,
    /// Id of the pack's source.
    pub source: String,
    /// Host name, address, or folder of a socket.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Database.
    pub database: String,
    /// Role.
    pub user: String,
    /// Password.
    pub secret: String,
    /// Schema.
    pub schema: String,
    /// Table or view.
    pub table: String,
    /// Column that grows.
    pub watermark: String,
    /// Column that puts rows with one watermark in order.
    pub key: String,
    /// Seconds, or numbers, that are read again.
    pub overlap: i64,
    /// Minutes between two looks.
    pub every_minutes: i64,
    /// Whether batches wait for a person.
    pub previews: bool,
    /// Since which day the table holds everything of its kind, where the department promised that: looks that read all of it then state
    /// coverage.
    pub covers: Option<Day>,
}

impl std::fmt::Debug for New {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("New").field("id", &self.id).field("source", &self.source).finish_non_exhaustive()
    }
}

/// Whoever sits at the machine; a session or a key of the centre is not enough.
pub(super) fn must_be_operator(actor: &Actor) -> Result<(), Error> {
    Scope::of(Action::ManageConnectors, actor)?;
    if *actor == Office::operator() {
        return Ok(());
    }
    let words = "前置库的地址和口令只能由本机操作员登记，请在服务器上运行 xinzhi connector";
    Err(Refusal::detail(Code::NotPermitted, words).into())
}

/// Registers a table; the first look is due at once.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::SourceUnknown`], or [`Code::FieldInvalid`] naming what is wrong.
pub async fn register(office: &Office, actor: &Actor, new: New) -> Result<(), Error> {
    must_be_operator(actor)?;
    let pack = office.pack();
    if !pack.sources.iter().any(|source| source.id == new.source) {
        return Err(Refusal::field(Code::SourceUnknown, "source", format!("没有数据来源 `{}`", new.source)).into());
    }
    check(&new)?;
    if new.covers.is_some_and(|from| from >= office.today()) {
        return Err(invalid("covers", "完整覆盖的起始日期应早于今天"));
    }
    let area = match &new.area {
        None => office.row().area.clone(),
        Some(text) => AreaCode::parse(text).ok_or_else(|| invalid("area", format!("`{text}` 不是行政区划代码")))?,
    };
    let (keys, world) = (office.keys.clone(), office.world.clone());
    office
        .write(actor, move |tx| {
            if xinzhi_store::connector::by_id(tx.connection(), &new.id)?.is_some() {
                return Err(invalid("id", format!("已有名为 `{}` 的前置库，请换一个编号", new.id)));
            }
            let secret = sealed(&keys, world.entropy.as_ref(), &new.id, &new.secret)?;
            write(tx, &registered(new, area, secret))
        })
        .await
}

fn registered(new: New, area: AreaCode, secret: Vec<u8>) -> Registered {
    Registered {
        id: new.id,
        title: new.title,
        organ: new.organ,
        area: area.to_string(),
        source: new.source,
        host: new.host,
        port: i64::from(new.port),
        database: new.database,
        user: new.user,
        secret,
        schema: new.schema,
        table: new.table,
        watermark: new.watermark,
        key: new.key,
        overlap: new.overlap,
        every_minutes: new.every_minutes,
        previews: new.previews,
        covers: new.covers,
    }
}

fn write(tx: &mut Tx, registered: &Registered) -> Result<(), Error> {
    let salt: [u8; 16] = tx.random();
    let refs = format!("{{\"connector\":\"{}\"}}", registered.id);
    let payload = registered_payload(registered, &salt);
    let entry = tx.append(&Draft { act: Act::ConnectorRegistered, subject: None, refs, payload })?;
    Ok(xinzhi_store::connector::add(tx, registered, entry, &salt)?)
}

/// The password as it is stored; its connector is bound in.
pub(super) fn sealed(keys: &Keys, entropy: &dyn xinzhi_store::Entropy, id: &str, secret: &str) -> Result<Vec<u8>, Error> {
    Ok(keys.office().seal(entropy, place(id).as_bytes(), secret.as_bytes())?)
}

/// The password as it is said to the other database.
pub(super) fn opened(keys: &Keys, registered: &Registered) -> Result<String, Error> {
    let plain = keys.office().open(place(&registered.id).as_bytes(), &registered.secret)?;
    String::from_utf8(plain).map_err(|_| Error::inconsistent("a sealed password is no text"))
}

fn place(id: &str) -> String {
    format!("connector_secret {id}")
}

pub(super) fn invalid(field: &str, words: impl Into<String>) -> Error {
    Refusal::field(Code::FieldInvalid, field, words).into()
}

pub(super) fn check_secret(secret: &str) -> Result<(), Error> {
    match secret.len() {
        0 => Err(invalid("secret", "口令是空的，请从标准输入或文件给出")),
        1..=SECRET_BYTES_MAX => Ok(()),
        _ => Err(invalid("secret", format!("口令超过 {SECRET_BYTES_MAX} 字节"))),
    }
}

fn check(new: &New) -> Result<(), Error> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if new.id.is_empty() || new.id.len() > ID_CHARS_MAX || !new.id.chars().all(word) {
        return Err(invalid("id", format!("编号应为不超过 {ID_CHARS_MAX} 个小写字母、数字和连字符")));
    }
    for (field, title, text) in [
        ("title", "名称", &new.title),
        ("organ", "单位", &new.organ),
        ("host", "主机", &new.host),
        ("dbname", "数据库", &new.database),
        ("user", "用户", &new.user),
    ] {
        if text.trim().is_empty() || text.chars().count() > TEXT_CHARS_MAX || text.chars().any(char::is_control) {
            return Err(invalid(field, format!("{title}应为 1 到 {TEXT_CHARS_MAX} 个字，不含控制字符")));
        }
    }
    for (field, title, text) in [
        ("schema", "模式", &new.schema),
        ("table", "表或视图", &new.table),
        ("watermark", "水位列", &new.watermark),
        ("key", "次序列", &new.key),
    ] {
        if text.is_empty() || text.len() > NAME_BYTES_MAX || text.chars().any(char::is_control) {
            return Err(invalid(field, format!("{title}的名称应为 1 到 {NAME_BYTES_MAX} 字节，照数据库中的大小写填写")));
        }
    }
    if new.port == 0 {
        return Err(invalid("port", "端口应为 1 到 65535 的整数"));
    }
    if !(1..=EVERY_MINUTES_MAX).contains(&new.every_minutes) {
        return Err(invalid("every", format!("取数间隔应为 1 到 {EVERY_MINUTES_MAX} 分钟")));
    }
    if !(0..=OVERLAP_MAX).contains(&new.overlap) {
        return Err(invalid("overlap", format!("重读范围应为 0 到 {OVERLAP_MAX}（秒；水位列是数字时为号数）")));
    }
    check_secret(&new.secret)
}

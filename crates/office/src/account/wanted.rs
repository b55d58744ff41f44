//! What an account or key must be: one set of rules for pages, command line and whoever builds a demonstration.

use std::sync::Arc;

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::identifier::Uscc;
use xinzhi_core::{AreaCode, Code, Refusal, text};
use xinzhi_rules::Pack;
use xinzhi_store::Connection;

use super::{RESERVED, allow, is_operator};
use crate::keys::Keys;
use crate::permission::{Action, Scope};
use crate::subject::find::by_code;
use crate::{Error, Office};

/// Longest name of an account or key.
const NAME_CHARS_MAX: usize = 40;
/// Longest title.
const TITLE_CHARS_MAX: usize = 60;

/// An account or key as somebody typed it. Empty is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Login name, or name of the key.
    pub name: String,
    /// What people call them.
    pub title: String,
    /// Word of the role.
    pub role: String,
    /// Name of the organ.
    pub organ: String,
    /// Code of the area.
    pub area: String,
    /// Code of the subject whose account it is.
    pub subject: String,
}

/// What has to be known to judge it.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    area: AreaCode,
    keys: Keys,
    pack: Arc<Pack>,
    /// For accounts of subjects: which subjects.
    scope: Scope,
    /// An organ that is not in the table may be named: it is recorded with the account.
    adds_organs: bool,
    is_person: bool,
}

impl Ground {
    /// For an account, with the permission that making it takes.
    pub(crate) fn for_account(office: &Office, by: &Actor, role: &str) -> Result<Ground, Error> {
        let scope = match role == Role::Subject.word() {
            true if is_operator(by) => Scope::Office,
            true => Scope::of(Action::OpenForSubject, by)?,
            false => allow(Action::MakeAccounts, by).map(|()| Scope::Office)?,
        };
        Ok(Ground::new(office, by, scope, true))
    }

    /// For a key.
    pub(crate) fn for_key(office: &Office, by: &Actor) -> Result<Ground, Error> {
        allow(Action::GrantRights, by)?;
        Ok(Ground::new(office, by, Scope::Office, false))
    }

    /// For other rights of an account.
    pub(crate) fn for_rights(office: &Office, by: &Actor) -> Result<Ground, Error> {
        allow(Action::GrantRights, by)?;
        Ok(Ground::new(office, by, Scope::Office, true))
    }

    fn new(office: &Office, by: &Actor, scope: Scope, is_person: bool) -> Ground {
        let area = office.row().area.clone();
        Ground { area, keys: office.keys.clone(), pack: office.pack(), scope, adds_organs: is_operator(by), is_person }
    }
}

/// Everything that is wrong with an account as typed; empty is nothing. The same rules refuse it when it is made.
///
/// # Errors
/// [`Code::NotPermitted`].
pub async fn faults(office: &Arc<Office>, by: &Actor, wanted: &Wanted) -> Result<Vec<Refusal>, Error> {
    let ground = Ground::for_account(office, by, &wanted.role)?;
    let wanted = wanted.clone();
    office.read(move |connection| Ok(judge(connection, &ground, &wanted)?.err().unwrap_or_default())).await
}

/// The same for a key.
///
/// # Errors
/// [`Code::NotPermitted`].
pub async fn key_faults(office: &Arc<Office>, by: &Actor, wanted: &Wanted) -> Result<Vec<Refusal>, Error> {
    let ground = Ground::for_key(office, by)?;
    let wanted = wanted.clone();
    office.read(move |connection| Ok(judge(connection, &ground, &wanted)?.err().unwrap_or_default())).await
}

/// The actor that is meant, or everything that is wrong with it.
pub(crate) fn judge(connection: &mut Connection, ground: &Ground, wanted: &Wanted) -> Result<Result<Actor, Vec<Refusal>>, Error> {
    let mut faults = Vec::new();
    let name = wanted.name.trim().to_owned();
    faults.extend(name_fault(connection, &name)?);
    let title = title(&wanted.title, &mut faults);
    let rights = rights(connection, ground, (&wanted.role, &wanted.organ, &wanted.area), &mut faults)?;
    let subject = match rights.as_ref().is_some_and(|(role, _, _)| *role == Role::Subject) {
        true => subject(connection, ground, &wanted.subject, &mut faults)?,
        false => None,
    };
    let Some((role, organ, area)) = rights else { return Ok(Err(faults)) };
    let actor = Actor { name, title, role, organ, area, subject, is_person: ground.is_person };
    Ok(if faults.is_empty() { Ok(actor) } else { Err(faults) })
}

pub(crate) fn invalid(field: &str, words: impl Into<String>) -> Refusal {
    Refusal::field(Code::FieldInvalid, field, words)
}

/// What is wrong with a name by itself.
pub(crate) fn name_shape(name: &str) -> Option<Refusal> {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_'));
    let said = name.bytes().any(|b| b.is_ascii_alphanumeric());
    if name.len() > NAME_CHARS_MAX || !plain || !said {
        return Some(invalid("name", format!("用户名应为 1 至 {NAME_CHARS_MAX} 位小写字母、数字、点、横线或下划线")));
    }
    RESERVED.contains(&name).then(|| invalid("name", format!("用户名 `{name}` 留作系统使用，请换一个")))
}

/// One name, one actor: the journal knows people and programs by it. The name of an account is never used again; that of an ended key
/// may be, for the key that takes its place.
fn name_fault(connection: &mut Connection, name: &str) -> Result<Option<Refusal>, Error> {
    if let Some(fault) = name_shape(name) {
        return Ok(Some(fault));
    }
    let taken = xinzhi_store::account::by_name(connection, name)?.is_some() || !xinzhi_store::key::in_use(connection, name)?.is_empty();
    Ok(taken.then(|| invalid("name", format!("用户名 `{name}` 已被账号或接口密钥使用，请换一个"))))
}

pub(crate) fn title(typed: &str, faults: &mut Vec<Refusal>) -> String {
    match text::clean(typed) {
        Err(fault) => faults.push(invalid("title", format!("姓名或名称{fault}"))),
        Ok(title) if title.is_empty() || title.chars().count() > TITLE_CHARS_MAX => {
            faults.push(invalid("title", format!("请填写姓名或名称，不超过 {TITLE_CHARS_MAX} 字")));
        }
        Ok(title) => return title.into_owned(),
    }
    String::new()
}

/// Role, organ and area.
pub(crate) type Rights = (Role, Option<String>, Option<AreaCode>);

/// What the role needs and what there is to choose from.
pub(crate) fn rights(
    connection: &mut Connection,
    ground: &Ground,
    (role, organ, area): (&str, &str, &str),
    faults: &mut Vec<Refusal>,
) -> Result<Option<Rights>, Error> {
    let role = Role::from_word(role).filter(|role| ground.is_person || programs_may(*role));
    let Some(role) = role else {
        let words = if ground.is_person {
            "请选择岗位"
        } else {
            "接口密钥只能用于业务岗位：信用中心、部门、乡镇、窗口"
        };
        faults.push(invalid("role", words));
        return Ok(None);
    };
    let before = faults.len();
    let organ = chosen_organ(connection, ground, organ, faults)?;
    let area = chosen_area(&ground.area, area, faults);
    if faults.len() == before {
        faults.extend(lacking(role, organ.as_deref(), area.as_ref()));
    }
    let bound = !role.is_administrator() && role != Role::Subject;
    Ok(Some((role, organ.filter(|_| role != Role::Subject), area.filter(|_| bound))))
}

/// Roles that a program may have: none that administers, judges legality, or is somebody's own.
pub(crate) fn programs_may(role: Role) -> bool {
    matches!(role, Role::Centre | Role::Department | Role::Township | Role::Counter)
}

/// What a role lacks to be of use.
pub(crate) fn lacking(role: Role, organ: Option<&str>, area: Option<&AreaCode>) -> Option<Refusal> {
    match role {
        Role::Department if organ.is_none() => Some(invalid("organ", "部门岗位须指明单位")),
        Role::Township | Role::Counter if area.is_none() => Some(invalid("area", "乡镇和窗口岗位须指明辖区")),
        _ => None,
    }
}

fn chosen_organ(connection: &mut Connection, ground: &Ground, typed: &str, faults: &mut Vec<Refusal>) -> Result<Option<String>, Error> {
    let name = match text::clean(typed) {
        Ok(name) if name.is_empty() => return Ok(None),
        Ok(name) => name.into_owned(),
        Err(fault) => {
            faults.push(invalid("organ", format!("单位{fault}")));
            return Ok(None);
        }
    };
    match xinzhi_store::organ::organ_by_name(connection, &name)? {
        Some(organ) if organ.ended => faults.push(invalid("organ", format!("单位“{name}”已停用，请选择现行的单位"))),
        None if !ground.adds_organs => faults.push(invalid("organ", format!("没有登记单位“{name}”，请由系统管理员先在单位页登记"))),
        Some(_) | None => {}
    }
    Ok(Some(name))
}

fn chosen_area(office: &AreaCode, typed: &str, faults: &mut Vec<Refusal>) -> Option<AreaCode> {
    let typed = text::half_width(typed.trim()).into_owned();
    if typed.is_empty() {
        return None;
    }
    let area = AreaCode::parse(&typed);
    match &area {
        None => faults
            .push(invalid("area", format!("行政区划代码 `{}` 有误，应为 2、4、6、9 或 12 位数字", crate::check::run::shorten(&typed)))),
        Some(area) if !office.contains(area) => faults.push(invalid("area", format!("区划 {area} 不在本单位的辖区 {office} 之内"))),
        Some(_) => {}
    }
    area
}

fn subject(
    connection: &mut Connection,
    ground: &Ground,
    typed: &str,
    faults: &mut Vec<Refusal>,
) -> Result<Option<xinzhi_core::SubjectId>, Error> {
    if typed.trim().is_empty() {
        faults.push(invalid("subject", "主体账号须写明主体的统一社会信用代码"));
        return Ok(None);
    }
    match by_code(connection, (&ground.keys, &ground.pack), typed) {
        Ok(found) if ground.scope.covers_subject(found.row.subject, found.row.area.as_deref()) => Ok(Some(found.row.subject)),
        Ok(_) => {
            faults.push(Refusal { field: Some("subject".to_owned()), ..Code::OutOfScope.into() });
            Ok(None)
        }
        Err(Error::Refusal(refusal)) => {
            faults.push(refusal);
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}

/// A code of an organ, or what is wrong with it.
pub(crate) fn organ_code(typed: &str) -> Result<Option<String>, Refusal> {
    let typed = text::half_width(typed.trim()).to_ascii_uppercase();
    if typed.is_empty() {
        return Ok(None);
    }
    let fault = |fault| invalid("code", format!("统一社会信用代码有误：{fault}"));
    Uscc::parse(&typed).map(|code| Some(code.as_str().to_owned())).map_err(fault)
}

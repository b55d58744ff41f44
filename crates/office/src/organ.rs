//! Organs and areas: the tables that accounts and keys choose from. Kept by the system administrator; every change is an entry, and what
//! stood before stays.

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::sync::Arc;

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::journal::{Act, Draft, Position};
use xinzhi_core::{AreaCode, Code, Digest, Refusal, text};
use xinzhi_store::Tx;
use xinzhi_store::organ::AreaRow;

pub use xinzhi_store::organ::OrganRow;

use crate::account::allow;
use crate::account::wanted::{invalid, organ_code};
use crate::permission::Action;
use crate::{Error, Office};

/// Longest name of an organ or area.
const NAME_CHARS_MAX: usize = 60;
/// Areas of one file.
const AREAS_MAX: usize = 20_000;
/// Versions of an organ that are shown.
const HISTORY_MAX: i64 = 100;

/// Kinds of organs: the word that is stored and the word that people read.
pub const KINDS: [(&str, &str); 5] =
    [("centre", "信用中心"), ("department", "部门"), ("township", "乡镇、街道"), ("service", "服务窗口"), ("other", "其他")];

/// The word that people read for a kind of organ.
pub fn kind_title(word: &str) -> &'static str {
    KINDS.iter().find(|(kind, _)| *kind == word).map_or("其他", |(_, title)| title)
}

/// An organ as somebody typed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganWanted {
    /// Its name.
    pub name: String,
    /// Its own 统一社会信用代码; may be empty.
    pub code: String,
    /// Code of its area; may be empty.
    pub area: String,
    /// Word of its kind.
    pub kind: String,
    /// Whether it can no longer be chosen.
    pub ended: bool,
}

/// An area that may be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AreaView {
    /// Its code.
    pub code: String,
    /// Its name; empty where nobody recorded one.
    pub name: String,
    /// Whether it can no longer be chosen.
    pub ended: bool,
    /// Whether it was recorded, or is only known because subjects lie in it.
    pub recorded: bool,
    /// Subjects that lie in it itself.
    pub subjects: i64,
}

/// What an account or key may choose from.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// Names of organs.
    pub organs: Vec<String>,
    /// Codes of areas with their names.
    pub areas: Vec<(String, String)>,
}

/// What came of a file of areas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AreasImported {
    /// Recorded, new or with another name.
    pub recorded: usize,
    /// Known like this before.
    pub same: usize,
    /// Not inside the office's area.
    pub outside: usize,
}

/// Every organ, the ended ones too.
///
/// # Errors
/// [`Code::NotPermitted`].
pub async fn organs(office: &Arc<Office>, by: &Actor) -> Result<Vec<OrganRow>, Error> {
    allow(Action::SeeAccounts, by)?;
    office.read(|connection| Ok(xinzhi_store::organ::organs(connection)?)).await
}

/// An organ with what stood about it before, newest first.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::NotFound`].
pub async fn organ(office: &Arc<Office>, by: &Actor, name: &str) -> Result<Vec<OrganRow>, Error> {
    allow(Action::SeeAccounts, by)?;
    let name = name.to_owned();
    let rows = office.read(move |connection| Ok(xinzhi_store::organ::organ_history(connection, &name, HISTORY_MAX)?)).await?;
    if rows.is_empty() { Err(Code::NotFound.into()) } else { Ok(rows) }
}

/// Everything that is wrong with an organ as typed, or the row that it becomes.
fn judge(area: &AreaCode, wanted: &OrganWanted) -> Result<OrganRow, Vec<Refusal>> {
    let mut faults = Vec::new();
    let name = name(&wanted.name, &mut faults);
    let code = organ_code(&wanted.code).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    let typed = text::half_width(wanted.area.trim()).into_owned();
    let area = (!typed.is_empty()).then(|| AreaCode::parse(&typed).filter(|found| area.contains(found)));
    if area == Some(None) {
        faults.push(invalid("area", "请从辖区内的区划中选择"));
    }
    if !KINDS.iter().any(|(kind, _)| *kind == wanted.kind) {
        faults.push(invalid("kind", "请选择单位类别"));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let area = area.flatten().map(|area| area.to_string());
    Ok(OrganRow { name, entry: Position(0), code, area, kind: wanted.kind.clone(), ended: wanted.ended, salt: None })
}

fn name(typed: &str, faults: &mut Vec<Refusal>) -> String {
    match text::clean(typed) {
        Err(fault) => faults.push(invalid("name", format!("名称{fault}"))),
        // Names stand in addresses of pages.
        Ok(name)
            if !name.chars().any(char::is_alphanumeric) || name.chars().count() > NAME_CHARS_MAX || name.contains(['/', '\n', '\t']) =>
        {
            faults.push(invalid("name", format!("请填写名称，不超过 {NAME_CHARS_MAX} 字，不含斜线和换行")));
        }
        Ok(name) => return name.into_owned(),
    }
    String::new()
}

/// Records an organ: a new one, or what has changed about one. Its name stands in what was done and never changes.
///
/// # Errors
/// [`Code::NotPermitted`]; in the inner result everything that is wrong with it.
pub async fn record(office: &Arc<Office>, by: &Actor, wanted: &OrganWanted, is_new: bool) -> Result<Result<(), Vec<Refusal>>, Error> {
    allow(Action::KeepOrgans, by)?;
    let row = match judge(&office.row().area, wanted) {
        Ok(row) => row,
        Err(faults) => return Ok(Err(faults)),
    };
    office
        .write(by, move |tx| {
            let stood = xinzhi_store::organ::organ_by_name(tx.connection(), &row.name)?;
            match &stood {
                _ if is_new && row.name == "new" => return Ok(Err(vec![invalid("name", "请写单位的全称")])),
                Some(_) if is_new => return Ok(Err(vec![invalid("name", format!("单位“{}”已经登记", row.name))])),
                None if !is_new => return Err(Code::NotFound.into()),
                _ => {}
            }
            let same = stood.is_some_and(|old| OrganRow { entry: row.entry, salt: None, ..old } == row);
            if !same {
                add(tx, row)?;
            }
            Ok(Ok(()))
        })
        .await
}

fn add(tx: &mut Tx, row: OrganRow) -> Result<(), Error> {
    let salt = tx.random::<16>();
    let refs = serde_json::json!({ "organ": row.name }).to_string();
    let payload = organs_payload(std::slice::from_ref(&row), &refs, &salt);
    let entry = tx.append(&Draft { act: Act::OrganRecorded, subject: None, refs, payload })?;
    Ok(xinzhi_store::organ::add_organ(tx, &OrganRow { entry, salt: Some(salt.to_vec()), ..row })?)
}

/// Records the organ that an account or key is bound to, where the table does not have it yet.
pub(crate) fn with_account(tx: &mut Tx, role: Role, organ: Option<&str>, area: Option<&str>) -> Result<(), Error> {
    let Some(name) = organ else { return Ok(()) };
    if xinzhi_store::organ::organ_by_name(tx.connection(), name)?.is_some() {
        return Ok(());
    }
    let kind = match role {
        Role::Centre => "centre",
        Role::Department => "department",
        Role::Township => "township",
        Role::Counter => "service",
        Role::Legal | Role::Audit | Role::System | Role::Security | Role::Subject => "other",
    };
    let (name, kind, area) = (name.to_owned(), kind.to_owned(), area.map(str::to_owned));
    add(tx, OrganRow { name, entry: Position(0), code: None, area, kind, ended: false, salt: None })
}

/// What the entry of organs covers.
pub(crate) fn organs_payload(rows: &[OrganRow], refs: &str, salt: &[u8]) -> Digest {
    let text = |row: &OrganRow| {
        let OrganRow { name, code, area, kind, ended, .. } = row;
        serde_json::json!([name, code, area, kind, ended]).to_string()
    };
    let rows: Vec<String> = rows.iter().map(text).collect();
    let parts: Vec<&[u8]> = std::iter::once(refs.as_bytes()).chain(rows.iter().map(String::as_bytes)).collect();
    xinzhi_proof::salted(salt, &parts)
}

/// What the entry of areas covers.
pub(crate) fn areas_payload(rows: &[AreaRow], refs: &str, salt: &[u8]) -> Digest {
    let text = |row: &AreaRow| serde_json::json!([row.code, row.name, row.ended]).to_string();
    let rows: Vec<String> = rows.iter().map(text).collect();
    let parts: Vec<&[u8]> = std::iter::once(refs.as_bytes()).chain(rows.iter().map(String::as_bytes)).collect();
    xinzhi_proof::salted(salt, &parts)
}

/// The areas known to the office: its own, those recorded, and those in which subjects lie.
///
/// # Errors
/// [`Code::NotPermitted`].
pub async fn areas(office: &Arc<Office>, by: &Actor) -> Result<Vec<AreaView>, Error> {
    allow(Action::SeeAccounts, by)?;
    known_areas(office).await
}

async fn known_areas(office: &Arc<Office>) -> Result<Vec<AreaView>, Error> {
    let held = crate::overview::held_now(office).await?;
    let own = office.row().area.to_string();
    let recorded = office.read(|connection| Ok(xinzhi_store::organ::areas(connection)?)).await?;
    let fresh = |code: &str| AreaView { code: code.to_owned(), name: String::new(), ended: false, recorded: false, subjects: 0 };
    let mut areas: BTreeMap<String, AreaView> = BTreeMap::from([(own.clone(), fresh(&own))]);
    for (code, subjects) in held.areas.iter().filter(|(code, _)| !code.is_empty()) {
        areas.entry(code.clone()).or_insert_with(|| fresh(code)).subjects = *subjects;
    }
    for AreaRow { code, name, ended, .. } in recorded {
        let area = areas.entry(code.clone()).or_insert_with(|| fresh(&code));
        (area.name, area.ended, area.recorded) = (name, ended, true);
    }
    Ok(areas.into_values().collect())
}

/// What an account or key may choose from: organs and areas in use, inside the office's area.
///
/// # Errors
/// [`Code::NotPermitted`].
pub async fn choices(office: &Arc<Office>, by: &Actor) -> Result<Choices, Error> {
    let organs = organs(office, by).await?.into_iter().filter(|organ| !organ.ended).map(|organ| organ.name).collect();
    let own = office.row().area.clone();
    let inside = |code: &str| AreaCode::parse(code).is_some_and(|area| own.contains(&area));
    let areas = known_areas(office).await?.into_iter().filter(|area| !area.ended && inside(&area.code));
    Ok(Choices { organs, areas: areas.map(|area| (area.code, area.name)).collect() })
}

/// Records the name of an area, or that it can no longer be chosen.
///
/// # Errors
/// [`Code::NotPermitted`]; in the inner result everything that is wrong with it.
pub async fn record_area(office: &Arc<Office>, by: &Actor, typed: (&str, &str), ended: bool) -> Result<Result<(), Vec<Refusal>>, Error> {
    allow(Action::KeepOrgans, by)?;
    let mut faults = Vec::new();
    let code = AreaCode::parse(&text::half_width(typed.0.trim())).filter(|code| office.row().area.contains(code));
    if code.is_none() {
        faults.push(invalid("code", format!("行政区划代码应为 2、4、6、9 或 12 位数字，并在本单位的辖区 {} 之内", office.row().area)));
    }
    let name = name(typed.1, &mut faults);
    let Some(code) = code.filter(|_| faults.is_empty()) else { return Ok(Err(faults)) };
    let row = AreaRow { code: code.to_string(), entry: Position(0), name, ended, salt: None };
    office.write(by, move |tx| write_areas(tx, vec![row]).map(drop)).await?;
    Ok(Ok(()))
}

/// Records what differs from what is known; tells how many did.
fn write_areas(tx: &mut Tx, rows: Vec<AreaRow>) -> Result<usize, Error> {
    let known: BTreeMap<String, (String, bool)> =
        xinzhi_store::organ::areas(tx.connection())?.into_iter().map(|row| (row.code, (row.name, row.ended))).collect();
    let differs = |row: &AreaRow| known.get(&row.code) != Some(&(row.name.clone(), row.ended));
    let mut rows: Vec<AreaRow> = rows.into_iter().filter(differs).collect();
    rows.sort_by(|a, b| a.code.cmp(&b.code));
    if rows.is_empty() {
        return Ok(0);
    }
    let salt = tx.random::<16>();
    let refs = serde_json::json!({ "areas": rows.len() }).to_string();
    let payload = areas_payload(&rows, &refs, &salt);
    let entry = tx.append(&Draft { act: Act::AreaRecorded, subject: None, refs, payload })?;
    for row in &mut rows {
        (row.entry, row.salt) = (entry, Some(salt.to_vec()));
        xinzhi_store::organ::add_area(tx, row)?;
    }
    Ok(rows.len())
}

/// Records the areas of a file with the columns `code` and `name` (代码, 名称); further columns are not read.
///
/// # Errors
/// [`Code::NotPermitted`]; [`Code::FileUnreadable`] naming the row.
pub async fn import_areas<R: Read + Seek + Send + 'static>(
    office: &Arc<Office>,
    by: &Actor,
    file: R,
    options: xinzhi_collect::Options,
) -> Result<AreasImported, Error> {
    allow(Action::KeepOrgans, by)?;
    let own = office.row().area.clone();
    let read = tokio::task::spawn_blocking(move || read_areas(file, &options)).await;
    let rows = read.map_err(|_| Error::inconsistent("reading a file ended without an answer"))??;
    let (inside, outside): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(code, _)| own.contains(code));
    let row = |(code, name): (AreaCode, String)| AreaRow { code: code.to_string(), entry: Position(0), name, ended: false, salt: None };
    let rows: Vec<AreaRow> = inside.into_iter().map(row).collect();
    let all = rows.len();
    let recorded = office.write(by, move |tx| write_areas(tx, rows)).await?;
    Ok(AreasImported { recorded, same: all - recorded, outside: outside.len() })
}

fn read_areas<R: Read + Seek + Send + 'static>(file: R, options: &xinzhi_collect::Options) -> Result<Vec<(AreaCode, String)>, Error> {
    let unreadable = |words: String| Error::from(Refusal::field(Code::FileUnreadable, "file", words));
    let mut table = xinzhi_collect::table::open(file, options).map_err(|e| unreadable(e.to_string()))?;
    let column = |names: &[&str]| table.header.iter().position(|title| names.contains(&title.to_lowercase().as_str()));
    let columns = column(&["code", "代码", "区划代码", "行政区划代码"]).zip(column(&["name", "名称", "区划名称", "行政区划名称"]));
    let (code_at, name_at) = columns.ok_or_else(|| unreadable("表头须有“代码”（code）和“名称”（name）两列".to_owned()))?;
    let mut areas: BTreeMap<AreaCode, String> = BTreeMap::new();
    let mut row = xinzhi_collect::Row::default();
    while table.next(&mut row).map_err(|e| unreadable(e.to_string()))? {
        let cell = |at: usize| row.cells.get(at).map(|cell| cell.trim()).unwrap_or_default();
        let code = AreaCode::parse(cell(code_at));
        let code = code.ok_or_else(|| unreadable(format!("第 {} 行：行政区划代码 `{}` 有误", row.number, cell(code_at))))?;
        let mut faults = Vec::new();
        let name = name(cell(name_at), &mut faults);
        if let Some(fault) = faults.into_iter().next() {
            return Err(unreadable(format!("第 {} 行：{}", row.number, fault.detail.unwrap_or_default())));
        }
        if areas.insert(code.clone(), name.clone()).is_some_and(|other| other != name) {
            return Err(unreadable(format!("第 {} 行：代码 {code} 在文件中有两个名称", row.number)));
        }
        if areas.len() > AREAS_MAX {
            return Err(unreadable(format!("区划超过 {AREAS_MAX} 个，请只导入本单位辖区内的")));
        }
    }
    Ok(areas.into_iter().collect())
}

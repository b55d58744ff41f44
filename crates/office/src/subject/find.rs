//! Finding a subject by code, and organisations by name, initials or code.

use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::identifier::{Identified, identify};
use xinzhi_core::subject::SubjectCode;
use xinzhi_core::{Code, Refusal, mask};
use xinzhi_rules::Pack;
use xinzhi_store::Connection;
use xinzhi_store::subject::{Sought, SubjectRow};

use crate::area::AreaNames;
use crate::check::run::shorten;
use crate::import::subjects::stored_code;
use crate::keys::Keys;
use crate::permission::{Action, Scope};
use crate::{Error, Office, search as tokens};

/// Longest query, in characters.
const QUERY_CHARS_MAX: usize = 60;
/// More candidates than are shown, since pairs of characters also find names that have them scattered.
const CANDIDATES: i64 = 200;

/// A subject found by its code.
#[derive(Clone, Debug)]
pub struct ByCode {
    /// The subject.
    pub row: SubjectRow,
    /// The code it was found by.
    code: String,
    /// Whether a check digit guards that code (D6).
    pub exact: bool,
}

impl ByCode {
    /// The code; masked for persons.
    pub fn shown(&self) -> String {
        if self.row.person { mask::number(&self.code) } else { self.code.clone() }
    }
}

/// A subject in a list of results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Code by which its file opens.
    pub code: String,
    /// Name.
    pub name: String,
    /// Title of its kind.
    pub kind: String,
    /// Its area.
    pub area: Option<String>,
    /// What that area is called, where somebody named it.
    pub area_name: Option<String>,
}

/// The subject with a code. Its check digit is examined before the database is asked.
///
/// # Errors
/// [`Code::FieldInvalid`] naming what is wrong with the code, [`Code::SubjectUnknown`] where nobody has it.
pub fn by_code(connection: &mut Connection, (keys, pack): (&Keys, &Pack), code: &str) -> Result<ByCode, Error> {
    let typed = xinzhi_core::text::half_width(code.trim()).to_ascii_uppercase();
    let national = match identify(&typed) {
        Ok(Identified::Uscc(code)) => Ok(SubjectCode::Uscc(code)),
        Ok(Identified::ResidentId(id)) => Ok(SubjectCode::ResidentId(id)),
        Ok(Identified::OrgCode(code)) => Ok(SubjectCode::OrgCode(code)),
        Err((kind, fault)) => {
            let words = format!("`{}` 不是有效的{kind}：{fault}", shorten(&mask_if_person(&typed)));
            Err(Error::from(Refusal::field(Code::FieldInvalid, "subject", words)))
        }
    };
    if let Ok(code) = &national {
        let (scheme, stored) = stored_code(keys, code);
        if let Some(row) = xinzhi_store::subject::by_code(connection, &scheme, &stored)? {
            return Ok(ByCode { row, code: typed, exact: true });
        }
    }
    if let Some(found) = by_local_code(connection, pack, &typed)? {
        return Ok(found);
    }
    national?;
    Err(Refusal::field(Code::SubjectUnknown, "subject", format!("没有代码为 `{}` 的主体", mask_if_person(&typed))).into())
}

/// A subject by a pack's own numbering. No check digit guards such a code: what it finds is shown, and never restricted (D6).
fn by_local_code(connection: &mut Connection, pack: &Pack, typed: &str) -> Result<Option<ByCode>, Error> {
    let mut asked: Vec<&str> = Vec::new();
    for scheme in pack.subject_kinds.iter().filter_map(|kind| kind.scheme.as_ref()) {
        let Some(code) = scheme.parse(typed).filter(|_| !asked.contains(&scheme.id.as_str())) else { continue };
        asked.push(&scheme.id);
        if let Some(row) = xinzhi_store::subject::by_code(connection, &scheme.id, &code)? {
            return Ok(Some(ByCode { row, code, exact: false }));
        }
    }
    Ok(None)
}

/// An eighteen-digit number may be a person's: it is not repeated in full.
fn mask_if_person(code: &str) -> String {
    let digits = code.chars().take(17).filter(char::is_ascii_digit).count();
    if digits == 17 { mask::number(code) } else { code.to_owned() }
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct Search {
    /// Organisations: who is called exactly so, then who is called so to begin with, shorter names first; who has no name of its own comes last.
    pub found: Vec<Found>,
    /// Whether the query may match others: it should be more exact.
    pub more: bool,
}

/// Organisations by two characters of the name, by initials of its pinyin, or by code, inside the actor's scope.
///
/// # Errors
/// [`Code::NotPermitted`], or [`Code::FieldInvalid`] for a query that is empty or too long.
pub async fn search(office: &Arc<Office>, actor: &Actor, query: &str, limit: usize) -> Result<Search, Error> {
    let scope = Scope::of(Action::SearchSubjects, actor)?;
    let invalid = |words: String| Error::from(Refusal::field(Code::FieldInvalid, "q", words));
    let query = xinzhi_core::text::clean(query).map_err(|fault| invalid(format!("查询内容{fault}")))?.into_owned();
    if query.chars().count() > QUERY_CHARS_MAX {
        return Err(invalid(format!("查询内容不能超过 {QUERY_CHARS_MAX} 字")));
    }
    let wanted = tokens::tokens_of_query(&query);
    let pack = office.pack();
    let typed = xinzhi_core::text::half_width(&query).to_ascii_uppercase();
    let numbered = pack.subject_kinds.iter().filter_map(|kind| kind.scheme.as_ref()).any(|scheme| scheme.parse(&typed).is_some());
    if wanted.is_empty() && !numbered {
        return Err(invalid("请输入名称中的两个字、拼音首字母或完整代码".to_owned()));
    }
    let by_code = wanted.len() == 1 && wanted.first().is_some_and(|token| token.starts_with('c'));
    office
        .read(move |connection| {
            let head = xinzhi_store::journal::head(connection)?;
            let areas = AreaNames::read(connection)?;
            let kind = |row: &SubjectRow| {
                pack.subject_kinds.iter().find(|kind| kind.id == row.kind).map_or("", |kind| kind.title.as_str()).to_owned()
            };
            let mut found = Vec::new();
            let local = by_local_code(connection, &pack, &typed)?
                .filter(|local| scope.covers_subject(local.row.subject, local.row.area.as_deref()));
            if let Some(ByCode { row, code, .. }) = local
                && !xinzhi_store::record::of_subject(connection, row.subject, head)?.is_empty()
            {
                found.push(Found { code, kind: kind(&row), name: row.name, area_name: areas.name(row.area.as_deref()), area: row.area });
            }
            let no_names: Vec<&str> = pack.subject_kinds.iter().map(|kind| kind.title.as_str()).collect();
            let sought = Sought { tokens: &wanted, area: scope.area(), query: &query, no_names: &no_names, limit: CANDIDATES };
            let rows = if wanted.is_empty() { Vec::new() } else { xinzhi_store::subject::search(connection, sought)? };
            for row in rows {
                if !by_code && !tokens::matches(&row.name, &query) && !alias_matches(connection, &row, &query)? {
                    continue;
                }
                // A subject that only a staged or recalled batch speaks of is as if it had never been.
                if xinzhi_store::record::of_subject(connection, row.subject, head)?.is_empty() {
                    continue;
                }
                let codes = xinzhi_store::subject::codes(connection, row.subject)?;
                let code = codes.into_iter().next().map(|(_, code)| code).unwrap_or_default();
                found.push(Found { code, kind: kind(&row), name: row.name, area_name: areas.name(row.area.as_deref()), area: row.area });
                if found.len() >= limit {
                    break;
                }
            }
            let more = found.len() >= limit || (!wanted.is_empty() && xinzhi_store::subject::matches_too_many(connection, &wanted)?);
            Ok(Search { found, more })
        })
        .await
}

fn alias_matches(connection: &mut Connection, row: &SubjectRow, query: &str) -> Result<bool, Error> {
    Ok(xinzhi_store::subject::aliases(connection, row.subject)?.iter().any(|alias| tokens::matches(alias, query)))
}

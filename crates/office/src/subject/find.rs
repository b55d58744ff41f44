//! Finding a subject by code, and organisations by name, initials or code.

use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::identifier::{Identified, identify};
use xinzhi_core::subject::SubjectCode;
use xinzhi_core::{Code, Refusal, mask};
use xinzhi_store::Connection;
use xinzhi_store::subject::SubjectRow;

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
}

/// The subject with a code. Its check digit is examined before the database is asked.
///
/// # Errors
/// [`Code::FieldInvalid`] naming what is wrong with the code, [`Code::SubjectUnknown`] where nobody has it.
pub fn by_code(connection: &mut Connection, keys: &Keys, code: &str) -> Result<ByCode, Error> {
    let typed = xinzhi_core::text::half_width(code.trim()).to_ascii_uppercase();
    let (code, exact) = match identify(&typed) {
        Ok(Identified::Uscc(code)) => (SubjectCode::Uscc(code), true),
        Ok(Identified::ResidentId(id)) => (SubjectCode::ResidentId(id), true),
        Ok(Identified::OrgCode(code)) => (SubjectCode::OrgCode(code), true),
        Err((kind, fault)) => {
            let words = format!("`{}` 不是有效的{kind}：{fault}", shorten(&mask_if_person(&typed)));
            return Err(Refusal::field(Code::FieldInvalid, "subject", words).into());
        }
    };
    let (scheme, stored) = stored_code(keys, &code);
    let row = xinzhi_store::subject::by_code(connection, &scheme, &stored)?;
    let row =
        row.ok_or_else(|| Refusal::field(Code::SubjectUnknown, "subject", format!("没有代码为 `{}` 的主体", mask_if_person(&typed))))?;
    Ok(ByCode { row, code: typed, exact })
}

/// An eighteen-digit number may be a person's: it is not repeated in full.
fn mask_if_person(code: &str) -> String {
    let digits = code.chars().take(17).filter(char::is_ascii_digit).count();
    if digits == 17 { mask::number(code) } else { code.to_owned() }
}

/// Organisations by two characters of the name, by initials of its pinyin, or by code, inside the actor's scope.
///
/// # Errors
/// [`Code::NotPermitted`], or [`Code::FieldInvalid`] for a query that is empty or too long.
pub async fn search(office: &Arc<Office>, actor: &Actor, query: &str, limit: usize) -> Result<Vec<Found>, Error> {
    let scope = Scope::of(Action::SearchSubjects, actor)?;
    let invalid = |words: String| Error::from(Refusal::field(Code::FieldInvalid, "q", words));
    let query = xinzhi_core::text::clean(query).map_err(|fault| invalid(format!("查询内容{fault}")))?.into_owned();
    if query.chars().count() > QUERY_CHARS_MAX {
        return Err(invalid(format!("查询内容不能超过 {QUERY_CHARS_MAX} 字")));
    }
    let wanted = tokens::tokens_of_query(&query);
    if wanted.is_empty() {
        return Err(invalid("请输入名称中的两个字、拼音首字母或完整代码".to_owned()));
    }
    let by_code = wanted.len() == 1 && wanted.first().is_some_and(|token| token.starts_with('c'));
    let pack = office.pack();
    office
        .read(move |connection| {
            let head = xinzhi_store::journal::head(connection)?;
            let mut found = Vec::new();
            for row in xinzhi_store::subject::search(connection, &wanted, scope.area(), CANDIDATES)? {
                if !by_code && !tokens::matches(&row.name, &query) && !alias_matches(connection, &row, &query)? {
                    continue;
                }
                // A subject that only a staged or recalled batch speaks of is as if it had never been.
                if xinzhi_store::record::of_subject(connection, row.subject, head)?.is_empty() {
                    continue;
                }
                let codes = xinzhi_store::subject::codes(connection, row.subject)?;
                let code = codes.into_iter().next().map(|(_, code)| code).unwrap_or_default();
                let kind = pack.subject_kinds.iter().find(|kind| kind.id == row.kind).map_or_else(String::new, |kind| kind.title.clone());
                found.push(Found { code, name: row.name, kind, area: row.area });
                if found.len() == limit {
                    break;
                }
            }
            Ok(found)
        })
        .await
}

fn alias_matches(connection: &mut Connection, row: &SubjectRow, query: &str) -> Result<bool, Error> {
    Ok(xinzhi_store::subject::aliases(connection, row.subject)?.iter().any(|alias| tokens::matches(alias, query)))
}

//! 数据归集: a file's way into the office. Staged in small chunks between which others work, previewed, committed as one entry,
//! recallable as one entry (X6).

pub mod by_hand;
pub mod commit;
pub mod preview;
pub mod recall;
pub(crate) mod relation;
pub mod rule;
pub mod stage;
pub(crate) mod subjects;

pub use commit::commit;
pub use preview::{BatchView, batch, batch_as_staged, batches, verdicts, verdicts_xlsx};
pub use recall::recall;
pub use rule::{Ruling, WaitingView, rule, waiting};
pub use stage::{Delivery, stage, stage_aside};
pub use xinzhi_collect::{Encoding, Format, Options};

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xinzhi_collect::{Candidate, Party, Stated};
use xinzhi_core::identifier::{OrgCode, ResidentId, Uscc};
use xinzhi_core::record::{Class, Document, RecordId};
use xinzhi_core::subject::SubjectCode;
use xinzhi_core::{Code, Refusal, Span};
use xinzhi_rules::Pack;
use xinzhi_rules::model::SubjectKindIx;

use crate::Error;

/// What a waiting row keeps, sealed: the candidate as judged, or the record that a later commit overtook.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Waiting {
    Candidate(Box<Stored>),
    Record(RecordId),
}

/// A candidate in a form that can be stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored {
    code: Option<(String, String)>,
    name: String,
    kind: StoredKind,
    is_person: bool,
    area: Option<String>,
    industry: Option<String>,
    document: Document,
    class: Option<Class>,
    open: String,
    sealed: Option<String>,
    key: String,
    /// Rows that waited before there were relations state none.
    #[serde(default)]
    relations: Vec<StoredRelation>,
}

/// A stated relation in a form that can be stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredRelation {
    relation: String,
    code: (String, String),
    kind: StoredKind,
    span: Span,
}

impl StoredRelation {
    fn of(stated: &Stated, pack: &Pack) -> Result<StoredRelation, Error> {
        let code = stated.other.code.as_ref().ok_or_else(|| Error::inconsistent("a relation to nobody"))?;
        let code = (code.scheme().to_owned(), plain(code).to_owned());
        Ok(StoredRelation { relation: stated.relation.clone(), code, kind: stored_kind(stated.other.kind, pack)?, span: stated.span })
    }

    fn stated(self, packs: &mut Packs<'_>) -> Result<Stated, Error> {
        let (scheme, code) = &self.code;
        let (code, kind) = (Some(subject_code(scheme, code)?), packs.kind(self.kind)?);
        let other = Party { code, name: String::new(), kind, is_person: false, area: None, industry: None };
        Ok(Stated { relation: self.relation, other, span: self.span })
    }
}

/// The kind of the party. An index means something in one pack only, the one by which the row was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum StoredKind {
    Id(String),
    /// As rows were kept at first; none is written any more.
    Index(usize),
}

/// The pack in force, and how the one is found by which a row was judged.
struct Packs<'a> {
    now: &'a Pack,
    judged: &'a mut dyn FnMut() -> Result<Arc<Pack>, Error>,
}

impl Packs<'_> {
    /// The kind in the pack in force, wherever it stands there now.
    fn kind(&mut self, kind: StoredKind) -> Result<SubjectKindIx, Error> {
        let id = match kind {
            StoredKind::Id(id) => id,
            StoredKind::Index(index) => {
                let judged = (self.judged)()?;
                let kind = judged.subject_kinds.get(index);
                kind.map(|kind| kind.id.clone()).ok_or_else(|| Error::inconsistent(format!("subject kind {index} of a waiting row")))?
            }
        };
        let gone = || {
            let words = format!("现行规则包没有主体类型 `{id}`，本行不能按它登记；请撤回该批次，按现行规则包重新报送");
            Refusal::detail(Code::RowState, words)
        };
        Ok(self.now.subject_kinds.iter().position(|kind| kind.id == id).map(SubjectKindIx).ok_or_else(gone)?)
    }
}

impl Stored {
    fn of(candidate: &Candidate, pack: &Pack) -> Result<Stored, Error> {
        let relations = candidate.relations.iter().map(|stated| StoredRelation::of(stated, pack)).collect::<Result<_, Error>>()?;
        let Candidate { party, document, class, open, sealed, key, .. } = candidate.clone();
        let Party { code, name, kind, is_person, area, industry } = party;
        let code = code.map(|code| (code.scheme().to_owned(), plain(&code).to_owned()));
        let kind = stored_kind(kind, pack)?;
        Ok(Stored { code, name, kind, is_person, area, industry, document, class, open, sealed, key, relations })
    }

    fn candidate(self, packs: &mut Packs<'_>) -> Result<Candidate, Error> {
        let Stored { code, name, kind, is_person, area, industry, document, class, open, sealed, key, relations } = self;
        let code = code.map(|(scheme, code)| subject_code(&scheme, &code)).transpose()?;
        let party = Party { code, name, kind: packs.kind(kind)?, is_person, area, industry };
        // What the rules in force no longer know as a relation is none.
        let known = |one: &StoredRelation| packs.now.relations.iter().any(|relation| relation.id == one.relation);
        let relations: Vec<StoredRelation> = relations.into_iter().filter(known).collect();
        let relations = relations.into_iter().map(|one| one.stated(packs)).collect::<Result<_, Error>>()?;
        Ok(Candidate { party, document, class, open, sealed, key, relations })
    }
}

fn stored_kind(kind: SubjectKindIx, pack: &Pack) -> Result<StoredKind, Error> {
    let kind = pack.subject_kinds.get(kind.0).ok_or_else(|| Error::inconsistent("a row of an unknown subject kind"))?;
    Ok(StoredKind::Id(kind.id.clone()))
}

/// The text of a code, unmasked: for keyed digests and sealed values only.
fn plain(code: &SubjectCode) -> &str {
    match code {
        SubjectCode::Uscc(code) => code.as_str(),
        SubjectCode::OrgCode(code) => code.as_str(),
        SubjectCode::ResidentId(id) => id.expose(),
        SubjectCode::Local { code, .. } => code,
    }
}

fn subject_code(scheme: &str, code: &str) -> Result<SubjectCode, Error> {
    let damaged = |fault| Error::inconsistent(format!("stored {scheme}: {fault}"));
    Ok(match scheme {
        "uscc" => SubjectCode::Uscc(Uscc::parse(code).map_err(damaged)?),
        "org_code" => SubjectCode::OrgCode(OrgCode::parse(code).map_err(damaged)?),
        "resident_id" => SubjectCode::ResidentId(ResidentId::parse(code).map_err(damaged)?),
        scheme => SubjectCode::Local { scheme: scheme.to_owned(), code: code.to_owned() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(order: impl Fn(&str) -> String) -> Arc<Pack> {
        let own = crate::pack::own_files();
        let files = own.iter().map(|(path, text)| {
            let text = if path == "subjects/organisations.yaml" { order(text) } else { text.to_owned() };
            (path.to_owned(), text)
        });
        Arc::new(crate::pack::load("national", &files.collect()).unwrap())
    }

    #[test]
    fn a_row_kept_with_an_index_is_read_by_the_pack_that_judged_it() {
        let kept: StoredKind = serde_json::from_str("1").unwrap();
        assert_eq!(kept, StoredKind::Index(1));
        let judged = pack(str::to_owned);
        let id = judged.subject_kinds[1].id.clone();
        let now = pack(|text| {
            let mut lines: Vec<&str> = text.lines().collect();
            lines.rotate_right(3);
            lines.join("\n")
        });
        let mut packs = Packs { now: &now, judged: &mut || Ok(Arc::clone(&judged)) };
        let found = packs.kind(kept).unwrap();
        assert_ne!(found, SubjectKindIx(1), "the kinds have moved");
        assert_eq!(now.subject_kinds[found.0].id, id);
        assert_eq!(packs.kind(serde_json::from_value(serde_json::json!(id)).unwrap()).unwrap(), found);
    }

    #[test]
    fn a_kind_that_is_gone_refuses_the_row_and_says_what_to_do() {
        let now = pack(str::to_owned);
        let mut packs = Packs { now: &now, judged: &mut || Err(Error::inconsistent("no pack is asked for")) };
        let said = packs.kind(StoredKind::Id("stall".to_owned())).unwrap_err().to_string();
        assert!(said.contains("`stall`") && said.contains("重新报送"), "{said}");
    }
}

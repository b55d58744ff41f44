//! 数据归集: a file's way into the office. Staged in small chunks between which others work, previewed, committed as one entry,
//! recallable as one entry (X6).

pub mod by_hand;
pub mod commit;
pub mod preview;
pub mod recall;
pub mod rule;
pub mod stage;
pub(crate) mod subjects;

pub use commit::commit;
pub use preview::{BatchView, batch, batches, verdicts, verdicts_xlsx};
pub use recall::recall;
pub use rule::{Ruling, WaitingView, rule, waiting};
pub use stage::{Delivery, stage, stage_aside};
pub use xinzhi_collect::{Encoding, Format, Options};

use serde::{Deserialize, Serialize};
use xinzhi_collect::{Candidate, Party};
use xinzhi_core::identifier::{OrgCode, ResidentId, Uscc};
use xinzhi_core::record::{Class, Document, RecordId};
use xinzhi_core::subject::SubjectCode;
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
    kind: usize,
    is_person: bool,
    area: Option<String>,
    industry: Option<String>,
    document: Document,
    class: Option<Class>,
    open: String,
    sealed: Option<String>,
    key: String,
}

impl Stored {
    fn of(candidate: &Candidate) -> Stored {
        let Candidate { party, document, class, open, sealed, key } = candidate.clone();
        let Party { code, name, kind, is_person, area, industry } = party;
        let code = code.map(|code| (code.scheme().to_owned(), plain(&code).to_owned()));
        Stored { code, name, kind: kind.0, is_person, area, industry, document, class, open, sealed, key }
    }

    fn candidate(self) -> Result<Candidate, Error> {
        let Stored { code, name, kind, is_person, area, industry, document, class, open, sealed, key } = self;
        let code = code.map(|(scheme, code)| subject_code(&scheme, &code)).transpose()?;
        let party = Party { code, name, kind: SubjectKindIx(kind), is_person, area, industry };
        Ok(Candidate { party, document, class, open, sealed, key })
    }
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

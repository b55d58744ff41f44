//! Relations on their way from a row to their record: the other sides are met as the party is.

use xinzhi_collect::{Candidate, Stated};
use xinzhi_core::SubjectId;
use xinzhi_core::record::RecordId;
use xinzhi_core::{Code, Refusal};
use xinzhi_store::relation::NewRelation;

use crate::Error;
use crate::import::subjects::{Meant, Meeting, StoredCode, stored_code};
use crate::keys::Keys;

/// The codes of the other sides of a candidate's relations, in their order.
pub(crate) fn codes(keys: &Keys, candidate: &Candidate) -> Vec<StoredCode> {
    candidate.relations.iter().filter_map(|stated| stated.other.code.as_ref()).map(|code| stored_code(keys, code)).collect()
}

/// Who the other sides are, for a meeting.
pub(crate) fn meant<'a>(candidate: &'a Candidate, codes: &'a [StoredCode]) -> impl Iterator<Item = Meant<'a>> {
    candidate.relations.iter().zip(codes).map(|(stated, code)| Meant { code, party: &stated.other, seals: false })
}

/// The relations that a record states; call [`Meeting::meet`] first.
///
/// # Errors
/// [`Code::FieldInvalid`] where the record's subject turned out to be the other side itself.
pub(crate) fn of_record(
    meeting: &Meeting,
    (candidate, codes): (&Candidate, &[StoredCode]),
    (record, subject): (RecordId, SubjectId),
) -> Result<Vec<NewRelation>, Error> {
    let new = |(stated, code): (&Stated, &StoredCode)| {
        let met = meeting.find(code).ok_or_else(|| Error::inconsistent("a relation to nobody"))?;
        if met.subject == subject {
            let words = format!("主体代码与本行所填对方的代码 `{}` 相同，自己不能是自己的对方；请核对文书", code.1);
            return Err(Refusal::field(Code::FieldInvalid, "code", words).into());
        }
        Ok(NewRelation { record, relation: stated.relation.clone(), other: met.subject, span: stated.span })
    };
    candidate.relations.iter().zip(codes).map(new).collect()
}

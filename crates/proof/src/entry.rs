//! What the journal keeps under `payload`: the digest of what happened, bound to place, moment, actor and act (E12).

use xinzhi_core::Digest;
use xinzhi_core::journal::Entry;

use crate::salted;

/// The digest as stored, of an entry that still carries the digest of its facts. Whoever edits any column of a stored entry must know the
/// salt of its facts to make this fit again.
pub fn sealed_entry(entry: &Entry) -> Digest {
    let Entry { position, at, actor, draft } = entry;
    salted(
        draft.payload.as_bytes(),
        &[
            &position.0.to_be_bytes(),
            &at.0.to_be_bytes(),
            actor.as_bytes(),
            draft.act.word().as_bytes(),
            &draft.subject.map_or(-1, |subject| subject.0).to_be_bytes(),
            draft.refs.as_bytes(),
        ],
    )
}

#[cfg(test)]
mod tests {
    use xinzhi_core::journal::{Act, Draft, Position};
    use xinzhi_core::{Moment, SubjectId};

    use super::*;

    #[test]
    fn every_column_of_an_entry_is_under_its_seal() {
        let draft = Draft { act: Act::CheckMade, subject: Some(SubjectId(3)), refs: "{}".to_owned(), payload: Digest([7; 32]) };
        let entry = Entry { position: Position(9), at: Moment(1), actor: "a".to_owned(), draft };
        let changed = |change: &dyn Fn(&mut Entry)| {
            let mut other = entry.clone();
            change(&mut other);
            sealed_entry(&other)
        };
        let all = [
            changed(&|_| ()),
            changed(&|e| e.position = Position(8)),
            changed(&|e| e.at = Moment(2)),
            changed(&|e| e.actor = "b".to_owned()),
            changed(&|e| e.draft.act = Act::SubjectRead),
            changed(&|e| e.draft.subject = None),
            changed(&|e| e.draft.refs = "[]".to_owned()),
            changed(&|e| e.draft.payload = Digest([8; 32])),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().map(|digest| digest.to_string()).collect();
        assert_eq!(different.len(), all.len());
    }
}

//! Whom candidates are about: found by code, or created provisionally with a key where they have something to seal.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use xinzhi_collect::Candidate;
use xinzhi_core::SubjectId;
use xinzhi_core::mask;
use xinzhi_core::record::BatchId;
use xinzhi_core::subject::SubjectCode;
use xinzhi_rules::Pack;
use xinzhi_store::subject::{NewSubject, SubjectRow};
use xinzhi_store::{Entropy, Tx};

use crate::Error;
use crate::import::plain;
use crate::keys::{Key, Keys};
use crate::search;

/// Subjects remembered while a batch is staged; beyond it the memory starts anew.
const REMEMBERED_MAX: usize = 200_000;

/// Scheme and code as the database keeps them.
pub(crate) type StoredCode = (String, String);

/// A subject as staging needs it.
#[derive(Clone, Debug)]
pub(crate) struct Met {
    pub(crate) subject: SubjectId,
    pub(crate) name: String,
    pub(crate) person: bool,
    pub(crate) key: Option<Key>,
}

/// The subjects met so far in a batch, by scheme and stored code.
#[derive(Debug, Default)]
pub(crate) struct Meeting(HashMap<StoredCode, Arc<Met>>);

/// The code as it is stored: a person's number only as a keyed digest.
pub(crate) fn stored_code(keys: &Keys, code: &SubjectCode) -> StoredCode {
    let text = match code {
        SubjectCode::ResidentId(id) => {
            let digest = keys.keyed(&[b"resident_id", id.expose().as_bytes()]);
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        }
        code => plain(code).to_owned(),
    };
    (code.scheme().to_owned(), text)
}

impl Meeting {
    /// Makes room for `count` more; beyond [`REMEMBERED_MAX`] the memory starts anew. Called off the writer's thread.
    pub(crate) fn make_room(&mut self, count: usize) {
        if self.0.len() > REMEMBERED_MAX {
            self.0 = HashMap::with_capacity(REMEMBERED_MAX);
        }
        self.0.reserve(count);
    }

    /// Makes sure that every candidate's subject is met; creates those that nobody knew.
    pub(crate) fn meet(&mut self, tx: &mut Tx, house: &House<'_>, candidates: &[(&StoredCode, &Candidate)]) -> Result<(), Error> {
        let mut unknown: BTreeMap<&StoredCode, &Candidate> = BTreeMap::new();
        for (code, candidate) in candidates {
            if self.0.contains_key(*code) || unknown.contains_key(code) {
                continue;
            }
            match xinzhi_store::subject::by_code(tx.connection(), &code.0, &code.1)? {
                Some(row) => {
                    let key = xinzhi_store::subject::wrapped_key(tx.connection(), row.subject)?;
                    let key = key.map(|wrapped| house.keys.unwrap(&wrapped)).transpose()?;
                    let met = Met { subject: row.subject, name: row.name, person: row.person, key };
                    self.0.insert((*code).clone(), Arc::new(met));
                }
                None => drop(unknown.insert(code, candidate)),
            }
        }
        self.create(tx, house, &unknown)
    }

    fn create(&mut self, tx: &mut Tx, house: &House<'_>, unknown: &BTreeMap<&StoredCode, &Candidate>) -> Result<(), Error> {
        if unknown.is_empty() {
            return Ok(());
        }
        let first = tx.take_numbers("subject", i64::try_from(unknown.len()).unwrap_or(i64::MAX))?;
        let mut rows = Vec::with_capacity(unknown.len());
        for (number, (code, candidate)) in (first..).zip(unknown) {
            let key = candidate.sealed.as_ref().map(|_| Key::generate(house.entropy));
            let new = new_subject(tx, house, SubjectId(number), (code, candidate, key.as_ref()))?;
            let met = Met { subject: SubjectId(number), name: new.row.name.clone(), person: new.row.person, key };
            self.0.insert((*code).clone(), Arc::new(met));
            rows.push(new);
        }
        Ok(xinzhi_store::subject::create(tx, &rows)?)
    }

    /// The subject of a candidate; none where the party has no code. Call [`Meeting::meet`] first.
    pub(crate) fn find(&self, code: &StoredCode) -> Option<Arc<Met>> {
        self.0.get(code).map(Arc::clone)
    }

    /// The subject's key, made now if this is its first sealed field.
    pub(crate) fn key(&mut self, tx: &mut Tx, house: &House<'_>, code: &StoredCode) -> Result<Option<Key>, Error> {
        let Some(met) = self.0.get_mut(code).map(Arc::make_mut) else { return Ok(None) };
        if met.key.is_none() {
            let key = Key::generate(house.entropy);
            xinzhi_store::subject::add_key(tx, met.subject, &house.keys.wrap(house.entropy, &key)?)?;
            met.key = Some(key);
        }
        Ok(met.key.clone())
    }
}

/// What staging needs of the office.
#[derive(Clone, Copy, Debug)]
pub(crate) struct House<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) entropy: &'a dyn Entropy,
    pub(crate) pack: &'a Pack,
}

fn new_subject(
    tx: &Tx,
    house: &House<'_>,
    subject: SubjectId,
    (stored, candidate, key): (&StoredCode, &Candidate, Option<&Key>),
) -> Result<NewSubject, Error> {
    let party = &candidate.party;
    let kind = house.pack.subject_kinds.get(party.kind.0).map_or_else(String::new, |kind| kind.id.clone());
    let name = match (party.is_person, party.name.is_empty()) {
        (true, _) => mask::name(&party.name),
        (false, false) => party.name.clone(),
        // A sole trader without a name of its own is called by its kind.
        (false, true) => house.pack.subject_kinds.get(party.kind.0).map_or_else(String::new, |kind| kind.title.clone()),
    };
    let tokens = if party.is_person { Vec::new() } else { tokens(&party.name, &stored.1) };
    let row = SubjectRow {
        subject,
        kind,
        person: party.is_person,
        name,
        area: party.area.clone(),
        industry: party.industry.clone(),
        entry: tx.head().0,
    };
    let wrapped_key = key.map(|key| house.keys.wrap(house.entropy, key)).transpose()?;
    Ok(NewSubject { row, codes: vec![stored.clone()], tokens, wrapped_key })
}

/// What an organisation is found by.
pub(crate) fn tokens(name: &str, code: &str) -> Vec<String> {
    let mut tokens = search::tokens_of_name(name);
    tokens.push(search::token_of_code(code));
    tokens
}

/// Remembers that a subject was reported under another name than its own; tells the other name.
pub(crate) fn note_name(tx: &mut Tx, met: &Met, candidate: &Candidate, batch: BatchId) -> Result<Option<String>, Error> {
    let reported = &candidate.party.name;
    if met.person || reported.is_empty() || *reported == met.name {
        return Ok(None);
    }
    if xinzhi_store::subject::add_alias(tx, met.subject, reported, batch.0)? {
        let found_by = search::tokens_of_name(reported);
        xinzhi_store::subject::find_by(tx, &[(met.subject, found_by.join(" "))])?;
    }
    Ok(Some(met.name.clone()))
}

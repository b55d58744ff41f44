//! Whom candidates are about: found by code, or created provisionally with a key where they have something to seal.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use xinzhi_collect::{Candidate, Party};
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

/// Somebody whom a row means: its party, or the other side of a relation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meant<'a> {
    pub(crate) code: &'a StoredCode,
    pub(crate) party: &'a Party,
    /// Whether something is to be sealed under its key.
    pub(crate) seals: bool,
}

impl<'a> Meant<'a> {
    /// Whom a row is about.
    pub(crate) fn party(code: &'a StoredCode, candidate: &'a Candidate) -> Meant<'a> {
        Meant { code, party: &candidate.party, seals: candidate.sealed.is_some() }
    }
}

/// The subjects met so far in a batch, by scheme and stored code.
#[derive(Debug, Default)]
pub(crate) struct Meeting(HashMap<StoredCode, Arc<Met>>);

/// The code as it is stored: a person's number only as a keyed digest.
pub(crate) fn stored_code(keys: &Keys, code: &SubjectCode) -> StoredCode {
    let text = match code {
        SubjectCode::ResidentId(id) => {
            let digest = keys.keyed(&[b"resident_id", id.expose().as_bytes()]);
            xinzhi_core::text::hex(&digest)
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

    /// Makes sure that everybody who is meant is met; creates those that nobody knew.
    pub(crate) fn meet<'m>(&mut self, tx: &mut Tx, house: &House<'_>, meant: impl Iterator<Item = Meant<'m>>) -> Result<(), Error> {
        let mut unknown: BTreeMap<&StoredCode, Meant<'_>> = BTreeMap::new();
        for one in meant {
            let code = one.code;
            if self.0.contains_key(code) || unknown.contains_key(code) {
                continue;
            }
            match xinzhi_store::subject::by_code(tx.connection(), &code.0, &code.1)? {
                Some(row) => {
                    let key = xinzhi_store::subject::wrapped_key(tx.connection(), row.subject)?;
                    let key = key.map(|wrapped| house.keys.unwrap(&wrapped)).transpose()?;
                    let met = Met { subject: row.subject, name: row.name, person: row.person, key };
                    self.0.insert(code.clone(), Arc::new(met));
                }
                None => drop(unknown.insert(code, one)),
            }
        }
        self.create(tx, house, &unknown)
    }

    fn create(&mut self, tx: &mut Tx, house: &House<'_>, unknown: &BTreeMap<&StoredCode, Meant<'_>>) -> Result<(), Error> {
        if unknown.is_empty() {
            return Ok(());
        }
        let first = tx.take_numbers("subject", i64::try_from(unknown.len()).unwrap_or(i64::MAX))?;
        let mut rows = Vec::with_capacity(unknown.len());
        for (number, (code, meant)) in (first..).zip(unknown) {
            let key = meant.seals.then(|| Key::generate(house.entropy));
            let new = new_subject(tx, house, SubjectId(number), (code, meant.party, key.as_ref()))?;
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

    /// Remembers that a subject was reported under another name than its own; tells its own. Whoever names it first gives it its name.
    pub(crate) fn note_name(
        &mut self,
        tx: &mut Tx,
        house: &House<'_>,
        code: &StoredCode,
        (reported, batch): (&str, BatchId),
    ) -> Result<Option<String>, Error> {
        let Some(met) = self.0.get_mut(code).filter(|met| !met.person && !reported.is_empty() && reported != met.name) else {
            return Ok(None);
        };
        if is_unnamed(house.pack, &met.name)
            && let Some(row) = xinzhi_store::subject::by_id(tx.connection(), met.subject)?
        {
            xinzhi_store::subject::describe(tx, &SubjectRow { name: reported.to_owned(), ..row })?;
            xinzhi_store::subject::find_by(tx, &[(met.subject, tokens(reported, &code.1).join(" "))])?;
            reported.clone_into(&mut Arc::make_mut(met).name);
            return Ok(None);
        }
        if xinzhi_store::subject::add_alias(tx, met.subject, reported, batch.0)? {
            let found_by = search::tokens_of_name(reported);
            xinzhi_store::subject::find_by(tx, &[(met.subject, found_by.join(" "))])?;
        }
        Ok(Some(met.name.clone()))
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
    (stored, party, key): (&StoredCode, &Party, Option<&Key>),
) -> Result<NewSubject, Error> {
    let kind = house.pack.subject_kinds.get(party.kind.0).map_or_else(String::new, |kind| kind.id.clone());
    let name = match (party.is_person, party.name.is_empty()) {
        (true, _) => mask::name(&party.name),
        (false, false) => party.name.clone(),
        // A sole trader without a name of its own, or whom only others named, is called by its kind.
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

/// Whether a subject is only called by its kind: nobody has named it so far.
fn is_unnamed(pack: &Pack, name: &str) -> bool {
    pack.subject_kinds.iter().any(|kind| kind.title == name)
}

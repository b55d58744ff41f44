//! A check made again: what was known at its position, read on its day by its packs, must give the same bytes (D1).

use xinzhi_core::identifier::identify;
use xinzhi_store::Connection;
use xinzhi_store::check::CheckRow;

use crate::check::CheckAnswer;
use crate::check::run::{Asked, ENGINE_EDITION, Facts, answer, decide, decisions, is_exact, matter_by_id};
use crate::evaluation::{Cache, know};
use crate::{Error, Office};

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// The same bytes.
    Same,
    /// Another answer.
    Other,
    /// Another edition of the engine answered; only that one replays it.
    OtherEdition,
}

/// Makes a stored check again. Nothing is written, and nobody's file is opened: the answer stays here.
pub(crate) fn replay(connection: &mut Connection, office: &Office, cache: &Cache, row: &CheckRow) -> Result<Replay, Error> {
    let given: CheckAnswer = serde_json::from_str(&row.answer).map_err(|e| Error::inconsistent(format!("a kept answer: {e}")))?;
    if given.pin.edition != ENGINE_EDITION {
        return Ok(Replay::OtherEdition);
    }
    let pack = office.pack_by_digest(connection, row.pack_digest)?;
    let matter = matter_by_id(&pack, &row.matter).ok_or_else(|| Error::inconsistent("a check whose pack has no such matter"))?;
    let mut subject =
        xinzhi_store::subject::by_id(connection, row.subject)?.ok_or_else(|| Error::inconsistent("a check without a subject"))?;
    // Before its first registration it went by the name of the row that brought it, which the answer alone remembers.
    subject.name.clone_from(&given.name);
    let exact = asked_exactly(connection, row, &given)?;
    let known = know(connection, &office.coverage, &pack, (subject, row.known))?;
    let decided = decisions(connection, &known, row.known)?;
    let answers = decide(&pack, cache, &Facts { matter, known: &known, decisions: &decided, exact, today: row.day })?;
    let asked = Asked { matter, head: row.known, today: row.day, name: &known.subject.name, code: given.subject };
    let again = xinzhi_proof::canonical::to_string(&answer(&pack, &asked, &answers)?).map_err(|e| Error::inconsistent(e.to_string()))?;
    Ok(if again == row.answer { Replay::Same } else { Replay::Other })
}

/// Whether the code asked with has a check digit (D6). That of a person always has; an answer shows it masked.
fn asked_exactly(connection: &mut Connection, row: &CheckRow, given: &CheckAnswer) -> Result<bool, Error> {
    let codes = xinzhi_store::subject::codes(connection, row.subject)?;
    Ok(match identify(&given.subject) {
        Ok(_) => codes.iter().any(|(scheme, code)| is_exact(scheme) && *code == given.subject),
        Err(_) => codes.iter().any(|(scheme, _)| scheme == "resident_id"),
    })
}

//! Keys of programs: made once and shown once, ended at once, their last use known by the day.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Act, Position};
use xinzhi_core::{AreaCode, Code, Day, Digest, Moment, Refusal};
use xinzhi_store::Tx;
use xinzhi_store::key::KeyRow;

use super::make::first_of;
use super::session::{token, token_digest};
use super::wanted::{Ground, Wanted, invalid, judge, lacking, name_shape, programs_may};
use super::{allow, is_operator, note};
use crate::organ::with_account;
use crate::permission::Action;
use crate::{Error, Office};

/// Keys remembered; beyond it the memory starts anew.
const PROGRAMS_MAX: usize = 1_000;
/// How long a key is remembered: another server on the same database may have ended it.
const REMEMBERED_MS: i64 = 1_000;

fn fresh(office: &Office) -> (String, Digest) {
    let (text, _) = token(office);
    let key = format!("xz_{text}");
    let digest = token_digest(&key);
    (key, digest)
}

/// Makes the key of a program and returns it; only its digest is kept.
///
/// # Errors
/// [`Code::NotPermitted`], or the first thing that is wrong with it; [`super::key_faults`] tells all.
pub async fn make_key(office: &Arc<Office>, by: &Actor, wanted: &Wanted) -> Result<String, Error> {
    let ground = Ground::for_key(office, by)?;
    let (key, digest) = fresh(office);
    let wanted = wanted.clone();
    office
        .write(by, move |tx| {
            let program = judge(tx.connection(), &ground, &wanted)?.map_err(first_of)?;
            write(tx, &digest, &program)
        })
        .await?;
    Ok(key)
}

/// Makes a key at the machine, for a program that is described already.
///
/// # Errors
/// [`Code::NotPermitted`] for anybody but the operator; [`Code::FieldInvalid`] for a name or role that programs may not have.
pub async fn create_key(office: &Arc<Office>, by: &Actor, program: Actor) -> Result<String, Error> {
    if !is_operator(by) {
        return Err(Code::NotPermitted.into());
    }
    let role = (!programs_may(program.role)).then(|| invalid("role", "接口密钥只能用于业务岗位"));
    let lacks = lacking(program.role, program.organ.as_deref(), program.area.as_ref());
    if let Some(fault) = name_shape(&program.name).or(role).or(lacks) {
        return Err(fault.into());
    }
    let (key, digest) = fresh(office);
    office
        .write(by, move |tx| {
            let taken = xinzhi_store::account::by_name(tx.connection(), &program.name)?.is_some()
                || !xinzhi_store::key::in_use(tx.connection(), &program.name)?.is_empty();
            if taken {
                return Err(invalid("name", format!("用户名 `{}` 已被使用", program.name)).into());
            }
            write(tx, &digest, &Actor { is_person: false, ..program })
        })
        .await?;
    Ok(key)
}

fn write(tx: &mut Tx, digest: &Digest, program: &Actor) -> Result<(), Error> {
    with_account(tx, program.role, program.organ.as_deref(), program.area.as_ref().map(AreaCode::as_str))?;
    let entry = note(tx, Act::KeyCreated, program, (None, "made"))?;
    Ok(xinzhi_store::key::add(tx, digest, program, entry)?)
}

/// Ends a key: the next request with it is refused. Ending it again changes nothing.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::NotFound`].
pub async fn end_key(office: &Arc<Office>, by: &Actor, number: Position) -> Result<(), Error> {
    allow(Action::GrantRights, by)?;
    let ended = office
        .write(by, move |tx| {
            let row = xinzhi_store::key::by_number(tx.connection(), number)?.ok_or(Code::NotFound)?;
            if row.ended_at.is_none() {
                note(tx, Act::KeyEnded, &row.actor, (Some(number), "ended"))?;
                xinzhi_store::key::end(tx, number)?;
            }
            Ok(())
        })
        .await;
    // Also where the outcome is not known: reading once more costs little.
    office.programs.forget();
    ended
}

/// The number of the key in use under a name.
///
/// # Errors
/// [`Code::NotPermitted`]; [`Code::NotFound`]; [`Code::FieldInvalid`] where several keys of an older office share the name.
pub async fn number_of_key(office: &Arc<Office>, by: &Actor, name: &str) -> Result<Position, Error> {
    allow(Action::GrantRights, by)?;
    let wanted = name.to_owned();
    let rows = office.read(move |connection| Ok(xinzhi_store::key::in_use(connection, &wanted)?)).await?;
    match rows.as_slice() {
        [] => Err(Refusal::detail(Code::NotFound, format!("没有名为 `{name}` 的接口密钥，或已作废")).into()),
        [row] => Ok(row.number),
        _ => Err(invalid("name", format!("有多个接口密钥名为 `{name}`，请在密钥页作废")).into()),
    }
}

/// The program behind a key. Programs ask thousands of times a second with the same key, so what is found is remembered for a second; the
/// first use on a day is written down.
///
/// # Errors
/// [`Code::SignInRequired`] for an unknown or ended key.
pub async fn by_key(office: &Arc<Office>, key: &str) -> Result<Actor, Error> {
    let (digest, now) = (token_digest(key), office.now());
    let memory = &office.programs;
    if let Some(known) = memory.find(&digest, now) {
        return Ok(known);
    }
    let state = memory.state();
    let row = office.read(move |connection| Ok(xinzhi_store::key::by_digest(connection, &digest)?)).await?;
    let row = row.ok_or(Code::SignInRequired)?;
    if memory.is_first_use(&row, now.day()) {
        let number = row.number;
        let noted = office.write(&row.actor, move |tx| Ok(xinzhi_store::key::used(tx, number, tx.today())?)).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the use of a key could not be noted");
        }
    }
    memory.remember(state, digest, (row.actor.clone(), now));
    Ok(row.actor)
}

/// Keys found lately, by digest, with the moment at which they were read.
#[derive(Debug, Default)]
pub struct Programs(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    known: HashMap<Digest, (Actor, Moment)>,
    /// The day on which a use was last written, by the key's number.
    used: HashMap<Position, Day>,
    /// How often a key was ended: what was read before is not remembered after.
    ended: u64,
}

impl Programs {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while it is held: it is only read, written whole, or cleared.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, digest: &Digest, now: Moment) -> Option<Actor> {
        let kept = self.kept();
        let (actor, read_at) = kept.known.get(digest)?;
        (*read_at <= now && now < read_at.plus_ms(REMEMBERED_MS)).then(|| actor.clone())
    }

    fn state(&self) -> u64 {
        self.kept().ended
    }

    fn remember(&self, state: u64, digest: Digest, known: (Actor, Moment)) {
        let mut kept = self.kept();
        if kept.ended != state {
            return;
        }
        if kept.known.len() >= PROGRAMS_MAX {
            kept.known.clear();
        }
        kept.known.insert(digest, known);
    }

    fn forget(&self) {
        let mut kept = self.kept();
        kept.known.clear();
        kept.ended += 1;
    }

    /// Whether this is the first use of a key on a day; asked of many at once, it says so to one.
    fn is_first_use(&self, row: &KeyRow, today: Day) -> bool {
        if row.used_on.is_some_and(|day| day >= today) {
            return false;
        }
        let mut kept = self.kept();
        if kept.used.len() >= PROGRAMS_MAX {
            kept.used.clear();
        }
        kept.used.insert(row.number, today) != Some(today)
    }

    /// How many are remembered.
    pub(crate) fn len(&self) -> usize {
        self.kept().known.len()
    }
}

//! Reading the journal.

use xinzhi_core::journal::{Act, Draft, Entry, Position};
use xinzhi_core::{Moment, SubjectId};

use crate::connection::Connection;
use crate::sql::statements;
use crate::value::Row;
use crate::{Fault, params};

statements! {
    /// The last position.
    HEAD = "select entry from journal_head where one = 1";
    /// Entries after a position.
    AFTER = "select entry, at, actor, act, subject_id, refs, payload from journal where entry > $1 order by entry limit $2";
    /// Entries about a subject, and those by which batches with records of it took effect or were taken back, newest first.
    TOUCHING = "select j.entry, j.at, j.actor, j.act, j.subject_id, j.refs, j.payload
        from (select s.entry from journal s where s.subject_id = $1
            union select c.entry from record_of_subject o join record r on r.record_id = o.record_id
                join batch_commit c on c.batch_id = r.batch_id where o.subject_id = $1
            union select x.entry from record_of_subject o join record r on r.record_id = o.record_id
                join batch_recall x on x.batch_id = r.batch_id where o.subject_id = $1) t
        join journal j on j.entry = t.entry where t.entry <= $2 order by t.entry desc limit $3";
    /// Entries of one act after a position.
    OF_ACT = "select entry, at, actor, act, subject_id, refs, payload from journal where act = $1 and entry > $2 order by entry limit $3";
    /// Entries between two positions, newest first.
    BACK = "select entry, at, actor, act, subject_id, refs, payload from journal where entry >= $1 and entry <= $2
        order by entry desc limit $3";
    /// The same of one act, by `journal_by_act`.
    BACK_OF_ACT = "select entry, at, actor, act, subject_id, refs, payload from journal where act = $4 and entry >= $1 and entry <= $2
        order by entry desc limit $3";
    /// The same of one act by one actor. Left alone SQLite takes `journal_by_act`, in which a busy office has millions of entries.
    BACK_OF_ACTOR_SQLITE = "select entry, at, actor, act, subject_id, refs, payload from journal indexed by journal_by_actor
        where actor = $5 and act = $4 and entry >= $1 and entry <= $2 order by entry desc limit $3";
    /// The same.
    BACK_OF_ACTOR_POSTGRES = "select entry, at, actor, act, subject_id, refs, payload from journal
        where actor = $5 and act = $4 and entry >= $1 and entry <= $2 order by entry desc limit $3";
    /// When an entry was written.
    AT = "select at from journal where entry = $1";
    /// Facts of which the journal knows nothing, or another act or subject, for doctor.
    UNENTERED = "select u.what, u.entry from (
            select 'check_event' as what, c.check_id as entry, 'check_made' as act, c.subject_id as subject_id from check_event c
            union all select 'feedback', f.feedback_id, 'feedback_given', null from feedback f
            union all select 'decision', d.decision_id, 'restriction_decided', d.subject_id from decision d
            union all select 'access', a.access_id, null, a.subject_id from access a
            union all select 'batch', b.entry, 'batch_staged', null from batch b
            union all select 'batch_commit', c.entry, 'batch_committed', null from batch_commit c
            union all select 'batch_recall', r.entry, 'batch_recalled', null from batch_recall r
            union all select 'row_ruling', w.entry, 'row_ruled', null from row_ruling w
            union all select 'pack', p.entry, 'pack_installed', null from pack p) u
        left join journal j on j.entry = u.entry
            and (u.act is null or j.act = u.act) and (u.subject_id is null or j.subject_id = u.subject_id)
        where j.entry is null order by u.entry limit $1";
    /// Gaps and a head that does not fit, for doctor: all three numbers must be equal.
    SHAPE = "select coalesce(max(entry), 0) as last, cast(count(*) as bigint) as entries,
        (select h.entry from journal_head h where h.one = 1) as head from journal";
}

fn entry(row: &Row) -> Result<Entry, Fault> {
    let act: String = row.get("act")?;
    Ok(Entry {
        position: Position(row.get("entry")?),
        at: Moment(row.get("at")?),
        actor: row.get("actor")?,
        draft: Draft {
            act: Act::from_word(&act).ok_or_else(|| Fault::Inconsistent(format!("act {act}")))?,
            subject: row.get("subject_id")?,
            refs: row.get("refs")?,
            payload: row.get("payload")?,
        },
    })
}

/// The last position.
pub fn head(connection: &mut Connection) -> Result<Position, Fault> {
    connection.query_one(&HEAD, &[])?.get("entry").map(Position)
}

/// At most `limit` entries after a position.
pub fn after(connection: &mut Connection, position: Position, limit: i64) -> Result<Vec<Entry>, Fault> {
    connection.query(&AFTER, params![position.0, limit])?.iter().map(entry).collect()
}

/// The last `limit` entries about a subject at or before a position, with those by which batches that hold records of it took effect or
/// were taken back.
pub fn touching(connection: &mut Connection, subject: SubjectId, known: Position, limit: i64) -> Result<Vec<Entry>, Fault> {
    connection.query(&TOUCHING, params![subject, known.0, limit])?.iter().map(entry).collect()
}

/// At most `limit` entries of one act after a position.
pub fn of_act(connection: &mut Connection, act: Act, position: Position, limit: i64) -> Result<Vec<Entry>, Fault> {
    connection.query(&OF_ACT, params![act.word(), position.0, limit])?.iter().map(entry).collect()
}

/// Which entries are wanted: between two positions, both included, newest first.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The oldest.
    pub from: Position,
    /// The newest.
    pub to: Position,
    /// At most so many.
    pub limit: i64,
}

/// Entries of every act and actor.
pub fn back(connection: &mut Connection, Wanted { from, to, limit }: Wanted) -> Result<Vec<Entry>, Fault> {
    connection.query(&BACK, params![from.0, to.0, limit])?.iter().map(entry).collect()
}

/// Entries of one act.
pub fn back_of_act(connection: &mut Connection, Wanted { from, to, limit }: Wanted, act: Act) -> Result<Vec<Entry>, Fault> {
    connection.query(&BACK_OF_ACT, params![from.0, to.0, limit, act.word()])?.iter().map(entry).collect()
}

/// Entries of one act by one actor.
pub fn back_of_actor(connection: &mut Connection, wanted: Wanted, (actor, act): (&str, Act)) -> Result<Vec<Entry>, Fault> {
    let Wanted { from, to, limit } = wanted;
    let sql = connection.pick(&BACK_OF_ACTOR_SQLITE, &BACK_OF_ACTOR_POSTGRES);
    connection.query(sql, params![from.0, to.0, limit, act.word(), actor])?.iter().map(entry).collect()
}

/// When an entry was written.
pub fn at(connection: &mut Connection, position: Position) -> Result<Option<Moment>, Fault> {
    let row = connection.query_opt(&AT, params![position.0])?;
    row.map(|row| row.get("at").map(Moment)).transpose()
}

/// Tables and positions of facts that no entry of the journal stands for, at most `limit`.
pub fn unentered(connection: &mut Connection, limit: i64) -> Result<Vec<(String, Position)>, Fault> {
    connection.query(&UNENTERED, params![limit])?.iter().map(|row| Ok((row.get("what")?, Position(row.get("entry")?)))).collect()
}

/// Last position, number of entries, stored head: equal in a sound office.
pub fn shape(connection: &mut Connection) -> Result<(i64, i64, i64), Fault> {
    let row = connection.query_one(&SHAPE, &[])?;
    Ok((row.get("last")?, row.get("entries")?, row.get("head")?))
}

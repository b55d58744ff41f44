//! Subjects, their codes, names and keys.

use xinzhi_core::SubjectId;

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::value::Row;
use crate::{Fault, params};

statements! {
    /// A subject by a code.
    BY_CODE = "select s.subject_id, s.kind, s.person, s.name, s.area, s.industry, s.entry
        from subject_code c join subject s on s.subject_id = c.subject_id where c.scheme = $1 and c.code = $2";
    /// A subject by its number.
    BY_ID = "select subject_id, kind, person, name, area, industry, entry from subject where subject_id = $1";
    /// Codes of a subject that may be shown.
    CODES = "select scheme, code from subject_code where subject_id = $1 order by scheme desc";
    /// Other names it was reported under.
    ALIASES = "select distinct name from subject_alias where subject_id = $1 order by name";
    /// What its registration says.
    DESCRIBE = "update subject set kind = $2, name = $3, area = $4, industry = $5 where subject_id = $1";
    /// Another name.
    ADD_ALIAS = "insert into subject_alias (subject_id, name, batch_id) values ($1, $2, $3) on conflict do nothing";
    /// Its key.
    KEY = "select wrapped from subject_key where subject_id = $1";
    /// A new key.
    ADD_KEY = "insert into subject_key (subject_id, wrapped) values ($1, $2)";
    /// Tokens that wait to be indexed.
    PENDING = "select subject_id, tokens from search_pending order by subject_id limit $1";
    /// All that wait for one subject.
    PENDING_OF = "select subject_id, tokens from search_pending where subject_id = $1";
    /// They are indexed up to a subject.
    PENDING_DONE = "delete from search_pending where subject_id <= $1";
    /// Adds its search tokens.
    INDEX_SQLITE = "insert into subject_search (rowid, tokens) values ($1, $2)";
    /// Joins small pieces of the index, a little at a time.
    TIDY_SQLITE = "insert into subject_search (subject_search, rank) values ('merge', $1)";
    /// Adds its search tokens.
    INDEX_POSTGRES = "insert into subject_search (subject_id, tokens) values ($1, array_to_tsvector(string_to_array($2, ' ')))";
    /// How many subjects there are.
    COUNT = "select count(*) as subjects from subject";
}

/// Pages of the index that are joined at once: some milliseconds.
const TIDY_PAGES: i64 = 16;

/// Matches looked at, the subjects seen first: two common characters match a quarter of a million names, and reading them all for every such
/// query took a third of a second; 20 000 of them took 15 ms, which at fifty searches a second was most of a processor.
const MATCHES_MAX: i64 = 5_000;

/// Searching is the first of the two declared exceptions to one text for both databases; results are equal by contract.
pub(crate) mod search {
    use crate::sql::Sql;

    /// Subjects that have every token.
    pub(crate) const SQLITE: Sql = Sql {
        name: "SEARCH_SQLITE",
        text: "select s.subject_id, s.kind, s.person, s.name, s.area, s.industry, s.entry
            from (select distinct rowid as subject_id from subject_search where subject_search match $1 order by rowid limit $4) f
            join subject s on s.subject_id = f.subject_id
            where (cast($2 as text) is null or substr(s.area, 1, length($2)) = $2) and s.person = 0
            order by case when instr($5, char(10) || s.name || char(10)) > 0 then 1 else 0 end,
                case when s.name = $6 then 0 when substr(s.name, 1, length($6)) = $6 then 1 else 2 end,
                length(s.name), s.name, s.subject_id limit $3",
    };
    /// Subjects that have every token.
    pub(crate) const POSTGRES: Sql = Sql {
        name: "SEARCH_POSTGRES",
        text: "select s.subject_id, s.kind, s.person, s.name, s.area, s.industry, s.entry
            from (select distinct subject_id from subject_search where tokens @@ to_tsquery('simple', $1)
                order by subject_id limit $4) f
            join subject s on s.subject_id = f.subject_id
            where (cast($2 as text) is null or substr(s.area, 1, length($2)) = $2) and s.person = 0
            order by case when strpos(cast($5 as text), chr(10) || s.name || chr(10)) > 0 then 1 else 0 end,
                case when s.name = cast($6 as text) then 0 when starts_with(s.name, cast($6 as text)) then 1 else 2 end,
                length(s.name), s.name collate \"C\", s.subject_id limit $3",
    };
    /// How many have every token, counted no further than asked.
    pub(crate) const MATCHES_SQLITE: Sql = Sql {
        name: "MATCHES_SQLITE",
        text: "select count(*) as matches
            from (select distinct rowid as subject_id from subject_search where subject_search match $1 limit $2) f",
    };
    /// How many have every token, counted no further than asked.
    pub(crate) const MATCHES_POSTGRES: Sql = Sql {
        name: "MATCHES_POSTGRES",
        text: "select count(*) as matches
            from (select distinct subject_id from subject_search where tokens @@ to_tsquery('simple', $1) limit $2) f",
    };
}

/// A subject as the office knows it today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectRow {
    /// Its number.
    pub subject: SubjectId,
    /// Id of its kind.
    pub kind: String,
    /// Whether it is a natural person.
    pub person: bool,
    /// Its name; masked for natural persons.
    pub name: String,
    /// Its area.
    pub area: Option<String>,
    /// Its industry.
    pub industry: Option<String>,
    /// Head of the journal when it was first seen.
    pub entry: i64,
}

/// A subject to be created, with the code it is found by and its search tokens.
#[derive(Clone, Debug)]
pub struct NewSubject {
    /// The row.
    pub row: SubjectRow,
    /// Scheme and code; a person's number as the hex of its keyed digest.
    pub codes: Vec<(String, String)>,
    /// Tokens, empty for persons: nobody searches people by name.
    pub tokens: Vec<String>,
    /// The wrapped key, where it has sealed fields.
    pub wrapped_key: Option<Vec<u8>>,
}

fn subject(row: &Row) -> Result<SubjectRow, Fault> {
    Ok(SubjectRow {
        subject: row.get("subject_id")?,
        kind: row.get("kind")?,
        person: row.get::<i64>("person")? == 1,
        name: row.get("name")?,
        area: row.get("area")?,
        industry: row.get("industry")?,
        entry: row.get("entry")?,
    })
}

/// Finds a subject by one of its codes.
pub fn by_code(connection: &mut Connection, scheme: &str, code: &str) -> Result<Option<SubjectRow>, Fault> {
    connection.query_opt(&BY_CODE, params![scheme, code])?.as_ref().map(subject).transpose()
}

/// Reads a subject by its number.
pub fn by_id(connection: &mut Connection, id: SubjectId) -> Result<Option<SubjectRow>, Fault> {
    connection.query_opt(&BY_ID, params![id])?.as_ref().map(subject).transpose()
}

/// The codes of a subject, with their schemes.
pub fn codes(connection: &mut Connection, id: SubjectId) -> Result<Vec<(String, String)>, Fault> {
    connection.query(&CODES, params![id])?.iter().map(|row| Ok((row.get("scheme")?, row.get("code")?))).collect()
}

/// Other names it was reported under.
pub fn aliases(connection: &mut Connection, id: SubjectId) -> Result<Vec<String>, Fault> {
    connection.query(&ALIASES, params![id])?.iter().map(|row| row.get("name")).collect()
}

/// How many subjects the office knows.
pub fn count(connection: &mut Connection) -> Result<i64, Fault> {
    connection.query_one(&COUNT, &[])?.get("subjects")
}

/// What is searched for.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    /// What a name or code must carry, all of it.
    pub tokens: &'a [String],
    /// Inside which area.
    pub area: Option<&'a str>,
    /// As it was typed: who is called exactly so comes first, then who is called so to begin with.
    pub query: &'a str,
    /// Names that are none, since they only say of what kind somebody is: they come last.
    pub no_names: &'a [&'a str],
    /// At most so many.
    pub limit: i64,
}

/// Finds organisations that carry every token, the nearest and shortest names first, among the first 20 000 that do.
pub fn search(connection: &mut Connection, sought: Sought<'_>) -> Result<Vec<SubjectRow>, Fault> {
    let statement = connection.pick(&search::SQLITE, &search::POSTGRES);
    let Sought { tokens, area, query, no_names, limit } = sought;
    let (wanted, no_names) = (full_text(connection, tokens), format!("\n{}\n", no_names.join("\n")));
    connection.query(statement, params![&wanted, area, limit, MATCHES_MAX, &no_names, query])?.iter().map(subject).collect()
}

/// Whether more subjects carry every token than [`search`] looks at.
pub fn matches_too_many(connection: &mut Connection, tokens: &[String]) -> Result<bool, Fault> {
    let statement = connection.pick(&search::MATCHES_SQLITE, &search::MATCHES_POSTGRES);
    let query = full_text(connection, tokens);
    let matches: i64 = connection.query_one(statement, params![&query, MATCHES_MAX + 1])?.get("matches")?;
    Ok(matches > MATCHES_MAX)
}

fn full_text(connection: &Connection, tokens: &[String]) -> String {
    let (quote, and) = match connection {
        Connection::Sqlite(_) => ('"', " AND "),
        Connection::Postgres(_) => ('\'', " & "),
    };
    let quoted: Vec<String> = tokens.iter().map(|token| format!("{quote}{token}{quote}")).collect();
    quoted.join(and)
}

/// Creates subjects. Their numbers come from [`Tx::take_numbers`].
pub fn create(tx: &mut Tx, subjects: &[NewSubject]) -> Result<(), Fault> {
    let rows: Vec<_> = subjects
        .iter()
        .map(|new| {
            let SubjectRow { subject, kind, person, name, area, industry, entry } = &new.row;
            let (area, industry) = (area.as_deref(), industry.as_deref());
            params![*subject, kind, i64::from(*person), name, area, industry, *entry].to_vec()
        })
        .collect();
    let columns = ["subject_id", "kind", "person", "name", "area", "industry", "entry"];
    tx.connection.insert_many("subject", &columns, &rows)?;
    let codes: Vec<_> =
        subjects.iter().flat_map(|new| new.codes.iter().map(|(scheme, code)| params![scheme, code, new.row.subject].to_vec())).collect();
    tx.connection.insert_many("subject_code", &["scheme", "code", "subject_id"], &codes)?;
    let keys: Vec<_> =
        subjects.iter().filter_map(|new| new.wrapped_key.as_ref().map(|key| params![new.row.subject, key.as_slice()].to_vec())).collect();
    tx.connection.insert_many("subject_key", &["subject_id", "wrapped"], &keys)?;
    let findable = subjects.iter().filter(|new| !new.tokens.is_empty());
    let tokens: Vec<(SubjectId, String)> = findable.map(|new| (new.row.subject, new.tokens.join(" "))).collect();
    find_by(tx, &tokens)
}

/// Makes subjects findable by more tokens, from the next [`index_pending`] on.
pub fn find_by(tx: &mut Tx, tokens: &[(SubjectId, String)]) -> Result<(), Fault> {
    let rows: Vec<_> = tokens.iter().map(|(id, tokens)| params![*id, tokens].to_vec()).collect();
    tx.connection.insert_many("search_pending", &["subject_id", "tokens"], &rows)
}

/// Moves about `limit` waiting lists of tokens into the index, subject by subject; tells whether any are left.
pub fn index_pending(tx: &mut Tx, limit: i64) -> Result<bool, Fault> {
    let mut rows = tx.connection.query(&PENDING, params![limit])?;
    let Some(last) = rows.last().map(|row| row.get::<SubjectId>("subject_id")).transpose()? else { return Ok(false) };
    let cut = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= limit;
    if cut {
        // The last subject may have more lists than fitted: take it whole.
        rows.retain(|row| row.get::<SubjectId>("subject_id").is_ok_and(|id| id < last));
        rows.extend(tx.connection.query(&PENDING_OF, params![last])?);
    }
    let statement = tx.connection.pick(&INDEX_SQLITE, &INDEX_POSTGRES);
    for row in &rows {
        tx.connection.execute(statement, params![row.get::<SubjectId>("subject_id")?, &row.get::<String>("tokens")?])?;
    }
    tx.connection.execute(&PENDING_DONE, params![last])?;
    Ok(cut)
}

/// Joins small pieces of the search index, some pages at a time: for a moment in which nobody waits. PostgreSQL does this by itself.
pub fn tidy_index(tx: &mut Tx) -> Result<(), Fault> {
    match tx.connection {
        Connection::Sqlite(_) => tx.connection.execute(&TIDY_SQLITE, params![TIDY_PAGES]).map(drop),
        Connection::Postgres(_) => Ok(()),
    }
}

/// Takes over what a registration says.
pub fn describe(tx: &mut Tx, row: &SubjectRow) -> Result<(), Fault> {
    let SubjectRow { subject, kind, name, area, industry, .. } = row;
    tx.connection.execute(&DESCRIBE, params![*subject, kind, name, area.as_deref(), industry.as_deref()]).map(drop)
}

/// Remembers another name; tells whether it was new.
pub fn add_alias(tx: &mut Tx, id: SubjectId, name: &str, batch: i64) -> Result<bool, Fault> {
    tx.connection.execute(&ADD_ALIAS, params![id, name, batch]).map(|changed| changed == 1)
}

/// The wrapped key of a subject; none before its first sealed field, or after its erasure.
pub fn wrapped_key(connection: &mut Connection, id: SubjectId) -> Result<Option<Vec<u8>>, Fault> {
    connection.query_opt(&KEY, params![id])?.map(|row| row.get("wrapped")).transpose()
}

/// Stores the wrapped key of a subject.
pub fn add_key(tx: &mut Tx, id: SubjectId, wrapped: &[u8]) -> Result<(), Fault> {
    tx.connection.execute(&ADD_KEY, params![id, wrapped]).map(drop)
}

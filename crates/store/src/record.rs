//! Records: the versions of natural-key chains.

use xinzhi_core::journal::Position;
use xinzhi_core::record::{BatchId, Class, Document, RecordId};
use xinzhi_core::{Digest, SubjectId};

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::value::{Param, Row};
use crate::{Fault, params};

/// Bytes of chain and content digests: enough that two never meet by chance.
pub const KEY_BYTES: usize = 16;

statements! {
    /// Records of a subject known at a position, newest document first.
    OF_SUBJECT = "select r.record_id, r.subject_id, r.kind, r.document, r.document_day, r.organ, r.organ_code, r.supplier, r.class,
            r.fields, r.batch_id, r.row_number, coalesce(r.entry, c.entry) as known
        from record_of_subject o join record r on r.record_id = o.record_id
            left join batch_commit c on c.batch_id = r.batch_id left join batch_recall x on x.batch_id = r.batch_id
            left join record_closing z on z.record_id = r.record_id
        where o.subject_id = $1 and coalesce(r.entry, c.entry) <= $2 and (x.entry is null or x.entry > $2)
            and (z.entry is null or z.entry > $2)
        order by r.document_day desc, r.record_id desc";
    /// From which position on something is known of a subject; 0 where nothing ever was.
    FIRST_OF_SUBJECT = "select coalesce(min(coalesce(r.entry, c.entry)), 0) as entry
        from record_of_subject o join record r on r.record_id = o.record_id left join batch_commit c on c.batch_id = r.batch_id
        where o.subject_id = $1";
    /// One record known at a position.
    BY_ID = "select r.record_id, r.subject_id, r.kind, r.document, r.document_day, r.organ, r.organ_code, r.supplier, r.class,
            r.fields, r.batch_id, r.row_number, coalesce(r.entry, c.entry) as known
        from record r left join batch_commit c on c.batch_id = r.batch_id left join batch_recall x on x.batch_id = r.batch_id
            left join record_closing z on z.record_id = r.record_id
        where r.record_id = $1 and coalesce(r.entry, c.entry) <= $2 and (x.entry is null or x.entry > $2)
            and (z.entry is null or z.entry > $2)";
    /// The version of a chain that holds now.
    OF_CHAIN = "select r.record_id, r.content, r.supplier
        from record_of_chain h join record r on r.record_id = h.record_id
            left join batch_commit c on c.batch_id = r.batch_id left join batch_recall x on x.batch_id = r.batch_id
            left join record_closing z on z.record_id = r.record_id
        where h.chain = $1 and z.entry is null and x.entry is null and coalesce(r.entry, c.entry) is not null
        order by r.record_id desc limit 1";
    /// Whether any record of a kind was ever staged or written: before the first, no chain need be looked up.
    KIND_EXISTS = "select 1 as found from batch where kind = $1 union all select 1 as found from record where kind = $1 and batch_id is null
        limit 1";
    /// What a record's digest covers, in batch order: for the Merkle root and for doctor.
    DIGESTS_OF_BATCH = "select r.record_id, r.digest from record r left join record_closing z on z.record_id = r.record_id
        where r.batch_id = $1 and r.entry is null and r.record_id > $2 and (z.entry is null or z.entry <> $3) order by r.record_id
        limit $4";
    /// The digest's inputs, for doctor.
    CONTENTS = "select record_id, subject_id, kind, chain, content, document, document_day, organ, organ_code, supplier, class, fields,
            sealed, salt, digest from record where record_id > $1 order by record_id limit $2";
    /// Rows of a batch whose chain another batch filled after this one was staged.
    OVERTAKEN = "select r.record_id, r.row_number, r.content, o.record_id as other, o.content as other_content, o.supplier as other_supplier,
            r.supplier
        from record r join record_of_chain h on h.chain = r.chain and h.record_id <> r.record_id
            join record o on o.record_id = h.record_id
            left join batch_commit c on c.batch_id = o.batch_id left join batch_recall x on x.batch_id = o.batch_id
            left join record_closing z on z.record_id = o.record_id
        where r.batch_id = $1 and z.entry is null and x.entry is null
            and ((o.batch_id is not null and o.batch_id <> $1 and c.entry > $2) or (o.batch_id is null and o.entry > $2))
        order by r.record_id";
    /// Whether anything of a kind took effect after a position.
    KIND_MOVED = "select 1 as moved from batch_commit c join batch b on b.batch_id = c.batch_id where b.kind = $1 and c.entry > $2 limit 1";
    /// Sealed fields of a record.
    SEALED = "select subject_id, chain, sealed from record where record_id = $1 and sealed is not null";
    /// Closes a record.
    CLOSE = "insert into record_closing (record_id, entry, reason) values ($1, $2, $3)";
    /// When a batch is recalled, rows of other batches that only repeated its records take their place.
    REVIVE = "select n.batch_id, n.row_number, n.record_id from confirmation n join record r on r.record_id = n.record_id
        join batch_commit c on c.batch_id = n.batch_id left join batch_recall x on x.batch_id = n.batch_id
        where r.batch_id = $1 and n.batch_id <> $1 and x.entry is null order by n.record_id, n.batch_id";
    /// Whether any batch was recalled after a position.
    RECALLED_SINCE = "select 1 as recalled from batch_recall where entry > $1 limit 1";
    /// Rows of a batch that repeated records which have been recalled since.
    REVIVE_OWN = "select n.row_number, n.record_id, r.chain from confirmation n join record r on r.record_id = n.record_id
        join batch_recall x on x.batch_id = r.batch_id where n.batch_id = $1 and x.entry > $2 order by n.row_number";
    /// Copies a record under another number and batch; its digest covers content, not place.
    COPY = "insert into record (record_id, subject_id, kind, chain, content, batch_id, row_number, entry, document, document_day, organ,
            organ_code, supplier, class, fields, sealed, salt, digest)
        select $2, subject_id, kind, chain, content, $3, $4, $5, document, document_day, organ, organ_code, supplier, class, fields, sealed,
            salt, digest from record where record_id = $1 returning digest";
    /// Digests of the records that an entry brought, in order.
    DIGESTS_AT = "select digest from record where entry = $1 order by record_id";
    /// The copy is found where its original is.
    COPY_BY_SUBJECT = "insert into record_of_subject (subject_id, record_id) select subject_id, $2 from record where record_id = $1";
    /// The copy is found where its original is.
    COPY_BY_CHAIN = "insert into record_of_chain (chain, record_id) select chain, $2 from record where record_id = $1";
    /// What a batch of registrations says of its subjects, beside what is known of them.
    DESCRIPTIONS = "select r.record_id, r.subject_id, r.fields, s.kind, s.name, s.area, s.industry from record r
        join subject s on s.subject_id = r.subject_id where r.batch_id = $1 and s.person = 0 and r.record_id > $2
        order by r.record_id limit $3";
    /// Subjects of a batch.
    SUBJECTS_OF_BATCH = "select distinct subject_id from record where batch_id = $1";
    /// Codes of organisations that have a record of a kind.
    CODES_WITH = "select c.code from (select subject_id, max(document_day) as newest from record where kind = $1 group by subject_id
            order by newest desc, subject_id limit $2) r
        join subject s on s.subject_id = r.subject_id join subject_code c on c.subject_id = r.subject_id
        where s.person = 0 and c.scheme = 'uscc' order by r.newest desc, c.code";
    /// How many records hold now.
    COUNT = "select count(*) as records from record r left join batch_commit c on c.batch_id = r.batch_id
        left join batch_recall x on x.batch_id = r.batch_id left join record_closing z on z.record_id = r.record_id
        where coalesce(r.entry, c.entry) is not null and x.entry is null and z.entry is null";
}

/// A record as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Its number.
    pub record: RecordId,
    /// About whom.
    pub subject: SubjectId,
    /// Id of its kind.
    pub kind: String,
    /// What it rests on.
    pub document: Document,
    /// Who reported it.
    pub supplier: String,
    /// Its class.
    pub class: Option<Class>,
    /// Canonical JSON of the open fields.
    pub fields: String,
    /// The batch and row that brought it.
    pub from: Option<(BatchId, i64)>,
    /// Since when it is known.
    pub known: Position,
}

/// A record to be written.
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// Its number, from [`Tx::take_numbers`].
    pub record: RecordId,
    /// About whom.
    pub subject: SubjectId,
    /// Id of its kind.
    pub kind: String,
    /// Digest of the natural key.
    pub chain: [u8; KEY_BYTES],
    /// Digest of the content.
    pub content: [u8; KEY_BYTES],
    /// Where it comes from: a row of a batch, or an entry of the journal.
    pub origin: Origin,
    /// What it rests on.
    pub document: Document,
    /// Who reported it.
    pub supplier: String,
    /// Its class.
    pub class: Option<Class>,
    /// Canonical JSON of the open fields.
    pub fields: String,
    /// The sealed fields.
    pub sealed: Option<Vec<u8>>,
    /// Salt of the digest.
    pub salt: [u8; KEY_BYTES],
    /// Salted digest of all the above but number and origin.
    pub digest: Digest,
}

/// Where a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A row of a batch: known from the commit of the batch.
    Row(BatchId, i64),
    /// A ruling on a waiting row: known from the entry, shown with the row.
    Ruling(Position, BatchId, i64),
    /// Our own journal: known from the entry.
    Entry(Position),
}

/// The version of a chain that a new row is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its number.
    pub record: RecordId,
    /// Its content.
    pub content: Vec<u8>,
    /// Who reported it.
    pub supplier: String,
}

/// A row of a batch whose chain was filled by somebody else since it was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overtaken {
    /// The row's record.
    pub record: RecordId,
    /// Its row number.
    pub row: i64,
    /// The record that holds now.
    pub other: RecordId,
    /// Whether both say the same.
    pub same_content: bool,
    /// Whether both come from the same supplier.
    pub same_supplier: bool,
}

pub(crate) fn record(row: &Row) -> Result<RecordRow, Fault> {
    let batch: Option<i64> = row.get("batch_id")?;
    let row_number: Option<i64> = row.get("row_number")?;
    let class: Option<i64> = row.get("class")?;
    Ok(RecordRow {
        record: RecordId(row.get("record_id")?),
        subject: row.get("subject_id")?,
        kind: row.get("kind")?,
        document: Document {
            number: row.get("document")?,
            organ: row.get("organ")?,
            organ_code: row.get("organ_code")?,
            date: row.get("document_day")?,
        },
        supplier: row.get("supplier")?,
        class: class.and_then(Class::from_number),
        fields: row.get("fields")?,
        from: batch.map(BatchId).zip(row_number),
        known: Position(row.get("known")?),
    })
}

/// Records of a subject known at `known`, newest document first.
pub fn of_subject(connection: &mut Connection, subject: SubjectId, known: Position) -> Result<Vec<RecordRow>, Fault> {
    connection.query(&OF_SUBJECT, params![subject, known.0])?.iter().map(record).collect()
}

/// From which position on a record of a subject was known, whether or not it still is; none where there never was one.
pub fn first_of_subject(connection: &mut Connection, subject: SubjectId) -> Result<Option<Position>, Fault> {
    let entry: i64 = connection.query_one(&FIRST_OF_SUBJECT, params![subject])?.get("entry")?;
    Ok((entry > 0).then_some(Position(entry)))
}

/// One record, if it held at `known`.
pub fn by_id(connection: &mut Connection, id: RecordId, known: Position) -> Result<Option<RecordRow>, Fault> {
    connection.query_opt(&BY_ID, params![id.0, known.0])?.as_ref().map(record).transpose()
}

/// The version of `chain` that holds now.
pub fn of_chain(connection: &mut Connection, chain: &[u8]) -> Result<Option<Version>, Fault> {
    let row = connection.query_opt(&OF_CHAIN, params![chain])?;
    let version =
        |row: Row| Ok(Version { record: RecordId(row.get("record_id")?), content: row.get("content")?, supplier: row.get("supplier")? });
    row.map(version).transpose()
}

/// Whether any record of a kind was ever staged or written.
pub fn kind_exists(connection: &mut Connection, kind: &str) -> Result<bool, Fault> {
    Ok(connection.query_opt(&KIND_EXISTS, params![kind])?.is_some())
}

/// Sealed fields of a record.
#[derive(Clone, Debug)]
pub struct SealedRow {
    /// Whose key opens them.
    pub subject: SubjectId,
    /// Bound into them, so that they open at this record only.
    pub chain: Vec<u8>,
    /// Nonce and cipher text.
    pub sealed: Vec<u8>,
}

/// Sealed fields of a record; none where it has none.
pub fn sealed(connection: &mut Connection, id: RecordId) -> Result<Option<SealedRow>, Fault> {
    let row = connection.query_opt(&SEALED, params![id.0])?;
    row.map(|row| Ok(SealedRow { subject: row.get("subject_id")?, chain: row.get("chain")?, sealed: row.get("sealed")? })).transpose()
}

/// What a record's digest covers, with the digest: doctor computes it again.
#[derive(Clone, Debug)]
pub struct Content {
    /// Its number.
    pub record: RecordId,
    /// About whom.
    pub subject: SubjectId,
    /// Id of its kind.
    pub kind: String,
    /// Digest of its natural key.
    pub chain: Vec<u8>,
    /// Digest of its content.
    pub content: Vec<u8>,
    /// What it rests on.
    pub document: Document,
    /// Who reported it.
    pub supplier: String,
    /// Its class.
    pub class: Option<i64>,
    /// Open fields.
    pub fields: String,
    /// Sealed fields.
    pub sealed: Option<Vec<u8>>,
    /// Salt.
    pub salt: Vec<u8>,
    /// The digest as stored.
    pub digest: Digest,
}

/// Records after a number with all that their digests cover.
pub fn contents(connection: &mut Connection, after: i64, limit: i64) -> Result<Vec<Content>, Fault> {
    let rows = connection.query(&CONTENTS, params![after, limit])?;
    rows.iter()
        .map(|row| {
            Ok(Content {
                record: RecordId(row.get("record_id")?),
                subject: row.get("subject_id")?,
                kind: row.get("kind")?,
                chain: row.get("chain")?,
                content: row.get("content")?,
                document: Document {
                    number: row.get("document")?,
                    organ: row.get("organ")?,
                    organ_code: row.get("organ_code")?,
                    date: row.get("document_day")?,
                },
                supplier: row.get("supplier")?,
                class: row.get("class")?,
                fields: row.get("fields")?,
                sealed: row.get("sealed")?,
                salt: row.get("salt")?,
                digest: row.get("digest")?,
            })
        })
        .collect()
}

/// Rows of `batch` that another commit overtook since position `staged`. Cheap when no batch of `kind` took effect since.
pub fn overtaken(connection: &mut Connection, batch: BatchId, kind: &str, staged: Position) -> Result<Vec<Overtaken>, Fault> {
    if connection.query_opt(&KIND_MOVED, params![kind, staged.0])?.is_none() {
        return Ok(Vec::new());
    }
    let rows = connection.query(&OVERTAKEN, params![batch.0, staged.0])?;
    rows.iter()
        .map(|row| {
            Ok(Overtaken {
                record: RecordId(row.get("record_id")?),
                row: row.get("row_number")?,
                other: RecordId(row.get("other")?),
                same_content: row.get::<Vec<u8>>("content")? == row.get::<Vec<u8>>("other_content")?,
                same_supplier: row.get::<String>("supplier")? == row.get::<String>("other_supplier")?,
            })
        })
        .collect()
}

/// Walks the digests of a batch's records in order, leaving out those closed at `entry` itself.
pub fn walk_digests(connection: &mut Connection, batch: BatchId, entry: Position, mut each: impl FnMut(&Digest)) -> Result<(), Fault> {
    const PAGE: i64 = 5_000;
    let mut last = 0;
    loop {
        let rows = connection.query(&DIGESTS_OF_BATCH, params![batch.0, last, entry.0, PAGE])?;
        for row in &rows {
            last = row.get("record_id")?;
            each(&row.get("digest")?);
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

/// Where a record is to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its chain.
    pub chain: [u8; KEY_BYTES],
    /// About whom.
    pub subject: SubjectId,
    /// Its number.
    pub record: RecordId,
}

/// Lets records be found by subject. An import hands them over in the order of the subjects, in pieces.
pub fn place_by_subject(tx: &mut Tx, places: &[Place]) -> Result<(), Fault> {
    let rows: Vec<Vec<Param>> = places.iter().map(|place| params![place.subject, place.record.0].to_vec()).collect();
    tx.connection.insert_many("record_of_subject", &["subject_id", "record_id"], &rows)
}

/// Lets records be found by chain. An import hands them over in the order of the chains, in pieces.
pub fn place_by_chain(tx: &mut Tx, places: &[Place]) -> Result<(), Fault> {
    let rows: Vec<Vec<Param>> = places.iter().map(|place| params![place.chain.as_slice(), place.record.0].to_vec()).collect();
    tx.connection.insert_many("record_of_chain", &["chain", "record_id"], &rows)
}

/// Writes a record that no batch in progress brings, and lets it be found.
pub fn insert_one(tx: &mut Tx, record: &NewRecord) -> Result<(), Fault> {
    insert(tx, std::slice::from_ref(record))?;
    let place = [Place { chain: record.chain, subject: record.subject, record: record.record }];
    place_by_subject(tx, &place)?;
    place_by_chain(tx, &place)
}

/// Writes records in bulk. They are found only after [`place_by_subject`] and [`place_by_chain`].
pub fn insert(tx: &mut Tx, records: &[NewRecord]) -> Result<(), Fault> {
    let days: Vec<String> = records.iter().map(|r| r.document.date.to_string()).collect();
    let rows: Vec<Vec<Param>> = records
        .iter()
        .zip(&days)
        .map(|(r, day)| {
            let (batch, row, entry) = match r.origin {
                Origin::Row(batch, row) => (Some(batch.0), Some(row), None),
                Origin::Ruling(entry, batch, row) => (Some(batch.0), Some(row), Some(entry.0)),
                Origin::Entry(entry) => (None, None, Some(entry.0)),
            };
            params![
                r.record.0,
                r.subject,
                &r.kind,
                r.chain.as_slice(),
                r.content.as_slice(),
                batch,
                row,
                entry,
                &r.document.number,
                day,
                &r.document.organ,
                r.document.organ_code.as_ref(),
                &r.supplier,
                r.class.map(Class::number),
                &r.fields,
                r.sealed.as_deref(),
                r.salt.as_slice(),
                &r.digest
            ]
            .to_vec()
        })
        .collect();
    let columns = [
        "record_id",
        "subject_id",
        "kind",
        "chain",
        "content",
        "batch_id",
        "row_number",
        "entry",
        "document",
        "document_day",
        "organ",
        "organ_code",
        "supplier",
        "class",
        "fields",
        "sealed",
        "salt",
        "digest",
    ];
    tx.connection.insert_many("record", &columns, &rows)
}

/// Closes a record from `entry` on.
pub fn close(tx: &mut Tx, id: RecordId, entry: Position, reason: &str) -> Result<(), Fault> {
    tx.connection.execute(&CLOSE, params![id.0, entry.0, reason]).map(drop)
}

/// Lets rows of other batches that repeated records of the recalled `batch` take their place; returns their digests.
pub fn revive(tx: &mut Tx, batch: BatchId, entry: Position) -> Result<Vec<Digest>, Fault> {
    let rows = tx.connection.query(&REVIVE, params![batch.0])?;
    let mut revived = Vec::new();
    let mut previous = None;
    for row in &rows {
        let original: i64 = row.get("record_id")?;
        if previous.replace(original) == Some(original) {
            continue;
        }
        let place = (BatchId(row.get("batch_id")?), row.get("row_number")?);
        revived.push(copy(tx, RecordId(original), place, entry)?.1);
    }
    Ok(revived)
}

/// A row that became a record after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandIn {
    /// Its row number.
    pub row: i64,
    /// Digest of the record.
    pub digest: Digest,
}

/// Lets rows of `batch` that repeated records which were recalled after `judged` take their place, known from `entry`, unless something else
/// holds there by now.
pub fn revive_own(tx: &mut Tx, batch: BatchId, judged: Position, entry: Position) -> Result<Vec<StandIn>, Fault> {
    if tx.connection.query_opt(&RECALLED_SINCE, params![judged.0])?.is_none() {
        return Ok(Vec::new());
    }
    let rows = tx.connection.query(&REVIVE_OWN, params![batch.0, judged.0])?;
    let mut revived = Vec::new();
    for row in &rows {
        let chain: Vec<u8> = row.get("chain")?;
        if of_chain(tx.connection, &chain)?.is_none() {
            let number = row.get("row_number")?;
            let (_, digest) = copy(tx, RecordId(row.get("record_id")?), (batch, number), entry)?;
            revived.push(StandIn { row: number, digest });
        }
    }
    Ok(revived)
}

/// What a registration says, beside what is known of its subject.
#[derive(Clone, Debug)]
pub struct Description {
    /// The record.
    pub record: RecordId,
    /// Its subject.
    pub subject: SubjectId,
    /// Its open fields.
    pub fields: String,
    /// Name, area and industry as known.
    pub known: (String, Option<String>, Option<String>),
}

/// Registrations of a batch after a record.
pub fn descriptions(connection: &mut Connection, batch: BatchId, after: RecordId, limit: i64) -> Result<Vec<Description>, Fault> {
    let rows = connection.query(&DESCRIPTIONS, params![batch.0, after.0, limit])?;
    rows.iter()
        .map(|row| {
            Ok(Description {
                record: RecordId(row.get("record_id")?),
                subject: row.get("subject_id")?,
                fields: row.get("fields")?,
                known: (row.get("name")?, row.get("area")?, row.get("industry")?),
            })
        })
        .collect()
}

/// 统一社会信用代码 of organisations that have a record of a kind, those with the newest document first.
pub fn codes_with(connection: &mut Connection, kind: &str, limit: i64) -> Result<Vec<String>, Fault> {
    connection.query(&CODES_WITH, params![kind, limit])?.iter().map(|row| row.get("code")).collect()
}

/// Subjects that a batch has records of.
pub fn subjects_of_batch(connection: &mut Connection, batch: BatchId) -> Result<Vec<SubjectId>, Fault> {
    connection.query(&SUBJECTS_OF_BATCH, params![batch.0])?.iter().map(|row| row.get("subject_id")).collect()
}

/// Copies a record under a new number, known from `entry`; returns that number and the digest.
pub fn copy(tx: &mut Tx, original: RecordId, place: (BatchId, i64), entry: Position) -> Result<(RecordId, Digest), Fault> {
    let number = tx.take_numbers("record", 1)?;
    let (batch, row) = place;
    let digest = tx.connection.query_one(&COPY, params![original.0, number, batch.0, row, entry.0])?.get("digest")?;
    tx.connection.execute(&COPY_BY_SUBJECT, params![original.0, number])?;
    tx.connection.execute(&COPY_BY_CHAIN, params![original.0, number])?;
    crate::relation::copy(tx, original, number)?;
    Ok((RecordId(number), digest))
}

/// Digests of the records that an entry of the journal brought, in order.
pub fn digests_at(connection: &mut Connection, entry: Position) -> Result<Vec<Digest>, Fault> {
    connection.query(&DIGESTS_AT, params![entry.0])?.iter().map(|row| row.get("digest")).collect()
}

/// How many records hold now.
pub fn count(connection: &mut Connection) -> Result<i64, Fault> {
    connection.query_one(&COUNT, &[])?.get("records")
}

-- One database is one office with one journal. Types are text, bigint and bytea; states are words, days are ISO text,
-- moments are UTC milliseconds, points are thousandths, money is 分. Tables marked "fact" are append-only (0002).

-- The office itself: one row.
create table office (
    office_id bigint primary key,              -- always 1
    name text not null,                        -- 单位名称, shown in the top bar
    area text not null,                        -- 行政区划代码 of the whole office
    founded_at bigint not null
);

-- Fact. The spine: what happened, in order, without gaps.
create table journal (
    entry bigint primary key,                  -- position, from 1
    at bigint not null,                        -- moment assigned by the office
    actor text not null,                       -- account, key or program
    act text not null,                         -- word of core::journal::Act
    subject_id bigint,                         -- where it is about one subject
    refs text not null,                        -- canonical JSON: numbers of the rows it covers, no personal data
    payload bytea not null                     -- salted digest of the rows it covers
);
create index journal_by_act on journal (act, entry);
create index journal_by_subject on journal (subject_id, entry);

-- The head of the journal, taken once per group of acts: on PostgreSQL its row lock puts writers in order.
create table journal_head (
    one bigint primary key check (one = 1),
    entry bigint not null
);
insert into journal_head (one, entry) values (1, 0);

-- Numbers that are handed out in blocks and never reused.
create table counter (
    name text primary key,
    value bigint not null
);
insert into counter (name, value) values ('subject', 0), ('record', 0), ('batch', 0);

-- Fact. A pack as installed; the last entry of a pack is the one in force.
create table pack (
    entry bigint primary key,
    pack text not null,                        -- folder name
    version text not null,
    digest bytea not null,
    files text not null                        -- canonical JSON: path → text
);

-- Who records are about. The columns are a projection of the registrations known; `version` moves with every fact.
create table subject (
    subject_id bigint primary key,
    kind text not null,                        -- id of a subject kind of the pack
    person bigint not null,                    -- 1 for natural persons
    name text not null,                        -- masked for natural persons
    area text,                                 -- 行政区划代码
    industry text,                             -- GB/T 4754
    version bigint not null,                   -- moves when a fact about it does
    entry bigint not null                      -- head of the journal when it was first seen
);

-- Fact. By what a subject is found; a person's number only as a keyed digest.
create table subject_code (
    scheme text not null,                      -- uscc, org_code, resident_id, or a pack's own
    code text not null,                        -- the code, or the hex of its keyed digest
    subject_id bigint not null references subject (subject_id),
    primary key (scheme, code)
);
create index subject_code_by_subject on subject_code (subject_id);

-- Fact. Names under which a subject was reported, beside its own.
create table subject_alias (
    subject_id bigint not null references subject (subject_id),
    name text not null,
    batch_id bigint not null,
    primary key (subject_id, name)
);

-- Search tokens on their way into the index, which likes to be fed in bulk. Empty outside an import.
create table search_pending (
    subject_id bigint not null,
    tokens text not null
);
create index search_pending_by_subject on search_pending (subject_id);

-- A key per subject that has sealed fields, wrapped by the office's key. Erasure deletes the row, nothing else.
create table subject_key (
    subject_id bigint primary key references subject (subject_id),
    wrapped bytea not null
);

-- Fact. A file that was read and judged.
create table batch (
    batch_id bigint primary key,
    entry bigint not null,                     -- when it was staged
    known bigint not null,                     -- journal position against which its rows were judged
    source text not null,
    kind text not null,
    organ text,                                -- organ of whoever staged it
    file_name text not null,
    file_digest bytea not null,
    pack_digest bytea not null,
    area text not null,                        -- for which area it reports
    covers_from text,                          -- ISO day: the file is complete from here
    covers_through text,                       -- ISO day: to here, included
    rows_read bigint not null,
    rows_accepted bigint not null,
    rows_duplicate bigint not null,
    rows_refused bigint not null,
    rows_quarantined bigint not null,
    root bytea not null,                       -- Merkle root of the accepted rows' digests
    note text not null                         -- canonical JSON: unknown columns and other remarks about the whole file
);
create index batch_by_entry on batch (entry);

-- Fact. A staged batch that became facts at one position, with the Merkle root of its rows' digests.
create table batch_commit (
    batch_id bigint primary key references batch (batch_id),
    entry bigint not null,
    rows_accepted bigint not null,             -- after what was committed since the preview was judged again
    rows_duplicate bigint not null,
    rows_quarantined bigint not null,
    root bytea not null
);
create index batch_commit_by_entry on batch_commit (entry);

-- Fact. A committed batch that was taken back.
create table batch_recall (
    batch_id bigint primary key references batch_commit (batch_id),
    entry bigint not null,
    reason text not null
);

-- Fact. The records. Known from `entry`, or from the commit of its batch.
create table record (
    record_id bigint primary key,
    subject_id bigint not null references subject (subject_id),
    kind text not null,                        -- id of the record kind
    chain bytea not null,                      -- natural key: names a chain of versions, not a row
    content bytea not null,                    -- digest of the content: equal means duplicate
    batch_id bigint,
    row_number bigint,                         -- in the file, as a person counts
    entry bigint,                              -- for records that no batch brought
    document text not null,                    -- 文书号
    document_day text not null,                -- ISO day
    organ text not null,
    organ_code text,
    supplier text not null,                    -- who reported it: 数据来源单位, else the organ
    class bigint,                              -- 0 轻微, 1 一般, 2 严重; null where not adverse
    fields text not null,                      -- canonical JSON in catalogue order
    sealed bytea,                              -- fields that identify a person, under the subject's key
    salt bytea not null,
    digest bytea not null                      -- salted digest of all the above
);
create index record_by_batch on record (batch_id);
create index record_by_entry on record (entry) where entry is not null;

-- Fact. Where to find records by subject and by chain. Tables of their own, because an import fills them once, in order, at its
-- end: an index on `record` would dirty a page of each at every row.
create table record_of_subject (
    subject_id bigint not null,
    record_id bigint not null,
    primary key (subject_id, record_id)
) /* without rowid */;
create table record_of_chain (
    chain bytea not null,
    record_id bigint not null,
    primary key (chain, record_id)
) /* without rowid */;

-- Fact. A record that stopped holding from a position on: corrected, or judged again at commit.
create table record_closing (
    record_id bigint primary key references record (record_id),
    entry bigint not null,
    reason text not null                       -- corrected, duplicate_at_commit, conflict_at_commit
);

-- Fact. A row that repeated a known record: should that record's batch be recalled, this one still stands.
create table confirmation (
    batch_id bigint not null,
    row_number bigint not null,
    record_id bigint not null references record (record_id),
    primary key (batch_id, row_number)
);
create index confirmation_by_record on confirmation (record_id);

-- Fact. What is said about a row: every row that was not accepted, and accepted ones with a warning.
create table verdict (
    batch_id bigint not null,
    row_number bigint not null,
    outcome text not null,
    remarks text not null,                     -- JSON list of remarks
    primary key (batch_id, row_number)
);

-- Fact. A row that waits for a person, with what it would become, sealed under the office's key.
create table waiting_row (
    batch_id bigint not null,
    row_number bigint not null,
    reason text not null,                      -- identity, correction, conflict, document, class, content
    against bigint,                            -- the record it corrects or contradicts
    candidate bytea not null,
    primary key (batch_id, row_number)
);

-- Fact. What the person ruled.
create table row_ruling (
    batch_id bigint not null,
    row_number bigint not null,
    entry bigint not null,
    outcome text not null,                     -- accepted, refused
    reason text not null,
    record_id bigint,
    primary key (batch_id, row_number)
);

-- Fact. A check at a business trigger. The number of a check is its journal position.
create table check_event (
    check_id bigint primary key,
    subject_id bigint not null references subject (subject_id),
    matter text not null,
    purpose text not null,
    case_number text not null,                 -- 办件编号 of the asking system
    actor text not null,
    organ text,
    area text,
    at bigint not null,
    day text not null,
    known bigint not null,                     -- journal position of what was known
    pack_digest bytea not null,
    answer text not null,                      -- canonical JSON of the answer as given
    salt bytea not null
);
create index check_event_by_subject on check_event (subject_id, check_id);

-- Fact. Every measure of a check is owed an answer.
create table obligation (
    check_id bigint not null references check_event (check_id),
    measure text not null,
    kind text not null,                        -- incentive, supervision, restriction
    state text not null,                       -- in_force, proposed
    body text not null,                        -- executing body
    due_day text not null,
    until_day text,
    primary key (check_id, measure)
);
create index obligation_by_due on obligation (due_day);

-- Fact. What was answered. The number is its journal position.
create table feedback (
    feedback_id bigint primary key,
    check_id bigint not null,
    measure text not null,
    outcome text not null,                     -- acknowledged, applied, not_applied
    officer text not null,
    document text not null,
    organ text not null,
    document_day text,
    reason text not null,
    at bigint not null,
    actor text not null,
    salt bytea not null,
    foreign key (check_id, measure) references obligation (check_id, measure)
);
create index feedback_by_obligation on feedback (check_id, measure);

-- The one final answer of an obligation: a second one cannot be written (E2).
create table obligation_closing (
    check_id bigint not null,
    measure text not null,
    feedback_id bigint not null references feedback (feedback_id),
    primary key (check_id, measure)
);

-- Fact. A restriction that a named person decided on. The number is its journal position.
create table decision (
    decision_id bigint primary key,
    subject_id bigint not null references subject (subject_id),
    measure text not null,
    from_day text not null,
    until_day text not null,
    officer text not null,
    document text not null,
    organ text not null,
    document_day text not null,
    notice_day text not null,
    salt bytea not null
);
create index decision_by_subject on decision (subject_id);

-- Fact. The records a decision rests on. A record brings the same measure about once (D10).
create table decision_cause (
    decision_id bigint not null references decision (decision_id),
    measure text not null,
    record_id bigint not null references record (record_id),
    primary key (decision_id, record_id),
    constraint decision_once_per_cause unique (measure, record_id)
);

-- Fact. Every read of a subject's file, shown to that subject. The number is its journal position.
create table access (
    access_id bigint primary key,
    subject_id bigint not null references subject (subject_id),
    actor text not null,
    title text not null,                       -- what people call the actor
    role text not null,
    organ text,
    at bigint not null,
    purpose text not null,
    case_number text not null,
    what text not null                         -- file, check, explain, unmask
);
create index access_by_subject on access (subject_id, access_id);

-- One key, one effect, one answer.
create table idempotency (
    actor text not null,
    key text not null,
    fingerprint bytea not null,
    status bigint not null,
    answer text not null,
    at bigint not null,
    primary key (actor, key)
);

-- Accounts. `password` is an argon2id string; failures and the lock belong to the row, not to memory.
create table account (
    name text primary key,
    title text not null,
    role text not null,
    organ text,
    area text,
    subject_id bigint,
    password text not null,
    failures bigint not null,
    locked_until bigint not null,              -- moment
    entry bigint not null
);

-- Sign-ins. Only the digest of the token is stored.
create table session (
    token bytea primary key,
    account text not null references account (name),
    started_at bigint not null,
    seen_at bigint not null,
    ended_at bigint
);

-- Keys of programs. Only the digest of the key is stored.
create table api_key (
    digest bytea primary key,
    name text not null,
    title text not null,
    role text not null,
    organ text,
    area text,
    entry bigint not null,
    ended_at bigint
);

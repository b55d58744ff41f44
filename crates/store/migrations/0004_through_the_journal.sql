-- What is about a subject is found through the journal, which is indexed by subject once for all: every further index of this kind
-- dirtied a page of its own at every check.
drop index check_event_by_subject;
drop index access_by_subject;
create index batch_recall_by_entry on batch_recall (entry);

-- The answer of a check is kept where the check keeps it, not a second time beside its key.
alter table idempotency add column check_id bigint;

-- What an evaluation rests on is told by the records that are visible; a counter beside the subject had to be moved for every subject of
-- a batch in the moment of its commit.
alter table subject drop column version;

-- What the journal's digest of a read is salted with, so that doctor can compute it again.
alter table access add column salt bytea;

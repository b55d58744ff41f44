-- 前置库: a department's table that the office polls under the mapping of a source, and how far it has been read.

-- Fact. A table to poll, as the operator registered it. Nothing here is changed; what changes is in connector_change.
create table connector (
    connector_id text primary key,             -- the operator's word for it
    entry bigint not null,
    title text not null,
    organ text not null,                       -- whose batches they are
    area text not null,                        -- for which area they report
    source text not null,                      -- id of the pack's source: its mapping of columns
    host text not null,
    port bigint not null,
    database_name text not null,
    user_name text not null,
    secret bytea not null,                     -- the password, sealed under the office's key
    schema_name text not null,
    table_name text not null,                  -- a table or a view
    watermark_column text not null,            -- a moment, a day or a number that grows
    key_column text not null,                  -- puts rows with one watermark in order
    overlap bigint not null,                   -- seconds, or numbers, that are read again for rows that became visible late
    every_minutes bigint not null,
    previews bigint not null,                  -- 1 where batches wait for a person to commit them
    salt bytea not null
);

-- Fact. Paused, resumed, ended, or given a new password.
create table connector_change (
    entry bigint primary key,
    connector_id text not null references connector (connector_id),
    change text not null,                      -- paused, resumed, ended, secret
    secret bytea,                              -- the new password, sealed under the office's key
    salt bytea not null
);
create index connector_change_by_connector on connector_change (connector_id, entry);

-- Fact. Up to where the rows of a batch reach. Written with the batch as it is staged; it counts from the commit of the batch on and thus
-- in the same transaction, so that a crash loses no row and gives none effect twice.
create table connector_pull (
    batch_id bigint primary key,
    entry bigint not null,
    connector_id text not null references connector (connector_id),
    watermark text not null,                   -- of the last row, for people
    place bytea not null,                      -- watermark and key of the last row, sealed under the office's key
    columns text not null,                     -- JSON: the columns and what they held, to notice when one is gone
    overlapping bytea not null,                -- digests of the rows inside the overlap: what is not among them came late
    salt bytea not null
);
create index connector_pull_by_connector on connector_pull (connector_id, batch_id);

-- When a table is looked at next and how the last look ended. No fact: it may be lost without loss.
create table connector_state (
    connector_id text primary key references connector (connector_id),
    due_at bigint not null,
    looked_at bigint not null,                 -- 0 before the first look
    failures bigint not null,                  -- in a row
    sentence text not null,                    -- what people read of the last look
    rows_read bigint not null,                 -- by the last look
    abandoned bigint not null                  -- a staged batch that is no longer waited for, or 0
);

create trigger connector_append_only before update or delete or truncate on connector for each statement execute function refuse_change();
create trigger connector_change_append_only before update or delete or truncate on connector_change for each statement execute function refuse_change();
create trigger connector_pull_append_only before update or delete or truncate on connector_pull for each statement execute function refuse_change();

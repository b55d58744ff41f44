-- Pushes. A recipient's events are numbered without gaps, each written down before it is sent. Tables marked "fact" are append-only
-- (0006_pushes_append_only).

-- Fact. A department's system that asked to be told, and what became of that. The last row of a subscription says how it is now.
create table subscription (
    entry bigint primary key,
    subscription_id bigint not null,           -- entry of its first row
    what text not null,                        -- made, changed, rotated, ended
    organ text,                                -- whose system; null for one that is told of the whole office
    title text not null,
    url text not null,
    events text not null,                      -- words of the events, separated by spaces
    reason text not null,                      -- why it ended
    actor text not null,
    at bigint not null,
    salt bytea not null
);
create index subscription_by_id on subscription (subscription_id, entry);

-- Keys that sign what is sent, sealed under the office's key. One that was replaced signs on until its moment, then it is destroyed.
create table subscription_key (
    subscription_id bigint not null,
    entry bigint not null,
    sealed bytea not null,
    until bigint,                              -- moment; null for the present key
    primary key (subscription_id, entry)
);

-- How far a subscription has been told. It moves in the transaction that writes the events.
create table subscription_head (
    subscription_id bigint primary key,
    entry bigint not null,                     -- the journal has been read up to here
    day text not null,                         -- what days alone bring about has been told through this one; blank before the first
    day_entry bigint not null,                 -- head of the journal when that was done
    sequence bigint not null,                  -- number of the last event
    reconciled text not null                   -- day of the last nightly reconciliation; blank before the first
);

-- Fact. What a recipient is owed, as it is sent.
create table push_event (
    subscription_id bigint not null,
    sequence bigint not null,                  -- from 1, without gaps
    webhook_id text not null,
    kind text not null,
    cause text not null,                       -- what it was derived from: once for each recipient
    subject_id bigint,
    decision_id bigint,
    at bigint not null,
    day text not null,                         -- the day on which it became true
    body text not null,
    primary key (subscription_id, sequence),
    constraint push_event_once unique (subscription_id, cause)
);
create index push_event_by_subject on push_event (subject_id) where subject_id is not null;
create index push_event_by_decision on push_event (subscription_id, decision_id, sequence) where decision_id is not null;

-- What became of it.
create table push_delivery (
    subscription_id bigint not null,
    sequence bigint not null,
    state text not null,                       -- waiting, accepted, dead, cancelled
    tries bigint not null,                     -- written before each try
    next_at bigint not null,                   -- moment before which it is not tried
    status bigint,                             -- HTTP status of the last answer
    error text not null,                       -- what went wrong last; blank where nothing did
    accepted_at bigint,
    acknowledged_at bigint,
    primary key (subscription_id, sequence)
);
create index push_delivery_by_state on push_delivery (subscription_id, state, sequence);

-- The last tries of an event.
create table push_attempt (
    subscription_id bigint not null,
    sequence bigint not null,
    number bigint not null,
    at bigint not null,
    status bigint,
    error text not null,
    primary key (subscription_id, sequence, number)
);

-- Fact. Somebody had an event sent again.
create table push_resend (
    entry bigint primary key,
    subscription_id bigint not null,
    sequence bigint not null,
    actor text not null,
    at bigint not null,
    salt bytea not null
);

-- Fact. Where the office may send to. The last row of a host says whether.
create table outbound_host (
    entry bigint primary key,
    host text not null,                        -- name, address or range, with a port where it is not the scheme's own
    allowed bigint not null,
    note text not null,
    actor text not null,
    at bigint not null,
    salt bytea not null
);

-- Fact. What the office found when it counted at night.
create table push_reconciliation (
    subscription_id bigint not null,
    day text not null,                         -- the day that was counted
    at bigint not null,
    events bigint not null,
    accepted bigint not null,
    acknowledged bigint not null,
    dead bigint not null,
    cancelled bigint not null,
    requeued bigint not null,                  -- events that were set to be tried again at once
    digest bytea not null,
    primary key (subscription_id, day)
);

-- A second factor of accounts: the three administrators need one, others may have one.

create table account_factor (
    account text primary key,
    entry bigint,                              -- by which its owner confirmed it; null: there is none now
    sealed bytea,                              -- what the owner's device shares with the office, sealed under the office's key
    last_step bigint not null,                 -- newest step whose code was accepted: no code opens twice
    reset_at bigint,                           -- moment at which somebody else took it away; null once its owner was told
    reset_by text
);

create table account_recovery (
    account text not null,
    digest bytea not null,                     -- keyed digest of a code that opens once without the device
    used bigint,                               -- entry by which it was used
    primary key (account, digest)
);

alter table session add column factor bigint;  -- entry by which its second factor was given; null: it was not
-- Whoever needs a second factor signs in anew, and sets one up.
update session set ended_at = seen_at
    where ended_at is null and account in (select name from account where role in ('system', 'security', 'audit'));

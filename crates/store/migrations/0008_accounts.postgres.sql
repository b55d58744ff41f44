-- Accounts that take two persons: one makes, another releases. Rights have a history that doctor compares with what stands in the
-- rows. Organs and areas have tables of their own.

alter table account add column made_by text;
alter table account add column released_at bigint;           -- moment; until then it cannot sign in
alter table account add column ended_at bigint;              -- moment; its name is never used again
alter table account add column must_change bigint not null default 0; -- 1: somebody else chose the password
-- What was in use stays in use.
update account set
    made_by = (select j.actor from journal j where j.entry = account.entry),
    released_at = (select j.at from journal j where j.entry = account.entry);

alter table api_key add column made_by text;
alter table api_key add column used_on text;                 -- ISO day of its last use
update api_key set made_by = (select j.actor from journal j where j.entry = api_key.entry);

-- Fact. What was done to an account or a key, with the rights it had from then on.
create table account_history (
    entry bigint primary key,
    is_key bigint not null,                    -- 1 for the key of a program
    number bigint not null,                    -- entry by which the account or key was made
    what text not null,                        -- made, released, rights, lock, unlock, sign_out, password, reset, ended
    role text not null,
    organ text,
    area text,
    salt bytea                                 -- null for what was before there was a history
);
create index account_history_by_number on account_history (number, entry);
insert into account_history (entry, is_key, number, what, role, organ, area, salt)
    select entry, 0, entry, 'made', role, organ, area, null from account;
insert into account_history (entry, is_key, number, what, role, organ, area, salt)
    select entry, 1, entry, 'made', role, organ, area, null from api_key;

-- Fact. An organ as recorded at a position; the newest row of a name holds. Names do not change: they stand in what was done.
create table organ_version (
    name text not null,
    entry bigint not null,
    code text,                                 -- 统一社会信用代码 of the organ itself
    area text,
    kind text not null,                        -- centre, department, township, service, other
    ended bigint not null,                     -- 1: no longer to be chosen
    salt bytea,
    primary key (name, entry)
);
create index organ_version_by_entry on organ_version (entry);
insert into organ_version (name, entry, code, area, kind, ended, salt)
    select u.organ, min(u.entry), null, min(u.area), case
        when max(case when u.role = 'centre' then 1 else 0 end) = 1 then 'centre'
        when max(case when u.role = 'department' then 1 else 0 end) = 1 then 'department'
        when max(case when u.role = 'township' then 1 else 0 end) = 1 then 'township'
        when max(case when u.role = 'counter' then 1 else 0 end) = 1 then 'service'
        else 'other' end, 0, null
    from (select organ, entry, area, role from account union all select organ, entry, area, role from api_key) u
    where u.organ is not null group by u.organ;

-- Fact. An area as recorded at a position; the newest row of a code holds.
create table area_version (
    code text not null,
    entry bigint not null,
    name text not null,
    ended bigint not null,                     -- 1: no longer to be chosen
    salt bytea,
    primary key (code, entry)
);
create index area_version_by_entry on area_version (entry);

-- What somebody did, and what somebody did of one kind. What happened of one kind has its index since the beginning.
create index journal_by_actor on journal (actor, act, entry);

create trigger account_history_append_only before update or delete or truncate on account_history for each statement execute function refuse_change();
create trigger organ_version_append_only before update or delete or truncate on organ_version for each statement execute function refuse_change();
create trigger area_version_append_only before update or delete or truncate on area_version for each statement execute function refuse_change();

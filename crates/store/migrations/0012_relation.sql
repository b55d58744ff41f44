-- Fact. What a record says of another subject: who that is, and on which days. It has no life of its own: it is known, holds and falls
-- with its record, and says nothing that the record's fields do not say.
create table relation (
    record_id bigint not null references record (record_id),
    relation text not null,                    -- id of a relation of the pack
    other_id bigint not null references subject (subject_id),
    from_day text not null,                    -- ISO day, the first
    until_day text,                            -- ISO day, the last; null: goes on
    primary key (record_id, relation),
    constraint relation_in_order check (until_day is null or until_day >= from_day)
);
create index relation_by_other on relation (other_id);

-- Search over names and codes: tokens are made by one function of ours and are the same on both databases.
create table subject_search (
    subject_id bigint not null,
    tokens tsvector not null
);
create index subject_search_by_token on subject_search using gin (tokens);

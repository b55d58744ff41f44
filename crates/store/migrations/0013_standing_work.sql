-- How standing work went, for the page of jobs. No facts: what was read and sent stands elsewhere.
alter table connector_state add column well_at bigint not null default 0;     -- the last look that went well, or 0
alter table connector_state add column failed_at bigint not null default 0;   -- the last that did not, or 0
alter table connector_state add column failure text not null default '';      -- what was said of it
alter table subscription_head add column well_at bigint not null default 0;   -- the last event accepted, or 0
alter table subscription_head add column failed_at bigint not null default 0; -- the last try that was not, or 0
alter table subscription_head add column failure text not null default '';    -- what was said of it

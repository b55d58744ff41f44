-- Since which day the table holds everything of its kind, as the operator was promised; null where nothing was promised.
alter table connector add column covers text;

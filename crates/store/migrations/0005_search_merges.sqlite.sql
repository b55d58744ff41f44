-- The index joins its pieces by itself in the middle of a commit, for tens of milliseconds. It is told to leave that to whoever has time.
insert into subject_search (subject_search, rank) values ('automerge', 0);
insert into subject_search (subject_search, rank) values ('crisismerge', 1000);

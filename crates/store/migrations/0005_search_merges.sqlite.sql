-- The index joins its pieces by itself in the middle of a commit, for tens of milliseconds. It is told to do so a little at a time instead.
insert into subject_search (subject_search, rank) values ('automerge', 0);
insert into subject_search (subject_search, rank) values ('crisismerge', 256);

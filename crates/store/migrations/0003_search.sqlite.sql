-- Search over names and codes: tokens are made by one function of ours and are the same on both databases.
create virtual table subject_search using fts5 (tokens, content = '', tokenize = 'unicode61 remove_diacritics 0', detail = none);

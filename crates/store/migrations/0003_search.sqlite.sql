-- Search over names and codes: tokens are made by one function of ours and are the same on both databases. They are separated by
-- spaces alone: a tokenizer that knows classes of letters would cut a token at a rare character and at a combining mark.
create virtual table subject_search using fts5 (tokens, content = '', tokenize = 'ascii', detail = none);

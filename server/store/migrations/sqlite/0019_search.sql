-- The index of messages is made anew: it keeps where words stand, subjects and names of files. A job fills it, newest messages first.
DROP TABLE message_search;
-- One column without content. Words of a text, then marks that no text contains (server/store/src/wanted.rs): workspace, conversation,
-- channel, who wrote, when. The rowid is the message's search_place.
CREATE VIRTUAL TABLE message_find USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'ascii');
-- NULL until it is in the index, 0 where there is nothing to find. Newer messages have higher places.
ALTER TABLE message ADD COLUMN search_place BIGINT;
CREATE INDEX message_search_place ON message (search_place);
CREATE INDEX message_unplaced ON message (workspace_id, id) WHERE search_place IS NULL;
-- The words of four letters and more, by which beginnings are found.
CREATE TABLE search_word (
    workspace_id TEXT NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (workspace_id, word)
) WITHOUT ROWID;

-- The words of contacts' names, under all that is left of them when a letter is missing: a name with one wrong letter is still found.
CREATE TABLE name_near (
    workspace_id TEXT NOT NULL,
    near TEXT NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (workspace_id, near, word)
) WITHOUT ROWID;
ALTER TABLE contact ADD COLUMN near_due BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE contact SET near_due = TRUE;
CREATE INDEX contact_near_due ON contact (workspace_id, id) WHERE near_due;

-- What a team sees is found without reading all conversations.
CREATE INDEX conversation_team ON conversation (workspace_id, team_id) WHERE team_id IS NOT NULL;

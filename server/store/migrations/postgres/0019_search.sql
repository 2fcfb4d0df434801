-- The index of messages is made anew: it keeps where words stand, subjects and names of files. A job fills it, newest messages first.
DROP TABLE message_search;
-- Words of a text, and marks that no text contains (server/store/src/wanted.rs): workspace, conversation, channel, who wrote, when.
CREATE TABLE message_find (
    place BIGINT PRIMARY KEY,
    words TSVECTOR NOT NULL
);
CREATE INDEX message_find_words ON message_find USING gin (words);
-- NULL until it is in the index, 0 where there is nothing to find. Newer messages have higher places.
ALTER TABLE message ADD COLUMN search_place BIGINT;
CREATE INDEX message_search_place ON message (search_place);
CREATE INDEX message_unplaced ON message (workspace_id, id) WHERE search_place IS NULL;
CREATE SEQUENCE message_find_new START 1099511627777;
CREATE SEQUENCE message_find_old INCREMENT -1 MINVALUE 1 MAXVALUE 1099511627776 START 1099511627776;

-- The words of contacts' names, under all that is left of them when a letter is missing: a name with one wrong letter is still found.
CREATE TABLE name_near (
    workspace_id TEXT NOT NULL,
    near TEXT NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (workspace_id, near, word)
);
ALTER TABLE contact ADD COLUMN near_due BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE contact SET near_due = TRUE;
CREATE INDEX contact_near_due ON contact (workspace_id, id) WHERE near_due;

-- What a team sees is found without reading all conversations.
CREATE INDEX conversation_team ON conversation (workspace_id, team_id) WHERE team_id IS NOT NULL;

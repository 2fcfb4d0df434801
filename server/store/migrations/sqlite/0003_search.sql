-- Full text. Both engines are given the same words, folded and cut in Rust; the engine's own analysis must not change them.
-- The first column holds the workspace as a word, so that one tenant's common words cost another nothing.
CREATE VIRTUAL TABLE message_search USING fts5 (
    workspace, words, conversation_id UNINDEXED, message_id UNINDEXED, tokenize = 'ascii', detail = column
);
CREATE VIRTUAL TABLE contact_search USING fts5 (
    workspace, words, contact_id UNINDEXED, tokenize = 'ascii', detail = column
);
-- Where a contact's words stand, so that they can be replaced.
CREATE TABLE contact_search_place (
    workspace_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    place BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, contact_id)
);

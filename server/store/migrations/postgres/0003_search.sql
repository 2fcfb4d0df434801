-- Full text. Both engines are given the same words, folded and cut in Rust; the engine's own analysis must not change them.
CREATE TABLE message_search (
    place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    words TSVECTOR NOT NULL
);
CREATE INDEX message_search_words ON message_search USING gin (words);
CREATE TABLE contact_search (
    workspace_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    words TSVECTOR NOT NULL,
    PRIMARY KEY (workspace_id, contact_id)
);
CREATE INDEX contact_search_words ON contact_search USING gin (words);

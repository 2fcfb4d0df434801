-- What happened in conversations, for figures: the log of events is trimmed, this is not. It holds no text that people wrote.
CREATE TABLE history (
    workspace_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    channel_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    message_id TEXT,
    from_value TEXT,
    to_value TEXT,
    ms BIGINT,
    PRIMARY KEY (workspace_id, conversation_id, id)
);
CREATE INDEX history_kind ON history (workspace_id, kind, at, id);

CREATE TRIGGER history_is_never_changed BEFORE UPDATE ON history
BEGIN
    SELECT RAISE(ABORT, 'the history is append-only');
END;
CREATE TRIGGER history_is_never_deleted BEFORE DELETE ON history
BEGIN
    SELECT RAISE(ABORT, 'the history is append-only');
END;

-- Which AI agent a conversation is with: whoever took the pen from it gives the pen back to it.
ALTER TABLE conversation ADD COLUMN agent_id TEXT;

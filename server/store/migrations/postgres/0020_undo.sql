-- How to undo what members did, until it is too old. The row of a reply has the reply's id. Before, that was a column of the message.
CREATE TABLE undo (
    workspace_id TEXT NOT NULL REFERENCES workspace (id),
    id TEXT NOT NULL,
    part BIGINT NOT NULL,
    member_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    inverse TEXT NOT NULL,
    -- What came of undoing it; NULL while nobody did.
    result TEXT,
    PRIMARY KEY (workspace_id, id, part)
);
CREATE INDEX undo_at ON undo (workspace_id, at);
INSERT INTO undo (workspace_id, id, part, member_id, at, inverse)
    SELECT workspace_id, id, 0, substr(sender, 8), at, '{"reply":' || undo || '}' FROM message WHERE undo IS NOT NULL;
ALTER TABLE message DROP COLUMN undo;

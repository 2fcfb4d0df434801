-- Why conversations are closed. The words of the first four are in events, lines and facts that are older than this table.
CREATE TABLE close_reason (
    workspace_id TEXT NOT NULL REFERENCES workspace (id),
    id TEXT NOT NULL,
    place BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- The name in the form in which two names are the same.
    key TEXT NOT NULL,
    blocks BOOLEAN NOT NULL,
    archived BOOLEAN NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX close_reason_key ON close_reason (workspace_id, key);
INSERT INTO close_reason (workspace_id, id, place, name, key, blocks, archived)
    SELECT id, 'resolved', 0, 'Resolved', 'resolved', FALSE, FALSE FROM workspace;
INSERT INTO close_reason (workspace_id, id, place, name, key, blocks, archived)
    SELECT id, 'qualified', 1, 'Qualified and handed off', 'qualified and handed off', FALSE, FALSE FROM workspace;
INSERT INTO close_reason (workspace_id, id, place, name, key, blocks, archived)
    SELECT id, 'not_interested', 2, 'Not interested', 'not interested', FALSE, FALSE FROM workspace;
INSERT INTO close_reason (workspace_id, id, place, name, key, blocks, archived)
    SELECT id, 'spam', 3, 'Spam or invalid', 'spam or invalid', TRUE, FALSE FROM workspace;

-- Senders whose next messages stay closed. It says nothing about what goes out to them.
CREATE TABLE blocked_sender (
    workspace_id TEXT NOT NULL REFERENCES workspace (id),
    id TEXT NOT NULL,
    channel_kind TEXT NOT NULL,
    address TEXT NOT NULL,
    label TEXT NOT NULL,
    member_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    conversation_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, id)
);
CREATE UNIQUE INDEX blocked_sender_address ON blocked_sender (workspace_id, channel_kind, address);
CREATE INDEX blocked_sender_at ON blocked_sender (workspace_id, at, id);

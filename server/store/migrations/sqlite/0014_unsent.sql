-- Replies that did not reach them: their places in the thread, separated by commas; empty where there are none.
ALTER TABLE conversation ADD COLUMN unsent TEXT NOT NULL DEFAULT '';
CREATE INDEX conversation_unsent ON conversation (workspace_id, tab, last_at DESC, id DESC) WHERE unsent <> '';

-- The numbers above the list tell them apart.
CREATE TABLE inbox_count_next (
    workspace_id TEXT NOT NULL,
    tab TEXT NOT NULL,
    slot TEXT NOT NULL,
    assignee_id TEXT NOT NULL,
    team_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    unsent BOOLEAN NOT NULL DEFAULT FALSE,
    n BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, tab, slot, assignee_id, team_id, channel_id, unsent)
);
INSERT INTO inbox_count_next (workspace_id, tab, slot, assignee_id, team_id, channel_id, unsent, n)
    SELECT workspace_id, tab, slot, assignee_id, team_id, channel_id, FALSE, n FROM inbox_count;
DROP TABLE inbox_count;
ALTER TABLE inbox_count_next RENAME TO inbox_count;

-- The id of the message that a draft becomes.
ALTER TABLE draft ADD COLUMN message_id TEXT;

-- Replies that did not reach them: their places in the thread, separated by commas; empty where there are none.
ALTER TABLE conversation ADD COLUMN unsent TEXT NOT NULL DEFAULT '';
CREATE INDEX conversation_unsent ON conversation (workspace_id, tab, last_at DESC, id DESC) WHERE unsent <> '';

-- The numbers above the list tell them apart.
ALTER TABLE inbox_count ADD COLUMN unsent BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE inbox_count DROP CONSTRAINT inbox_count_pkey;
ALTER TABLE inbox_count ADD PRIMARY KEY (workspace_id, tab, slot, assignee_id, team_id, channel_id, unsent);

-- The id of the message that a draft becomes.
ALTER TABLE draft ADD COLUMN message_id TEXT;

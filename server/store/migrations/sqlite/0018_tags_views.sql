-- Tags of the workspace. A tag's number is short, because rows, events and URLs contain it.
CREATE TABLE tag (
    workspace_id TEXT NOT NULL REFERENCES workspace (id),
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- The name in the form in which two names are the same.
    key TEXT NOT NULL,
    color TEXT NOT NULL,
    archived BOOLEAN NOT NULL,
    merged_into BIGINT,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX tag_key ON tag (workspace_id, key);

-- The tags stand in the row, between spaces (' 3 17 '), so that a list reads them with it. The second table finds what has a tag.
ALTER TABLE conversation ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN tags TEXT NOT NULL DEFAULT '';
CREATE TABLE conversation_tag (
    workspace_id TEXT NOT NULL,
    tag_id BIGINT NOT NULL,
    conversation_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, tag_id, conversation_id)
);
CREATE TABLE contact_tag (
    workspace_id TEXT NOT NULL,
    tag_id BIGINT NOT NULL,
    contact_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, tag_id, contact_id)
);

-- When the response goal ends. Nothing sets it yet; lists can be sorted by it.
ALTER TABLE conversation ADD COLUMN due_at BIGINT;
CREATE INDEX conversation_waiting ON conversation (workspace_id, tab, waiting_since, id) WHERE waiting_since IS NOT NULL;
CREATE INDEX conversation_due ON conversation (workspace_id, tab, due_at, id) WHERE due_at IS NOT NULL;

CREATE TABLE saved_view (
    workspace_id TEXT NOT NULL REFERENCES workspace (id),
    id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    -- 'private', 'everyone', or a team's id.
    audience TEXT NOT NULL,
    name TEXT NOT NULL,
    icon TEXT NOT NULL,
    listing TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, owner_id) REFERENCES member (workspace_id, id)
);
CREATE TABLE view_order (
    workspace_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    views TEXT NOT NULL,
    PRIMARY KEY (workspace_id, member_id),
    FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);

-- Contacts, conversations, messages and what the lists need beside them.
CREATE TABLE contact (
    workspace_id TEXT NOT NULL REFERENCES workspace (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    company TEXT NOT NULL,
    title TEXT NOT NULL,
    location TEXT NOT NULL,
    language TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    lead_status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE identity (
    workspace_id TEXT NOT NULL REFERENCES workspace (id),
    id TEXT NOT NULL,
    channel_kind TEXT NOT NULL,
    address TEXT NOT NULL,
    label TEXT NOT NULL,
    contact_id TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id)
);
CREATE UNIQUE INDEX identity_address ON identity (workspace_id, channel_kind, address);

CREATE TABLE conversation (
    workspace_id TEXT NOT NULL REFERENCES workspace (id),
    id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    channel_kind TEXT NOT NULL,
    identity_id TEXT NOT NULL,
    contact_id TEXT,
    team_id TEXT,
    status TEXT NOT NULL,
    snoozed_until BIGINT,
    assignee_id TEXT,
    ai_mode TEXT NOT NULL,
    pen TEXT NOT NULL,
    pen_epoch BIGINT NOT NULL,
    waiting_since BIGINT,
    missed_at BIGINT,
    auto_replied_at BIGINT,
    outreach BOOLEAN NOT NULL,
    tab TEXT NOT NULL,
    slot TEXT NOT NULL,
    preview_by TEXT NOT NULL,
    preview TEXT NOT NULL,
    last_at BIGINT NOT NULL,
    last_inbound_at BIGINT,
    started_at BIGINT NOT NULL,
    first_response_ms BIGINT,
    message_count BIGINT NOT NULL,
    inbound_count BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id),
    FOREIGN KEY (workspace_id, identity_id) REFERENCES identity (workspace_id, id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contact (workspace_id, id),
    FOREIGN KEY (workspace_id, assignee_id) REFERENCES member (workspace_id, id)
);
CREATE INDEX conversation_tab ON conversation (workspace_id, tab, last_at DESC, id DESC);
CREATE INDEX conversation_slot ON conversation (workspace_id, tab, slot, last_at DESC, id DESC);
CREATE INDEX conversation_assignee ON conversation (workspace_id, assignee_id, tab, last_at DESC, id DESC);
CREATE INDEX conversation_unassigned ON conversation (workspace_id, tab, last_at DESC, id DESC) WHERE assignee_id IS NULL;
CREATE INDEX conversation_identity ON conversation (workspace_id, identity_id, channel_id, last_at DESC);
CREATE INDEX conversation_contact ON conversation (workspace_id, contact_id, last_at DESC);

-- How many conversations there are of each sort: what every count above the list is added up from.
CREATE TABLE inbox_count (
    workspace_id TEXT NOT NULL,
    tab TEXT NOT NULL,
    slot TEXT NOT NULL,
    assignee_id TEXT NOT NULL,
    team_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, tab, slot, assignee_id, team_id, channel_id)
);

CREATE TABLE message (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    n BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    line TEXT,
    state TEXT,
    send_at BIGINT,
    reason TEXT NOT NULL,
    channel_id TEXT,
    provider_id TEXT,
    fingerprint TEXT NOT NULL,
    undo TEXT,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation (workspace_id, id)
);
CREATE UNIQUE INDEX message_place ON message (workspace_id, conversation_id, n);
-- What a provider delivers twice is one message (R3).
CREATE UNIQUE INDEX message_provider ON message (workspace_id, channel_id, provider_id);

CREATE TABLE attachment (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    conversation_id TEXT,
    message_n BIGINT,
    uploader TEXT NOT NULL,
    name TEXT NOT NULL,
    size BIGINT NOT NULL,
    media_type TEXT NOT NULL,
    digest TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX attachment_message ON attachment (workspace_id, conversation_id, message_n);

CREATE TABLE read_marker (
    workspace_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    read_count BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, member_id)
);

CREATE TABLE draft (
    workspace_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    text TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, member_id, conversation_id, mode)
);

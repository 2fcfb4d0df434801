-- The house: tenant, people, sessions, channels. Times are UTC milliseconds; ids are UUIDv7 as text; enums are words; JSON is text.
CREATE TABLE workspace (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    chat_enabled BOOLEAN NOT NULL,
    chat_off_since BIGINT,
    pending_after_reply BOOLEAN NOT NULL,
    event_seq BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE member (
    workspace_id TEXT NOT NULL REFERENCES workspace (id),
    id TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    visibility TEXT NOT NULL,
    granted TEXT NOT NULL,
    chat_on BOOLEAN NOT NULL,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX member_email ON member (email_key);

CREATE TABLE credential (
    member_id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);

CREATE TABLE session (
    token_hash TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    id TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);
CREATE INDEX session_member ON session (workspace_id, member_id);

-- One-time secrets: the set-up link and invitations. Only hashes are kept.
CREATE TABLE one_time_link (
    token_hash TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    workspace_id TEXT,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX one_time_link_workspace ON one_time_link (workspace_id, purpose, created_at);

-- Attempts per account and per client address, shared by all processes.
CREATE TABLE attempt (
    bucket TEXT NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL,
    window_start BIGINT NOT NULL
);

CREATE TABLE team (
    workspace_id TEXT NOT NULL REFERENCES workspace (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE TABLE team_member (
    workspace_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    team_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, member_id, team_id),
    FOREIGN KEY (workspace_id, team_id) REFERENCES team (workspace_id, id),
    FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);

CREATE TABLE channel (
    workspace_id TEXT NOT NULL REFERENCES workspace (id),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    public_key TEXT,
    undo_ms BIGINT NOT NULL,
    greeting TEXT NOT NULL,
    auto_reply TEXT NOT NULL,
    origins TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX channel_public_key ON channel (public_key);

CREATE TABLE team_channel (
    workspace_id TEXT NOT NULL,
    team_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, team_id, channel_id),
    FOREIGN KEY (workspace_id, team_id) REFERENCES team (workspace_id, id),
    FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id)
);

-- The numbered truth: gapless per workspace, written in the transaction of the change it tells of.
CREATE TABLE event (
    workspace_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    conversation_id TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (workspace_id, seq)
);

-- Durable work. A running job whose lease has ended may be taken by anybody.
CREATE TABLE job (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_owner TEXT,
    last_error TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX job_due ON job (state, run_at);
CREATE INDEX job_workspace ON job (workspace_id, state, run_at);

CREATE TABLE audit (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    member_id TEXT,
    what TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

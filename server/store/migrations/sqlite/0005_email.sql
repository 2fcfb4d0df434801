-- How a channel reaches its provider, and how that goes. What signs in is sealed (server/src/vault.rs); settings are JSON of the kind.
-- Whoever holds the lease is the only one that receives for it.
CREATE TABLE channel_account (
    workspace_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    settings TEXT NOT NULL,
    secret TEXT NOT NULL,
    revision BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    next_step TEXT NOT NULL,
    state_since BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    last_in_at BIGINT,
    last_out_at BIGINT,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, channel_id),
    FOREIGN KEY (workspace_id, channel_id) REFERENCES channel (workspace_id, id)
);
CREATE INDEX channel_account_lease ON channel_account (lease_until);

-- How far a folder was read. UIDs mean something only together with the validity that the server gave them.
CREATE TABLE mail_folder (
    workspace_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    name TEXT NOT NULL,
    uid_validity BIGINT NOT NULL,
    last_uid BIGINT NOT NULL,
    first_uid BIGINT NOT NULL,
    since BIGINT NOT NULL,
    counted_at BIGINT,
    on_server BIGINT NOT NULL,
    here BIGINT NOT NULL,
    before_us BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, channel_id, name)
);

-- Every mail that came in or went out: where its bytes are, and what became of it.
CREATE TABLE mail (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    folder TEXT NOT NULL,
    uid_validity BIGINT,
    uid BIGINT,
    digest TEXT NOT NULL,
    size BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    message_id TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX mail_place ON mail (workspace_id, channel_id, folder, uid_validity, uid);
CREATE INDEX mail_message ON mail (workspace_id, message_id);
CREATE INDEX mail_outcome ON mail (workspace_id, channel_id, outcome, at);

-- The names by which a conversation's mails call each other (Message-ID).
CREATE TABLE mail_name (
    workspace_id TEXT NOT NULL,
    name TEXT NOT NULL,
    message_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, name, message_id)
);

-- Who took part in a conversation by mail: only they may write into it.
CREATE TABLE participant (
    workspace_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, address)
);

ALTER TABLE message ADD COLUMN mail TEXT;
-- What the next answer of a conversation answers.
CREATE INDEX message_mail ON message (workspace_id, conversation_id, n) WHERE mail IS NOT NULL;
ALTER TABLE channel ADD COLUMN address TEXT NOT NULL DEFAULT '';

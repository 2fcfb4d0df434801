-- What was uploaded and not sent yet is bounded for each channel that strangers upload to, and forgotten after a day.
ALTER TABLE attachment ADD COLUMN channel_id TEXT;
CREATE INDEX attachment_unclaimed ON attachment (workspace_id, channel_id) WHERE conversation_id IS NULL;
-- Bytes whose row is gone: they go too, unless another row has the same. All workspaces keep theirs in one folder.
CREATE TABLE loose_bytes (
    workspace_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, digest)
);
CREATE INDEX attachment_digest ON attachment (digest);
CREATE INDEX mail_digest ON mail (digest);
-- What has expired is found without reading everything.
CREATE INDEX attempt_window ON attempt (window_start);
CREATE INDEX session_expiry ON session (workspace_id, expires_at);
-- Written and deleted again to see whether the database takes anything.
CREATE TABLE write_probe (
    id TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
);

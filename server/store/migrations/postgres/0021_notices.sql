-- What is addressed to a member by name. What every member could be told of has no rows: browsers see it in the stream.
CREATE TABLE notice (
    workspace_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    -- The member's own count. A notice that tells of more gets a new number.
    n BIGINT NOT NULL,
    kind TEXT NOT NULL,
    -- A conversation, or an act on several.
    about TEXT NOT NULL,
    -- How many conversations that act changed; 0 for one conversation.
    size BIGINT NOT NULL,
    -- How often it happened since the member looked.
    times BIGINT NOT NULL,
    by_id TEXT,
    place BIGINT,
    at BIGINT NOT NULL,
    seen BOOLEAN NOT NULL,
    PRIMARY KEY (workspace_id, member_id, about, kind),
    FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);
CREATE UNIQUE INDEX notice_n ON notice (workspace_id, member_id, n);

-- One row for each member who has ever been told something or has set a switch.
CREATE TABLE notice_reader (
    workspace_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    -- The number of the newest notice.
    last BIGINT NOT NULL,
    -- Everything up to this number has been seen, since this time.
    seen BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    -- The kinds that are switched on, as bits.
    listed BIGINT NOT NULL,
    browser BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, member_id),
    FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);

-- Whom a note mentions, with their names at that time.
ALTER TABLE message ADD COLUMN mentions TEXT;

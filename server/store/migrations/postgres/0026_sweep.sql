-- Acts on everything that matches a filter. A job does them in parts; the row says how far it is. It goes with what can be undone of it.
CREATE TABLE sweep (
    workspace_id TEXT NOT NULL REFERENCES workspace (id),
    -- Also the id under which it can be undone.
    id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    filter TEXT NOT NULL,
    act TEXT NOT NULL,
    -- The place in the list up to which it is done; NULL at the beginning.
    done_to TEXT,
    changed BIGINT NOT NULL,
    left_alone BIGINT NOT NULL,
    -- In how many parts it can be undone.
    parts BIGINT NOT NULL,
    -- Why it ended; NULL while it runs.
    ended TEXT,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX sweep_of_member ON sweep (workspace_id, member_id) WHERE ended IS NULL;
CREATE INDEX sweep_at ON sweep (workspace_id, at);

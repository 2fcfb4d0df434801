-- Ids are made where things are born, also in browsers: alone they tell nothing apart. Whose they are comes first, as everywhere else.
CREATE TABLE job_keyed (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_owner TEXT,
    last_error TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
INSERT INTO job_keyed (workspace_id, id, kind, body, state, run_at, attempts, lease_owner, last_error, created_at)
SELECT workspace_id, id, kind, body, state, run_at, attempts, lease_owner, last_error, created_at FROM job;
DROP TABLE job;
ALTER TABLE job_keyed RENAME TO job;
CREATE INDEX job_due ON job (state, run_at);
CREATE INDEX job_workspace ON job (workspace_id, state, run_at);

CREATE TABLE credential_keyed (
    workspace_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, member_id),
    FOREIGN KEY (workspace_id, member_id) REFERENCES member (workspace_id, id)
);
INSERT INTO credential_keyed (workspace_id, member_id, password_hash, changed_at)
SELECT workspace_id, member_id, password_hash, changed_at FROM credential;
DROP TABLE credential;
ALTER TABLE credential_keyed RENAME TO credential;

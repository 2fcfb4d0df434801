-- Who made an invitation, and the address they signed in with then: their rights are looked at again when it is accepted.
ALTER TABLE one_time_link ADD COLUMN maker_id TEXT;
ALTER TABLE one_time_link ADD COLUMN maker_key TEXT;
-- Nobody knows who made those that are out. They would have been good for a day; new ones are made in Settings.
DELETE FROM one_time_link WHERE purpose = 'invite';

-- The audit log: from which address, the line's number, and a hash over the line and the hash before it.
ALTER TABLE audit ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN seal TEXT NOT NULL DEFAULT '';
UPDATE audit SET n = numbered.n
    FROM (SELECT workspace_id, id, ROW_NUMBER() OVER (PARTITION BY workspace_id ORDER BY id) AS n FROM audit) AS numbered
    WHERE numbered.workspace_id = audit.workspace_id AND numbered.id = audit.id;
CREATE UNIQUE INDEX audit_n ON audit (workspace_id, n);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

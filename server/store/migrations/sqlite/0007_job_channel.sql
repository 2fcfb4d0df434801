-- What goes out over somebody else's server says by which channel, so that one that is silent does not hold every worker.
ALTER TABLE job ADD COLUMN channel_id TEXT;
UPDATE job SET channel_id = (SELECT ch.id FROM message m
    JOIN conversation c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
    JOIN channel ch ON ch.workspace_id = c.workspace_id AND ch.id = c.channel_id AND ch.kind <> 'web_chat'
    WHERE m.workspace_id = job.workspace_id AND m.id = job.id)
WHERE kind = 'send';
-- In the order in which they are due, without those that nobody takes.
DROP INDEX job_due;
CREATE INDEX job_due ON job (run_at, channel_id, state) WHERE state <> 'dead';

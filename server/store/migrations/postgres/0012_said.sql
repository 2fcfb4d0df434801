-- Who says that an address is somebody's, where they do not write from it themselves: the list that a mail came by, or the one mail that
-- says so. What is only said stays apart from what is known of the address (S14).
ALTER TABLE identity ADD COLUMN said_by TEXT NOT NULL DEFAULT '';
DROP INDEX identity_address;
CREATE UNIQUE INDEX identity_address ON identity (workspace_id, channel_kind, address, said_by);

-- The name that a conversation's first message gave, where its address first came with another.
ALTER TABLE conversation ADD COLUMN label TEXT NOT NULL DEFAULT '';

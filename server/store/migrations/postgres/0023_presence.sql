-- Whether visitors of the web chat are told that a member writes to them.
ALTER TABLE workspace ADD COLUMN shows_typing BOOLEAN NOT NULL DEFAULT TRUE;
-- Whether colleagues and visitors are told nothing of where this member is.
ALTER TABLE member ADD COLUMN hidden BOOLEAN NOT NULL DEFAULT FALSE;

-- The keys that a member has chosen instead of the usual ones, as `command=key` with spaces between; empty for none.
ALTER TABLE member ADD COLUMN keys TEXT NOT NULL DEFAULT '';

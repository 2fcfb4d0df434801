-- Which version of the reader read a mail. A newer version reads the mails of older ones again from their bytes.
ALTER TABLE mail ADD COLUMN reader BIGINT NOT NULL DEFAULT 0;
CREATE INDEX mail_reader ON mail (workspace_id, reader, id) WHERE outcome = 'taken';

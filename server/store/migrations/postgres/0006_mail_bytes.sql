-- A mail is recognised by its bytes where a folder numbers its mails anew, also one that made no message: a report, or what could not be read.
CREATE INDEX mail_bytes ON mail (workspace_id, channel_id, digest);

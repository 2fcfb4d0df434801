-- Ids are made where things are born, also in browsers: alone they tell nothing apart. Whose they are comes first, as everywhere else.
ALTER TABLE job DROP CONSTRAINT job_pkey;
ALTER TABLE job ADD PRIMARY KEY (workspace_id, id);
ALTER TABLE credential DROP CONSTRAINT credential_pkey;
ALTER TABLE credential ADD PRIMARY KEY (workspace_id, member_id);

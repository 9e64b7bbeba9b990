-- The scope of those who see the stacks of errors.

ALTER TABLE api_keys DROP CONSTRAINT api_keys_scopes_known;
ALTER TABLE api_keys ADD CONSTRAINT api_keys_scopes_known CHECK (
  scopes <> '{}' AND scopes <@ ARRAY['jobs:read', 'jobs:write', 'jobs:debug', 'schedules:write', 'admin']
);

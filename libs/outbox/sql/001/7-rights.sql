-- Everybody may see that the schema is there. Who may enqueue, or relay, is for the owner to grant.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jobstream FROM PUBLIC;
GRANT USAGE ON SCHEMA jobstream TO PUBLIC;

-- What keeps every answer as quick, and as alike, as it was with few.

-- Who asked for a link into the console, by address alone: whether it is anybody's is looked at later, so that all are
-- answered alike.
CREATE TABLE sign_in_asks (
    id              BLOB NOT NULL PRIMARY KEY,
    email_key       TEXT NOT NULL,
    return_to       TEXT NOT NULL, -- a path of the console
    request_id      BLOB NOT NULL,
    created_at      INTEGER NOT NULL,
    answered_at     INTEGER
) STRICT;
CREATE INDEX sign_in_asks_email_idx ON sign_in_asks (email_key, created_at);
CREATE INDEX sign_in_asks_created_idx ON sign_in_asks (created_at);

-- Names as they are compared, by the one function that also compares what IdPs assert: é finds É. Of names that were
-- written before, only plain letters are found in either case, until they are written again.
ALTER TABLE people ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE people SET name_key = LOWER(display_name);

-- What waits, in the order in which it is shown.
DROP INDEX grants_held_idx;
CREATE INDEX grants_held_idx ON grants (organization_id, COALESCE(held_at, created_at), id)
    WHERE reason IS NOT NULL AND decision IS NULL;
DROP INDEX links_held_idx;
CREATE INDEX links_held_idx ON links (organization_id, created_at, resource_id)
    WHERE reason IS NOT NULL AND decided_at IS NULL;
CREATE INDEX links_about_idx ON links (organization_id, person_id, created_at, resource_id)
    WHERE reason IS NOT NULL AND decided_at IS NULL;
-- Those few who have a role, without looking at the others.
CREATE INDEX grants_permission_idx ON grants (organization_id, permission, person_id)
    WHERE state = 'effective' AND facility_id IS NULL;
CREATE INDEX invitations_page_idx ON invitations (organization_id, state, id);

-- How a connection fares, and which calls failed, from indexes alone.
DROP INDEX request_log_organization_idx;
CREATE INDEX request_log_organization_idx ON request_log (organization_id, at, id, connection_id, status);
DROP INDEX request_log_connection_idx;
CREATE INDEX request_log_connection_idx ON request_log (organization_id, connection_id, at, id, status);
CREATE INDEX request_log_failed_idx ON request_log (organization_id, at, id) WHERE status >= 400;
CREATE INDEX grants_of_rule_idx ON grants (organization_id, rule_id, person_id)
    WHERE state = 'effective' AND rule_id IS NOT NULL;
-- A text is looked for in this index, and a row is read only where it is found.
DROP INDEX people_name_idx;
CREATE INDEX people_name_idx ON people (organization_id, display_name, id, name_key, email_key);

-- What a plan does to each person, as a number with a bit for each kind: a tab of the plan reads no more than it shows.
-- Of what was planned before, every kind is looked at.
ALTER TABLE plan_effects ADD COLUMN kinds INTEGER NOT NULL DEFAULT -1;
CREATE INDEX plan_effects_kinds_idx ON plan_effects (organization_id, plan_id, position, kinds);

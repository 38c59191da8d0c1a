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

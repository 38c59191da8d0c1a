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

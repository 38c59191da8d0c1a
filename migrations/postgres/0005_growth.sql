-- What keeps every answer as quick, and as alike, as it was with few.

-- Who asked for a link into the console, by address alone: whether it is anybody's is looked at later, so that all are
-- answered alike.
CREATE TABLE sign_in_asks (
    id              UUID NOT NULL PRIMARY KEY,
    email_key       TEXT COLLATE "C" NOT NULL,
    return_to       TEXT NOT NULL, -- a path of the console
    request_id      UUID NOT NULL,
    created_at      BIGINT NOT NULL,
    answered_at     BIGINT
);
CREATE INDEX sign_in_asks_email_idx ON sign_in_asks (email_key, created_at);
CREATE INDEX sign_in_asks_created_idx ON sign_in_asks (created_at);

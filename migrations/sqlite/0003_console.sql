-- The console: who is signed in and how, forms that outlive a session, and what a set-up has come to.

-- Read only: sees everything of the organization, changes nothing. A role at this gateway alone; Secaro has none.
CREATE TABLE auditors (
    organization_id BLOB NOT NULL,
    person_id       BLOB NOT NULL,
    granted_by      TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, person_id),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id)
) STRICT;

-- A browser in which somebody is signed in. Known by the hash of what its cookie holds.
CREATE TABLE sessions (
    organization_id BLOB NOT NULL,
    id              BLOB NOT NULL,
    person_id       BLOB NOT NULL,
    token_hash      BLOB NOT NULL UNIQUE, -- SHA-256 of the 256-bit secret
    method          TEXT NOT NULL CHECK (method IN ('mail', 'recovery', 'oidc')),
    agent           TEXT, -- what the browser calls itself
    address         TEXT,
    signed_in_at    INTEGER NOT NULL, -- when they last proved who they are
    last_seen_at    INTEGER NOT NULL, -- to the minute
    expires_at      INTEGER NOT NULL,
    ended_at        INTEGER,
    ended_why       TEXT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id)
) STRICT;
CREATE INDEX sessions_person_idx ON sessions (organization_id, person_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_expires_idx ON sessions (expires_at);

-- One-time links into the console: asked for by mail, or made at the machine.
CREATE TABLE sign_in_links (
    organization_id BLOB NOT NULL,
    id              BLOB NOT NULL,
    person_id       BLOB NOT NULL,
    token_hash      BLOB NOT NULL UNIQUE, -- SHA-256 of the secret in the link
    method          TEXT NOT NULL CHECK (method IN ('mail', 'recovery')),
    return_to       TEXT NOT NULL, -- a path of the console
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    used_at         INTEGER,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id)
) STRICT;
CREATE INDEX sign_in_links_person_idx ON sign_in_links (organization_id, person_id, created_at);
CREATE INDEX sign_in_links_expires_idx ON sign_in_links (expires_at);
-- Who asks for a link names an address and no organization.
CREATE INDEX people_address_idx ON people (email_key);

-- An organization's OpenID provider.
CREATE TABLE oidc_providers (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    name            TEXT NOT NULL, -- as it stands on the button
    issuer          TEXT NOT NULL,
    client_id       TEXT NOT NULL,
    client_secret   BLOB, -- sealed with the installation's key; none for a public client
    connection_id   BLOB, -- whose Users have the subject of this issuer as their externalId
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, issuer, client_id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id)
) STRICT;

-- A sign-in that is under way at a provider. Known by the hash of its state.
CREATE TABLE oidc_flows (
    organization_id BLOB NOT NULL,
    id              BLOB NOT NULL,
    provider_id     BLOB NOT NULL,
    state_hash      BLOB NOT NULL UNIQUE,
    browser_hash    BLOB NOT NULL, -- of the cookie of the browser that began it
    nonce           TEXT NOT NULL,
    verifier        TEXT NOT NULL, -- PKCE
    invitation_hash BLOB, -- of the invitation that led here
    return_to       TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, provider_id) REFERENCES oidc_providers (organization_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX oidc_flows_expires_idx ON oidc_flows (expires_at);

-- Who somebody is at an issuer: (issuer, subject), never the e-mail.
CREATE TABLE sign_in_identities (
    organization_id BLOB NOT NULL,
    id              BLOB NOT NULL,
    person_id       BLOB NOT NULL,
    issuer          TEXT NOT NULL,
    subject         TEXT NOT NULL,
    bound_by        TEXT NOT NULL CHECK (bound_by IN ('invitation', 'scim')),
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, issuer, subject),
    UNIQUE (organization_id, person_id, issuer),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id)
) STRICT;

-- A form that was sent when its session had ended, or was not fresh enough: kept until its sender is back.
CREATE TABLE kept_forms (
    organization_id BLOB NOT NULL,
    id              BLOB NOT NULL,
    person_id       BLOB NOT NULL,
    path            TEXT NOT NULL,
    fields          TEXT NOT NULL, -- as it was sent, without its CSRF token
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id)
) STRICT;
CREATE INDEX kept_forms_person_idx ON kept_forms (organization_id, person_id, created_at);
CREATE INDEX kept_forms_created_idx ON kept_forms (created_at);

-- What an admin ticked of a connection's set-up; what real calls show is not ticked by anybody.
CREATE TABLE connection_steps (
    organization_id BLOB NOT NULL,
    connection_id   BLOB NOT NULL,
    step            TEXT NOT NULL,
    ticked_by       TEXT NOT NULL,
    ticked_at       INTEGER NOT NULL,
    PRIMARY KEY (organization_id, connection_id, step),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id)
) STRICT;

-- Lists in the orders in which they are read.
CREATE INDEX people_name_idx ON people (organization_id, display_name, id);
CREATE INDEX people_updated_idx ON people (organization_id, updated_at, id);
CREATE INDEX people_status_idx ON people (organization_id, status, email_key);
CREATE INDEX people_managed_idx ON people (organization_id, managed_by, email_key);
CREATE INDEX audit_records_at_idx ON audit_records (organization_id, at, id);
CREATE INDEX audit_records_action_idx ON audit_records (organization_id, action, at, id);
CREATE INDEX audit_records_actor_idx ON audit_records (organization_id, actor_name, at, id);
CREATE INDEX request_log_connection_idx ON request_log (organization_id, connection_id, at, id);
CREATE INDEX plans_organization_idx ON plans (organization_id, created_at, id);
-- In the order in which they are read, so that a list by time is no better way to them.
DROP INDEX audit_records_target_idx;
CREATE INDEX audit_records_target_idx ON audit_records (organization_id, target_id, at, id);
DROP INDEX audit_records_request_idx;
CREATE INDEX audit_records_request_idx ON audit_records (organization_id, request_id, at, id);
CREATE INDEX resources_groups_idx ON resources (organization_id, name_key, id) WHERE kind = 'Group';

-- The organizations, Secaro's side (people, facilities, grants) and the IdPs' side (connections, resources,
-- members), with the audit trail and the outbox. Every table of an organization leads with organization_id,
-- and every reference carries it, so that a row cannot point into another organization.

CREATE TABLE organizations (
    id              BLOB NOT NULL PRIMARY KEY,
    key             TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE domains (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    name            TEXT NOT NULL, -- the A-label, lower case
    verified_at     INTEGER,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, name)
) STRICT;
-- The first organization that verifies a domain has it.
CREATE UNIQUE INDEX domains_verified_idx ON domains (name) WHERE verified_at IS NOT NULL;

CREATE TABLE facilities (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    key             TEXT NOT NULL,
    name            TEXT NOT NULL,
    duns            TEXT,
    address         TEXT,
    labels          TEXT NOT NULL, -- separated by semicolons, as in Secaro's own lists
    archived_at     INTEGER,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, key)
) STRICT;

-- What a rule's capture may call a facility: its key, DUNS, name and labels, folded.
CREATE TABLE facility_names (
    organization_id BLOB NOT NULL,
    name_key        TEXT NOT NULL,
    facility_id     BLOB NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('key', 'duns', 'name', 'label')),
    PRIMARY KEY (organization_id, name_key, facility_id, kind),
    FOREIGN KEY (organization_id, facility_id) REFERENCES facilities (organization_id, id)
) STRICT;
CREATE INDEX facility_names_facility_idx ON facility_names (organization_id, facility_id);

CREATE TABLE connections (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    key             TEXT NOT NULL UNIQUE, -- stands in the URL, so once in the installation
    dialect         TEXT NOT NULL CHECK (dialect IN ('okta', 'entra', 'generic')),
    strict          INTEGER NOT NULL CHECK (strict IN (0, 1)),
    state           TEXT NOT NULL CHECK (state IN ('active', 'paused')),
    may_grant       TEXT NOT NULL, -- of edit, billing_admin, organization_admin, separated by commas
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id)
) STRICT;

CREATE TABLE tokens (
    organization_id BLOB NOT NULL,
    id              BLOB NOT NULL,
    connection_id   BLOB NOT NULL,
    name            TEXT NOT NULL,
    key_id          TEXT NOT NULL UNIQUE, -- the public part of the token, by which it is found
    secret_hash     BLOB NOT NULL, -- SHA-256 of the 256-bit secret
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    revoked_at      INTEGER,
    last_used_at    INTEGER,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id)
) STRICT;
CREATE INDEX tokens_connection_idx ON tokens (organization_id, connection_id);

CREATE TABLE people (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    email           TEXT NOT NULL,
    email_key       TEXT NOT NULL,
    display_name    TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('invited', 'active', 'deactivated')),
    deactivated_by  TEXT CHECK (deactivated_by IN ('idp', 'resource_deleted', 'admin')),
    managed_by      BLOB, -- the connection whose resource is, or last was, linked
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, email_key),
    FOREIGN KEY (organization_id, managed_by) REFERENCES connections (organization_id, id),
    CHECK ((status = 'deactivated') = (deactivated_by IS NOT NULL))
) STRICT;

-- A SCIM User or Group, exactly as one connection asserted it.
CREATE TABLE resources (
    organization_id BLOB NOT NULL,
    id              BLOB NOT NULL,
    connection_id   BLOB NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('User', 'Group')),
    name_key        TEXT NOT NULL, -- userName or displayName, folded
    external_id     TEXT,
    active          INTEGER NOT NULL CHECK (active IN (0, 1)),
    version         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    document        TEXT NOT NULL, -- canonical JSON, without id, meta, groups and members
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, connection_id, id),
    UNIQUE (organization_id, connection_id, kind, name_key),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id)
) STRICT;
CREATE INDEX resources_page_idx ON resources (organization_id, connection_id, kind, id);
CREATE UNIQUE INDEX resources_external_id_idx ON resources (organization_id, connection_id, kind, external_id)
    WHERE external_id IS NOT NULL;

-- The indexed multi-valued attribute: emails.value, folded.
CREATE TABLE resource_emails (
    organization_id BLOB NOT NULL,
    connection_id   BLOB NOT NULL,
    value_key       TEXT NOT NULL,
    resource_id     BLOB NOT NULL,
    PRIMARY KEY (organization_id, connection_id, value_key, resource_id),
    FOREIGN KEY (organization_id, connection_id, resource_id)
        REFERENCES resources (organization_id, connection_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX resource_emails_resource_idx ON resource_emails (organization_id, connection_id, resource_id);

CREATE TABLE members (
    organization_id BLOB NOT NULL,
    connection_id   BLOB NOT NULL,
    group_id        BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    PRIMARY KEY (organization_id, connection_id, group_id, member_id),
    FOREIGN KEY (organization_id, connection_id, group_id)
        REFERENCES resources (organization_id, connection_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, connection_id, member_id)
        REFERENCES resources (organization_id, connection_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX members_member_idx ON members (organization_id, connection_id, member_id, group_id);

-- Which person a User stands for: linked, or held until an Organization admin decides.
CREATE TABLE links (
    organization_id BLOB NOT NULL,
    resource_id     BLOB NOT NULL,
    connection_id   BLOB NOT NULL,
    person_id       BLOB,
    state           TEXT NOT NULL CHECK (state IN ('linked', 'held')),
    reason          TEXT, -- why it is held, or what of it is: an address that may not move unasked
    request_id      BLOB NOT NULL,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, resource_id),
    FOREIGN KEY (organization_id, connection_id, resource_id)
        REFERENCES resources (organization_id, connection_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id),
    CHECK (state = 'held' OR person_id IS NOT NULL),
    CHECK (state = 'linked' OR reason IS NOT NULL)
) STRICT;
-- A person is managed by at most one resource of one connection.
CREATE UNIQUE INDEX links_person_idx ON links (organization_id, person_id) WHERE state = 'linked';
CREATE INDEX links_held_idx ON links (organization_id, created_at) WHERE reason IS NOT NULL;

CREATE TABLE rules (
    organization_id BLOB NOT NULL,
    id              BLOB NOT NULL,
    connection_id   BLOB NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('group', 'pattern', 'attribute')),
    subject         TEXT NOT NULL, -- the group's id, the name pattern, or the attribute's path
    value           TEXT, -- what the attribute has to equal
    gives           TEXT NOT NULL, -- permissions, separated by commas
    enabled         INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    note            TEXT,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id)
) STRICT;
CREATE INDEX rules_connection_idx ON rules (organization_id, connection_id, id);

-- One permission of one person from one source.
CREATE TABLE grants (
    organization_id BLOB NOT NULL,
    id              BLOB NOT NULL,
    person_id       BLOB NOT NULL,
    permission      TEXT NOT NULL
        CHECK (permission IN ('edit_organization', 'edit_facility', 'organization_admin', 'billing_admin')),
    facility_id     BLOB,
    facility_key    TEXT, -- the folded text that names the facility, now or some day
    source          TEXT NOT NULL CHECK (source IN ('manual', 'rule_group', 'rule_attribute', 'attribute')),
    connection_id   BLOB,
    rule_id         BLOB,
    group_id        BLOB,
    attribute       TEXT,
    state           TEXT NOT NULL CHECK (state IN ('effective', 'held', 'dormant')),
    reason          TEXT, -- why it is held or dormant, or why an effective one is not taken away
    granted_by      TEXT NOT NULL,
    request_id      BLOB NOT NULL,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id),
    FOREIGN KEY (organization_id, facility_id) REFERENCES facilities (organization_id, id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id),
    CHECK ((source = 'manual') = (connection_id IS NULL)),
    CHECK (state = 'effective' OR reason IS NOT NULL)
) STRICT;
CREATE INDEX grants_person_idx ON grants (organization_id, person_id, id);
CREATE INDEX grants_rule_idx ON grants (organization_id, rule_id, person_id);
CREATE INDEX grants_facility_key_idx ON grants (organization_id, facility_key, person_id, id);
CREATE INDEX grants_held_idx ON grants (organization_id, created_at) WHERE reason IS NOT NULL;
CREATE INDEX grants_admin_idx ON grants (organization_id, permission, state) WHERE permission = 'organization_admin';

CREATE TABLE audit_records (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    at              INTEGER NOT NULL,
    actor_kind      TEXT NOT NULL CHECK (actor_kind IN ('connection', 'operator', 'system')),
    actor_id        BLOB,
    actor_name      TEXT NOT NULL,
    action          TEXT NOT NULL,
    target_kind     TEXT NOT NULL,
    target_id       BLOB NOT NULL,
    before          TEXT, -- JSON
    after           TEXT, -- JSON
    reason          TEXT,
    request_id      BLOB NOT NULL,
    PRIMARY KEY (organization_id, id)
) STRICT;
CREATE INDEX audit_records_target_idx ON audit_records (organization_id, target_id, at);

CREATE TABLE outbox (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    kind            TEXT NOT NULL,
    subject_id      BLOB NOT NULL, -- events of one subject go out in order
    payload         TEXT NOT NULL, -- JSON
    request_id      BLOB NOT NULL,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id)
) STRICT;

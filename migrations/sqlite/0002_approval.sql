-- What no machine decides alone: proofs of domains and mailboxes, join requests, invitations, held changes, reviewed
-- plans; what goes out about them by mail, the work that waits, and the log of every request.

-- Parents are made anew below, with the same rows.
PRAGMA defer_foreign_keys = ON;

-- The public fingerprint of the secret that mailed links are derived from: every process has to have the same one.
CREATE TABLE installation (
    name            TEXT NOT NULL PRIMARY KEY,
    value           TEXT NOT NULL
) STRICT;

ALTER TABLE organizations ADD COLUMN duns TEXT; -- nine digits; whoever gives it may ask to join
CREATE UNIQUE INDEX organizations_duns_idx ON organizations (duns);

ALTER TABLE domains ADD COLUMN proof TEXT; -- what the TXT record has to say; none where an operator vouched
ALTER TABLE domains ADD COLUMN checked_at INTEGER;
ALTER TABLE domains ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE domains ADD COLUMN suspended_at INTEGER;
CREATE INDEX domains_id_idx ON domains (id); -- a job knows the id alone

-- A connection may be pending (it listens, and grants nothing), or deleted.
CREATE TABLE connections_before AS SELECT * FROM connections;
DROP TABLE connections;
CREATE TABLE connections (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    key             TEXT NOT NULL UNIQUE, -- stands in the URL, so once in the installation
    dialect         TEXT NOT NULL CHECK (dialect IN ('okta', 'entra', 'generic')),
    strict          INTEGER NOT NULL CHECK (strict IN (0, 1)),
    state           TEXT NOT NULL CHECK (state IN ('pending', 'active', 'paused', 'deleted')),
    may_grant       TEXT NOT NULL, -- of edit, billing_admin, organization_admin, separated by commas
    created_at      INTEGER NOT NULL,
    guard_count     INTEGER, -- its own mass-change guard, where it has one
    guard_percent   INTEGER,
    guard_window    INTEGER, -- milliseconds
    PRIMARY KEY (organization_id, id)
) STRICT;
INSERT INTO connections
    SELECT organization_id, id, key, dialect, strict, state, may_grant, created_at, NULL, NULL, NULL
    FROM connections_before;
DROP TABLE connections_before;

-- A link may also be kept apart: somebody decided that the User is not that person.
ALTER TABLE links RENAME TO links_before;
CREATE TABLE links (
    organization_id BLOB NOT NULL,
    resource_id     BLOB NOT NULL,
    connection_id   BLOB NOT NULL,
    person_id       BLOB,
    state           TEXT NOT NULL CHECK (state IN ('linked', 'held', 'apart')),
    reason          TEXT, -- why it is held, or what of it is: an address that may not move unasked
    request_id      BLOB NOT NULL,
    created_at      INTEGER NOT NULL,
    address_key     TEXT, -- the IdP's address that waits or was decided on, as it is compared
    deadline_at     INTEGER, -- by when somebody should have decided
    decided_by      TEXT,
    decided_at      INTEGER,
    overruled_at    INTEGER, -- since when active:false is undone, until the IdP speaks of the User again
    PRIMARY KEY (organization_id, resource_id),
    FOREIGN KEY (organization_id, connection_id, resource_id)
        REFERENCES resources (organization_id, connection_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id),
    CHECK (state = 'held' OR person_id IS NOT NULL),
    CHECK (state <> 'held' OR reason IS NOT NULL)
) STRICT;
INSERT INTO links
    SELECT organization_id, resource_id, connection_id, person_id, state, reason, request_id, created_at,
        NULL, NULL, NULL, NULL, NULL
    FROM links_before;
DROP TABLE links_before;
CREATE UNIQUE INDEX links_person_idx ON links (organization_id, person_id) WHERE state = 'linked';
CREATE INDEX links_held_idx ON links (organization_id, created_at) WHERE reason IS NOT NULL AND decided_at IS NULL;
CREATE INDEX links_connection_idx ON links (organization_id, connection_id, state);

ALTER TABLE grants ADD COLUMN held_at INTEGER; -- since when the gain, or the loss, waits for a decision
ALTER TABLE grants ADD COLUMN held_request_id BLOB; -- by which request
ALTER TABLE grants ADD COLUMN deadline_at INTEGER; -- by when somebody should have decided
ALTER TABLE grants ADD COLUMN decision TEXT CHECK (decision IN ('released', 'discarded'));
ALTER TABLE grants ADD COLUMN decided_by TEXT;
ALTER TABLE grants ADD COLUMN decided_at INTEGER;
ALTER TABLE grants ADD COLUMN mass_change_id BLOB; -- with which others it would have been lost
DROP INDEX grants_held_idx;
CREATE INDEX grants_held_idx ON grants (organization_id, created_at) WHERE reason IS NOT NULL AND decision IS NULL;

-- "Always allow": what a connection asserts for a person is not held again for this permission.
CREATE TABLE allowances (
    organization_id BLOB NOT NULL,
    connection_id   BLOB NOT NULL,
    person_id       BLOB NOT NULL,
    permission      TEXT NOT NULL, -- the form's name
    allowed_by      TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, connection_id, person_id, permission),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id)
) STRICT;

-- What one connection took from people within one window: what the mass-change guard counts.
CREATE TABLE mass_changes (
    organization_id BLOB NOT NULL,
    id              BLOB NOT NULL,
    connection_id   BLOB NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('role_loss', 'deactivation')),
    begun_at        INTEGER NOT NULL,
    people          INTEGER NOT NULL, -- how many lost something
    held            INTEGER NOT NULL, -- how many kept it, because more may not lose it unasked
    threshold       INTEGER, -- how many may lose it within this window; counted when it first matters
    alarmed_at      INTEGER, -- since when it is past the threshold
    undone_at       INTEGER,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id)
) STRICT;
CREATE INDEX mass_changes_connection_idx ON mass_changes (organization_id, connection_id, kind, begun_at);
CREATE INDEX mass_changes_alarmed_idx ON mass_changes (organization_id, begun_at) WHERE alarmed_at IS NOT NULL;

CREATE TABLE mass_change_people (
    organization_id BLOB NOT NULL,
    mass_change_id  BLOB NOT NULL,
    person_id       BLOB NOT NULL,
    at              INTEGER NOT NULL,
    PRIMARY KEY (organization_id, mass_change_id, person_id),
    FOREIGN KEY (organization_id, mass_change_id) REFERENCES mass_changes (organization_id, id),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id)
) STRICT;

-- A reviewed change: what it would do to whom, and the fingerprint of everything that was read to know.
CREATE TABLE plans (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    change          TEXT NOT NULL, -- JSON
    fingerprint     TEXT NOT NULL,
    summary         TEXT NOT NULL, -- JSON
    state           TEXT NOT NULL CHECK (state IN ('planned', 'applying', 'applied', 'discarded', 'stale')),
    made_by         TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    valid_until     INTEGER NOT NULL,
    decided_by      TEXT,
    decided_at      INTEGER,
    finished_at     INTEGER,
    total           INTEGER NOT NULL, -- people
    done            INTEGER NOT NULL,
    differs         TEXT, -- of a stale one: what has changed
    request_id      BLOB NOT NULL,
    PRIMARY KEY (organization_id, id)
) STRICT;
CREATE UNIQUE INDEX plans_id_idx ON plans (id);

CREATE TABLE plan_effects (
    organization_id BLOB NOT NULL,
    plan_id         BLOB NOT NULL,
    position        INTEGER NOT NULL,
    person_id       BLOB, -- nobody yet, if the plan would add them
    resource_id     BLOB,
    email           TEXT NOT NULL,
    before          TEXT NOT NULL, -- permissions, as JSON
    after           TEXT NOT NULL, -- permissions, as JSON
    note            TEXT, -- what else would happen: is added, is held, is deactivated; once applied, what came otherwise
    PRIMARY KEY (organization_id, plan_id, position),
    FOREIGN KEY (organization_id, plan_id) REFERENCES plans (organization_id, id)
) STRICT;

-- A registration: only who reads the mailbox comes further. Belongs to no organization yet.
CREATE TABLE mailbox_proofs (
    id              BLOB NOT NULL PRIMARY KEY,
    email           TEXT NOT NULL,
    email_key       TEXT NOT NULL,
    domain          TEXT NOT NULL,
    display_name    TEXT NOT NULL,
    duns            TEXT,
    token_hash      BLOB NOT NULL UNIQUE, -- SHA-256 of the mailed secret
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    proven_at       INTEGER
) STRICT;
CREATE INDEX mailbox_proofs_email_idx ON mailbox_proofs (email_key, created_at);
CREATE INDEX mailbox_proofs_domain_idx ON mailbox_proofs (domain, created_at);
CREATE INDEX mailbox_proofs_expires_idx ON mailbox_proofs (expires_at);

CREATE TABLE join_requests (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    email           TEXT NOT NULL,
    email_key       TEXT NOT NULL,
    display_name    TEXT NOT NULL,
    matched_by      TEXT NOT NULL CHECK (matched_by IN ('domain', 'duns')),
    matched         TEXT NOT NULL, -- the domain or the DUNS
    note            TEXT,
    wishes          TEXT, -- facilities, in the requester's own words
    proof_id        BLOB NOT NULL REFERENCES mailbox_proofs (id),
    state           TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'rejected', 'expired', 'withdrawn')),
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    reminders       INTEGER NOT NULL, -- how many went out
    decided_by      TEXT,
    decided_at      INTEGER,
    message         TEXT,
    person_id       BLOB,
    request_id      BLOB NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id),
    CHECK ((state = 'pending') = (decided_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX join_requests_pending_idx ON join_requests (organization_id, email_key) WHERE state = 'pending';
-- The worker knows a request alone; a requester knows only their own address.
CREATE UNIQUE INDEX join_requests_id_idx ON join_requests (id);
CREATE INDEX join_requests_address_idx ON join_requests (email_key) WHERE state = 'pending';
CREATE INDEX join_requests_state_idx ON join_requests (organization_id, state, created_at, id);
CREATE INDEX join_requests_email_idx ON join_requests (organization_id, email_key, created_at);
CREATE INDEX join_requests_proof_idx ON join_requests (proof_id);

CREATE TABLE invitations (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    email           TEXT NOT NULL,
    email_key       TEXT NOT NULL,
    display_name    TEXT NOT NULL,
    permissions     TEXT NOT NULL, -- separated by commas
    state           TEXT NOT NULL CHECK (state IN ('staged', 'sent', 'accepted', 'revoked', 'expired')),
    token_hash      BLOB UNIQUE, -- SHA-256 of the mailed secret; a new one voids the old one
    invited_by      TEXT NOT NULL,
    inviter_id      BLOB, -- the person, if it is one: an admin role needs them to be Organization admin still
    person_id       BLOB,
    created_at      INTEGER NOT NULL,
    sent_at         INTEGER,
    expires_at      INTEGER,
    ended_at        INTEGER,
    request_id      BLOB NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id),
    FOREIGN KEY (organization_id, inviter_id) REFERENCES people (organization_id, id)
) STRICT;
CREATE UNIQUE INDEX invitations_open_idx ON invitations (organization_id, email_key) WHERE state IN ('staged', 'sent');
CREATE INDEX invitations_state_idx ON invitations (organization_id, state, created_at);
CREATE INDEX invitations_person_idx ON invitations (organization_id, person_id);
CREATE INDEX invitations_id_idx ON invitations (id); -- a job knows the id alone

-- Mails, one recipient each. A mailed secret stands here only as what it is derived from.
CREATE TABLE mails (
    id              BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB REFERENCES organizations (id),
    kind            TEXT NOT NULL,
    recipient       TEXT NOT NULL,
    data            TEXT NOT NULL, -- JSON
    state           TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'kept', 'failed')),
    attempts        INTEGER NOT NULL,
    last_error      TEXT,
    request_id      BLOB NOT NULL,
    created_at      INTEGER NOT NULL,
    sent_at         INTEGER
) STRICT;
CREATE INDEX mails_organization_idx ON mails (organization_id, created_at);
CREATE INDEX mails_created_idx ON mails (created_at);

-- Work that waits: whichever process claims a row does it.
CREATE TABLE jobs (
    id              BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB REFERENCES organizations (id),
    kind            TEXT NOT NULL,
    subject_id      BLOB NOT NULL,
    run_at          INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    claimed_by      BLOB,
    claimed_until   INTEGER,
    state           TEXT NOT NULL CHECK (state IN ('waiting', 'failed')),
    last_error      TEXT,
    created_at      INTEGER NOT NULL,
    UNIQUE (kind, subject_id)
) STRICT;
CREATE INDEX jobs_state_idx ON jobs (state, run_at);

-- Which events somebody still has to be told of.
ALTER TABLE outbox ADD COLUMN notified_at INTEGER;
UPDATE outbox SET notified_at = created_at;
CREATE INDEX outbox_untold_idx ON outbox (organization_id, created_at) WHERE notified_at IS NULL;

-- What admins were told of that is no event: a token that ends soon, a silent connection, one that fails.
CREATE TABLE notices (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    subject_id      BLOB NOT NULL,
    about           TEXT NOT NULL,
    told_at         INTEGER NOT NULL,
    PRIMARY KEY (organization_id, subject_id, about)
) STRICT;
CREATE INDEX tokens_end_idx ON tokens (expires_at) WHERE revoked_at IS NULL;

-- Every request from the first byte, refused ones too; without secrets.
CREATE TABLE request_log (
    organization_id BLOB, -- of the connection, if there is one of that key
    id              BLOB NOT NULL PRIMARY KEY, -- the request's
    at              INTEGER NOT NULL,
    reference       TEXT NOT NULL, -- as it stands at the end of an error's detail
    connection_id   BLOB,
    connection      TEXT, -- its key as it was asked for
    credential      TEXT, -- the public part of the token that was accepted
    method          TEXT NOT NULL,
    path            TEXT NOT NULL, -- with its query, without what may be secret
    meaning         TEXT NOT NULL,
    target_kind     TEXT,
    target_id       BLOB,
    target_name     TEXT,
    status          INTEGER NOT NULL,
    scim_type       TEXT,
    detail          TEXT,
    duration_us     INTEGER NOT NULL,
    address         TEXT,
    agent           TEXT, -- what the client calls itself
    steps           TEXT NOT NULL, -- JSON
    quirks          TEXT NOT NULL, -- JSON
    body            TEXT -- with every value left away; only where capture is on
) STRICT;
CREATE INDEX request_log_at_idx ON request_log (at, id);
CREATE INDEX request_log_organization_idx ON request_log (organization_id, at, id);
CREATE INDEX request_log_reference_idx ON request_log (reference);

-- Requests that came faster than they could be written down.
CREATE TABLE request_log_gaps (
    id              BLOB NOT NULL PRIMARY KEY,
    began_at        INTEGER NOT NULL,
    ended_at        INTEGER NOT NULL,
    missing         INTEGER NOT NULL
) STRICT;
CREATE INDEX request_log_gaps_ended_idx ON request_log_gaps (ended_at);
CREATE INDEX outbox_request_idx ON outbox (organization_id, request_id);

-- People act too.
ALTER TABLE audit_records RENAME TO audit_records_before;
DROP INDEX audit_records_target_idx;
CREATE TABLE audit_records (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    at              INTEGER NOT NULL,
    actor_kind      TEXT NOT NULL CHECK (actor_kind IN ('connection', 'operator', 'person', 'system')),
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
INSERT INTO audit_records SELECT * FROM audit_records_before;
DROP TABLE audit_records_before;
CREATE INDEX audit_records_target_idx ON audit_records (organization_id, target_id, at);
CREATE INDEX audit_records_request_idx ON audit_records (organization_id, request_id);

-- What no machine decides alone: proofs of domains and mailboxes, join requests, invitations, held changes, reviewed
-- plans; what goes out about them by mail, the work that waits, and the log of every request.

-- The public fingerprint of the secret that mailed links are derived from: every process has to have the same one.
CREATE TABLE installation (
    name            TEXT NOT NULL PRIMARY KEY,
    value           TEXT NOT NULL
);

ALTER TABLE organizations ADD COLUMN duns TEXT; -- nine digits; whoever gives it may ask to join
CREATE UNIQUE INDEX organizations_duns_idx ON organizations (duns);

ALTER TABLE domains ADD COLUMN proof TEXT; -- what the TXT record has to say; none where an operator vouched
ALTER TABLE domains ADD COLUMN checked_at BIGINT;
ALTER TABLE domains ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE domains ADD COLUMN suspended_at BIGINT;
CREATE INDEX domains_id_idx ON domains (id); -- a job knows the id alone

-- A connection may be pending (it listens, and grants nothing), or deleted.
ALTER TABLE connections DROP CONSTRAINT connections_state_check;
ALTER TABLE connections ADD CHECK (state IN ('pending', 'active', 'paused', 'deleted'));
ALTER TABLE connections ADD COLUMN guard_count BIGINT; -- its own mass-change guard, where it has one
ALTER TABLE connections ADD COLUMN guard_percent BIGINT;
ALTER TABLE connections ADD COLUMN guard_window BIGINT; -- milliseconds

-- A link may also be kept apart: somebody decided that the User is not that person.
ALTER TABLE links DROP CONSTRAINT links_state_check;
ALTER TABLE links ADD CHECK (state IN ('linked', 'held', 'apart'));
ALTER TABLE links DROP CONSTRAINT links_check1;
ALTER TABLE links ADD CHECK (state <> 'held' OR reason IS NOT NULL);
ALTER TABLE links ADD COLUMN address_key TEXT COLLATE "C"; -- the IdP's address that waits or was decided on, as it is compared
ALTER TABLE links ADD COLUMN deadline_at BIGINT; -- by when somebody should have decided
ALTER TABLE links ADD COLUMN decided_by TEXT;
ALTER TABLE links ADD COLUMN decided_at BIGINT;
ALTER TABLE links ADD COLUMN overruled_at BIGINT; -- since when active:false is undone, until the IdP speaks of the User again
DROP INDEX links_held_idx;
CREATE INDEX links_held_idx ON links (organization_id, created_at) WHERE reason IS NOT NULL AND decided_at IS NULL;
CREATE INDEX links_connection_idx ON links (organization_id, connection_id, state);

ALTER TABLE grants ADD COLUMN held_at BIGINT; -- since when the gain, or the loss, waits for a decision
ALTER TABLE grants ADD COLUMN held_request_id UUID; -- by which request
ALTER TABLE grants ADD COLUMN deadline_at BIGINT; -- by when somebody should have decided
ALTER TABLE grants ADD COLUMN decision TEXT CHECK (decision IN ('released', 'discarded'));
ALTER TABLE grants ADD COLUMN decided_by TEXT;
ALTER TABLE grants ADD COLUMN decided_at BIGINT;
ALTER TABLE grants ADD COLUMN mass_change_id UUID; -- with which others it would have been lost
DROP INDEX grants_held_idx;
CREATE INDEX grants_held_idx ON grants (organization_id, created_at) WHERE reason IS NOT NULL AND decision IS NULL;

-- "Always allow": what a connection asserts for a person is not held again for this permission.
CREATE TABLE allowances (
    organization_id UUID NOT NULL,
    connection_id   UUID NOT NULL,
    person_id       UUID NOT NULL,
    permission      TEXT COLLATE "C" NOT NULL, -- the form's name
    allowed_by      TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, connection_id, person_id, permission),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id)
);

-- What one connection took from people within one window: what the mass-change guard counts.
CREATE TABLE mass_changes (
    organization_id UUID NOT NULL,
    id              UUID NOT NULL,
    connection_id   UUID NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('role_loss', 'deactivation')),
    begun_at        BIGINT NOT NULL,
    people          BIGINT NOT NULL, -- how many lost something
    held            BIGINT NOT NULL, -- how many kept it, because more may not lose it unasked
    threshold       BIGINT, -- how many may lose it within this window; counted when it first matters
    alarmed_at      BIGINT, -- since when it is past the threshold
    undone_at       BIGINT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id)
);
CREATE INDEX mass_changes_connection_idx ON mass_changes (organization_id, connection_id, kind, begun_at);
CREATE INDEX mass_changes_alarmed_idx ON mass_changes (organization_id, begun_at) WHERE alarmed_at IS NOT NULL;

CREATE TABLE mass_change_people (
    organization_id UUID NOT NULL,
    mass_change_id  UUID NOT NULL,
    person_id       UUID NOT NULL,
    at              BIGINT NOT NULL,
    PRIMARY KEY (organization_id, mass_change_id, person_id),
    FOREIGN KEY (organization_id, mass_change_id) REFERENCES mass_changes (organization_id, id),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id)
);

-- A reviewed change: what it would do to whom, and the fingerprint of everything that was read to know.
CREATE TABLE plans (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id              UUID NOT NULL,
    change          TEXT NOT NULL, -- JSON
    fingerprint     TEXT NOT NULL,
    summary         TEXT NOT NULL, -- JSON
    state           TEXT NOT NULL CHECK (state IN ('planned', 'applying', 'applied', 'discarded', 'stale')),
    made_by         TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    valid_until     BIGINT NOT NULL,
    decided_by      TEXT,
    decided_at      BIGINT,
    finished_at     BIGINT,
    total           BIGINT NOT NULL, -- people
    done            BIGINT NOT NULL,
    differs         TEXT, -- of a stale one: what has changed
    request_id      UUID NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX plans_id_idx ON plans (id);

CREATE TABLE plan_effects (
    organization_id UUID NOT NULL,
    plan_id         UUID NOT NULL,
    position        BIGINT NOT NULL,
    person_id       UUID, -- nobody yet, if the plan would add them
    resource_id     UUID,
    email           TEXT NOT NULL,
    before          TEXT NOT NULL, -- permissions, as JSON
    after           TEXT NOT NULL, -- permissions, as JSON
    note            TEXT, -- what else would happen: is added, is held, is deactivated; once applied, what came otherwise
    PRIMARY KEY (organization_id, plan_id, position),
    FOREIGN KEY (organization_id, plan_id) REFERENCES plans (organization_id, id)
);

-- A registration: only who reads the mailbox comes further. Belongs to no organization yet.
CREATE TABLE mailbox_proofs (
    id              UUID NOT NULL PRIMARY KEY,
    email           TEXT NOT NULL,
    email_key       TEXT COLLATE "C" NOT NULL,
    domain          TEXT COLLATE "C" NOT NULL,
    display_name    TEXT NOT NULL,
    duns            TEXT,
    token_hash      BYTEA NOT NULL UNIQUE, -- SHA-256 of the mailed secret
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    proven_at       BIGINT
);
CREATE INDEX mailbox_proofs_email_idx ON mailbox_proofs (email_key, created_at);
CREATE INDEX mailbox_proofs_domain_idx ON mailbox_proofs (domain, created_at);
CREATE INDEX mailbox_proofs_expires_idx ON mailbox_proofs (expires_at);

CREATE TABLE join_requests (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id              UUID NOT NULL,
    email           TEXT NOT NULL,
    email_key       TEXT COLLATE "C" NOT NULL,
    display_name    TEXT NOT NULL,
    matched_by      TEXT NOT NULL CHECK (matched_by IN ('domain', 'duns')),
    matched         TEXT NOT NULL, -- the domain or the DUNS
    note            TEXT,
    wishes          TEXT, -- facilities, in the requester's own words
    proof_id        UUID NOT NULL REFERENCES mailbox_proofs (id),
    state           TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'rejected', 'expired', 'withdrawn')),
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    reminders       BIGINT NOT NULL, -- how many went out
    decided_by      TEXT,
    decided_at      BIGINT,
    message         TEXT,
    person_id       UUID,
    request_id      UUID NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id),
    CHECK ((state = 'pending') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX join_requests_pending_idx ON join_requests (organization_id, email_key) WHERE state = 'pending';
-- The worker knows a request alone; a requester knows only their own address.
CREATE UNIQUE INDEX join_requests_id_idx ON join_requests (id);
CREATE INDEX join_requests_address_idx ON join_requests (email_key) WHERE state = 'pending';
CREATE INDEX join_requests_state_idx ON join_requests (organization_id, state, created_at, id);
CREATE INDEX join_requests_email_idx ON join_requests (organization_id, email_key, created_at);
CREATE INDEX join_requests_proof_idx ON join_requests (proof_id);

CREATE TABLE invitations (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id              UUID NOT NULL,
    email           TEXT NOT NULL,
    email_key       TEXT COLLATE "C" NOT NULL,
    display_name    TEXT NOT NULL,
    permissions     TEXT NOT NULL, -- separated by commas
    state           TEXT NOT NULL CHECK (state IN ('staged', 'sent', 'accepted', 'revoked', 'expired')),
    token_hash      BYTEA UNIQUE, -- SHA-256 of the mailed secret; a new one voids the old one
    invited_by      TEXT NOT NULL,
    inviter_id      UUID, -- the person, if it is one: an admin role needs them to be Organization admin still
    person_id       UUID,
    created_at      BIGINT NOT NULL,
    sent_at         BIGINT,
    expires_at      BIGINT,
    ended_at        BIGINT,
    request_id      UUID NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id),
    FOREIGN KEY (organization_id, inviter_id) REFERENCES people (organization_id, id)
);
CREATE UNIQUE INDEX invitations_open_idx ON invitations (organization_id, email_key) WHERE state IN ('staged', 'sent');
CREATE INDEX invitations_state_idx ON invitations (organization_id, state, created_at);
CREATE INDEX invitations_person_idx ON invitations (organization_id, person_id);
CREATE INDEX invitations_id_idx ON invitations (id); -- a job knows the id alone

-- Mails, one recipient each. A mailed secret stands here only as what it is derived from.
CREATE TABLE mails (
    id              UUID NOT NULL PRIMARY KEY,
    organization_id UUID REFERENCES organizations (id),
    kind            TEXT NOT NULL,
    recipient       TEXT NOT NULL,
    data            TEXT NOT NULL, -- JSON
    state           TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'kept', 'failed')),
    attempts        BIGINT NOT NULL,
    last_error      TEXT,
    request_id      UUID NOT NULL,
    created_at      BIGINT NOT NULL,
    sent_at         BIGINT
);
CREATE INDEX mails_organization_idx ON mails (organization_id, created_at);
CREATE INDEX mails_created_idx ON mails (created_at);

-- Work that waits: whichever process claims a row does it.
CREATE TABLE jobs (
    id              UUID NOT NULL PRIMARY KEY,
    organization_id UUID REFERENCES organizations (id),
    kind            TEXT NOT NULL,
    subject_id      UUID NOT NULL,
    run_at          BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    claimed_by      UUID,
    claimed_until   BIGINT,
    state           TEXT NOT NULL CHECK (state IN ('waiting', 'failed')),
    last_error      TEXT,
    created_at      BIGINT NOT NULL,
    UNIQUE (kind, subject_id)
);
CREATE INDEX jobs_state_idx ON jobs (state, run_at);

-- Which events somebody still has to be told of.
ALTER TABLE outbox ADD COLUMN notified_at BIGINT;
UPDATE outbox SET notified_at = created_at;
CREATE INDEX outbox_untold_idx ON outbox (organization_id, created_at) WHERE notified_at IS NULL;

-- What admins were told of that is no event: a token that ends soon, a silent connection, one that fails.
CREATE TABLE notices (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    subject_id      UUID NOT NULL,
    about           TEXT NOT NULL,
    told_at         BIGINT NOT NULL,
    PRIMARY KEY (organization_id, subject_id, about)
);
CREATE INDEX tokens_end_idx ON tokens (expires_at) WHERE revoked_at IS NULL;

-- Every request from the first byte, refused ones too; without secrets.
CREATE TABLE request_log (
    organization_id UUID, -- of the connection, if there is one of that key
    id              UUID NOT NULL PRIMARY KEY, -- the request's
    at              BIGINT NOT NULL,
    reference       TEXT COLLATE "C" NOT NULL, -- as it stands at the end of an error's detail
    connection_id   UUID,
    connection      TEXT, -- its key as it was asked for
    credential      TEXT, -- the public part of the token that was accepted
    method          TEXT NOT NULL,
    path            TEXT NOT NULL, -- with its query, without what may be secret
    meaning         TEXT NOT NULL,
    target_kind     TEXT,
    target_id       UUID,
    target_name     TEXT,
    status          BIGINT NOT NULL,
    scim_type       TEXT,
    detail          TEXT,
    duration_us     BIGINT NOT NULL,
    address         TEXT,
    agent           TEXT, -- what the client calls itself
    steps           TEXT NOT NULL, -- JSON
    quirks          TEXT NOT NULL, -- JSON
    body            TEXT -- with every value left away; only where capture is on
);
CREATE INDEX request_log_at_idx ON request_log (at, id);
CREATE INDEX request_log_organization_idx ON request_log (organization_id, at, id);
CREATE INDEX request_log_reference_idx ON request_log (reference);

-- Requests that came faster than they could be written down.
CREATE TABLE request_log_gaps (
    id              UUID NOT NULL PRIMARY KEY,
    began_at        BIGINT NOT NULL,
    ended_at        BIGINT NOT NULL,
    missing         BIGINT NOT NULL
);
CREATE INDEX request_log_gaps_ended_idx ON request_log_gaps (ended_at);
CREATE INDEX outbox_request_idx ON outbox (organization_id, request_id);

-- People act too.
ALTER TABLE audit_records DROP CONSTRAINT audit_records_actor_kind_check;
ALTER TABLE audit_records ADD CHECK (actor_kind IN ('connection', 'operator', 'person', 'system'));
CREATE INDEX audit_records_request_idx ON audit_records (organization_id, request_id);

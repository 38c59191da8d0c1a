-- Signing in at a provider: it may not say when somebody last proved who they are.

ALTER TABLE sessions ADD COLUMN proved_at BIGINT; -- when they did; NULL: nobody says, and the session is never fresh
UPDATE sessions SET proved_at = signed_in_at;
-- Whether the sign-in was to be anew, whatever session the provider has.
ALTER TABLE oidc_flows ADD COLUMN anew BOOLEAN NOT NULL DEFAULT FALSE;

-- Who can edit a facility, and by which rules.
CREATE INDEX grants_facility_idx ON grants (organization_id, facility_id, person_id, rule_id)
    WHERE state = 'effective' AND facility_id IS NOT NULL;
-- A provider takes the sign-ins that are under way there with it.
CREATE INDEX oidc_flows_provider_idx ON oidc_flows (organization_id, provider_id);

-- What an Organization admin does not want to be mailed. What stands here of nobody is mailed to all of them.
CREATE TABLE declined_mails (
    organization_id UUID NOT NULL,
    person_id       UUID NOT NULL,
    topic           TEXT NOT NULL CHECK (topic IN ('join_requests', 'held', 'deactivations', 'tokens', 'connections', 'plans')),
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, person_id, topic),
    FOREIGN KEY (organization_id, person_id) REFERENCES people (organization_id, id)
);

//! What each person may do and why: every effective permission with all that it comes from, and everything that
//! gives nothing yet with what it waits for.

use std::collections::HashMap;

use serde::Serialize;

use super::grants::effective_of;
use super::organizations::Organization;
use super::people::{Person, Status};
use super::permissions::Permission;
use super::{Directory, Error};
use crate::clock::Timestamp;
use crate::directory::email::Email;
use crate::ids::{ConnectionId, GrantId, OrganizationId, PersonId, RequestId, RuleId};
use crate::store::grants::{ExplainedGrant, Grant, GrantSource, GrantState};
use crate::store::join_requests::JoinRequestState;
use crate::store::{self, Reader};

/// A person with what they may do.
#[derive(Debug, Clone, Serialize)]
pub struct PersonOverview {
    /// The organization's key.
    pub organization: String,
    /// The person.
    #[serde(flatten)]
    pub person: Person,
    /// The connection that manages them, by key.
    pub managed_by: Option<String>,
    /// The effective permissions.
    pub permissions: Vec<Permission>,
}

/// A person with what they may do and why.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The person with the effective permissions.
    #[serde(flatten)]
    pub overview: PersonOverview,
    /// Each effective permission and everything it comes from.
    pub effective: Vec<Explained>,
    /// What gives nothing yet, and what each waits for.
    pub waiting: Vec<Explained>,
    /// By which doors they were let in and by whom, each in a sentence.
    pub doors: Vec<String>,
    /// What of the link to the IdP's User waits for a decision, or was decided, in a sentence.
    pub link: Option<String>,
}

impl Explanation {
    /// What people gave, as far as it is in effect.
    #[must_use]
    pub fn by_hand(&self) -> Vec<Permission> {
        let given = |one: &&Explained| one.because.iter().any(|cause| cause.connection.is_none());
        self.effective.iter().filter(given).map(|one| one.permission.clone()).collect()
    }

    /// The connections that give a permission now, by key.
    pub fn givers<'a>(&'a self, permission: &'a Permission) -> impl Iterator<Item = &'a str> {
        let same = self.effective.iter().filter(move |one| one.permission == *permission);
        same.flat_map(|one| &one.because).filter_map(|cause| cause.connection.as_deref())
    }
}

/// One permission and what it comes from.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// The permission.
    pub permission: Permission,
    /// Secaro's words for it.
    pub called: String,
    /// What it comes from; any one of them is enough.
    pub because: Vec<Cause>,
}

/// One source of a permission.
#[derive(Debug, Clone, Serialize)]
pub struct Cause {
    /// In a sentence.
    pub text: String,
    /// The connection, by key.
    pub connection: Option<String>,
    /// The rule.
    pub rule: Option<RuleId>,
    /// The group, by name.
    pub group: Option<String>,
    /// The attribute.
    pub attribute: Option<String>,
    /// On whose authority.
    pub granted_by: String,
    /// By which request.
    pub request: RequestId,
    /// Since when.
    pub since: Timestamp,
    /// What it waits for, if it gives nothing or may be lost.
    pub waits_for: Option<String>,
    /// By which it is decided.
    pub id: GrantId,
    /// By when somebody should have decided.
    pub deadline: Option<Timestamp>,
    /// Who decided what about it, in a sentence.
    pub decision: Option<String>,
}

/// Why something is held or dormant, in words; the one list of reasons.
#[must_use]
pub fn reason_in_words(reason: &str) -> &'static str {
    match reason {
        "ceiling" => "the connection may not grant this; an Organization admin has to decide",
        "unverified_domain" => "the e-mail's domain is not verified for the organization",
        "invited" => "promised by an invitation; an Organization admin has to confirm it",
        "reactivated" => "given before the person was deactivated; an Organization admin has to confirm it",
        "last_organization_admin" => {
            "the IdP no longer asserts it, but it is the last Organization admin's role; an Organization admin has to decide"
        }
        "unknown_facility" => "no facility is called so; it comes alive when one is",
        "ambiguous_facility" => "several facilities are called so; use the facility's key",
        "archived_facility" => "the facility is archived",
        "no_address" => "the IdP sends no usable e-mail address",
        "existing_admin" => "the address is an existing admin's",
        "existing_person" => "the address is an existing person's, and its domain is not verified for the organization",
        "other_connection" => "another connection manages the person of this address",
        "already_linked" => "another User of this connection stands for the person of this address",
        "deactivated_by_admin" => "an Organization admin deactivated the person of this address",
        "mass_change" => {
            "the connection wanted to take permissions from more people than it may at once; an Organization admin has to decide"
        }
        "address_taken" => "the IdP's new address is another person's; the old one stays",
        "address_unverified" => "the domain of the IdP's new address is not verified; the old one stays",
        _ => "an Organization admin has to decide",
    }
}

impl Directory {
    /// Everybody of an organization, by e-mail.
    pub async fn people(&self, organization: &str) -> Result<Vec<PersonOverview>, Error> {
        let organization = self.find_organization(organization).await?;
        let mut reader = self.store.read().await?;
        let connections = connection_keys(&mut reader, organization.id).await?;
        let (mut people, mut after) = (Vec::new(), String::new());
        loop {
            let page = reader.people_after(organization.id, &after, 500).await?;
            let Some(last) = page.last() else { return Ok(people) };
            after.clone_from(&last.email_key);
            for person in page {
                let grants = reader.explained_grants(organization.id, person.id).await?;
                people.push(overview(&organization, person, &grants, &connections));
            }
        }
    }

    /// What the person of this address may do and why.
    pub async fn explain(&self, organization: Option<&str>, email: &str) -> Result<Explanation, Error> {
        let (organization, person) = self.find_person(organization, email).await?;
        let mut reader = self.store.read().await?;
        let connections = connection_keys(&mut reader, organization.id).await?;
        let grants = reader.explained_grants(organization.id, person.id).await?;
        let link = about_the_link(&mut reader, organization.id, person.id).await?;
        let doors = doors(&mut reader, organization.id, &person).await?;
        let active = person.status == Status::Active;
        let is_effective = |explained: &&ExplainedGrant| active && explained.grant.state == GrantState::Effective;
        let (effective, waiting) = (
            explained(grants.iter().filter(is_effective)),
            explained(grants.iter().filter(|explained| !is_effective(explained))),
        );
        let overview = overview(&organization, person, &grants, &connections);
        Ok(Explanation { overview, effective, waiting, doors, link })
    }

    /// The person of this address, in this organization or in the only one that has them.
    pub(crate) async fn find_person(
        &self,
        organization: Option<&str>,
        email: &str,
    ) -> Result<(Organization, Person), Error> {
        let key = Email::parse(email)
            .ok_or_else(|| Error::Invalid(format!("«{email}» is no e-mail address; write it like ada@example.org")))?;
        let organizations = match organization {
            Some(key) => vec![self.find_organization(key).await?],
            None => self.organizations().await?,
        };
        let mut reader = self.store.read().await?;
        let mut found = Vec::new();
        for organization in organizations {
            if let Some(person) = reader.person_by_email(organization.id, key.key()).await? {
                found.push((organization, person));
            }
        }
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(_), false) => Err(Error::Invalid(
                "several organizations have a person of this address; say which with --organization KEY".to_owned(),
            )),
            (None, _) => Err(Error::NotFound {
                kind: "person",
                name: email.to_owned(),
                advice: "«secaro-gateway person list» shows those there are",
            }),
        }
    }
}

pub(super) async fn connection_keys(
    reader: &mut Reader,
    organization: OrganizationId,
) -> Result<HashMap<ConnectionId, String>, store::Error> {
    let rows = reader.connections(organization).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.key)).collect())
}

/// The request to join that was accepted, and the invitations.
async fn doors(
    reader: &mut Reader,
    organization: OrganizationId,
    person: &Person,
) -> Result<Vec<String>, store::Error> {
    let mut doors = Vec::new();
    let asked = reader.latest_join_request(organization, &person.email_key).await?;
    if let Some(request) = asked.filter(|request| request.person_id == Some(person.id))
        && let (JoinRequestState::Accepted, Some(by), Some(at)) =
            (request.state, request.decided_by, request.decided_at)
    {
        doors.push(format!("Asked to join on {}; accepted by {by} on {at}.", request.created_at));
    }
    for invitation in reader.invitations_accepted_by(organization, person.id).await? {
        if let Some(at) = invitation.ended_at {
            doors.push(format!("Invited by {}; accepted on {at}.", invitation.invited_by));
        }
    }
    Ok(doors)
}

/// What of links to this person waits for a decision, or was decided.
async fn about_the_link(
    reader: &mut Reader,
    organization: OrganizationId,
    person: PersonId,
) -> Result<Option<String>, store::Error> {
    let held = reader.held_link_about(organization, person).await?;
    if let Some(reason) = held.and_then(|link| link.reason) {
        return Ok(Some(format!("The link to the IdP's User waits for a decision: {}.", reason_in_words(&reason))));
    }
    let Some(link) = reader.link_of_person(organization, person).await? else { return Ok(None) };
    Ok(match (link.reason, link.decided_by, link.decided_at) {
        (Some(reason), Some(by), Some(at)) => {
            Some(format!("{}; {by} decided so on {at}.", upper(reason_in_words(&reason))))
        }
        (None, Some(by), Some(at)) => Some(format!("{by} decided about the link to the IdP's User on {at}.")),
        _ => None,
    })
}

fn upper(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn overview(
    organization: &Organization,
    person: Person,
    grants: &[ExplainedGrant],
    connections: &HashMap<ConnectionId, String>,
) -> PersonOverview {
    PersonOverview {
        organization: organization.key.clone(),
        managed_by: person.managed_by.and_then(|id| connections.get(&id).cloned()),
        permissions: if person.status == Status::Active { effective_of(grants) } else { Vec::new() },
        person,
    }
}

/// Groups grants of one permission together.
fn explained<'a>(grants: impl Iterator<Item = &'a ExplainedGrant>) -> Vec<Explained> {
    let mut all: Vec<Explained> = Vec::new();
    for grant in grants {
        let facility = grant.facility.as_deref().or(grant.grant.facility_key.as_deref());
        let Some(permission) = Permission::of(&grant.grant.permission, facility) else { continue };
        let cause = cause(grant);
        if let Some(same) = all.iter_mut().find(|explained| explained.permission == permission) {
            same.because.push(cause);
            continue;
        }
        let called = permission.called(grant.facility_name.as_deref());
        all.push(Explained { permission, called, because: vec![cause] });
    }
    // As in the list of permissions.
    all.sort_by(|one, other| one.permission.cmp(&other.permission));
    all
}

fn cause(explained: &ExplainedGrant) -> Cause {
    let grant = &explained.grant;
    let group = explained.group_document.as_deref().and_then(display_name);
    let rule = explained.rule.as_deref().unwrap_or("(removed)");
    let connection = explained.connection.as_deref().unwrap_or("(removed)");
    let attribute = grant.attribute.as_deref().unwrap_or_default();
    let text = match grant.source {
        GrantSource::Manual => format!("given by {}", grant.granted_by),
        GrantSource::RuleGroup => {
            let group = group.as_deref().unwrap_or("(deleted)");
            format!("member of group «{group}» of connection «{connection}», by rule «{rule}»")
        }
        GrantSource::RuleAttribute => format!("attribute {attribute} of connection «{connection}», by a rule about it"),
        GrantSource::Attribute => format!("{attribute} asserted by connection «{connection}»"),
    };
    Cause {
        text,
        connection: explained.connection.clone(),
        rule: grant.rule_id,
        group,
        attribute: grant.attribute.clone(),
        granted_by: grant.granted_by.clone(),
        request: grant.request_id,
        since: grant.created_at,
        waits_for: grant.reason.as_deref().map(|reason| reason_in_words(reason).to_owned()),
        id: grant.id,
        deadline: grant.hold.deadline_at.filter(|_| grant.hold.decision.is_none() && grant.reason.is_some()),
        decision: decision(grant),
    }
}

fn decision(grant: &Grant) -> Option<String> {
    let hold = &grant.hold;
    Some(format!("{} by {} on {}", hold.decision?, hold.decided_by.as_deref()?, hold.decided_at?))
}

fn display_name(document: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(document).ok()?;
    document.get("displayName")?.as_str().map(ToOwned::to_owned)
}

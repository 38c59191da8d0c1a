//! The example: an organization, its places, two connections with rules, and a token for each start. Nobody comes
//! from here; people come through SCIM.

use super::super::failure::Failure;
use super::super::session::Session;
use super::Narrator;
use crate::directory::facilities::NewFacility;
use crate::provisioning::ceiling::Ceiling;
use crate::provisioning::connections::NewConnection;
use crate::provisioning::plans::Change;
use crate::provisioning::rules::{NewRule, Subject};
use crate::scim::Dialect;

pub(super) const ORGANIZATION: &str = "example";
pub(super) const OKTA: &str = "okta";
pub(super) const ENTRA: &str = "entra";

const FACILITIES: [(&str, &str); 3] = [("leeds", "Leeds Works"), ("lyon", "Lyon Plant"), ("osaka", "Osaka Plant")];
const DEPARTMENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";

/// Sets up what of the example is not there yet, and says whether nobody has come yet: the story is still to be told.
pub(super) async fn example(session: &Session, narrator: Narrator) -> Result<bool, Failure> {
    let directory = &session.opened.directory;
    let operator = session.operator();
    if !directory.organizations().await?.iter().any(|one| one.key == ORGANIZATION) {
        let domains = ["example.org".to_owned()];
        directory.create_organization(&operator, ORGANIZATION, "Example Industries", None, &domains).await?;
        narrator.say("\nOrganization «example» with the verified domain example.org");
    }
    let there = directory.facilities(ORGANIZATION).await?;
    for (key, name) in FACILITIES {
        if !there.iter().any(|facility| facility.key == key) {
            let new = NewFacility { key: key.to_owned(), name: name.to_owned(), ..NewFacility::default() };
            let change = Change::AddFacility { organization: ORGANIZATION.to_owned(), facility: new };
            session.opened.provisioning.change(&operator.clone().into(), change).await?;
            narrator.say(&format!("  facility {key}: {name}"));
        }
    }
    let by_pattern = Subject::Pattern("secaro-{facility}-editors".to_owned());
    connection(session, OKTA, Dialect::Okta, "edit,billing_admin", by_pattern, "edit_facility:{facility}", narrator)
        .await?;
    let by_department = Subject::Attribute { path: DEPARTMENT.to_owned(), value: "Sustainability".to_owned() };
    connection(session, ENTRA, Dialect::Entra, "edit", by_department, "edit_organization", narrator).await?;
    Ok(directory.people(ORGANIZATION).await?.is_empty())
}

async fn connection(
    session: &Session,
    key: &str,
    dialect: Dialect,
    may_grant: &str,
    subject: Subject,
    gives: &str,
    narrator: Narrator,
) -> Result<(), Failure> {
    let provisioning = &session.opened.provisioning;
    if !provisioning.connections(Some(ORGANIZATION)).await?.iter().any(|one| one.key == key) {
        let new = NewConnection {
            organization: ORGANIZATION.to_owned(),
            key: key.to_owned(),
            dialect,
            strict: false,
            may_grant: Ceiling::parse(may_grant)?,
            pending: false,
        };
        provisioning.create_connection(&session.actor().await?, &new).await?;
        narrator.say(&format!("  connection {key}: may grant {may_grant}"));
    }
    if provisioning.rules(key).await?.is_empty() {
        let what = match &subject {
            Subject::Pattern(pattern) => format!("members of «{pattern}»"),
            Subject::Attribute { value, .. } => format!("everybody in department «{value}»"),
            Subject::Group(id) => format!("members of group {id}"),
        };
        let new = NewRule { connection: key.to_owned(), subject, gives: vec![gives.to_owned()], note: None };
        provisioning.change(&session.actor().await?, &new).await?;
        narrator.say(&format!("    rule: {what} get {gives}"));
    }
    Ok(())
}

/// A new token for this start, because none can be shown again; the oldest makes room, so that two live at most.
pub(super) async fn token(session: &Session, connection: &str) -> Result<String, Failure> {
    let provisioning = &session.opened.provisioning;
    let now = session.clock.now();
    let all = provisioning.tokens(connection).await?;
    let live: Vec<_> = all.iter().filter(|token| token.is_live(now)).collect();
    for oldest in live.iter().take(live.len().saturating_sub(1)) {
        provisioning.revoke_token(&session.actor().await?, connection, &oldest.key_id).await?;
    }
    let day: String = now.to_string().chars().take("2026-01-31".len()).collect();
    let name = format!("demo {day} #{}", all.len() + 1);
    let lifetime = session.loaded.settings.tokens.default_lifetime;
    let issued = provisioning.issue_token(&session.actor().await?, connection, &name, lifetime).await?;
    Ok(issued.token)
}

//! What Organization admins are told of by mail, after it happened: what is held, admin roles that came and went, many
//! changes at once, who was deactivated. Reads the events and marks them in the transaction that queues the mails, so
//! that each is told once whoever does it.

mod overdue;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::held::{self, Held, What};
use super::permissions::Permission;
use super::{Directory, Error};
use crate::audit::{self, Action, Record, Target};
use crate::auth::actor::of_job;
use crate::ids::{ConnectionId, Id as _, MassChangeId, OrganizationId, PersonId, RequestId, ResourceId};
use crate::outbox::mail::{self, Mail};
use crate::outbox::queue::{Work, schedule_beside};
use crate::store::outbox::Untold;
use crate::store::people::{Person, Status};
use crate::store::{self, Reader, Tx};

/// Lines in one mail; the rest is counted.
const LINES: usize = 20;

/// The admin roles, by permission and in Secaro's words.
const ROLES: [(&str, &str); 2] = [("organization_admin", "Organization admin"), ("billing_admin", "Billing admin")];

impl Directory {
    /// Tells admins of what happened since they were last told. `operators`: who is told, besides, that nobody is
    /// Organization admin any longer.
    pub async fn tell_admins(
        &self,
        organization: OrganizationId,
        operators: Option<&str>,
        request: RequestId,
    ) -> Result<(), Error> {
        let mut tx = self.store.begin(of_job("admins.tell", organization, request)).await?;
        let untold = tx.untold(organization).await?;
        if untold.is_empty() {
            return Ok(());
        }
        let name = name_of(&mut tx, organization).await?;
        tell_of_held(&mut tx, &name, &untold).await?;
        tell_of_roles(&mut tx, &name, &untold).await?;
        tell_of_mass_changes(&mut tx, &name, &untold).await?;
        if untold.iter().any(|event| event.kind == "organization.last_admin_deactivated") {
            tell_that_nobody_decides(&mut tx, &name, operators).await?;
        }
        tx.events_told().await?;
        let words = format!("{} events", untold.len());
        let record = Record::of(Action::AdminsTold, Target::Organization(organization));
        audit::record(&mut tx, record.because(words)).await?;
        Ok(tx.commit().await?)
    }

    /// Tells admins who was deactivated, once the first of them has waited for `every`.
    pub async fn send_digest(
        &self,
        organization: OrganizationId,
        every: Duration,
        request: RequestId,
    ) -> Result<(), Error> {
        let mut tx = self.store.begin(of_job("admins.digest", organization, request)).await?;
        let Some(first) = tx.first_untold_deactivation(organization).await? else { return Ok(()) };
        let due = first.plus(every);
        let record = Record::of(Action::AdminsTold, Target::Organization(organization));
        if tx.now() < due {
            drop(tx);
            let mut books = self.store.books().await?;
            schedule_beside(&self.store, &mut books, Work::Digest(organization), due).await?;
            return Ok(books.commit().await?);
        }
        let events = tx.untold_deactivations(organization).await?;
        let mut people = Vec::new();
        for event in &events {
            if let Some(person) = tx.person(organization, PersonId::from_uuid(event.subject_id)).await?
                && person.status == Status::Deactivated
                && !people.iter().any(|known: &Person| known.id == person.id)
            {
                people.push(person);
            }
        }
        // Who came back meanwhile is no news.
        if !people.is_empty() {
            let organization = name_of(&mut tx, organization).await?;
            let lines = people.iter().take(LINES).map(described).collect();
            let digest = Mail::DeactivatedDigest { organization, lines, count: people.len() as u64 };
            mail::queue_for_admins(&mut tx, None, &digest).await?;
        }
        tx.deactivations_told().await?;
        audit::record(&mut tx, record.because(format!("{} deactivations", events.len()))).await?;
        Ok(tx.commit().await?)
    }
}

async fn name_of(reader: &mut Reader, organization: OrganizationId) -> Result<String, store::Error> {
    let found = reader.organization(organization).await?;
    found.map(|row| row.name).ok_or(store::Error::Corrupt { table: "jobs", column: "subject_id" })
}

fn described(person: &Person) -> String {
    format!("{} ({})", person.display_name, person.email)
}

/// What of what was held then still is.
async fn tell_of_held(tx: &mut Tx, organization_name: &str, untold: &[Untold]) -> Result<(), store::Error> {
    let organization = tx.organization();
    let (mut people, mut users) = (BTreeSet::new(), BTreeSet::new());
    for event in untold {
        match event.kind.as_str() {
            "change.held" => {
                let person = tx.person(organization, PersonId::from_uuid(event.subject_id)).await?;
                people.extend(person.map(|person| person.email));
            }
            "conflict.opened" => {
                users.insert(ResourceId::from_uuid(event.subject_id));
            }
            _ => {}
        }
    }
    if people.is_empty() && users.is_empty() {
        return Ok(());
    }
    let is_news = |item: &&Held| match item.kind {
        What::Link | What::Address => item.resource.is_some_and(|id| users.contains(&id)),
        What::Permission | What::Loss => item.person.as_ref().is_some_and(|email| people.contains(email)),
        What::Dormant => false,
    };
    let held = held::everything(tx, organization).await?;
    let lines: Vec<String> = held.iter().filter(is_news).map(line).collect();
    if lines.is_empty() {
        return Ok(());
    }
    let (organization, count) = (organization_name.to_owned(), lines.len() as u64);
    let lines = lines.into_iter().take(LINES).collect();
    mail::queue_for_admins(tx, None, &Mail::Held { organization, lines, count }).await
}

/// Something held, in a sentence.
fn line(item: &Held) -> String {
    let (connection, why) = (item.connection.as_deref().unwrap_or("(removed)"), &item.text);
    let person = item.person.as_deref().unwrap_or("nobody yet");
    let permission = item.permission.as_ref().and_then(|text| text.parse::<Permission>().ok());
    let permission = permission.map(|permission| permission.called(None)).unwrap_or_default();
    match item.kind {
        What::Link => format!("A User of connection «{connection}», for {person}: {why}"),
        What::Address => format!("The new address of {person}: {why}"),
        What::Permission | What::Dormant => format!("{permission}, for {person}: {why}"),
        What::Loss => format!("Loss of {permission}, by {person}: {why}"),
    }
}

/// Whose admin roles came or went, whatever happened in between.
async fn tell_of_roles(tx: &mut Tx, organization_name: &str, untold: &[Untold]) -> Result<(), store::Error> {
    let organization = tx.organization();
    let mut changes: BTreeMap<PersonId, (Value, Value)> = BTreeMap::new();
    for event in untold.iter().filter(|event| event.kind == "user.access_changed") {
        let payload: Value = serde_json::from_str(&event.payload).unwrap_or_default();
        let (_, last) = changes
            .entry(PersonId::from_uuid(event.subject_id))
            .or_insert_with(|| (payload["before"].clone(), Value::Null));
        *last = payload;
    }
    for (id, (before, last)) in changes {
        let has = |permissions: &Value, role: &str| {
            permissions.as_array().is_some_and(|all| all.iter().any(|permission| permission == role))
        };
        let words = |from: &Value, to: &Value| -> Vec<String> {
            let came = ROLES.iter().filter(|(role, _)| has(to, role) && !has(from, role));
            came.map(|(_, called)| (*called).to_owned()).collect()
        };
        let after = &last["permissions"];
        let (gained, lost) = (words(&before, after), words(after, &before));
        let Some(person) = tx.person(organization, id).await? else { continue };
        if gained.is_empty() && lost.is_empty() {
            continue;
        }
        let mail = |to_themselves| Mail::AdminRoleChanged {
            organization: organization_name.to_owned(),
            person: described(&person),
            to_themselves,
            gained: gained.clone(),
            lost: lost.clone(),
            why: last["why"].as_str().unwrap_or_default().to_owned(),
        };
        // Whoever was deactivated is not written to.
        if person.status == Status::Active {
            mail::queue(tx, &person.email, &mail(true)).await?;
        }
        mail::queue_for_admins(tx, Some(id), &mail(false)).await?;
    }
    Ok(())
}

/// Each mass change once, as it stood at its last event.
async fn tell_of_mass_changes(tx: &mut Tx, organization_name: &str, untold: &[Untold]) -> Result<(), store::Error> {
    let organization = tx.organization();
    let mut changes = BTreeMap::new();
    for event in untold.iter().filter(|event| event.kind.starts_with("mass_change.")) {
        changes.insert(MassChangeId::from_uuid(event.subject_id), event);
    }
    for (id, event) in changes {
        let payload: Value = serde_json::from_str(&event.payload).unwrap_or_default();
        let connection = payload["connection"].as_str().and_then(|text| text.parse::<ConnectionId>().ok());
        let connection = match connection {
            Some(connection) => tx.connection_by_id(organization, connection).await?.map(|row| row.key),
            None => None,
        };
        // As many as there are by now.
        let change = tx.mass_change(organization, id).await?;
        let as_told = payload["people"].as_u64().unwrap_or_default();
        let count = change.and_then(|change| u64::try_from(change.people).ok()).map_or(as_told, |now| now.max(as_told));
        let (what, command) = if event.kind == "mass_change.deactivations" {
            let what = "it ended the access of more people than it may at once. That is done; it can be undone.";
            (what, format!("secaro-gateway mass undo {id}"))
        } else {
            let what =
                "it would take permissions from more people than it may at once. That is held until it is decided.";
            (what, format!("secaro-gateway held release --mass {id}"))
        };
        let mail = Mail::MassChange {
            organization: organization_name.to_owned(),
            connection: connection.unwrap_or_default(),
            what: what.to_owned(),
            count,
            command,
        };
        mail::queue_for_admins(tx, None, &mail).await?;
    }
    Ok(())
}

/// There is no Organization admin to write to: the Billing admins, and whoever runs the gateway.
async fn tell_that_nobody_decides(
    tx: &mut Tx,
    organization_name: &str,
    operators: Option<&str>,
) -> Result<(), store::Error> {
    let organization = tx.organization();
    if !tx.organization_admins(organization).await?.is_empty() {
        return Ok(());
    }
    tracing::error!(organization.id = %organization,
        "nobody is Organization admin any longer; «secaro-gateway admin recover» makes somebody one");
    let mail = Mail::LastAdminGone { organization: organization_name.to_owned() };
    for admin in tx.billing_admins(organization).await? {
        mail::queue(tx, &admin.email, &mail).await?;
    }
    if let Some(operators) = operators {
        mail::queue(tx, operators, &mail).await?;
    }
    Ok(())
}

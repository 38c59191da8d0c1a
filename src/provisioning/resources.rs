//! Users and Groups: created, read, replaced, patched, deleted. One piece of code for both; each call is one
//! transaction that also brings the people concerned up to date.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::reconcile::Reconciler;
use super::view::{View, document_of};
use super::{Error, Provisioning, links, members};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Caller;
use crate::ids::ResourceId;
use crate::outbox::{self, Event};
use crate::scim::etag::Condition;
use crate::scim::patch::{self, MemberChange};
use crate::scim::projection::Projection;
use crate::scim::resource;
use crate::scim::{self, Normaliser, ResourceType, fold};
use crate::store::Tx;
use crate::store::links::LinkState;
use crate::store::resources::{ResourceKind, ResourceRow};

/// One call of an IdP: who calls, about which kind of resource, what the answer shows, and which deviations are taken.
#[derive(Debug)]
pub struct Call<'a> {
    /// Who calls.
    pub caller: &'a Caller,
    /// About which kind of resource.
    pub resource_type: ResourceType,
    /// What the answer shows.
    pub projection: &'a Projection,
    /// Which deviations are taken, and which were.
    pub normaliser: &'a mut Normaliser,
}

/// What a change came to.
#[derive(Debug)]
pub struct Changed {
    /// The resource as it is now, as far as the projection shows it.
    pub view: View,
    /// Whether anything is different.
    pub changed: bool,
}

/// A change on its way through the steps: what is stored, what it was, and who is concerned.
struct Change {
    row: ResourceRow,
    document: Map<String, Value>,
    before: Option<(ResourceRow, Map<String, Value>)>,
    touched_members: BTreeSet<ResourceId>,
}

/// What a PUT or PATCH makes of a resource.
struct Asked {
    document: Map<String, Value>,
    members: Vec<MemberChange>,
    /// Whether it says anything of `active`, even what is so already.
    speaks_of_active: bool,
}

/// A resource about to be changed, in the transaction that changes it.
struct Stored {
    tx: Tx,
    row: ResourceRow,
    document: Map<String, Value>,
}

impl Provisioning {
    /// POST: makes a resource of what the IdP asserts, and for a User decides whom it stands for.
    pub async fn create(&self, call: &mut Call<'_>, body: Value) -> Result<View, Error> {
        let (caller, resource_type) = (call.caller, call.resource_type);
        let incoming = resource::parse(resource_type, body, call.normaliser)?;
        let members = incoming.members.clone();
        let document = resource::create(incoming);
        let mut tx = self.store.begin(caller.author()).await?;
        let row = ResourceRow {
            id: tx.id(),
            connection_id: caller.connection(),
            kind: resource_type.into(),
            name_key: name_key(resource_type, &document),
            external_id: external_id(&document),
            active: resource::active(&document),
            version: 1,
            created_at: tx.now(),
            updated_at: tx.now(),
            document: json!(document).to_string(),
        };
        refuse_duplicates(&mut tx, &row).await?;
        tx.insert_resource(&row).await?;
        let additions = members.map(MemberChange::Add);
        let touched_members =
            members::apply(&mut tx, caller.connection(), row.id, additions.as_slice(), call.normaliser).await?;
        let change = Change { row, document, before: None, touched_members };
        self.finish(tx, change, call.projection).await
    }

    /// GET by id.
    pub async fn get(&self, call: &Call<'_>, id: &str) -> Result<View, Error> {
        let (organization, connection) = (call.caller.organization(), call.caller.connection());
        let id = parse_id(id)?;
        let mut reader = self.store.read().await?;
        let row = of_type(reader.resource(organization, connection, id).await?, call.resource_type)?;
        View::load(&mut reader, organization, row, call.projection).await
    }

    /// PUT: replaces what the IdP may write. Silence about `active` and `members` changes neither: a PUT that does
    /// not speak of them must not reactivate somebody or empty a group.
    pub async fn replace(
        &self,
        call: &mut Call<'_>,
        id: &str,
        condition: &Condition,
        body: Value,
    ) -> Result<Changed, Error> {
        let incoming = resource::parse(call.resource_type, body, call.normaliser)?;
        let stored = self.begin_change(call, id, condition).await?;
        let members: Vec<MemberChange> = incoming.members.clone().map(MemberChange::Replace).into_iter().collect();
        let speaks_of_active = incoming.active.is_some();
        let document = resource::replace(&stored.document, incoming);
        self.store_change(call, stored, Asked { document, members, speaks_of_active }).await
    }

    /// PATCH: applies the operations, all or none.
    pub async fn patch(
        &self,
        call: &mut Call<'_>,
        id: &str,
        condition: &Condition,
        body: Value,
    ) -> Result<Changed, Error> {
        let operations = self.bounds.patch_operations;
        let request = patch::Request::parse(call.resource_type, body, operations, call.normaliser)?;
        let stored = self.begin_change(call, id, condition).await?;
        let mut document = stored.document.clone();
        let applied = request.apply(call.resource_type, &mut document, call.normaliser)?;
        let asked = Asked { document, members: applied.members, speaks_of_active: request.sets("active") };
        self.store_change(call, stored, asked).await
    }

    /// DELETE: the resource is gone and its name free again; the person it stood for stays on the list, deactivated.
    /// Answers what there was.
    pub async fn delete(&self, call: &Call<'_>, id: &str, condition: &Condition) -> Result<View, Error> {
        let Stored { mut tx, row, document } = self.begin_change(call, id, condition).await?;
        let (organization, connection) = (call.caller.organization(), call.caller.connection());
        let reconciler = Reconciler::of(&mut tx, connection, &self.guards).await?;
        let (link, members) = match row.kind {
            ResourceKind::User => (tx.link(organization, row.id).await?, Vec::new()),
            ResourceKind::Group => {
                let name = resource::display_name(&document).unwrap_or_default();
                let concerned = reconciler.concerns(row.id, name);
                // Whoever has something through the group loses it; if no rule looks at it, nobody has.
                let members =
                    if concerned { tx.member_ids(organization, connection, row.id).await? } else { Vec::new() };
                (None, members)
            }
        };
        tx.delete_resource(row.id).await?;
        let record = Record::of(Action::ResourceDeleted, Target::Resource(row.id));
        audit::record(&mut tx, record.before(Value::Object(document.clone()))).await?;
        reconciler.resource_deleted(&mut tx, link).await?;
        reconciler.users(&mut tx, members, "the group was deleted").await?;
        if row.kind == ResourceKind::Group {
            outbox::emit(&mut tx, &Event::GroupDeleted(row.id)).await?;
        }
        tx.commit().await?;
        Ok(View { row, document, members: None, groups: None, access: None })
    }

    async fn begin_change(&self, call: &Call<'_>, id: &str, condition: &Condition) -> Result<Stored, Error> {
        let (organization, connection) = (call.caller.organization(), call.caller.connection());
        let id = parse_id(id)?;
        let mut tx = self.store.begin(call.caller.author()).await?;
        let row = of_type(tx.resource(organization, connection, id).await?, call.resource_type)?;
        if !condition.holds(row.version) {
            return Err(scim::Error::new(
                412,
                "The resource has changed since the version that If-Match names. Read it again, then repeat the change.",
            )
            .into());
        }
        let document = document_of(&row)?;
        Ok(Stored { tx, row, document })
    }

    async fn store_change(&self, call: &mut Call<'_>, stored: Stored, asked: Asked) -> Result<Changed, Error> {
        let Stored { mut tx, row: old_row, document: old } = stored;
        let Asked { document, members, speaks_of_active } = asked;
        let resource_type = call.resource_type;
        let touched_members =
            members::apply(&mut tx, old_row.connection_id, old_row.id, &members, call.normaliser).await?;
        let speaks_again = speaks_of_active && !old_row.active && links::speaks_again(&mut tx, &old_row).await?;
        if document == old && touched_members.is_empty() {
            if speaks_again {
                let reconciler = Reconciler::of(&mut tx, old_row.connection_id, &self.guards).await?;
                reconciler.user(&mut tx, &old_row, &document, "the IdP repeated that the User is not active").await?;
            }
            let view = View::load(&mut tx, call.caller.organization(), old_row, call.projection).await?;
            if speaks_again {
                tx.commit().await?;
            }
            return Ok(Changed { view, changed: false });
        }
        let row = ResourceRow {
            name_key: name_key(resource_type, &document),
            external_id: external_id(&document),
            active: resource::active(&document),
            version: old_row.version + 1,
            updated_at: tx.now(),
            document: json!(document).to_string(),
            ..old_row.clone()
        };
        if document == old {
            tx.touch_resource(&row).await?;
        } else {
            if (&row.name_key, &row.external_id) != (&old_row.name_key, &old_row.external_id) {
                refuse_duplicates(&mut tx, &row).await?;
            }
            tx.update_resource(&row).await?;
        }
        let change = Change { row, document, before: Some((old_row, old)), touched_members };
        let view = self.finish(tx, change, call.projection).await?;
        Ok(Changed { view, changed: true })
    }

    /// What every stored change ends with: indexes, audit, people, events, commit.
    async fn finish(&self, mut tx: Tx, change: Change, projection: &Projection) -> Result<View, Error> {
        let Change { row, document, before, touched_members } = change;
        let organization = tx.organization();
        let old_document = before.as_ref().map(|(_, document)| document);
        if old_document != Some(&document) {
            let action = if before.is_some() { Action::ResourceChanged } else { Action::ResourceCreated };
            let mut record = Record::of(action, Target::Resource(row.id)).after(Value::Object(document.clone()));
            record.before = old_document.cloned().map(Value::Object);
            audit::record(&mut tx, record).await?;
        }
        match row.kind {
            ResourceKind::User => self.finish_user(&mut tx, &row, &document, old_document).await?,
            ResourceKind::Group => self.finish_group(&mut tx, &row, &document, old_document, &touched_members).await?,
        }
        let view = View::load(&mut tx, organization, row, projection).await?;
        tx.commit().await?;
        Ok(view)
    }

    async fn finish_user(
        &self,
        tx: &mut Tx,
        row: &ResourceRow,
        document: &Map<String, Value>,
        old: Option<&Map<String, Value>>,
    ) -> Result<(), Error> {
        let emails = email_keys(document);
        if old.map(email_keys).unwrap_or_default() != emails {
            tx.index_emails(row.connection_id, row.id, &emails).await?;
        }
        let organization = tx.organization();
        let link = tx.link(organization, row.id).await?;
        let open = link.as_ref().is_none_or(|link| link.state != LinkState::Linked);
        let moved = old.is_none_or(|old| links::address(old) != links::address(document));
        let reconciler = Reconciler::of(tx, row.connection_id, &self.guards).await?;
        if open && moved && reconciler.reaches_people() {
            links::decide(tx, &self.guards, row, document, link).await?;
        }
        let why = if old.is_some() { "the IdP changed the User" } else { "the IdP created the User" };
        reconciler.user(tx, row, document, why).await
    }

    async fn finish_group(
        &self,
        tx: &mut Tx,
        row: &ResourceRow,
        document: &Map<String, Value>,
        old: Option<&Map<String, Value>>,
        touched: &BTreeSet<ResourceId>,
    ) -> Result<(), Error> {
        if !touched.is_empty() {
            let record = Record::of(Action::MembersChanged, Target::Resource(row.id));
            let members: Vec<String> = touched.iter().map(ToString::to_string).collect();
            audit::record(tx, record.after(json!({ "cameOrWent": members, "version": row.version }))).await?;
        }
        let name = resource::display_name(document).unwrap_or_default();
        let old_name = old.map(|old| resource::display_name(old).unwrap_or_default());
        let renamed = old_name.is_some_and(|old| old != name);
        if old.is_none() {
            outbox::emit(tx, &Event::GroupCreated(row.id)).await?;
        } else if renamed {
            outbox::emit(tx, &Event::GroupRenamed(row.id)).await?;
        }
        let reconciler = Reconciler::of(tx, row.connection_id, &self.guards).await?;
        let concerned = reconciler.concerns(row.id, name);
        let was_concerned = old_name.is_some_and(|old| reconciler.concerns(row.id, old));
        if renamed && (concerned || was_concerned) {
            let organization = tx.organization();
            let mut all: BTreeSet<_> =
                tx.member_ids(organization, row.connection_id, row.id).await?.into_iter().collect();
            all.extend(touched);
            reconciler.users(tx, all, "the group was renamed").await
        } else if concerned {
            reconciler.users(tx, touched.iter().copied(), "the group's members changed").await
        } else {
            Ok(())
        }
    }
}

fn parse_id(id: &str) -> Result<ResourceId, scim::Error> {
    id.parse().map_err(|_| scim::Error::not_found())
}

fn of_type(row: Option<ResourceRow>, resource_type: ResourceType) -> Result<ResourceRow, scim::Error> {
    row.filter(|row| row.kind == resource_type.into()).ok_or_else(scim::Error::not_found)
}

fn name_key(resource_type: ResourceType, document: &Map<String, Value>) -> String {
    let name = match resource_type {
        ResourceType::User => resource::user_name(document),
        ResourceType::Group => resource::display_name(document).unwrap_or_default(),
    };
    fold(name)
}

fn external_id(document: &Map<String, Value>) -> Option<String> {
    resource::external_id(document).map(ToOwned::to_owned)
}

fn email_keys(document: &Map<String, Value>) -> Vec<String> {
    let mut keys: Vec<String> = resource::emails(document).map(fold).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// 409 for a name or `externalId` that another resource of the same type and connection has. The id is named: GET and
/// the 409 see the same population, so the IdP can find it.
async fn refuse_duplicates(tx: &mut Tx, row: &ResourceRow) -> Result<(), Error> {
    let (organization, connection) = (tx.organization(), row.connection_id);
    let naming = ResourceType::from(row.kind).naming();
    let same_name = tx.resource_by_name(organization, connection, row.kind, &row.name_key).await?;
    if let Some(other) = same_name.filter(|other| *other != row.id) {
        let words = format!(
            "A {} with this {naming} exists already, id {other}. Update that one, or choose another {naming}.",
            row.kind
        );
        return Err(scim::Error::uniqueness(words).into());
    }
    if let Some(external_id) = &row.external_id {
        let same = tx.resource_by_external_id(organization, connection, row.kind, external_id).await?;
        if let Some(other) = same.filter(|other| *other != row.id) {
            let words = format!(
                "A {} with this externalId exists already, id {other}. Update that one, or send another externalId.",
                row.kind
            );
            return Err(scim::Error::uniqueness(words).into());
        }
    }
    Ok(())
}

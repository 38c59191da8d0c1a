//! Facilities: adding, archiving and importing them, and finding the one that a text names. Who gains or loses by it
//! is for the plan that each change is part of.

use std::collections::HashMap;

use serde_json::json;

use super::organizations::required_text;
use super::{Directory, Error, Key};
use crate::audit::{self, Action, Record, Target};
use crate::ids::{FacilityId, OrganizationId};
use crate::scim::fold;
pub use crate::store::facilities::Facility;
use crate::store::facilities::NameKind;
use crate::store::{self, Reader, Tx};

/// A facility as it is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewFacility {
    /// By which permissions name it.
    #[serde(alias = "Internal facility ID")]
    pub key: String,
    /// By which people know it.
    #[serde(alias = "Name", alias = "Facility name")]
    pub name: String,
    /// Its DUNS number.
    #[serde(default, alias = "DUNS", alias = "Facility DUNS")]
    pub duns: Option<String>,
    /// Its postal address.
    #[serde(default, alias = "Address")]
    pub address: Option<String>,
    /// Separated by semicolons.
    #[serde(default, alias = "Labels", alias = "Internal facility labels")]
    pub labels: String,
}

impl NewFacility {
    /// What is wrong with it as it is given, by the field's name.
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let key = Key::parse("facility", self.key.trim()).err().map(|error| ("key", error.to_string()));
        let name = required_text("The facility's name", &self.name).err().map(|error| ("name", error.to_string()));
        key.into_iter().chain(name).collect()
    }
}

/// What an import did with a row.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Imported {
    /// The facility's key.
    pub key: String,
    /// `added`, `changed` or `unchanged`.
    pub outcome: &'static str,
}

/// What a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Exactly one facility, in use.
    Known(FacilityId),
    /// Nothing that a grant could give anything for.
    Dormant(Option<FacilityId>, Dormancy),
}

/// Why a grant for a facility gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dormancy {
    /// No facility is called so.
    Unknown,
    /// Several are, and none is meant more than the others.
    Ambiguous,
    /// It is archived.
    Archived,
}

impl Dormancy {
    /// As it stands in the grant.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_facility",
            Self::Ambiguous => "ambiguous_facility",
            Self::Archived => "archived_facility",
        }
    }
}

impl Directory {
    /// The organization's, by key, archived ones too.
    pub async fn facilities(&self, organization: &str) -> Result<Vec<Facility>, Error> {
        let organization = self.find_organization(organization).await?;
        Ok(self.store.read().await?.facilities(organization.id).await?)
    }

    /// How many people can edit each; those that nobody can edit are not among them.
    pub async fn editors(&self, organization: OrganizationId) -> Result<HashMap<FacilityId, i64>, Error> {
        Ok(self.store.read().await?.editors(organization).await?.into_iter().collect())
    }

    /// The one of this key.
    pub async fn facility(&self, organization: &str, key: &str) -> Result<Facility, Error> {
        let organization = self.find_organization(organization).await?;
        find(&mut self.store.read().await?, organization.id, key).await
    }
}

async fn find(reader: &mut Reader, organization: OrganizationId, key: &str) -> Result<Facility, Error> {
    reader.facility_by_key(organization, key).await?.ok_or_else(|| Error::NotFound {
        kind: "facility",
        name: key.to_owned(),
        advice: "«secaro-gateway facility list» shows those there are",
    })
}

/// Adds one. Grants that name it so are looked at again by whoever plans the change.
pub(crate) async fn add(tx: &mut Tx, new: &NewFacility) -> Result<(), Error> {
    let new = checked(new)?;
    let organization = tx.organization();
    if tx.facility_by_key(organization, &new.key).await?.is_some() {
        return Err(Error::Conflict(format!("there is a facility «{}» already; choose another key", new.key)));
    }
    let facility = Facility {
        id: tx.id(),
        key: new.key,
        name: new.name,
        duns: new.duns,
        address: new.address,
        labels: new.labels,
        archived_at: None,
        created_at: tx.now(),
    };
    tx.insert_facility(&facility).await?;
    tx.name_facility(facility.id, &names(&facility)).await?;
    let record = Record::of(Action::FacilityAdded, Target::Facility(facility.id));
    Ok(audit::record(tx, record.after(describe(&facility))).await?)
}

/// Archives one: nothing is deleted, and grants for it give nothing until it is back.
pub(crate) async fn archive(tx: &mut Tx, key: &str) -> Result<(), Error> {
    let organization = tx.organization();
    let mut facility = find(tx, organization, key).await?;
    if facility.archived_at.is_none() {
        facility.archived_at = Some(tx.now());
        tx.update_facility(&facility).await?;
        audit::record(tx, Record::of(Action::FacilityArchived, Target::Facility(facility.id))).await?;
    }
    Ok(())
}

/// Takes an archived one into use again: grants for it come alive.
pub(crate) async fn unarchive(tx: &mut Tx, key: &str) -> Result<(), Error> {
    let organization = tx.organization();
    let mut facility = find(tx, organization, key).await?;
    if facility.archived_at.take().is_some() {
        tx.update_facility(&facility).await?;
        audit::record(tx, Record::of(Action::FacilityUnarchived, Target::Facility(facility.id))).await?;
    }
    Ok(())
}

/// Changes one's details; the key stays.
pub(crate) async fn change(tx: &mut Tx, new: &NewFacility) -> Result<(), Error> {
    let new = checked(new)?;
    let organization = tx.organization();
    let old = find(tx, organization, &new.key).await?;
    replace(tx, &old, new).await
}

async fn replace(tx: &mut Tx, old: &Facility, new: NewFacility) -> Result<(), Error> {
    let changed = changed(old, new);
    if describe(&changed) != describe(old) {
        tx.update_facility(&changed).await?;
        let record = Record::of(Action::FacilityChanged, Target::Facility(old.id));
        audit::record(tx, record.before(describe(old)).after(describe(&changed))).await?;
        tx.name_facility(changed.id, &names(&changed)).await?;
    }
    Ok(())
}

/// Adds or changes many, by key; all of them or, if one row is wrong, none.
pub(crate) async fn import(tx: &mut Tx, rows: &[NewFacility]) -> Result<(), Error> {
    for (line, row) in rows.iter().enumerate() {
        import_one(tx, row).await.map_err(|error| in_row(line, error))?;
    }
    Ok(())
}

/// Says which row of a CSV is wrong: its first one is line 2, after the header.
pub(crate) fn in_row(row: usize, error: Error) -> Error {
    match error {
        Error::Invalid(why) => Error::Invalid(format!("row {}: {why}", row + 2)),
        other => other,
    }
}

async fn import_one(tx: &mut Tx, row: &NewFacility) -> Result<(), Error> {
    let new = checked(row)?;
    let organization = tx.organization();
    let Some(old) = tx.facility_by_key(organization, &new.key).await? else {
        return add(tx, row).await;
    };
    replace(tx, &old, new).await
}

fn changed(old: &Facility, new: NewFacility) -> Facility {
    Facility { name: new.name, duns: new.duns, address: new.address, labels: new.labels, ..old.clone() }
}

impl Directory {
    /// What an import of these rows would do with each, for its report.
    pub async fn import_report(&self, organization: &str, rows: &[NewFacility]) -> Result<Vec<Imported>, Error> {
        let there = self.facilities(organization).await?;
        let outcome = |row: &NewFacility| {
            let new = checked(row)?;
            let key = new.key.clone();
            let outcome = match there.iter().find(|old| old.key == key) {
                None => "added",
                Some(old) if describe(&changed(old, new)) == describe(old) => "unchanged",
                Some(_) => "changed",
            };
            Ok(Imported { key, outcome })
        };
        rows.iter().enumerate().map(|(line, row)| outcome(row).map_err(|error| in_row(line, error))).collect()
    }
}

/// Everything that the facility of this key is or would be called, folded: whose grants name it so may be concerned.
pub(crate) async fn names_of(tx: &mut Tx, key: &str) -> Result<Vec<String>, Error> {
    let organization = tx.organization();
    let facility = tx.facility_by_key(organization, key.trim()).await?;
    Ok(facility.iter().flat_map(names).map(|(_, name)| name).collect())
}

/// Everything that a facility is called once it is as given, folded.
pub(crate) fn names_as_given(new: &NewFacility) -> Result<Vec<String>, Error> {
    let new = checked(new)?;
    Ok(texts(&new.key, &new.name, new.duns.as_deref(), &new.labels).map(|(_, text)| fold(text)).collect())
}

fn describe(facility: &Facility) -> serde_json::Value {
    json!({
        "key": facility.key,
        "name": facility.name,
        "duns": facility.duns,
        "address": facility.address,
        "labels": facility.labels,
    })
}

/// With its texts trimmed, or why it cannot be.
fn checked(new: &NewFacility) -> Result<NewFacility, Error> {
    let optional =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let labels: Vec<&str> = new.labels.split(';').map(str::trim).filter(|label| !label.is_empty()).collect();
    Ok(NewFacility {
        key: Key::parse("facility", new.key.trim())?.as_str().to_owned(),
        name: required_text("The facility's name", &new.name)?,
        duns: optional(&new.duns),
        address: optional(&new.address),
        labels: labels.join(";"),
    })
}

/// Everything that a capture may call the facility, folded.
fn names(facility: &Facility) -> Vec<(NameKind, String)> {
    let texts = texts(&facility.key, &facility.name, facility.duns.as_deref(), &facility.labels);
    texts.map(|(kind, text)| (kind, fold(text))).collect()
}

fn texts<'a>(
    key: &'a str,
    name: &'a str,
    duns: Option<&'a str>,
    labels: &'a str,
) -> impl Iterator<Item = (NameKind, &'a str)> {
    let labels = labels.split(';').filter(|label| !label.is_empty()).map(|label| (NameKind::Label, label));
    [(NameKind::Key, key), (NameKind::Name, name)]
        .into_iter()
        .chain(duns.map(|duns| (NameKind::Duns, duns)))
        .chain(labels)
}

/// Finds the facility that a folded text names: by key before DUNS before name before label, and only if it is one.
pub(crate) async fn resolve(
    reader: &mut Reader,
    organization: OrganizationId,
    name_key: &str,
) -> Result<Place, store::Error> {
    let candidates = reader.facilities_named(organization, name_key).await?;
    let Some(best) = candidates.iter().map(|named| named.kind).min() else {
        return Ok(Place::Dormant(None, Dormancy::Unknown));
    };
    let mut meant = candidates.iter().filter(|named| named.kind == best);
    Ok(match (meant.next(), meant.next()) {
        (Some(one), None) if one.archived_at.is_none() => Place::Known(one.id),
        (Some(one), None) => Place::Dormant(Some(one.id), Dormancy::Archived),
        _ => Place::Dormant(None, Dormancy::Ambiguous),
    })
}

//! Facilities: adding, archiving and importing them, and finding the one that a text names.

use serde_json::json;

use super::organizations::required_text;
use super::{Directory, Error, Key, grants};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::ids::{FacilityId, OrganizationId};
use crate::scim::fold;
pub use crate::store::facilities::Facility;
use crate::store::facilities::NameKind;
use crate::store::{self, Reader, Tx};

/// A facility as it is given.
#[derive(Debug, Clone, Default, serde::Deserialize)]
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
    /// Adds one; grants that were waiting for it come alive.
    pub async fn add_facility(&self, actor: &Actor, organization: &str, new: &NewFacility) -> Result<Facility, Error> {
        let new = checked(new)?;
        let organization = self.find_organization(organization).await?;
        let mut tx = self.begin(actor, organization.id).await?;
        if tx.facility_by_key(organization.id, &new.key).await?.is_some() {
            return Err(Error::Conflict(format!("there is a facility «{}» already; choose another key", new.key)));
        }
        let facility = add(&mut tx, &new).await?;
        tx.commit().await?;
        Ok(facility)
    }

    /// The organization's, by key, archived ones too.
    pub async fn facilities(&self, organization: &str) -> Result<Vec<Facility>, Error> {
        let organization = self.find_organization(organization).await?;
        Ok(self.store.read().await?.facilities(organization.id).await?)
    }

    /// Archives one: nothing is deleted, and grants for it give nothing until it is back.
    pub async fn archive_facility(&self, actor: &Actor, organization: &str, key: &str) -> Result<Facility, Error> {
        let organization = self.find_organization(organization).await?;
        let mut tx = self.begin(actor, organization.id).await?;
        let mut facility = tx.facility_by_key(organization.id, key).await?.ok_or_else(|| Error::NotFound {
            kind: "facility",
            name: key.to_owned(),
            advice: "«secaro-gateway facility list» shows those there are",
        })?;
        if facility.archived_at.is_none() {
            facility.archived_at = Some(tx.now());
            tx.update_facility(&facility).await?;
            audit::record(&mut tx, Record::of(Action::FacilityArchived, Target::Facility(facility.id))).await?;
            settle(&mut tx, &names(&facility)).await?;
            tx.commit().await?;
        }
        Ok(facility)
    }

    /// Adds or changes many, by key; all of them or, if one row is wrong, none.
    pub async fn import_facilities(
        &self,
        actor: &Actor,
        organization: &str,
        rows: &[NewFacility],
    ) -> Result<Vec<Imported>, Error> {
        let organization = self.find_organization(organization).await?;
        let mut tx = self.begin(actor, organization.id).await?;
        let mut report = Vec::with_capacity(rows.len());
        for (line, row) in rows.iter().enumerate() {
            let outcome = match import(&mut tx, row).await {
                // A CSV's first row is line 2, after the header.
                Err(Error::Invalid(why)) => return Err(Error::Invalid(format!("row {}: {why}", line + 2))),
                other => other?,
            };
            report.push(Imported { key: row.key.trim().to_owned(), outcome });
        }
        if tx.has_changed() {
            tx.commit().await?;
        }
        Ok(report)
    }
}

async fn import(tx: &mut Tx, row: &NewFacility) -> Result<&'static str, Error> {
    let new = checked(row)?;
    let organization = tx.organization();
    let Some(old) = tx.facility_by_key(organization, &new.key).await? else {
        add(tx, &new).await?;
        return Ok("added");
    };
    let changed = Facility { name: new.name, duns: new.duns, address: new.address, labels: new.labels, ..old.clone() };
    if describe(&changed) == describe(&old) {
        return Ok("unchanged");
    }
    tx.update_facility(&changed).await?;
    let record = Record::of(Action::FacilityChanged, Target::Facility(old.id));
    audit::record(tx, record.before(describe(&old)).after(describe(&changed))).await?;
    tx.name_facility(changed.id, &names(&changed)).await?;
    settle(tx, &[names(&old), names(&changed)].concat()).await?;
    Ok("changed")
}

async fn add(tx: &mut Tx, new: &NewFacility) -> Result<Facility, Error> {
    let facility = Facility {
        id: tx.id(),
        key: new.key.clone(),
        name: new.name.clone(),
        duns: new.duns.clone(),
        address: new.address.clone(),
        labels: new.labels.clone(),
        archived_at: None,
        created_at: tx.now(),
    };
    tx.insert_facility(&facility).await?;
    tx.name_facility(facility.id, &names(&facility)).await?;
    let record = Record::of(Action::FacilityAdded, Target::Facility(facility.id));
    audit::record(tx, record.after(describe(&facility))).await?;
    settle(tx, &names(&facility)).await?;
    Ok(facility)
}

async fn settle(tx: &mut Tx, names: &[(NameKind, String)]) -> Result<(), store::Error> {
    for (_, name_key) in names {
        grants::settle_facility(tx, name_key).await?;
    }
    Ok(())
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
    let labels = facility.labels.split(';').filter(|label| !label.is_empty()).map(|label| (NameKind::Label, label));
    [(NameKind::Key, facility.key.as_str()), (NameKind::Name, facility.name.as_str())]
        .into_iter()
        .chain(facility.duns.as_deref().map(|duns| (NameKind::Duns, duns)))
        .chain(labels)
        .map(|(kind, text)| (kind, fold(text)))
        .collect()
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

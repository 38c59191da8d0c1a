//! An opened store with an organization to write in. Holds no expectation of its own.

use std::sync::Arc;
use std::time::Duration;

use secaro_gateway::audit::{Action, Record, Target, record};
use secaro_gateway::clock::{SystemClock, Timestamp};
use secaro_gateway::ids::{OrganizationId, Randomness, RequestId};
use secaro_gateway::store::facilities::Facility;
use secaro_gateway::store::organizations::Organization;
use secaro_gateway::store::{Author, Error, Location, Options, Store, Tx, Who};

use crate::support::database::Database;

/// Another process's view of the database, as far as the database can tell.
pub(super) async fn open(database: &Database) -> Store {
    let options = Options {
        location: Location::parse(database.location()),
        busy_timeout: Duration::from_secs(20),
        connections: 8,
    };
    Store::open(&options, Arc::new(SystemClock), Arc::new(Randomness::from_system())).await.unwrap()
}

pub(super) fn author(store: &Store, organization: OrganizationId) -> Author {
    Author { organization, who: Who::System { job: "test" }, request: store.id::<RequestId>() }
}

/// A new organization of this key.
pub(super) async fn organization(store: &Store, key: &str) -> OrganizationId {
    let id = store.id();
    let mut tx = store.begin(author(store, id)).await.unwrap();
    let (key, created_at) = (key.to_owned(), Timestamp::from_millis(0));
    let row = Organization { id, name: key.clone(), key, duns: None, created_at };
    tx.insert_organization(&row).await.unwrap();
    record(&mut tx, Record::of(Action::OrganizationCreated, Target::Organization(id))).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Writes a facility of this key, without its record.
pub(super) async fn write(tx: &mut Tx, key: &str) -> Result<Facility, Error> {
    let row = Facility {
        id: tx.id(),
        key: key.to_owned(),
        name: key.to_owned(),
        duns: None,
        address: None,
        labels: String::new(),
        archived_at: None,
        created_at: tx.now(),
    };
    tx.insert_facility(&row).await?;
    Ok(row)
}

/// Writes a facility of this key and commits it.
pub(super) async fn add(store: &Store, organization: OrganizationId, key: &str) -> Result<(), Error> {
    let mut tx = store.begin(author(store, organization)).await?;
    add_in(&mut tx, key).await?;
    tx.commit().await
}

/// Writes a facility of this key, with its record.
pub(super) async fn add_in(tx: &mut Tx, key: &str) -> Result<(), Error> {
    let row = write(tx, key).await?;
    record(tx, Record::of(Action::FacilityAdded, Target::Facility(row.id))).await
}

/// The keys of the organization's facilities, in order.
pub(super) async fn keys(store: &Store, organization: OrganizationId) -> Vec<String> {
    let facilities = store.read().await.unwrap().facilities(organization).await.unwrap();
    facilities.into_iter().map(|facility| facility.key).collect()
}

//! What a plan was made from, as a hash for each part: whether anything of it has changed, and which part has. Reads
//! each part whole, in a fixed order.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::change::{About, Change};
use crate::provisioning::{Error, connections};
use crate::store::{self, Tx};

/// A hash for each part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint(BTreeMap<String, String>);

impl Fingerprint {
    /// Of everything that the change's effects depend on, as it is in this transaction.
    pub(super) async fn of(tx: &mut Tx, change: &Change) -> Result<Self, Error> {
        let mut parts = BTreeMap::new();
        let organization = tx.organization();
        if let About::Connection(key) = change.about() {
            let connection = connections::in_use(tx, key).await?;
            add(&mut parts, "connection", &[(connection.state, &connection.may_grant)]);
            if matches!(change, Change::Pause { .. } | Change::Resume { .. }) {
                return Ok(Self(parts));
            }
            add(&mut parts, "rules", &tx.rules(organization, connection.id).await?);
            add(&mut parts, "users and groups", &tx.read_resources(organization, connection.id).await?);
            add(&mut parts, "links", &tx.read_links(organization).await?);
            let domains = tx.domains(organization).await?;
            let mut verified = Vec::new();
            for domain in domains {
                verified.push((tx.is_verified_domain(organization, &domain.name).await?, domain.name));
            }
            add(&mut parts, "domains", &verified);
        }
        add(&mut parts, "facilities", &tx.facilities(organization).await?);
        add(&mut parts, "people", &tx.read_people(organization).await?);
        add(&mut parts, "permissions", &tx.read_grants(organization).await?);
        Ok(Self(parts))
    }

    /// The names of the parts that differ.
    pub(super) fn differing<'a>(&'a self, other: &Self) -> Vec<&'a str> {
        self.0.iter().filter(|(part, hash)| other.0.get(*part) != Some(hash)).map(|(part, _)| part.as_str()).collect()
    }

    /// As it is stored.
    pub(super) fn text(&self) -> String {
        serde_json::json!(self.0).to_string()
    }

    /// As it was stored.
    pub(super) fn parse(text: &str) -> Result<Self, store::Error> {
        let parts = serde_json::from_str(text);
        parts.map(Self).map_err(|_| store::Error::Corrupt { table: "plans", column: "fingerprint" })
    }

    /// One short hash over all of them, to be compared by eye.
    pub(super) fn hash(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.text())[..8])
    }
}

/// Hashes the rows by how they are shown when debugging: what a type adds to that counts as a change, which is safe.
fn add<T: Debug>(parts: &mut BTreeMap<String, String>, name: &str, rows: &[T]) {
    let (mut hash, mut line) = (Sha256::new(), String::new());
    for row in rows {
        line.clear();
        // Writing to a string cannot fail.
        let _ = writeln!(line, "{row:?}");
        hash.update(&line);
    }
    parts.insert(name.to_owned(), HEXLOWER.encode(&hash.finalize()));
}

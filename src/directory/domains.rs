//! The e-mail domains of an organization: claimed, proven by a TXT record, removed. The first organization that proves
//! one has it; a subdomain is another domain with a proof of its own. Proofs are looked at again below, in `recheck`.

mod public;
mod recheck;

use data_encoding::BASE32_NOPAD;
use serde::Serialize;
use serde_json::json;

use super::dns::Texts;
use super::email::DomainName;
use super::{Directory, Error};
use crate::audit::{self, Action, Record, Target};
use crate::auth::Actor;
use crate::clock::Timestamp;
use crate::ids::DomainId;
use crate::outbox::queue::{Work, schedule, unschedule};
use crate::outbox::{self, Event};
use crate::store::Tx;
use crate::store::domains::Domain;

/// A domain, as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct DomainView {
    /// Its id.
    pub id: DomainId,
    /// The A-label.
    pub name: String,
    /// What it is good for.
    #[serde(flatten)]
    pub standing: Standing,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its proof was last looked for.
    pub checked_at: Option<Timestamp>,
    /// What has to stand in the DNS; nothing where an operator vouches for it.
    pub record: Option<ProofRecord>,
}

/// What a domain is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Standing {
    /// Nothing yet.
    Claimed,
    /// Joining by it and safe linking.
    Verified {
        /// Since when.
        verified_at: Timestamp,
    },
    /// Nothing until the proof is back; whoever came by it stays.
    Suspended {
        /// Since when.
        suspended_at: Timestamp,
    },
}

/// A TXT record that proves a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProofRecord {
    /// Always TXT.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its text.
    pub value: String,
}

impl ProofRecord {
    fn of(row: &Domain) -> Option<Self> {
        let random = row.proof.as_deref()?;
        let name = format!("_secaro-challenge.{}", row.name);
        Some(Self { kind: "TXT", name, value: format!("secaro-domain-verification={random}") })
    }
}

impl Directory {
    /// Begins the proof of a domain: makes the value that has to stand in its DNS. Asked again, it answers the same.
    pub async fn claim_domain(&self, actor: &Actor, organization: &str, name: &str) -> Result<DomainView, Error> {
        let name = claimable(name)?;
        let organization = self.find_organization(organization).await?;
        let mut tx = self.begin(actor, organization.id).await?;
        if let Some(row) = tx.domain(organization.id, name.as_str()).await? {
            if row.verified_at.is_some() && row.suspended_at.is_none() {
                let words = format!("{name} is verified for the organization already; there is nothing to prove");
                return Err(Error::Conflict(words));
            }
            return Ok(shown(&row));
        }
        // Of this organization alone and not to be guessed: who finds it in the DNS cannot use it for theirs (T42).
        let random = BASE32_NOPAD.encode(&tx.random::<32>()).to_ascii_lowercase();
        let row = Domain { proof: Some(random), ..new(&tx, &name) };
        tx.insert_domain(&row).await?;
        let record = Record::of(Action::DomainClaimed, Target::Domain(row.id));
        audit::record(&mut tx, record.after(json!({ "domain": row.name, "lists": public::lists() }))).await?;
        tx.commit().await?;
        Ok(shown(&row))
    }

    /// Looks for the proof in the DNS now. If it is there, the domain is verified from now on.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if the proof is not there, if the DNS does not answer, or if another organization was first.
    pub async fn verify_domain(&self, actor: &Actor, organization: &str, name: &str) -> Result<DomainView, Error> {
        let organization = self.find_organization(organization).await?;
        let found = match DomainName::parse(name.trim()) {
            Some(name) => self.store.read().await?.domain(organization.id, name.as_str()).await?,
            None => None,
        };
        let claimed = found.ok_or_else(|| unknown(name))?;
        let Some(wanted) = ProofRecord::of(&claimed) else {
            let words = format!("an operator vouches for {}; there is nothing to prove", claimed.name);
            return Err(Error::Conflict(words));
        };
        // Whoever may not decide asks nobody's DNS either. The answer is waited for outside of any transaction.
        drop(self.begin(actor, organization.id).await?);
        let texts = self.policy.dns.texts(&wanted.name).await.map_err(|error| {
            Error::Conflict(format!("{} cannot be looked up now: {error}; try again in a few minutes", wanted.name))
        })?;
        if !proves(&texts, &wanted) {
            return Err(Error::Conflict(missing(&texts, &wanted)));
        }
        let mut tx = self.begin(actor, organization.id).await?;
        // Removed and claimed again in the meantime, it has another value.
        let now = tx.domain(organization.id, &claimed.name).await?.filter(|row| row.proof == claimed.proof);
        let row = now.ok_or_else(|| unknown(name))?;
        let row = self.proven(&mut tx, row).await?;
        tx.commit().await?;
        Ok(shown(&row))
    }

    /// The organization's domains, by name.
    pub async fn domains(&self, organization: &str) -> Result<Vec<DomainView>, Error> {
        let organization = self.find_organization(organization).await?;
        let rows = self.store.read().await?.domains(organization.id).await?;
        Ok(rows.iter().map(shown).collect())
    }

    /// Removes a domain, whatever it was good for. Whoever came by it stays.
    pub async fn remove_domain(&self, actor: &Actor, organization: &str, name: &str) -> Result<DomainView, Error> {
        let organization = self.find_organization(organization).await?;
        let mut tx = self.begin(actor, organization.id).await?;
        let found = match DomainName::parse(name.trim()) {
            Some(name) => tx.domain(organization.id, name.as_str()).await?,
            None => None,
        };
        let row = found.ok_or_else(|| unknown(name))?;
        tx.delete_domain(row.id).await?;
        let before = json!({ "domain": row.name, "verifiedAt": row.verified_at });
        audit::record(&mut tx, Record::of(Action::DomainRemoved, Target::Domain(row.id)).before(before)).await?;
        if row.verified_at.is_some() && row.suspended_at.is_none() {
            outbox::emit(&mut tx, &Event::DomainLost(row.id)).await?;
        }
        unschedule(&mut tx, Work::RecheckDomain(row.id)).await?;
        tx.commit().await?;
        Ok(shown(&row))
    }

    /// The proof is there: verified from now on, or good again.
    async fn proven(&self, tx: &mut Tx, old: Domain) -> Result<Domain, Error> {
        let now = tx.now();
        let row = Domain {
            verified_at: old.verified_at.or(Some(now)),
            checked_at: Some(now),
            failures: 0,
            suspended_at: None,
            ..old.clone()
        };
        tx.update_domain(&row).await.map_err(|error| {
            Error::duplicate(error, || {
                // Whoever hears this has proven the domain; whose it is, they still need not know.
                let name = &row.name;
                format!("the proof of {name} is right, but {name} is verified elsewhere already; ask Secaro's support")
            })
        })?;
        let action = match (old.verified_at, old.suspended_at) {
            (None, _) => Some(Action::DomainVerified),
            (Some(_), Some(_)) => Some(Action::DomainRestored),
            (Some(_), None) => None,
        };
        let after = json!({ "domain": row.name, "lists": public::lists() });
        match action {
            Some(action) => {
                audit::record(tx, Record::of(action, Target::Domain(row.id)).after(after)).await?;
                outbox::emit(tx, &Event::DomainVerified(row.id)).await?;
            }
            // Asked for by somebody and found as it was: that is the record.
            None => audit::record(tx, Record::of(Action::DomainVerified, Target::Domain(row.id)).after(after)).await?,
        }
        schedule(tx, Work::RecheckDomain(row.id), now.plus(self.policy.recheck_every)).await?;
        Ok(row)
    }
}

/// Adds a domain that an operator vouches for: verified without a proof, and never looked at again.
pub(super) async fn vouch(tx: &mut Tx, name: &DomainName) -> Result<(), Error> {
    let row = Domain { verified_at: Some(tx.now()), ..new(tx, name) };
    tx.insert_domain(&row).await.map_err(|error| {
        Error::duplicate(error, || {
            format!("the domain {name} is given twice, or another organization has it; give each once, to its owner")
        })
    })?;
    let target = Target::Organization(tx.organization());
    let record = Record::of(Action::DomainVerified, target);
    let record = record.after(json!({ "domain": row.name, "lists": public::lists() }));
    Ok(audit::record(tx, record.because("vouched for by the operator")).await?)
}

/// A domain that somebody may claim.
pub(super) fn claimable(text: &str) -> Result<DomainName, Error> {
    let text = text.trim();
    let name = DomainName::parse(text).ok_or_else(|| {
        let shown: String = text.chars().take(64).collect();
        Error::Invalid(format!("«{shown}» is no domain name; write it like example.org"))
    })?;
    match public::refusal(&name) {
        Some(why) => Err(Error::Invalid(why)),
        None => Ok(name),
    }
}

fn new(tx: &Tx, name: &DomainName) -> Domain {
    Domain {
        id: tx.id(),
        name: name.as_str().to_owned(),
        verified_at: None,
        created_at: tx.now(),
        proof: None,
        checked_at: None,
        failures: 0,
        suspended_at: None,
    }
}

fn unknown(name: &str) -> Error {
    Error::NotFound {
        kind: "domain",
        name: name.chars().take(64).collect(),
        advice: "«secaro-gateway domain list» shows those there are",
    }
}

fn shown(row: &Domain) -> DomainView {
    let standing = match (row.verified_at, row.suspended_at) {
        (None, _) => Standing::Claimed,
        (Some(verified_at), None) => Standing::Verified { verified_at },
        (Some(_), Some(suspended_at)) => Standing::Suspended { suspended_at },
    };
    DomainView {
        id: row.id,
        name: row.name.clone(),
        standing,
        created_at: row.created_at,
        checked_at: row.checked_at,
        record: ProofRecord::of(row),
    }
}

/// Whether one of the texts is the proof. Space around it is a slip of whoever entered it.
fn proves(texts: &Texts, wanted: &ProofRecord) -> bool {
    texts.iter().any(|text| text.trim() == wanted.value)
}

/// What was found instead. Another's text is shown as far as it helps to recognise it.
fn missing(texts: &Texts, wanted: &ProofRecord) -> String {
    let found = match texts.first() {
        None => "there is no TXT record".to_owned(),
        Some(first) => {
            let letters = first.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' });
            let shown: String = letters.take(40).collect();
            let more = if first.chars().count() > 40 { "…" } else { "" };
            format!("the text found is another one («{shown}{more}», {} in all)", texts.len())
        }
    };
    format!("{}: {found}; enter the text «{}» there, and try again once it is published", wanted.name, wanted.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anothers_text_is_shown_briefly_and_without_what_could_drive_a_terminal() {
        let wanted = ProofRecord { kind: "TXT", name: "_secaro-challenge.a.example".to_owned(), value: "v".to_owned() };
        let words = missing(&vec![format!("\u{1b}[31m{}", "x".repeat(500))], &wanted);
        assert!(words.contains("«?[31mxxx") && words.contains("…») ") || words.contains("…», 1 in all"), "{words}");
        assert!(!words.contains('\u{1b}') && words.len() < 250, "{words}");
        assert!(missing(&Vec::new(), &wanted).contains("there is no TXT record"));
        assert!(proves(&vec!["w".to_owned(), " v\n".to_owned()], &wanted));
        assert!(!proves(&vec!["vv".to_owned(), "V".to_owned()], &wanted));
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        for text in ["", "localhost", "10.0.0.1", "[::1]", "example.org.", "a b.example", "-a.example", "a@b.example"] {
            assert!(claimable(text).is_err(), "{text}");
        }
        assert_eq!(claimable(" Example.ORG ").map(|name| name.to_string()).ok().as_deref(), Some("example.org"));
    }
}

//! `domain`: the e-mail domains of an organization, and the record that proves each.

use super::answer::{Answer, facts, or_dash};
use super::failure::Failure;
use super::session::{OfOrganization, Session};
use crate::directory::domains::{DomainView, Standing};

/// What to do with domains.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Domain {
    /// Begin the proof of a domain: says which TXT record to enter in its DNS
    Add(Which),
    /// Look for that record now; if it is there, the domain is verified
    Verify(Which),
    /// List an organization's domains and what each is good for
    List {
        #[command(flatten)]
        of: OfOrganization,
    },
    /// Remove a domain; whoever came by it stays
    Remove(Which),
}

/// A domain of an organization.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The domain, such as example.org; a subdomain is another domain
    name: String,
    #[command(flatten)]
    of: OfOrganization,
}

impl Domain {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let directory = &session.opened.directory;
        let actor = session.actor().await?;
        match self {
            Self::Add(Which { name, of }) => {
                let claimed = directory.claim_domain(&actor, &of.key(session).await?, &name).await?;
                let next = format!(
                    "Enter this record at whoever hosts the DNS of {name}, wait until it is published, then run \
                     «secaro-gateway domain verify {name}».",
                    name = claimed.name
                );
                Ok(show(&claimed, &next))
            }
            Self::Verify(Which { name, of }) => {
                let verified = directory.verify_domain(&actor, &of.key(session).await?, &name).await?;
                let next = "The record has to stay: it is looked for again from time to time.";
                Ok(show(&verified, next))
            }
            Self::List { of } => {
                let all = directory.domains(&of.key(session).await?).await?;
                Ok(Answer::list(
                    "domains",
                    &all,
                    ["Domain", "State", "Last looked at", "TXT record", "Its text"],
                    |one| {
                        let record = one.record.as_ref();
                        [
                            one.name.clone(),
                            state(one),
                            or_dash(one.checked_at),
                            or_dash(record.map(|record| record.name.clone())),
                            or_dash(record.map(|record| record.value.clone())),
                        ]
                    },
                    "There is no domain yet. Begin with «secaro-gateway domain add DOMAIN».",
                ))
            }
            Self::Remove(Which { name, of }) => {
                let removed = directory.remove_domain(&actor, &of.key(session).await?, &name).await?;
                let text = format!("Removed {}. Nobody who came by it loses anything.", removed.name);
                Ok(Answer::new(&removed, text))
            }
        }
    }
}

fn state(domain: &DomainView) -> String {
    match (domain.standing, &domain.record) {
        (Standing::Claimed, _) => "claimed, not proven".to_owned(),
        (Standing::Verified { verified_at }, Some(_)) => format!("verified since {verified_at}"),
        (Standing::Verified { .. }, None) => "verified: an operator vouches for it".to_owned(),
        (Standing::Suspended { suspended_at }, _) => format!("suspended since {suspended_at}: the record is gone"),
    }
}

fn show(domain: &DomainView, next: &str) -> Answer {
    let record = domain.record.as_ref();
    let text = facts([
        ("Domain", domain.name.clone()),
        ("State", state(domain)),
        ("Type", or_dash(record.map(|record| record.kind))),
        ("Name", or_dash(record.map(|record| record.name.clone()))),
        ("Text", or_dash(record.map(|record| record.value.clone()))),
    ]);
    Answer::new(domain, format!("{text}{next}"))
}

//! The authorities there are: an IdP's connection, somebody at the machine, and a person of an organization. Their
//! fields are private to `auth`, so nobody else can make one up.

use crate::ids::{ConnectionId, OrganizationId, PersonId, RequestId};
use crate::scim::Dialect;
use crate::store::tokens::Credential;
use crate::store::{Author, Who};

/// An IdP, authenticated by a connection's credential, in one request.
///
/// The organization comes from the credential's row and from nowhere else (T02).
#[derive(Debug, Clone)]
pub struct Caller {
    credential: Credential,
    request: RequestId,
}

impl Caller {
    pub(super) const fn new(credential: Credential, request: RequestId) -> Self {
        Self { credential, request }
    }

    /// The organization that the connection provisions.
    #[must_use]
    pub const fn organization(&self) -> OrganizationId {
        self.credential.organization_id
    }

    /// The connection.
    #[must_use]
    pub const fn connection(&self) -> ConnectionId {
        self.credential.connection_id
    }

    /// The connection's key, as in the URL.
    #[must_use]
    pub fn connection_key(&self) -> &str {
        &self.credential.key
    }

    /// The public part of the credential.
    #[must_use]
    pub fn credential_key(&self) -> &str {
        &self.credential.key_id
    }

    /// The IdP's dialect.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.credential.dialect
    }

    /// Whether deviations from the RFC are refused.
    #[must_use]
    pub const fn strict(&self) -> bool {
        self.credential.strict
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> RequestId {
        self.request
    }

    /// The authority to write as this caller.
    #[must_use]
    pub fn author(&self) -> Author {
        Author {
            organization: self.organization(),
            who: Who::Connection {
                connection: self.connection(),
                key: self.credential.key.clone(),
                token: self.credential.id,
            },
            request: self.request,
        }
    }
}

/// Somebody with access to the machine that the gateway's data is on; may do everything there.
#[derive(Debug, Clone)]
pub struct Operator {
    name: String,
    request: RequestId,
}

impl Operator {
    /// Whoever runs this process. Access to its data directory is the authentication.
    #[must_use]
    pub fn of_this_machine(account: String, request: RequestId) -> Self {
        Self { name: account, request }
    }

    /// The authority to write in an organization as this operator.
    #[must_use]
    pub fn author(&self, organization: OrganizationId) -> Author {
        Author { organization, who: Who::Operator { name: self.name.clone() }, request: self.request }
    }
}

impl Operator {
    /// The authority of a person of an organization, exercised by this operator (`--as`): what that person may not
    /// decide, the operator does not decide in their name either.
    #[must_use]
    pub fn on_behalf_of(&self, organization: OrganizationId, person: PersonId, email: &str) -> Member {
        let name = format!("{email} (through operator {})", self.name);
        Member { organization, person, name, request: self.request }
    }
}

/// A person of an organization. What they may decide is looked at in the transaction that decides.
#[derive(Debug, Clone)]
pub struct Member {
    organization: OrganizationId,
    person: PersonId,
    name: String,
    request: RequestId,
}

impl Member {
    /// A person whose session was found.
    pub(super) const fn signed_in(
        organization: OrganizationId,
        person: PersonId,
        name: String,
        request: RequestId,
    ) -> Self {
        Self { organization, person, name, request }
    }

    /// Of which organization.
    #[must_use]
    pub const fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// Who.
    #[must_use]
    pub const fn person(&self) -> PersonId {
        self.person
    }

    /// The authority to write as this person.
    #[must_use]
    pub fn author(&self) -> Author {
        let who = Who::Person { person: self.person, name: self.name.clone() };
        Author { organization: self.organization, who, request: self.request }
    }
}

/// Whoever decides about an organization.
#[derive(Debug, Clone)]
pub enum Actor {
    /// Somebody at the machine; may do everything there.
    Operator(Operator),
    /// A person of the organization; has to be an Organization admin for most of it.
    Member(Member),
}

impl From<Operator> for Actor {
    fn from(operator: Operator) -> Self {
        Self::Operator(operator)
    }
}

impl From<Member> for Actor {
    fn from(member: Member) -> Self {
        Self::Member(member)
    }
}

/// The authority of one of the gateway's own jobs in an organization.
#[must_use]
pub fn of_job(job: &'static str, organization: OrganizationId, request: RequestId) -> Author {
    Author { organization, who: Who::System { job }, request }
}

/// The authority of somebody who showed the secret of a link to the console: to begin a session, and nothing else.
#[must_use]
pub fn of_signing_in(organization: OrganizationId, person: PersonId, email: &str, request: RequestId) -> Author {
    Author { organization, who: Who::Person { person, name: email.to_owned() }, request }
}

/// The authority of somebody who showed the secret of their invitation: to accept it, and nothing else.
#[must_use]
pub fn of_invited(
    organization: OrganizationId,
    person: PersonId,
    email: &str,
    invited_by: &str,
    request: RequestId,
) -> Author {
    let name = format!("{email} (invited by {invited_by})");
    Author { organization, who: Who::Person { person, name }, request }
}

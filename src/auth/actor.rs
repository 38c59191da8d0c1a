//! The authorities there are: an IdP's connection, and somebody at the machine. Their fields are private to `auth`,
//! so nobody else can make one up.

use crate::ids::{ConnectionId, OrganizationId, RequestId};
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

//! The transaction in which somebody decides about an organization: checked authority at its beginning, and an
//! Organization admin left at its end. Every door but an IdP's goes through it.

use std::ops::{Deref, DerefMut};

use super::{Directory, Error};
use crate::auth::{Actor, Member};
use crate::ids::OrganizationId;
use crate::store::Tx;
use crate::store::people::{Person, Status};

/// A transaction of somebody who may decide. Committing it is refused if it leaves the organization without an active
/// Organization admin where there was one (T23); writers of one organization take turns, so that no two can take each
/// other for the one that remains.
#[derive(Debug)]
pub(crate) struct Deciding {
    tx: Tx,
    admins: Vec<Person>,
}

impl Directory {
    /// A transaction of an operator, or of an Organization admin of this organization.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for anybody else. Whether somebody is admin is looked at here and now, whatever they were
    /// when they were shown what they decide about (T46).
    pub(crate) async fn begin(&self, actor: &Actor, organization: OrganizationId) -> Result<Deciding, Error> {
        let author = match actor {
            Actor::Operator(operator) => operator.author(organization),
            Actor::Member(member) if member.organization() == organization => member.author(),
            Actor::Member(_) => return Err(Error::Forbidden("this is another organization's".to_owned())),
        };
        let mut tx = self.store.begin(author).await?;
        let admins = tx.organization_admins(organization).await?;
        if let Actor::Member(member) = actor
            && !admins.iter().any(|admin| admin.id == member.person())
        {
            let words = "only an active Organization admin may do this; ask one of them";
            return Err(Error::Forbidden(words.to_owned()));
        }
        Ok(Deciding { tx, admins })
    }

    /// A transaction of somebody about themselves, who decides about nobody else and about nothing that they may do.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] unless they are active here and now.
    pub(crate) async fn begin_as_oneself(&self, member: &Member) -> Result<Deciding, Error> {
        let organization = member.organization();
        let mut tx = self.store.begin(member.author()).await?;
        let admins = tx.organization_admins(organization).await?;
        let oneself = tx.person(organization, member.person()).await?;
        if oneself.is_none_or(|person| person.status != Status::Active) {
            return Err(Error::Forbidden("only an active person may do this".to_owned()));
        }
        Ok(Deciding { tx, admins })
    }
}

impl Deciding {
    /// Commits what was decided.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if no Organization admin would be left; nothing is changed then.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        self.check().await?;
        Ok(self.tx.commit().await?)
    }

    /// Whether what was decided so far can be committed.
    ///
    /// # Errors
    ///
    /// As [`Self::commit`].
    pub(crate) async fn check(&mut self) -> Result<(), Error> {
        let organization = self.tx.organization();
        if !self.admins.is_empty() && self.tx.organization_admins(organization).await?.is_empty() {
            let words =
                "the organization would be left without an active Organization admin; make somebody else one first";
            return Err(Error::Conflict(words.to_owned()));
        }
        Ok(())
    }
}

impl Deref for Deciding {
    type Target = Tx;
    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl DerefMut for Deciding {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.tx
    }
}

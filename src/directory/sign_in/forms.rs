//! Forms that were sent when their session had ended, or was not fresh enough: kept until their sender is back. Never
//! sends one by itself.

use crate::auth::Session;
use crate::directory::{Directory, Error};
use crate::ids::FormId;
use crate::store::kept_forms::KeptForm;

pub use crate::store::kept_forms::KeptForm as Kept;

impl Directory {
    /// Keeps a form in place of any other of that person. The fields stand as a form sends them.
    pub async fn keep_form(&self, session: &Session, path: &str, fields: &str) -> Result<(), Error> {
        let form = KeptForm {
            id: self.store.id(),
            path: path.to_owned(),
            fields: fields.to_owned(),
            created_at: self.store.clock().now(),
        };
        let mut books = self.store.books().await?;
        books.keep_form(session.organization_id(), session.person(), &form).await?;
        Ok(books.commit().await?)
    }

    /// The form that waits for somebody, if one does.
    pub async fn kept_form(&self, session: &Session) -> Result<Option<Kept>, Error> {
        Ok(self.store.read().await?.kept_form(session.organization_id(), session.person()).await?)
    }

    /// It was sent again, or is not wanted any longer.
    pub async fn forget_form(&self, session: &Session, id: FormId) -> Result<(), Error> {
        let mut books = self.store.books().await?;
        books.delete_kept_form(session.organization_id(), session.person(), id).await?;
        Ok(books.commit().await?)
    }
}

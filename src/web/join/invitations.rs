//! `/invitations/{secret}`: what an invitation is for, and accepting it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::form::Fields;
use super::pages::{Invitation, Welcome};
use super::respond::{Refused, page};
use super::{Entrance, Named, request_id};
use crate::directory;
use crate::web::api::problem::sentence;

/// Has no effect: mail scanners follow links.
pub(super) async fn look(State(entrance): State<Arc<Entrance>>, Named(secret): Named) -> Result<Response, Refused> {
    let invited = entrance.directory.look_at_invitation(&secret).await.map_err(refused)?;
    Ok(page(200, &Invitation { invited: &invited, secret: &secret, here: &format!("/invitations/{secret}") }))
}

/// Answers with the page itself: the link is used up, and shows nothing any more.
pub(super) async fn accept(
    State(entrance): State<Arc<Entrance>>,
    Named(secret): Named,
    request: Request,
) -> Result<Response, Refused> {
    let id = request_id(&request);
    Fields::read(&entrance, request).await?;
    let accepted = entrance.directory.accept_invitation(&secret, id).await.map_err(refused)?;
    Ok(page(200, &Welcome { accepted: &accepted }))
}

/// A link that opens nothing, in the domain's words.
fn refused(error: directory::Error) -> Refused {
    match error {
        directory::Error::Conflict(words) => Refused::new(404, "This invitation does not work", sentence(&words)),
        other => other.into(),
    }
}

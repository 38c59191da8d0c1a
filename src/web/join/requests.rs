//! `/join` and what follows from the mailed link: prove, ask, take back.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::form::Fields;
use super::pages::{Again, Mailbox, Offers, Register, Sent};
use super::respond::{Refused, page, see};
use super::{Entrance, Named, request_id};
use crate::directory;
use crate::directory::join_requests::{Flaw, Registration, Wanted};

type Answer = Result<Response, Refused>;

pub(super) async fn form() -> Response {
    page(200, &Register::default())
}

/// The same answer for every address, whatever comes of it (T47).
pub(super) async fn register(State(entrance): State<Arc<Entrance>>, request: Request) -> Answer {
    let (id, may) = (request_id(&request), entrance.may_register(&request));
    let fields = Fields::read(&entrance, request).await?;
    let (name, email, duns) = (fields.text("name"), fields.text("email"), fields.text("duns"));
    let new = match Registration::read(name, email, duns) {
        Ok(new) => new,
        Err(flaws) => return Ok(page(400, &Register { name, email, duns, flaws })),
    };
    if may {
        entrance.directory.register(id, &new).await?;
    }
    Ok(page(202, &Sent))
}

/// Has no effect: mail scanners follow links.
pub(super) async fn look(State(entrance): State<Arc<Entrance>>, Named(secret): Named) -> Answer {
    show(&entrance, &secret, 200, Again::default()).await
}

pub(super) async fn prove(State(entrance): State<Arc<Entrance>>, Named(secret): Named, request: Request) -> Answer {
    Fields::read(&entrance, request).await?;
    entrance.directory.prove_mailbox(&secret).await?.ok_or_else(ended)?;
    Ok(see(&here(&secret)))
}

pub(super) async fn ask(State(entrance): State<Arc<Entrance>>, Named(secret): Named, request: Request) -> Answer {
    let id = request_id(&request);
    let fields = Fields::read(&entrance, request).await?;
    let (organization, note) = (fields.text("organization"), fields.text("note"));
    let facilities = fields.text("facilities");
    let again = |flaws| Again { organization, note, facilities, flaws };
    let wanted = match Wanted::read(organization, note, facilities) {
        Ok(wanted) => wanted,
        Err(flaws) => return show(&entrance, &secret, 400, again(flaws)).await,
    };
    match entrance.directory.ask_to_join(id, &secret, &wanted).await {
        Ok(asked) => asked.map(|_| see(&here(&secret))).ok_or_else(ended),
        Err(directory::Error::Conflict(words)) => {
            let detail = crate::web::api::problem::sentence(&words);
            show(&entrance, &secret, 409, again(vec![Flaw { field: "organization", detail }])).await
        }
        Err(other) => Err(other.into()),
    }
}

pub(super) async fn withdraw(State(entrance): State<Arc<Entrance>>, Named(secret): Named, request: Request) -> Answer {
    let id = request_id(&request);
    let fields = Fields::read(&entrance, request).await?;
    let organization = fields.text("organization").parse().map_err(|_| {
        Refused::new(400, "Which request?", "Go back and use the button beside the request that you take back.")
    })?;
    let directory = &entrance.directory;
    directory.withdraw_join_requests(id, &secret, Some(organization)).await?.ok_or_else(ended)?;
    Ok(see(&here(&secret)))
}

/// The page of a link: the question whether the mailbox is theirs, then whom they may ask.
async fn show(entrance: &Entrance, secret: &str, status: u16, again: Again<'_>) -> Answer {
    let shown = entrance.directory.look_at_mailbox(secret).await?.ok_or_else(ended)?;
    let (email, here) = (shown.email.as_str(), here(secret));
    Ok(match &shown.offers {
        None => page(status, &Mailbox { email, here: &here }),
        Some(found) => page(status, &Offers { email, here: &here, found, again }),
    })
}

/// Where the page of a link is. A secret that opens something is of letters, digits and underscores only.
fn here(secret: &str) -> String {
    format!("/join/{secret}")
}

/// The same for a link that never was, has ended, is for something else, or proves nothing yet.
fn ended() -> Refused {
    let text = "It is unknown or has ended. Open the newest mail, or begin again at /join.";
    Refused::new(404, "This link does not work", text)
}

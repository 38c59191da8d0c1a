//! `/api/v1/join…`: registering, proving a mailbox, asking and taking it back, for Secaro's own registration page.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::problem::Problem;
use crate::directory::join_requests::{Mailbox, Registration, Wanted};
use crate::ids::OrganizationId;
use crate::web::body::{self, Refusal};
use crate::web::join::{Entrance, request_id};

#[derive(Deserialize)]
pub(super) struct Registering {
    name: String,
    email: String,
    duns: Option<String>,
}

/// The same answer for every address, whatever comes of it (T47).
pub(super) async fn register(
    State(entrance): State<Arc<Entrance>>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let (id, may) = (request_id(&request), entrance.may_register(&request));
    let Registering { name, email, duns } = read(&entrance, request).await?;
    let new = Registration::read(&name, &email, &duns.unwrap_or_default()).map_err(Problem::of_flaws)?;
    if may {
        entrance.directory.register(id, &new).await?;
    }
    let next = "Follow the link in the mail to that address. It works for a while only.";
    Ok((StatusCode::ACCEPTED, Json(json!({ "next": next }))))
}

#[derive(Deserialize)]
pub(super) struct Proving {
    token: String,
}

pub(super) async fn prove(State(entrance): State<Arc<Entrance>>, request: Request) -> Result<Json<Value>, Problem> {
    let Proving { token } = read(&entrance, request).await?;
    let Mailbox { email, name, offers } = entrance.directory.prove_mailbox(&token).await?.ok_or_else(ended)?;
    Ok(Json(json!({ "email": email, "name": name, "organizations": offers })))
}

#[derive(Deserialize)]
pub(super) struct Asking {
    token: String,
    organization: String,
    note: Option<String>,
    facilities: Option<String>,
}

pub(super) async fn ask(
    State(entrance): State<Arc<Entrance>>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let id = request_id(&request);
    let Asking { token, organization, note, facilities } = read(&entrance, request).await?;
    let wanted = Wanted::read(&organization, &note.unwrap_or_default(), &facilities.unwrap_or_default());
    let wanted = wanted.map_err(Problem::of_flaws)?;
    let asked = entrance.directory.ask_to_join(id, &token, &wanted).await?.ok_or_else(ended)?;
    let body = json!({
        "id": asked.id,
        "organization": organization,
        "state": "pending",
        "asked_at": asked.asked_at,
        "expires_at": asked.expires_at,
    });
    Ok((StatusCode::CREATED, Json(body)))
}

#[derive(Deserialize)]
pub(super) struct Withdrawing {
    token: String,
    organization: Option<OrganizationId>,
}

pub(super) async fn withdraw(State(entrance): State<Arc<Entrance>>, request: Request) -> Result<Json<Value>, Problem> {
    let id = request_id(&request);
    let Withdrawing { token, organization } = read(&entrance, request).await?;
    let directory = &entrance.directory;
    let withdrawn = directory.withdraw_join_requests(id, &token, organization).await?.ok_or_else(ended)?;
    Ok(Json(json!({ "withdrawn": withdrawn })))
}

/// The same for a token that never was, has ended, is for something else, or proves nothing yet.
fn ended() -> Problem {
    Problem::new(404, "The token is unknown or has ended, or its mailbox is not proven yet. Register again.")
}

/// The body as JSON of this form.
async fn read<T: DeserializeOwned>(entrance: &Entrance, request: Request) -> Result<T, Problem> {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    // A browser lets no other site send this type unasked.
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(415, "Send the body as application/json."));
    }
    let whole = body::read(request.into_body(), entrance.body_bytes(), entrance.patience()).await;
    let whole = whole.map_err(|refusal| match refusal {
        Refusal::TooLarge => Problem::new(413, "The body is larger than allowed."),
        Refusal::TooSlow => Problem::new(408, "The body was not complete in time."),
        Refusal::Broken => Problem::new(400, "The body broke off."),
    })?;
    serde_json::from_slice(&whole).map_err(|error| Problem::new(400, format!("The body cannot be read: {error}.")))
}

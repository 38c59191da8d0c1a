//! The console: pages and forms for Organization admins, Billing admins, auditors, and everybody's own page. Each file
//! is a screen; handlers take a request apart, make one call into the domain, and show what it says. Works without any
//! script.

pub mod access;
mod asked;
mod audit;
mod chart;
mod connections;
mod export;
mod form;
mod groups;
mod held;
mod help;
pub mod installation;
mod invitations;
mod invite;
mod join_requests;
mod kept;
mod mail;
mod overview;
mod person;
mod places;
mod plans;
mod providers;
mod reports;
mod requests;
mod respond;
mod rules;
mod set_up;
mod settings;
mod several;
mod shell;
mod sign_in;
mod sign_in_at;
mod theme;
mod users;
mod words;

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;

use super::budget::Budget;
use super::routes::Routes;
use crate::audit::trail::Trail;
use crate::auth::Sessions;
use crate::clock::{Clock, Timestamp};
use crate::directory::Directory;
use crate::outbox::mail::Mailer;
use crate::provisioning::Provisioning;
use crate::provisioning::request_log::{RequestLog, Shown};
use crate::provisioning::watch::Thresholds;
use access::Needs;
use respond::Refused;

/// What the console answers from.
#[derive(Debug)]
pub struct Console {
    /// Secaro's side.
    pub directory: Directory,
    /// The IdP's side.
    pub provisioning: Provisioning,
    /// What IdPs asked, and what came of it.
    pub request_log: RequestLog,
    /// Shows mails.
    pub mailer: Mailer,
    /// Knows who is signed in.
    pub sessions: Sessions,
    /// Where the gateway is reached, without a trailing slash. From the settings alone (T48).
    pub base_url: String,
    /// Whom to ask for help, or empty.
    pub support_contact: String,
    /// What is set for every organization.
    pub installation: Vec<installation::Section>,
    /// Links to sign in per client.
    pub budget: Budget,
    /// What about tokens and connections needs attention.
    pub thresholds: Thresholds,
    /// What was done, by whom and why.
    pub trail: Trail,
    /// Tells times from now.
    pub clock: Arc<dyn Clock>,
    /// How long a form may take to arrive.
    pub patience: Duration,
}

impl Console {
    /// The time that pages tell others from.
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A request of an IdP, if this person may see it.
    async fn shown_request(&self, session: &access::Session, reference: &str) -> Result<Shown, Refused> {
        let scope = self.request_log.scope(&session.actor(), Some(session.organization())).await?;
        Ok(self.request_log.show(scope, reference).await?)
    }
}

/// Adds the console's pages and actions.
#[must_use]
pub fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    let (get, post) = (Method::GET, Method::POST);
    let routes = routes
        .public(get.clone(), "/console/sign-in", sign_in::form, console)
        .public(post.clone(), "/console/sign-in", sign_in::ask, console)
        .public(get.clone(), "/console/links/{secret}", sign_in::look, console)
        .public(post.clone(), "/console/links/{secret}", sign_in::enter, console)
        .console(post.clone(), "/console/sign-out", Needs::Oneself, sign_in::leave, console)
        .console(get, "/console/kept", Needs::Oneself, kept::show, console)
        .console(post, "/console/kept", Needs::Oneself, kept::discard, console);
    let screens = [
        overview::routes,
        users::routes,
        person::routes,
        invite::routes,
        invitations::routes,
        join_requests::routes,
        held::routes,
        plans::routes,
        connections::routes,
        set_up::routes,
        groups::routes,
        rules::routes,
        requests::routes,
        reports::routes,
        audit::routes,
        mail::routes,
        places::routes,
        settings::routes,
        theme::routes,
        providers::routes,
        sign_in_at::routes,
        help::routes,
    ];
    screens.into_iter().fold(routes, |routes, screen| screen(routes, console))
}

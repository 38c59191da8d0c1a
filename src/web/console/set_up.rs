//! Setting a connection up: address and token, the steps of that IdP's own console, and a checklist that its real calls
//! tick while one looks. What no call shows, an admin ticks by hand.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::connections::Own;
use super::form::Fields;
use super::respond::{Answer, page, see};
use super::shell::{Place, Shell};
use crate::clock::Timestamp;
use crate::provisioning::set_up::SetUp;
use crate::scim::Dialect;
use crate::web::routes::Routes;

#[derive(Template)]
#[template(path = "set_up.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    base: String,
    steps: &'static [Step],
    set_up: SetUp,
}

/// Something to do in an IdP's own console.
struct Step {
    name: &'static str,
    title: &'static str,
    text: &'static str,
}

const fn step(name: &'static str, title: &'static str, text: &'static str) -> Step {
    Step { name, title, text }
}

const OKTA: &[Step] = &[
    step(
        "application",
        "Create the app",
        "In the Okta admin console, create a custom app with SAML or SWA: Okta offers no SCIM on a custom OIDC app. Then \
         General → App Settings → Edit → Provisioning: SCIM → Save.",
    ),
    step(
        "credentials",
        "Enter address and token",
        "Provisioning → Integration → Edit: the base URL above as SCIM connector base URL; userName as unique identifier \
         field for users; Push New Users, Push Profile Updates and Push Groups as supported actions; HTTP Header as \
         authentication mode, with the token. Do not paste the word Bearer: Okta adds it. Test Connector Configuration, \
         then Save.",
    ),
    step(
        "mappings",
        "Allow it to write",
        "To App → Edit: Create Users, Update User Attributes, Deactivate Users → Save. Look at the attribute mappings.",
    ),
    step(
        "assignments",
        "Assign people",
        "Assignments: assign a different group than those you push. A group that is both assigned and pushed loses \
         members without a word.",
    ),
    step(
        "groups",
        "Push the groups",
        "Push Groups: find them by name or by rule, then push now. What fails stands on its Errors tab, with Retry all \
         groups.",
    ),
];

const ENTRA: &[Step] = &[
    step(
        "application",
        "Create the app",
        "In the Microsoft Entra admin center: Enterprise applications → New application → Create your own application → \
         non-gallery.",
    ),
    step(
        "credentials",
        "Enter address and token",
        "Provisioning → New configuration: the base URL above as Tenant URL, the token alone as Secret token, without the \
         word Bearer. Test connection, then Create. In the older layout: Mode Automatic → Admin Credentials.",
    ),
    step(
        "mappings",
        "Look at the mappings",
        "Attribute mapping for users and for groups. The matching attribute is userName or externalId.",
    ),
    step(
        "assignments",
        "Assign people and groups",
        "Users and groups: assign them. Groups need the P1 licence or higher, and nested groups are not expanded.",
    ),
    step(
        "groups",
        "Start provisioning",
        "Provision on demand for one person first, then Start provisioning. After the first cycle Entra speaks about \
         every 40 minutes; its Provisioning logs say what it did.",
    ),
];

const GENERIC: &[Step] = &[
    step(
        "application",
        "Create the application",
        "In your identity provider, add an application that speaks SCIM 2.0.",
    ),
    step(
        "credentials",
        "Enter address and token",
        "Enter the base URL above and choose a bearer token (HTTP header) as authentication. Paste the token alone, without \
         the word Bearer, unless the field asks for the whole header.",
    ),
    step("mappings", "Look at the mappings", "userName has to be what people sign in with: their work e-mail address."),
    step("assignments", "Assign people", "Assign the people who are to have access."),
    step("groups", "Push the groups", "Let it push the groups that access rules look at."),
];

impl Page {
    fn is_okta(&self) -> bool {
        self.set_up.connection.dialect == Dialect::Okta
    }
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    let path = "/console/connections/{key}/set-up";
    routes.console(Method::GET, path, Needs::View, show, console).console(
        Method::POST,
        path,
        Needs::Admin,
        tick,
        console,
    )
}

async fn show(State(console): State<Arc<Console>>, session: Session, Own(own): Own) -> Answer {
    let key = own.key;
    let set_up = console.provisioning.set_up(session.organization_id(), &key).await?;
    let steps = match set_up.connection.dialect {
        Dialect::Okta => OKTA,
        Dialect::Entra => ENTRA,
        Dialect::Generic => GENERIC,
    };
    let shell = Shell::of(&session, format!("Set up {key}"), Place::Connections);
    let base = format!("{}/scim/v2/{key}", console.base_url);
    Ok(page(200, &session, &Page { shell, now: console.now(), base, steps, set_up }))
}

async fn tick(State(console): State<Arc<Console>>, session: Session, Own(own): Own, fields: Fields) -> Answer {
    let key = own.key;
    let (step, done) = (fields.text("step"), fields.text("done") == "yes");
    console.provisioning.tick_step(&session.actor(), session.organization_id(), &key, step, done).await?;
    Ok(see(&format!("/console/connections/{key}/set-up#steps")))
}

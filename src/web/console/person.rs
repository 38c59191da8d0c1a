//! One user: what they may do and why, their details, and what happened; changing permissions, deactivating and
//! reactivating. Also everybody's own page.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::asked::Asked;
use super::form::Fields;
use super::respond::{Answer, Refused, page, see_with, taken};
use super::shell::{Place, Shell};
use crate::audit::trail::{AuditRecord, Wanted, begins};
use crate::clock::Timestamp;
use crate::directory;
use crate::directory::edit::{Edit, Effects, Really};
use crate::directory::explain::Explanation;
use crate::directory::facilities::Facility;
use crate::directory::people::DeactivatedBy;
use crate::directory::permissions::Permission;
use crate::directory::sign_in::{BoundBy, IdentityRow, OpenSession};
use crate::ids::Id as _;
use crate::provisioning::ladder::Asserted;
use crate::web::routes::Routes;

/// Records on a page of what happened to somebody.
const HAPPENED: u32 = 50;

#[derive(Template)]
#[template(path = "person.html", config = "src/web/console/askama.toml")]
struct Page {
    shell: Shell,
    now: Timestamp,
    tab: &'static str,
    here: String,
    is_oneself: bool,
    found: Explanation,
    facilities: Vec<Facility>,
    timeline: Vec<AuditRecord>,
    /// Where the older ones begin, if there are any.
    older: Option<String>,
    is_newest: bool,
    asserted: Option<Asserted>,
    sessions: Vec<OpenSession>,
    identities: Vec<IdentityRow>,
    wrong: Option<String>,
}

impl Page {
    /// Whether somebody gave this permission by hand.
    fn is_given(&self, permission: &str) -> bool {
        self.found.by_hand().iter().any(|given| given.to_string() == permission)
    }

    /// The connections that give it, as words behind its name.
    fn also_from(&self, permission: &str) -> String {
        let Ok(permission) = permission.parse() else { return String::new() };
        let mut givers: Vec<&str> = self.found.givers(&permission).collect();
        givers.dedup();
        if givers.is_empty() { String::new() } else { format!("also from {}", givers.join(", ")) }
    }
}

#[derive(Template)]
#[template(path = "person_end.html", config = "src/web/console/askama.toml")]
struct End {
    shell: Shell,
    here: String,
    what: &'static str,
    effects: Effects,
    before: String,
    after: String,
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    let (get, post) = (Method::GET, Method::POST);
    routes
        .console(get.clone(), "/console/me", Needs::Oneself, oneself, console)
        .console(post.clone(), "/console/me", Needs::Oneself, rename_oneself, console)
        .console(post.clone(), "/console/me/sessions", Needs::Oneself, end_own_sessions, console)
        .console(get.clone(), "/console/users/{person}", Needs::ViewUsers, show, console)
        .console(post.clone(), "/console/users/{person}", Needs::Admin, change, console)
        .console(post.clone(), "/console/users/{person}/admin-for", Needs::FreshAdmin, change_admin, console)
        .console(post.clone(), "/console/users/{person}/sessions", Needs::Admin, end_sessions, console)
        .console(get, "/console/users/{person}/{what}", Needs::Admin, confirm, console)
        .console(post, "/console/users/{person}/{what}", Needs::Admin, end, console)
}

async fn show(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>, asked: Asked) -> Answer {
    let email = console.address(&session, &id).await?;
    console.person_page(&session, 200, &email, &asked, None).await
}

async fn oneself(State(console): State<Arc<Console>>, session: Session, asked: Asked) -> Answer {
    console.person_page(&session, 200, session.email(), &asked, None).await
}

impl Console {
    async fn person_page(
        &self,
        session: &Session,
        status: u16,
        email: &str,
        asked: &Asked,
        wrong: Option<String>,
    ) -> Answer {
        let (tab, before) = (asked.query("tab"), begins(asked.query("before")));
        let found = self.directory.explain(Some(session.organization()), email).await?;
        let (person, organization) = (found.overview.person.id, session.organization_id());
        let is_oneself = person == session.person();
        let tab =
            ["details", "identity", "sent", "timeline"].into_iter().find(|known| *known == tab).unwrap_or("access");
        let (timeline, older) = match tab {
            "timeline" => {
                let wanted = Wanted { target: Some(person.uuid()), before, ..Wanted::default() };
                let part = self.trail.list(organization, &wanted, HAPPENED).await.map_err(directory::Error::Store)?;
                let older = part.next_text();
                (part.records, older)
            }
            _ => (Vec::new(), None),
        };
        let asserted = match tab {
            "identity" | "sent" => self.provisioning.asserted(organization, person).await?,
            _ => None,
        };
        let (title, place) =
            if is_oneself { ("My page", Place::Oneself) } else { (found.overview.person.email.as_str(), Place::Users) };
        let here = if is_oneself { "/console/me".to_owned() } else { format!("/console/users/{person}") };
        let template = Page {
            shell: Shell::of(session, title, place),
            now: self.now(),
            tab,
            here,
            is_oneself,
            facilities: self.directory.facilities(session.organization()).await?,
            timeline,
            older,
            is_newest: before.is_none(),
            asserted,
            identities: self.directory.identities(organization, person).await?,
            sessions: self.directory.open_sessions(organization, person).await?,
            found,
            wrong,
        };
        Ok(page(status, session, &template))
    }

    /// Makes these all that the person was given by hand of a kind.
    async fn given_by_hand(&self, session: &Session, id: &str, wanted: Vec<Permission>, admin: bool) -> Answer {
        let email = self.address(session, id).await?;
        let found = self.directory.explain(Some(session.organization()), &email).await?;
        self.edited(session, id, "access", &Edit::by_hand(&found, wanted, admin)?).await
    }

    async fn edited(&self, session: &Session, id: &str, tab: &str, edit: &Edit) -> Answer {
        let email = self.address(session, id).await?;
        let edited = self.directory.edit_person(&session.actor(), Some(session.organization()), &email, edit).await;
        match taken(edited)? {
            Ok(_) => Ok(see_with(&format!("/console/users/{id}?tab={tab}"), "Saved.")),
            Err(wrong) => {
                let asked = Asked::of(&format!("/console/users/{id}"), &[("tab", tab)]);
                self.person_page(session, wrong.status, &email, &asked, Some(wrong.words)).await
            }
        }
    }
}

async fn change(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    if fields.text("what") == "can-edit" {
        return console.given_by_hand(&session, &id, permissions(&fields, "can_edit")?, false).await;
    }
    let name = Some(fields.text("name").to_owned()).filter(|name| !name.is_empty());
    let email = Some(fields.text("email").to_owned()).filter(|email| !email.is_empty());
    console.edited(&session, &id, "details", &Edit { name, email, ..Edit::default() }).await
}

async fn change_admin(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    console.given_by_hand(&session, &id, permissions(&fields, "admin_for")?, true).await
}

/// The permissions that were ticked.
pub(super) fn permissions(fields: &Fields, name: &str) -> Result<Vec<Permission>, Refused> {
    let unknown = |_| Refused::new(422, "There is no such permission", "Load the page again and choose from its list.");
    fields.all(name).into_iter().map(|text| text.parse().map_err(unknown)).collect()
}

async fn rename_oneself(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let edit = Edit { name: Some(fields.text("name").to_owned()), ..Edit::default() };
    let (organization, email) = (Some(session.organization()), session.email());
    match taken(console.directory.edit_person(&session.actor(), organization, email, &edit).await)? {
        Ok(_) => Ok(see_with("/console/me?tab=details", "Saved.")),
        Err(wrong) => {
            let asked = Asked::of("/console/me", &[("tab", "details")]);
            console.person_page(&session, wrong.status, email, &asked, Some(wrong.words)).await
        }
    }
}

async fn end_own_sessions(State(console): State<Arc<Console>>, session: Session) -> Answer {
    console.directory.end_sessions(&session, session.person()).await?;
    Ok(super::respond::see("/console/sign-in"))
}

async fn end_sessions(State(console): State<Arc<Console>>, session: Session, Path(id): Path<String>) -> Answer {
    let person = id.parse().map_err(|_| Refused::nowhere())?;
    console.directory.end_sessions(&session, person).await?;
    Ok(see_with(&format!("/console/users/{id}?tab=details"), "Every session of this person has ended."))
}

/// The words of what can be done to somebody, by its name in the path.
const fn words(what: &str) -> Option<&'static str> {
    match what.as_bytes() {
        b"deactivate" => Some("Deactivate"),
        b"reactivate" => Some("Reactivate"),
        b"detach" => Some("Detach from the identity provider"),
        _ => None,
    }
}

impl Console {
    async fn do_to(&self, session: &Session, email: &str, what: &str, really: Really) -> Result<Effects, Refused> {
        let (actor, organization) = (session.actor(), Some(session.organization()));
        Ok(match what {
            "deactivate" => self.directory.deactivate_person(&actor, organization, email, really).await?,
            "reactivate" => self.provisioning.reactivate(&actor, organization, email, really).await?,
            _ => self.provisioning.detach(&actor, organization, email, true, really).await?,
        })
    }
}

async fn confirm(
    State(console): State<Arc<Console>>,
    session: Session,
    Path((id, what)): Path<(String, String)>,
) -> Answer {
    let title = words(&what).ok_or_else(Refused::nowhere)?;
    let email = console.address(&session, &id).await?;
    let effects = console.do_to(&session, &email, &what, Really::JustTell).await?;
    let facilities = console.directory.facilities(session.organization()).await?;
    let template = End {
        shell: Shell::of(&session, format!("{title}: {email}"), Place::Users),
        here: format!("/console/users/{id}"),
        what: title,
        before: in_words(&effects.before, &facilities),
        after: in_words(&effects.after, &facilities),
        effects,
    };
    Ok(page(200, &session, &template))
}

async fn end(
    State(console): State<Arc<Console>>,
    session: Session,
    Path((id, what)): Path<(String, String)>,
) -> Answer {
    words(&what).ok_or_else(Refused::nowhere)?;
    let email = console.address(&session, &id).await?;
    console.do_to(&session, &email, &what, Really::Yes).await?;
    let done = match what.as_str() {
        "deactivate" => "has no access any longer",
        "reactivate" => "has access again",
        _ => "is no longer managed by an identity provider",
    };
    Ok(see_with(&format!("/console/users/{id}"), &format!("{email} {done}.")))
}

/// Who ended a person's access.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand everything over by reference")]
pub(super) const fn ended_by(by: &DeactivatedBy) -> &'static str {
    match by {
        DeactivatedBy::Idp => "by the identity provider",
        DeactivatedBy::ResourceDeleted => "because the identity provider deleted the User",
        DeactivatedBy::Admin => "by an Organization admin; no identity provider undoes that",
    }
}

/// Everything that somebody may do, in Secaro's words.
pub(super) fn access_in_words(found: &Explanation) -> String {
    let called: Vec<&str> = found.effective.iter().map(|explained| explained.called.as_str()).collect();
    if called.is_empty() { "View only".to_owned() } else { called.join("; ") }
}

/// Permissions in Secaro's words; none is View only.
pub(super) fn in_words(permissions: &[Permission], facilities: &[Facility]) -> String {
    let called = |permission: &Permission| match permission {
        Permission::EditFacility(key) => {
            let found = facilities.iter().find(|facility| facility.key == *key);
            permission.called(found.map(|facility| facility.name.as_str()))
        }
        _ => permission.called(None),
    };
    let called: Vec<String> = permissions.iter().map(called).collect();
    if called.is_empty() { "View only".to_owned() } else { called.join("; ") }
}

//! Facilities and domains: what there is, who can edit it, and how a domain is proven.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::form::Fields;
use super::respond::{self, Answer, Refused, page, see_with, taken};
use super::shell::{Place, Shell};
use crate::audit::trail::{self, AuditRecord};
use crate::clock::Timestamp;
use crate::directory;
use crate::directory::domains::{DomainView, Standing};
use crate::directory::explain::PersonOverview;
use crate::directory::facilities::{Facility, NewFacility};
use crate::directory::listing::Wanted;
use crate::directory::people::Status;
use crate::ids::{FacilityId, Id as _};
use crate::provisioning::plans::Change;
use crate::provisioning::rules::Pointing;
use crate::web::api::problem::sentence;
use crate::web::routes::Routes;

/// People and records that are shown of a facility.
const PAGE: u32 = 100;
const HISTORY: u32 = 20;

#[derive(Template)]
#[template(path = "facilities.html", config = "src/web/console/askama.toml")]
struct FacilitiesPage {
    shell: Shell,
    facilities: Vec<Facility>,
    editors: HashMap<FacilityId, i64>,
    filled: NewFacility,
    wrong: Wrong,
}

#[derive(Template)]
#[template(path = "facility.html", config = "src/web/console/askama.toml")]
struct One {
    shell: Shell,
    now: Timestamp,
    facility: Facility,
    people: Vec<PersonOverview>,
    editors: i64,
    rules: Vec<Pointing>,
    history: Vec<AuditRecord>,
    filled: NewFacility,
    wrong: Wrong,
}

impl One {
    /// Whether more people can edit it than are shown.
    fn more(&self) -> bool {
        usize::try_from(self.editors).is_ok_and(|editors| editors > self.people.len())
    }
}

/// What is wrong with a form, by its fields.
#[derive(Debug, Default)]
struct Wrong(Vec<(&'static str, String)>);

impl Wrong {
    /// What is wrong with a field.
    fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, words)| words.as_str())
    }

    /// What was refused, beside the field that it is about.
    fn refused(filled: &NewFacility, refused: respond::Wrong) -> Self {
        let faults: Vec<_> =
            filled.faults().into_iter().map(|(field, words)| (field, bare(&sentence(&words)))).collect();
        if faults.is_empty() { Self(vec![("key", refused.words)]) } else { Self(faults) }
    }
}

/// A sentence that goes on.
fn bare(text: &str) -> String {
    text.trim_end_matches('.').to_owned()
}

#[derive(Template)]
#[template(path = "domains.html", config = "src/web/console/askama.toml")]
struct DomainsPage {
    shell: Shell,
    now: Timestamp,
    domains: Vec<DomainView>,
    filled: String,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "domain_remove.html", config = "src/web/console/askama.toml")]
struct RemoveDomain {
    shell: Shell,
    domain: DomainView,
}

/// The name of a domain's state.
pub(super) const fn state_of(domain: &DomainView) -> &'static str {
    match domain.standing {
        Standing::Claimed => "claimed",
        Standing::Verified { .. } => "verified",
        Standing::Suspended { .. } => "suspended",
    }
}

pub(super) fn routes(routes: Routes, console: &Arc<Console>) -> Routes {
    let (get, post) = (Method::GET, Method::POST);
    routes
        .console(get.clone(), "/console/facilities", Needs::View, facilities, console)
        .console(post.clone(), "/console/facilities", Needs::Admin, add_facility, console)
        .console(get.clone(), "/console/facilities/{key}", Needs::View, facility, console)
        .console(post.clone(), "/console/facilities/{key}", Needs::Admin, change_facility, console)
        .console(get.clone(), "/console/domains", Needs::View, domains, console)
        .console(post.clone(), "/console/domains", Needs::Admin, claim, console)
        .console(post.clone(), "/console/domains/{name}", Needs::Admin, verify, console)
        .console(get, "/console/domains/{name}/remove", Needs::Admin, confirm_removal, console)
        .console(post, "/console/domains/{name}/remove", Needs::FreshAdmin, remove, console)
}

async fn facilities(State(console): State<Arc<Console>>, session: Session) -> Answer {
    console.facilities_page(&session, 200, NewFacility::default(), Wrong::default()).await
}

impl Console {
    async fn facilities_page(&self, session: &Session, status: u16, filled: NewFacility, wrong: Wrong) -> Answer {
        let facilities = self.directory.facilities(session.organization()).await?;
        let editors = self.directory.editors(session.organization_id()).await?;
        let shell = Shell::of(session, "Facilities", Place::Facilities);
        Ok(page(status, session, &FacilitiesPage { shell, facilities, editors, filled, wrong }))
    }

    /// A facility's page; its form as it was filled in, if it was.
    async fn facility_page(
        &self,
        session: &Session,
        status: u16,
        key: &str,
        filled: Option<(NewFacility, Wrong)>,
    ) -> Answer {
        let (organization, id) = (session.organization(), session.organization_id());
        let facility = self.directory.facility(organization, key).await.map_err(nowhere)?;
        let wanted = Wanted { facility: Some(key.to_owned()), status: Some(Status::Active), ..Wanted::default() };
        let people = self.directory.list_people(organization, &wanted, PAGE).await?.overviews();
        let editors = self.directory.editors(id).await?.get(&facility.id).copied().unwrap_or_default();
        let rules = self.provisioning.rules_pointing_at(id, &facility).await?;
        let about = trail::Wanted { target: Some(facility.id.uuid()), ..trail::Wanted::default() };
        let history = self.trail.list(id, &about, HISTORY).await.map_err(directory::Error::Store)?.records;
        let shell = Shell::of(session, facility.name.as_str(), Place::Facilities);
        let (filled, wrong) = filled.unwrap_or_else(|| (as_given(&facility), Wrong::default()));
        let now = self.now();
        Ok(page(status, session, &One { shell, now, facility, people, editors, rules, history, filled, wrong }))
    }

    async fn domains_page(&self, session: &Session, status: u16, filled: String, wrong: Option<String>) -> Answer {
        let domains = self.directory.domains(session.organization()).await?;
        let shell = Shell::of(session, "Domains", Place::Domains);
        Ok(page(status, session, &DomainsPage { shell, now: self.now(), domains, filled, wrong }))
    }
}

/// A facility as a form gives it.
fn given(fields: &Fields, key: &str) -> NewFacility {
    let given = |name: &str| Some(fields.text(name).trim().to_owned()).filter(|text| !text.is_empty());
    NewFacility {
        key: key.trim().to_owned(),
        name: given("name").unwrap_or_default(),
        duns: given("duns"),
        address: given("address"),
        labels: given("labels").unwrap_or_default(),
    }
}

/// A facility as its form shows it.
fn as_given(facility: &Facility) -> NewFacility {
    NewFacility {
        key: facility.key.clone(),
        name: facility.name.clone(),
        duns: facility.duns.clone(),
        address: facility.address.clone(),
        labels: facility.labels.clone(),
    }
}

fn nowhere(error: directory::Error) -> Refused {
    if matches!(error, directory::Error::NotFound { .. }) { Refused::nowhere() } else { error.into() }
}

async fn add_facility(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let facility = given(&fields, fields.text("key"));
    let organization = session.organization().to_owned();
    let change = Change::AddFacility { organization, facility: facility.clone() };
    match taken(console.planned(&session, change, "/console/facilities").await)? {
        Ok(planned) => Ok(planned),
        Err(refused) => {
            let (status, wrong) = (refused.status, Wrong::refused(&facility, refused));
            console.facilities_page(&session, status, facility, wrong).await
        }
    }
}

async fn facility(State(console): State<Arc<Console>>, session: Session, Path(key): Path<String>) -> Answer {
    console.facility_page(&session, 200, &key, None).await
}

async fn change_facility(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(key): Path<String>,
    fields: Fields,
) -> Answer {
    let organization = session.organization().to_owned();
    console.directory.facility(&organization, &key).await.map_err(nowhere)?;
    let back = format!("/console/facilities/{key}");
    let change = match fields.text("what") {
        "archive" => Change::ArchiveFacility { organization, key },
        "unarchive" => Change::UnarchiveFacility { organization, key },
        _ => return console.change_details(&session, given(&fields, &key), &back).await,
    };
    console.planned(&session, change, &back).await
}

impl Console {
    /// Gives a facility these details, as a plan if that moves anybody.
    async fn change_details(&self, session: &Session, facility: NewFacility, back: &str) -> Answer {
        let organization = session.organization().to_owned();
        let change = Change::ChangeFacility { organization, facility: facility.clone() };
        match taken(self.planned(session, change, back).await)? {
            Ok(planned) => Ok(planned),
            Err(refused) => {
                let (status, key) = (refused.status, facility.key.clone());
                let wrong = Wrong::refused(&facility, refused);
                self.facility_page(session, status, &key, Some((facility, wrong))).await
            }
        }
    }
}

async fn domains(State(console): State<Arc<Console>>, session: Session) -> Answer {
    console.domains_page(&session, 200, String::new(), None).await
}

async fn claim(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let name = fields.text("name").trim().to_owned();
    match taken(console.directory.claim_domain(&session.actor(), session.organization(), &name).await)? {
        Ok(_) => {
            Ok(see_with("/console/domains", "Publish the TXT record that stands beside the domain, then check it."))
        }
        Err(wrong) => console.domains_page(&session, wrong.status, name, Some(wrong.words)).await,
    }
}

/// What ends with a domain, before it is removed.
async fn confirm_removal(State(console): State<Arc<Console>>, session: Session, Path(name): Path<String>) -> Answer {
    let domains = console.directory.domains(session.organization()).await?;
    let domain = domains.into_iter().find(|domain| domain.name == name).ok_or_else(Refused::nowhere)?;
    let shell = Shell::of(&session, format!("Remove {name}"), Place::Domains);
    Ok(page(200, &session, &RemoveDomain { shell, domain }))
}

/// Looks for the proof now.
async fn verify(State(console): State<Arc<Console>>, session: Session, Path(name): Path<String>) -> Answer {
    match taken(console.directory.verify_domain(&session.actor(), session.organization(), &name).await)? {
        Ok(_) => Ok(see_with("/console/domains", &format!("{name} is verified."))),
        Err(wrong) => console.domains_page(&session, wrong.status, String::new(), Some(wrong.words)).await,
    }
}

async fn remove(State(console): State<Arc<Console>>, session: Session, Path(name): Path<String>) -> Answer {
    console.directory.remove_domain(&session.actor(), session.organization(), &name).await?;
    Ok(see_with("/console/domains", &format!("{name} was removed.")))
}

//! Facilities and domains: what there is, who can edit it, and how a domain is proven.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;

use super::Console;
use super::access::{Needs, Session};
use super::form::Fields;
use super::respond::{Answer, Refused, page, see_with};
use super::shell::{Place, Shell};
use crate::clock::Timestamp;
use crate::directory::domains::{DomainView, Standing};
use crate::directory::explain::PersonOverview;
use crate::directory::facilities::{Facility, NewFacility};
use crate::directory::listing::Wanted;
use crate::provisioning::plans::Change;
use crate::web::routes::Routes;

/// People who are shown of a facility.
const PAGE: u32 = 100;

#[derive(Template)]
#[template(path = "facilities.html", config = "src/web/console/askama.toml")]
struct FacilitiesPage {
    shell: Shell,
    facilities: Vec<Facility>,
    filled: NewFacility,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "facility.html", config = "src/web/console/askama.toml")]
struct One {
    shell: Shell,
    facility: Facility,
    people: Vec<PersonOverview>,
    more: bool,
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
        .console(get, "/console/domains/{name}/remove", Needs::Admin, confirm_removal, console)
        .console(post, "/console/domains/{name}", Needs::Admin, change_domain, console)
}

async fn facilities(State(console): State<Arc<Console>>, session: Session) -> Answer {
    console.facilities_page(&session, 200, NewFacility::default(), None).await
}

impl Console {
    async fn facilities_page(
        &self,
        session: &Session,
        status: u16,
        filled: NewFacility,
        wrong: Option<String>,
    ) -> Answer {
        let facilities = self.directory.facilities(session.organization()).await?;
        let shell = Shell::of(session, "Facilities", Place::Facilities);
        Ok(page(status, session, &FacilitiesPage { shell, facilities, filled, wrong }))
    }

    async fn domains_page(&self, session: &Session, status: u16, filled: String, wrong: Option<String>) -> Answer {
        let domains = self.directory.domains(session.organization()).await?;
        let shell = Shell::of(session, "Domains", Place::Domains);
        Ok(page(status, session, &DomainsPage { shell, now: self.now(), domains, filled, wrong }))
    }
}

async fn add_facility(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let given = |name: &str| Some(fields.text(name).trim().to_owned()).filter(|text| !text.is_empty());
    let facility = NewFacility {
        key: given("key").unwrap_or_default(),
        name: given("name").unwrap_or_default(),
        duns: given("duns"),
        address: given("address"),
        labels: given("labels").unwrap_or_default(),
    };
    let organization = session.organization().to_owned();
    let change = Change::AddFacility { organization, facility: facility.clone() };
    match console.planned(&session, change, "/console/facilities").await {
        Err(refused) if refused.is_of_a_form() => {
            let wrong = Some(refused.text().trim_end_matches('.').to_owned());
            console.facilities_page(&session, refused.status(), facility, wrong).await
        }
        planned => planned,
    }
}

async fn facility(State(console): State<Arc<Console>>, session: Session, Path(key): Path<String>) -> Answer {
    let organization = session.organization();
    let all = console.directory.facilities(organization).await?;
    let facility = all.into_iter().find(|facility| facility.key == key).ok_or_else(Refused::nowhere)?;
    let wanted = Wanted { facility: Some(key), ..Wanted::default() };
    let listed = console.directory.list_people(organization, &wanted, PAGE).await?;
    let shell = Shell::of(&session, facility.name.as_str(), Place::Facilities);
    Ok(page(200, &session, &One { shell, facility, more: listed.next.is_some(), people: listed.overviews() }))
}

async fn change_facility(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(key): Path<String>,
    fields: Fields,
) -> Answer {
    let organization = session.organization().to_owned();
    let back = format!("/console/facilities/{key}");
    let change = match fields.text("what") {
        "archive" => Change::ArchiveFacility { organization, key },
        _ => Change::UnarchiveFacility { organization, key },
    };
    console.planned(&session, change, &back).await
}

async fn domains(State(console): State<Arc<Console>>, session: Session) -> Answer {
    console.domains_page(&session, 200, String::new(), None).await
}

async fn claim(State(console): State<Arc<Console>>, session: Session, fields: Fields) -> Answer {
    let name = fields.text("name").trim().to_owned();
    match console.directory.claim_domain(&session.actor(), session.organization(), &name).await.map_err(Refused::from) {
        Ok(_) => {
            Ok(see_with("/console/domains", "Publish the TXT record that stands beside the domain, then check it."))
        }
        Err(refused) if refused.is_of_a_form() => {
            let wrong = Some(refused.text().trim_end_matches('.').to_owned());
            console.domains_page(&session, refused.status(), name, wrong).await
        }
        Err(refused) => Err(refused),
    }
}

/// What ends with a domain, before it is removed.
async fn confirm_removal(State(console): State<Arc<Console>>, session: Session, Path(name): Path<String>) -> Answer {
    let domains = console.directory.domains(session.organization()).await?;
    let domain = domains.into_iter().find(|domain| domain.name == name).ok_or_else(Refused::nowhere)?;
    let shell = Shell::of(&session, format!("Remove {name}"), Place::Domains);
    Ok(page(200, &session, &RemoveDomain { shell, domain }))
}

async fn change_domain(
    State(console): State<Arc<Console>>,
    session: Session,
    Path(name): Path<String>,
    fields: Fields,
) -> Answer {
    let (actor, organization) = (session.actor(), session.organization());
    let removes = fields.text("what") == "remove";
    let done = if removes {
        console.directory.remove_domain(&actor, organization, &name).await
    } else {
        console.directory.verify_domain(&actor, organization, &name).await
    };
    match done.map_err(Refused::from) {
        Ok(_) => {
            let what = if removes { "was removed" } else { "is verified" };
            Ok(see_with("/console/domains", &format!("{name} {what}.")))
        }
        Err(refused) if refused.is_of_a_form() => {
            let wrong = Some(refused.text().trim_end_matches('.').to_owned());
            console.domains_page(&session, refused.status(), String::new(), wrong).await
        }
        Err(refused) => Err(refused),
    }
}

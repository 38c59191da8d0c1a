//! `facility`: an organization's places, one by one or from a CSV file.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::answer::{Answer, or_dash, table};
use super::failure::Failure;
use super::plan::{self, Asked, Sure};
use super::session::{OfOrganization, Session};
use crate::directory::facilities::{Facility as Place, Imported, NewFacility};
use crate::provisioning::plans::Change;

/// What to do with facilities.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Facility {
    /// Add a facility; what was waiting for one of this name comes alive
    Add {
        #[command(flatten)]
        of: OfOrganization,
        /// Its key, by which permissions name it
        #[arg(long)]
        key: String,
        /// Its name
        #[arg(long)]
        name: String,
        /// Its DUNS number
        #[arg(long)]
        duns: Option<String>,
        /// Its postal address
        #[arg(long)]
        address: Option<String>,
        /// Labels, separated by semicolons
        #[arg(long, default_value = "")]
        labels: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// List an organization's facilities
    List {
        #[command(flatten)]
        of: OfOrganization,
    },
    /// Archive a facility: nothing is deleted, and permissions for it give nothing
    Archive {
        #[command(flatten)]
        of: OfOrganization,
        /// Its key
        #[arg(long)]
        key: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Take an archived facility into use again: permissions for it come alive
    Unarchive {
        #[command(flatten)]
        of: OfOrganization,
        /// Its key
        #[arg(long)]
        key: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Add or change many from a CSV file with the columns key, name, duns, address, labels; all or, if a row is
    /// wrong, none
    Import {
        #[command(flatten)]
        of: OfOrganization,
        /// The file
        file: PathBuf,
        #[command(flatten)]
        sure: Sure,
    },
}

impl Facility {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let directory = &session.opened.directory;
        match self {
            Self::Add { of, key, name, duns, address, labels, sure } => {
                let organization = of.key(session).await?;
                let facility = NewFacility { key: key.trim().to_owned(), name, duns, address, labels };
                let text = format!("Added facility «{}» to «{organization}».", facility.key);
                let key = facility.key.clone();
                let change = Change::AddFacility { organization: organization.clone(), facility };
                one(session, &organization, &key, change, sure, text).await
            }
            Self::List { of } => {
                let organization = of.key(session).await?;
                Ok(list(&directory.facilities(&organization).await?))
            }
            Self::Archive { of, key, sure } => {
                let organization = of.key(session).await?;
                let text = format!("Facility «{key}» is archived; permissions for it give nothing from now on.");
                let change = Change::ArchiveFacility { organization: organization.clone(), key: key.clone() };
                one(session, &organization, &key, change, sure, text).await
            }
            Self::Unarchive { of, key, sure } => {
                let organization = of.key(session).await?;
                let text = format!("Facility «{key}» is in use again; permissions for it are alive.");
                let change = Change::UnarchiveFacility { organization: organization.clone(), key: key.clone() };
                one(session, &organization, &key, change, sure, text).await
            }
            Self::Import { of, file, sure } => {
                let rows = read(&file)?;
                let organization = of.key(session).await?;
                let imported = directory.import_report(&organization, &rows).await?;
                let change = Change::ImportFacilities { organization, facilities: rows };
                match plan::ask(session, change, sure).await?.1 {
                    Asked::Waits(answer) => Ok(answer.with("facilities", &imported)),
                    Asked::Done => Ok(report(&imported)),
                }
            }
        }
    }
}

/// A change of one facility; answers the facility once it is done.
async fn one(
    session: &Session,
    organization: &str,
    key: &str,
    change: Change,
    sure: Sure,
    text: String,
) -> Result<Answer, Failure> {
    match plan::ask(session, change, sure).await?.1 {
        Asked::Waits(answer) => Ok(answer),
        Asked::Done => Ok(Answer::new(&session.opened.directory.facility(organization, key).await?, text)),
    }
}

fn report(imported: &[Imported]) -> Answer {
    let count = |outcome: &str| imported.iter().filter(|row| row.outcome == outcome).count();
    let (added, changed, unchanged) = (count("added"), count("changed"), count("unchanged"));
    let rows = imported.iter().map(|row| [row.key.clone(), row.outcome.to_owned()]);
    let text = format!("{}\n{added} added, {changed} changed, {unchanged} unchanged.", table(["Key", "Outcome"], rows));
    let json = json!({ "facilities": imported, "added": added, "changed": changed, "unchanged": unchanged });
    Answer::new(&json, text)
}

fn list(all: &[Place]) -> Answer {
    Answer::list(
        "facilities",
        all,
        ["Key", "Name", "DUNS", "Address", "Labels", "State"],
        |place| {
            let state = if place.archived_at.is_some() { "archived" } else { "in use" };
            [
                place.key.clone(),
                place.name.clone(),
                or_dash(place.duns.as_ref()),
                or_dash(place.address.as_ref()),
                place.labels.clone(),
                state.to_owned(),
            ]
        },
        "There is no facility yet. Add one with «secaro-gateway facility add».",
    )
}

fn read(path: &Path) -> Result<Vec<NewFacility>, Failure> {
    let shown = path.display();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).map_err(|error| {
        Failure::failed(format!("cannot read {shown}: {error}; check the path and who may read it"))
    })?;
    reader
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::usage(format!("{shown} cannot be imported: {error}; correct it and import again")))
}

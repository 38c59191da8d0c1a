//! Changing a person: what is asked for, and the effect named before it happens.

use std::fmt::Write as _;

use super::super::answer::{Answer, plain};
use super::super::failure::{Failure, Kind};
use super::super::session::{OfOrganization, Session};
use super::explain::in_sentences;
use crate::directory::edit::{Edit, Effects, Really};
use crate::directory::permissions::Permission;

/// What to change; what is not named stays.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Change {
    /// Their name
    #[arg(long)]
    name: Option<String>,
    /// Their new e-mail address
    #[arg(long = "email", value_name = "E-MAIL")]
    new_email: Option<String>,
    /// Everything they can edit by hand: Organization, facilities, separated by commas; empty is nothing
    #[arg(long, value_name = "LIST", value_parser = can_edit)]
    can_edit: Option<Permissions>,
    /// Everything they are admin for by hand: Organization admin, Billing admin; empty is nothing
    #[arg(long, value_name = "LIST", value_parser = admin_for)]
    admin_for: Option<Permissions>,
    /// Permissions to give besides: edit_organization, edit_facility:KEY, organization_admin, billing_admin
    #[arg(long, value_name = "PERMISSIONS", value_delimiter = ',')]
    give: Vec<Permission>,
    /// Permissions to take
    #[arg(long, value_name = "PERMISSIONS", value_delimiter = ',')]
    take: Vec<Permission>,
}

/// A list that is one argument.
#[derive(Debug, Clone)]
struct Permissions(Vec<Permission>);

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}

#[expect(clippy::unnecessary_wraps, reason = "every text names a facility or the organization")]
fn can_edit(text: &str) -> Result<Permissions, String> {
    Ok(Permissions(words(text).map(Permission::can_edit).collect()))
}

fn admin_for(text: &str) -> Result<Permissions, String> {
    words(text).map(super::super::access::admin_for).collect::<Result<_, _>>().map(Permissions)
}

impl Change {
    pub(super) async fn run(self, session: &Session, of: &OfOrganization, email: &str) -> Result<Answer, Failure> {
        let edit = Edit {
            name: self.name,
            email: self.new_email,
            can_edit: self.can_edit.map(|list| list.0),
            admin_for: self.admin_for.map(|list| list.0),
            give: self.give,
            take: self.take,
        };
        let actor = session.actor().await?;
        let explanation = session.opened.directory.edit_person(&actor, of.named(), email, &edit).await?;
        Ok(Answer::new(&explanation, in_sentences(&explanation)))
    }
}

/// Whether to do it, or to say what would come of it.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(in crate::cli) struct Sure {
    /// Do it; without, what would come of it is said and nothing is done
    #[arg(long)]
    yes: bool,
}

impl Sure {
    pub(super) const fn really(self) -> Really {
        if self.yes { Really::Yes } else { Really::JustTell }
    }
}

/// What came of a decision; what would, waits for a «yes».
pub(super) fn told(effects: &Effects, what: &str) -> Result<Answer, Failure> {
    let list = |permissions: &[Permission]| match permissions {
        [] => "nothing beyond viewing, or nothing at all".to_owned(),
        some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let mut text = format!("{}: {what}.\n", plain(&effects.person));
    let _ = writeln!(text, "  before  {}\n  after   {}", list(&effects.before), list(&effects.after));
    for note in &effects.notes {
        let _ = writeln!(text, "  – {}", plain(note));
    }
    let answer = Answer::new(effects, text);
    if effects.done {
        return Ok(answer);
    }
    Err(Failure::new(Kind::Held, "nothing is done yet; repeat it with --yes").beside(answer))
}

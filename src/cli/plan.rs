//! `plan`: changes that wait to be applied; and how the verbs that make such changes answer.

use std::fmt::Write as _;

use serde_json::json;

use super::answer::{Answer, complain, facts, plain, table};
use super::failure::{Failure, Kind};
use super::session::{OfOrganization, Session};
use crate::auth::Actor;
use crate::ids::PlanId;
use crate::provisioning::plans::{self, Change, Effect, Plan as Planned, State};

/// How many people a table names; the JSON names all.
const NAMED: usize = 50;

/// What to do with plans.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Plan {
    /// List the newest plans
    List {
        #[command(flatten)]
        of: OfOrganization,
        /// Those that moved nobody and were applied at once, too
        #[arg(long)]
        all: bool,
    },
    /// Show what a plan does to whom
    Show {
        /// The plan's id
        id: String,
    },
    /// Do exactly what a plan shows, or nothing
    Apply {
        /// The plan's id
        id: String,
    },
    /// Decide against a plan
    Discard {
        /// The plan's id
        id: String,
    },
}

/// Whether a change is applied without being looked at first.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(super) struct Sure {
    /// Apply it at once, whomever it moves, instead of showing a plan
    #[arg(long = "yes")]
    yes: bool,
}

impl Plan {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, Failure> {
        let provisioning = &session.opened.provisioning;
        match self {
            Self::List { of, all } => {
                let mut plans = provisioning.plans(&of.key(session).await?).await?;
                plans.retain(|plan| all || plan.summary.moved > 0);
                let row = |plan: &Planned| {
                    let people = format!("{} of them", plan.summary.moved);
                    let made = plan.created_at.to_string();
                    [plan.id.to_string(), plan.change.words(), people, state(plan), plan.made_by.clone(), made]
                };
                let header = ["Id", "Change", "People", "State", "Made by", "Made at"];
                let empty = "There is no plan. A change of rules, ceilings, connections or facilities makes one.";
                Ok(Answer::list("plans", &plans, header, row, empty))
            }
            Self::Show { id } => {
                let (plan, effects) = provisioning.shown_plan(plans::parse_id(&id)?).await?;
                Ok(show(&plan, &effects))
            }
            Self::Apply { id } => apply(session, &id).await,
            Self::Discard { id } => {
                let plan = provisioning.discard_plan(&session.actor().await?, plans::parse_id(&id)?).await?;
                Ok(Answer::new(&plan, format!("Discarded plan {id}; nothing was changed.")))
            }
        }
    }
}

/// Applies a plan, saying on standard error how far it is.
pub(super) async fn apply(session: &Session, id: &str) -> Result<Answer, Failure> {
    let id = plans::parse_id(id)?;
    let plan = apply_as(session, &session.actor().await?, id).await?;
    let text = format!("Applied plan {id}: {}. {}", plan.change.words(), numbers(&plan));
    Ok(Answer::new(&plan, text))
}

async fn apply_as(session: &Session, actor: &Actor, id: PlanId) -> Result<Planned, Failure> {
    let mut progress = |plan: &Planned| {
        if let State::Applying { done, total, .. } = &plan.state {
            complain(&format!("plan {id}: {done} of {total} people have followed"));
        }
    };
    Ok(session.opened.provisioning.apply_plan(actor, id, &mut progress).await?)
}

/// What came of asking for a change.
pub(super) enum Asked {
    /// It is done.
    Done,
    /// It waits to be applied, and this is what it would do.
    Waits(Answer),
}

/// Asks for a change: done at once if it moves nobody or whoever asks is sure, else shown.
pub(super) async fn ask(session: &Session, change: Change, sure: Sure) -> Result<(Planned, Asked), Failure> {
    let actor = session.actor().await?;
    let provisioning = &session.opened.provisioning;
    let plan = provisioning.plan(&actor, change).await?;
    if !plan.is_planned() {
        return Ok((plan, Asked::Done));
    }
    if sure.yes {
        return Ok((apply_as(session, &actor, plan.id).await?, Asked::Done));
    }
    let (plan, effects) = provisioning.shown_plan(plan.id).await?;
    let answer = show(&plan, &effects).ending(Kind::Held);
    Ok((plan, Asked::Waits(answer)))
}

fn show(plan: &Planned, effects: &[Effect]) -> Answer {
    let mut text = facts([
        ("Plan", plan.id.to_string()),
        ("Change", plan.change.words()),
        ("State", state(plan)),
        ("Made", format!("by {} at {}", plan.made_by, plan.created_at)),
        ("Hash", plan.hash.clone()),
        ("People", numbers(plan)),
    ]);
    let gains = |effect: &Effect| {
        [effect.email.clone(), effect.gained().join(" "), effect.before.described(), effect.after.described()]
    };
    let header = ["E-mail", "Gains", "Before", "After"];
    section(&mut text, "Gain", header, effects, |effect| !effect.gained().is_empty(), gains);
    let loses = |effect: &Effect| {
        [effect.email.clone(), effect.lost().join(" "), effect.before.described(), effect.after.described()]
    };
    let header = ["E-mail", "Loses", "Before", "After"];
    section(&mut text, "Lose", header, effects, |effect| !effect.lost().is_empty(), loses);
    let was = |effect: &Effect| [effect.email.clone(), effect.before.described()];
    section(&mut text, "Become view only", ["E-mail", "Before"], effects, Effect::becomes_view_only, was);
    let admins = |effect: &Effect| [effect.email.clone(), effect.gained().join(" "), effect.lost().join(" ")];
    section(&mut text, "Admins changed", ["E-mail", "Gains", "Loses"], effects, Effect::changes_admins, admins);
    let else_ = |effect: &Effect| effect.moves() && effect.gained().is_empty() && effect.lost().is_empty();
    let waits = |effect: &Effect| {
        let waiting = [&effect.after.held[..], &effect.after.dormant[..]].concat().join(", ");
        let managed = effect.after.managed_by.clone().unwrap_or_else(|| "–".to_owned());
        [effect.email.clone(), effect.before.described(), effect.after.described(), managed, waiting]
    };
    let header = ["E-mail", "Before", "After", "Managed by", "Waits"];
    section(&mut text, "Changed otherwise", header, effects, else_, waits);
    let noted = |effect: &Effect| effect.note.is_some() && !plan.is_planned();
    let said = |effect: &Effect| [effect.email.clone(), effect.note.clone().unwrap_or_default()];
    section(&mut text, "Notes", ["E-mail", "Note"], effects, noted, said);
    if !plan.summary.unknown_facilities.is_empty() {
        let names = plan.summary.unknown_facilities.iter().map(|name| [name.clone()]);
        let _ = write!(text, "\nUnknown facility\n{}\n", table(["Name"], names));
    }
    if plan.is_planned() {
        let _ = write!(text, "\nNothing is changed yet. Apply it with «secaro-gateway plan apply {}».", plan.id);
    }
    Answer::new(plan, text).with("effects", &json!(effects))
}

/// A table of those people whom it is about, if there are any.
fn section<const N: usize>(
    text: &mut String,
    title: &str,
    header: [&str; N],
    effects: &[Effect],
    of: impl Fn(&Effect) -> bool,
    row: impl Fn(&Effect) -> [String; N],
) {
    let all: Vec<&Effect> = effects.iter().filter(|effect| of(effect)).collect();
    if all.is_empty() {
        return;
    }
    let rows = all.iter().take(NAMED).map(|effect| row(effect));
    let _ = write!(text, "\n{title}: {}\n{}\n", all.len(), table(header, rows));
    if all.len() > NAMED {
        let _ = writeln!(text, "and {} more; --output json names them all", all.len() - NAMED);
    }
}

fn numbers(plan: &Planned) -> String {
    let summary = &plan.summary;
    let counts = [
        (summary.gain, "gain"),
        (summary.lose, "lose"),
        (summary.become_view_only, "become view only"),
        (summary.added, "are added"),
        (summary.deactivated, "are deactivated"),
        (summary.admins_changed, "have an admin role changed"),
        (summary.held, "have something held"),
    ];
    let words: Vec<String> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    match (words.is_empty(), summary.moved) {
        (true, 0) => "nobody gains or loses anything".to_owned(),
        (true, moved) => format!("{moved} changed"),
        (false, _) => words.join(", "),
    }
}

fn state(plan: &Planned) -> String {
    plain(&match &plan.state {
        State::Planned => format!("planned; may be applied until {}", plan.valid_until),
        State::Applying { by, done, total, .. } => format!("being applied by {by}: {done} of {total} have followed"),
        State::Applied { by, at, .. } => format!("applied by {by} at {at}"),
        State::Discarded { by, at } => format!("discarded by {by} at {at}"),
        State::Stale { differs, .. } => format!("stale: {differs}"),
    })
}

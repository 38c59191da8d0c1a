//! What every mail says, in Secaro's words. Decides nothing; links only lead to the configured address, and opening one
//! changes nothing there.

use super::letter::{Block, Letter, lines, one_line};
use super::{Mail, Requester};
use crate::auth::InstallationKey;
use crate::auth::mailed::Purpose;
use crate::clock::Timestamp;
use crate::ids::Id as _;

/// What the links in a mail are made from.
#[derive(Debug, Clone)]
pub(super) struct Links {
    /// The configured address, without a trailing slash; never what a request says (T48).
    pub(super) base_url: String,
    pub(super) key: InstallationKey,
}

impl Links {
    fn join(&self, proof: crate::ids::ProofId, issued_at: Timestamp) -> String {
        format!("{}/join/{}", self.base_url, self.key.secret(Purpose::Join, proof.uuid(), issued_at).text)
    }

    fn sign_in(&self, id: crate::ids::SignInLinkId, issued_at: Timestamp) -> String {
        let secret = self.key.secret(Purpose::SignIn, id.uuid(), issued_at);
        format!("{}/console/links/{}", self.base_url, secret.text)
    }

    fn invitation(&self, invitation: crate::ids::InvitationId, issued_at: Timestamp) -> String {
        let secret = self.key.secret(Purpose::Invitation, invitation.uuid(), issued_at);
        format!("{}/invitations/{}", self.base_url, secret.text)
    }
}

/// The mail in words.
pub(super) fn letter(mail: &Mail, links: &Links) -> Letter {
    match mail {
        Mail::ConfirmMailbox { .. }
        | Mail::SignIn { .. }
        | Mail::Invitation { .. }
        | Mail::YourJoinRequestExpired { .. }
        | Mail::JoinRequestAccepted { .. }
        | Mail::JoinRequestRejected { .. } => to_a_newcomer(mail, links),
        Mail::JoinRequestReceived { .. }
        | Mail::JoinRequestReminder { .. }
        | Mail::JoinRequestExpired { .. }
        | Mail::JoinRequestDecided { .. } => about_a_request(mail),
        Mail::AdminRoleChanged { .. }
        | Mail::Held { .. }
        | Mail::HeldOverdue { .. }
        | Mail::MassChange { .. }
        | Mail::LastAdminGone { .. }
        | Mail::DeactivatedDigest { .. } => about_people(mail),
        Mail::TokenExpiring { .. }
        | Mail::ConnectionSilent { .. }
        | Mail::FailureSpike { .. }
        | Mail::DomainSuspended { .. }
        | Mail::PlanApplied { .. } => about_connections(mail),
    }
}

/// To people who are no users yet, or have just become one.
fn to_a_newcomer(mail: &Mail, links: &Links) -> Letter {
    match mail {
        // The mailbox is not proven: whoever registers chose only the address, and none of these words.
        Mail::ConfirmMailbox { proof, issued_at, expires_at, .. } => Letter {
            subject: "Confirm your e-mail address for Secaro".to_owned(),
            blocks: vec![
                text("Somebody, probably you, entered this address to join an organization on Secaro."),
                link("Confirm that this mailbox is yours", links.join(*proof, *issued_at)),
                text(format!("The link works until {}. Opening it decides nothing yet.", time(*expires_at))),
            ],
            reason: "You get this because this address was entered on Secaro's registration page. If that was not \
                     you, ignore this mail: nothing will happen."
                .to_owned(),
        },
        Mail::SignIn { organization, name, link: id, issued_at, expires_at } => Letter {
            subject: format!("Sign in to {} on Secaro", named(organization)),
            blocks: vec![
                hello(name),
                text(format!("Somebody, probably you, asked to sign in to the console of {}.", named(organization))),
                link("Sign in", links.sign_in(*id, *issued_at)),
                text(format!("It works once, until {}. Opening it asks before it signs you in.", time(*expires_at))),
            ],
            reason: format!(
                "You get this because your address was entered on the sign-in page of {}. If that was not you, ignore \
                 this mail: nobody is signed in.",
                named(organization)
            ),
        },
        Mail::Invitation { organization, name, invited_by, invitation, issued_at, expires_at } => Letter {
            subject: format!("Invitation to {} on Secaro", named(organization)),
            blocks: vec![
                hello(name),
                text(format!("{} invites you to join {} on Secaro.", named(invited_by), named(organization))),
                link("See the invitation", links.invitation(*invitation, *issued_at)),
                text(format!("It can be accepted once, until {}.", time(*expires_at))),
            ],
            reason: format!(
                "You get this because your address was put on the list of people whom {} invites. If you do not \
                 expect it, ignore this mail: nothing will happen.",
                named(organization)
            ),
        },
        Mail::YourJoinRequestExpired { organization, name } => Letter {
            subject: format!("Your request to join {} has ended", named(organization)),
            blocks: vec![
                hello(name),
                text(format!("Nobody decided about your request to join {} in time.", named(organization))),
                link("You may ask again", format!("{}/join", links.base_url)),
            ],
            reason: asked_to_join(organization),
        },
        Mail::JoinRequestAccepted { organization, name, permissions } => Letter {
            subject: format!("Welcome to {} on Secaro", named(organization)),
            blocks: vec![
                hello(name),
                text(format!("Your request to join {} was accepted. What you may do there:", named(organization))),
                if permissions.is_empty() { list(&["View only".to_owned()]) } else { list(permissions) },
            ],
            reason: asked_to_join(organization),
        },
        Mail::JoinRequestRejected { organization, name, message, again_at } => {
            let mut blocks =
                vec![hello(name), text(format!("Your request to join {} was rejected.", named(organization)))];
            if let Some(message) = message {
                blocks.push(text("The Organization admin says:"));
                blocks.push(Block::Quote(lines(message)));
            }
            blocks.push(text(format!("You may ask again from {} on.", time(*again_at))));
            let subject = format!("Your request to join {}", named(organization));
            Letter { subject, blocks, reason: asked_to_join(organization) }
        }
        other => unreachable!("{} is not to a newcomer", other.kind()),
    }
}

/// To Organization admins, about somebody who asks to join.
fn about_a_request(mail: &Mail) -> Letter {
    match mail {
        Mail::JoinRequestReceived { organization, request } => {
            let mut blocks = vec![text(format!("{} asks to join {}.", who(request), named(organization)))];
            blocks.extend(note(request));
            blocks.push(decide(request));
            let subject = format!("Somebody asks to join {}", named(organization));
            Letter { subject, blocks, reason: admin_of(organization) }
        }
        Mail::JoinRequestReminder { organization, request, days } => {
            let since = counted(*days, "day", "days");
            let asked = format!("{} asked {since} ago to join {}, and still waits.", who(request), named(organization));
            let mut blocks = vec![text(asked)];
            blocks.extend(note(request));
            blocks.push(decide(request));
            let subject = format!("Somebody still waits to join {}", named(organization));
            Letter { subject, blocks, reason: admin_of(organization) }
        }
        Mail::JoinRequestExpired { organization, request } => Letter {
            subject: format!("A request to join {} ended undecided", named(organization)),
            blocks: vec![text(format!(
                "Nobody decided in time about the request of {} to join {}. They were told, and may ask again.",
                who(request),
                named(organization)
            ))],
            reason: admin_of(organization),
        },
        Mail::JoinRequestDecided { organization, request, outcome, by } => {
            let outcome = if outcome == "accepted" { "accepted" } else { "rejected" };
            Letter {
                subject: format!("A request to join {} was {outcome}", named(organization)),
                blocks: vec![text(format!(
                    "The request of {} to join {} was {outcome} by {}.",
                    who(request),
                    named(organization),
                    named(by)
                ))],
                reason: admin_of(organization),
            }
        }
        other => unreachable!("{} is not about a request", other.kind()),
    }
}

/// To Organization admins, about people and what they may do.
fn about_people(mail: &Mail) -> Letter {
    match mail {
        Mail::AdminRoleChanged { organization, person, to_themselves, gained, lost, why } => {
            let (person, name) = (named(person), named(organization));
            let (became, lost_it) =
                if *to_themselves { ("You are now", "You are no longer") } else { ("is now", "is no longer") };
            let sentence = |verb: &str, role: &String| {
                let rest = format!("{verb} {} of {name}.", named(role));
                text(if *to_themselves { rest } else { format!("{person} {rest}") })
            };
            let mut blocks: Vec<Block> = gained.iter().map(|role| sentence(became, role)).collect();
            blocks.extend(lost.iter().map(|role| sentence(lost_it, role)));
            blocks.push(text(format!("Why: {}.", one_line(why, 300))));
            let (subject, reason) = if *to_themselves {
                (
                    format!("Your admin role for {name} changed"),
                    format!("You get this because it is about your own role in {name}."),
                )
            } else {
                (format!("An admin role for {name} changed"), admin_of(organization))
            };
            Letter { subject, blocks, reason }
        }
        Mail::Held { organization, lines, count } => Letter {
            subject: format!(
                "{}: {} for a decision",
                named(organization),
                counted(*count, "change waits", "changes wait")
            ),
            blocks: vec![
                text("The gateway would not decide this alone:"),
                some_of(lines, *count),
                command("Decide", "secaro-gateway held list"),
            ],
            reason: admin_of(organization),
        },
        Mail::HeldOverdue { organization, lines, count } => Letter {
            subject: format!("{}: {} overdue", named(organization), counted(*count, "decision is", "decisions are")),
            blocks: vec![
                text("This should have been decided by now. It stays held until somebody does:"),
                some_of(lines, *count),
                command("Decide", "secaro-gateway held list"),
            ],
            reason: admin_of(organization),
        },
        Mail::MassChange { organization, connection, what, count, command: line } => Letter {
            subject: format!("A connection changed many people of {} at once", named(organization)),
            blocks: vec![
                text(format!("Connection «{}»: {}", named(connection), one_line(what, 300))),
                text(format!("It concerns {}.", counted(*count, "person", "people"))),
                command("The command for that", line),
            ],
            reason: admin_of(organization),
        },
        Mail::LastAdminGone { organization } => Letter {
            subject: format!("{} has no Organization admin", named(organization)),
            blocks: vec![
                text(format!(
                    "The last active Organization admin of {} was deactivated. Nobody can decide about its people, \
                     facilities and connections now.",
                    named(organization)
                )),
                command("Whoever runs the gateway can make somebody one again", "secaro-gateway admin recover --help"),
            ],
            reason: format!(
                "You get this because you are a Billing admin of {}, or because mail about this gateway goes to you.",
                named(organization)
            ),
        },
        Mail::DeactivatedDigest { organization, lines, count } => Letter {
            subject: format!("{} of {} deactivated", counted(*count, "person", "people"), named(organization)),
            blocks: vec![
                text("Their access has ended. They stay on the list of users:"),
                some_of(lines, *count),
                command("See why", "secaro-gateway person explain E-MAIL"),
            ],
            reason: admin_of(organization),
        },
        other => unreachable!("{} is not about people", other.kind()),
    }
}

/// To Organization admins, about connections, domains and plans.
fn about_connections(mail: &Mail) -> Letter {
    match mail {
        Mail::TokenExpiring { organization, connection, token, expires_at } => Letter {
            subject: format!("A token of {} ends soon", named(organization)),
            blocks: vec![
                text(format!(
                    "The token «{}» of connection «{}» ends on {}. From then on its IdP is refused, and leavers keep \
                     their access.",
                    named(token),
                    named(connection),
                    time(*expires_at)
                )),
                command(
                    "Issue a new one, and enter it in the IdP",
                    &format!("secaro-gateway token issue --connection {} --name NAME", named(connection)),
                ),
            ],
            reason: admin_of(organization),
        },
        Mail::ConnectionSilent { organization, connection, last_call_at } => {
            let since = match last_call_at {
                Some(at) => format!("has not called since {}", time(*at)),
                None => "has a token, and has never called".to_owned(),
            };
            Letter {
                subject: format!("A connection of {} is silent", named(organization)),
                blocks: vec![
                    text(format!(
                        "Connection «{}» {since}. While it is silent, nobody is added, changed or deactivated by it.",
                        named(connection)
                    )),
                    text("Look in the IdP whether provisioning is switched on and what its log says."),
                ],
                reason: admin_of(organization),
            }
        }
        Mail::FailureSpike { organization, connection, failed, reference } => Letter {
            subject: format!("Many calls of a connection of {} fail", named(organization)),
            blocks: vec![
                text(format!(
                    "{} of connection «{}» failed within the last hour.",
                    counted(*failed, "call", "calls"),
                    named(connection)
                )),
                command("See the newest", &format!("secaro-gateway log show {}", named(reference))),
            ],
            reason: admin_of(organization),
        },
        Mail::DomainSuspended { organization, domain } => Letter {
            subject: format!("A domain of {} is no longer proven", named(organization)),
            blocks: vec![
                text(format!(
                    "The TXT record that proves the domain {} was not found twice in a row. Nobody can join by it, and \
                     nobody is linked by it, until it is back.",
                    named(domain)
                )),
                command("See what the record has to say", "secaro-gateway domain list"),
            ],
            reason: admin_of(organization),
        },
        Mail::PlanApplied { organization, plan, what, by } => Letter {
            subject: format!("A plan for {} was applied", named(organization)),
            blocks: vec![
                text(format!("{} applied a reviewed plan: {}", named(by), one_line(what, 300))),
                command("See whom it changed", &format!("secaro-gateway plan show {plan}")),
            ],
            reason: admin_of(organization),
        },
        other => unreachable!("{} is not about a connection", other.kind()),
    }
}

fn text(text: impl Into<String>) -> Block {
    Block::Text(text.into())
}

fn link(label: &str, url: String) -> Block {
    Block::Link { label: label.to_owned(), url }
}

fn command(label: &str, command: &str) -> Block {
    Block::Command { label: label.to_owned(), command: one_line(command, 300) }
}

fn list(lines: &[String]) -> Block {
    Block::List(lines.iter().map(|line| one_line(line, 300)).collect())
}

/// The lines that there are, and how many more there would be.
fn some_of(lines: &[String], count: u64) -> Block {
    let more = count.saturating_sub(lines.len() as u64);
    let mut lines = lines.to_vec();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    list(&lines)
}

fn hello(name: &str) -> Block {
    text(format!("Hello {},", named(name)))
}

/// A name that others chose.
fn named(text: &str) -> String {
    one_line(text, 100)
}

fn who(request: &Requester) -> String {
    format!("{} ({})", named(&request.name), one_line(&request.email, 254))
}

fn note(request: &Requester) -> Option<Block> {
    let lines = lines(request.note.as_deref()?);
    (!lines.is_empty()).then_some(Block::Quote(lines))
}

fn decide(request: &Requester) -> Block {
    command("Accept or reject", &format!("secaro-gateway request show {}", request.id))
}

fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

fn admin_of(organization: &str) -> String {
    format!("You get this because you are an Organization admin of {}.", named(organization))
}

fn asked_to_join(organization: &str) -> String {
    format!("You get this because you asked to join {} on Secaro.", named(organization))
}

/// `2026-01-31 09:05 UTC`
fn time(at: Timestamp) -> String {
    let text = at.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => text,
    }
}

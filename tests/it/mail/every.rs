//! Every mail there is, with harmless contents.

use std::collections::BTreeSet;

use secaro_gateway::clock::Timestamp;
use secaro_gateway::ids::{Id as _, InvitationId, JoinRequestId, PlanId, ProofId, SignInLinkId};
use secaro_gateway::outbox::mail::{Mail, Requester};
use uuid::Uuid;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn confirm() -> Mail {
    Mail::ConfirmMailbox {
        name: "Ada Byron".to_owned(),
        proof: ProofId::from_uuid(Uuid::from_u128(1)),
        issued_at: at("2026-01-31T09:00:00Z"),
        expires_at: at("2026-02-01T09:00:00Z"),
    }
}

pub(super) fn invitation() -> Mail {
    Mail::Invitation {
        organization: "Northwind".to_owned(),
        name: "Ada Byron".to_owned(),
        invited_by: "grace@example.org".to_owned(),
        invitation: InvitationId::from_uuid(Uuid::from_u128(2)),
        issued_at: at("2026-01-31T09:00:00Z"),
        expires_at: at("2026-02-14T09:00:00Z"),
    }
}

pub(super) fn sign_in() -> Mail {
    Mail::SignIn {
        organization: "Northwind".to_owned(),
        name: "Ada Byron".to_owned(),
        link: SignInLinkId::from_uuid(Uuid::from_u128(9)),
        issued_at: at("2026-01-31T09:00:00Z"),
        expires_at: at("2026-01-31T09:10:00Z"),
    }
}

pub(super) fn request(organization: &str, name: &str, note: &str) -> Mail {
    Mail::JoinRequestReceived {
        organization: organization.to_owned(),
        request: Requester {
            id: JoinRequestId::from_uuid(Uuid::from_u128(3)),
            name: name.to_owned(),
            email: "ada@example.org".to_owned(),
            note: Some(note.to_owned()),
        },
    }
}

/// One of each.
pub(super) fn all() -> Vec<Mail> {
    let organization = || "Northwind".to_owned();
    let person = || "Ada Byron (ada@example.org)".to_owned();
    let Mail::JoinRequestReceived { request, .. } =
        request("Northwind", "Ada Byron", "I run the Leeds plant.\nThanks!")
    else {
        unreachable!()
    };
    let held = || {
        vec![
            "Admin for: Organization admin of Ada Byron (ada@example.org): the connection may not grant this"
                .to_owned(),
        ]
    };
    let mails = vec![
        confirm(),
        sign_in(),
        invitation(),
        Mail::JoinRequestReceived { organization: organization(), request: request.clone() },
        Mail::JoinRequestReminder { organization: organization(), request: request.clone(), days: 3 },
        Mail::JoinRequestExpired { organization: organization(), request: request.clone() },
        Mail::YourJoinRequestExpired { organization: organization(), name: "Ada Byron".to_owned() },
        Mail::JoinRequestAccepted {
            organization: organization(),
            name: "Ada Byron".to_owned(),
            permissions: vec!["Can edit: Leeds".to_owned(), "Admin for: Billing admin".to_owned()],
        },
        Mail::JoinRequestRejected {
            organization: organization(),
            name: "Ada Byron".to_owned(),
            message: Some("Please ask your own\nOrganization admin.".to_owned()),
            again_at: at("2026-03-02T09:00:00Z"),
        },
        Mail::JoinRequestDecided {
            organization: organization(),
            request,
            outcome: "accepted".to_owned(),
            by: "grace@example.org".to_owned(),
        },
        Mail::AdminRoleChanged {
            organization: organization(),
            person: person(),
            to_themselves: true,
            gained: vec!["Organization admin".to_owned()],
            lost: Vec::new(),
            why: "invited by grace@example.org".to_owned(),
        },
        Mail::AdminRoleChanged {
            organization: organization(),
            person: person(),
            to_themselves: false,
            gained: Vec::new(),
            lost: vec!["Organization admin".to_owned(), "Billing admin".to_owned()],
            why: "deactivated".to_owned(),
        },
        Mail::Held { organization: organization(), lines: held(), count: 1 },
        Mail::HeldOverdue { organization: organization(), lines: held(), count: 21 },
        Mail::MassChange {
            organization: organization(),
            connection: "okta".to_owned(),
            what: "it ended the access of more people than it may at once.".to_owned(),
            count: 42,
            command: "secaro-gateway held list".to_owned(),
        },
        Mail::LastAdminGone { organization: organization() },
        Mail::DeactivatedDigest { organization: organization(), lines: vec![person()], count: 3 },
        Mail::TokenExpiring {
            organization: organization(),
            connection: "okta".to_owned(),
            token: "first".to_owned(),
            expires_at: at("2026-02-07T09:00:00Z"),
        },
        Mail::ConnectionSilent {
            organization: organization(),
            connection: "okta".to_owned(),
            last_call_at: Some(at("2026-01-24T09:00:00Z")),
        },
        Mail::ConnectionSilent { organization: organization(), connection: "entra".to_owned(), last_call_at: None },
        Mail::FailureSpike {
            organization: organization(),
            connection: "okta".to_owned(),
            failed: 57,
            reference: "7Q2M8RT4VX".to_owned(),
        },
        Mail::DomainSuspended { organization: organization(), domain: "example.org".to_owned() },
        Mail::PlanApplied {
            organization: organization(),
            plan: PlanId::from_uuid(Uuid::from_u128(4)),
            what: "2 people gain, 1 becomes View only.".to_owned(),
            by: "grace@example.org".to_owned(),
        },
    ];
    let kinds: BTreeSet<_> = mails.iter().map(Mail::kind).collect();
    assert_eq!(kinds.len(), kinds_there_are(&mails[0]), "one of each");
    mails
}

/// How many kinds there are: whoever adds one is sent here by the compiler, and from here to the list above.
fn kinds_there_are(mail: &Mail) -> usize {
    match mail {
        Mail::ConfirmMailbox { .. }
        | Mail::SignIn { .. }
        | Mail::Invitation { .. }
        | Mail::JoinRequestReceived { .. }
        | Mail::JoinRequestReminder { .. }
        | Mail::JoinRequestExpired { .. }
        | Mail::YourJoinRequestExpired { .. }
        | Mail::JoinRequestAccepted { .. }
        | Mail::JoinRequestRejected { .. }
        | Mail::JoinRequestDecided { .. }
        | Mail::AdminRoleChanged { .. }
        | Mail::Held { .. }
        | Mail::HeldOverdue { .. }
        | Mail::MassChange { .. }
        | Mail::LastAdminGone { .. }
        | Mail::DeactivatedDigest { .. }
        | Mail::TokenExpiring { .. }
        | Mail::ConnectionSilent { .. }
        | Mail::FailureSpike { .. }
        | Mail::DomainSuspended { .. }
        | Mail::PlanApplied { .. } => 21,
    }
}

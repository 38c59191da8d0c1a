//! The checklist of a connection's set-up: each step is ticked by what really happened, and says what is missing. Reads
//! what it is handed; asks nobody.

use crate::clock::Timestamp;
use crate::provisioning::connections::Connection;
use crate::provisioning::request_log::Logged;
use crate::provisioning::tokens::Token;

/// One step.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) done: bool,
    pub(super) hint: &'static str,
}

/// The steps of a connection, by its tokens and its latest requests.
pub(super) fn steps_of(connection: &Connection, tokens: &[Token], requests: &[Logged], now: Timestamp) -> Vec<Step> {
    let ok = |request: &&Logged| (200..300).contains(&request.status);
    let accepted = requests.iter().any(|request| request.credential.is_some());
    let refused = requests.iter().any(|request| request.status == 401);
    let of_kind = |kind: &str| {
        requests
            .iter()
            .filter(ok)
            .any(|request| request.method == "POST" && request.target_kind.as_deref() == Some(kind))
    };
    let called = if refused {
        "A call was refused: the token was not accepted. Paste it again, without the word Bearer."
    } else {
        "Nobody has called yet. Enter the base URL and the token in the identity provider, and test the connection there."
    };
    vec![
        Step {
            name: "A token is there",
            done: tokens.iter().any(|token| token.is_live(now)),
            hint: "Issue one under Tokens; it is shown once.",
        },
        Step { name: "The identity provider calls with it", done: accepted, hint: called },
        Step {
            name: "The first person has arrived",
            done: of_kind("User"),
            hint: "Assign people to the application in the identity provider.",
        },
        Step {
            name: "The first group has arrived",
            done: of_kind("Group"),
            hint: "Groups are pushed by themselves: in Okta under Push Groups, with other groups than those assigned.",
        },
        Step {
            name: "The connection is active",
            done: connection.state.as_str() == "active",
            hint: "Until it is activated, everything is stored and reaches nobody. Look at the groups and rules, then \
                   activate it under Settings: you see first what that does.",
        },
    ]
}

//! Attacks that comparable servers fell to, tried on this one. The ids in the names are those of the list of known
//! failures. Small figures: the same attacks run longer elsewhere.

mod credentials;
mod durability;
mod identity;
mod privilege;
mod texts;
mod traces;
mod walls;

use secaro_gateway::ids::Randomness;
use serde_json::{Value, json};

use crate::support::app::TestApp;

/// An app whose connections may ask as often as a test likes.
async fn unhurried() -> TestApp {
    TestApp::with(&[("scim.rate_limit", "1000000"), ("scim.rate_burst", "1000000")]).await
}

fn patch_body(operations: &Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

/// Choices that are the same in every run.
struct Dice(Randomness);

impl Dice {
    fn seeded(seed: u64) -> Self {
        Self(Randomness::seeded(seed))
    }

    /// A number below `end`.
    fn below(&self, end: usize) -> usize {
        let wide = u64::from_le_bytes(self.0.bytes());
        usize::try_from(wide % end as u64).unwrap()
    }

    fn one_of<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

//! An independent opinion: the checks of PyPI's scim2-tester, against the built program on a real socket.

use std::process::Command;

use crate::support::database::{Database, variable};
use crate::support::process::{self, Gateway};

#[tokio::test]
async fn scim2_tester_finds_no_error() {
    let python = variable("TEST_PYTHON").expect("TEST_PYTHON: tests/run makes a Python with scim2-tester");
    let database = Database::new().await;
    let [token] = process::provision(database.location(), ["generic"]);
    // It asks without pause, and does not come back after a 429.
    let gateway = Gateway::start(database.location(), &[("SECARO_SCIM__RATE_BURST", "1000000")]);

    let checks = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/scim2_checks.py"))
        .arg(format!("http://{}/scim/v2/generic", gateway.address()))
        .arg(token)
        .output()
        .expect("TEST_PYTHON starts");

    let said = String::from_utf8_lossy(&checks.stdout);
    assert!(checks.status.success(), "{said}{}", String::from_utf8_lossy(&checks.stderr));
}

//! Every route there is, whoever adds it: what is not public is closed to whoever has no credential.

use axum::body::Body;
use axum::http::Request;
use secaro_gateway::web::routes::{Access, Route};

use crate::support::app::TestApp;

/// All that anybody may ask for. To add a line here is to open a door.
const PUBLIC: [&str; 22] = [
    "/healthz",
    "/readyz",
    "/version",
    "/assets/{file}",
    "/join",
    "/join/{secret}",
    "/join/{secret}/request",
    "/join/{secret}/withdraw",
    "/invitations/{secret}",
    "/api/v1/join",
    "/api/v1/join/proofs",
    "/api/v1/join/requests",
    "/api/v1/join/withdrawals",
    "/console/sign-in",
    "/console/sign-in/{organization}",
    "/console/callback",
    "/console/links/{secret}",
    "/scim/v2/{connection}/ServiceProviderConfig",
    "/scim/v2/{connection}/ResourceTypes",
    "/scim/v2/{connection}/ResourceTypes/{id}",
    "/scim/v2/{connection}/Schemas",
    "/scim/v2/{connection}/Schemas/{id}",
];

#[tokio::test]
async fn t66_nothing_but_the_public_list_is_open_without_a_credential() {
    let app = TestApp::new().await;
    for route in app.routes() {
        if route.access == Access::Public {
            assert!(PUBLIC.contains(&route.path.as_str()), "{} {} is public", route.method, route.path);
            continue;
        }
        if let Access::Console(_) = route.access {
            assert_closed_to_browsers(&app, &route).await;
            continue;
        }
        let path = route.path.replace("{connection}", "okta").replace("{id}", "019b0000-0000-7000-8000-000000000000");
        assert!(!path.contains('{'), "{path}: a parameter that this test does not know");
        for credential in ["", "Bearer", "Bearer nobody", "Basic b2t0YTpva3Rh"] {
            let mut request = Request::builder().method(route.method.clone()).uri(&path);
            if !credential.is_empty() {
                request = request.header("authorization", credential);
            }
            let answer = app.ask(request.body(Body::empty()).unwrap()).await.expect(401);
            assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"), "{path}");
        }
    }
}

/// Without a session a page leads to the sign-in, and an action does too: it changes nothing.
async fn assert_closed_to_browsers(app: &TestApp, route: &Route) {
    let path = route.path.replace(['{', '}'], "");
    for cookie in ["", "__Host-secaro-session=", "__Host-secaro-session=secaro_session_aaaa_bbbb"] {
        let request = Request::builder().method(route.method.clone()).uri(&path).header("cookie", cookie);
        let page = app.text(request.body(Body::empty()).unwrap()).await.expect(303);
        let location = page.headers["location"].to_str().unwrap();
        assert!(location.starts_with("/console/sign-in?"), "{} {path}: {location}", route.method);
    }
}

//! The one spelling of a path. IdPs write `/scim/v2/Okta/users/` and mean `/scim/v2/okta/Users`; the routes know
//! one spelling. Ids are left as they are: `id` is `caseExact` (RFC 7643 §3.1).

use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// The endpoints of RFC 7644 §3.2, table 2.
const ENDPOINTS: [&str; 8] =
    ["Users", "Groups", "ServiceProviderConfig", "ResourceTypes", "Schemas", "Me", "Bulk", ".search"];

/// The same address with its path in order; `None` if it is in order already.
pub(super) fn canonical(uri: &Uri) -> Option<Uri> {
    let path = canonical_path(uri.path());
    if path == uri.path() {
        return None;
    }
    let path = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Uri::from_parts(parts).ok()
}

fn canonical_path(path: &str) -> String {
    // Some clients end the address in a stray `&` where their query would begin (OneLogin).
    let path = path.trim_end_matches(['&', '/']);
    let mut segments: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
    match segments.as_mut_slice() {
        [scim, version, rest @ ..] if scim.eq_ignore_ascii_case("scim") && version.eq_ignore_ascii_case("v2") => {
            scim.make_ascii_lowercase();
            version.make_ascii_lowercase();
            if let [connection, rest @ ..] = rest {
                connection.make_ascii_lowercase();
                if let [name, rest @ ..] = rest {
                    endpoint(name);
                    if let [name] = rest
                        && name.eq_ignore_ascii_case(".search")
                    {
                        name.make_ascii_lowercase();
                    }
                }
            }
        }
        _ => {}
    }
    format!("/{}", segments.join("/"))
}

fn endpoint(name: &mut String) {
    if let Some(known) = ENDPOINTS.into_iter().find(|known| known.eq_ignore_ascii_case(name)) {
        known.clone_into(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        let cases = [
            ("/scim/v2/okta/users", "/scim/v2/okta/Users"),
            ("/SCIM/V2/Okta/USERS/0190ABC", "/scim/v2/okta/Users/0190ABC"),
            ("/scim/v2/okta/Users/", "/scim/v2/okta/Users"),
            ("/scim/v2/okta//Groups", "/scim/v2/okta/Groups"),
            ("/scim/v2/okta/Groups&", "/scim/v2/okta/Groups"),
            ("/scim/v2/okta/groups/.SEARCH", "/scim/v2/okta/Groups/.search"),
            ("/scim/v2/okta/serviceproviderconfig", "/scim/v2/okta/ServiceProviderConfig"),
            ("/scim/v2/okta/schemas/urn:A:b", "/scim/v2/okta/Schemas/urn:A:b"),
            ("/scim/v2/okta/Nothing", "/scim/v2/okta/Nothing"),
            ("/healthz/", "/healthz"),
            ("/", "/"),
            ("", "/"),
            ("//", "/"),
        ];
        for (path, expected) in cases {
            assert_eq!(canonical_path(path), expected, "{path}");
        }
    }

    #[test]
    fn the_query_stays_as_it_is() {
        let uri: Uri = "http://host/scim/v2/okta/users/?filter=a%20eq%20%22B%22&".parse().unwrap();
        assert_eq!(canonical(&uri).unwrap().to_string(), "http://host/scim/v2/okta/Users?filter=a%20eq%20%22B%22&");
        assert_eq!(canonical(&"/scim/v2/okta/Users?".parse().unwrap()), None);
    }
}

//! The grammar, the comparisons, and what no input may do.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::scim::quirks::{Dialect, Quirk};

fn read(text: &str) -> Result<Filter, Error> {
    let mut normaliser = Normaliser::new(Dialect::Generic, false);
    Filter::parse(text, ResourceType::User, &Limits::default(), &mut normaliser)
}

fn read_strictly(text: &str) -> Result<Filter, Error> {
    Filter::parse(text, ResourceType::User, &Limits::default(), &mut Normaliser::new(Dialect::Generic, true))
}

fn ada() -> Map<String, Value> {
    let document = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "0198c0de-0000-7000-8000-00000000000a",
        "externalId": "ext-Ada",
        "userName": "Ada@Example.org",
        "name": {"givenName": "Zoë", "familyName": "O\"Hara \\ Sons"},
        "active": true,
        "emails": [
            {"value": "ada@example.org", "type": "work", "primary": true},
            {"value": "ada@home.example", "type": "home"},
        ],
        "roles": [{"value": "billing_admin", "primary": true}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "department": "Tools", "manager": {"value": "grace"},
        },
        "meta": {"created": "2026-01-31T09:05:00.000Z", "resourceType": "User"},
    });
    document.as_object().expect("it is an object").clone()
}

fn hits(text: &str) -> bool {
    read(text).unwrap_or_else(|error| panic!("{text}: {error}")).matches(&ada())
}

#[test]
fn each_operator_compares_as_the_rfc_says() {
    for (text, expected) in [
        (r#"userName eq "ada@example.ORG""#, true),
        (r#"userName ne "ada@example.ORG""#, false),
        (r#"userName co "@EXAMPLE""#, true),
        (r#"userName sw "ADA""#, true),
        (r#"userName ew ".ORG""#, true),
        (r#"userName ew "ada""#, false),
        (r#"userName gt "aaron""#, true),
        (r#"userName lt "aaron""#, false),
        (r#"userName ge "ada@example.org""#, true),
        (r#"userName le "ada@example.org""#, true),
        (r#"externalId eq "ext-ada""#, false),
        (r#"externalId eq "ext-Ada""#, true),
        ("active eq true", true),
        ("active ne true", false),
        ("ACTIVE EQ true", true),
        ("emails pr", true),
        ("nickName pr", false),
        ("nickName eq null", true),
        ("nickName ne null", false),
        ("userName eq null", false),
        (r#"nickName ne "x""#, true),
        (r#"nickName eq "x""#, false),
        (r#"name.givenName eq "zOË""#, true),
        (r#"name.givenName eq "Zo\u00eb""#, true),
        (r#"name.familyName eq "O\"Hara \\ Sons""#, true),
        (r#"name.familyName ew "\\ SONS""#, true),
        (r#"meta.created gt "2026-01-31T10:00:00+01:00""#, true),
        (r#"meta.created eq "2026-01-31T10:05:00+01:00""#, true),
        (r#"meta.created lt "2020-01-01T00:00:00Z""#, false),
    ] {
        assert_eq!(hits(text), expected, "{text}");
    }
}

#[test]
fn multi_valued_attributes_match_by_any_element() {
    for (text, expected) in [
        (r#"emails eq "ADA@home.example""#, true),
        (r#"emails.value eq "ada@home.example""#, true),
        (r#"emails.type eq "other""#, false),
        (r#"emails[type eq "work" and value ew "home.example"]"#, false),
        (r#"emails[type eq "home" and value ew "home.example"]"#, true),
        (r#"emails[type eq "work" or (primary eq true and not (type eq "home"))]"#, true),
        (r#"emails[type eq "work"].value eq "ada@example.org""#, true),
        (r#"emails[type eq "work"].value eq "ada@home.example""#, false),
        (r#"emails[type eq "other" or type eq "home"].value co "home" and active eq true"#, true),
        (r#"emails[not (type eq "work")].value pr"#, true),
        (r#"not (emails[type eq "work"])"#, false),
        (r#"name[givenName eq "zoë"]"#, true),
        (r#"schemas eq "urn:ietf:params:scim:schemas:core:2.0:User""#, true),
        (r#"roles[primary eq "True"].value eq "billing_admin""#, true),
    ] {
        assert_eq!(hits(text), expected, "{text}");
    }
}

#[test]
fn urns_qualify_names_and_extensions_need_them() {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    assert!(hits(&format!("{enterprise}:department eq \"tools\"")));
    assert!(hits(&format!("{enterprise}:manager eq \"grace\"")));
    assert!(hits(&format!("{}:manager.VALUE eq \"grace\"", enterprise.to_uppercase())));
    assert!(hits("urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"ada\""));
    assert!(hits("department eq \"tools\""), "ShortEnterpriseName");
    assert!(read_strictly("department eq \"tools\"").is_err());
}

#[test]
fn not_binds_before_and_before_or() {
    let shape = |text: &str| read(text).expect(text).to_string();
    assert_eq!(shape("title pr or title pr and not (title pr)"), "title pr or title pr and not (title pr)");
    assert_eq!(shape("((title pr or nickName pr)) and title pr"), "(title pr or nickName pr) and title pr");
    assert_eq!(shape("title pr or (nickName pr or title pr)"), "title pr or (nickName pr or title pr)");
    assert_eq!(shape("NOT(title pr)AND title pr"), "not (title pr) and title pr");
    assert!(matches!(read("title pr or title pr and title pr"), Ok(Filter::Or(..))));
    assert!(matches!(read("title pr and title pr or title pr"), Ok(Filter::Or(..))));
}

#[test]
fn what_is_no_filter_is_refused_with_its_place_and_without_its_values() {
    for (text, character) in [
        ("", 1),
        ("userName", 9),
        ("userName eq", 12),
        ("userName like \"secret\"", 10),
        ("(userName eq \"secret\"", 22),
        ("userName eq \"secret\")", 21),
        ("userName eq \"secret\" and", 25),
        ("or userName eq \"secret\"", 4),
        ("emails[type eq \"secret\"", 24),
        ("emails[]", 8),
        ("userName eq \"secret", 13),
        ("userName eq \"a\" \"secret\"", 17),
        ("not userName eq \"secret\"", 5),
        ("active gt true", 11),
        ("active eq \"secret\"", 11),
        ("name eq \"secret\"", 9),
        ("userName gt null", 13),
        ("user!Name eq \"secret\"", 1),
        ("()", 2),
        ("userName pr \"secret\"", 13),
        ("userName eq \"\\secret\"", 13),
        ("emails[emails[type eq \"secret\"]]", 14),
        ("userName[value eq \"secret\"]", 9),
        ("meta.created gt \"secret\"", 17),
        ("x509Certificates.value gt \"secret\"", 27),
        ("emails[type eq \"work\"].va.lue. eq \"secret\"", 23),
        ("ünder eq \"secret\"", 1),
        ("name.givenName eq \"ü\" xx secret", 23),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User eq \"secret\"", 1),
    ] {
        let error = read(text).expect_err(text);
        assert_eq!(error.scim_type, Some(crate::scim::ScimType::InvalidFilter), "{text}");
        assert!(error.detail.contains(&format!("at character {character},")), "{text}: {}", error.detail);
        assert!(!error.detail.contains("secret") && error.detail.len() < 300, "{}", error.detail);
    }
}

#[test]
fn deviations_are_taken_by_name_and_refused_in_strict_connections() {
    for (text, quirk) in [
        ("externalId eq ext-Ada", Quirk::UnquotedFilterValue),
        ("emails.Value eq ada@example.org", Quirk::UnquotedFilterValue),
        ("meta.created gt 2019-08-15T00:00:00Z", Quirk::UnquotedFilterValue),
        ("active eq \"True\"", Quirk::StringBoolean),
        ("roles[primary eq \"true\"]", Quirk::StringBoolean),
        ("department eq \"Tools\"", Quirk::ShortEnterpriseName),
        ("colour ne \"red\"", Quirk::UnknownFilterAttribute),
    ] {
        let mut normaliser = Normaliser::new(Dialect::Entra, false);
        let filter = Filter::parse(text, ResourceType::User, &Limits::default(), &mut normaliser).expect(text);
        assert_eq!(normaliser.applied(), [quirk], "{text}");
        assert!(filter.matches(&ada()), "{text}");
        assert!(read_strictly(text).is_err(), "{text}");
    }
    assert!(!hits("externalId eq 12345"), "a number without quotes is a text");
}

#[test]
fn an_attribute_nobody_knows_has_no_value() {
    for (text, expected) in [
        ("colour pr", false),
        ("colour eq \"red\"", false),
        ("colour eq null", true),
        ("colour[shade eq 5].tint eq true", false),
        ("not (colour.shade gt 5)", true),
        ("emails[colour eq \"red\"]", false),
    ] {
        assert_eq!(hits(text), expected, "{text}");
    }
}

#[test]
fn an_element_is_asked_by_its_sub_attributes() {
    let mut normaliser = Normaliser::new(Dialect::Generic, false);
    let members = crate::scim::schema::GROUP.attribute("members").expect("it is in the table");
    let filter =
        Filter::parse_element("value eq \"a\"", members, &Limits::default(), &mut normaliser).expect("it is one");
    assert!(filter.matches_element(&json!({"value": "a", "type": "User"})));
    assert!(filter.matches_element(&json!("a")));
    assert!(!filter.matches_element(&json!({"value": "b"})));
}

#[test]
fn a_filter_says_what_it_needs_and_its_shape_has_no_values() {
    let filter = read("emails[type eq \"secret\"] and not (userName sw \"secret\" or groups.value eq \"secret\")")
        .expect("it is one");
    assert_eq!(filter.shape(), "emails[type eq ?] and not (userName sw ? or groups.value eq ?)");
    assert_eq!(format!("{filter:?}"), filter.shape());
    assert!(filter.mentions("groups") && filter.mentions("EMAILS") && !filter.mentions("type"));
    let access = crate::scim::schema::ACCESS.urn;
    assert!(read(&format!("{access}:status eq \"Active\"")).expect("it is one").mentions(access));
}

#[test]
fn t50_no_input_overflows_a_small_stack() {
    let work = || {
        let unlimited = Limits { bytes: usize::MAX, ..Limits::default() };
        let million = 1_000_000;
        let inputs = [
            "(".repeat(million),
            "[".repeat(million),
            "emails[".repeat(100_000),
            format!("{}!", "not (".repeat(100_000)),
            format!("{}title pr", "title pr or ".repeat(100_000)),
            format!("{}title pr", "title pr and ".repeat(100_000)),
            format!("title{} pr", ".a".repeat(100_000)),
            ".".repeat(100_000),
            " ".repeat(million),
            format!("title eq \"{}", "\\\"".repeat(million)),
            ")".repeat(million),
        ];
        for input in &inputs {
            for limits in [Limits::default(), unlimited] {
                let mut normaliser = Normaliser::new(Dialect::Generic, false);
                let error = Filter::parse(input, ResourceType::User, &limits, &mut normaliser).expect_err("too large");
                assert_eq!(error.scim_type, Some(crate::scim::ScimType::InvalidFilter));
                assert!(error.detail.len() < 300);
            }
        }
        let (deep, wide) =
            (format!("{}title pr{}", "not (".repeat(16), ")".repeat(16)), ["title pr"; 64].join(" and "));
        for largest in [deep, wide] {
            let filter = read(&largest).expect("it is within the limits");
            assert_eq!(filter.to_string(), largest);
            assert_eq!(filter.matches(&ada()), filter.clone().matches(&ada()));
        }
    };
    std::thread::Builder::new().stack_size(256 * 1024).spawn(work).expect("a thread").join().expect("it ends");
}

fn literal() -> impl Strategy<Value = String> {
    prop_oneof![".{0,8}", "[aA]{0,2}", Just("work".to_owned())].prop_map(|text: String| Value::from(text).to_string())
}

/// A filter as text, with more parentheses than it needs.
fn any_filter() -> impl Strategy<Value = String> {
    let op = prop::sample::select(vec!["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]);
    let path = prop::sample::select(vec!["userName", "externalId", "name.givenName", "emails", "emails.type", "Title"]);
    let element = (prop::sample::select(vec!["value", "type", "display"]), op.clone(), literal())
        .prop_map(|(path, op, value)| format!("{path} {op} {value}"));
    let leaf = prop_oneof![
        (path.clone(), op, literal()).prop_map(|(path, op, value)| format!("{path} {op} {value}")),
        path.prop_map(|path| format!("{path} pr")),
        any::<bool>().prop_map(|value| format!("active eq {value}")),
        element.prop_map(|inner| format!("emails[{inner}]")),
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| format!("not ({inner})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left}) and ({right})")),
            (inner.clone(), inner).prop_map(|(left, right)| format!("({left}) or ({right})")),
        ]
    })
}

/// Resources with and without each value the filters ask for.
fn any_document() -> impl Strategy<Value = Map<String, Value>> {
    let text = || prop::option::of(prop_oneof!["[aA]{1,3}", ".{1,4}", Just("work".to_owned())]);
    let emails = prop::collection::vec((text(), text()), 0..3);
    (text(), text(), text(), prop::option::of(any::<bool>()), emails).prop_map(|(name, id, given, active, emails)| {
        let mut document = Map::new();
        let mut put = |key: &str, value: Option<Value>| value.map(|value| document.insert(key.to_owned(), value));
        put("userName", name.map(Value::from));
        put("externalId", id.map(Value::from));
        put("name", given.map(|given| json!({"givenName": given})));
        put("active", active.map(Value::from));
        let emails: Vec<Value> =
            emails.into_iter().map(|(value, kind)| json!({"value": value, "type": kind})).collect();
        put("emails", (!emails.is_empty()).then(|| emails.into()));
        document
    })
}

proptest! {
    #[test]
    fn a_written_filter_reads_back_as_itself(text in any_filter()) {
        let filter = read(&text).expect("it is generated as one");
        prop_assert_eq!(read(&filter.to_string()).expect("it is written as one"), filter);
    }

    #[test]
    fn the_laws_of_logic_hold(left in any_filter(), right in any_filter(), document in any_document()) {
        let hits = |text: String| read(&text).expect("it is one").matches(&document);
        let (a, b) = (hits(left.clone()), hits(right.clone()));
        prop_assert_eq!(hits(format!("not (not ({left}))")), a);
        prop_assert_eq!(hits(format!("({left}) and ({right})")), a && b);
        prop_assert_eq!(hits(format!("({left}) or ({right})")), a || b);
        prop_assert_eq!(hits(format!("not (({left}) and ({right}))")), hits(format!("not ({left}) or not ({right})")));
        prop_assert_eq!(hits(format!("not (({left}) or ({right}))")), hits(format!("not ({left}) and not ({right})")));
    }

    #[test]
    fn a_single_value_either_equals_or_differs(value in literal(), document in any_document()) {
        let hits = |op: &str| read(&format!("userName {op} {value}")).expect("it is one").matches(&document);
        prop_assert_ne!(hits("eq"), hits("ne"));
        if document.contains_key("userName") {
            prop_assert_eq!(hits("ge"), hits("gt") || hits("eq"));
            prop_assert_eq!(hits("le"), !hits("gt"));
        }
    }

    #[test]
    fn t50_no_text_panics_or_is_echoed(text in "[a-z(\\[\\])\"\\\\ .:\u{0}-\u{20}é]{0,200}") {
        if let Err(error) = read(&text) {
            prop_assert!(error.detail.len() < 300);
        }
    }
}

//! Random list queries: filters as text, of everything the grammar has, about what is there and what is not.

use proptest::prelude::*;
use proptest::sample::select;
use secaro_gateway::scim::ResourceType;
use serde_json::Value;

#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) resource_type: ResourceType,
    pub(super) filter: String,
    pub(super) sort_by: Option<&'static str>,
    pub(super) descending: bool,
    pub(super) start_index: u64,
    pub(super) count: usize,
}

const USER: &[&str] = &[
    "userName",
    "USERNAME",
    "externalId",
    "id",
    "active",
    "emails",
    "emails.value",
    "emails.type",
    "emails.primary",
    "meta.created",
    "meta.lastModified",
    "meta.resourceType",
    "meta.location",
    "schemas",
    "title",
    "displayName",
    "name.familyName",
    "name.givenName",
    "groups",
    "groups.value",
    "groups.display",
    "urn:ietf:params:scim:schemas:core:2.0:User:userName",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
    "urn:secaro:params:scim:schemas:extension:access:2.0:User:status",
    "shoeSize",
];

const GROUP: &[&str] = &[
    "displayName",
    "displayname",
    "externalId",
    "id",
    "members",
    "members.value",
    "members.type",
    "members.display",
    "meta.created",
    "meta.lastModified",
    "userName",
    "active",
];

/// Those that indexes know, so that they are asked about more often.
const INDEXED: &[&str] =
    &["userName", "displayName", "externalId", "id", "emails.value", "members.value", "groups.value"];

const SORTS: &[&str] = &[
    "userName",
    "displayName",
    "externalId",
    "id",
    "meta.created",
    "meta.lastModified",
    "title",
    "emails",
    "name.familyName",
    "active",
    "groups",
    "members",
    "shoeSize",
];

const OPERATORS: &[&str] = &["eq", "eq", "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "EQ"];

/// What one test compares with: a text, or what JSON has besides.
fn value(words: &[String]) -> BoxedStrategy<String> {
    prop_oneof![
        8 => select(words.to_vec()).prop_map(|word| Value::from(word).to_string()),
        // A part of a word, as `co`, `sw` and `ew` want it.
        4 => (select(words.to_vec()), 0..6_usize, 1..6_usize).prop_map(|(word, from, length)| {
            Value::from(word.chars().skip(from).take(length).collect::<String>()).to_string()
        }),
        1 => select(vec!["true", "false", "null"]).prop_map(str::to_owned),
    ]
    .boxed()
}

fn test(attributes: &'static [&'static str], words: &[String]) -> BoxedStrategy<String> {
    let compare = |attributes| {
        (select(attributes), select(OPERATORS), value(words))
            .prop_map(|(name, op, value)| format!("{name} {op} {value}"))
    };
    let (first, second) = (select(OPERATORS), select(OPERATORS));
    prop_oneof![
        4 => compare(attributes),
        4 => compare(INDEXED),
        2 => select(attributes).prop_map(|name| format!("{name} pr")),
        1 => select(vec!["active eq true", "active eq false", "active ne \"True\"", "not (active eq true)"])
            .prop_map(str::to_owned),
        2 => (select(vec!["emails", "members", "groups"]), select(vec!["type", "value", "display"]), first, value(words))
            .prop_map(|(list, sub, op, value)| format!("{list}[{sub} {op} {value}]")),
        2 => (select(vec!["and", "or"]), second, value(words), select(vec!["work", "home"])).prop_map(
            |(junction, op, value, kind)| format!("emails[type eq \"{kind}\" {junction} not (value {op} {value})]")
        ),
        // One element passes both, or two elements one each, which is not enough.
        1 => select(vec!["emails[value sw \"kk\" and value co \"home\"]", "emails[value co \"@\" and value ew \"le\"]"])
            .prop_map(str::to_owned),
        1 => value(words).prop_map(|value| format!("emails[type eq \"work\"].value eq {value}")),
    ]
    .boxed()
}

fn filter(attributes: &'static [&'static str], words: &[String]) -> BoxedStrategy<String> {
    test(attributes, words)
        .prop_recursive(4, 12, 2, |inner| {
            prop_oneof![
                2 => (inner.clone(), select(vec!["and", "or"]), inner.clone())
                    .prop_map(|(left, junction, right)| format!("{left} {junction} {right}")),
                2 => (inner.clone(), select(vec!["and", "or"]), inner.clone())
                    .prop_map(|(left, junction, right)| format!("({left}) {junction} ({right})")),
                1 => inner.prop_map(|inner| format!("not ({inner})")),
            ]
        })
        .boxed()
}

/// A question about what these words may find.
pub(super) fn question(words: &[String]) -> BoxedStrategy<Question> {
    let filter = prop_oneof![
        3 => filter(USER, words).prop_map(|filter| (ResourceType::User, filter)),
        1 => filter(GROUP, words).prop_map(|filter| (ResourceType::Group, filter)),
    ];
    let sort = proptest::option::of(select(SORTS));
    let start = prop_oneof![3 => Just(1_u64), 1 => 0..50_u64];
    let count = prop_oneof![Just(200_usize), 0..6_usize];
    (filter, sort, any::<bool>(), start, count)
        .prop_map(|((resource_type, filter), sort_by, descending, start_index, count)| Question {
            resource_type,
            filter,
            sort_by,
            descending,
            start_index,
            count,
        })
        .boxed()
}

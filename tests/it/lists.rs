//! What a list finds: on random resources and filters exactly what the plain evaluation of RFC 7644 §3.4.2.2 finds,
//! page by page, and never anything of another connection.

mod questions;
mod world;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use secaro_gateway::provisioning::list::{ListQuery, Page};
use secaro_gateway::provisioning::{Error, Provisioning, View};
use secaro_gateway::scim::etag::Condition;
use secaro_gateway::scim::filter::{Filter, Limits};
use secaro_gateway::scim::projection::Projection;
use secaro_gateway::scim::sort::{SortBy, SortKey};
use secaro_gateway::scim::{Dialect, Normaliser, ResourceType, ScimType};
use secaro_gateway::store::filter::Narrowing;
use serde_json::{Map, Value, json};

use questions::{Question, question};
use world::{Side, World, everything_of};

use crate::support::database::variable;

/// How many random questions one run asks; TEST_QUESTIONS asks more.
const QUESTIONS: usize = 600;

fn parse(resource_type: ResourceType, text: &str) -> Option<Filter> {
    let mut normaliser = Normaliser::new(Dialect::Generic, false);
    Filter::parse(text, resource_type, &Limits::default(), &mut normaliser).ok()
}

fn query(side: &Side, resource_type: ResourceType, filter: Option<&str>, count: usize) -> ListQuery {
    ListQuery {
        filter: filter.map(|text| parse(resource_type, text).unwrap_or_else(|| panic!("{text}"))),
        sort: None,
        start_index: 1,
        count,
        projection: everything_of(resource_type),
        base_url: side.base_url(),
    }
}

async fn ask(
    provisioning: &Provisioning,
    side: &Side,
    resource_type: ResourceType,
    query: &ListQuery,
) -> Result<Page, Error> {
    provisioning.list(&side.caller, resource_type, query).await
}

/// The ids of a page, and its total.
async fn ids(world: &World, side: &Side, resource_type: ResourceType, query: &ListQuery) -> (u64, Vec<String>) {
    let page = ask(&world.provisioning, side, resource_type, query).await.unwrap();
    (page.total, page.resources.iter().map(View::id).collect())
}

/// The reference: everything in memory, nothing indexed.
fn expected(all: &[Map<String, Value>], query: &ListQuery) -> (u64, Vec<String>) {
    let id = |whole: &Map<String, Value>| whole["id"].as_str().unwrap().to_owned();
    let matching = all.iter().filter(|whole| query.filter.as_ref().is_none_or(|filter| filter.matches(whole)));
    let mut found: Vec<(SortKey, String)> = matching
        .map(|whole| (query.sort.map_or(SortKey::Absent, |sort| SortKey::of(whole, &sort.attribute)), id(whole)))
        .collect();
    found.sort();
    if query.sort.is_some_and(|sort| sort.descending) {
        found.reverse();
    }
    let offset = usize::try_from(query.start_index.max(1) - 1).unwrap_or(usize::MAX);
    let page = found.iter().skip(offset).take(query.count).map(|(_, id)| id.clone()).collect();
    (found.len() as u64, page)
}

/// Half the questions are about things that are there, and those about another connection's find nothing of it.
#[tokio::test]
async fn t03_a_list_finds_exactly_what_plain_evaluation_finds() {
    let world = World::new(100_000).await;
    let everything = world.everything().await;
    let mut runner = TestRunner::deterministic();
    let strategy = question(&world.words());
    let questions = variable("TEST_QUESTIONS").map_or(QUESTIONS, |number| number.parse().unwrap());
    let (mut asked, mut by_index, mut found) = (0, 0, 0);
    while asked < questions {
        let Question { resource_type, filter, sort_by, descending, start_index, count } =
            strategy.new_tree(&mut runner).unwrap().current();
        let Some(parsed) = parse(resource_type, &filter) else { continue };
        let side = &world.sides[asked % world.sides.len()];
        by_index += usize::from(Narrowing::of(resource_type, Some(&parsed)).is_exact());
        let order = if descending { "descending" } else { "ascending" };
        let query = ListQuery {
            filter: Some(parsed),
            sort: sort_by.and_then(|by| SortBy::parse(resource_type, by, Some(order)).unwrap()),
            start_index,
            count,
            projection: everything_of(resource_type),
            base_url: side.base_url(),
        };
        let page = ask(&world.provisioning, side, resource_type, &query).await.unwrap();
        let answer: Vec<Value> =
            page.resources.iter().map(|view| view.render(&query.base_url, &query.projection)).collect();
        let all = &everything[&(side.key, resource_type)];
        let (total, ids) = expected(all, &query);
        let got: Vec<String> = page.resources.iter().map(View::id).collect();
        let what = format!("{}: {filter} by {sort_by:?} {order}, {start_index}+{count}", resource_type.name());
        assert_eq!((page.total, &got), (total, &ids), "{what}");
        let text = Value::from(answer.clone()).to_string();
        let foreign = world.sides.iter().find(|other| other.key != side.key && text.contains(other.canary));
        assert!(foreign.is_none(), "{what}: shows a canary of another connection");
        for whole in answer {
            let known = all.iter().find(|known| known["id"] == whole["id"]);
            assert_eq!(whole.as_object(), known, "{what}: differs from GET by id");
        }
        asked += 1;
        found += usize::from(total > 0);
    }
    assert!(by_index > questions / 5, "only {by_index} questions were left to the database");
    assert!(found > questions / 5, "only {found} questions found anything");
}

#[tokio::test]
async fn pages_of_any_size_fit_together() {
    let world = World::new(100_000).await;
    let side = &world.sides[0];
    for (filter, sort) in [
        (None, None),
        (Some("userName sw \"a\" or active eq true"), Some("userName")),
        (Some("title pr"), Some("title")),
        (Some("externalId pr or active eq false"), Some("externalId")),
    ] {
        for (count, descending) in [(1, false), (3, true), (7, false), (1_000, false)] {
            let order = if descending { "descending" } else { "ascending" };
            let mut query = query(side, ResourceType::User, filter, count);
            query.sort = sort.and_then(|by| SortBy::parse(ResourceType::User, by, Some(order)).unwrap());
            let whole = ListQuery { count: 1_000, filter: query.filter.clone(), ..query_like(&query) };
            let (total, all) = ids(&world, side, ResourceType::User, &whole).await;
            let mut together = Vec::new();
            loop {
                let (same_total, page) = ids(&world, side, ResourceType::User, &query).await;
                assert_eq!(same_total, total, "{filter:?}");
                if page.is_empty() {
                    break;
                }
                query.start_index += page.len() as u64;
                together.extend(page);
            }
            assert_eq!(together, all, "{filter:?} by {sort:?}");
        }
    }
}

fn query_like(query: &ListQuery) -> ListQuery {
    ListQuery {
        filter: query.filter.clone(),
        sort: query.sort,
        start_index: query.start_index,
        count: query.count,
        projection: query.projection.clone(),
        base_url: query.base_url.clone(),
    }
}

#[tokio::test]
async fn t53_the_edges_of_paging_are_empty_pages_with_the_right_total() {
    let world = World::new(100_000).await;
    let side = &world.sides[0];
    for filter in [None, Some("title pr")] {
        let mut query = query(side, ResourceType::User, filter, 10);
        let (total, _) = ids(&world, side, ResourceType::User, &query).await;
        assert!(total > 0);
        for (start_index, count) in [(1, 0), (total + 1, 10), (u64::MAX, 200), (i64::MAX as u64 + 7, 1)] {
            (query.start_index, query.count) = (start_index, count);
            assert_eq!(
                ids(&world, side, ResourceType::User, &query).await,
                (total, Vec::new()),
                "{start_index}+{count}"
            );
        }
    }
}

#[tokio::test]
async fn a_filter_that_narrows_nothing_looks_at_a_bounded_number() {
    let world = World::new(20).await;
    let side = &world.sides[0];
    let too_many = |error: Error| matches!(error, Error::Scim(error) if error.scim_type == Some(ScimType::TooMany));

    let unindexed = query(side, ResourceType::User, Some("title eq \"x\""), 10);
    assert!(too_many(ask(&world.provisioning, side, ResourceType::User, &unindexed).await.unwrap_err()));
    let mut sorted = query(side, ResourceType::User, None, 10);
    sorted.sort = SortBy::parse(ResourceType::User, "title", None).unwrap();
    assert!(too_many(ask(&world.provisioning, side, ResourceType::User, &sorted).await.unwrap_err()));

    for narrow in [
        "userName sw \"a\"",
        "active eq false",
        "id eq \"x\" and title eq \"y\"",
        "emails.value sw \"zz\" and title pr",
    ] {
        let narrow = query(side, ResourceType::User, Some(narrow), 10);
        ask(&world.provisioning, side, ResourceType::User, &narrow).await.unwrap();
    }
    let all = query(side, ResourceType::User, None, 10);
    assert!(ids(&world, side, ResourceType::User, &all).await.0 > 20);
}

/// What a column holds and what the document says stay the same whatever a PATCH does to the attribute.
#[tokio::test]
async fn a_user_without_active_is_found_as_it_was() {
    let world = World::new(100_000).await;
    let side = &world.sides[0];
    let inactive = &side.users[0];
    let projection = Projection::default_of(ResourceType::User);
    let mut normaliser = Normaliser::new(Dialect::Generic, false);
    let mut call = side.call(ResourceType::User, &projection, &mut normaliser);
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "remove", "path": "active" }],
    });
    world.provisioning.patch(&mut call, inactive, &Condition::None, body).await.unwrap();
    for (filter, finds) in [("active eq false", true), ("active eq true", false), ("active pr", true)] {
        let query = query(side, ResourceType::User, Some(filter), 200);
        let (_, ids) = ids(&world, side, ResourceType::User, &query).await;
        assert_eq!(ids.contains(inactive), finds, "{filter}");
    }
}

/// `%`, `_`, quotes and backslashes mean themselves, and so does everything that might end a statement.
#[tokio::test]
async fn t03_what_stands_in_a_filter_is_never_taken_for_sql() {
    let world = World::new(100_000).await;
    let side = &world.sides[0];
    for text in ["%", "_", "a_a", "'", "' OR '1'='1", "\") OR TRUE --", "$1", "?", "\\", "\u{0}", "*"] {
        let value = Value::from(text);
        for (filter, resource_type) in [
            (format!("userName eq {value}"), ResourceType::User),
            (format!("externalId eq {value}"), ResourceType::User),
            (format!("emails.value eq {value}"), ResourceType::User),
            (format!("id eq {value}"), ResourceType::User),
            (format!("displayName eq {value}"), ResourceType::Group),
            (format!("members.value eq {value}"), ResourceType::Group),
        ] {
            let query = query(side, resource_type, Some(&filter), 10);
            assert_eq!(ids(&world, side, resource_type, &query).await, (0, Vec::new()), "{filter}");
        }
    }
}

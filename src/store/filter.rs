//! Lists of resources by a filter: what indexes can decide of it becomes SQL, the rest is left to
//! `Filter::matches`. The only place where an SQL text is put together at run time, of constants and placeholders
//! alone; what a request says is bound, never written.

mod columns;
mod condition;
mod lower;
mod order;

use std::fmt::Write as _;

use serde_json::Map;
use sqlx::AssertSqlSafe;

use super::reader::Connection;
use super::resources::{ResourceKind, ResourceRow};
use super::{Error, Reader};
use crate::ids::{ConnectionId, OrganizationId, ResourceId};
use crate::scim::ResourceType;
use crate::scim::filter::Filter;
use condition::{Condition, Lowered, Value};
use lower::lower;
pub use order::Order;

/// Texts of more values than this are as good as never asked again, and not worth the place of one that is.
const WORTH_KEEPING: usize = 4;

/// SQLite keeps the two sides of a `CROSS JOIN` in their order: first the page, then its rows. Left to itself it
/// reads all rows in order and asks for each whether it is of the page.
const SQLITE_JOIN: &str = "CROSS JOIN";
const POSTGRES_JOIN: &str = "JOIN";

/// The resources of one type that a filter may match: never fewer than it does match.
#[derive(Debug, Clone)]
pub struct Narrowing<'f> {
    kind: ResourceKind,
    /// ` AND …`, or nothing; `None` if nothing can match.
    condition: Option<String>,
    values: Vec<Value>,
    /// What all candidates still have to pass.
    rest: Vec<&'f Filter>,
}

impl<'f> Narrowing<'f> {
    /// What a filter, or none, narrows the resources of a type to.
    #[must_use]
    pub fn of(resource_type: ResourceType, filter: Option<&'f Filter>) -> Self {
        let mut rest = Vec::new();
        let mut condition = Condition::True;
        let mut conjuncts: Vec<&Filter> = filter.into_iter().collect();
        while let Some(filter) = conjuncts.pop() {
            if let Filter::And(left, right) = filter {
                conjuncts.extend([&**right, &**left]);
                continue;
            }
            let Lowered { condition: conjunct, exact } = lower(resource_type, filter);
            condition = condition::all(condition, conjunct);
            if !exact {
                rest.push(filter);
            }
        }
        let mut writer = Writer { text: String::new(), values: Vec::new() };
        let condition = match condition {
            Condition::True => Some(String::new()),
            Condition::False => None,
            condition => {
                writer.text.push_str(" AND ");
                writer.write(condition);
                Some(writer.text)
            }
        };
        Self { kind: resource_type.into(), condition, values: writer.values, rest }
    }

    /// Whether every candidate matches, so that the database can count and page.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.condition.is_none() || self.rest.is_empty()
    }

    /// Whether a candidate matches: what the database did not decide, on the whole resource.
    #[must_use]
    pub fn rest_matches(&self, whole: &Map<String, serde_json::Value>) -> bool {
        self.rest.iter().all(|filter| filter.matches(whole))
    }

    /// Whether [`rest_matches`](Self::rest_matches) needs the attribute of this name, or the extension of this URN.
    #[must_use]
    pub fn rest_mentions(&self, name: &str) -> bool {
        self.rest.iter().any(|filter| filter.mentions(name))
    }

    /// The SQL texts that this can run, for the tests that look at texts: name, for SQLite, for PostgreSQL. None if
    /// nothing can match.
    #[must_use]
    pub fn texts(&self) -> Vec<(String, String, String)> {
        let Some(condition) = &self.condition else { return Vec::new() };
        let pages = Order::ALL.iter().map(|order| {
            let name = format!("page by {order:?}");
            (name, self.page_text(condition, *order, SQLITE_JOIN), self.page_text(condition, *order, POSTGRES_JOIN))
        });
        let others = [("count", Self::count_text(condition)), ("after", self.after_text(condition))];
        pages.chain(others.map(|(name, text)| (name.to_owned(), text.clone(), text))).collect()
    }

    /// Values after the filter's own, which start at `$4`.
    fn placeholder(&self, number: usize) -> usize {
        4 + self.values.len() + number
    }

    fn count_text(condition: &str) -> String {
        format!(
            "SELECT COUNT(*) FROM resources \
             WHERE organization_id = $1 AND connection_id = $2 AND kind = $3{condition}"
        )
    }

    /// Counts past what comes before the page on ids alone, without reading a document.
    fn page_text(&self, condition: &str, order: Order, join: &'static str) -> String {
        let (limit, offset) = (self.placeholder(0), self.placeholder(1));
        let (within, of_page) = order.clauses();
        format!(
            "SELECT r.id, r.connection_id, r.kind, r.name_key, r.external_id, r.active, r.version, r.created_at, \
             r.updated_at, r.document FROM (SELECT id AS page_id FROM resources \
             WHERE organization_id = $1 AND connection_id = $2 AND kind = $3{condition} \
             ORDER BY {within} LIMIT ${limit} OFFSET ${offset}) AS page \
             {join} resources r ON r.organization_id = $1 AND r.connection_id = $2 AND r.id = page.page_id \
             ORDER BY {of_page}"
        )
    }

    fn after_text(&self, condition: &str) -> String {
        let (after, limit) = (self.placeholder(0), self.placeholder(1));
        format!(
            "SELECT id, connection_id, kind, name_key, external_id, active, version, created_at, updated_at, \
             document FROM resources WHERE organization_id = $1 AND connection_id = $2 AND kind = $3 \
             AND id > ${after}{condition} ORDER BY id LIMIT ${limit}"
        )
    }
}

/// Writes a condition down.
struct Writer {
    text: String,
    values: Vec<Value>,
}

impl Writer {
    fn write(&mut self, condition: Condition) {
        match condition {
            Condition::True => self.text.push_str("TRUE"),
            Condition::False => self.text.push_str("FALSE"),
            Condition::Test(fragment, values) => {
                self.text.push('(');
                let mut values = values.into_iter();
                for piece in fragment.split_inclusive('?') {
                    let value = piece.strip_suffix('?').zip(values.next());
                    let Some((before, value)) = value else {
                        self.text.push_str(piece);
                        continue;
                    };
                    self.values.push(value);
                    let _ = write!(self.text, "{before}${}", 3 + self.values.len());
                }
                self.text.push(')');
            }
            Condition::All(conditions) => self.write_list(" AND ", conditions),
            Condition::Any(conditions) => self.write_list(" OR ", conditions),
            Condition::Not(inner) => {
                self.text.push_str("NOT ");
                self.write(*inner);
            }
        }
    }

    fn write_list(&mut self, between: &'static str, conditions: Vec<Condition>) {
        self.text.push('(');
        for (number, condition) in conditions.into_iter().enumerate() {
            self.text.push_str(if number > 0 { between } else { "" });
            self.write(condition);
        }
        self.text.push(')');
    }
}

/// Runs a text of a narrowing: `$1` to `$3`, the narrowing's values, then the others.
macro_rules! run_text {
    (@on $connection:ident, $narrowing:ident, $query:ident::<$row:ty>($text:ident, $($first:expr),*; $($last:expr),*)
        .$fetch:ident) => {{
        let mut query = sqlx::$query::<_, $row>(AssertSqlSafe($text))
            .persistent($narrowing.values.len() <= WORTH_KEEPING)
            $(.bind($first))*
            .bind($narrowing.kind);
        for value in &$narrowing.values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::Id(id) => query.bind(id),
                Value::Time(time) => query.bind(time),
            };
        }
        query$(.bind($last))*.$fetch($connection).await
    }};
    ($on:expr, $narrowing:ident, $($query:tt)*) => {
        match $on.connection() {
            Connection::Sqlite(connection) => run_text!(@on connection, $narrowing, $($query)*),
            Connection::Postgres(connection) => run_text!(@on connection, $narrowing, $($query)*),
        }
        .map_err(Error::from)
    };
}

impl Reader {
    /// How many candidates there are.
    pub async fn count_resources(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        narrowing: &Narrowing<'_>,
    ) -> Result<u64, Error> {
        let Some(condition) = &narrowing.condition else { return Ok(0) };
        let text = Narrowing::count_text(condition);
        let count = run_text!(self, narrowing, query_scalar::<i64>(text, organization, connection; ).fetch_one)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The candidates of one page: at most `limit`, after the first `offset` in this order.
    pub async fn resource_page(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        narrowing: &Narrowing<'_>,
        order: Order,
        offset: u64,
        limit: u32,
    ) -> Result<Vec<ResourceRow>, Error> {
        let Some(condition) = &narrowing.condition else { return Ok(Vec::new()) };
        let join = match self.connection() {
            Connection::Sqlite(_) => SQLITE_JOIN,
            Connection::Postgres(_) => POSTGRES_JOIN,
        };
        let text = narrowing.page_text(condition, order, join);
        let (limit, offset) = (i64::from(limit), i64::try_from(offset).unwrap_or(i64::MAX));
        run_text!(self, narrowing, query_as::<ResourceRow>(text, organization, connection; limit, offset).fetch_all)
    }

    /// The next candidates after an id, by id.
    pub async fn resources_after(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        narrowing: &Narrowing<'_>,
        after: ResourceId,
        limit: u32,
    ) -> Result<Vec<ResourceRow>, Error> {
        let Some(condition) = &narrowing.condition else { return Ok(Vec::new()) };
        let text = narrowing.after_text(condition);
        let limit = i64::from(limit);
        run_text!(self, narrowing, query_as::<ResourceRow>(text, organization, connection; after, limit).fetch_all)
    }
}

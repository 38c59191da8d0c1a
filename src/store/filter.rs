//! Lists of resources by a filter: what indexes can decide of it becomes SQL, the rest is left to
//! `Filter::matches`. The only place where an SQL text is put together at run time, of constants and placeholders
//! alone; what a request says is bound, never written.

mod condition;

use std::fmt::Write as _;

use serde_json::Map;
use sqlx::AssertSqlSafe;

use super::reader::Connection;
use super::resources::{ResourceKind, ResourceRow};
use super::{Error, Reader};
use crate::ids::{ConnectionId, OrganizationId, ResourceId};
use crate::scim::ResourceType;
use crate::scim::filter::Filter;
use crate::scim::schema::Resolved;
use condition::{Condition, Lowered, Value, lower};

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
            let name = format!("page by {:?}{}", order.by, if order.descending { " descending" } else { "" });
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

/// An order that the database can keep. Equal ones come by id, and everything is turned round when descending, so
/// that one without an `externalId` comes last in ascending order (RFC 7644 §3.4.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    by: By,
    descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Id,
    Name,
    ExternalId,
    Created,
    LastModified,
}

impl Order {
    /// Oldest first.
    pub const BY_ID: Self = Self { by: By::Id, descending: false };

    const ALL: &'static [Self] = &[
        Self::BY_ID,
        Self { by: By::Id, descending: true },
        Self { by: By::Name, descending: false },
        Self { by: By::Name, descending: true },
        Self { by: By::ExternalId, descending: false },
        Self { by: By::ExternalId, descending: true },
        Self { by: By::Created, descending: false },
        Self { by: By::Created, descending: true },
        Self { by: By::LastModified, descending: false },
        Self { by: By::LastModified, descending: true },
    ];

    /// The order by an attribute, if it stands in a column.
    #[must_use]
    pub fn by(resource_type: ResourceType, attribute: &Resolved, descending: bool) -> Option<Self> {
        if attribute.extension.is_some() {
            return None;
        }
        let by = match (attribute.attribute.name, attribute.sub.map(|sub| sub.name)) {
            ("id", None) => By::Id,
            ("externalId", None) => By::ExternalId,
            ("meta", Some("created")) => By::Created,
            ("meta", Some("lastModified")) => By::LastModified,
            (name, None) if name == resource_type.naming() => By::Name,
            _ => return None,
        };
        Some(Self { by, descending })
    }

    /// For the ids of the page, and for the rows joined to them.
    const fn clauses(self) -> (&'static str, &'static str) {
        match (self.by, self.descending) {
            (By::Id, false) => ("id", "r.id"),
            (By::Id, true) => ("id DESC", "r.id DESC"),
            (By::Name, false) => ("name_key", "r.name_key"),
            (By::Name, true) => ("name_key DESC", "r.name_key DESC"),
            (By::ExternalId, false) => {
                ("external_id IS NULL, external_id, id", "r.external_id IS NULL, r.external_id, r.id")
            }
            (By::ExternalId, true) => (
                "external_id IS NULL DESC, external_id DESC, id DESC",
                "r.external_id IS NULL DESC, r.external_id DESC, r.id DESC",
            ),
            (By::Created, false) => ("created_at, id", "r.created_at, r.id"),
            (By::Created, true) => ("created_at DESC, id DESC", "r.created_at DESC, r.id DESC"),
            (By::LastModified, false) => ("updated_at, id", "r.updated_at, r.id"),
            (By::LastModified, true) => ("updated_at DESC, id DESC", "r.updated_at DESC, r.id DESC"),
        }
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

//! How our types stand in a column, alike on both databases: ids as UUIDs, times as Unix milliseconds, states as
//! their names. Knows the types, not the tables.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo};
use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo};
use sqlx::{Database, Decode, Encode, Postgres, Sqlite, Type};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::ids::{
    AuditId, ConnectionId, DomainId, EventId, FacilityId, FlowId, FormId, GrantId, Id, IdentityId, InvitationId, JobId,
    JoinRequestId, MailId, MassChangeId, OrganizationId, PersonId, PlanId, ProcessId, ProofId, ProviderId, RequestId,
    ResourceId, RuleId, SessionId, SignInAskId, SignInLinkId, TokenId,
};

/// A column type that is stored as another one.
macro_rules! stored_as {
    ($inner:ty, $to:expr, $from:expr; $($name:ty),* $(,)?) => {$(
        impl<DB: Database> Type<DB> for $name
        where
            $inner: Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <$inner as Type<DB>>::type_info()
            }
            fn compatible(ty: &DB::TypeInfo) -> bool {
                <$inner as Type<DB>>::compatible(ty)
            }
        }

        impl<'q, DB: Database> Encode<'q, DB> for $name
        where
            $inner: Encode<'q, DB>,
        {
            fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
                let to: fn($name) -> $inner = $to;
                <$inner as Encode<'q, DB>>::encode(to(*self), buffer)
            }
        }

        impl<'r, DB: Database> Decode<'r, DB> for $name
        where
            $inner: Decode<'r, DB>,
        {
            fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
                let from: fn($inner) -> $name = $from;
                <$inner as Decode<'r, DB>>::decode(value).map(from)
            }
        }
    )*};
}

macro_rules! id_columns {
    ($($name:ident),* $(,)?) => {$( stored_as!(Uuid, $name::uuid, $name::from_uuid; $name); )*};
}

id_columns!(
    OrganizationId,
    DomainId,
    FacilityId,
    PersonId,
    GrantId,
    ConnectionId,
    TokenId,
    RuleId,
    ResourceId,
    RequestId,
    AuditId,
    EventId,
    ProofId,
    JoinRequestId,
    InvitationId,
    PlanId,
    MassChangeId,
    MailId,
    JobId,
    ProcessId,
    SessionId,
    SignInAskId,
    SignInLinkId,
    ProviderId,
    FlowId,
    IdentityId,
    FormId,
);

/// Ids to look up at once: an array on PostgreSQL, JSON of hexadecimal texts for `json_each` and `unhex` on SQLite.
pub(super) struct IdList<'a, T = ResourceId>(pub(super) &'a [T]);

impl<T> Type<Postgres> for IdList<'_, T> {
    fn type_info() -> PgTypeInfo {
        <Vec<Uuid> as Type<Postgres>>::type_info()
    }
}

impl<'q, T: Id> Encode<'q, Postgres> for IdList<'_, T> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let ids: Vec<Uuid> = self.0.iter().map(|id| id.uuid()).collect();
        <Vec<Uuid> as Encode<'q, Postgres>>::encode(ids, buffer)
    }
}

impl<T> Type<Sqlite> for IdList<'_, T> {
    fn type_info() -> SqliteTypeInfo {
        <String as Type<Sqlite>>::type_info()
    }
}

impl<'q, T: Id> Encode<'q, Sqlite> for IdList<'_, T> {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        let ids: Vec<String> = self.0.iter().map(|id| format!("\"{}\"", id.uuid().simple())).collect();
        <String as Encode<'q, Sqlite>>::encode(format!("[{}]", ids.join(",")), buffer)
    }
}

/// Texts to look up at once: an array on PostgreSQL, JSON for `json_each` on SQLite.
pub(super) struct TextList<'a>(pub(super) &'a [String]);

impl Type<Postgres> for TextList<'_> {
    fn type_info() -> PgTypeInfo {
        <Vec<String> as Type<Postgres>>::type_info()
    }
}

impl<'q> Encode<'q, Postgres> for TextList<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <Vec<String> as Encode<'q, Postgres>>::encode(self.0.to_vec(), buffer)
    }
}

impl Type<Sqlite> for TextList<'_> {
    fn type_info() -> SqliteTypeInfo {
        <String as Type<Sqlite>>::type_info()
    }
}

impl<'q> Encode<'q, Sqlite> for TextList<'_> {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        <String as Encode<'q, Sqlite>>::encode(serde_json::to_string(self.0)?, buffer)
    }
}

stored_as!(i64, Timestamp::millis, Timestamp::from_millis; Timestamp);

/// An enum that stands in a column as one of a fixed list of names.
///
/// The migration's `CHECK` lists the same names; a name that is not listed is a corrupt row.
macro_rules! named_states {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($(#[$variant_doc])* $variant),* }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in the database, in JSON and on the command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// The state of this name.
            #[must_use]
            pub fn from_name(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|state| state.as_str() == text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        $crate::store::columns::named_columns!($name);
    };
}

/// Stores a type that has `as_str` and `from_name` as that text.
macro_rules! named_columns {
    ($name:ty) => {
        impl<DB: sqlx::Database> sqlx::Type<DB> for $name
        where
            str: sqlx::Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <str as sqlx::Type<DB>>::type_info()
            }
            fn compatible(ty: &DB::TypeInfo) -> bool {
                <str as sqlx::Type<DB>>::compatible(ty)
            }
        }

        impl<'q, DB: sqlx::Database> sqlx::Encode<'q, DB> for $name
        where
            &'q str: sqlx::Encode<'q, DB>,
        {
            fn encode_by_ref(
                &self,
                buffer: &mut DB::ArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                <&'q str as sqlx::Encode<'q, DB>>::encode(self.as_str(), buffer)
            }
        }

        impl<'r, DB: sqlx::Database> sqlx::Decode<'r, DB> for $name
        where
            &'r str: sqlx::Decode<'r, DB>,
        {
            fn decode(value: DB::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                let text = <&'r str as sqlx::Decode<'r, DB>>::decode(value)?;
                Self::from_name(text).ok_or_else(|| concat!("unknown ", stringify!($name)).into())
            }
        }
    };
}

pub(crate) use {named_columns, named_states};

//! One way to ask either engine: a statement, its values, rows of one type.

use model::{
    AgentId, AttachmentId, ChannelId, ContactId, ConversationId, IdentityId, InviteId, JobId, MailId, MemberId,
    MessageId, SessionId, TeamId, Timestamp, WorkspaceId,
};
use sqlx::{FromRow, PgConnection, SqlSafeStr, SqliteConnection, postgres::PgRow, sqlite::SqliteRow};

use crate::error::StoreError;

/// A value bound to `$1`, `$2`… Columns are TEXT, BIGINT or BOOLEAN and nothing else, so that one statement and one row type fit both engines.
#[derive(Debug, Clone, PartialEq)]
pub enum Val {
    /// TEXT
    Text(Option<String>),
    /// BIGINT
    Int(Option<i64>),
    /// BOOLEAN
    Bool(bool),
}

impl From<&str> for Val {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}
impl From<String> for Val {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}
impl From<Option<String>> for Val {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Val {
    fn from(n: i64) -> Self {
        Self::Int(Some(n))
    }
}
impl From<Option<i64>> for Val {
    fn from(n: Option<i64>) -> Self {
        Self::Int(n)
    }
}
impl From<bool> for Val {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}
impl From<Timestamp> for Val {
    fn from(at: Timestamp) -> Self {
        Self::Int(Some(at.0))
    }
}
impl From<Option<Timestamp>> for Val {
    fn from(at: Option<Timestamp>) -> Self {
        Self::Int(at.map(|at| at.0))
    }
}
macro_rules! id_values {
    ($($id:ty),+) => {$(
        impl From<$id> for Val {
            fn from(id: $id) -> Self { Self::Text(Some(id.to_string())) }
        }
        impl From<Option<$id>> for Val {
            fn from(id: Option<$id>) -> Self { Self::Text(id.map(|id| id.to_string())) }
        }
    )+};
}
id_values!(
    WorkspaceId,
    MemberId,
    TeamId,
    ChannelId,
    ContactId,
    IdentityId,
    ConversationId,
    MessageId,
    AttachmentId,
    SessionId,
    InviteId,
    JobId,
    MailId,
    AgentId
);

/// The values of a statement, in the order of their numbers.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::Val::from($value)),*] };
}
pub(crate) use args;

/// A struct whose fields are columns of the same names. (Instead of `sqlx::FromRow`: for its derive, both database drivers would be
/// compiled once more, for the compiler's own use.)
macro_rules! row {
    ($(#[$about:meta])* $seen:vis struct $name:ident { $($(#[$what:meta])* $may:vis $field:ident: $kind:ty,)* }) => {
        $(#[$about])*
        $seen struct $name { $($(#[$what])* $may $field: $kind,)* }

        impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for $name
        where
            &'static str: sqlx::ColumnIndex<R>,
            $($kind: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,)*
        {
            fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: row.try_get(stringify!($field))?,)* })
            }
        }
    };
}
pub(crate) use row;

/// A row that either engine can give.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin> Row for T {}

/// A connection of either engine, inside or outside a transaction.
pub enum Conn<'c> {
    /// SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'c mut PgConnection),
}

macro_rules! bound {
    ($query:expr, $args:expr) => {{
        let mut query = $query;
        for value in $args {
            query = match value {
                Val::Text(text) => query.bind(text),
                Val::Int(n) => query.bind(n),
                Val::Bool(b) => query.bind(b),
            };
        }
        query
    }};
}

impl Conn<'_> {
    /// All rows.
    pub async fn all<T: Row>(&mut self, sql: impl SqlSafeStr + Send, args: Vec<Val>) -> Result<Vec<T>, StoreError> {
        count_query();
        Ok(match self {
            Self::Sqlite(c) => bound!(sqlx::query_as(sql), args).fetch_all(&mut **c).await?,
            Self::Postgres(c) => bound!(sqlx::query_as(sql), args).fetch_all(&mut **c).await?,
        })
    }

    /// The row, if there is one.
    pub async fn opt<T: Row>(&mut self, sql: impl SqlSafeStr + Send, args: Vec<Val>) -> Result<Option<T>, StoreError> {
        count_query();
        Ok(match self {
            Self::Sqlite(c) => bound!(sqlx::query_as(sql), args).fetch_optional(&mut **c).await?,
            Self::Postgres(c) => bound!(sqlx::query_as(sql), args).fetch_optional(&mut **c).await?,
        })
    }

    /// The row; that there is none is an error.
    pub async fn one<T: Row>(&mut self, sql: impl SqlSafeStr + Send, args: Vec<Val>) -> Result<T, StoreError> {
        self.opt(sql, args).await?.ok_or(StoreError::Database(sqlx::Error::RowNotFound))
    }

    /// How many rows were touched.
    pub async fn exec(&mut self, sql: impl SqlSafeStr + Send, args: Vec<Val>) -> Result<u64, StoreError> {
        count_query();
        Ok(match self {
            Self::Sqlite(c) => bound!(sqlx::query(sql), args).execute(&mut **c).await?.rows_affected(),
            Self::Postgres(c) => bound!(sqlx::query(sql), args).execute(&mut **c).await?.rows_affected(),
        })
    }

    /// A statement without values that is not worth keeping prepared (BEGIN, COMMIT…).
    pub async fn raw(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(c) => {
                sqlx::raw_sql(sql).execute(&mut **c).await?;
            }
            Self::Postgres(c) => {
                sqlx::raw_sql(sql).execute(&mut **c).await?;
            }
        }
        Ok(())
    }

    /// Which engine this is.
    pub const fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }
}

/// The two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file.
    Sqlite,
    /// A server.
    Postgres,
}

tokio::task_local! {
    /// Counts the statements of one request, for the tests that bound them (docs/ids.md, traps).
    pub static QUERIES: std::cell::Cell<u32>;
}

fn count_query() {
    let _ = QUERIES.try_with(|count| count.set(count.get() + 1));
}

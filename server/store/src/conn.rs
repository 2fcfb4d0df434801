//! One interface to both engines: a statement, its values, and rows of one type.

use model::{
    AgentId, AttachmentId, BlockId, ChannelId, ContactId, ConversationId, IdentityId, InviteId, JobId, MailId,
    MemberId, MessageId, SavedViewId, SessionId, TeamId, Timestamp, UndoId, WorkspaceId,
};
use sqlx::{FromRow, PgConnection, SqlSafeStr, SqliteConnection, postgres::PgRow, sqlite::SqliteRow};

use crate::error::StoreError;

/// A value bound to `$1`, `$2`… Columns are only TEXT, BIGINT or BOOLEAN, so that one statement and one row type fit both engines.
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
    SavedViewId,
    UndoId,
    BlockId,
    MessageId,
    AttachmentId,
    SessionId,
    InviteId,
    JobId,
    MailId,
    AgentId
);

/// The values of a statement, in the order `$1`, `$2`… What stands between semicolons is a list of values.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::Val::from($value)),*] };
    ($($value:expr),* ; $list:expr $(; $($last:expr),+)?) => {{
        let mut values: Vec<$crate::Val> = $crate::conn::args![$($value),*];
        values.extend($list);
        $(values.extend($crate::conn::args![$($last),+]);)?
        values
    }};
}
pub(crate) use args;

/// A struct whose fields are columns of the same names. (The derive of `sqlx::FromRow` is not used: it would compile both database drivers
/// a second time, for the compiler.) `..group: Kind` stands for columns that are a struct of their own.
macro_rules! row {
    (
        $(#[$about:meta])* $seen:vis struct $name:ident
        { $($(#[$what:meta])* $may:vis $field:ident: $kind:ty,)* $(..$group:ident: $more:ty,)? }
    ) => {
        $(#[$about])*
        $seen struct $name { $($(#[$what])* $may $field: $kind,)* $($group: $more,)? }

        impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for $name
        where
            &'static str: sqlx::ColumnIndex<R>,
            $($kind: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,)*
            $($more: sqlx::FromRow<'r, R>,)?
        {
            fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: row.try_get(stringify!($field))?,)* $($group: <$more as sqlx::FromRow<'r, R>>::from_row(row)?,)? })
            }
        }
    };
}
pub(crate) use row;

/// A row type that both engines can return.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin> Row for T {}

/// A connection to either engine. It may be inside a transaction or not.
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
    /// Runs a query and returns all its rows.
    pub async fn all<T: Row>(&mut self, sql: impl SqlSafeStr + Send, args: Vec<Val>) -> Result<Vec<T>, StoreError> {
        count_query();
        Ok(match self {
            Self::Sqlite(c) => bound!(sqlx::query_as(sql), args).fetch_all(&mut **c).await?,
            Self::Postgres(c) => bound!(sqlx::query_as(sql), args).fetch_all(&mut **c).await?,
        })
    }

    /// Runs a query and returns its first row, if there is one.
    pub async fn opt<T: Row>(&mut self, sql: impl SqlSafeStr + Send, args: Vec<Val>) -> Result<Option<T>, StoreError> {
        count_query();
        Ok(match self {
            Self::Sqlite(c) => bound!(sqlx::query_as(sql), args).fetch_optional(&mut **c).await?,
            Self::Postgres(c) => bound!(sqlx::query_as(sql), args).fetch_optional(&mut **c).await?,
        })
    }

    /// Runs a query and returns its first row. Having no row is an error.
    pub async fn one<T: Row>(&mut self, sql: impl SqlSafeStr + Send, args: Vec<Val>) -> Result<T, StoreError> {
        self.opt(sql, args).await?.ok_or(StoreError::Database(sqlx::Error::RowNotFound))
    }

    /// Runs a statement and returns how many rows it changed.
    pub async fn exec(&mut self, sql: impl SqlSafeStr + Send, args: Vec<Val>) -> Result<u64, StoreError> {
        count_query();
        Ok(match self {
            Self::Sqlite(c) => bound!(sqlx::query(sql), args).execute(&mut **c).await?.rows_affected(),
            Self::Postgres(c) => bound!(sqlx::query(sql), args).execute(&mut **c).await?.rows_affected(),
        })
    }

    /// Runs a statement without values that is not worth preparing (BEGIN, COMMIT…).
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

    /// The engine of this connection.
    pub const fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }
}

/// The two supported databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite: one file, one process.
    Sqlite,
    /// PostgreSQL: a server, which several processes may share.
    Postgres,
}

tokio::task_local! {
    /// Counts the statements of one request, for the tests that limit them (docs/ids.md, traps).
    pub static QUERIES: std::cell::Cell<u32>;
}

fn count_query() {
    let _ = QUERIES.try_with(|count| count.set(count.get() + 1));
}

//! All SQL of the product, one file per kind of row. No other crate knows the databases. Every read or write of a workspace takes a
//! [`Scope`].

pub mod account;
mod attachment;
pub mod audit;
pub mod blocked;
pub mod bulk;
mod channel;
pub mod clock;
pub mod close_reason;
mod codec;
mod conn;
pub mod contact;
pub mod conversation;
mod db;
pub mod error;
pub mod event;
pub mod expiry;
pub mod history;
pub mod job;
pub mod list;
pub mod mail;
mod mark;
pub mod message;
mod migrations;
pub mod notice;
pub mod person;
pub mod private;
mod probe;
mod replay;
pub mod reply;
pub mod saved_view;
mod scope;
pub mod search;
mod search_index;
mod search_people;
pub mod session;
mod slots;
pub mod sweep;
mod table;
pub mod tag;
pub mod undo;
pub mod upload;
mod wake;
mod wanted;
pub mod words;
pub mod workspace;
mod writer;

pub use conn::{Conn, Engine, QUERIES, Row, Val};
pub use db::{Db, OnCommit, Snapshot};
pub use mark::Mark;
pub use migrations::migrations;
pub use scope::{Reach, Scope};
pub use slots::Slots;
pub use wake::{Sight, WakeUp};
pub use writer::{Command, Committed, Tx};

/// Every statement that the store ever sends to this engine. A test prepares them all.
pub fn statements(engine: Engine) -> Vec<String> {
    let fixed = [
        account::STATEMENTS,
        attachment::STATEMENTS,
        audit::STATEMENTS,
        blocked::STATEMENTS,
        channel::STATEMENTS,
        close_reason::STATEMENTS,
        contact::STATEMENTS,
        conversation::STATEMENTS,
        event::STATEMENTS,
        expiry::STATEMENTS,
        history::STATEMENTS,
        workspace::STATEMENTS,
        job::STATEMENTS,
        mail::STATEMENTS,
        message::STATEMENTS,
        notice::STATEMENTS,
        person::STATEMENTS,
        probe::STATEMENTS,
        reply::STATEMENTS,
        saved_view::STATEMENTS,
        search::STATEMENTS,
        search_index::STATEMENTS,
        search_people::STATEMENTS,
        session::STATEMENTS,
        tag::STATEMENTS,
        sweep::STATEMENTS,
        undo::STATEMENTS,
        upload::STATEMENTS,
    ];
    let own = match engine {
        Engine::Sqlite => vec![
            search::SQLITE_STATEMENTS,
            search_index::SQLITE_STATEMENTS,
            search_people::SQLITE_STATEMENTS,
            mail::SQLITE_STATEMENTS,
        ],
        Engine::Postgres => vec![
            search::POSTGRES_STATEMENTS,
            search_index::POSTGRES_STATEMENTS,
            search_people::POSTGRES_STATEMENTS,
            job::POSTGRES_STATEMENTS,
            writer::POSTGRES_STATEMENTS,
            wake::POSTGRES_STATEMENTS,
            mail::POSTGRES_STATEMENTS,
        ],
    };
    let fixed = fixed.into_iter().chain(own).flatten().map(|sql| (*sql).to_owned());
    let found = search::composed_statements(engine).into_iter().map(|(.., sql)| sql);
    let rows = Reach::ALL.into_iter().map(|reach| conversation::some_sql(engine, reach));
    let replayed = replay::statements(engine);
    fixed
        .chain(conversation::composed_statements())
        .chain(found)
        .chain(rows)
        .chain(replayed)
        .chain(blocked::statements())
        .chain(list::statements(engine))
        .chain(search_people::statements(engine))
        .chain([search_index::whereabouts_sql(engine)])
        .chain(notice::statements(engine))
        .collect()
}

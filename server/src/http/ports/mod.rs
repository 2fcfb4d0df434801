//! The ports of one client: what server functions ask becomes reads and commands in the scope of the member. A file for each feature.

mod account;
mod closing;
mod conversation;
mod inbox;
mod mailbox;
mod notices;
mod presence;
mod public;
mod search;
mod settings;
mod tags;
mod views;

use std::sync::Arc;

use app::api::port::Port;
use domain::audit_log::NoteRefusal;
use model::{ApiError, AuditEvent, MemberId};
use store::{
    Command, Scope,
    error::{Error, Result},
};

pub use self::public::PublicClient;
use self::public::allow;
use super::{reads::Room, session::Signed, state::Http};
use crate::auth::Known;

type Answer<T> = Result<T, ApiError>;

/// A member's port.
pub struct MemberPort {
    http: Http,
    signed: Signed,
    known: Known,
}

impl MemberPort {
    /// The port of a signed-in member, with the accounts that their browser is known for.
    pub fn of(http: Http, signed: Signed, known: Known) -> Arc<dyn Port> {
        Arc::new(Self { http, signed, known })
    }

    const fn scope(&self) -> &Scope {
        &self.signed.session.scope
    }

    /// Room for a read that may take long.
    async fn room(&self) -> Answer<Room> {
        let me = self.scope().me().ok_or(ApiError::Unauthenticated)?;
        self.http.reads().room(me.member.id).await
    }

    async fn write<C: Command>(&self, command: C) -> Answer<C::Output> {
        self.http.db.write(&self.signed.session.scope, command).await.map_err(Error::into_api)
    }

    /// Refuses a text that another member wrote, in a tab that was left open when they signed out. For that text nobody is signed in.
    fn wrote(&self, by: Option<MemberId>) -> Answer<()> {
        let me = self.scope().person().for_client()?.member.id;
        if by.is_none_or(|by| by == me) { Ok(()) } else { Err(ApiError::Unauthenticated) }
    }

    /// Logs a refusal other than an invalid form. (Refusals by role are logged for every request elsewhere.)
    async fn note_refusal(&self, what: AuditEvent, asked: &str) {
        let asked = asked.to_owned();
        super::session::note_refusal(&self.http, &self.signed, NoteRefusal { what, asked }).await;
    }
}

/// Converts errors for the client.
trait ForClient<T> {
    fn for_client(self) -> Answer<T>;
}
impl<T> ForClient<T> for Result<T> {
    fn for_client(self) -> Answer<T> {
        self.map_err(Error::into_api)
    }
}

//! The visitor writes, and we are told; a member writes, and the visitor is told (T12). Nothing of it is stored.

use axum::{Json, extract::State, http::StatusCode};
use model::{ApiError, ConversationId};
use serde::Deserialize;
use store::{Sight, conversation, error::Error};

use super::{Chat, Visitor};
use crate::{
    http::{client::Client, error::Refusal, state::Http},
    live::Placed,
};

/// Whether the visitor writes.
#[derive(Deserialize)]
pub struct Typing {
    on: bool,
}

/// `POST …/typing`. Whoever has no conversation yet is nobody to tell of.
pub async fn typing(
    State(http): State<Http>,
    client: Client,
    chat: Chat,
    visitor: Visitor,
    Json(typing): Json<Typing>,
) -> Result<StatusCode, Refusal> {
    let too_much = http.typing_client_rate().hit(client).or_else(|| http.typing_rate().hit(visitor.address.clone()));
    if let Some(seconds) = too_much {
        return Err(ApiError::TooMany { seconds }.into());
    }
    let Some(id) = visitor.conversation(&http, &chat).await? else { return Ok(StatusCode::NO_CONTENT) };
    if !typing.on {
        rests(&http, &chat, id);
        return Ok(StatusCode::NO_CONTENT);
    }
    let mut reader = http.db.reader().await.map_err(Error::from)?;
    let loaded = conversation::load(&mut reader.conn(), &chat.scope, id).await.map_err(Error::from)?;
    drop(reader);
    if let Some(loaded) = loaded {
        let workspace = chat.scope.workspace();
        if http.hub.presence().writes(workspace, Placed::of(&loaded.row)) {
            http.db.tell(workspace, Sight::Outside(id, true));
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The visitor no longer writes, or what they wrote is there.
pub(super) fn rests(http: &Http, chat: &Chat, id: ConversationId) {
    let workspace = chat.scope.workspace();
    if http.hub.presence().rests(workspace, id) {
        http.db.tell(workspace, Sight::Outside(id, false));
    }
}

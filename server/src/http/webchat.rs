//! The web chat for visitors (H5): the widget's page, messages, and stream. A visitor's browser makes a token, which gives access to their
//! data. Only its hash is stored, as their address.

use axum::{
    Json,
    body::Body,
    extract::{FromRequestParts, Path, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
};
use domain::{
    deliver::TheyRead,
    files::{self, Uploader, VISITOR_LIMIT},
    inbound::{InThread, Inbound, Receive},
    inbox::ENTRIES,
};
use futures::TryStreamExt;
use model::{
    ApiError, Attachment, AttachmentId, Channel, Content, ConversationId, DeliveryState, Entry, EventBody, Member,
    Message, MessageId, Sender,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{
    Scope,
    clock::secret_hash,
    contact, conversation,
    error::Error,
    message::{self, Audience},
    workspace,
};

use super::{
    client::Client,
    error::Refusal,
    files::{Named, kilobytes},
    state::Http,
};

mod slots;
mod stream;
mod typing;
pub use slots::StreamSlots;
pub use stream::stream;
pub use typing::typing;

/// The longest text of a visitor, in bytes. It is far more than anybody types (S53).
const VISITOR_TEXT: usize = 16 * 1024;

/// The web chat of a public key.
pub struct Chat {
    scope: Scope,
    channel: Channel,
}

impl Chat {
    /// The scope of what a visitor does: the rights of a person outside, and no others.
    fn visitor(&self) -> Scope {
        Scope::visitor(self.scope.workspace(), self.channel.id)
    }
}

impl FromRequestParts<Http> for Chat {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Refusal> {
        let params =
            axum::extract::RawPathParams::from_request_parts(parts, http).await.map_err(|_| ApiError::NotFound)?;
        let key =
            params.iter().find(|(name, _)| *name == "key").map(|(_, key)| key.to_owned()).ok_or(ApiError::NotFound)?;
        let mut snapshot = http.db.snapshot().await?;
        let conn = &mut snapshot.conn();
        let (workspace, id) = workspace::channel_by_key(conn, &key).await?.ok_or(ApiError::NotFound)?;
        let scope = Scope::system(workspace, "web chat");
        let channel = workspace::channel(conn, &scope, id).await?;
        Ok(Self { scope, channel })
    }
}

/// A visitor, who holds a token.
pub struct Visitor {
    /// The token's hash, which is their address on this kind of channel.
    address: String,
}

impl Visitor {
    /// What is shown while the name is not known.
    fn label(&self) -> String {
        format!("Visitor {}", self.address[..4].to_uppercase())
    }

    /// The uploader name of their files.
    fn uploader(&self) -> String {
        format!("visitor:{}", self.address)
    }

    async fn conversation(&self, http: &Http, chat: &Chat) -> Result<Option<ConversationId>, Error> {
        Ok(self.latest(http, chat).await?.map(|(_, conversation)| conversation))
    }

    /// The newest conversation, and in whose name the visitor may change it.
    async fn latest(&self, http: &Http, chat: &Chat) -> Result<Option<(Scope, ConversationId)>, Error> {
        let mut snapshot = http.db.snapshot().await?;
        let conn = &mut snapshot.conn();
        let address = contact::Address::own(chat.channel.kind, &self.address);
        let Some(identity) = contact::identity(conn, &chat.scope, address).await? else {
            return Ok(None);
        };
        let latest = conversation::latest_of(conn, &chat.scope, identity.id, chat.channel.id).await?;
        Ok(latest.map(|conversation| (chat.visitor().known_as(identity.id), conversation)))
    }
}

impl FromRequestParts<Http> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Http) -> Result<Self, Refusal> {
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.strip_prefix("Bearer "));
        // 32 random bytes are 43 characters. A shorter token could be guessed.
        let token = token.filter(|t| {
            (43..=64).contains(&t.len()) && t.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        });
        Ok(Self { address: secret_hash(token.ok_or(ApiError::Unauthenticated)?) })
    }
}

/// A message as its visitor sees it.
#[derive(Debug, Serialize)]
struct Shown {
    id: MessageId,
    n: i64,
    at: i64,
    from: &'static str,
    author: Option<String>,
    text: String,
    attachments: Vec<ShownFile>,
}

#[derive(Debug, Serialize)]
struct ShownFile {
    id: AttachmentId,
    name: String,
    size: i64,
    r#type: String,
}

impl From<Attachment> for ShownFile {
    fn from(file: Attachment) -> Self {
        Self { id: file.id, name: file.name, size: file.size, r#type: file.media_type }
    }
}

/// The part of a thread that its visitor sees: their messages and those sent to them, never notes or event lines (S22).
fn shown(message: Message, channel: &Channel, members: &[Member]) -> Option<Shown> {
    let (from, author) = match &message.entry {
        Entry::Incoming => ("visitor", None),
        Entry::Outgoing { by, delivery } => {
            if !matches!(delivery.state, DeliveryState::Sent | DeliveryState::Delivered | DeliveryState::Read) {
                return None;
            }
            let author = match by {
                Sender::Member(id) => members.iter().find(|m| m.id == *id).map(|m| m.name.clone()),
                Sender::Agent(_) | Sender::Auto => Some(channel.name.clone()),
            };
            ("team", author)
        }
        Entry::Note { .. } | Entry::Line { .. } => return None,
    };
    let Message { id, n, at, text, attachments, .. } = message;
    Some(Shown {
        id,
        n,
        at: at.0,
        from,
        author,
        text,
        attachments: attachments.into_iter().map(ShownFile::from).collect(),
    })
}

async fn history(
    http: &Http,
    chat: &Chat,
    conversation: ConversationId,
    before: i64,
) -> Result<(Vec<Shown>, bool), Error> {
    let mut snapshot = http.db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let members = workspace::members(conn, &chat.scope).await?;
    let (messages, more) = message::page(conn, &chat.scope, Audience::Them, conversation, before, ENTRIES).await?;
    Ok((messages.into_iter().filter_map(|m| shown(m, &chat.channel, &members)).collect(), more))
}

/// The position before which a page of history ends.
#[derive(Deserialize)]
pub struct Before {
    before: Option<i64>,
}

/// `GET …/messages?before=N`
pub async fn older(
    State(http): State<Http>,
    chat: Chat,
    visitor: Visitor,
    Query(query): Query<Before>,
) -> Result<Json<serde_json::Value>, Refusal> {
    let (messages, more) = match visitor.conversation(&http, &chat).await? {
        Some(conversation) => history(&http, &chat, conversation, query.before.unwrap_or(i64::MAX)).await?,
        None => (Vec::new(), false),
    };
    Ok(Json(json!({ "messages": messages, "more": more })))
}

/// What a visitor sends.
#[derive(Debug, Deserialize)]
pub struct Written {
    id: MessageId,
    #[serde(default)]
    text: String,
    #[serde(default)]
    attachments: Vec<AttachmentId>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
}

/// `POST …/messages`: acknowledged after it is stored. A repeated request gets the same answer (R3, R6).
pub async fn send(
    State(http): State<Http>,
    client: Client,
    chat: Chat,
    visitor: Visitor,
    Json(written): Json<Written>,
) -> Result<Response, Refusal> {
    // One address may stand for an office, so its limit is ten times that of a visitor. It is checked first, because tokens cost nothing
    // and addresses do.
    if let Some(seconds) = http.client_rate().hit(client).or_else(|| http.chat_rate().hit(visitor.address.clone())) {
        return Err(ApiError::TooMany { seconds }.into());
    }
    if written.text.trim().is_empty() && written.attachments.is_empty() {
        return Err(ApiError::invalid("text", "Write something or attach a file.").into());
    }
    if written.text.len() > VISITOR_TEXT {
        return Ok(too_long());
    }
    if written.attachments.len() > 10 {
        return Err(ApiError::invalid("attachments", "A message can have at most 10 files.").into());
    }
    // Counts only text that will be stored, so that a full rate of the longest messages cannot fill the disk (S53).
    if let Some(seconds) = http.text_bytes().take(client, u32::try_from(written.text.len()).unwrap_or(u32::MAX)) {
        return Err(ApiError::TooMany { seconds }.into());
    }
    let inbound = Inbound {
        id: written.id,
        label: visitor.label(),
        uploader: visitor.uploader(),
        address: visitor.address,
        said_by: String::new(),
        name: written.name,
        email: written.email,
        text: written.text,
        attachments: written.attachments,
        provider_id: None,
        thread: InThread::Latest,
        content: Content::Text,
        channel: chat.channel.clone(),
    };
    let stored = http.db.write(&chat.visitor(), Receive(inbound)).await?;
    typing::rests(&http, &chat, stored.conversation);
    Ok(Json(json!({ "message": shown(stored, &chat.channel, &[]) })).into_response())
}

/// It has its own status, by which the widget tells the visitor what to do.
fn too_long() -> Response {
    let message = format!("This is longer than {} kB. Send it in parts, or as a file.", VISITOR_TEXT / 1024);
    (StatusCode::PAYLOAD_TOO_LARGE, Json(json!({ "error": { "code": "invalid", "message": message } }))).into_response()
}

/// How far a visitor has read.
#[derive(Deserialize)]
pub struct Seen {
    n: i64,
}

/// `POST …/seen`
pub async fn seen(
    State(http): State<Http>,
    chat: Chat,
    visitor: Visitor,
    Json(seen): Json<Seen>,
) -> Result<StatusCode, Refusal> {
    if let Some((scope, conversation)) = visitor.latest(&http, &chat).await? {
        http.db.write(&scope, TheyRead { conversation, n: seen.n }).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `POST …/attachments?name=…`: the body is the file.
pub async fn upload(
    State(http): State<Http>,
    client: Client,
    chat: Chat,
    visitor: Visitor,
    Query(named): Query<Named>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Refusal> {
    let from = Uploader { name: visitor.uploader(), stranger_on: Some(chat.channel.id) };
    // Tokens cost nothing, so the limit counts per client address (S53).
    let too_much =
        http.uploads().hit(client).or_else(|| http.upload_kilobytes().take(client, kilobytes(&headers, VISITOR_LIMIT)));
    if let Some(seconds) = too_much.or_else(|| http.chat_rate().hit(from.name.clone())) {
        return Err(ApiError::TooMany { seconds }.into());
    }
    let stream = body.into_data_stream().map_err(std::io::Error::other);
    let kept = files::upload(&http.db, &http.files, &chat.visitor(), from, &named.name, VISITOR_LIMIT, stream).await?;
    Ok((StatusCode::CREATED, Json(ShownFile::from(kept))))
}

/// `GET …/attachments/{id}`: files of the visitor, or sent to them.
pub async fn download(
    State(http): State<Http>,
    chat: Chat,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let id: AttachmentId = id.parse().map_err(|_| ApiError::NotFound)?;
    let mine = visitor.conversation(&http, &chat).await?;
    let mut snapshot = http.db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let file = message::file(conn, &chat.scope, id).await?.ok_or(ApiError::NotFound)?;
    let allowed = match (file.conversation, file.message_n) {
        // A file in a note is as private as the note (S22).
        (Some(conversation), Some(n)) if Some(conversation) == mine => {
            let (page, _) = message::page(conn, &chat.scope, Audience::Them, conversation, n + 1, 1).await?;
            page.iter().any(|message| message.n == n)
        }
        (None, _) => file.uploader == visitor.uploader(),
        _ => false,
    };
    drop(snapshot);
    if !allowed {
        return Err(ApiError::NotFound.into());
    }
    Ok(super::files::send(&http, &file).await?)
}

/// `GET /widget/{key}`: the frame that other sites embed.
pub async fn frame(State(http): State<Http>, chat: Chat) -> Result<Response, Refusal> {
    let mut snapshot = http.db.snapshot().await?;
    let record = workspace::load(&mut snapshot.conn(), &chat.scope).await?;
    // The automatic reply says more, once it is sent.
    let away = "Nobody is here right now. Leave a message and we will reply.";
    let config = json!({
        "key": chat.channel.key, "name": record.workspace.name, "greeting": chat.channel.greeting,
        "online": record.chat_off_since.is_none(), "away": away, "max_upload": VISITOR_LIMIT,
    });
    let site = http.site();
    let html = format!(
        "<!doctype html><html lang=\"en\" dir=\"ltr\"><head><meta charset=\"utf-8\"><title>Chat</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\
         <link rel=\"stylesheet\" href=\"{css}\"><script type=\"module\" src=\"{js}\"></script></head>\
         <body><main id=\"chat\" aria-label=\"Chat\" data-config=\"{config}\"></main>\
         <noscript>Chatting needs JavaScript.</noscript></body></html>",
        css = site.chat_css,
        js = site.chat_js,
        config = escape(&config.to_string()),
    );
    let mut response = Html(html).into_response();
    let head = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&frame_policy(&chat.channel.origins)) {
        head.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // Isolated pages embed only frames that isolate themselves and allow cross-origin use. The frame loads only its own files.
    for (name, value) in
        [("cross-origin-resource-policy", "cross-origin"), ("cross-origin-embedder-policy", "require-corp")]
    {
        head.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(response)
}

/// The policy of the frame: what it may load, and which sites may embed it. Without a list anybody may, and then `frame-ancestors` is left
/// out: `frame-ancestors *` would exclude apps and files, whose schemes are not network schemes. The origins were checked when they were
/// entered.
fn frame_policy(origins: &[String]) -> String {
    let listed =
        if origins.is_empty() { String::new() } else { format!("; frame-ancestors 'self' {}", origins.join(" ")) };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; \
         font-src 'self'; base-uri 'none'; form-action 'none'{listed}"
    )
}

/// `GET /chat/{key}`: our own page to try the chat.
pub async fn page(State(http): State<Http>, chat: Chat) -> Result<Response, Refusal> {
    let mut snapshot = http.db.snapshot().await?;
    let record = workspace::load(&mut snapshot.conn(), &chat.scope).await?;
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Chat with {name}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\"><link rel=\"icon\" href=\"/mark.svg\">\
         <link rel=\"stylesheet\" href=\"{css}\"></head><body><main class=\"chat-page\" aria-label=\"About this page\"><h1>{name}</h1>\
         <p>Write to us in the chat at the corner. This page shows what visitors of your site see.</p></main>\
         <script async src=\"/widget.js\" data-channel=\"{key}\" data-open=\"true\"></script></body></html>",
        name = escape(&record.workspace.name),
        css = http.site().css,
        key = escape(&chat.channel.key),
    );
    let mut response = Html(html).into_response();
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; frame-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    );
    Ok(response)
}

/// Escapes text for HTML, including inside quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// The entries of an event that belong to this visitor's conversation.
fn for_visitor(body: &EventBody, conversation: ConversationId) -> &[Message] {
    match body {
        EventBody::Conversation { row, messages, .. } if row.id == conversation => messages,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::frame_policy;

    #[test]
    fn h5_without_a_list_apps_and_files_may_show_the_chat_and_with_one_only_the_listed() {
        assert!(!frame_policy(&[]).contains("frame-ancestors"), "`*` would shut out file:// and capacitor://");
        let listed = ["https://a.example".to_owned(), "https://b.example:8443".to_owned()];
        assert!(frame_policy(&listed).ends_with("; frame-ancestors 'self' https://a.example https://b.example:8443"));
        assert!(
            frame_policy(&[]).starts_with("default-src 'none'; ")
                && frame_policy(&listed).contains("; form-action 'none';")
        );
    }
}

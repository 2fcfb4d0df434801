//! The HTML of mails in a separate frame, and their source. The frame runs no scripts and loads nothing but pictures with signed links
//! (S1–S4, S23).

use axum::{
    body::Body,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use channels::email::show::{Formatted, NotShown, Remote, Shot, not_shown};
use domain::mail;
use futures::StreamExt;
use model::{ApiError, MailId, MessageId, Permission};
use serde::Deserialize;
use store::{
    error::{Error, Result},
    mail::Mail,
};
use tokio_util::io::ReaderStream;

use super::{error::Refusal, files::disposition, session::Signed, state::Http};

/// The frame's own policy. Both the page around it and this policy put it into a sandbox, so that opening its address directly is safe,
/// too.
const FRAME: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

/// What to display.
#[derive(Deserialize)]
pub struct Wish {
    /// Whether to fetch remote pictures through this server.
    #[serde(default)]
    pictures: bool,
}

/// `GET /api/mail/{message}/view`: the mail's HTML, for members who see its conversation.
pub async fn view(
    State(http): State<Http>,
    signed: Signed,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Refusal> {
    let mail = of_member(&http, &signed, &id).await?;
    let remote = if wish.pictures { Remote::ThroughUs } else { Remote::LeftOut };
    let Formatted { html, remote } = http.email.formatted(&signed.session.scope, &mail, remote).await?;
    let mut response = framed(html);
    response.headers_mut().insert("x-remote-pictures", HeaderValue::from(remote));
    Ok(response)
}

/// Replaces an error by a page for the frame. JSON may not be framed, and a browser would show its own error page there.
pub async fn in_frame(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.status().is_success() {
        return response;
    }
    let why = match response.status() {
        StatusCode::SERVICE_UNAVAILABLE => NotShown::Busy,
        _ => NotShown::Otherwise,
    };
    let mut page = framed(not_shown(why));
    if let Some(after) = response.headers().get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, after.clone());
    }
    *page.status_mut() = response.status();
    page
}

fn framed(html: impl Into<Body>) -> Response {
    let mut response = html.into().into_response();
    let head = response.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    head.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAME));
    head.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // The sender chose the names in the links. Resolving one would tell them that somebody opened the mail.
    head.insert(header::X_DNS_PREFETCH_CONTROL, HeaderValue::from_static("off"));
    response
}

/// `GET /api/mail/{message}/source`: the unchanged mail, for members who see its conversation.
pub async fn source(State(http): State<Http>, signed: Signed, Path(id): Path<String>) -> Result<Response, Refusal> {
    let mail = of_member(&http, &signed, &id).await?;
    Ok(send(&http, &mail).await?)
}

/// `GET /api/quarantine/{mail}/source`: a mail that could not be read, for administrators.
pub async fn quarantined(
    State(http): State<Http>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let scope = &signed.session.scope;
    scope.require(Permission::Administer)?;
    let id: MailId = id.parse().map_err(|_| ApiError::NotFound)?;
    let mail = mail::kept(&http.db, scope, id).await?;
    Ok(send(&http, &mail).await?)
}

/// `GET /mail/picture/{link}`: a picture inside a mail or on another server. The signed link names the picture and its expiry.
pub async fn picture(
    State(http): State<Http>,
    Path(link): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // Frames have no origin of their own. A page elsewhere that has such a link still gets nothing.
    let elsewhere = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site")
        && headers.get("sec-fetch-dest").is_some_and(|dest| dest != "image");
    if elsewhere {
        return Err(ApiError::NotFound.into());
    }
    let Shot { media_type, front, rest } = http.email.picture(&link).await?;
    let body = match rest {
        None => Body::from(front),
        Some(rest) => {
            let front = futures::stream::iter([Ok::<_, std::io::Error>(front)]);
            Body::from_stream(front.chain(ReaderStream::new(rest)))
        }
    };
    let mut response = body.into_response();
    let head = response.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    head.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    // The frame has no origin, so what it displays must allow cross-origin use.
    head.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    Ok(response)
}

async fn of_member(http: &Http, signed: &Signed, id: &str) -> Result<Mail> {
    let id: MessageId = id.parse().map_err(|_| Error::NOT_FOUND)?;
    mail::of_member(&http.db, &signed.session.scope, id).await
}

/// The bytes as plain text, whatever their type.
async fn send(http: &Http, mail: &Mail) -> Result<Response> {
    let bytes = http.files.read(&mail.digest).await?;
    let mut response = Body::from_stream(ReaderStream::new(bytes)).into_response();
    let head = response.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    head.insert(header::CONTENT_LENGTH, HeaderValue::from(mail.size.unsigned_abs()));
    head.insert(header::CONTENT_DISPOSITION, disposition(true, &format!("{}.eml", mail.id)));
    head.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'"),
    );
    Ok(response)
}

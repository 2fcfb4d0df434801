//! Members' files: uploaded with a name, downloaded by id. A file that a browser could execute is never displayed inline (S8, S9).

use axum::{
    Json,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::files::{self, MEMBER_LIMIT, Uploader};
use futures::TryStreamExt;
use model::{ApiError, Attachment, AttachmentId};
use serde::Deserialize;
use store::{error::Result, message::File};
use tokio_util::io::ReaderStream;

use super::{error::Refusal, session::Signed, state::Http};

/// The name of an upload.
#[derive(Deserialize)]
pub struct Named {
    /// The file's name on the person's machine.
    #[serde(default)]
    pub name: String,
}

/// `POST /api/files?name=…`: the body is the file.
pub async fn upload(
    State(http): State<Http>,
    signed: Signed,
    Query(named): Query<Named>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Attachment>, Refusal> {
    let scope = &signed.session.scope;
    scope.require(model::Permission::Converse)?;
    let member = scope.person()?.member.id;
    // A stolen session must not be enough to fill the disk (S53).
    if let Some(seconds) = http.member_kilobytes().take(member, kilobytes(&headers, MEMBER_LIMIT)) {
        return Err(ApiError::TooMany { seconds }.into());
    }
    let uploader = Uploader { name: files::uploader(member), stranger_on: None };
    let stream = body.into_data_stream().map_err(std::io::Error::other);
    let kept = files::upload(&http.db, &http.files, scope, uploader, &named.name, MEMBER_LIMIT, stream).await?;
    Ok(Json(kept))
}

/// What an upload counts before it is read, even if it breaks off: its announced size, or the limit.
pub(super) fn kilobytes(headers: &HeaderMap, most: u64) -> u32 {
    let said =
        headers.get(header::CONTENT_LENGTH).and_then(|said| said.to_str().ok()).and_then(|said| said.parse().ok());
    u32::try_from(said.unwrap_or(most).min(most).div_ceil(1024)).unwrap_or(u32::MAX)
}

/// `GET /api/files/{id}`: for members who see its conversation.
pub async fn download(State(http): State<Http>, signed: Signed, Path(id): Path<String>) -> Result<Response, Refusal> {
    let id: AttachmentId = id.parse().map_err(|_| ApiError::NotFound)?;
    let file = files::of_member(&http.db, &signed.session.scope, id).await?;
    Ok(send(&http, &file).await?)
}

/// The bytes of a file, with headers that stop browsers from executing it.
pub async fn send(http: &Http, file: &File) -> Result<Response> {
    let bytes = http.files.read(&file.digest).await?;
    let mut response = Body::from_stream(ReaderStream::new(bytes)).into_response();
    let head = response.headers_mut();
    let shown = file.attachment.is_image();
    let media_type = HeaderValue::from_str(&file.attachment.media_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    head.insert(header::CONTENT_TYPE, media_type);
    head.insert(header::CONTENT_LENGTH, HeaderValue::from(file.attachment.size.unsigned_abs()));
    head.insert(header::CONTENT_DISPOSITION, disposition(shown, &file.attachment.name));
    head.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'self'"),
    );
    Ok(response)
}

/// RFC 6266: an ASCII name for old clients, and the real one by RFC 8187. The name was made safe at the upload.
pub(super) fn disposition(inline: bool, name: &str) -> HeaderValue {
    let ascii: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || " .-_()".contains(c) { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    let kind = if inline { "inline" } else { "attachment" };
    HeaderValue::from_str(&format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{encoded}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn s9_the_header_stays_whole() {
        let value = disposition(false, "Rés\"umé\r\n<x>.pdf");
        let text = value.to_str().expect("ascii");
        assert_eq!(
            text,
            "attachment; filename=\"R_s_um____x_.pdf\"; filename*=UTF-8''R%C3%A9s%22um%C3%A9%0D%0A%3Cx%3E.pdf"
        );
    }
}

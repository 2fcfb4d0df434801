//! The static files inside the binary: WebAssembly, CSS, fonts, the widget. They are compressed at build time. Files with a hash in the
//! name are cached for ever.

use app::document::{Part, Program};
use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Deserialize;

#[derive(RustEmbed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Embedded;

/// The files of one program in the browser.
#[derive(Debug, Clone, Deserialize)]
pub struct Files {
    js: String,
    wasm: String,
}

/// The names of the files that pages refer to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Site {
    /// The program of the inbox.
    pub inbox: Option<Files>,
    /// The program of the settings.
    pub settings: Option<Files>,
    /// The style sheet.
    pub css: String,
    /// The widget's frame.
    pub chat_js: String,
    /// The style sheet of the widget's frame.
    pub chat_css: String,
    /// The text font.
    pub font: String,
    /// The icons, which are copied into each page.
    #[serde(skip)]
    pub icons: String,
}

impl Site {
    /// Reads the manifest that the build wrote.
    pub fn load() -> Self {
        let Some(manifest) = Embedded::get("manifest.json") else {
            tracing::warn!("this binary contains no site: pages are unstyled. Build it with scripts/site first.");
            return Self::default();
        };
        let mut site: Self = serde_json::from_slice(&manifest.data).unwrap_or_default();
        site.icons =
            Embedded::get("icons.svg").map(|file| String::from_utf8_lossy(&file.data).into_owned()).unwrap_or_default();
        site
    }

    /// The program that hydrates the pages of a part.
    pub fn program(&self, part: Part) -> Option<Program> {
        let files = match part {
            Part::Doors => &None,
            Part::Inbox => &self.inbox,
            Part::Settings => &self.settings,
        };
        files.as_ref().map(|Files { js, wasm }| Program { js: js.clone(), wasm: wasm.clone() })
    }
}

/// `GET /assets/{name}`. The hash in the name changes with the content.
pub async fn hashed(Path(name): Path<String>, headers: HeaderMap) -> Response {
    serve(&format!("assets/{name}"), &headers, "public, max-age=31536000, immutable")
}

/// `GET /widget.js`. Other sites contain its name, so the name never changes, but the content may.
pub async fn widget_loader(headers: HeaderMap) -> Response {
    let mut response = serve("widget.js", &headers, "public, max-age=300");
    // Pages of other origins load it, including isolated ones (COEP) and ones that load it with CORS.
    for (name, value) in [("cross-origin-resource-policy", "cross-origin"), ("access-control-allow-origin", "*")] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// `GET /mark.svg` and the other files in `public/`.
pub async fn public(name: &'static str, headers: HeaderMap) -> Response {
    serve(name, &headers, "public, max-age=86400")
}

fn serve(name: &str, headers: &HeaderMap, cache: &'static str) -> Response {
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let packed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(encoding, _)| accepts.split(',').any(|a| a.trim().split(';').next() == Some(*encoding)))
        .find_map(|(encoding, ending)| Embedded::get(&format!("{name}.{ending}")).map(|file| (file, Some(encoding))));
    let Some((file, encoding)) = packed.or_else(|| Embedded::get(name).map(|file| (file, None))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..12]));
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let mut response = Body::from(bytes_of(file)).into_response();
    let head = response.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    head.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        head.insert(header::ETAG, tag);
    }
    if let Some(encoding) = encoding {
        head.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn bytes_of(file: EmbeddedFile) -> bytes::Bytes {
    match file.data {
        std::borrow::Cow::Borrowed(data) => bytes::Bytes::from_static(data),
        std::borrow::Cow::Owned(data) => data.into(),
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "woff2" => "font/woff2",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}

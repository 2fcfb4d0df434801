//! The static files inside the binary: WebAssembly, CSS, fonts, the widget. They are compressed at build time. Files with a hash in the
//! name are cached for ever.

use std::collections::HashMap;

use app::{
    document::{Part, Program},
    piece::Piece,
};
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

/// What a browser asks for to install the app: address and file.
pub const INSTALLED: [(&str, &str); 5] = [
    ("/manifest.webmanifest", "manifest.webmanifest"),
    ("/icon-192.png", "icon-192.png"),
    ("/icon-512.png", "icon-512.png"),
    ("/icon-maskable-512.png", "icon-maskable-512.png"),
    ("/apple-touch-icon.png", "apple-touch-icon.png"),
];

/// The program, as the browser loads it.
#[derive(Debug, Clone, Deserialize)]
pub struct Files {
    js: String,
    wasm: String,
    /// The files of each piece.
    #[serde(default)]
    pieces: HashMap<String, Vec<String>>,
}

/// The names of the files that pages refer to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Site {
    /// What wakes the pages below the sign-in.
    pub app: Option<Files>,
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

    /// What wakes the page at a path; none where the server alone draws.
    pub fn program(&self, path: &str) -> Option<Program> {
        let Files { js, wasm, pieces } = self.app.as_ref().filter(|_| Part::of(path) == Part::App)?;
        let mut named: Vec<String> = Vec::new();
        for file in Piece::of_path(path).iter().filter_map(|piece| pieces.get(piece.name())).flatten() {
            if !named.contains(file) {
                named.push(file.clone());
            }
        }
        Some(Program { js: js.clone(), wasm: wasm.clone(), pieces: named })
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

/// `GET /sw.js`: asked for at every visit, or a browser would stay with an old one. It loads our own files and nothing else.
pub async fn worker(headers: HeaderMap) -> Response {
    fresh("sw.js", "default-src 'none'; connect-src 'self'", &headers)
}

/// `GET /offline.html`: what the worker shows while we cannot be reached. Nothing in it is anybody's.
pub async fn offline(headers: HeaderMap) -> Response {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; \
                  base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    fresh("offline.html", policy, &headers)
}

/// A file without a hash in its name, which the browser has to ask for anew each time.
fn fresh(name: &str, policy: &'static str, headers: &HeaderMap) -> Response {
    let mut response = serve(name, headers, "no-cache");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
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
        "webmanifest" => "application/manifest+json",
        "html" => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}

//! The HTML document around the app, and which part of the site a path belongs to.

use model::Bootstrap;

/// The two parts of the site: pages that only the server renders, and pages that the WebAssembly program hydrates. A link between the parts
/// reloads the page, so it needs `rel="external"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Sign-in, set-up, invitations, the style guide and unknown paths. Only the server renders them, and they work without scripts.
    Doors,
    /// Everything that needs a signed-in member.
    App,
}

impl Part {
    /// The part that renders a path.
    pub fn of(path: &str) -> Self {
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        match first {
            "inbox" | "settings" => Self::App,
            _ => Self::Doors,
        }
    }
}

/// The id of the element that holds the server's workspace data. With it, neither side has to wait for a request.
const BOOT: &str = "boot";

/// The workspace data in the page. None if it cannot be read.
pub fn workspace_of_page() -> Option<Bootstrap> {
    #[cfg(feature = "ssr")]
    {
        leptos::prelude::use_context()
    }
    #[cfg(not(feature = "ssr"))]
    {
        let text = leptos::prelude::document().get_element_by_id(BOOT)?.text_content()?;
        crate::json::read(&text).ok()
    }
}

/// The workspace data as JSON for the page. In JSON, `<` occurs only in strings, where it could end the element (S5).
#[cfg(feature = "ssr")]
fn in_page(workspace: &Bootstrap) -> String {
    serde_json::to_string(workspace).unwrap_or_default().replace('<', "\\u003c")
}

#[cfg(feature = "ssr")]
pub use shell::{Program, Site, shell};

#[cfg(feature = "ssr")]
mod shell {
    use leptos::{nonce::use_nonce, prelude::*};
    use leptos_meta::MetaTags;

    use super::{BOOT, Part};
    use crate::{
        app::{App, Doors},
        components::frame::{PANELS_SCRIPT, Panels, SIGN_OUT_SCRIPT},
    };
    use model::Bootstrap;

    /// The service worker, which caches the program for the next visit.
    const WORKER_SCRIPT: &str = include_str!("document/worker.js");

    /// The URLs of the program's files.
    #[derive(Debug, Clone, Default)]
    pub struct Program {
        /// The JavaScript loader.
        pub js: String,
        /// The main WebAssembly file.
        pub wasm: String,
        /// The files of the pieces that this page needs to render.
        pub pieces: Vec<String>,
    }

    /// The names of the assets, and what the request says about its browser.
    #[derive(Debug, Clone, Default)]
    pub struct Site {
        /// The program that hydrates the page. None for a page without hydration.
        pub program: Option<Program>,
        /// The style sheet.
        pub css: String,
        /// The text font.
        pub font: String,
        /// The icons.
        pub icons: String,
        /// `light`, `dark` or `auto`.
        pub theme: &'static str,
        /// The layout of the panels.
        pub panels: Panels,
    }

    /// The HTML document. The browser hydrates its body.
    pub fn shell(site: Site, part: Part) -> impl IntoView {
        let nonce = use_nonce();
        let Site { program, css, font, icons, theme, panels } = site;
        let boot = use_context::<Bootstrap>();
        let member = boot.as_ref().map(|boot| boot.me.member.id.to_string());
        let is_signed_in = boot.is_some();
        let boot = boot.map(|boot| {
            view! { <script type="application/json" id=BOOT nonce=nonce.clone() inner_html=super::in_page(&boot)></script> }
        });
        let leaving = is_signed_in.then(|| view! { <script nonce=nonce.clone() inner_html=SIGN_OUT_SCRIPT></script> });
        let program = program.map(|Program { js, wasm, pieces }| {
            let preload = |file: String| {
                view! { <link rel="preload" href=file r#as="fetch" r#type="application/wasm" crossorigin="anonymous" /> }
            };
            let start = format!("import({js:?}).then(app=>app.default({{module_or_path:{wasm:?}}}))");
            view! {
                <script nonce=nonce.clone() inner_html=PANELS_SCRIPT></script>
                <link rel="modulepreload" href=js nonce=nonce.clone() />
                {std::iter::once(wasm).chain(pieces).map(preload).collect_view()}
                <script type="module" nonce=nonce.clone() inner_html=start></script>
                <script nonce=nonce inner_html=WORKER_SCRIPT></script>
            }
        });
        let app = match part {
            Part::Doors => view! { <Doors /> }.into_any(),
            Part::App => view! { <App /> }.into_any(),
        };
        view! {
            <!DOCTYPE html>
            <html lang="en" data-theme=theme data-panels=panels.word() data-member=member style=panels.style()>
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content" />
                    <meta name="color-scheme" content="light dark" />
                    <link rel="icon" href="/mark.svg" type="image/svg+xml" />
                    <link rel="manifest" href="/manifest.webmanifest" />
                    <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                    <meta name="theme-color" content="#f6f6f8" media="(prefers-color-scheme: light)" />
                    <meta name="theme-color" content="#17181c" media="(prefers-color-scheme: dark)" />
                    <link rel="stylesheet" href=css />
                    <link rel="preload" href=font r#as="font" r#type="font/woff2" crossorigin="anonymous" />
                    {boot}
                    {leaving}
                    {program}
                    <MetaTags />
                </head>
                <body>{app} <div hidden inner_html=icons></div></body>
            </html>
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Part;

    #[test]
    fn every_path_has_its_part() {
        assert_eq!(Part::of("/inbox/018f"), Part::App);
        assert_eq!(Part::of("/settings"), Part::App);
        for door in ["/", "/sign-in", "/inboxes", "/nowhere", ""] {
            assert_eq!(Part::of(door), Part::Doors, "{door:?}");
        }
    }
}

//! Where the program is cut. Each function below leads into another file of WebAssembly; those that name the same piece share a file.
#![allow(unsafe_code, reason = "the macro declares each cut as an import and an export of WebAssembly")]

use leptos::{
    prelude::{AnyView, RwSignal, Signal},
    wasm_split::{SplitLoaderError, wasm_split},
};

use crate::{
    components::{
        begin,
        composer::{self, GivenBack},
        details,
    },
    pages::settings::{self, SettingsPart},
};
use model::ConversationId;

/// The settings: the frame around their pages, or one of the pages.
#[wasm_split(settings, wasm_split_path = ::leptos::wasm_split, preload(load_settings), fallible)]
pub fn settings_part(part: SettingsPart) -> Result<AnyView, SplitLoaderError> {
    Ok(settings::draw(part))
}

/// What stands in the details panel.
#[wasm_split(details, wasm_split_path = ::leptos::wasm_split, preload(load_details), fallible)]
pub fn details_part(id: ConversationId) -> Result<AnyView, SplitLoaderError> {
    Ok(details::draw(id))
}

/// What a reply is written in.
#[wasm_split(writing, wasm_split_path = ::leptos::wasm_split, preload(load_writing), fallible)]
pub fn composer_part(
    id: ConversationId,
    them: Signal<String>,
    back: RwSignal<Option<GivenBack>>,
) -> Result<AnyView, SplitLoaderError> {
    Ok(composer::draw(id, them, back))
}

/// The form of a new e-mail.
#[wasm_split(writing, wasm_split_path = ::leptos::wasm_split, fallible)]
pub fn begin_part() -> Result<AnyView, SplitLoaderError> {
    Ok(begin::draw())
}

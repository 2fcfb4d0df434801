//! Where the program is cut. Each function below leads into another file of WebAssembly. One function for each piece: the macro gives every
//! function a loader of its own, and one that has not loaded yet answers a moment later, although its file is there.
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

/// What is written in.
#[wasm_split(writing, wasm_split_path = ::leptos::wasm_split, preload(load_writing), fallible)]
pub fn writing_part(part: WritingPart) -> Result<AnyView, SplitLoaderError> {
    Ok(match part {
        WritingPart::Composer { id, them, back } => composer::draw(id, them, back),
        WritingPart::NewMail => begin::draw(),
    })
}

/// What the piece `writing` draws.
#[derive(Clone, Copy)]
pub enum WritingPart {
    /// The composer of a conversation.
    Composer {
        /// Where it writes.
        id: ConversationId,
        /// Who it writes to, in short.
        them: Signal<String>,
        /// What comes back to be written again.
        back: RwSignal<Option<GivenBack>>,
    },
    /// The form of a new e-mail.
    NewMail,
}

//! Defines where the program is split. Each function below leads into another WebAssembly file. There is one function per piece, because
//! the macro gives every function its own loader. A second function would be ready a moment late although the file is already loaded.
#![allow(unsafe_code, reason = "the macro declares each cut as an import and an export of WebAssembly")]

use leptos::{
    prelude::{AnyView, RwSignal, Signal},
    wasm_split::{SplitLoaderError, wasm_split},
};

use crate::{
    components::{
        acting::{self, ActingPart},
        begin,
        composer::{self, GivenBack},
        details,
        finding::{self, AroundList},
        search,
    },
    pages::settings::{self, SettingsPart},
};
use model::ConversationId;

/// The settings: the frame around the pages, or one of the pages.
#[wasm_split(settings, wasm_split_path = ::leptos::wasm_split, preload(load_settings), fallible)]
pub fn settings_part(part: SettingsPart) -> Result<AnyView, SplitLoaderError> {
    Ok(settings::draw(part))
}

/// The settings page of the channels, with their forms: as much as all other pages together.
#[wasm_split(channels, wasm_split_path = ::leptos::wasm_split, preload(load_channels), fallible)]
pub fn channels_part() -> Result<AnyView, SplitLoaderError> {
    Ok(settings::draw_channels())
}

/// The content of the details panel.
#[wasm_split(details, wasm_split_path = ::leptos::wasm_split, preload(load_details), fallible)]
pub fn details_part(id: ConversationId) -> Result<AnyView, SplitLoaderError> {
    Ok(details::draw(id))
}

/// The composer or the form of a new e-mail.
#[wasm_split(writing, wasm_split_path = ::leptos::wasm_split, preload(load_writing), fallible)]
pub fn writing_part(part: WritingPart) -> Result<AnyView, SplitLoaderError> {
    Ok(match part {
        WritingPart::Composer { id, them, back } => composer::draw(id, them, back),
        WritingPart::NewMail => begin::draw(),
    })
}

/// What the piece `writing` renders.
#[derive(Clone, Copy)]
pub enum WritingPart {
    /// The composer of a conversation.
    Composer {
        /// The conversation to write in.
        id: ConversationId,
        /// A short name of the contact.
        them: Signal<String>,
        /// Text that was taken back, to be edited again.
        back: RwSignal<Option<GivenBack>>,
    },
    /// The form of a new e-mail.
    NewMail,
}

/// Search, the filters, or a dialog of saved views.
#[wasm_split(finding, wasm_split_path = ::leptos::wasm_split, preload(load_finding), fallible)]
pub fn finding_part(part: FindingPart) -> Result<AnyView, SplitLoaderError> {
    Ok(match part {
        FindingPart::Search => search::draw(),
        FindingPart::Around(part) => finding::draw(part),
    })
}

/// What the piece `finding` renders.
#[derive(Clone, Copy)]
pub enum FindingPart {
    /// What belongs to the search field: results, completions and recent searches.
    Search,
    /// Something around the list.
    Around(AroundList),
}

/// What acts on conversations.
#[wasm_split(acting, wasm_split_path = ::leptos::wasm_split, preload(load_acting), fallible)]
pub fn acting_part(part: ActingPart) -> Result<AnyView, SplitLoaderError> {
    Ok(acting::draw(part))
}

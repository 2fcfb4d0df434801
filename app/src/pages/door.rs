//! What set-up, sign-in and invitation share: the card and its fields. All of it works without scripts.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;

use super::form::described;
use crate::{
    api::Refused,
    components::ui::{FieldFrame, Mark},
};
use model::ApiError;

/// The page around the card.
#[component]
pub(crate) fn AuthCard(
    /// What is to be done.
    #[prop(into)]
    title: String,
    /// One sentence more.
    #[prop(into)]
    lead: String,
    /// What helps whoever cannot go on.
    #[prop(into)]
    foot: ViewFn,
    /// The form.
    children: Children,
) -> impl IntoView {
    view! {
        <main class="auth" id="main">
            <div class="auth-card">
                <p class="auth-brand">
                    <Mark />
                    "Tandem"
                </p>
                <h1>{title}</h1>
                <p class="auth-lead">{lead}</p>
                {children()}
            </div>
            <p class="auth-foot">{foot.run()}</p>
        </main>
    }
    .into_any()
}

/// A line of text that must be filled in.
#[component]
pub(crate) fn AuthField(
    /// An id that is unique in the page.
    id: &'static str,
    /// What it asks for.
    label: &'static str,
    /// The name under which the form sends it.
    #[prop(into)]
    name: String,
    /// The input's type: "text", "email".
    #[prop(default = "text")]
    kind: &'static str,
    /// What stands in it at first.
    value: String,
    /// What the browser may fill in.
    autocomplete: &'static str,
    /// Has the focus when the page opens.
    #[prop(optional)]
    autofocus: bool,
    /// What helps to fill it in.
    #[prop(default = None)]
    hint: Option<String>,
    /// What is wrong, and how to make it right.
    error: Signal<Option<String>>,
) -> impl IntoView {
    let describedby = described(id, hint.is_some());
    view! {
        <FieldFrame id=id label=label hint=hint error=error>
            <input
                class="input"
                id=id
                name=name
                type=kind
                value=value
                autocomplete=autocomplete
                autocapitalize=(kind == "email").then_some("none")
                spellcheck=(kind == "email").then_some("false")
                dir="auto"
                autofocus=autofocus
                required
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=describedby
            />
        </FieldFrame>
    }
}

/// Why a form was refused before its page was led back to.
pub(super) fn refusal<S>(action: ServerAction<S>, before: Option<ApiError>) -> Signal<Option<ApiError>>
where
    S: ServerFn<Output = (), Error = Refused> + Clone + Send + Sync + 'static,
{
    // It names the form and is not shown: the other forms were not refused.
    let led_back = use_query_map().with_untracked(|query| query.get("__path").is_some_and(|path| path == S::PATH));
    let before = before.filter(|_| led_back);
    // Before the first answer an action holds what the address says of an error, and that is anybody's to write (S6).
    let answered = move || action.version().get() > 0;
    let refused = move || answered().then(|| action.value().get().and_then(Result::err).map(ApiError::from)).flatten();
    Signal::derive(move || refused().or_else(|| before.clone()))
}

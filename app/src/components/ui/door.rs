//! Shared parts of set-up, sign-in and invitation: the card and its fields. All of them work without scripts.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;

use super::{FieldFrame, Mark, form::described};
use crate::api::Refused;
use model::ApiError;

/// The page around the card.
#[component]
pub fn AuthCard(
    /// The heading: what the visitor should do.
    #[prop(into)]
    title: String,
    /// One more sentence below the heading.
    #[prop(into)]
    lead: String,
    /// Help for visitors who cannot continue.
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

/// A required single-line text input.
#[component]
pub fn AuthField(
    /// An id that is unique in the page.
    id: &'static str,
    /// The label.
    label: &'static str,
    /// The name under which the form sends the value.
    #[prop(into)]
    name: String,
    /// The input's type: "text", "email".
    #[prop(default = "text")]
    kind: &'static str,
    /// The initial value.
    value: String,
    /// The `autocomplete` attribute.
    autocomplete: &'static str,
    /// Whether the input has the focus when the page opens.
    #[prop(optional)]
    autofocus: bool,
    /// A hint below the input.
    #[prop(default = None)]
    hint: Option<String>,
    /// What is wrong, and how to correct it.
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

/// What became of a form that works without scripts.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// Whether it is being sent, or its redirect follows.
    pub busy: Signal<bool>,
    /// Why it was refused.
    pub error: Signal<Option<ApiError>>,
}

impl Sent {
    /// Watches the action of a form. `before` is why it was refused before the redirect back to its page.
    pub fn of<S>(action: ServerAction<S>, before: Option<ApiError>) -> Self
    where
        S: ServerFn<Output = (), Error = Refused> + Clone + Send + Sync + 'static,
    {
        // `__path` names the form that was refused. It is compared but not shown, so that the other forms on the page show no refusal.
        let led_back = use_query_map().with_untracked(|query| query.get("__path").is_some_and(|path| path == S::PATH));
        let before = before.filter(|_| led_back);
        // Before its first answer, an action holds an error from the URL, which anybody can write (S6).
        let answered = move || action.version().get() > 0;
        let refused =
            move || answered().then(|| action.value().get().and_then(Result::err).map(ApiError::from)).flatten();
        Self {
            // Still busy after the answer, because the redirect follows.
            busy: Signal::derive(move || action.pending().get() || matches!(action.value().get(), Some(Ok(())))),
            error: Signal::derive(move || refused().or_else(|| before.clone())),
        }
    }
}

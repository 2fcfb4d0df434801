//! Shared parts of the settings pages: heads, refusals, failures and saving.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;

use crate::{
    api::Refused,
    components::ui::{Banner, BannerPlace, Button, EmptyState, Glyph, Icon, Shape, Skeleton, Tone},
    state::use_workspace,
};
use model::{ApiError, Permission};

/// The head of a page.
#[component]
pub(super) fn PageHead(
    /// The title.
    title: &'static str,
    /// The purpose of the page.
    lead: &'static str,
    /// An optional button.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <Title text=format!("{title} · Tandem") />
        <header class="page-head">
            <div>
                <h1>{title}</h1>
                <p>{lead}</p>
            </div>
            {children.map(|children| children())}
        </header>
    }
}

/// Shows its content only to owners and admins. Other members see a notice.
#[component]
pub(super) fn AdminOnly(
    /// The content.
    children: ChildrenFn,
) -> impl IntoView {
    let workspace = use_workspace();
    let admin = Memo::new(move |_| workspace.boot.with(|boot| boot.me.may(Permission::Administer)));
    move || match admin.get() {
        true => children().into_any(),
        false => view! {
            <section class="card">
                <EmptyState
                    icon=Icon::Lock
                    title="Only owners and admins can change this."
                    text="Ask one of them if something needs to change."
                />
            </section>
        }
        .into_any(),
    }
}

/// A failed read: the error, and a button that retries.
#[component]
pub(super) fn LoadFailed(
    /// The error.
    error: ApiError,
    /// Called to retry.
    #[prop(into)]
    retry: Callback<()>,
) -> impl IntoView {
    let signed_out = error == ApiError::Unauthenticated;
    let next = match signed_out {
        true => view! { <a class="btn btn-plain btn-small" href="/sign-in" rel="external">"Sign in"</a> }.into_any(),
        false => view! { <Button small=true on_press=retry>"Try again"</Button> }.into_any(),
    };
    view! {
        <Banner icon=Icon::CircleAlert title="This could not be loaded." text=error.to_string() tone=Tone::Bad place=BannerPlace::Card>
            {next}
        </Banner>
    }
    .into_any()
}

/// A placeholder for a card with some lines.
#[component]
pub(super) fn CardSkeleton(
    /// The number of lines.
    #[prop(default = 3)]
    lines: usize,
) -> impl IntoView {
    let lines = (0..lines).map(|_| view! { <div class="option"><Skeleton shape=Shape::Block /></div> }).collect_view();
    view! {
        <section class="card card-skeleton" aria-busy="true">
            <span class="sr" role="status">"Loading"</span>
            {lines}
        </section>
    }
}

/// Shows next to a control why an action failed. The element always exists, so that screen readers announce its changes.
#[component]
pub(super) fn InlineError(
    /// Why the action failed.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let shown = move || {
        error.get().map(|error| {
            view! {
                <p class="field-error">
                    <Glyph icon=Icon::CircleAlert />
                    <span>{error}</span>
                </p>
            }
        })
    };
    view! { <div class="inline-error" role="alert">{shown}</div> }
}

/// The state of a form that is saved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Saving {
    /// Whether a command is being sent.
    pub busy: RwSignal<bool>,
    /// Why the last command was refused.
    pub error: RwSignal<Option<ApiError>>,
}

impl Saving {
    /// Creates the state of a form that has not been sent.
    pub fn new() -> Self {
        Self { busy: RwSignal::new(false), error: RwSignal::new(None) }
    }

    /// Sends a command, unless another one is being sent. `done` may run after the page was closed.
    pub fn run<T: 'static>(
        self,
        command: impl Future<Output = Result<T, Refused>> + 'static,
        done: impl FnOnce(T) + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.error.set(None);
        spawn_local(async move {
            match command.await {
                Ok(answer) => done(answer),
                Err(Refused(error)) => drop(self.error.try_set(Some(error))),
            }
            self.busy.try_set(false);
        });
    }
}

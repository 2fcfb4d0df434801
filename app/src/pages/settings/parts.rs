//! What the settings pages share: heads, refusals, failures, saving.

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
    /// Its name.
    title: &'static str,
    /// What it is for.
    lead: &'static str,
    /// One button.
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

/// What only owners and admins see; others are told so.
#[component]
pub(super) fn AdminOnly(
    /// The page.
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
                    text="Ask one of them; nothing here concerns your own conversations."
                />
            </section>
        }
        .into_any(),
    }
}

/// Something could not be read: what happened, and one thing to do.
#[component]
pub(super) fn LoadFailed(
    /// Why.
    error: ApiError,
    /// Tries again.
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

/// The shape of a card with some lines.
#[component]
pub(super) fn CardSkeleton(
    /// How many lines.
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

/// Says beside a control why it could not be done. The place is always there, so that it is read aloud.
#[component]
pub(super) fn InlineError(
    /// Why.
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

/// A form that is being saved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Saving {
    /// On its way.
    pub busy: RwSignal<bool>,
    /// Why it was refused.
    pub error: RwSignal<Option<ApiError>>,
}

impl Saving {
    /// Nothing sent yet.
    pub fn new() -> Self {
        Self { busy: RwSignal::new(false), error: RwSignal::new(None) }
    }

    /// Sends a command; not while one is on its way. `done` may run when the page is gone.
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

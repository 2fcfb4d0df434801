//! Shared parts of the settings pages: heads, refusals, and what is read when a page opens.

use leptos::prelude::*;
use leptos_meta::Title;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    api::Refused,
    components::ui::{Banner, BannerPlace, Button, CardSkeleton, EmptyState, Icon, Tone},
    json::Fetched,
    state::{use_notices, use_workspace},
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
    let notices = use_notices();
    view! {
        <Title text=move || notices.title(title) />
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

/// What a page reads when it opens: a placeholder of `lines` lines, then the content, or why it could not be read.
pub(super) fn loaded<T>(
    read: Fetched<Result<T, Refused>>,
    lines: usize,
    show: impl Fn(T) -> AnyView + Copy + Send + Sync + 'static,
) -> impl IntoView
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    let shown = move || {
        Suspend::new(async move {
            match read.await {
                Ok(content) => show(content),
                Err(error) => view! { <LoadFailed error=error.into() retry=move || read.refetch() /> }.into_any(),
            }
        })
    };
    view! { <Transition fallback=move || view! { <CardSkeleton lines /> }>{shown}</Transition> }
}

//! Placeholders for content that is loading, at the content's real height.

use leptos::prelude::*;

/// The shape of a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// A line of text.
    #[default]
    Line,
    /// An avatar.
    Round,
    /// A pill.
    Pill,
    /// A bubble or a card.
    Block,
}

/// The width of a line or block.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Width {
    #[default]
    Full,
    W20,
    W30,
    W40,
    W50,
    W60,
    W70,
    W80,
    W90,
}

/// A grey placeholder. It appears after 150 ms, so that quick loads do not flicker.
#[component]
pub fn Skeleton(
    /// The shape.
    #[prop(optional)]
    shape: Shape,
    /// The width.
    #[prop(optional)]
    width: Width,
) -> impl IntoView {
    let shape = match shape {
        Shape::Line => "skeleton-line",
        Shape::Round => "skeleton-round",
        Shape::Pill => "skeleton-pill",
        Shape::Block => "skeleton-block",
    };
    let width = match width {
        Width::Full => "",
        Width::W20 => " w-20",
        Width::W30 => " w-30",
        Width::W40 => " w-40",
        Width::W50 => " w-50",
        Width::W60 => " w-60",
        Width::W70 => " w-70",
        Width::W80 => " w-80",
        Width::W90 => " w-90",
    };
    view! { <span class=format!("skeleton {shape}{width}") aria-hidden="true"></span> }
}

/// A placeholder for a card with some lines.
#[component]
pub fn CardSkeleton(
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

//! Tabs made of links, and a group of choice buttons with the same look.

use leptos::prelude::*;

/// One tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// The label.
    pub label: String,
    /// The address of the link.
    pub href: String,
    /// The count beside the label.
    pub count: Option<u32>,
    /// Whether this tab is the current page.
    pub current: bool,
}

/// A count short enough to stand beside a label: "293", "3.9k", "10k".
fn compact(count: u32) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..10_000 => format!("{}.{}k", count / 1_000, count % 1_000 / 100),
        10_000.. => format!("{}k", count / 1_000),
    }
}

/// A row of links, each with its count.
#[component]
pub fn Tabs(
    /// The accessible name of the row.
    #[prop(into)]
    label: String,
    /// The tabs.
    #[prop(into)]
    tabs: Signal<Vec<Tab>>,
) -> impl IntoView {
    let items = move || {
        tabs.get()
            .into_iter()
            .map(|tab| {
                view! {
                    <a class="tab" href=tab.href aria-current=tab.current.then_some("page")>
                        {tab.label}
                        {tab.count.map(|count| view! { <span class="tab-count">{compact(count)}</span> })}
                    </a>
                }
            })
            .collect_view()
    };
    view! { <nav class="tabs" aria-label=label>{items}</nav> }
}

/// A group of buttons of which one is chosen.
#[component]
pub fn Segmented(
    /// The accessible name of the group.
    #[prop(into)]
    label: String,
    /// The labels.
    options: Vec<String>,
    /// The index of the chosen label.
    #[prop(into)]
    chosen: Signal<usize>,
    /// Called with the index of the pressed label.
    #[prop(into)]
    on_choose: Callback<(usize,)>,
) -> impl IntoView {
    let buttons = options
        .into_iter()
        .enumerate()
        .map(|(index, word)| {
            view! {
                <button
                    type="button"
                    aria-pressed=move || if chosen.get() == index { "true" } else { "false" }
                    on:click=move |_| on_choose.run((index,))
                >
                    {word}
                </button>
            }
        })
        .collect_view();
    view! { <div class="seg" role="group" aria-label=label>{buttons}</div> }
}

#[cfg(test)]
mod tests {
    use super::compact;

    #[test]
    fn large_counts_leave_room_for_the_words() {
        assert_eq!(compact(0), "0");
        assert_eq!(compact(999), "999");
        assert_eq!(compact(3_984), "3.9k");
        assert_eq!(compact(10_000), "10k");
        assert_eq!(compact(123_456), "123k");
    }
}

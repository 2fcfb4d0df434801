//! A card with a table.

use leptos::prelude::*;

use super::InlineError;

/// A table in a card. A narrow window scrolls it sideways.
#[component]
pub fn TableCard(
    /// The heading. Without one the page's title says what the table is.
    #[prop(optional)]
    title: Option<&'static str>,
    /// A sentence below the heading.
    #[prop(optional)]
    about: &'static str,
    /// Whether the heading also names the card as a region.
    #[prop(optional)]
    is_region: bool,
    /// What tells this region from others with the same heading.
    #[prop(optional, into)]
    of: String,
    /// The headings of the columns, as HTML.
    columns: &'static [&'static str],
    /// Whether one more column has buttons. Only screen readers hear its heading.
    #[prop(optional)]
    actions: bool,
    /// Why an action on the whole table failed.
    #[prop(optional, into)]
    error: Option<Signal<Option<String>>>,
    /// The rows.
    children: Children,
) -> impl IntoView {
    let region = title.filter(|_| is_region).map(|title| match of.is_empty() {
        true => title.to_owned(),
        false => format!("{title}: {of}"),
    });
    let head = title.map(|title| {
        view! {
            <div class="card-head">
                <div>
                    <h2>{title}</h2>
                    <p>{about}</p>
                </div>
            </div>
        }
    });
    // Plain text, because the headings never change.
    let actions = actions.then_some(r#"<span class="sr">Actions</span>"#);
    let cells = columns.iter().copied().chain(actions).map(|column| format!(r#"<th scope="col">{column}</th>"#));
    let columns: String = cells.collect();
    view! {
        <section class="card" aria-label=region>
            {head}
            <div class="table-frame">
                <table class="table">
                    <thead>
                        <tr inner_html=columns></tr>
                    </thead>
                    <tbody>{children()}</tbody>
                </table>
            </div>
            {error.map(|error| view! { <InlineError error /> })}
        </section>
    }
    .into_any()
}

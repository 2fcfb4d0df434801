//! A count.

use leptos::prelude::*;

/// The count as text, at most "99+".
pub fn short_count(count: u32) -> String {
    if count > 99 { "99+".to_owned() } else { count.to_string() }
}

/// A count on the accent colour.
#[component]
pub fn Badge(
    /// The count.
    count: u32,
    /// The counted thing, read aloud after the number: "unread".
    #[prop(into)]
    what: String,
    /// Grey, for a count that needs no action.
    #[prop(optional)]
    quiet: bool,
    /// More CSS classes, such as `row-count`.
    #[prop(optional, into)]
    class: String,
) -> impl IntoView {
    let class = format!("badge {class}").trim_end().to_owned();
    view! {
        <span class=class role="img" data-quiet=quiet.then_some("") aria-label=format!("{count} {what}")>
            {short_count(count)}
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::short_count;

    #[test]
    fn large_counts_stay_short() {
        assert_eq!(short_count(7), "7");
        assert_eq!(short_count(99), "99");
        assert_eq!(short_count(10_000), "99+");
    }
}

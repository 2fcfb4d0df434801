//! The line above the rows: what the view contains, or how many conversations match.

use leptos::prelude::*;

use super::what_to_do;
use crate::{
    components::{
        row::{list_href, row_href},
        words::in_words,
    },
    state::{ListState, use_list, use_zone},
};
use model::{Count, Day, Listing, Sort};

/// The URL of a listing that keeps the open conversation beside it.
pub fn here(list: ListState, listing: &Listing) -> String {
    list.selected.get().map_or_else(|| list_href(listing), |id| row_href(listing, id))
}

/// One line: what the view contains, or how many conversations match the filter, and how far the list was searched.
#[component]
pub fn WhatIsHere() -> impl IntoView {
    let (list, zone) = (use_list(), use_zone());
    let text = move || {
        let listing = list.listing.get();
        let sorted = (listing.sort != Sort::Last).then(|| format!(" · {}", listing.sort.label()));
        let sorted = sorted.unwrap_or_default();
        if !listing.narrows() {
            return format!("{}{sorted}", what_to_do(listing.filter.view));
        }
        let number = match list.fitting.get() {
            None => String::new(),
            Some(Count::Exact(1)) => "1 conversation".to_owned(),
            Some(Count::Exact(n)) => format!("{n} conversations"),
            Some(Count::AtLeast(n)) => format!("{n} conversations or more"),
        };
        let back = list
            .searched
            .get()
            .map(|cursor| format!(" · searched back to {}", in_words(Day::of_local(zone.local(cursor.at.0)))));
        format!("{number}{sorted}{}", back.unwrap_or_default())
    };
    view! {
        <p class="list-what" role="status">
            {text}
        </p>
    }
}

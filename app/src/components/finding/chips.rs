//! The conditions of the filter in words.

use crate::components::words::{in_words, status_label};
use model::{Assignee, Bootstrap, Handling, Listing, Period, TagId};

/// The conditions of a listing beyond its view: each with its label, and the listing without it.
pub fn condition_chips(boot: &Bootstrap, listing: &Listing) -> Vec<(String, Listing)> {
    let mut chips = Vec::new();
    let mut chip = |label: String, without: &dyn Fn(&mut Listing)| {
        let mut rest = listing.clone();
        without(&mut rest);
        chips.push((label, rest));
    };
    let filter = &listing.filter;
    let tag = |id: TagId| {
        let known = boot.tags.iter().find(|one| one.id == id);
        known.map_or_else(|| "deleted tag".to_owned(), |tag| tag.name.clone())
    };
    for &id in &filter.tags.any {
        chip(format!("Tag: {}", tag(id)), &move |l| l.filter.tags.any.retain(|one| *one != id));
    }
    for &id in &filter.tags.all {
        chip(format!("All of: {}", tag(id)), &move |l| l.filter.tags.all.retain(|one| *one != id));
    }
    for &id in &filter.tags.none {
        chip(format!("Not: {}", tag(id)), &move |l| l.filter.tags.none.retain(|one| *one != id));
    }
    match filter.handling {
        Some(Handling::Ai) => chip("AI-handled".to_owned(), &|l| l.filter.handling = None),
        Some(Handling::Manual) => chip("Manual".to_owned(), &|l| l.filter.handling = None),
        None => {}
    }
    if let Some(period) = listing.period {
        let label = match period {
            Period::Today => "Today".to_owned(),
            Period::Week => "Last 7 days".to_owned(),
            Period::Month => "Last 30 days".to_owned(),
            Period::Days(first, last) if first == last => in_words(first),
            Period::Days(first, last) => format!("{} – {}", in_words(first), in_words(last)),
        };
        chip(label, &|l| l.period = None);
    }
    for &status in &filter.statuses {
        chip(status_label(status).to_owned(), &move |l| l.filter.statuses.retain(|one| *one != status));
    }
    if filter.unread {
        chip("Unread".to_owned(), &|l| l.filter.unread = false);
    }
    if filter.waiting {
        chip("Awaiting reply".to_owned(), &|l| l.filter.waiting = false);
    }
    let assignee = filter.assignee.map(|whose| match whose {
        Assignee::Me => "Assigned to me".to_owned(),
        Assignee::Nobody => "Assigned to nobody".to_owned(),
        Assignee::Member(id) => {
            let known = boot.members.iter().find(|member| member.id == id);
            format!("Assigned to {}", known.map_or("a deleted member", |member| &member.name))
        }
    });
    if let Some(label) = assignee {
        chip(label, &|l| l.filter.assignee = None);
    }
    if let Some(id) = filter.team {
        let known = boot.teams.iter().find(|team| team.id == id);
        chip(format!("Team: {}", known.map_or("deleted team", |team| &team.name)), &|l| l.filter.team = None);
    }
    for &id in &filter.channels {
        let known = boot.channels.iter().find(|channel| channel.id == id);
        let label = known.map_or_else(|| "Deleted channel".to_owned(), |channel| channel.name.clone());
        chip(label, &move |l| l.filter.channels.retain(|one| *one != id));
    }
    for &kind in &filter.kinds {
        chip(kind.label().to_owned(), &move |l| l.filter.kinds.retain(|one| *one != kind));
    }
    chips
}

//! Tags on cards, and which tags to show (D3, L2). Choosing tags is in `details/`, which loads later.

use leptos::prelude::*;

use super::ui::Pill;
use crate::state::WorkspaceState;
use model::{Tag, TagId, Tags};

/// How many tags a card names. The others are counted.
const ON_CARD: usize = 3;

/// The tag that a number stands for now: after a merge it is the other tag, also where the old one is not replaced yet.
pub fn current(all: &[Tag], id: TagId) -> Option<&Tag> {
    let find = |id| all.iter().find(|tag| tag.id == id);
    let tag = find(id)?;
    Some(tag.merged_into.and_then(find).unwrap_or(tag))
}

/// The tags to show, each once.
pub fn shown(all: &[Tag], tags: Tags) -> Vec<&Tag> {
    let mut shown: Vec<&Tag> = Vec::new();
    for tag in tags.iter().filter_map(|id| current(all, id)) {
        if !shown.iter().any(|known| known.id == tag.id) {
            shown.push(tag);
        }
    }
    shown
}

/// A tag's colour and name.
pub fn tag_chip(tag: &Tag) -> AnyView {
    view! { <Pill text=tag.name.clone() title=tag.name.clone() dot=tag.color.as_str() /> }.into_any()
}

/// The tags of a card: the first three, and how many more there are.
pub fn card_tags(tags: Tags, workspace: WorkspaceState) -> AnyView {
    if tags.is_empty() {
        return ().into_any();
    }
    let chips = move || {
        workspace.boot.with(|boot| {
            let shown = shown(&boot.tags, tags);
            let (named, counted) = shown.split_at(shown.len().min(ON_CARD));
            let more = (!counted.is_empty()).then(|| {
                let names = counted.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>().join(", ");
                view! { <Pill text=format!("+{}", counted.len()) more=true title=names /> }
            });
            view! { {named.iter().map(|tag| tag_chip(tag)).collect_view()} {more} }
        })
    };
    chips.into_any()
}

/// Puts tags in the order of their names.
pub fn by_name(mut tags: Vec<&Tag>) -> Vec<&Tag> {
    tags.sort_by_cached_key(|tag| Tag::key(&tag.name));
    tags
}

/// Shows a saved tag at once, before the live event arrives. Tags are in the order of their numbers, as everywhere.
pub fn put(workspace: WorkspaceState, tag: Tag) {
    workspace.boot.try_update(|boot| match boot.tags.binary_search_by_key(&tag.id, |known| known.id) {
        Ok(at) => boot.tags[at] = tag,
        Err(at) => boot.tags.insert(at, tag),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::TagColor;

    #[test]
    fn d3_a_merged_tag_is_shown_as_the_other_one_and_once() {
        let tag = |number, merged_into: Option<u32>| Tag {
            id: TagId::new(number),
            name: number.to_string(),
            color: TagColor::Grey,
            archived: merged_into.is_some(),
            merged_into: merged_into.map(TagId::new),
        };
        let all = [tag(1, Some(3)), tag(2, None), tag(3, None)];
        let names = |numbers: &[u32]| {
            let tags = numbers.iter().map(|number| TagId::new(*number)).collect();
            shown(&all, tags).into_iter().map(|tag| tag.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&[1, 2, 3]), ["3", "2"]);
        assert_eq!(names(&[1]), ["3"]);
        // A tag that this browser does not know yet.
        assert_eq!(names(&[2, 9]), ["2"]);
        assert!(names(&[]).is_empty());
    }
}

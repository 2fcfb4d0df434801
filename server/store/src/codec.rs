//! How enums with values are written in TEXT columns.

use model::{MemberId, Pen, PreviewBy, Sender};

use crate::{error::StoreError, history::FactActor};

fn corrupt(what: &str, text: &str) -> StoreError {
    StoreError::Corrupt(format!("{what}: {text:?}"))
}

/// Parses a word or an id from a column that must hold one.
pub(super) fn read<T: TryFrom<String>>(what: &str, text: String) -> Result<T, StoreError> {
    let shown = text.clone();
    T::try_from(text).map_err(|_| corrupt(what, &shown))
}

/// Parses a word or an id from a nullable column.
pub(super) fn read_opt<T: TryFrom<String>>(what: &str, text: Option<String>) -> Result<Option<T>, StoreError> {
    text.map(|text| read(what, text)).transpose()
}

pub(super) fn pen_text(pen: Pen) -> String {
    match pen {
        Pen::Nobody => "nobody".to_owned(),
        Pen::Member(id) => format!("member:{id}"),
        Pen::Agent(id) => format!("agent:{id}"),
    }
}

pub(super) fn pen(text: &str) -> Result<Pen, StoreError> {
    let bad = || corrupt("pen", text);
    match text.split_once(':') {
        None if text == "nobody" => Ok(Pen::Nobody),
        Some(("member", id)) => id.parse().map(Pen::Member).map_err(|_| bad()),
        Some(("agent", id)) => id.parse().map(Pen::Agent).map_err(|_| bad()),
        _ => Err(bad()),
    }
}

pub(super) fn sender_text(sender: Sender) -> String {
    match sender {
        Sender::Auto => "auto".to_owned(),
        Sender::Member(id) => format!("member:{id}"),
        Sender::Agent(id) => format!("agent:{id}"),
    }
}

pub(super) fn sender(text: &str) -> Result<Sender, StoreError> {
    let bad = || corrupt("sender", text);
    match text.split_once(':') {
        None if text == "auto" => Ok(Sender::Auto),
        Some(("member", id)) => id.parse().map(Sender::Member).map_err(|_| bad()),
        Some(("agent", id)) => id.parse().map(Sender::Agent).map_err(|_| bad()),
        _ => Err(bad()),
    }
}

pub(super) fn fact_actor_text(actor: FactActor) -> String {
    match actor {
        FactActor::Us(sender) => sender_text(sender),
        FactActor::Visitor => "visitor".to_owned(),
        FactActor::System => "system".to_owned(),
    }
}

pub(super) fn fact_actor(text: &str) -> Result<FactActor, StoreError> {
    match text {
        "visitor" => Ok(FactActor::Visitor),
        "system" => Ok(FactActor::System),
        _ => sender(text).map(FactActor::Us),
    }
}

/// Places of a thread.
pub(super) fn places_text(places: &[i64]) -> String {
    places.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

pub(super) fn places(text: &str) -> Result<Vec<i64>, StoreError> {
    let place = |one: &str| one.parse().map_err(|_| corrupt("places", text));
    text.split(',').filter(|one| !one.is_empty()).map(place).collect()
}

pub(super) fn preview_by_text(by: PreviewBy) -> String {
    match by {
        PreviewBy::Them => "them".to_owned(),
        PreviewBy::Us(who) => format!("us:{}", sender_text(who)),
        PreviewBy::Note(id) => format!("note:{id}"),
    }
}

pub(super) fn preview_by(text: &str) -> Result<PreviewBy, StoreError> {
    match text.split_once(':') {
        None if text == "them" => Ok(PreviewBy::Them),
        Some(("us", who)) => sender(who).map(PreviewBy::Us),
        Some(("note", id)) => id.parse::<MemberId>().map(PreviewBy::Note).map_err(|_| corrupt("preview", text)),
        _ => Err(corrupt("preview", text)),
    }
}

//! Mentions in notes (T7).

use std::collections::{BTreeMap, BTreeSet};

use model::{ApiError, MOST_MENTIONS, Member, MemberId, Mention, Mentioned, Placement, Visibility};
use store::{Scope, Tx, error::Result, session, workspace};

/// What a note mentions, once it was checked.
pub(super) struct Checked {
    /// Whom, with their present names.
    pub mentions: Vec<Mention>,
    /// Who is told of it: those who are mentioned and those in the teams that are, except the author and who may not see the conversation.
    pub told: BTreeSet<MemberId>,
}

/// Checks whom a note mentions.
///
/// # Errors
/// [`ApiError::Invalid`] if they are too many, or one of them does not exist or left.
pub(super) async fn checked(
    tx: &mut Tx<'_>,
    scope: &Scope,
    author: MemberId,
    place: &Placement,
    of: &[Mentioned],
) -> Result<Checked> {
    let refuse = |message: &str| Err(ApiError::invalid("mentions", message).into());
    if of.len() > MOST_MENTIONS {
        return refuse(&format!("Mention at most {MOST_MENTIONS} people and teams in one note."));
    }
    let (mut mentions, mut told) = (Vec::new(), BTreeSet::new());
    if of.is_empty() {
        return Ok(Checked { mentions, told });
    }
    let members = workspace::members(tx.conn(), scope).await?;
    let teams: BTreeMap<_, _> =
        workspace::teams(tx.conn(), scope).await?.into_iter().map(|team| (team.id, team.name)).collect();
    // One that is named twice is one.
    for &who in &of.iter().copied().collect::<BTreeSet<_>>() {
        let name = match who {
            Mentioned::Member(id) => members.iter().find(|m| m.id == id && !m.disabled).map(|m| {
                told.insert(id);
                m.name.clone()
            }),
            Mentioned::Team(id) => teams.get(&id).map(|name| {
                told.extend(members.iter().filter(|m| m.teams.contains(&id) && !m.disabled).map(|m| m.id));
                name.clone()
            }),
        };
        let Some(name) = name else {
            return refuse("Somebody whom this note mentions is no longer here. Remove the mention.");
        };
        mentions.push(Mention { who, name });
    }
    told.remove(&author);
    // Whoever may not look there is not told that there is something.
    let system = scope.consequence("a mention");
    let is_narrow = |m: &&Member| told.contains(&m.id) && m.visibility != Visibility::All;
    let narrow: Vec<MemberId> = members.iter().filter(is_narrow).map(|m| m.id).collect();
    for member in narrow {
        let sees = session::of_member(tx.conn(), &system, member).await?.is_some_and(|theirs| theirs.sees(place));
        if !sees {
            told.remove(&member);
        }
    }
    Ok(Checked { mentions, told })
}

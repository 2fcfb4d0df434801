//! The words on screen for people, channels, times and files.

use crate::{components::ui::Icon, components::ui::exact, state::WorkspaceState};
use leptos::prelude::*;
use model::{Act, ChannelKind, CloseReason, Day, Line, MemberId, Sender, Status, TagId, TeamId, upper};

/// The name of a member. The signed-in member is "You".
pub fn member_name(workspace: WorkspaceState, id: MemberId) -> String {
    workspace.boot.with(|boot| {
        if boot.me.member.id == id {
            return "You".to_owned();
        }
        boot.members.iter().find(|m| m.id == id).map_or_else(|| "Former member".to_owned(), |m| m.name.clone())
    })
}

/// The name of a member inside a sentence. The signed-in member is "you".
pub fn member_in_sentence(workspace: WorkspaceState, id: MemberId) -> String {
    let name = member_name(workspace, id);
    if name == "You" { "you".to_owned() } else { name }
}

/// The name of a team.
pub fn team_name(workspace: WorkspaceState, id: TeamId) -> String {
    let name = workspace.boot.with(|boot| boot.teams.iter().find(|one| one.id == id).map(|one| one.name.clone()));
    name.unwrap_or_else(|| "a former team".to_owned())
}

/// The name of the sender of an outgoing message.
pub fn sender_name(workspace: WorkspaceState, sender: Sender) -> String {
    match sender {
        Sender::Member(id) => member_name(workspace, id),
        Sender::Agent(_) => "AI agent".to_owned(),
        Sender::Auto => "Automatic reply".to_owned(),
    }
}

/// The icon of a channel kind.
pub const fn channel_icon(kind: ChannelKind) -> Icon {
    match kind {
        ChannelKind::Email => Icon::Mail,
        ChannelKind::Whatsapp => Icon::MessageCircle,
        ChannelKind::Sms => Icon::Smartphone,
        ChannelKind::Linkedin => Icon::BriefcaseBusiness,
        ChannelKind::WebChat => Icon::MessagesSquare,
        ChannelKind::Letter => Icon::Mailbox,
        ChannelKind::Api => Icon::Plug,
    }
}

/// The channel kind's name in the style sheets.
pub const fn channel_attr(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Email => "email",
        ChannelKind::Whatsapp => "whatsapp",
        ChannelKind::Sms => "sms",
        ChannelKind::Linkedin => "linkedin",
        ChannelKind::WebChat => "webchat",
        ChannelKind::Letter => "letter",
        ChannelKind::Api => "api",
    }
}

/// The label of a status on screen.
pub const fn status_label(status: Status) -> &'static str {
    match status {
        Status::Open => "Open",
        Status::Pending => "Pending",
        Status::Closed => "Closed",
    }
}

/// The text of an event line.
pub fn line_text(workspace: WorkspaceState, line: Line) -> String {
    match line {
        Line::Assigned { by, to: None } => format!("{} unassigned it", member_name(workspace, by)),
        Line::Assigned { by, to: Some(to) } if by == to => format!("{} took it", member_name(workspace, by)),
        Line::Assigned { by, to: Some(to) } => {
            format!("{} assigned it to {}", member_name(workspace, by), member_in_sentence(workspace, to))
        }
        Line::Closed { by, reason, blocked } => {
            let and = if blocked { ". Their next messages stay closed" } else { "" };
            format!("{} closed it: {}{and}", member_name(workspace, by), reason_name(workspace, reason))
        }
        Line::Status { by, to: Status::Open } => format!("{} reopened it", member_name(workspace, by)),
        Line::Status { by, to } => {
            format!("{} set it to {}", member_name(workspace, by), status_label(to).to_ascii_lowercase())
        }
        Line::FromBlocked => "Closed: they are blocked".to_owned(),
        Line::Unblocked { by } => format!("{} unblocked them", member_name(workspace, by)),
        Line::ReopenedByThem => "Reopened: they wrote again".to_owned(),
        Line::Tagged { by, tag } => {
            format!("{} added the tag {}", member_name(workspace, by), tag_name(workspace, tag))
        }
        Line::Untagged { by, tag } => {
            format!("{} removed the tag {}", member_name(workspace, by), tag_name(workspace, tag))
        }
        Line::WokeUp => "Back from snooze".to_owned(),
        Line::Acted { by, act: Act::Snooze(until), undone: false } => {
            format!("{} snoozed it until {}", member_name(workspace, by), exact(workspace.zone.local(until.0)))
        }
        Line::Acted { by, act: Act::Team(to), undone: false } => {
            let who = member_name(workspace, by);
            match to {
                Some(team) => format!("{who} gave it to {}", team_name(workspace, team)),
                None => format!("{who} took it from its team"),
            }
        }
        Line::Acted { by, act, undone } => {
            let what = match act {
                Act::Assign(_) => "the assignment",
                Act::Team(_) => "the choice of a team",
                Act::Close(_) => "closing it",
                Act::Reopen => "reopening it",
                Act::Pending => "setting it to pending",
                Act::Snooze(_) => "snoozing it",
                Act::AddTag(tag) => &format!("adding the tag {}", tag_name(workspace, tag)),
                Act::RemoveTag(tag) => &format!("removing the tag {}", tag_name(workspace, tag)),
                // Only the member knows of it, so no entry says so.
                Act::Read | Act::Unread => "reading it",
            };
            format!("{} {} {what}", member_name(workspace, by), if undone { "undid" } else { "is" })
        }
        Line::AutoReply => "Their automatic reply".to_owned(),
        Line::Bounce => "A mail server reported a problem".to_owned(),
        Line::Stranger { .. } => {
            "Somebody outside this conversation replied. Their reply is in a separate conversation.".to_owned()
        }
    }
}

/// A day in words: "30 Nov 2026".
pub fn in_words(day: Day) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, month, day) = day.civil();
    let month = usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or_default();
    format!("{day} {month} {year}")
}

/// The name of a tag in quotes.
fn reason_name(workspace: WorkspaceState, reason: CloseReason) -> String {
    let name = workspace.boot.with(|boot| boot.reasons.iter().find(|one| one.id == reason).map(|one| one.name.clone()));
    name.unwrap_or_else(|| reason.to_string())
}

fn tag_name(workspace: WorkspaceState, tag: TagId) -> String {
    let name = workspace.boot.with(|boot| boot.tags.iter().find(|one| one.id == tag).map(|one| one.name.clone()));
    name.map_or_else(|| "that no longer exists".to_owned(), |name| format!("“{name}”"))
}

/// A duration: "38 s", "12 min", "1 h 52", "3 d".
pub fn duration(ms: i64) -> String {
    let s = ms.max(0) / 1000;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min", s / 60),
        3600..86_400 => format!("{} h {:02}", s / 3600, s % 3600 / 60),
        _ => format!("{} d", s / 86_400),
    }
}

/// A file's size: "64 KB", "1.2 MB".
pub fn size(bytes: i64) -> String {
    match bytes {
        ..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KB", bytes / 1024),
        1_048_576..1_073_741_824 => format!("{}.{} MB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
        _ => format!("{}.{} GB", bytes / 1_073_741_824, bytes % 1_073_741_824 * 10 / 1_073_741_824),
    }
}

/// The word on a file's icon, and the file kind's name in the style sheets.
pub fn file_kind(media_type: &str, name: &str) -> (String, &'static str) {
    let ending = name.rsplit_once('.').map_or("", |(_, end)| end);
    let word = upper(&ending.chars().take(4).collect::<String>());
    let kind = match media_type {
        "application/pdf" => "pdf",
        t if t.starts_with("image/") => "image",
        t if t.starts_with("audio/") => "audio",
        t if t.starts_with("video/") => "video",
        _ => match ending {
            "doc" | "docx" | "odt" => "doc",
            "xls" | "xlsx" | "ods" | "csv" => "sheet",
            _ => "other",
        },
    };
    (if word.is_empty() { "FILE".to_owned() } else { word }, kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_read_well() {
        assert_eq!(duration(38_000), "38 s");
        assert_eq!(duration(6_720_000), "1 h 52");
        assert_eq!(size(1_258_291), "1.1 MB");
        assert_eq!(size(65_536), "64 KB");
        assert_eq!(size(3_650_722_201), "3.3 GB");
        assert_eq!(file_kind("application/octet-stream", "Prices.xlsx"), ("XLSX".to_owned(), "sheet"));
    }
}

//! The audit log: sign-ins, refusals, and changes that affect other people.

use serde::{Deserialize, Serialize};

use super::{MemberId, Timestamp, text_enum::text_enum};

text_enum! {
    /// What a member did, or tried to do.
    pub enum AuditEvent {
        /// The workspace was set up.
        WorkspaceCreated = "workspace.created",
        /// The workspace's settings were edited.
        WorkspaceEdited = "workspace.edited",
        /// A member was added from the command line.
        MemberAdded = "member.added",
        /// An invitation was made.
        MemberInvited = "member.invited",
        /// An invitation was revoked.
        InviteRevoked = "invite.revoked",
        /// Somebody became a member by an invitation.
        MemberJoined = "member.joined",
        /// A member's role or visibility was changed, or they were disabled or enabled.
        MemberChanged = "member.changed",
        /// A team was made.
        TeamAdded = "team.added",
        /// A member was added to a team or removed from it.
        TeamMember = "team.member",
        /// A team's channels were set.
        TeamChannels = "team.channels",
        /// A tag was added.
        TagAdded = "tag.added",
        /// A tag was renamed, recoloured, archived, or taken into use again.
        TagEdited = "tag.edited",
        /// A tag was merged into another one.
        TagMerged = "tag.merged",
        /// A reason for closing was added.
        ReasonAdded = "reason.added",
        /// A reason for closing was renamed, archived, taken into use again, or blocks senders or no longer does.
        ReasonEdited = "reason.edited",
        /// A sender was blocked.
        SenderBlocked = "sender.blocked",
        /// A sender is no longer blocked.
        SenderUnblocked = "sender.unblocked",
        /// A channel's settings were edited.
        ChannelEdited = "channel.edited",
        /// A mailbox was connected, or its connection was changed.
        ChannelConnected = "channel.connected",
        /// Receiving was paused or resumed.
        ChannelPaused = "channel.paused",
        /// A backfill was requested.
        ChannelBackfilled = "channel.backfilled",
        /// A job that was given up was retried.
        JobRevived = "job.revived",
        /// Somebody signed in.
        SignedIn = "session.began",
        /// A wrong password at the sign-in.
        SignInRefused = "session.refused",
        /// A session was ended by its member.
        SessionEnded = "session.ended",
        /// A member changed their password.
        PasswordChanged = "password.changed",
        /// A wrong password where a member changes theirs.
        PasswordRefused = "password.refused",
        /// A password was set from the command line.
        PasswordReset = "password.reset",
        /// A member requested something that their role does not allow, or that nobody may do.
        Refused = "refused",
    }
}

impl AuditEvent {
    /// The text in the interface.
    pub const fn label(self) -> &'static str {
        match self {
            Self::WorkspaceCreated => "Set up the workspace",
            Self::WorkspaceEdited => "Edited the workspace",
            Self::MemberAdded => "Added a member",
            Self::MemberInvited => "Created an invitation",
            Self::InviteRevoked => "Revoked an invitation",
            Self::MemberJoined => "Joined",
            Self::MemberChanged => "Changed a member",
            Self::TeamAdded => "Created a team",
            Self::TeamMember => "Changed who is in a team",
            Self::TeamChannels => "Chose a team's channels",
            Self::TagAdded => "Added a tag",
            Self::TagEdited => "Edited a tag",
            Self::TagMerged => "Merged a tag into another one",
            Self::ReasonAdded => "Added a reason for closing",
            Self::ReasonEdited => "Edited a reason for closing",
            Self::SenderBlocked => "Blocked a sender",
            Self::SenderUnblocked => "Unblocked a sender",
            Self::ChannelEdited => "Edited a channel",
            Self::ChannelConnected => "Connected a mailbox",
            Self::ChannelPaused => "Paused or resumed a channel",
            Self::ChannelBackfilled => "Started to import older e-mails",
            Self::JobRevived => "Retried a job",
            Self::SignedIn => "Signed in",
            Self::SignInRefused => "Sign-in refused: wrong password",
            Self::SessionEnded => "Ended a session",
            Self::PasswordChanged => "Changed their password",
            Self::PasswordRefused => "Password change refused: wrong password",
            Self::PasswordReset => "Password set from the command line",
            Self::Refused => "Refused",
        }
    }
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// Its number. Numbers start at 1 and have no gaps.
    pub n: i64,
    /// When it was added.
    pub at: Timestamp,
    /// The member who acted. None for the command line. For a refused sign-in, the member whose account it was.
    pub who: Option<MemberId>,
    /// What they did.
    pub what: AuditEvent,
    /// The network address of the request. Empty for the command line.
    pub address: String,
    /// Details, in words.
    pub detail: String,
}

/// A page of the audit log, newest entry first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The entries.
    pub lines: Vec<AuditLine>,
    /// Whether there are older entries.
    pub more: bool,
}

//! The audit log: what is noted of who came in, who was refused, and who changed what others depend on.

use serde::{Deserialize, Serialize};

use super::{MemberId, Timestamp, text_enum::text_enum};

text_enum! {
    /// What was done, or tried.
    pub enum AuditEvent {
        /// The workspace was set up.
        WorkspaceCreated = "workspace.created",
        /// Its settings were edited.
        WorkspaceEdited = "workspace.edited",
        /// A member was added from the command line.
        MemberAdded = "member.added",
        /// An invitation was made.
        MemberInvited = "member.invited",
        /// An invitation was revoked.
        InviteRevoked = "invite.revoked",
        /// Somebody became a member by an invitation.
        MemberJoined = "member.joined",
        /// A member's role, visibility or admission was changed.
        MemberChanged = "member.changed",
        /// A team was made.
        TeamAdded = "team.added",
        /// A member was put into a team or taken out of it.
        TeamMember = "team.member",
        /// A team's channels were chosen.
        TeamChannels = "team.channels",
        /// A channel's settings were edited.
        ChannelEdited = "channel.edited",
        /// A mailbox was connected, or how it is reached was changed.
        ChannelConnected = "channel.connected",
        /// Receiving was stopped or begun again.
        ChannelPaused = "channel.paused",
        /// Older mails were asked for.
        ChannelBackfilled = "channel.backfilled",
        /// A job that was given up was tried again.
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
        /// A member asked for what their role does not allow, or for what nobody may do.
        Refused = "refused",
    }
}

impl AuditEvent {
    /// As it is written on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::WorkspaceCreated => "Set the workspace up",
            Self::WorkspaceEdited => "Edited the workspace",
            Self::MemberAdded => "Added a member",
            Self::MemberInvited => "Made an invitation",
            Self::InviteRevoked => "Revoked an invitation",
            Self::MemberJoined => "Joined",
            Self::MemberChanged => "Changed a member",
            Self::TeamAdded => "Made a team",
            Self::TeamMember => "Changed who is in a team",
            Self::TeamChannels => "Chose a team's channels",
            Self::ChannelEdited => "Edited a channel",
            Self::ChannelConnected => "Connected a mailbox",
            Self::ChannelPaused => "Paused or resumed a channel",
            Self::ChannelBackfilled => "Asked for older mails",
            Self::JobRevived => "Tried a job again",
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

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// Its number; they are counted from 1 without a gap.
    pub n: i64,
    /// When.
    pub at: Timestamp,
    /// Who; none for the command line. At a refused sign-in, whose account it was.
    pub who: Option<MemberId>,
    /// What.
    pub what: AuditEvent,
    /// From which network address; empty for the command line.
    pub address: String,
    /// More about it, in words.
    pub detail: String,
}

/// A page of the audit log, the newest line first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The lines.
    pub lines: Vec<AuditLine>,
    /// Whether there are older ones.
    pub more: bool,
}

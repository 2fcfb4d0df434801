//! Which role may do what (architecture, Rights; N10), and which conversations a member sees.

use serde::{Deserialize, Serialize};

use super::{ChannelId, MemberId, Placement, TeamId, text_enum::text_enum};

text_enum! {
    /// A member's role in the workspace.
    pub enum Role {
        /// May do everything, including transfer and deletion of the workspace.
        Owner = "owner",
        /// May do everything else.
        Admin = "admin",
        /// Answers conversations.
        Agent = "agent",
        /// Only reads.
        Viewer = "viewer",
    }
}

text_enum! {
    /// Which conversations an agent or viewer sees. Owners and admins see all.
    pub enum Visibility {
        /// Every conversation of the workspace.
        All = "all",
        /// Those of the member's teams and their channels, including unassigned ones, and those assigned to the member.
        Teams = "teams",
        /// Those assigned to the member.
        Mine = "mine",
    }
}

text_enum! {
    /// Something that a role may or may not do.
    pub enum Permission {
        /// See conversations and contacts, within visibility.
        Read = "read",
        /// Reply, note, assign, close, tag, snooze, edit contacts, within visibility.
        Converse = "converse",
        /// Merge, split, move, delete messages, export a contact.
        Restructure = "restructure",
        /// Run and edit campaigns, broadcasts, workflows and forms.
        Outreach = "outreach",
        /// Edit and publish knowledge and AI agents, stop them all.
        Teach = "teach",
        /// Channels, members, roles, goals, settings, tokens, audit, full export, erasure.
        Administer = "administer",
        /// Ownership and deletion of the workspace.
        Own = "own",
    }
}

impl Visibility {
    /// The text in the interface.
    pub const fn label(self) -> &'static str {
        match self {
            Self::All => "All conversations",
            Self::Teams => "Their teams’",
            Self::Mine => "Only their own",
        }
    }
}

/// What a caller needs for an operation or a command. Each declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing, not even a session.
    Nothing,
    /// A session.
    SignedIn,
    /// A permission.
    May(Permission),
    /// To be a person outside, or the adapter that receives their messages.
    Outside,
    /// To be the server itself.
    System,
}

impl Role {
    /// The text in the interface.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Agent => "Agent",
            Self::Viewer => "Viewer",
        }
    }

    /// Whether this role has a permission. `granted` are extra permissions that an admin gave to an agent.
    pub fn may(self, permission: Permission, granted: &[Permission]) -> bool {
        match (self, permission) {
            (Self::Owner, _) => true,
            (Self::Admin, Permission::Own) => false,
            (Self::Admin, _) => true,
            (Self::Agent, Permission::Read | Permission::Converse) => true,
            (Self::Agent, Permission::Restructure | Permission::Outreach) => granted.contains(&permission),
            (Self::Viewer, Permission::Read) => true,
            (Self::Agent | Self::Viewer, _) => false,
        }
    }

    /// Whether a member with this role may give somebody the role `other`. Nobody can grant more than they have (S26).
    pub fn may_grant(self, other: Self) -> bool {
        self.may(Permission::Administer, &[]) && (other != Self::Owner || self == Self::Owner)
    }
}

/// A member's access: enough to decide about any conversation without a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The member.
    pub member: MemberId,
    /// Which conversations they see.
    pub visibility: Visibility,
    /// The teams of the member.
    pub teams: Vec<TeamId>,
    /// The channels of those teams.
    pub channels: Vec<ChannelId>,
}

impl Access {
    /// Whether the member may begin a conversation on a channel. A member who sees by team may use the channels of their teams.
    pub fn may_begin(&self, channel: ChannelId) -> bool {
        self.visibility != Visibility::Teams || self.channels.contains(&channel)
    }

    /// Whether a conversation with this placement is visible. The store's queries say the same in SQL; a property test compares the two.
    pub fn sees(&self, of: &Placement) -> bool {
        match self.visibility {
            Visibility::All => true,
            Visibility::Mine => of.assignee == Some(self.member),
            Visibility::Teams => {
                of.assignee == Some(self.member)
                    || of.team.is_some_and(|team| self.teams.contains(&team))
                    || self.channels.contains(&of.channel)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Permission, Role};

    #[test]
    fn n10_the_rights_table() {
        use Permission as P;
        let table = [
            (Role::Owner, vec![P::Read, P::Converse, P::Restructure, P::Outreach, P::Teach, P::Administer, P::Own]),
            (Role::Admin, vec![P::Read, P::Converse, P::Restructure, P::Outreach, P::Teach, P::Administer]),
            (Role::Agent, vec![P::Read, P::Converse]),
            (Role::Viewer, vec![P::Read]),
        ];
        for (role, expected) in table {
            let got: Vec<_> = P::ALL.iter().copied().filter(|p| role.may(*p, &[])).collect();
            assert_eq!(got, expected, "{role:?}");
        }
        assert!(Role::Agent.may(P::Outreach, &[P::Outreach]));
        assert!(!Role::Agent.may(P::Administer, &[P::Administer]), "a grant never makes an admin");
        assert!(!Role::Viewer.may(P::Converse, &[P::Converse]));
    }
}

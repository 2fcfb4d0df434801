//! The company of the sample: Marlund, which makes bicycle bags in Lübeck and repairs them for life. No real company has this name.

use model::{
    AccountState, Channel, ChannelId, ChannelKind, EmailSettings, Host, Member, MemberId, Role, Security, TagColor,
    Team, TeamId, Timestamp, Visibility,
};

use super::ids::Ids;

/// A member of the company.
pub(super) struct SampleMember {
    /// Their full name. Conversations use its first word.
    pub(super) name: &'static str,
    /// The local part of their address.
    local: &'static str,
    role: Role,
    /// Their team. Empty for none.
    team: &'static str,
}

impl SampleMember {
    /// Their first name.
    pub(super) fn first(&self) -> &'static str {
        self.name.split(' ').next().unwrap_or(self.name)
    }
}

const fn member(name: &'static str, local: &'static str, role: Role, team: &'static str) -> SampleMember {
    SampleMember { name, local, role, team }
}

/// The members beside the person who looks at the sample. None of them can sign in, and their bubbles are grey: a green bubble of a member
/// who does not exist would promise real visitors an answer.
pub(super) const MEMBERS: &[SampleMember] = &[
    member("Hanna Lindqvist", "hanna", Role::Admin, "Orders and repairs"),
    member("Tomasz Nowak", "tomasz", Role::Agent, "Orders and repairs"),
    member("Omar Haddad", "omar", Role::Agent, "Orders and repairs"),
    member("Inès Carvalho", "ines", Role::Agent, "Shops"),
    member("Yuki Tanabe", "yuki", Role::Agent, "Shops"),
    member("Grete Voss", "grete", Role::Viewer, ""),
];

/// The teams, with their channels by the words of [`CHANNELS`].
pub(super) const TEAMS: &[(&str, &[&str])] = &[("Orders and repairs", &["website", "mail"]), ("Shops", &["mail"])];

/// A channel of the sample. It receives nothing and sends nothing.
#[derive(Debug)]
pub(super) struct SampleChannel {
    /// Its name in the conversations' files.
    pub(super) word: &'static str,
    /// Its kind.
    pub(super) kind: ChannelKind,
    /// Its name in the interface.
    name: &'static str,
    /// Its own address. Empty if its kind has none.
    pub(super) address: &'static str,
    /// How long a reply can be cancelled, in milliseconds.
    undo_ms: i64,
    /// The automatic reply while chat is off.
    pub(super) auto_reply: &'static str,
}

/// All channels. A new kind needs a line here, and conversations that use its word.
pub(super) const CHANNELS: &[SampleChannel] = &[
    SampleChannel {
        word: "website",
        kind: ChannelKind::WebChat,
        name: "marlund.example (sample)",
        address: "",
        undo_ms: 0,
        auto_reply: "Thank you for writing. Nobody is in the workshop right now; we answer first thing in the morning.",
    },
    SampleChannel {
        word: "mail",
        kind: ChannelKind::Email,
        name: "hello@marlund.example (sample)",
        address: "hello@marlund.example",
        undo_ms: 10_000,
        auto_reply: "",
    },
];

/// The mailbox's name in sent mails.
pub(super) const MAILBOX_NAME: &str = "Marlund";
/// The signature under every mail.
pub(super) const SIGNATURE: &str = "Marlund, bags for bicycles\nWallstraße 12, Lübeck · marlund.example";

/// The tags.
pub(super) const TAGS: [(&str, TagColor); 8] = [
    ("order", TagColor::Blue),
    ("question", TagColor::Teal),
    ("repair", TagColor::Amber),
    ("invoice", TagColor::Green),
    ("wholesale", TagColor::Violet),
    ("press", TagColor::Pink),
    ("complaint", TagColor::Red),
    ("spam", TagColor::Grey),
];

/// The stored form of members, teams and channels.
#[derive(Debug, Clone)]
pub(super) struct Company {
    /// In the order of [`MEMBERS`].
    pub(super) members: Vec<Member>,
    /// In the order of [`TEAMS`].
    pub(super) teams: Vec<Team>,
    /// In the order of [`CHANNELS`], with the settings of their accounts.
    pub(super) channels: Vec<(Channel, String)>,
}

impl Company {
    /// `tag` keeps members' addresses apart if a database has several workspaces. Empty for the first.
    pub(super) fn new(ids: Ids, now: Timestamp, tag: &str) -> Self {
        let channels: Vec<(Channel, String)> =
            CHANNELS.iter().map(|sample| (channel(ids, now, sample), settings(sample))).collect();
        let channel_ids = |words: &[&str]| {
            let pairs = CHANNELS.iter().zip(&channels).filter(|(sample, _)| words.contains(&sample.word));
            pairs.map(|(_, (channel, _))| channel.id).collect()
        };
        let teams: Vec<Team> = TEAMS
            .iter()
            .map(|(name, words)| Team {
                id: TeamId::new(ids.id(now, &["team", name])),
                name: (*name).to_owned(),
                channels: channel_ids(words),
            })
            .collect();
        let members = MEMBERS
            .iter()
            .map(|sample| Member {
                id: MemberId::new(ids.id(now, &["member", sample.name])),
                name: sample.name.to_owned(),
                email: format!("{}{tag}@marlund.example", sample.local),
                role: sample.role,
                visibility: Visibility::All,
                chat_on: false,
                disabled: false,
                teams: teams.iter().filter(|team| team.name == sample.team).map(|team| team.id).collect(),
            })
            .collect();
        Self { members, teams, channels }
    }
}

fn channel(ids: Ids, now: Timestamp, sample: &SampleChannel) -> Channel {
    Channel {
        id: ChannelId::new(ids.id(now, &["channel", sample.word])),
        kind: sample.kind,
        name: sample.name.to_owned(),
        // Without a key, no site can embed it and nobody can write.
        key: String::new(),
        address: sample.address.to_owned(),
        undo_ms: sample.undo_ms,
        greeting: String::new(),
        auto_reply: sample.auto_reply.to_owned(),
        origins: Vec::new(),
        state: Some(AccountState::Sample),
    }
}

/// The settings of an account. Its servers cannot exist.
fn settings(sample: &SampleChannel) -> String {
    if sample.kind != ChannelKind::Email {
        return "{}".to_owned();
    }
    let host = |port, security| Host { name: format!("{}.marlund.example", sample.word), port, security };
    let settings = EmailSettings {
        address: sample.address.to_owned(),
        name: MAILBOX_NAME.to_owned(),
        user: sample.address.to_owned(),
        imap: host(993, Security::Tls),
        smtp: host(465, Security::Tls),
        folder: "INBOX".to_owned(),
        sent_folder: None,
        takes_plus: false,
        signature: SIGNATURE.to_owned(),
    };
    serde_json::to_string(&settings).unwrap_or_default()
}

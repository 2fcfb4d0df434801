//! Adds what conversations need: channels of several kinds, colleagues, teams.

use async_trait::async_trait;
use model::{
    Channel, ChannelId, ChannelKind, Member, MemberId, Needs, Role, Tag, TagColor, TagId, Team, TeamId, Timestamp,
    Visibility,
};
use store::{Command, Scope, Tx, error::Result, tag, workspace};

use super::{
    people::latin,
    random::Random,
    words::{COLLEAGUES, TEAMS},
};

/// How many of the existing members get read markers.
const RESIDENTS: usize = 5;

/// The workspace in which conversations are made.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// The channels that messages come in on: at least one.
    pub(super) channels: Vec<Channel>,
    /// The members who answer.
    members: Vec<(MemberId, String)>,
    /// The members who existed before, and who will look at the data.
    pub(super) residents: Vec<MemberId>,
    /// The teams.
    pub(super) teams: Vec<TeamId>,
    /// The tags, the most used first.
    pub(super) tags: Vec<TagId>,
    /// Whether a reply sets the status to pending.
    pub(super) pending_after_reply: bool,
    /// How many members were added.
    pub(super) added_members: u64,
    /// How many channels were added.
    pub(super) added_channels: u64,
}

impl Setting {
    /// A tag. The first ones are more likely.
    pub(super) fn tag(&self, random: &mut Random) -> Option<TagId> {
        let place = usize::try_from(random.rank(self.tags.len().max(1) as u64)).unwrap_or(0);
        self.tags.get(place).copied()
    }

    /// A member who answers. The first ones are more likely.
    pub(super) fn member(&self, random: &mut Random) -> (MemberId, String) {
        let place = usize::try_from(random.rank(self.members.len() as u64)).unwrap_or(0);
        self.members.get(place).cloned().unwrap_or_else(|| (MemberId::new(uuid::Uuid::nil()), String::new()))
    }

    /// A member's name.
    pub(super) fn name(&self, member: MemberId) -> &str {
        self.members.iter().find(|(id, _)| *id == member).map_or("", |(_, name)| name)
    }
}

/// Adds the missing members, teams and channels.
#[derive(Debug, Clone)]
pub(super) struct Furnish {
    pub(super) master: u64,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Command for Furnish {
    type Output = Setting;
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Setting> {
        let scope = tx.scope()?;
        let mut random = Random::split(self.master, 2);
        let pending_after_reply = workspace::load(tx.conn(), &scope).await?.workspace.pending_after_reply;
        let mut channels = workspace::channels(tx.conn(), &scope).await?;
        let mut members = workspace::members(tx.conn(), &scope).await?;
        let mut teams = workspace::teams(tx.conn(), &scope).await?;
        let residents = members.iter().filter(|m| !m.disabled).take(RESIDENTS).map(|m| m.id).collect();
        let (had_members, had_channels) = (members.len(), channels.len());
        if channels.iter().all(|channel| channel.kind == ChannelKind::WebChat) {
            for (kind, name, undo_ms) in
                [(ChannelKind::Email, "support@tandem.example", 10_000), (ChannelKind::Whatsapp, "WhatsApp", 5_000)]
            {
                let channel = Channel {
                    id: ChannelId::new(random.id(self.now)),
                    kind,
                    name: name.to_owned(),
                    key: String::new(),
                    address: String::new(),
                    undo_ms,
                    greeting: String::new(),
                    auto_reply: String::new(),
                    origins: Vec::new(),
                    state: None,
                };
                workspace::add_channel(tx, scope.workspace(), &channel).await?;
                channels.push(channel);
            }
        }
        if teams.len() < 2 {
            for (name, channel) in TEAMS.iter().zip(channels.iter().rev()) {
                let team =
                    Team { id: TeamId::new(random.id(self.now)), name: (*name).to_owned(), channels: vec![channel.id] };
                workspace::add_team(tx, &scope, &team).await?;
                teams.push(team);
            }
        }
        if members.len() < 3 {
            // E-mail addresses are unique among all workspaces of a database.
            let here: String = scope.workspace().uuid().simple().to_string().chars().rev().take(6).collect();
            for (place, name) in COLLEAGUES.iter().enumerate() {
                let team = teams.get(place % teams.len().max(1)).map(|team| team.id);
                let member = Member {
                    id: MemberId::new(random.id(self.now)),
                    name: (*name).to_owned(),
                    email: format!("{}.{here}@team.example", latin(name)),
                    role: Role::Agent,
                    visibility: Visibility::All,
                    chat_on: false,
                    disabled: false,
                    teams: team.into_iter().collect(),
                };
                workspace::add_member(tx, scope.workspace(), &member).await?;
                for team in &member.teams {
                    workspace::set_in_team(tx, &scope, member.id, *team, true).await?;
                }
                members.push(member);
            }
        }
        let tags = tags(tx, &scope).await?;
        let (added_members, added_channels) =
            ((members.len() - had_members) as u64, (channels.len() - had_channels) as u64);
        let all: Vec<Member> = members.into_iter().filter(|member| !member.disabled).collect();
        let answering = all.iter().any(|member| member.role != Role::Viewer);
        let members = all
            .into_iter()
            .filter(|member| !answering || member.role != Role::Viewer)
            .map(|m| (m.id, m.name))
            .collect();
        let teams = teams.into_iter().map(|team| team.id).collect();
        Ok(Setting { channels, members, residents, teams, tags, pending_after_reply, added_members, added_channels })
    }
}

/// The names of the tags, the most used first.
const TAGS: [&str; 16] = [
    "order",
    "question",
    "invoice",
    "repair",
    "VIP",
    "return",
    "demo wanted",
    "price",
    "bug",
    "partner",
    "press",
    "urgent",
    "newsletter",
    "warranty",
    "legal",
    "needs translation",
];

/// The workspace's tags. Those above are added if there are none.
async fn tags(tx: &mut Tx<'_>, scope: &Scope) -> Result<Vec<TagId>> {
    let known = tag::all(tx.conn(), scope).await?;
    if !known.is_empty() {
        return Ok(known.into_iter().filter(|tag| !tag.archived).map(|tag| tag.id).collect());
    }
    let mut ids = Vec::new();
    for (number, name) in (1..).zip(TAGS) {
        let id = TagId::new(number);
        let color = TagColor::of_new(id);
        tag::insert(tx, scope, &Tag { id, name: name.to_owned(), color, archived: false, merged_into: None }).await?;
        ids.push(id);
    }
    Ok(ids)
}

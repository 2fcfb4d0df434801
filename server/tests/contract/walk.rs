//! A random walk through all commands, by members of every role and visibility, and by visitors on three channels.

use async_trait::async_trait;
use channels::{Capabilities, Channel as Sends, Channels, SendError};
use domain::{
    act::{ActOnMany, ChangeState},
    contacts::{EditContact, MakeContact},
    deliver::{Handed, Outgoing, TheyRead},
    inbound::{Inbound, Receive},
    inbox::{MarkRead, SaveDraft},
    people::{AddTeam, EditChannel, EditMember, EditWorkspace, SetChat, SetInTeam, SetTeamChannels},
    send::{CancelMessage, SendNow},
    sessions::{Browser, SignIn},
    undo::Undo,
};
use model::{
    Act, Channel, ChannelKind, CloseReason, Contact, ContactField, ContactId, ConversationId, Draft, DraftMode,
    EventBody, MemberId, MessageId, Role, Seen, TeamId, UndoId, Visibility,
};
use server::jobs::Worker;
use store::{
    Command, Scope,
    clock::new_id,
    error::{Error, Result},
    workspace,
};

use crate::{
    dice::Dice,
    world::{Person, World, letter, message},
};

const VISITORS: [&str; 4] = ["amelie", "basil", "chloe", "dario"];
const WORDS: [&str; 5] = ["Hello", "見積書をお願いします", "Is anybody there?", "Straße 5", "Thank you"];

/// A provider that takes most, refuses some and is unsure of others.
struct Moody(std::sync::Mutex<Dice>);

#[async_trait]
impl Sends for Moody {
    fn capabilities(&self) -> Capabilities {
        Capabilities { idempotent: true }
    }

    async fn send(&self, _: &Scope, outgoing: &Outgoing) -> std::result::Result<Handed, SendError> {
        match self.0.lock().unwrap().below(6) {
            0 => Err(SendError::Never("No such number.".to_owned())),
            1 => Err(SendError::Unknown("The line broke.".to_owned())),
            2 => Err(SendError::Later { reason: "It is resting.".to_owned(), after: None }),
            _ => Ok(Handed { provider_id: outgoing.message.id.to_string(), mail: None }),
        }
    }
}

pub struct Walk {
    pub world: World,
    pub dice: Dice,
    pub people: Vec<Person>,
    channels: Vec<Channel>,
    teams: Vec<TeamId>,
    worker: Worker,
    seq: i64,
    conversations: Vec<(ConversationId, Seen, i64)>,
    contacts: Vec<Contact>,
    outgoing: Vec<MessageId>,
    acts: Vec<UndoId>,
}

impl Walk {
    pub async fn begin(world: World, seed: u64) -> Self {
        let channels = vec![
            world.chat.clone(),
            world.channel(ChannelKind::WebChat, 0).await,
            world.channel(ChannelKind::Api, 5000).await,
        ];
        let mut people = vec![world.owner.clone()];
        let team = TeamId::new(new_id());
        world.db.write(&world.owner.scope, AddTeam { id: team, name: "Front".to_owned() }).await.unwrap();
        let looks_after = SetTeamChannels { team, channels: vec![channels[1].id] };
        world.db.write(&world.owner.scope, looks_after).await.unwrap();
        for role in [Role::Agent, Role::Viewer] {
            for &visibility in Visibility::ALL {
                let who = world.member(&format!("{}-{}", role.as_str(), visibility.as_str()), role, visibility).await;
                let join = SetInTeam { member: who.id, team, inside: visibility == Visibility::Teams };
                world.db.write(&world.owner.scope, join).await.unwrap();
                people.push(world.again(&who).await.unwrap());
            }
        }
        let moody = Moody(std::sync::Mutex::new(Dice::new(seed ^ 0xff)));
        let worker =
            Worker::new(world.db.clone(), Channels::default().with(ChannelKind::Api, std::sync::Arc::new(moody)));
        let seq = world.last_seq().await;
        let (dice, teams) = (Dice::new(seed), vec![team]);
        Self {
            world,
            dice,
            people,
            channels,
            teams,
            worker,
            seq,
            conversations: vec![],
            contacts: vec![],
            outgoing: vec![],
            acts: vec![],
        }
    }

    /// Does something. Refusals are part of life; faults are not. What it was, for the message of a failed test.
    pub async fn step(&mut self) -> String {
        if self.dice.once_in(2) {
            let ms = i64::try_from(self.dice.below(4000)).unwrap();
            self.world.wait(ms);
        }
        let what = match self.dice.below(20) {
            0..=4 => self.somebody_writes().await,
            5 => self.work().await,
            6 => self.run_the_house().await,
            7 => self.they_read().await,
            _ => self.somebody_acts().await,
        };
        for (seq, body) in self.world.events(self.world.workspace, self.seq).await {
            self.seq = seq;
            self.learn(body);
        }
        what
    }

    fn learn(&mut self, body: EventBody) {
        match body {
            EventBody::Conversation { row, messages, .. } => {
                self.conversations.retain(|(id, ..)| *id != row.id);
                self.conversations.push((row.id, row.seen(), row.inbound_count));
                let sent = messages.iter().filter(|m| matches!(m.entry, model::Entry::Outgoing { .. }));
                self.outgoing.extend(sent.map(|m| m.id));
            }
            EventBody::Contact { contact, .. } => {
                self.contacts.retain(|known| known.id != contact.id);
                self.contacts.push(*contact);
            }
            EventBody::Set(changes) => {
                for one in changes {
                    if let Some((_, seen, _)) = self.conversations.iter_mut().find(|(id, ..)| *id == one.id) {
                        (seen.status, seen.assignee) = (one.after.status, one.after.assignee);
                    }
                }
            }
            _ => {}
        }
    }

    async fn give<C: Command>(&self, scope: &Scope, command: C, what: &str) -> String {
        self.answer(self.world.db.write(scope, command).await.map(|_| ()), what)
    }

    fn answer(&self, result: Result<()>, what: &str) -> String {
        match result {
            Ok(()) => what.to_owned(),
            Err(Error::Refused(refusal)) => format!("{what}: {refusal}"),
            Err(fault) => panic!("{what}: {fault}"),
        }
    }

    async fn somebody_writes(&mut self) -> String {
        let channel = self.dice.of(&self.channels).clone();
        let visitor = *self.dice.of(&VISITORS);
        let mut inbound = letter(&channel, visitor, self.dice.of::<&str>(&WORDS));
        if self.dice.once_in(4) {
            inbound = Inbound {
                name: (*self.dice.of(&["Amélie", "", "Basil"])).to_owned(),
                email: "a@corail.example".to_owned(),
                ..inbound
            };
        }
        self.give(&self.world.system(), Receive(inbound), &format!("{visitor} writes on {}", channel.name)).await
    }

    async fn work(&mut self) -> String {
        self.world.wait(5000);
        format!("{} jobs", self.worker.drain().await.unwrap())
    }

    async fn they_read(&mut self) -> String {
        let Some(&(conversation, ..)) = self.conversations.last() else { return "nothing to read".to_owned() };
        let n = i64::try_from(self.dice.below(12)).unwrap();
        self.give(&self.world.system(), TheyRead { conversation, n }, "they read").await
    }

    async fn session(&mut self) -> Option<Person> {
        let who = self.dice.of(&self.people).clone();
        self.world.again(&who).await
    }

    async fn somebody_acts(&mut self) -> String {
        let Some(who) = self.session().await else { return "somebody who was shut out".to_owned() };
        let name = &who.scope.person().unwrap().member.name.clone();
        let say = |what: &str| format!("{name} {what}");
        let scope = &who.scope;
        if self.conversations.is_empty() {
            return say("waits");
        }
        let (conversation, now, inbound) = *self.dice.of(&self.conversations);
        // Mostly what is there now; sometimes what was there a while ago.
        let before = Seen { assignee: None, inbound: inbound - 1, ..now };
        let seen = if self.dice.once_in(5) { before } else { now };
        let text = format!("{} {}", self.dice.of(&WORDS), self.dice.below(100));
        let mode = *self.dice.of(DraftMode::ALL);
        if let Some(&id) = self.acts.last().filter(|_| self.dice.once_in(12)) {
            self.acts.pop();
            return self.give(scope, Undo(id), &say("undoes what they did, or somebody else")).await;
        }
        let undo = UndoId::new(new_id());
        self.acts.push(undo);
        match self.dice.below(14) {
            0..=2 => self.give(scope, message(conversation, mode, &text), &say("sends")).await,
            3..=4 => {
                let to: Option<MemberId> =
                    if self.dice.once_in(4) { None } else { Some(self.dice.of(&self.people).id) };
                self.give(
                    scope,
                    ChangeState { conversation, seen, act: Act::Assign(to), undo: Some(undo) },
                    &say("assigns"),
                )
                .await
            }
            5 if self.dice.once_in(2) => {
                let some =
                    (0..3).map(|_| *self.dice.of(&self.conversations)).map(|(id, _, inbound)| (id, inbound)).collect();
                let acts =
                    [Act::Close(CloseReason::NotInterested), Act::Reopen, Act::Assign(None), Act::Unread, Act::Read];
                let act = *self.dice.of(&acts);
                self.give(
                    scope,
                    ActOnMany { conversations: some, act, undo: Some(undo), part: 0 },
                    &say("acts on several"),
                )
                .await
            }
            5..=6 => {
                let until = self.world.now().plus(i64::try_from(self.dice.below(9_000)).unwrap());
                let acts =
                    [Act::Close(CloseReason::Resolved), Act::Reopen, Act::Pending, Act::Snooze(until), Act::Unread];
                let act = *self.dice.of(&acts);
                self.give(scope, ChangeState { conversation, seen, act, undo: Some(undo) }, &say("changes the state"))
                    .await
            }
            7 if !self.outgoing.is_empty() => {
                let id = *self.dice.of(&self.outgoing);
                self.give(scope, CancelMessage(id), &say("takes back")).await
            }
            8 if !self.outgoing.is_empty() => {
                let id = *self.dice.of(&self.outgoing);
                self.give(scope, SendNow(id), &say("sends now")).await
            }
            9..=10 => {
                let read_count = i64::try_from(self.dice.below(usize::try_from(inbound).unwrap() + 1)).unwrap();
                self.give(scope, MarkRead { conversation, read_count }, &say("reads")).await
            }
            11 => {
                let text = if self.dice.once_in(3) { String::new() } else { text };
                self.give(scope, SaveDraft { conversation, draft: Draft { mode, text, id: None } }, &say("drafts"))
                    .await
            }
            12 if !self.contacts.is_empty() => {
                let contact = self.dice.of(&self.contacts).clone();
                let field = *self.dice.of(&[ContactField::Name, ContactField::Email, ContactField::Company]);
                let value = if field == ContactField::Email { "b@corail.example".to_owned() } else { text };
                self.give(
                    scope,
                    EditContact { id: contact.id, field, value, seen: contact.version },
                    &say("edits a contact"),
                )
                .await
            }
            12 => {
                let id = ContactId::new(new_id());
                let make = MakeContact { conversation, id, field: ContactField::Name, value: text };
                self.give(scope, make, &say("makes a contact")).await
            }
            _ => {
                let on = self.dice.once_in(2);
                self.give(scope, SetChat(on), &say("turns the bubble")).await
            }
        }
    }

    /// What the owner does to people, teams, channels and the workspace.
    async fn run_the_house(&mut self) -> String {
        let scope = &self.world.owner.scope.clone();
        let who = self.people[1 + self.dice.below(self.people.len() - 1)].clone();
        let team = *self.dice.of(&self.teams);
        match self.dice.below(8) {
            0..=1 => {
                let role = *self.dice.of(&[Role::Agent, Role::Agent, Role::Viewer, Role::Admin]);
                let edit = EditMember {
                    id: who.id,
                    role,
                    visibility: *self.dice.of(Visibility::ALL),
                    disabled: self.dice.once_in(5),
                };
                let said = self.give(scope, edit, "the owner changes a member").await;
                self.sign_in_again(&who).await;
                said
            }
            2..=3 => {
                let inside = self.dice.once_in(2);
                self.give(scope, SetInTeam { member: who.id, team, inside }, "the owner changes a team").await
            }
            4 => {
                let mut channels: Vec<_> =
                    self.channels.iter().map(|c| c.id).filter(|_| self.dice.once_in(2)).collect();
                channels.extend(channels.first().copied());
                self.give(scope, SetTeamChannels { team, channels }, "the owner changes a team's channels").await
            }
            5 if self.teams.len() < 4 => {
                let id = TeamId::new(new_id());
                self.teams.push(id);
                self.give(scope, AddTeam { id, name: "Back".to_owned() }, "the owner adds a team").await
            }
            6 => {
                let at = self.dice.below(self.channels.len());
                let (name, greeting) = (format!("Chat {}", self.dice.below(9)), String::new());
                let auto_reply = (*self.dice.of(&["", "Later."])).to_owned();
                self.channels[at].auto_reply.clone_from(&auto_reply);
                let edit = EditChannel { id: self.channels[at].id, name, greeting, auto_reply, origins: Vec::new() };
                self.give(scope, edit, "the owner changes a channel").await
            }
            _ => {
                let name = format!("Corail {}", self.dice.below(9));
                let edit = EditWorkspace {
                    name,
                    chat_enabled: !self.dice.once_in(3),
                    pending_after_reply: self.dice.once_in(2),
                    shows_typing: true,
                };
                self.give(scope, edit, "the owner changes the workspace").await
            }
        }
    }

    /// Who was shut out and let in again signs in again, under the same secret as before.
    async fn sign_in_again(&self, who: &Person) {
        let mut snapshot = self.world.db.snapshot().await.unwrap();
        let member = workspace::member(&mut snapshot.conn(), &self.world.owner.scope, who.id).await.unwrap();
        drop(snapshot);
        if member.disabled || self.world.again(who).await.is_some() {
            return;
        }
        let browser = Browser { token_hash: who.token.clone(), user_agent: "test".to_owned(), address: String::new() };
        let sign_in =
            SignIn { workspace: self.world.workspace, member: who.id, browser, forgive: String::new(), rehashed: None };
        self.world.db.write_global(sign_in).await.unwrap();
    }
}

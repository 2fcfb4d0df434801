//! The sample workspace contains what its files say, keeps every rule of the write path, and never sends anything.

use std::{collections::BTreeSet, sync::Arc};

use channels::{Channels, email::Email, network::Network};
use domain::{
    files::Files,
    inbox,
    mail::{BeginMail, PauseChannel},
    vault::Vault,
};
use jiff::tz::TimeZone;
use model::{
    AccountState, ApiError, Channel, ChannelId, ChannelKind, ConversationId, DeliveryState, DraftMode, Entry, Look,
    MailHead, Message, MessageId, Sender, View,
};
use seed::{Report, sample};
use server::jobs::Worker;
use store::{account, clock::new_id, conversation, message, workspace};

use crate::{
    history::adds_up,
    world::{self, World, is_conflict, refused},
};

on_both_engines!(says_what_its_files_say, again_changes_nothing, sends_nothing);

/// A workspace with the sample in it.
struct Office {
    world: World,
    files: Files,
    email: Email,
    _folder: tempfile::TempDir,
}

impl Office {
    async fn open(world: World) -> (Self, Report) {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path().join("files")).unwrap();
        let network = Network::new(&[], None).unwrap();
        let email = Email::new(world.db.clone(), files.clone(), Vault::of_tests(), network);
        let office = Self { world, files, email, _folder: folder };
        let report = office.fill().await;
        (office, report)
    }

    async fn fill(&self) -> Report {
        let World { db, workspace, .. } = &self.world;
        let (files, email, now) = (&self.files, &self.email, self.world.now());
        sample::Sample { db, files, email, now, zone: TimeZone::UTC }.fill(*workspace).await.unwrap()
    }

    async fn channels(&self) -> Vec<Channel> {
        let mut snapshot = self.world.db.snapshot().await.unwrap();
        let all = workspace::channels(&mut snapshot.conn(), &self.world.system()).await.unwrap();
        all.into_iter().filter(Channel::is_sample).collect()
    }

    /// Every conversation with all of its entries.
    async fn threads(&self) -> Vec<(ConversationId, Vec<Message>)> {
        let mut threads = Vec::new();
        for id in self.texts("SELECT id FROM conversation ORDER BY id").await {
            let id: ConversationId = id.parse().unwrap();
            let mut snapshot = self.world.db.snapshot().await.unwrap();
            let conn = &mut snapshot.conn();
            let sql = "SELECT id FROM message WHERE conversation_id = $1 ORDER BY n";
            let ids: Vec<(String,)> = conn.all(sql, vec![id.to_string().into()]).await.unwrap();
            let mut messages = Vec::new();
            for (id,) in ids {
                let id: MessageId = id.parse().unwrap();
                messages.push(message::one(conn, &self.world.system(), id).await.unwrap().unwrap());
            }
            threads.push((id, messages));
        }
        threads
    }

    async fn texts(&self, sql: &'static str) -> Vec<String> {
        let mut snapshot = self.world.db.snapshot().await.unwrap();
        let rows: Vec<(String,)> = snapshot.conn().all(sql, Vec::new()).await.unwrap();
        rows.into_iter().map(|(text,)| text).collect()
    }

    /// Everything that is stored of it, as one text a row.
    async fn everything(&self) -> Vec<String> {
        let mut all = Vec::new();
        for sql in [
            "SELECT id || name || email FROM member ORDER BY id",
            "SELECT id || name FROM channel ORDER BY id",
            "SELECT id || email || lead_status FROM contact ORDER BY id",
            "SELECT id || address || said_by || label FROM identity ORDER BY id",
            "SELECT id || status || preview || last_at FROM conversation ORDER BY id",
            "SELECT id || n || at || text || COALESCE(state, '') FROM message ORDER BY id",
            "SELECT id || name || digest FROM attachment ORDER BY id",
            "SELECT id || digest FROM mail ORDER BY id",
            "SELECT conversation_id || member_id || read_count FROM read_marker ORDER BY conversation_id, member_id",
            "SELECT id || kind || at || actor FROM history ORDER BY id",
        ] {
            all.extend(self.texts(sql).await);
        }
        all
    }
}

async fn says_what_its_files_say(world: World) {
    let owner = "Olive";
    let (office, report) = Office::open(world).await;
    let threads = office.threads().await;
    let written = sample::written().unwrap();
    assert_eq!((threads.len(), report.conversations), (written.len(), written.len() as u64));
    // The beginning of each text: what a mail quotes, and how ours are signed, stands below it.
    let begin = |text: &str| text.replace("{me}", owner).lines().next().unwrap_or_default().trim().to_owned();
    let said = |message: &&Message| {
        let auto = matches!(message.entry, Entry::Outgoing { by: Sender::Auto, .. });
        !auto && !message.text.is_empty()
    };
    let loaded: BTreeSet<Vec<String>> = threads
        .iter()
        .map(|(_, messages)| messages.iter().filter(said).map(|message| begin(&message.text)).collect())
        .collect();
    let expected: BTreeSet<Vec<String>> =
        written.iter().map(|texts| texts.iter().map(|text| begin(text)).collect()).collect();
    assert_eq!(loaded, expected);
    adds_up(&office.world, 8).await;
    let all: Vec<&Message> = threads.iter().flat_map(|(_, messages)| messages).collect();
    assert_eq!(all.iter().map(|message| message.id).collect::<BTreeSet<_>>().len(), all.len(), "all ids must differ");
    assert_eq!(report.messages, all.len() as u64);
    assert!(all.iter().all(|message| !message.text.contains("{me}")), "the sample addresses the viewer by name");

    // What there is to see of mails is found by what reads every mail.
    let heads: Vec<_> = all.iter().filter_map(|message| Some((message, message.mail()?))).collect();
    let has = |what: &str, test: &dyn Fn(&Message, &MailHead) -> bool| {
        assert!(heads.iter().any(|(message, head)| test(message, head)), "{what}");
    };
    has("a layout", &|_, head| head.look == Look::Rich && !head.inside.is_empty());
    has("pictures that lie elsewhere", &|_, head| head.remote_pictures);
    has("a claim", &|_, head| head.parties.claimed.is_some());
    has("a mail that its domain disowns", &|_, head| head.disowned);
    has("a card", &|_, head| !head.cards.is_empty());
    has("copies", &|_, head| head.parties.cc.len() > 1);
    let quoting: Vec<_> = heads
        .iter()
        .filter(|(message, head)| {
            matches!(message.entry, Entry::Incoming)
                && message.text.contains("\n> ")
                && head.folds.of(&message.text).2.is_empty()
        })
        .map(|(message, _)| &message.text)
        .collect();
    assert!(quoting.is_empty(), "a quote is not folded: {quoting:#?}");
    has("a signature of theirs", &|message, head| {
        matches!(message.entry, Entry::Incoming) && !head.folds.of(&message.text).1.is_empty()
    });
    let states: BTreeSet<&str> = all
        .iter()
        .filter_map(|message| match &message.entry {
            Entry::Outgoing { delivery, .. } => Some(delivery.state.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(states.into_iter().collect::<Vec<_>>(), ["bounced", "cancelled", "failed", "read", "sent", "unknown"]);

    let mut snapshot = office.world.db.snapshot().await.unwrap();
    let (kept, fresh) =
        conversation::counted_and_recounted(&mut snapshot.conn(), office.world.workspace).await.unwrap();
    assert_eq!(kept, fresh);
    drop(snapshot);
    let page =
        inbox::page(&office.world.db, &office.world.owner.scope, View::All, model::Sort::Last, None, 50).await.unwrap();
    let counts = page.counts;
    assert!(page.rows.iter().filter(|row| row.unread() > 0).count() > 5, "some conversations are unread");
    for (view, least) in
        [(View::Mine, 3), (View::New, 4), (View::Missed, 1), (View::Others, 8), (View::Closed, 6), (View::Unsent, 3)]
    {
        let shown = counts.of(view);
        assert!(shown >= least, "{view:?}: {shown}");
    }
    // Every mail that came or went can be looked at as it did.
    let stayed = |message: &Message| {
        let Entry::Outgoing { delivery, .. } = &message.entry else { return false };
        matches!(delivery.state, DeliveryState::Failed | DeliveryState::Unknown)
    };
    let moved = heads.iter().filter(|(message, _)| !stayed(message)).count();
    assert_eq!(office.texts("SELECT id FROM mail").await.len(), moved);
}

async fn again_changes_nothing(world: World) {
    let (office, _) = Office::open(world).await;
    let before = office.everything().await;
    let seq = office.world.last_seq().await;
    office.world.wait(3_600_000);
    assert_eq!(office.fill().await, Report::default());
    assert_eq!(office.everything().await, before);
    assert_eq!(office.world.last_seq().await, seq, "there is no event");
}

async fn sends_nothing(world: World) {
    let (office, _) = Office::open(world).await;
    let world = &office.world;
    assert!(office.texts("SELECT id FROM job").await.is_empty(), "no job is left");
    // Everything that could send is there.
    let channels = Channels::default().with(ChannelKind::Email, Arc::new(office.email.clone()));
    let worker = Worker::new(world.db.clone(), channels).with_files(office.files.clone());
    for channel in office.channels().await {
        let reply = world.reply(&world.owner, office.open_on(channel.id).await, "Is anybody there?").await.unwrap();
        world.wait(60_000);
        assert_eq!(worker.drain().await.unwrap(), 1);
        let mut snapshot = world.db.snapshot().await.unwrap();
        let stored = message::one(&mut snapshot.conn(), &world.system(), reply.id).await.unwrap().unwrap();
        let Entry::Outgoing { delivery, .. } = stored.entry else { panic!("expected a reply") };
        assert_eq!(delivery.state, DeliveryState::Failed, "{}", channel.name);
        assert!(delivery.reason.starts_with("Not sent: this is a sample channel"), "{}", delivery.reason);
        drop(snapshot);

        // It stays a sample, whatever is done to it.
        for paused in [true, false] {
            assert!(is_conflict(world.db.write(&world.owner.scope, PauseChannel { id: channel.id, paused }).await));
        }
        let due =
            account::due(&mut world.db.reader().await.unwrap().conn(), world.now().plus(i64::from(i32::MAX))).await;
        assert_eq!(due.unwrap(), [], "no process receives for it");
        let found = account::one(&mut world.db.reader().await.unwrap().conn(), &world.system(), channel.id).await;
        assert_eq!(found.unwrap().unwrap().state, AccountState::Sample);
    }
    let mailbox = office.channels().await.into_iter().find(|channel| channel.kind == ChannelKind::Email).unwrap();
    let send = world::message(ConversationId::new(new_id()), DraftMode::Reply, "Hello.");
    let begin = BeginMail { channel: mailbox.id, contact: None, send };
    let begun = refused(world.db.write(&world.owner.scope, begin).await);
    assert!(matches!(&begun, ApiError::Invalid { field, .. } if field == "channel"), "{begun:?}");
}

impl Office {
    /// A conversation on a channel.
    async fn open_on(&self, channel: ChannelId) -> ConversationId {
        let mut snapshot = self.world.db.snapshot().await.unwrap();
        let sql = "SELECT id FROM conversation WHERE channel_id = $1 AND status <> 'closed' ORDER BY id LIMIT 1";
        let (id,): (String,) = snapshot.conn().one(sql, vec![channel.to_string().into()]).await.unwrap();
        id.parse().unwrap()
    }
}

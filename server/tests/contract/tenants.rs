//! S17, S18: an id of another workspace gives access to nothing and reveals nothing: it is answered like one that does not exist.

use domain::{
    act::ChangeState,
    deliver::TheyRead,
    files::{self, KeepFile},
    inbound::Receive,
    inbox,
    people::SetTeamChannels,
    send::SendMessage,
};
use model::{
    Act, AttachmentId, ChannelId, ContactId, ConversationId, InviteId, JobId, MemberId, MessageId, SessionId, TeamId,
    View,
};
use store::{
    Scope,
    clock::new_id,
    contact,
    error::Result,
    message::{self, File},
    search,
};

use crate::{
    rights::{Ids, every_command, one_of_everything},
    world::{World, letter, refused},
};

on_both_engines!(
    s17_every_command_with_a_foreign_id,
    s17_every_reading_with_a_foreign_id,
    s17_what_is_mine_cannot_be_given_what_is_theirs,
    s18_a_foreign_file_is_not_sent,
);

fn never_were() -> Ids {
    let id = new_id;
    Ids {
        conversation: ConversationId::new(id()),
        messages: [MessageId::new(id()), MessageId::new(id())],
        contact: ContactId::new(id()),
        contact_version: 1,
        member: MemberId::new(id()),
        team: TeamId::new(id()),
        channel: ChannelId::new(id()),
        job: JobId::new(id()),
        invite: InviteId::new(id()),
        session: SessionId::new(id()),
        file: AttachmentId::new(id()),
        mailbox: ChannelId::new(id()),
        mail: model::MailId::new(id()),
        // A tag is a number of its own workspace, so it cannot be somebody else's.
        tag: model::TagId::new(1),
        other_tag: model::TagId::new(99),
        view: model::SavedViewId::new(id()),
        block: model::BlockId::new(id()),
    }
}

fn told<T: std::fmt::Debug>(result: Result<T>) -> String {
    match result {
        Ok(_) => "done".to_owned(),
        result => format!("{:?}", refused(result)),
    }
}

async fn s17_every_command_with_a_foreign_id(world: World) {
    let tenant = world.tenant("other").await;
    let theirs = one_of_everything(&world, &world.owner, 1).await;
    let before = (world.last_seq().await, world.thread(&world.owner, theirs.conversation).await.unwrap());
    let theirs = Ids { other_tag: model::TagId::new(99), ..theirs };
    let foreign = every_command(&world, &tenant.owner.scope, &theirs).await;
    let missing = every_command(&world, &tenant.owner.scope, &never_were()).await;
    // These name nothing that could be somebody else's.
    let own = [
        "turn the bubble",
        "hide",
        "keys",
        "add a team",
        "edit the workspace",
        "invite",
        "change a mailbox",
        "add a tag",
        "add a reason",
        "edit a reason",
        "order the reasons",
        "edit a tag",
        "save a view",
        "order the views",
        "delete a view",
        "begin a sweep",
        "cancel a sweep",
        "see notices",
        "see a conversation's notices",
        "switch notices",
    ];
    for ((name, _, foreign), (_, _, missing)) in foreign.into_iter().zip(missing) {
        let (foreign, missing) = (told(foreign), told(missing));
        assert_eq!(foreign, missing, "{name}");
        assert_eq!(foreign, if own.contains(&name) { "done" } else { "NotFound" }, "{name}");
    }
    let after = (world.last_seq().await, world.thread(&world.owner, theirs.conversation).await.unwrap());
    assert_eq!(after, before, "nothing of the other workspace changed");
    // The session they tried to end, the invitation they tried to revoke, the job they tried to revive.
    assert!(world.again(&world.owner).await.is_some());
    world.db.write(&world.owner.scope, domain::sessions::RevokeInvite(theirs.invite)).await.unwrap();
    world.db.write(&world.owner.scope, domain::people::ReviveJob(theirs.job)).await.unwrap();
    let system = Scope::system(tenant.workspace, "test");
    for conversation in [theirs.conversation, ConversationId::new(new_id())] {
        world.db.write(&system, TheyRead { conversation, n: 99 }).await.unwrap();
    }
    assert_eq!(world.thread(&world.owner, theirs.conversation).await.unwrap(), before.1);
}

async fn s17_every_reading_with_a_foreign_id(world: World) {
    let tenant = world.tenant("other").await;
    let theirs = one_of_everything(&world, &world.owner, 1).await;
    let file = KeepFile(File {
        attachment: model::Attachment {
            id: theirs.file,
            name: "a.pdf".to_owned(),
            size: 1,
            media_type: "application/pdf".to_owned(),
        },
        conversation: None,
        message_n: None,
        uploader: format!("member:{}", world.owner.id),
        digest: "00".to_owned(),
    });
    world.db.write(&world.owner.scope, file).await.unwrap();
    assert!(files::of_member(&world.db, &world.owner.scope, theirs.file).await.is_ok());
    let scope = &tenant.owner.scope;
    for ids in [theirs, never_were()] {
        assert_eq!(told(inbox::thread(&world.db, scope, ids.conversation).await), "NotFound");
        assert_eq!(told(inbox::older(&world.db, scope, ids.conversation, 99).await), "NotFound");
        assert_eq!(told(inbox::newer(&world.db, scope, ids.conversation, 0).await), "NotFound");
        assert_eq!(told(inbox::around(&world.db, scope, ids.conversation, 1).await), "NotFound");
        assert_eq!(told(files::of_member(&world.db, scope, ids.file).await), "NotFound");
        let mut snapshot = world.db.snapshot().await.unwrap();
        let conn = &mut snapshot.conn();
        assert_eq!(message::one(conn, scope, ids.messages[0]).await.unwrap(), None);
        assert_eq!(contact::one(conn, scope, ids.contact).await.unwrap(), None);
        assert!(!inbox::sees_contact(conn, scope, ids.contact).await.unwrap());
    }
    for &view in View::ALL {
        let page = inbox::page(&world.db, scope, view, model::Sort::Last, None, 100).await.unwrap();
        assert_eq!((page.rows.len(), page.counts), (0, model::Counts::default()), "{view:?}");
    }
    let boot = inbox::bootstrap(&world.db, scope).await.unwrap();
    assert_eq!((boot.members.len(), boot.channels.len(), boot.teams.len(), boot.seq), (1, 1, 0, 0));
    let mut snapshot = world.db.snapshot().await.unwrap();
    let conn = &mut snapshot.conn();
    assert!(search::messages(conn, scope, "Bonjour", 10).await.unwrap().is_empty());
    assert!(search::contacts(conn, scope, "Amélie", 10).await.unwrap().is_empty());
    for text in ["Bonjour", "Amélie", "Amelei", "from:amélie", "\"Bonjour\"", "is:open"] {
        let page = domain::search::search(&world.db, scope, text, None, 0).await.unwrap();
        assert!(page.people.is_empty() && page.messages.is_empty() && page.after.is_none(), "{text}");
    }
}

async fn s17_what_is_mine_cannot_be_given_what_is_theirs(world: World) {
    let tenant = world.tenant("other").await;
    let mine = one_of_everything(&world, &world.owner, 1).await;
    let seen = world.row(mine.conversation).await.seen();
    let assign = async |to| {
        let act = Act::Assign(Some(to));
        told(
            world
                .db
                .write(&world.owner.scope, ChangeState { conversation: mine.conversation, seen, act, undo: None })
                .await,
        )
    };
    let foreign = assign(tenant.owner.id).await;
    assert_eq!(foreign, assign(MemberId::new(new_id())).await);
    assert!(foreign.starts_with("Invalid"), "{foreign}");
    let look_after = async |channel| {
        let set = SetTeamChannels { team: mine.team, channels: vec![mine.channel, channel] };
        told(world.db.write(&world.owner.scope, set).await)
    };
    assert_eq!(
        (look_after(tenant.chat.id).await, look_after(ChannelId::new(new_id())).await),
        ("NotFound".to_owned(), "NotFound".to_owned())
    );
    assert_eq!(world.row(mine.conversation).await.seen(), seen);
    // A message that says it came in on somebody else's channel is not taken in.
    let system = world.system();
    assert!(world.db.write(&system, Receive(letter(&tenant.chat, "amelie", "Bonjour"))).await.is_err());
}

async fn s18_a_foreign_file_is_not_sent(world: World) {
    let tenant = world.tenant("other").await;
    let mine = one_of_everything(&world, &world.owner, 1).await;
    let keep = |id: AttachmentId, uploader: MemberId| {
        let attachment =
            model::Attachment { id, name: "a.pdf".to_owned(), size: 1, media_type: "application/pdf".to_owned() };
        KeepFile(File {
            attachment,
            conversation: None,
            message_n: None,
            uploader: format!("member:{uploader}"),
            digest: "00".to_owned(),
        })
    };
    let (theirs, a_colleagues) = (AttachmentId::new(new_id()), AttachmentId::new(new_id()));
    world.db.write(&tenant.owner.scope, keep(theirs, tenant.owner.id)).await.unwrap();
    world.db.write(&world.owner.scope, keep(a_colleagues, mine.member)).await.unwrap();
    for file in [theirs, a_colleagues, AttachmentId::new(new_id())] {
        let send = SendMessage {
            id: MessageId::new(new_id()),
            conversation: mine.conversation,
            mode: model::DraftMode::Reply,
            text: "See the file".to_owned(),
            attachments: vec![file],
            compose: model::Compose::Text,
            seen: None,
        };
        assert!(told(world.db.write(&world.owner.scope, send).await).starts_with("Invalid"));
        assert_eq!(told(files::of_member(&world.db, &world.owner.scope, file).await), "NotFound");
    }
}

//! N10, S26: every command with every role is done or refused, as the table says.
// long file: one table with a line for every command

use domain::{
    act::ChangeState,
    closing::{AddReason, CloseWith, EditReason, OrderReasons, UnblockSender},
    contacts::{EditContact, MakeContact},
    files,
    inbox::{self, MarkRead, SaveDraft},
    mail::{Arrived, Backfill, BeginFolder, BeginMail, ConnectMailbox, PauseChannel, ReceiveMails, RetryQuarantined},
    notices::{See, SwitchNotices},
    people::{
        AddMember, AddTeam, EditChannel, EditMember, EditWorkspace, HideMe, ReviveJob, SetChat, SetInTeam, SetKeys,
        SetTeamChannels,
    },
    send::{CancelMessage, SendMessage, SendNow},
    sessions::{ChangePassword, EndSession, Invitation, Invite, ResetPassword, RevokeInvite},
    sweep::{BeginSweep, CancelSweep},
    tags::{AddTag, EditTag, MergeTag, TagContact},
    undo::Undo,
    views::{DeleteView, OrderViews, SaveView},
};
use model::{
    Act, AgentId, ApiError, AttachmentId, Audience, BlockId, ChannelId, CloseReason, ContactField, ContactId,
    ConversationId, Draft, DraftMode, EmailSettings, Host, IdentityId, InviteId, JobId, MailId, Member, MemberId,
    MessageId, Needs, NoticeSwitches, Permission, Role, SavedView, SavedViewId, Security, Seen, SeenNotices, SessionId,
    Sort, Status, TagColor, TagId, TeamId, UndoId, View, ViewIcon, Visibility,
};
use store::{
    Scope,
    clock::{new_id, secret_hash},
    error::{Error, Result},
    mail::{Place, Step},
    session,
};

use crate::{
    closing::{a_block, goodbye},
    plain::{LeaveJob, Sql},
    world::{Person, World, letter, refused},
};

on_both_engines!(
    n10_every_command_as_every_role,
    n10_every_command_as_every_other_actor,
    n10_a_command_says_what_its_operation_says,
    s20_an_actor_reaches_no_further_than_its_own,
    n10_reading_as_every_role,
    s26_nobody_hands_out_what_they_do_not_hold
);

/// Whatever a command can name.
#[derive(Debug, Clone)]
pub struct Ids {
    pub conversation: ConversationId,
    /// Two messages that wait for their time.
    pub messages: [MessageId; 2],
    pub contact: ContactId,
    pub contact_version: i64,
    pub member: MemberId,
    pub team: TeamId,
    pub channel: ChannelId,
    pub job: JobId,
    pub invite: InviteId,
    pub session: SessionId,
    pub file: AttachmentId,
    pub mailbox: ChannelId,
    /// A mail of it that could not be read.
    pub mail: MailId,
    pub tag: TagId,
    pub other_tag: TagId,
    pub view: SavedViewId,
    pub block: BlockId,
}

/// What a command came to, its result forgotten.
pub type Tried = (&'static str, Option<Permission>, Result<()>);

macro_rules! tried {
    ($world:expr, $scope:expr; $($name:literal $needs:expr => $command:expr),+ $(,)?) => {
        vec![$(($name, $needs, $world.db.write($scope, $command).await.map(|_| ()))),+]
    };
}

/// Gives every command that a member can give, with these ids.
pub async fn every_command(world: &World, scope: &Scope, ids: &Ids) -> Vec<Tried> {
    use Permission::{Administer, Converse, Read};
    let (conversation, text, undo) = (ids.conversation, || "Hello".to_owned(), UndoId::new(new_id()));
    let sweep = UndoId::new(new_id());
    let send = |mode| SendMessage {
        id: MessageId::new(new_id()),
        conversation,
        mode,
        text: text(),
        attachments: Vec::new(),
        compose: model::Compose::Text,
        seen: None,
    };
    let field = ContactField::Company;
    let invitation = Invitation { role: Role::Agent, visibility: Visibility::All, note: String::new() };
    let token_hash = secret_hash(&new_id().to_string());
    tried![world, scope;
        "take back" Some(Converse) => CancelMessage(ids.messages[0]),
        "send now" Some(Converse) => SendNow(ids.messages[1]),
        "close" Some(Converse) => ChangeState { undo: Some(undo), ..act(world, conversation, Act::Close(CloseReason::Resolved)).await },
        "undo" Some(Converse) => Undo(undo),
        "begin a sweep" Some(Converse) => BeginSweep { id: sweep, filter: View::Snoozed.into(), act: Act::Reopen },
        "cancel a sweep" Some(Converse) => CancelSweep(sweep),
        "reopen" Some(Converse) => act(world, conversation, Act::Reopen).await,
        "set pending" Some(Converse) => act(world, conversation, Act::Pending).await,
        "reply" Some(Converse) => send(DraftMode::Reply),
        "note" Some(Converse) => send(DraftMode::Note),
        "begin a mail" Some(Converse) => BeginMail { channel: ids.channel, contact: None, send: send(DraftMode::Reply) },
        "close with words" Some(Converse) => goodbye(world, conversation).await,
        "reopen again" Some(Converse) => act(world, conversation, Act::Reopen).await,
        "unblock" Some(Converse) => UnblockSender(ids.block),
        "draft" Some(Converse) => SaveDraft { conversation, draft: Draft { mode: DraftMode::Note, text: text(), id: None } },
        "read" Some(Read) => MarkRead { conversation, read_count: 1 },
        "edit a contact" Some(Converse) => EditContact { id: ids.contact, field, value: text(), seen: ids.contact_version },
        "tag a conversation" Some(Converse) => act(world, conversation, Act::AddTag(ids.tag)).await,
        "tag a contact" Some(Converse) => TagContact { id: ids.contact, tag: ids.tag, add: true },
        "make a contact" Some(Converse) => MakeContact { conversation, id: ContactId::new(new_id()), field, value: text() },
        "assign" Some(Converse) => act(world, conversation, Act::Assign(None)).await,
        "add a reason" Some(Administer) => AddReason { name: new_id().to_string(), blocks: false },
        "edit a reason" Some(Administer) => EditReason { id: CloseReason::Qualified, name: new_id().to_string(), blocks: false, archived: false },
        "order the reasons" Some(Administer) => OrderReasons(vec![CloseReason::Spam]),
        "add a tag" Some(Converse) => AddTag { name: text(), color: None },
        "edit a tag" Some(Administer) => EditTag { id: ids.tag, name: new_id().to_string(), color: TagColor::Red, archived: false },
        "merge a tag" Some(Administer) => MergeTag { id: ids.tag, into: ids.other_tag },
        "save a view" Some(Read) => SaveView(saved_view(ids.view)),
        "see notices" Some(Read) => See(SeenNotices::UpTo(1)),
        "see a conversation's notices" Some(Read) => See(SeenNotices::Of(conversation)),
        "switch notices" Some(Read) => SwitchNotices(NoticeSwitches::default()),
        "order the views" Some(Read) => OrderViews(vec![ids.view]),
        "delete a view" Some(Read) => DeleteView(ids.view),
        "turn the bubble" Some(Converse) => SetChat(false),
        "hide" Some(Read) => HideMe(true),
        "keys" Some(Read) => SetKeys("close=d".to_owned()),
        "edit a member" Some(Administer) => EditMember { id: ids.member, role: Role::Agent, visibility: Visibility::All, disabled: false },
        "add a team" Some(Administer) => AddTeam { id: TeamId::new(new_id()), name: text() },
        "put into a team" Some(Administer) => SetInTeam { member: ids.member, team: ids.team, inside: true },
        "a team's channels" Some(Administer) => SetTeamChannels { team: ids.team, channels: vec![ids.channel] },
        "edit a channel" Some(Administer) => EditChannel { id: ids.channel, name: text(), greeting: text(), auto_reply: text(), origins: Vec::new() },
        "edit the workspace" Some(Administer) => EditWorkspace { name: text(), chat_enabled: true, pending_after_reply: true, shows_typing: true },
        "pause a channel" Some(Administer) => PauseChannel { id: ids.mailbox, paused: true },
        "backfill" Some(Administer) => Backfill { id: ids.mailbox, since: model::Timestamp(0) },
        "read a mail again" Some(Administer) => RetryQuarantined { id: ids.mail, tried: domain::mail::Tried::Unread("Still not.".to_owned()), bytes: None, old: false },
        // Under an id that somebody else has it makes one of its own: nothing may come after it that names the same.
        "change a mailbox" Some(Administer) => ConnectMailbox { id: ids.mailbox, settings: mailbox(&ids.mailbox.to_string()), secret: Some("sealed".to_owned()) },
        "revive a job" Some(Administer) => ReviveJob(ids.job),
        "invite" Some(Administer) => Invite { id: InviteId::new(new_id()), token_hash, invitation },
        "revoke an invitation" Some(Administer) => RevokeInvite(ids.invite),
        "change my password" None => ChangePassword { hash: text(), keep: ids.session, token_hash: secret_hash(&new_id().to_string()) },
        "end my session" None => EndSession(ids.session),
    ]
}

async fn act(world: &World, conversation: ConversationId, act: Act) -> ChangeState {
    let unseen = Seen { status: Status::Open, assignee: None, team: None, inbound: 0 };
    let seen = world.thread(&world.owner, conversation).await.map_or(unseen, |thread| thread.row.seen());
    ChangeState { conversation, seen, act, undo: None }
}

/// One of everything, in this workspace, for `who` to try commands on.
pub async fn one_of_everything(world: &World, who: &Person, number: usize) -> Ids {
    let channel = world.channel(model::ChannelKind::Api, 60_000).await;
    let named = domain::inbound::Inbound {
        name: "Amélie".to_owned(),
        ..letter(&channel, &format!("amelie {number}"), "Bonjour")
    };
    let conversation = world.receive(named).await.unwrap().conversation;
    world.act(&world.owner, conversation, Act::Assign(Some(who.id))).await.unwrap();
    let first = world.reply(&world.owner, conversation, "Hello").await.unwrap().id;
    let second = world.reply(&world.owner, conversation, "Hello again").await.unwrap().id;
    let thread = world.thread(&world.owner, conversation).await.unwrap();
    let contact = thread.contact.unwrap();
    let member = world.member(&format!("Colleague{number}"), Role::Agent, Visibility::All).await.id;
    let team = TeamId::new(new_id());
    world.db.write(&world.owner.scope, AddTeam { id: team, name: "Front".to_owned() }).await.unwrap();
    let invite = InviteId::new(new_id());
    let invitation = Invitation { role: Role::Agent, visibility: Visibility::All, note: String::new() };
    let token_hash = secret_hash(&invite.to_string());
    world.db.write(&world.owner.scope, Invite { id: invite, token_hash, invitation }).await.unwrap();
    let job = JobId::new(new_id());
    world
        .db
        .write(&world.system(), LeaveJob { id: job, kind: "dance", body: String::new(), at: world.now() })
        .await
        .unwrap();
    let bury = Sql::one("UPDATE job SET state = 'dead' WHERE id = $1", vec![job.into()]);
    world.db.write(&world.system(), bury).await.unwrap();
    let mut tags = Vec::new();
    for _ in 0..2 {
        let add = AddTag { name: new_id().to_string(), color: None };
        tags.push(world.db.write(&world.owner.scope, add).await.unwrap().id);
    }
    let (mailbox, mail) = a_mailbox(world).await;
    let block = a_block(world, conversation, &format!("blocked {number}")).await;
    let mut snapshot = world.db.snapshot().await.unwrap();
    let session = session::list(&mut snapshot.conn(), &who.scope, world.now()).await.unwrap()[0].0;
    Ids {
        conversation,
        messages: [first, second],
        contact: contact.id,
        contact_version: contact.version,
        member,
        team,
        channel: channel.id,
        job,
        invite,
        session,
        file: AttachmentId::new(new_id()),
        tag: tags[0],
        other_tag: tags[1],
        view: SavedViewId::new(new_id()),
        block,
        mailbox,
        mail,
    }
}

fn saved_view(id: SavedViewId) -> SavedView {
    let (listing, owner) = (View::All.into(), MemberId::new(new_id()));
    let (audience, name, icon) = (Audience::Private, "Mine".to_owned(), ViewIcon::List);
    SavedView { id, owner, audience, name, icon, listing }
}

/// How a mailbox that nobody asks is reached.
fn mailbox(name: &str) -> EmailSettings {
    let host = Host { name: "mail.invalid".to_owned(), port: 993, security: Security::Tls };
    EmailSettings {
        address: format!("{name}@mail.invalid"),
        name: String::new(),
        user: name.to_owned(),
        imap: host.clone(),
        smtp: host,
        folder: "INBOX".to_owned(),
        sent_folder: None,
        takes_plus: false,
        signature: String::new(),
    }
}

/// A connected mailbox, read once, with a mail that could not be read.
async fn a_mailbox(world: &World) -> (ChannelId, MailId) {
    let (id, mail) = (ChannelId::new(new_id()), MailId::new(new_id()));
    let connect = ConnectMailbox { id, settings: mailbox(&id.to_string()), secret: Some("sealed".to_owned()) };
    world.db.write(&world.owner.scope, connect).await.unwrap();
    let (name, since) = ("INBOX".to_owned(), world.now());
    let begin = BeginFolder { channel: id, name: name.clone(), uid_validity: 1, last_uid: 0, first_uid: 0, since };
    world.db.write(&world.system(), begin).await.unwrap();
    let letter = Err("It cannot be read.".to_owned());
    let arrived = Arrived { id: mail, uid: 1, digest: "d".to_owned(), size: 1, old: false, letter };
    let place = Place { folder: name, uid_validity: 1 };
    let take = ReceiveMails { channel: id, place, step: Some(Step { from: 0, to: 1 }), mails: vec![arrived] };
    world.db.write(&world.system(), take).await.unwrap();
    (id, mail)
}

async fn n10_every_command_as_every_role(world: World) {
    for (number, &role) in Role::ALL.iter().enumerate() {
        for &visibility in Visibility::ALL {
            let who = if role == Role::Owner {
                world.owner.clone()
            } else {
                world.member(&format!("{}-{}", role.as_str(), visibility.as_str()), role, visibility).await
            };
            if role == Role::Owner && visibility != Visibility::All {
                continue;
            }
            // Assigned to whoever tries, so that everybody sees it.
            let ids = one_of_everything(&world, &who, number * 10 + visibility.as_str().len()).await;
            for (name, needs, result) in every_command(&world, &who.scope, &ids).await {
                let may = needs.is_none_or(|permission| role.may(permission, &[]));
                match result {
                    Ok(()) => assert!(may, "{role:?} may not {name}"),
                    Err(Error::Refused(ApiError::Forbidden)) => assert!(!may, "{role:?} may {name}"),
                    Err(other) => panic!("{role:?} {visibility:?} {name}: {other}"),
                }
            }
            if role == Role::Owner {
                // The walk ended the owner's session; the scope in hand is what the next ones are asked with.
                assert!(world.again(&who).await.is_none());
            }
            let reset = ResetPassword { member: ids.member, hash: String::new() };
            assert_eq!(
                refused(world.db.write(&who.scope, reset).await),
                ApiError::Forbidden,
                "only the command line may do that"
            );
        }
    }
}

/// What acts beside members has permissions of its own: a program those it was given, an agent and a rule those of a conversation, a person
/// outside none of a member's.
async fn n10_every_command_as_every_other_actor(world: World) {
    let owner = world.owner.clone();
    let me = || owner.scope.person().unwrap().clone();
    let ids = one_of_everything(&world, &owner, 900).await;
    let identity = IdentityId::new(new_id());
    let actors: [(&str, Scope, &[Permission]); 6] = [
        ("a token to read", Scope::token(world.workspace, me(), vec![Permission::Read]), &[Permission::Read]),
        ("a token of nothing", Scope::token(world.workspace, me(), Vec::new()), &[]),
        (
            "an agent",
            Scope::agent(world.workspace, AgentId::new(new_id()), ids.conversation),
            &[Permission::Read, Permission::Converse],
        ),
        ("a rule", Scope::rule(world.workspace, "a rule"), &[Permission::Read, Permission::Converse]),
        ("a visitor", Scope::visitor(world.workspace, world.chat.id), &[]),
        ("a known visitor", Scope::visitor(world.workspace, world.chat.id).known_as(identity), &[]),
    ];
    for (who, scope, permissions) in actors {
        let before = world.last_seq().await;
        for (name, needs, result) in every_command(&world, &scope, &ids).await {
            // What is a person's own (a session, a password) is no program's.
            let may = needs.is_some_and(|permission| permissions.contains(&permission));
            let forbidden = matches!(result, Err(Error::Refused(ApiError::Forbidden)));
            assert!(may || forbidden, "{who} may not {name}: {result:?}");
            assert!(!matches!(result, Err(Error::Store(_))), "{who} {name}: {result:?}");
        }
        if permissions.is_empty() {
            assert_eq!(world.last_seq().await, before, "{who} changed something");
        }
    }
}

/// Jobs and webhooks give commands without an operation: what a command needs is enforced where it runs, and is what its operation says.
async fn n10_a_command_says_what_its_operation_says(_world: World) {
    fn needs<C: store::Command>() -> Needs {
        C::NEEDS
    }
    let commands = [
        ("act_on_many", needs::<domain::act::ActOnMany>()),
        ("begin_sweep", needs::<BeginSweep>()),
        ("cancel_sweep", needs::<CancelSweep>()),
        ("add_reason", needs::<AddReason>()),
        ("edit_reason", needs::<EditReason>()),
        ("order_reasons", needs::<OrderReasons>()),
        ("close_with", needs::<CloseWith>()),
        ("unblock_sender", needs::<UnblockSender>()),
        ("add_tag", needs::<AddTag>()),
        ("edit_tag", needs::<EditTag>()),
        ("merge_tag", needs::<MergeTag>()),
        ("tag_contact", needs::<TagContact>()),
        ("save_view", needs::<SaveView>()),
        ("delete_view", needs::<DeleteView>()),
        ("see_notices", needs::<See>()),
        ("switch_notices", needs::<SwitchNotices>()),
        ("order_views", needs::<OrderViews>()),
        ("add_team", needs::<AddTeam>()),
        ("backfill", needs::<Backfill>()),
        ("cancel_message", needs::<CancelMessage>()),
        ("change_password", needs::<ChangePassword>()),
        ("change_state", needs::<ChangeState>()),
        ("connect_mailbox", needs::<ConnectMailbox>()),
        ("edit_channel", needs::<EditChannel>()),
        ("edit_contact", needs::<EditContact>()),
        ("edit_member", needs::<EditMember>()),
        ("edit_workspace", needs::<EditWorkspace>()),
        ("end_session", needs::<EndSession>()),
        ("invite", needs::<Invite>()),
        ("make_contact", needs::<MakeContact>()),
        ("mark_read", needs::<MarkRead>()),
        ("pause_channel", needs::<PauseChannel>()),
        ("read_mail_again", needs::<RetryQuarantined>()),
        ("revive_job", needs::<ReviveJob>()),
        ("revoke_invite", needs::<RevokeInvite>()),
        ("save_draft", needs::<SaveDraft>()),
        ("send_message", needs::<SendMessage>()),
        ("send_now", needs::<SendNow>()),
        ("set_chat", needs::<SetChat>()),
        ("hide_me", needs::<HideMe>()),
        ("set_keys", needs::<SetKeys>()),
        ("set_in_team", needs::<SetInTeam>()),
        ("set_team_channels", needs::<SetTeamChannels>()),
        ("undo", needs::<Undo>()),
        ("sign_in", needs::<domain::sessions::SignIn>()),
        ("sign_out", needs::<EndSession>()),
        ("set_up", needs::<domain::sessions::SetUp>()),
        ("accept_invite", needs::<domain::sessions::AcceptInvite>()),
    ];
    let reads = [
        "audit_log",
        "bootstrap",
        "check_mailbox",
        "count_lists",
        "find_mailbox",
        "inbox_page",
        "invites",
        "mailbox_status",
        "newer",
        "notices",
        "older",
        "progress_of_sweep",
        "say_where",
        "search",
        "sessions",
        "support_address",
        "system_status",
        "tag_uses",
        "blocked_senders",
        "thread",
        "thread_around",
    ];
    for operation in app::api::operations() {
        match commands.iter().find(|(name, _)| *name == operation.name) {
            Some((name, needs)) => assert_eq!(*needs, operation.needs, "{name}"),
            None => assert!(reads.contains(&operation.name), "{} is neither read nor written here", operation.name),
        }
    }
}

async fn s20_an_actor_reaches_no_further_than_its_own(world: World) {
    let theirs = world.inbound("amelie", "Bonjour").await.conversation;
    let other = world.inbound("bruno", "Salut").await.conversation;
    let identity = {
        let mut snapshot = world.db.snapshot().await.unwrap();
        let loaded = store::conversation::load(&mut snapshot.conn(), &world.system(), theirs).await.unwrap();
        loaded.unwrap().identity
    };
    let visitor = Scope::visitor(world.workspace, world.chat.id);
    let sees = async |scope: &Scope, id| {
        let mut snapshot = world.db.snapshot().await.unwrap();
        store::conversation::load(&mut snapshot.conn(), scope, id).await.unwrap().is_some()
    };
    assert!(!sees(&visitor, theirs).await, "nobody knows yet who it is");
    let known = visitor.known_as(identity);
    assert_eq!((sees(&known, theirs).await, sees(&known, other).await), (true, false));
    let agent = Scope::agent(world.workspace, AgentId::new(new_id()), theirs);
    assert_eq!((sees(&agent, theirs).await, sees(&agent, other).await), (true, false));
    assert_eq!(refused(inbox::page(&world.db, &agent, View::All, Sort::Last, None, 10).await), ApiError::Forbidden);
    assert_eq!(refused(inbox::page(&world.db, &known, View::All, Sort::Last, None, 10).await), ApiError::Forbidden);
    assert!(!known.sees(&world.row(theirs).await.facts().placement()), "what a placement cannot tell is not seen");
    assert!(known.access().is_none());
    let token = Scope::token(world.workspace, world.owner.scope.person().unwrap().clone(), vec![Permission::Read]);
    assert!(sees(&token, other).await);
}

async fn n10_reading_as_every_role(world: World) {
    for (number, &role) in [Role::Admin, Role::Agent, Role::Viewer].iter().enumerate() {
        let who = world.member(role.as_str(), role, Visibility::All).await;
        let ids = one_of_everything(&world, &who, number).await;
        inbox::bootstrap(&world.db, &who.scope).await.unwrap();
        inbox::page(&world.db, &who.scope, View::All, Sort::Last, None, 10).await.unwrap();
        inbox::thread(&world.db, &who.scope, ids.conversation).await.unwrap();
        inbox::older(&world.db, &who.scope, ids.conversation, 3).await.unwrap();
        inbox::newer(&world.db, &who.scope, ids.conversation, 0).await.unwrap();
        inbox::around(&world.db, &who.scope, ids.conversation, 1).await.unwrap();
        domain::search::search(&world.db, &who.scope, "bonjour from:amélie", None, 0).await.unwrap();
        assert_eq!(refused(files::of_member(&world.db, &who.scope, ids.file).await), ApiError::NotFound);
    }
}

async fn s26_nobody_hands_out_what_they_do_not_hold(world: World) {
    let admin = world.member("Admin", Role::Admin, Visibility::All).await;
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let edit = |id, role, disabled| EditMember { id, role, visibility: Visibility::All, disabled };
    let give = async |who: &Person, edit: EditMember| refused(world.db.write(&who.scope, edit).await);
    assert_eq!(
        give(&admin, edit(agent.id, Role::Owner, false)).await,
        ApiError::Forbidden,
        "only an owner makes an owner"
    );
    assert_eq!(
        give(&admin, edit(world.owner.id, Role::Owner, true)).await,
        ApiError::Forbidden,
        "an admin cannot disable an owner"
    );
    assert_eq!(
        give(&admin, edit(world.owner.id, Role::Viewer, false)).await,
        ApiError::Forbidden,
        "an admin cannot demote an owner"
    );
    assert_eq!(give(&agent, edit(agent.id, Role::Admin, false)).await, ApiError::Forbidden);
    assert!(
        matches!(give(&admin, edit(admin.id, Role::Agent, false)).await, ApiError::Invalid { .. }),
        "nobody changes their own role"
    );
    assert!(
        matches!(give(&world.owner, edit(world.owner.id, Role::Owner, true)).await, ApiError::Invalid { .. }),
        "the last owner cannot be removed"
    );
    let invitation = Invitation { role: Role::Owner, visibility: Visibility::All, note: String::new() };
    let invite = Invite { id: InviteId::new(new_id()), token_hash: secret_hash("x"), invitation };
    assert_eq!(refused(world.db.write(&admin.scope, invite.clone()).await), ApiError::Forbidden);
    world.db.write(&world.owner.scope, invite).await.unwrap();
    let add = |name: &str, role| AddMember {
        member: Member {
            id: MemberId::new(new_id()),
            name: name.to_owned(),
            email: format!("{name}@corail.example"),
            role,
            visibility: Visibility::All,
            chat_on: false,
            disabled: false,
            teams: Vec::new(),
        },
        password_hash: "not a hash".to_owned(),
    };
    assert_eq!(refused(world.db.write(&admin.scope, add("one", Role::Owner)).await), ApiError::Forbidden);
    world.db.write(&admin.scope, add("two", Role::Admin)).await.unwrap();
    world.db.write(&world.owner.scope, add("three", Role::Owner)).await.unwrap();
    world.db.write(&world.system(), add("four", Role::Owner)).await.expect("the command line may do it");
    // What an admin was is gone with the next request.
    world.db.write(&world.owner.scope, edit(admin.id, Role::Viewer, false)).await.unwrap();
    let demoted = world.again(&admin).await.unwrap();
    assert_eq!(give(&demoted, edit(agent.id, Role::Viewer, false)).await, ApiError::Forbidden);
}

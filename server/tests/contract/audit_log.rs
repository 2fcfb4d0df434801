//! N10, S26, S27: what the audit log records, who may read it, and that nobody can change it.

use domain::{
    audit_log::{self, NoteRefusal, NoteWrongPassword},
    people::{EditChannel, EditMember, EditWorkspace},
    sessions::{Browser, ChangePassword, Invitation, Invite, SignIn},
};
use model::{ApiError, AuditEvent, InviteId, Role, Visibility};
use store::{
    audit,
    clock::{new_id, secret_hash},
    session,
};

use crate::{
    plain::Sql,
    world::{Person, World, refused},
};

on_both_engines!(
    n10_it_says_who_did_what_and_from_where,
    n10_only_who_administers_reads_it,
    s27_the_database_refuses_to_change_it,
    s27_a_line_that_was_edited_in_the_file_shows,
    s27_two_processes_add_to_one_chain,
    s53_refusals_do_not_fill_it,
    s26_harmless_refusals_keep_none_out_of_it,
    it_is_read_page_by_page,
);

/// The log, the newest line first: what, by whom, from where, and more about it.
async fn log(world: &World) -> Vec<(AuditEvent, Option<model::MemberId>, String, String)> {
    let (mut lines, mut before) = (Vec::new(), None);
    loop {
        let page = audit_log::page(&world.db, &world.owner.scope, before).await.unwrap();
        before = page.lines.last().map(|line| line.n);
        lines.extend(page.lines.into_iter().map(|line| (line.what, line.who, line.address, line.detail)));
        if !page.more {
            return lines;
        }
    }
}

/// The same person, asking from a network address.
fn from(who: &Person, address: &str) -> Person {
    Person { scope: who.scope.clone().asking_from(address), ..who.clone() }
}

async fn n10_it_says_who_did_what_and_from_where(world: World) {
    let admin = from(&world.member("Admin", Role::Admin, Visibility::All).await, "192.0.2.7");
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let write = &admin.scope;
    let edit = EditChannel {
        id: world.chat.id,
        name: "Shop".to_owned(),
        greeting: world.chat.greeting.clone(),
        auto_reply: world.chat.auto_reply.clone(),
        origins: vec!["https://shop.example".to_owned()],
    };
    world.db.write(write, edit).await.unwrap();
    let edit =
        EditWorkspace { name: "Corail".to_owned(), chat_enabled: false, pending_after_reply: true, shows_typing: true };
    world.db.write(write, edit).await.unwrap();
    let edit = EditMember { id: agent.id, role: Role::Viewer, visibility: Visibility::Mine, disabled: false };
    world.db.write(write, edit).await.unwrap();
    let invitation = Invitation { role: Role::Agent, visibility: Visibility::All, note: "Jonas".to_owned() };
    let invite = Invite { id: InviteId::new(new_id()), token_hash: secret_hash("x"), invitation };
    world.db.write(write, invite).await.unwrap();
    let browser =
        Browser { token_hash: secret_hash("y"), user_agent: "Firefox\n".to_owned(), address: "2001:db8::7".to_owned() };
    let sign_in =
        SignIn { workspace: world.workspace, member: agent.id, browser, forgive: String::new(), rehashed: None };
    world.db.write_global(sign_in).await.unwrap();
    let wrong = NoteWrongPassword { workspace: world.workspace, member: agent.id, address: "203.0.113.9".to_owned() };
    world.db.write_global(wrong).await.unwrap();
    let refusal = NoteRefusal { what: AuditEvent::Refused, asked: "edit_member".to_owned() };
    world.db.write(&from(&agent, "203.0.113.9").scope, refusal).await.unwrap();

    let lines = log(&world).await;
    let (admin, agent) = (Some(admin.id), Some(agent.id));
    let expected = [
        (AuditEvent::Refused, agent, "203.0.113.9", "asked: edit_member"),
        (AuditEvent::SignInRefused, agent, "203.0.113.9", ""),
        (AuditEvent::SignedIn, agent, "2001:db8::7", "browser: Firefox"),
        (AuditEvent::MemberInvited, admin, "192.0.2.7", "note: Jonas, role: agent, visibility: all"),
        (AuditEvent::MemberChanged, admin, "192.0.2.7", "disabled: no, name: Agathe, role: viewer, visibility: mine"),
        (
            AuditEvent::WorkspaceEdited,
            admin,
            "192.0.2.7",
            "before: Maison Corail, chat: no, name: Corail, pending after reply: yes, shows typing: yes",
        ),
        (
            AuditEvent::ChannelEdited,
            admin,
            "192.0.2.7",
            "before: Website chat, changed: name sites, name: Shop, sites: https://shop.example",
        ),
    ];
    for (line, (what, who, address, detail)) in lines.iter().zip(expected) {
        assert_eq!(*line, (what, who, address.to_owned(), detail.to_owned()));
    }
}

async fn n10_only_who_administers_reads_it(world: World) {
    for (name, role) in [("Agathe", Role::Agent), ("Vera", Role::Viewer)] {
        let who = world.member(name, role, Visibility::All).await;
        assert_eq!(refused(audit_log::page(&world.db, &who.scope, None).await), ApiError::Forbidden);
    }
    let tenant = world.tenant("other").await;
    let theirs = audit_log::page(&world.db, &tenant.owner.scope, None).await.unwrap();
    assert!(theirs.lines.is_empty(), "each workspace has its own numbers");
}

async fn s27_the_database_refuses_to_change_it(world: World) {
    let before = log(&world).await;
    assert!(!before.is_empty());
    for change in [
        "UPDATE audit SET what = 'nothing'",
        "UPDATE audit SET member_id = NULL WHERE n = 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE n = 1",
    ] {
        assert!(world.db.write(&world.owner.scope, Sql::one(change, Vec::new())).await.is_err(), "{change}");
    }
    assert_eq!(log(&world).await, before);
}

/// Whoever has the database can take its rules away; what they then change no longer fits the seals.
async fn s27_a_line_that_was_edited_in_the_file_shows(world: World) {
    for name in ["One", "Two", "Three"] {
        world.member(name, Role::Agent, Visibility::All).await;
    }
    let verify = async || {
        let mut snapshot = world.db.snapshot().await.unwrap();
        audit::verify(&mut snapshot.conn(), world.workspace).await.unwrap()
    };
    let lines = verify().await.expect("the log is unchanged");
    assert!(lines >= 6, "{lines}");
    let unlock: &[&str] = match world.engine {
        store::Engine::Sqlite => &["DROP TRIGGER audit_is_never_changed", "DROP TRIGGER audit_is_never_deleted"],
        store::Engine::Postgres => &["DROP TRIGGER audit_is_append_only ON audit"],
    };
    for statement in unlock {
        world.db.write(&world.owner.scope, Sql::one(statement, Vec::new())).await.unwrap();
    }
    let change = async |sql: &str| world.db.write(&world.owner.scope, Sql::one(sql, Vec::new())).await.unwrap();
    change("UPDATE audit SET address = '192.0.2.1' WHERE n = 3").await;
    assert_eq!(verify().await, Err(3), "an edited entry is found");
    change("UPDATE audit SET address = '' WHERE n = 3").await;
    assert_eq!(verify().await, Ok(lines), "the log is unchanged again");
    change("UPDATE audit SET seal = '' WHERE n = 5").await;
    assert_eq!(verify().await, Err(5), "an entry without a seal between sealed ones is found");
    change("DELETE FROM audit WHERE n = 4").await;
    assert_eq!(verify().await, Err(4), "a missing entry is found");
}

async fn s27_two_processes_add_to_one_chain(world: World) {
    let other = world.another_process().await;
    let notes = (0..40).map(|n| {
        let world = if n % 2 == 0 { world.clone() } else { other.clone() };
        tokio::spawn(async move {
            let edit = EditWorkspace {
                name: format!("Corail {n}"),
                chat_enabled: true,
                pending_after_reply: n % 3 == 0,
                shows_typing: true,
            };
            world.db.write(&world.owner.scope, edit).await
        })
    });
    for done in futures::future::join_all(notes).await {
        done.unwrap().unwrap();
    }
    let mut snapshot = world.db.snapshot().await.unwrap();
    let verdict = audit::verify(&mut snapshot.conn(), world.workspace).await.unwrap();
    assert_eq!(verdict, Ok(42), "two entries of the set-up and forty others");
    drop(snapshot);
    other.db.close().await;
}

async fn s53_refusals_do_not_fill_it(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let before = log(&world).await.len();
    for _ in 0..100 {
        let refusal = NoteRefusal { what: AuditEvent::Refused, asked: "x".repeat(10_000) };
        world.db.write(&agent.scope, refusal).await.unwrap();
        let wrong = NoteWrongPassword { workspace: world.workspace, member: agent.id, address: String::new() };
        world.db.write_global(wrong).await.unwrap();
    }
    let lines = log(&world).await;
    assert_eq!(lines.len(), before + 30 + 30, "only the first refusals of each kind within a quarter of an hour");
    assert!(lines.iter().all(|(.., detail)| detail.len() < 300));
    world.wait(15 * 60_000);
    world.db.write(&agent.scope, NoteRefusal { what: AuditEvent::Refused, asked: String::new() }).await.unwrap();
    assert_eq!(log(&world).await.len(), before + 30 + 30 + 1);
}

async fn s26_harmless_refusals_keep_none_out_of_it(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let before = log(&world).await.len();
    let ask = async |what, asked: &str| {
        world.db.write(&agent.scope, NoteRefusal { what, asked: asked.to_owned() }).await.unwrap();
    };
    for n in 0..100 {
        ask(AuditEvent::Refused, "invites").await;
        // Of pages and files there are as many addresses as somebody likes.
        ask(AuditEvent::Refused, &format!("/api/files/{n}")).await;
        ask(AuditEvent::Refused, &format!("/settings/x{n}")).await;
        let wrong = NoteWrongPassword { workspace: world.workspace, member: agent.id, address: String::new() };
        world.db.write_global(wrong).await.unwrap();
    }
    let lines = log(&world).await;
    assert_eq!(lines.len(), before + 4 * 30);
    let last = |part: &str| lines.iter().find(|(.., detail)| detail.contains(part)).unwrap().3.clone();
    for part in ["invites", "/api/files/29", "/settings/x29"] {
        assert!(last(part).contains("further ones: not noted"), "{}", last(part));
    }
    let saying = lines.iter().filter(|(.., detail)| detail.contains("further ones")).count();
    assert_eq!(saying, 4, "the last refusal of each kind says that further ones are not logged");
    for (n, (what, asked)) in [
        (AuditEvent::Refused, "edit_member"),
        (AuditEvent::PasswordRefused, "change_password"),
        (AuditEvent::Refused, "/api/quarantine/1/source"),
    ]
    .into_iter()
    .enumerate()
    {
        ask(what, asked).await;
        let lines = log(&world).await;
        assert_eq!(lines.len(), before + 4 * 30 + n + 1, "{asked}");
        assert_eq!((lines[0].0, lines[0].3.as_str()), (what, format!("asked: {asked}").as_str()));
    }
}

async fn it_is_read_page_by_page(world: World) {
    let me = &world.owner;
    let mut snapshot = world.db.snapshot().await.unwrap();
    let keep = session::list(&mut snapshot.conn(), &me.scope, world.now()).await.unwrap()[0].0;
    drop(snapshot);
    for n in 0..120 {
        let token_hash = secret_hash(&n.to_string());
        world.db.write(&me.scope, ChangePassword { hash: String::new(), keep, token_hash }).await.unwrap();
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = audit_log::page(&world.db, &me.scope, before).await.unwrap();
        seen.extend(page.lines.iter().map(|line| line.n));
        before = page.lines.last().map(|line| line.n);
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, (1..=122).rev().collect::<Vec<_>>(), "each entry once, newest first");
}

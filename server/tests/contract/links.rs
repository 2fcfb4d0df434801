//! S42, S58: a link works once, for one day, for its purpose, while its maker may invite, and cannot be guessed.

use domain::{
    people::{EditMember, SetChat},
    sessions::{
        AcceptInvite, Browser, ChangePassword, Invitation, Invite, LINK_MS, OfferSetup, ResetPassword, RevokeInvite,
        SetUp,
    },
};
use model::{InviteId, Role, Visibility};
use store::{
    clock::{new_id, new_secret, secret_hash},
    error::Result,
    session::{self, Purpose},
};

use crate::{
    plain::Sql,
    world::{Person, World},
};

on_both_engines!(
    s42_an_invitation_is_good_once,
    s42_an_invitation_ends_after_a_day_or_when_revoked,
    s42_a_link_is_good_for_its_purpose_only,
    s42_a_refused_form_does_not_use_the_link_up,
    s58_an_invitation_ends_with_its_makers_rights,
    s58_the_makers_rights_are_looked_at_when_it_is_accepted,
    s42_an_invitation_ends_with_its_makers_password_and_address,
    s58_other_links_and_other_changes_leave_it_alone,
    s58_a_link_without_a_maker_is_good_for_nothing,
);

/// Makes an invitation; its id and the hash of its secret.
async fn invite(world: &World) -> (InviteId, String) {
    invite_as(world, &world.owner, Role::Agent).await
}

async fn invite_as(world: &World, maker: &Person, role: Role) -> (InviteId, String) {
    let (id, token_hash) = (InviteId::new(new_id()), secret_hash(&new_secret()));
    let invitation = Invitation { role, visibility: Visibility::All, note: String::new() };
    world.db.write(&maker.scope, Invite { id, token_hash: token_hash.clone(), invitation }).await.unwrap();
    (id, token_hash)
}

/// How many invitations Settings lists.
async fn listed(world: &World) -> usize {
    let mut snapshot = world.db.snapshot().await.unwrap();
    session::links(&mut snapshot.conn(), &world.owner.scope, Purpose::Invite, world.now()).await.unwrap().len()
}

async fn edit(world: &World, who: &Person, role: Role, visibility: Visibility, disabled: bool) {
    let edit = EditMember { id: who.id, role, visibility, disabled };
    world.db.write(&world.owner.scope, edit).await.unwrap();
}

async fn sql(world: &World, text: &str, who: &Person) {
    let touched = world.db.write(&world.owner.scope, Sql::one(text, vec![who.id.into()])).await.unwrap();
    assert_eq!(touched, 1, "{text}");
}

fn browser() -> Browser {
    Browser { token_hash: secret_hash(&new_secret()), user_agent: "test".to_owned(), address: String::new() }
}

async fn accept(world: &World, link_hash: &str, email: &str) -> Result<()> {
    let accept = AcceptInvite {
        link_hash: link_hash.to_owned(),
        name: "Agathe".to_owned(),
        email: email.to_owned(),
        password_hash: "not a hash".to_owned(),
        browser: browser(),
    };
    world.db.write_global(accept).await
}

async fn set_up(world: &World, link_hash: &str) -> Result<()> {
    let set_up = SetUp {
        link_hash: link_hash.to_owned(),
        workspace: "Mine now".to_owned(),
        name: "Mallory".to_owned(),
        email: "mallory@example.com".to_owned(),
        password_hash: "not a hash".to_owned(),
        browser: browser(),
    };
    world.db.write_global(set_up).await.map(drop)
}

/// How many members the workspace has.
async fn members(world: &World) -> usize {
    let mut snapshot = world.db.snapshot().await.unwrap();
    store::workspace::members(&mut snapshot.conn(), &world.owner.scope).await.unwrap().len()
}

async fn s42_an_invitation_is_good_once(world: World) {
    let (_, link) = invite(&world).await;
    let both = tokio::join!(accept(&world, &link, "one@corail.example"), accept(&world, &link, "two@corail.example"));
    assert!(both.0.is_ok() != both.1.is_ok(), "two uses at once: only one succeeds");
    assert!(accept(&world, &link, "three@corail.example").await.is_err(), "nobody can use it later");
    assert_eq!(members(&world).await, 2);
}

async fn s42_an_invitation_ends_after_a_day_or_when_revoked(world: World) {
    let ((_, late), (id, revoked), (_, in_time)) = (invite(&world).await, invite(&world).await, invite(&world).await);
    world.db.write(&world.owner.scope, RevokeInvite(id)).await.unwrap();
    assert!(accept(&world, &revoked, "revoked@corail.example").await.is_err());
    world.wait(LINK_MS - 1);
    assert!(accept(&world, &in_time, "in.time@corail.example").await.is_ok());
    world.wait(1);
    assert!(accept(&world, &late, "late@corail.example").await.is_err());
    assert_eq!(members(&world).await, 2);
}

async fn s42_a_link_is_good_for_its_purpose_only(world: World) {
    let (_, invitation) = invite(&world).await;
    for hash in [invitation.as_str(), world.owner.token.as_str(), &secret_hash(""), "", "%"] {
        assert!(set_up(&world, hash).await.is_err(), "set-up with {hash:?}");
    }
    // The link of the set-up was used when this workspace was made; there is none any more, and no new one is given out.
    let used = secret_hash("the link in the log");
    assert!(!world.db.write_global(OfferSetup { token_hash: secret_hash("another") }).await.unwrap());
    for hash in [used.as_str(), &secret_hash("another"), world.owner.token.as_str(), &secret_hash(""), "", "%"] {
        assert!(accept(&world, hash, "mallory@example.com").await.is_err(), "an invitation with {hash:?}");
        assert!(set_up(&world, hash).await.is_err(), "set-up with {hash:?}");
    }
    // A member's own rights do not reach to another's password.
    let reset = ResetPassword { member: world.owner.id, hash: "not a hash".to_owned() };
    assert!(world.db.write(&world.owner.scope, reset).await.is_err());
    assert_eq!(members(&world).await, 1);
}

async fn s42_a_refused_form_does_not_use_the_link_up(world: World) {
    let (_, link) = invite(&world).await;
    assert!(accept(&world, &link, "olive@corail.example").await.is_err(), "the owner signs in with this address");
    assert!(accept(&world, &link, "").await.is_err());
    accept(&world, &link, "agathe@corail.example").await.unwrap();
}

async fn s58_an_invitation_ends_with_its_makers_rights(world: World) {
    let all = Visibility::All;
    for (number, way) in ["disabled", "demoted", "demoted and raised again", "let in again"].into_iter().enumerate() {
        let admin = world.member(&format!("Admin{number}"), Role::Admin, all).await;
        let (_, link) = invite_as(&world, &admin, Role::Admin).await;
        assert_eq!(listed(&world).await, 1);
        match way {
            "disabled" => edit(&world, &admin, Role::Admin, all, true).await,
            "demoted" => edit(&world, &admin, Role::Agent, all, false).await,
            "demoted and raised again" => {
                edit(&world, &admin, Role::Viewer, all, false).await;
                edit(&world, &admin, Role::Admin, all, false).await;
            }
            _ => {
                edit(&world, &admin, Role::Admin, all, true).await;
                edit(&world, &admin, Role::Admin, all, false).await;
            }
        }
        let before = members(&world).await;
        assert!(accept(&world, &link, &format!("back{number}@corail.example")).await.is_err(), "{way}");
        assert_eq!((members(&world).await, listed(&world).await), (before, 0), "{way}");
    }
    // An owner who becomes an admin could invite an admin now, and no owner any more.
    let owner = world.member("Second", Role::Owner, all).await;
    let (_, link) = invite_as(&world, &owner, Role::Owner).await;
    edit(&world, &owner, Role::Admin, all, false).await;
    assert!(accept(&world, &link, "third@corail.example").await.is_err());
}

/// Also where the link itself is still there: rights may change in ways that know nothing of links.
async fn s58_the_makers_rights_are_looked_at_when_it_is_accepted(world: World) {
    for (number, (change, role)) in [
        ("UPDATE member SET disabled_at = 1 WHERE id = $1", Role::Agent),
        ("UPDATE member SET role = 'agent' WHERE id = $1", Role::Agent),
        ("UPDATE member SET role = 'viewer', granted = '[\"administer\"]' WHERE id = $1", Role::Viewer),
        ("UPDATE member SET role = 'admin' WHERE id = $1", Role::Owner),
    ]
    .into_iter()
    .enumerate()
    {
        let maker = world.member(&format!("Maker{number}"), Role::Owner, Visibility::All).await;
        let (_, link) = invite_as(&world, &maker, role).await;
        sql(&world, change, &maker).await;
        let before = members(&world).await;
        assert!(accept(&world, &link, &format!("late{number}@corail.example")).await.is_err(), "{change}");
        assert_eq!(members(&world).await, before, "{change}");
    }
}

async fn s42_an_invitation_ends_with_its_makers_password_and_address(world: World) {
    let admin = world.member("Admin", Role::Admin, Visibility::All).await;
    let links = [invite_as(&world, &admin, Role::Agent).await.1, invite_as(&world, &admin, Role::Agent).await.1];
    let mut snapshot = world.db.snapshot().await.unwrap();
    let keep = session::list(&mut snapshot.conn(), &admin.scope, world.now()).await.unwrap()[0].0;
    drop(snapshot);
    let change = ChangePassword { hash: "another".to_owned(), keep, token_hash: secret_hash("renewed") };
    world.db.write(&admin.scope, change).await.unwrap();
    for link in links {
        assert!(
            accept(&world, &link, "one@corail.example").await.is_err(),
            "a link from before the change of password"
        );
    }
    let (_, after) = invite_as(&world, &admin, Role::Agent).await;
    accept(&world, &after, "two@corail.example").await.unwrap();

    let (_, link) = invite_as(&world, &admin, Role::Agent).await;
    let reset = ResetPassword { member: admin.id, hash: "a third".to_owned() };
    world.db.write(&world.system(), reset).await.unwrap();
    assert!(accept(&world, &link, "three@corail.example").await.is_err(), "a link from before the password was reset");

    let (_, link) = invite_as(&world, &admin, Role::Agent).await;
    sql(
        &world,
        "UPDATE member SET email = 'new@corail.example', email_key = 'new@corail.example' WHERE id = $1",
        &admin,
    )
    .await;
    assert!(
        accept(&world, &link, "four@corail.example").await.is_err(),
        "a link from before the maker's address changed"
    );
    assert_eq!(listed(&world).await, 0);
}

async fn s58_other_links_and_other_changes_leave_it_alone(world: World) {
    let (admin, other) = (
        world.member("Admin", Role::Admin, Visibility::All).await,
        world.member("Other", Role::Admin, Visibility::All).await,
    );
    let (_, link) = invite_as(&world, &admin, Role::Admin).await;
    let (_, owners) = invite(&world).await;
    edit(&world, &other, Role::Viewer, Visibility::All, false).await;
    edit(&world, &admin, Role::Admin, Visibility::Mine, false).await;
    world.db.write(&admin.scope, SetChat(false)).await.unwrap();
    accept(&world, &link, "one@corail.example").await.unwrap();
    accept(&world, &owners, "two@corail.example").await.unwrap();
}

/// As one stands in a table that an older version filled.
async fn s58_a_link_without_a_maker_is_good_for_nothing(world: World) {
    let (_, link) = invite(&world).await;
    sql(&world, "UPDATE one_time_link SET maker_id = NULL, maker_key = NULL WHERE maker_id = $1", &world.owner).await;
    assert!(accept(&world, &link, "one@corail.example").await.is_err());
    assert_eq!(members(&world).await, 1);
}

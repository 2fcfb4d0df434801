//! S42: a link is good once, for a day, for what it was made for, and for nobody who only guesses.

use app::model::{InviteId, Role, Visibility};
use server::{
    clock::{new_id, new_secret, secret_hash},
    domain::sessions::{
        AcceptInvite, Browser, Invitation, Invite, LINK_MS, OfferSetup, ResetPassword, RevokeInvite, SetUp,
    },
    error::Result,
};

use crate::world::World;

on_both_engines!(
    s42_an_invitation_is_good_once,
    s42_an_invitation_ends_after_a_day_or_when_revoked,
    s42_a_link_is_good_for_its_purpose_only,
    s42_a_refused_form_does_not_use_the_link_up,
);

/// Makes an invitation; its id and the hash of its secret.
async fn invite(world: &World) -> (InviteId, String) {
    let (id, token_hash) = (InviteId::new(new_id()), secret_hash(&new_secret()));
    let invitation = Invitation { role: Role::Agent, visibility: Visibility::All, note: String::new() };
    world.db.write(&world.owner.scope, Invite { id, token_hash: token_hash.clone(), invitation }).await.unwrap();
    (id, token_hash)
}

fn browser() -> Browser {
    Browser { token_hash: secret_hash(&new_secret()), user_agent: "test".to_owned() }
}

async fn accept(world: &World, link_hash: &str, email: &str) -> Result<()> {
    let accept = AcceptInvite {
        link_hash: link_hash.to_owned(),
        name: "Agathe".to_owned(),
        email: email.to_owned(),
        password_hash: "not a hash".to_owned(),
        browser: browser(),
    };
    world.db.write_house(accept).await
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
    world.db.write_house(set_up).await.map(drop)
}

/// How many members the workspace has.
async fn members(world: &World) -> usize {
    let mut snapshot = world.db.snapshot().await.unwrap();
    server::store::house::members(&mut snapshot.conn(), &world.owner.scope).await.unwrap().len()
}

async fn s42_an_invitation_is_good_once(world: World) {
    let (_, link) = invite(&world).await;
    let both = tokio::join!(accept(&world, &link, "one@corail.example"), accept(&world, &link, "two@corail.example"));
    assert!(both.0.is_ok() != both.1.is_ok(), "at once: one of them");
    assert!(accept(&world, &link, "three@corail.example").await.is_err(), "and nobody later");
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
    assert!(!world.db.write_house(OfferSetup { token_hash: secret_hash("another") }).await.unwrap());
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
    assert!(accept(&world, &link, "olive@corail.example").await.is_err(), "the owner signs in with it");
    assert!(accept(&world, &link, "").await.is_err());
    accept(&world, &link, "agathe@corail.example").await.unwrap();
}

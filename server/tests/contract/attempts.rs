//! S47: sign-in attempts are counted per account and per address, by all processes together, within a window.

use domain::sessions::{CountAttempt, SignIn};
use futures::future::join_all;

use crate::world::World;

on_both_engines!(
    s47_a_window_counts_and_ends,
    s47_two_processes_count_together,
    s47_a_success_forgives_its_account_only
);

const WINDOW: i64 = 600_000;

fn attempt(account: &str, address: &str) -> CountAttempt {
    CountAttempt {
        buckets: vec![(format!("account {account}"), 5), (format!("address {address}"), 20)],
        window_ms: WINDOW,
    }
}

async fn try_once(world: &World, account: &str, address: &str) -> Option<i64> {
    world.db.write_global(attempt(account, address)).await.unwrap()
}

async fn s47_a_window_counts_and_ends(world: World) {
    for _ in 0..5 {
        assert_eq!(try_once(&world, "olive", "192.0.2.1").await, None);
        world.wait(1000);
    }
    assert_eq!(
        try_once(&world, "olive", "198.51.100.7").await,
        Some(595),
        "the limit of an account counts all addresses"
    );
    assert_eq!(try_once(&world, "agathe", "192.0.2.1").await, None, "the same address may try another account");
    world.wait(594_000);
    assert_eq!(try_once(&world, "olive", "192.0.2.1").await, Some(1), "further attempts do not extend the wait");
    world.wait(1000);
    assert_eq!(try_once(&world, "olive", "192.0.2.1").await, None, "a new window");
    for n in 0..19 {
        let wait = try_once(&world, &format!("account {n}"), "203.0.113.9").await;
        assert_eq!(wait, None, "{n}");
    }
    assert_eq!(try_once(&world, "one", "203.0.113.9").await, None);
    assert_eq!(try_once(&world, "another", "203.0.113.9").await, Some(600), "one address at many accounts is limited");
}

async fn s47_two_processes_count_together(world: World) {
    let other = world.another_process().await;
    let tries = (0..40).map(|n| {
        let world = if n % 2 == 0 { world.clone() } else { other.clone() };
        tokio::spawn(async move { try_once(&world, "olive", &format!("192.0.2.{n}")).await })
    });
    let allowed = join_all(tries).await.into_iter().filter(|wait| wait.as_ref().unwrap().is_none()).count();
    assert_eq!(allowed, 5, "both processes together may make five attempts");
    other.db.close().await;
}

async fn s47_a_success_forgives_its_account_only(world: World) {
    for account in ["olive", "agathe"] {
        for _ in 0..6 {
            try_once(&world, account, "192.0.2.1").await;
        }
    }
    let browser = domain::sessions::Browser {
        token_hash: "another browser".to_owned(),
        user_agent: String::new(),
        address: String::new(),
    };
    let forgive = "account olive".to_owned();
    let sign_in = SignIn { workspace: world.workspace, member: world.owner.id, browser, forgive, rehashed: None };
    world.db.write_global(sign_in).await.unwrap();
    assert_eq!(try_once(&world, "olive", "192.0.2.2").await, None);
    assert!(try_once(&world, "agathe", "192.0.2.2").await.is_some());
}

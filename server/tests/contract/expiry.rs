//! S53: expired rows are deleted, recurring jobs exist from the start of a workspace, and refused requests make no table grow.

use domain::{
    sessions::{
        Browser, CountAttempt, IDLE_MS, Invitation, Invite, LINK_MS, MOST_INVITATIONS, MOST_SESSIONS, SESSION_MS,
        SignIn,
    },
    work::{Recurrence, Schedule, Work},
};
use model::{InviteId, Role, Visibility};
use store::{
    clock::{new_id, new_secret, secret_hash},
    error::Result,
};

use crate::{
    plain::Sql,
    world::{World, refused},
};

on_both_engines!(
    s53_what_recurs_is_there_from_the_first_moment,
    s53_what_recurs_goes_on_though_one_turn_failed,
    s53_sessions_links_and_attempts_go_when_they_have_expired,
    s53_a_refused_sign_in_leaves_no_row,
    s53_attempts_are_bounded_whoever_comes,
    s53_a_member_has_so_many_sessions,
    s53_a_workspace_has_so_many_open_invitations,
);

const HOUR: i64 = 3_600_000;

/// How many rows fit.
async fn rows(world: &World, table: &str, which: &str) -> u64 {
    let column = if table == "job" {
        "kind"
    } else if table == "attempt" {
        "bucket"
    } else {
        "token_hash"
    };
    let touch = format!("UPDATE {table} SET {column} = {column} WHERE {which}");
    world.db.write(&world.system(), Sql::one(&touch, Vec::new())).await.unwrap()
}

async fn s53_what_recurs_is_there_from_the_first_moment(world: World) {
    assert_eq!(usize::try_from(world.left_by_set_up).unwrap(), Work::RECURRING.len());
    let tenant = world.tenant("other").await;
    for work in Work::RECURRING {
        let theirs = format!("workspace_id = '{}' AND kind = '{}'", tenant.workspace, work.kind());
        assert_eq!(rows(&world, "job", &theirs).await, 1, "{work:?}");
    }
    world.db.write(&world.system(), Sql::one("DELETE FROM job", Vec::new())).await.unwrap();
    world.db.write(&world.system(), Schedule).await.unwrap();
    for work in Work::RECURRING {
        assert_eq!(
            rows(&world, "job", &format!("kind = '{}' AND state = 'waiting'", work.kind())).await,
            1,
            "{work:?}"
        );
    }
    // A workspace that an older version made, and one that is started again.
    world.db.write(&world.system(), Sql::one("DELETE FROM job", Vec::new())).await.unwrap();
    for _ in 0..2 {
        world.db.write(&world.system(), Schedule).await.unwrap();
    }
    let all = u64::try_from(Work::RECURRING.len()).unwrap();
    assert_eq!(rows(&world, "job", "TRUE").await, all);
    for hour in 1..=4 {
        world.wait(HOUR);
        let hourly = Work::RECURRING.iter().filter(|work| work.recurrence() == Some(Recurrence::Hourly)).count();
        assert!((hourly..=Work::RECURRING.len()).contains(&world.work().await), "hour {hour}");
        assert_eq!(rows(&world, "job", "state = 'waiting'").await, all, "each leaves the next");
    }
}

/// Every `.rs` file below a folder, with what it says.
fn sources(folder: &std::path::Path, to: &mut Vec<(std::path::PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, to);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            to.push((path, text));
        }
    }
}

/// The set-up page, the command line, the sample, the seed and the tests make a workspace by one function, which leaves what recurs.
#[test]
fn s53_there_is_one_way_to_make_a_workspace() {
    let mut all = Vec::new();
    sources(std::path::Path::new(env!("CARGO_MANIFEST_DIR")), &mut all);
    let calls = |text: &str| ["workspace", "workspaces"].iter().any(|of| text.contains(&format!("{of}::add(")));
    let by: Vec<_> = all.iter().filter(|(_, text)| calls(text)).map(|(path, _)| path.display().to_string()).collect();
    assert!(by.len() == 1 && by[0].ends_with("domain/src/work.rs"), "{by:?}");
    let makers = all.iter().filter(|(_, text)| text.contains("make_workspace(tx")).count();
    assert!(makers >= 5, "the set-up page and four sorts of tests: {makers}");
}

async fn s53_what_recurs_goes_on_though_one_turn_failed(world: World) {
    world.db.write(&world.system(), Schedule).await.unwrap();
    // Nobody came back to say how this turn went, 33 times.
    let tried = "UPDATE job SET attempts = 33 WHERE kind = 'purge'";
    world.db.write(&world.system(), Sql::one(tried, Vec::new())).await.unwrap();
    world.wait(HOUR);
    world.work().await;
    assert_eq!(rows(&world, "job", "kind = 'purge' AND state = 'dead'").await, 1, "the given-up job is shown");
    assert_eq!(rows(&world, "job", "kind = 'purge' AND state = 'waiting'").await, 1, "the next job is enqueued");
}

async fn invite(world: &World) -> Result<()> {
    let invitation = Invitation { role: Role::Agent, visibility: Visibility::All, note: String::new() };
    let new = Invite { id: InviteId::new(new_id()), token_hash: secret_hash(&new_secret()), invitation };
    world.db.write(&world.owner.scope, new).await.map(drop)
}

async fn sign_in(world: &World, name: &str) {
    let browser = Browser { token_hash: secret_hash(name), user_agent: String::new(), address: String::new() };
    let (forgive, member) = (String::new(), world.owner.id);
    let sign_in = SignIn { workspace: world.workspace, member, browser, forgive, rehashed: None };
    world.db.write_global(sign_in).await.unwrap();
}

async fn try_once(world: &World, account: &str, client: &str) -> Option<i64> {
    let buckets = vec![(format!("account {account}"), 5), (format!("client {client}"), 20)];
    world.db.write_global(CountAttempt { buckets, window_ms: 900_000 }).await.unwrap()
}

async fn s53_sessions_links_and_attempts_go_when_they_have_expired(world: World) {
    world.db.write(&world.system(), Schedule).await.unwrap();
    invite(&world).await.unwrap();
    sign_in(&world, "a browser that is closed").await;
    try_once(&world, "olive", "192.0.2.1").await;
    let open = "used_at IS NULL";
    assert_eq!(rows(&world, "session", "TRUE").await, 2);
    world.wait(IDLE_MS - 2 * HOUR);
    let seen = format!("UPDATE session SET seen_at = {} WHERE token_hash = '{}'", world.now().0, world.owner.token);
    world.db.write(&world.system(), Sql::one(&seen, Vec::new())).await.unwrap();
    world.work().await;
    assert_eq!(
        (rows(&world, "session", "TRUE").await, rows(&world, "one_time_link", open).await),
        (2, 1),
        "nothing is deleted before it expires"
    );
    world.wait(3 * HOUR);
    world.work().await;
    assert_eq!(rows(&world, "session", "TRUE").await, 1, "the session in use stays");
    world.wait(LINK_MS);
    world.work().await;
    assert_eq!(rows(&world, "one_time_link", "TRUE").await, 0, "the used link is deleted too");
    assert_eq!(rows(&world, "attempt", "TRUE").await, 0);
    sign_in(&world, "a browser that is always open").await;
    world.wait(SESSION_MS);
    let seen = format!("UPDATE session SET seen_at = {}", world.now().0);
    world.db.write(&world.system(), Sql::one(&seen, Vec::new())).await.unwrap();
    world.work().await;
    assert_eq!(rows(&world, "session", "TRUE").await, 0, "a session expires however often it was used");
}

async fn s53_a_refused_sign_in_leaves_no_row(world: World) {
    for n in 0..20 {
        assert_eq!(try_once(&world, &format!("made up {n}"), "192.0.2.1").await, None);
    }
    let before = rows(&world, "attempt", "TRUE").await;
    assert_eq!(before, 21);
    for n in 20..200 {
        assert!(try_once(&world, &format!("made up {n}"), "192.0.2.1").await.is_some());
    }
    assert_eq!(rows(&world, "attempt", "TRUE").await, before);
}

async fn s53_attempts_are_bounded_whoever_comes(world: World) {
    let many = format!(
        "INSERT INTO attempt (bucket, count, window_start) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
         SELECT 'client ' || CAST(i AS TEXT), 1, {} + i FROM n",
        world.now().0 - 30_000
    );
    world.db.write(&world.system(), Sql::one(&many, Vec::new())).await.unwrap();
    for n in 0..10 {
        try_once(&world, &format!("account {n}"), &format!("198.51.100.{n}")).await;
    }
    assert_eq!(rows(&world, "attempt", "TRUE").await, 20_000);
    assert_eq!(rows(&world, "attempt", "bucket LIKE 'client 198.51.100.%'").await, 10, "the oldest row was deleted");
}

async fn s53_a_member_has_so_many_sessions(world: World) {
    for n in 0..MOST_SESSIONS + 10 {
        world.wait(1000);
        sign_in(&world, &format!("browser {n}")).await;
    }
    assert_eq!(i64::try_from(rows(&world, "session", "TRUE").await).unwrap(), MOST_SESSIONS);
    let last = secret_hash(&format!("browser {}", MOST_SESSIONS + 9));
    assert_eq!(rows(&world, "session", &format!("token_hash = '{last}'")).await, 1, "the newest session stays");
    assert!(world.again(&world.owner).await.is_none(), "the session unused for longest ended");
}

async fn s53_a_workspace_has_so_many_open_invitations(world: World) {
    for _ in 0..MOST_INVITATIONS {
        invite(&world).await.unwrap();
    }
    refused(invite(&world).await);
    world.wait(LINK_MS + 1);
    invite(&world).await.unwrap();
}

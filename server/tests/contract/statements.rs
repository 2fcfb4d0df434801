//! Every statement is valid on its engine, and none is missing in the list of statements.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqlSafeStr, SqliteConnection};
use store::{Engine, bulk, statements};

use crate::world::World;

on_both_engines!(every_statement_prepares);

async fn every_statement_prepares(world: World) {
    let mut all = statements(world.engine);
    assert!(all.len() > 100, "only {} statements are listed", all.len());
    all.extend(bulk::statements(world.engine));
    let mut broken = Vec::new();
    for sql in all {
        let text = AssertSqlSafe(sql.clone()).into_sql_str();
        let fault = match world.engine {
            Engine::Sqlite => SqliteConnection::connect(&world.url).await.unwrap().prepare(text).await.err(),
            Engine::Postgres => PgConnection::connect(&world.url).await.unwrap().prepare(text).await.err(),
        };
        broken.extend(fault.map(|fault| format!("{fault}: {sql}")));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A constant with SQL that no `STATEMENTS` names is one that no test prepares.
#[test]
fn no_statement_is_left_out_of_the_list() {
    // Put together by functions whose results are listed as a whole.
    let fragments = ["SELECT", "COUNTS", "COUNTS_BY"];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("store/src");
    let mut left_out = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let source = std::fs::read_to_string(&path).unwrap();
        let lists: String =
            source.split("STATEMENTS: &[&str] =").skip(1).filter_map(|rest| rest.split("];").next()).collect();
        let lists =
            lists + source.split("fn statements(").nth(1).and_then(|rest| rest.split("\n}").next()).unwrap_or_default();
        let listed: Vec<&str> = lists.split(|c: char| !c.is_ascii_uppercase() && c != '_').collect();
        for rest in source.split("const ").skip(1) {
            let Some((name, value)) = rest.split_once(": &str =") else { continue };
            let value = value.trim_start();
            // `sql!` puts a statement together, and what `insert!` makes is one.
            let text = value.trim_start_matches("sql!(").trim_start().trim_start_matches('"');
            let begins = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "insert!("];
            let is_sql = begins.iter().any(|verb| text.starts_with(verb));
            if is_sql && !listed.contains(&name) && !fragments.contains(&name) {
                left_out.push(format!("{name} in {}", path.display()));
            }
        }
    }
    assert!(left_out.is_empty(), "{left_out:?}");
}

//! The schema's migrations: `migrations/{sqlite,postgres}/NNNN_name.sql`, embedded in the binary.
//! (`sqlx::migrate!` is not used: its macro would compile both database drivers a second time, for the compiler.)

use std::borrow::Cow;

use rust_embed::RustEmbed;
use sqlx::{
    AssertSqlSafe, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

use super::Engine;

#[derive(RustEmbed)]
#[folder = "migrations"]
struct Files;

/// The migrations of one engine, in order.
pub fn migrations(engine: Engine) -> Migrator {
    let folder = match engine {
        Engine::Sqlite => "sqlite/",
        Engine::Postgres => "postgres/",
    };
    let steps: Vec<Migration> = Files::iter().filter_map(|path| step(path.strip_prefix(folder)?, &path)).collect();
    Migrator::with_migrations(steps)
}

/// Reads a file name: `0001_house.sql` is migration 1, "house".
fn step(name: &str, path: &str) -> Option<Migration> {
    let (version, about) = name.strip_suffix(".sql")?.split_once('_')?;
    let sql = String::from_utf8(Files::get(path)?.data.into_owned()).ok()?;
    let about = about.replace('_', " ");
    let sql = AssertSqlSafe(sql).into_sql_str();
    Some(Migration::new(version.parse().ok()?, Cow::Owned(about), MigrationType::Simple, sql, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without this test, a missing migration would only be noticed when a statement needs it.
    #[test]
    fn every_file_is_a_step_and_both_engines_have_the_same_ones() {
        let steps = |engine| {
            let all = migrations(engine);
            all.iter().map(|step| (step.version, step.description.clone().into_owned())).collect::<Vec<_>>()
        };
        assert_eq!(steps(Engine::Sqlite).len() + steps(Engine::Postgres).len(), Files::iter().count());
        assert_eq!(steps(Engine::Sqlite), steps(Engine::Postgres));
        assert!(steps(Engine::Sqlite).is_sorted());
    }
}

//! The schema, step by step: `migrations/{sqlite,postgres}/NNNN_name.sql`, inside the binary.
//! (Instead of `sqlx::migrate!`: for its macro, both database drivers would be compiled once more, for the compiler's own use.)

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

/// The steps of one engine, in their order.
pub fn migrations(engine: Engine) -> Migrator {
    let folder = match engine {
        Engine::Sqlite => "sqlite/",
        Engine::Postgres => "postgres/",
    };
    let steps: Vec<Migration> = Files::iter().filter_map(|path| step(path.strip_prefix(folder)?, &path)).collect();
    Migrator::with_migrations(steps)
}

/// `0001_house.sql` is step 1, "house".
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

    /// A step that is left out would not be noticed before a statement needs it.
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

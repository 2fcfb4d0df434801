//! Writes a row and deletes it again, to find out whether the database stores anything.

use async_trait::async_trait;
use model::Needs;

use super::{Command, Tx, conn::args};
use crate::{
    clock::{new_id, random_bytes},
    error::Result,
};

/// Size of the test row. Random bytes cannot be compressed, so where this row fits, the longest message also fits, with its event and
/// words.
const BYTES: usize = 128 * 1024;

const PUT: &str = "INSERT INTO write_probe (id, body) VALUES ($1, $2)";
const TAKE: &str = "DELETE FROM write_probe";

pub(super) const STATEMENTS: &[&str] = &[PUT, TAKE];

/// Writes the row. A row that an earlier test left behind is deleted by the next [`Take`].
pub(super) struct Put;

#[async_trait]
impl Command for Put {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        tx.exec(PUT, args![new_id().to_string(), hex::encode(random_bytes::<BYTES>())]).await?;
        Ok(())
    }
}

/// Deletes the row.
pub(super) struct Take;

#[async_trait]
impl Command for Take {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        tx.exec(TAKE, Vec::new()).await?;
        Ok(())
    }
}

//! Writes something and takes it away again, to see whether the database stores what it is told.

use async_trait::async_trait;

use super::{Command, Tx, conn::args};
use crate::{
    clock::{new_id, random_bytes},
    error::Result,
};

/// So much, in random bytes that cannot be pressed together: the longest message finds room where this does, with its event and its words.
const BYTES: usize = 128 * 1024;

const PUT: &str = "INSERT INTO write_probe (id, body) VALUES ($1, $2)";
const TAKE: &str = "DELETE FROM write_probe";

pub(super) const STATEMENTS: &[&str] = &[PUT, TAKE];

/// Writes it. What was written before and left behind goes with the next [`Take`].
pub(super) struct Put;

#[async_trait]
impl Command for Put {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        tx.exec(PUT, args![new_id().to_string(), hex::encode(random_bytes::<BYTES>())]).await?;
        Ok(())
    }
}

/// Takes it away.
pub(super) struct Take;

#[async_trait]
impl Command for Take {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        tx.exec(TAKE, Vec::new()).await?;
        Ok(())
    }
}

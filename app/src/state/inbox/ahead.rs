//! What is shown ahead of the server: rows as they will be once it has done what the member asked for. The state behind them stays what the
//! server said, so that nothing has to be turned back when it refuses.

use model::{ConversationRow, ListPart};

/// How rows are shown while something is not confirmed. Made by the code that loads later.
pub struct Ahead {
    /// The list.
    pub list: Box<dyn Fn(&mut ListPart) + Send + Sync>,
    /// The open conversation's row.
    pub row: Box<dyn Fn(&mut ConversationRow) + Send + Sync>,
}

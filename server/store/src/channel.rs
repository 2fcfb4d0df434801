//! The channels of a workspace. Other crates find them in `workspace`.

use model::{Channel, ChannelId, ChannelKind, WorkspaceId};

use super::{
    Scope, Tx, account,
    codec::read,
    conn::{Conn, args, row},
    table::{insert, of, set, sql, table},
};
use crate::error::{Error, Result, StoreError};

pub(super) const STATEMENTS: &[&str] = &[CHANNELS, CHANNEL, CHANNEL_BY_KEY, ADD_CHANNEL, SAVE_CHANNEL];

table! {
    /// What a person may set for a channel.
    struct Setting {
        name: String,
        address: String,
        undo_ms: i64,
        greeting: String,
        auto_reply: String,
        origins: String,
    }
}

table! {
    struct RawChannel {
        id: String,
        kind: String,
        public_key: Option<String>,
        ..setting: Setting,
    }
}

row! {
    /// A channel with the state of its account.
    struct RawListed {
        state: Option<String>,
        failures: Option<i64>,
        ..channel: RawChannel,
    }
}

impl TryFrom<RawListed> for Channel {
    type Error = StoreError;
    fn try_from(raw: RawListed) -> Result<Self, StoreError> {
        let RawChannel { id, kind, public_key, setting } = raw.channel;
        Ok(Self {
            id: read("channel", id)?,
            kind: read::<ChannelKind>("channel kind", kind)?,
            key: public_key.unwrap_or_default(),
            name: setting.name,
            address: setting.address,
            undo_ms: setting.undo_ms,
            greeting: setting.greeting,
            auto_reply: setting.auto_reply,
            origins: serde_json::from_str(&setting.origins).map_err(|e| StoreError::Corrupt(e.to_string()))?,
            state: match raw.state {
                Some(state) => Some(account::shown_state(read("account state", state)?, raw.failures.unwrap_or(0))),
                None => None,
            },
        })
    }
}

impl TryFrom<&Channel> for Setting {
    type Error = StoreError;
    fn try_from(channel: &Channel) -> Result<Self, StoreError> {
        Ok(Self {
            name: channel.name.clone(),
            address: channel.address.clone(),
            undo_ms: channel.undo_ms,
            greeting: channel.greeting.clone(),
            auto_reply: channel.auto_reply.clone(),
            origins: serde_json::to_string(&channel.origins).map_err(|e| StoreError::Corrupt(e.to_string()))?,
        })
    }
}

/// A channel as [`RawListed`] reads it.
const LISTED: &str = sql!(
    of!("c", RawChannel::COLUMNS),
    ", a.state, a.failures FROM channel c \
     LEFT JOIN channel_account a ON a.workspace_id = c.workspace_id AND a.channel_id = c.id WHERE c.workspace_id = $1"
);
const CHANNELS: &str = sql!("SELECT ", LISTED, " ORDER BY c.id");

/// All channels, in the order of their ids.
///
/// # Errors
/// When the database fails.
pub async fn channels(conn: &mut Conn<'_>, scope: &Scope) -> Result<Vec<Channel>, StoreError> {
    conn.all::<RawListed>(CHANNELS, args![scope.workspace()]).await?.into_iter().map(Channel::try_from).collect()
}

const CHANNEL: &str = sql!("SELECT ", LISTED, " AND c.id = $2");

/// Loads a channel.
///
/// # Errors
/// When the database fails, or the workspace has no such channel.
pub async fn channel(conn: &mut Conn<'_>, scope: &Scope, id: ChannelId) -> Result<Channel> {
    let raw = conn.opt::<RawListed>(CHANNEL, args![scope.workspace(), id]).await?.ok_or(Error::NOT_FOUND)?;
    Ok(raw.try_into()?)
}

const CHANNEL_BY_KEY: &str = "SELECT workspace_id, id FROM channel WHERE public_key = $1";

/// Finds the workspace and channel of a web chat's public key.
///
/// # Errors
/// When the database fails.
pub async fn channel_by_key(conn: &mut Conn<'_>, key: &str) -> Result<Option<(WorkspaceId, ChannelId)>, StoreError> {
    let row: Option<(String, String)> = conn.opt(CHANNEL_BY_KEY, args![key]).await?;
    row.map(|(workspace, id)| Ok((read("workspace", workspace)?, read("channel", id)?))).transpose()
}

const ADD_CHANNEL: &str = insert!("channel", sql!("workspace_id, ", RawChannel::COLUMNS, ", created_at"));

/// Adds a channel.
///
/// # Errors
/// When the database fails.
pub async fn add_channel(tx: &mut Tx<'_>, workspace: WorkspaceId, channel: &Channel) -> Result<(), StoreError> {
    let raw = RawChannel {
        id: channel.id.to_string(),
        kind: channel.kind.as_str().to_owned(),
        public_key: (!channel.key.is_empty()).then(|| channel.key.clone()),
        setting: channel.try_into()?,
    };
    tx.exec(ADD_CHANNEL, args![workspace; raw.values(); tx.now()]).await?;
    Ok(())
}

const SAVE_CHANNEL: &str =
    sql!("UPDATE channel SET ", set!(3, Setting::COLUMNS), " WHERE workspace_id = $1 AND id = $2");

/// Stores an edited channel.
///
/// # Errors
/// When the database fails.
pub async fn save_channel(tx: &mut Tx<'_>, scope: &Scope, channel: &Channel) -> Result<(), StoreError> {
    let setting = Setting::try_from(channel)?;
    tx.exec(SAVE_CHANNEL, args![scope.workspace(), channel.id; setting.values()]).await?;
    Ok(())
}

//! The only place that reads the time and makes ids and secrets. Tests inject their own clock.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use model::Timestamp;
use uuid::Uuid;

/// Where the time comes from.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands still until a test moves it, in milliseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "this is the source that everything else is given")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Manual(ms) => Timestamp(ms.load(Ordering::SeqCst)),
        }
    }
}

/// A new UUIDv7, which sorts by its time.
#[expect(clippy::disallowed_methods, reason = "this is the source that everything else is given")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// `N` random bytes from the system.
///
/// # Panics
/// When the system gives no random bytes. Nothing can go on safely without them.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::expect_used, reason = "without randomness no token is safe")]
    getrandom::fill(&mut bytes).expect("the system gives randomness");
    bytes
}

/// A secret of 256 bits in URL-safe Base64, as cookies and links contain it.
pub fn new_secret() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// `n` random bytes in hexadecimal, at most 32.
pub fn random_hex(n: usize) -> String {
    hex::encode(&random_bytes::<32>()[..n.min(32)])
}

/// The form in which a secret is stored: its SHA-256 in hexadecimal. Secrets have 256 bits, so no salt is needed.
pub fn secret_hash(secret: &str) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(secret.as_bytes()))
}

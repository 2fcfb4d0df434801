//! Passwords: argon2id, a bounded number at a time, and the same work whether or not the account exists (S41, S45).

use std::sync::Arc;

use app::model::ApiError;
use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::{Salt, SaltString},
};
use tokio::sync::Semaphore;

use crate::{
    clock::random_bytes,
    error::{Result, StoreError},
};

/// 19 MiB, two passes, one lane: the floor that ASVS 5.0 (11.4.2) allows for argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Bytes; longer ones are refused before any hashing (S40).
const LONGEST: usize = 1024;
/// Characters.
const SHORTEST: usize = 8;

/// Hashes and checks passwords, as many at once as there are cores, so that sign-ins cannot eat the memory.
#[derive(Clone)]
pub struct Passwords {
    places: Arc<Semaphore>,
    /// Checked when there is no such account.
    nobody: Arc<str>,
}

/// A password that may be used: at least 8 characters, at most 1 kB, no other rules, not one of the most common.
///
/// # Errors
/// [`ApiError::Invalid`] with what to do.
pub fn check(password: &str) -> Result<(), ApiError> {
    if password.len() > LONGEST {
        return Err(ApiError::invalid("password", "This is longer than 1,024 bytes."));
    }
    if password.chars().count() < SHORTEST {
        return Err(ApiError::invalid("password", "Use at least 8 characters."));
    }
    let mut letters = password.chars();
    let first = letters.next();
    let is_one_letter = letters.all(|c| Some(c) == first);
    if is_one_letter || COMMON.contains(&password.to_lowercase().as_str()) {
        return Err(ApiError::invalid("password", "This is among the first that anybody would try. Use another one."));
    }
    Ok(())
}

/// The most used ones of eight characters and more.
const COMMON: &[&str] = &[
    "password",
    "password1",
    "password12",
    "password123",
    "passw0rd",
    "p@ssw0rd",
    "12345678",
    "123456789",
    "1234567890",
    "11111111",
    "123123123",
    "87654321",
    "qwertyui",
    "qwertyuiop",
    "qwerty123",
    "qwerty12",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "trustno1",
    "welcome1",
    "admin123",
    "administrator",
    "letmein1",
    "abcd1234",
    "abc12345",
    "asdfghjkl",
    "zaq12wsx",
    "dragon12",
    "changeme",
    "changeme1",
    "whatever",
    "computer",
    "starwars",
];

impl Passwords {
    /// Ready to hash.
    ///
    /// # Errors
    /// When the hash of nobody's password cannot be made.
    pub fn new() -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let nobody = hash_now("nobody's password")?;
        Ok(Self { places: Arc::new(Semaphore::new(cores)), nobody: nobody.into() })
    }

    /// The hash to keep of a password.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] when it may not be used.
    pub async fn hash(&self, password: &str) -> Result<String> {
        check(password)?;
        let password = password.to_owned();
        self.work(move || hash_now(&password)).await?
    }

    /// Whether a password fits a hash. Without a hash it does the same work and says no.
    ///
    /// # Errors
    /// When the work could not be done.
    pub async fn verify(&self, password: &str, hash: Option<String>) -> Result<bool> {
        // One that is too long fits nothing; saying so at once tells nothing about the account.
        if password.len() > LONGEST {
            return Ok(false);
        }
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        let password = password.to_owned();
        let fits = self
            .work(move || {
                PasswordHash::new(&hash)
                    .is_ok_and(|hash| argon2().is_ok_and(|a| a.verify_password(password.as_bytes(), &hash).is_ok()))
            })
            .await?;
        Ok(fits && known)
    }

    /// Whether a hash was made with weaker settings than today's.
    pub fn is_outdated(hash: &str) -> bool {
        let today = Params::new(MEMORY_KIB, PASSES, 1, None).ok();
        PasswordHash::new(hash).ok().and_then(|hash| Params::try_from(&hash).ok()).is_none_or(|params| {
            today.is_none_or(|today| params.m_cost() < today.m_cost() || params.t_cost() < today.t_cost())
        })
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _place = self.places.acquire().await.map_err(|_| StoreError::Closed)?;
        Ok(tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::Corrupt(e.to_string()))?)
    }
}

fn argon2() -> Result<Argon2<'static>, argon2::Error> {
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(MEMORY_KIB, PASSES, 1, None)?))
}

fn hash_now(password: &str) -> Result<String> {
    let fault = |e: String| StoreError::Corrupt(format!("password hash: {e}"));
    let salt =
        SaltString::encode_b64(&random_bytes::<{ Salt::RECOMMENDED_LENGTH }>()).map_err(|e| fault(e.to_string()))?;
    let hash = argon2()
        .map_err(|e| fault(e.to_string()))?
        .hash_password(password.as_bytes(), &salt)
        .map_err(|e| fault(e.to_string()))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn s45_only_the_password_itself_fits() {
        let passwords = Passwords::new().expect("argon2");
        let long = "x y".repeat(40);
        let hash = passwords.hash(&long).await.expect("hash");
        assert!(passwords.verify(&long, Some(hash.clone())).await.expect("verify"));
        for wrong in ["", "\0", hash.as_str(), &long[..72], &format!("{long}\0")] {
            assert!(!passwords.verify(wrong, Some(hash.clone())).await.expect("verify"), "{wrong:?}");
        }
        assert!(!passwords.verify("nobody's password", None).await.expect("verify"), "nobody has no password");
        assert!(!Passwords::is_outdated(&hash));
    }

    #[test]
    fn weak_ones_are_refused_with_a_reason() {
        for weak in ["short", "password", "PASSWORD123", "aaaaaaaaaa", &"x".repeat(2000)] {
            assert!(check(weak).is_err(), "{weak}");
        }
        assert!(check("correct horse").is_ok());
    }
}

//! Passwords: argon2id, a limited number at once, and the same work whether the account exists or not (S41, S45).

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::{Salt, SaltString},
};
use model::ApiError;
use store::{
    clock::random_bytes,
    error::{Result, StoreError},
};
use tokio::sync::Semaphore;

/// 19 MiB, two passes, one lane: the minimum that ASVS 5.0 (11.4.2) allows for argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// In bytes. Longer passwords are refused before hashing (S40).
const LONGEST: usize = 1024;
/// In characters.
const SHORTEST: usize = 8;
/// Publicly known words count from this length on, in letters and digits.
const SHORTEST_WORD: usize = 4;
/// A password with this many letters besides publicly known words is allowed.
const SHORTEST_REST: usize = 5;

/// Hashes and checks passwords, at most as many at once as there are cores, so that sign-ins cannot use up the memory.
#[derive(Clone)]
pub struct Passwords {
    places: Arc<Semaphore>,
    /// The hash that is checked when the account does not exist.
    nobody: Arc<str>,
}

/// Checks that a password may be used: at least 8 characters, at most 1 kB, not one of the most common, and not made of what is `known` to
/// everybody: names and addresses of its owner and the workspace. There are no other rules.
///
/// # Errors
/// [`ApiError::Invalid`], which says what to do.
pub fn check(password: &str, known: &[&str]) -> Result<(), ApiError> {
    if password.len() > LONGEST {
        return Err(ApiError::invalid("password", "This is longer than 1,024 bytes."));
    }
    if password.chars().count() < SHORTEST {
        return Err(ApiError::invalid("password", "Use at least 8 characters."));
    }
    let mut letters = password.chars();
    let first = letters.next();
    let is_one_letter = letters.all(|c| Some(c) == first);
    if is_one_letter || is_common(password) {
        return Err(ApiError::invalid("password", "This password is too easy to guess. Use another one."));
    }
    if is_made_of(password, known) {
        let message = "This password is too similar to a name or an e-mail address. Use another one.";
        return Err(ApiError::invalid("password", message));
    }
    Ok(())
}

/// The most common passwords of at least eight characters. The file names its source.
const COMMON: &str = include_str!("common.txt");

/// Whether it is one of the most common, in any case. A linear search is enough: it takes less than a thousandth of the time of hashing.
fn is_common(password: &str) -> bool {
    let password = password.trim().to_lowercase();
    COMMON.lines().any(|line| line == password)
}

/// Whether a password consists of publicly known words (its owner's name and address, the workspace), with at most a few other letters,
/// digits and signs (ASVS 6.2.11).
fn is_made_of(password: &str, known: &[&str]) -> bool {
    let letters = |text: &str| text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let mut rest = letters(password);
    let before = rest.len();
    let words = known.iter().chain(&["tandem"]).flat_map(|text| {
        let parts = text.split(|c: char| !c.is_alphanumeric()).map(letters);
        std::iter::once(letters(text)).chain(parts)
    });
    let mut words: Vec<String> = words.filter(|word| word.chars().count() >= SHORTEST_WORD).collect();
    // The longest come first: "annacorail" before "anna".
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in words {
        rest = rest.replace(&word, "");
    }
    rest.len() < before && rest.chars().filter(|c| c.is_alphabetic()).count() < SHORTEST_REST
}

impl Passwords {
    /// Prepares the hash for accounts that do not exist.
    ///
    /// # Errors
    /// When that hash cannot be made.
    pub fn new() -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let nobody = hash_now("nobody's password")?;
        Ok(Self { places: Arc::new(Semaphore::new(cores)), nobody: nobody.into() })
    }

    /// Checks and hashes a new password. `known` are publicly known words, see [`check`].
    ///
    /// # Errors
    /// [`ApiError::Invalid`] when the password may not be used.
    pub async fn hash(&self, password: &str, known: &[&str]) -> Result<String> {
        check(password, known)?;
        self.hash_again(password).await
    }

    /// Hashes a password that matched the former hash.
    ///
    /// # Errors
    /// When hashing failed.
    pub async fn hash_again(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        self.work(move || hash_now(&password)).await?
    }

    /// Whether a password matches a hash. Without a hash it does the same work and returns false.
    ///
    /// # Errors
    /// When the work failed.
    pub async fn verify(&self, password: &str, hash: Option<String>) -> Result<bool> {
        // A password that is too long never matches. This quick answer says nothing about the account.
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

    /// Whether a hash was made with weaker settings than the current ones.
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
        let hash = passwords.hash(&long, &[]).await.expect("hash");
        assert!(passwords.verify(&long, Some(hash.clone())).await.expect("verify"));
        for wrong in ["", "\0", hash.as_str(), &long[..72], &format!("{long}\0")] {
            assert!(!passwords.verify(wrong, Some(hash.clone())).await.expect("verify"), "{wrong:?}");
        }
        assert!(!passwords.verify("nobody's password", None).await.expect("verify"), "nobody has no password");
        assert!(!Passwords::is_outdated(&hash));
    }

    #[test]
    fn weak_ones_are_refused_with_a_reason() {
        for weak in ["short", "password", "PASSWORD123", " Password ", "aaaaaaaaaa", &"x".repeat(2000)] {
            assert!(check(weak, &[]).is_err(), "{weak}");
        }
        assert!(check("correct horse", &[]).is_ok());
    }

    /// ASVS 6.2.4: at least the 3,000 most common passwords that have the required length.
    #[test]
    fn the_most_frequent_ones_are_refused() {
        let list: Vec<&str> = COMMON.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(list.len() >= 3000, "{}", list.len());
        for common in list {
            assert!(common.chars().count() >= SHORTEST, "{common} is too short already");
            assert!(check(&common.to_uppercase(), &[]).is_err(), "{common}");
        }
        for common in ["1q2w3e4r", "trustno1", "greyhoun", "qwerty123", "p@ssw0rd"] {
            assert!(check(common, &[]).is_err(), "{common}");
        }
    }

    /// ASVS 6.2.11.
    #[test]
    fn what_everybody_knows_makes_no_password() {
        let known = ["Maison Corail", "Anna Lindqvist", "anna.lindqvist@corail.example"];
        for weak in [
            "MaisonCorail",
            "corail2026!",
            "Maison-Corail#1",
            "anna.lindqvist@corail.example",
            "Anna1234",
            "tandem2026",
            "annaanna",
        ] {
            assert!(check(weak, &known).is_err(), "{weak}");
        }
        for good in ["correct horse", "corail reefs at dawn", "1234 plus anna is nine", "48151623429"] {
            assert!(check(good, &known).is_ok(), "{good}");
        }
    }
}

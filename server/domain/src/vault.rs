//! Seals stored secrets and signs proofs. One key in a file; all other keys are derived from it.

use std::{
    io::{Read, Write},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{AeadInPlace, Key, KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use store::{clock::random_bytes, private};

/// An error with the key file or a sealed secret. Its text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file cannot be read or made.
    #[error("the secret file {path}: {error}")]
    File {
        /// The path of the file.
        path: String,
        /// The system's error.
        error: std::io::Error,
    },
    /// The file does not contain a key.
    #[error(
        "the secret file {0} does not hold 64 hexadecimal digits; put the right one there (openssl rand -hex 32 makes a new one)"
    )]
    NoKey(String),
    /// The secret was sealed with another key or for another owner, or it was changed.
    #[error(
        "a stored password cannot be opened with this secret file; put back the one it was sealed with, or enter the password again"
    )]
    Sealed,
}

/// The key. With the key and the database, anybody can read the channels' passwords, so the key is not stored in the database.
#[derive(Clone)]
pub struct Vault([u8; 32]);

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// Reads the key file. If there is none, makes one that only its owner can read.
    ///
    /// # Errors
    /// When the file can be neither read nor made, or contains no key.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        private::close_to_others(path);
        let failed = |error| VaultError::File { path: path.display().to_string(), error };
        let text = match std::fs::read_to_string(path) {
            Ok(text) if !text.is_empty() => text,
            Ok(_) => make(path).map_err(failed)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(path).map_err(failed)?,
            Err(error) => return Err(failed(error)),
        };
        let mut key = [0; 32];
        hex::decode_to_slice(text.trim(), &mut key).map_err(|_| VaultError::NoKey(path.display().to_string()))?;
        Ok(Self(key))
    }

    /// A fixed key for tests.
    pub fn of_tests() -> Self {
        Self([7; 32])
    }

    /// Seals a secret for an `owner`, such as the ids of a workspace and a channel. It opens only for the same owner.
    pub fn seal(&self, owner: &str, secret: &str) -> String {
        let nonce = random_bytes::<24>();
        let mut bytes = secret.as_bytes().to_vec();
        // This fails only for texts of many gigabytes.
        let _ = self.cipher().encrypt_in_place(&XNonce::from(nonce), owner.as_bytes(), &mut bytes);
        STANDARD.encode([nonce.as_slice(), &bytes].concat())
    }

    /// Opens a secret that was sealed for this owner.
    ///
    /// # Errors
    /// [`VaultError::Sealed`]
    pub fn unseal(&self, owner: &str, sealed: &str) -> Result<String, VaultError> {
        let bytes = STANDARD.decode(sealed).map_err(|_| VaultError::Sealed)?;
        let (nonce, rest) = bytes.split_first_chunk::<24>().ok_or(VaultError::Sealed)?;
        let mut secret = rest.to_vec();
        self.cipher()
            .decrypt_in_place(&XNonce::from(*nonce), owner.as_bytes(), &mut secret)
            .map_err(|_| VaultError::Sealed)?;
        String::from_utf8(secret).map_err(|_| VaultError::Sealed)
    }

    /// A proof that this server put these parts together. Nobody can make it without the key. `purpose` keeps a proof for one thing from
    /// counting for another.
    pub fn proof(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.mac(&[purpose.as_bytes()]);
        for part in parts {
            // The length prefix keeps ["ab", "c"] and ["a", "bc"] apart.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn mac(&self, start: &[&[u8]]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.0).expect("a key of any length");
        for part in start {
            mac.update(part);
            mac.update(&[0]);
        }
        mac
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let key: [u8; 32] = self.proof("seal", &[]);
        XChaCha20Poly1305::new(&Key::from(key))
    }
}

/// Makes the key file, which only its owner can read, and returns its content. If another process made it first, that content is returned.
fn make(path: &Path) -> std::io::Result<String> {
    if let Some(parent) = path.parent() {
        private::make_folder(parent)?;
    }
    let mut file = private::file_options().read(true).write(true).create(true).truncate(false).open(path)?;
    // Processes that started together wait here until the first one closes the file.
    file.lock()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    if text.is_empty() {
        text = hex::encode(random_bytes::<32>());
        file.write_all(format!("{text}\n").as_bytes())?;
        file.sync_all()?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s25_a_secret_opens_only_for_its_owner_and_by_its_key() {
        let vault = Vault::of_tests();
        let sealed = vault.seal("acme/mail", "correct horse");
        assert!(!sealed.contains("horse"));
        assert_ne!(sealed, vault.seal("acme/mail", "correct horse"), "never twice the same");
        assert_eq!(vault.unseal("acme/mail", &sealed).unwrap(), "correct horse");
        assert!(vault.unseal("other/mail", &sealed).is_err());
        assert!(Vault([8; 32]).unseal("acme/mail", &sealed).is_err());
        let mut changed = STANDARD.decode(&sealed).unwrap();
        changed[30] ^= 1;
        assert!(vault.unseal("acme/mail", &STANDARD.encode(changed)).is_err());
        for bad in ["", "AAAA", "?"] {
            assert!(vault.unseal("acme/mail", bad).is_err());
        }
    }

    #[test]
    fn s25_processes_that_start_together_have_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/secret");
        let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| Vault::open(&path).unwrap().0)).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn s14_proofs_are_for_one_purpose_and_these_parts() {
        let vault = Vault::of_tests();
        let proof = vault.proof("name", &[b"ab", b"c"]);
        assert_eq!(proof, vault.proof("name", &[b"ab", b"c"]));
        assert_ne!(proof, vault.proof("name", &[b"a", b"bc"]));
        assert_ne!(proof, vault.proof("address", &[b"ab", b"c"]));
    }

    #[test]
    fn a_key_file_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/secret.key");
        let sealed = Vault::open(&path).unwrap().seal("a", "b");
        assert_eq!(Vault::open(&path).unwrap().unseal("a", &sealed).unwrap(), "b");
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions()) & 0o777,
            0o600
        );
        std::fs::write(&path, "nonsense").unwrap();
        assert!(matches!(Vault::open(&path), Err(VaultError::NoKey(_))));
    }
}

//! Signed Message-IDs and addresses. Whoever answers with one of them has received the message that it names (S14). They contain the
//! message's id and a proof that cannot be made without our key.

use data_encoding::BASE32_NOPAD;
use domain::vault::Vault;
use model::{MessageId, WorkspaceId};
use uuid::Uuid;

/// How many bytes of a proof are used: 80 bits, which could only be guessed by sending mails.
const PROOF: usize = 10;
/// The longest local part of an address (RFC 5321, 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// Makes and checks signed names for one workspace.
#[derive(Debug, Clone)]
pub struct Signer {
    vault: Vault,
    workspace: WorkspaceId,
}

impl Signer {
    /// Makes a signer for a workspace.
    pub const fn new(vault: Vault, workspace: WorkspaceId) -> Self {
        Self { vault, workspace }
    }

    /// The Message-ID of our message, without brackets. It is always the same, so a repeated mail keeps its id.
    pub fn name(&self, message: MessageId, domain: &str) -> String {
        format!("{}@{domain}", self.token("name", message))
    }

    /// The address for replies to a message: `local+token@domain`. None if that is too long for an address.
    pub fn address(&self, account: &str, message: MessageId) -> Option<String> {
        let (local, domain) = account.rsplit_once('@')?;
        let local = format!("{local}+{}", self.token("address", message));
        (local.len() <= LONGEST_LOCAL).then(|| format!("{local}@{domain}"))
    }

    /// The message of a Message-ID, if we made it.
    pub fn named(&self, name: &str) -> Option<MessageId> {
        self.check("name", name.rsplit_once('@')?.0)
    }

    /// The message of an address that mail was sent to, if we made the address.
    pub fn addressed(&self, address: &str) -> Option<MessageId> {
        self.check("address", address.rsplit_once('@')?.0.rsplit_once('+')?.1)
    }

    fn token(&self, purpose: &str, message: MessageId) -> String {
        let proof = self.proof(purpose, message);
        format!("{}.{}", BASE32_NOPAD.encode(message.uuid().as_bytes()), BASE32_NOPAD.encode(&proof)).to_lowercase()
    }

    fn check(&self, purpose: &str, token: &str) -> Option<MessageId> {
        // Other servers may change upper and lower case.
        let (id, proof) = token.split_once('.')?;
        let decode = |text: &str| BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).ok();
        let message = MessageId::new(Uuid::from_slice(&decode(id)?).ok()?);
        let same = subtle::ConstantTimeEq::ct_eq(decode(proof)?.as_slice(), &self.proof(purpose, message)[..]);
        bool::from(same).then_some(message)
    }

    fn proof(&self, purpose: &str, message: MessageId) -> [u8; PROOF] {
        let whole = self.vault.proof(purpose, &[self.workspace.uuid().as_bytes(), message.uuid().as_bytes()]);
        let mut proof = [0; PROOF];
        proof.copy_from_slice(&whole[..PROOF]);
        proof
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use store::clock::new_id;

    use super::*;

    fn signer() -> Signer {
        Signer::new(Vault::of_tests(), WorkspaceId::new(Uuid::from_u128(1)))
    }

    #[test]
    fn s14_what_we_made_is_known_again_in_any_case() {
        let (signer, message) = (signer(), MessageId::new(new_id()));
        let name = signer.name(message, "acme.example");
        assert_eq!(signer.named(&name), Some(message));
        assert_eq!(signer.name(message, "acme.example"), name, "the same each time");
        let address = signer.address("support@acme.example", message).unwrap();
        assert!(address.len() <= 64 + 13 && address.starts_with("support+"), "{address}");
        assert_eq!(signer.addressed(&address.to_uppercase()), Some(message));
        assert_eq!(signer.address(&format!("{}@acme.example", "x".repeat(30)), message), None);
    }

    #[test]
    fn s14_nobody_else_makes_them() {
        let (signer, message) = (signer(), MessageId::new(new_id()));
        let other = Signer::new(Vault::of_tests(), WorkspaceId::new(Uuid::from_u128(2)));
        let name = signer.name(message, "acme.example");
        assert_eq!(other.named(&name), None, "another workspace's");
        let address = signer.address("support@acme.example", message).unwrap();
        assert_eq!(signer.named(&address.replacen("support+", "", 1)), None, "an address is no name");
        let (id, proof) = name.split_once('.').unwrap();
        for forged in [
            format!("{id}@acme.example"),
            format!("{id}.@acme.example"),
            format!("{id}.aaaaaaaaaaaaaaaa@acme.example"),
            format!("{}.{proof}", BASE32_NOPAD.encode(new_id().as_bytes())),
            "123@acme.example".to_owned(),
            String::new(),
        ] {
            assert_eq!(signer.named(&forged), None, "{forged}");
        }
    }

    proptest! {
        #[test]
        fn s14_any_text_can_be_checked(text in "\\PC{0,90}") {
            prop_assert_eq!(signer().named(&text), None);
            prop_assert_eq!(signer().addressed(&text), None);
        }
    }
}

//! New Ed25519 keys as servers keep them, for roots without ssh-keygen(1) or
//! dropbearkey(1).

use super::Host;
use crate::error::Result;
use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;

const TYPE: &[u8] = b"ssh-ed25519";

/// A new key pair.
pub(super) struct HostKey {
    /// RFC 8032's private key.
    seed: [u8; 32],
    /// The public key of it.
    public: [u8; 32],
    /// Any number; OpenSSH tells by it that a key was decrypted.
    check: [u8; 4],
}

impl HostKey {
    /// Makes one of the machine's random bytes.
    pub(super) fn new(host: &dyn Host) -> Result<Self> {
        let (mut seed, mut check) = ([0; 32], [0; 4]);
        let random = host.random(36)?;
        for (to, from) in seed.iter_mut().chain(&mut check).zip(random) {
            *to = from;
        }
        let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        Ok(Self { seed, public, check })
    }

    /// Private and public key, one behind the other, as every format has them.
    fn pair(&self) -> Vec<u8> {
        [self.seed, self.public].concat()
    }

    /// The public key as RFC 8709 has it.
    fn blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        string(&mut blob, TYPE);
        string(&mut blob, &self.public);
        blob
    }

    /// The line of `ssh_host_ed25519_key.pub`.
    pub(super) fn public_line(&self, comment: &str) -> String {
        ["ssh-ed25519 ", &STANDARD.encode(self.blob()), " ", comment, "\n"].concat()
    }

    /// `ssh_host_ed25519_key`, without a passphrase (OpenSSH's PROTOCOL.key).
    pub(super) fn openssh(&self, comment: &str) -> String {
        let mut private = [self.check, self.check].concat();
        string(&mut private, TYPE);
        string(&mut private, &self.public);
        string(&mut private, &self.pair());
        string(&mut private, comment.as_bytes());
        // Padded to the block of the cipher, which is none: eight bytes.
        for byte in 1..=8 {
            if private.len().is_multiple_of(8) {
                break;
            }
            private.push(byte);
        }
        let mut key = b"openssh-key-v1\0".to_vec();
        string(&mut key, b"none");
        string(&mut key, b"none");
        string(&mut key, b"");
        key.extend(1u32.to_be_bytes());
        string(&mut key, &self.blob());
        string(&mut key, &private);
        let mut text = String::from("-----BEGIN OPENSSH PRIVATE KEY-----\n");
        for line in STANDARD.encode(key).as_bytes().chunks(70) {
            text.extend(line.iter().map(|&byte| char::from(byte)));
            text.push('\n');
        }
        text.push_str("-----END OPENSSH PRIVATE KEY-----\n");
        text
    }

    /// `dropbear_ed25519_host_key` (Dropbear's `buf_put_ed25519_priv_key`).
    pub(super) fn dropbear(&self) -> Vec<u8> {
        let mut key = Vec::new();
        string(&mut key, TYPE);
        string(&mut key, &self.pair());
        key
    }
}

/// A string of SSH (RFC 4251): its length, then its bytes.
fn string(to: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    to.extend(length.to_be_bytes());
    to.extend(bytes);
}

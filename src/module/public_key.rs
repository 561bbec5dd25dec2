//! SSH public keys for people to compare: lines of `authorized_keys` and of
//! `ssh_host_*_key.pub`, and their fingerprints (sshd(8), RFC 4253 §6.6).

use super::authorized_keys::{KEY_TYPES, blank_separated};
use crate::syntax::encoding;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

/// A line with a key in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PublicKey<'a> {
    /// What stands before the key; empty for nothing.
    pub(super) options: &'a str,
    /// `ssh-ed25519`.
    pub(super) kind: &'a str,
    /// The key in base64.
    pub(super) material: &'a str,
    /// What follows the key; empty for nothing.
    pub(super) comment: &'a str,
}

impl<'a> PublicKey<'a> {
    /// Reads a line; `None` for one without a key.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let line = line.trim_ascii();
        if line.starts_with('#') {
            return None;
        }
        let is_kind = |word: &str| KEY_TYPES.split(' ').any(|known| known == word);
        let first = blank_separated(line).next()?;
        let (options, rest) = if is_kind(first) { ("", line) } else { line.split_at_checked(first.len())? };
        let (kind, rest) = next_word(rest)?;
        let (material, rest) = next_word(rest)?;
        is_kind(kind).then(|| Self { options, kind, material, comment: rest.trim_ascii() })
    }

    /// The digest of the key, two digits and a colon at a time; `None` for a
    /// digest that is not known. `?` stands for a key that is no base64.
    pub(super) fn hexadecimal(&self, digest: &str) -> Option<String> {
        let hash: fn(&[u8]) -> Vec<u8> = match digest {
            "sha224" => |key| Sha224::digest(key).to_vec(),
            "sha256" => |key| Sha256::digest(key).to_vec(),
            "sha384" => |key| Sha384::digest(key).to_vec(),
            "sha512" => |key| Sha512::digest(key).to_vec(),
            _ => return None,
        };
        let Ok(key) = encoding::base64(self.material.as_bytes()) else { return Some("?".into()) };
        let pairs: Vec<String> = hash(&key).iter().map(|byte| format!("{byte:02x}")).collect();
        Some(pairs.join(":"))
    }

    /// As `ssh-keygen -l` prints it: bits, SHA-256, comment and kind.
    pub(super) fn fingerprint(&self) -> Option<String> {
        let key = encoding::base64(self.material.as_bytes()).ok()?;
        let (bits, kind) = size(&key)?;
        let hash = STANDARD_NO_PAD.encode(Sha256::digest(&key));
        let comment = if self.comment.is_empty() { "no comment" } else { self.comment };
        Some(format!("{bits} SHA256:{hash} {comment} ({kind})"))
    }
}

/// Whether a line is a key as `authorized_keys` has it.
pub fn is_public_key(line: &str) -> bool {
    PublicKey::parse(line).is_some()
}

fn next_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_ascii_start();
    let end = text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len());
    if end == 0 { None } else { text.split_at_checked(end) }
}

/// A key's bits, and the kind ssh-keygen names.
fn size(key: &[u8]) -> Option<(usize, &'static str)> {
    let (name, rest) = field(key)?;
    Some(match name {
        b"ssh-ed25519" => (256, "ED25519"),
        b"ssh-rsa" => {
            let (_exponent, rest) = field(rest)?;
            (bits(field(rest)?.0), "RSA")
        }
        b"ssh-dss" => (bits(field(rest)?.0), "DSA"),
        b"ecdsa-sha2-nistp256" => (256, "ECDSA"),
        b"ecdsa-sha2-nistp384" => (384, "ECDSA"),
        b"ecdsa-sha2-nistp521" => (521, "ECDSA"),
        b"sk-ssh-ed25519@openssh.com" => (256, "ED25519-SK"),
        b"sk-ecdsa-sha2-nistp256@openssh.com" => (256, "ECDSA-SK"),
        _ => return None,
    })
}

/// A string of SSH's wire format (RFC 4251 §5), and what follows it.
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// How many bits a number of the wire format has.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let rest = number.get(zeros..).unwrap_or_default();
    rest.first().map_or(0, |first| rest.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIABiBAgQIEAIECBAgQIECBAgQIECBAgQIECBAgQIECBAg";

    #[test]
    fn a_line_is_options_kind_key_and_comment() {
        let key = |options, comment| PublicKey { options, kind: "ssh-rsa", material: "AAAA", comment };
        for (line, expected) in [
            ("ssh-rsa AAAA", Some(key("", ""))),
            (" ssh-rsa\tAAAA me and you \r", Some(key("", "me and you"))),
            ("no-pty,command=\"a ssh-rsa\" ssh-rsa AAAA x", Some(key("no-pty,command=\"a ssh-rsa\"", "x"))),
            ("# ssh-rsa AAAA", None),
            ("ssh-rsa", None),
            ("a b c", None),
            ("", None),
        ] {
            assert_eq!(PublicKey::parse(line), expected, "{line}");
        }
    }

    /// As ssh-keygen made them, and as its `-l` prints them.
    #[test]
    fn fingerprints_are_ssh_keygens() {
        for (line, fingerprint) in [
            (
                "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQCwJ3nN+XMDGGfPD0dHkzDRgOE55vRcJkVvRsgrs5rnGXf5NJF0pQAH4WFXiT\
             jdLN55BKkJjbbr0K+bstfXzLIvBx9YMV+UVzuQpmFRiuqo0m9UeLlIVb5aTxfPy/DQ41HbJnpFWCQcagcOhZZWGHnq\
             X9Ry8EisKcOK+wODAS860idngkPxo92yXHHWIDsqc2E9EusA5cBGhwJt3Z4B2R84QCAJrJaZSgdeYmnGDQel1QPYcX\
             jHiYATzJ1w/HeoPPhgC5QuVcb5fKBOwmdYOsG+RmoG86TJH34EoBqjyVIkde4nf7WJ4VsYtxx+HWr82NXOldrawppH\
             dm1WPQbzy5p/r4D/SnJvGeCIFVRatGuHoa4es5ltx8qWV4OMNxbghDR2EWsm7EGjmRiFtwTD2kKCtxEv6mH5QJ8nXy\
             LUkC43y5xHcICfC45+48kxQg8cjaDlRV0ZTLLqAlrR+UXKrrEJzPCzktMn4Gj5NEupnpJzzgL38Y4+VEAKP/9PgxZx\
             vvU= rsa key",
                "3072 SHA256:9Y9/lQT6SP2KPfBYAWbRLetGydH2HHwAtiEWEyc6GII rsa key (RSA)",
            ),
            (
                "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBLFmYNjCGU34R5tmCe34DZn8UqTMe4rlRZL+Ud\
             u0A6qELr+2EyZmDaAaT5TFAKTl72xIG2iZeIs8TY2zcleJzGA= ecdsa key",
                "256 SHA256:9C8sL8pK0zuUjWQ8V226XYAkglcuG7mhiiSMXgx7cpo ecdsa key (ECDSA)",
            ),
            (
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINl8fxW6wZc1kuZWkY2z00l/aIlZrV/CK4CM7ihqYQL0 ed25519 key",
                "256 SHA256:uwOqZNk9/hBXL/0QYIiQ3XHbS3PZhEgmxk8XinW716s ed25519 key (ED25519)",
            ),
        ] {
            assert_eq!(PublicKey::parse(line).unwrap().fingerprint().as_deref(), Some(fingerprint));
        }
    }

    #[test]
    fn what_is_no_key_has_no_fingerprint() {
        let key = |material| PublicKey { options: "", kind: "ssh-rsa", material, comment: "" };
        assert_eq!(key("AAAA").fingerprint(), None);
        assert_eq!(key("AAAAB3NzaC1yc2EAAAADAQABAAAB").fingerprint(), None);
        assert_eq!(key("A").hexadecimal("sha256").as_deref(), Some("?"));
        assert_eq!(key(ED25519).hexadecimal("md5"), None);
    }

    #[test]
    fn bits_are_counted_from_the_first_that_is_set() {
        assert_eq!(bits(&[0, 0x80, 0]), 16);
        assert_eq!(bits(&[1, 0]), 9);
        assert_eq!(bits(&[]), 0);
    }
}

//! The instance cache: `GLOWPLUG`, version, length, checksum, then nanoserde's
//! binary form. The frame is verified before anything is decoded, since the
//! decoder trusts its lengths.

use crate::error::{Error, Result};
use crate::instance::Instance;
use alloc::boxed::Box;
use alloc::vec::Vec;
use nanoserde::{DeBin, SerBin};

const MAGIC: &[u8; 8] = b"GLOWPLUG";

/// Grows with every change of [`Instance`].
const VERSION: u32 = 2;

/// Magic, version, length, checksum.
const HEADER: usize = 8 + 4 + 8 + 8;

/// The instance as the cache keeps it.
#[inline(never)]
pub fn encode(instance: &Instance) -> Vec<u8> {
    let mut frame = alloc::vec![0; HEADER];
    instance.ser_bin(&mut frame);
    let (header, body) = frame.split_at_mut(HEADER);
    header.copy_from_slice(&header_of(body));
    frame
}

/// The header of a `body`.
fn header_of(body: &[u8]) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[12..20].copy_from_slice(&(body.len() as u64).to_le_bytes());
    header[20..].copy_from_slice(&digest(body).to_le_bytes());
    header
}

/// Reads a cache; one that is torn, damaged or of another version is an error
/// that says so. `name` is the file for messages.
#[inline(never)]
pub fn decode(frame: &[u8], name: &str) -> Result<Box<Instance>> {
    let refuse = |why: &str| Err(Error::new("use the instance cache", name, why));
    let Some((header, body)) = frame.split_at_checked(HEADER) else {
        return refuse("it is cut short");
    };
    let expected = header_of(body);
    if header[..8] != expected[..8] {
        return refuse("it is not one");
    }
    if header[8..12] != expected[8..12] {
        return refuse("another version of glowplug wrote it");
    }
    if header[12..20] != expected[12..20] {
        return refuse("it is cut short");
    }
    if header[20..] != expected[20..] {
        return refuse("it is damaged");
    }
    Instance::deserialize_bin(body).map(Box::new).or_else(|_| refuse("it is damaged"))
}

/// 64-bit FNV-1a: finds damage and changes, keeps nobody out.
pub fn digest(bytes: &[u8]) -> u64 {
    digest_on(0xcbf2_9ce4_8422_2325, bytes)
}

/// Goes on with a [`digest`].
#[inline(never)]
pub(super) fn digest_on(digest: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(digest, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{File, InstanceId, Machine, Metadata};

    fn instance() -> Instance {
        Instance {
            id: InstanceId::parse("i-1").unwrap(),
            datasource: "ConfigDrive".into(),
            detail: "[net,ver=2][source=/dev/sr0]".into(),
            metadata: Metadata { local_hostname: Some("a".into()), public_keys: vec!["k".into()] },
            raw: vec![File { path: "user_data".into(), content: vec![0, 255] }],
            files: Vec::new(),
            machine: Machine { product_uuid: "u".into(), macs: vec!["52:54:00:00:00:01".into()] },
        }
    }

    #[test]
    fn what_is_kept_comes_back() {
        assert_eq!(*decode(&encode(&instance()), "cache").unwrap(), instance());
    }

    #[test]
    fn any_damage_is_noticed() {
        let frame = encode(&instance());
        for length in 0..frame.len() {
            assert!(decode(&frame[..length], "cache").is_err(), "{length} bytes");
        }
        for at in 0..frame.len() {
            let mut damaged = frame.clone();
            damaged[at] ^= 0x10;
            assert!(decode(&damaged, "cache").is_err(), "byte {at}");
        }
        let mut longer = frame;
        longer.push(0);
        assert_eq!(
            decode(&longer, "/x").unwrap_err().to_string(),
            "unable to use the instance cache /x: it is cut short"
        );
    }
}

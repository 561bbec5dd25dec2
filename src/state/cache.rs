//! The instance cache: `GLOWPLUG`, version, length, checksum, then nanoserde's
//! binary form. The frame is verified before anything is decoded, since the
//! decoder trusts its lengths.

use crate::error::{Error, Result};
use crate::instance::{Instance, InstanceId};
use alloc::boxed::Box;
use alloc::vec::Vec;
use nanoserde::{DeBin, SerBin};

const MAGIC: &[u8; 8] = b"GLOWPLUG";

/// Grows with every change of [`Instance`].
const VERSION: u32 = 3;

/// Bytes of the header's fields, magic, version, length and checksum, and what
/// it means when one is not as it should be.
static FIELDS: [(usize, &str); 4] = [
    (8, "it is not one"),
    (4, "another version of glowplug wrote it"),
    (8, "it is cut short"),
    (8, "it is damaged"),
];

/// All of [`FIELDS`].
const HEADER: usize = 8 + 4 + 8 + 8;

/// The instance as the cache keeps it.
#[inline(never)]
pub fn encode(instance: &Instance) -> Vec<u8> {
    let mut frame = alloc::vec![0; HEADER];
    instance.ser_bin(&mut frame);
    let header = header_of(frame.get(HEADER..).unwrap_or_default());
    for (place, byte) in frame.iter_mut().zip(&header) {
        *place = *byte;
    }
    frame
}

/// The header of a `body`.
#[inline(never)]
fn header_of(body: &[u8]) -> Vec<u8> {
    let (length, digest) = ((body.len() as u64).to_le_bytes(), digest(body).to_le_bytes());
    [MAGIC.as_slice(), &VERSION.to_le_bytes(), &length, &digest].concat()
}

/// Reads a cache; one that is torn, damaged or of another version is an error
/// that says so. `name` is the file for messages.
#[inline(never)]
pub fn decode(frame: &[u8], name: &str) -> Result<Box<Instance>> {
    verified(frame)
        .and_then(|body| decode_fields(body).ok_or("it is damaged"))
        .map_err(|why| Error::new("use the instance cache", name, why))
}

/// The body of a whole frame, or what is wrong with it.
#[inline(never)]
fn verified(frame: &[u8]) -> core::result::Result<&[u8], &'static str> {
    let cut = "it is cut short";
    let (mut header, body) = frame.split_at_checked(HEADER).ok_or(cut)?;
    let expected = header_of(body);
    let mut expected = expected.as_slice();
    for (length, why) in &FIELDS {
        let (field, rest) = header.split_at_checked(*length).ok_or(cut)?;
        expected = expected.strip_prefix(field).ok_or(*why)?;
        header = rest;
    }
    Ok(body)
}

/// The fields as [`SerBin`] writes them, in order.
#[inline(never)]
fn decode_fields(body: &[u8]) -> Option<Box<Instance>> {
    let at = &mut 0;
    let id = InstanceId::de_bin(at, body).ok()?;
    let mut instance = Box::new(Instance::new(id, ""));
    let Instance { id: _, datasource, detail, source, dsmode, metadata, raw, files, machine } =
        &mut *instance;
    let whole = read(at, body, datasource)
        && read(at, body, detail)
        && read(at, body, source)
        && read(at, body, dsmode)
        && read(at, body, &mut metadata.local_hostname)
        && read(at, body, &mut metadata.public_keys)
        && read(at, body, raw)
        && read(at, body, files)
        && read(at, body, &mut machine.product_uuid)
        && read(at, body, &mut machine.macs);
    whole.then_some(instance)
}

/// Reads one field into its place: as values of the decoder's, all of them
/// would be moved about until the last is there.
#[inline(never)]
fn read<T: DeBin>(at: &mut usize, body: &[u8], field: &mut T) -> bool {
    let Ok(value) = T::de_bin(at, body) else { return false };
    *field = value;
    true
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
    use crate::instance::{File, Machine, Metadata};

    fn instance() -> Instance {
        Instance {
            id: InstanceId::parse("i-1").unwrap(),
            datasource: "ConfigDrive".into(),
            detail: "[net,ver=2][source=/dev/sr0]".into(),
            source: "/dev/sr0".into(),
            dsmode: "net".into(),
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

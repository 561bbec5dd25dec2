//! The instance cache: `GLOWPLUG`, version, length, checksum, then nanoserde's
//! binary form. The frame is verified before anything is decoded, and a decoder
//! of our own takes no length on trust: the checksum keeps nobody out.

use crate::error::{Error, Result};
use crate::instance::{File, Instance, InstanceId};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use nanoserde::SerBin;

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

/// The fields as [`SerBin`] writes them, in order, and nothing behind them.
#[inline(never)]
fn decode_fields(body: &[u8]) -> Option<Box<Instance>> {
    let mut body = Body(body);
    let text = body.text()?;
    let id = InstanceId::parse(&text).ok().filter(|id| id.as_str() == text)?;
    let mut instance = Box::new(Instance::new(id, ""));
    let Instance { id: _, datasource, detail, source, dsmode, metadata, raw, files, machine } =
        &mut *instance;
    for field in [datasource, detail, source, dsmode] {
        *field = body.text()?;
    }
    match body.take(1)? {
        [0] => {}
        [1] => metadata.local_hostname = Some(body.text()?),
        _ => return None,
    }
    body.list(&mut metadata.public_keys, Body::text)?;
    body.list(raw, Body::file)?;
    body.list(files, Body::file)?;
    machine.product_uuid = body.text()?;
    body.list(&mut machine.macs, Body::text)?;
    body.0.is_empty().then_some(instance)
}

/// What is left of a body. nanoserde's own decoder trusts its lengths: an
/// absurd one overflows, or asks for all of the memory.
struct Body<'b>(&'b [u8]);

impl<'b> Body<'b> {
    #[inline(never)]
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u64::from_le_bytes(self.take(8)?.try_into().ok()?)).ok()
    }

    #[inline(never)]
    fn bytes(&mut self) -> Option<Vec<u8>> {
        let length = self.length()?;
        Some(self.take(length)?.to_vec())
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?).ok()
    }

    fn file(&mut self) -> Option<File> {
        Some(File { path: self.text()?, content: self.bytes()? })
    }

    /// Items until they are as many as the length says; each has a length of
    /// its own, so that a body has an eighth as many of them as bytes.
    fn list<T>(&mut self, items: &mut Vec<T>, item: fn(&mut Self) -> Option<T>) -> Option<()> {
        for _ in 0..self.length()? {
            items.push(item(self)?);
        }
        Some(())
    }
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
    use crate::instance::{Machine, Metadata};

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
    fn an_absurd_length_under_a_right_checksum_was_a_panic() {
        let body = encode(&instance()).split_off(HEADER);
        let mut refused = 0;
        for at in 0..body.len() - 8 {
            for length in [u64::MAX, u64::MAX - 7, 1 << 63, 1 << 40, body.len() as u64, 0] {
                let mut body = body.clone();
                body[at..at + 8].copy_from_slice(&length.to_le_bytes());
                let frame = [header_of(&body), body].concat();
                match decode(&frame, "/x") {
                    Ok(instance) => assert_eq!(encode(&instance), frame, "{at} {length}"),
                    Err(error) => {
                        refused += 1;
                        assert_eq!(error.text(), "unable to use the instance cache /x: it is damaged");
                    }
                }
            }
        }
        assert!(refused > 1000, "{refused}");
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

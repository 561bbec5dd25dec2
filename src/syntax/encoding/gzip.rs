//! Gzip files (RFC 1952): header, members one after another, checksums.

use crate::checksum::Checksum;
use crate::limits;
use alloc::boxed::Box;
use alloc::vec::Vec;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

const CUT_SHORT: &str = "gzip data is cut short";
const NO_HEADER: &str = "not a gzip file, or its header is cut short";

/// Header flags (RFC 1952 §2.3.1).
const FHCRC: u8 = 2;
const FEXTRA: u8 = 4;
const FNAME: u8 = 8;
const FCOMMENT: u8 = 16;

/// Deflate expands no byte to more than this many.
const MOST_EXPANSION: usize = 1032;

/// Whether `input` begins as a gzip file.
pub fn is_gzip(input: &[u8]) -> bool {
    input.starts_with(&[0x1f, 0x8b])
}

/// The content of a gzip file: all its members, and zero bytes after them.
///
/// # Errors
/// What is no gzip, cut short, damaged, or longer than [`limits::EXPANDED`].
pub fn gunzip(input: &[u8]) -> Result<Vec<u8>, &'static str> {
    let checksum = Checksum::new();
    let mut out = Vec::new();
    let mut rest = input;
    // A file of one member names its length at the end: one allocation.
    let named = input.last_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize);
    let mut expected = named.min(input.len().saturating_mul(MOST_EXPANSION));
    loop {
        let first = rest.len() == input.len();
        let body = skip_header(rest).ok_or(if first {
            NO_HEADER
        } else {
            "what follows the gzip data is not gzip"
        })?;
        let start = out.len();
        let consumed = inflate(body, &mut out, expected)?;
        expected = 0;
        let trailer = body.get(consumed..).and_then(<[u8]>::split_first_chunk::<8>);
        let ([c0, c1, c2, c3, l0, l1, l2, l3], after) = trailer.ok_or(CUT_SHORT)?;
        let member = out.get(start..).unwrap_or_default();
        if checksum.of(member) != u32::from_le_bytes([*c0, *c1, *c2, *c3]) {
            return Err("gzip checksum does not match: the data is damaged");
        }
        // The field holds the length modulo 2^32; what we inflate stays far below.
        if member.len() != u32::from_le_bytes([*l0, *l1, *l2, *l3]) as usize {
            return Err("gzip length does not match: the data is damaged");
        }
        let padding = after.iter().position(|&byte| byte != 0).unwrap_or(after.len());
        rest = &after[padding..];
        if rest.is_empty() {
            return Ok(out);
        }
    }
}

/// What follows the header of a member.
fn skip_header(input: &[u8]) -> Option<&[u8]> {
    let ([0x1f, 0x8b, 8, flags, ..], mut rest) = input.split_first_chunk::<10>()? else { return None };
    if flags & FEXTRA != 0 {
        let ([low, high], after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes([*low, *high]))..)?;
    }
    for text in [FNAME, FCOMMENT] {
        if flags & text != 0 {
            let end = rest.iter().position(|&byte| byte == 0)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & FHCRC != 0 { rest.get(2..) } else { Some(rest) }
}

/// Appends what `input` inflates to, `expected` bytes or so; returns the bytes
/// of `input` used.
fn inflate(input: &[u8], out: &mut Vec<u8>, expected: usize) -> Result<usize, &'static str> {
    let mut state = Box::<DecompressorOxide>::default();
    let start = out.len();
    let (mut used, mut written) = (0, 0);
    let mut room = (start + expected.max(256)).min(limits::EXPANDED) - start;
    loop {
        out.resize(start + room, 0);
        let (status, read, wrote) = decompress(
            &mut state,
            input.get(used..).unwrap_or_default(),
            &mut out[start..],
            written,
            inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        );
        used += read;
        written += wrote;
        match status {
            TINFLStatus::Done => {
                out.truncate(start + written);
                return Ok(used);
            }
            TINFLStatus::HasMoreOutput if start + room < limits::EXPANDED => {
                room = (start + room.saturating_mul(2)).min(limits::EXPANDED) - start;
            }
            TINFLStatus::HasMoreOutput => return Err("gzip data expands past the bound of 32 MiB"),
            TINFLStatus::FailedCannotMakeProgress => return Err(CUT_SHORT),
            _ => return Err("gzip data is damaged"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use miniz_oxide::deflate::compress_to_vec;

    fn member(flags: u8, optional: &[u8], content: &[u8]) -> Vec<u8> {
        let mut file = alloc::vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3];
        file.extend_from_slice(optional);
        file.extend(compress_to_vec(content, 6));
        file.extend(Checksum::new().of(content).to_le_bytes());
        file.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        file
    }

    #[test]
    fn every_optional_field_is_skipped() {
        let all = b"\x03\0abcname\0comment\0\x12\x34";
        assert_eq!(gunzip(&member(30, all, b"#!/bin/sh\n")).as_deref(), Ok(&b"#!/bin/sh\n"[..]));
    }

    #[test]
    fn members_follow_each_other_and_zeros_may_end_the_file() {
        let mut file = member(0, b"", b"one ");
        file.extend(member(FNAME, b"x\0", b"two"));
        file.extend([0; 5]);
        assert_eq!(gunzip(&file).as_deref(), Ok(&b"one two"[..]));
        file.push(b'x');
        assert_eq!(gunzip(&file), Err("what follows the gzip data is not gzip"));
    }

    #[test]
    fn damage_is_found_wherever_it_is() {
        let file = member(0, b"", b"the quick brown fox jumps over the lazy dog");
        for cut in 0..file.len() {
            assert!(gunzip(&file[..cut]).is_err(), "cut at {cut}");
        }
        for at in 10..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 1;
            assert!(gunzip(&damaged).is_err(), "bit of byte {at}");
        }
    }

    #[test]
    fn many_members_that_name_much_take_little_time() {
        let mut file = member(0, b"", b"").repeat(20_000);
        file.extend(u32::MAX.to_le_bytes());
        assert!(gunzip(&file).is_err());
    }

    #[test]
    fn a_bomb_ends_in_an_error() {
        let bomb = member(0, b"", &alloc::vec![0; limits::EXPANDED + 1]);
        assert_eq!(gunzip(&bomb), Err("gzip data expands past the bound of 32 MiB"));
        let most = member(0, b"", &alloc::vec![0; limits::EXPANDED]);
        assert_eq!(gunzip(&most).map(|content| content.len()), Ok(limits::EXPANDED));
    }
}

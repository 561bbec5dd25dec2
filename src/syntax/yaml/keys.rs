//! Keys that are equal as Python has it, in less than quadratic time.

use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::offset;
use super::tape::{Style, Tag, Tape};
use crate::syntax::order::order;
use crate::syntax::value::Data;

/// Up to so many keys are compared each with each.
const FEW: usize = 8;

/// What kinds of keys are equal to each other at most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Null,
    Number,
    Str,
    Bytes,
    Timestamp,
    /// Reported when the tree is built; equal to no other.
    Broken,
}

/// A scalar as dictionary key: what is equal in Python is equal here.
type Key<'a> = (Kind, Cow<'a, [u8]>);

fn key<'a>(tape: &Tape<'a>, index: u32) -> Key<'a> {
    let (kind, text) = match tape.scalar(index, true) {
        Ok(Data::Null) => (Kind::Null, Cow::Borrowed("")),
        Ok(Data::Bool(value)) => return (Kind::Number, number(if value { "1" } else { "0" })),
        Ok(Data::Int(value)) => return (Kind::Number, number(&value.to_string())),
        Ok(Data::BigInt(text) | Data::Float(text)) => return (Kind::Number, number(&text)),
        Ok(Data::Bytes(bytes)) => return (Kind::Bytes, bytes),
        Ok(Data::Timestamp(text)) => (Kind::Timestamp, text),
        Ok(Data::Str(text)) => (Kind::Str, text),
        _ => return (Kind::Broken, Cow::Owned(index.to_be_bytes().to_vec())),
    };
    let bytes = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    (kind, bytes)
}

/// A number by its sign, its decimal digits without zeros around them, and its
/// power of ten: 1.50 is 1.5, 2.0 is 2, .NaN is .nan.
fn number(text: &str) -> Cow<'static, [u8]> {
    let (mantissa, power) = text.split_at(text.find(['e', 'E']).unwrap_or(text.len()));
    let mut digits = Vec::with_capacity(mantissa.len() + 9);
    let mut point: i64 = power.get(1..).and_then(|power| power.parse().ok()).unwrap_or(0);
    let (mut is_whole, mut significant) = (1, 0);
    for byte in mantissa.bytes() {
        match byte {
            b'.' => is_whole = 0,
            b'+' | b'-' | b'_' => {}
            b'0' if digits.is_empty() => point = point.saturating_add(is_whole - 1),
            _ => {
                point = point.saturating_add(is_whole);
                digits.push(byte.to_ascii_lowercase());
                if byte != b'0' {
                    significant = digits.len();
                }
            }
        }
    }
    digits.truncate(significant);
    if significant > 0 {
        digits.extend_from_slice(&point.to_be_bytes());
        digits.push(text.as_bytes().first().map_or(0, |&sign| u8::from(sign == b'-')));
    }
    Cow::Owned(digits)
}

/// The text of a scalar that needs no resolving to be known as a string.
fn string<'a>(tape: &Tape<'a>, index: u32) -> Option<&'a str> {
    let entry = tape.get(index);
    match entry.style {
        Style::Quoted if entry.tag == Tag::Implicit => Some(tape.slice(entry.at + 1, entry.end - 1)),
        Style::Plain if entry.tag == Tag::Implicit => {
            let text = tape.source(index);
            // No word with a meaning begins like this.
            let first = text.as_bytes().first().map_or(0, |byte| byte | 0x20);
            (first.is_ascii_lowercase() && !b"yntfo".contains(&first)).then_some(text)
        }
        _ => None,
    }
}

#[inline(never)]
fn compare(tape: &Tape<'_>, a: u32, b: u32) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    match (string(tape, a), string(tape, b)) {
        (Some(a), Some(b)) => a.cmp(b),
        _ => key(tape, a).cmp(&key(tape, b)),
    }
}

/// For each scalar of `keys`, the position of the first one equal to it.
#[inline(never)]
pub(super) fn first_equal(tape: &Tape<'_>, keys: &[u32]) -> Vec<u32> {
    let equal = |a: u32, b: u32| compare(tape, a, b).is_eq();
    if keys.len() <= FEW {
        let first = |key: &u32| keys.iter().position(|&other| equal(other, *key)).unwrap_or_default();
        return keys.iter().map(|key| offset(first(key))).collect();
    }
    let at = |position: usize| keys.get(position).copied().unwrap_or_default();
    let mut first = alloc::vec![0; keys.len()];
    let mut leader = None;
    for position in order(keys.len(), &|a, b| compare(tape, at(a), at(b))) {
        let same = leader.filter(|&leader| equal(at(leader), at(position)));
        let mine = same.unwrap_or(position);
        leader = Some(mine);
        if let Some(first) = first.get_mut(position) {
            *first = offset(mine);
        }
    }
    first
}

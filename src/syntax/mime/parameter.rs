//! Parameters of a header field: `; name=value`, RFC 2231's continuations and
//! character sets.

use crate::syntax::encoding;
use crate::syntax::order::order;
use alloc::string::String;
use alloc::vec::Vec;

/// The number of a piece: its digits without leading zeros, their count first,
/// so that numbers of any length compare.
type Number<'a> = Option<(usize, &'a [u8])>;

/// A piece of a value: its number, its text, and whether that has `%XX`
/// escapes.
type Piece<'a> = (Number<'a>, Vec<u8>, bool);

/// The value of parameter `name` in the field value `field`, without its
/// quotes. A plain `name=` wins over `name*=`, as in Python; and what begins
/// the field is never a `name*=`.
pub(super) fn get(field: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut pieces = Vec::new();
    let mut rest = Some(field);
    while let Some(text) = rest {
        let (parameter, after) = split_first(text, b';', true);
        rest = after;
        let (key, value) = split_first(parameter, b'=', false);
        let Some((found, suffix)) = trim(key).split_at_checked(name.len()) else { continue };
        if !found.eq_ignore_ascii_case(name.as_bytes()) {
            continue;
        }
        let value = unquote(trim(value.unwrap_or_default()).to_vec());
        if suffix.is_empty() {
            return Some(unquote(value));
        }
        if let Some((number, extended)) = continuation(suffix)
            && text.len() < field.len()
        {
            pieces.push((number, value, extended));
        }
    }
    if pieces.is_empty() { None } else { Some(join(&pieces)) }
}

/// What stands before and after the first `separator`, in a field only one
/// that stands in no quotes. A quote that never closes holds all that follows.
pub(super) fn split_first(text: &[u8], separator: u8, quotes: bool) -> (&[u8], Option<&[u8]>) {
    let (mut quoted, mut before) = (false, 0);
    for (at, &byte) in text.iter().enumerate() {
        quoted ^= quotes && byte == b'"' && before != b'\\';
        before = byte;
        if byte == separator && !quoted {
            return (text.get(..at).unwrap_or_default(), text.get(at + 1..));
        }
    }
    (text, None)
}

/// `text` without white space around it: the ASCII of what Python's
/// `str.strip` takes away.
pub(super) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b'\t'..=b'\r' | 0x1c..=b' ', after @ ..] = text {
        text = after;
    }
    trim_end(text)
}

/// `text` without white space after it.
pub(super) fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [before @ .., b'\t'..=b'\r' | 0x1c..=b' '] = text {
        text = before;
    }
    text
}

/// What `*`, `*N` or `*N*` after a name says: the number, and whether the
/// value has `%XX` escapes.
fn continuation(suffix: &[u8]) -> Option<(Number<'_>, bool)> {
    let (mut digits, extended) = match suffix {
        b"*" => return Some((None, true)),
        [b'*', digits @ .., b'*'] => (digits, true),
        [b'*', digits @ ..] => (digits, false),
        _ => return None,
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    while let [b'0', after @ ..] = digits {
        digits = after;
    }
    Some((Some((digits.len(), digits)), extended))
}

/// The pieces put together in the order of their numbers, and the character
/// set of the first undone.
#[inline(never)]
fn join(pieces: &[Piece<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut any_extended = false;
    for at in order(pieces.len(), &|one, other| pieces.get(one).cmp(&pieces.get(other))) {
        let Some((_, value, extended)) = pieces.get(at) else { continue };
        any_extended |= extended;
        if *extended {
            bytes.append(&mut encoding::unescape(value, b'%'));
        } else {
            bytes.extend_from_slice(value);
        }
    }
    if !any_extended {
        return unquote(bytes);
    }
    let (charset, rest) = split_first(&bytes, b'\'', false);
    match rest.map(|rest| split_first(rest, b'\'', false)) {
        Some((_language, Some(text))) => in_charset(charset, text),
        _ => in_charset(b"us-ascii", &bytes),
    }
}

/// `text` of character set `name` in UTF-8. Sets other than UTF-8, ASCII and
/// Latin-1 are read as Latin-1: the ASCII in them is right.
pub(super) fn in_charset(name: &[u8], text: &[u8]) -> Vec<u8> {
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    if is(b"utf-8") || is(b"utf8") {
        return text.to_vec();
    }
    let ascii = is(b"us-ascii") || is(b"ascii");
    let mut out = String::with_capacity(text.len());
    for &byte in text {
        let known = byte.is_ascii() || !ascii;
        out.push(if known { char::from(byte) } else { char::REPLACEMENT_CHARACTER });
    }
    out.into_bytes()
}

/// `text` without its quotes or angle brackets.
fn unquote(text: Vec<u8>) -> Vec<u8> {
    let mut rest = match &text[..] {
        [b'"', inner @ .., b'"'] => inner,
        [b'<', inner @ .., b'>'] => return inner.to_vec(),
        _ => return text,
    };
    // Python replaces `\\` by `\` first, then `\"` by `"` in what that gives.
    let mut out = Vec::with_capacity(rest.len());
    while let [byte, after @ ..] = rest {
        rest = match rest {
            [b'\\', b'\\', after @ ..] => after,
            _ => after,
        };
        if *byte == b'"' && out.last() == Some(&b'\\') {
            out.pop();
        }
        out.push(*byte);
    }
    out
}

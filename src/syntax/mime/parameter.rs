//! Parameters of a header field: `; name=value`, RFC 2231's continuations and
//! character sets.

use crate::syntax::encoding;
use crate::syntax::order::order;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// A piece of a value: its number, its text, and whether that has `%XX`
/// escapes.
type Piece = (Option<u32>, String, bool);

/// The value of parameter `name` (lower case) in the field value `field`,
/// without its quotes. A plain `name=` wins over `name*=`, as in Python.
pub(super) fn get(field: &str, name: &str) -> Option<String> {
    let mut pieces = Vec::new();
    for (key, value) in (Parameters { rest: Some(field) }) {
        if key.eq_ignore_ascii_case(name) {
            return Some(unquote(&unquote(value)).into_owned());
        }
        if let Some((number, extended)) = continuation(key, name) {
            pieces.push((number, unquote(value).into_owned(), extended));
        }
    }
    if pieces.is_empty() {
        return None;
    }
    join(&pieces)
}

/// `text` without white space around it, as Python's `str.strip`.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `text` without white space after it, as Python's `str.rstrip`.
pub(super) fn trim_end(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\x1c'..='\x1f')
}

/// Names and values between semicolons that stand in no quotes.
struct Parameters<'a> {
    rest: Option<&'a str>,
}

impl<'a> Iterator for Parameters<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest?;
        let (mut quoted, mut before) = (false, 0);
        let end = text.bytes().position(|byte| {
            quoted ^= byte == b'"' && before != b'\\';
            before = byte;
            byte == b';' && !quoted
        });
        let (piece, rest) = match end {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            // A quote that never closes holds all that follows.
            None => (text, None),
        };
        self.rest = rest;
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        Some((trim(name), trim(value)))
    }
}

/// What `key` says when it is `name*`, `name*N` or `name*N*`: the number, and
/// whether the value has `%XX` escapes.
fn continuation(key: &str, name: &str) -> Option<(Option<u32>, bool)> {
    let head = key.get(..name.len()).filter(|head| head.eq_ignore_ascii_case(name))?;
    let tail = key[head.len()..].strip_prefix('*')?;
    if tail.is_empty() {
        return Some((None, true));
    }
    let (digits, extended) = match tail.strip_suffix('*') {
        Some(digits) => (digits, true),
        None => (tail, false),
    };
    let number = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    Some((Some(number?.parse().ok()?), extended))
}

/// The pieces put together in the order of their numbers, and the character
/// set of the first undone.
fn join(pieces: &[Piece]) -> Option<String> {
    let mut bytes = Vec::new();
    let mut any_extended = false;
    for at in order(pieces.len(), &|one, other| pieces.get(one).cmp(&pieces.get(other))) {
        let Some((_, value, extended)) = pieces.get(at) else { continue };
        any_extended |= extended;
        if *extended {
            bytes.append(&mut encoding::percent(value.as_bytes()));
        } else {
            bytes.extend_from_slice(value.as_bytes());
        }
    }
    if !any_extended {
        return String::from_utf8(bytes).ok().map(|text| unquote(&text).into_owned());
    }
    let mut ticks = bytes.splitn(3, |&byte| byte == b'\'');
    match (ticks.next(), ticks.next(), ticks.next()) {
        (Some(charset), Some(_), Some(text)) => Some(in_charset(charset, text)),
        _ => Some(in_charset(b"us-ascii", &bytes)),
    }
}

/// `text` read in character set `name`. Those other than UTF-8, ASCII and
/// Latin-1 are read as Latin-1: the ASCII in them is right.
pub(super) fn in_charset(name: &[u8], text: &[u8]) -> String {
    if name.eq_ignore_ascii_case(b"utf-8") || name.eq_ignore_ascii_case(b"utf8") {
        return String::from_utf8_lossy(text).into_owned();
    }
    let ascii = name.eq_ignore_ascii_case(b"us-ascii") || name.eq_ignore_ascii_case(b"ascii");
    let character =
        |&byte: &u8| if ascii && !byte.is_ascii() { char::REPLACEMENT_CHARACTER } else { byte.into() };
    text.iter().map(character).collect()
}

/// `text` without its quotes or angle brackets.
fn unquote(text: &str) -> Cow<'_, str> {
    if let Some(inner) = text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        if inner.contains('\\') {
            return Cow::Owned(inner.replace("\\\\", "\\").replace("\\\"", "\""));
        }
        return Cow::Borrowed(inner);
    }
    let inner = text.strip_prefix('<').and_then(|inner| inner.strip_suffix('>'));
    Cow::Borrowed(inner.unwrap_or(text))
}

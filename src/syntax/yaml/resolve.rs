//! What a scalar's text means: YAML 1.1's types by form, as `PyYAML` has them.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::tape::Tag;
use super::{number, timestamp};
use crate::syntax::value::Data;

/// Resolves the text of a scalar that is written `plain` and tagged `tag`.
pub(super) fn scalar(text: Cow<'_, str>, plain: bool, tag: Tag) -> Result<Data<'_>, &'static str> {
    match tag {
        Tag::Implicit if plain => implicit(text),
        Tag::Implicit | Tag::Str => Ok(Data::Str(text)),
        Tag::Int => number::integer(&text).unwrap_or(Err("this is no integer")),
        Tag::Float if number::is_tagged_float(&text) => Ok(Data::Float(text)),
        Tag::Float => Err("this is no float"),
        Tag::Bool => truth(&text.to_ascii_lowercase()).map(Data::Bool).ok_or("this is no truth value"),
        Tag::Null => Ok(Data::Null),
        Tag::Binary => base64(&text).map(|bytes| Data::Bytes(Cow::Owned(bytes))),
        Tag::Timestamp => match timestamp::check(&text, true) {
            Some(Ok(())) => Ok(Data::Timestamp(text)),
            Some(Err(message)) => Err(message),
            None => Err("this is no date"),
        },
        Tag::Map | Tag::Seq => Err("the tag does not fit its node"),
    }
}

/// Resolves a plain scalar without a tag.
fn implicit(text: Cow<'_, str>) -> Result<Data<'_>, &'static str> {
    match text.bytes().next() {
        None => Ok(Data::Null),
        Some(b'~' | b'n' | b'N') if text == "~" || is_cased(&text, "null") => Ok(Data::Null),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => match truth(&text) {
            Some(value) => Ok(Data::Bool(value)),
            None => Ok(Data::Str(text)),
        },
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => numeric(text),
        Some(b'<') if text == "<<" => Err("'<<' is no value; quote it"),
        Some(b'=') if text == "=" => Err("'=' alone has no meaning; quote it"),
        _ => Ok(Data::Str(text)),
    }
}

fn numeric(text: Cow<'_, str>) -> Result<Data<'_>, &'static str> {
    if let Some(integer) = number::integer(&text) {
        return integer;
    }
    if let Some(fits) = number::float(&text) {
        return fits.map(|()| Data::Float(text));
    }
    match timestamp::check(&text, false) {
        Some(Ok(())) => Ok(Data::Timestamp(text)),
        Some(Err(message)) => Err(message),
        None => Ok(Data::Str(text)),
    }
}

/// Whether `text` is `word` in small letters, in capitals, or with a capital.
fn is_cased(text: &str, word: &str) -> bool {
    let bytes = text.as_bytes();
    text.eq_ignore_ascii_case(word)
        && (bytes.iter().skip(1).all(u8::is_ascii_lowercase) || bytes.iter().all(u8::is_ascii_uppercase))
}

fn truth(text: &str) -> Option<bool> {
    const WORDS: [(&str, bool); 6] =
        [("yes", true), ("no", false), ("true", true), ("false", false), ("on", true), ("off", false)];
    WORDS.iter().find(|(word, _)| is_cased(text, word)).map(|&(_, value)| value)
}

/// Whether `text`, written plain, is a string again.
pub(super) fn is_string(text: &str) -> bool {
    matches!(implicit(Cow::Borrowed(text)), Ok(Data::Str(_)))
}

/// Decodes as Python's `binascii.a2b_base64`: characters outside the alphabet
/// do not count, and what follows the padding is ignored.
fn base64(text: &str) -> Result<Vec<u8>, &'static str> {
    if !text.is_ascii() {
        return Err("base64 is of ASCII characters");
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut count, mut padding) = (0_u32, 0_u32, 0);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                if count >= 2 && count + padding >= 4 {
                    return Ok(bytes);
                }
                continue;
            }
            _ => continue,
        };
        padding = 0;
        bits = bits << 6 | u32::from(digit);
        count = (count + 1) % 4;
        if count != 1 {
            let shift = [0, 0, 4, 2][count as usize];
            bytes.push((bits >> shift & 0xff) as u8);
        }
    }
    if count == 0 { Ok(bytes) } else { Err("the base64 text is incomplete") }
}

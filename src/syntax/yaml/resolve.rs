//! What a scalar's text means: YAML 1.1's types by form, as `PyYAML` has them.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::form::{self, Form};
use super::tape::Tag;
use super::{Message, number, timestamp};
use crate::syntax::value::Data;

/// Parts of a sexagesimal float: 60¹⁷⁴ is no double.
const FLOAT_PARTS: usize = 174;

/// Resolves the text of a scalar that is written `plain` and tagged `tag`.
#[inline(never)]
pub(super) fn scalar(text: Cow<'_, str>, plain: bool, tag: Tag) -> Result<Data<'_>, Message> {
    match tag {
        Tag::Implicit if plain => implicit(text),
        Tag::Implicit | Tag::Str => Ok(Data::Str(text)),
        Tag::Null => Ok(Data::Null),
        Tag::Binary => Ok(Data::Bytes(Cow::Owned(base64(text.as_bytes())?))),
        Tag::Map | Tag::Seq => Err(Message::TagMisfit),
        Tag::Bool => word(&text, true).ok_or(Message::NoTruth),
        Tag::Float if form::is_tagged_float(&text) => formed(text, Some(Form::SexagesimalFloat)),
        Tag::Int | Tag::Float | Tag::Timestamp => {
            let form = form::of(&text);
            match (tag, form) {
                (Tag::Int, Some(Form::Int(_)))
                | (Tag::Float, Some(Form::Float | Form::SexagesimalFloat))
                | (Tag::Timestamp, Some(Form::Timestamp)) => formed(text, form),
                (Tag::Int, _) => Err(Message::NoInteger),
                (Tag::Float, _) => Err(Message::NoFloat),
                _ => Err(Message::NoDate),
            }
        }
    }
}

/// Resolves a plain scalar without a tag.
fn implicit(text: Cow<'_, str>) -> Result<Data<'_>, Message> {
    match text.as_bytes() {
        [] | b"~" => Ok(Data::Null),
        b"<<" => Err(Message::MergeValue),
        b"=" => Err(Message::EqualsValue),
        [b'0'..=b'9' | b'+' | b'-' | b'.', ..] => match form::of(&text) {
            // A date alone needs two digits for month and day.
            Some(Form::Timestamp) if text.len() < "2001-01-01".len() => Ok(Data::Str(text)),
            form => formed(text, form),
        },
        _ => Ok(word(&text, false).unwrap_or(Data::Str(text))),
    }
}

/// What `text` of this `form` means.
fn formed(text: Cow<'_, str>, form: Option<Form>) -> Result<Data<'_>, Message> {
    match form {
        Some(Form::Int(base)) => number::integer(&text, base),
        Some(Form::SexagesimalFloat) if text.split(':').count() > FLOAT_PARTS => Err(Message::FloatRange),
        Some(Form::Float | Form::SexagesimalFloat) => Ok(Data::Float(text)),
        Some(Form::Timestamp) if timestamp::is_in_range(&text) => Ok(Data::Timestamp(text)),
        Some(Form::Timestamp) => Err(Message::DateRange),
        None => Ok(Data::Str(text)),
    }
}

/// Null and the truth values in words; a truth value alone, but in any case,
/// if `tagged`.
fn word(text: &str, tagged: bool) -> Option<Data<'static>> {
    const WORDS: [&str; 7] = ["no", "yes", "false", "true", "off", "on", "null"];
    if text.len() > "false".len() {
        return None;
    }
    for (number, word) in WORDS.iter().enumerate() {
        if is_cased(text, word) || tagged && text.eq_ignore_ascii_case(word) {
            return match number {
                6 if tagged => None,
                6 => Some(Data::Null),
                _ => Some(Data::Bool(number % 2 == 1)),
            };
        }
    }
    None
}

/// Whether `text` is `word` in small letters, in capitals, or with a capital.
fn is_cased(text: &str, word: &str) -> bool {
    let bytes = text.as_bytes();
    text.eq_ignore_ascii_case(word)
        && (bytes.iter().skip(1).all(u8::is_ascii_lowercase) || bytes.iter().all(u8::is_ascii_uppercase))
}

/// Whether `text`, written plain, is a string again.
pub(super) fn is_string(text: &str) -> bool {
    matches!(implicit(Cow::Borrowed(text)), Ok(Data::Str(_)))
}

/// Decodes as Python's `binascii.a2b_base64`: characters outside the alphabet
/// do not count, and what follows the padding is ignored.
#[inline(never)]
fn base64(text: &[u8]) -> Result<Vec<u8>, Message> {
    if !text.is_ascii() {
        return Err(Message::Base64Ascii);
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut count, mut padding) = (0_u32, 0_u32, 0);
    for &byte in text {
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
    if count == 0 { Ok(bytes) } else { Err(Message::Base64Length) }
}

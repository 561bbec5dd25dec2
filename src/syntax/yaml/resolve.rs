//! What a scalar's text means: YAML 1.1's types by form, as `PyYAML` has them.

use alloc::borrow::Cow;

use super::form::{self, Form};
use super::tape::Tag;
use super::{Message, number, timestamp};
use crate::syntax::encoding::base64;
use crate::syntax::value::Data;

/// Parts of a sexagesimal float: 60¹⁷⁴ is no double.
const FLOAT_PARTS: usize = 174;

/// Resolves the text of a scalar that is written `plain` and tagged `tag`.
#[inline(never)]
pub(super) fn scalar(text: Cow<'_, str>, plain: bool, tag: Tag) -> Result<Data<'_>, Message> {
    let form = match tag {
        Tag::Implicit if plain => implicit(&text)?,
        Tag::Implicit | Tag::Str => Form::Str,
        Tag::Null => Form::Null,
        _ => tagged(&text, tag)?,
    };
    Ok(match form {
        Form::Str => Data::Str(text),
        Form::Null => Data::Null,
        Form::Truth(value) => Data::Bool(value),
        Form::Int(base) => number::integer(&text, base)?,
        Form::Float | Form::SexagesimalFloat => Data::Float(text),
        Form::Timestamp => Data::Timestamp(text),
        Form::Base64 => Data::Bytes(Cow::Owned(base64(text.as_bytes()).map_err(|_| Message::Base64Length)?)),
    })
}

/// The form of a plain scalar without a tag.
#[inline(never)]
fn implicit(text: &str) -> Result<Form, Message> {
    match text.as_bytes() {
        [] | b"~" => Ok(Form::Null),
        b"<<" => Err(Message::MergeValue),
        b"=" => Err(Message::EqualsValue),
        [b'0'..=b'9' | b'+' | b'-' | b'.', ..] => match form::of(text) {
            // A date alone needs two digits for month and day.
            Form::Timestamp if text.len() < "2001-01-01".len() => Ok(Form::Str),
            form => in_range(text, form),
        },
        _ => Ok(word(text, false)),
    }
}

/// The form that `tag` gives, which `text` must have.
#[inline(never)]
fn tagged(text: &str, tag: Tag) -> Result<Form, Message> {
    let form = match tag {
        Tag::Bool => word(text, true),
        Tag::Binary => Form::Base64,
        Tag::Float if form::is_tagged_float(text) => Form::Float,
        _ => form::of(text),
    };
    let (fits, message) = match tag {
        Tag::Bool => (matches!(form, Form::Truth(_)), Message::NoTruth),
        Tag::Binary => (text.bytes().all(|byte| byte < 0x80), Message::Base64Ascii),
        Tag::Int => (matches!(form, Form::Int(_)), Message::NoInteger),
        Tag::Float => (matches!(form, Form::Float | Form::SexagesimalFloat), Message::NoFloat),
        _ => (form == Form::Timestamp, Message::NoDate),
    };
    if fits { in_range(text, form) } else { Err(message) }
}

/// `form`, if what has it is a number or date that exists.
fn in_range(text: &str, form: Form) -> Result<Form, Message> {
    let colons = || text.bytes().filter(|&byte| byte == b':').count();
    match form {
        Form::SexagesimalFloat if colons() >= FLOAT_PARTS => Err(Message::FloatRange),
        Form::Timestamp if !timestamp::is_in_range(text) => Err(Message::DateRange),
        form => Ok(form),
    }
}

/// Null and the truth values in words; a truth value alone, but in any case,
/// if `tagged`.
#[inline(never)]
fn word(text: &str, tagged: bool) -> Form {
    const WORDS: [&str; 7] = ["no", "yes", "false", "true", "off", "on", "null"];
    for (number, word) in WORDS.iter().enumerate() {
        if text.eq_ignore_ascii_case(word) && (tagged || is_cased(text.as_bytes())) {
            return match number {
                6 if tagged => Form::Str,
                6 => Form::Null,
                _ => Form::Truth(number % 2 == 1),
            };
        }
    }
    Form::Str
}

/// Whether a word is in small letters, in capitals, or with a capital.
fn is_cased(word: &[u8]) -> bool {
    let rest = word.get(1..).unwrap_or_default();
    rest.iter().all(u8::is_ascii_lowercase) || word.iter().all(u8::is_ascii_uppercase)
}

/// Whether `text`, written plain, is a string again.
pub(super) fn is_string(text: &str) -> bool {
    implicit(text) == Ok(Form::Str)
}

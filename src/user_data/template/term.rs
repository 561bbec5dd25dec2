//! What an expression has come to.

use super::MISSING;
use crate::syntax::value::{Data, Value};
use alloc::borrow::Cow;
use alloc::string::{String, ToString};

/// A value of a template, or the name of one that is not there.
#[derive(Clone)]
pub(super) enum Term<'v> {
    /// Jinja's undefined: nothing, an empty list, false. A choice of which
    /// neither side was taken has an empty name, and no text.
    Missing(Cow<'v, str>),
    Known(Cow<'v, Value<'v>>),
}

impl<'v> Term<'v> {
    pub(super) fn new(data: Data<'v>) -> Self {
        Self::Known(Cow::Owned(Value::bare(data)))
    }

    pub(super) fn of_text(text: impl Into<Cow<'v, str>>) -> Self {
        Self::new(Data::Str(text.into()))
    }

    /// What Jinja calls undefined where there is no name to tell.
    pub(super) fn nothing() -> Self {
        Self::Missing("None".into())
    }

    pub(super) fn data(&self) -> Option<&Data<'v>> {
        match self {
            Self::Missing(_) => None,
            Self::Known(value) => Some(&value.data),
        }
    }

    /// The value; null for one that is not there.
    pub(super) fn into_value(self) -> Value<'v> {
        match self {
            Self::Missing(_) => Value::bare(Data::Null),
            Self::Known(value) => value.into_owned(),
        }
    }

    /// Python's truth of a value.
    pub(super) fn is_true(&self) -> bool {
        match self.data() {
            None | Some(Data::Null | Data::Bool(false) | Data::Int(0)) => false,
            Some(Data::Float(number)) => number.bytes().any(|digit| matches!(digit, b'1'..=b'9')),
            _ => self.length() != Some(0),
        }
    }

    /// How many characters, items or keys it has.
    pub(super) fn length(&self) -> Option<usize> {
        match self.data() {
            None => Some(0),
            Some(Data::Str(text)) => Some(text.chars().count()),
            Some(Data::Seq(items)) => Some(items.len()),
            Some(Data::Map(entries)) => Some(entries.len()),
            _ => None,
        }
    }

    /// The integer that Python sees in it.
    pub(super) fn number(&self) -> Option<i64> {
        match self.data()? {
            Data::Int(number) => Some(*number),
            Data::Bool(value) => Some(i64::from(*value)),
            _ => None,
        }
    }

    /// Python's `str` of the value.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Missing(name) if name.is_empty() => Cow::Borrowed(""),
            Self::Missing(name) => [MISSING, name].concat().into(),
            Self::Known(value) => {
                if let Data::Str(text) = &value.data {
                    return Cow::Borrowed(text);
                }
                let mut text = String::new();
                push(value, &mut text);
                text.into()
            }
        }
    }
}

/// Appends Python's `repr` of a value.
fn push(value: &Value<'_>, out: &mut String) {
    match &value.data {
        Data::Null => out.push_str("None"),
        Data::Bool(true) => out.push_str("True"),
        Data::Bool(false) => out.push_str("False"),
        Data::Int(number) => out.push_str(&number.to_string()),
        Data::BigInt(text) | Data::Float(text) => out.push_str(text),
        Data::Str(text) | Data::Timestamp(text) => push_quoted(text, out),
        Data::Bytes(bytes) => push_quoted(&String::from_utf8_lossy(bytes), out),
        Data::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "[" } else { ", " });
                push(item, out);
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Data::Map(entries) => {
            for (index, (key, value)) in entries.iter().enumerate() {
                out.push_str(if index == 0 { "{" } else { ", " });
                push(key, out);
                out.push_str(": ");
                push(value, out);
            }
            out.push_str(if entries.is_empty() { "{}" } else { "}" });
        }
    }
}

/// Python's `repr` of a text.
fn push_quoted(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..=' ' | '\u{7f}'..='\u{a0}' | '\u{ad}' if character != ' ' => {
                let code = u32::from(character);
                out.push_str("\\x");
                for digit in [code >> 4, code & 15] {
                    out.push(char::from_digit(digit, 16).unwrap_or('0'));
                }
            }
            _ => {
                if character == '\\' || character == quote {
                    out.push('\\');
                }
                out.push(character);
            }
        }
    }
    out.push(quote);
}

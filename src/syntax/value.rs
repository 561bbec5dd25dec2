//! The tree that YAML and JSON become: what a scalar resolved to, and where
//! it stood.

use alloc::borrow::Cow;
use alloc::vec::Vec;

/// Line and column of a node, both from 1; 0:0 where the source has no lines
/// worth naming.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Place {
    /// The place of byte `at` of `text`; what is no UTF-8 counts by its bytes.
    pub fn of_byte(text: &[u8], at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let lines = before.split(|&byte| byte == b'\n').count();
        // Continuation bytes of UTF-8 are no characters of their own.
        let characters = before[line_start..].iter().map(|byte| u32::from(byte & 0xc0 != 0x80)).sum::<u32>();
        Self { line: u32::try_from(lines).unwrap_or(u32::MAX), column: characters.saturating_add(1) }
    }
}

/// One node with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Value<'a> {
    /// Where the node begins.
    pub place: Place,
    /// What it is.
    pub data: Data<'a>,
}

/// What a node is, resolved as `PyYAML`'s `SafeLoader` does (YAML 1.1).
#[derive(Clone, Debug, PartialEq)]
pub enum Data<'a> {
    /// `null`, `~` or nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// A larger integer, decimal digits with an optional `-`.
    BigInt(Cow<'a, str>),
    /// A float as written, infinities and NaN included; its number is
    /// [`super::yaml::float_value`].
    Float(Cow<'a, str>),
    /// A string.
    Str(Cow<'a, str>),
    /// `!!binary`, decoded.
    Bytes(Cow<'a, [u8]>),
    /// A date or time, as written.
    Timestamp(Cow<'a, str>),
    /// A list.
    Seq(Vec<Value<'a>>),
    /// A mapping in source order, keys unique.
    Map(Vec<(Value<'a>, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// A node without a place.
    pub fn bare(data: Data<'a>) -> Self {
        Self { place: Place::default(), data }
    }

    /// The value of string key `key`; `None` when this is no mapping or has no
    /// such key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(k, _)| k.as_str() == Some(key)).map(|(_, v)| v)
    }

    /// As [`Value::get`], with `null` taken for absent.
    pub fn get_set(&self, key: &str) -> Option<&Self> {
        self.get(key).filter(|value| value.data != Data::Null)
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[(Value<'a>, Value<'a>)] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; `None` for anything else.
    pub fn items(&self) -> Option<&[Value<'a>]> {
        match &self.data {
            Data::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self.data {
            Data::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The integer.
    pub fn as_int(&self) -> Option<i64> {
        match self.data {
            Data::Int(value) => Some(value),
            _ => None,
        }
    }

    /// What a reader calls this kind of node.
    pub fn kind(&self) -> &'static str {
        match self.data {
            Data::Null => "null",
            Data::Bool(_) => "a boolean",
            Data::Int(_) | Data::BigInt(_) => "an integer",
            Data::Float(_) => "a float",
            Data::Str(_) => "a string",
            Data::Bytes(_) => "binary data",
            Data::Timestamp(_) => "a date",
            Data::Seq(_) => "a list",
            Data::Map(_) => "a mapping",
        }
    }
}

//! The tree that YAML and JSON become: what a scalar resolved to, and where
//! it stood.

use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;

/// Line and column of a node, both from 1; 0:0 where the source has no lines
/// worth naming.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
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

    /// Adds to this mapping what it lacks and `lower` has; mappings in both,
    /// key by key. What is set stays, `null` too.
    pub fn fill_in(&mut self, lower: Value<'a>) {
        let (Data::Map(entries), Data::Map(more)) = (&mut self.data, lower.data) else { return };
        // The keys of a mapping are unique: those that come need not be compared among themselves.
        let own = entries.len();
        for (key, value) in more {
            let known = entries.iter_mut().take(own).find(|(known, _)| known.data == key.data);
            match known {
                Some((_, known)) => known.fill_in(value),
                None => entries.push((key, value)),
            }
        }
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

    /// The text of a scalar, as a person wrote it where that is known: an
    /// instance-id is a text also where it looks like a number.
    #[inline(never)]
    pub fn scalar(&self) -> Option<Cow<'_, str>> {
        match &self.data {
            Data::Str(text) | Data::BigInt(text) | Data::Float(text) | Data::Timestamp(text) => {
                Some(Cow::Borrowed(text))
            }
            Data::Int(number) => Some(Cow::Owned(number.to_string())),
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

#[cfg(test)]
mod tests {
    use crate::syntax::yaml;

    #[test]
    fn what_is_set_stays_and_what_lacks_comes() {
        let mut value = yaml::load("{a: 1, b: {c: null}, d: [1]}").unwrap();
        value.fill_in(yaml::load("{b: {c: 2, e: 3}, d: {x: 1}, f: 4}").unwrap());
        let expected = yaml::load("{a: 1, b: {c: null, e: 3}, d: [1], f: 4}").unwrap();
        assert_eq!(yaml::emit::dump(&value), yaml::emit::dump(&expected));
        value.fill_in(yaml::load("[1]").unwrap());
        assert_eq!(yaml::emit::dump(&value), yaml::emit::dump(&expected));
    }

    #[test]
    fn a_scalar_is_its_text() {
        for (text, scalar) in [("a", Some("a")), ("012", Some("10")), ("1.50", Some("1.50")), ("[]", None)] {
            assert_eq!(yaml::load(text).unwrap().scalar().as_deref(), scalar, "{text}");
        }
    }
}

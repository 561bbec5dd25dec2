//! The grammar of RFC 8259, walked once.

use super::Error;
use crate::limits;
use crate::syntax::order::order;
use crate::syntax::value::{Data, Place, Value};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// The value that `text` is; [`super::parse`] tells how.
pub(super) fn document(text: &str) -> Result<Value<'_>, Error> {
    let place = Place { line: 1, column: 1 };
    let mut reader = Reader { text, at: 0, place, placed: 0, depth: 0, count: 0 };
    let mut values = Vec::new();
    let read = reader.value(&mut values).and_then(|()| reader.end());
    let value = read.and_then(|()| values.pop().ok_or("a value is expected"));
    value.map_err(|message| Error { place: reader.place(), message })
}

struct Reader<'a> {
    text: &'a str,
    /// The byte looked at; on an error, where that is.
    at: usize,
    /// The place of byte `placed`, which `at` is never behind.
    place: Place,
    placed: usize,
    /// Collections that are open.
    depth: usize,
    /// Values begun so far.
    count: usize,
}

type Step<T> = Result<T, &'static str>;

impl<'a> Reader<'a> {
    /// Reads a value and appends it; recursion ends at the bound of nesting.
    #[inline(never)]
    fn value(&mut self, values: &mut Vec<Value<'a>>) -> Step<()> {
        self.skip_space();
        self.count += 1;
        if self.count > limits::JSON_VALUES {
            return Err("more than 1048576 values");
        }
        let place = self.place();
        let data = match self.byte(0) {
            None => return Err("the text ends where a value is expected"),
            Some(b'[') => Data::Seq(self.collection(b']')?),
            Some(b'{') => Data::Map(entries(self.collection(b'}')?)),
            Some(b'"') => Data::Str(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => self.word()?,
        };
        values.push(Value { place, data });
        Ok(())
    }

    /// What is in an array or object, keys and values in turn where that is an
    /// object; `at` is at its opening bracket.
    fn collection(&mut self, close: u8) -> Step<Vec<Value<'a>>> {
        if self.depth >= limits::JSON_DEPTH {
            return Err("more than 64 levels of nesting");
        }
        self.depth += 1;
        self.at += 1;
        let mut own = Vec::new();
        self.skip_space();
        let mut more = !self.skip(&[close]);
        while more {
            if close == b'}' {
                self.key(&mut own)?;
            }
            self.value(&mut own)?;
            self.skip_space();
            more = self.skip(b",");
            if !more && !self.skip(&[close]) {
                return Err(match (close, self.byte(0)) {
                    (b']', Some(_)) => "`,` or `]` is expected",
                    (_, Some(_)) => "`,` or `}` is expected",
                    (b']', None) => "the text ends where `,` or `]` is expected",
                    (_, None) => "the text ends where `,` or `}` is expected",
                });
            }
        }
        self.depth -= 1;
        Ok(own)
    }

    fn key(&mut self, values: &mut Vec<Value<'a>>) -> Step<()> {
        self.skip_space();
        if self.byte(0) != Some(b'"') {
            return Err("a key in double quotes is expected");
        }
        let place = self.place();
        let data = Data::Str(self.string()?);
        values.push(Value { place, data });
        self.skip_space();
        if self.skip(b":") { Ok(()) } else { Err("`:` is expected") }
    }

    fn end(&mut self) -> Step<()> {
        self.skip_space();
        if self.byte(0).is_none() { Ok(()) } else { Err("the document ended before this") }
    }

    /// A string; `at` is at its opening quote.
    fn string(&mut self) -> Step<Cow<'a, str>> {
        self.at += 1;
        let mut text = String::new();
        let mut start = self.at;
        loop {
            let plain = self.text.get(start..self.at).unwrap_or_default();
            match self.byte(0) {
                None => return Err("the text ends inside a string"),
                Some(b'"') => {
                    self.at += 1;
                    if text.is_empty() {
                        return Ok(Cow::Borrowed(plain));
                    }
                    text.push_str(plain);
                    return Ok(Cow::Owned(text));
                }
                Some(0..=0x1f) => return Err("a control character must be escaped"),
                Some(b'\\') => {
                    text.push_str(plain);
                    text.push(self.escape()?);
                    start = self.at;
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Step<char> {
        let character = match self.byte(1) {
            Some(same @ (b'"' | b'\\' | b'/')) => char::from(same),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.code_point(),
            _ => return Err("no such escape"),
        };
        self.at += 2;
        Ok(character)
    }

    /// The character of one escape `\uXXXX`, or of two that are a surrogate
    /// pair.
    fn code_point(&mut self) -> Step<char> {
        let first = self.code_unit(self.at).ok_or("no such escape")?;
        let (code, length) = match (first, self.code_unit(self.at + 6)) {
            (0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff)) => {
                (0x10000 + ((first & 0x3ff) << 10 | (second & 0x3ff)), 12)
            }
            _ => (first, 6),
        };
        let character = char::from_u32(code).ok_or("half of a surrogate pair stands alone")?;
        self.at += length;
        Ok(character)
    }

    /// The number in the escape `\uXXXX` at `at`.
    fn code_unit(&self, at: usize) -> Option<u32> {
        let digits = self.text.as_bytes().get(at..at + 6)?.strip_prefix(b"\\u")?;
        let mut unit = 0;
        for &digit in digits {
            unit = unit << 4 | char::from(digit).to_digit(16)?;
        }
        Some(unit)
    }

    /// A number, kept as it is written unless it is an integer of 64 bits.
    fn number(&mut self) -> Step<Data<'a>> {
        let start = self.at;
        let Some(is_float) = self.skip_number() else {
            self.at = start;
            return Err("a value is expected");
        };
        let text = self.text.get(start..self.at).unwrap_or_default();
        if is_float {
            return Ok(Data::Float(Cow::Borrowed(text)));
        }
        Ok(text.parse().map_or(Data::BigInt(Cow::Borrowed(text)), Data::Int))
    }

    /// Steps over a number (RFC 8259 §6); whether it is a float, or `None`
    /// where it is none at all.
    fn skip_number(&mut self) -> Option<bool> {
        let mut is_float = false;
        self.skip(b"-");
        if !self.skip(b"0") {
            self.skip_digits()?;
        }
        if self.skip(b".") {
            self.skip_digits()?;
            is_float = true;
        }
        if self.skip(b"eE") {
            self.skip(b"+-");
            self.skip_digits()?;
            is_float = true;
        }
        Some(is_float)
    }

    fn skip_digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.skip(b"0123456789") {}
        (self.at > start).then_some(())
    }

    fn skip_space(&mut self) {
        while self.skip(b" \t\n\r") {}
    }

    /// Steps over one byte of `wanted`; whether there is one.
    fn skip(&mut self, wanted: &[u8]) -> bool {
        let found = self.byte(0).is_some_and(|byte| wanted.contains(&byte));
        self.at += usize::from(found);
        found
    }

    fn word(&mut self) -> Step<Data<'a>> {
        let (word, data) = match self.byte(0) {
            Some(b'n') => ("null", Data::Null),
            Some(b't') => ("true", Data::Bool(true)),
            _ => ("false", Data::Bool(false)),
        };
        if !self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            return Err("a value is expected");
        }
        self.at += word.len();
        Ok(data)
    }

    /// The byte `ahead` of the one looked at.
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    /// The place of `at`; the text is counted through once.
    fn place(&mut self) -> Place {
        for &byte in self.text.as_bytes().get(self.placed..self.at).unwrap_or_default() {
            if byte == b'\n' {
                self.place = Place { line: self.place.line + 1, column: 1 };
            } else if byte & 0xc0 != 0x80 {
                // Continuation bytes of UTF-8 are no characters of their own.
                self.place.column += 1;
            }
        }
        self.placed = self.at;
        self.place
    }
}

/// Keys and values in turn as entries sorted by key; of equal keys the last
/// one counts.
#[inline(never)]
fn entries(mut own: Vec<Value<'_>>) -> Vec<(Value<'_>, Value<'_>)> {
    let key = |at: usize| own.get(2 * at).and_then(Value::as_str);
    let order = order(own.len() / 2, &|one, other| key(one).cmp(&key(other)));
    let mut entries: Vec<(Value<'_>, Value<'_>)> = Vec::with_capacity(order.len());
    for at in order {
        if let Some([key, value]) = own.get_mut(2 * at..).and_then(<[_]>::first_chunk_mut) {
            let taken = || Value::bare(Data::Null);
            let entry = (core::mem::replace(key, taken()), core::mem::replace(value, taken()));
            if entries.last().is_some_and(|(last, _)| last.as_str() == entry.0.as_str()) {
                entries.pop();
            }
            entries.push(entry);
        }
    }
    entries
}

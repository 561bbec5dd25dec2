//! The grammar of RFC 8259, walked once and without recursion.

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
    let mut reader = Reader { text, at: 0, place, placed: 0, open: Vec::new(), values: Vec::new(), count: 0 };
    reader.document().map_err(|message| Error { place: reader.place(), message })
}

/// What is expected next.
enum Expect {
    Value,
    /// A value, or the end of an empty array.
    FirstItem,
    /// A key, or the end of an empty object.
    FirstKey,
    Key,
    /// `,` or the end of the collection.
    More,
}

struct Reader<'a> {
    text: &'a str,
    /// The byte looked at; on an error, where that is.
    at: usize,
    /// The place of byte `placed`, which `at` is never behind.
    place: Place,
    placed: usize,
    open: Vec<Open>,
    /// Values of the open collections, keys and values in turn where that is
    /// an object; at last, the document.
    values: Vec<Value<'a>>,
    /// Values begun so far, closed collections and what is in them included.
    count: usize,
}

/// An array or object that is not closed yet.
struct Open {
    close: u8,
    place: Place,
    /// How many of [`Reader::values`] are not its own.
    first: usize,
}

type Step<T> = Result<T, &'static str>;

impl<'a> Reader<'a> {
    fn document(&mut self) -> Step<Value<'a>> {
        let mut expect = Expect::Value;
        loop {
            self.skip_space();
            let next = self.byte(0);
            expect = match (expect, next) {
                (Expect::FirstItem, Some(b']')) | (Expect::FirstKey, Some(b'}')) => self.close(),
                (Expect::Value | Expect::FirstItem, _) => self.value(next)?,
                (Expect::FirstKey | Expect::Key, _) => self.key(next)?,
                (Expect::More, next) => match (self.open.last().map(|open| open.close), next) {
                    (None, None) => return self.values.pop().ok_or("a value is expected"),
                    (None, Some(_)) => return Err("the document ended before this"),
                    (Some(close), Some(next)) if close == next => self.close(),
                    (Some(close), Some(b',')) => {
                        self.at += 1;
                        if close == b']' { Expect::Value } else { Expect::Key }
                    }
                    (Some(b']'), Some(_)) => return Err("`,` or `]` is expected"),
                    (Some(_), Some(_)) => return Err("`,` or `}` is expected"),
                    (Some(b']'), None) => return Err("the text ends where `,` or `]` is expected"),
                    (Some(_), None) => return Err("the text ends where `,` or `}` is expected"),
                },
            };
        }
    }

    fn value(&mut self, next: Option<u8>) -> Step<Expect> {
        self.count += 1;
        if self.count > limits::JSON_VALUES {
            return Err("more than 1048576 values");
        }
        let place = self.place();
        let data = match next {
            None => return Err("the text ends where a value is expected"),
            Some(b'[') => return self.open(b']', Expect::FirstItem),
            Some(b'{') => return self.open(b'}', Expect::FirstKey),
            Some(b'"') => Data::Str(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => self.word()?,
        };
        self.values.push(Value { place, data });
        Ok(Expect::More)
    }

    fn key(&mut self, next: Option<u8>) -> Step<Expect> {
        if next != Some(b'"') {
            return Err("a key in double quotes is expected");
        }
        let place = self.place();
        let data = Data::Str(self.string()?);
        self.skip_space();
        if self.byte(0) != Some(b':') {
            return Err("`:` is expected");
        }
        self.at += 1;
        self.values.push(Value { place, data });
        Ok(Expect::Value)
    }

    fn open(&mut self, close: u8, expect: Expect) -> Step<Expect> {
        if self.open.len() >= limits::JSON_DEPTH {
            return Err("more than 64 levels of nesting");
        }
        self.open.push(Open { close, place: self.place, first: self.values.len() });
        self.at += 1;
        Ok(expect)
    }

    fn close(&mut self) -> Expect {
        self.at += 1;
        if let Some(open) = self.open.pop() {
            let own = self.values.split_off(open.first.min(self.values.len()));
            let data = if open.close == b']' { Data::Seq(own) } else { Data::Map(entries(own)) };
            self.values.push(Value { place: open.place, data });
        }
        Expect::More
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
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let (length, data) = if rest.starts_with(b"null") {
            (4, Data::Null)
        } else if rest.starts_with(b"true") {
            (4, Data::Bool(true))
        } else if rest.starts_with(b"false") {
            (5, Data::Bool(false))
        } else {
            return Err("a value is expected");
        };
        self.at += length;
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
fn entries(mut own: Vec<Value<'_>>) -> Vec<(Value<'_>, Value<'_>)> {
    let key = |at: usize| own.get(2 * at).and_then(Value::as_str);
    let mut order = order(own.len() / 2, &|one, other| key(one).cmp(&key(other)));
    order.dedup_by(|later, earlier| {
        let equal = key(*later) == key(*earlier);
        if equal {
            *earlier = *later;
        }
        equal
    });
    let mut take = |at| {
        own.get_mut(at)
            .map_or(Value::bare(Data::Null), |value| core::mem::replace(value, Value::bare(Data::Null)))
    };
    order.into_iter().map(|at| (take(2 * at), take(2 * at + 1))).collect()
}

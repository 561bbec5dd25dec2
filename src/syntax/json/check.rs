//! Finds where a text stops being JSON: miniserde says only that it does.

use super::Error;
use crate::limits;
use crate::syntax::value::Place;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use miniserde::json;

/// The text as UTF-8 when it is one JSON document.
pub(super) fn check(text: &[u8]) -> Result<&str, Error> {
    let text = match core::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => return Err(error_at(text, error.valid_up_to(), "not UTF-8")),
    };
    let mut checker = Checker { text: text.as_bytes(), at: 0, open: Vec::new() };
    match checker.document() {
        Ok(()) => Ok(text),
        Err(message) => Err(error_at(text.as_bytes(), checker.at, message)),
    }
}

fn error_at(text: &[u8], at: usize, message: &'static str) -> Error {
    Error { place: Place::of_byte(text, at), message: Cow::Borrowed(message) }
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

struct Checker<'a> {
    text: &'a [u8],
    at: usize,
    /// Closing brackets of the open collections.
    open: Vec<u8>,
}

type Step<T> = Result<T, &'static str>;

impl Checker<'_> {
    /// On an error `at` is its place.
    fn document(&mut self) -> Step<()> {
        let mut expect = Expect::Value;
        loop {
            self.skip_space();
            let next = self.text.get(self.at).copied();
            expect = match (expect, next) {
                (Expect::FirstItem, Some(b']')) | (Expect::FirstKey, Some(b'}')) => self.close(),
                (Expect::Value | Expect::FirstItem, _) => self.value(next)?,
                (Expect::FirstKey | Expect::Key, _) => self.key(next)?,
                (Expect::More, next) => match (self.open.last(), next) {
                    (None, None) => return Ok(()),
                    (None, Some(_)) => return Err("the document ended before this"),
                    (Some(close), Some(next)) if *close == next => self.close(),
                    (Some(close), Some(b',')) => {
                        self.at += 1;
                        if *close == b']' { Expect::Value } else { Expect::Key }
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
        match next {
            None => return Err("the text ends where a value is expected"),
            Some(b'[') => return self.open(b']', Expect::FirstItem),
            Some(b'{') => return self.open(b'}', Expect::FirstKey),
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => {
                let rest = &self.text[self.at..];
                let literal =
                    [&b"null"[..], b"true", b"false"].into_iter().find(|word| rest.starts_with(word));
                self.at += literal.ok_or("a value is expected")?.len();
            }
        }
        Ok(Expect::More)
    }

    fn key(&mut self, next: Option<u8>) -> Step<Expect> {
        if next != Some(b'"') {
            return Err("a key in double quotes is expected");
        }
        self.string()?;
        self.skip_space();
        if self.text.get(self.at) != Some(&b':') {
            return Err("`:` is expected");
        }
        self.at += 1;
        Ok(Expect::Value)
    }

    fn open(&mut self, close: u8, expect: Expect) -> Step<Expect> {
        if self.open.len() >= limits::JSON_DEPTH {
            return Err("more than 64 levels of nesting");
        }
        self.open.push(close);
        self.at += 1;
        Ok(expect)
    }

    fn close(&mut self) -> Expect {
        self.open.pop();
        self.at += 1;
        Expect::More
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    /// A string; `at` is at its opening quote.
    fn string(&mut self) -> Step<()> {
        self.at += 1;
        loop {
            match self.text.get(self.at) {
                None => return Err("the text ends inside a string"),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(0..=0x1f) => return Err("a control character must be escaped"),
                Some(b'\\') => self.escape()?,
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Step<()> {
        match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => match self.code_unit(self.at) {
                None => return Err("no such escape"),
                Some(0xd800..=0xdbff) if matches!(self.code_unit(self.at + 6), Some(0xdc00..=0xdfff)) => {
                    self.at += 12;
                }
                Some(0xd800..=0xdfff) => return Err("half of a surrogate pair stands alone"),
                Some(_) => self.at += 6,
            },
            _ => return Err("no such escape"),
        }
        Ok(())
    }

    /// The number in the escape `\uXXXX` at `at`.
    fn code_unit(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)?))
    }

    fn number(&mut self) -> Step<()> {
        let rest = &self.text[self.at..];
        let length = number_length(rest).ok_or("a value is expected")?;
        let token = core::str::from_utf8(&rest[..length]).unwrap_or_default();
        // What miniserde makes of a number is asked of it alone: only numbers
        // that could be too large for a float.
        let large = length > 300 || token.contains(['e', 'E']);
        if large && json::from_str::<f64>(token).is_err() {
            return Err("the number is out of range");
        }
        self.at += length;
        Ok(())
    }
}

/// Bytes of the number that `text` begins with (RFC 8259 §6).
fn number_length(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    at += match text.get(at)? {
        b'0' => 1,
        b'1'..=b'9' => digits(at),
        _ => return None,
    };
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        at += 1 + Some(fraction).filter(|&count| count > 0)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        at += Some(digits(at)).filter(|&count| count > 0)?;
    }
    Some(at)
}

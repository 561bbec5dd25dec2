//! Header fields of a message or part.

use super::{encoded_word, parameter};
use alloc::borrow::Cow;
use alloc::string::String;

/// The header fields at the start of a message or part.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    raw: &'a [u8],
    content_type: Option<&'a [u8]>,
    disposition: Option<&'a [u8]>,
    transfer_encoding: Option<&'a [u8]>,
}

/// Tells headers and body apart: headers end at an empty line, which is
/// neither's, or before the first line that can't be a header.
pub(super) fn split(entity: &[u8]) -> (Headers<'_>, &[u8]) {
    let mut headers = Headers::default();
    // Name and place of the value of the field being read: it ends where the
    // next begins.
    let mut field: Option<(&[u8], usize)> = None;
    let mut at = 0;
    loop {
        let rest = &entity[at..];
        let line = line_kind(rest);
        if let (Some((name, start)), false) = (field, matches!(line, Line::Continuation)) {
            headers.keep(name, &entity[start..at]);
            field = None;
        }
        if let Line::Field(name) = line {
            field = Some((name, at + name.len() + 1));
        }
        if let Line::Other = line {
            headers.raw = &entity[..at];
            let body = match rest {
                [b'\r', b'\n', body @ ..] | [b'\n' | b'\r', body @ ..] => body,
                _ => rest,
            };
            return (headers, body);
        }
        at += line_length(rest);
    }
}

impl<'a> Headers<'a> {
    /// Keeps the first of each field that the walk itself reads.
    fn keep(&mut self, name: &[u8], value: &'a [u8]) {
        let field = match name.len() {
            12 if name.eq_ignore_ascii_case(b"Content-Type") => &mut self.content_type,
            19 if name.eq_ignore_ascii_case(b"Content-Disposition") => &mut self.disposition,
            25 if name.eq_ignore_ascii_case(b"Content-Transfer-Encoding") => &mut self.transfer_encoding,
            _ => return,
        };
        field.get_or_insert(trim_value(value));
    }

    /// The value of the first field `name` (in any case), with the line ends
    /// that fold it.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut fields = Fields { rest: self.raw };
        let (_, value) = fields.find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))?;
        Some(String::from_utf8_lossy(value))
    }

    /// Type and subtype in lower case; a missing field is `text/plain`, in a
    /// digest `message/rfc822`, a malformed one `text/plain`.
    pub(super) fn content_type(&self, digest: bool) -> Cow<'a, str> {
        let Some(value) = self.content_type else {
            return Cow::Borrowed(if digest { "message/rfc822" } else { "text/plain" });
        };
        let end = value.iter().position(|&byte| byte == b';').unwrap_or(value.len());
        let kind = match String::from_utf8_lossy(&value[..end]) {
            Cow::Borrowed(text) => Cow::Borrowed(parameter::trim(text)),
            Cow::Owned(text) => Cow::Owned(parameter::trim(&text).into()),
        };
        if kind.bytes().filter(|&byte| byte == b'/').count() != 1 {
            return Cow::Borrowed("text/plain");
        }
        if kind.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
            return kind;
        }
        Cow::Owned(kind.to_lowercase())
    }

    pub(super) fn transfer_encoding(&self) -> &'a [u8] {
        self.transfer_encoding.unwrap_or_default().trim_ascii()
    }

    pub(super) fn boundary(&self) -> Option<String> {
        let mut boundary = parameter::get(&String::from_utf8_lossy(self.content_type?), "boundary")?;
        // RFC 2046 §5.1.1: a boundary may not end in white space.
        boundary.truncate(parameter::trim_end(&boundary).len());
        Some(boundary)
    }

    pub(super) fn filename(&self) -> Option<String> {
        let look = |field: Option<&[u8]>, name| parameter::get(&String::from_utf8_lossy(field?), name);
        let name = look(self.disposition, "filename").or_else(|| look(self.content_type, "name"))?;
        Some(parameter::trim(&encoded_word::decode(&name)).into())
    }
}

/// The fields of a header block: name, and value with its folds.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let block = self.rest;
            let mut end = line_length(block);
            let line = line_kind(block);
            if let Line::Field(_) = line {
                while let [b' ' | b'\t', ..] = block[end..] {
                    end += line_length(&block[end..]);
                }
            }
            self.rest = &block[end..];
            match line {
                Line::Field(name) if !name.is_empty() => {
                    return Some((name, trim_value(&block[name.len() + 1..end])));
                }
                _ => {}
            }
        }
        None
    }
}

/// A value without blanks before it and line ends after it.
fn trim_value(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', after @ ..] = value {
        value = after;
    }
    while let [before @ .., b'\r' | b'\n'] = value {
        value = before;
    }
    value
}

/// What the first line of a text is.
enum Line<'a> {
    /// A field of this name, which may be empty: then it is none.
    Field(&'a [u8]),
    /// The continuation of a field, or of nothing.
    Continuation,
    /// `From `, which begins a message in an mbox.
    Envelope,
    /// No header.
    Other,
}

fn line_kind(text: &[u8]) -> Line<'_> {
    if let [b' ' | b'\t', ..] = text {
        return Line::Continuation;
    }
    if text.starts_with(b"From ") {
        return Line::Envelope;
    }
    let name = text.iter().position(|&byte| !matches!(byte, b'!'..=b'9' | b';'..=b'~'));
    match name {
        Some(end) if text[end] == b':' => Line::Field(&text[..end]),
        _ => Line::Other,
    }
}

/// Bytes of the first line of `text`, its end (CR LF, LF or CR) with it.
fn line_length(text: &[u8]) -> usize {
    match line_end(text) {
        Some(at) if text[at..].starts_with(b"\r\n") => at + 2,
        Some(at) => at + 1,
        None => text.len(),
    }
}

/// Where the first CR or LF is. Eight bytes are looked at in one step: a byte
/// that became zero borrows in a subtraction of one from each.
fn line_end(text: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (words, tail) = text.as_chunks::<8>();
    for (index, bytes) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*bytes);
        let found = zero(word ^ (ONES * 0x0a)) | zero(word ^ (ONES * 0x0d));
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let at = tail.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?;
    Some(words.len() * 8 + at)
}

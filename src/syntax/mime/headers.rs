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
    transfer_encoding: &'a [u8],
}

/// Tells headers and body apart: headers end at an empty line, which is
/// neither's, or before the first line that can't be a header.
pub(super) fn split(entity: &[u8]) -> (Headers<'_>, &[u8]) {
    let mut end = 0;
    loop {
        let rest = &entity[end..];
        if !is_header_line(rest) {
            let body = match rest {
                [b'\r', b'\n', body @ ..] | [b'\n' | b'\r', body @ ..] => body,
                _ => rest,
            };
            return (Headers::read(&entity[..end]), body);
        }
        end += line_length(rest);
    }
}

impl<'a> Headers<'a> {
    fn read(raw: &'a [u8]) -> Self {
        let mut headers = Self { raw, ..Self::default() };
        let mut encoding = None;
        for (name, value) in (Fields { rest: raw }) {
            let field = match name.len() {
                12 if name.eq_ignore_ascii_case(b"Content-Type") => &mut headers.content_type,
                19 if name.eq_ignore_ascii_case(b"Content-Disposition") => &mut headers.disposition,
                25 if name.eq_ignore_ascii_case(b"Content-Transfer-Encoding") => &mut encoding,
                _ => continue,
            };
            field.get_or_insert(value);
        }
        headers.transfer_encoding = encoding.unwrap_or_default().trim_ascii();
        headers
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
        self.transfer_encoding
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
            self.rest = &block[end..];
            // An mbox envelope, a continuation of nothing and a field without
            // a name are no fields.
            if block.starts_with(b"From ") || matches!(block[0], b' ' | b'\t' | b':') {
                continue;
            }
            let Some(colon) = block[..end].iter().position(|&byte| byte == b':') else { continue };
            while let [b' ' | b'\t', ..] = block[end..] {
                end += line_length(&block[end..]);
            }
            self.rest = &block[end..];
            return Some((&block[..colon], trim_value(&block[colon + 1..end])));
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

/// Whether `text` begins with a field, a continuation or an mbox envelope.
fn is_header_line(text: &[u8]) -> bool {
    if matches!(text, [b' ' | b'\t', ..]) || text.starts_with(b"From ") {
        return true;
    }
    let name = text.iter().position(|&byte| !matches!(byte, b'!'..=b'9' | b';'..=b'~'));
    name.is_some_and(|end| text[end] == b':')
}

/// Bytes of the first line of `text`, its end (CR LF, LF or CR) with it.
fn line_length(text: &[u8]) -> usize {
    match text.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        Some(at) if text[at..].starts_with(b"\r\n") => at + 2,
        Some(at) => at + 1,
        None => text.len(),
    }
}

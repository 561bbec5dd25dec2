//! Header fields of a message or part.

use super::{encoded_word, parameter};
use alloc::borrow::Cow;
use alloc::string::String;

/// The header fields at the start of a message or part.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    raw: &'a [u8],
}

/// Tells headers and body apart: headers end at an empty line, which is
/// neither's, or before the first line that can't be a header.
pub(super) fn split(entity: &[u8]) -> (Headers<'_>, &[u8]) {
    let mut rest = entity;
    while !matches!(line_kind(rest), Line::Other) {
        rest = rest.get(line_length(rest)..).unwrap_or_default();
    }
    let raw = entity.get(..entity.len() - rest.len()).unwrap_or_default();
    let body = match rest {
        [b'\r', b'\n', body @ ..] | [b'\n' | b'\r', body @ ..] => body,
        _ => rest,
    };
    (Headers { raw }, body)
}

impl<'a> Headers<'a> {
    /// The value of the first field `name` (in any case), with the line ends
    /// that fold it.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.bytes(name).map(String::from_utf8_lossy)
    }

    /// As [`Headers::get`], before the character set is looked at.
    fn bytes(&self, name: &str) -> Option<&'a [u8]> {
        let mut rest = self.raw;
        while !rest.is_empty() {
            let mut end = line_length(rest);
            let line = line_kind(rest);
            while let Some(folded @ [b' ' | b'\t', ..]) = rest.get(end..) {
                end += line_length(folded);
            }
            let (field, after) = rest.split_at_checked(end)?;
            if let Line::Field(found) = line
                && found.eq_ignore_ascii_case(name.as_bytes())
            {
                return Some(trim_value(field.get(found.len() + 1..)?));
            }
            rest = after;
        }
        None
    }

    /// Type and subtype in lower case; a missing field is `text/plain`, in a
    /// digest `message/rfc822`, a malformed one `text/plain`.
    pub(super) fn content_type(&self, digest: bool) -> String {
        let Some(value) = self.get("Content-Type") else {
            return if digest { "message/rfc822" } else { "text/plain" }.into();
        };
        let kind = parameter::trim(value.split(';').next().unwrap_or_default());
        if kind.bytes().filter(|&byte| byte == b'/').count() != 1 {
            return "text/plain".into();
        }
        kind.to_ascii_lowercase()
    }

    pub(super) fn transfer_encoding(&self) -> &'a [u8] {
        self.bytes("Content-Transfer-Encoding").unwrap_or_default().trim_ascii()
    }

    pub(super) fn boundary(&self) -> Option<String> {
        let mut boundary = parameter::get(&self.get("Content-Type")?, "boundary")?;
        // RFC 2046 §5.1.1: a boundary may not end in white space.
        boundary.truncate(parameter::trim_end(&boundary).len());
        Some(boundary)
    }

    pub(super) fn filename(&self) -> Option<String> {
        let look = |field, name| parameter::get(&self.get(field)?, name);
        let name = look("Content-Disposition", "filename").or_else(|| look("Content-Type", "name"))?;
        Some(parameter::trim(&encoded_word::decode(&name)).into())
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
    let Some(end) = text.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else { return text.len() };
    let crlf = text.get(end..).is_some_and(|rest| rest.starts_with(b"\r\n"));
    end + 1 + usize::from(crlf)
}

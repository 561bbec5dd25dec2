//! Header fields of a message or part.

use super::{encoded_word, parameter};
use crate::syntax::search::first_of;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// The header fields at the start of a message or part.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    raw: &'a [u8],
}

/// Tells headers and body apart: headers end at an empty line, which is
/// neither's, or before the first line that can't be a header.
pub(super) fn split(entity: &[u8]) -> (Headers<'_>, &[u8]) {
    let mut rest = entity;
    while begins_header(rest) {
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
            if let Some((found, [b':', ..])) = rest.split_at_checked(name.len())
                && found.eq_ignore_ascii_case(name.as_bytes())
            {
                while let Some(folded @ [b' ' | b'\t', ..]) = rest.get(end..) {
                    end += line_length(folded);
                }
                return Some(trim_value(rest.get(name.len() + 1..end)?));
            }
            rest = rest.get(end..)?;
        }
        None
    }

    /// Type and subtype in lower case; a missing field is `text/plain`, in a
    /// digest `message/rfc822`, a malformed one `text/plain`.
    pub(super) fn content_type(&self, digest: bool) -> Cow<'a, str> {
        let Some(value) = self.bytes("Content-Type") else {
            return Cow::Borrowed(if digest { "message/rfc822" } else { "text/plain" });
        };
        let end = first_of(value, b';', b';').unwrap_or(value.len());
        let kind = parameter::trim(value.get(..end).unwrap_or_default());
        if kind.iter().filter(|&&byte| byte == b'/').count() != 1 {
            return Cow::Borrowed("text/plain");
        }
        let mut kind = String::from_utf8_lossy(kind);
        if kind.bytes().any(|byte| byte.is_ascii_uppercase()) {
            kind.to_mut().make_ascii_lowercase();
        }
        kind
    }

    pub(super) fn transfer_encoding(&self) -> &'a [u8] {
        parameter::trim(self.bytes("Content-Transfer-Encoding").unwrap_or_default())
    }

    #[inline(never)]
    pub(super) fn boundary(&self) -> Option<Vec<u8>> {
        let mut boundary = parameter::get(self.bytes("Content-Type")?, "boundary")?;
        // RFC 2046 §5.1.1: a boundary may not end in white space.
        boundary.truncate(parameter::trim_end(&boundary).len());
        Some(boundary)
    }

    #[inline(never)]
    pub(super) fn filename(&self) -> Option<String> {
        let look = |field, name| parameter::get(self.bytes(field)?, name);
        let name = look("Content-Disposition", "filename").or_else(|| look("Content-Type", "name"))?;
        let name = encoded_word::decode(name);
        Some(String::from_utf8_lossy(parameter::trim(&name)).into_owned())
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

/// Whether the first line of `text` is a field, even one without a name, the
/// continuation of one, or `From `, which begins a message in an mbox.
fn begins_header(text: &[u8]) -> bool {
    if text.starts_with(b"From ") {
        return true;
    }
    match text.iter().find(|byte| !matches!(byte, b'!'..=b'9' | b';'..=b'~')) {
        Some(b':') => true,
        Some(b' ' | b'\t') => matches!(text, [b' ' | b'\t', ..]),
        _ => false,
    }
}

/// Bytes of the first line of `text`, its end (CR LF, LF or CR) with it.
fn line_length(text: &[u8]) -> usize {
    let Some(end) = first_of(text, b'\r', b'\n') else { return text.len() };
    let crlf = text.get(end..).is_some_and(|rest| rest.starts_with(b"\r\n"));
    end + 1 + usize::from(crlf)
}

//! MIME messages (RFC 2045, 2046) as Python's `email` package splits them:
//! the leaves of all multiparts in order, borrowed from the message.
//!
//! ```text
//! message ─ headers::split ─► Headers, body
//!         ─ delimiter      ─► the parts of a multipart, split again
//!         ─ Leaf::content  ─► base64 or quoted-printable undone
//! ```

mod delimiter;
mod encoded_word;
#[cfg(test)]
pub(crate) mod fuzz;
mod headers;
mod parameter;
#[cfg(test)]
mod tests;

pub use headers::Headers;

use crate::limits;
use crate::syntax::encoding;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use delimiter::Delimiter;

/// One part that is no container.
#[derive(Clone, Debug)]
pub struct Leaf<'a> {
    /// Its header fields.
    pub headers: Headers<'a>,
    /// Type and subtype, lower case, without parameters; what a missing or
    /// malformed field stands for (`text/plain`) is filled in.
    pub content_type: Cow<'a, str>,
    /// The bytes as they stand in the message.
    pub body: &'a [u8],
}

impl<'a> Leaf<'a> {
    /// The bytes with the Content-Transfer-Encoding undone. An encoding that
    /// is unknown, or base64 of an impossible length, stays as it is.
    #[inline(never)]
    pub fn content(&self) -> Cow<'a, [u8]> {
        let encoding = self.headers.transfer_encoding();
        if encoding.eq_ignore_ascii_case(b"base64") {
            Cow::Owned(encoding::base64_unpadded(self.body).unwrap_or_else(|| {
                let mut text = self.body.to_vec();
                text.retain(|byte| !matches!(byte, b'\n' | b'\r'));
                text
            }))
        } else if encoding.eq_ignore_ascii_case(b"quoted-printable") {
            Cow::Owned(encoding::quoted_printable(self.body))
        } else {
            Cow::Borrowed(self.body)
        }
    }

    /// The name given by Content-Disposition's `filename` or Content-Type's
    /// `name`, RFC 2231 and RFC 2047 undone. It may hold any character, `/`
    /// and `..` too.
    pub fn filename(&self) -> Option<String> {
        self.headers.filename()
    }
}

/// Why a walk stopped before the end of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// More than [`limits::MIME_PARTS`] parts.
    Parts,
    /// Deeper than [`limits::MIME_DEPTH`] containers.
    Depth,
}

/// The leaves of `message` in order; see [`Walk`].
pub fn walk(message: &[u8]) -> Walk<'_> {
    let first = Entity { bytes: message, digest: false, in_multipart: false, depth: 0 };
    Walk { open: Vec::new(), next: Some(first), count: 0 }
}

/// Iterator over the leaves of a message. After an error it ends.
///
/// A container without parts (no boundary given, or the boundary never stands
/// on a line of its own) has no leaves. `message/*` counts as a container of
/// the message in it. A multipart that is not closed ends with its container.
#[derive(Debug)]
pub struct Walk<'a> {
    open: Vec<Multipart<'a>>,
    next: Option<Entity<'a>>,
    count: usize,
}

/// A multipart whose parts are being walked.
#[derive(Debug)]
struct Multipart<'a> {
    delimiter: Delimiter,
    /// What follows the delimiter line before the next part; `None` after the
    /// last.
    rest: Option<&'a [u8]>,
    digest: bool,
    depth: usize,
}

/// Headers and body, not yet told apart.
#[derive(Debug)]
struct Entity<'a> {
    bytes: &'a [u8],
    /// Parts of a multipart/digest are messages where they name no type.
    digest: bool,
    /// The line end before a delimiter belongs to the delimiter.
    in_multipart: bool,
    depth: usize,
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<Leaf<'a>, Bound>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entity = self.next.take().or_else(|| self.next_part())?;
            self.count += 1;
            if self.count > limits::MIME_PARTS {
                return Some(Err(self.stop(Bound::Parts)));
            }
            if entity.depth > limits::MIME_DEPTH {
                return Some(Err(self.stop(Bound::Depth)));
            }
            if let Some(leaf) = self.open(&entity) {
                return Some(Ok(leaf));
            }
        }
    }
}

impl<'a> Walk<'a> {
    /// The next part of the innermost multipart that has one.
    #[inline(never)]
    fn next_part(&mut self) -> Option<Entity<'a>> {
        while let Some(multipart) = self.open.last_mut() {
            if let Some(rest) = multipart.rest {
                let (bytes, after) = multipart.delimiter.next_part(rest);
                multipart.rest = after;
                let (digest, depth) = (multipart.digest, multipart.depth + 1);
                return Some(Entity { bytes, digest, in_multipart: true, depth });
            }
            self.open.pop();
        }
        None
    }

    /// The leaf that `entity` is; a container is entered instead.
    #[inline(never)]
    fn open(&mut self, entity: &Entity<'a>) -> Option<Leaf<'a>> {
        let (headers, body) = headers::split(entity.bytes);
        let content_type = headers.content_type(entity.digest);
        match content_type.split('/').next() {
            Some("multipart") => {
                let delimiter = Delimiter::new(&headers.boundary()?);
                if let Some(rest) = delimiter.first(body) {
                    let digest = content_type == "multipart/digest";
                    self.open.push(Multipart { delimiter, rest: Some(rest), digest, depth: entity.depth });
                }
                None
            }
            Some("message") => {
                let in_multipart = entity.in_multipart;
                self.next =
                    Some(Entity { bytes: body, digest: false, in_multipart, depth: entity.depth + 1 });
                None
            }
            _ => {
                let body = if entity.in_multipart { without_line_end(body) } else { body };
                Some(Leaf { headers, content_type, body })
            }
        }
    }

    fn stop(&mut self, bound: Bound) -> Bound {
        self.open.clear();
        self.next = None;
        bound
    }
}

/// `body` without its last line end, if it ends in one.
fn without_line_end(body: &[u8]) -> &[u8] {
    match body {
        [before @ .., b'\r', b'\n'] | [before @ .., b'\n' | b'\r'] => before,
        _ => body,
    }
}

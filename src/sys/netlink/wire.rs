//! Netlink messages as bytes (netlink(7)): a header, a fixed part that depends
//! on the type, then attributes, everything aligned to four bytes.
//!
//! Lengths in a reply are somebody else's: each is checked against what is
//! there before it is used.

use alloc::vec::Vec;
use linux_raw_sys::netlink::{NLA_TYPE_MASK, NLM_F_ACK_TLVS, NLM_F_CAPPED};

/// Bytes of `struct nlmsghdr`.
pub(super) const HEADER: usize = 16;

/// Bytes of `struct rtattr`.
const ATTRIBUTE: usize = 4;

/// `NLMSGERR_ATTR_MSG`: the kernel's own words.
const ERROR_TEXT: u16 = 1;

/// A length that does not fit what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// A message under construction.
pub(super) struct Request(Vec<u8>);

impl Request {
    /// A request with the fixed part `body`.
    pub(super) fn new(kind: u16, flags: u32, body: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&kind.to_ne_bytes());
        // Every flag there is lies in the lower half.
        bytes.extend_from_slice(&flags.to_ne_bytes()[..2]);
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(body);
        let mut request = Self(bytes);
        request.align();
        request
    }

    /// With an attribute; `value` is an address, a number or a name and far
    /// below the 64 KiB an attribute may have.
    #[must_use]
    pub(super) fn with(mut self, kind: u16, value: &[u8]) -> Self {
        let Ok(length) = u16::try_from(ATTRIBUTE + value.len()) else { return self };
        self.0.extend_from_slice(&length.to_ne_bytes());
        self.0.extend_from_slice(&kind.to_ne_bytes());
        self.0.extend_from_slice(value);
        self.align();
        self
    }

    /// The type given to [`Request::new`].
    pub(super) fn kind(&self) -> u16 {
        u16::from_ne_bytes([self.0[4], self.0[5]])
    }

    /// The finished bytes, numbered `sequence`.
    pub(super) fn finish(&mut self, sequence: u32) -> &[u8] {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0[8..12].copy_from_slice(&sequence.to_ne_bytes());
        &self.0
    }

    fn align(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }
}

/// One received message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) kind: u16,
    pub(super) flags: u32,
    pub(super) sequence: u32,
    pub(super) body: &'a [u8],
}

/// Splits what one receive brought into messages.
pub(super) fn messages(bytes: &[u8]) -> impl Iterator<Item = Result<Message<'_>, Malformed>> {
    Pieces { rest: bytes, length_of: |bytes| u32_at(bytes, 0)?.try_into().ok(), least: HEADER }.map(|piece| {
        let bytes = piece?;
        let field = |at| u32_at(bytes, at).ok_or(Malformed);
        Ok(Message {
            kind: u16_at(bytes, 4).ok_or(Malformed)?,
            flags: u16_at(bytes, 6).ok_or(Malformed)?.into(),
            sequence: field(8)?,
            body: &bytes[HEADER..],
        })
    })
}

/// Splits a message's tail into attributes: type without flag bits, value.
pub(super) fn attributes(bytes: &[u8]) -> impl Iterator<Item = Result<(u16, &[u8]), Malformed>> {
    Pieces { rest: bytes, length_of: |bytes| Some(u16_at(bytes, 0)?.into()), least: ATTRIBUTE }.map(|piece| {
        let bytes = piece?;
        let kind = u16_at(bytes, 2).ok_or(Malformed)?;
        Ok((kind & u16::try_from(NLA_TYPE_MASK).unwrap_or(0x3fff), &bytes[ATTRIBUTE..]))
    })
}

/// Pieces that begin with their own length and are aligned to four bytes. Ends
/// after the first that is malformed.
struct Pieces<'a> {
    rest: &'a [u8],
    length_of: fn(&[u8]) -> Option<usize>,
    least: usize,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Result<&'a [u8], Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let length = (self.length_of)(self.rest).filter(|length| *length >= self.least);
        let Some((length, piece)) = length.and_then(|length| Some((length, self.rest.get(..length)?))) else {
            self.rest = &[];
            return Some(Err(Malformed));
        };
        self.rest = self.rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Ok(piece))
    }
}

/// What an `NLMSG_ERROR` message says: the errno (0 is success) and the
/// kernel's own words for it, which follow the request as it was sent.
pub(super) fn acknowledgement<'a>(message: &Message<'a>) -> Result<(i32, Option<&'a [u8]>), Malformed> {
    let errno = u32_at(message.body, 0).ok_or(Malformed)?.cast_signed().wrapping_neg();
    if message.flags & NLM_F_ACK_TLVS == 0 {
        return Ok((errno, None));
    }
    let echoed = if message.flags & NLM_F_CAPPED == 0 {
        usize::try_from(u32_at(message.body, 4).ok_or(Malformed)?).map_err(|_| Malformed)?
    } else {
        HEADER
    };
    let from =
        echoed.checked_next_multiple_of(4).and_then(|echoed| echoed.checked_add(4)).ok_or(Malformed)?;
    for attribute in attributes(message.body.get(from..).ok_or(Malformed)?) {
        let (kind, value) = attribute?;
        if kind == ERROR_TEXT {
            return Ok((errno, Some(until_nul(value))));
        }
    }
    Ok((errno, None))
}

/// A C string without its end.
pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ip link set dev lo up` as strace shows it on Linux 6.1.
    #[test]
    fn writes_what_the_kernel_reads() {
        let mut request = Request::new(16, 5, &[0; 16]).with(3, b"lo\0");
        assert_eq!(request.kind(), 16);
        let bytes = request.finish(7);
        assert_eq!(bytes.len(), 16 + 16 + 8);
        assert_eq!(bytes[..16], [40, 0, 0, 0, 16, 0, 5, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[32..], [7, 0, 3, 0, b'l', b'o', 0, 0]);
    }

    #[test]
    fn reads_its_own_writing() {
        let mut request = Request::new(16, 5, &[9; 16]).with(3, b"lo\0").with(4, &1500_u32.to_ne_bytes());
        let bytes = request.finish(1).to_vec();
        let message = messages(&bytes).next().unwrap().unwrap();
        assert_eq!((message.kind, message.flags, message.sequence), (16, 5, 1));
        let found: Vec<_> = attributes(&message.body[16..]).map(Result::unwrap).collect();
        assert_eq!(found, [(3, &b"lo\0"[..]), (4, &1500_u32.to_ne_bytes())]);
    }

    #[test]
    fn lengths_that_do_not_fit_are_refused() {
        for bytes in [&[1][..], &[15, 0, 0, 0, 0, 0, 0, 0], &[255; 20], &[0; 16]] {
            assert_eq!(messages(bytes).next(), Some(Err(Malformed)));
            assert!(messages(bytes).count() == 1);
        }
        assert_eq!(attributes(&[3, 0, 1, 0]).next(), Some(Err(Malformed)));
        assert_eq!(attributes(&[5, 0, 1, 0]).next(), Some(Err(Malformed)));
    }

    #[test]
    fn the_kernels_words_are_found_behind_the_echo() {
        let mut body = (-17_i32).to_ne_bytes().to_vec();
        body.extend(20_u32.to_ne_bytes());
        body.extend([0; 16]);
        body.extend([8, 0, 1, 0, b'n', b'o', 0, 0]);
        let message = Message { kind: 2, flags: NLM_F_ACK_TLVS, sequence: 1, body: &body };
        assert_eq!(acknowledgement(&message), Ok((17, Some(&b"no"[..]))));
        let short = Message { body: &body[..8], ..message };
        assert_eq!(acknowledgement(&short), Err(Malformed));
        assert_eq!(acknowledgement(&Message { body: &[], ..message }), Err(Malformed));
    }
}

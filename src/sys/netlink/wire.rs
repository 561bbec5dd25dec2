//! Netlink messages as bytes (netlink(7)): a header, a fixed part that depends
//! on the type, then attributes, everything aligned to four bytes.
//!
//! Lengths in a reply are somebody else's: each is checked against what is
//! there before it is used.

use alloc::vec::Vec;
use linux_raw_sys::netlink::{NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_DUMP};

/// Bytes of `struct nlmsghdr`.
pub(super) const HEADER: usize = 16;

/// Bytes of `struct rtattr`.
const ATTRIBUTE: usize = 4;

/// `NLA_TYPE_MASK`: the type without its flag bits.
const TYPE: u16 = 0x3fff;

/// `NLMSGERR_ATTR_MSG`: the kernel's own words.
const ERROR_TEXT: u16 = 1;

/// A length that does not fit what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// A message under construction.
pub(super) struct Request {
    /// `RTM_…`.
    pub(super) kind: u16,
    flags: u32,
    /// What follows the header.
    tail: Vec<u8>,
}

impl Request {
    /// A request with the fixed part `body`.
    #[inline(never)]
    pub(super) fn new(kind: u16, flags: u32, body: &[u8], attributes: &[(u16, &[u8])]) -> Self {
        Self { kind, flags, tail: with_attributes(body, attributes) }
    }

    /// Whether it asks for everything there is.
    pub(super) fn is_dump(&self) -> bool {
        self.flags & NLM_F_DUMP == NLM_F_DUMP
    }

    /// The finished bytes, numbered `sequence`.
    #[inline(never)]
    pub(super) fn finish(&self, sequence: u32) -> Vec<u8> {
        let [a, b] = self.kind.to_ne_bytes();
        // Every flag there is lies in the lower half.
        let [c, d, ..] = self.flags.to_ne_bytes();
        let length = u32::try_from(HEADER + self.tail.len()).unwrap_or(u32::MAX);
        let header = [length.to_ne_bytes(), [a, b, c, d], sequence.to_ne_bytes(), [0; 4]];
        [header.as_flattened(), &self.tail].concat()
    }
}

/// `body` and, behind it, the attributes; they make the value of a nested
/// attribute too, with no body. Values are addresses, numbers and names, far
/// below the 64 KiB an attribute may have; one without a value is left out.
#[inline(never)]
pub(super) fn with_attributes(body: &[u8], attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = body.to_vec();
    for (kind, value) in attributes {
        if let (false, Ok(length)) = (value.is_empty(), u16::try_from(ATTRIBUTE + value.len())) {
            let [a, b] = length.to_ne_bytes();
            let [c, d] = kind.to_ne_bytes();
            bytes.extend_from_slice(&[a, b, c, d]);
            bytes.extend_from_slice(value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
    }
    bytes
}

/// One received message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) kind: u16,
    pub(super) flags: u32,
    pub(super) sequence: u32,
    pub(super) body: &'a [u8],
}

/// Splits what one receive brought into messages. Ends after the first that is
/// malformed.
pub(super) fn messages(bytes: &[u8]) -> Messages<'_> {
    Messages(bytes)
}

/// See [`messages`].
pub(super) struct Messages<'a>(&'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, Malformed>;

    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        let length = u32_at(self.0, 0);
        Some(piece(&mut self.0, length, HEADER)?.and_then(|bytes| {
            Ok(Message {
                kind: u16_at(bytes, 4).ok_or(Malformed)?,
                flags: u16_at(bytes, 6).ok_or(Malformed)?.into(),
                sequence: u32_at(bytes, 8).ok_or(Malformed)?,
                body: bytes.get(HEADER..).ok_or(Malformed)?,
            })
        }))
    }
}

/// Splits a message's tail into attributes: type without flag bits, value.
/// Ends after the first that is malformed.
pub(super) fn attributes(bytes: &[u8]) -> Attributes<'_> {
    Attributes(bytes)
}

/// See [`attributes`].
pub(super) struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(u16, &'a [u8]), Malformed>;

    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        let length = u16_at(self.0, 0).map(u32::from);
        Some(piece(&mut self.0, length, ATTRIBUTE)?.and_then(|bytes| {
            let kind = u16_at(bytes, 2).ok_or(Malformed)?;
            Ok((kind & TYPE, bytes.get(ATTRIBUTE..).ok_or(Malformed)?))
        }))
    }
}

/// Takes a piece of `length` bytes, `least` of them at the least, and what
/// aligns it to four from the front of `rest`; `None` at its end.
#[inline(never)]
fn piece<'a>(rest: &mut &'a [u8], length: Option<u32>, least: usize) -> Option<Result<&'a [u8], Malformed>> {
    let bytes = core::mem::take(rest);
    if bytes.is_empty() {
        return None;
    }
    let length = length.unwrap_or(0) as usize;
    let Some(piece) = bytes.get(..length).filter(|_| length >= least) else { return Some(Err(Malformed)) };
    *rest = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some(Ok(piece))
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
#[inline(never)]
pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or_default()
}

#[inline(never)]
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[inline(never)]
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ip link set dev lo up` as strace shows it on Linux 6.1.
    #[test]
    fn writes_what_the_kernel_reads() {
        let request = Request::new(16, 5, &[0; 16], &[(3, b"lo\0"), (4, b"")]);
        assert_eq!(request.kind, 16);
        let bytes = request.finish(7);
        assert_eq!(bytes.len(), 16 + 16 + 8);
        assert_eq!(bytes[..16], [40, 0, 0, 0, 16, 0, 5, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[32..], [7, 0, 3, 0, b'l', b'o', 0, 0]);
    }

    #[test]
    fn reads_its_own_writing() {
        let request = Request::new(16, 5, &[9; 16], &[(3, b"lo\0"), (4, &1500_u32.to_ne_bytes())]);
        let bytes = request.finish(1);
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

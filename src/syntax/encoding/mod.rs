//! What wraps content on its way: base64, quoted-printable and gzip, read as
//! Python's `base64`, `quopri` and `gzip` modules read them.

mod base64;
mod gzip;

pub use base64::{base64, base64_unpadded, has_strays};
pub use gzip::{gunzip, is_gzip};

use crate::syntax::search::first_of;
use alloc::vec::Vec;

/// Quoted-printable (RFC 2045 §6.7). An `=` that begins no escape stays, as in
/// Python's `quopri.decodestring`.
pub fn quoted_printable(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some((before, [_, after @ ..])) = split_at(rest, b'=') {
        out.extend_from_slice(before);
        rest = match after {
            [b'\n', after @ ..] => after,
            // A soft break by CR reaches to the next LF, whatever is between.
            [b'\r', ..] => split_at(after, b'\n').and_then(|(_, line)| line.get(1..)).unwrap_or_default(),
            [b'=', after @ ..] => {
                out.push(b'=');
                after
            }
            [] => &[],
            _ => escaped(b'=', after, &mut out),
        };
    }
    out.extend_from_slice(rest);
    out
}

/// `input` with the bytes that two hexadecimal digits after `mark` stand for:
/// `%` in RFC 2231, `=` in RFC 2047. A mark that begins no escape stays.
pub fn unescape(input: &[u8], mark: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some((before, [_, after @ ..])) = split_at(rest, mark) {
        out.extend_from_slice(before);
        rest = escaped(mark, after, &mut out);
    }
    out.extend_from_slice(rest);
    out
}

/// `text` in two, the second beginning with the first `mark`.
fn split_at(text: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    text.split_at_checked(first_of(text, mark, mark)?)
}

/// Appends the byte that the two digits at the start of `text` stand for, or
/// else `mark`; returns what follows.
fn escaped<'t>(mark: u8, text: &'t [u8], out: &mut Vec<u8>) -> &'t [u8] {
    if let [high, low, after @ ..] = text
        && let (Some(high), Some(low)) = (hex(*high), hex(*low))
    {
        out.push(high << 4 | low);
        return after;
    }
    out.push(mark);
    text
}

/// The value of a hexadecimal digit.
fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_printable_as_quopri() {
        for (input, expected) in [
            (&b"a=3Db=\nc =E9=\r\nx=ZZ"[..], &b"a=bc \xe9x=ZZ"[..]),
            (b"a==3Db", b"a=3Db"),
            (b"soft=\r junk\nnext", b"softnext"),
            (b"soft=\r no line feed", b"soft"),
            (b"end=", b"end"),
            (b"a=4", b"a=4"),
            (b"trailing  \n", b"trailing  \n"),
        ] {
            assert_eq!(quoted_printable(input), expected, "{}", input.escape_ascii());
        }
    }

    #[test]
    fn a_mark_that_begins_no_escape_stays() {
        assert_eq!(unescape(b"na%C3%afve%2", b'%'), "naïve%2".as_bytes());
        assert_eq!(unescape(b"%%41=42", b'%'), b"%A=42");
        assert_eq!(unescape(b"=41%42=\n=", b'='), b"A%42=\n=");
    }
}

//! What wraps content on its way: base64, quoted-printable and gzip, read as
//! Python's `base64`, `quopri` and `gzip` modules read them.

mod base64;
mod gzip;

pub use base64::{base64, base64_unpadded};
pub use gzip::{gunzip, is_gzip};

use alloc::vec::Vec;

/// Quoted-printable (RFC 2045 §6.7). An `=` that begins no escape stays, as in
/// Python's `quopri.decodestring`.
pub fn quoted_printable(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some(at) = rest.iter().position(|&byte| byte == b'=') {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        rest = match *rest {
            [b'\n', ..] => &rest[1..],
            // A soft break by CR reaches to the next LF, whatever is between.
            [b'\r', ..] => match rest.iter().position(|&byte| byte == b'\n') {
                Some(end) => &rest[end + 1..],
                None => &[],
            },
            [b'=', ..] => {
                out.push(b'=');
                &rest[1..]
            }
            [high, low, ..] if hex(high).is_some() && hex(low).is_some() => {
                out.push(hex(high).unwrap_or(0) << 4 | hex(low).unwrap_or(0));
                &rest[2..]
            }
            [] => &[],
            _ => {
                out.push(b'=');
                rest
            }
        };
    }
    out.extend_from_slice(rest);
    out
}

/// `%XX` escapes of RFC 2231; a `%` that begins none stays.
pub fn percent(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'%', &[high, low, ..]) if hex(high).is_some() && hex(low).is_some() => {
                out.push(hex(high).unwrap_or(0) << 4 | hex(low).unwrap_or(0));
                rest = &after[2..];
            }
            _ => out.push(first),
        }
    }
    out
}

/// The value of a hexadecimal digit.
fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
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
    fn percent_keeps_what_is_no_escape() {
        assert_eq!(percent(b"na%C3%afve%2"), "naïve%2".as_bytes());
        assert_eq!(percent(b"%%41"), b"%A");
    }
}

//! Base64 as Python's `base64.b64decode` reads it: characters outside the
//! alphabet are dropped, and what follows the padding is not read.

use alloc::vec::Vec;

/// Decodes `input`; the padding must be right.
///
/// # Errors
/// Padding that is missing, or one character too many.
pub fn base64(input: &[u8]) -> Result<Vec<u8>, &'static str> {
    match decode(input) {
        (out, End::Whole) => Ok(out),
        (_, End::Partial(1)) => Err("base64 text is one character too long or too short"),
        (_, End::Partial(_)) => Err("base64 text lacks its padding"),
    }
}

/// As [`base64`], with missing padding taken as given: what Python's `email`
/// package does. `None` when the number of characters fits no padding.
pub fn base64_unpadded(input: &[u8]) -> Option<Vec<u8>> {
    match decode(input) {
        (_, End::Partial(1)) => None,
        (out, _) => Some(out),
    }
}

/// How the text ended.
enum End {
    /// After a whole group of four, or after padding.
    Whole,
    /// After that many characters of a group, without padding.
    Partial(u8),
}

fn decode(input: &[u8]) -> (Vec<u8>, End) {
    let mut out = Vec::with_capacity(input.len() / 4 * 3 + 3);
    let (mut bits, mut count, mut pads) = (0_u32, 0_u8, 0);
    for &byte in input {
        if let Some(value) = sextet(byte) {
            pads = 0;
            bits = bits << 6 | u32::from(value);
            count = (count + 1) % 4;
            if count == 0 {
                let [_, bytes @ ..] = bits.to_be_bytes();
                out.extend_from_slice(&bytes);
            }
        } else if byte == b'=' {
            pads = (pads + 1).min(4);
            if count >= 2 && count + pads >= 4 {
                end_group(bits, count, &mut out);
                return (out, End::Whole);
            }
        }
    }
    end_group(bits, count, &mut out);
    (out, if count == 0 { End::Whole } else { End::Partial(count) })
}

/// Appends the whole bytes of the last `count` characters, which are no group.
fn end_group(bits: u32, count: u8, out: &mut Vec<u8>) {
    let [_, _, high, low] = match count {
        2 => bits >> 4,
        3 => bits >> 2,
        _ => return,
    }
    .to_be_bytes();
    if count == 3 {
        out.push(high);
    }
    out.push(low);
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn as_pythons_b64decode() {
        for (input, expected) in [
            ("", Ok(&b""[..])),
            ("YQ==", Ok(b"a")),
            ("YWI=", Ok(b"ab")),
            ("YWJj", Ok(b"abc")),
            ("Y W\nJ\rj", Ok(b"abc")),
            ("Y*W!J_j-", Ok(b"abc")),
            ("YQ==Yg==", Ok(b"a")),
            ("YQ=\n=\nYg==", Ok(b"a")),
            ("=YWJj", Ok(b"abc")),
            ("YW=Jj", Ok(b"abc")),
            ("YQ", Err(())),
            ("YQ=", Err(())),
            ("Y", Err(())),
            ("YWJjY", Err(())),
            ("Y===", Err(())),
        ] {
            assert_eq!(base64(input.as_bytes()).as_deref().map_err(|_| ()), expected, "{input}");
        }
    }

    #[test]
    fn padding_may_be_missing_in_mail() {
        assert_eq!(base64_unpadded(b"YQ").as_deref(), Some(&b"a"[..]));
        assert_eq!(base64_unpadded(b"YWI=").as_deref(), Some(&b"ab"[..]));
        assert_eq!(base64_unpadded(b"YWJjZ"), None);
    }

    #[test]
    fn lines_of_any_length() {
        let content: Vec<u8> = (0..20_000_u32).map(|n| (n * 7 % 251) as u8).collect();
        let text = STANDARD.encode(&content);
        for width in [1, 3, 4, 5, 57, 76, 77, 1000, 100_000] {
            let mut lines = Vec::new();
            for line in text.as_bytes().chunks(width) {
                lines.extend_from_slice(line);
                lines.extend_from_slice(b"\r\n");
            }
            assert_eq!(super::base64(&lines).as_deref(), Ok(&content[..]), "width {width}");
        }
    }
}

//! Base64 as Python's `base64.b64decode` reads it: characters outside the
//! alphabet are dropped, and what follows the padding is not read.

use alloc::vec::Vec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

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

/// A group of four characters being collected.
#[derive(Default)]
struct Group {
    bits: u32,
    count: u8,
}

fn decode(input: &[u8]) -> (Vec<u8>, End) {
    let mut out = alloc::vec![0; input.len() / 4 * 3 + 3];
    let (mut at, mut written) = (0, 0);
    let mut line = run_length(input);
    let mut group = Group::default();
    let mut pads = 0;
    while let Some(&byte) = input.get(at) {
        let value = sextet(byte);
        if group.count == 0 && value.is_some() {
            let (read, wrote) = decode_run(&input[at..], &mut line, &mut out[written..]);
            at += read;
            written += wrote;
            if read > 0 {
                continue;
            }
        }
        at += 1;
        if byte == b'=' {
            pads = (pads + 1).min(4);
            if group.count >= 2 && group.count + pads >= 4 {
                written += group.flush(&mut out[written..]);
                out.truncate(written);
                return (out, End::Whole);
            }
        } else if let Some(value) = value {
            pads = 0;
            group.bits = group.bits << 6 | u32::from(value);
            group.count += 1;
            if group.count == 4 {
                written += group.flush(&mut out[written..]);
            }
        }
    }
    let end = if group.count == 0 { End::Whole } else { End::Partial(group.count) };
    written += group.flush(&mut out[written..]);
    out.truncate(written);
    (out, end)
}

/// Decodes the whole groups that `input`, which begins with a character of the
/// alphabet, holds before any other; returns bytes read and written.
///
/// Encoders write lines of one length: that of the last `line` is tried before
/// characters are looked at one by one.
fn decode_run(input: &[u8], line: &mut usize, out: &mut [u8]) -> (usize, usize) {
    let guess = (*line).min(input.len()) & !3;
    if guess > 0
        && input.get(guess).is_none_or(|&next| sextet(next).is_none())
        && let Ok(wrote) = STANDARD_NO_PAD.decode_slice(&input[..guess], out)
    {
        return (guess, wrote);
    }
    *line = run_length(input);
    let run = *line & !3;
    // A run of the alphabet always decodes.
    STANDARD_NO_PAD.decode_slice(&input[..run], out).map_or((0, 0), |wrote| (run, wrote))
}

impl Group {
    /// Writes the whole bytes collected and starts over; returns how many.
    fn flush(&mut self, out: &mut [u8]) -> usize {
        let bytes = usize::from(self.count.saturating_sub(1));
        let bits = self.bits << (6 * (4 - u32::from(self.count)));
        for (target, byte) in out.iter_mut().zip(&bits.to_be_bytes()[1..=bytes]) {
            *target = *byte;
        }
        *self = Self::default();
        bytes
    }
}

/// Characters of the alphabet at the start of `input`.
fn run_length(input: &[u8]) -> usize {
    input.iter().position(|&byte| sextet(byte).is_none()).unwrap_or(input.len())
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
        let text = base64::engine::general_purpose::STANDARD.encode(&content);
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

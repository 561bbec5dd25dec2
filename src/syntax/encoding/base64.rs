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

/// Whether there are characters outside the alphabet, other than blanks and line ends.
pub fn has_strays(input: &[u8]) -> bool {
    input.iter().any(|byte| SEXTETS[usize::from(*byte)] >= 64 && !b"= \t\r\n".contains(byte))
}

/// How the text ended.
enum End {
    /// After a whole group of four, or after padding.
    Whole,
    /// After that many characters of a group, without padding.
    Partial(usize),
}

fn decode(input: &[u8]) -> (Vec<u8>, End) {
    let mut out = alloc::vec![0; input.len() / 4 * 3 + 3];
    let (mut rest, mut written) = (input, 0);
    loop {
        let done = decode_groups(rest, out.get_mut(written..).unwrap_or_default());
        rest = rest.get(done * 4..).unwrap_or_default();
        written += done * 3;
        // What follows is no group: a line end, say, stands in it.
        let (mut group, mut count, mut pads) = (*b"AAAA", 0, 0);
        let end = loop {
            let [byte, after @ ..] = rest else {
                break Some(if count == 0 { End::Whole } else { End::Partial(count) });
            };
            rest = after;
            if SEXTETS[usize::from(*byte)] < 64 {
                group[count] = *byte;
                count += 1;
                pads = 0;
                if count == 4 {
                    break None;
                }
            } else if *byte == b'=' {
                pads += 1;
                if count >= 2 && count + pads >= 4 {
                    break Some(End::Whole);
                }
            }
        };
        decode_groups(&group, out.get_mut(written..).unwrap_or_default());
        written += count.saturating_sub(1);
        if let Some(end) = end {
            out.truncate(written);
            return (out, end);
        }
    }
}

/// Decodes groups of four characters up to the first that is not in the
/// alphabet; returns how many.
fn decode_groups(input: &[u8], out: &mut [u8]) -> usize {
    let (groups, rooms) = (input.as_chunks::<4>().0, out.as_chunks_mut::<3>().0);
    let mut done = 0;
    for (group, room) in groups.iter().zip(rooms) {
        let [a, b, c, d] = group.map(|byte| SEXTETS[usize::from(byte)]);
        if a | b | c | d >= 64 {
            break;
        }
        let bits = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
        let [_, bytes @ ..] = bits.to_be_bytes();
        *room = bytes;
        done += 1;
    }
    done
}

/// By character, its six bits; 255 for all outside the alphabet.
static SEXTETS: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut table, mut value) = ([255; 256], 0);
    while value < 64 {
        table[alphabet[value as usize] as usize] = value;
        value += 1;
    }
    table
};

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

//! Texts made of a pattern and values, and texts within texts, in a few bytes:
//! each piece of a list of texts would cost the agent 25 bytes, the searches of
//! the standard library 3 KB (also that of `str::contains` for one character).

use crate::limits;
use alloc::string::String;
use alloc::vec::Vec;

/// `pattern` with each `{}` replaced by the next of `values`, which come as
/// they are; there are as many of them.
#[inline(never)]
pub fn fill(pattern: &str, values: &[&str]) -> String {
    debug_assert_eq!(pattern.split("{}").count(), values.len() + 1, "{pattern}");
    let mut values = values.iter();
    let mut pieces = pattern.split('{');
    let mut text = String::from(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (value, rest) = match piece.strip_prefix('}') {
            Some(rest) => (values.next().copied().unwrap_or_default(), rest),
            None => ("{", piece),
        };
        text.push_str(value);
        text.push_str(rest);
    }
    text
}

/// The character that byte 0x80 becomes in [`of_bytes`]; those up to 0xff follow.
const BYTES: u32 = 0x10_ff80 - 0x80;

fn byte_of(c: char) -> Option<u8> {
    u8::try_from(u32::from(c).checked_sub(BYTES)?).ok().filter(|byte| *byte >= 0x80)
}

/// The text of a file that need not be UTF-8: each byte that belongs to no
/// character becomes one of the last 128 of Unicode, which are for private use
/// (as PEP 383 does it with others), so that [`to_bytes`] gives the file back to
/// the byte. One of those in the file itself is four such bytes.
#[inline(never)]
pub fn of_bytes(content: Vec<u8>) -> String {
    let content = match String::from_utf8(content) {
        Ok(text) if text.chars().all(|c| byte_of(c).is_none()) => return text,
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let mut text = String::new();
    let keep = |text: &mut String, bytes: &[u8]| {
        text.extend(bytes.iter().filter_map(|byte| char::from_u32(BYTES + u32::from(*byte))));
    };
    for chunk in content.utf8_chunks() {
        for c in chunk.valid().chars() {
            if byte_of(c).is_some() {
                keep(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                text.push(c);
            }
        }
        keep(&mut text, chunk.invalid());
    }
    text
}

/// The bytes of a text that [`of_bytes`] made, or that was made of one.
#[inline(never)]
pub fn to_bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match byte_of(c) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// Adds a line to the text of a file, whose last line may lack its end.
#[inline(never)]
pub fn push_line(text: &mut String, line: &str) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(line);
    text.push('\n');
}

/// Whether `part` stands anywhere in `text`, in time of the product of their
/// lengths: one of them is short.
pub fn contains(text: &str, part: &str) -> bool {
    cut(text, part).is_some()
}

/// What stands before and after the first `mark` in `text`, in time of the
/// product of their lengths: one of them is short.
pub fn cut<'t>(text: &'t str, mark: &str) -> Option<(&'t str, &'t str)> {
    let (before, _) = cut_bytes(text.as_bytes(), mark.as_bytes())?;
    Some((text.get(..before.len())?, text.get(before.len() + mark.len()..)?))
}

/// As [`cut`] for bytes.
#[inline(never)]
pub fn cut_bytes<'t>(text: &'t [u8], mark: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    (0..=text.len()).find_map(|at| {
        let (before, rest) = text.split_at_checked(at)?;
        Some((before, rest.strip_prefix(mark)?))
    })
}

/// Whether the ASCII character `byte` stands anywhere in `text`.
#[inline(never)]
pub fn has(text: &str, byte: u8) -> bool {
    text.as_bytes().contains(&byte)
}

/// A path's parent and its last component; the parent of a bare name is empty.
#[inline(never)]
pub fn parent_and_name(path: &str) -> (&str, &str) {
    let path = path.trim_end_matches('/');
    let slash = path.bytes().rposition(|byte| byte == b'/');
    let name = slash.and_then(|slash| path.get(slash + 1..)).unwrap_or(path);
    (path.get(..slash.unwrap_or(0)).unwrap_or_default(), name)
}

/// Unicode's white space, as `char::is_whitespace` finds it in a table.
#[inline(never)]
pub fn is_space(character: char) -> bool {
    matches!(character, '\t'..='\r' | ' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}'
        | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// Whether a character is no part of a line: control characters, those that
/// end a line, and those that turn its direction or can't be seen.
pub fn is_control(character: char) -> bool {
    matches!(character, '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Foreign text as a part of one line: what is no part of one is escaped, as
/// in `\n` and `\u{202e}`.
#[inline(never)]
pub fn escaped(text: &str) -> String {
    let mut line = String::new();
    for character in text.chars() {
        if is_control(character) {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

/// As [`escaped`], for messages: cut at [`limits::MESSAGE`] bytes and where a
/// private key begins.
#[inline(never)]
pub fn quotable(text: &str) -> String {
    let mut end = text.len().min(limits::MESSAGE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let shown = text.get(..end).unwrap_or_default();
    let before = PRIVATE_KEY.iter().find_map(|mark| Some(cut(shown, mark)?.0));
    let mut line = escaped(before.unwrap_or(shown));
    if before.is_some() {
        line.push_str("(private key)");
    } else if end < text.len() {
        line.push_str("...");
    }
    line
}

/// What a private key begins with: in PEM, and the base64 of OpenSSH's own
/// form, `openssh-key-v1`.
pub const PRIVATE_KEY: &[&str] = &["PRIVATE KEY", "b3BlbnNzaC1rZXktdjE"];

/// A URL for messages: without what may be secret in it.
#[inline(never)]
pub fn without_secrets(url: &str) -> String {
    let end = url.bytes().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(url.len());
    let url = url.get(..end).unwrap_or_default();
    let Some((scheme, rest)) = cut(url, "://") else { return url.into() };
    let start = rest.as_bytes().iter().rposition(|byte| *byte == b'@').map_or(0, |at| at + 1);
    [scheme, "://", rest.get(start..).unwrap_or_default()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_the_pattern_has_braces() {
        assert_eq!(fill("renamed {} to {} ({})", &["a", "{}", ""]), "renamed a to {} ()");
        assert_eq!(fill("{}{}", &["a", "b"]), "ab");
        assert_eq!(fill("{nothing {}}", &["a"]), "{nothing a}");
        assert_eq!(fill("{", &[]), "{");
    }

    #[test]
    fn bytes_that_are_no_text_come_back() {
        for bytes in [
            &b"caf\xe9\n"[..],
            b"\xff\xfe\x80\xc3",
            "caf\u{e9} \u{10ff80}\u{10ffff}\u{10ff7f}".as_bytes(),
            b"\xf4\x8f\xbf\xbf\xf4\x8f\xbf",
            b"plain",
        ] {
            let text = of_bytes(bytes.to_vec());
            assert_eq!(to_bytes(&text), bytes, "{text:?}");
        }
        assert_eq!(of_bytes("caf\u{e9}".into()), "caf\u{e9}");
    }

    #[test]
    fn paths_have_a_parent() {
        for (path, parts) in [
            ("/a/b", ("/a", "b")),
            ("/a/b//", ("/a", "b")),
            ("/a", ("", "a")),
            ("a", ("", "a")),
            ("/", ("", "")),
            ("", ("", "")),
        ] {
            assert_eq!(parent_and_name(path), parts, "{path}");
        }
    }

    #[test]
    fn white_space_is_what_unicode_says() {
        for character in '\0'..=char::MAX {
            assert_eq!(is_space(character), character.is_whitespace(), "{character:?}");
        }
    }

    #[test]
    fn no_text_ends_a_line_or_draws_on_a_terminal() {
        for (text, shown) in [
            ("a\n2026 - x[ERROR]: b", "a\\n2026 - x[ERROR]: b"),
            ("\x1b[2J\x7f\u{9b}", "\\u{1b}[2J\\u{7f}\\u{9b}"),
            ("x\u{202e}y\u{2028}z\u{2066}", "x\\u{202e}y\\u{2028}z\\u{2066}"),
            ("é \\n 日本", "é \\n 日本"),
        ] {
            assert_eq!(escaped(text), shown);
            assert_eq!(escaped(shown), shown, "twice is once");
        }
        assert!((char::MIN..=char::MAX).all(|c| !c.is_control() || is_control(c)));
    }

    #[test]
    fn a_message_is_bounded_and_quotes_no_private_key() {
        assert_eq!(quotable("-----BEGIN RSA PRIVATE KEY-----\nMIIE"), "-----BEGIN RSA (private key)");
        assert_eq!(quotable("k b3BlbnNzaC1rZXktdjEAAAAABG5v"), "k (private key)");
        assert_eq!(quotable(&"é".repeat(limits::MESSAGE)).len(), limits::MESSAGE + 3);
        assert_eq!(quotable("short"), "short");
    }

    #[test]
    fn a_part_stands_anywhere() {
        for (text, part, found) in [
            ("abc", "abc", true),
            ("abc", "c", true),
            ("abc", "", true),
            ("", "", true),
            ("abc", "ac", false),
        ] {
            assert_eq!(contains(text, part), found, "{part} in {text}");
        }
        assert!(!contains("ab", "abc"));
    }

    #[test]
    fn a_mark_is_found_at_either_end() {
        for (text, mark, parts) in [
            ("a=b=c", "=", Some(("a", "b=c"))),
            ("==", "==", Some(("", ""))),
            ("aab", "ab", Some(("a", ""))),
            ("é", "", Some(("", "é"))),
            ("", "x", None),
            ("ab", "abc", None),
        ] {
            assert_eq!(cut(text, mark), parts, "{text} {mark}");
        }
        assert!(contains("abc", "c") && !contains("abc", "cb"));
    }

    #[test]
    #[should_panic(expected = "one {}")]
    fn a_value_too_many_is_noticed() {
        fill("one {}", &["a", "b"]);
    }
}

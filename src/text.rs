//! Texts made of a pattern and values, and texts within texts, in a few bytes:
//! each piece of a list of texts would cost the agent 25 bytes, the searches of
//! the standard library 3 KB (also that of `str::contains` for one character).

use alloc::string::String;

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

/// Whether `part` stands anywhere in `text`, in time of the product of their
/// lengths: one of them is short.
pub fn contains(text: &str, part: &str) -> bool {
    cut(text, part).is_some()
}

/// What stands before and after the first `mark` in `text`, in time of the
/// product of their lengths: one of them is short.
#[inline(never)]
pub fn cut<'t>(text: &'t str, mark: &str) -> Option<(&'t str, &'t str)> {
    for at in 0..=text.len() {
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        if rest.starts_with(mark.as_bytes()) {
            return Some((text.get(..at)?, text.get(at + mark.len()..)?));
        }
    }
    None
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

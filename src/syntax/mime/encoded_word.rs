//! Encoded words (RFC 2047): `=?utf-8?q?na=C3=AFve?=`.

use super::parameter::in_charset;
use crate::syntax::encoding;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// Longest word read, in bytes; RFC 2047 §2 allows 75. Without a bound each
/// `=?` of a hostile name would be searched to the name's end.
const WORD: usize = 512;

/// `text` with its encoded words read; white space between two of them goes.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains("=?") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_word = false;
    while let Some(start) = rest.find("=?") {
        let (before, word) = rest.split_at(start);
        if let Some((content, after)) = word_at(word) {
            if !(after_word && before.trim().is_empty()) {
                out.push_str(before);
            }
            out.push_str(&content);
            rest = after;
            after_word = true;
        } else {
            out.push_str(before);
            out.push_str("=?");
            rest = &word[2..];
            after_word = false;
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The word that `text` begins with, and what follows it.
fn word_at(text: &str) -> Option<(String, &str)> {
    let near = &text[..text.floor_char_boundary(WORD)];
    let (charset, rest) = near.strip_prefix("=?")?.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (content, beyond) = rest.split_once("?=")?;
    let after = &text[near.len() - beyond.len()..];
    if charset.is_empty() || content.contains(['?', ' ']) {
        return None;
    }
    let bytes: Vec<u8> = match encoding {
        "q" | "Q" => encoding::quoted_printable(content.replace('_', " ").as_bytes()),
        "b" | "B" => encoding::base64_unpadded(content.as_bytes())?,
        _ => return None,
    };
    // RFC 2231 §5 lets a language follow: utf-8*en.
    let charset = charset.split('*').next().unwrap_or(charset);
    Some((in_charset(charset.as_bytes(), &bytes), after))
}

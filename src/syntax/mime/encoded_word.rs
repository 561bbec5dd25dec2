//! Encoded words (RFC 2047): `=?utf-8?q?na=C3=AFve?=`.

use super::parameter::{in_charset, trim};
use crate::syntax::encoding;
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// One word as it stands.
struct Word<'a> {
    before: &'a [u8],
    charset: &'a [u8],
    base64: bool,
    content: &'a [u8],
    after: &'a [u8],
}

/// `text` with its encoded words read; white space between two of them goes.
/// Broken base64 in one leaves the whole as it is.
pub(super) fn decode(text: Vec<u8>) -> Vec<u8> {
    decode_words(&text).unwrap_or(text)
}

fn decode_words(text: &[u8]) -> Option<Vec<u8>> {
    let mut word = next_word(text)?;
    let mut out = word.before.to_vec();
    loop {
        let (charset, mut bytes) = (word.charset, word.bytes()?);
        let mut rest = word.after;
        let mut next = next_word(rest);
        // A character may stand half in one word, half in the next.
        while let Some(follower) = &next
            && follower.charset.eq_ignore_ascii_case(charset)
            && trim(follower.before).is_empty()
        {
            bytes.append(&mut follower.bytes()?);
            rest = follower.after;
            next = next_word(rest);
        }
        // RFC 2231 §5 lets a language follow: utf-8*en.
        let name = charset.split(|&byte| byte == b'*').next().unwrap_or_default();
        out.append(&mut in_charset(name, &bytes));
        let Some(follower) = next else {
            out.extend_from_slice(rest);
            return Some(out);
        };
        if !trim(follower.before).is_empty() {
            out.extend_from_slice(follower.before);
        }
        word = follower;
    }
}

/// The first word of `text`.
fn next_word(text: &[u8]) -> Option<Word<'_>> {
    let mut at = 0;
    loop {
        at += pair(text.get(at..)?, *b"=?")?;
        let (before, word) = text.split_at_checked(at)?;
        let (charset, tail) = word.get(2..)?.split_at_checked(position(word.get(2..)?)?)?;
        if let [b'?', encoding @ (b'q' | b'Q' | b'b' | b'B'), b'?', tail @ ..] = tail {
            // Where none ends here, none ends further on.
            let (content, after) = tail.split_at_checked(pair(tail, *b"?=")?)?;
            let base64 = matches!(encoding, b'b' | b'B');
            return Some(Word { before, charset, base64, content, after: after.get(2..)? });
        }
        at += 1;
    }
}

/// Where the first question mark is.
fn position(text: &[u8]) -> Option<usize> {
    text.iter().position(|&byte| byte == b'?')
}

/// Where the two bytes stand first.
fn pair(text: &[u8], bytes: [u8; 2]) -> Option<usize> {
    text.windows(2).position(|window| window == bytes)
}

impl Word<'_> {
    /// The content decoded; `None` when it is broken base64.
    fn bytes(&self) -> Option<Vec<u8>> {
        let mut text = Cow::Borrowed(self.content);
        if self.base64 {
            let missing = self.content.len().wrapping_neg() % 4;
            text.to_mut().extend_from_slice(&b"==="[..missing]);
            return encoding::base64(&text).ok();
        }
        for byte in text.to_mut() {
            if *byte == b'_' {
                *byte = b' ';
            }
        }
        Some(encoding::unescape(&text, b'='))
    }
}

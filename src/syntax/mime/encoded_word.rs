//! Encoded words (RFC 2047): `=?utf-8?q?na=C3=AFve?=`.

use super::parameter::{in_charset, split_first, trim};
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
    let mut out = Vec::new();
    // A character may stand half in one word, half in the next: words of one
    // character set are put together before that is undone.
    let (mut charset, mut run) = (&b""[..], Vec::new());
    let mut rest = text;
    while let Some(word) = next_word(rest) {
        let adjoins = rest.len() < text.len() && trim(word.before).is_empty();
        if !adjoins || !word.charset.eq_ignore_ascii_case(charset) {
            end_run(charset, &mut run, &mut out);
            charset = word.charset;
        }
        if !adjoins {
            out.extend_from_slice(word.before);
        }
        run.append(&mut word.bytes()?);
        rest = word.after;
    }
    end_run(charset, &mut run, &mut out);
    out.extend_from_slice(rest);
    Some(out)
}

/// Moves the text of `run` to `out`.
fn end_run(charset: &[u8], run: &mut Vec<u8>, out: &mut Vec<u8>) {
    // RFC 2231 §5 lets a language follow: utf-8*en.
    let (name, _language) = split_first(charset, b'*', false);
    out.append(&mut in_charset(name, run));
    run.clear();
}

/// The first word of `text`.
fn next_word(text: &[u8]) -> Option<Word<'_>> {
    let mut at = 0;
    loop {
        at += pair(text.get(at..)?, *b"=?")?;
        let (before, word) = text.split_at_checked(at)?;
        let (charset, rest) = split_first(word.get(2..)?, b'?', false);
        let (encoding, rest) = split_first(rest?, b'?', false);
        if let b"q" | b"Q" | b"b" | b"B" = encoding {
            // Where none ends here, none ends further on.
            let (content, after) = rest?.split_at_checked(pair(rest?, *b"?=")?)?;
            let base64 = encoding.eq_ignore_ascii_case(b"b");
            return Some(Word { before, charset, base64, content, after: after.get(2..)? });
        }
        at += 1;
    }
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

//! Words and marks of a template; white space before them is passed over.

use super::{Read, Renderer};

/// Whether a name may have this byte.
pub(super) fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

impl<'v> Renderer<'v> {
    pub(super) fn space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Passes `text` over if it comes next, without white space before it.
    #[inline(never)]
    pub(super) fn eat(&mut self, text: &str) -> bool {
        self.rest.strip_prefix(text).map(|rest| self.rest = rest).is_some()
    }

    #[inline(never)]
    pub(super) fn next_is(&mut self, text: &str) -> bool {
        self.space();
        self.eat(text)
    }

    #[inline(never)]
    pub(super) fn expect(&mut self, text: &str) -> Read<()> {
        if self.next_is(text) { Ok(()) } else { self.stop("`{}` is expected", text) }
    }

    /// The letters, digits and underscores that come next.
    #[inline(never)]
    pub(super) fn word(&mut self) -> &'v str {
        self.space();
        let end = self.rest.bytes().position(|byte| !in_word(byte));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    /// The name of a new variable.
    pub(super) fn name(&mut self) -> Read<&'v str> {
        let name = self.word();
        match name.as_bytes() {
            [] | [b'0'..=b'9', ..] => self.stop("a name is expected", ""),
            _ => Ok(name),
        }
    }

    #[inline(never)]
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let before = self.rest;
        let found = self.word() == word;
        if !found {
            self.rest = before;
        }
        found
    }
}

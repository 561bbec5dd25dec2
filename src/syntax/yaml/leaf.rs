//! Scalars but the block ones: where they end. No text is built.

use super::parser::Parser;
use super::scan::{self, plain_stop};
use super::tape::Style;
use super::{Fault, Message};

/// A scalar or alias just read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    pub(super) style: Style,
    pub(super) at: u32,
    pub(super) end: u32,
}

impl Parser<'_> {
    /// Reads the scalar or alias at `at` into `leaf` and moves behind it.
    #[inline]
    pub(super) fn leaf(&mut self, flow: bool) -> Result<(), Fault> {
        self.next = 0;
        match self.here() {
            b'"' | b'\'' => return self.quoted(),
            b'*' => return self.alias(flow),
            b',' | b']' | b'}' => return self.fail(Message::StrayBracket),
            b'|' | b'>' | b'%' | b'@' | b'`' => {
                return self.fail(Message::Reserved);
            }
            _ => {}
        }
        let stop = plain_stop(self.bytes, self.at, flow);
        let end = self.bytes.without_spaces(self.at, stop);
        self.leaf = Leaf { style: Style::Plain, at: self.at, end };
        self.at = end;
        if self.bytes.is_break(stop) {
            self.further_lines(stop, flow);
        }
        Ok(())
    }

    /// The further lines of the plain scalar in `leaf`, whose line ends at
    /// `stop`. In block context they are indented like any value here.
    #[inline(never)]
    fn further_lines(&mut self, mut stop: u32, flow: bool) {
        let indent = self.top.indent;
        while self.bytes.is_break(stop) {
            let (at, line) = self.bytes.next_text(stop);
            (self.next, self.next_line) = (at, line);
            let ends = at == line && self.bytes.is_marker(line)
                || !flow && at - line < indent
                || self.bytes.get(at) == b'#';
            if ends {
                return;
            }
            stop = plain_stop(self.bytes, at, flow);
            let end = self.bytes.without_spaces(at, stop);
            if end == at {
                return;
            }
            (self.leaf.style, self.leaf.end) = (Style::PlainLines, end);
            (self.at, self.line, self.next) = (end, line, 0);
        }
    }

    /// Reads the quoted scalar at `at`. Escapes are checked here, so that
    /// reading the text later cannot fail.
    #[inline(never)]
    fn quoted(&mut self) -> Result<(), Fault> {
        let (bytes, start, quote) = (self.bytes, self.at, self.here());
        let (complex, mark) = if quote == b'"' { (Style::Double, b'\\') } else { (Style::Single, quote) };
        let (mut style, mut at) = (Style::Quoted, start + 1);
        loop {
            at = scan::quoted_stop(bytes, at, quote, mark);
            let byte = bytes.get(at);
            if byte == quote && !(mark == quote && bytes.get(at + 1) == quote) {
                self.leaf = Leaf { style, at: start, end: at + 1 };
                self.at = at + 1;
                return Ok(());
            }
            match byte {
                0 => return Err(Fault { at: start, message: Message::OpenQuote }),
                b'\t' => {
                    at += 1;
                    continue;
                }
                b'\n' | b'\r' => {
                    at = bytes.after_break(at);
                    self.line = at;
                    if bytes.is_marker(at) {
                        return Err(Fault { at, message: Message::QuotedMarker });
                    }
                }
                b'\\' => at += scan::escape(bytes, at)?,
                _ => at += 2,
            }
            style = complex;
        }
    }
}

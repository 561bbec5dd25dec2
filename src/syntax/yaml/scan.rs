//! Where a scalar ends: the bounds only, no text is built.

use super::lanes::{Lanes, WIDTH};
use super::{Fault, Message, offset};

/// The bytes of a document; beyond the end stands NUL, which no document holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn get(self, at: u32) -> u8 {
        #[cfg(test)]
        super::linear::step();
        self.0.get(at as usize).copied().unwrap_or(0)
    }

    /// The bytes from `start` to `end`; none when they are not all there.
    pub(super) fn slice(self, start: u32, end: u32) -> &'a [u8] {
        self.0.get(start as usize..end as usize).unwrap_or_default()
    }

    /// Whether the byte at `at` ends a token: white space or the end.
    pub(super) fn is_blank(self, at: u32) -> bool {
        matches!(self.get(at), 0 | b' ' | b'\t' | b'\n' | b'\r')
    }

    pub(super) fn is_break(self, at: u32) -> bool {
        matches!(self.get(at), b'\n' | b'\r')
    }

    /// Whether the line or the document ends at `at`.
    pub(super) fn is_end(self, at: u32) -> bool {
        self.is_break(at) || self.get(at) == 0
    }

    /// The offset behind the line break at `at`.
    pub(super) fn after_break(self, at: u32) -> u32 {
        at + 1 + u32::from(self.get(at) == b'\r')
    }

    /// The sixteen bytes from `at`, NUL beyond the end; `None` for none at all.
    #[inline]
    fn lanes(self, at: u32) -> Option<Lanes> {
        #[cfg(test)]
        super::linear::step();
        let rest = self.0.get(at as usize..)?;
        if let Some(block) = rest.first_chunk() {
            return Some(Lanes::load(*block));
        }
        let mut block = [0; 16];
        block.get_mut(..rest.len())?.copy_from_slice(rest);
        Some(Lanes::load(block))
    }

    /// The first byte from `at` on that `hits` holds for, as it must for NUL;
    /// the end if there is none.
    #[inline]
    fn find(self, mut at: u32, hits: impl Fn(Lanes) -> Lanes) -> u32 {
        while let Some(lanes) = self.lanes(at) {
            let first = hits(lanes).first();
            at += first;
            if first < WIDTH {
                return at;
            }
        }
        offset(self.0.len())
    }

    pub(super) fn skip_spaces(self, mut at: u32) -> u32 {
        while let Some(lanes) = self.lanes(at) {
            let count = lanes.equal(b' ').leading();
            at += count;
            if count < WIDTH {
                break;
            }
        }
        at
    }

    /// `end`, or where the spaces before it begin; not before `start`.
    #[inline]
    pub(super) fn without_spaces(self, start: u32, mut end: u32) -> u32 {
        while end > start && self.get(end - 1) == b' ' {
            end -= 1;
        }
        end
    }

    /// The end of the line that `at` is in, before its break.
    pub(super) fn line_end(self, at: u32) -> u32 {
        let end = self.line_feed(at);
        if end > at && self.get(end) == b'\n' && self.get(end - 1) == b'\r' { end - 1 } else { end }
    }

    /// The line feed that ends the line `at` is in, or the end.
    #[inline(never)]
    fn line_feed(self, at: u32) -> u32 {
        self.find(at, |lanes| lanes.equal(b'\n').or(lanes.equal(0)))
    }

    /// The end of the name of an anchor that begins at `at`.
    pub(super) fn name_end(self, mut at: u32) -> u32 {
        while is_name(self.get(at)) {
            at += 1;
        }
        at
    }

    /// Whether `---` or `...` stands at `at`, the beginning of a line.
    pub(super) fn is_marker(self, at: u32) -> bool {
        matches!(self.slice(at, at + 3), b"---" | b"...") && self.is_blank(at + 3)
    }

    /// Behind the blank lines and the indentation that follow the break at
    /// `at`: `(offset, beginning of its line)`. A document marker is not
    /// passed.
    pub(super) fn next_text(self, at: u32) -> (u32, u32) {
        let mut line = self.after_break(at);
        loop {
            let text = self.skip_spaces(line);
            if self.is_marker(line) || !self.is_break(text) {
                return (text, line);
            }
            line = self.after_break(text);
        }
    }
}

/// The first byte from `at` on that ends a plain scalar or its line; spaces
/// may stand before it.
#[inline]
pub(super) fn plain_stop(bytes: Bytes<'_>, mut at: u32, flow: bool) -> u32 {
    loop {
        let stop = bytes.find(at, |lanes| {
            let block = lanes.control().or(lanes.equal(b':')).or(lanes.equal(b'#'));
            if flow { b",?[]{}".iter().fold(block, |all, &byte| all.or(lanes.equal(byte))) } else { block }
        });
        let goes_on = match bytes.get(stop) {
            b':' => !ends_key(bytes, stop, flow),
            b'#' => stop > 0 && bytes.get(stop - 1) != b' ',
            _ => false,
        };
        if !goes_on {
            return stop;
        }
        at = stop + 1;
    }
}

/// Whether the colon at `at`, behind a plain scalar, makes it a key.
pub(super) fn ends_key(bytes: Bytes<'_>, at: u32, flow: bool) -> bool {
    bytes.is_blank(at + 1) || flow && matches!(bytes.get(at + 1), b',' | b'[' | b']' | b'{' | b'}')
}

/// The first byte from `at` on that means something inside quotes: `quote`,
/// `mark` or a control.
#[inline]
pub(super) fn quoted_stop(bytes: Bytes<'_>, at: u32, quote: u8, mark: u8) -> u32 {
    bytes.find(at, |lanes| lanes.control().or(lanes.equal(quote)).or(lanes.equal(mark)))
}

/// The length of the escape at `at`; of an escaped break, only the backslash.
pub(super) fn escape(bytes: Bytes<'_>, at: u32) -> Result<u32, Fault> {
    if bytes.is_break(at + 1) {
        return Ok(1);
    }
    match escaped(bytes, at + 1) {
        Some((_, length)) => Ok(1 + length),
        None if digits(bytes.get(at + 1)) > 0 => Err(Fault { at, message: Message::EscapeCode }),
        None => Err(Fault { at, message: Message::Escape }),
    }
}

/// What escapes without digits stand for.
const ESCAPES: [(u8, char); 18] = [
    (b'0', '\0'),
    (b'a', '\x07'),
    (b'b', '\x08'),
    (b't', '\t'),
    (b'\t', '\t'),
    (b'n', '\n'),
    (b'v', '\x0b'),
    (b'f', '\x0c'),
    (b'r', '\r'),
    (b'e', '\x1b'),
    (b' ', ' '),
    (b'"', '"'),
    (b'\\', '\\'),
    (b'/', '/'),
    (b'N', '\u{85}'),
    (b'_', '\u{a0}'),
    (b'L', '\u{2028}'),
    (b'P', '\u{2029}'),
];

/// Hexadecimal digits that follow the escape `code`.
fn digits(code: u8) -> u32 {
    match code {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => 0,
    }
}

/// The character that the escape whose code stands at `at` means, and its
/// length from there.
#[inline(never)]
pub(super) fn escaped(bytes: Bytes<'_>, at: u32) -> Option<(char, u32)> {
    let code = bytes.get(at);
    let digits = digits(code);
    if digits == 0 {
        return ESCAPES.iter().find(|escape| escape.0 == code).map(|escape| (escape.1, 1));
    }
    let mut value = 0;
    for place in 1..=digits {
        value = value << 4 | char::from(bytes.get(at + place)).to_digit(16)?;
    }
    Some((char::from_u32(value)?, 1 + digits))
}

/// The header of a block scalar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) chomp: Chomp,
    /// The indentation indicator; 0 without one.
    pub(super) indent: u32,
    /// Where the first line of the text begins.
    pub(super) body: u32,
}

/// Whether the name of an anchor or directive may hold `byte`.
pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// What becomes of the breaks at the end of a block scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chomp {
    Clip,
    Strip,
    Keep,
}

/// Reads the header whose `|` or `>` stands at `start`.
pub(super) fn header(bytes: Bytes<'_>, start: u32) -> Result<Header, Fault> {
    let (mut chomp, mut indent, mut at) = (None, None, start + 1);
    loop {
        match bytes.get(at) {
            b'+' if chomp.is_none() => chomp = Some(Chomp::Keep),
            b'-' if chomp.is_none() => chomp = Some(Chomp::Strip),
            digit @ b'1'..=b'9' if indent.is_none() => indent = Some(u32::from(digit - b'0')),
            _ => break,
        }
        at += 1;
    }
    let end = bytes.skip_spaces(at);
    let comment = bytes.get(end) == b'#' && end > at;
    let end = if comment { bytes.line_end(end) } else { end };
    if !bytes.is_end(end) {
        return Err(Fault { at: end, message: Message::BlockHeader });
    }
    let body = if bytes.is_break(end) { bytes.after_break(end) } else { end };
    Ok(Header { chomp: chomp.unwrap_or(Chomp::Clip), indent: indent.unwrap_or(0), body })
}

/// The indentation of the block scalar whose text begins at `body`: that of
/// its first line that is not blank, `least` at least.
pub(super) fn block_indent(bytes: Bytes<'_>, body: u32, least: u32) -> Result<u32, Fault> {
    let (mut line, mut blank) = (body, 0);
    loop {
        let text = bytes.skip_spaces(line);
        let column = text - line;
        if bytes.is_break(text) {
            blank = blank.max(column);
            line = bytes.after_break(text);
            continue;
        }
        if column >= least && column < blank && bytes.get(text) != 0 {
            return Err(Fault { at: text, message: Message::DeepBlank });
        }
        return Ok(least.max(blank).max(column));
    }
}

/// The end of the block scalar whose text begins at `line`: where the first
/// line begins that is neither blank nor indented by `indent`.
#[inline(never)]
pub(super) fn block_end(bytes: Bytes<'_>, mut line: u32, indent: u32) -> u32 {
    loop {
        // A line of text, as nearly all are, needs no closer look.
        if bytes.lanes(line).is_none_or(|lanes| lanes.equal(b' ').leading() < indent) {
            let text = bytes.skip_spaces(line);
            if bytes.get(text) == 0 {
                return text.min(line + indent);
            }
            if !bytes.is_break(text) && text - line < indent {
                return line;
            }
        }
        let end = bytes.line_feed(line);
        if bytes.get(end) == 0 {
            return end;
        }
        line = end + 1;
    }
}

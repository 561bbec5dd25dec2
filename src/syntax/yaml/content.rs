//! The text of a scalar from its slice of the document: unfolded, unescaped,
//! without indentation.

use alloc::borrow::Cow;
use alloc::string::String;

use super::offset;
use super::scan::{Bytes, Chomp, escaped, header};
use super::tape::{Entry, Style};

/// The text of `entry`; borrowed when it stands in the document as it is.
#[inline(never)]
pub(super) fn text(document: &str, entry: Entry) -> Cow<'_, str> {
    let (start, end) = (entry.at, entry.end);
    let raw = |start: u32, end: u32| document.get(start as usize..end as usize).unwrap_or_default();
    match entry.style {
        Style::Plain => Cow::Borrowed(raw(start, end)),
        Style::PlainLines => Cow::Owned(lines(raw(start, end), None)),
        Style::Quoted => Cow::Borrowed(raw(start + 1, end - 1)),
        Style::Single => Cow::Owned(lines(raw(start + 1, end - 1), Some(b'\''))),
        Style::Double => Cow::Owned(lines(raw(start + 1, end - 1), Some(b'"'))),
        Style::Literal | Style::Folded => block(raw(0, end), entry),
        Style::Empty | Style::Alias | Style::Seq | Style::Map => Cow::Borrowed(""),
    }
}

/// A plain (`quote` is `None`) or quoted scalar of several lines or with
/// escapes.
fn lines(raw: &str, quote: Option<u8>) -> String {
    let bytes = Bytes(raw.as_bytes());
    let mut text = String::with_capacity(raw.len());
    let (mut at, mut copied) = (0, 0);
    let length = offset(raw.len());
    while at < length {
        let start = at;
        match bytes.get(at) {
            b' ' | b'\t' | b'\r' | b'\n' => {
                let end = skip_white(bytes, at);
                if !bytes.is_break(end) {
                    at = end.max(at + 1);
                    continue;
                }
                push(&mut text, raw, copied, start);
                at = fold(bytes, end, &mut text, true);
            }
            b'\'' if quote == Some(b'\'') => {
                push(&mut text, raw, copied, start + 1);
                at += 2;
            }
            b'\\' if quote == Some(b'"') => {
                push(&mut text, raw, copied, start);
                at = unescape(bytes, at + 1, &mut text);
            }
            _ => {
                at += 1;
                continue;
            }
        }
        copied = at;
    }
    push(&mut text, raw, copied, length);
    text
}

#[inline(never)]
fn push(text: &mut String, raw: &str, start: u32, end: u32) {
    text.push_str(raw.get(start as usize..end as usize).unwrap_or_default());
}

fn push_breaks(text: &mut String, count: u32) {
    for _ in 0..count {
        text.push('\n');
    }
}

fn skip_white(bytes: Bytes<'_>, mut at: u32) -> u32 {
    while matches!(bytes.get(at), b' ' | b'\t') {
        at += 1;
    }
    at
}

/// Passes the break at `at` and the blank lines and indentation behind it.
/// One break becomes a space (if `space`), each further one a line feed.
fn fold(bytes: Bytes<'_>, at: u32, text: &mut String, space: bool) -> u32 {
    let mut at = skip_white(bytes, bytes.after_break(at));
    if space && !bytes.is_break(at) {
        text.push(' ');
    }
    while bytes.is_break(at) {
        text.push('\n');
        at = skip_white(bytes, bytes.after_break(at));
    }
    at
}

/// Appends what the escape whose code stands at `at` means.
fn unescape(bytes: Bytes<'_>, at: u32, text: &mut String) -> u32 {
    if bytes.is_break(at) {
        return fold(bytes, at, text, false);
    }
    let (character, length) = escaped(bytes, at).unwrap_or_default();
    text.push(character);
    at + length
}

/// A block scalar; `document` ends where the scalar does.
#[inline(never)]
fn block(document: &str, entry: Entry) -> Cow<'_, str> {
    let bytes = Bytes(document.as_bytes());
    // The parser has read this header before.
    let Ok(head) = header(bytes, entry.at) else { return Cow::Borrowed("") };
    let indent = u32::from(entry.extra);
    let length = offset(document.len());
    let folded = entry.style == Style::Folded;
    let mut text = String::with_capacity(length.saturating_sub(head.body) as usize);
    let (mut line, mut breaks) = (head.body, 0_u32);
    // Whether the last line had text that may join the next one; whether it
    // had a break.
    let (mut joins, mut broken, mut first) = (false, false, true);
    while line < length {
        let start = line + blanks(bytes, line, indent);
        let end = bytes.line_end(start);
        // White space before the end of the text is a line like any other.
        let ended = end < length || end > line && bytes.skip_spaces(line) == end;
        line = if end < length { bytes.after_break(end) } else { end };
        if start == end {
            breaks += u32::from(ended);
            continue;
        }
        let flush = !matches!(bytes.get(start), b' ' | b'\t');
        if !first {
            if !(folded && joins && flush) {
                text.push('\n');
            } else if breaks == 0 {
                text.push(' ');
            }
        }
        push_breaks(&mut text, breaks);
        push(&mut text, document, start, end);
        (breaks, joins, broken, first) = (0, flush, ended, false);
    }
    if head.chomp != Chomp::Strip && broken {
        text.push('\n');
    }
    if head.chomp == Chomp::Keep {
        push_breaks(&mut text, breaks);
    }
    Cow::Owned(text)
}

/// How many of the first `most` characters at `at` are spaces.
fn blanks(bytes: Bytes<'_>, at: u32, most: u32) -> u32 {
    let mut count = 0;
    while count < most && bytes.get(at + count) == b' ' {
        count += 1;
    }
    count
}

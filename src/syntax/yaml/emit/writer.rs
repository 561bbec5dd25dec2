//! Characters to the page: columns, indentation, folding at 80.

use alloc::string::String;
use alloc::vec::Vec;

use super::INDENT;
use super::analysis::is_break;

/// Text may be folded at the first space behind this column.
const WIDTH: usize = 80;

pub(super) struct Writer {
    pub(super) out: String,
    column: usize,
    /// Whether white space was written last.
    whitespace: bool,
    /// Whether only indentation and indicators stand on the line.
    pub(super) indention: bool,
    /// `None` before the root.
    indent: Option<usize>,
    indents: Vec<Option<usize>>,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            out: String::new(),
            column: 0,
            whitespace: true,
            indention: true,
            indent: None,
            indents: Vec::new(),
        }
    }
}

impl Writer {
    /// Begins a collection; `same` keeps the indentation.
    pub(super) fn deeper(&mut self, same: bool) {
        self.indents.push(self.indent);
        self.indent = Some(match self.indent {
            None => 0,
            Some(indent) if same => indent,
            Some(indent) => indent + INDENT,
        });
    }

    /// Begins a scalar: its further lines are indented.
    pub(super) fn push_scalar_indent(&mut self) {
        self.indents.push(self.indent);
        self.indent = Some(self.indent.map_or(INDENT, |indent| indent + INDENT));
    }

    /// Ends what [`Writer::deeper`] or [`Writer::push_scalar_indent`] began.
    pub(super) fn shallower(&mut self) {
        self.indent = self.indents.pop().flatten();
    }

    /// Writes an indicator, behind a space if one is `needed`.
    pub(super) fn indicator(&mut self, text: &str, needed: bool, whitespace: bool, indention: bool) {
        if needed && !self.whitespace {
            self.push(" ");
        }
        self.push(text);
        self.whitespace = whitespace;
        self.indention = self.indention && indention;
    }

    fn push(&mut self, text: &str) {
        self.column += text.chars().count();
        self.out.push_str(text);
    }

    fn line_break(&mut self, character: char) {
        self.out.push(character);
        self.column = 0;
        self.whitespace = true;
        self.indention = true;
    }

    /// Goes to the current indentation, on a new line if needed.
    pub(super) fn indent(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indention || self.column > indent || self.column == indent && !self.whitespace {
            self.line_break('\n');
        }
        if self.column < indent {
            self.out.extend(core::iter::repeat_n(' ', indent - self.column));
            self.column = indent;
            self.whitespace = true;
        }
    }

    /// Goes to the beginning of a line.
    pub(super) fn newline(&mut self) {
        self.indent();
    }

    /// Writes the breaks of `breaks`, one more if the first is a line feed:
    /// outside literals a single one would read as a space.
    fn breaks(&mut self, breaks: &str) {
        if breaks.starts_with('\n') {
            self.line_break('\n');
        }
        breaks.chars().for_each(|character| self.line_break(character));
    }

    /// Plain, folded if `split`. Never of several lines.
    pub(super) fn plain(&mut self, text: &str, split: bool) {
        if text.is_empty() {
            return;
        }
        if !self.whitespace {
            self.push(" ");
        }
        self.whitespace = false;
        self.indention = false;
        for run in runs(text) {
            if run == " " && self.column > WIDTH && split {
                self.indent();
                self.whitespace = false;
                self.indention = false;
            } else {
                self.push(run);
            }
        }
    }

    pub(super) fn single(&mut self, text: &str, split: bool) {
        self.indicator("'", true, false, false);
        let mut before = 0;
        for run in runs(text) {
            let inner = before > 0 && before + run.len() < text.len();
            before += run.len();
            if run == " " && self.column > WIDTH && split && inner {
                self.indent();
            } else if run.starts_with(is_break) {
                self.breaks(run);
                self.indent();
            } else {
                for (position, part) in run.split('\'').enumerate() {
                    self.push(if position > 0 { "''" } else { "" });
                    self.push(part);
                }
            }
        }
        self.indicator("'", false, false, false);
    }

    pub(super) fn double(&mut self, text: &str, split: bool) {
        self.indicator("\"", true, false, false);
        let count = text.chars().count();
        // Characters waiting to be written, all to be kept as they are.
        let mut start = 0;
        for (position, (at, character)) in text.char_indices().enumerate() {
            let kept = matches!(character, ' ' | '!' | '#'..='[' | ']'..='~');
            if !kept {
                self.push(part(text, start, at));
                self.escape(character);
                start = at + character.len_utf8();
            }
            let foldable = 0 < position && position + 1 < count && (character == ' ' || start >= at);
            // An escape has been written already, and may stick out by one.
            if foldable && self.column + at > WIDTH + start.min(at + 1) && split {
                if kept {
                    self.push(part(text, start, at));
                    start = at;
                }
                self.push("\\");
                self.indent();
                self.whitespace = false;
                self.indention = false;
                if text.as_bytes().get(start) == Some(&b' ') {
                    self.push("\\");
                }
            }
        }
        self.push(part(text, start, text.len()));
        self.indicator("\"", false, false, false);
    }

    fn escape(&mut self, character: char) {
        let short = match character {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0b' => 'v',
            '\x0c' => 'f',
            '\r' => 'r',
            '\x1b' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(character);
                let (mut text, digits) = match code {
                    0..=0xff => (String::from("\\x"), 2),
                    0x100..=0xffff => (String::from("\\u"), 4),
                    _ => (String::from("\\U"), 8),
                };
                text.extend((0..digits).rev().map(|digit| hexadecimal(code >> (4 * digit) & 15)));
                return self.push(&text);
            }
        };
        self.push("\\");
        self.push(short.encode_utf8(&mut [0; 4]));
    }

    /// Literal; for base64 only: no line of it begins with a space.
    pub(super) fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        self.line_break('\n');
        for line in text.lines() {
            self.indent();
            self.push(line);
            self.line_break('\n');
        }
    }
}

/// A digit, 0 to 15, in upper case.
fn hexadecimal(digit: u32) -> char {
    char::from_digit(digit, 16).unwrap_or('0').to_ascii_uppercase()
}

/// The bytes `start..end` of a text, which begin and end characters: a slice would bring the words of
/// its panic along.
#[inline(never)]
fn part(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or_default()
}

/// `text` in runs of spaces, of line breaks, and of other characters.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    let class = |character: char| if character == ' ' { 1 } else { u8::from(is_break(character)) * 2 };
    let mut rest = text;
    core::iter::from_fn(move || {
        let first = class(rest.chars().next()?);
        let end = rest.find(|character| class(character) != first).unwrap_or(rest.len());
        let run = part(rest, 0, end);
        rest = part(rest, end, rest.len());
        Some(run)
    })
}

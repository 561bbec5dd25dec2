//! The document: what stands before and behind the one tree, and the state
//! that block and flow context share.

use alloc::vec::Vec;

use super::leaf::Leaf;
use super::properties::{Anchor, Properties};
use super::scan::{Bytes, is_name};
use super::tape::{Entry, Style, Tag, Tape};
use super::{Fault, Message, form, offset};
use crate::limits;

/// What is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Root,
    /// A block list.
    Seq,
    /// A block list as deep as the mapping it is a value of.
    Loose,
    /// A block mapping.
    Map,
    FlowSeq,
    FlowMap,
    /// A mapping of one entry without braces, inside `[]`.
    Pair,
}

/// What may come next in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    /// A key, an item or its dash.
    Entry,
    /// The value behind `:` or `-`.
    Node,
    /// Only what ends the node: nothing at the root, `,` or a bracket in flow.
    End,
}

/// A collection that is still open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) shape: Shape,
    pub(super) expect: Expect,
    /// The least column of its values: its own plus one; 0 at the root.
    pub(super) indent: u32,
    /// Its entry on the tape.
    pub(super) node: u32,
}

pub(super) struct Parser<'a> {
    pub(super) bytes: Bytes<'a>,
    pub(super) at: u32,
    /// Beginning of the line `at` is in.
    pub(super) line: u32,
    /// Whether a block collection may begin here: only indentation and dashes
    /// stand before it on its line.
    pub(super) fresh: bool,
    /// The scalar or alias read last.
    pub(super) leaf: Leaf,
    /// Where the text goes on behind a plain scalar at the end of its line,
    /// and where that line begins; 0 when nobody has looked.
    pub(super) next: u32,
    pub(super) next_line: u32,
    /// Behind the last `:`, `-` or `---`: where an empty node stands.
    pub(super) slot: u32,
    pub(super) tape: Tape<'a>,
    /// The innermost collection.
    pub(super) top: Frame,
    /// Those around it.
    pub(super) stack: Vec<Frame>,
    /// Properties of the coming node from lines before this one.
    pub(super) outer: Properties,
    /// Those of this line: a key takes them for itself.
    pub(super) inner: Properties,
    pub(super) anchors: Vec<Anchor<'a>>,
}

impl<'a> Parser<'a> {
    #[inline(never)]
    pub(super) fn new(text: &'a str) -> Self {
        let begin = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self {
            bytes: Bytes(text.as_bytes()),
            at: begin,
            line: begin,
            fresh: true,
            leaf: Leaf { style: Style::Empty, at: 0, end: 0 },
            next: 0,
            next_line: 0,
            slot: begin,
            tape: Tape { text, entries: Vec::new() },
            top: Frame { shape: Shape::Root, expect: Expect::Node, indent: 0, node: 0 },
            stack: Vec::with_capacity(limits::YAML_DEPTH),
            outer: Properties::default(),
            inner: Properties::default(),
            anchors: Vec::new(),
        }
    }

    /// Reads the whole text.
    pub(super) fn document(mut self) -> Result<Tape<'a>, Fault> {
        self.prologue()?;
        self.block()?;
        self.epilogue()?;
        Ok(self.tape)
    }

    #[inline(never)]
    fn prologue(&mut self) -> Result<(), Fault> {
        let (mut directive, mut version) = (false, false);
        self.skip_blank()?;
        while self.at == self.line && self.here() == b'%' {
            let end = self.bytes.line_end(self.at);
            let line = self.bytes.slice(self.at + 1, end);
            let mut parts = line.split(|&byte| byte == b' ');
            let name = parts.next().unwrap_or_default();
            if name == b"YAML" {
                let rest = parts.find(|part| !part.is_empty()).unwrap_or_default();
                let ends = parts.find(|part| !part.is_empty()).is_none_or(|part| part.starts_with(b"#"));
                if version || !ends || !form::fits(b"1.dd*", rest) {
                    return self.fail(Message::Version);
                }
                version = true;
            } else if name.is_empty() || name == b"TAG" || !name.iter().all(|&byte| is_name(byte)) {
                return self.fail(Message::Directive);
            }
            // Others are passed over, as YAML says.
            directive = true;
            self.at = end;
            self.skip_blank()?;
        }
        let marker = self.is_marker();
        if marker && self.here() == b'-' {
            self.at += 3;
            self.slot = self.at;
            self.fresh = false;
        } else if marker || directive {
            return self.fail(Message::NoMarker);
        }
        Ok(())
    }

    #[inline(never)]
    fn epilogue(&mut self) -> Result<(), Fault> {
        while self.here() != 0 {
            if !self.is_marker() || self.here() == b'-' {
                return self.fail(Message::SecondDocument);
            }
            self.at += 3;
            if !self.skip_blank()? && self.here() != 0 {
                return self.fail(Message::BehindEnd);
            }
        }
        Ok(())
    }

    /// Passes spaces, comments and line breaks; whether there was a break.
    pub(super) fn skip_blank(&mut self) -> Result<bool, Fault> {
        let mut crossed = false;
        loop {
            match self.here() {
                b' ' => self.at = self.bytes.skip_spaces(self.at),
                b'\n' | b'\r' => {
                    self.at = self.bytes.after_break(self.at);
                    self.line = self.at;
                    crossed = true;
                }
                b'#' if self.at == self.line || self.bytes.get(self.at - 1) == b' ' => {
                    self.at = self.bytes.line_end(self.at);
                }
                b'#' => return self.fail(Message::GluedComment),
                b'\t' => return self.fail(Message::Tab),
                _ => return Ok(crossed),
            }
        }
    }

    /// The byte at `at`, 0 at the end.
    pub(super) fn here(&self) -> u8 {
        self.bytes.get(self.at)
    }

    /// Whether a document marker stands at `at`.
    pub(super) fn is_marker(&self) -> bool {
        self.at == self.line && self.bytes.is_marker(self.at)
    }

    pub(super) fn fail<T>(&self, message: Message) -> Result<T, Fault> {
        Err(Fault { at: self.at, message })
    }

    /// Appends a node with the outer properties.
    #[inline]
    pub(super) fn add(&mut self, style: Style, at: u32, end: u32) -> Result<(), Fault> {
        if self.tape.entries.len() == self.tape.entries.capacity() {
            self.grow()?;
        }
        let mut entry = Entry { at, end, style, tag: Tag::Implicit, extra: 0 };
        if self.outer.any {
            self.attach(&mut entry)?;
        }
        self.tape.entries.push(entry);
        Ok(())
    }

    pub(super) fn add_leaf(&mut self) -> Result<(), Fault> {
        self.add(self.leaf.style, self.leaf.at, self.leaf.end)
    }

    /// Makes room for as many entries as the rest of the text will take if it
    /// goes on like this.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> Result<(), Fault> {
        let count = self.tape.entries.len();
        if count >= limits::YAML_NODES {
            return self.fail(Message::Nodes);
        }
        let (read, length) = (self.at as usize + 1, self.bytes.0.len());
        let more =
            if count == 0 { length / 64 } else { count.saturating_mul(length - self.at as usize) / read };
        self.tape.entries.reserve_exact((more + more / 16 + 16).min(limits::YAML_NODES - count));
        Ok(())
    }

    /// Appends a collection and opens it. Until it is closed its `end` is 0.
    pub(super) fn open(&mut self, shape: Shape, at: u32, indent: u32) -> Result<(), Fault> {
        if self.stack.len() >= limits::YAML_DEPTH {
            return Err(Fault { at, message: Message::Depth });
        }
        let map = matches!(shape, Shape::Map | Shape::FlowMap | Shape::Pair);
        let style = if map { Style::Map } else { Style::Seq };
        let node = offset(self.tape.entries.len());
        self.add(style, at, 0)?;
        self.stack.push(self.top);
        self.top = Frame { shape, expect: Expect::Entry, indent, node };
        Ok(())
    }

    /// Closes the innermost collection.
    pub(super) fn close(&mut self) {
        let end = offset(self.tape.entries.len());
        if let Some(entry) = self.tape.entries.get_mut(self.top.node as usize) {
            entry.end = end;
        }
        if let Some(frame) = self.stack.pop() {
            self.top = frame;
        }
    }
}

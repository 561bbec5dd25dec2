//! Block context: structure by indentation.

use super::leaf::Leaf;
use super::parser::{Expect, Parser, Shape};
use super::scan;
use super::tape::Style;
use super::{Fault, Message};

impl Parser<'_> {
    /// Reads the tree, up to the end or the next document marker.
    pub(super) fn block(&mut self) -> Result<(), Fault> {
        loop {
            if self.skip_blank()? {
                self.begin_line()?;
            }
            if self.here() == 0 || self.is_marker() {
                return self.finish();
            }
            let column = self.at - self.line;
            if self.fresh && column < self.top.indent {
                self.unwind(column)?;
            }
            self.token(column)?;
        }
    }

    /// Properties of the line before belong to the whole node to come.
    fn begin_line(&mut self) -> Result<(), Fault> {
        self.fresh = true;
        if self.inner.any && self.top.expect != Expect::Node {
            return Err(Fault { at: self.inner.at, message: Message::KeyExpected });
        }
        self.claim()
    }

    /// Closes what a token in `column` ends.
    fn unwind(&mut self, column: u32) -> Result<(), Fault> {
        let dash = self.is_dash();
        loop {
            let top = self.top;
            let (level, below) = (column + 1 == top.indent, column + 1 < top.indent);
            if top.expect == Expect::Node && (level || below) {
                if level && dash && top.shape == Shape::Map {
                    return Ok(());
                }
                self.empty_value()?;
            } else if below || level && !dash && top.shape == Shape::Loose {
                self.close();
            } else {
                return Ok(());
            }
        }
    }

    /// Closes everything.
    fn finish(&mut self) -> Result<(), Fault> {
        self.begin_line()?;
        loop {
            if self.top.expect == Expect::Node {
                self.empty_value()?;
            } else if self.top.shape == Shape::Root {
                return Ok(());
            } else {
                self.close();
            }
        }
    }

    fn is_dash(&self) -> bool {
        self.here() == b'-' && self.bytes.is_blank(self.at + 1)
    }

    fn token(&mut self, column: u32) -> Result<(), Fault> {
        let top = self.top;
        let byte = self.here();
        if top.expect == Expect::End {
            return self.fail(Message::BehindDocument);
        }
        if top.expect == Expect::Entry && !self.inner.any {
            if !self.fresh {
                return self.fail(Message::BehindValue);
            }
            if column + 1 != top.indent {
                return self.fail(Message::Indentation);
            }
        }
        let alone = matches!(byte, b'-' | b'?' | b':') && self.bytes.is_blank(self.at + 1);
        match byte {
            b'-' if alone => self.dash(column),
            b'?' if alone => self.fail(Message::ComplexKey),
            b':' if alone => {
                if !self.inner.any {
                    return self.fail(Message::KeyMissing);
                }
                self.leaf = Leaf { style: Style::Empty, at: self.at, end: self.at };
                self.key(self.at)
            }
            b'&' | b'!' => self.property(false),
            b'[' | b'{' => self.flow(),
            b'|' | b'>' => self.block_scalar(),
            _ => self.leaf_or_key(),
        }
    }

    /// `- `: an item, perhaps the first of its list.
    fn dash(&mut self, column: u32) -> Result<(), Fault> {
        if !self.fresh {
            return self.fail(Message::ListPlace);
        }
        if self.top.expect == Expect::Node {
            let shape = if column + 1 == self.top.indent { Shape::Loose } else { Shape::Seq };
            self.take_value(self.at)?;
            self.open(shape, self.at, column + 1)?;
        } else if !matches!(self.top.shape, Shape::Seq | Shape::Loose) {
            return self.fail(Message::ItemPlace);
        }
        self.top.expect = Expect::Node;
        self.at += 1;
        self.slot = self.at;
        Ok(())
    }

    fn leaf_or_key(&mut self) -> Result<(), Fault> {
        let line = self.line;
        self.leaf(false)?;
        let colon = if self.here() == b' ' { self.bytes.skip_spaces(self.at) } else { self.at };
        if self.bytes.get(colon) == b':' && self.bytes.is_blank(colon + 1) {
            if self.line != line {
                return Err(Fault { at: colon, message: Message::KeyLines });
            }
            return self.key(colon);
        }
        self.take_value(self.leaf.at)?;
        self.add_leaf()?;
        self.fresh = self.next > 0;
        if self.fresh {
            (self.at, self.line) = (self.next, self.next_line);
        }
        Ok(())
    }

    /// Takes the leaf, whose colon stands at `colon`, as a key; its mapping may
    /// begin with it.
    fn key(&mut self, colon: u32) -> Result<(), Fault> {
        let (start, fresh) =
            if self.inner.any { (self.inner.at, self.inner.fresh) } else { (self.leaf.at, self.fresh) };
        if !fresh {
            return Err(Fault { at: colon, message: Message::MapPlace });
        }
        self.check_key(start, colon)?;
        if self.top.expect == Expect::Node {
            let own = core::mem::take(&mut self.inner);
            self.take_value(start)?;
            self.inner = own;
            self.open(Shape::Map, start, start - self.line + 1)?;
        } else if self.top.shape != Shape::Map {
            return Err(Fault { at: start, message: Message::ItemExpected });
        }
        self.claim()?;
        self.add_leaf()?;
        self.top.expect = Expect::Node;
        self.slot = colon + 1;
        self.at = self.slot;
        self.fresh = false;
        Ok(())
    }

    /// Takes the place of the value that stands at `at`, with its properties.
    #[inline(never)]
    pub(super) fn take_value(&mut self, at: u32) -> Result<(), Fault> {
        let top = self.top;
        if top.expect != Expect::Node {
            let message = if top.shape == Shape::Map { Message::KeyExpected } else { Message::ItemExpected };
            return Err(Fault { at, message });
        }
        self.top.expect = if top.shape == Shape::Root { Expect::End } else { Expect::Entry };
        self.claim()
    }

    fn empty_value(&mut self) -> Result<(), Fault> {
        self.take_value(self.at)?;
        self.add(Style::Empty, self.slot, self.slot)
    }

    #[inline(never)]
    fn block_scalar(&mut self) -> Result<(), Fault> {
        let style = if self.here() == b'|' { Style::Literal } else { Style::Folded };
        let least = self.top.indent.max(1);
        self.take_value(self.at)?;
        let header = scan::header(self.bytes, self.at)?;
        let indent = match header.indent {
            0 => scan::block_indent(self.bytes, header.body, least)?,
            more => least + more - 1,
        };
        let Ok(extra) = u16::try_from(indent) else {
            return self.fail(Message::DeepBlock);
        };
        let end = scan::block_end(self.bytes, header.body, indent);
        self.add(style, self.at, end)?;
        if let Some(entry) = self.tape.entries.last_mut() {
            entry.extra = extra;
        }
        self.at = end;
        self.line = end;
        self.fresh = true;
        Ok(())
    }
}

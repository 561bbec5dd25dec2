//! Flow context: structure by brackets; indentation does not count.

use super::leaf::Leaf;
use super::parser::{Expect, Parser, Shape};
use super::tape::Style;
use super::{Fault, Message};

impl Parser<'_> {
    /// Reads the flow collection whose bracket stands at `at`.
    #[inline(never)]
    pub(super) fn flow(&mut self) -> Result<(), Fault> {
        let (outside, start) = (self.stack.len(), self.at);
        self.take_value(self.at)?;
        self.open_flow()?;
        while self.stack.len() > outside {
            self.skip_blank()?;
            if self.here() == 0 {
                return Err(Fault { at: start, message: Message::OpenBracket });
            }
            self.flow_token()?;
            if self.top.shape == Shape::Pair && self.top.expect == Expect::End {
                self.close();
            }
        }
        self.fresh = false;
        Ok(())
    }

    fn open_flow(&mut self) -> Result<(), Fault> {
        let shape = if self.here() == b'[' { Shape::FlowSeq } else { Shape::FlowMap };
        self.open(shape, self.at, self.top.indent)?;
        self.at += 1;
        Ok(())
    }

    fn flow_token(&mut self) -> Result<(), Fault> {
        let next = self.bytes.get(self.at + 1);
        match self.here() {
            b',' => self.comma(),
            b']' => self.close_flow(Shape::FlowSeq),
            b'}' => self.close_flow(Shape::FlowMap),
            b'[' | b'{' => self.nested(),
            b'&' | b'!' => self.property(true),
            b':' => self.empty_key(),
            b'?' => self.fail(Message::FlowComplexKey),
            b'-' | b'.' if self.is_marker() => self.fail(Message::OpenBracket),
            b'-' if self.bytes.is_blank(self.at + 1) || matches!(next, b',' | b'[' | b']' | b'{' | b'}') => {
                self.fail(Message::FlowDash)
            }
            _ => self.flow_leaf(),
        }
    }

    fn comma(&mut self) -> Result<(), Fault> {
        self.end_entry()?;
        if self.top.expect != Expect::End {
            return self.fail(Message::ValueMissing);
        }
        self.top.expect = Expect::Entry;
        self.at += 1;
        Ok(())
    }

    fn close_flow(&mut self, shape: Shape) -> Result<(), Fault> {
        self.end_entry()?;
        if self.top.shape != shape {
            return self.fail(Message::BracketMismatch);
        }
        self.close();
        self.at += 1;
        Ok(())
    }

    /// Completes an entry that has no value, or consists of properties alone.
    fn end_entry(&mut self) -> Result<(), Fault> {
        let top = self.top;
        let missing = top.expect == Expect::Node || top.expect == Expect::Entry && self.inner.any;
        if missing {
            self.leaf = Leaf { style: Style::Empty, at: self.at, end: self.at };
            self.add_value()?;
        } else if self.inner.any {
            return self.fail(Message::LoneProperties);
        }
        if self.top.shape == Shape::Pair {
            self.close();
        }
        Ok(())
    }

    /// Takes the leaf as item, as value, or as key without a value.
    fn add_value(&mut self) -> Result<(), Fault> {
        let top = self.top;
        if top.expect == Expect::End {
            return Err(Fault { at: self.leaf.at, message: Message::CommaExpected });
        }
        self.claim()?;
        let lone_key = top.shape == Shape::FlowMap && top.expect == Expect::Entry;
        if lone_key {
            // Without a colon its length does not matter.
            self.check_key(self.at, self.at)?;
        }
        self.add_leaf()?;
        if lone_key {
            self.add(Style::Empty, self.at, self.at)?;
        }
        self.top.expect = Expect::End;
        Ok(())
    }

    fn nested(&mut self) -> Result<(), Fault> {
        let top = self.top;
        if top.expect == Expect::End {
            return self.fail(Message::CommaExpected);
        }
        if top.shape == Shape::FlowMap && top.expect == Expect::Entry {
            return self.fail(Message::Template);
        }
        self.top.expect = Expect::End;
        self.claim()?;
        self.open_flow()
    }

    /// A colon with only properties before it.
    fn empty_key(&mut self) -> Result<(), Fault> {
        if self.top.expect != Expect::Entry || !self.inner.any || self.inner.line != self.line {
            return self.fail(Message::StrayColon);
        }
        self.leaf = Leaf { style: Style::Empty, at: self.at, end: self.at };
        self.flow_key(self.at)
    }

    fn flow_leaf(&mut self) -> Result<(), Fault> {
        let line = if self.inner.any { self.inner.line } else { self.line };
        self.leaf(true)?;
        let colon = self.bytes.skip_spaces(self.at);
        if self.top.expect == Expect::Entry && self.line == line && self.bytes.get(colon) == b':' {
            return self.flow_key(colon);
        }
        self.add_value()
    }

    /// Takes the leaf, whose colon stands at `colon`, as a key. Inside `[]` a
    /// mapping of one entry begins with it.
    fn flow_key(&mut self, colon: u32) -> Result<(), Fault> {
        let start = if self.inner.any { self.inner.at } else { self.leaf.at };
        self.check_key(start, colon)?;
        let top = self.top;
        if top.shape == Shape::FlowSeq {
            self.top.expect = Expect::End;
            self.open(Shape::Pair, start, top.indent)?;
        }
        self.claim()?;
        self.add_leaf()?;
        self.top.expect = Expect::Node;
        self.at = colon + 1;
        Ok(())
    }
}

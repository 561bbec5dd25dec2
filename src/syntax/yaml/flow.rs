//! Flow context: structure by brackets; indentation does not count.

use super::Fault;
use super::parser::{Expect, Leaf, Parser, Shape};
use super::properties::Properties;
use super::tape::Style;

impl Parser<'_> {
    /// Reads the flow collection whose bracket stands at `at`.
    pub(super) fn flow(&mut self) -> Result<(), Fault> {
        let (outside, start) = (self.stack.len(), self.at);
        let properties = self.take_value(self.at)?;
        self.open_flow(properties)?;
        while self.stack.len() > outside {
            self.skip_blank()?;
            if self.bytes.get(self.at) == 0 {
                return Err(Fault { at: start, message: "the bracket is not closed" });
            }
            self.flow_token()?;
            let top = self.top();
            if top.shape == Shape::Pair && top.expect == Expect::End {
                self.close();
            }
        }
        self.fresh = false;
        Ok(())
    }

    fn open_flow(&mut self, properties: Properties) -> Result<(), Fault> {
        let shape = if self.bytes.get(self.at) == b'[' { Shape::FlowSeq } else { Shape::FlowMap };
        let indent = self.top().indent;
        self.open(shape, self.at, indent, properties)?;
        self.at += 1;
        Ok(())
    }

    fn flow_token(&mut self) -> Result<(), Fault> {
        let next = self.bytes.get(self.at + 1);
        match self.bytes.get(self.at) {
            b',' => self.comma(),
            b']' => self.close_flow(Shape::FlowSeq),
            b'}' => self.close_flow(Shape::FlowMap),
            b'[' | b'{' => self.nested(),
            b'&' | b'!' => self.property(true),
            b':' => self.empty_key(),
            b'?' => self.fail("keys with '?' are not supported"),
            b'-' | b'.' if self.at == self.line && self.bytes.is_marker(self.at) => {
                self.fail("the bracket is not closed")
            }
            b'-' if self.bytes.is_blank(self.at + 1) || matches!(next, b',' | b'[' | b']' | b'{' | b'}') => {
                self.fail("'-' inside brackets must be quoted")
            }
            _ => self.flow_leaf(),
        }
    }

    fn comma(&mut self) -> Result<(), Fault> {
        self.end_entry()?;
        if self.top().expect != Expect::End {
            return self.fail("a value is missing before ','");
        }
        self.expect(Expect::Entry);
        self.at += 1;
        Ok(())
    }

    fn close_flow(&mut self, shape: Shape) -> Result<(), Fault> {
        self.end_entry()?;
        if self.top().shape != shape {
            return self.fail("this bracket does not match the open one");
        }
        self.close();
        self.at += 1;
        Ok(())
    }

    /// Completes an entry that has no value, or consists of properties alone.
    fn end_entry(&mut self) -> Result<(), Fault> {
        let top = self.top();
        let missing = top.expect == Expect::Node || top.expect == Expect::Entry && self.inner.any;
        if missing {
            let leaf = Leaf { style: Style::Empty, at: self.at, end: self.at };
            self.add_value(leaf)?;
        } else if self.inner.any {
            return self.fail("an anchor or tag without a value");
        }
        if self.top().shape == Shape::Pair {
            self.close();
        }
        Ok(())
    }

    /// Takes `leaf` as item, as value, or as key without a value.
    fn add_value(&mut self, leaf: Leaf) -> Result<(), Fault> {
        let top = self.top();
        if top.expect == Expect::End {
            return Err(Fault { at: leaf.at, message: "',' or the closing bracket is expected here" });
        }
        let properties = core::mem::take(&mut self.inner);
        let lone_key = top.shape == Shape::FlowMap && top.expect == Expect::Entry;
        if lone_key {
            // Without a colon its length does not matter.
            self.check_key(leaf.at, leaf.at, leaf)?;
        }
        self.add(leaf, properties)?;
        if lone_key {
            self.add(Leaf { style: Style::Empty, at: self.at, end: self.at }, Properties::default())?;
        }
        self.expect(Expect::End);
        Ok(())
    }

    fn nested(&mut self) -> Result<(), Fault> {
        let top = self.top();
        if top.expect == Expect::End {
            return self.fail("',' or the closing bracket is expected here");
        }
        if top.shape == Shape::FlowMap && top.expect == Expect::Entry {
            return self.fail("a key must be a scalar; a template in braces must be quoted");
        }
        self.expect(Expect::End);
        let properties = core::mem::take(&mut self.inner);
        self.open_flow(properties)
    }

    /// A colon with only properties before it.
    fn empty_key(&mut self) -> Result<(), Fault> {
        if self.top().expect != Expect::Entry || !self.inner.any || self.inner.line != self.line {
            return self.fail("':' is not expected here");
        }
        self.flow_key(Leaf { style: Style::Empty, at: self.at, end: self.at }, self.at)
    }

    fn flow_leaf(&mut self) -> Result<(), Fault> {
        let line = if self.inner.any { self.inner.line } else { self.line };
        let leaf = self.leaf(true)?;
        let colon = self.bytes.skip_spaces(self.at);
        if self.top().expect == Expect::Entry && self.line == line && self.bytes.get(colon) == b':' {
            return self.flow_key(leaf, colon);
        }
        self.add_value(leaf)
    }

    /// Takes `leaf`, whose colon stands at `colon`, as a key. Inside `[]` a
    /// mapping of one entry begins with it.
    fn flow_key(&mut self, leaf: Leaf, colon: usize) -> Result<(), Fault> {
        let start = if self.inner.any { self.inner.at } else { leaf.at };
        self.check_key(start, colon, leaf)?;
        let top = self.top();
        if top.shape == Shape::FlowSeq {
            self.expect(Expect::End);
            self.open(Shape::Pair, start, top.indent, Properties::default())?;
        }
        let properties = core::mem::take(&mut self.inner);
        self.add(leaf, properties)?;
        self.expect(Expect::Node);
        self.at = colon + 1;
        Ok(())
    }
}

//! Block context: structure by indentation.

use super::Fault;
use super::parser::{Expect, Leaf, Parser, Shape};
use super::properties::Properties;
use super::scan::{self, Extent};
use super::tape::Style;

impl Parser<'_> {
    /// Reads the tree, up to the end or the next document marker.
    pub(super) fn block(&mut self) -> Result<(), Fault> {
        loop {
            if self.skip_blank()? {
                self.begin_line()?;
            }
            let column = self.at - self.line;
            if self.bytes.get(self.at) == 0 || column == 0 && self.bytes.is_marker(self.at) {
                return self.finish();
            }
            if self.fresh {
                self.unwind(column)?;
            }
            self.token(column)?;
        }
    }

    /// Properties of the line before belong to the whole node to come.
    fn begin_line(&mut self) -> Result<(), Fault> {
        self.fresh = true;
        if !self.inner.any {
            return Ok(());
        }
        if self.top().expect != Expect::Node {
            return Err(Fault { at: self.inner.at, message: "a key with ':' is expected here" });
        }
        self.outer = self.outer.join(self.inner)?;
        self.inner = Properties::default();
        Ok(())
    }

    /// Closes what a token in `column` ends.
    fn unwind(&mut self, column: usize) -> Result<(), Fault> {
        let dash = self.is_dash();
        loop {
            let top = self.top();
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
        if self.inner.any {
            self.begin_line()?;
        }
        loop {
            let top = self.top();
            if top.expect == Expect::Node {
                self.empty_value()?;
            } else if top.shape == Shape::Root {
                return Ok(());
            } else {
                self.close();
            }
        }
    }

    fn is_dash(&self) -> bool {
        self.bytes.get(self.at) == b'-' && self.bytes.is_blank(self.at + 1)
    }

    fn token(&mut self, column: usize) -> Result<(), Fault> {
        let top = self.top();
        let byte = self.bytes.get(self.at);
        if top.expect == Expect::End {
            return self.fail("unexpected text behind the document's value");
        }
        if top.expect == Expect::Entry && !self.inner.any {
            if !self.fresh {
                return self.fail("unexpected text behind the value");
            }
            if column + 1 != top.indent {
                return self.fail("this indentation fits no list or mapping before it");
            }
        }
        match byte {
            b'-' if self.bytes.is_blank(self.at + 1) => self.dash(column),
            b'?' if self.bytes.is_blank(self.at + 1) => self.fail("keys with '? ' are not supported"),
            b':' if self.bytes.is_blank(self.at + 1) => {
                if !self.inner.any {
                    return self.fail("a key is missing before ':'");
                }
                let leaf = Leaf { style: Style::Empty, at: self.at, end: self.at };
                self.key(leaf, self.at)
            }
            b'&' | b'!' => self.property(false),
            b'[' | b'{' => self.flow(),
            b'|' | b'>' => self.block_scalar(),
            _ => self.leaf_or_key(),
        }
    }

    /// `- `: an item, perhaps the first of its list.
    fn dash(&mut self, column: usize) -> Result<(), Fault> {
        let top = self.top();
        if !self.fresh {
            return self.fail("a list cannot begin on this line");
        }
        if top.expect == Expect::Node {
            let shape = if column + 1 == top.indent { Shape::Loose } else { Shape::Seq };
            let properties = self.take_value(self.at)?;
            self.open(shape, self.at, column + 1, properties)?;
        } else if !matches!(top.shape, Shape::Seq | Shape::Loose) {
            return self.fail("a key is expected here, not a list's item");
        }
        self.expect(Expect::Node);
        self.at += 1;
        self.slot = self.at;
        Ok(())
    }

    fn leaf_or_key(&mut self) -> Result<(), Fault> {
        let line = self.line;
        let leaf = self.leaf(false)?;
        let colon = self.bytes.skip_spaces(self.at);
        if self.bytes.get(colon) == b':' && self.bytes.is_blank(colon + 1) {
            if self.line != line {
                return Err(Fault { at: leaf.at, message: "a key must stand on one line" });
            }
            return self.key(leaf, colon);
        }
        let properties = self.take_value(leaf.at)?;
        self.add(leaf, properties)?;
        self.fresh = false;
        Ok(())
    }

    /// Takes `leaf`, whose colon stands at `colon`, as a key; its mapping may
    /// begin with it.
    fn key(&mut self, leaf: Leaf, colon: usize) -> Result<(), Fault> {
        let (start, fresh) =
            if self.inner.any { (self.inner.at, self.inner.fresh) } else { (leaf.at, self.fresh) };
        if !fresh {
            return Err(Fault { at: colon, message: "a mapping cannot begin on this line" });
        }
        self.check_key(start, colon, leaf)?;
        let top = self.top();
        if top.expect == Expect::Node {
            let inner = core::mem::take(&mut self.inner);
            let properties = self.take_value(start)?;
            self.inner = inner;
            self.open(Shape::Map, start, start - self.line + 1, properties)?;
        } else if top.shape != Shape::Map {
            return Err(Fault { at: start, message: "'- ' is expected here" });
        }
        let properties = core::mem::take(&mut self.inner);
        self.add(leaf, properties)?;
        self.expect(Expect::Node);
        self.at = colon + 1;
        self.slot = self.at;
        self.fresh = false;
        Ok(())
    }

    /// Takes the place of the value that stands at `at`; its properties.
    pub(super) fn take_value(&mut self, at: usize) -> Result<Properties, Fault> {
        let top = self.top();
        if top.expect != Expect::Node {
            let message = if top.shape == Shape::Map {
                "a key with ':' is expected here"
            } else {
                "'- ' is expected here"
            };
            return Err(Fault { at, message });
        }
        self.expect(if top.shape == Shape::Root { Expect::End } else { Expect::Entry });
        let outer = core::mem::take(&mut self.outer);
        outer.join(core::mem::take(&mut self.inner))
    }

    fn empty_value(&mut self) -> Result<(), Fault> {
        let properties = self.take_value(self.at)?;
        self.add(Leaf { style: Style::Empty, at: self.slot, end: self.slot }, properties)?;
        Ok(())
    }

    fn block_scalar(&mut self) -> Result<(), Fault> {
        let style = if self.bytes.get(self.at) == b'|' { Style::Literal } else { Style::Folded };
        let least = self.top().indent.max(1);
        let properties = self.take_value(self.at)?;
        let header = scan::header(self.bytes, self.at)?;
        let indent = match header.indent {
            0 => scan::block_indent(self.bytes, header.body, least)?,
            more => least + more - 1,
        };
        let Ok(extra) = u16::try_from(indent) else {
            return self.fail("a block scalar indented too deeply");
        };
        let end = scan::block_end(self.bytes, header.body, indent);
        let index = self.add(Leaf { style, at: self.at, end }, properties)?;
        if let Some(entry) = self.tape.entries.get_mut(index as usize) {
            entry.extra = extra;
        }
        self.at = end;
        self.line = end;
        self.begin_line()
    }

    /// Reads the scalar or alias at `at`.
    pub(super) fn leaf(&mut self, flow: bool) -> Result<Leaf, Fault> {
        let at = self.at;
        let extent = match self.bytes.get(at) {
            b'*' => return self.alias(flow),
            b'"' | b'\'' => scan::quoted(self.bytes, at, self.line)?,
            b',' | b']' | b'}' => return self.fail("a closing bracket or comma without its opening"),
            b'|' | b'>' | b'%' | b'@' | b'`' => {
                return self.fail("no value may begin with this character; quote it");
            }
            _ => self.plain(flow),
        };
        self.at = extent.end;
        self.line = extent.line;
        Ok(Leaf { style: extent.style, at, end: extent.end })
    }

    fn plain(&mut self, flow: bool) -> Extent {
        let indent = self.top().indent;
        let extent = scan::plain(self.bytes, self.at, self.line, flow, indent);
        let text = self.bytes.0.get(self.at..extent.end).unwrap_or_default();
        if let [b'0', b'o', digits @ ..] = text
            && !digits.is_empty()
            && digits.iter().all(|digit| matches!(digit, b'0'..=b'7'))
        {
            self.warn(self.at, "a string in YAML 1.1: octal numbers begin with 0 alone");
        }
        extent
    }
}

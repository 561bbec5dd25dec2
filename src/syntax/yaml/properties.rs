//! Anchors, tags and aliases.

use super::leaf::Leaf;
use super::parser::Parser;
use super::tape::{Entry, Style, Tag};
use super::{Fault, Message, offset};
use crate::limits;

/// The names behind `!!`.
const TAGS: [(&str, Tag); 9] = [
    ("str", Tag::Str),
    ("int", Tag::Int),
    ("float", Tag::Float),
    ("bool", Tag::Bool),
    ("null", Tag::Null),
    ("binary", Tag::Binary),
    ("timestamp", Tag::Timestamp),
    ("map", Tag::Map),
    ("seq", Tag::Seq),
];

/// What stands before a node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Properties {
    /// Whether there is any.
    pub(super) any: bool,
    /// Where the anchor's name begins; 0 without one.
    anchor: u32,
    pub(super) tag: Tag,
    /// Where the first one stands, and its line's beginning.
    pub(super) at: u32,
    pub(super) line: u32,
    /// Whether a block collection could have begun there.
    pub(super) fresh: bool,
}

impl Properties {
    /// Both together: `self` stands before `inner`.
    pub(super) fn join(self, inner: Self) -> Result<Self, Fault> {
        if !self.any {
            return Ok(inner);
        }
        let two_anchors = self.anchor > 0 && inner.anchor > 0;
        if two_anchors || self.tag != Tag::Implicit && inner.tag != Tag::Implicit {
            return Err(Fault { at: inner.at, message: Message::TwoProperties });
        }
        let anchor = if self.anchor > 0 { self.anchor } else { inner.anchor };
        let tag = if self.tag == Tag::Implicit { inner.tag } else { self.tag };
        Ok(Self { anchor, tag, ..self })
    }
}

/// A name and the entry it stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor<'a> {
    name: &'a str,
    node: u32,
}

impl<'a> Parser<'a> {
    /// Reads the anchor or tag at `at` into the properties of this line.
    pub(super) fn property(&mut self, flow: bool) -> Result<(), Fault> {
        let mut found = Properties {
            any: true,
            at: self.at,
            line: self.line,
            fresh: self.fresh,
            ..Properties::default()
        };
        if self.here() == b'&' {
            (found.anchor, _) = self.name(flow)?;
        } else {
            found.tag = self.tag()?;
        }
        self.fresh = false;
        self.inner = self.inner.join(found)?;
        Ok(())
    }

    /// What stands before the coming node, on its line and above, is the
    /// node's own.
    pub(super) fn claim(&mut self) -> Result<(), Fault> {
        if self.inner.any {
            self.outer = self.outer.join(self.inner)?;
            self.inner.any = false;
        }
        Ok(())
    }

    /// Gives the outer properties to the entry that will come next on the tape.
    #[cold]
    #[inline(never)]
    pub(super) fn attach(&mut self, entry: &mut Entry) -> Result<(), Fault> {
        let properties = core::mem::take(&mut self.outer);
        let fits = match properties.tag {
            Tag::Implicit => true,
            Tag::Map => entry.style == Style::Map,
            Tag::Seq => entry.style == Style::Seq,
            _ => !entry.is_collection(),
        };
        if !fits {
            return Err(Fault { at: properties.at, message: Message::TagMisfit });
        }
        if entry.style == Style::Alias {
            return Err(Fault { at: entry.at, message: Message::AliasProperties });
        }
        entry.tag = properties.tag;
        self.define(properties.anchor)
    }

    /// Bounds of the name behind the `&` or `*` at `at`; moves behind it.
    fn name(&mut self, flow: bool) -> Result<(u32, u32), Fault> {
        let start = self.at + 1;
        let end = self.bytes.name_end(start);
        let ended = self.bytes.is_blank(end) || flow && matches!(self.bytes.get(end), b',' | b']' | b'}');
        if end == start || !ended {
            return self.fail(Message::AnchorName);
        }
        self.at = end;
        Ok((start, end))
    }

    fn tag(&mut self) -> Result<Tag, Fault> {
        let mut end = self.at;
        while !self.bytes.is_blank(end) {
            end += 1;
        }
        let name = self.bytes.slice(self.at, end).strip_prefix(b"!!").unwrap_or_default();
        let Some(&(_, tag)) = TAGS.iter().find(|(known, _)| known.as_bytes() == name) else {
            return self.fail(Message::Tag);
        };
        self.at = end;
        Ok(tag)
    }

    /// Reads the alias at `at` into `leaf`.
    #[inline(never)]
    pub(super) fn alias(&mut self, flow: bool) -> Result<(), Fault> {
        let at = self.at;
        let (start, end) = self.name(flow)?;
        let name = self.tape.slice(start, end);
        let found = self.find_anchor(name).ok();
        let Some(anchor) = found.and_then(|position| self.anchors.get(position)) else {
            return Err(Fault { at, message: Message::NoAnchor });
        };
        let target = self.tape.get(anchor.node);
        if target.is_collection() && target.end == 0 {
            return Err(Fault { at, message: Message::Cycle });
        }
        self.leaf = Leaf { style: Style::Alias, at, end: anchor.node };
        Ok(())
    }

    /// The position of the anchor `name`, or where it belongs.
    #[inline(never)]
    fn find_anchor(&self, name: &str) -> Result<usize, usize> {
        self.anchors.binary_search_by(|anchor| anchor.name.cmp(name))
    }

    /// Gives the entry to come the name that begins at `start`.
    fn define(&mut self, start: u32) -> Result<(), Fault> {
        if start == 0 {
            return Ok(());
        }
        let end = self.bytes.name_end(start);
        let index = offset(self.tape.entries.len());
        let fault = |message| Err(Fault { at: start, message });
        let name: &'a str = self.tape.slice(start, end);
        match self.find_anchor(name) {
            // A name may be given anew: aliases mean the last one before them.
            Ok(position) => {
                if let Some(anchor) = self.anchors.get_mut(position) {
                    anchor.node = index;
                }
                Ok(())
            }
            Err(_) if self.anchors.len() >= limits::YAML_ANCHORS => fault(Message::Anchors),
            Err(position) => {
                self.anchors.insert(position, Anchor { name, node: index });
                Ok(())
            }
        }
    }

    /// The length of a key from `at` to `end` is bounded, and the leaf that it
    /// consists of is no collection.
    pub(super) fn check_key(&self, at: u32, end: u32) -> Result<(), Fault> {
        let long = (end - at) as usize > limits::YAML_KEY
            && self.bytes.slice(at, end).iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
                > limits::YAML_KEY;
        if long {
            return Err(Fault { at, message: Message::LongKey });
        }
        if self.leaf.style == Style::Alias && self.tape.get(self.leaf.end).is_collection() {
            return Err(Fault { at, message: Message::CollectionKey });
        }
        Ok(())
    }
}

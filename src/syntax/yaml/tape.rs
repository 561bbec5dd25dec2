//! The tree as one array, and the cursor that walks it.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::{Error, Fault, Message, Warning, build, content, place, resolve, warnings};
use crate::syntax::value::{Data, Place, Value};

/// How an entry is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Nothing at all.
    Empty,
    /// Plain on one line: the slice is the text.
    Plain,
    /// Plain over several lines.
    PlainLines,
    /// Quoted, with nothing to unfold: the slice between the quotes is the text.
    Quoted,
    /// Single-quoted, with breaks or `''`; the slice between the quotes.
    Single,
    /// Double-quoted, with breaks or escapes; the slice between the quotes.
    Double,
    /// `|`; from the indicator to the end of the last line.
    Literal,
    /// `>`; likewise.
    Folded,
    Alias,
    Seq,
    Map,
}

/// The tags of the subset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tag {
    /// None: the resolver decides.
    #[default]
    Implicit,
    Str,
    Int,
    Float,
    Bool,
    Null,
    Binary,
    Timestamp,
    Map,
    Seq,
}

/// One node; a collection's children follow it at once, a mapping's as key,
/// value, key, value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Offset of the node in the text.
    pub(super) at: u32,
    /// A scalar's end in the text; a collection's end on the tape; the entry
    /// an alias stands for.
    pub(super) end: u32,
    pub(super) style: Style,
    pub(super) tag: Tag,
    /// A block scalar's indentation.
    pub(super) extra: u16,
}

impl Entry {
    pub(super) fn is_collection(&self) -> bool {
        matches!(self.style, Style::Seq | Style::Map)
    }

    /// Whether this is plain, on one line and without a tag.
    pub(super) fn is_plain(&self) -> bool {
        self.style == Style::Plain && self.tag == Tag::Implicit
    }
}

/// The entries and the text they point into.
#[derive(Debug)]
pub(super) struct Tape<'a> {
    pub(super) text: &'a str,
    pub(super) entries: Vec<Entry>,
}

impl<'a> Tape<'a> {
    /// The text from `start` to `end`.
    pub(super) fn slice(&self, start: u32, end: u32) -> &'a str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }

    #[inline]
    pub(super) fn get(&self, index: u32) -> &Entry {
        const NOTHING: &Entry = &Entry { at: 0, end: 0, style: Style::Empty, tag: Tag::Implicit, extra: 0 };
        #[cfg(test)]
        super::linear::step();
        self.entries.get(index as usize).unwrap_or(NOTHING)
    }

    /// `index`, or what it is an alias of.
    pub(super) fn follow(&self, index: u32) -> u32 {
        let entry = self.get(index);
        if entry.style == Style::Alias { entry.end } else { index }
    }

    /// The entry behind `index` and all below it.
    pub(super) fn after(&self, index: u32) -> u32 {
        let entry = self.get(index);
        if entry.is_collection() { entry.end } else { index + 1 }
    }

    /// The items of the list at `collection`, or keys and values of the
    /// mapping there.
    pub(super) fn children(&self, collection: u32) -> Children<'_, 'a> {
        Children { tape: self, at: collection + 1, end: self.get(collection).end }
    }

    /// The keys written in the mapping at `map`; the value of each stands
    /// behind it.
    pub(super) fn keys(&self, map: u32) -> impl Iterator<Item = u32> {
        self.children(map).step_by(2)
    }

    /// Whether the key at `index` is the one whose mapping is to be merged.
    pub(super) fn is_merge(&self, index: u32) -> bool {
        self.get(index).is_plain() && self.source(index) == "<<"
    }

    /// The text of a scalar as it is written.
    pub(super) fn source(&self, index: u32) -> &'a str {
        let entry = self.get(index);
        self.slice(entry.at, entry.end)
    }

    /// A scalar resolved; aliases are followed. `=` is a tag of its own in
    /// YAML 1.1, which `PyYAML` takes for a string in keys only.
    #[inline(never)]
    pub(super) fn scalar(&self, index: u32, is_key: bool) -> Result<Data<'a>, Message> {
        let entry = self.get(self.follow(index));
        let text = content::text(self.text, *entry);
        if is_key && self.get(index).is_plain() && text == "=" {
            return Ok(Data::Str(text));
        }
        let plain = matches!(entry.style, Style::Plain | Style::PlainLines | Style::Empty);
        resolve::scalar(text, plain, entry.tag)
    }
}

/// One parsed document.
#[derive(Debug)]
pub struct Document<'a> {
    tape: Tape<'a>,
}

/// What kind of node a [`Node`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anything without children.
    Scalar,
    /// A list.
    Seq,
    /// A mapping.
    Map,
}

impl<'a> Document<'a> {
    pub(super) fn new(tape: Tape<'a>) -> Self {
        Self { tape }
    }

    /// What may surprise the author, in the order of the text; at most
    /// [`crate::limits::YAML_WARNINGS`]. Walks the whole tree: who does not
    /// ask does not pay.
    pub fn warnings(&self) -> Vec<Warning> {
        warnings::of(&self.tape)
    }

    /// The outermost node.
    pub fn root(&self) -> Node<'_, 'a> {
        Node { tape: &self.tape, index: 0 }
    }

    /// The whole tree, every scalar resolved, aliases and merge keys followed;
    /// of duplicate keys the last value counts, in the place of the first.
    ///
    /// # Errors
    /// A scalar that cannot be what its tag or form says, a collection or
    /// a merge where none can stand, or a tree beyond the bounds once aliases
    /// are followed.
    pub fn to_value(&self) -> Result<Value<'a>, Error> {
        build::value(&self.tape).map_err(|fault| fault.in_text(self.tape.text))
    }
}

/// A place in the tree. Aliases are followed silently; merge keys are not.
#[derive(Clone, Copy, Debug)]
pub struct Node<'d, 'a> {
    tape: &'d Tape<'a>,
    index: u32,
}

impl<'d, 'a> Node<'d, 'a> {
    fn entry(self) -> &'d Entry {
        self.tape.get(self.tape.follow(self.index))
    }

    /// Where it stands (an alias: where the alias stands). Counts the lines
    /// before it, so the cost grows with the offset.
    pub fn place(self) -> Place {
        place::find(self.tape.text, self.tape.get(self.index).at as usize)
    }

    /// Scalar, list or mapping.
    pub fn kind(self) -> Kind {
        match self.entry().style {
            Style::Seq => Kind::Seq,
            Style::Map => Kind::Map,
            _ => Kind::Scalar,
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(self) -> Items<'d, 'a> {
        Items { rest: self.children(Style::Seq) }
    }

    /// Keys and values of a mapping as written, duplicates and `<<` included;
    /// none for anything else.
    pub fn entries(self) -> Entries<'d, 'a> {
        Entries { rest: self.children(Style::Map) }
    }

    fn children(self, style: Style) -> Children<'d, 'a> {
        let index = self.tape.follow(self.index);
        let entry = self.tape.get(index);
        let end = if entry.style == style { entry.end } else { 0 };
        Children { tape: self.tape, at: index + 1, end }
    }

    /// The value of string key `key`, the last one if there are several.
    pub fn get(self, key: &str) -> Option<Self> {
        let is_key = |node: &Self| matches!(node.value(), Ok(Data::Str(text)) if text == key);
        self.entries().filter(|(name, _)| is_key(name)).last().map(|(_, value)| value)
    }

    /// A scalar resolved.
    ///
    /// # Errors
    /// A scalar that cannot be what its tag or form says; a collection.
    pub fn value(self) -> Result<Data<'a>, Error> {
        if self.kind() != Kind::Scalar {
            let message = Cow::Borrowed("a scalar is expected here");
            return Err(Error { place: self.place(), message });
        }
        self.tape
            .scalar(self.index, false)
            .map_err(|message| Fault { at: self.tape.get(self.index).at, message }.in_text(self.tape.text))
    }
}

/// Indexes of the entries right below a collection.
#[derive(Clone, Debug)]
pub(super) struct Children<'d, 'a> {
    tape: &'d Tape<'a>,
    at: u32,
    end: u32,
}

impl Iterator for Children<'_, '_> {
    type Item = u32;

    #[inline(never)]
    fn next(&mut self) -> Option<u32> {
        let index = self.at;
        if index >= self.end {
            return None;
        }
        self.at = self.tape.after(index);
        Some(index)
    }
}

/// See [`Node::items`].
#[derive(Clone, Debug)]
pub struct Items<'d, 'a> {
    rest: Children<'d, 'a>,
}

impl<'d, 'a> Iterator for Items<'d, 'a> {
    type Item = Node<'d, 'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rest.next().map(|index| Node { tape: self.rest.tape, index })
    }
}

/// See [`Node::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'d, 'a> {
    rest: Children<'d, 'a>,
}

impl<'d, 'a> Iterator for Entries<'d, 'a> {
    type Item = (Node<'d, 'a>, Node<'d, 'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let node = |index| Node { tape: self.rest.tape, index };
        let (key, value) = (self.rest.next()?, self.rest.next()?);
        Some((node(key), node(value)))
    }
}

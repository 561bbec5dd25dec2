//! The owned tree from the tape.

use alloc::vec::Vec;

use super::place::Locator;
use super::tape::{Entry, Style, Tape};
use super::{Fault, Message};
use super::{keys, merge};
use crate::limits;
use crate::syntax::value::{Data, Value};

struct Builder<'t, 'a> {
    tape: &'t Tape<'a>,
    places: Locator<'a>,
    nodes: usize,
    merged: usize,
    /// Collections around the node being built.
    depth: usize,
}

/// The tree of the whole tape.
pub(super) fn value<'a>(tape: &Tape<'a>) -> Result<Value<'a>, Fault> {
    let mut builder = Builder { tape, places: Locator::new(tape.text), nodes: 0, merged: 0, depth: 0 };
    builder.node(0, false)
}

impl<'a> Builder<'_, 'a> {
    /// The node at `index` and all below it, no deeper than
    /// [`limits::YAML_DEPTH`].
    fn node(&mut self, index: u32, is_key: bool) -> Result<Value<'a>, Fault> {
        let target = self.tape.follow(index);
        let entry = self.tape.get(target);
        let fault = |message| Err(Fault { at: self.tape.get(index).at, message });
        if entry.is_collection() && is_key {
            return fault(Message::CollectionKey);
        }
        if entry.is_collection() && self.depth >= limits::YAML_DEPTH {
            return fault(Message::AliasDepth);
        }
        self.nodes += 1;
        if self.nodes > limits::YAML_NODES {
            return fault(Message::AliasNodes);
        }
        let place = self.places.find(entry.at as usize);
        self.depth += 1;
        let data = match entry.style {
            Style::Seq => self.list(target, entry)?,
            Style::Map => self.mapping(target)?,
            _ if is_key => self.tape.key(index)?,
            _ => self.tape.scalar(index)?,
        };
        self.depth -= 1;
        Ok(Value { place, data })
    }

    #[inline(never)]
    fn list(&mut self, list: u32, entry: Entry) -> Result<Data<'a>, Fault> {
        let mut items = Vec::with_capacity(self.children(list, entry));
        let mut at = list + 1;
        while at < entry.end {
            items.push(self.node(at, false)?);
            at = self.tape.after(at);
        }
        Ok(Data::Seq(items))
    }

    #[inline(never)]
    fn mapping(&mut self, map: u32) -> Result<Data<'a>, Fault> {
        let mut entries = Vec::new();
        let names: Vec<u32> = self.tape.pairs(map).map(|(key, _)| key).collect();
        if !merge::merges(self.tape, map) && keys::are_distinct(self.tape, &names) {
            entries.reserve_exact(names.len());
            for (key, value) in self.tape.pairs(map) {
                self.entry(key, value, &mut entries)?;
            }
        } else {
            for (key, value) in merge::entries(self.tape, map, &mut self.merged)? {
                self.entry(key, value, &mut entries)?;
            }
        }
        Ok(Data::Map(entries))
    }

    #[inline(never)]
    fn entry(
        &mut self,
        key: u32,
        value: u32,
        entries: &mut Vec<(Value<'a>, Value<'a>)>,
    ) -> Result<(), Fault> {
        entries.push((self.node(key, true)?, self.node(value, false)?));
        Ok(())
    }

    fn children(&self, collection: u32, entry: Entry) -> usize {
        let (mut count, mut at) = (0, collection + 1);
        while at < entry.end {
            count += 1;
            at = self.tape.after(at);
        }
        count
    }
}

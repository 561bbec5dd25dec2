//! The owned tree from the tape: aliases and merge keys followed, duplicate
//! keys settled.

use alloc::vec::Vec;

use super::keys;
use super::place::Locator;
use super::tape::{Style, Tape};
use super::{Fault, Message};
use crate::limits;
use crate::syntax::value::{Data, Value};

struct Builder<'t, 'a> {
    tape: &'t Tape<'a>,
    places: Locator<'a>,
    nodes: usize,
    /// Keys and mappings that `<<` has brought in so far.
    merged: usize,
    /// Collections around the node being built.
    depth: usize,
    fault: Option<Fault>,
}

/// The tree of the whole tape.
pub(super) fn value<'a>(tape: &Tape<'a>) -> Result<Value<'a>, Fault> {
    let places = Locator::new(tape.text);
    let mut builder = Builder { tape, places, nodes: 0, merged: 0, depth: 0, fault: None };
    let value = builder.node(0, false);
    builder.fault.map_or(Ok(value), Err)
}

impl<'a> Builder<'_, 'a> {
    /// The node at `index` and all below it, no deeper than
    /// [`limits::YAML_DEPTH`]; anything once there is a fault.
    #[inline(never)]
    fn node(&mut self, index: u32, is_key: bool) -> Value<'a> {
        let target = self.tape.follow(index);
        let entry = self.tape.get(target);
        let place = self.places.find(entry.at as usize);
        self.nodes += 1;
        let refused = if self.nodes > limits::YAML_NODES {
            Some(Message::AliasNodes)
        } else if !entry.is_collection() {
            None
        } else if is_key {
            Some(Message::CollectionKey)
        } else if self.depth >= limits::YAML_DEPTH {
            Some(Message::AliasDepth)
        } else {
            None
        };
        if let Some(message) = refused {
            self.refuse(index, message);
            return Value { place, data: Data::Null };
        }
        self.depth += 1;
        let data = match entry.style {
            Style::Seq => Data::Seq(self.list(target)),
            Style::Map => Data::Map(self.mapping(target)),
            _ => match self.tape.scalar(index, is_key) {
                Ok(data) => data,
                Err(message) => {
                    self.refuse(index, message);
                    Data::Null
                }
            },
        };
        self.depth -= 1;
        Value { place, data }
    }

    fn list(&mut self, list: u32) -> Vec<Value<'a>> {
        let mut items = Vec::new();
        for item in self.tape.children(list) {
            items.push(self.node(item, false));
            if self.fault.is_some() {
                break;
            }
        }
        items
    }

    fn mapping(&mut self, map: u32) -> Vec<(Value<'a>, Value<'a>)> {
        let mut keys = Vec::new();
        self.flatten(map, 0, &mut keys);
        let mut entries = Vec::with_capacity(keys.len());
        for key in keys {
            entries.push((self.node(key, true), self.node(key + 1, false)));
            if self.fault.is_some() {
                return entries;
            }
        }
        settle(&mut entries);
        entries
    }

    /// Appends the keys of the mapping at `map`, `depth` merges away from the
    /// one being built: those of the mappings it merges, then its own.
    #[inline(never)]
    fn flatten(&mut self, map: u32, depth: usize, keys: &mut Vec<u32>) {
        for key in self.tape.keys(map) {
            if self.tape.is_merge(key) && self.fault.is_none() {
                self.merge(key, depth + 1, keys);
            }
        }
        let before = keys.len();
        for key in self.tape.keys(map) {
            if !self.tape.is_merge(key) {
                keys.push(key);
            }
        }
        if depth > 0 {
            self.merged += 1 + keys.len() - before;
        }
        if self.merged > limits::YAML_MERGED_KEYS {
            self.refuse(map, Message::MergedKeys);
        }
    }

    /// Appends the keys of what the `<<` at `key` names.
    #[inline(never)]
    fn merge(&mut self, key: u32, depth: usize, keys: &mut Vec<u32>) {
        if depth > limits::YAML_DEPTH {
            return self.refuse(key, Message::AliasDepth);
        }
        let value = self.tape.follow(key + 1);
        let mut sources = Vec::new();
        if self.tape.get(value).style == Style::Seq {
            for item in self.tape.children(value) {
                sources.push(item);
            }
        } else {
            sources.push(key + 1);
        }
        // What is merged first is overridden: the first of a list wins.
        while let Some(source) = sources.pop() {
            let target = self.tape.follow(source);
            if self.tape.get(target).style != Style::Map {
                self.refuse(source, Message::Merge);
            }
            if self.fault.is_some() {
                return;
            }
            self.flatten(target, depth, keys);
        }
    }

    /// Keeps the first fault.
    #[inline(never)]
    fn refuse(&mut self, index: u32, message: Message) {
        let at = self.tape.get(index).at;
        self.fault.get_or_insert(Fault { at, message });
    }
}

/// Of equal keys the first one keeps its place and the last one its value.
#[inline(never)]
fn settle(entries: &mut Vec<(Value<'_>, Value<'_>)>) {
    if entries.len() < 2 {
        return;
    }
    let first = keys::first_equal(entries.len(), &|position| &entries[position].0.data);
    for (position, &leader) in first.iter().enumerate() {
        if leader < position {
            let (before, behind) = entries.split_at_mut(position);
            core::mem::swap(&mut before[leader].1, &mut behind[0].1);
        }
    }
    let mut position = 0;
    entries.retain(|_| {
        position += 1;
        first[position - 1] == position - 1
    });
}

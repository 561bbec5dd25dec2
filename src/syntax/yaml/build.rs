//! The owned tree from the tape.

use alloc::vec::Vec;

use super::Fault;
use super::merge::{self, Pair};
use super::place::Locator;
use super::tape::{Entry, Style, Tape};
use crate::limits;
use crate::syntax::value::{Data, Place, Value};

/// A collection being filled.
struct Frame<'a> {
    place: Place,
    /// The next child on the tape, and where they end.
    at: u32,
    end: u32,
    content: Content<'a>,
}

enum Content<'a> {
    Seq(Vec<Value<'a>>),
    Map(Vec<(Value<'a>, Value<'a>)>, Option<Value<'a>>),
    /// A mapping whose entries do not stand one behind the other: those left,
    /// last first.
    Gathered(Vec<Pair>, Vec<(Value<'a>, Value<'a>)>, Option<Value<'a>>),
}

impl<'a> Frame<'a> {
    /// The next child to build.
    fn next(&mut self, tape: &Tape<'a>) -> Option<u32> {
        if let Content::Gathered(left, _, key) = &mut self.content {
            return match key {
                Some(_) => left.pop().map(|(_, value)| value),
                None => left.last().map(|&(key, _)| key),
            };
        }
        let index = self.at;
        if index >= self.end {
            return None;
        }
        self.at = tape.after(index);
        Some(index)
    }

    fn wants_key(&self) -> bool {
        matches!(self.content, Content::Map(_, None) | Content::Gathered(_, _, None))
    }

    fn put(&mut self, value: Value<'a>) {
        match &mut self.content {
            Content::Seq(items) => items.push(value),
            Content::Map(entries, key) | Content::Gathered(_, entries, key) => match key.take() {
                Some(key) => entries.push((key, value)),
                None => *key = Some(value),
            },
        }
    }

    fn finish(self) -> Value<'a> {
        let data = match self.content {
            Content::Seq(items) => Data::Seq(items),
            Content::Map(entries, _) | Content::Gathered(_, entries, _) => Data::Map(entries),
        };
        Value { place: self.place, data }
    }
}

struct Builder<'t, 'a> {
    tape: &'t Tape<'a>,
    places: Locator<'a>,
    nodes: usize,
    merged: usize,
}

/// The tree of the whole tape.
pub(super) fn value<'a>(tape: &Tape<'a>) -> Result<Value<'a>, Fault> {
    let mut builder = Builder { tape, places: Locator::new(tape.text), nodes: 0, merged: 0 };
    let mut stack: Vec<Frame<'a>> = Vec::new();
    let mut index = 0;
    loop {
        let entry = tape.get(tape.follow(index));
        let at = tape.get(index).at as usize;
        if entry.is_collection() {
            if stack.last().is_some_and(Frame::wants_key) {
                return Err(Fault { at, message: "a key must be a scalar" });
            }
            if stack.len() >= limits::YAML_DEPTH {
                return Err(Fault { at, message: "nested too deeply once aliases are followed" });
            }
            stack.push(builder.frame(index, entry)?);
        } else {
            let value = builder.scalar(index, stack.last().is_some_and(Frame::wants_key))?;
            let Some(top) = stack.last_mut() else { return Ok(value) };
            top.put(value);
        }
        index = loop {
            let Some(top) = stack.last_mut() else { return Ok(Value::bare(Data::Null)) };
            if let Some(next) = top.next(tape) {
                break next;
            }
            let Some(done) = stack.pop().map(Frame::finish) else { return Ok(Value::bare(Data::Null)) };
            let Some(top) = stack.last_mut() else { return Ok(done) };
            top.put(done);
        };
    }
}

impl<'a> Builder<'_, 'a> {
    fn count(&mut self, index: u32) -> Result<Place, Fault> {
        let at = self.tape.get(index).at as usize;
        self.nodes += 1;
        if self.nodes > limits::YAML_NODES {
            return Err(Fault { at, message: "too many nodes once aliases are followed" });
        }
        let target = self.tape.get(self.tape.follow(index)).at as usize;
        Ok(self.places.find(target))
    }

    fn scalar(&mut self, index: u32, key: bool) -> Result<Value<'a>, Fault> {
        let place = self.count(index)?;
        let data = if key { self.tape.key(index)? } else { self.tape.scalar(index)? };
        Ok(Value { place, data })
    }

    fn frame(&mut self, index: u32, entry: Entry) -> Result<Frame<'a>, Fault> {
        let place = self.count(index)?;
        let map = self.tape.follow(index);
        let content = if entry.style == Style::Seq {
            Content::Seq(Vec::with_capacity(self.children(map, entry)))
        } else if entry.extra == 0 {
            Content::Map(Vec::with_capacity(self.children(map, entry) / 2), None)
        } else {
            let mut left = merge::entries(self.tape, map, &mut self.merged)?;
            left.reverse();
            Content::Gathered(left, Vec::new(), None)
        };
        Ok(Frame { place, at: map + 1, end: entry.end, content })
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

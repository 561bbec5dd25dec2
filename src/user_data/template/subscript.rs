//! What is inside a value: `value.name`, `value[key]`, `value[start:end]`.

use super::expression::entry;
use super::term::Term;
use super::{Read, Renderer};
use crate::syntax::value::{Data, Value};
use alloc::borrow::Cow;

impl<'v> Renderer<'v> {
    /// Reads what stands in square brackets; the opening one is read.
    pub(super) fn subscript(&mut self, term: Term) -> Read<Term> {
        let start = self.rest;
        if self.next_is(":") {
            return self.slice(term, None);
        }
        let key = self.choice()?;
        let source = start.get(..start.len() - self.rest.len()).unwrap_or_default();
        if self.next_is(":") {
            return self.slice(term, Some(key));
        }
        self.expect("]")?;
        let name = match self.data(key) {
            Some(Data::Str(Cow::Borrowed(name))) => name,
            _ => source.trim_ascii(),
        };
        let (index, key) = (self.number(key), self.text(key));
        self.inside(term, index, &key, name)
    }

    /// A part of a text or a list; `:` is read.
    fn slice(&mut self, term: Term, from: Option<Term>) -> Read<Term> {
        let to = if self.next_is("]") {
            None
        } else {
            let to = self.choice()?;
            self.expect("]")?;
            Some(to)
        };
        let length = self.length(term).unwrap_or(0);
        let mut bound = |term: Option<Term>, otherwise: usize| {
            let Some(term) = term else { return otherwise };
            match self.number(term) {
                Some(at) if at < 0 => {
                    length.saturating_sub(usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX))
                }
                Some(at) => usize::try_from(at).unwrap_or(usize::MAX).min(length),
                None => {
                    self.note("only integers tell a part of a text or a list", "");
                    otherwise
                }
            }
        };
        let (from, to) = (bound(from, 0), bound(to, length));
        let count = to.saturating_sub(from);
        let value = self.copy(term)?;
        match value.data {
            Data::Str(text) => self.make_text(text.chars().skip(from).take(count).collect()),
            Data::Seq(items) => {
                let items = items.into_iter().skip(from).take(count).collect();
                self.make(Data::Seq(items))
            }
            _ => {
                match self.missing(term) {
                    Some(name) => self.note("there is no {}", name),
                    None => self.note("only a text or a list has parts", ""),
                }
                Ok(super::term::NOTHING)
            }
        }
    }

    /// The item or entry of `term` at `index`, or under `key`; where there is
    /// none, `name` is what is missing.
    pub(super) fn inside(&mut self, term: Term, index: Option<i64>, key: &str, name: &'v str) -> Read<Term> {
        let length = self.length(term).unwrap_or(0);
        let at = index.and_then(|at| match usize::try_from(at) {
            Ok(at) => Some(at),
            Err(_) => length.checked_sub(usize::try_from(at.unsigned_abs()).ok()?),
        });
        match (self.data(term), at) {
            (Some(Data::Str(_) | Data::Seq(_)), Some(at)) if at < length => return self.at(term, at),
            (Some(Data::Map(_)), _) => self.spend(Some(length))?,
            (Some(_), _) => return self.keep(super::term::Slot::Missing(name)),
            (None, _) => self.note("there is no {}", self.missing(term).unwrap_or_default()),
        }
        self.part(term, name, &|map| entry(map, key))
    }
}

/// The value at a path of names with dots, as `attribute` gives it; `None`
/// where there is none.
pub(super) fn attribute<'v>(value: &Value<'v>, path: &str) -> Option<Value<'v>> {
    let mut value = value;
    for name in path.split('.') {
        value = match (&value.data, name.parse::<usize>()) {
            (Data::Seq(items), Ok(at)) => items.get(at)?,
            _ => entry(value, name)?,
        };
    }
    Some(value.clone())
}

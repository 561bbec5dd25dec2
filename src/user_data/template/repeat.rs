//! Loops: `{% for name in list if condition %}`.

use super::term::Term;
use super::{Read, Renderer};
use crate::syntax::value::{Data, Value};
use alloc::vec::Vec;

impl<'v> Renderer<'v> {
    /// Carries out a `for`.
    pub(super) fn repeat(&mut self) -> Read<()> {
        let names = self.names()?;
        if !self.keyword("in") {
            return self.stop("`in` is expected", "");
        }
        let list = self.iterated()?;
        let condition = self.condition()?;
        self.close("%}", true)?;
        let count = match self.count(list) {
            _ if !self.live => 0,
            Some(count) => count,
            None => return self.stop("only a list or a mapping can be repeated for", ""),
        };
        let (body, outer, made) = (self.rest, self.scope.len(), self.slots.len());
        let mut chosen = Vec::new();
        for index in 0..count {
            if self.is_chosen(&names, list, index, condition)? {
                chosen.push(index);
            }
        }
        let mut word = "";
        for (number, index) in chosen.iter().enumerate() {
            self.rest = body;
            self.bind(&names, list, *index)?;
            let counters = self.counters(number, chosen.len())?;
            self.scope.push(("loop", counters));
            word = self.block(true)?;
            self.scope.truncate(outer);
            self.slots.truncate(made);
            self.spend(Some(body.len() - self.rest.len()))?;
        }
        if chosen.is_empty() {
            self.rest = body;
            word = self.block(false)?;
        }
        if word == "else" {
            self.close("%}", true)?;
            word = self.block(chosen.is_empty())?;
            self.scope.truncate(outer);
        }
        if word == "endfor" { self.close("%}", true) } else { self.stop("`{% endfor %}` is missing", "") }
    }

    /// The names that an item gets, one or several.
    fn names(&mut self) -> Read<Vec<&'v str>> {
        let bracketed = self.next_is("(");
        let mut names = Vec::from([self.name()?]);
        while self.next_is(",") {
            names.push(self.name()?);
        }
        if bracketed {
            self.expect(")")?;
        }
        Ok(names)
    }

    /// Reads a loop's `if`; the value is what follows that word.
    fn condition(&mut self) -> Read<Option<&'v str>> {
        if !self.keyword("if") {
            return Ok(None);
        }
        let condition = self.rest;
        let outer = core::mem::replace(&mut self.live, false);
        self.expression()?;
        self.live = outer;
        Ok(Some(condition))
    }

    /// Whether the loop takes an item.
    fn is_chosen(
        &mut self,
        names: &[&'v str],
        list: Term,
        index: usize,
        condition: Option<&'v str>,
    ) -> Read<bool> {
        let Some(condition) = condition else { return Ok(true) };
        let (outer, made) = (self.scope.len(), self.slots.len());
        self.bind(names, list, index)?;
        self.rest = condition;
        let term = self.expression()?;
        let is_chosen = self.is_true(term);
        self.spend(Some(condition.len() - self.rest.len()))?;
        self.scope.truncate(outer);
        self.slots.truncate(made);
        Ok(is_chosen)
    }

    /// Gives an item its name, or the items in it theirs.
    fn bind(&mut self, names: &[&'v str], list: Term, index: usize) -> Read<()> {
        let item = self.at(list, index)?;
        if let [name] = names {
            self.scope.push((name, item));
            return Ok(());
        }
        if self.count(item) != Some(names.len()) {
            return self.stop("the loop has not as many names as its items have parts", "");
        }
        for (at, name) in names.iter().enumerate() {
            let part = self.at(item, at)?;
            self.scope.push((name, part));
        }
        Ok(())
    }

    /// What `loop` is inside a loop.
    fn counters(&mut self, index: usize, count: usize) -> Read<Term> {
        let mut entries = Vec::new();
        for (name, number) in [
            ("index", index + 1),
            ("index0", index),
            ("length", count),
            ("first", index),
            ("last", count - index),
        ] {
            let data = match name {
                "first" => Data::Bool(number == 0),
                "last" => Data::Bool(number == 1),
                _ => Data::Int(i64::try_from(number).unwrap_or(i64::MAX)),
            };
            entries.push((Value::bare(Data::Str(name.into())), Value::bare(data)));
        }
        self.make(Data::Map(entries))
    }
}

//! Literals: texts, lists and mappings.

use super::term::Term;
use super::{Read, Renderer};
use crate::syntax::value::{Data, Value};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

impl<'v> Renderer<'v> {
    /// The rest of a mapping.
    pub(super) fn mapping(&mut self) -> Read<Term> {
        let mut entries: Vec<(Value<'v>, Value<'v>)> = Vec::new();
        while !self.next_is("}") {
            let key = self.choice()?;
            self.expect(":")?;
            let value = self.choice()?;
            let (key, value) = (self.copy(key)?, self.copy(value)?);
            self.spend(Some(entries.len()))?;
            // the last of two counts, in the place of the first
            match entries.iter_mut().find(|(known, _)| known.data == key.data) {
                Some((_, known)) => *known = value,
                None => entries.push((key, value)),
            }
            if !self.next_is(",") {
                self.expect("}")?;
                break;
            }
        }
        self.make(Data::Map(entries))
    }

    /// The rest of a list up to `end`.
    pub(super) fn list(&mut self, mut items: Vec<Value<'v>>, end: &str) -> Read<Term> {
        while !self.next_is(end) {
            let item = self.choice()?;
            let copy = self.copy(item)?;
            items.push(copy);
            if !self.next_is(",") {
                self.expect(end)?;
                break;
            }
        }
        self.make(Data::Seq(items))
    }

    /// A text up to its closing quote.
    pub(super) fn literal(&mut self, quote: char) -> Read<Term> {
        let mut text = String::new();
        loop {
            let end = self.rest.find([quote, '\\']);
            let Some((plain, rest)) = end.and_then(|end| self.rest.split_at_checked(end)) else {
                return self.stop("the text has no closing quote", "");
            };
            let mut rest = rest.chars();
            let ended = rest.next() == Some(quote);
            if ended && text.is_empty() {
                self.rest = rest.as_str();
                return self.make(Data::Str(Cow::Borrowed(plain)));
            }
            text.push_str(plain);
            if ended {
                self.rest = rest.as_str();
                return self.make_text(text);
            }
            text.push(match rest.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some(escaped @ ('\\' | '"' | '\'')) => escaped,
                _ => return self.stop("only \\n, \\t, \\\\ and quotes can be escaped here", ""),
            });
            self.rest = rest.as_str();
        }
    }
}

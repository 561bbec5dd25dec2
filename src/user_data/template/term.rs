//! What an expression has come to, as Python sees it.

use super::{MISSING, Read, Renderer};
use crate::limits;
use crate::syntax::value::{Data, Value};
use crate::user_data::bound::weight;
use crate::user_data::mergers::compare;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Ordering;

/// A value of the template: its place in [`Renderer::slots`].
#[derive(Clone, Copy)]
pub(super) struct Term(usize);

/// Where a value is.
pub(super) enum Slot<'v> {
    /// Nowhere: Jinja's undefined, with the name of what is not there.
    Missing(&'v str),
    /// In the instance data.
    Given(&'v Value<'v>),
    /// Here: the template itself has made it.
    Made(Value<'v>),
}

/// Finds a part of a value.
type Find<'f, 'v> = &'f dyn for<'a> Fn(&'a Value<'v>) -> Option<&'a Value<'v>>;

/// What Jinja calls undefined where there is no name to tell.
pub(super) const NOTHING: Term = Term(0);

/// A choice of which neither side was taken: undefined, and without a text.
pub(super) const UNCHOSEN: Term = Term(1);

/// What [`NOTHING`] and [`UNCHOSEN`] stand for.
pub(super) fn first_slots<'v>() -> Vec<Slot<'v>> {
    Vec::from([Slot::Missing("None"), Slot::Missing("")])
}

impl<'v> Renderer<'v> {
    #[inline(never)]
    pub(super) fn keep(&mut self, slot: Slot<'v>) -> Read<Term> {
        // each takes memory
        self.spend(Some(64))?;
        self.slots.push(slot);
        Ok(Term(self.slots.len() - 1))
    }

    /// Keeps a new value.
    #[inline(never)]
    pub(super) fn make(&mut self, data: Data<'v>) -> Read<Term> {
        let value = Value::bare(data);
        self.spend(weight(&value, limits::YAML_DEPTH))?;
        self.keep(Slot::Made(value))
    }

    pub(super) fn make_bool(&mut self, truth: bool) -> Read<Term> {
        self.make(Data::Bool(truth))
    }

    pub(super) fn make_text(&mut self, text: String) -> Read<Term> {
        self.make(Data::Str(text.into()))
    }

    pub(super) fn make_number(&mut self, number: usize) -> Read<Term> {
        self.make(Data::Int(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    #[inline(never)]
    pub(super) fn value(&self, term: Term) -> Option<&Value<'v>> {
        match self.slots.get(term.0)? {
            Slot::Missing(_) => None,
            Slot::Given(value) => Some(value),
            Slot::Made(value) => Some(value),
        }
    }

    /// The name of what is not there.
    pub(super) fn missing(&self, term: Term) -> Option<&'v str> {
        match self.slots.get(term.0) {
            Some(Slot::Missing(name)) => Some(name),
            _ => None,
        }
    }

    /// A part of a value, which is the same for equal values; a missing name
    /// where `find` finds none.
    #[inline(never)]
    pub(super) fn part(&mut self, whole: Term, name: &'v str, find: Find<'_, 'v>) -> Read<Term> {
        let slot = match self.slots.get(whole.0) {
            Some(Slot::Given(whole)) => find(whole).map(Slot::Given),
            Some(Slot::Made(whole)) => match find(whole) {
                Some(part) => {
                    let part = part.clone();
                    self.spend(weight(&part, usize::MAX))?;
                    Some(Slot::Made(part))
                }
                None => None,
            },
            _ => None,
        };
        self.keep(slot.unwrap_or(Slot::Missing(name)))
    }

    pub(super) fn data(&self, term: Term) -> Option<&Data<'v>> {
        self.value(term).map(|value| &value.data)
    }

    /// A value of its own; null for one that is not there.
    pub(super) fn copy(&mut self, term: Term) -> Read<Value<'v>> {
        let Some(value) = self.value(term) else { return Ok(Value::bare(Data::Null)) };
        let weight = weight(value, limits::YAML_DEPTH);
        self.spend(weight)?;
        Ok(self.value(term).cloned().unwrap_or_else(|| Value::bare(Data::Null)))
    }

    /// How often a loop over it goes round; `None`: it is no list or mapping.
    pub(super) fn count(&self, term: Term) -> Option<usize> {
        self.length(term).filter(|_| !matches!(self.data(term), Some(Data::Str(_))))
    }

    /// Character `index` of a text, item `index` of a list, or key `index` of
    /// a mapping, which has it.
    #[inline(never)]
    pub(super) fn at(&mut self, term: Term, index: usize) -> Read<Term> {
        if let Some(Data::Str(text)) = self.data(term) {
            let character = text.chars().nth(index).map(String::from).unwrap_or_default();
            let walked = text.len();
            self.spend(Some(walked))?;
            return self.make_text(character);
        }
        self.part(term, "None", &|value| match &value.data {
            Data::Seq(items) => items.get(index),
            _ => value.entries().get(index).map(|(key, _)| key),
        })
    }

    /// Python's truth of a value.
    #[inline(never)]
    pub(super) fn is_true(&self, term: Term) -> bool {
        match self.data(term) {
            None | Some(Data::Null | Data::Bool(false) | Data::Int(0)) => false,
            Some(Data::Float(number)) => number.bytes().any(|digit| matches!(digit, b'1'..=b'9')),
            _ => self.length(term) != Some(0),
        }
    }

    /// How many characters, items or keys it has.
    #[inline(never)]
    pub(super) fn length(&self, term: Term) -> Option<usize> {
        match self.data(term) {
            None => Some(0),
            // a character has one byte that continues none
            Some(Data::Str(text)) => Some(text.bytes().filter(|byte| byte & 0xc0 != 0x80).count()),
            Some(Data::Seq(items)) => Some(items.len()),
            Some(Data::Map(entries)) => Some(entries.len()),
            _ => None,
        }
    }

    /// The integer that Python sees in it.
    pub(super) fn number(&self, term: Term) -> Option<i64> {
        match self.data(term)? {
            Data::Int(number) => Some(*number),
            Data::Bool(value) => Some(i64::from(*value)),
            _ => None,
        }
    }

    /// How two values compare; `None` where only one is there.
    pub(super) fn order(&self, one: Term, other: Term) -> Option<Ordering> {
        match (self.value(one), self.value(other)) {
            (None, None) => Some(Ordering::Equal),
            (Some(first), Some(second)) => Some(match (self.number(one), self.number(other)) {
                (Some(one), Some(other)) => one.cmp(&other),
                _ => compare(first, second),
            }),
            _ => None,
        }
    }

    /// Python's `str` of the value.
    #[inline(never)]
    pub(super) fn text(&self, term: Term) -> String {
        let mut text = String::new();
        match self.value(term) {
            Some(Value { data: Data::Str(content), .. }) => text.push_str(content),
            Some(value) => push(value, &mut text),
            None => {
                let name = self.missing(term).unwrap_or_default();
                if !name.is_empty() {
                    text.push_str(MISSING);
                    text.push_str(name);
                }
            }
        }
        text
    }
}

/// Appends Python's `repr` of a value.
fn push(value: &Value<'_>, out: &mut String) {
    let word = match &value.data {
        Data::Null => "None",
        Data::Bool(true) => "True",
        Data::Bool(false) => "False",
        Data::Int(number) => &number.to_string(),
        Data::BigInt(text) | Data::Float(text) => text,
        Data::Str(text) | Data::Timestamp(text) => return push_quoted(text, out),
        Data::Bytes(_) => "b''",
        Data::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "[" } else { ", " });
                push(item, out);
            }
            if items.is_empty() { "[]" } else { "]" }
        }
        Data::Map(entries) => {
            for (index, (key, value)) in entries.iter().enumerate() {
                out.push_str(if index == 0 { "{" } else { ", " });
                push(key, out);
                out.push_str(": ");
                push(value, out);
            }
            if entries.is_empty() { "{}" } else { "}" }
        }
    };
    out.push_str(word);
}

/// Python's `repr` of a text.
fn push_quoted(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for character in text.chars() {
        let escape = match character {
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\0'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{ad}' => {
                let code = u32::from(character);
                out.push_str("\\x");
                for digit in [code >> 4, code & 15] {
                    out.push(char::from_digit(digit, 16).unwrap_or('0'));
                }
                continue;
            }
            _ => {
                if character == '\\' || character == quote {
                    out.push('\\');
                }
                out.push(character);
                continue;
            }
        };
        out.push_str(escape);
    }
    out.push(quote);
}

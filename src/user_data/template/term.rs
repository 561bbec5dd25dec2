//! What an expression has come to, as Python sees it.

use super::{MISSING, Read, Renderer};
use crate::limits;
use crate::syntax::value::{Data, Value};
use crate::user_data::bound::weight;
use crate::user_data::mergers::compare;
use alloc::string::{String, ToString};
use core::cmp::Ordering;

/// A value of a template.
#[derive(Clone, Copy)]
pub(super) enum Term<'v> {
    /// Jinja's undefined: the name of what is not there. A choice of which
    /// neither side was taken has an empty name, and no text.
    Missing(&'v str),
    /// A value of the instance data.
    Given(&'v Value<'v>),
    /// What the template itself has made: a place in [`Renderer::made`].
    Made(usize),
}

/// What Jinja calls undefined where there is no name to tell.
pub(super) const NOTHING: Term<'_> = Term::Missing("None");

impl<'v> Renderer<'v> {
    /// Keeps a new value.
    #[inline(never)]
    pub(super) fn make(&mut self, data: Data<'v>) -> Read<Term<'v>> {
        let value = Value::bare(data);
        self.spend(weight(&value, limits::YAML_DEPTH))?;
        self.made.push(value);
        Ok(Term::Made(self.made.len() - 1))
    }

    pub(super) fn make_text(&mut self, text: String) -> Read<Term<'v>> {
        self.make(Data::Str(text.into()))
    }

    pub(super) fn make_number(&mut self, number: usize) -> Read<Term<'v>> {
        self.make(Data::Int(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    #[inline(never)]
    pub(super) fn value(&self, term: Term<'v>) -> Option<&Value<'v>> {
        match term {
            Term::Missing(_) => None,
            Term::Given(value) => Some(value),
            Term::Made(at) => self.made.get(at),
        }
    }

    pub(super) fn data(&self, term: Term<'v>) -> Option<&Data<'v>> {
        self.value(term).map(|value| &value.data)
    }

    /// A value of its own; null for one that is not there.
    pub(super) fn copy(&mut self, term: Term<'v>) -> Read<Value<'v>> {
        let Some(value) = self.value(term) else { return Ok(Value::bare(Data::Null)) };
        let weight = weight(value, limits::YAML_DEPTH);
        self.spend(weight)?;
        Ok(self.value(term).cloned().unwrap_or_else(|| Value::bare(Data::Null)))
    }

    /// How often a loop over it goes round; `None`: it is no list or mapping.
    pub(super) fn count(&self, term: Term<'v>) -> Option<usize> {
        self.length(term).filter(|_| !matches!(self.data(term), Some(Data::Str(_))))
    }

    /// Character `index` of a text, item `index` of a list, or key `index` of
    /// a mapping, which has it.
    #[inline(never)]
    pub(super) fn at(&mut self, term: Term<'v>, index: usize) -> Read<Term<'v>> {
        if let Some(Data::Str(text)) = self.data(term) {
            let character = text.chars().nth(index).map(String::from).unwrap_or_default();
            let walked = text.len();
            self.spend(Some(walked))?;
            return self.make_text(character);
        }
        if let Term::Given(value) = term {
            return Ok(item(value, index).map_or(NOTHING, Term::Given));
        }
        match self.value(term).and_then(|value| item(value, index)).cloned() {
            Some(value) => self.make(value.data),
            None => Ok(NOTHING),
        }
    }

    /// Python's truth of a value.
    #[inline(never)]
    pub(super) fn is_true(&self, term: Term<'v>) -> bool {
        match self.data(term) {
            None | Some(Data::Null | Data::Bool(false) | Data::Int(0)) => false,
            Some(Data::Float(number)) => number.bytes().any(|digit| matches!(digit, b'1'..=b'9')),
            _ => self.length(term) != Some(0),
        }
    }

    /// How many characters, items or keys it has.
    #[inline(never)]
    pub(super) fn length(&self, term: Term<'v>) -> Option<usize> {
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
    pub(super) fn number(&self, term: Term<'v>) -> Option<i64> {
        match self.data(term)? {
            Data::Int(number) => Some(*number),
            Data::Bool(value) => Some(i64::from(*value)),
            _ => None,
        }
    }

    /// How two values compare; `None` where only one is there.
    pub(super) fn order(&self, one: Term<'v>, other: Term<'v>) -> Option<Ordering> {
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
    pub(super) fn text(&self, term: Term<'v>) -> String {
        let mut text = String::new();
        match (term, self.value(term)) {
            (_, Some(Value { data: Data::Str(content), .. })) => text.push_str(content),
            (_, Some(value)) => push(value, &mut text),
            (Term::Missing(name), None) if !name.is_empty() => {
                text.push_str(MISSING);
                text.push_str(name);
            }
            _ => {}
        }
        text
    }
}

fn item<'a, 'v>(value: &'a Value<'v>, index: usize) -> Option<&'a Value<'v>> {
    match &value.data {
        Data::Seq(items) => items.get(index),
        _ => value.entries().get(index).map(|(key, _)| key),
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

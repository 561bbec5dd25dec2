//! Filters of lists and mappings.

use super::method::Arguments;
use super::subscript::attribute;
use super::term::{NOTHING, Term};
use super::{Read, Renderer};
use crate::syntax::json::{self, Style};
use crate::syntax::value::{Data, Value};
use crate::user_data::mergers::compare;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

impl<'v> Renderer<'v> {
    /// Every item's `attribute`, or what a filter without arguments makes of it.
    pub(super) fn mapped(&mut self, term: Term, arguments: &Arguments) -> Read<Term> {
        let items = self.listed(term)?;
        let mut mapped = Vec::new();
        let (path, filter) = match (arguments.attribute, arguments.terms[0]) {
            (Some(path), None) => (Some(self.text(path)), None),
            (None, Some(name)) => (None, Some(self.text(name))),
            _ => return self.stop("map wants an attribute or the name of a filter", ""),
        };
        for item in items {
            let value = if let Some(path) = &path {
                let Some(value) = attribute(&item, path) else {
                    self.note("an item has no such attribute", "");
                    continue;
                };
                value
            } else {
                let made = self.slots.len();
                let item = self.make(item.data)?;
                let term = self.filter_called(filter.as_deref().unwrap_or_default(), item)?;
                let value = self.copy(term)?;
                self.slots.truncate(made);
                value
            };
            mapped.push(value);
        }
        self.make(Data::Seq(mapped))
    }

    /// The items whose attribute passes a test, or those whose does not.
    pub(super) fn selected(&mut self, term: Term, arguments: &Arguments, wanted: bool) -> Read<Term> {
        let items = self.listed(term)?;
        let [path, test, with] = arguments.terms;
        let path = self.text(path.unwrap_or(NOTHING));
        let test = test.map(|test| self.text(test));
        let with = with.map(|with| self.copy(with)).transpose()?;
        let mut selected = Vec::new();
        for item in items {
            let found = attribute(&item, &path);
            let passes = match (test.as_deref(), &found, &with) {
                (None, _, None) => {
                    let made = self.slots.len();
                    let term = match found {
                        Some(value) => self.make(value.data)?,
                        None => NOTHING,
                    };
                    let truth = self.is_true(term);
                    self.slots.truncate(made);
                    truth
                }
                (Some("defined"), found, None) => found.is_some(),
                (Some("undefined"), found, None) => found.is_none(),
                (Some("none"), found, None) => matches!(found, Some(Value { data: Data::Null, .. })),
                (Some("equalto" | "eq" | "=="), found, Some(with)) => {
                    found.as_ref().is_some_and(|found| compare(found, with).is_eq())
                }
                (Some("ne" | "!="), found, Some(with)) => {
                    found.as_ref().is_none_or(|found| compare(found, with).is_ne())
                }
                (Some("in"), found, Some(Value { data: Data::Seq(list), .. })) => {
                    self.spend(Some(list.len()))?;
                    found.as_ref().is_some_and(|found| list.iter().any(|item| compare(item, found).is_eq()))
                }
                _ => {
                    return self.stop("only defined, undefined, none, equalto, ne and in can be tested", "");
                }
            };
            if passes == wanted {
                selected.push(item);
            }
        }
        self.make(Data::Seq(selected))
    }

    /// The items in order, or each but once; texts by their letters alone.
    pub(super) fn ordered(&mut self, items: Vec<Value<'v>>, unique: bool) -> Read<Term> {
        let all = |fits: fn(&Data<'v>) -> bool| items.iter().all(|item| fits(&item.data));
        if !all(|data| matches!(data, Data::Str(_))) && !all(|data| matches!(data, Data::Int(_))) {
            self.note("only texts alone, or integers alone, can be compared", "");
            return Ok(NOTHING);
        }
        let key = |value: &Value<'v>| match &value.data {
            Data::Str(text) => (0, text.to_lowercase()),
            Data::Int(number) => (*number, String::new()),
            _ => (0, String::new()),
        };
        let mut keyed: Vec<_> = items.into_iter().map(|item| (key(&item), item)).collect();
        if unique {
            let mut numbered: Vec<_> = keyed.into_iter().enumerate().collect();
            // stable: of equal ones the first stays
            numbered.sort_by(|(_, (one, _)), (_, (other, _))| one.cmp(other));
            numbered.dedup_by(|(_, (other, _)), (_, (one, _))| one == other);
            numbered.sort_by_key(|(number, _)| *number);
            keyed = numbered.into_iter().map(|(_, item)| item).collect();
        } else {
            keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        self.make(Data::Seq(keyed.into_iter().map(|(_, item)| item).collect()))
    }

    /// Pairs of key and value, sorted by the letters of their keys if so asked.
    pub(super) fn entries(&mut self, term: Term, sorted: bool) -> Read<Term> {
        match self.copy(term)?.data {
            Data::Map(mut entries) => {
                if sorted {
                    entries.sort_by_key(|(key, _)| json_key(key).to_lowercase());
                }
                let pair = |(key, value)| Value::bare(Data::Seq(Vec::from([key, value])));
                let pairs = entries.into_iter().map(pair).collect();
                self.make(Data::Seq(pairs))
            }
            _ if self.missing(term).is_some() => self.make(Data::Seq(Vec::new())),
            _ => {
                self.note("only a mapping has entries", "");
                Ok(NOTHING)
            }
        }
    }

    /// The value as JSON on one line, its keys in order, without what would mean
    /// something in HTML.
    pub(super) fn json(&mut self, term: Term) -> Read<Term> {
        if let Some(name) = self.missing(term) {
            self.note("there is no {}", name);
            return Ok(NOTHING);
        }
        let value = self.copy(term)?;
        let mut text = String::new();
        write_json(&value, &mut text);
        for (mark, escape) in [("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("'", "\\u0027")] {
            text = text.replace(mark, escape);
        }
        self.make_text(text)
    }
}

/// As Python's `json.dumps(sort_keys=True)`.
fn write_json(value: &Value<'_>, out: &mut String) {
    match &value.data {
        Data::Seq(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                write_json(item, out);
            }
            out.push(']');
        }
        Data::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().map(|(key, value)| (json_key(key), value)).collect();
            entries.sort_by(|(one, _), (other, _)| one.cmp(other));
            out.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                json::write(&Value::bare(Data::Str(key.as_str().into())), Style::File, out);
                out.push_str(": ");
                write_json(value, out);
            }
            out.push('}');
        }
        _ => json::write(value, Style::File, out),
    }
}

fn json_key(key: &Value<'_>) -> String {
    if let Data::Str(text) = &key.data {
        return text.to_string();
    }
    let mut text = String::new();
    json::write(key, Style::File, &mut text);
    text
}

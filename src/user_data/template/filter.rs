//! Filters (`value | name(argument)`) and tests (`value is name`).

use super::method::Arguments;
use super::term::{NOTHING, Term};
use super::{Read, Renderer};
use crate::syntax::value::Data;
use crate::text::cut;
use alloc::string::String;

#[derive(Clone, Copy, PartialEq)]
enum Filter {
    Default,
    Upper,
    Lower,
    Trim,
    Replace,
    Join,
    Int,
    Text,
    Length,
    First,
    Last,
    Capitalize,
    Indent,
    Items,
    SortedItems,
    Json,
    List,
    Map,
    RejectAttribute,
    SelectAttribute,
    Sort,
    Unique,
}

/// Name, how many arguments it must and may have, and itself.
static FILTERS: [(&str, u8, u8, Filter); 24] = [
    ("default", 0, 2, Filter::Default),
    ("d", 0, 2, Filter::Default),
    ("upper", 0, 0, Filter::Upper),
    ("lower", 0, 0, Filter::Lower),
    ("trim", 0, 0, Filter::Trim),
    ("replace", 2, 2, Filter::Replace),
    ("join", 0, 1, Filter::Join),
    ("int", 0, 1, Filter::Int),
    ("string", 0, 0, Filter::Text),
    ("length", 0, 0, Filter::Length),
    ("count", 0, 0, Filter::Length),
    ("first", 0, 0, Filter::First),
    ("last", 0, 0, Filter::Last),
    ("capitalize", 0, 0, Filter::Capitalize),
    ("dictsort", 0, 0, Filter::SortedItems),
    ("indent", 0, 1, Filter::Indent),
    ("items", 0, 0, Filter::Items),
    ("list", 0, 0, Filter::List),
    ("map", 0, 1, Filter::Map),
    ("rejectattr", 1, 3, Filter::RejectAttribute),
    ("selectattr", 1, 3, Filter::SelectAttribute),
    ("sort", 0, 0, Filter::Sort),
    ("tojson", 0, 0, Filter::Json),
    ("unique", 0, 0, Filter::Unique),
];

impl Renderer<'_> {
    /// Reads the filter after `|` and puts `term` through it.
    #[inline(never)]
    pub(super) fn filter(&mut self, term: Term) -> Read<Term> {
        let name = self.word();
        let Some((_, least, most, filter)) = FILTERS.iter().find(|(known, ..)| *known == name) else {
            return self.stop("there is no filter `{}` here", name);
        };
        let arguments = if self.next_is("(") { self.arguments()? } else { Arguments::default() };
        let fits = (usize::from(*least)..=usize::from(*most)).contains(&arguments.count);
        if !fits || arguments.attribute.is_some() && *filter != Filter::Map {
            return self.stop("`{}` has another number of arguments", name);
        }
        match filter {
            Filter::Map => self.mapped(term, &arguments),
            Filter::SelectAttribute => self.selected(term, &arguments, true),
            Filter::RejectAttribute => self.selected(term, &arguments, false),
            _ => self.filtered(*filter, term, [arguments.terms[0], arguments.terms[1]]),
        }
    }

    /// What the filter `name`, without arguments, makes of a value.
    pub(super) fn filter_called(&mut self, name: &str, term: Term) -> Read<Term> {
        match FILTERS.iter().find(|(known, least, ..)| *known == name && *least == 0) {
            Some((.., filter)) if *filter != Filter::Map => self.filtered(*filter, term, [None, None]),
            _ => self.stop("there is no such filter to map by", ""),
        }
    }

    #[inline(never)]
    fn filtered(&mut self, filter: Filter, term: Term, [first, second]: [Option<Term>; 2]) -> Read<Term> {
        let text = self.text(term);
        match filter {
            Filter::Default => {
                let also_false = second.is_some_and(|also| self.is_true(also));
                let absent = self.value(term).is_none() || also_false && !self.is_true(term);
                match first {
                    _ if !absent => Ok(term),
                    Some(otherwise) => Ok(otherwise),
                    None => self.make_text(String::new()),
                }
            }
            Filter::Upper | Filter::Lower => self.in_case(&text, filter == Filter::Upper),
            Filter::Capitalize => {
                let lower = self.in_case(&text, false)?;
                let mut text = self.text(lower);
                if let Some(first) = text.get_mut(..1) {
                    first.make_ascii_uppercase();
                }
                self.make_text(text)
            }
            Filter::Indent => self.indent(&text, first),
            Filter::Items | Filter::SortedItems => self.entries(term, filter == Filter::SortedItems),
            Filter::Json => self.json(term),
            Filter::List => {
                let items = self.listed(term)?;
                self.make(Data::Seq(items))
            }
            Filter::Sort | Filter::Unique => {
                let items = self.listed(term)?;
                self.ordered(items, filter == Filter::Unique)
            }
            // They have been told apart before.
            Filter::Map | Filter::RejectAttribute | Filter::SelectAttribute => Ok(NOTHING),
            Filter::Trim => self.make_text(text.trim_ascii().into()),
            Filter::Text => self.make_text(text),
            Filter::Replace => {
                let [old, new] = [first, second].map(|term| self.text(term.unwrap_or(NOTHING)));
                self.replaced(&text, &old, &new)
            }
            Filter::Join => self.joined(term, first),
            Filter::Int => match self.integer(term, &text) {
                Some(number) => self.make(Data::Int(number)),
                None => first.map_or_else(|| self.make(Data::Int(0)), Ok),
            },
            Filter::First | Filter::Last => match self.length(term) {
                Some(length @ 1..) => self.at(term, if filter == Filter::First { 0 } else { length - 1 }),
                _ => Ok(NOTHING),
            },
            Filter::Length => {
                if let Some(length) = self.length(term) {
                    return self.make_number(length);
                }
                self.note("it has no length", "");
                Ok(NOTHING)
            }
        }
    }

    /// `text` with `new` for every `old`.
    pub(super) fn replaced(&mut self, text: &str, old: &str, new: &str) -> Read<Term> {
        if old.is_empty() {
            self.note("nothing can't be replaced", "");
            return Ok(NOTHING);
        }
        let (mut out, mut rest) = (String::new(), text);
        self.spend(text.len().checked_mul(old.len()))?;
        while let Some((before, after)) = cut(rest, old) {
            self.spend(Some(before.len() + new.len() + 1))?;
            out.push_str(before);
            out.push_str(new);
            rest = after;
        }
        out.push_str(rest);
        self.make_text(out)
    }

    pub(super) fn joined(&mut self, term: Term, between: Option<Term>) -> Read<Term> {
        let Some(count) = self.count(term) else {
            self.note("only a list or a mapping can be joined", "");
            return Ok(NOTHING);
        };
        let between = between.map(|term| self.text(term)).unwrap_or_default();
        let (mut out, made) = (String::new(), self.slots.len());
        for index in 0..count {
            let item = self.at(term, index)?;
            let text = self.text(item);
            self.slots.truncate(made);
            self.spend(Some(between.len() + text.len()))?;
            if index > 0 {
                out.push_str(&between);
            }
            out.push_str(&text);
        }
        self.make_text(out)
    }

    /// Python's `int` of a value.
    fn integer(&mut self, term: Term, text: &str) -> Option<i64> {
        if let Some(name) = self.missing(term) {
            self.note("there is no {}", name);
        }
        let text = text.trim_ascii();
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let decimal = fraction.bytes().all(|digit| digit.is_ascii_digit());
        self.number(term).or_else(|| whole.parse().ok().filter(|_| decimal))
    }

    /// Reads the test after `is`.
    pub(super) fn test(&mut self, term: Term) -> Read<Term> {
        let negative = self.keyword("not");
        let name = self.word();
        let data = self.data(term);
        let holds = match name {
            "defined" => data.is_some(),
            "undefined" => data.is_none(),
            "none" => matches!(data, Some(Data::Null)),
            "string" => matches!(data, Some(Data::Str(_))),
            "mapping" => matches!(data, Some(Data::Map(_))),
            "boolean" => matches!(data, Some(Data::Bool(_))),
            "true" => matches!(data, Some(Data::Bool(true))),
            "false" => matches!(data, Some(Data::Bool(false))),
            "integer" => matches!(data, Some(Data::Int(_) | Data::BigInt(_))),
            "number" => {
                matches!(data, Some(Data::Int(_) | Data::BigInt(_) | Data::Float(_) | Data::Bool(_)))
            }
            "sequence" | "iterable" => {
                matches!(data, None | Some(Data::Seq(_) | Data::Map(_) | Data::Str(_)))
            }
            _ => return self.stop("there is no test `{}` here", name),
        };
        self.make_bool(holds != negative)
    }
}

/// The lines of a text moved to the right, but for the first and blank ones.
pub(super) fn indented(text: &str, width: usize) -> String {
    let mut out = String::new();
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
            out.extend(core::iter::repeat_n(' ', if line.is_empty() { 0 } else { width }));
        }
        out.push_str(line);
    }
    out
}

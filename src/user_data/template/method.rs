//! What can be called: methods of texts and mappings, and `range`.

use super::filter::indented;
use super::term::{NOTHING, Term};
use super::{Read, Renderer};
use crate::syntax::value::{Data, Value};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

#[derive(Clone, Copy, PartialEq)]
enum Method {
    Get,
    Items,
    Keys,
    Values,
    EndsWith,
    Join,
    Lower,
    Replace,
    Split,
    StartsWith,
    Strip,
    Upper,
}

/// Name, how many arguments it must and may have, and itself; the first four
/// are a mapping's, the others a text's.
static METHODS: [(&str, u8, u8, Method); 12] = [
    ("get", 1, 2, Method::Get),
    ("items", 0, 0, Method::Items),
    ("keys", 0, 0, Method::Keys),
    ("values", 0, 0, Method::Values),
    ("endswith", 1, 1, Method::EndsWith),
    ("join", 1, 1, Method::Join),
    ("lower", 0, 0, Method::Lower),
    ("replace", 2, 2, Method::Replace),
    ("split", 0, 2, Method::Split),
    ("startswith", 1, 1, Method::StartsWith),
    ("strip", 0, 1, Method::Strip),
    ("upper", 0, 0, Method::Upper),
];
const OF_MAPPINGS: usize = 4;

/// What stands in brackets behind a filter or a method.
#[derive(Default)]
pub(super) struct Arguments {
    /// Those without a name.
    pub(super) terms: [Option<Term>; 3],
    pub(super) count: usize,
    /// `attribute=…`.
    pub(super) attribute: Option<Term>,
}

impl<'v> Renderer<'v> {
    /// Reads arguments up to the closing bracket; the opening one is read.
    pub(super) fn arguments(&mut self) -> Read<Arguments> {
        let mut arguments = Arguments::default();
        let mut any = false;
        while !self.next_is(")") {
            if any {
                self.expect(",")?;
                if self.next_is(")") {
                    break;
                }
            }
            any = true;
            let start = self.rest;
            let name = self.word();
            if !name.is_empty() && self.next_is("=") && !self.rest.starts_with('=') {
                if name != "attribute" {
                    return self.stop("an argument called `{}` is not known here", name);
                }
                arguments.attribute = Some(self.choice()?);
                continue;
            }
            self.rest = start;
            let argument = self.choice()?;
            if let Some(place) = arguments.terms.get_mut(arguments.count) {
                *place = Some(argument);
            }
            arguments.count += 1;
        }
        Ok(arguments)
    }

    /// Calls the method `name` of a value; the opening bracket is read.
    pub(super) fn method(&mut self, term: Term, name: &'v str) -> Read<Term> {
        let arguments = self.arguments()?;
        let place = METHODS.iter().position(|(known, ..)| *known == name);
        let Some((at, (_, least, most, method))) = place.and_then(|at| Some((at, METHODS.get(at)?))) else {
            return self.stop("there is no method `{}` here", name);
        };
        let fits = (usize::from(*least)..=usize::from(*most)).contains(&arguments.count);
        if !fits || arguments.attribute.is_some() {
            return self.stop("`{}` has another number of arguments", name);
        }
        let has_it = match self.data(term) {
            Some(Data::Map(_)) => at < OF_MAPPINGS,
            Some(Data::Str(_)) => at >= OF_MAPPINGS,
            _ => false,
        };
        if !has_it {
            match self.missing(term) {
                Some(missing) => self.note("there is no {}", missing),
                None => self.note("it has no method `{}`", name),
            }
            return Ok(NOTHING);
        }
        let [first, second, _] = arguments.terms;
        if at < OF_MAPPINGS {
            self.of_mapping(*method, term, first, second)
        } else {
            self.of_text(*method, term, first, second)
        }
    }

    fn of_mapping(
        &mut self,
        method: Method,
        map: Term,
        first: Option<Term>,
        second: Option<Term>,
    ) -> Read<Term> {
        if method == Method::Get {
            let key = self.text(first.unwrap_or(NOTHING));
            let length = self.length(map);
            self.spend(length)?;
            let found = self.part(map, "None", &|map| super::expression::entry(map, &key))?;
            return match second {
                _ if self.value(found).is_some() => Ok(found),
                Some(otherwise) => Ok(otherwise),
                None => self.make(Data::Null),
            };
        }
        let map = self.copy(map)?;
        let Data::Map(entries) = map.data else { return Ok(NOTHING) };
        let items = entries.into_iter().map(|(key, value)| match method {
            Method::Keys => key,
            Method::Values => value,
            _ => Value::bare(Data::Seq(Vec::from([key, value]))),
        });
        let items = items.collect();
        self.make(Data::Seq(items))
    }

    fn of_text(
        &mut self,
        method: Method,
        term: Term,
        first: Option<Term>,
        second: Option<Term>,
    ) -> Read<Term> {
        let text = self.text(term);
        let given = first.map(|term| self.text(term));
        let word = given.as_deref().unwrap_or_default();
        match method {
            Method::Upper | Method::Lower => self.in_case(&text, method == Method::Upper),
            Method::StartsWith => self.make_bool(text.starts_with(word)),
            Method::EndsWith => self.make_bool(text.ends_with(word)),
            Method::Replace => {
                let new = self.text(second.unwrap_or(NOTHING));
                self.replaced(&text, word, &new)
            }
            Method::Strip => {
                let stripped = match &given {
                    Some(characters) => {
                        self.spend(text.len().checked_mul(characters.len()))?;
                        text.trim_matches(|c| characters.contains(c))
                    }
                    None => text.trim(),
                };
                self.make_text(stripped.into())
            }
            Method::Join => self.joined(first.unwrap_or(NOTHING), Some(term)),
            _ => self.split(&text, given.as_deref(), second),
        }
    }

    /// Python's `str.split`.
    fn split(&mut self, text: &str, between: Option<&str>, most: Option<Term>) -> Read<Term> {
        let most = most.and_then(|term| self.number(term)).and_then(|most| usize::try_from(most).ok());
        let parts = most.map_or(usize::MAX, |most| most.saturating_add(1));
        // each part takes memory
        self.spend(text.len().checked_mul(64))?;
        let word = |text: &str| Value::bare(Data::Str(String::from(text).into()));
        let list = match between {
            Some("") => {
                self.note("nothing can't part a text", "");
                return Ok(NOTHING);
            }
            Some(between) => text.splitn(parts, between).map(word).collect(),
            None if most.is_some() => {
                return self.stop("a number of parts wants what parts them here", "");
            }
            None => text.split_whitespace().map(word).collect(),
        };
        self.make(Data::Seq(list))
    }

    /// `range(end)` or `range(start, end)`; the opening bracket is read.
    pub(super) fn range(&mut self) -> Read<Term> {
        let arguments = self.arguments()?;
        let numbers = arguments.terms.map(|term| term.and_then(|term| self.number(term)));
        let (start, end) = match (arguments.count, numbers) {
            (1, [Some(end), ..]) => (0, end),
            (2, [Some(start), Some(end), _]) => (start, end),
            _ if !self.live => (0, 0),
            _ => return self.stop("range has one or two integers here", ""),
        };
        let count = usize::try_from(end.saturating_sub(start)).unwrap_or(0);
        self.spend(count.checked_mul(64))?;
        let items = (start..end.max(start)).map(|number| Value::bare(Data::Int(number))).collect();
        self.make(Data::Seq(items))
    }

    /// A text in upper or lower case.
    pub(super) fn in_case(&mut self, text: &str, upper: bool) -> Read<Term> {
        if !text.is_ascii() {
            self.note("only ASCII letters can change their case here", "");
        }
        self.make_text(if upper { text.to_ascii_uppercase() } else { text.to_ascii_lowercase() })
    }

    /// The lines of a text moved to the right, but for the first and blank ones.
    pub(super) fn indent(&mut self, text: &str, width: Option<Term>) -> Read<Term> {
        let width = width.map_or(Some(4), |term| self.number(term));
        let Some(width) = width.and_then(|width| usize::try_from(width).ok()) else {
            self.note("a number is wanted to indent by", "");
            return Ok(NOTHING);
        };
        let lines = text.split('\n').count();
        self.spend(lines.checked_mul(width))?;
        self.make_text(indented(text, width))
    }

    /// The keys, characters or items of a value, in a list.
    pub(super) fn listed(&mut self, term: Term) -> Read<Vec<Value<'v>>> {
        let value = self.copy(term)?;
        Ok(match value.data {
            Data::Seq(items) => items,
            Data::Map(entries) => entries.into_iter().map(|(key, _)| key).collect(),
            Data::Str(text) => {
                self.spend(text.len().checked_mul(64))?;
                text.chars().map(|c| Value::bare(Data::Str(c.to_string().into()))).collect()
            }
            _ if self.missing(term).is_some() => Vec::new(),
            _ => {
                self.note("it can't be made a list", "");
                Vec::new()
            }
        })
    }
}

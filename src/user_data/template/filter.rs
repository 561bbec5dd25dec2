//! Filters (`value | name(argument)`) and tests (`value is name`).

use super::term::{NOTHING, Term};
use super::{Read, Renderer};
use crate::syntax::value::Data;
use alloc::string::String;

/// Name, and how many arguments it must and may have.
static FILTERS: [(&str, [u8; 2]); 13] = [
    ("default", [0, 2]),
    ("d", [0, 2]),
    ("upper", [0, 0]),
    ("lower", [0, 0]),
    ("trim", [0, 0]),
    ("replace", [2, 2]),
    ("join", [0, 1]),
    ("int", [0, 1]),
    ("string", [0, 0]),
    ("length", [0, 0]),
    ("count", [0, 0]),
    ("first", [0, 0]),
    ("last", [0, 0]),
];

impl<'v> Renderer<'v> {
    /// Reads the filter after `|` and puts `term` through it.
    #[inline(never)]
    pub(super) fn filter(&mut self, term: Term<'v>) -> Read<Term<'v>> {
        let name = self.word();
        let Some((_, [least, most])) = FILTERS.iter().find(|(known, _)| *known == name) else {
            return self.stop("there is no filter `{}` here", name);
        };
        let (mut arguments, mut count) = ([None, None], 0);
        if self.next_is("(") {
            while !self.next_is(")") {
                if count > 0 {
                    self.expect(",")?;
                }
                let argument = self.choice()?;
                if let Some(place) = arguments.get_mut(count) {
                    *place = Some(argument);
                }
                count += 1;
            }
        }
        if !(usize::from(*least)..=usize::from(*most)).contains(&count) {
            return self.stop("`{}` has another number of arguments", name);
        }
        self.filtered(name, term, arguments)
    }

    #[inline(never)]
    fn filtered(
        &mut self,
        filter: &str,
        term: Term<'v>,
        [first, second]: [Option<Term<'v>>; 2],
    ) -> Read<Term<'v>> {
        let text = self.text(term);
        match filter {
            "default" | "d" => {
                let also_false = second.is_some_and(|also| self.is_true(also));
                let absent = self.value(term).is_none() || also_false && !self.is_true(term);
                match first {
                    _ if !absent => Ok(term),
                    Some(otherwise) => Ok(otherwise),
                    None => self.make_text(String::new()),
                }
            }
            "upper" | "lower" => {
                let mut text = text;
                if !text.is_ascii() {
                    self.note("only ASCII letters can change their case here", "");
                }
                if filter == "upper" {
                    text.make_ascii_uppercase()
                } else {
                    text.make_ascii_lowercase()
                }
                self.make_text(text)
            }
            "trim" => self.make_text(text.trim_ascii().into()),
            "string" => self.make_text(text),
            "replace" => {
                let [old, new] = [first, second].map(|term| self.text(term.unwrap_or(NOTHING)));
                self.replaced(&text, &old, &new)
            }
            "join" => self.joined(term, first),
            "int" => match self.integer(term, &text) {
                Some(number) => self.make(Data::Int(number)),
                None => first.map_or_else(|| self.make(Data::Int(0)), Ok),
            },
            "first" | "last" => match self.length(term) {
                Some(length @ 1..) => self.at(term, if filter == "first" { 0 } else { length - 1 }),
                _ => Ok(NOTHING),
            },
            _ => match self.length(term) {
                Some(length) => self.make_number(length),
                None => self.fault_of("it has no length"),
            },
        }
    }

    /// `text` with `new` for every `old`.
    fn replaced(&mut self, text: &str, old: &str, new: &str) -> Read<Term<'v>> {
        if old.is_empty() {
            return self.fault_of("nothing can't be replaced");
        }
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once(old) {
            self.spend(Some(before.len() + new.len() + 1))?;
            out.push_str(before);
            out.push_str(new);
            rest = after;
        }
        out.push_str(rest);
        self.make_text(out)
    }

    fn joined(&mut self, term: Term<'v>, between: Option<Term<'v>>) -> Read<Term<'v>> {
        let Some(count) = self.count(term) else {
            return self.fault_of("only a list or a mapping can be joined");
        };
        let between = between.map(|term| self.text(term)).unwrap_or_default();
        let (mut out, made) = (String::new(), self.made.len());
        for index in 0..count {
            let item = self.at(term, index)?;
            let text = self.text(item);
            self.made.truncate(made);
            self.spend(Some(between.len() + text.len()))?;
            if index > 0 {
                out.push_str(&between);
            }
            out.push_str(&text);
        }
        self.make_text(out)
    }

    /// Python's `int` of a value.
    fn integer(&mut self, term: Term<'v>, text: &str) -> Option<i64> {
        if let Term::Missing(name) = term {
            self.note("there is no {}", name);
        }
        let text = text.trim_ascii();
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let decimal = fraction.bytes().all(|digit| digit.is_ascii_digit());
        self.number(term).or_else(|| whole.parse().ok().filter(|_| decimal))
    }

    /// Reads the test after `is`.
    pub(super) fn test(&mut self, term: Term<'v>) -> Read<Term<'v>> {
        let negative = self.keyword("not");
        let name = self.word();
        let data = self.data(term);
        let holds = match name {
            "defined" => data.is_some(),
            "undefined" => data.is_none(),
            "none" => matches!(data, Some(Data::Null)),
            "string" => matches!(data, Some(Data::Str(_))),
            "mapping" => matches!(data, Some(Data::Map(_))),
            _ => return self.stop("there is no test `{}` here", name),
        };
        self.make(Data::Bool(holds != negative))
    }
}

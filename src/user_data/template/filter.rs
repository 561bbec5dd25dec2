//! Filters (`value | name(argument)`) and tests (`value is name`).

use super::term::Term;
use super::{Read, Renderer};
use crate::syntax::value::Data;
use alloc::borrow::Cow;
use alloc::string::String;

#[derive(Clone, Copy)]
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
}

/// Name, how many arguments it must and may have, and itself.
static FILTERS: [(&str, usize, usize, Filter); 13] = [
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
];

impl<'v> Renderer<'v> {
    /// Reads the filter after `|` and puts `term` through it.
    pub(super) fn filter(&mut self, term: Term<'v>, live: bool) -> Read<Term<'v>> {
        let name = self.word();
        let Some(&(_, least, most, filter)) = FILTERS.iter().find(|(known, ..)| *known == name) else {
            return self.stop(&["there is no filter `", name, "` here"]);
        };
        let (mut arguments, mut count) = ([None, None], 0);
        if self.next_is("(") {
            while !self.next_is(")") {
                if count > 0 {
                    self.expect(",")?;
                }
                let argument = self.choice(live)?;
                let Some(place) = arguments.get_mut(count) else { break };
                *place = Some(argument);
                count += 1;
            }
        }
        if count < least || count > most {
            return self.stop(&["`", name, "` has another number of arguments"]);
        }
        if live { self.filtered(filter, term, arguments) } else { Ok(term) }
    }

    fn filtered(
        &mut self,
        filter: Filter,
        term: Term<'v>,
        arguments: [Option<Term<'v>>; 2],
    ) -> Read<Term<'v>> {
        let [first, second] = arguments;
        Ok(match filter {
            Filter::Default => {
                let also_false = second.is_some_and(|also| also.is_true());
                let absent = matches!(term, Term::Missing(_)) || also_false && !term.is_true();
                if absent { first.unwrap_or_else(|| Term::of_text("")) } else { term }
            }
            Filter::Upper | Filter::Lower => self.in_case(&term, matches!(filter, Filter::Upper))?,
            Filter::Trim => self.made(term.text().trim_ascii())?,
            Filter::Text => self.made(&term.text())?,
            Filter::Replace => {
                let (Some(old), Some(new)) = (first, second) else { return Ok(term) };
                self.replaced(&term.text(), &old.text(), &new.text())?
            }
            Filter::Join => self.joined(&term, first.as_ref())?,
            Filter::Int => self.integer(&term, first),
            Filter::Length => {
                if term.length().is_none() {
                    self.note(&["it has no length"]);
                }
                Term::new(Data::Int(i64::try_from(term.length().unwrap_or(0)).unwrap_or(i64::MAX)))
            }
            Filter::First | Filter::Last => {
                let at = i64::from(matches!(filter, Filter::First)) - 1;
                match term.length() {
                    Some(0) | None => Term::nothing(),
                    _ => self.inside(&term, &Term::new(Data::Int(at)), true)?,
                }
            }
        })
    }

    fn made(&mut self, text: &str) -> Read<Term<'v>> {
        self.spend(Some(text.len()))?;
        Ok(Term::of_text(String::from(text)))
    }

    fn in_case(&mut self, term: &Term<'v>, upper: bool) -> Read<Term<'v>> {
        let text = term.text();
        if !text.is_ascii() {
            self.note(&["only ASCII letters can change their case here"]);
        }
        self.spend(Some(text.len()))?;
        let text = if upper { text.to_ascii_uppercase() } else { text.to_ascii_lowercase() };
        Ok(Term::of_text(text))
    }

    /// `text` with `new` for every `old`.
    fn replaced(&mut self, text: &str, old: &str, new: &str) -> Read<Term<'v>> {
        if old.is_empty() {
            self.note(&["nothing can't be replaced"]);
            return Ok(Term::nothing());
        }
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once(old) {
            self.spend(Some(before.len() + new.len() + 1))?;
            out.push_str(before);
            out.push_str(new);
            rest = after;
        }
        self.spend(Some(rest.len()))?;
        out.push_str(rest);
        Ok(Term::of_text(out))
    }

    fn joined(&mut self, term: &Term<'v>, between: Option<&Term<'v>>) -> Read<Term<'v>> {
        let between = between.map_or(Cow::Borrowed(""), Term::text);
        let mut out = String::new();
        for index in 0..term.length().unwrap_or(0) {
            let item = match term.data() {
                Some(Data::Str(_)) => return self.stop(&["only a list or a mapping can be joined"]),
                _ => self.item(term, index)?,
            };
            let text = item.as_ref().map_or(Cow::Borrowed(""), Term::text);
            let between = if index == 0 { "" } else { &*between };
            self.spend(Some(between.len() + text.len()))?;
            out.push_str(between);
            out.push_str(&text);
        }
        if term.length().is_none() {
            self.note(&["only a list or a mapping can be joined"]);
        }
        Ok(Term::of_text(out))
    }

    /// Python's `int`, or what is given for a value that is none.
    fn integer(&mut self, term: &Term<'v>, otherwise: Option<Term<'v>>) -> Term<'v> {
        if let Term::Missing(name) = term {
            self.note(&["there is no ", name]);
        }
        let text = term.text();
        let (whole, fraction) = text.trim_ascii().split_once('.').unwrap_or((text.trim_ascii(), ""));
        let decimal = fraction.bytes().all(|digit| digit.is_ascii_digit());
        match term.number().or_else(|| whole.parse().ok().filter(|_| decimal)) {
            Some(number) => Term::new(Data::Int(number)),
            None => otherwise.unwrap_or_else(|| Term::new(Data::Int(0))),
        }
    }

    /// Reads the test after `is`.
    pub(super) fn test(&mut self, term: &Term<'v>) -> Read<Term<'v>> {
        let negative = self.keyword("not");
        let data = term.data();
        let holds = match self.word() {
            "defined" => data.is_some(),
            "undefined" => data.is_none(),
            "none" => data == Some(&Data::Null),
            "string" => matches!(data, Some(Data::Str(_))),
            "mapping" => matches!(data, Some(Data::Map(_))),
            name => return self.stop(&["there is no test `", name, "` here"]),
        };
        Ok(Term::new(Data::Bool(holds != negative)))
    }
}

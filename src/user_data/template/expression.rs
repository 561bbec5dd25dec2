//! Expressions: operators, variables and literals.

use super::term::{NOTHING, Term};
use super::{Read, Renderer};
use crate::syntax::value::{Data, Value};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// How loosely each operator binds, and its text; a longer text stands before
/// its own beginning.
static OPERATORS: [(u8, &str); 13] = [
    (0, "or"),
    (1, "and"),
    (COMPARISON, "=="),
    (COMPARISON, "!="),
    (COMPARISON, "<="),
    (COMPARISON, ">="),
    (COMPARISON, "<"),
    (COMPARISON, ">"),
    (COMPARISON, "in"),
    (COMPARISON, "not in"),
    (4, "+"),
    (4, "-"),
    (5, "~"),
];

const NOT: u8 = 2;
const COMPARISON: u8 = 3;
const OPERAND: u8 = 6;

impl<'v> Renderer<'v> {
    /// Reads an expression; it has a value.
    #[inline(never)]
    pub(super) fn expression(&mut self) -> Read<Term<'v>> {
        let term = self.choice()?;
        if self.fault.is_some() { Err(super::Stop) } else { Ok(term) }
    }

    /// `VALUE if CONDITION else VALUE`, or a value alone.
    #[inline(never)]
    pub(super) fn choice(&mut self) -> Read<Term<'v>> {
        self.enter()?;
        let before = self.fault.take();
        let mut term = self.operation(0)?;
        if self.keyword("if") {
            // what is wrong with a value counts only where it is chosen
            let first = self.fault.take();
            let condition = self.operation(0)?;
            let chosen = self.is_true(condition);
            let outer = self.live;
            self.live = outer && !chosen;
            let mut second = Term::Missing("");
            if self.keyword("else") {
                second = self.choice()?;
            }
            self.live = outer;
            if chosen {
                self.fault = self.fault.take().or(first);
            } else {
                term = second;
            }
        }
        if before.is_some() {
            self.fault = before;
        }
        self.depth -= 1;
        Ok(term)
    }

    #[inline(never)]
    fn operation(&mut self, level: u8) -> Read<Term<'v>> {
        if level == OPERAND {
            return self.operand();
        }
        if level == NOT && self.keyword("not") {
            self.enter()?;
            let term = self.operation(NOT)?;
            self.depth -= 1;
            return self.make(Data::Bool(!self.is_true(term)));
        }
        let mut left = self.operation(level + 1)?;
        let mut compared = false;
        while let Some(operator) = self.operator(level) {
            let decided = level < NOT && self.is_true(left) == (operator == "or");
            let outer = self.live;
            self.live = outer && !decided;
            let right = self.operation(level + 1)?;
            self.live = outer;
            if compared {
                return self.stop("only two values can be compared at once", "");
            }
            compared = level == COMPARISON;
            if level > NOT {
                left = self.combine(operator, left, right)?;
            } else if !decided {
                left = right;
            }
        }
        Ok(left)
    }

    fn operator(&mut self, level: u8) -> Option<&'static str> {
        self.space();
        for (bound, text) in &OPERATORS {
            if *bound != level {
                continue;
            }
            let Some(after) = self.rest.strip_prefix(text) else { continue };
            // `-}}` ends a tag, and `order` is a name
            let other = match after.as_bytes().first() {
                Some(b'}' | b'%') => level == 4,
                Some(byte) => in_word(*byte) && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase),
                None => false,
            };
            if !other {
                self.rest = after;
                return Some(text);
            }
        }
        None
    }

    fn combine(&mut self, operator: &str, left: Term<'v>, right: Term<'v>) -> Read<Term<'v>> {
        let order = self.order(left, right);
        let numbers = self.number(left).zip(self.number(right));
        let texts = matches!((self.data(left), self.data(right)), (Some(Data::Str(_)), Some(Data::Str(_))));
        let truth = match operator {
            "==" => order == Some(Ordering::Equal),
            "!=" => order != Some(Ordering::Equal),
            "in" => self.holds(right, left),
            "not in" => !self.holds(right, left),
            "+" | "-" | "~" => {
                if operator == "~" || operator == "+" && texts {
                    let (left, right) = (self.text(left), self.text(right));
                    return self.make_text([left, right].concat());
                }
                let sum = numbers.and_then(|(left, right)| match operator {
                    "-" => left.checked_sub(right),
                    _ => left.checked_add(right),
                });
                return match (sum, left, right) {
                    (Some(sum), ..) => self.make(Data::Int(sum)),
                    (_, Term::Missing(name), _) if operator == "-" => {
                        self.note(
                            "there is no {} to subtract from: a hyphen in a name is written _ here",
                            name,
                        );
                        Ok(NOTHING)
                    }
                    (_, Term::Missing(name), _) | (_, _, Term::Missing(name)) => self.missing(name),
                    _ => self.fault_of("these values can't be added or subtracted"),
                };
            }
            _ => {
                let Some(order) = order.filter(|_| texts || numbers.is_some()) else {
                    return self.fault_of("only two numbers or two texts can be put in order");
                };
                match operator {
                    "<" => order.is_lt(),
                    ">" => order.is_gt(),
                    "<=" => order.is_le(),
                    _ => order.is_ge(),
                }
            }
        };
        self.make(Data::Bool(truth))
    }

    fn missing(&mut self, name: &str) -> Read<Term<'v>> {
        self.note("there is no {}", name);
        Ok(NOTHING)
    }

    fn holds(&mut self, whole: Term<'v>, part: Term<'v>) -> bool {
        match (self.data(whole), self.value(part)) {
            (None, _) => false,
            (Some(Data::Str(whole)), Some(Value { data: Data::Str(part), .. })) => whole.contains(&**part),
            (Some(Data::Seq(items)), Some(part)) => {
                items.iter().any(|item| crate::user_data::mergers::compare(item, part).is_eq())
            }
            (Some(Data::Seq(_)), None) => false,
            (Some(Data::Map(_)), Some(Value { data: Data::Str(key), .. })) => {
                self.value(whole).is_some_and(|map| entry(map, key).is_some())
            }
            _ => {
                self.note("nothing can be looked for in it", "");
                false
            }
        }
    }

    /// A literal, a variable or a value in brackets, with what follows it:
    /// `.name`, `[…]`, filters and tests.
    fn operand(&mut self) -> Read<Term<'v>> {
        let mut term = self.primary()?;
        let mut filtered = false;
        loop {
            if self.next_is("|") {
                filtered = true;
                term = self.filter(term)?;
            } else if self.keyword("is") {
                filtered = true;
                term = self.test(term)?;
            } else if filtered {
                return Ok(term);
            } else if self.next_is(".") {
                let name = self.word();
                if name.is_empty() {
                    return self.stop("a name is expected", "");
                }
                let index = name.parse().ok();
                term = self.inside(term, index, name)?;
            } else if self.next_is("[") {
                let start = self.rest;
                let key = self.choice()?;
                let source = start.get(..start.len() - self.rest.len()).unwrap_or_default();
                self.expect("]")?;
                let name = match self.data(key) {
                    Some(Data::Str(Cow::Borrowed(name))) => name,
                    _ => source.trim_ascii(),
                };
                let index = self.number(key);
                let computed = self.text(key);
                term = if index.is_none() && computed != name {
                    self.entry_of(term, &computed, name)?
                } else {
                    self.inside(term, index, name)?
                };
            } else if self.next_is("(") {
                return self.stop("nothing can be called here", "");
            } else {
                return Ok(term);
            }
        }
    }

    fn primary(&mut self) -> Read<Term<'v>> {
        self.space();
        self.operand = self.rest.len();
        if self.eat("(") {
            let term = self.choice()?;
            self.expect(")")?;
            return Ok(term);
        }
        if self.eat("[") {
            return self.list();
        }
        if let Some(quote @ ('"' | '\'')) = self.rest.chars().next() {
            self.rest = &self.rest[1..];
            return self.literal(quote);
        }
        let negative = self.eat("-");
        let word = self.word();
        if negative || word.starts_with(|digit: char| digit.is_ascii_digit()) {
            return match word.parse::<i64>() {
                Ok(number) if !self.rest.starts_with('.') => {
                    self.make(Data::Int(if negative { -number } else { number }))
                }
                _ => self.stop("only decimal integers are known as numbers here", ""),
            };
        }
        match word {
            "" | "or" | "and" | "not" | "in" | "is" | "if" | "else" => self.stop("a value is expected", ""),
            "true" | "True" => self.make(Data::Bool(true)),
            "false" | "False" => self.make(Data::Bool(false)),
            "none" | "None" => self.make(Data::Null),
            _ => Ok(self.variable(word)),
        }
    }

    fn list(&mut self) -> Read<Term<'v>> {
        let mut items = Vec::new();
        while !self.next_is("]") {
            let item = self.choice()?;
            let copy = self.copy(item)?;
            items.push(copy);
            if !self.next_is(",") {
                self.expect("]")?;
                break;
            }
        }
        self.make(Data::Seq(items))
    }

    /// A text up to its closing quote.
    fn literal(&mut self, quote: char) -> Read<Term<'v>> {
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

    /// What `for` or `set` named so, else the instance data's, where the keys
    /// of `v1` stand at the top, too.
    fn variable(&mut self, name: &'v str) -> Term<'v> {
        if let Some((_, term)) = self.scope.iter().rev().find(|(named, _)| *named == name) {
            return *term;
        }
        let standard = self.data.get("v1").and_then(|standard| entry(standard, name));
        standard.or_else(|| entry(self.data, name)).map_or(Term::Missing(name), Term::Given)
    }

    /// The item or entry of `term` at `index`, or under `name`.
    fn inside(&mut self, term: Term<'v>, index: Option<i64>, name: &'v str) -> Read<Term<'v>> {
        let length = self.length(term).unwrap_or(0);
        let at = index.and_then(|at| match usize::try_from(at) {
            Ok(at) => Some(at),
            Err(_) => length.checked_sub(usize::try_from(at.unsigned_abs()).ok()?),
        });
        match (self.data(term), at) {
            (Some(Data::Str(_) | Data::Seq(_)), Some(at)) if at < length => self.at(term, at),
            (Some(Data::Map(_)), _) | (None, _) => self.entry_of(term, name, name),
            _ => Ok(Term::Missing(name)),
        }
    }

    /// The entry of a mapping under `key`; where there is none, `name` is what
    /// is missing.
    fn entry_of(&mut self, term: Term<'v>, key: &str, name: &'v str) -> Read<Term<'v>> {
        if let Term::Missing(name) = term {
            return self.missing(name);
        }
        let count = self.count(term).unwrap_or(0);
        self.spend(Some(count))?;
        if let Term::Given(map) = term {
            return Ok(entry(map, key).map_or(Term::Missing(name), Term::Given));
        }
        match self.value(term).and_then(|map| entry(map, key)).cloned() {
            Some(value) => self.make(value.data),
            None => Ok(Term::Missing(name)),
        }
    }
}

/// The entry of a mapping under `name`, or under a key that is `name` once its
/// operators are underscores: cloud-init gives each such key that second name.
fn entry<'a, 'v>(map: &'a Value<'v>, name: &str) -> Option<&'a Value<'v>> {
    let same = |key: &str| {
        key.len() == name.len()
            && key
                .bytes()
                .zip(name.bytes())
                .all(|(one, other)| one == other || other == b'_' && b"/*=!<>+-%~[](){}.:|,;".contains(&one))
    };
    let alias = || map.entries().iter().find(|(key, _)| key.as_str().is_some_and(same));
    map.get(name).or_else(|| alias().map(|(_, value)| value))
}

fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Words and marks; white space before them is passed over.
impl<'v> Renderer<'v> {
    pub(super) fn space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Passes `text` over if it comes next, without white space before it.
    #[inline(never)]
    pub(super) fn eat(&mut self, text: &str) -> bool {
        self.rest.strip_prefix(text).map(|rest| self.rest = rest).is_some()
    }

    #[inline(never)]
    pub(super) fn next_is(&mut self, text: &str) -> bool {
        self.space();
        self.eat(text)
    }

    #[inline(never)]
    pub(super) fn expect(&mut self, text: &str) -> Read<()> {
        if self.next_is(text) { Ok(()) } else { self.stop("`{}` is expected", text) }
    }

    /// The letters, digits and underscores that come next.
    #[inline(never)]
    pub(super) fn word(&mut self) -> &'v str {
        self.space();
        let end = self.rest.bytes().position(|byte| !in_word(byte));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    /// The name of a new variable.
    pub(super) fn name(&mut self) -> Read<&'v str> {
        let name = self.word();
        match name.as_bytes() {
            [] | [b'0'..=b'9', ..] => self.stop("a name is expected", ""),
            _ => Ok(name),
        }
    }

    #[inline(never)]
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let before = self.rest;
        let found = self.word() == word;
        if !found {
            self.rest = before;
        }
        found
    }
}

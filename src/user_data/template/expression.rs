//! Expressions: operators, variables and literals.

use super::term::Term;
use super::{Read, Renderer};
use crate::limits;
use crate::syntax::value::{Data, Value};
use crate::user_data::bound::weight;
use crate::user_data::mergers::compare;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

#[derive(Clone, Copy, PartialEq)]
enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    AtMost,
    AtLeast,
    Less,
    More,
    In,
    NotIn,
    Plus,
    Minus,
    Join,
}

/// How loosely each binds, its text, and itself; a longer text before its own
/// beginning.
static OPERATORS: [(u8, &str, Operator); 13] = [
    (0, "or", Operator::Or),
    (1, "and", Operator::And),
    (COMPARISON, "==", Operator::Equal),
    (COMPARISON, "!=", Operator::Unequal),
    (COMPARISON, "<=", Operator::AtMost),
    (COMPARISON, ">=", Operator::AtLeast),
    (COMPARISON, "<", Operator::Less),
    (COMPARISON, ">", Operator::More),
    (COMPARISON, "in", Operator::In),
    (COMPARISON, "not in", Operator::NotIn),
    (4, "+", Operator::Plus),
    (4, "-", Operator::Minus),
    (5, "~", Operator::Join),
];

const NOT: u8 = 2;
const COMPARISON: u8 = 3;
const OPERAND: u8 = 6;

impl<'v> Renderer<'v> {
    /// Reads an expression; `live`: computes it, too.
    pub(super) fn expression(&mut self, live: bool) -> Read<Term<'v>> {
        let term = self.choice(live)?;
        if self.fault.is_some() { Err(super::Stop) } else { Ok(term) }
    }

    /// `VALUE if CONDITION else VALUE`, or a value alone.
    pub(super) fn choice(&mut self, live: bool) -> Read<Term<'v>> {
        self.enter()?;
        let before = self.fault.take();
        let mut term = self.operation(0, live)?;
        if self.keyword("if") {
            // what is wrong with a value counts only where it is chosen
            let first = self.fault.take();
            let chosen = self.operation(0, live)?.is_true();
            let condition = self.fault.take();
            let mut second = Term::Missing("".into());
            if self.keyword("else") {
                second = self.choice(live && !chosen)?;
            }
            if chosen {
                self.fault = condition.or(first);
            } else {
                self.fault = condition.or(self.fault.take());
                term = second;
            }
        }
        self.fault = before.or(self.fault.take());
        self.depth -= 1;
        Ok(term)
    }

    fn operation(&mut self, level: u8, live: bool) -> Read<Term<'v>> {
        if level == OPERAND {
            return self.operand(live);
        }
        if level == NOT {
            if self.keyword("not") {
                self.enter()?;
                let term = self.operation(NOT, live)?;
                self.depth -= 1;
                return Ok(Term::new(Data::Bool(!term.is_true())));
            }
            return self.operation(COMPARISON, live);
        }
        let mut left = self.operation(level + 1, live)?;
        let mut compared = false;
        while let Some(operator) = self.operator(level) {
            let decided = match operator {
                Operator::Or => left.is_true(),
                Operator::And => !left.is_true(),
                _ => false,
            };
            let right = self.operation(level + 1, live && !decided)?;
            if core::mem::replace(&mut compared, level == COMPARISON) {
                return self.stop(&["only two values can be compared at once"]);
            }
            if live && !decided {
                left = self.combine(operator, &left, right)?;
            }
        }
        Ok(left)
    }

    fn operator(&mut self, level: u8) -> Option<Operator> {
        self.space();
        for (bound, text, operator) in &OPERATORS {
            if *bound != level || !self.rest.starts_with(text) {
                continue;
            }
            let after = self.rest.get(text.len()..).unwrap_or_default();
            // `-}}` ends a tag
            let other = if text.as_bytes()[0].is_ascii_lowercase() {
                after.starts_with(in_word)
            } else {
                after.starts_with("}}") || after.starts_with("%}")
            };
            if !other {
                self.rest = after;
                return Some(*operator);
            }
        }
        None
    }

    fn combine(&mut self, operator: Operator, left: &Term<'v>, right: Term<'v>) -> Read<Term<'v>> {
        let order = order(left, &right);
        let truth = match operator {
            Operator::Or | Operator::And => return Ok(right),
            Operator::Plus | Operator::Minus | Operator::Join => return self.sum(operator, left, &right),
            Operator::Equal => order == Some(Ordering::Equal),
            Operator::Unequal => order != Some(Ordering::Equal),
            Operator::In => self.holds(&right, left),
            Operator::NotIn => !self.holds(&right, left),
            Operator::Less | Operator::More | Operator::AtMost | Operator::AtLeast => {
                let comparable = left.number().is_some() && right.number().is_some()
                    || matches!((left.data(), right.data()), (Some(Data::Str(_)), Some(Data::Str(_))));
                let Some(order) = order.filter(|_| comparable) else {
                    self.note(&["only two numbers or two texts can be put in order"]);
                    return Ok(Term::nothing());
                };
                match operator {
                    Operator::Less => order.is_lt(),
                    Operator::More => order.is_gt(),
                    Operator::AtMost => order.is_le(),
                    _ => order.is_ge(),
                }
            }
        };
        Ok(Term::new(Data::Bool(truth)))
    }

    /// `+`, `-` and `~`.
    fn sum(&mut self, operator: Operator, left: &Term<'v>, right: &Term<'v>) -> Read<Term<'v>> {
        let texts = matches!((left.data(), right.data()), (Some(Data::Str(_)), Some(Data::Str(_))));
        if operator == Operator::Join || operator == Operator::Plus && texts {
            let (left, right) = (left.text(), right.text());
            self.spend(left.len().checked_add(right.len()))?;
            return Ok(Term::of_text([left, right].concat()));
        }
        let numbers = left.number().zip(right.number());
        let sum = numbers.and_then(|(left, right)| match operator {
            Operator::Minus => left.checked_sub(right),
            _ => left.checked_add(right),
        });
        if let Some(sum) = sum {
            return Ok(Term::new(Data::Int(sum)));
        }
        match (left, right, operator) {
            (Term::Missing(left), Term::Missing(right), Operator::Minus) => {
                self.note(&[
                    "there is no ",
                    left,
                    " to subtract ",
                    right,
                    " from: is ",
                    left,
                    "_",
                    right,
                    " meant?",
                ]);
            }
            (Term::Missing(name), ..) | (_, Term::Missing(name), _) => self.missing(name),
            _ => self.note(&["these values can't be added or subtracted"]),
        }
        Ok(Term::nothing())
    }

    fn missing(&mut self, name: &str) {
        self.note(&["there is no ", name]);
    }

    fn holds(&mut self, whole: &Term<'v>, part: &Term<'v>) -> bool {
        match (whole.data(), part.data()) {
            (None, _) => false,
            (Some(Data::Str(whole)), Some(Data::Str(part))) => whole.contains(&**part),
            (Some(Data::Seq(items)), _) => items
                .iter()
                .any(|item| order(&Term::Known(Cow::Borrowed(item)), part) == Some(Ordering::Equal)),
            (Some(Data::Map(_)), Some(Data::Str(key))) => {
                matches!(whole, Term::Known(map) if entry(map, key).is_some())
            }
            _ => {
                self.note(&["nothing can be looked for in it"]);
                false
            }
        }
    }

    /// A literal, a variable or a value in brackets, with what follows it:
    /// `.name`, `[…]`, filters and tests.
    fn operand(&mut self, live: bool) -> Read<Term<'v>> {
        let mut term = self.primary(live)?;
        let mut filtered = false;
        loop {
            if self.next_is("|") {
                filtered = true;
                term = self.filter(term, live)?;
            } else if self.keyword("is") {
                filtered = true;
                term = self.test(&term)?;
            } else if filtered {
                return Ok(term);
            } else if self.next_is(".") {
                let name = self.word();
                if name.is_empty() {
                    return self.stop(&["a name is expected"]);
                }
                let key = name.parse().map_or_else(|_| Term::of_text(name), |at| Term::new(Data::Int(at)));
                term = self.inside(&term, &key, live)?;
            } else if self.next_is("[") {
                let key = self.choice(live)?;
                self.expect("]")?;
                term = self.inside(&term, &key, live)?;
            } else if self.next_is("(") {
                return self.stop(&["nothing can be called here"]);
            } else {
                return Ok(term);
            }
        }
    }

    fn primary(&mut self, live: bool) -> Read<Term<'v>> {
        self.space();
        self.operand = self.rest.len();
        if self.eat("(") {
            let term = self.choice(live)?;
            self.expect(")")?;
            return Ok(term);
        }
        if self.eat("[") {
            return self.list(live);
        }
        if let Some(quote @ ('"' | '\'')) = self.rest.chars().next() {
            self.rest = &self.rest[1..];
            return self.literal(quote);
        }
        let negative = self.eat("-");
        let word = self.word();
        if word.starts_with(|digit: char| digit.is_ascii_digit()) {
            return match word.parse::<i64>() {
                Ok(number) if !self.rest.starts_with('.') => {
                    Ok(Term::new(Data::Int(if negative { -number } else { number })))
                }
                _ => self.stop(&["only decimal integers are known as numbers here"]),
            };
        }
        Ok(match word {
            _ if negative => return self.stop(&["a number is expected"]),
            "" | "or" | "and" | "not" | "in" | "is" | "if" | "else" => {
                return self.stop(&["a value is expected"]);
            }
            "true" | "True" => Term::new(Data::Bool(true)),
            "false" | "False" => Term::new(Data::Bool(false)),
            "none" | "None" => Term::new(Data::Null),
            _ => self.variable(word)?,
        })
    }

    fn list(&mut self, live: bool) -> Read<Term<'v>> {
        let mut items = Vec::new();
        loop {
            let first = items.is_empty();
            if self.next_is("]")
                || !first && {
                    self.expect(",")?;
                    self.next_is("]")
                }
            {
                return Ok(Term::new(Data::Seq(items)));
            }
            let item = self.choice(live)?.into_value();
            self.spend(weight(&item, limits::YAML_DEPTH))?;
            items.push(item);
        }
    }

    /// A text up to its closing quote.
    fn literal(&mut self, quote: char) -> Read<Term<'v>> {
        let mut text = String::new();
        loop {
            let end = self.rest.find([quote, '\\']);
            let Some((plain, rest)) = end.and_then(|end| self.rest.split_at_checked(end)) else {
                return self.stop(&["the text has no closing quote"]);
            };
            let mut rest = rest.chars();
            if rest.next() == Some(quote) {
                self.rest = rest.as_str();
                // most have no escape
                return Ok(Term::of_text(if text.is_empty() {
                    Cow::Borrowed(plain)
                } else {
                    (text + plain).into()
                }));
            }
            text.push_str(plain);
            text.push(match rest.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some(escaped @ ('\\' | '"' | '\'')) => escaped,
                _ => return self.stop(&["only \\n, \\t, \\\\ and quotes can be escaped here"]),
            });
            self.rest = rest.as_str();
        }
    }

    /// What `for` or `set` named so, else the instance data's, where the keys
    /// of `v1` stand at the top, too.
    fn variable(&mut self, name: &'v str) -> Read<Term<'v>> {
        if let Some((_, term)) = self.scope.iter().rev().find(|(named, _)| *named == name) {
            let term = term.clone();
            return self.pick(&term, &|value| Some(value)).map(|found| found.unwrap_or(term));
        }
        let data = self.data;
        let standard = data.get("v1").and_then(|standard| entry(standard, name));
        let found = standard.or_else(|| entry(data, name));
        Ok(found.map_or(Term::Missing(name.into()), |value| Term::Known(Cow::Borrowed(value))))
    }

    /// The item or entry of `term` at `key`.
    pub(super) fn inside(&mut self, term: &Term<'v>, key: &Term<'v>, live: bool) -> Read<Term<'v>> {
        if !live {
            return Ok(Term::nothing());
        }
        if let Term::Missing(name) = term {
            self.missing(name);
        }
        let length = term.length().unwrap_or(0);
        if !matches!(term.data(), Some(Data::Seq(_))) {
            self.spend(Some(length))?;
        }
        let index = key.number().and_then(|at| match usize::try_from(at) {
            Ok(at) => Some(at),
            Err(_) => length.checked_sub(usize::try_from(at.unsigned_abs()).ok()?),
        });
        let found = match (term.data(), key.data(), index) {
            (Some(Data::Str(text)), _, Some(index)) => {
                text.chars().nth(index).map(|found| Term::of_text(String::from(found)))
            }
            (Some(Data::Seq(_)), _, Some(index)) => self.item(term, index)?,
            (Some(Data::Map(_)), Some(Data::Str(key)), _) => self.pick(term, &|value| entry(value, key))?,
            _ => None,
        };
        Ok(found.unwrap_or_else(|| Term::Missing(key.text().into_owned().into())))
    }

    /// Item `index` of a list, or key `index` of a mapping.
    pub(super) fn item(&mut self, list: &Term<'v>, index: usize) -> Read<Option<Term<'v>>> {
        self.pick(list, &|value| match &value.data {
            Data::Seq(items) => items.get(index),
            _ => value.entries().get(index).map(|(key, _)| key),
        })
    }

    /// A part of a value: borrowed from instance data, copied from what the
    /// template itself has made.
    fn pick(&mut self, whole: &Term<'v>, find: Find<'_, 'v>) -> Read<Option<Term<'v>>> {
        let part = match whole {
            Term::Missing(_) => None,
            Term::Known(Cow::Borrowed(whole)) => find(whole).map(Cow::Borrowed),
            Term::Known(Cow::Owned(whole)) => match find(whole) {
                Some(part) => {
                    self.spend(weight(part, usize::MAX))?;
                    Some(Cow::Owned(part.clone()))
                }
                None => None,
            },
        };
        Ok(part.map(Term::Known))
    }
}

type Find<'f, 'v> = &'f dyn for<'a> Fn(&'a Value<'v>) -> Option<&'a Value<'v>>;

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

/// How two values compare; `None` where only one is there.
fn order(one: &Term<'_>, other: &Term<'_>) -> Option<Ordering> {
    match (one, other) {
        (Term::Missing(_), Term::Missing(_)) => Some(Ordering::Equal),
        (Term::Known(first), Term::Known(second)) => Some(match (one.number(), other.number()) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => compare(first, second),
        }),
        _ => None,
    }
}

pub(super) fn in_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// Words and marks; white space before them is passed over.
impl<'v> Renderer<'v> {
    pub(super) fn space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Passes `text` over if it comes next, without white space before it.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        self.rest.strip_prefix(text).map(|rest| self.rest = rest).is_some()
    }

    pub(super) fn next_is(&mut self, text: &str) -> bool {
        self.space();
        self.eat(text)
    }

    pub(super) fn expect(&mut self, text: &str) -> Read<()> {
        if self.next_is(text) { Ok(()) } else { self.stop(&["`", text, "` is expected"]) }
    }

    /// The letters, digits and underscores that come next.
    pub(super) fn word(&mut self) -> &'v str {
        self.space();
        let end = self.rest.bytes().position(|byte| !in_word(char::from(byte)));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    /// The name of a new variable.
    pub(super) fn name(&mut self) -> Read<&'v str> {
        let name = self.word();
        if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
            return self.stop(&["a name is expected"]);
        }
        Ok(name)
    }

    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let before = self.rest;
        let found = self.word() == word;
        if !found {
            self.rest = before;
        }
        found
    }
}

//! Expressions: operators, variables and literals.

use super::term::{NOTHING, Slot, Term, UNCHOSEN};
use super::words::in_word;
use super::{Read, Renderer};
use crate::syntax::value::{Data, Value};
use crate::text::contains;
use crate::user_data::mergers::compare;
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
    Times,
    Divide,
    Modulo,
}

/// How loosely each binds, its text, and itself; a longer text before its own
/// beginning.
static OPERATORS: [(u8, Operator, &str); 16] = [
    (0, Operator::Or, "or"),
    (1, Operator::And, "and"),
    (COMPARISON, Operator::Equal, "=="),
    (COMPARISON, Operator::Unequal, "!="),
    (COMPARISON, Operator::AtMost, "<="),
    (COMPARISON, Operator::AtLeast, ">="),
    (COMPARISON, Operator::Less, "<"),
    (COMPARISON, Operator::More, ">"),
    (COMPARISON, Operator::In, "in"),
    (COMPARISON, Operator::NotIn, "not in"),
    (4, Operator::Plus, "+"),
    (4, Operator::Minus, "-"),
    (5, Operator::Join, "~"),
    (FACTOR, Operator::Times, "*"),
    (FACTOR, Operator::Divide, "//"),
    (FACTOR, Operator::Modulo, "%"),
];

/// Words that are no variables: the first [`OPERATING`] of them no values
/// either, the others true, false and nothing, each in two spellings.
const WORDS: &str = "or and not in is if else true True false False none None";
const OPERATING: usize = 7;

const NOT: u8 = 2;
const COMPARISON: u8 = 3;
const FACTOR: u8 = 6;
const OPERAND: u8 = 7;

impl<'v> Renderer<'v> {
    /// Reads an expression; it has a value.
    #[inline(never)]
    pub(super) fn expression(&mut self) -> Read<Term> {
        let term = self.choice()?;
        if self.fault.is_some() { Err(super::Stop) } else { Ok(term) }
    }

    /// As [`Self::expression`], of what a loop goes over: an `if` behind it is
    /// the loop's.
    pub(super) fn iterated(&mut self) -> Read<Term> {
        self.enter()?;
        let term = self.operation(0)?;
        self.depth -= 1;
        if self.fault.is_some() { Err(super::Stop) } else { Ok(term) }
    }

    /// `VALUE if CONDITION else VALUE`, or a value alone.
    #[inline(never)]
    pub(super) fn choice(&mut self) -> Read<Term> {
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
            let mut second = UNCHOSEN;
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
    fn operation(&mut self, level: u8) -> Read<Term> {
        if level == OPERAND {
            return self.operand();
        }
        if level == NOT && self.keyword("not") {
            self.enter()?;
            let term = self.operation(NOT)?;
            self.depth -= 1;
            return self.make_bool(!self.is_true(term));
        }
        let mut left = self.operation(level + 1)?;
        let mut compared = false;
        while let Some(operator) = self.operator(level) {
            let decided = level < NOT && self.is_true(left) == (operator == Operator::Or);
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

    fn operator(&mut self, level: u8) -> Option<Operator> {
        self.space();
        for (bound, operator, text) in &OPERATORS {
            if *bound != level {
                continue;
            }
            let Some(after) = self.rest.strip_prefix(text) else { continue };
            // `-}}` ends a tag, and `order` is a name
            let other = match after.as_bytes().first() {
                Some(b'}' | b'%') => level == 4 || level == FACTOR,
                Some(b'*') => level == FACTOR,
                Some(byte) => in_word(*byte) && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase),
                None => false,
            };
            if !other {
                self.rest = after;
                return Some(*operator);
            }
        }
        None
    }

    fn combine(&mut self, operator: Operator, left: Term, right: Term) -> Read<Term> {
        let order = self.order(left, right);
        let numbers = self.number(left).zip(self.number(right));
        let texts = matches!((self.data(left), self.data(right)), (Some(Data::Str(_)), Some(Data::Str(_))));
        let truth = match operator {
            Operator::Equal => order == Some(Ordering::Equal),
            Operator::Unequal => order != Some(Ordering::Equal),
            Operator::In | Operator::NotIn => {
                let work = self.length(left).unwrap_or(1).checked_mul(self.length(right).unwrap_or(1));
                self.spend(work)?;
                self.holds(right, left) == (operator == Operator::In)
            }
            Operator::Times | Operator::Divide | Operator::Modulo => {
                let product = numbers.and_then(|(left, right)| match operator {
                    Operator::Times => left.checked_mul(right),
                    // Python's go down to the next integer
                    Operator::Divide => {
                        let down = i64::from(left.checked_rem(right)? != 0 && (left < 0) != (right < 0));
                        left.checked_div(right)?.checked_sub(down)
                    }
                    _ => match left.checked_rem(right)? {
                        rest if rest != 0 && (rest < 0) != (right < 0) => rest.checked_add(right),
                        rest => Some(rest),
                    },
                });
                if let Some(product) = product {
                    return self.make(Data::Int(product));
                }
                match self.missing(left).or(self.missing(right)) {
                    Some(name) => self.note("there is no {}", name),
                    None => self.note("these values can't be multiplied or divided", ""),
                }
                return Ok(NOTHING);
            }
            Operator::Plus | Operator::Minus | Operator::Join => {
                if operator == Operator::Join || operator == Operator::Plus && texts {
                    let (left, right) = (self.text(left), self.text(right));
                    return self.make_text([left, right].concat());
                }
                let sum = numbers.and_then(|(left, right)| match operator {
                    Operator::Minus => left.checked_sub(right),
                    _ => left.checked_add(right),
                });
                if let Some(sum) = sum {
                    return self.make(Data::Int(sum));
                }
                match self.missing(left).or(self.missing(right)) {
                    Some(name) if operator == Operator::Minus => {
                        self.note(
                            "there is no {} to subtract with: a hyphen in a name is written _ here",
                            name,
                        );
                    }
                    Some(name) => self.note("there is no {}", name),
                    None => self.note("these values can't be added or subtracted", ""),
                }
                return Ok(NOTHING);
            }
            _ => {
                let Some(order) = order.filter(|_| texts || numbers.is_some()) else {
                    self.note("only two numbers or two texts can be put in order", "");
                    return Ok(NOTHING);
                };
                match operator {
                    Operator::Less => order.is_lt(),
                    Operator::More => order.is_gt(),
                    Operator::AtMost => order.is_le(),
                    _ => order.is_ge(),
                }
            }
        };
        self.make_bool(truth)
    }

    fn holds(&mut self, whole: Term, part: Term) -> bool {
        match (self.data(whole), self.value(part)) {
            (Some(Data::Str(whole)), Some(Value { data: Data::Str(part), .. })) => contains(whole, part),
            (Some(Data::Seq(items)), Some(part)) => items.iter().any(|item| compare(item, part).is_eq()),
            (None, _) | (Some(Data::Seq(_)), None) => false,
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
    fn operand(&mut self) -> Read<Term> {
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
                if self.next_is("(") {
                    term = self.method(term, name)?;
                    continue;
                }
                term = self.inside(term, name.parse().ok(), name, name)?;
            } else if self.next_is("[") {
                term = self.subscript(term)?;
            } else if self.next_is("(") {
                return self.stop("nothing can be called here", "");
            } else {
                return Ok(term);
            }
        }
    }

    fn primary(&mut self) -> Read<Term> {
        self.space();
        self.operand = self.rest.len();
        if self.eat("(") {
            let term = self.choice()?;
            // A tuple is a list here.
            if self.next_is(",") {
                let first = self.copy(term)?;
                return self.list(Vec::from([first]), ")");
            }
            self.expect(")")?;
            return Ok(term);
        }
        if self.eat("[") {
            return self.list(Vec::new(), "]");
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
        match WORDS.split(' ').position(|known| known == word) {
            Some(..OPERATING) => self.stop("a value is expected", ""),
            Some(7 | 8) => self.make_bool(true),
            Some(9 | 10) => self.make_bool(false),
            Some(_) => self.make(Data::Null),
            None if word.is_empty() && self.eat("{") => self.mapping(),
            None if word.is_empty() => self.stop("a value is expected", ""),
            None if word == "range" && self.next_is("(") => self.range(),
            None => self.variable(word),
        }
    }

    /// What `for` or `set` named so, else the instance data's, where the keys
    /// of `v1` stand at the top, too.
    fn variable(&mut self, name: &'v str) -> Read<Term> {
        if let Some((_, term)) = self.scope.iter().rev().find(|(named, _)| *named == name) {
            return Ok(*term);
        }
        let standard = self.data.get("v1").and_then(|standard| entry(standard, name));
        let found = standard.or_else(|| entry(self.data, name));
        self.keep(found.map_or(Slot::Missing(name), Slot::Given))
    }
}

/// The entry of a mapping under `name`, or under a key that is `name` once its
/// operators are underscores: cloud-init gives each such key that second name.
pub(super) fn entry<'a, 'v>(map: &'a Value<'v>, name: &str) -> Option<&'a Value<'v>> {
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

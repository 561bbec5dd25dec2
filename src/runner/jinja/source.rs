//! A template in minijinja's words: `'%02d' % number` as the filter that it has
//! for it, `map['name']` as `map.name`, which knows what is missing, `{% raw %}`
//! as one that keeps the line end behind it.

use minijinja::value::Value;
use minijinja::{Environment, Error, State};
use std::ops::Range;

/// The filter; no name that a person would choose.
const FILTER: &str = "format_percent_operator";

/// Operators inside the operand of another.
const DEPTH: usize = 8;

pub(super) fn add_to(environment: &mut Environment<'_>) {
    environment.add_filter(FILTER, |state: &mut State<'_, '_>, text: &Value, given: &Value| {
        format(state, text, given)
    });
}

fn format(state: &mut State<'_, '_>, text: &Value, given: &Value) -> Result<Value, Error> {
    let mut arguments = vec![text.clone()];
    if given.is_tuple() {
        arguments.extend(given.try_iter()?);
    } else {
        arguments.push(given.clone());
    }
    state.apply_filter("format", &arguments)
}

/// A template in minijinja's words, and where its bytes come from.
#[derive(Default)]
pub(super) struct Source<'t> {
    text: &'t str,
    pub(super) rewritten: String,
    /// Bytes of the new text from the first on come from the second on.
    origins: Vec<(usize, usize)>,
}

impl<'t> Source<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let mut source = Self { text, ..Self::default() };
        let mut at = 0;
        while let Some(tag) = next_tag(text, at) {
            source.copy(at, tag.start);
            let inner = text.get(tag.clone()).unwrap_or_default();
            if inner.trim_matches(['-', '+', ' ', '\n', '\t']) == "raw" {
                source.copy(tag.start, tag.end);
                // Jinja keeps the line end behind it.
                source.rewritten.push_str(if inner.ends_with(['-', '+']) { "" } else { "+" });
                let end = text.get(tag.end..).and_then(|raw| raw.find("endraw"));
                at = end.map_or(text.len(), |end| tag.end + end);
                source.copy(tag.end, at);
                continue;
            }
            source.expression(tag.start, tag.end, DEPTH);
            at = tag.end;
        }
        source.copy(at, text.len());
        source
    }

    /// Where byte `at` of the new text stands in the old one.
    pub(super) fn origin(&self, at: usize) -> usize {
        let before = self.origins.partition_point(|&(new, _)| new <= at);
        let (new, old) = before.checked_sub(1).and_then(|index| self.origins.get(index)).unwrap_or(&(0, 0));
        (old + (at - new)).min(self.text.len())
    }

    fn copy(&mut self, start: usize, end: usize) {
        self.origins.push((self.rewritten.len(), start));
        self.rewritten.push_str(self.text.get(start..end).unwrap_or_default());
    }

    /// Rewrites what stands between the marks of a tag.
    fn expression(&mut self, start: usize, end: usize, depth: usize) {
        let bytes = &self.text.as_bytes()[..end];
        let (mut at, mut copied) = (start, start);
        while let Some(&byte) = bytes.get(at) {
            if let Some(name) = subscript(bytes, start, at) {
                self.copy(copied, at);
                self.rewritten.push('.');
                self.copy(name.start, name.end);
                at = name.end + 2;
                copied = at;
                continue;
            }
            if !matches!(byte, b'\'' | b'"') {
                at += 1;
                continue;
            }
            at = text_end(bytes, at);
            let operator = space_end(bytes, at);
            let operand = space_end(bytes, operator + 1);
            if bytes.get(operator) != Some(&b'%') || depth == 0 {
                continue;
            }
            let Some(operand_end) = operand_end(bytes, operand) else { break };
            self.copy(copied, at);
            self.rewritten.push('|');
            self.rewritten.push_str(FILTER);
            self.rewritten.push('(');
            self.expression(operand, operand_end, depth - 1);
            self.rewritten.push(')');
            (at, copied) = (operand_end, operand_end);
        }
        self.copy(copied, end);
    }
}

/// What stands between the marks of the first tag from byte `from` on.
fn next_tag(text: &str, mut from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    loop {
        let start = from + text.get(from..)?.find('{')? + 2;
        match bytes.get(start - 1) {
            Some(b'#') => from = start + text.get(start..)?.find("#}")?,
            Some(b'{' | b'%') => return Some(start..tag_end(bytes, start)?),
            _ => from = start - 1,
        }
    }
}

/// Where a tag's closing mark begins; texts in it are passed over.
fn tag_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let close = if bytes.get(at - 1) == Some(&b'{') { b"}}" } else { b"%}" };
    let mut open = 0_usize;
    loop {
        let rest = bytes.get(at..)?;
        match rest.first()? {
            b'\'' | b'"' => {
                at = text_end(bytes, at);
                continue;
            }
            b'{' => open += 1,
            _ if open == 0 && rest.starts_with(close) => return Some(at),
            b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
}

/// The name in the `['name']` at `at`, behind a value that does not begin before
/// `start`.
fn subscript(bytes: &[u8], start: usize, at: usize) -> Option<Range<usize>> {
    let quote = *bytes.get(at + 1).filter(|quote| bytes[at] == b'[' && matches!(quote, b'\'' | b'"'))?;
    let end = word_end(bytes, at + 2)?;
    let is_name = !bytes[at + 2].is_ascii_digit() && bytes.get(end..end + 2)? == [quote, b']'];
    let before = bytes.get(start..at)?;
    let word = before.iter().rposition(|byte| !is_word(*byte)).map_or(before, |space| &before[space + 1..]);
    let is_value = match word {
        [] => before.ends_with(b")") || before.ends_with(b"]"),
        b"and" | b"elif" | b"else" | b"if" | b"in" | b"is" | b"not" | b"or" => false,
        _ => true,
    };
    (is_name && is_value).then_some(at + 2..end)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn space_end(bytes: &[u8], at: usize) -> usize {
    let spaces = bytes.get(at..).unwrap_or_default().iter();
    at + spaces.take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// The byte behind the text that opens at `at`.
fn text_end(bytes: &[u8], at: usize) -> usize {
    let Some(quote) = bytes.get(at) else { return at };
    let mut end = at + 1;
    while let Some(byte) = bytes.get(end) {
        if byte == quote {
            return end + 1;
        }
        end += if *byte == b'\\' { 2 } else { 1 };
    }
    bytes.len()
}

/// The byte behind the operand that begins at `at`: a value with what follows
/// it, names, brackets and filters.
fn operand_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = match bytes.get(at)? {
        b'\'' | b'"' => text_end(bytes, at),
        b'(' | b'[' | b'{' => bracket_end(bytes, at)?,
        _ => word_end(bytes, at)?,
    };
    loop {
        let next = space_end(bytes, end);
        end = match bytes.get(next) {
            Some(b'(' | b'[') if next == end => bracket_end(bytes, next)?,
            Some(b'.' | b'|') => word_end(bytes, space_end(bytes, next + 1))?,
            _ => return Some(end),
        };
    }
}

fn word_end(bytes: &[u8], at: usize) -> Option<usize> {
    let word = bytes.get(at..)?.iter();
    let length = word.take_while(|byte| is_word(**byte)).count();
    (length > 0).then_some(at + length)
}

/// The byte behind the bracket that closes the one at `at`.
fn bracket_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut open = 0_usize;
    loop {
        match bytes.get(at)? {
            b'\'' | b'"' => {
                at = text_end(bytes, at);
                continue;
            }
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.checked_sub(1)?,
            _ => {}
        }
        at += 1;
        if open == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_behind_a_text_is_a_filter() {
        let rewritten = |text: &str| Source::of(text).rewritten.replace(FILTER, "F");
        for (text, expected) in [
            ("{{ '%s' % x.y[0]|upper ~ 'a' }} %", "{{ '%s'|F(x.y[0]|upper) ~ 'a' }} %"),
            ("{{ \"a\" % (1, ')') }}{{ 'a'%b }}", "{{ \"a\"|F((1, ')')) }}{{ 'a'|F(b) }}"),
            ("{{ '%s' % ('%d' % 1) }}", "{{ '%s'|F(('%d'|F(1))) }}"),
            ("{% if x == 'a' %}b{% endif %}", "{% if x == 'a' %}b{% endif %}"),
            (
                "{# 'a' % b #}'a' % b {% raw %}{{ 'a' % b }}{% endraw %}",
                "{# 'a' % b #}'a' % b {% raw +%}{{ 'a' % b }}{% endraw %}",
            ),
            ("{{ a['b_1']['c']|d + [1]['e'] }}", "{{ a.b_1.c|d + [1].e }}"),
            (
                "{{ a['b-c'] ['d'] in['e'] if x is in ['f'] }} a['b']",
                "{{ a['b-c'] ['d'] in['e'] if x is in ['f'] }} a['b']",
            ),
            ("{{ a['b'] % 'c' }}{{ a(['b'], ['c']) }}", "{{ a.b % 'c' }}{{ a(['b'], ['c']) }}"),
            ("{{ 7 % 2 }} {{ 'a' % }} {{ 'a", "{{ 7 % 2 }} {{ 'a' % }} {{ 'a"),
            ("{{ {'a': '}}'} }}{{ '%s' % 1 }}", "{{ {'a': '}}'} }}{{ '%s'|F(1) }}"),
        ] {
            assert_eq!(rewritten(text), expected);
        }
    }

    #[test]
    fn places_are_those_of_the_text_a_person_wrote() {
        let source = Source::of("{{ '%s' % x }} {{ nope.y }}");
        let at = source.rewritten.find("nope").unwrap();
        assert_eq!(source.origin(at), 18);
        assert_eq!(source.origin(source.rewritten.find("x)").unwrap()), 10);
    }
}

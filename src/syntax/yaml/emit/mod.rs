//! Values to YAML, byte for byte as cloud-init's `safeyaml.dumps` writes them:
//! `PyYAML`'s `SafeDumper` with block style, an indentation of 4, sorted keys,
//! and `---` and `...` around the document.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::float_value;
use super::timestamp;
use crate::syntax::value::{Data, Value};

mod analysis;
mod decimal;
mod float;
mod order;
mod writer;

use analysis::Analysis;
use writer::Writer;

/// Spaces of one level.
const INDENT: usize = 4;

/// Longest simple key: characters of the key and of its tag.
const KEY: usize = 128;

/// A scalar ready to be written.
struct Scalar<'v> {
    text: alloc::borrow::Cow<'v, str>,
    /// What `PyYAML` counts the key's length with.
    tag: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Str,
    Binary,
    /// What its plain form resolves to.
    Other,
}

/// The position in a collection being written.
enum Level<'v> {
    Seq { items: &'v [Value<'v>], at: usize },
    Map { entries: &'v [(Value<'v>, Value<'v>)], order: Vec<usize>, at: usize, value: bool, simple: bool },
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Root,
    Item,
    Key { simple: bool },
    Value,
}

/// `value` as one document. Collections that stand in several places are
/// written out in each: no anchors.
pub fn dump(value: &Value<'_>) -> String {
    const EXACT: Numbers =
        Numbers { text: |written| float::text(float_value(written)), compare: order::compare };
    dump_with(value, &EXACT)
}

/// As [`dump`], without the arithmetic that reading and writing floats takes,
/// which is a tenth of a small program: decimals of up to 15 digits come out
/// the same, others as they were written; keys that are floats or large
/// integers are not sorted.
pub fn dump_decimal(value: &Value<'_>) -> String {
    const DECIMAL: Numbers = Numbers { text: decimal::text, compare: order::compare_simple };
    dump_with(value, &DECIMAL)
}

/// What is done with numbers.
struct Numbers {
    /// The text of a float, from what was written.
    text: fn(&str) -> String,
    /// Python's order of two keys; `None` where it has none.
    compare: fn(&Data<'_>, &Data<'_>) -> Option<Ordering>,
}

#[inline(never)]
fn dump_with(value: &Value<'_>, numbers: &'static Numbers) -> String {
    let mut emitter = Emitter { writer: Writer::default(), levels: Vec::new(), numbers };
    emitter.writer.indicator("---", true, false, false);
    emitter.node(value, Context::Root);
    while let Some(level) = emitter.levels.last_mut() {
        match level.next(numbers) {
            Some((value, context)) => emitter.child(value, context),
            None => emitter.end(),
        }
    }
    emitter.writer.newline();
    emitter.writer.indicator("...", true, false, false);
    emitter.writer.newline();
    emitter.writer.out
}

/// Whether a string can be written as it is, without quotes; any string without
/// control characters can be written between single quotes, those in it doubled.
pub fn is_plain(text: &str) -> bool {
    Analysis::of(text).plain && super::resolve::is_string(text)
}

struct Emitter<'v> {
    writer: Writer,
    levels: Vec<Level<'v>>,
    numbers: &'static Numbers,
}

impl<'v> Level<'v> {
    /// The next child and where it stands.
    fn next(&mut self, numbers: &Numbers) -> Option<(&'v Value<'v>, Context)> {
        match self {
            Level::Seq { items, at } => {
                *at += 1;
                items.get(*at - 1).map(|item| (item, Context::Item))
            }
            Level::Map { entries, order, at, value, simple } => {
                let entry = order.get(*at).and_then(|&index| entries.get(index))?;
                *value = !*value;
                if *value {
                    *simple = is_simple(&entry.0, numbers);
                    return Some((&entry.0, Context::Key { simple: *simple }));
                }
                *at += 1;
                Some((&entry.1, Context::Value))
            }
        }
    }
}

impl<'v> Emitter<'v> {
    fn child(&mut self, value: &'v Value<'v>, context: Context) {
        match context {
            Context::Item => {
                self.writer.indent();
                self.writer.indicator("-", true, false, true);
            }
            Context::Key { simple } => {
                self.writer.indent();
                if !simple {
                    self.writer.indicator("?", true, false, true);
                }
            }
            Context::Value if matches!(self.levels.last(), Some(Level::Map { simple: true, .. })) => {
                self.writer.indicator(":", false, false, false);
            }
            Context::Value => {
                self.writer.indent();
                self.writer.indicator(":", true, false, true);
            }
            Context::Root => {}
        }
        self.node(value, context);
    }

    fn node(&mut self, value: &'v Value<'v>, context: Context) {
        match &value.data {
            Data::Seq(items) if items.is_empty() => self.empty("[", "]"),
            Data::Map(entries) if entries.is_empty() => self.empty("{", "}"),
            Data::Seq(items) => {
                // A list as a mapping's value stands as deep as the mapping.
                let mapping = matches!(context, Context::Key { .. } | Context::Value);
                self.writer.deeper(mapping && !self.writer.indention);
                self.levels.push(Level::Seq { items, at: 0 });
            }
            Data::Map(entries) => {
                self.writer.deeper(false);
                let order = order::order(entries, self.numbers.compare);
                self.levels.push(Level::Map { entries, order, at: 0, value: false, simple: true });
            }
            _ => self.scalar(&scalar(value, self.numbers), context),
        }
    }

    fn empty(&mut self, open: &str, close: &str) {
        self.writer.indicator(open, true, true, false);
        self.writer.indicator(close, false, false, false);
    }

    fn end(&mut self) {
        self.levels.pop();
        self.writer.shallower();
    }

    fn scalar(&mut self, scalar: &Scalar<'_>, context: Context) {
        let key = context == Context::Key { simple: true };
        let analysis = Analysis::of(&scalar.text);
        if scalar.kind == Kind::Binary {
            self.writer.indicator("!!binary", true, false, false);
        }
        self.writer.push_scalar_indent();
        let plain = scalar.kind == Kind::Other
            || scalar.kind == Kind::Str && analysis.plain && super::resolve::is_string(&scalar.text);
        if scalar.kind == Kind::Binary && !key && analysis.block {
            self.writer.literal(&scalar.text);
        } else if plain && !(key && (scalar.text.is_empty() || analysis.multiline)) {
            self.writer.plain(&scalar.text, !key);
        } else if scalar.kind == Kind::Str && analysis.single && !(key && analysis.multiline) {
            self.writer.single(&scalar.text, !key);
        } else {
            self.writer.double(&scalar.text, !key);
        }
        self.writer.shallower();
    }
}

/// Whether a key needs no `? `.
fn is_simple(key: &Value<'_>, numbers: &Numbers) -> bool {
    match &key.data {
        Data::Seq(items) => items.is_empty(),
        Data::Map(entries) => entries.is_empty(),
        _ => {
            let scalar = scalar(key, numbers);
            let length = scalar.text.chars().count() + scalar.tag.len();
            length < KEY && !scalar.text.is_empty() && !Analysis::of(&scalar.text).multiline
        }
    }
}

/// The text of a scalar as `SafeRepresenter` gives it.
fn scalar<'v>(value: &'v Value<'_>, numbers: &Numbers) -> Scalar<'v> {
    let other = |text: String, tag| Scalar { text: text.into(), tag, kind: Kind::Other };
    match &value.data {
        Data::Str(text) => Scalar { text: text.as_ref().into(), tag: "!!str", kind: Kind::Str },
        Data::Bool(value) => other(value.to_string(), "!!bool"),
        Data::Int(value) => other(value.to_string(), "!!int"),
        Data::BigInt(digits) => Scalar { text: digits.as_ref().into(), tag: "!!int", kind: Kind::Other },
        Data::Float(value) => other((numbers.text)(value), "!!float"),
        Data::Timestamp(text) => other(timestamp::canonical(text), "!!timestamp"),
        Data::Bytes(bytes) => {
            Scalar { text: base64_lines(bytes).into(), tag: "!!binary", kind: Kind::Binary }
        }
        Data::Null | Data::Seq(_) | Data::Map(_) => other("null".into(), "!!null"),
    }
}

/// Base64 in lines of 76 characters, each ended.
fn base64_lines(bytes: &[u8]) -> String {
    use base64::Engine;
    let mut text = String::with_capacity(bytes.len() / 57 * 77 + 80);
    for line in bytes.chunks(57) {
        base64::engine::general_purpose::STANDARD.encode_string(line, &mut text);
        text.push('\n');
    }
    text
}

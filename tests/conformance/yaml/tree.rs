//! Our answer in the oracle's notation.

use std::fmt::Write as _;

use glowplug::syntax::value::{Data, Value};
use glowplug::syntax::yaml::{self, emit};

/// Our side of what the oracle writes: the tree in canonical form, a tab, the
/// dump; or `!` and why the text is refused.
pub(crate) fn ours(text: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(text) else { return "!not UTF-8".to_owned() };
    match yaml::load(text) {
        Err(error) => format!("!{error}"),
        Ok(value) => {
            let mut line = String::new();
            canonical(&value, &mut line);
            line.push('\t');
            quoted(&emit::dump(&value), &mut line);
            line
        }
    }
}

/// Types, order and bits; nothing of how it was written but dates.
fn canonical(value: &Value<'_>, out: &mut String) {
    match &value.data {
        Data::Null => out.push_str("null"),
        Data::Bool(value) => write!(out, "{value}").unwrap(),
        Data::Int(value) => write!(out, "int {value}").unwrap(),
        Data::BigInt(digits) => write!(out, "int {digits}").unwrap(),
        Data::Float(text) => match yaml::float_value(text) {
            value if value.is_nan() => out.push_str("float nan"),
            value => write!(out, "float {:016x}", value.to_bits()).unwrap(),
        },
        Data::Str(text) => quoted(text, out),
        Data::Bytes(bytes) => {
            out.push_str("bytes ");
            bytes.iter().for_each(|byte| write!(out, "{byte:02x}").unwrap());
        }
        Data::Timestamp(text) => {
            out.push_str("time ");
            quoted(text, out);
        }
        Data::Seq(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                out.push_str(if position > 0 { ", " } else { "" });
                canonical(item, out);
            }
            out.push(']');
        }
        Data::Map(entries) => {
            out.push('{');
            for (position, (key, value)) in entries.iter().enumerate() {
                out.push_str(if position > 0 { ", " } else { "" });
                canonical(key, out);
                out.push_str(": ");
                canonical(value, out);
            }
            out.push('}');
        }
    }
}

/// Quoted in ASCII: all else by its code in hexadecimal.
fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(out, "\\{{{:x}}}", u32::from(character)).unwrap(),
            ' '..='~' => out.push(character),
            _ => write!(out, "\\{{{:x}}}", u32::from(character)).unwrap(),
        }
    }
    out.push('"');
}

/// A tree in canonical form where the order of keys and the writing of dates,
/// which a dump changes, don't count.
pub(crate) fn unordered(value: &Value<'_>) -> String {
    let mut out = String::new();
    match &value.data {
        Data::Timestamp(_) => out = emit::dump(&Value::bare(value.data.clone())),
        Data::Seq(items) => {
            for item in items {
                write!(out, "{}, ", unordered(item)).unwrap();
            }
            out = format!("[{out}]");
        }
        Data::Map(entries) => {
            let entry = |(key, value)| format!("{}: {}", unordered(key), unordered(value));
            let mut entries: Vec<String> = entries.iter().map(|(key, value)| entry((key, value))).collect();
            entries.sort();
            out = format!("{{{}}}", entries.join(", "));
        }
        _ => canonical(value, &mut out),
    }
    out
}

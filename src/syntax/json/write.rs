//! Values as JSON text.

use crate::syntax::value::{Data, Value};
use crate::syntax::yaml::float_value;
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use core::fmt::Write;

/// How the text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// One line without spaces, entries in their order, UTF-8 as it is.
    Compact,
    /// As cloud-init writes its files, Python's `json.dumps(indent=1,
    /// sort_keys=True, separators=(",", ": "))`: a line each, ASCII alone.
    File,
}

/// Appends `value` to `out`, without a line end after it.
///
/// What JSON has no type for: a key that is no string becomes the text of its
/// scalar, binary data base64, a date its text, and infinities and NaN the
/// words Python writes. Recursion ends at the depth the parsers allow.
pub fn write(value: &Value<'_>, style: Style, out: &mut String) {
    write_value(value, style, 0, out);
}

fn write_value(value: &Value<'_>, style: Style, depth: usize, out: &mut String) {
    match &value.data {
        Data::Str(text) => write_string(text, style, out),
        Data::Seq(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                next_line(index > 0, style, depth + 1, out);
                write_value(item, style, depth + 1, out);
            }
            end_line(!items.is_empty(), style, depth, out);
            out.push(']');
        }
        Data::Map(entries) => {
            let mut keyed: Vec<_> = entries.iter().map(|(key, value)| (scalar_text(key), value)).collect();
            if style == Style::File {
                keyed.sort_by(|one, other| one.0.cmp(&other.0));
            }
            out.push('{');
            for (index, (key, value)) in keyed.iter().enumerate() {
                next_line(index > 0, style, depth + 1, out);
                write_string(key, style, out);
                out.push_str(if style == Style::File { ": " } else { ":" });
                write_value(value, style, depth + 1, out);
            }
            end_line(!entries.is_empty(), style, depth, out);
            out.push('}');
        }
        Data::Bytes(_) | Data::Timestamp(_) => write_string(&scalar_text(value), style, out),
        _ => out.push_str(&scalar_text(value)),
    }
}

/// What stands before an item.
fn next_line(comma: bool, style: Style, depth: usize, out: &mut String) {
    if comma {
        out.push(',');
    }
    end_line(true, style, depth, out);
}

fn end_line(wanted: bool, style: Style, depth: usize, out: &mut String) {
    if wanted && style == Style::File {
        out.push('\n');
        out.extend(core::iter::repeat_n(' ', depth));
    }
}

/// The text of a scalar without quotes; of a collection, its compact JSON.
fn scalar_text<'v>(value: &'v Value<'_>) -> Cow<'v, str> {
    Cow::Borrowed(match &value.data {
        Data::Str(text) | Data::BigInt(text) | Data::Timestamp(text) => text,
        Data::Null => "null",
        Data::Bool(true) => "true",
        Data::Bool(false) => "false",
        Data::Int(number) => return Cow::Owned(number.to_string()),
        Data::Float(number) => return Cow::Owned(float(float_value(number))),
        Data::Bytes(bytes) => return Cow::Owned(STANDARD.encode(bytes)),
        Data::Seq(_) | Data::Map(_) => {
            let mut text = String::new();
            write(value, Style::Compact, &mut text);
            return Cow::Owned(text);
        }
    })
}

fn write_string(text: &str, style: Style, out: &mut String) {
    out.push('"');
    let mut rest = text;
    loop {
        let plain =
            rest.bytes().position(|byte| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\'));
        let (plain, special) = rest.split_at(plain.unwrap_or(rest.len()));
        out.push_str(plain);
        let mut characters = special.chars();
        let Some(character) = characters.next() else { break };
        rest = characters.as_str();
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            _ if style == Style::Compact && character >= '\u{7f}' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a String can't fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// A float as Python's `repr` writes it, with JSON's words of Python for what
/// is no number.
fn float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let shortest = format!("{number:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..16).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => {
            let plain = number.to_string();
            if plain.contains('.') { plain } else { plain + ".0" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::json::parse;

    fn file(text: &str) -> String {
        let mut out = String::new();
        write(&parse(text.as_bytes()).unwrap(), Style::File, &mut out);
        out
    }

    // Expected texts are python3's json.dumps(json.loads(TEXT), indent=1,
    // sort_keys=True, separators=(",", ": ")).
    #[test]
    fn file_style_is_pythons() {
        assert_eq!(
            file(
                r#"{"b": [1, 2.5, [], {}], "a": {"Z": null, "a": true}, "é": "\u20ac \ud83d\ude00 \u007f\u0001/"}"#
            ),
            "{\n \"a\": {\n  \"Z\": null,\n  \"a\": true\n },\n \"b\": [\n  1,\n  2.5,\n  [],\n  {}\n ],\n \
             \"\\u00e9\": \"\\u20ac \\ud83d\\ude00 \\u007f\\u0001/\"\n}"
        );
        assert_eq!(file("[]"), "[]");
        assert_eq!(file(r#""\"\\\b\f\n\r\t""#), r#""\"\\\b\f\n\r\t""#);
    }

    #[test]
    fn floats_are_pythons() {
        for (number, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.234e-7, "1.234e-07"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(float(number), text);
        }
    }

    #[test]
    fn what_json_has_no_type_for() {
        let entry = |key, value| (Value::bare(key), Value::bare(value));
        let value = Value::bare(Data::Map(alloc::vec![
            entry(Data::Int(8), Data::Bytes(Cow::Borrowed(b"\xff"))),
            entry(Data::Bool(true), Data::Timestamp("2001-01-01".into())),
            entry(Data::Null, Data::BigInt("123456789012345678901234567890".into())),
        ]));
        let mut out = String::new();
        write(&value, Style::Compact, &mut out);
        assert_eq!(out, r#"{"8":"/w==","true":"2001-01-01","null":123456789012345678901234567890}"#);
    }
}

//! JSON, read through miniserde and written as Python's `json` writes it.

mod check;
mod write;

pub use write::{Style, write};

use super::value::{Data, Place, Value};
use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;
use miniserde::json::{self, Number};

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where reading stopped.
    pub place: Place,
    /// What is wrong, a clause.
    pub message: Cow<'static, str>,
}

/// Reads one JSON document (RFC 8259), with or without a byte order mark.
///
/// Values have no places. Of two equal keys the later counts; the entries of an
/// object are sorted by key. Integers from 2^63 are [`Data::BigInt`], from 2^64
/// on floats; floats may be off in their last digit.
///
/// # Errors
/// With line and column: what is no JSON or no UTF-8, nesting deeper than
/// [`crate::limits::JSON_DEPTH`], lone surrogates, numbers no float can hold.
pub fn parse(text: &[u8]) -> Result<Value<'static>, Error> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let text = check::check(text)?;
    match json::from_str(text) {
        Ok(value) => Ok(convert(value)),
        Err(_) => {
            Err(Error { place: Place { line: 1, column: 1 }, message: Cow::Borrowed("this is no JSON") })
        }
    }
}

/// Recursion ends at the depth that [`check::check`] allows.
fn convert(value: json::Value) -> Value<'static> {
    Value::bare(match value {
        json::Value::Null => Data::Null,
        json::Value::Bool(value) => Data::Bool(value),
        json::Value::Number(number) => convert_number(&number),
        json::Value::String(text) => Data::Str(Cow::Owned(text)),
        json::Value::Array(items) => Data::Seq(items.into_iter().map(convert).collect()),
        json::Value::Object(entries) => {
            let entry = |(key, value)| (Value::bare(Data::Str(Cow::Owned(key))), convert(value));
            Data::Map(entries.into_iter().map(entry).collect::<Vec<_>>())
        }
    })
}

fn convert_number(number: &Number) -> Data<'static> {
    match *number {
        Number::I64(value) => Data::Int(value),
        Number::U64(value) => match i64::try_from(value) {
            Ok(value) => Data::Int(value),
            Err(_) => Data::BigInt(Cow::Owned(value.to_string())),
        },
        Number::F64(value) => Data::Float(Cow::Owned(value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compact(text: &str) -> alloc::string::String {
        let mut out = alloc::string::String::new();
        write(&parse(text.as_bytes()).unwrap(), Style::Compact, &mut out);
        out
    }

    fn error(text: &[u8]) -> (u32, u32, Cow<'static, str>) {
        let error = parse(text).unwrap_err();
        (error.place.line, error.place.column, error.message)
    }

    #[test]
    fn values_of_every_kind() {
        for (text, expected) in [
            ("\u{feff} null ", "null"),
            ("[1, -0, 0.5, -1.5e3, 1E+2]", "[1,0,0.5,-1500.0,100.0]"),
            (
                "[9223372036854775807,9223372036854775808,-9223372036854775808]",
                "[9223372036854775807,9223372036854775808,-9223372036854775808]",
            ),
            ("{\"b\":1,\"a\":{},\"b\":2}", "{\"a\":{},\"b\":2}"),
            (r#""\u00e9\ud83d\ude00\/\n\u007f""#, "\"é😀/\\n\u{7f}\""),
            ("\r\n\t[ ]\n", "[]"),
        ] {
            assert_eq!(compact(text), expected, "{text}");
        }
    }

    #[test]
    fn errors_have_a_place_and_a_cause() {
        for (text, line, column, message) in [
            (&b""[..], 1, 1, "the text ends where a value is expected"),
            (b"{\n  \"a\": 1,\n}", 3, 1, "a key in double quotes is expected"),
            (b"{\"a\" 1}", 1, 6, "`:` is expected"),
            (b"[1, 2", 1, 6, "the text ends where `,` or `]` is expected"),
            (b"[1 2]", 1, 4, "`,` or `]` is expected"),
            (b"{\"a\":1 \"b\":2}", 1, 8, "`,` or `}` is expected"),
            (b"[1,]", 1, 4, "a value is expected"),
            (b"[tru]", 1, 2, "a value is expected"),
            (b"nullx", 1, 5, "the document ended before this"),
            (b"{} []", 1, 4, "the document ended before this"),
            (b"{\"\xc3\xa4\": 01}", 1, 8, "`,` or `}` is expected"),
            (b"\"a\nb\"", 1, 3, "a control character must be escaped"),
            (b"\"a\\x\"", 1, 3, "no such escape"),
            (b"\"\\u12g4\"", 1, 2, "no such escape"),
            (b"\"\\ud800x\"", 1, 2, "half of a surrogate pair stands alone"),
            (b"\"abc", 1, 5, "the text ends inside a string"),
            (b"[\n\"\xff\"]", 2, 2, "not UTF-8"),
            (b"[1e999]", 1, 2, "the number is out of range"),
            (b"[-]", 1, 2, "a value is expected"),
            (b"[1.]", 1, 2, "a value is expected"),
            (b"NaN", 1, 1, "a value is expected"),
            (b"// x\n{}", 1, 1, "a value is expected"),
        ] {
            let (found_line, found_column, found) = error(text);
            let shown = text.escape_ascii();
            assert_eq!((found_line, found_column, &*found), (line, column, message), "{shown}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let depth = crate::limits::JSON_DEPTH;
        let most = "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(most.as_bytes()).is_ok());
        let more = alloc::format!("[{most}]");
        assert_eq!(error(more.as_bytes()).2, "more than 64 levels of nesting");
        assert!(parse("[".repeat(1_000_000).as_bytes()).is_err());
        assert!(parse("{\"a\":".repeat(1_000_000).as_bytes()).is_err());
    }
}

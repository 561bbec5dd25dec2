//! JSON, read in one pass and written as Python's `json` writes it.

mod read;
mod write;

pub use write::{Style, write};

use super::value::{Place, Value};

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where reading stopped.
    pub place: Place,
    /// What is wrong, a clause.
    pub message: &'static str,
}

impl Error {
    /// As an error of reading `file`.
    #[inline(never)]
    pub fn in_file(&self, file: &str) -> crate::error::Error {
        crate::error::Error::at("read", file, self.place.line, self.place.column, self.message)
    }
}

/// Reads one JSON document (RFC 8259), with or without a byte order mark.
///
/// Of two equal keys the later counts; the entries of an object are sorted by
/// key. Numbers of any size are exact: see [`super::value::Data`].
///
/// # Errors
/// With line and column: what is no JSON or no UTF-8, nesting deeper than
/// [`crate::limits::JSON_DEPTH`], more values than
/// [`crate::limits::JSON_VALUES`], lone surrogates.
pub fn parse(text: &[u8]) -> Result<Value<'_>, Error> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    match core::str::from_utf8(text) {
        Ok(text) => read::document(text),
        Err(error) => Err(Error { place: Place::of_byte(text, error.valid_up_to()), message: "not UTF-8" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;

    fn compact(text: &str) -> String {
        let mut out = String::new();
        write(&parse(text.as_bytes()).unwrap(), Style::Compact, &mut out);
        out
    }

    fn error(text: &[u8]) -> (u32, u32, &'static str) {
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
            (
                "[18446744073709551616,-123456789012345678901,1e999]",
                "[18446744073709551616,-123456789012345678901,Infinity]",
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
            (b"[1e]", 1, 2, "a value is expected"),
            (b"[-]", 1, 2, "a value is expected"),
            (b"[1.]", 1, 2, "a value is expected"),
            (b"NaN", 1, 1, "a value is expected"),
            (b"// x\n{}", 1, 1, "a value is expected"),
        ] {
            let (found_line, found_column, found) = error(text);
            let shown = text.escape_ascii();
            assert_eq!((found_line, found_column, found), (line, column, message), "{shown}");
        }
    }

    #[test]
    fn every_node_has_its_place() {
        let value = parse("\u{feff}{\"ä\": [1,\n  null], \"b\": {}}".as_bytes()).unwrap();
        let place = |value: &Value<'_>| (value.place.line, value.place.column);
        let [(second, object), (first, list)] = value.entries() else { panic!("{value:?}") };
        let items: Vec<_> = list.items().unwrap().iter().map(place).collect();
        assert_eq!((place(&value), place(first), place(list)), ((1, 1), (1, 2), (1, 7)));
        assert_eq!((items, place(second), place(object)), (vec![(1, 8), (2, 3)], (2, 10), (2, 15)));
    }

    #[test]
    fn many_keys_and_values() {
        let keys: Vec<String> = (0..100_000).rev().map(|n| alloc::format!("\"{}\":{n}", n % 1000)).collect();
        let text = alloc::format!("{{{},\"x\":0}}", keys.join(","));
        let value = parse(text.as_bytes()).unwrap();
        assert_eq!((value.entries().len(), value.get("7").and_then(Value::as_int)), (1001, Some(7)));

        let most = crate::limits::JSON_VALUES - 1;
        assert!(parse(alloc::format!("[{}0]", "0,".repeat(most - 1)).as_bytes()).is_ok());
        let more = alloc::format!("[{}0]", "0,".repeat(most));
        assert_eq!(error(more.as_bytes()).2, "more than 1048576 values");
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

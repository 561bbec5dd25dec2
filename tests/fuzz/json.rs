//! Places lie in the text; what is written is read back as it was.

use std::fs;

use glowplug::limits;
use glowplug::syntax::json::{self, Style};
use glowplug::syntax::value::{Data, Value};

use crate::{Target, corpus};

const PIECES: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\\u",
    b"\\ud83d",
    b"\\ude00",
    b"\\u0000",
    b"null",
    b"true",
    b"false",
    b"-",
    b".",
    b"e",
    b"E+",
    b"0",
    b"1e400",
    b"\"a\":",
    b"[[[[[[[[[[[[[[[[",
    b"{\"\":",
    b" ",
    b"\n",
    b"\t",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xf0\x9f\x98\x80",
    b"NaN",
    b"Infinity",
    b"/**/",
    b"'",
];

/// Documents of every kind of value.
const DOCUMENTS: [&str; 6] = [
    "{\"a\": [1, 2.5e3, \"\\u00e9\\ud83d\\ude00\", null, true], \"b\": {}, \"a\": 2}",
    "[0, -0, 1e400, -1.5E-7, 9223372036854775808, 123456789012345678901234567890]",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "[[[[{\"\": [[]]}]]]]",
    " null ",
    "{\"uuid\": \"83679162-1378-4288-a2d4-70e13ec132aa\", \"keys\": [{\"name\": \"k\", \"type\": \"ssh\", \"data\": \"ssh-rsa A\"}], \"launch_index\": 0}",
];

pub(crate) fn target() -> Target {
    let mut corpus: Vec<Vec<u8>> = DOCUMENTS.iter().map(|text| text.as_bytes().to_vec()).collect();
    let files = corpus::files(&corpus::data(), &["json"]);
    corpus.extend(files.iter().map(|path| fs::read(path).unwrap()));
    Target { name: "json", corpus, pieces: PIECES, check, rounds: 50_000 }
}

fn check(input: &[u8]) -> bool {
    let value = match json::parse(input) {
        Ok(value) => value,
        Err(error) => {
            let lines = input.split(|&byte| byte == b'\n').count();
            assert!((1..=lines).contains(&(error.place.line as usize)), "{error:?} is outside the text");
            assert!((1..=input.len() + 1).contains(&(error.place.column as usize)), "{error:?}");
            assert!(!error.message.is_empty());
            return false;
        }
    };
    check_value(&value, 0);
    for style in [Style::File, Style::Compact] {
        let once = written(&value, style);
        // What Python writes for numbers past a double is no JSON.
        if !once.contains("Infinity") {
            let again = json::parse(once.as_bytes()).unwrap_or_else(|error| panic!("{error:?} in {once}"));
            assert_eq!(written(&again, style), once);
        }
    }
    true
}

fn written(value: &Value<'_>, style: Style) -> String {
    let mut out = String::new();
    json::write(value, style, &mut out);
    out
}

fn check_value(value: &Value<'_>, depth: usize) {
    assert!(depth <= limits::JSON_DEPTH);
    match &value.data {
        Data::Seq(items) => items.iter().for_each(|item| check_value(item, depth + 1)),
        Data::Map(entries) => {
            assert!(entries.is_sorted_by(|one, other| one.0.as_str() < other.0.as_str()), "keys");
            for (_, value) in entries {
                check_value(value, depth + 1);
            }
        }
        Data::Bytes(_) | Data::Timestamp(_) => panic!("JSON has no {}", value.kind()),
        _ => {}
    }
}

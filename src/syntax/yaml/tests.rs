// Texts are composed for reading here, not for speed.
#![allow(clippy::format_push_string, clippy::format_collect)]

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Kind, emit, load, parse};
use crate::limits;
use crate::syntax::value::{Data, Place};

fn message(text: &str) -> String {
    load(text).map_or_else(|error| error.to_string(), |value| format!("{value:?}"))
}

#[test]
fn borrows_what_stands_as_it_is() {
    let value = load("plain: \"quoted\"\n'k': two words\n").unwrap();
    for (key, item) in value.entries() {
        assert!(matches!(key.data, Data::Str(Cow::Borrowed(_))));
        assert!(matches!(item.data, Data::Str(Cow::Borrowed(_))));
    }
}

#[test]
fn knows_places() {
    let value = load("\n# c\né: [a,\n  b]\nd:\n  - x\n").unwrap();
    let place = |line, column| Place { line, column };
    let list = value.get("é").unwrap();
    assert_eq!(list.place, place(3, 4));
    let places: Vec<Place> = list.items().unwrap().iter().map(|item| item.place).collect();
    assert_eq!(places, [place(3, 5), place(4, 3)]);
    assert_eq!(value.get("d").unwrap().place, place(6, 3));
}

#[test]
fn places_of_aliased_and_merged_nodes_are_those_of_the_anchor() {
    let text = format!("a: &a {{k: 1}}\n{}b: *a\nc: {{<<: *a, j: 2}}\n", "# filler\n".repeat(400));
    let value = load(&text).unwrap();
    assert_eq!(value.get("b").unwrap().place, Place { line: 1, column: 7 });
    let merged = value.get("c").unwrap();
    assert_eq!(merged.get("k").unwrap().place, Place { line: 1, column: 11 });
    assert_eq!(merged.get("j").unwrap().place, Place { line: 403, column: 16 });
}

#[test]
fn cursor_walks_without_building() {
    let document = parse("a: &x [1, two]\nb: *x\nc: {d: 0x10}\na: last\n").unwrap();
    let root = document.root();
    assert_eq!(root.kind(), Kind::Map);
    assert_eq!(root.entries().count(), 4);
    assert_eq!(root.get("b").unwrap().items().count(), 2);
    assert_eq!(root.get("c").unwrap().get("d").unwrap().value(), Ok(Data::Int(16)));
    assert_eq!(root.get("a").unwrap().value(), Ok(Data::Str("last".into())));
    assert_eq!(root.get("b").unwrap().place(), Place { line: 2, column: 4 });
    assert!(root.value().is_err());
    assert!(root.get("e").is_none());
}

#[test]
fn an_empty_document_is_null() {
    for text in ["", "\n", "# c\n", "---\n", "\u{feff}", "#cloud-config"] {
        assert_eq!(load(text).unwrap().data, Data::Null, "{text:?}");
    }
}

#[test]
fn warns_of_duplicates_and_octal() {
    let document = parse("mode: 0o644\na: 1\nb: {x: 1, x: 2}\na: 2\n").unwrap();
    let warnings: Vec<String> = document
        .warnings()
        .iter()
        .map(|warning| format!("{}:{} {}", warning.place.line, warning.place.column, warning.message))
        .collect();
    assert_eq!(
        warnings,
        [
            "1:7 a string in YAML 1.1: octal numbers begin with 0 alone",
            "3:11 duplicate key: the last value counts",
            "4:1 duplicate key: the last value counts",
        ]
    );
    assert!(parse("a: 0o9\nb: '0o7'\n1: x\n'1': y\n").unwrap().warnings().is_empty());
}

#[test]
fn warns_of_colons_that_make_a_mapping() {
    let document = parse(
        "runcmd:\n- echo a: b\n- echo c\n- [sh, -c, x: y]\n- name: x\n- 'echo d: e'\n- {a b: c}\n- mount a: b\n  c: d\n",
    )
    .unwrap();
    let places: Vec<(u32, u32)> =
        document.warnings().iter().map(|warning| (warning.place.line, warning.place.column)).collect();
    assert_eq!(places, [(2, 3), (4, 12), (5, 3)]);
    assert!(document.warnings()[0].message.contains("because of the colon"));
}

#[test]
fn warns_of_directives_it_does_not_know() {
    let document = parse("\u{feff}# c\n%FOO bar\n%YAML 1.1\n---\na: 1\n").unwrap();
    let warnings = document.warnings();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].place, Place { line: 2, column: 1 });
    assert!(parse("%YAML 1.2 # c\n---\n%a: 1\n").is_err());
    assert!(parse("--- |\n %a\n").unwrap().warnings().is_empty());
}

#[test]
fn few_allocations_a_document() {
    // Room for the tape grows with what the text has shown so far.
    let dense: String = (0..20_000).map(|number| format!("- a{number}: [1, 2, x]\n")).collect();
    let tape = super::read(&dense).unwrap();
    assert!(tape.entries.capacity() < tape.entries.len() * 5 / 4, "{}", tape.entries.capacity());
    let sparse = format!("{}b: |\n{}", "a: [1, 2]\n".repeat(100), "  text\n".repeat(20_000));
    let tape = super::read(&sparse).unwrap();
    assert!(tape.entries.capacity() * 12 < sparse.len() * 2);
}

#[test]
fn warnings_are_bounded() {
    let document = "a: 1\n".repeat(1000);
    assert_eq!(parse(&document).unwrap().warnings().len(), limits::YAML_WARNINGS);
}

#[test]
fn says_where_and_why() {
    for (text, expected) in [
        (
            "a: b: c\n",
            "1:5: a mapping cannot begin on this line; a text with ': ' in it needs quotes around all of it",
        ),
        (
            "a:\n  b: 1\n   c: 2\n",
            "3:5: no key can end here: its line goes on with the value above; check the indentation",
        ),
        ("a:\n\tb: 1\n", "2:1: a tab may neither indent nor separate; use spaces"),
        ("a: {{ x }}\n", "1:5: a key must be a scalar; a template in braces must be quoted"),
        ("a:\n    b: 1\n  c: 2\n", "3:3: this indentation fits no list or mapping before it"),
        ("a: 1\n---\nb: 2\n", "2:1: a second document; only one is supported"),
        ("é: *x\n", "1:4: no anchor of this name stands before"),
        ("a: \"x\n", "1:4: the quoted scalar is not closed"),
        ("a: [1, 2\n", "1:4: the bracket is not closed"),
        ("a: !foo x\n", "1:4: this tag is not supported"),
        ("? a\n: b\n", "1:1: keys with '? ' are not supported"),
        ("a: 1\nb\nc: 2\n", "2:1: a key with ':' is expected here"),
        ("a: 2001-13-01\n", "1:4: a date or time out of range"),
        ("a: !!int x\n", "1:10: this is no integer"),
        ("a: @x\n", "1:4: no value may begin with this character; quote it"),
        ("a: \u{7}\n", "1:4: control characters are not allowed"),
    ] {
        assert_eq!(message(text), expected, "{text:?}");
    }
}

#[test]
fn bombs_end_in_errors() {
    let deep = |open: &str| open.repeat(1_000_000);
    for open in ["[", "{a: ", "- ", "[[a, ", "{"] {
        assert!(load(&deep(open)).is_err());
    }
    let mut steps = String::new();
    for step in 0..5000 {
        steps.push_str(&" ".repeat(step));
        steps.push_str("a:\n");
    }
    assert!(message(&steps).contains("nested too deeply"));
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    let mut merges = String::from("a0: &a0 {x: 1}\n");
    for level in 1..40 {
        let list = format!("*a{},", level - 1).repeat(10).replace(',', " , ");
        laughs.push_str(&format!("a{level}: &a{level} [{list}]\n"));
        merges.push_str(&format!("a{level}: &a{level} {{<<: [{list}]}}\n"));
    }
    assert!(message(&laughs).contains("too many nodes once aliases are followed"));
    assert!(message(&merges).contains("merges too many"));
    let empty = merges.replace("{x: 1}", "{}");
    assert!(message(&empty).contains("merges too many"));
    let mut chain = String::from("- &a0 x\n");
    for level in 1..1000 {
        chain.push_str(&format!("- &a{level} [*a{} ]\n", level - 1));
    }
    assert!(message(&chain).contains("nested too deeply once aliases are followed"));
    let anchors: String = (0..2000).map(|number| format!("- &a{number} x\n")).collect();
    assert!(message(&anchors).contains("too many anchors"));
    let digits = format!("a: 0x{}\n", "f".repeat(100_000));
    assert!(message(&digits).contains("too many digits"));
}

#[test]
fn numbers_are_equal_by_value() {
    let keys = |text: &str| load(text).unwrap().entries().len();
    assert_eq!(keys("0.0: a\n-0.0: b\n0:0.0: c\nfalse: d\n0: e\n"), 1);
    assert_eq!(keys("1:30.5: a\n90.5: b\n1:30.50: c\n90.5e+0: d\n"), 1);
    assert_eq!(keys("-0:30.5: a\n30.5: b\n-30.5: c\n-30.6: d\n"), 3);
}

#[test]
fn merges_in_a_chain_count_each_key_once() {
    let mut text = String::from("a0: &a0 {k: 1}\n");
    for level in 1..60 {
        let own: String = (0..50).map(|number| format!(", k{level}-{number}: 1")).collect();
        text.push_str(&format!("a{level}: &a{level} {{<<: *a{}{own}}}\n", level - 1));
    }
    // The levels one by one merge 1770 mappings of 50 keys, the last one 60.
    assert!(message(&text).contains("merges too many keys"));
    let last = text.rfind("a59").unwrap();
    let alone = format!("{}a59: {{<<: *a10}}\n", &text[..text[..last].find("a11").unwrap()]);
    assert_eq!(load(&alone).unwrap().get("a59").unwrap().entries().len(), 501);
}

#[test]
fn many_keys_take_little_time() {
    let mut text: String = (0..200_000).map(|number| format!("key{number}: {number}\n")).collect();
    text.push_str("key7: last\n");
    let document = parse(&text).unwrap();
    assert_eq!(document.warnings().len(), 1);
    let value = document.to_value().unwrap();
    assert_eq!(value.entries().len(), 200_000);
    assert_eq!(value.entries()[7].1.as_str(), Some("last"));
}

#[test]
fn writes_what_it_reads() {
    let text = "---\na: null\nb:\n-   1\n-   'yes'\n-   c: \"\\xE9\"\n    d: []\n...\n";
    let dumped = emit::dump(&load(text).unwrap());
    assert_eq!(dumped, text.replace("-   1", "- 1").replace("-   'yes'", "- 'yes'"));
}

/// A fixed sequence of numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

#[test]
fn mutations_neither_panic_nor_change_in_a_round_trip() {
    const SEEDS: [&str; 6] = [
        "a: 1\nb:\n- x\n- y: z\n  w: |\n    text\n     more\n\n  v: >-\n    a\n    b\n",
        "{a: [b, 'c''d', \"e\\n\\x41\\\n  f\"], g: {h: , i}, j: k l} # m\n",
        "%YAML 1.1\n---\n&a\n? b\n: !!binary aGk=\n...\n",
        "a: &x {k: 1}\nb: {<<: [*x , {j: 2}]}\nc: *x\n*x : d\n",
        "- 0644\n- 12:30:45.5\n- 2001-01-01 10:20:30 +2\n- .inf\n- 1_000\n- 0x_f\n- ~\n",
        "k: plain\n  two\n\n  three # c\n\"q\": '\n\n x '\n\r\n\u{e9}: \u{1f600}\n",
    ];
    const PIECES: [&str; 24] = [
        "- ", ": ", "\n", "\n  ", " ", "#", "\"", "'", "[", "]", "{", "}", ",", "&x ", "*x", "|\n", ">+\n",
        "? ", "---\n", "...\n", "\t", "<<", "!!int ", "\\",
    ];
    let mut dice = Dice(1);
    let mut read = 0;
    for round in 0..20_000 {
        let mut text = String::from(SEEDS[round % SEEDS.len()]);
        for _ in 0..=dice.roll(4) {
            let at = dice.roll(text.len() + 1);
            let end = (at + dice.roll(4)).min(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(end) {
                text.replace_range(at..end, PIECES[dice.roll(PIECES.len())]);
            }
        }
        let Ok(value) = load(&text) else { continue };
        read += 1;
        let dumped = emit::dump(&value);
        let again = load(&dumped);
        assert!(
            again.is_ok() || dumped.contains("\n? ") || dumped.contains("? "),
            "{text:?} {dumped:?} {again:?}"
        );
        if let Ok(again) = again {
            assert_eq!(emit::dump(&again), dumped, "{text:?}");
        }
    }
    assert!(read > 3000, "only {read} mutations could be read");
}

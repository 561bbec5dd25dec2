//! Places lie in the text; reading twice is reading once; the tree is bounded;
//! what is written is read back as it was.

use glowplug::limits;
use glowplug::syntax::value::{Data, Place, Value};
use glowplug::syntax::yaml::{self, Document, Kind, Node, emit};

use crate::{Target, corpus, yaml_pieces};

/// Beside the pieces that PyYAML is asked about, too.
const OWN: &[&[u8]] = &[
    b"|2+\n",
    b"!!float ",
    b"!!binary ",
    b"\\u12",
    b"<<: *a",
    b"\r",
    b"\xef\xbb\xbf",
    b"\xc2\x85",
    b"\0",
    b"%YAML 1.1\n",
    b"12:30:45.6",
    b"2001-02-03 04:05:06",
    b"0x_1",
    b"1e+9",
    b"\xf0\x9f\x98\x80",
    b"[[[[[[[[",
    b"- - - - ",
];

pub(crate) fn target() -> Target {
    // Those are for the writer: hundreds of scalars much alike.
    let cases = corpus::yaml().into_iter().filter(|case| !case.name.starts_with("dump-"));
    let corpus = cases.map(|case| case.text).collect();
    let pieces = [&yaml_pieces::PIECES[..], OWN].concat().leak();
    Target { name: "yaml", corpus, pieces, check, rounds: 50_000 }
}

/// The lines of a text and the length of the longest, in characters.
struct Extent {
    lines: u32,
    columns: u32,
}

impl Extent {
    fn of(text: &str) -> Self {
        let lines = text.split('\n');
        let columns = lines.clone().map(|line| line.chars().count()).max().unwrap_or(0);
        Self { lines: u32::try_from(lines.count()).unwrap(), columns: u32::try_from(columns).unwrap() }
    }

    fn holds(&self, place: Place) {
        assert!((1..=self.lines).contains(&place.line), "{place:?} is outside {} lines", self.lines);
        assert!((1..=self.columns + 1).contains(&place.column), "{place:?} is outside the line");
    }
}

fn check(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    let extent = Extent::of(text);
    let document = match yaml::parse(text) {
        Ok(document) => document,
        Err(error) => {
            extent.holds(error.place);
            assert!(!error.message.is_empty());
            assert_eq!(yaml::parse(text).err(), Some(error.clone()));
            assert_eq!(yaml::load(text), Err(error));
            return false;
        }
    };
    check_document(&document, &extent, text);
    let value = document.to_value();
    // Debug, since NaN is unequal to itself.
    assert_eq!(format!("{:?}", yaml::load(text)), format!("{value:?}"), "load is not parse and to_value");
    match &value {
        Ok(value) => {
            let mut nodes = 0;
            check_value(value, 0, &extent, &mut nodes);
            assert!(nodes <= limits::YAML_NODES);
            check_dump(value);
        }
        Err(error) => extent.holds(error.place),
    }
    value.is_ok()
}

fn check_document(document: &Document<'_>, extent: &Extent, text: &str) {
    let warnings = document.warnings();
    assert!(warnings.len() <= limits::YAML_WARNINGS);
    for warning in &warnings {
        extent.holds(warning.place);
    }
    let place = |place: Place| (place.line, place.column);
    assert!(warnings.is_sorted_by_key(|warning| place(warning.place)));
    // Places by themselves cost as much as the text before them.
    if text.len() < 2048 {
        let mut nodes = 0;
        check_node(document.root(), extent, &mut nodes);
    }
}

/// At most so many nodes are looked at one by one: aliases may multiply them.
const NODES: usize = 5000;

fn check_node(node: Node<'_, '_>, extent: &Extent, nodes: &mut usize) {
    *nodes += 1;
    if *nodes > NODES {
        return;
    }
    extent.holds(node.place());
    match node.kind() {
        Kind::Scalar => {
            if let Err(error) = node.value() {
                extent.holds(error.place);
            }
        }
        Kind::Seq => node.items().for_each(|item| check_node(item, extent, nodes)),
        Kind::Map => {
            for (key, value) in node.entries() {
                check_node(key, extent, nodes);
                check_node(value, extent, nodes);
            }
        }
    }
}

fn check_value(value: &Value<'_>, depth: usize, extent: &Extent, nodes: &mut usize) {
    *nodes += 1;
    extent.holds(value.place);
    assert!(depth <= limits::YAML_DEPTH);
    match &value.data {
        Data::Seq(items) => items.iter().for_each(|item| check_value(item, depth + 1, extent, nodes)),
        Data::Map(entries) => {
            for (key, value) in entries {
                assert!(!matches!(key.data, Data::Seq(_) | Data::Map(_)));
                check_value(key, depth + 1, extent, nodes);
                check_value(value, depth + 1, extent, nodes);
            }
        }
        Data::BigInt(digits) => assert!(digits.parse::<i64>().is_err(), "{digits} fits"),
        _ => {}
    }
}

/// Columns of a page.
const WIDTH: usize = 80;

/// What is written and read again is written the same. Three things are not:
/// a key that is long or binary is written with `? `, which is not read; NaN
/// has no place in an order; and where the indentation alone passes the width
/// of the page, PyYAML breaks a double-quoted text so that it reads back with
/// characters twice, and what is written here is what PyYAML writes.
fn check_dump(value: &Value<'_>) {
    let written = emit::dump(value);
    let complex = |line: &str| line.trim_start_matches([' ', '-']).starts_with("? ");
    let narrow = |line: &str| line.ends_with('\\') && line.starts_with(&" ".repeat(WIDTH - 8));
    if written.lines().any(|line| complex(line) || narrow(line))
        || written.contains(".nan: ")
        || written.contains(".nan:\n")
    {
        return;
    }
    let again =
        yaml::load(&written).unwrap_or_else(|error| panic!("{error} in what was written:\n{written}"));
    assert_eq!(emit::dump(&again), written);
}

//! README's table of keys: each module, and each key of a cloud-config, once.
//! It is held beside what is read here (`cloud_config::schema`), and beside
//! the JSON schema of the cloud-init on this machine: a key of either that the
//! table does not name fails, and so does one that it names in the wrong
//! column.
//!
//! A row is `| module | done | differs | not done |`. In a cell stand items
//! with `;` between: keys in one code span, `growpart {mode, devices}`, alone or
//! before a colon and words; or words alone.

// in a test a panic is how it fails
#![allow(clippy::unwrap_used, clippy::panic)]

use glowplug::cloud_config::schema::{self, Key, Kind};
use glowplug::module;
use glowplug::syntax::json;
use glowplug::syntax::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

const HEADER: &str = "| module | done | differs | not done |";

const THEIRS: &str = "/usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json";

/// Keys by their paths, `growpart.mode`, those that hold no others. Items of
/// lists and keys that anybody chooses have no step of their own.
type Keys = BTreeSet<String>;

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Whether one of two paths is the other or above it.
fn is_above(above: &str, path: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Those of `keys` that have no other below them.
fn leaves(keys: &Keys) -> Keys {
    let is_leaf = |key: &&String| !keys.iter().any(|other| other != *key && is_above(key, other));
    keys.iter().filter(is_leaf).cloned().collect()
}

/// The keys that are read here, and those of which nothing is looked at.
fn ours() -> (Keys, Keys) {
    fn of_kind(kind: &Kind, path: &str, keys: &mut Keys, opaque: &mut Keys) {
        match kind {
            Kind::List(kind) | Kind::MapOf(kind) => of_kind(kind, path, keys, opaque),
            Kind::Either(kinds) => kinds.iter().for_each(|kind| of_kind(kind, path, keys, opaque)),
            Kind::Map(entries) => entries.iter().for_each(|key| of_key(key, path, keys, opaque)),
            _ => {}
        }
    }
    fn of_key(key: &Key, path: &str, keys: &mut Keys, opaque: &mut Keys) {
        let path = below(path, key.name);
        of_kind(&key.kind, &path, keys, opaque);
        if matches!(key.kind, Kind::Any) {
            opaque.insert(path.clone());
        }
        keys.insert(path);
    }
    let (mut keys, mut opaque) = (Keys::new(), Keys::new());
    let all = schema::ALL.iter().flat_map(|keys| keys.iter());
    all.for_each(|key| of_key(key, "", &mut keys, &mut opaque));
    (leaves(&keys), opaque)
}

/// The keys of cloud-init's JSON schema.
fn theirs() -> Keys {
    fn walk(top: &Value<'_>, node: &Value<'_>, path: &str, keys: &mut Keys) {
        if let Some(name) = node.get("$ref").and_then(Value::as_str) {
            let name = name.strip_prefix("#/$defs/").unwrap();
            walk(top, top.get("$defs").unwrap().get(name).unwrap(), path, keys);
        }
        for word in ["allOf", "anyOf", "oneOf"] {
            for node in node.get(word).and_then(Value::items).unwrap_or_default() {
                walk(top, node, path, keys);
            }
        }
        for word in ["items", "additionalProperties"] {
            node.get(word).into_iter().for_each(|node| walk(top, node, path, keys));
        }
        for (_, node) in node.get("patternProperties").map(Value::entries).unwrap_or_default() {
            walk(top, node, path, keys);
        }
        for (name, node) in node.get("properties").map(Value::entries).unwrap_or_default() {
            let name = name.as_str().unwrap();
            let path = below(path, name);
            walk(top, node, &path, keys);
            keys.insert(path);
        }
    }
    let text =
        fs::read(THEIRS).unwrap_or_else(|error| panic!("Debian's cloud-init is needed: {THEIRS}: {error}"));
    let top = json::parse(&text).unwrap();
    let mut keys = Keys::new();
    walk(&top, &top, "", &mut keys);
    leaves(&keys)
}

/// `name {a, b {c}}, one/other` as paths.
fn spelled(text: &str, path: &str, keys: &mut Keys) {
    let (mut depth, mut begin) = (0, 0);
    let mut one = |text: &str| {
        let (name, inner) = match text.split_once('{') {
            Some((name, inner)) => (name, inner.trim_end().strip_suffix('}').unwrap()),
            None => (text, ""),
        };
        for name in name.trim().split('/') {
            assert!(!name.is_empty(), "{text}");
            let path = below(path, name);
            if inner.is_empty() {
                assert!(keys.insert(path), "{text} is there twice");
            } else {
                spelled(inner, &path, keys);
            }
        }
    };
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                one(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    one(&text[begin..]);
}

/// One column of a row.
fn cell(text: &str, keys: &mut Keys) {
    for item in text.split("; ") {
        let item = item.trim();
        if let Some((span, rest)) = item.strip_prefix('`').and_then(|item| item.split_once('`')) {
            assert!(rest.is_empty() || rest.starts_with(": "), "words stand before a colon in {item:?}");
            spelled(span, "", keys);
        }
    }
}

/// The modules of README's table, and its keys by column.
fn table() -> (Vec<String>, [Keys; 3]) {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let rows = readme.lines().skip_while(|line| *line != HEADER).skip(2);
    let (mut modules, mut keys) = (Vec::new(), [const { Keys::new() }; 3]);
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{row}");
        modules.extend(cells[0].split('`').skip(1).step_by(2).map(ToOwned::to_owned));
        for (column, text) in keys.iter_mut().zip(&cells[1..]) {
            cell(text, column);
        }
    }
    (modules, keys)
}

/// Those of `wanted` that are not in `given`.
fn missing(wanted: &Keys, given: &Keys) -> Vec<String> {
    wanted.difference(given).cloned().collect()
}

#[test]
fn every_key_is_in_the_table_of_readme() {
    let (modules, [done, differs, not_done]) = table();
    let (ours, opaque) = ours();
    let read: Keys = done.union(&differs).cloned().collect();
    let left: Keys = not_done.intersection(&opaque).cloned().collect();
    assert_eq!(
        missing(&ours, &read.union(&left).cloned().collect()),
        [""; 0],
        "read here, and not in the table so"
    );
    assert_eq!(missing(&read, &ours), [""; 0], "said to be done, and not read");
    let known: Vec<&String> = read.union(&not_done).collect();
    let is_known = |key: &&String| known.iter().any(|known| is_above(known, key) || is_above(key, known));
    let theirs = theirs();
    let unknown: Vec<&String> = theirs.iter().filter(|key| !is_known(key)).collect();
    assert!(unknown.is_empty(), "keys of cloud-init that no column names: {unknown:?}");
    for (a, b) in [(&done, &differs), (&done, &not_done), (&differs, &not_done)] {
        assert_eq!(a.intersection(b).collect::<Vec<_>>(), [""; 0], "in two columns");
    }
    let mut named = BTreeMap::<&str, usize>::new();
    for module in &modules {
        *named.entry(module).or_default() += 1;
    }
    let all = module::ALL.iter().map(|module| module.name).filter(|name| *name != "seed_files");
    // it is done with the network, and no list names it
    let all = all.chain(["ws_virt_network_dep"]);
    let all: BTreeSet<&str> = all.chain(schema::NOT_DONE.iter().map(|(name, _)| *name)).collect();
    assert_eq!(named.keys().copied().collect::<BTreeSet<_>>(), all);
    assert!(named.values().all(|count| *count == 1), "{named:?}");
}

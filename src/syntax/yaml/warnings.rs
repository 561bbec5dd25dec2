//! What YAML 1.1 reads differently from what an author probably meant.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::place::Locator;
use super::tape::{Style, Tape};
use super::{Fault, Message, Warning, keys, offset};
use crate::limits;
use crate::syntax::order::order;

/// The warnings about a document, in the order of its text; at most
/// [`limits::YAML_WARNINGS`].
pub(super) fn of(tape: &Tape<'_>) -> Vec<Warning> {
    let mut found = Vec::new();
    unknown_directives(tape, &mut found);
    for index in 0..offset(tape.entries.len()) {
        match tape.get(index).style {
            Style::Plain => octal(tape, index, &mut found),
            Style::Map => duplicates(tape, index, &mut found),
            Style::Seq => colons(tape, index, &mut found),
            _ => {}
        }
    }
    let mut places = Locator::new(tape.text);
    let sorted = order(found.len(), &|a, b| found[a].at.cmp(&found[b].at));
    let first = sorted.iter().take(limits::YAML_WARNINGS).map(|&number| found[number]);
    first
        .map(|Fault { at, message }| Warning {
            place: places.find(at as usize),
            message: Cow::Borrowed(message.text()),
        })
        .collect()
}

/// Directives but `%YAML`: those before the tree.
fn unknown_directives(tape: &Tape<'_>, found: &mut Vec<Fault>) {
    let before = tape.slice(0, tape.get(0).at);
    let mut at = 0;
    for line in before.split_inclusive('\n') {
        let directive = line.trim_start_matches('\u{feff}');
        if directive.starts_with('%') && !directive.starts_with("%YAML") {
            found.push(Fault {
                at: offset(at + line.len() - directive.len()),
                message: Message::UnknownDirective,
            });
        }
        at += line.len();
    }
}

/// `0o644`, octal in YAML 1.2, is a string here.
fn octal(tape: &Tape<'_>, index: u32, found: &mut Vec<Fault>) {
    let entry = tape.get(index);
    if let [b'0', b'o', digits @ ..] = tape.source(index).as_bytes()
        && entry.is_plain()
        && !digits.is_empty()
        && digits.iter().all(|digit| matches!(digit, b'0'..=b'7'))
    {
        found.push(Fault { at: entry.at, message: Message::Octal });
    }
}

/// Keys of the mapping at `map` that stood before.
fn duplicates(tape: &Tape<'_>, map: u32, found: &mut Vec<Fault>) {
    let own = tape.keys(map).filter(|&key| !tape.is_merge(key));
    let names: Vec<_> = own.filter_map(|key| Some((key, tape.scalar(key, true).ok()?))).collect();
    for (position, &first) in keys::first_equal(names.len(), &|name| &names[name].1).iter().enumerate() {
        if first != position {
            found.push(Fault { at: tape.get(names[position].0).at, message: Message::Duplicate });
        }
    }
}

/// Items like `- echo a: b` in the list at `list`: a mapping of one key with a
/// space in it, written where most people mean a string. Inside `[]` and in a
/// list of commands the key needs no space.
fn colons(tape: &Tape<'_>, list: u32, found: &mut Vec<Fault>) {
    let key_before = list.checked_sub(1).map_or("", |before| tape.source(before));
    let in_brackets = tape.text.as_bytes().get(tape.get(list).at as usize) == Some(&b'[');
    let any_key = in_brackets || matches!(key_before, "runcmd" | "bootcmd");
    for item in tape.children(list) {
        let (entry, key) = (tape.get(item), tape.get(item + 1));
        // With braces nobody means a string.
        let one_pair = entry.style == Style::Map && entry.at == key.at && tape.keys(item).count() == 1;
        if one_pair && key.is_plain() && (any_key || tape.source(item + 1).contains(' ')) {
            found.push(Fault { at: entry.at, message: Message::Colon });
        }
    }
}

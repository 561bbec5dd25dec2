//! Routes that are commands: `ip route add …`, `route add …`.

use super::super::reader::Reader;
use super::super::subnet::route;
use crate::network::model::Route;
use crate::syntax::value::{Data, Value};
use alloc::vec::Vec;

/// Words before a value, and what network config v1 calls it.
const WORDS: &[(&str, &str)] = &[
    ("via", "gateway"),
    ("gw", "gateway"),
    ("netmask", "netmask"),
    ("metric", "metric"),
    ("table", "table"),
    ("mtu", "mtu"),
];

/// What a command of a stanza does.
pub(super) enum Command {
    /// Adds a route.
    Add(Route),
    /// Takes a route away, or adds one that is wrong, which was told.
    Nothing,
}

/// Reads a command; `None` when it is about something else than routes.
#[inline(never)]
pub(super) fn read<'t>(reader: &mut Reader<'_>, command: &'t str, place: &Value<'t>) -> Option<Command> {
    let command = command.split("||").next().unwrap_or(command);
    let mut words = command.split_ascii_whitespace().filter(|word| !word.starts_with('-')).peekable();
    match words.next()?.rsplit('/').next()? {
        "route" => {}
        "ip" => while words.next()? != "route" {},
        _ => return None,
    }
    match words.next()? {
        "add" | "append" | "replace" => {}
        "del" | "delete" => return Some(Command::Nothing),
        _ => return None,
    }
    let value = |text: &'t str| Value { place: place.place, data: Data::Str(text.into()) };
    let mut entries = Vec::new();
    // `-A inet6` leaves the family here.
    while matches!(words.peek(), Some(&("inet6" | "inet" | "to"))) {
        words.next();
    }
    entries.push((value("network"), value(words.next()?)));
    while let Some(word) = words.next() {
        match WORDS.iter().find(|(own, _)| *own == word) {
            Some((_, key)) => entries.push((value(key), value(words.next()?))),
            None if word == "dev" => {
                words.next();
            }
            None => return None,
        }
    }
    if command.split_ascii_whitespace().any(|word| word == "-host") {
        let bits = if command.contains(':') { "128" } else { "32" };
        entries.push((value("netmask"), value(bits)));
    }
    let route = route(reader, &Value { place: place.place, data: Data::Map(entries) });
    Some(route.map_or(Command::Nothing, Command::Add))
}

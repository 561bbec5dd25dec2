//! Routes that are commands: `ip route add …`, `route add …`.

use super::super::reader::Reader;
use super::super::subnet::route;
use crate::network::model::Route;
use crate::syntax::value::{Data, Value};
use alloc::vec::Vec;

/// What a command of a stanza does.
pub(super) enum Command {
    /// Adds a route.
    Add(Route),
    /// Something else, which is told unless it takes a route away.
    Nothing,
}

/// Words before a value, and what network config v1 calls it.
const WORDS: &[(&str, &str)] = &[
    ("via", "gateway"),
    ("gw", "gateway"),
    ("netmask", "netmask"),
    ("metric", "metric"),
    ("table", "table"),
    ("mtu", "mtu"),
    ("dev", "dev"),
];

/// The command of an option; `None` when the option has none.
#[inline(never)]
pub(super) fn of_option(
    reader: &mut Reader<'_>,
    option: &str,
    command: &[&str],
    place: &Value<'_>,
) -> Option<Command> {
    if !matches!(option, "up" | "post-up" | "pre-up" | "down" | "pre-down" | "post-down") {
        return None;
    }
    let mut words = command.to_vec();
    let host = words.contains(&"-host");
    words.retain(|word| !word.starts_with('-') && !matches!(*word, "inet" | "inet6"));
    match *words {
        ["ip", "route", "add", ref route @ ..] | ["route", "add", ref route @ ..] => {
            if let Some(route) = added(reader, route, host, place) {
                return Some(Command::Add(route));
            }
        }
        ["ip", "route", "del", ..] | ["route", "del", ..] => {}
        _ => reader.add(place, "", &[option, " runs a command, and only routes are kept"]),
    }
    Some(Command::Nothing)
}

/// `10.0.0.0/8 via 192.0.2.1 metric 3 || true`.
fn added(reader: &mut Reader<'_>, words: &[&str], host: bool, place: &Value<'_>) -> Option<Route> {
    let (network, mut words) = words.split_first()?;
    let value = |text| Value { place: place.place, data: Data::Str(text) };
    let mut entries = Vec::new();
    entries.push((value("network".into()), value((*network).into())));
    while let [word, text, rest @ ..] = words {
        let Some((_, key)) = WORDS.iter().find(|(own, _)| own == word) else { break };
        entries.push((value((*key).into()), value((*text).into())));
        words = rest;
    }
    if host {
        entries
            .push((value("netmask".into()), value(if network.contains(':') { "128" } else { "32" }.into())));
    }
    route(reader, &Value { place: place.place, data: Data::Map(entries) })
}

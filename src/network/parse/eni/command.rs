//! Routes that are commands: `ip route add …`, `route add …`.

use super::super::reader::Reader;
use super::super::subnet::route;
use super::{Line, empty, set};
use crate::network::model::Route;
use crate::text::has;
use alloc::vec::Vec;

/// What a command of a stanza does.
pub(super) enum Command {
    /// Adds a route.
    Add(Route),
    /// Something else, which is told unless it takes a route away.
    Nothing,
}

/// The command of an option; `None` when the option has none.
#[inline(never)]
pub(super) fn of_option<'t>(
    reader: &mut Reader<'_>,
    option: &str,
    command: &[&'t str],
    line: Line<'t>,
) -> Option<Command> {
    if !matches!(option, "up" | "post-up" | "pre-up" | "down" | "pre-down" | "post-down") {
        return None;
    }
    let (mut words, mut host) = (Vec::new(), false);
    for word in command {
        host |= *word == "-host";
        if !word.starts_with('-') && !matches!(*word, "inet" | "inet6") {
            words.push(*word);
        }
    }
    match *words {
        ["ip", "route", "add", ref route @ ..] | ["route", "add", ref route @ ..] => {
            if let Some(route) = added(reader, route, host, line) {
                return Some(Command::Add(route));
            }
        }
        ["ip", "route", "del", ..] | ["route", "del", ..] => {}
        _ => reader.add(&empty(line), "", &[option, " runs a command, and only routes are kept"]),
    }
    Some(Command::Nothing)
}

/// `10.0.0.0/8 via 192.0.2.1 metric 3 || true`.
fn added<'t>(reader: &mut Reader<'_>, words: &[&'t str], host: bool, line: Line<'t>) -> Option<Route> {
    let (network, mut words) = words.split_first()?;
    let mut options = empty(line);
    set(&mut options, "network", network, line);
    while let [word, text, rest @ ..] = words {
        // What cloud-init appends.
        if *word == "||" {
            break;
        }
        set(&mut options, word, text, line);
        words = rest;
    }
    if host {
        set(&mut options, "netmask", if has(network, b':') { "128" } else { "32" }, line);
    }
    route(reader, &options)
}

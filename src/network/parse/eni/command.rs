//! Routes that are commands: `ip route add …`, `route add …`.

use super::super::reader::Reader;
use super::super::subnet::{route, rule};
use super::{Line, empty, set};
use crate::network::model::{Route, Rule};
use crate::syntax::value::Value;
use crate::text::has;
use alloc::vec::Vec;

/// What a command of a stanza does.
pub(super) enum Command<'t> {
    /// Adds a route.
    Add(Route),
    /// Adds a policy rule.
    AddRule(Rule),
    /// Sets whether router advertisements count.
    AcceptAdvertisements(&'t str),
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
) -> Option<Command<'t>> {
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
        ["ip", "route", "add" | "replace", ref route @ ..] | ["route", "add", ref route @ ..] => {
            // ip(8) takes an address alone for a host.
            host |= words.first() == Some(&"ip") && !route.iter().take(2).any(|word| has(word, b'/'));
            if let Some(route) = added(reader, route, host, line) {
                return Some(Command::Add(route));
            }
        }
        ["ip", "rule", "add", ref words @ ..] => {
            if let Some(rule) = rule(reader, &pairs(words, line)) {
                return Some(Command::AddRule(rule));
            }
        }
        ["echo", value, ">/proc/sys/net/ipv6/conf/$IFACE/accept_ra", ..] => {
            return Some(Command::AcceptAdvertisements(value));
        }
        ["ip", "route" | "rule", "del", ..] | ["route", "del", ..] => {}
        _ => reader.add(&empty(line), "", &[option, " runs a command, and only routes and rules are kept"]),
    }
    Some(Command::Nothing)
}

/// `10.0.0.0/8 via 192.0.2.1 metric 3 || true`.
fn added<'t>(reader: &mut Reader<'_>, words: &[&'t str], host: bool, line: Line<'t>) -> Option<Route> {
    let (mut network, mut words) = words.split_first()?;
    let mut kind = None;
    if matches!(*network, "blackhole" | "unreachable" | "prohibit" | "throw") {
        kind = Some(network);
        (network, words) = words.split_first()?;
    }
    let mut options = pairs(words, line);
    if let Some(kind) = kind {
        set(&mut options, "type", kind, line);
    }
    set(&mut options, "network", network, line);
    if host && *network != "default" {
        set(&mut options, "netmask", if has(network, b':') { "128" } else { "32" }, line);
    }
    route(reader, &options)
}

/// Words and their values, up to the `|| true` that cloud-init appends.
fn pairs<'t>(mut words: &[&'t str], line: Line<'t>) -> Value<'t> {
    let mut options = empty(line);
    while let [word, rest @ ..] = words {
        // This one has no value.
        if *word == "onlink" {
            set(&mut options, "on-link", "yes", line);
            words = rest;
            continue;
        }
        let [text, rest @ ..] = rest else { break };
        if *word == "||" {
            break;
        }
        set(&mut options, word, text, line);
        words = rest;
    }
    options
}

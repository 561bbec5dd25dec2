//! /etc/network/interfaces as ifupdown reads it (interfaces(5)), with the
//! options of its bond, bridge and vlan packages, and the routes that
//! cloud-init writes into it as commands.

mod files;
mod link;
mod route;

pub use files::{Include, Included};

use super::Parsed;
use super::draft::Draft;
use super::reader::Reader;
use crate::limits;
use crate::network::model::{Control, Origin, Route};
use crate::network::order::sort_by;
use crate::syntax::value::{Data, Place, Value};
use alloc::vec::Vec;
use files::Line;
use route::Command;

/// Options of a subnet, and the names network config v1 has for them.
const SUBNET: &[(&str, &str)] = &[
    ("address", "address"),
    ("netmask", "netmask"),
    ("gateway", "gateway"),
    ("broadcast", "broadcast"),
    ("pointopoint", "pointopoint"),
    ("metric", "metric"),
    ("scope", "scope"),
    ("dns-nameservers", "dns_nameservers"),
    ("dns-search", "dns_search"),
    ("dhcp", "dhcp"),
];

/// Options of a link, and the names network config v1 has for them.
const LINK: &[(&str, &str)] = &[
    ("hwaddress", "mac_address"),
    ("mtu", "mtu"),
    ("accept_ra", "accept-ra"),
    ("accept-ra", "accept-ra"),
    ("optional", "optional"),
    ("ethernet-wol", "wakeonlan"),
    ("bond-master", "bond-master"),
    ("bond-slaves", "bond_interfaces"),
    ("bridge-ports", "bridge_interfaces"),
    ("bridge_ports", "bridge_interfaces"),
    ("vlan-raw-device", "vlan_link"),
    ("vlan-id", "vlan_id"),
    ("vlan_id", "vlan_id"),
];

type Entries<'t> = Vec<(Value<'t>, Value<'t>)>;

/// One `iface`: a way of getting an address.
struct Stanza<'t> {
    line: Line<'t>,
    /// `eth0` or `eth0:1`.
    name: &'t str,
    subnet: Entries<'t>,
    link: Entries<'t>,
    others: Vec<(&'t str, Value<'t>)>,
    routes: Vec<Route>,
}

/// Everything said, before it is put together.
#[derive(Default)]
struct Said<'t> {
    stanzas: Vec<Stanza<'t>>,
    /// Names by how they are brought up.
    controls: Vec<(Control, &'t str)>,
    /// Routes of no link.
    routes: Vec<Route>,
}

/// Reads an interfaces file; `file` is its path. `include` gives the files
/// that `source` and `source-directory` name.
#[inline(never)]
pub fn parse(text: &str, file: &str, include: Include<'_>) -> Parsed {
    let mut problems = Vec::new();
    let files = files::load(text, file, include, &mut problems);
    let mut said = Said::default();
    for line in files::lines(&files) {
        let mut reader = Reader::new(line.file);
        read(&mut reader, &mut said, line);
        problems.append(&mut reader.into_problems());
    }
    let mut draft = Draft::default();
    draft.network.origin = Origin::V1;
    draft.network.routes = said.routes;
    let mut names: Vec<&str> = Vec::new();
    for stanza in &said.stanzas {
        let name = link_name(stanza.name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    sort_by(&mut names, |a, b| a < b);
    for name in names {
        let own: Vec<_> = said.stanzas.iter().filter(|stanza| link_name(stanza.name) == name).collect();
        let mut reader = Reader::new(own.first().map_or(file, |stanza| stanza.line.file));
        link::add(&mut reader, &mut draft, name, &own, &said.controls);
        problems.append(&mut reader.into_problems());
    }
    Parsed { network: draft.network, problems }
}

/// The link that `eth0:1` is a second address of.
fn link_name(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

fn text<'t>(text: &'t str, line: Line<'t>) -> Value<'t> {
    Value { place: Place { line: line.number, column: 1 }, data: Data::Str(text.into()) }
}

/// One line with its continuations.
#[inline(never)]
fn read<'t>(reader: &mut Reader<'t>, said: &mut Said<'t>, line: Line<'t>) {
    let (option, rest) = line.text.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((line.text, ""));
    let rest = rest.trim_ascii();
    let mut words = rest.split_ascii_whitespace();
    let control = match option {
        "auto" | "allow-auto" => Some(Control::Auto),
        "allow-hotplug" => Some(Control::Hotplug),
        "source" | "source-directory" | "no-auto-down" | "no-scripts" => return,
        "iface" => {
            let (name, family, method) = (words.next(), words.next(), words.next());
            match (name, family, method) {
                _ if said.stanzas.len() >= limits::NETWORK_ENTRIES => {
                    reader.add(&text("", line), "iface", &["there are too many"]);
                }
                (Some(name), Some(family), Some(method)) => {
                    said.stanzas.push(stanza(line, name, family, method));
                }
                _ => reader.add(&text("", line), "iface", &["needs a name, a family and a method"]),
            }
            return;
        }
        _ => None,
    };
    if let Some(control) = control {
        said.controls.extend(words.map(|name| (control, name)));
        return;
    }
    match said.stanzas.last_mut() {
        Some(stanza) => set(reader, stanza, &mut said.routes, line, option, rest),
        None => reader.add(&text("", line), "", &[option, " stands before any iface"]),
    }
}

fn stanza<'t>(line: Line<'t>, name: &'t str, family: &str, method: &'t str) -> Stanza<'t> {
    let method = match (family, method) {
        ("inet6", "dhcp") => "dhcp6",
        ("inet6", "auto") => "ipv6_slaac",
        _ => method,
    };
    let subnet = alloc::vec![(text("type", line), text(method, line))];
    Stanza { line, name, subnet, link: Vec::new(), others: Vec::new(), routes: Vec::new() }
}

/// An option of a stanza.
#[inline(never)]
fn set<'t>(
    reader: &mut Reader<'t>,
    stanza: &mut Stanza<'t>,
    global: &mut Vec<Route>,
    line: Line<'t>,
    option: &'t str,
    rest: &'t str,
) {
    let find = |table: &'static [(&str, &'static str)]| {
        table.iter().find(|(name, _)| *name == option).map(|(_, key)| *key)
    };
    if let Some(key) = find(SUBNET) {
        stanza.subnet.push((text(key, line), text(rest, line)));
    } else if let Some(key) = find(LINK) {
        let rest = rest.strip_prefix("ether ").unwrap_or(rest);
        let rest = if key == "wakeonlan" && rest == "g" { "on" } else { rest };
        stanza.link.push((text(key, line), text(rest, line)));
    } else if matches!(option, "up" | "post-up" | "pre-up" | "down" | "pre-down" | "post-down") {
        match route::read(reader, rest, &text(rest, line)) {
            // cloud-init does not indent the routes of no link.
            Some(Command::Add(route)) if line.indented => stanza.routes.push(route),
            Some(Command::Add(route)) => global.push(route),
            Some(Command::Nothing) => {}
            None => reader.add(&text("", line), option, &["commands other than routes are not kept"]),
        }
    } else {
        stanza.others.push((option, text(rest, line)));
    }
}

//! Links that systemd-networkd makes, and their members.

use crate::network::model::parameter::{BOND, BRIDGE};
use crate::network::model::{Kind, Link, Setting};
use crate::network::render::section::Sections;
use crate::network::render::text::{Found, Spelling, hardware_address, parameters};
use crate::network::resolve::{Resolved, ResolvedLink};

const SPELLING: Spelling = Spelling { yes: "yes", no: "no", separator: " " };

/// The `.netdev` file; `None` for a link that is not made, and for a bond or
/// bridge without members.
#[inline(never)]
pub(super) fn device(network: &Resolved<'_>, resolved: &ResolvedLink<'_>) -> Option<Sections> {
    let link = resolved.link;
    let mut file = Sections::default();
    let kind = match &link.kind {
        Kind::Bond if network.links.iter().any(|other| other.link.bond.as_ref() == Some(&link.id)) => "bond",
        Kind::Bridge { ports } if !ports.is_empty() => "bridge",
        Kind::Vlan(vlan) => {
            file.of("VLAN").set_number("Id", Some(vlan.number().into()));
            "vlan"
        }
        Kind::Dummy => "dummy",
        _ => return None,
    };
    let section = file.of("NetDev");
    section.add("Name", &resolved.name);
    section.add("Kind", kind);
    section.set_number("MTUBytes", link.mtu);
    if let Some(address) = hardware_address(link) {
        section.add("MACAddress", &address);
    }
    match kind {
        "bond" => bond(&mut file, network, link),
        "bridge" => bridge(&mut file, network, link),
        _ => {}
    }
    Some(file)
}

#[inline(never)]
fn bond(file: &mut Sections, network: &Resolved<'_>, link: &Link) {
    for Found { word, value, .. } in parameters(network, link, BOND, [2, 2]) {
        let (key, milliseconds) = match word.strip_suffix("/ms") {
            Some(key) => (key, "ms"),
            None => (word, ""),
        };
        let mut text = SPELLING.of(&value);
        text.push_str(milliseconds);
        file.of("Bond").set(key, &text);
    }
}

/// Settings of the bridge itself; zero and false are the kernel's own.
#[inline(never)]
fn bridge(file: &mut Sections, network: &Resolved<'_>, link: &Link) {
    for Found { word, value, .. } in parameters(network, link, BRIDGE, [2, 2]) {
        if !matches!(value, Setting::Bool(false) | Setting::Int(0) | Setting::List(_)) {
            file.of("Bridge").set(word, &SPELLING.of(&value));
        }
    }
}

/// What of a link's `.network` file tells the links it is part of: VLANs on
/// it, its bond, its bridge.
#[inline(never)]
pub(super) fn memberships(file: &mut Sections, network: &Resolved<'_>, resolved: &ResolvedLink<'_>) {
    let link = resolved.link;
    for other in &network.links {
        let key = match &other.link.kind {
            Kind::Vlan(vlan) if vlan.link == link.id => "VLAN",
            Kind::Bond if link.bond.as_ref() == Some(&other.link.id) => {
                for (name, key) in [("primary", "PrimarySlave"), ("active-slave", "ActiveSlave")] {
                    if is_member(network, other.link, name, resolved) {
                        file.of("Network").add(key, "yes");
                    }
                }
                "Bond"
            }
            Kind::Bridge { ports } if ports.contains(&link.id) => {
                port(file, link, other.link, "pathcost", "Cost");
                port(file, link, other.link, "portprio", "Priority");
                // Of several bridges the last has it.
                file.of("Network").set("Bridge", &other.name);
                continue;
            }
            _ => continue,
        };
        file.of("Network").add(key, &other.name);
    }
}

/// Whether the parameter `name` of a bond is this member.
fn is_member(network: &Resolved<'_>, bond: &Link, name: &str, member: &ResolvedLink<'_>) -> bool {
    let Some(Setting::Text(id)) = bond.parameter("bond-", name) else { return false };
    network.name_of(id) == &*member.name
}

/// A setting that a bridge has for each port: items `PORT VALUE`.
#[inline(never)]
fn port(file: &mut Sections, link: &Link, bridge: &Link, name: &str, key: &str) {
    let Some(Setting::List(items)) = bridge.parameter("bridge_", name) else { return };
    for item in items {
        if let Some((port, value)) = item.split_once(' ')
            && *port == *link.id
        {
            file.of("Bridge").add(key, value);
        }
    }
}

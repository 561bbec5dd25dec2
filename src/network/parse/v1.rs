//! cloud-init's network configuration, version 1 (docs: "Networking config
//! Version 1"), as cloud-init 26.2 reads it.

use super::Parsed;
use super::complete::complete;
use super::draft::Draft;
use super::link::{self, Keys, Type, spanning_tree};
use super::reader::{Reader, mac_of, string, text};
use super::subnet::{route, subnet};
use crate::network::model::{Dns, Kind, Link, Origin, Plain};
use crate::syntax::value::Value;
use alloc::vec::Vec;

/// Reads the mapping with `version: 1`; `file` is what messages call it.
#[inline(never)]
pub(super) fn parse(data: &Value<'_>, file: &str) -> Parsed {
    let mut reader = Reader::new(file);
    let mut draft = Draft::default();
    draft.network.origin = Origin::V1;
    let mut dns_of_links = Vec::new();
    for command in reader.items(data, "config") {
        let kind = string(command, "type").unwrap_or_default();
        reader.enter(if kind == "route" { "route" } else { "nameserver" }, "");
        match kind {
            "route" => draft.network.routes.extend(route(&mut reader, command)),
            "nameserver" => match command.get_set("interface") {
                Some(link) => dns_of_links.push((text(link), command)),
                None => name_server(&mut reader, &mut draft.network.dns, command),
            },
            _ => link(&mut reader, &mut draft, command, kind),
        }
    }
    for (id, command) in dns_of_links {
        reader.enter("nameserver", "");
        match draft.network.links.iter_mut().find(|link| *link.id == *id) {
            Some(link) => {
                name_server(&mut reader, link.dns.get_or_insert_default(), command);
            }
            None => reader.add(command, "interface", &["there is no link ", id]),
        }
    }
    complete(draft.network, reader)
}

/// Adds what an entry of name servers says.
#[inline(never)]
pub(super) fn name_server(reader: &mut Reader<'_>, dns: &mut Dns, command: &Value<'_>) {
    if command.get_set("address").is_none() && command.get_set("search").is_none() {
        reader.add(command, "", &["has no address"]);
        return;
    }
    reader.dns(dns, command, "address", "search");
}

pub(super) const KEYS: Keys =
    Keys { mac: "mac_address", members: "bond_interfaces", vlan_number: "vlan_id", vlan_link: "vlan_link" };

/// The keys of one type of link.
pub(super) fn keys_of(what: Type) -> Keys {
    Keys { members: if what == Type::Bridge { "bridge_interfaces" } else { KEYS.members }, ..KEYS }
}

/// Types of links, with the keys without which they are left out.
const TYPES: &[(&str, Type, &[&str])] = &[
    ("physical", Type::Physical, &[]),
    ("bond", Type::Bond, &["bond_interfaces", "params"]),
    ("bridge", Type::Bridge, &["bridge_interfaces"]),
    ("vlan", Type::Vlan, &[]),
    ("loopback", Type::Loopback, &[]),
    ("infiniband", Type::Infiniband, &[]),
];

/// An entry that is a link. Of one that can't be used the rest is read all the
/// same, for what is wrong in it.
#[inline(never)]
fn link<'v>(reader: &mut Reader<'v>, draft: &mut Draft, command: &'v Value<'_>, kind: &str) {
    reader.enter("link ", string(command, "name").unwrap_or("without a name"));
    match started(reader, draft, command, kind) {
        Some(link) => settings(reader, link, command),
        None => {
            if let Some(mut link) = link::scratch() {
                settings(reader, &mut link, command);
            }
        }
    }
}

/// The link of an entry, without its settings.
#[inline(never)]
fn started<'d>(
    reader: &mut Reader<'_>,
    draft: &'d mut Draft,
    command: &Value<'_>,
    kind: &str,
) -> Option<&'d mut Link> {
    let name = string(command, "name").unwrap_or("without a name");
    let mac = command.get(KEYS.mac).and_then(mac_of).filter(|_| kind == "physical");
    let why = "needs a name of letters, digits and -_.@+";
    let named = link::named(reader, draft, command, name, mac, why);
    let Some((_, what, needed)) = TYPES.iter().find(|(name, ..)| *name == kind) else {
        reader.add(command, "", &["type ", kind, " is unknown"]);
        return None;
    };
    if let Some(key) = needed.iter().find(|key| command.get(key).is_none()) {
        reader.add(command, "", &["has no ", key]);
        return None;
    }
    let (id, name) = named?;
    link::link(reader, draft, command, id, name, *what, &keys_of(*what))
}

/// What the entry sets.
#[inline(never)]
fn settings(reader: &mut Reader<'_>, link: &mut Link, command: &Value<'_>) {
    link::settings(reader, link, command);
    link.keep_configuration = reader.flag(command, "keep_configuration");
    for value in reader.items(command, "subnets") {
        subnet(reader, value, &mut link.subnets);
    }
    parameters(reader, link, command);
}

/// `params`, of which a NIC's `driver` is what it is found by.
#[inline(never)]
fn parameters(reader: &mut Reader<'_>, link: &mut Link, command: &Value<'_>) {
    let Some(params) = command.get_set("params") else { return };
    for (key, value) in params.entries() {
        match (text(key), &mut link.kind) {
            ("driver", Kind::Physical(found)) => {
                found.drivers.extend(reader.plain(value, "driver", text(value)));
                if link.mac.is_none() {
                    found.names.extend(link.name.as_deref().and_then(Plain::new));
                }
            }
            ("driver", _) => {}
            (name, _) => link::parameter(reader, link, name, value),
        }
    }
    spanning_tree(reader, link, params);
}

//! cloud-init's network configuration, version 1 (docs: "Networking config
//! Version 1"), as cloud-init 26.2 reads it.

use super::Parsed;
use super::draft::Draft;
use super::reader::{Reader, flag, integer, string, text};
use super::subnet::{route, subnet};
use crate::network::model::{
    Dns, InfinibandAddress, Kind, Link, LinkId, LinkName, Match, Origin, Setting, Vlan,
};
use crate::syntax::value::Value;
use alloc::vec::Vec;

/// Reads the mapping with `version: 1`; `file` is what messages call it.
#[inline(never)]
pub fn parse(data: &Value<'_>, file: &str) -> Parsed {
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
                let mut dns = Dns::default();
                name_server(&mut reader, &mut dns, command);
                link.dns = Some(dns);
            }
            None => reader.add(command, "interface", &["there is no link ", id]),
        }
    }
    Parsed { network: draft.network, problems: reader.into_problems() }
}

/// Adds what an entry of name servers says.
#[inline(never)]
pub(super) fn name_server(reader: &mut Reader<'_>, dns: &mut Dns, command: &Value<'_>) {
    if command.get_set("address").is_none() {
        reader.add(command, "", &["has no address"]);
        return;
    }
    reader.dns(dns, command, "address", "search");
}

/// An entry that is a link.
#[inline(never)]
fn link<'v>(reader: &mut Reader<'v>, draft: &mut Draft, command: &'v Value<'_>, kind: &str) {
    let id = string(command, "name").unwrap_or("without a name");
    reader.enter("link ", id);
    let (Some(id), Some(name)) = (LinkId::new(id), LinkName::new(id)) else {
        reader.add(command, "", &["needs a name of at most 15 letters, digits and -_.@+"]);
        return;
    };
    let mut members = Vec::new();
    let Some(kind) = (match kind {
        "physical" => Some(Kind::Physical(Match::default())),
        "infiniband" => Some(Kind::Infiniband(None)),
        "loopback" => Some(Kind::Loopback),
        "vlan" => vlan(reader, command, "vlan_id", "vlan_link"),
        "bond" | "bridge" => {
            let is_bond = kind == "bond";
            let key = if is_bond { "bond_interfaces" } else { "bridge_interfaces" };
            if !has(reader, command, key) || is_bond && !has(reader, command, "params") {
                return;
            }
            let ids = reader.ids(command, key);
            if is_bond {
                members = ids;
                Some(Kind::Bond)
            } else {
                Some(draft.bridge(ids))
            }
        }
        _ => {
            reader.add(command, "", &["type ", kind, " is unknown"]);
            return;
        }
    }) else {
        return;
    };
    let mut link = Link::new(id.clone(), Some(name), kind);
    address(reader, &mut link, command, "mac_address");
    link.keep_configuration = flag(command, "keep_configuration");
    common(reader, &mut link, command);
    for value in reader.items(command, "subnets") {
        link.subnets.extend(subnet(reader, value));
    }
    parameters(reader, &mut link, command);
    draft.add(reader, command, link);
    draft.join(&id, &members);
}

/// Whether `key` is there; a link without it is left out.
fn has(reader: &mut Reader<'_>, command: &Value<'_>, key: &str) -> bool {
    let has = command.get(key).is_some();
    if !has {
        reader.add(command, "", &["has no ", key]);
    }
    has
}

/// The settings that versions 1 and 2 share.
#[inline(never)]
pub(super) fn common(reader: &mut Reader<'_>, link: &mut Link, value: &Value<'_>) {
    link.mtu = reader.mtu(value);
    link.accept_ra = flag(value, "accept-ra");
    link.wake_on_lan = flag(value, "wakeonlan") == Some(true);
    link.optional = flag(value, "optional");
}

/// The MAC address; of an InfiniBand port the long one too.
#[inline(never)]
pub(super) fn address(reader: &mut Reader<'_>, link: &mut Link, value: &Value<'_>, key: &str) {
    if let Kind::Infiniband(port) = &mut link.kind {
        *port = string(value, key).and_then(InfinibandAddress::parse);
        if port.is_some() {
            return;
        }
    }
    link.mac = reader.mac(value, key);
}

/// A VLAN by its number and link.
#[inline(never)]
pub(super) fn vlan(reader: &mut Reader<'_>, value: &Value<'_>, number: &str, link: &str) -> Option<Kind> {
    let (Some(of), Some(found)) = (value.get_set(link), value.get_set(number)) else {
        reader.add(value, "", &["needs ", number, " and ", link]);
        return None;
    };
    let link = reader.id(of, link, text(of))?;
    let vlan = integer(found).and_then(|number| Vlan::new(u16::try_from(number).ok()?, link));
    if vlan.is_none() {
        reader.add(found, number, &["must be a number from 0 to 4094"]);
    }
    vlan.map(Kind::Vlan)
}

/// `params`, of which a NIC's `driver` is what it is found by.
#[inline(never)]
fn parameters(reader: &mut Reader<'_>, link: &mut Link, command: &Value<'_>) {
    let Some(params) = command.get_set("params") else { return };
    for (key, value) in params.entries() {
        match (text(key), &mut link.kind) {
            ("driver", Kind::Physical(found)) => found.driver = reader.plain(value, "driver", text(value)),
            (name, _) => reader.parameter(&mut link.parameters, &[name], value),
        }
    }
    spanning_tree(reader, link, params);
}

/// `bridge_stp` is on or off, however that is put.
#[inline(never)]
pub(super) fn spanning_tree(reader: &mut Reader<'_>, link: &mut Link, value: &Value<'_>) {
    if !matches!(link.kind, Kind::Bridge { .. }) {
        return;
    }
    for parameter in link.parameters.iter_mut().filter(|parameter| *parameter.name == *"bridge_stp") {
        let on = match &parameter.value {
            Setting::Bool(on) => Some(*on),
            Setting::Int(number @ 0..=1) => Some(*number == 1),
            Setting::Text(text) if matches!(&**text, "on" | "1") => Some(true),
            Setting::Text(text) if matches!(&**text, "off" | "0") => Some(false),
            _ => None,
        };
        if on.is_none() {
            reader.add(value, "bridge_stp", &["must be on or off"]);
        }
        parameter.value = Setting::Bool(on.unwrap_or_default());
    }
}

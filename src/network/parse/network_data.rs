//! OpenStack's `network_data.json` (nova's JSON schema of that name, and what
//! cloud-init 26.2 makes of it).

use super::Parsed;
use super::complete::complete;
use super::draft::Draft;
use super::link::{self, Keys, Type};
use super::reader::{Reader, string, text};
use super::subnet::subnet;
use super::v1::name_server;
use crate::network::model::{Address, Kind, Link, LinkName, Method, Origin};
use crate::syntax::value::{Data, Value};
use alloc::string::ToString;
use alloc::vec::Vec;

/// Link types that are a NIC as the machine sees it. Others that are not
/// `bond` or `vlan` are taken for one too, and said to be unknown.
const PHYSICAL: &str = "phy vif ovs bridge tap ethernet vhostuser hw_veb hyperv dvs cascading bgpovs null";

const KEYS: Keys = Keys {
    mac: "ethernet_mac_address",
    members: "bond_links",
    vlan_number: "vlan_id",
    vlan_link: "vlan_link",
};

/// A network and the link it is on.
type OnLink<'d, 'a> = (&'d str, &'d Value<'a>);

/// Reads a whole document. A part that is wrong is a problem and is left out;
/// what it belongs to stays.
pub fn parse(data: &Value<'_>) -> Parsed {
    read(data, crate::instance::NETWORK_DATA)
}

/// As [`parse`]; `file` is what messages call it.
#[inline(never)]
pub(super) fn read(data: &Value<'_>, file: &str) -> Parsed {
    let mut reader = Reader::new(file);
    let mut draft = Draft::default();
    draft.network.origin = Origin::NetworkData;
    if !matches!(data.data, Data::Map(_)) {
        reader.add(data, "document", &["must be a mapping, not ", data.kind()]);
    }
    let links = reader.items(data, "links");
    let mut ids = Vec::new();
    for link in links {
        ids.extend(string(link, "id"));
    }
    let networks = by_link(&mut reader, data, &ids);
    let mut bonds = 0;
    for value in links {
        link(&mut reader, &mut draft, value, &networks, &mut bonds);
    }
    reader.enter("links", "");
    for link in &mut draft.network.links {
        if matches!(link.kind, Kind::Undescribed) {
            // An id of the host's is no name here.
            link.name = None;
            reader.add(data, "", &[&link.id, " is a member of a bond and not described"]);
        }
    }
    reader.enter("service", "");
    for service in reader.items(data, "services") {
        // Others are no name servers.
        if matches!(string(service, "type"), None | Some("dns")) {
            name_server(&mut reader, &mut draft.network.dns, service);
        }
    }
    complete(draft.network, reader)
}

fn id<'d>(value: &'d Value<'_>) -> &'d str {
    string(value, "id").unwrap_or("without id")
}

/// Networks with the id of their link; one problem for each whose link is not
/// described.
#[inline(never)]
fn by_link<'v, 'a>(reader: &mut Reader<'v>, data: &'v Value<'a>, ids: &[&str]) -> Vec<OnLink<'v, 'a>> {
    let mut found = Vec::new();
    for network in reader.items(data, "networks") {
        reader.enter("network ", id(network));
        match string(network, "link") {
            Some(link) if ids.contains(&link) => found.push((link, network)),
            Some(link) => reader.add(network, "", &["there is no link ", link]),
            None => reader.add(network, "", &["names no link"]),
        }
    }
    reader.enter("", "");
    found
}

#[inline(never)]
fn link<'v>(
    reader: &mut Reader<'v>,
    draft: &mut Draft,
    value: &'v Value<'_>,
    networks: &[OnLink<'v, '_>],
    bonds: &mut usize,
) {
    let text = id(value);
    reader.enter("link ", text);
    if value.get("id").is_none() {
        reader.add(value, "", &["nothing can refer to it"]);
        return;
    }
    let mut name = name(reader, draft, value);
    let mut keys = KEYS;
    let what = match string(value, "type").unwrap_or("null") {
        "bond" => {
            name = name.or_else(|| LinkName::new(&["bond", &bonds.to_string()].concat()));
            *bonds += 1;
            Type::Bond
        }
        "vlan" => {
            (name, keys.mac) = (None, "vlan_mac_address");
            Type::Vlan
        }
        kind => {
            if !PHYSICAL.split_ascii_whitespace().any(|known| known == kind) {
                reader.add(value, "", &["type ", kind, " is unknown; it is taken for a NIC"]);
            }
            Type::Physical
        }
    };
    if what == Type::Physical && !can_be_found(reader, value, name.is_some()) {
        return;
    }
    let Some(id) = reader.id(value, "id", text) else { return };
    let Some(link) = link::link(reader, draft, value, id, name, what, &keys) else { return };
    if what == Type::Bond {
        parameters(reader, link, value);
    }
    for (_, network) in networks.iter().filter(|(of, _)| *of == text) {
        reader.enter("network ", self::id(network));
        add_network(reader, link, network);
    }
}

/// Whether something tells which NIC is meant.
#[inline(never)]
fn can_be_found(reader: &mut Reader<'_>, value: &Value<'_>, named: bool) -> bool {
    if value.get_set(KEYS.mac).is_some() {
        return reader.mac(value, KEYS.mac).is_some();
    }
    if !named {
        reader.add(value, "", &["neither ethernet_mac_address nor name tells which NIC it is"]);
    }
    named
}

/// The name a link is to get. `id` is the host's name for its end and never
/// the guest's.
#[inline(never)]
fn name(reader: &mut Reader<'_>, draft: &Draft, value: &Value<'_>) -> Option<LinkName> {
    let wanted = value.get_set("name")?;
    let text = wanted.as_str().filter(|name| *name != "lo").unwrap_or_default();
    let name = link::fitting(reader, draft, wanted, text);
    if name.is_none() {
        reader.add(wanted, "name", &["no name for a link; it keeps the kernel's"]);
    }
    name
}

/// `bond_mode` and the like.
#[inline(never)]
fn parameters(reader: &mut Reader<'_>, link: &mut Link, value: &Value<'_>) {
    for (key, value) in value.entries() {
        if text(key).starts_with("bond_") && text(key) != KEYS.members {
            link::parameter(reader, link, text(key), value);
        }
    }
}

/// A network of a link: its subnet, and what that says of router
/// advertisements: they count where `DHCPv6` depends on them, and do not
/// beside a fixed address.
#[inline(never)]
fn add_network(reader: &mut Reader<'_>, link: &mut Link, network: &Value<'_>) {
    if subnet(reader, network, &mut link.subnets).is_none() {
        return;
    }
    let Some(subnet) = link.subnets.last_mut() else { return };
    match &subnet.method {
        Method::Static(address) if address.is_ipv6() => link.accept_ra = Some(false),
        Method::Dhcp6 | Method::Dhcp6Stateful => link.accept_ra = Some(true),
        _ => {}
    }
    // Settings that only v1 has.
    subnet.mtu = None;
    let mut servers = Vec::new();
    for route in network.get("routes").and_then(Value::items).unwrap_or_default() {
        services(reader, route, &mut servers, false);
    }
    services(reader, network, &mut servers, true);
    if !servers.is_empty() {
        subnet.dns.servers = servers;
    }
}

/// Adds the services of `parent` that are name servers, `once` those alone that
/// are not there yet.
#[inline(never)]
fn services(reader: &mut Reader<'_>, parent: &Value<'_>, servers: &mut Vec<Address>, once: bool) {
    for service in reader.items(parent, "services") {
        if string(service, "type") == Some("dns")
            && let Some(address) = reader.address(service, &["address"])
            && !(once && servers.contains(&address))
        {
            servers.push(address);
        }
    }
}

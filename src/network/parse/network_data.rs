//! OpenStack's `network_data.json` (nova's JSON schema of that name, and what
//! cloud-init 26.2 makes of it).

use super::Parsed;
use super::field::{Entry, Problems, string, words};
use crate::limits;
use crate::network::model::{
    Address, Dns, Domain, Kind, Link, LinkId, LinkName, Mac, Match, Method, Network, Prefix, Route, Subnet,
};
use crate::syntax::value::{Data, Value};
use alloc::string::ToString;
use alloc::vec::Vec;

/// Link types that are a NIC as the machine sees it. Others that are not
/// `bond` or `vlan` are taken for one too, and said to be unknown.
const PHYSICAL: &str = "phy vif ovs bridge tap ethernet vhostuser hw_veb hyperv dvs cascading bgpovs null";

/// Reads a whole document. A part that is wrong is a problem and is left out;
/// what it belongs to stays.
#[inline(never)]
pub fn parse(data: &Value<'_>) -> Parsed {
    let mut problems = Problems::new("network_data.json");
    let mut network = Network::default();
    if matches!(data.data, Data::Map(_)) {
        let networks = items(data, "networks", "", top("networks"), &mut problems);
        let links = items(data, "links", "", top("links"), &mut problems);
        let networks = by_link(networks, links, &mut problems);
        for value in links {
            network.links.extend(link(value, &networks, &mut problems));
        }
        let entry = top("services");
        for service in items(data, "services", "", entry, &mut problems) {
            network.dns.servers.append(&mut server(service, entry, &mut problems));
        }
    } else {
        problems.add(data, "", top("document"), &["must be a mapping, not ", data.kind()]);
    }
    Parsed { network, problems: problems.into_inner() }
}

/// A list of the document itself.
fn top(kind: &'static str) -> Entry<'static> {
    Entry { kind, id: "" }
}

/// The list under `key`, cut at the bound; absent and null are empty.
#[inline(never)]
fn items<'v, 'a>(
    parent: &'v Value<'a>,
    key: &str,
    part: &str,
    entry: Entry<'_>,
    problems: &mut Problems,
) -> &'v [Value<'a>] {
    let Some(value) = parent.get_set(key) else { return &[] };
    let Some(items) = value.items() else {
        problems.add(value, part, entry, &["must be a list, not ", value.kind()]);
        return &[];
    };
    let kept = items.get(..limits::NETWORK_ENTRIES);
    if kept.is_some_and(|kept| kept.len() < items.len()) {
        problems.add(value, part, entry, &["more than ", &limits::NETWORK_ENTRIES.to_string(), " entries"]);
    }
    kept.unwrap_or(items)
}

/// Networks with the id of their link; one problem for each whose link is not
/// described.
#[inline(never)]
fn by_link<'v, 'a>(
    networks: &'v [Value<'a>],
    links: &'v [Value<'a>],
    problems: &mut Problems,
) -> Vec<(&'v str, &'v Value<'a>)> {
    let ids: Vec<&str> = links.iter().filter_map(|link| string(link, "id")).collect();
    let mut found = Vec::new();
    for network in networks {
        let entry = Entry::new("network ", network);
        match string(network, "link") {
            Some(link) if ids.contains(&link) => found.push((link, network)),
            Some(link) => problems.add(network, "", entry, &["there is no link ", link]),
            None => problems.add(network, "", entry, &["names no link"]),
        }
    }
    found
}

#[inline(never)]
fn link(value: &Value<'_>, networks: &[(&str, &Value<'_>)], problems: &mut Problems) -> Option<Link> {
    let entry = Entry::new("link ", value);
    let kind = string(value, "type").unwrap_or("null");
    if matches!(kind, "bond" | "vlan") {
        problems.add(value, "", entry, &["links of type ", kind, " are not supported"]);
        return None;
    }
    if !PHYSICAL.split_ascii_whitespace().any(|known| known == kind) {
        problems.add(value, "", entry, &["type ", kind, " is unknown; it is taken for a NIC"]);
    }
    let (name, mac) = device(value, entry, problems)?;
    let id = string(value, "id");
    let mut link = Link::new(LinkId::new(id?)?, name, Kind::Physical(Match::default()));
    link.mac = mac;
    link.mtu = problems.mtu(value.get_set("mtu"), entry);
    for (_, network) in networks.iter().filter(|(link, _)| Some(*link) == id) {
        if let Some(subnet) = subnet(network, problems) {
            link.accept_ra = accept_ra(&subnet.method).or(link.accept_ra);
            link.subnets.push(subnet);
        }
    }
    Some(link)
}

/// Which NIC a link is: by MAC address, else by `name`. `id` is the host's
/// name for its end and never the guest's.
#[inline(never)]
fn device(
    value: &Value<'_>,
    entry: Entry<'_>,
    problems: &mut Problems,
) -> Option<(Option<LinkName>, Option<Mac>)> {
    let mut name = None;
    if let Some(wanted) = value.get_set("name") {
        name = wanted.as_str().filter(|name| *name != "lo").and_then(LinkName::new);
        if name.is_none() {
            problems.add(wanted, "name of ", entry, &["no name for a link; it keeps the kernel's"]);
        }
    }
    let Some(mac) = value.get_set("ethernet_mac_address") else {
        if name.is_none() {
            problems.add(value, "", entry, &["has neither ethernet_mac_address nor name"]);
        }
        return name.map(|name| (Some(name), None));
    };
    let text = mac.as_str().unwrap_or(mac.kind());
    let Some(address) = Mac::parse(text) else {
        problems.add(mac, "", entry, &[text, " is no MAC address"]);
        return None;
    };
    Some((name, Some(address)))
}

/// Router advertisements count where `DHCPv6` depends on them, and do not
/// beside a fixed address.
fn accept_ra(method: &Method) -> Option<bool> {
    match method {
        Method::Static(address) if address.is_ipv6() => Some(false),
        Method::Dhcp6 | Method::Dhcp6Stateful => Some(true),
        _ => None,
    }
}

#[inline(never)]
fn subnet(network: &Value<'_>, problems: &mut Problems) -> Option<Subnet> {
    let entry = Entry::new("network ", network);
    let method = match string(network, "type").unwrap_or_default() {
        "ipv4_dhcp" | "dhcp4" | "dhcp" => Method::Dhcp4,
        "ipv6_dhcp" | "dhcp6" => Method::Dhcp6,
        "ipv6_slaac" => Method::Slaac,
        "ipv6_dhcpv6-stateless" => Method::Dhcp6Stateless,
        "ipv6_dhcpv6-stateful" => Method::Dhcp6Stateful,
        "manual" => Method::Manual,
        "ipv4" | "static" | "ipv6" | "static6" => Method::Static(fixed(network, entry, problems)?),
        kind => {
            problems.add(network, "", entry, &["type ", kind, " is unknown"]);
            return None;
        }
    };
    let mut subnet = Subnet::new(method);
    gateway(&mut subnet, network, entry, problems);
    subnet.metric = problems.metric(network.get_set("metric"), "metric of ", entry);
    for value in items(network, "routes", "routes of ", entry, problems) {
        subnet.routes.extend(route(value, entry, problems));
        name_servers(&mut subnet.dns, value, false, entry, problems);
    }
    name_servers(&mut subnet.dns, network, true, entry, problems);
    if subnet.dns.servers.is_empty() {
        subnet.dns.servers = addresses(network, "dns_nameservers", "", entry, problems);
    }
    let search = network.get_set("dns_search");
    for word in words(search) {
        match Domain::new(word) {
            Some(domain) => subnet.dns.search.push(domain),
            None => problems.add(network, "", entry, &[word, " is no domain name"]),
        }
    }
    Some(subnet)
}

/// The fixed address of a network.
fn fixed(network: &Value<'_>, entry: Entry<'_>, problems: &mut Problems) -> Option<Prefix> {
    let Some(address) = network.get_set("ip_address") else {
        problems.add(network, "", entry, &["has no ip_address"]);
        return None;
    };
    problems.prefix(address, network.get_set("netmask"), "", entry)
}

/// Gateway and broadcast address, which are dropped when they are wrong.
#[inline(never)]
fn gateway(subnet: &mut Subnet, network: &Value<'_>, entry: Entry<'_>, problems: &mut Problems) {
    if let Some(value) = network.get_set("gateway")
        && let Some(gateway) = problems.address(value, "gateway of ", entry)
        && !subnet.set_gateway(gateway)
    {
        problems.add(value, "", entry, &["gateway and address differ in family"]);
    }
    if let Some(value) = network.get_set("broadcast") {
        let broadcast = value.as_str().and_then(|text| Address::parse(text.trim_ascii()));
        if !broadcast.is_some_and(|broadcast| subnet.set_broadcast(broadcast)) {
            problems.add(value, "", entry, &["broadcast is no IPv4 address"]);
        }
    }
}

/// A route. A gateway of all zeros is none: the destination is on the link.
#[inline(never)]
fn route(value: &Value<'_>, entry: Entry<'_>, problems: &mut Problems) -> Option<Route> {
    let part = "route of ";
    let Some(network) = value.get_set("network").or_else(|| value.get_set("destination")) else {
        problems.add(value, part, entry, &["has no network"]);
        return None;
    };
    let destination = problems.prefix(network, value.get_set("netmask"), part, entry)?;
    let gateway = match value.get_set("gateway") {
        Some(gateway) => Some(problems.address(gateway, "gateway of route of ", entry)?),
        None => None,
    };
    let metric = problems.metric(value.get_set("metric"), "metric of route of ", entry);
    let mut route = Route::new(destination, gateway.filter(|gateway| !gateway.ip().is_unspecified()));
    match &mut route {
        Some(route) => route.metric = metric,
        None => problems.add(value, part, entry, &["gateway and network differ in family"]),
    }
    route
}

/// Adds the services of `parent` that are name servers, `once` those alone that
/// are not there yet.
#[inline(never)]
fn name_servers(dns: &mut Dns, parent: &Value<'_>, once: bool, entry: Entry<'_>, problems: &mut Problems) {
    for service in items(parent, "services", "services of ", entry, problems) {
        if string(service, "type") == Some("dns") {
            for address in server(service, entry, problems) {
                if !once || !dns.servers.contains(&address) {
                    dns.servers.push(address);
                }
            }
        }
    }
}

/// The address of a service. At the top level every service counts as a name
/// server, whatever its type, as cloud-init has it.
fn server(service: &Value<'_>, entry: Entry<'_>, problems: &mut Problems) -> Vec<Address> {
    if service.get_set("address").is_none() {
        problems.add(service, "service of ", entry, &["has no address"]);
    }
    addresses(service, "address", "service of ", entry, problems)
}

/// The addresses under `key`; what is none is a problem.
#[inline(never)]
fn addresses(
    parent: &Value<'_>,
    key: &str,
    part: &str,
    entry: Entry<'_>,
    problems: &mut Problems,
) -> Vec<Address> {
    let mut addresses = Vec::new();
    for word in words(parent.get_set(key)) {
        match Address::parse(word) {
            Some(address) => addresses.push(address),
            None => problems.add(parent, part, entry, &[word, " is no IP address"]),
        }
    }
    addresses
}

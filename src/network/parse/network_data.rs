//! OpenStack's `network_data.json` (nova's JSON schema of that name, and what
//! cloud-init 26.2 makes of it).

use super::Parsed;
use super::field::{self, Problems, shown};
use crate::limits;
use crate::network::model::{Device, Dns, Link, LinkName, Mac, Method, Network, Route, Static, Subnet};
use crate::network::order::sort_by;
use crate::syntax::value::{Data, Value};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Link types that are a NIC as the machine sees it. Others that are not
/// `bond` or `vlan` are taken for one too, and said to be unknown.
const PHYSICAL: [&str; 13] = [
    "phy",
    "vif",
    "ovs",
    "bridge",
    "tap",
    "ethernet",
    "vhostuser",
    "hw_veb",
    "hyperv",
    "dvs",
    "cascading",
    "bgpovs",
    "null",
];

/// Reads a whole document. A part that is wrong is a problem and is left out;
/// what it belongs to stays.
pub fn parse(data: &Value<'_>) -> Parsed {
    let mut problems = Problems::new("network_data.json");
    let mut network = Network::default();
    if matches!(data.data, Data::Map(_)) {
        let networks = items(data, "networks", "networks", &mut problems);
        let networks = by_link(networks, &mut problems);
        let links = items(data, "links", "links", &mut problems);
        unknown_links(links, &networks, &mut problems);
        for value in links {
            network.links.extend(link(value, &networks, &mut problems));
        }
        for service in items(data, "services", "services", &mut problems) {
            network.dns.servers.extend(server(service, "services", &mut problems));
        }
    } else {
        problems.add(data, "document", format!("must be a mapping, not {}", data.kind()));
    }
    Parsed { network, problems: problems.into_inner() }
}

/// The list under `key`, cut at the bound; absent and null are empty.
fn items<'v, 'a>(parent: &'v Value<'a>, key: &str, what: &str, problems: &mut Problems) -> &'v [Value<'a>] {
    let Some(value) = parent.get_set(key) else { return &[] };
    let Some(items) = value.items() else {
        problems.add(value, what, format!("must be a list, not {}", value.kind()));
        return &[];
    };
    if items.len() > limits::NETWORK_ENTRIES {
        problems.add(value, what, format!("more than {} entries", limits::NETWORK_ENTRIES));
    }
    &items[..items.len().min(limits::NETWORK_ENTRIES)]
}

/// Networks with the id of their link, sorted by it.
type Networks<'v, 'a> = Vec<(&'v str, &'v Value<'a>)>;

fn by_link<'v, 'a>(networks: &'v [Value<'a>], problems: &mut Problems) -> Networks<'v, 'a> {
    let mut sorted = Networks::new();
    for network in networks {
        match network.get("link").and_then(Value::as_str) {
            Some(link) => sorted.push((link, network)),
            None => problems.add(network, &title("network", network), "names no link"),
        }
    }
    sort_by(&mut sorted, |a, b| a.0 < b.0);
    sorted
}

/// One problem for each network whose link is not described.
fn unknown_links(links: &[Value<'_>], networks: &Networks<'_, '_>, problems: &mut Problems) {
    let mut ids: Vec<&str> = links.iter().filter_map(|link| link.get("id")?.as_str()).collect();
    sort_by(&mut ids, |a, b| a < b);
    for (link, network) in networks {
        if ids.binary_search(link).is_err() {
            let cause = format!("there is no link {}", shown(link));
            problems.add(network, &title("network", network), cause);
        }
    }
}

/// `link tap0`: how a message names an entry.
fn title(kind: &str, entry: &Value<'_>) -> String {
    let id = entry.get("id").and_then(Value::as_str).unwrap_or("without id");
    format!("{kind} {}", shown(id))
}

fn link(value: &Value<'_>, networks: &Networks<'_, '_>, problems: &mut Problems) -> Option<Link> {
    let what = title("link", value);
    match value.get_set("type").and_then(Value::as_str).unwrap_or("null") {
        kind @ ("bond" | "vlan") => {
            problems.add(value, &what, format!("links of type {kind} are not supported"));
            return None;
        }
        kind if PHYSICAL.contains(&kind) => {}
        kind => {
            problems.add(value, &what, format!("type {} is unknown; it is taken for a NIC", shown(kind)));
        }
    }
    let mut link =
        Link { device: device(value, &what, problems)?, mtu: None, accept_ra: None, subnets: Vec::new() };
    if let Some(mtu) = value.get_set("mtu") {
        link.mtu = field::mtu(mtu).unwrap_or_else(|cause| {
            problems.add(mtu, &format!("mtu of {what}"), cause);
            None
        });
    }
    let id = value.get("id").and_then(Value::as_str).unwrap_or_default();
    let first = networks.partition_point(|(link, _)| *link < id);
    for (_, network) in networks[first..].iter().take_while(|(link, _)| *link == id) {
        if let Some(subnet) = subnet(network, problems) {
            link.accept_ra = accept_ra(&subnet.method).or(link.accept_ra);
            link.subnets.push(subnet);
        }
    }
    Some(link)
}

/// Which NIC a link is: by MAC address, else by `name`. `id` is the host's
/// name for its end and never the guest's.
fn device(value: &Value<'_>, what: &str, problems: &mut Problems) -> Option<Device> {
    let mut name = None;
    if let Some(wanted) = value.get_set("name") {
        name = wanted.as_str().filter(|name| *name != "lo").and_then(LinkName::new);
        if name.is_none() {
            problems.add(wanted, &format!("name of {what}"), "no name for a link; it keeps the kernel's");
        }
    }
    let Some(mac) = value.get_set("ethernet_mac_address") else {
        if name.is_none() {
            problems.add(value, what, "has neither ethernet_mac_address nor name");
        }
        return name.map(Device::Named);
    };
    if let Some(mac) = mac.as_str().and_then(Mac::parse) {
        return Some(Device::Hardware { mac, name });
    }
    let text = mac.as_str().unwrap_or(mac.kind());
    problems.add(mac, what, format!("{} is no MAC address", shown(text)));
    None
}

/// Router advertisements count where `DHCPv6` depends on them, and do not
/// beside a fixed address.
fn accept_ra(method: &Method) -> Option<bool> {
    match method {
        Method::Static(fixed) if fixed.address().is_ipv6() => Some(false),
        Method::Dhcp6 | Method::Dhcp6Stateful => Some(true),
        _ => None,
    }
}

fn subnet(network: &Value<'_>, problems: &mut Problems) -> Option<Subnet> {
    let what = title("network", network);
    let method = match network.get("type").and_then(Value::as_str).unwrap_or_default() {
        "ipv4_dhcp" | "dhcp4" | "dhcp" => Method::Dhcp4,
        "ipv6_dhcp" | "dhcp6" => Method::Dhcp6,
        "ipv6_slaac" => Method::Slaac,
        "ipv6_dhcpv6-stateless" => Method::Dhcp6Stateless,
        "ipv6_dhcpv6-stateful" => Method::Dhcp6Stateful,
        "manual" => Method::Manual,
        "ipv4" | "static" | "ipv6" | "static6" => fixed(network, &what, problems)?,
        kind => {
            problems.add(network, &what, format!("type {} is unknown", shown(kind)));
            return None;
        }
    };
    let mut subnet = Subnet::new(method);
    if let Some(metric) = network.get_set("metric") {
        subnet.metric = self::metric(metric, &what, problems);
    }
    let mut servers = Vec::new();
    for value in items(network, "routes", &format!("routes of {what}"), problems) {
        subnet.routes.extend(route(value, &what, problems));
        for service in dns_services(value, &what, problems) {
            servers.extend(server(service, &what, problems));
        }
    }
    for service in dns_services(network, &what, problems) {
        for address in server(service, &what, problems) {
            if !servers.contains(&address) {
                servers.push(address);
            }
        }
    }
    if servers.is_empty() {
        servers = field::each(network.get_set("dns_nameservers"), &what, problems, field::address);
    }
    let search = field::each(network.get_set("dns_search"), &what, problems, field::domain);
    subnet.dns = Dns { servers, search };
    Some(subnet)
}

/// The fixed address of a network; its gateway is dropped when it is wrong.
fn fixed(network: &Value<'_>, what: &str, problems: &mut Problems) -> Option<Method> {
    let Some(address) = network.get_set("ip_address") else {
        problems.add(network, what, "has no ip_address");
        return None;
    };
    let prefix = field::prefix(address, network.get_set("netmask"))
        .map_err(|cause| problems.add(address, what, cause))
        .ok()?;
    let mut fixed = Static::new(prefix);
    if let Some(value) = network.get_set("gateway") {
        match field::address(value) {
            Ok(gateway) => match fixed.clone().with_gateway(gateway) {
                Some(with) => fixed = with,
                None => problems.add(value, what, "gateway and address differ in family"),
            },
            Err(cause) => problems.add(value, &format!("gateway of {what}"), cause),
        }
    }
    if let Some(value) = network.get_set("broadcast") {
        match field::address(value).ok().and_then(|broadcast| fixed.clone().with_broadcast(broadcast)) {
            Some(with) => fixed = with,
            None => problems.add(value, what, "broadcast is no IPv4 address"),
        }
    }
    Some(Method::Static(fixed))
}

/// A route. A gateway of all zeros is none: the destination is on the link.
fn route(value: &Value<'_>, what: &str, problems: &mut Problems) -> Option<Route> {
    let what = format!("route of {what}");
    let Some(network) = value.get_set("network").or_else(|| value.get_set("destination")) else {
        problems.add(value, &what, "has no network");
        return None;
    };
    let destination = field::prefix(network, value.get_set("netmask"))
        .map_err(|cause| problems.add(network, &what, cause))
        .ok()?;
    let gateway = value
        .get_set("gateway")
        .map(field::address)
        .transpose()
        .map_err(|cause| problems.add(value, &format!("gateway of {what}"), cause))
        .ok()?;
    let metric = value.get_set("metric").and_then(|metric| self::metric(metric, &what, problems));
    let route = Route::new(destination, gateway.filter(|gateway| !gateway.is_unspecified()), metric);
    if route.is_none() {
        problems.add(value, &what, "gateway and network differ in family");
    }
    route
}

fn metric(value: &Value<'_>, what: &str, problems: &mut Problems) -> Option<u32> {
    let metric = field::integer(value).and_then(|metric| u32::try_from(metric).ok());
    if metric.is_none() {
        problems.add(value, &format!("metric of {what}"), "must be a number from 0 to 4294967295");
    }
    metric
}

/// The services of `parent` that are name servers.
fn dns_services<'v, 'a>(
    parent: &'v Value<'a>,
    what: &str,
    problems: &mut Problems,
) -> impl Iterator<Item = &'v Value<'a>> + use<'v, 'a> {
    items(parent, "services", &format!("services of {what}"), problems)
        .iter()
        .filter(|service| service.get("type").and_then(Value::as_str) == Some("dns"))
}

/// The address of a service. At the top level every service counts as a name
/// server, whatever its type, as cloud-init has it.
fn server(service: &Value<'_>, what: &str, problems: &mut Problems) -> Vec<core::net::IpAddr> {
    let what = format!("service of {what}");
    let address = service.get_set("address");
    if address.is_none() {
        problems.add(service, &what, "has no address");
    }
    field::each(address, &what, problems, field::address)
}

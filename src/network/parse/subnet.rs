//! Subnets and routes, whose keys are nearly the same in every description.

use super::reader::{Reader, first, string, text};
use crate::network::model::{Control, Method, Prefix, Route, Subnet};
use crate::syntax::value::{Data, Value};

/// What is special about a type of subnet. cloud-init's names (network config
/// v1), and OpenStack's where they differ.
const TYPES: &[(&str, Type)] = &[
    ("static", Type::Static),
    ("static6", Type::Static),
    ("ipv4", Type::Static),
    ("ipv6", Type::Static),
    ("dhcp", Type::Other(Method::Dhcp)),
    ("dhcp4", Type::Other(Method::Dhcp4)),
    ("ipv4_dhcp", Type::Other(Method::Dhcp4)),
    ("dhcp6", Type::Other(Method::Dhcp6)),
    ("ipv6_dhcp", Type::Other(Method::Dhcp6)),
    ("ipv6_slaac", Type::Other(Method::Slaac)),
    ("ipv6_dhcpv6-stateless", Type::Other(Method::Dhcp6Stateless)),
    ("ipv6_dhcpv6-stateful", Type::Other(Method::Dhcp6Stateful)),
    ("manual", Type::Other(Method::Manual)),
    ("loopback", Type::Other(Method::Loopback)),
];

enum Type {
    Static,
    Other(Method),
}

/// A subnet; `None`, and a problem, when it gets no address.
#[inline(never)]
pub(super) fn subnet(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Subnet> {
    let kind = string(value, "type").unwrap_or_default();
    let Some((_, found)) = TYPES.iter().find(|(name, _)| *name == kind) else {
        reader.add(value, "", &["type ", kind, " is unknown"]);
        return None;
    };
    let method = match found {
        Type::Other(method) => method.clone(),
        Type::Static => Method::Static(fixed(reader, value)?),
    };
    let mut subnet = Subnet::new(method);
    settings(reader, &mut subnet, value);
    for value in reader.items(value, "routes") {
        subnet.routes.extend(route(reader, value));
    }
    Some(subnet)
}

/// The fixed address.
fn fixed(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Prefix> {
    let Some((key, address)) = first(value, &["ip_address", "address"]) else {
        reader.add(value, "", &["has no address"]);
        return None;
    };
    reader.prefix(value, key, address)
}

#[inline(never)]
fn settings(reader: &mut Reader<'_>, subnet: &mut Subnet, value: &Value<'_>) {
    if let Some(gateway) = reader.address(value, &["gateway"])
        && !subnet.set_gateway(gateway)
    {
        reader.add(value, "gateway", &["is of another family than the address"]);
    }
    if let Some(broadcast) = reader.address(value, &["broadcast"])
        && !subnet.set_broadcast(broadcast)
    {
        reader.add(value, "broadcast", &["is no IPv4 address"]);
    }
    subnet.pointopoint = reader.address(value, &["pointopoint"]);
    if let Some(scope) = value.get_set("scope") {
        subnet.scope = reader.plain(scope, "scope", text(scope));
    }
    reader.numbers(value, &mut [("metric", &mut subnet.metric)]);
    // 0 is none.
    subnet.metric = subnet.metric.filter(|metric| *metric > 0);
    subnet.mtu = reader.mtu(value);
    subnet.control = match string(value, "control") {
        None | Some("auto") => Control::Auto,
        Some("hotplug") => Control::Hotplug,
        Some(_) => Control::Manual,
    };
    reader.dns(&mut subnet.dns, value, "dns_nameservers", "dns_search");
}

/// A route, in the words of v1, of OpenStack or of netplan.
#[inline(never)]
pub(super) fn route(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Route> {
    let Some((key, network)) = first(value, &["destination", "network", "to"]) else {
        reader.add(value, "", &["a route has no destination"]);
        return None;
    };
    let gateway = match first(value, &["gateway", "via"]) {
        Some(_) => Some(reader.address(value, &["gateway", "via"])?),
        None => None,
    };
    let destination = match &gateway {
        Some(gateway) if text(network) == "default" => Prefix::everything(gateway.is_ipv6()),
        _ => reader.prefix(value, key, network)?,
    };
    let Some(mut route) = Route::new(destination, gateway) else {
        reader.add(value, key, &["is of another family than the gateway"]);
        return None;
    };
    let mut fields = [("metric", &mut route.metric), ("table", &mut route.table), ("mtu", &mut route.mtu)];
    reader.numbers(value, &mut fields);
    route.on_link = value.get("on-link").is_some_and(|value| value.data == Data::Bool(true));
    Some(route)
}

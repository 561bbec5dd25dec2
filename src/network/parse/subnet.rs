//! Subnets and routes, whose keys are nearly the same in every description.

use super::reader::{Reader, first, split_length, string, text};
use crate::network::model::{Address, Control, Method, Prefix, Route, Rule, Selector, Subnet};
use crate::syntax::value::Value;
use alloc::vec::Vec;

/// A subnet; `None`, and a problem, when it gets no address. The types are
/// those of network config v1, and OpenStack's where they differ.
#[inline(never)]
pub(super) fn subnet(reader: &mut Reader<'_>, value: &Value<'_>, to: &mut Vec<Subnet>) -> Option<()> {
    let kind = string(value, "type").unwrap_or_default();
    let method = match kind {
        "static" | "static6" | "ipv4" | "ipv6" => {
            let Some((key, address)) = first(value, &["ip_address", "address"]) else {
                reader.add(value, "", &["has no address"]);
                return None;
            };
            Method::Static(reader.prefix(value, key, address)?)
        }
        "dhcp" => Method::Dhcp,
        "dhcp4" | "ipv4_dhcp" => Method::Dhcp4,
        "dhcp6" | "ipv6_dhcp" => Method::Dhcp6,
        "ipv6_slaac" => Method::Slaac,
        "ipv6_dhcpv6-stateless" => Method::Dhcp6Stateless,
        "ipv6_dhcpv6-stateful" => Method::Dhcp6Stateful,
        "manual" => Method::Manual,
        "loopback" => Method::Loopback,
        _ => {
            reader.add(value, "", &["type ", kind, " is unknown"]);
            return None;
        }
    };
    to.push(Subnet::new(method));
    let subnet = to.last_mut()?;
    settings(reader, subnet, value);
    routes(reader, value, subnet);
    Some(())
}

/// Adds the routes under `routes`.
#[inline(never)]
pub(super) fn routes(reader: &mut Reader<'_>, value: &Value<'_>, subnet: &mut Subnet) {
    for value in reader.items(value, "routes") {
        subnet.routes.extend(route(reader, value));
    }
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
        subnet.scope = reader.word(scope, "scope", text(scope));
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
    let destination = if text(network) == "default" {
        Prefix::everything(gateway.as_ref().is_some_and(Address::is_ipv6))
    } else {
        reader.prefix(value, key, network)?
    };
    let Some(mut route) = Route::new(destination, gateway) else {
        reader.add(value, key, &["is of another family than the gateway"]);
        return None;
    };
    let mut fields = [
        ("metric", &mut route.metric),
        ("table", &mut route.table),
        ("mtu", &mut route.mtu),
        ("congestion-window", &mut route.congestion_window),
        ("advertised-receive-window", &mut route.receive_window),
    ];
    reader.numbers(value, &mut fields);
    route.on_link = reader.flag(value, "on-link") == Some(true);
    route.source = reader.address(value, &["from"]);
    for (key, place) in [("type", &mut route.kind), ("scope", &mut route.scope)] {
        // An entry of version 1 is of type `route`.
        if let Some(word) = value.get_set(key).filter(|word| !matches!(text(word), "route" | "unicast")) {
            *place = reader.word(word, key, text(word));
        }
    }
    Some(route)
}

/// A policy rule, in the words of netplan.
#[inline(never)]
pub(super) fn rule(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Rule> {
    let mut rule =
        Rule { from: selector(reader, value, "from"), to: selector(reader, value, "to"), ..Rule::default() };
    let mut fields = [
        ("table", &mut rule.table),
        ("priority", &mut rule.priority),
        ("mark", &mut rule.mark),
        ("type-of-service", &mut rule.tos),
    ];
    reader.numbers(value, &mut fields);
    (rule != Rule::default()).then_some(rule)
}

fn selector(reader: &mut Reader<'_>, value: &Value<'_>, key: &str) -> Option<Selector> {
    // ip-rule(8) has a word for any.
    let value = value.get_set(key).filter(|value| text(value) != "all")?;
    let (address, length) = split_length(text(value));
    let selector = Address::parse(address).and_then(|address| match length {
        Some(length) => Selector::new(address, Some(length.parse().ok()?)),
        None => Selector::new(address, None),
    });
    if selector.is_none() {
        reader.add(value, key, &[text(value), " is no network"]);
    }
    selector
}

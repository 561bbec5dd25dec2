//! Routes of Red Hat's scripts and of SUSE's.

use super::HEADER;
use crate::action::Action;
use crate::network::model::{Address, Prefix, Route, Subnet};
use crate::network::render::file;
use crate::network::render::section::Section;
use crate::network::render::text::{prefix, push, push_address, push_number, push_windows};
use crate::network::resolve::ResolvedLink;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub(super) fn gateway_name(ipv6: bool) -> &'static str {
    if ipv6 { "IPV6_DEFAULTGW" } else { "GATEWAY" }
}

pub(super) fn metric_name(ipv6: bool) -> &'static str {
    if ipv6 { "IPV6_ROUTE_METRIC" } else { "IPV4_ROUTE_METRIC" }
}

/// A default route is no line of the route file but the link's gateway. Its
/// metric counts for the subnet it is listed with, whatever its own family.
#[inline(never)]
pub(super) fn defaults(file: &mut Section, subnets: &[Subnet]) {
    for subnet in subnets {
        for route in subnet.routes.iter().filter(|route| is_gateway(subnet, route)) {
            file.set_all("DEFROUTE=yes");
            if file.get("BOOTPROTO") == Some("dhcp") {
                file.set_all("DHCLIENT_SET_DEFAULT_ROUTE=yes");
            }
            file.set_address(gateway_name(route.destination().is_ipv6()), route.gateway());
            file.set_number(metric_name(subnet.method.is_ipv6()), route.metric);
        }
    }
}

/// Whether a route is a link's gateway: one that the variables can tell.
fn is_gateway(subnet: &Subnet, route: &Route) -> bool {
    route.destination().is_everything()
        && !(subnet.method.is_ipv6() && subnet.method.is_dynamic())
        && !is_special(route)
}

/// Whether a route has what only ip-route(8) takes: the numbered variables have
/// no words for it, and the scripts leave a gateway out that is in no network
/// of the link.
fn is_special(route: &Route) -> bool {
    let Route { table, mtu, on_link, kind, source, scope, .. } = route;
    let windows = route.congestion_window.or(route.receive_window);
    windows.is_some()
        || table.is_some()
        || mtu.is_some()
        || *on_link
        || kind.is_some()
        || source.is_some()
        || scope.is_some()
}

/// The default route through a gateway on the link.
fn gateway_on_link(subnet: &Subnet) -> Option<Route> {
    let gateway = subnet.gateway().filter(|_| is_on_link(subnet))?;
    let mut route = Route::new(Prefix::everything(gateway.is_ipv6()), Some(gateway.clone()))?;
    route.metric = subnet.metric;
    route.on_link = true;
    Some(route)
}

/// Whether the gateway of a subnet stands in the route file.
pub(super) fn is_on_link(subnet: &Subnet) -> bool {
    let link_local = subnet.gateway().is_some_and(|gateway| gateway.ip().is_ipv6_link_local());
    subnet.gateway_is_on_link() && !link_local
}

/// route-NAME and route6-NAME: both, as soon as there is a route. Routes stand
/// in the order of their numbers' digits, from 1: the tenth before the second.
/// Of IPv4 they are numbered variables, unless one is more than these can tell.
#[inline(never)]
pub(super) fn files(actions: &mut Vec<Action>, link: &ResolvedLink<'_>, folder: &str) {
    let gateways: Vec<Route> = link.link.subnets.iter().filter_map(gateway_on_link).collect();
    let mut routes: Vec<&Route> = Vec::new();
    routes.extend(&gateways);
    for subnet in &link.link.subnets {
        for route in &subnet.routes {
            if !is_gateway(subnet, route) {
                routes.push(route);
            }
        }
    }
    if routes.is_empty() {
        return;
    }
    let is_special = routes.iter().any(|route| !route.destination().is_ipv6() && is_special(route));
    let (mut ipv4, mut ipv6, mut number) = (String::from(HEADER), String::from(HEADER), 0_u32);
    let mut place = 0;
    for _ in &routes {
        place = next_by_digits(place, routes.len());
        let Some(route) = routes.get(place - 1) else { break };
        if route.destination().is_ipv6() {
            line(&mut ipv6, &link.name, route);
        } else if is_special {
            line(&mut ipv4, &link.name, route);
        } else {
            entries(&mut ipv4, &number.to_string(), route);
            number += 1;
        }
    }
    file(actions, &[folder, "route-", &link.name], 0o644, ipv4);
    file(actions, &[folder, "route6-", &link.name], 0o644, ipv6);
}

/// SUSE's ifroute-NAME (ifroute(5)): gateways and routes, a line each. A gateway
/// on the link gets a route of its own before.
#[inline(never)]
pub(super) fn suse(actions: &mut Vec<Action>, link: &ResolvedLink<'_>, folder: &str) {
    let mut text = String::from(HEADER);
    let start = text.len();
    for subnet in &link.link.subnets {
        let mut gateway = subnet
            .gateway()
            .filter(|_| subnet.address().is_some())
            .and_then(|via| Route::new(Prefix::everything(via.is_ipv6()), Some(via.clone())));
        if let Some(gateway) = &mut gateway {
            gateway.on_link = is_on_link(subnet);
        }
        for route in gateway.iter().chain(&subnet.routes) {
            if let (true, Some(hop)) = (route.on_link, route.gateway()) {
                let bits = if hop.is_ipv6() { "/128 - - " } else { "/32 - - " };
                push(&mut text, &[hop.as_str(), bits, &link.name, "\n"]);
            }
            let hop = route.gateway().filter(|_| route.next_hop().is_some()).map_or("-", Address::as_str);
            let kind = route.kind.as_deref().unwrap_or("unicast");
            let everything = route.destination().is_everything();
            let to = if everything { String::from("default") } else { prefix(route.destination()) };
            push(&mut text, &[&to, " ", hop, " - ", &link.name, " ", kind]);
            push_number(&mut text, " metric ", route.metric.or(subnet.metric));
            push_number(&mut text, " table ", route.table);
            push_number(&mut text, " mtu ", route.mtu);
            push_windows(&mut text, route, " ", " ");
            push_address(&mut text, " src ", route.source.as_ref());
            text.push('\n');
        }
    }
    if text.len() > start {
        file(actions, &[folder, "ifroute-", &link.name], 0o644, text);
    }
}

/// What follows `number` among the numbers from 1 to `last` in the order of
/// their digits; 0 stands before them.
fn next_by_digits(mut number: usize, last: usize) -> usize {
    if number > 0 && number * 10 <= last {
        return number * 10;
    }
    while number >= last || number % 10 == 9 {
        number /= 10;
    }
    number + 1
}

/// An IPv4 route's variables.
#[inline(never)]
fn entries(text: &mut String, number: &str, route: &Route) {
    let destination = route.destination();
    entry(text, "ADDRESS", number, destination.address().as_str());
    if let Some(gateway) = route.gateway() {
        entry(text, "GATEWAY", number, gateway.as_str());
    }
    if let Some(netmask) = destination.netmask() {
        entry(text, "NETMASK", number, &netmask.to_string());
    }
    if let Some(metric) = route.metric {
        entry(text, "METRIC", number, &metric.to_string());
    }
}

#[inline(never)]
fn entry(text: &mut String, name: &str, number: &str, value: &str) {
    push(text, &[name, number, "=", value, "\n"]);
}

/// A route as ip-route(8) takes it.
#[inline(never)]
fn line(text: &mut String, name: &str, route: &Route) {
    if let Some(kind) = &route.kind {
        push(text, &[kind, " "]);
    }
    text.push_str(&prefix(route.destination()));
    push_address(text, " via ", route.gateway().filter(|_| route.next_hop().is_some()));
    text.push(' ');
    push_number(text, "metric ", route.metric);
    push(text, &[" dev ", name, if route.on_link { " onlink" } else { "" }]);
    push_number(text, " table ", route.table);
    push_number(text, " mtu ", route.mtu);
    push_windows(text, route, " ", " ");
    push_address(text, " src ", route.source.as_ref());
    if let Some(scope) = &route.scope {
        push(text, &[" scope ", scope]);
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_tell_the_order() {
        for last in [1, 9, 10, 19, 123, 1000] {
            let mut expected: Vec<String> = (1..=last).map(|number| number.to_string()).collect();
            expected.sort();
            let mut number = 0;
            for expected in expected {
                number = next_by_digits(number, last);
                assert_eq!(number.to_string(), expected, "of {last}");
            }
        }
    }
}

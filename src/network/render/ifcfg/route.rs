//! Routes of Red Hat's scripts. (cloud-init writes none for SUSE.)

use super::HEADER;
use crate::action::Action;
use crate::network::model::{Route, Subnet};
use crate::network::render::file;
use crate::network::render::section::Section;
use crate::network::render::text::{prefix, push, push_address, push_number};
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

fn is_gateway(subnet: &Subnet, route: &Route) -> bool {
    route.destination().is_everything() && !(subnet.method.is_ipv6() && subnet.method.is_dynamic())
}

/// route-NAME and route6-NAME: both, as soon as there is a route. Routes stand
/// in the order of their numbers' digits, from 1: the tenth before the second.
#[inline(never)]
pub(super) fn files(actions: &mut Vec<Action>, link: &ResolvedLink<'_>, folder: &str) {
    let mut routes: Vec<&Route> = Vec::new();
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
    let (mut ipv4, mut ipv6, mut number) = (String::from(HEADER), String::from(HEADER), 0_u32);
    let mut place = 0;
    for _ in &routes {
        place = next_by_digits(place, routes.len());
        let Some(route) = routes.get(place - 1) else { break };
        if route.destination().is_ipv6() {
            line(&mut ipv6, &link.name, route);
        } else {
            entries(&mut ipv4, &number.to_string(), route);
            number += 1;
        }
    }
    file(actions, &[folder, "route-", &link.name], 0o644, ipv4);
    file(actions, &[folder, "route6-", &link.name], 0o644, ipv6);
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

/// An IPv6 route, as ip-route(8) takes it.
#[inline(never)]
fn line(text: &mut String, name: &str, route: &Route) {
    text.push_str(&prefix(route.destination()));
    push_address(text, " via ", route.gateway());
    text.push(' ');
    push_number(text, "metric ", route.metric);
    push(text, &[" dev ", name, "\n"]);
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

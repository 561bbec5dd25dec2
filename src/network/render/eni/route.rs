//! Routes, which ifupdown leaves to ip-route(8).

use crate::network::model::{Route, Subnet};
use crate::network::render::text::{prefix, push};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Writes the routes of a subnet. One that needs IPv6 waits in `pending` for
/// the next stanza of that family.
#[inline(never)]
pub(super) fn of_subnet<'n>(text: &mut String, subnet: &'n Subnet, pending: &mut Vec<&'n Route>) {
    let ipv6 = subnet.method.is_ipv6();
    for route in &subnet.routes {
        if route.destination().is_ipv6() && !ipv6 {
            pending.push(route);
        } else {
            lines(text, "    ", route);
        }
    }
    if ipv6 {
        for route in pending.drain(..) {
            lines(text, "    ", route);
        }
    }
}

/// How a route comes and goes.
#[inline(never)]
pub(super) fn lines(text: &mut String, indent: &str, route: &Route) {
    let destination = route.destination();
    let family = if destination.is_ipv6() { " -family inet6" } else { "" };
    let to = if destination.is_everything() { "default".into() } else { prefix(destination) };
    let (how, gateway) = match route.gateway() {
        Some(gateway) => (" via ", gateway.as_str()),
        None => (" dev ", "$IFACE"),
    };
    let metric = route.metric.map(|metric| metric.to_string());
    let (key, metric) = match &metric {
        Some(metric) => (" metric ", metric.as_str()),
        None => ("", ""),
    };
    let on_link = if route.on_link { " dev $IFACE onlink" } else { "" };
    for verb in ["post-up", "pre-down"] {
        let action = if verb == "post-up" { " route add " } else { " route del " };
        let head = [indent, verb, " ip", family, action];
        push(text, &head);
        push(text, &[&to, how, gateway, key, metric, on_link, " || true\n"]);
    }
}

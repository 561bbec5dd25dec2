//! Routes, which ifupdown leaves to ip-route(8).

use crate::network::model::{Route, Subnet};
use crate::network::render::text::{prefix, push_address, push_number};
use crate::text::fill;
use alloc::string::String;
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
    let mut command = if destination.is_everything() { "default".into() } else { prefix(destination) };
    push_address(&mut command, " via ", route.gateway());
    if route.gateway().is_none() {
        command.push_str(" dev $IFACE");
    }
    push_number(&mut command, " metric ", route.metric);
    if route.on_link {
        command.push_str(" dev $IFACE onlink");
    }
    let pattern = "{}post-up ip{} route add {} || true\n{}pre-down ip{} route del {} || true\n";
    text.push_str(&fill(pattern, &[indent, family, &command, indent, family, &command]));
}

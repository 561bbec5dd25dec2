//! Routes and the like, which ifupdown leaves to ip(8).

use crate::network::model::{Link, Method, Route, Setting, Subnet};
use crate::network::render::text::{prefix, push, push_address, push_number, push_rule, push_windows};
use crate::text::fill;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Writes the routes of a subnet. One of the other family waits in `pending` for
/// the next stanza of that.
#[inline(never)]
pub(super) fn of_subnet<'n>(text: &mut String, subnet: &'n Subnet, pending: &mut Vec<&'n Route>) {
    let ipv6 = subnet.method.is_ipv6();
    let is_own = |route: &Route| route.destination().is_ipv6() == ipv6;
    for route in &subnet.routes {
        if is_own(route) {
            lines(text, "    ", route);
        } else {
            pending.push(route);
        }
    }
    pending.retain(|route| {
        if is_own(route) {
            lines(text, "    ", route);
        }
        !is_own(route)
    });
}

/// How a route comes and goes.
#[inline(never)]
pub(super) fn lines(text: &mut String, indent: &str, route: &Route) {
    let destination = route.destination();
    let family = if destination.is_ipv6() { " -family inet6" } else { "" };
    let mut command = if destination.is_everything() { "default".into() } else { prefix(destination) };
    push_address(&mut command, " via ", route.gateway());
    if let Some(kind) = &route.kind {
        command = [kind, " ", &command].concat();
    } else if route.gateway().is_none() {
        command.push_str(" dev $IFACE");
    }
    push_number(&mut command, " metric ", route.metric);
    if route.on_link {
        command.push_str(" dev $IFACE onlink");
    }
    push_number(&mut command, " table ", route.table);
    push_number(&mut command, " mtu ", route.mtu);
    push_windows(&mut command, route, " ", " ");
    push_address(&mut command, " src ", route.source.as_ref());
    if let Some(scope) = &route.scope {
        push(&mut command, &[" scope ", scope]);
    }
    let pattern = "{}post-up ip{} route add {} || true\n{}pre-down ip{} route del {} || true\n";
    text.push_str(&fill(pattern, &[indent, family, &command, indent, family, &command]));
}

/// Policy rules, and settings that ifupdown has no options for.
#[inline(never)]
pub(super) fn commands(text: &mut String, link: &Link) {
    for rule in &link.rules {
        let mut command = String::new();
        push_rule(&mut command, rule);
        push_number(&mut command, " priority ", rule.priority);
        let family = if rule.is_ipv6() { " -family inet6" } else { "" };
        let pattern = "    post-up ip{} rule add{} || true\n    pre-down ip{} rule del{} || true\n";
        text.push_str(&fill(pattern, &[family, &command, family, &command]));
    }
    for subnet in link.subnets.iter().filter(|subnet| subnet.deprecated) {
        let address = subnet.address().map(prefix).unwrap_or_default();
        text.push_str(&fill(
            "    post-up ip address change {} dev $IFACE preferred_lft 0 || true\n",
            &[&address],
        ));
    }
    let first = link.subnets.first().map(|first| &first.method);
    // Others have an option of that name.
    let has_option = first.is_some_and(|method| method.is_ipv6() || *method == Method::Dhcp4);
    let accept = link.accept_ra.filter(|_| !has_option).map(u32::from);
    sysctl(text, "accept_ra", accept);
    let number = |setting: Option<&Setting>| match setting {
        Some(Setting::Int(number)) => u32::try_from(*number).ok(),
        Some(Setting::Bool(on)) => Some(if *on { 2 } else { 0 }),
        _ => None,
    };
    sysctl(text, "use_tempaddr", number(link.extra("ipv6-privacy")));
    sysctl(text, "mtu", number(link.extra("ipv6-mtu")));
    if let Some(Setting::List(families)) = link.extra("link-local")
        && !families.iter().any(|family| **family == *"ipv6")
    {
        sysctl(text, "addr_gen_mode", Some(1));
    }
}

/// A setting of the kernel's for IPv6 on a link.
fn sysctl(text: &mut String, name: &str, value: Option<u32>) {
    if let Some(value) = value {
        let pattern = "    post-up echo {} >/proc/sys/net/ipv6/conf/$IFACE/{} || true\n";
        text.push_str(&fill(pattern, &[&value.to_string(), name]));
    }
}

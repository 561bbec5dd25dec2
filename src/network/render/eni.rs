//! ifupdown: interfaces(5), with the rules that name late links.

use super::netplan::HEADER;
use super::text::{Text, domains, servers};
use super::{Renderer, exists, file, has_programs, sorted, udev};
use crate::action::Action;
use crate::network::model::{Dns, Method, Route, Subnet};
use crate::network::resolve::{Resolved, ResolvedLink};
use alloc::vec::Vec;

/// The back end.
pub const RENDERER: Renderer = Renderer {
    name: "eni",
    detect: |root| {
        has_programs(root, &["ifquery", "ifup", "ifdown"]) && exists(root, &["etc/network/interfaces"])
    },
    render,
};

const PATH: &str = "/etc/network/interfaces.d/50-cloud-init";

fn render(network: &Resolved<'_>) -> Vec<Action> {
    let mut text = Text::new(HEADER);
    text.line("auto lo\niface lo inet loopback");
    text.indent("    ", "    ");
    let start = text.out.len();
    dns_lines(&mut text, &network.described.dns, false);
    text.sort(start);
    for link in sorted(network) {
        if link.link.subnets.is_empty() {
            writeln!(text, "\niface {} inet manual", &*link.name);
            text.number("mtu ", link.link.mtu);
        }
        for index in 0..link.link.subnets.len() {
            stanza(&mut text, link, index);
        }
    }
    let mut actions = Vec::new();
    file(&mut actions, &[PATH], 0o644, text.out);
    udev::rules(&mut actions, network);
    actions
}

/// One subnet. What belongs to the link stands in its first stanza.
#[inline(never)]
fn stanza(text: &mut Text, link: &ResolvedLink<'_>, index: usize) {
    let subnets = &link.link.subnets[..];
    let Some((before, [subnet, ..])) = subnets.split_at_checked(index) else { return };
    let ipv6 = subnet.method.is_ipv6();
    let control = if index == 0 { "auto" } else { "# control-alias" };
    let family = if ipv6 { "inet6" } else { "inet" };
    let mode = match subnet.method {
        Method::Static(_) => "static",
        Method::Dhcp | Method::Dhcp4 | Method::Dhcp6 | Method::Dhcp6Stateful => "dhcp",
        Method::Slaac | Method::Dhcp6Stateless => "auto",
        Method::Manual => "manual",
        Method::Loopback => "loopback",
    };
    let name = &*link.name;
    writeln!(text, "\n{control} {name}\niface {name} {family} {mode}");
    let start = text.out.len();
    subnet_lines(text, before, subnet);
    text.sort(start);
    if index == 0 {
        let start = text.out.len();
        link_lines(text, link, subnet);
        text.sort(start);
    }
    let has_ipv6 = |subnets: &[Subnet]| subnets.iter().any(|subnet| subnet.method.is_ipv6());
    // A route that needs IPv6 waits for the first IPv6 stanza, if there is one.
    if ipv6 && !has_ipv6(before) {
        for route in before.iter().flat_map(|other| &other.routes) {
            if route.destination().is_ipv6() {
                route_lines(text, route);
            }
        }
    }
    let later = !ipv6 && has_ipv6(subnets);
    for route in &subnet.routes {
        if !(later && route.destination().is_ipv6()) {
            route_lines(text, route);
        }
    }
}

/// A subnet without resolver settings repeats those of the first that had
/// some.
#[inline(never)]
fn subnet_lines(text: &mut Text, before: &[Subnet], subnet: &Subnet) {
    let mut dns = &subnet.dns;
    if dns.is_empty() {
        dns = before.iter().map(|other| &other.dns).find(|other| !other.is_empty()).unwrap_or(dns);
    }
    dns_lines(text, dns, subnet.method.is_ipv6());
    if let Some(address) = subnet.address() {
        text.entry("address ", address);
        text.address("gateway ", subnet.gateway());
        text.address("broadcast ", subnet.broadcast());
    }
    text.number("metric ", subnet.metric);
}

fn link_lines(text: &mut Text, link: &ResolvedLink<'_>, first: &Subnet) {
    match first.method {
        Method::Slaac => text.line("dhcp 0"),
        Method::Dhcp6Stateless => text.line("dhcp 1"),
        _ if first.method.is_ipv6() || matches!(first.method, Method::Dhcp4) => {
            text.number("accept-ra ", link.link.accept_ra.map(u32::from));
        }
        _ => {}
    }
    text.number("mtu ", link.link.mtu);
}

/// Resolver settings of one family; search domains only beside a server of
/// that family, or without any.
#[inline(never)]
fn dns_lines(text: &mut Text, dns: &Dns, ipv6: bool) {
    let servers = servers(&[dns], Some(ipv6), " ");
    if dns.servers.is_empty() || !servers.is_empty() {
        text.filled("dns-search ", &domains(&[dns], " "));
    }
    text.filled("dns-nameservers ", &servers);
}

#[inline(never)]
fn route_lines(text: &mut Text, route: &Route) {
    let destination = route.destination();
    let family = if destination.is_ipv6() { " -family inet6" } else { "" };
    let mut rest = Text::default();
    if destination.is_everything() {
        rest.out.push_str("default");
    } else {
        write!(rest, "{destination}");
    }
    match route.gateway() {
        Some(gateway) => write!(rest, " via {gateway}"),
        None => write!(rest, " dev $IFACE"),
    }
    if let Some(metric) = route.metric {
        write!(rest, " metric {metric}");
    }
    for (when, verb) in [("post-up", "add"), ("pre-down", "del")] {
        writeln!(text, "    {when} ip{family} route {verb} {} || true", rest.out);
    }
}

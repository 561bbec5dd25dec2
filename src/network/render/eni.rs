//! ifupdown: interfaces(5), with the rules that name late links.

use super::netplan::HEADER;
use super::{Append, Renderer, exists, file, has_program, joined, sorted, udev};
use crate::action::Action;
use crate::network::model::{Dns, Method, Route, Subnet};
use crate::network::order::sort_lines;
use crate::network::resolve::{Resolved, ResolvedLink};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The back end.
pub const RENDERER: Renderer = Renderer {
    name: "eni",
    detect: |root| {
        ["ifquery", "ifup", "ifdown"].iter().all(|program| has_program(root, program))
            && exists(root, "etc/network/interfaces")
    },
    render,
};

const PATH: &str = "/etc/network/interfaces.d/50-cloud-init";

fn render(network: &Resolved<'_>) -> Vec<Action> {
    let mut text = String::from(HEADER);
    text.push_str("auto lo\niface lo inet loopback\n");
    push_sorted(&mut text, dns_lines(network.dns, false));
    for link in sorted(network) {
        if link.link.subnets.is_empty() {
            text.append(format_args!("\niface {} inet manual\n", link.name));
            push_sorted(&mut text, link.link.mtu.iter().map(|mtu| format!("mtu {mtu}")).collect());
        }
        for index in 0..link.link.subnets.len() {
            stanza(&mut text, link, index);
        }
    }
    let mut actions = alloc::vec![file(PATH, 0o644, text)];
    actions.extend(udev::rules(network));
    actions
}

/// One subnet. What belongs to the link stands in its first stanza.
fn stanza(text: &mut String, link: &ResolvedLink<'_>, index: usize) {
    let subnets = &link.link.subnets;
    let subnet = &subnets[index];
    let ipv6 = subnet.method.is_ipv6();
    let control = if index == 0 { "auto" } else { "# control-alias" };
    let family = if ipv6 { "inet6" } else { "inet" };
    let mode = match subnet.method {
        Method::Static(_) => "static",
        Method::Dhcp4 | Method::Dhcp6 | Method::Dhcp6Stateful => "dhcp",
        Method::Slaac | Method::Dhcp6Stateless => "auto",
        Method::Manual => "manual",
    };
    text.append(format_args!("\n{control} {0}\niface {0} {family} {mode}\n", link.name));
    push_sorted(text, subnet_lines(subnet, dns_of(subnets, index)));
    if index == 0 {
        push_sorted(text, link_lines(link, subnet));
    }
    let waiting = |to: usize| subnets[..to].iter().filter(|other| !other.method.is_ipv6());
    if ipv6 && !subnets[..index].iter().any(|other| other.method.is_ipv6()) {
        waiting(index)
            .flat_map(|other| &other.routes)
            .filter(|r| is_ipv6(r))
            .for_each(|r| route_lines(text, r));
    }
    // A route that needs IPv6 waits for the first IPv6 stanza, if one follows.
    let later = !ipv6 && subnets.iter().any(|other| other.method.is_ipv6());
    subnet
        .routes
        .iter()
        .filter(|route| !(later && is_ipv6(route)))
        .for_each(|route| route_lines(text, route));
}

fn is_ipv6(route: &Route) -> bool {
    route.destination().is_ipv6()
}

/// A subnet without resolver settings repeats those of the first that had
/// some.
fn dns_of(subnets: &[Subnet], index: usize) -> &Dns {
    let own = &subnets[index].dns;
    let first = subnets[..index].iter().map(|subnet| &subnet.dns).find(|dns| !dns.is_empty());
    if own.is_empty() { first.unwrap_or(own) } else { own }
}

fn subnet_lines(subnet: &Subnet, dns: &Dns) -> Vec<String> {
    let mut lines = dns_lines(dns, subnet.method.is_ipv6());
    if let Method::Static(fixed) = &subnet.method {
        lines.push(format!("address {}", fixed.address()));
        lines.extend(fixed.gateway().map(|gateway| format!("gateway {gateway}")));
        lines.extend(fixed.broadcast().map(|broadcast| format!("broadcast {broadcast}")));
    }
    lines.extend(subnet.metric.map(|metric| format!("metric {metric}")));
    lines
}

fn link_lines(link: &ResolvedLink<'_>, first: &Subnet) -> Vec<String> {
    let mut lines = Vec::new();
    let (slaac, stateless) = (first.method == Method::Slaac, first.method == Method::Dhcp6Stateless);
    if slaac || stateless {
        lines.push(format!("dhcp {}", u8::from(stateless)));
    } else if first.method.is_ipv6() || first.method == Method::Dhcp4 {
        lines.extend(link.link.accept_ra.map(|accept| format!("accept-ra {}", u8::from(accept))));
    }
    lines.extend(link.link.mtu.map(|mtu| format!("mtu {mtu}")));
    lines
}

/// Resolver settings of one family; search domains only beside a server of
/// that family, or without any.
fn dns_lines(dns: &Dns, ipv6: bool) -> Vec<String> {
    let servers = joined(dns.servers.iter().filter(|server| server.is_ipv6() == ipv6), " ");
    let mut lines = Vec::new();
    if !dns.search.is_empty() && (dns.servers.is_empty() || !servers.is_empty()) {
        lines.push(format!("dns-search {}", joined(&dns.search, " ")));
    }
    if !servers.is_empty() {
        lines.push(format!("dns-nameservers {servers}"));
    }
    lines
}

fn push_sorted(text: &mut String, mut lines: Vec<String>) {
    sort_lines(&mut lines);
    for line in lines {
        text.append(format_args!("    {line}\n"));
    }
}

fn route_lines(text: &mut String, route: &Route) {
    let destination = route.destination();
    let family = if destination.is_ipv6() { " -family inet6" } else { "" };
    let to = if destination.is_everything() { "default".into() } else { format!("{destination}") };
    let mut rest = match route.gateway() {
        Some(gateway) => format!("{to} via {gateway}"),
        None => format!("{to} dev $IFACE"),
    };
    if let Some(metric) = route.metric() {
        rest.append(format_args!(" metric {metric}"));
    }
    for (when, verb) in [("post-up", "add"), ("pre-down", "del")] {
        text.append(format_args!("    {when} ip{family} route {verb} {rest} || true\n"));
    }
}

//! systemd-networkd: systemd.network(5) and systemd.netdev(5) files.

mod netdev;

use super::section::Sections;
use super::text::{PYTHON, Resolver, hardware_address, joined, prefix};
use super::{Renderer, Target, exists, file, is_enabled};
use crate::action::Action;
use crate::network::model::parameter::rows;
use crate::network::model::{
    Dns, Kind, Link, Match, Method, Origin, Parameter, Route, Rule, Selector, Setting, Subnet,
};
use crate::network::resolve::{Resolved, ResolvedLink};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The back end.
pub const RENDERER: Renderer = Renderer {
    name: "networkd",
    detect: |root| {
        ["usr/lib/systemd/", "lib/systemd/"].iter().any(|folder| exists(root, &[folder, "systemd-networkd"]))
            && is_enabled(root, "systemd-networkd.service")
    },
    reads_run: |_| true,
    render,
};

fn render(network: &Resolved<'_>, target: Target) -> Vec<Action> {
    let mut actions = Vec::new();
    for link in &network.links {
        push(&mut actions, target, link, ".network", unit(network, link));
        if let Some(device) = netdev::device(network, link) {
            push(&mut actions, target, link, ".netdev", device);
        }
    }
    actions
}

/// One file, sections and entries sorted as cloud-init's are.
#[inline(never)]
fn push(
    actions: &mut Vec<Action>,
    target: Target,
    link: &ResolvedLink<'_>,
    suffix: &str,
    mut content: Sections,
) {
    content.sort();
    let mut text = String::new();
    content.write(&mut text);
    let path = [target.folder(), "/systemd/network/10-cloud-init-", &link.name, suffix];
    file(actions, &path, 0o644, text);
}

#[inline(never)]
fn unit(network: &Resolved<'_>, resolved: &ResolvedLink<'_>) -> Sections {
    let link = resolved.link;
    let mut file = Sections::default();
    matching(&mut file, resolved);
    if link.mtu.is_some() {
        file.of("Link").set_number("MTUBytes", link.mtu);
    }
    if link.optional == Some(true) {
        file.of("Link").add("RequiredForOnline", "no");
    }
    netdev::memberships(&mut file, network, resolved);
    let dhcp = dhcp(link);
    file.of("Network").add("DHCP", dhcp);
    let advertised = |subnet: &Subnet| {
        matches!(subnet.method, Method::Slaac | Method::Dhcp6Stateless | Method::Dhcp6Stateful)
    };
    let accept = link.accept_ra.or(link.subnets.iter().any(advertised).then_some(true));
    if let Some(accept) = accept {
        file.of("Network").add("IPv6AcceptRA", if accept { "yes" } else { "no" });
    }
    subnets(&mut file, link);
    resolver(&mut file, network, link);
    overrides(&mut file, network, link, dhcp);
    for (at, rule) in link.rules.iter().enumerate() {
        policy(&mut file, at, rule);
    }
    file
}

/// What the file is for.
#[inline(never)]
fn matching(file: &mut Sections, resolved: &ResolvedLink<'_>) {
    file.of("Match").add("Name", &resolved.name);
    let address = hardware_address(resolved.link);
    if let Kind::Physical(Match { driver, .. }) = &resolved.link.kind {
        if let Some(driver) = driver {
            file.of("Match").add("Driver", driver);
        }
        if let Some(address) = address {
            file.of("Match").add("MACAddress", &address);
        }
    } else if let Some(address) = address {
        file.of("Link").add("MACAddress", &address);
    }
}

/// Which families get a lease: `DHCP=`. Other kinds of DHCPv6 are the router's
/// to ask for.
#[inline(never)]
fn dhcp(link: &Link) -> &'static str {
    let (mut ipv4, mut ipv6) = (false, false);
    for subnet in &link.subnets {
        ipv4 |= subnet.method.is_dhcp4();
        ipv6 |= matches!(subnet.method, Method::Dhcp6);
    }
    match (ipv4, ipv6) {
        (true, true) => "yes",
        (true, false) => "ipv4",
        (false, true) => "ipv6",
        (false, false) => "no",
    }
}

/// Addresses, routes and gateways. Sections of routes are numbered through,
/// the gateways' before the others', in the order of their numbers' digits.
#[inline(never)]
fn subnets(file: &mut Sections, link: &Link) {
    let mut number = 0;
    for subnet in &link.subnets {
        for route in &subnet.routes {
            self::route(file, 'r', number, route);
            number += 1;
        }
        servers(file, &subnet.dns);
        let Some(address) = subnet.address() else { continue };
        let address = prefix(address);
        file.at("Address", &address).add("Address", &address);
        if let Some(gateway) = subnet.gateway() {
            let section = file.at("Route", &place('a', number));
            number += 1;
            section.add("Gateway", gateway.as_str());
            if subnet.gateway_is_on_link() {
                section.add("GatewayOnLink", "yes");
            }
        }
    }
}

#[inline(never)]
fn place(group: char, number: usize) -> String {
    let mut place = number.to_string();
    place.insert(0, group);
    place
}

#[inline(never)]
fn route(file: &mut Sections, group: char, number: usize, route: &Route) {
    let section = file.at("Route", &place(group, number));
    section.add("Destination", &prefix(route.destination()));
    section.set_address("Gateway", route.gateway());
    if route.on_link {
        section.set_all("GatewayOnLink=yes");
    }
    section.set_number("Metric", route.metric);
    section.set_number("Table", route.table);
}

/// Resolver settings of a link: its own and the global ones.
#[inline(never)]
fn resolver(file: &mut Sections, network: &Resolved<'_>, link: &Link) {
    if let Some(dns) = &link.dns {
        servers(file, dns);
    }
    servers(file, &network.described.dns);
}

#[inline(never)]
fn servers(file: &mut Sections, dns: &Dns) {
    let resolver = Resolver::of(dns);
    add_words(file, "DNS", &resolver.servers);
    add_words(file, "Domains", &resolver.search);
}

#[inline(never)]
fn add_words(file: &mut Sections, key: &str, words: &[&str]) {
    if !words.is_empty() {
        file.of("Network").add(key, &joined(words, " "));
    }
}

/// netplan's DHCP overrides and what systemd.network(5) calls them; those of
/// both families come first.
const OVERRIDES: &str = "\
use-dns       UseDNS
use-domains   UseDomains
use-hostname  UseHostname
use-ntp       UseNTP
send-hostname SendHostname
hostname      Hostname
route-metric  RouteMetric
use-mtu       UseMTU
use-routes    UseRoutes
";

/// How many of [`OVERRIDES`] are for DHCPv6, too.
const OF_BOTH: usize = 4;

/// Overrides of a NIC's leases, as version 2 describes them.
#[inline(never)]
fn overrides(file: &mut Sections, network: &Resolved<'_>, link: &Link, dhcp: &str) {
    if matches!((&network.described.origin, &link.kind), (Origin::V2 { .. }, Kind::Physical(_))) {
        let lease = |family| dhcp == "yes" || dhcp == family;
        family(file, "DHCPv4", &link.dhcp4_overrides, lease("ipv4"), usize::MAX);
        family(file, "DHCPv6", &link.dhcp6_overrides, lease("ipv6"), OF_BOTH);
    }
}

/// Those of one family, the first `known` of [`OVERRIDES`]; without a lease
/// only the domains' use counts.
#[inline(never)]
fn family(file: &mut Sections, title: &'static str, parameters: &[Parameter], lease: bool, known: usize) {
    for parameter in parameters {
        if parameter.name.ends_with("domain") {
            file.of(title).set("UseDomains", use_domains(&parameter.value));
        }
        if !lease {
            continue;
        }
        for [name, key, ..] in rows(OVERRIDES).take(known) {
            if *parameter.name == *name {
                file.of(title).set(key, &PYTHON.of(&parameter.value));
            }
        }
    }
}

/// `dhcp4domain` and `dhcp6domain`: a truth value or `route`.
#[inline(never)]
fn use_domains(value: &Setting) -> &'static str {
    let word = PYTHON.of(value).to_ascii_lowercase();
    match word.as_str() {
        "true" | "1" | "on" | "yes" => "yes",
        "route" => "route",
        _ => "no",
    }
}

/// A policy rule; four digits keep the order of the description.
#[inline(never)]
fn policy(file: &mut Sections, at: usize, rule: &Rule) {
    let section = file.at("RoutingPolicyRule", &(1000 + at).to_string());
    if let Some(from) = &rule.from {
        section.add("From", &selector(from));
    }
    if let Some(to) = &rule.to {
        section.add("To", &selector(to));
    }
    section.set_number("Table", rule.table);
    section.set_number("Priority", rule.priority);
    section.set_number("FirewallMark", rule.mark);
    section.set_number("TypeOfService", rule.tos);
}

#[inline(never)]
fn selector(selector: &Selector) -> String {
    match selector.written_length() {
        Some(_) => prefix(selector.network()),
        None => selector.network().address().as_str().into(),
    }
}

//! systemd-networkd: systemd.network(5) and systemd.netdev(5) files.

mod netdev;

use super::section::Sections;
use super::text::{PYTHON, Resolver, Spelling, hardware_address, joined, plain_words, prefix, subnet_mtu};
use super::{Renderer, Target, exists, file, is_enabled, late};
use crate::action::Action;
use crate::network::glob;
use crate::network::model::parameter::rows;
use crate::network::model::{
    Control, Dns, Exactness, Kind, Link, Match, Method, Parameter, Route, Rule, Selector, Setting, Subnet,
};
use crate::network::resolve::{Resolved, ResolvedLink};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const SPELLING: Spelling = Spelling { yes: "yes", no: "no", separator: " " };

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
    for (at, link) in network.links.iter().enumerate() {
        // What several NICs fit has one file, behind those that are for one.
        let (place, key) = match link.link.of_several() {
            _ if network.is_again(at) => ("", ""),
            None => ("10", &*link.name),
            Some(_) if link.link.exactness() == Exactness::Names => ("11", &*link.link.id),
            Some(_) => ("12", &*link.link.id),
        };
        if !place.is_empty() {
            push(&mut actions, target, [place, key, ".network"], unit(network, link));
        }
        let key = &*link.name;
        if let Some(file) = late::wake_up(link) {
            push(&mut actions, target, ["10", key, ".link"], file);
        }
        if let Some(device) = netdev::device(network, link) {
            push(&mut actions, target, ["10", key, ".netdev"], device);
        }
    }
    actions
}

/// One file, sections and entries sorted as cloud-init's are; its name is a number, a key and an
/// ending.
#[inline(never)]
fn push(actions: &mut Vec<Action>, target: Target, [place, key, suffix]: [&str; 3], mut content: Sections) {
    content.sort();
    let mut text = String::new();
    content.write(&mut text);
    let path = [target.folder(), "/systemd/network/", place, "-cloud-init-", key, suffix];
    file(actions, &path, 0o644, text);
}

#[inline(never)]
fn unit(network: &Resolved<'_>, resolved: &ResolvedLink<'_>) -> Sections {
    let link = resolved.link;
    let mut file = Sections::default();
    matching(&mut file, resolved);
    let mtu = subnet_mtu(link, false).or(link.mtu);
    if mtu.is_some() {
        file.of("Link").set_number("MTUBytes", mtu);
    }
    if let mtu @ Some(_) = subnet_mtu(link, true) {
        file.of("Network").set_number("IPv6MTUBytes", mtu);
    }
    let by_hand = link.subnets.first().is_some_and(|subnet| subnet.control == Control::Manual);
    if by_hand {
        file.of("Link").add("ActivationPolicy", "manual");
    }
    if link.optional == Some(true) || by_hand {
        file.of("Link").add("RequiredForOnline", "no");
    }
    if link.keep_configuration == Some(true) {
        file.of("Network").add("KeepConfiguration", "yes");
    }
    extra(&mut file, link);
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
    lease_metrics(&mut file, link);
    resolver(&mut file, network, link);
    overrides(&mut file, link, dhcp);
    for (at, rule) in link.rules.iter().enumerate() {
        policy(&mut file, at, rule);
    }
    file
}

/// What the file is for.
#[inline(never)]
fn matching(file: &mut Sections, resolved: &ResolvedLink<'_>) {
    if let Some(Match { names, .. }) = resolved.link.of_several() {
        add_words(file, "Match", "Name", &plain_words(names));
        if names.iter().any(|pattern| glob::matches(pattern, "lo")) {
            file.of("Match").add("Type", "ether");
        }
    } else if !resolved.is_found_by_mac_alone() {
        file.of("Match").add("Name", &resolved.name);
    }
    let address = hardware_address(resolved.link);
    if let Kind::Physical(Match { drivers, .. }) = &resolved.link.kind {
        add_words(file, "Match", "Driver", &plain_words(drivers));
        if let Some(address) = address {
            // One that is given another address is not found by its own any more.
            let key = match resolved.link.extra("macaddress") {
                None => "MACAddress",
                Some(_) if resolved.is_found_by_mac_alone() => "PermanentMACAddress",
                Some(_) => return,
            };
            file.of("Match").add(key, &address);
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
            // A lease's metric is its own routes'.
            let metric = subnet.metric.filter(|_| subnet.address().is_some());
            self::route(file, 'r', number, route, metric);
            number += 1;
        }
        servers(file, &subnet.dns);
        let Some(address) = subnet.address() else { continue };
        let address = prefix(address);
        let section = file.at("Address", &address);
        section.add("Address", &address);
        section.set_address("Broadcast", subnet.broadcast());
        if let Some(peer) = &subnet.pointopoint {
            section.add("Peer", peer.as_str());
        }
        for (key, word) in [("Scope", &subnet.scope), ("Label", &subnet.label)] {
            if let Some(word) = word {
                section.add(key, word);
            }
        }
        if subnet.deprecated {
            section.add("PreferredLifetime", "0");
        }
        if let Some(gateway) = subnet.gateway() {
            let section = file.at("Route", &place('a', number));
            number += 1;
            section.add("Gateway", gateway.as_str());
            if subnet.gateway_is_on_link() {
                section.add("GatewayOnLink", "yes");
            }
            section.set_number("Metric", subnet.metric);
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
fn route(file: &mut Sections, group: char, number: usize, route: &Route, metric: Option<u32>) {
    let section = file.at("Route", &place(group, number));
    section.add("Destination", &prefix(route.destination()));
    section.set_address("Gateway", route.gateway());
    if route.on_link {
        section.set_all("GatewayOnLink=yes");
    }
    section.set_number("Metric", route.metric.or(metric));
    section.set_number("Table", route.table);
    section.set_number("MTUBytes", route.mtu);
    section.set_number("InitialCongestionWindow", route.congestion_window);
    section.set_number("InitialAdvertisedReceiveWindow", route.receive_window);
    section.set_address("PreferredSource", route.source.as_ref());
    for (key, word) in [("Type", &route.kind), ("Scope", &route.scope)] {
        if let Some(word) = word {
            section.add(key, word);
        }
    }
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
    add_words(file, "Network", "DNS", &resolver.servers);
    add_words(file, "Network", "Domains", &resolver.search);
}

#[inline(never)]
fn add_words(file: &mut Sections, title: &'static str, key: &str, words: &[&str]) {
    if !words.is_empty() {
        file.of(title).add(key, &joined(words, " "));
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

/// Overrides of a link's leases, as version 2 describes them.
#[inline(never)]
fn overrides(file: &mut Sections, link: &Link, dhcp: &str) {
    let lease = |family| dhcp == "yes" || dhcp == family;
    family(file, "DHCPv4", &link.dhcp4_overrides, lease("ipv4"), usize::MAX);
    family(file, "DHCPv6", &link.dhcp6_overrides, lease("ipv6"), OF_BOTH);
}

/// Metrics of routes that a lease or a router gives.
#[inline(never)]
fn lease_metrics(file: &mut Sections, link: &Link) {
    for subnet in link.subnets.iter().filter(|subnet| subnet.method.is_dynamic()) {
        if subnet.metric.is_some() {
            let title = if subnet.method.is_ipv6() { "IPv6AcceptRA" } else { "DHCPv4" };
            file.of(title).set_number("RouteMetric", subnet.metric);
        }
    }
}

/// netplan's settings of a link and what systemd.network(5) calls them.
const EXTRA: &str = "\
activation-mode         Link    ActivationPolicy
dhcp-identifier         DHCPv4  ClientIdentifier
emit-lldp               Network EmitLLDP
ignore-carrier          Network ConfigureWithoutCarrier
ipv6-address-generation Network IPv6LinkLocalAddressGenerationMode
ipv6-address-token      Network IPv6Token
ipv6-mtu                Network IPv6MTUBytes
ipv6-privacy            Network IPv6PrivacyExtensions
link-local              Network LinkLocalAddressing
macaddress              Link    MACAddress
";

#[inline(never)]
fn extra(file: &mut Sections, link: &Link) {
    for [name, title, key, ..] in rows(EXTRA) {
        let Some(value) = link.extra(name) else { continue };
        let word = match value {
            Setting::List(families) => match &*plain_words(families) {
                [] => "no".into(),
                [family] => String::from(*family),
                _ => "yes".into(),
            },
            // systemd-networkd's own is of another kind.
            value if name == "dhcp-identifier" && SPELLING.of(value) != "mac" => continue,
            value if name == "activation-mode" && matches!(&*SPELLING.of(value), "off" | "no") => {
                "always-down".into()
            }
            value => SPELLING.of(value),
        };
        file.of(title).set(key, &word);
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

//! `[ipv4]` and `[ipv6]` of a profile.

use crate::network::model::parameter::rows;
use crate::network::model::{Kind, Link, Method, Parameter, Route, Rule, Subnet};
use crate::network::render::concat;
use crate::network::render::section::{Section, Sections};
use crate::network::render::text::{
    PYTHON, Resolver, joined, prefix, push_address, push_number, push_rule, push_windows, subnet_mtu,
};
use crate::network::resolve::Resolved;
use alloc::string::{String, ToString};

const FAMILIES: [&str; 2] = ["ipv4", "ipv6"];

fn title(ipv6: bool) -> &'static str {
    FAMILIES[usize::from(ipv6)]
}

/// Writes the families of a link, in the order of the first subnet of each;
/// tells the size of packets, in bytes.
#[inline(never)]
pub(super) fn write(profile: &mut Sections, link: &Link) -> Option<u32> {
    if matches!(link.kind, Kind::Bond) && link.subnets.is_empty() {
        // Else it would ask for a lease beside a VLAN that has the address.
        for family in FAMILIES {
            profile.of(family).set_all("method=disabled may-fail=false");
        }
    }
    for subnet in &link.subnets {
        self::subnet(profile, link, subnet);
    }
    subnet_mtu(link, false).or(link.mtu)
}

/// What is known once everything else of the profile is: a family without a
/// method would be asked a lease for (nm-settings-nmcli(5)), so that each gets
/// one; resolver settings, rules and settings of leases go by it.
#[inline(never)]
pub(super) fn complete(profile: &mut Sections, network: &Resolved<'_>, link: &Link) {
    if profile.of("connection").get("slave-type").is_some() && link.subnets.is_empty() {
        return;
    }
    for rule in link.rules.iter().enumerate() {
        self::rule(profile, rule);
    }
    let resolver = Resolver::of_link(network.described, link);
    let ipv6 = !resolver.of_family(true).is_empty();
    let ipv4 = profile.of("ipv4");
    unless_set(ipv4, "method", "disabled");
    if ipv4.get("method") == Some("disabled") {
        // The whole profile would be refused for them.
        ipv4.keep(&["method", "may-fail"]);
    }
    let method = ipv6_method(profile, network, link, ipv6);
    profile.of("ipv6").set("method", method);
    if method != "ignore" {
        profile.of("ipv6").set_number("mtu", subnet_mtu(link, true));
    }
    overrides(profile.of("ipv4"), &link.dhcp4_overrides);
    overrides(profile.of("ipv6"), &link.dhcp6_overrides);
    for ipv6 in [false, true] {
        let section = profile.of(title(ipv6));
        if !matches!(section.get("method"), Some("disabled" | "ignore")) {
            set_words(section, "dns", &resolver.of_family(ipv6));
            set_words(section, "dns-search", &resolver.search);
        }
    }
    one_is_enough(profile);
}

/// The method of IPv6. Where nothing is asked of it the kernel is left to it,
/// as under the other back ends; what only carries other links has none.
#[inline(never)]
fn ipv6_method(profile: &mut Sections, network: &Resolved<'_>, link: &Link, needed: bool) -> &'static str {
    let is_on_it = |kind: &Kind| matches!(kind, Kind::Vlan(vlan) if vlan.link == link.id);
    let carries_others =
        link.kind == Kind::Bond || network.links.iter().any(|other| is_on_it(&other.link.kind));
    let section = profile.of("ipv6");
    let any = needed || section.numbered("route") > 0 || section.numbered("routing-rule") > 0;
    match (section.get("method"), link.accept_ra) {
        (Some("auto"), _) => "auto",
        (Some("dhcp"), _) => "dhcp",
        (_, Some(true)) => {
            // No router is no reason to be without the addresses that are fixed.
            section.set_all("may-fail=true");
            "auto"
        }
        (Some("manual"), _) => "manual",
        (_, Some(false)) => "link-local",
        _ if any => "link-local",
        _ if link.subnets.is_empty() && carries_others => "disabled",
        _ => "ignore",
    }
}

/// netplan's overrides of leases, and what NetworkManager calls them, each with
/// the value that turns it off, or none for a text.
const OVERRIDES: &str = "\
use-dns         ignore-auto-dns=true
use-routes      ignore-auto-routes=true
send-hostname   dhcp-send-hostname=false
hostname        dhcp-hostname=
dhcp-identifier dhcp-client-id=
";

/// Settings of a family's leases, where it asks for one.
#[inline(never)]
fn overrides(section: &mut Section, parameters: &[Parameter]) {
    if !matches!(section.get("method"), Some("auto" | "dhcp")) {
        return;
    }
    for parameter in parameters {
        for [name, line, ..] in rows(OVERRIDES).filter(|row| row[0] == &*parameter.name) {
            let (key, off) = line.split_once('=').unwrap_or((line, ""));
            let value = PYTHON.of(&parameter.value);
            let is_off = ["false", "no", "off", "0"].iter().any(|word| value.eq_ignore_ascii_case(word));
            if off.is_empty() && (name != "dhcp-identifier" || value == "mac") {
                section.set(key, &value);
            } else if is_off {
                section.set(key, off);
            }
        }
    }
}

/// Before the kernel's own rule for the main table, in the order of the description.
const RULES: u32 = 32_000;

/// A policy rule. One without a priority, which profiles need, comes after
/// others.
#[inline(never)]
fn rule(profile: &mut Sections, (at, rule): (usize, &Rule)) {
    let mut value = String::new();
    let at = u32::try_from(at).unwrap_or_default();
    push_number(&mut value, "priority ", Some(rule.priority.unwrap_or(RULES + at)));
    push_rule(&mut value, rule);
    numbered(profile.of(title(rule.is_ipv6())), "routing-rule", &value);
}

#[inline(never)]
fn subnet(profile: &mut Sections, link: &Link, subnet: &Subnet) {
    let family = title(subnet.method.is_ipv6());
    if matches!(subnet.method, Method::Manual | Method::Loopback) {
        // Somebody else configures it: no lease.
        unless_set(profile.of(family), "method", "disabled");
    } else {
        method(profile, family, &subnet.method);
    }
    if let Some(address) = subnet.address() {
        numbered(profile.of(family), "address", &prefix(address));
    }
    let is_otherwise = |other: &Subnet| {
        other.method.is_ipv6() == subnet.method.is_ipv6()
            && other.metric.is_some_and(|_| other.metric != subnet.metric)
    };
    let otherwise = link.subnets.iter().any(is_otherwise) || profile.of(family).get("gateway").is_some();
    let another = subnet.gateway().filter(|_| otherwise);
    if let Some(gateway) = another {
        // A family has one gateway, and one metric for it.
        let everything = if gateway.is_ipv6() { "::/0," } else { "0.0.0.0/0," };
        let mut value = concat(&[everything, gateway.as_str()]);
        push_number(&mut value, ",", subnet.metric);
        numbered(profile.of(family), "route", &value);
    } else {
        profile.of(family).set_address("gateway", subnet.gateway());
    }
    for route in &subnet.routes {
        self::route(profile, route);
    }
    if subnet.metric.is_some() && another.is_none() {
        profile.of(family).set_number("route-metric", subnet.metric);
    }
}

/// Of several subnets a lease wins over a fixed address, which then stands
/// beside it.
#[inline(never)]
fn method(profile: &mut Sections, family: &'static str, wanted: &Method) {
    let section = profile.of(family);
    unless_set(section, "method", "disabled");
    let method = match wanted {
        Method::Static(_) => "manual",
        Method::Dhcp6Stateful => "dhcp",
        _ => "auto",
    };
    match section.get("method") {
        Some("dhcp") => return,
        Some("auto") if method == "manual" => return,
        _ => {}
    }
    if matches!(wanted, Method::Slaac | Method::Dhcp6Stateless | Method::Dhcp6Stateful) {
        // An address by router advertisement alone: no DHCPv4 beside it.
        unless_set(profile.of("ipv4"), "method", "disabled");
    }
    let section = profile.of(family);
    section.set("method", method);
    unless_set(section, "may-fail", "false");
}

/// Sets a key that is not set yet.
#[inline(never)]
pub(super) fn unless_set(section: &mut Section, key: &str, value: &str) {
    if section.get(key).is_none() {
        section.set(key, value);
    }
}

/// Sets `key` with the next number; gives the key so made.
#[inline(never)]
fn numbered(section: &mut Section, key: &str, value: &str) -> String {
    let name = concat(&[key, &(section.numbered(key) + 1).to_string()]);
    section.set(&name, value);
    name
}

/// A route, in its own family. The metric of a default route of the main table
/// is the family's.
#[inline(never)]
fn route(profile: &mut Sections, route: &Route) {
    let destination = route.destination();
    let section = profile.of(title(destination.is_ipv6()));
    let mut value = prefix(destination);
    push_address(&mut value, ",", route.gateway());
    if destination.is_everything() && route.table.is_none() {
        section.set_number("route-metric", route.metric);
    } else {
        // Where no gateway stands its place stays empty.
        let before = if route.gateway().is_some() { "," } else { ",," };
        push_number(&mut value, before, route.metric);
    }
    let mut key = numbered(section, "route", &value);
    let mut options = String::new();
    push_number(&mut options, ",mtu=", route.mtu);
    push_windows(&mut options, route, ",", "=");
    if route.on_link {
        options.push_str(",onlink=true");
    }
    push_number(&mut options, ",table=", route.table);
    if let Some(options) = options.get(1..) {
        key.push_str("_options");
        section.set(&key, options);
    }
}

/// Sets a key to a list, unless it is empty.
#[inline(never)]
fn set_words(section: &mut Section, key: &str, words: &[&str]) {
    if !words.is_empty() {
        let mut list = joined(words, ";");
        list.push(';');
        section.set(key, &list);
    }
}

/// Where both families wait for a lease either may fail.
#[inline(never)]
fn one_is_enough(profile: &mut Sections) {
    for family in FAMILIES {
        let Some(section) = profile.find(family) else { return };
        let lease = matches!(section.get("method"), Some("auto" | "dhcp"));
        if !lease || section.get("may-fail") != Some("false") {
            return;
        }
    }
    for family in FAMILIES {
        profile.of(family).set_all("may-fail=true");
    }
}

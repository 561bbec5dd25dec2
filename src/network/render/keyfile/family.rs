//! `[ipv4]` and `[ipv6]` of a profile.

use crate::network::model::{Kind, Link, Method, Route, Subnet};
use crate::network::render::concat;
use crate::network::render::section::{Section, Sections};
use crate::network::render::text::{Resolver, joined, prefix, push_address, push_number};
use crate::network::resolve::Resolved;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const FAMILIES: [&str; 2] = ["ipv4", "ipv6"];

fn title(ipv6: bool) -> &'static str {
    FAMILIES[usize::from(ipv6)]
}

/// Writes the families of a link, in the order of the first subnet of each;
/// tells the size of packets, in bytes.
#[inline(never)]
pub(super) fn write(profile: &mut Sections, network: &Resolved<'_>, link: &Link) -> Option<u32> {
    if matches!(link.kind, Kind::Bond) && link.subnets.is_empty() {
        // Else it would ask for a lease beside a VLAN that has the address.
        for family in FAMILIES {
            profile.of(family).set_all("method=disabled may-fail=false");
        }
    }
    let mut mtu = None;
    for subnet in &link.subnets {
        self::subnet(profile, subnet);
        if !subnet.method.is_ipv6() {
            mtu = subnet.mtu.or(mtu);
        }
    }
    resolver(profile, network, link);
    one_is_enough(profile);
    mtu.or(link.mtu)
}

#[inline(never)]
fn subnet(profile: &mut Sections, subnet: &Subnet) {
    let family = title(subnet.method.is_ipv6());
    method(profile, family, &subnet.method);
    if let Some(address) = subnet.address() {
        numbered(profile.of(family), "address", &prefix(address));
    }
    if subnet.gateway().is_some() {
        profile.of(family).set_address("gateway", subnet.gateway());
    }
    for route in &subnet.routes {
        self::route(profile, route);
    }
    if subnet.metric.is_some() {
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
        Method::Dhcp | Method::Dhcp4 | Method::Dhcp6 | Method::Slaac | Method::Dhcp6Stateless => "auto",
        Method::Manual | Method::Loopback => {
            section.set_all("may-fail=true");
            "auto"
        }
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

/// A route, in its own family. The metric of a default route is the family's.
#[inline(never)]
fn route(profile: &mut Sections, route: &Route) {
    let destination = route.destination();
    let section = profile.of(title(destination.is_ipv6()));
    let mut value = prefix(destination);
    push_address(&mut value, ",", route.gateway());
    if destination.is_everything() {
        section.set_number("route-metric", route.metric);
    } else {
        // Where no gateway stands its place stays empty.
        let before = if route.gateway().is_some() { "," } else { ",," };
        push_number(&mut value, before, route.metric);
    }
    let mut key = numbered(section, "route", &value);
    let mut options = String::new();
    push_number(&mut options, "mtu=", route.mtu);
    if route.on_link {
        options.push_str(if options.is_empty() { "onlink=true" } else { ",onlink=true" });
    }
    if !options.is_empty() {
        key.push_str("_options");
        section.set(&key, &options);
    }
}

/// Name servers and search domains: those of the subnets and the link, else
/// the global ones.
#[inline(never)]
fn resolver(profile: &mut Sections, network: &Resolved<'_>, link: &Link) {
    let mut resolver = Resolver::default();
    for subnet in &link.subnets {
        resolver.add(&subnet.dns, false);
    }
    if let Some(dns) = &link.dns {
        let own = Resolver::of(dns);
        add_unknown(&mut resolver.servers, own.servers);
        add_unknown(&mut resolver.search, own.search);
    }
    resolver.or(&network.described.dns);
    for ipv6 in [false, true] {
        let Some(section) = profile.find(title(ipv6)) else { continue };
        if section.get("method") == Some("disabled") {
            continue;
        }
        set_words(section, "dns", &resolver.of_family(ipv6));
        set_words(section, "dns-search", &resolver.search);
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

/// Adds what was not there before; what stands twice in `more` does so again.
#[inline(never)]
fn add_unknown<'n>(words: &mut Vec<&'n str>, more: Vec<&'n str>) {
    let known = words.len();
    for word in more {
        if !words.iter().take(known).any(|other| *other == word) {
            words.push(word);
        }
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

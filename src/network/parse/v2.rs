//! Network configuration, version 2: netplan's YAML (netplan-yaml(5)), as far
//! as cloud-init 26.2 writes it for other back ends. The document itself is
//! kept for netplan.

use super::Parsed;
use super::complete::complete;
use super::draft::Draft;
use super::link::{self, Keys, Type, fitting, spanning_tree};
use super::reader::{Reader, mac_of, split_length, text, words};
use super::subnet::routes;
use crate::limits;
use crate::network::model::parameter::{self, BOND, BRIDGE};
use crate::network::model::{
    Address, Dns, Kind, Link, LinkId, LinkName, Match, Method, Origin, Parameter, Prefix, Route, Rule,
    Selector, Subnet,
};
use crate::syntax::value::Value;
use crate::syntax::yaml::emit;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Sections, and what their links are.
const SECTIONS: &[(&str, Type)] = &[
    ("ethernets", Type::Physical),
    ("bonds", Type::Bond),
    ("bridges", Type::Bridge),
    ("vlans", Type::Vlan),
    ("dummy-devices", Type::Dummy),
];

const KEYS: Keys = Keys { mac: "macaddress", members: "interfaces", vlan_number: "id", vlan_link: "link" };

/// Reads the mapping with `version: 2`; `netplan` is the document for netplan,
/// `file` what messages call it.
#[inline(never)]
pub(super) fn parse(data: &Value<'_>, netplan: String, file: &str) -> Parsed {
    let mut reader = Reader::new(file);
    let mut draft = Draft::default();
    draft.network.origin = Origin::V2 { netplan, ports: Vec::new() };
    for (section, links) in data.entries() {
        let section = text(section);
        reader.enter("", "");
        let Some((_, what)) = SECTIONS.iter().find(|(name, _)| *name == section) else {
            if !matches!(section, "version" | "renderer") {
                reader.add(links, section, &["only netplan can be given this"]);
            }
            continue;
        };
        if links.entries().len() > limits::NETWORK_ENTRIES {
            reader.add(links, section, &["more than ", &limits::NETWORK_ENTRIES.to_string(), " links"]);
        }
        for (id, value) in links.entries().iter().take(limits::NETWORK_ENTRIES) {
            link(&mut reader, &mut draft, text(id), value, *what);
        }
    }
    complete(draft.network, reader)
}

/// Whether a mapping has a section of links.
pub(super) fn is_described(data: &Value<'_>) -> bool {
    SECTIONS.iter().any(|(section, _)| data.get(section).is_some())
}

/// The document as cloud-init hands it to netplan.
#[inline(never)]
pub(super) fn netplan(whole: &Value<'_>) -> String {
    let text = emit::dump_decimal(whole);
    let text = text.strip_prefix("---\n").unwrap_or(&text);
    text.strip_suffix("...\n").unwrap_or(text).into()
}

#[inline(never)]
fn link<'v>(reader: &mut Reader<'v>, draft: &mut Draft, id: &'v str, value: &'v Value<'_>, what: Type) {
    reader.enter("link ", id);
    let is_nic = what == Type::Physical;
    let found = value.get_set("match").filter(|_| is_nic);
    let wanted = value.get_set("set-name").filter(|_| is_nic);
    // An id that is none leaves a NIC that is found by its MAC address.
    let mac = found.and_then(|found| found.get(KEYS.mac)).and_then(mac_of);
    let Some(id) = reader.id(value, "", id).or_else(|| LinkId::new(&mac?.to_string())) else { return };
    let name = match wanted {
        Some(wanted) => fitting(reader, draft, wanted, text(wanted)),
        // What is matched may have any id.
        None if found.is_some() => LinkName::new(&id),
        None => fitting(reader, draft, value, &id),
    };
    if name.is_none() && (found.is_none() || wanted.is_some()) {
        let keeps = if found.is_some() { "; it keeps the kernel's" } else { "" };
        reader.add(wanted.unwrap_or(value), "", &["no link can have this name", keeps]);
        if found.is_none() {
            return;
        }
    }
    // What is matched keeps the kernel's name.
    let keeps = found.is_some() && (wanted.is_none() || name.is_none());
    // A NIC is not given an address here, it is found by one.
    let keys = Keys { mac: if is_nic { "" } else { KEYS.mac }, ..KEYS };
    let name = name.filter(|_| !keeps);
    let Some(link) = link::link(reader, draft, value, id, name, what, &keys) else { return };
    if is_nic {
        link::settings(reader, link, value);
        link.dhcp4_overrides = overrides(reader, value, "dhcp4-overrides", "dhcp4domain");
        link.dhcp6_overrides = overrides(reader, value, "dhcp6-overrides", "dhcp6domain");
    }
    if let Some(found) = found {
        link.mac = reader.mac(found, KEYS.mac);
        link.kind = Kind::Physical(matching(reader, found));
    }
    parameters(reader, link, value);
    addresses(reader, link, value);
    for policy in reader.items(value, "routing-policy") {
        link.rules.extend(rule(reader, policy));
    }
}

/// Driver and name; the MAC address is the link's own.
fn matching(reader: &mut Reader<'_>, value: &Value<'_>) -> Match {
    let mut plain = |key| {
        let value = value.get_set(key)?;
        reader.plain(value, key, words(Some(value)).first()?)
    };
    Match { driver: plain("driver"), name: plain("name") }
}

/// `dhcp4-overrides`, and VMware's key beside it.
#[inline(never)]
fn overrides(reader: &mut Reader<'_>, value: &Value<'_>, key: &str, domain: &str) -> Vec<Parameter> {
    let mut overrides = Vec::new();
    for (key, value) in value.get_set(key).map(Value::entries).unwrap_or_default() {
        reader.parameter(&mut overrides, &[text(key)], value);
    }
    if let Some(value) = value.get_set(domain) {
        reader.parameter(&mut overrides, &[domain], value);
    }
    overrides
}

/// `parameters` of a bond or bridge under cloud-init's older names.
#[inline(never)]
fn parameters(reader: &mut Reader<'_>, link: &mut Link, value: &Value<'_>) {
    let table = match link.kind {
        Kind::Bond => BOND,
        Kind::Bridge { .. } => BRIDGE,
        _ => return,
    };
    let Some(parameters) = value.get_set("parameters") else { return };
    for (key, value) in parameters.entries() {
        // netplan's newer word.
        let key = match text(key) {
            "all-members-active" => "all-slaves-active",
            "packets-per-member" => "packets-per-slave",
            key => key,
        };
        if parameter::known(table, key).is_some() {
            link::parameter(reader, link, key, value);
        } else {
            reader.add(value, key, &["is no parameter of such a link"]);
        }
    }
    spanning_tree(reader, link, parameters);
}

/// A subnet with DHCP, if it is on.
#[inline(never)]
fn dhcp(reader: &mut Reader<'_>, link: &mut Link, value: &Value<'_>, keys: [&str; 2], method: Method) {
    let [on, overrides] = keys;
    if reader.flag(value, on) != Some(true) {
        return;
    }
    let mut metric = None;
    if let Some(overrides) = value.get_set(overrides) {
        reader.numbers(overrides, &mut [("route-metric", &mut metric)]);
    }
    link.subnets.push(Subnet::new(method));
    if let Some(subnet) = link.subnets.last_mut() {
        // 0 is none.
        subnet.metric = metric.filter(|metric| *metric > 0);
    }
}

/// DHCP, addresses with gateways and name servers, and routes, in the order
/// cloud-init puts them.
#[inline(never)]
fn addresses(reader: &mut Reader<'_>, link: &mut Link, value: &Value<'_>) {
    dhcp(reader, link, value, ["dhcp4", "dhcp4-overrides"], Method::Dhcp4);
    dhcp(reader, link, value, ["dhcp6", "dhcp6-overrides"], Method::Dhcp6);
    let mut dns = Dns::default();
    if let Some(servers) = value.get_set("nameservers") {
        reader.dns(&mut dns, servers, "addresses", "search");
        link.dns = (!dns.is_empty()).then(|| dns.clone());
    }
    let mut gateway4 = reader.address(value, &["gateway4"]);
    let mut gateway6 = reader.address(value, &["gateway6"]);
    for address in reader.items(value, "addresses") {
        // `- 10.0.0.5/24: {label: …}` is an address too.
        let address = address.entries().first().map_or(address, |(address, _)| address);
        let Some(prefix) = reader.prefix(address, "addresses", address) else { continue };
        link.subnets.push(Subnet::new(Method::Static(prefix)));
        let Some(subnet) = link.subnets.last_mut() else { continue };
        let gateway = if subnet.method.is_ipv6() { &mut gateway6 } else { &mut gateway4 };
        if let Some(gateway) = gateway.take()
            && !subnet.set_gateway(gateway)
        {
            reader.add(address, "gateway", &["is of another family than the address"]);
        }
        subnet.dns = core::mem::take(&mut dns);
    }
    let mut rest = Subnet::new(Method::Manual);
    routes(reader, value, &mut rest);
    for gateway in [gateway4, gateway6].into_iter().flatten() {
        // Of an address that a lease gives.
        rest.routes.extend(Route::new(Prefix::everything(gateway.is_ipv6()), Some(gateway)));
    }
    match link.subnets.first_mut() {
        Some(subnet) => subnet.routes = rest.routes,
        None if rest.routes.is_empty() => {}
        None => link.subnets.push(rest),
    }
}

/// A policy rule.
#[inline(never)]
fn rule(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Rule> {
    let mut rule =
        Rule { from: selector(reader, value, "from"), to: selector(reader, value, "to"), ..Rule::default() };
    let mut fields = [
        ("table", &mut rule.table),
        ("priority", &mut rule.priority),
        ("mark", &mut rule.mark),
        ("type-of-service", &mut rule.tos),
    ];
    reader.numbers(value, &mut fields);
    (rule != Rule::default()).then_some(rule)
}

fn selector(reader: &mut Reader<'_>, value: &Value<'_>, key: &str) -> Option<Selector> {
    let value = value.get_set(key)?;
    let (address, length) = split_length(text(value));
    let selector = Address::parse(address).and_then(|address| match length {
        Some(length) => Selector::new(address, Some(length.parse().ok()?)),
        None => Selector::new(address, None),
    });
    if selector.is_none() {
        reader.add(value, key, &[text(value), " is no network"]);
    }
    selector
}

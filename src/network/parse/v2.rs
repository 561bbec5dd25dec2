//! Network configuration, version 2: netplan's YAML (netplan-yaml(5)), as far
//! as cloud-init 26.2 writes it for other back ends. The document itself is
//! kept for netplan.

use super::Parsed;
use super::complete::complete;
use super::draft::Draft;
use super::link::{self, Keys, Type, fitting, spanning_tree};
use super::reader::{Reader, integer, mac_of, text, words};
use super::subnet::{routes, rule};
use crate::limits;
use crate::network::model::parameter::{self, BOND, BRIDGE};
use crate::network::model::{
    Control, Dns, Kind, Link, LinkId, LinkName, Match, Method, Origin, Parameter, Plain, Prefix, Route,
    Setting, Subnet,
};
use crate::syntax::value::{Data, Value};
use crate::syntax::yaml::emit;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Sections, and what their links are.
pub(super) const SECTIONS: &[(&str, Type)] = &[
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
                let why = if super::netplan::is_section(links) {
                    "only netplan can be given this"
                } else {
                    "is no section of links; it is left out"
                };
                reader.add(links, section, &[why]);
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

/// The document as netplan is handed it.
#[inline(never)]
pub(super) fn netplan(whole: &Value<'_>) -> String {
    let mut whole = whole.clone();
    if let Data::Map(entries) = &mut whole.data {
        for (_, network) in entries {
            super::netplan::accept(network);
        }
    }
    let text = emit::dump_decimal(&whole);
    let text = text.strip_prefix("---\n").unwrap_or(&text);
    text.strip_suffix("...\n").unwrap_or(text).into()
}

/// A link. Of one that can't be used the rest is read all the same, for what is
/// wrong in it.
#[inline(never)]
fn link<'v>(reader: &mut Reader<'v>, draft: &mut Draft, id: &'v str, value: &'v Value<'_>, what: Type) {
    reader.enter("link ", id);
    match started(reader, draft, id, value, what) {
        Some(link) => settings(reader, link, value, what),
        None => {
            if let Some(mut link) = link::scratch() {
                settings(reader, &mut link, value, what);
            }
        }
    }
}

/// A link without its settings.
#[inline(never)]
fn started<'d>(
    reader: &mut Reader<'_>,
    draft: &'d mut Draft,
    id: &str,
    value: &Value<'_>,
    what: Type,
) -> Option<&'d mut Link> {
    let is_nic = what == Type::Physical;
    let found = value.get_set("match").filter(|_| is_nic);
    let wanted = value.get_set("set-name").filter(|_| is_nic);
    // An id that is none leaves a NIC that is found by its MAC address.
    let mac = found.and_then(|found| found.get(KEYS.mac)).and_then(mac_of);
    let id = reader.id(value, "", id).or_else(|| LinkId::new(&mac?.to_string()))?;
    let name = match wanted {
        Some(wanted) => fitting(reader, draft, wanted, text(wanted)),
        // What is matched may have any id.
        None if found.is_some() => LinkName::new(&id),
        None => fitting(reader, draft, value, &id),
    };
    if name.is_none() && (found.is_none() || wanted.is_some()) {
        let keeps = if found.is_some() { "; it keeps the kernel's" } else { "" };
        reader.add(wanted.unwrap_or(value), "", &["no link can have this name", keeps]);
        found?;
    }
    // What is matched keeps the kernel's name.
    let keeps = found.is_some() && (wanted.is_none() || name.is_none());
    // A NIC is not given an address here, it is found by one.
    let keys = Keys { mac: if is_nic { "" } else { KEYS.mac }, ..KEYS };
    let name = name.filter(|_| !keeps);
    link::link(reader, draft, value, id, name, what, &keys)
}

/// What the link is set to.
#[inline(never)]
fn settings(reader: &mut Reader<'_>, link: &mut Link, value: &Value<'_>, what: Type) {
    link::settings(reader, link, value);
    link.keep_configuration = reader.flag(value, "critical");
    link.dhcp4_overrides = overrides(reader, value, "dhcp4-overrides", "dhcp4domain");
    link.dhcp6_overrides = overrides(reader, value, "dhcp6-overrides", "dhcp6domain");
    if let Some(found) = value.get_set("match").filter(|_| what == Type::Physical) {
        link.mac = reader.mac(found, KEYS.mac);
        link.kind = Kind::Physical(matching(reader, found));
    } else if let (Kind::Physical(found), Some(_)) = (&mut link.kind, value.get_set("set-name")) {
        // Then the id is the name it has.
        found.names.extend(Plain::new(&link.id));
    }
    if what == Type::Physical
        && let Some(mac) = reader.mac(value, KEYS.mac)
        && let Some(text) = reader.plain(value, KEYS.mac, &mac.to_string())
        && let Some(name) = reader.plain(value, KEYS.mac, KEYS.mac)
    {
        link.extra.push(Parameter { name, value: Setting::Text(text) });
    }
    for key in EXTRA {
        if let Some(value) = value.get_set(key) {
            reader.parameter(&mut link.extra, &[key], value);
        }
    }
    parameters(reader, link, value);
    addresses(reader, link, value);
    if let Some(Setting::Text(mode)) = link.extra("activation-mode")
        && **mode == *"manual"
    {
        for subnet in &mut link.subnets {
            subnet.control = Control::Manual;
        }
    }
    for policy in reader.items(value, "routing-policy") {
        link.rules.extend(rule(reader, policy));
    }
}

/// Keys of a link that are kept as they are written: [`Link::extra`].
const EXTRA: &[&str] = &[
    "activation-mode",
    "dhcp-identifier",
    "emit-lldp",
    "ignore-carrier",
    "ipv6-address-generation",
    "ipv6-address-token",
    "ipv6-mtu",
    "ipv6-privacy",
    "link-local",
];

/// Drivers and names; the MAC address is the link's own.
#[inline(never)]
fn matching(reader: &mut Reader<'_>, value: &Value<'_>) -> Match {
    let mut plain = |key| {
        let mut patterns = Vec::new();
        if let Some(value) = value.get_set(key) {
            for word in words(Some(value)) {
                patterns.extend(reader.plain(value, key, word));
            }
        }
        patterns
    };
    let mut matching = Match { drivers: plain("driver"), names: plain("name") };
    if value.entries().is_empty() {
        // netplan's: every NIC.
        matching.names.extend(Plain::new("*"));
    }
    matching
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
        let (address, options) = match address.entries().first() {
            Some((address, options)) => (address, Some(options)),
            None => (address, None),
        };
        let Some(prefix) = reader.prefix(address, "addresses", address) else { continue };
        link.subnets.push(Subnet::new(Method::Static(prefix)));
        let Some(subnet) = link.subnets.last_mut() else { continue };
        if let Some(label) = options.and_then(|options| options.get_set("label")) {
            subnet.label = reader.word(label, "label", text(label));
        }
        let lifetime = options.and_then(|options| options.get_set("lifetime"));
        subnet.deprecated = lifetime.is_some_and(|lifetime| integer(lifetime) == Some(0));
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

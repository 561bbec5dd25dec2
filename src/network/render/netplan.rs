//! netplan: one version 2 file.

use super::text::{hardware_address, prefix};
use super::{Renderer, Target, file, has_programs};
use crate::action::Action;
use crate::network::model::parameter::{BOND, BRIDGE, rows};
use crate::network::model::{Address, Dns, Kind, Link, Origin, Parameter, Route, Setting, Subnet};
use crate::network::resolve::{Resolved, ResolvedLink};
use crate::syntax::value::{Data, Value};
use crate::syntax::yaml::emit;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// The back end.
pub const RENDERER: Renderer =
    Renderer { name: "netplan", detect: |root| has_programs(root, &["netplan"]), render };

/// First lines of cloud-init's netplan and interfaces files.
pub(super) const HEADER: &str = "\
# This file is generated from information provided by the datasource.  Changes
# to it will not persist across an instance reboot.  To disable cloud-init's
# network configuration capabilities, write a file
# /etc/cloud/cloud.cfg.d/99-disable-network-config.cfg with the following:
# network: {config: disabled}
";

const PATH: &str = "/netplan/50-cloud-init.yaml";

/// The mappings of links, in the order they are written in.
const SECTIONS: [&str; 5] = ["ethernets", "bonds", "bridges", "vlans", "dummy-devices"];

/// What comes of version 2 is the description itself.
fn render(network: &Resolved<'_>, target: Target) -> Vec<Action> {
    let mut text = String::from(HEADER);
    if let Origin::V2 { netplan } = &network.described.origin {
        text.push_str(netplan);
    } else {
        text.push_str("network:\n    version: 2\n");
        for title in SECTIONS {
            section(&mut text, network, title);
        }
    }
    let mut actions = Vec::new();
    file(&mut actions, &[target.folder(), PATH], 0o600, text);
    actions
}

/// The links of one section, if there are any.
#[inline(never)]
fn section(text: &mut String, network: &Resolved<'_>, title: &'static str) {
    let mut links = Map::default();
    for resolved in &network.links {
        let own = match resolved.link.kind {
            Kind::Physical(_) | Kind::Undescribed => "ethernets",
            Kind::Bond => "bonds",
            Kind::Bridge { .. } => "bridges",
            Kind::Vlan(_) => "vlans",
            Kind::Dummy => "dummy-devices",
            // netplan has no word for them.
            Kind::Infiniband(_) | Kind::Loopback => "",
        };
        if own == title {
            links.set(&resolved.name, link(network, resolved).into());
        }
    }
    if links.0.is_empty() {
        return;
    }
    let mut whole = Map::default();
    whole.set(title, links.into());
    let dumped = emit::dump(&Value::bare(whole.into()));
    for line in dumped.lines().filter(|line| !matches!(*line, "---" | "...")) {
        super::text::push(text, &["    ", line, "\n"]);
    }
}

/// A mapping in the making.
#[derive(Default)]
struct Map<'n>(Vec<(Value<'n>, Value<'n>)>);

impl<'n> Map<'n> {
    #[inline(never)]
    fn set(&mut self, key: &'n str, data: Data<'n>) {
        for (old, value) in &mut self.0 {
            if old.as_str() == Some(key) {
                value.data = data;
                return;
            }
        }
        self.0.push((Value::bare(string(key)), Value::bare(data)));
    }

    fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(own, _)| own.as_str() == Some(key))
    }
}

impl<'n> From<Map<'n>> for Data<'n> {
    fn from(map: Map<'n>) -> Self {
        Data::Map(map.0)
    }
}

fn string(text: &str) -> Data<'_> {
    Data::Str(Cow::Borrowed(text))
}

fn number<'n>(number: u32) -> Data<'n> {
    Data::Int(number.into())
}

#[inline(never)]
fn list<'n>(words: &[&'n str]) -> Data<'n> {
    Data::Seq(words.iter().map(|word| Value::bare(string(word))).collect())
}

#[inline(never)]
fn link<'n>(network: &'n Resolved<'_>, resolved: &'n ResolvedLink<'_>) -> Map<'n> {
    let link = resolved.link;
    let mut entry = Map::default();
    let mac = hardware_address(link).map(|address| Data::Str(Cow::Owned(address)));
    match &link.kind {
        Kind::Physical(_) => {
            if let Some(keep) = link.keep_configuration {
                entry.set("critical", Data::Bool(keep));
            }
            if let Some(mac) = mac {
                let mut matching = Map::default();
                matching.set("macaddress", mac);
                entry.set("match", matching.into());
                entry.set("set-name", string(&resolved.name));
            }
        }
        kind => {
            if let Some(mac) = mac {
                entry.set("macaddress", mac);
            }
            made(&mut entry, network, resolved, kind);
        }
    }
    subnets(&mut entry, link);
    if let Some(accept) = link.accept_ra {
        entry.set("accept-ra", Data::Bool(accept));
    }
    // netplan has no place for global settings.
    let global = &network.described.dns;
    if !global.is_empty() && !entry.has("nameservers") && entry.has("addresses") {
        nameservers(&mut entry, &[global], true);
    }
    entry
}

/// What a link that is made consists of.
#[inline(never)]
fn made<'n>(entry: &mut Map<'n>, network: &'n Resolved<'_>, resolved: &'n ResolvedLink<'_>, kind: &'n Kind) {
    let link = resolved.link;
    match kind {
        Kind::Bond => {
            let mut members: Vec<&str> = Vec::new();
            for other in &network.links {
                if other.link.bond.as_ref() == Some(&link.id) {
                    members.push(&other.name);
                }
            }
            if !members.is_empty() {
                interfaces(entry, members);
            }
            parameters(entry, link, BOND);
        }
        Kind::Bridge { ports } => {
            interfaces(entry, ports.iter().map(|port| network.name_of(port)).collect());
            parameters(entry, link, BRIDGE);
        }
        Kind::Vlan(vlan) => {
            entry.set("id", number(vlan.number().into()));
            entry.set("link", string(network.name_of(&vlan.link)));
        }
        _ => {}
    }
}

fn interfaces<'n>(entry: &mut Map<'n>, mut names: Vec<&'n str>) {
    crate::network::order::sort_by(&mut names, |a, b| a < b);
    entry.set("interfaces", list(&names));
}

/// Bond or bridge parameters by netplan's names.
#[inline(never)]
fn parameters<'n>(entry: &mut Map<'n>, link: &'n Link, table: &'static str) {
    let mut parameters = Map::default();
    for [name, key, ..] in rows(table) {
        for parameter in &link.parameters {
            let same =
                if table == BOND { parameter.is_bond(name) } else { parameter.is("bridge_", name, b'_') };
            if same && key != "-" {
                parameters.set(key, setting(key, parameter));
            }
        }
    }
    if !parameters.0.is_empty() {
        entry.set("parameters", parameters.into());
    }
}

fn setting<'n>(key: &str, parameter: &'n Parameter) -> Data<'n> {
    match &parameter.value {
        Setting::Bool(value) => Data::Bool(*value),
        Setting::Int(value) => Data::Int(*value),
        Setting::Text(text) => string(text),
        Setting::List(items) if matches!(key, "path-cost" | "port-priority") => {
            let mut ports = Map::default();
            for item in items {
                if let Some((port, value)) = item.split_once(' ') {
                    ports.set(port, value.trim_ascii().parse().map_or(string(value), Data::Int));
                }
            }
            ports.into()
        }
        Setting::List(items) => {
            let words: Vec<&str> = items.iter().map(|item| &**item).collect();
            list(&words)
        }
    }
}

/// Addresses, and everything that comes with a fixed one.
#[inline(never)]
fn subnets<'n>(entry: &mut Map<'n>, link: &'n Link) {
    let (mut addresses, mut routes, mut dns) = (Vec::new(), Vec::new(), Vec::new());
    for subnet in &link.subnets {
        let Some(address) = subnet.address() else {
            if subnet.method.is_dynamic() {
                lease(entry, subnet);
            }
            continue;
        };
        addresses.push(Value::bare(Data::Str(Cow::Owned(prefix(address)))));
        dns.push(&subnet.dns);
        if let Some(mtu) = subnet.mtu {
            entry.set(if address.is_ipv6() { "ipv6-mtu" } else { "mtu" }, number(mtu));
        }
        if let Some(via) = subnet.gateway() {
            let mut route = Map::default();
            route.set("to", string("default"));
            via_gateway(&mut route, Some(via), subnet.gateway_is_on_link(), subnet.metric);
            routes.push(Value::bare(route.into()));
        }
        for route in &subnet.routes {
            routes.push(Value::bare(self::route(route, subnet).into()));
        }
    }
    if let (Some(mtu), false) = (link.mtu, entry.has("mtu")) {
        entry.set("mtu", number(mtu));
    }
    for (key, items) in [("addresses", addresses), ("routes", routes)] {
        if !items.is_empty() {
            entry.set(key, Data::Seq(items));
        }
    }
    nameservers(entry, &dns, false);
}

fn lease(entry: &mut Map<'_>, subnet: &Subnet) {
    let (key, overrides) = match subnet.method.is_ipv6() {
        false => ("dhcp4", "dhcp4-overrides"),
        true => ("dhcp6", "dhcp6-overrides"),
    };
    entry.set(key, Data::Bool(true));
    if let Some(metric) = subnet.metric {
        let mut map = Map::default();
        map.set("route-metric", number(metric));
        entry.set(overrides, map.into());
    }
}

/// A route without a metric of its own has its subnet's.
fn route<'n>(route: &'n Route, subnet: &Subnet) -> Map<'n> {
    let mut entry = Map::default();
    entry.set("to", Data::Str(Cow::Owned(prefix(route.destination()))));
    if route.gateway().is_none() {
        entry.set("scope", string("link"));
    }
    via_gateway(&mut entry, route.gateway(), route.on_link, route.metric.or(subnet.metric));
    entry
}

#[inline(never)]
fn via_gateway<'n>(entry: &mut Map<'n>, via: Option<&'n Address>, on_link: bool, metric: Option<u32>) {
    if let Some(via) = via {
        entry.set("via", string(via.as_str()));
    }
    if on_link {
        entry.set("on-link", Data::Bool(true));
    }
    if let Some(metric) = metric {
        entry.set("metric", number(metric));
    }
}

/// Resolver settings; `both` lists where one of them is empty, too.
#[inline(never)]
fn nameservers<'n>(entry: &mut Map<'n>, settings: &[&'n Dns], both: bool) {
    let (mut servers, mut search): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for dns in settings {
        servers.extend(dns.servers.iter().map(Address::as_str));
        search.extend(super::text::domains(&dns.search));
    }
    let mut map = Map::default();
    for (key, words) in [("addresses", servers), ("search", search)] {
        if both || !words.is_empty() {
            map.set(key, list(&words));
        }
    }
    if !map.0.is_empty() {
        entry.set("nameservers", map.into());
    }
}

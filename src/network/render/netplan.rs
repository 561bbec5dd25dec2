//! netplan: one version 2 file.

use super::text::{
    Found, Resolver, Spelling, hardware_address, parameters, plain_words, prefix, push, sort, subnet_mtu,
};
use super::{Renderer, Target, by_name, file, has_programs};
use crate::action::Action;
use crate::network::model::parameter::{BOND, BRIDGE};
use crate::network::model::{Address, Control, Kind, Link, Method, Origin, Prefix, Route, Setting, Subnet};
use crate::network::resolve::{Resolved, ResolvedLink};
use crate::syntax::yaml::emit::is_plain;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The back end.
pub const RENDERER: Renderer = Renderer {
    name: "netplan",
    detect: |root| has_programs(root, &["netplan"]),
    reads_run: |_| true,
    render,
};

/// First lines of cloud-init's netplan and interfaces files.
pub(super) const HEADER: &str = "\
# This file is generated from information provided by the datasource.  Changes
# to it will not persist across an instance reboot.  To disable cloud-init's
# network configuration capabilities, write a file
# /etc/cloud/cloud.cfg.d/99-disable-network-config.cfg with the following:
# network: {config: disabled}
";

const PATH: &str = "/netplan/50-cloud-init.yaml";

/// netplan-generate(8): lists of one key in several files become one list.
const PORTS_PATH: &str = "/netplan/51-cloud-init-ports.yaml";

const START: &str = "network:\n    version: 2\n";

/// The mappings of links, in the order they are written in.
const SECTIONS: [&str; 5] = ["ethernets", "bonds", "bridges", "vlans", "dummy-devices"];

/// Indents of a link's keys, of a mapping's in it, and of an item of its lists
/// of mappings.
const KEYS: &str = "            ";
const INNER: &str = "                ";
const PORTS: &str = "                    ";
const ITEM: &str = "            -   ";

const SPELLING: Spelling = Spelling { yes: "true", no: "false", separator: " " };

/// What comes of version 2 is the description itself.
fn render(network: &Resolved<'_>, target: Target) -> Vec<Action> {
    let mut text = String::from(HEADER);
    let mut added = String::new();
    if let Origin::V2 { netplan, ports } = &network.described.origin {
        text.push_str(netplan);
        for port in ports {
            if added.is_empty() {
                push(&mut added, &[HEADER, START, "    ethernets:\n"]);
            }
            entry(&mut added, network, port, &port.id);
        }
    } else {
        text.push_str(START);
        let links = by_name(network, |_| 0);
        for title in SECTIONS {
            section(&mut text, network, title, &links);
        }
    }
    let mut actions = Vec::new();
    file(&mut actions, &[target.folder(), PATH], 0o600, text);
    if !added.is_empty() {
        file(&mut actions, &[target.folder(), PORTS_PATH], 0o600, added);
    }
    actions
}

/// The links of one section, if there are any.
#[inline(never)]
fn section(text: &mut String, network: &Resolved<'_>, title: &str, links: &[&ResolvedLink<'_>]) {
    let mut first = true;
    for resolved in links {
        let own = match resolved.link.kind {
            Kind::Physical(_) | Kind::Infiniband(_) | Kind::Undescribed => "ethernets",
            Kind::Bond => "bonds",
            Kind::Bridge { .. } => "bridges",
            Kind::Vlan(_) => "vlans",
            Kind::Dummy => "dummy-devices",
            // Always there, and its resolver settings are every link's.
            Kind::Loopback => "",
        };
        if own != title {
            continue;
        }
        if first {
            push(text, &["    ", title, ":\n"]);
            first = false;
        }
        entry(text, network, resolved.link, &resolved.name);
    }
}

/// A link and its keys, under what the file calls it.
#[inline(never)]
fn entry(text: &mut String, network: &Resolved<'_>, described: &Link, name: &str) {
    text.push_str("        ");
    scalar(text, name);
    text.push_str(":\n");
    let start = text.len();
    link(&mut Entries { out: text, lead: KEYS, indent: KEYS }, network, described, name);
    if text.len() == start {
        text.insert_str(start - 1, " {}");
    }
}

/// A string, between quotes where YAML would read something else.
#[inline(never)]
fn scalar(text: &mut String, value: &str) {
    let quote = if is_plain(value) { "" } else { "'" };
    push(text, &[quote, value, quote]);
}

/// The keys of a mapping, written in alphabetical order as `PyYAML` does.
struct Entries<'t> {
    out: &'t mut String,
    /// What the next line begins with.
    lead: &'static str,
    /// What the lines after it begin with.
    indent: &'static str,
}

impl Entries<'_> {
    /// A key with what follows it on its line.
    #[inline(never)]
    fn raw(&mut self, key: &str, value: &str) {
        push(self.out, &[self.lead, key, ":", if value.is_empty() { "" } else { " " }, value, "\n"]);
        self.lead = self.indent;
    }

    /// A string.
    #[inline(never)]
    fn string(&mut self, key: &str, value: &str) {
        let mut text = String::new();
        scalar(&mut text, value);
        self.raw(key, &text);
    }

    #[inline(never)]
    fn number(&mut self, key: &str, number: Option<u32>) {
        if let Some(number) = number {
            self.raw(key, &number.to_string());
        }
    }

    fn truth(&mut self, key: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.raw(key, SPELLING.truth(value));
        }
    }

    /// A list of strings.
    #[inline(never)]
    fn list(&mut self, key: &str, words: &[&str]) {
        self.raw(key, if words.is_empty() { "[]" } else { "" });
        for word in words {
            self.item(word);
        }
    }

    /// One of a list of strings.
    #[inline(never)]
    fn item(&mut self, word: &str) {
        push(self.out, &[self.indent, "- "]);
        scalar(self.out, word);
        self.out.push('\n');
    }
}

#[inline(never)]
fn link(entries: &mut Entries<'_>, network: &Resolved<'_>, link: &Link, name: &str) {
    let nic = matches!(link.kind, Kind::Physical(_));
    // Advertisements without DHCPv6.
    let slaac = link.subnets.iter().any(|subnet| subnet.method == Method::Slaac).then_some(true);
    entries.truth("accept-ra", link.accept_ra.or(slaac));
    if link.subnets.first().is_some_and(|subnet| subnet.control == Control::Manual) {
        entries.raw("activation-mode", "manual");
    }
    let mut any = false;
    for subnet in &link.subnets {
        let Some(address) = subnet.address() else { continue };
        if !any {
            entries.raw("addresses", "");
            any = true;
        }
        entries.item(&prefix(address));
    }
    entries.truth("critical", link.keep_configuration.filter(|_| nic));
    lease(entries, link, false);
    lease(entries, link, true);
    members(entries, network, link);
    entries.number("ipv6-mtu", subnet_mtu(link, true));
    if let Kind::Vlan(vlan) = &link.kind {
        entries.string("link", network.name_of(&vlan.link));
    }
    let mac = hardware_address(link).filter(|_| !matches!(link.kind, Kind::Infiniband(_)));
    if let Some(mac) = &mac {
        if nic {
            entries.raw("match", "");
            entries.lead = INNER;
        }
        entries.string("macaddress", mac);
    }
    entries.number("mtu", subnet_mtu(link, false).or(link.mtu));
    nameservers(entries, network, link);
    entries.truth("optional", link.optional);
    match link.kind {
        Kind::Bond => settings(entries, &parameters(network, link, BOND, [1, 1])),
        Kind::Bridge { .. } => settings(entries, &parameters(network, link, BRIDGE, [1, 1])),
        _ => {}
    }
    routes(entries, link);
    if nic && mac.is_some() && link.name.is_some() {
        entries.string("set-name", name);
    }
    entries.truth("wakeonlan", (nic && link.wake_on_lan).then_some(true));
}

#[inline(never)]
fn lease(entries: &mut Entries<'_>, link: &Link, ipv6: bool) {
    // netplan refuses a file whose families have different ones.
    let mut metrics = [None; 2];
    let mut any = false;
    let leased = |subnet: &&Subnet| subnet.method.is_dynamic() && subnet.method != Method::Slaac;
    for subnet in link.subnets.iter().filter(leased) {
        let family = usize::from(subnet.method.is_ipv6());
        metrics[family] = subnet.metric.or(metrics[family]);
        any |= subnet.method.is_ipv6() == ipv6;
    }
    let metric = metrics[0].or(metrics[1]).filter(|_| any);
    if any {
        entries.raw(if ipv6 { "dhcp6" } else { "dhcp4" }, "true");
    }
    if metric.is_some() {
        entries.raw(if ipv6 { "dhcp6-overrides" } else { "dhcp4-overrides" }, "");
        entries.lead = INNER;
        entries.number("route-metric", metric);
    }
}

/// What a link that is made consists of.
#[inline(never)]
fn members(entries: &mut Entries<'_>, network: &Resolved<'_>, link: &Link) {
    let mut names: Vec<&str> = Vec::new();
    match &link.kind {
        Kind::Bond => {
            for other in &network.links {
                if other.link.bond.as_ref() == Some(&link.id) {
                    names.push(&other.name);
                }
            }
            if names.is_empty() {
                return;
            }
        }
        Kind::Bridge { ports } => names = network.names_of(ports),
        Kind::Vlan(vlan) => return entries.number("id", Some(vlan.number().into())),
        _ => return,
    }
    sort(&mut names);
    entries.list("interfaces", &names);
}

/// Bond or bridge parameters by netplan's names.
#[inline(never)]
fn settings(entries: &mut Entries<'_>, parameters: &[Found]) {
    if parameters.is_empty() {
        return;
    }
    entries.raw("parameters", "");
    let mut inner = Entries { out: &mut *entries.out, lead: INNER, indent: INNER };
    for Found { word, value, .. } in parameters {
        match value {
            Setting::Text(text) => inner.string(word, text),
            Setting::List(items) if matches!(*word, "path-cost" | "port-priority") => {
                inner.raw(word, "");
                let mut items = plain_words(items);
                sort(&mut items);
                for item in items {
                    if let Some((port, value)) = item.split_once(' ') {
                        inner.lead = PORTS;
                        inner.raw(port, value);
                    }
                }
            }
            Setting::List(items) => {
                inner.list(word, &plain_words(items));
            }
            value => inner.raw(word, &SPELLING.of(value)),
        }
    }
}

/// Everything the link is to know: netplan has no place for what is of none.
#[inline(never)]
fn nameservers(entries: &mut Entries<'_>, network: &Resolved<'_>, link: &Link) {
    let resolver = Resolver::of_link(network.described, link);
    if resolver.is_empty() {
        return;
    }
    entries.raw("nameservers", "");
    let mut inner = Entries { out: &mut *entries.out, lead: INNER, indent: INNER };
    if !resolver.servers.is_empty() {
        inner.list("addresses", &resolver.servers);
    }
    if !resolver.search.is_empty() {
        inner.list("search", &resolver.search);
    }
}

/// Gateways of fixed addresses, and routes.
#[inline(never)]
fn routes(entries: &mut Entries<'_>, link: &Link) {
    let mut list = Entries { out: &mut *entries.out, lead: KEYS, indent: INNER };
    let mut any = false;
    for subnet in &link.subnets {
        let gateway = subnet.gateway().filter(|_| subnet.address().is_some());
        if !any && (gateway.is_some() || !subnet.routes.is_empty()) {
            list.raw("routes", "");
            any = true;
        }
        if let Some(mut route) = default_route(gateway) {
            route.metric = subnet.metric;
            route.on_link = subnet.gateway_is_on_link();
            self::route(&mut list, "default", &route);
        }
        for own in &subnet.routes {
            // One without a metric of its own has its subnet's.
            let mut own = own.clone();
            own.metric = own.metric.or(subnet.metric);
            route(&mut list, &prefix(own.destination()), &own);
        }
    }
}

fn default_route(gateway: Option<&Address>) -> Option<Route> {
    let gateway = gateway?;
    Route::new(Prefix::everything(gateway.is_ipv6()), Some(gateway.clone()))
}

#[inline(never)]
fn route(list: &mut Entries<'_>, to: &str, route: &Route) {
    list.lead = ITEM;
    list.number("metric", route.metric);
    list.number("mtu", route.mtu);
    list.truth("on-link", route.on_link.then_some(true));
    if route.next_hop().is_none() {
        list.raw("scope", "link");
    }
    list.number("table", route.table);
    list.string("to", to);
    if let Some(via) = route.gateway().filter(|_| route.next_hop().is_some()) {
        list.string("via", via.as_str());
    }
}

//! netplan: one version 2 file under /run.

use super::text::Text;
use super::{Renderer, file, has_programs, sorted};
use crate::action::Action;
use crate::network::model::{Address, Dns, Link, Route, Subnet};
use crate::network::resolve::{Resolved, ResolvedLink};
use alloc::vec::Vec;
use core::fmt;

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

const PATH: &str = "/run/netplan/50-cloud-init.yaml";

/// Indents of a link's keys, and of an item of its lists of mappings.
const KEYS: &str = "            ";
const ITEM: &str = "            -   ";
const ITEM_KEYS: &str = "                ";

fn render(network: &Resolved<'_>) -> Vec<Action> {
    let mut text = Text::new(HEADER);
    text.line("network:\n    version: 2");
    if !network.links.is_empty() {
        text.line("    ethernets:");
    }
    for link in sorted(network) {
        ethernet(&mut text, network, link);
    }
    let mut actions = Vec::new();
    file(&mut actions, &[PATH], 0o600, text.out);
    actions
}

/// One link; keys in alphabetical order, as `PyYAML` writes them.
#[inline(never)]
fn ethernet(text: &mut Text, network: &Resolved<'_>, resolved: &ResolvedLink<'_>) {
    let link = resolved.link;
    text.indent("", "");
    scalar(text, "        ", &&*resolved.name);
    let end_of_name = text.out.len() - 1;
    text.out.insert(end_of_name, ':');
    let start = text.out.len();
    text.indent(KEYS, KEYS);
    if let Some(accept) = link.accept_ra {
        text.line(if accept { "accept-ra: true" } else { "accept-ra: false" });
    }
    let mut title = "addresses:";
    for fixed in link.subnets.iter().filter_map(Subnet::address) {
        once(text, &mut title);
        text.entry("- ", fixed);
    }
    dhcp(text, link, false);
    dhcp(text, link, true);
    if let Some(mac) = link.hardware() {
        text.line("match:");
        scalar(text, "    macaddress: ", &mac);
    }
    text.number("mtu: ", link.mtu);
    nameservers(text, network, link);
    routes(text, link);
    if link.hardware().is_some() {
        scalar(text, "set-name: ", &&*resolved.name);
    }
    if text.out.len() == start {
        text.out.insert_str(start - 1, " {}");
    }
}

/// Writes the title of a list before its first item.
fn once(text: &mut Text, title: &mut &str) {
    if !title.is_empty() {
        text.line(title);
        *title = "";
    }
}

fn dhcp(text: &mut Text, link: &Link, ipv6: bool) {
    let (mut any, mut metric) = (false, None);
    for subnet in &link.subnets {
        if subnet.method.is_dynamic() && subnet.method.is_ipv6() == ipv6 {
            any = true;
            metric = metric.or(subnet.metric);
        }
    }
    if any {
        text.line(if ipv6 { "dhcp6: true" } else { "dhcp4: true" });
    }
    if let Some(metric) = metric {
        text.line(if ipv6 { "dhcp6-overrides:" } else { "dhcp4-overrides:" });
        text.entry("    route-metric: ", &metric);
    }
}

/// A link with fixed addresses and no name servers of its own gets the global
/// ones: netplan has no place for those.
#[inline(never)]
fn nameservers(text: &mut Text, network: &Resolved<'_>, link: &Link) {
    let mut settings: Vec<&Dns> = Vec::new();
    for subnet in &link.subnets {
        if subnet.address().is_some() {
            settings.push(&subnet.dns);
        }
    }
    let global = settings.iter().all(|dns| dns.is_empty());
    if global && !settings.is_empty() {
        settings.push(&network.described.dns);
    }
    if settings.iter().all(|dns| dns.is_empty()) {
        return;
    }
    text.line("nameservers:");
    let mut title = "    addresses:";
    for server in settings.iter().flat_map(|dns| &dns.servers) {
        once(text, &mut title);
        scalar(text, "    - ", server);
    }
    if global && !title.is_empty() {
        text.line("    addresses: []");
    }
    let mut title = "    search:";
    for domain in settings.iter().flat_map(|dns| &dns.search) {
        once(text, &mut title);
        scalar(text, "    - ", &domain.as_str());
    }
    if global && !title.is_empty() {
        text.line("    search: []");
    }
}

#[inline(never)]
fn routes(text: &mut Text, link: &Link) {
    let mut title = "routes:";
    for subnet in &link.subnets {
        if subnet.address().is_none() {
            continue;
        }
        if let Some(gateway) = subnet.gateway() {
            once(text, &mut title);
            text.indent(ITEM, ITEM_KEYS);
            text.number("metric: ", subnet.metric);
            if subnet.gateway_is_on_link() {
                text.line("on-link: true");
            }
            text.line("to: default");
            via(text, gateway);
        }
        for route in &subnet.routes {
            once(text, &mut title);
            one_route(text, route, subnet);
        }
    }
}

fn one_route(text: &mut Text, route: &Route, subnet: &Subnet) {
    text.indent(ITEM, ITEM_KEYS);
    text.number("metric: ", route.metric.or(subnet.metric));
    if route.gateway().is_none() {
        text.line("scope: link");
    }
    text.entry("to: ", route.destination());
    if let Some(gateway) = route.gateway() {
        via(text, gateway);
    }
    text.indent(KEYS, KEYS);
}

fn via(text: &mut Text, gateway: &Address) {
    scalar(text, "via: ", gateway);
    text.indent(KEYS, KEYS);
}

/// One line with a plain scalar, quoted where YAML 1.1 would read something
/// else.
#[inline(never)]
fn scalar(text: &mut Text, key: &str, value: &dyn fmt::Display) {
    let start = text.out.len() + text.lead.len() + key.len();
    text.entry(key, value);
    let line = text.out.len() - 1;
    if text.out.get(start..line).is_some_and(needs_quotes) {
        text.out.insert(line, '\'');
        text.out.insert(start, '\'');
    }
}

/// Whether YAML 1.1 reads a number, a truth value, `52:54:00:12:34:01` in base
/// 60, or a mapping (`fe80::`).
#[inline(never)]
fn needs_quotes(text: &str) -> bool {
    let words = "y n yes no on off true false null";
    let bytes = text.as_bytes();
    let number = bytes.iter().all(|byte| byte.is_ascii_digit() || b"+-_.eExX".contains(byte))
        && bytes.split(|byte| *byte == b'.').count() < 3;
    let indicator =
        bytes.first().is_some_and(|first| b"-@~.+".contains(first)) || bytes.last() == Some(&b':');
    number
        || indicator
        || is_base_60(bytes)
        || words.split_ascii_whitespace().any(|word| text.eq_ignore_ascii_case(word))
}

/// YAML 1.1's integers in base 60: `12:30:45`.
fn is_base_60(text: &[u8]) -> bool {
    let mut digits = 0;
    for (place, part) in text.split(|byte| *byte == b':').enumerate() {
        let fits = match part {
            [b'1'..=b'9', ..] if place == 0 => true,
            [_] | [b'0'..=b'5', _] => place > 0,
            _ => false,
        };
        if !fits || !part.iter().all(u8::is_ascii_digit) {
            return false;
        }
        digits = place;
    }
    digits > 0
}

#[cfg(test)]
mod tests {
    use super::needs_quotes;

    #[test]
    fn quotes_what_yaml_would_read_otherwise() {
        for plain in [
            "eth0",
            "fa:16:3e:12:34:01",
            "10.0.0.1",
            "2001:db8::1",
            "2001:4860::8",
            "02:00:00:00:00:01",
            "x.org",
        ] {
            assert!(!needs_quotes(plain), "{plain}");
        }
        for quoted in ["52:54:00:12:34:01", "123", "1e3", "on", "No", "fe80::", "1.5", "-a", "~"] {
            assert!(needs_quotes(quoted), "{quoted}");
        }
    }
}

//! netplan: one version 2 file under /run.

use super::{Append, Renderer, file, has_program, joined, sorted};
use crate::action::Action;
use crate::network::model::{Device, Link, Method, Route, Subnet};
use crate::network::order::sort_lines;
use crate::network::resolve::{Resolved, ResolvedLink};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The back end.
pub const RENDERER: Renderer =
    Renderer { name: "netplan", detect: |root| has_program(root, "netplan"), render };

/// First lines of cloud-init's netplan and interfaces files.
pub(super) const HEADER: &str = "\
# This file is generated from information provided by the datasource.  Changes
# to it will not persist across an instance reboot.  To disable cloud-init's
# network configuration capabilities, write a file
# /etc/cloud/cloud.cfg.d/99-disable-network-config.cfg with the following:
# network: {config: disabled}
";

const PATH: &str = "/run/netplan/50-cloud-init.yaml";

fn render(network: &Resolved<'_>) -> Vec<Action> {
    let mut text = String::from(HEADER);
    text.push_str("network:\n    version: 2\n");
    if !network.links.is_empty() {
        text.push_str("    ethernets:\n");
    }
    for link in sorted(network) {
        ethernet(&mut text, network, link);
    }
    alloc::vec![file(PATH, 0o600, text)]
}

/// One link; keys in alphabetical order, as `PyYAML` writes them.
fn ethernet(text: &mut String, network: &Resolved<'_>, resolved: &ResolvedLink<'_>) {
    let link = resolved.link;
    let mut lines: Vec<String> = Vec::new();
    if let Some(accept) = link.accept_ra {
        lines.push(format!("accept-ra: {accept}"));
    }
    list(&mut lines, "addresses", resolved.fixed().map(|fixed| fixed.address().to_string()));
    dhcp(&mut lines, link, "dhcp4", |method| *method == Method::Dhcp4);
    dhcp(&mut lines, link, "dhcp6", |method| method.is_ipv6() && method.is_dynamic());
    if let Device::Hardware { mac, .. } = &link.device {
        lines.push("match:".into());
        lines.push(format!("    macaddress: {}", scalar(&mac.to_string())));
    }
    lines.extend(link.mtu.map(|mtu| format!("mtu: {mtu}")));
    nameservers(&mut lines, network, resolved);
    routes(&mut lines, link);
    if let Device::Hardware { .. } = &link.device {
        lines.push(format!("set-name: {}", scalar(&resolved.name)));
    }
    let name = scalar(&resolved.name);
    if lines.is_empty() {
        text.append(format_args!("        {name}: {{}}\n"));
        return;
    }
    text.append(format_args!("        {name}:\n"));
    for line in lines {
        text.append(format_args!("            {line}\n"));
    }
}

fn list(lines: &mut Vec<String>, key: &str, items: impl Iterator<Item = String>) {
    let from = lines.len();
    lines.extend(items.map(|item| format!("- {item}")));
    if lines.len() > from {
        lines.insert(from, format!("{key}:"));
    }
}

fn dhcp(lines: &mut Vec<String>, link: &Link, key: &str, of: impl Fn(&Method) -> bool) {
    let mut subnets = link.subnets.iter().filter(|subnet| of(&subnet.method)).peekable();
    if subnets.peek().is_some() {
        lines.push(format!("{key}: true"));
    }
    if let Some(metric) = subnets.find_map(|subnet| subnet.metric) {
        lines.push(format!("{key}-overrides:"));
        lines.push(format!("    route-metric: {metric}"));
    }
}

/// A link with fixed addresses and no name servers of its own gets the global
/// ones: netplan has no place for those.
fn nameservers(lines: &mut Vec<String>, network: &Resolved<'_>, resolved: &ResolvedLink<'_>) {
    let fixed = || resolved.link.subnets.iter().filter(|subnet| matches!(subnet.method, Method::Static(_)));
    let mut servers: Vec<_> = fixed().flat_map(|subnet| &subnet.dns.servers).collect();
    let mut search: Vec<_> = fixed().flat_map(|subnet| &subnet.dns.search).collect();
    let global =
        servers.is_empty() && search.is_empty() && fixed().next().is_some() && !network.dns.is_empty();
    if global {
        servers.extend(&network.dns.servers);
        search.extend(&network.dns.search);
    }
    if servers.is_empty() && search.is_empty() {
        return;
    }
    lines.push("nameservers:".into());
    if !servers.is_empty() {
        lines.push("    addresses:".into());
        lines.extend(servers.iter().map(|server| format!("    - {}", scalar(&server.to_string()))));
    } else if global {
        lines.push("    addresses: []".into());
    }
    if !search.is_empty() {
        lines.push("    search:".into());
        lines.extend(search.iter().map(|domain| format!("    - {}", scalar(&domain.to_string()))));
    } else if global {
        lines.push("    search: []".into());
    }
}

fn routes(lines: &mut Vec<String>, link: &Link) {
    let from = lines.len();
    for subnet in &link.subnets {
        let Method::Static(fixed) = &subnet.method else { continue };
        if let Some(gateway) = fixed.gateway() {
            let mut keys = Vec::new();
            keys.extend(subnet.metric.map(|metric| format!("metric: {metric}")));
            if fixed.gateway_is_on_link() {
                keys.push("on-link: true".into());
            }
            keys.push("to: default".into());
            keys.push(format!("via: {}", scalar(&gateway.to_string())));
            lines.push(format!("-   {}", joined(keys, "\n                ")));
        }
        lines.extend(subnet.routes.iter().map(|route| one_route(route, subnet)));
    }
    if lines.len() > from {
        lines.insert(from, "routes:".into());
    }
}

fn one_route(route: &Route, subnet: &Subnet) -> String {
    let mut keys = Vec::new();
    keys.extend(route.metric().or(subnet.metric).map(|metric| format!("metric: {metric}")));
    keys.push(format!("to: {}", route.destination()));
    match route.gateway() {
        Some(gateway) => keys.push(format!("via: {}", scalar(&gateway.to_string()))),
        None => keys.push("scope: link".into()),
    }
    sort_lines(&mut keys);
    format!("-   {}", joined(keys, "\n                "))
}

/// A plain scalar, quoted where YAML 1.1 would read something else: a number,
/// a truth value, `52:54:00:12:34:01` in base 60, or a mapping (`fe80::`).
fn scalar(text: &str) -> String {
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-_.eExX".contains(&byte))
        && text.bytes().filter(|byte| *byte == b'.').count() < 2;
    let lower = text.to_ascii_lowercase();
    let indicator = text.starts_with(['-', '@', '~', '.', '+']) || text.ends_with(':');
    if number || is_base_60(text) || indicator || words.contains(&lower.as_str()) {
        format!("'{text}'")
    } else {
        text.into()
    }
}

/// YAML 1.1's integers in base 60: `12:30:45`.
fn is_base_60(text: &str) -> bool {
    let mut digits = text.split(':');
    let first = digits.next().unwrap_or_default();
    let leading =
        first.starts_with(|c: char| ('1'..='9').contains(&c)) && first.bytes().all(|b| b.is_ascii_digit());
    let mut more = digits.peekable();
    let follows = |digit: &str| {
        digit.bytes().all(|b| b.is_ascii_digit())
            && (digit.len() == 1 || digit.len() == 2 && digit.starts_with(|c: char| c < '6'))
    };
    leading && more.peek().is_some() && more.all(follows)
}

#[cfg(test)]
mod tests {
    use super::scalar;

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
            assert_eq!(scalar(plain), plain);
        }
        for quoted in ["52:54:00:12:34:01", "123", "1e3", "on", "No", "fe80::", "1.5", "-a", "~"] {
            assert_eq!(scalar(quoted), format!("'{quoted}'"));
        }
    }
}

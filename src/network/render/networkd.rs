//! systemd-networkd: systemd.network(5) files under /run.

use super::{Append, Renderer, exists, file, is_enabled, joined};
use crate::network::model::{Method, Static, Subnet};
use crate::network::order::sort_lines;
use crate::network::resolve::{Resolved, ResolvedLink};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// The back end.
pub const RENDERER: Renderer = Renderer {
    name: "networkd",
    detect: |root| {
        ["usr/lib/systemd/systemd-networkd", "lib/systemd/systemd-networkd"]
            .iter()
            .any(|path| exists(root, path))
            && is_enabled(root, "systemd-networkd.service")
    },
    render: |network| {
        network
            .links
            .iter()
            .map(|link| {
                let path = format!("/run/systemd/network/10-cloud-init-{}.network", link.name);
                file(path, 0o644, unit(network, link))
            })
            .collect()
    },
};

/// Sections and their entries are sorted, as cloud-init's are.
fn unit(network: &Resolved<'_>, link: &ResolvedLink<'_>) -> String {
    let mut text = String::new();
    let mut addresses: Vec<String> =
        link.fixed().map(|fixed| format!("Address={}", fixed.address())).collect();
    sort_lines(&mut addresses);
    addresses.dedup();
    for address in addresses {
        section(&mut text, "Address", vec![address]);
    }
    section(&mut text, "Link", link.link.mtu.iter().map(|mtu| format!("MTUBytes={mtu}")).collect());
    let mac = link.link.device.mac().map(|mac| format!("MACAddress={mac}"));
    section(&mut text, "Match", mac.into_iter().chain([format!("Name={}", link.name)]).collect());
    section(&mut text, "Network", network_entries(network, link));
    for subnet in &link.link.subnets {
        if let Method::Static(fixed) = &subnet.method {
            section(&mut text, "Route", gateway(fixed));
        }
    }
    for subnet in &link.link.subnets {
        routes(&mut text, subnet);
    }
    text
}

fn network_entries(network: &Resolved<'_>, link: &ResolvedLink<'_>) -> Vec<String> {
    let has = |method: &Method| link.link.subnets.iter().any(|subnet| subnet.method == *method);
    let dhcp = match (has(&Method::Dhcp4), has(&Method::Dhcp6)) {
        (true, true) => "yes",
        (true, false) => "ipv4",
        (false, true) => "ipv6",
        (false, false) => "no",
    };
    let mut entries = vec![format!("DHCP={dhcp}")];
    let own = link.link.subnets.iter().map(|subnet| &subnet.dns);
    for dns in own.chain([network.dns]) {
        if !dns.servers.is_empty() {
            entries.push(format!("DNS={}", joined(&dns.servers, " ")));
        }
        if !dns.search.is_empty() {
            entries.push(format!("Domains={}", joined(&dns.search, " ")));
        }
    }
    if let Some(accept) = link.link.accept_ra {
        entries.push(format!("IPv6AcceptRA={}", if accept { "yes" } else { "no" }));
    }
    entries
}

fn gateway(fixed: &Static) -> Vec<String> {
    let mut entries: Vec<String> =
        fixed.gateway().map(|gateway| format!("Gateway={gateway}")).into_iter().collect();
    if fixed.gateway_is_on_link() {
        entries.push("GatewayOnLink=yes".into());
    }
    entries
}

fn routes(text: &mut String, subnet: &Subnet) {
    for route in &subnet.routes {
        let mut entries = vec![format!("Destination={}", route.destination())];
        entries.extend(route.gateway().map(|gateway| format!("Gateway={gateway}")));
        entries.extend(route.metric().map(|metric| format!("Metric={metric}")));
        section(text, "Route", entries);
    }
}

/// One section, sorted, each entry once; nothing when it is empty.
fn section(text: &mut String, name: &str, mut entries: Vec<String>) {
    if entries.is_empty() {
        return;
    }
    sort_lines(&mut entries);
    entries.dedup();
    if !text.is_empty() {
        text.push('\n');
    }
    text.append(format_args!("[{name}]\n"));
    for entry in entries {
        text.push_str(&entry);
        text.push('\n');
    }
}

//! systemd-networkd: systemd.network(5) files under /run.

use super::text::{Text, domains, servers};
use super::{Renderer, exists, file, is_enabled};
use crate::action::Action;
use crate::network::model::{Link, Method};
use crate::network::resolve::{Resolved, ResolvedLink};
use alloc::string::String;
use alloc::vec::Vec;

/// The back end.
pub const RENDERER: Renderer = Renderer {
    name: "networkd",
    detect: |root| {
        ["usr/lib/systemd/", "lib/systemd/"].iter().any(|folder| exists(root, &[folder, "systemd-networkd"]))
            && is_enabled(root, "systemd-networkd.service")
    },
    render,
};

fn render(network: &Resolved<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    for link in &network.links {
        let path = ["/run/systemd/network/10-cloud-init-", &link.name, ".network"];
        file(&mut actions, &path, 0o644, unit(network, link));
    }
    actions
}

/// Sections and their entries are sorted, as cloud-init's are.
#[inline(never)]
fn unit(network: &Resolved<'_>, resolved: &ResolvedLink<'_>) -> String {
    let link = resolved.link;
    let mut text = Text::default();
    let mut addresses = Text::default();
    for subnet in &link.subnets {
        if let Some(address) = subnet.address() {
            addresses.entry("Address=", address);
        }
    }
    addresses.sort(0);
    for address in addresses.out.split_terminator('\n') {
        let section = open(&mut text, "[Address]");
        text.line(address);
        close(&mut text, &section);
    }
    let section = open(&mut text, "[Link]");
    text.number("MTUBytes=", link.mtu);
    close(&mut text, &section);
    let section = open(&mut text, "[Match]");
    if let Some(mac) = link.hardware() {
        text.entry("MACAddress=", &mac);
    }
    text.entry("Name=", &&*resolved.name);
    close(&mut text, &section);
    let section = open(&mut text, "[Network]");
    network_entries(&mut text, network, link);
    close(&mut text, &section);
    routes(&mut text, link);
    text.out
}

#[inline(never)]
fn network_entries(text: &mut Text, network: &Resolved<'_>, link: &Link) {
    let (mut dhcp4, mut dhcp6) = (false, false);
    for subnet in &link.subnets {
        dhcp4 |= subnet.method.is_dhcp4();
        dhcp6 |= matches!(subnet.method, Method::Dhcp6);
    }
    text.line(match (dhcp4, dhcp6) {
        (true, true) => "DHCP=yes",
        (true, false) => "DHCP=ipv4",
        (false, true) => "DHCP=ipv6",
        (false, false) => "DHCP=no",
    });
    for dns in link.subnets.iter().map(|subnet| &subnet.dns).chain([&network.described.dns]) {
        text.filled("DNS=", &servers(&[dns], None, " "));
        text.filled("Domains=", &domains(&[dns], " "));
    }
    if let Some(accept) = link.accept_ra {
        text.line(if accept { "IPv6AcceptRA=yes" } else { "IPv6AcceptRA=no" });
    }
}

/// The gateways, then the other routes.
#[inline(never)]
fn routes(text: &mut Text, link: &Link) {
    for subnet in &link.subnets {
        if subnet.address().is_some() {
            let section = open(text, "[Route]");
            text.address("Gateway=", subnet.gateway());
            if subnet.gateway_is_on_link() {
                text.line("GatewayOnLink=yes");
            }
            close(text, &section);
        }
    }
    for route in link.subnets.iter().flat_map(|subnet| &subnet.routes) {
        let section = open(text, "[Route]");
        text.entry("Destination=", route.destination());
        text.address("Gateway=", route.gateway());
        text.number("Metric=", route.metric);
        close(text, &section);
    }
}

/// Where a section and its entries begin, in bytes.
struct Section {
    title: usize,
    entries: usize,
}

#[inline(never)]
fn open(text: &mut Text, title: &str) -> Section {
    let start = text.out.len();
    if start > 0 {
        text.line("");
    }
    text.line(title);
    Section { title: start, entries: text.out.len() }
}

/// Sorts the entries, each once; without any the section goes.
#[inline(never)]
fn close(text: &mut Text, section: &Section) {
    if text.out.len() == section.entries {
        text.out.truncate(section.title);
    }
    text.sort(section.entries.min(text.out.len()));
}

//! The ifcfg files of Red Hat's network scripts and of NetworkManager's
//! ifcfg-rh plugin (cloud-init's "sysconfig").

use super::{Append, Renderer, all_dns, distribution, exists, file, has_program, joined, udev};
use crate::action::Action;
use crate::fetch::Fetch;
use crate::network::model::{Method, Route, Static, Subnet};
use crate::network::order::sort_by;
use crate::network::resolve::{Resolved, ResolvedLink};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// The back end.
pub const RENDERER: Renderer = Renderer {
    name: "sysconfig",
    detect: |root| distribution::has_ifcfg(root) && (has_scripts(root) || has_plugin(root)),
    render,
};

/// First lines of every file; they tell what an earlier run wrote.
const HEADER: &str = "# Created by cloud-init automatically, do not edit.\n#\n";
const RESOLV_HEADER: &str = "; Created by cloud-init automatically, do not edit.\n;\n";
const FOLDER: &str = "/etc/sysconfig/network-scripts";

fn has_scripts(root: &dyn Fetch) -> bool {
    ["ifup", "ifdown"].iter().all(|program| has_program(root, program))
        && (exists(root, "etc/sysconfig/network-scripts/network-functions")
            || exists(root, "etc/sysconfig/config"))
}

fn has_plugin(root: &dyn Fetch) -> bool {
    ["usr/lib64/NetworkManager", "usr/lib/NetworkManager"].iter().any(|folder| {
        let versions = root.list(folder).ok().flatten().unwrap_or_default();
        versions
            .iter()
            .any(|version| exists(root, &format!("{folder}/{version}/libnm-settings-plugin-ifcfg-rh.so")))
    })
}

fn render(network: &Resolved<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    let default_route = network
        .links
        .iter()
        .flat_map(|link| &link.link.subnets)
        .flat_map(|subnet| &subnet.routes)
        .any(|route| route.destination().is_everything());
    for link in &network.links {
        actions.push(file(format!("{FOLDER}/ifcfg-{}", link.name), 0o644, ifcfg(link, default_route)));
        actions.extend(route_files(link));
    }
    actions.push(file("/etc/sysconfig/network", 0o644, global(network)));
    let dns = all_dns(network);
    if !dns.is_empty() {
        let mut text = String::from(RESOLV_HEADER);
        for server in &dns.servers {
            text.append(format_args!("nameserver {server}\n"));
        }
        if !dns.search.is_empty() {
            text.append(format_args!("search {}\n", joined(&dns.search, " ")));
        }
        actions.push(file("/etc/resolv.conf", 0o644, text));
        let keep = format!("{HEADER}[main]\ndns = none\n");
        actions.push(file("/etc/NetworkManager/conf.d/99-cloud-init.conf", 0o644, keep));
    }
    actions.extend(udev::rules(network));
    actions
}

/// /etc/sysconfig/network.
fn global(network: &Resolved<'_>) -> String {
    let ipv6 = network.links.iter().flat_map(|link| &link.link.subnets).any(|subnet| {
        matches!(subnet.method, Method::Dhcp6)
            || matches!(&subnet.method, Method::Static(f) if f.address().is_ipv6())
    });
    let more = if ipv6 { "NETWORKING_IPV6=yes\nIPV6_AUTOCONF=no\n" } else { "" };
    format!("{HEADER}NETWORKING=yes\n{more}")
}

/// The variables of one file; a later value replaces an earlier one.
#[derive(Default)]
struct Variables(Vec<(String, String)>);

impl Variables {
    fn set(&mut self, name: &str, value: impl fmt::Display) {
        let value = format!("{value}");
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.into(), value)),
        }
    }

    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Sorted by name; values with a space in quotes.
    fn write(mut self) -> String {
        sort_by(&mut self.0, |a, b| a.0 < b.0);
        let mut text = String::from(HEADER);
        for (name, value) in self.0 {
            let quote = if value.contains(' ') { "\"" } else { "" };
            text.append(format_args!("{name}={quote}{value}{quote}\n"));
        }
        text
    }
}

fn ifcfg(resolved: &ResolvedLink<'_>, default_route: bool) -> String {
    let link = resolved.link;
    let mut file = Variables::default();
    for (name, value) in [("BOOTPROTO", "none"), ("ONBOOT", "yes"), ("TYPE", "Ethernet"), ("USERCTL", "no")] {
        file.set(name, value);
    }
    file.set("DEVICE", &*resolved.name);
    if let Some(mac) = link.device.mac() {
        file.set("HWADDR", mac);
    }
    if let Some(mtu) = link.mtu {
        file.set("MTU", mtu);
    }
    if let Some(accept) = link.accept_ra {
        file.set("IPV6_FORCE_ACCEPT_RA", if accept { "yes" } else { "no" });
    }
    for subnet in &link.subnets {
        method(&mut file, &subnet.method);
    }
    let (mut addresses4, mut addresses6) = (0, Vec::new());
    for subnet in &link.subnets {
        if let Some(metric) = subnet.metric {
            let ipv6 = subnet.method.is_ipv6();
            file.set(if ipv6 { "IPV6_ROUTE_METRIC" } else { "IPV4_ROUTE_METRIC" }, metric);
        }
        match &subnet.method {
            Method::Dhcp4 if default_route => file.set("DHCLIENT_SET_DEFAULT_ROUTE", "no"),
            Method::Static(fixed) => address(&mut file, subnet, fixed, &mut addresses4, &mut addresses6),
            _ => {}
        }
    }
    if let Some((first, more)) = addresses6.split_first() {
        file.set("IPV6ADDR", first);
        if !more.is_empty() {
            file.set("IPV6ADDR_SECONDARIES", joined(more, " "));
        }
    }
    default_routes(&mut file, &link.subnets);
    file.write()
}

fn method(file: &mut Variables, method: &Method) {
    let variables: &[(&str, &str)] = match method {
        Method::Dhcp4 => &[("BOOTPROTO", "dhcp")],
        Method::Dhcp6 => &[("IPV6INIT", "yes"), ("DHCPV6C", "yes")],
        Method::Dhcp6Stateful => {
            &[("DHCPV6C", "yes"), ("IPV6INIT", "yes"), ("IPV6_AUTOCONF", "no"), ("IPV6_FAILURE_FATAL", "yes")]
        }
        Method::Dhcp6Stateless => {
            &[("IPV6INIT", "yes"), ("IPV6_AUTOCONF", "yes"), ("DHCPV6C", "yes"), ("DHCPV6C_OPTIONS", "-S")]
        }
        Method::Slaac => &[("IPV6INIT", "yes"), ("IPV6_AUTOCONF", "yes")],
        Method::Static(fixed) if fixed.address().is_ipv6() => {
            &[("IPV6INIT", "yes"), ("IPV6_FORCE_ACCEPT_RA", "no"), ("IPV6_AUTOCONF", "no")]
        }
        Method::Static(_) | Method::Manual => &[],
    };
    for (name, value) in variables {
        file.set(name, value);
    }
}

fn address(
    file: &mut Variables,
    subnet: &Subnet,
    fixed: &Static,
    addresses4: &mut u32,
    addresses6: &mut Vec<String>,
) {
    let prefix = fixed.address();
    if let Some(netmask) = prefix.netmask() {
        let suffix = if *addresses4 == 0 { String::new() } else { addresses4.to_string() };
        file.set(&format!("IPADDR{suffix}"), prefix.address());
        file.set(&format!("NETMASK{suffix}"), netmask);
        *addresses4 += 1;
    } else {
        addresses6.push(prefix.to_string());
    }
    if let Some(gateway) = fixed.gateway() {
        file.set("DEFROUTE", "yes");
        file.set(if gateway.is_ipv6() { "IPV6_DEFAULTGW" } else { "GATEWAY" }, gateway);
    }
    if !subnet.dns.search.is_empty() {
        file.set("DOMAIN", joined(&subnet.dns.search, " "));
    }
    // ifcfg knows three servers a link.
    for (number, server) in (1..=3).zip(&subnet.dns.servers) {
        file.set(&format!("DNS{number}"), server);
    }
}

/// A default route is no line of the route file but the link's gateway.
fn default_routes(file: &mut Variables, subnets: &[Subnet]) {
    for subnet in subnets {
        for route in subnet.routes.iter().filter(|route| is_gateway(subnet, route)) {
            let ipv6 = route.destination().is_ipv6();
            file.set("DEFROUTE", "yes");
            if file.get("BOOTPROTO") == "dhcp" {
                file.set("DHCLIENT_SET_DEFAULT_ROUTE", "yes");
            }
            if let Some(gateway) = route.gateway() {
                file.set(if ipv6 { "IPV6_DEFAULTGW" } else { "GATEWAY" }, gateway);
            }
            if let Some(metric) = route.metric() {
                file.set(if ipv6 { "IPV6_ROUTE_METRIC" } else { "IPV4_ROUTE_METRIC" }, metric);
            }
        }
    }
}

fn is_gateway(subnet: &Subnet, route: &Route) -> bool {
    route.destination().is_everything() && !(subnet.method.is_ipv6() && subnet.method.is_dynamic())
}

/// route-NAME and route6-NAME: both, as soon as there is a route.
fn route_files(link: &ResolvedLink<'_>) -> Vec<Action> {
    let mut routes = link
        .link
        .subnets
        .iter()
        .flat_map(|subnet| subnet.routes.iter().filter(|route| !is_gateway(subnet, route)))
        .peekable();
    if routes.peek().is_none() {
        return Vec::new();
    }
    let (mut ipv4, mut ipv6, mut index) = (String::from(HEADER), String::from(HEADER), 0);
    for route in routes {
        let destination = route.destination();
        if let Some(netmask) = destination.netmask() {
            ipv4.append(format_args!("ADDRESS{index}={}\n", destination.address()));
            if let Some(gateway) = route.gateway() {
                ipv4.append(format_args!("GATEWAY{index}={gateway}\n"));
            }
            ipv4.append(format_args!("NETMASK{index}={netmask}\n"));
            if let Some(metric) = route.metric() {
                ipv4.append(format_args!("METRIC{index}={metric}\n"));
            }
            index += 1;
        } else {
            let via = route.gateway().map(|gateway| format!("via {gateway} ")).unwrap_or_default();
            let metric = route.metric().map(|metric| format!("metric {metric}")).unwrap_or_default();
            ipv6.append(format_args!("{destination} {via}{metric} dev {}\n", link.name));
        }
    }
    [("route", ipv4), ("route6", ipv6)]
        .into_iter()
        .map(|(kind, text)| file(format!("{FOLDER}/{kind}-{}", link.name), 0o644, text))
        .collect()
}

//! The ifcfg files of Red Hat's network scripts and of NetworkManager's
//! ifcfg-rh plugin (cloud-init's "sysconfig").

use super::text::{Text, domains};
use super::{Renderer, distribution, exists, file, has_programs, names, resolv_conf, udev};
use crate::action::Action;
use crate::fetch::Fetch;
use crate::network::model::{Link, Method, Route, Subnet};
use crate::network::resolve::{Resolved, ResolvedLink};
use alloc::format;
use alloc::string::String;
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
const FOLDER: &str = "/etc/sysconfig/network-scripts/";

fn has_scripts(root: &dyn Fetch) -> bool {
    has_programs(root, &["ifup", "ifdown"])
        && (exists(root, &["etc/sysconfig/network-scripts/network-functions"])
            || exists(root, &["etc/sysconfig/config"]))
}

fn has_plugin(root: &dyn Fetch) -> bool {
    ["usr/lib64/NetworkManager", "usr/lib/NetworkManager"].iter().any(|folder| {
        names(root, &[folder])
            .iter()
            .any(|version| exists(root, &[folder, "/", version, "/libnm-settings-plugin-ifcfg-rh.so"]))
    })
}

fn render(network: &Resolved<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    let subnets = || network.links.iter().flat_map(|link| &link.link.subnets);
    let mut default_route = false;
    for route in subnets().flat_map(|subnet| &subnet.routes) {
        default_route |= route.destination().is_everything();
    }
    for link in &network.links {
        let text = ifcfg(link, default_route);
        file(&mut actions, &[FOLDER, "ifcfg-", &link.name], 0o644, text);
        route_files(&mut actions, link);
    }
    let mut global = Text::new(HEADER);
    global.line("NETWORKING=yes");
    let ipv6 = |method: &Method| match method {
        Method::Static(address) => address.is_ipv6(),
        other => matches!(other, Method::Dhcp6),
    };
    if subnets().any(|subnet| ipv6(&subnet.method)) {
        global.line("NETWORKING_IPV6=yes\nIPV6_AUTOCONF=no");
    }
    file(&mut actions, &["/etc/sysconfig/network"], 0o644, global.out);
    if resolv_conf(&mut actions, network, RESOLV_HEADER, usize::MAX) {
        let mut keep = Text::new(HEADER);
        keep.line("[main]\ndns = none");
        file(&mut actions, &["/etc/NetworkManager/conf.d/99-cloud-init.conf"], 0o644, keep.out);
    }
    udev::rules(&mut actions, network);
    actions
}

/// The variables of one file as `NAME=value`, sorted by name; a later value
/// replaces an earlier one.
#[derive(Default)]
struct Variables(Vec<String>);

impl Variables {
    #[inline(never)]
    fn set(&mut self, name: &str, value: &dyn fmt::Display) {
        self.put(format!("{name}={value}"));
    }

    #[inline(never)]
    fn put(&mut self, line: String) {
        let name = |line: &str| line.find('=').unwrap_or(line.len());
        let own = &line[..name(&line)];
        let mut at = 0;
        while let Some(old) = self.0.get_mut(at) {
            let other = &old[..name(old)];
            if other == own {
                *old = line;
                return;
            }
            if other > own {
                break;
            }
            at += 1;
        }
        self.0.insert(at, line);
    }

    /// Several `NAME=value`s, spaces between them.
    fn put_all(&mut self, variables: &str) {
        for variable in variables.split_ascii_whitespace() {
            self.put(variable.into());
        }
    }

    /// Values with a space are quoted.
    fn write(self) -> String {
        let mut text = Text::new(HEADER);
        for line in &self.0 {
            match line.split_once('=') {
                Some((name, value)) if value.contains(' ') => writeln!(text, "{name}=\"{value}\""),
                _ => text.line(line),
            }
        }
        text.out
    }
}

/// The names of a default route's gateway and metric.
fn gateway_names(ipv6: bool) -> (&'static str, &'static str) {
    if ipv6 { ("IPV6_DEFAULTGW", "IPV6_ROUTE_METRIC") } else { ("GATEWAY", "IPV4_ROUTE_METRIC") }
}

#[inline(never)]
fn ifcfg(resolved: &ResolvedLink<'_>, default_route: bool) -> String {
    let link = resolved.link;
    let mut file = Variables::default();
    file.put_all("BOOTPROTO=none ONBOOT=yes TYPE=Ethernet USERCTL=no");
    file.set("DEVICE", &&*resolved.name);
    if let Some(mac) = link.hardware() {
        file.set("HWADDR", &mac);
    }
    if let Some(mtu) = link.mtu {
        file.set("MTU", &mtu);
    }
    if let Some(accept) = link.accept_ra {
        file.set("IPV6_FORCE_ACCEPT_RA", &if accept { "yes" } else { "no" });
    }
    for subnet in &link.subnets {
        file.put_all(method(&subnet.method));
    }
    addresses(&mut file, link, default_route);
    default_routes(&mut file, &link.subnets);
    file.write()
}

fn method(method: &Method) -> &'static str {
    match method {
        Method::Dhcp | Method::Dhcp4 => "BOOTPROTO=dhcp",
        Method::Dhcp6 => "IPV6INIT=yes DHCPV6C=yes",
        Method::Dhcp6Stateful => "DHCPV6C=yes IPV6INIT=yes IPV6_AUTOCONF=no IPV6_FAILURE_FATAL=yes",
        Method::Dhcp6Stateless => "IPV6INIT=yes IPV6_AUTOCONF=yes DHCPV6C=yes DHCPV6C_OPTIONS=-S",
        Method::Slaac => "IPV6INIT=yes IPV6_AUTOCONF=yes",
        Method::Static(address) if address.is_ipv6() => {
            "IPV6INIT=yes IPV6_FORCE_ACCEPT_RA=no IPV6_AUTOCONF=no"
        }
        Method::Static(_) | Method::Manual | Method::Loopback => "",
    }
}

#[inline(never)]
fn addresses(file: &mut Variables, link: &Link, default_route: bool) {
    let (mut ipv4, mut ipv6, mut more) = (0_u32, false, String::new());
    for subnet in &link.subnets {
        if let Some(metric) = subnet.metric {
            file.set(gateway_names(subnet.method.is_ipv6()).1, &metric);
        }
        match &subnet.method {
            Method::Dhcp | Method::Dhcp4 if default_route => file.put_all("DHCLIENT_SET_DEFAULT_ROUTE=no"),
            Method::Static(prefix) => {
                if let Some(netmask) = prefix.netmask() {
                    // The first has no number.
                    let number = if ipv4 == 0 { String::new() } else { format!("{ipv4}") };
                    file.put(format!("IPADDR{number}={}", prefix.address()));
                    file.put(format!("NETMASK{number}={netmask}"));
                    ipv4 += 1;
                } else if ipv6 {
                    let between = if more.is_empty() { "" } else { " " };
                    more = format!("{more}{between}{prefix}");
                } else {
                    file.set("IPV6ADDR", &prefix);
                    ipv6 = true;
                }
                settings(file, subnet);
            }
            _ => {}
        }
    }
    if !more.is_empty() {
        file.set("IPV6ADDR_SECONDARIES", &more);
    }
}

/// Gateway and resolver settings of a fixed address.
fn settings(file: &mut Variables, subnet: &Subnet) {
    if let Some(gateway) = subnet.gateway() {
        file.put_all("DEFROUTE=yes");
        file.set(gateway_names(gateway.is_ipv6()).0, &gateway);
    }
    if !subnet.dns.search.is_empty() {
        file.set("DOMAIN", &domains(&[&subnet.dns], " "));
    }
    // ifcfg knows three servers a link.
    for (name, server) in ["DNS1", "DNS2", "DNS3"].iter().zip(&subnet.dns.servers) {
        file.set(name, server);
    }
}

/// A default route is no line of the route file but the link's gateway.
#[inline(never)]
fn default_routes(file: &mut Variables, subnets: &[Subnet]) {
    for subnet in subnets {
        for route in subnet.routes.iter().filter(|route| is_gateway(subnet, route)) {
            let (gateway_name, metric_name) = gateway_names(route.destination().is_ipv6());
            file.put_all("DEFROUTE=yes");
            if file.0.iter().any(|line| line == "BOOTPROTO=dhcp") {
                file.put_all("DHCLIENT_SET_DEFAULT_ROUTE=yes");
            }
            if let Some(gateway) = route.gateway() {
                file.set(gateway_name, &gateway);
            }
            if let Some(metric) = route.metric {
                file.set(metric_name, &metric);
            }
        }
    }
}

fn is_gateway(subnet: &Subnet, route: &Route) -> bool {
    route.destination().is_everything() && !(subnet.method.is_ipv6() && subnet.method.is_dynamic())
}

/// route-NAME and route6-NAME: both, as soon as there is a route.
#[inline(never)]
fn route_files(actions: &mut Vec<Action>, link: &ResolvedLink<'_>) {
    let (mut ipv4, mut ipv6, mut index, mut any) = (Text::new(HEADER), Text::new(HEADER), 0_u32, false);
    for subnet in &link.link.subnets {
        for route in subnet.routes.iter().filter(|route| !is_gateway(subnet, route)) {
            any = true;
            let destination = route.destination();
            if let Some(netmask) = destination.netmask() {
                writeln!(ipv4, "ADDRESS{index}={}", destination.address());
                if let Some(gateway) = route.gateway() {
                    writeln!(ipv4, "GATEWAY{index}={gateway}");
                }
                writeln!(ipv4, "NETMASK{index}={netmask}");
                if let Some(metric) = route.metric {
                    writeln!(ipv4, "METRIC{index}={metric}");
                }
                index += 1;
            } else {
                write!(ipv6, "{destination} ");
                if let Some(gateway) = route.gateway() {
                    write!(ipv6, "via {gateway} ");
                }
                if let Some(metric) = route.metric {
                    write!(ipv6, "metric {metric}");
                }
                ipv6.entry(" dev ", &&*link.name);
            }
        }
    }
    if any {
        file(actions, &[FOLDER, "route-", &link.name], 0o644, ipv4.out);
        file(actions, &[FOLDER, "route6-", &link.name], 0o644, ipv6.out);
    }
}

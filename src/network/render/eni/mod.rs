//! ifupdown: interfaces(5), with the rules that name late links.

mod attribute;
mod route;

use super::netplan::HEADER;
use super::section::Section;
use super::text::{Resolver, prefix, push};
use super::{Renderer, Target, by_name, exists, file, has_programs, udev};
use crate::action::Action;
use crate::network::model::{Control, Kind, Link, LinkName, Method, Subnet};
use crate::network::resolve::{Resolved, ResolvedLink};
use crate::text::fill;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The back end.
pub const RENDERER: Renderer = Renderer {
    name: "eni",
    detect: |root| {
        has_programs(root, &["ifquery", "ifup", "ifdown"]) && exists(root, &["etc/network/interfaces"])
    },
    reads_run: |_| false,
    render,
};

/// Where the names of late links are.
const RULES: &str = "/etc/udev/rules.d/70-persistent-net.rules";

fn render(network: &Resolved<'_>, target: Target) -> Vec<Action> {
    let mut text = String::from(HEADER);
    let links = by_name(network, rank);
    loopback(&mut text, network, &links);
    for link in links {
        if !matches!(link.link.kind, Kind::Loopback) && !link.is_nobodys() {
            stanzas(&mut text, network, link, None);
        }
    }
    let mut actions = Vec::new();
    file(&mut actions, &[target.distribution.interfaces], 0o644, text);
    udev::rules(&mut actions, network, RULES);
    actions
}

/// Links that others are made of come first.
fn rank(link: &ResolvedLink<'_>) -> u8 {
    match link.link.kind {
        Kind::Loopback => 0,
        Kind::Physical(_) | Kind::Dummy => 1,
        Kind::Infiniband(_) => 2,
        Kind::Bond | Kind::Undescribed => 3,
        Kind::Bridge { .. } => 4,
        Kind::Vlan(_) => 5,
    }
}

/// The loopback, described or not. The global resolver settings are here, as
/// it is always up.
#[inline(never)]
fn loopback(text: &mut String, network: &Resolved<'_>, links: &[&ResolvedLink<'_>]) {
    let mut dns = Resolver::of(&network.described.dns);
    let described = links.iter().find(|link| matches!(link.link.kind, Kind::Loopback));
    if let Some(link) = described
        && let Some(first) = link.link.subnets.first()
    {
        dns.or(&first.dns);
        stanzas(text, network, link, Some(dns));
        return;
    }
    text.push_str("auto lo\niface lo inet loopback\n");
    let mut options = Section::default();
    options.set_list("dns-search", &dns.search);
    options.set_list("dns-nameservers", &dns.servers);
    flush(text, &mut options);
}

/// Writes the options of a stanza.
#[inline(never)]
fn flush(text: &mut String, options: &mut Section) {
    options.flush(text, "    ", " ", "");
}

/// The stanzas of a link, one for each subnet; `global` stands for the first
/// one's resolver settings.
#[inline(never)]
fn stanzas(text: &mut String, network: &Resolved<'_>, link: &ResolvedLink<'_>, global: Option<Resolver<'_>>) {
    let mut options = Section::default();
    if link.link.subnets.is_empty() {
        let auto = link.link.bond.is_some() || matches!(link.link.kind, Kind::Bond);
        head(text, if auto { "auto " } else { "" }, &link.name, false, "manual");
        attribute::of_link(&mut options, network, link, None);
        if let Some(dns) = &link.link.dns {
            let dns = Resolver::of(dns);
            options.set_list("dns-search", &dns.search);
            options.set_list("dns-nameservers", &dns.servers);
        }
        flush(text, &mut options);
        route::commands(text, link.link);
        return;
    }
    let mut pending = Vec::new();
    let mut auto = false;
    let resolvers = resolvers(link.link, global);
    for (at, (subnet, dns)) in link.link.subnets.iter().zip(&resolvers).enumerate() {
        let control = self::control(subnet.control, auto);
        auto |= subnet.control == Control::Auto;
        head(text, control, &link.name, subnet.method.is_ipv6(), mode(&subnet.method));
        subnet_lines(&mut options, subnet);
        options.set_list("dns-search", &dns.search);
        options.set_list("dns-nameservers", &dns.servers);
        flush(text, &mut options);
        if at == 0 {
            attribute::of_link(&mut options, network, link, Some(subnet));
            flush(text, &mut options);
        }
        route::of_subnet(text, subnet, &mut pending);
    }
    // No stanza has the family that these need.
    for route in pending {
        self::route::lines(text, "    ", route);
    }
    // In the last stanza every address is there.
    route::commands(text, link.link);
}

/// How the first line of a stanza begins; `again` after one that is brought up
/// at boot, which older ifupdowns take only once.
fn control(control: Control, again: bool) -> &'static str {
    match control {
        _ if again => "# control-alias ",
        Control::Auto => "auto ",
        Control::Hotplug => "allow-hotplug ",
        Control::Manual => "# control-manual ",
    }
}

/// The first options of a stanza, after an empty one.
#[inline(never)]
fn head(text: &mut String, control: &str, name: &LinkName, ipv6: bool, mode: &str) {
    let start = text.len();
    if start > HEADER.len() {
        text.push('\n');
    }
    if !control.is_empty() {
        push(text, &[control, name, "\n"]);
    }
    let family = if ipv6 { "inet6" } else { "inet" };
    text.push_str(&fill("iface {} {} {}\n", &[name, family, mode]));
}

#[inline(never)]
fn mode(method: &Method) -> &'static str {
    match method {
        Method::Static(_) => "static",
        Method::Dhcp | Method::Dhcp4 | Method::Dhcp6 | Method::Dhcp6Stateful => "dhcp",
        Method::Slaac | Method::Dhcp6Stateless => "auto",
        Method::Manual => "manual",
        Method::Loopback => "loopback",
    }
}

#[inline(never)]
fn subnet_lines(options: &mut Section, subnet: &Subnet) {
    if let Some(address) = subnet.address() {
        options.set("address", &prefix(address));
    }
    options.set_address("gateway", subnet.gateway());
    options.set_address("broadcast", subnet.broadcast());
    options.set_address("pointopoint", subnet.pointopoint.as_ref());
    options.set_number("metric", subnet.metric);
    match subnet.mtu {
        Some(mtu) if subnet.method.is_ipv6() && subnet.method.is_dynamic() => {
            // There the option is of fixed addresses alone.
            let command = fill("echo {} >/proc/sys/net/ipv6/conf/$IFACE/mtu || true", &[&mtu.to_string()]);
            options.add("post-up", &command);
        }
        mtu if subnet.method.is_ipv6() => options.set_number("mtu", mtu),
        mtu => attribute::mtu(options, Some(&subnet.method), mtu),
    }
    if let Some(scope) = &subnet.scope {
        options.set("scope", scope);
    }
}

/// The resolver settings that each stanza of a link has: servers of its
/// family, a subnet without any those of the first that has some, domains
/// beside servers or where there are none. What no stanza would have, such as
/// servers of another family, is the first one's. `global` takes the place of the
/// first subnet's.
#[inline(never)]
fn resolvers<'n>(link: &'n Link, mut global: Option<Resolver<'n>>) -> Vec<Resolver<'n>> {
    let (mut all, mut first, mut written) = (Resolver::default(), Resolver::default(), Vec::new());
    for subnet in &link.subnets {
        let own = global.take().unwrap_or_else(|| Resolver::of(&subnet.dns));
        all.join(&own);
        if first.is_empty() {
            first.join(&own);
        }
        let dns = if own.is_empty() { &first } else { &own };
        let servers = dns.of_family(subnet.method.is_ipv6());
        let has_domains = dns.servers.is_empty() || !servers.is_empty();
        let search = if has_domains { dns.search.clone() } else { Vec::new() };
        written.push(Resolver { servers, search });
    }
    if let Some(dns) = &link.dns {
        all.add(dns, true);
    }
    all.without(&written);
    if let Some(first) = written.first_mut() {
        first.join(&all);
    }
    written
}

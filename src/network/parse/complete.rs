//! What only a whole description tells: where routes of no link go, which
//! gateways are reached on the link, and that the loopback's name servers are
//! the machine's.

use super::Parsed;
use super::reader::Reader;
use crate::ip::Ip;
use crate::network::model::{Kind, Link, LinkId, LinkName, Network, Origin, Route, Subnet};
use crate::syntax::value::{Data, Value};
use alloc::string::ToString;
use alloc::vec::Vec;
use core::mem::take;

/// Completes a network of which every part was read.
#[inline(never)]
pub(super) fn complete(mut network: Network, mut reader: Reader<'_>) -> Parsed {
    resolver_of_loopback(&mut network);
    name_parents(&mut network);
    one_bridge_each(&mut network, &mut reader);
    for route in take(&mut network.routes) {
        if let Some((link, subnet)) = way_of(&network, &route) {
            let routes = &mut network.links[link].subnets[subnet].routes;
            if !routes.contains(&route) {
                routes.push(route);
            }
        } else {
            reader.enter("route", "");
            let to = route.destination().to_string();
            reader.add(&Value::bare(Data::Null), "", &["no link reaches the gateway of ", &to]);
            network.routes.push(route);
        }
    }
    for link in &mut network.links {
        on_link(link);
    }
    Parsed { network, problems: reader.into_problems() }
}

/// netplan refuses a VLAN on a link that is not described, and networkd makes
/// none; the host's ids are no names.
fn name_parents(network: &mut Network) {
    if network.origin == Origin::NetworkData {
        return;
    }
    let mut parents = Vec::new();
    for link in &network.links {
        if let Kind::Vlan(vlan) = &link.kind
            && network.link(&vlan.link).is_none()
            && !parents.contains(&vlan.link)
        {
            parents.push(vlan.link.clone());
        }
    }
    for id in parents {
        let name = LinkName::new(&id);
        if name.is_some() {
            network.links.push(Link::new(id, name, Kind::Undescribed));
        }
    }
}

/// A port that several bridges have is the last one's, and a bond's member no
/// bridge's: netplan refuses the whole file, and the kernel knows one.
fn one_bridge_each(network: &mut Network, reader: &mut Reader<'_>) {
    let mut taken: Vec<LinkId> = Vec::new();
    let is_bonds = |link: &Link| link.bond.is_some();
    let members: Vec<LinkId> =
        network.links.iter().filter(|link| is_bonds(link)).map(|link| link.id.clone()).collect();
    for link in network.links.iter_mut().rev() {
        let Kind::Bridge { ports } = &mut link.kind else { continue };
        ports.retain(|port| {
            let of_bond = members.contains(port);
            let is_free = !of_bond && !taken.contains(port);
            if !is_free {
                let why = if of_bond { ": a bond has it" } else { ": a later bridge has it" };
                reader.enter("bridges", "");
                let place = Value::bare(Data::Null);
                reader.add(&place, "", &[port, " is no port of ", &link.id, why]);
            }
            is_free
        });
        taken.extend_from_slice(ports);
    }
}

/// interfaces(5) has no place for name servers of no link, so that Proxmox
/// and others give them to the loopback.
fn resolver_of_loopback(network: &mut Network) {
    let Network { links, dns, .. } = network;
    for link in links.iter_mut().filter(|link| link.kind == Kind::Loopback) {
        for own in link.subnets.iter_mut().map(|subnet| &mut subnet.dns).chain(&mut link.dns) {
            dns.join(take(own));
        }
        link.dns = None;
    }
}

/// The link and the subnet of it that a route of no link belongs to: the first
/// in whose network its gateway is, else the first that asks for a lease in
/// its family, which may be in such a network, else the only one.
fn way_of(network: &Network, route: &Route) -> Option<(usize, usize)> {
    let ipv6 = route.destination().is_ipv6();
    let near = |subnet: &Subnet| {
        let gateway = route.next_hop();
        subnet.address().is_some_and(|own| gateway.is_some_and(|gateway| own.contains(gateway)))
    };
    let leased = |subnet: &Subnet| subnet.method.is_dynamic() && subnet.method.is_ipv6() == ipv6;
    let own = |subnet: &Subnet| subnet.address().is_some_and(|address| address.is_ipv6() == ipv6);
    first(network, &near, false)
        .or_else(|| first(network, &leased, false))
        .or_else(|| first(network, &own, true))
}

/// The first subnet that `is` right, of the first link with one; if it has to
/// be the `only` such link, of no other.
fn first(network: &Network, is: &dyn Fn(&Subnet) -> bool, only: bool) -> Option<(usize, usize)> {
    let mut found = None;
    for (at, link) in network.links.iter().enumerate() {
        let Some(subnet) = link.subnets.iter().position(is) else { continue };
        if found.is_some() {
            return None;
        }
        found = Some((at, subnet));
        if !only {
            break;
        }
    }
    found
}

/// A gateway outside the networks of a link's fixed addresses is reached on
/// the link (clouds give a /32 or /128). Of a lease the network is not known.
fn on_link(link: &mut Link) {
    let subnets = take(&mut link.subnets);
    let outside = |gateway: Ip| {
        let mut own = subnets.iter().filter(|subnet| subnet.method.is_ipv6() == gateway.is_ipv6());
        let mut any = false;
        let all = own.all(|subnet| {
            let address = subnet.address();
            any |= address.is_some();
            address.map_or(!subnet.method.is_dynamic(), |address| !address.contains(gateway))
        });
        any && all
    };
    let outside: Vec<bool> = subnets
        .iter()
        .flat_map(|subnet| &subnet.routes)
        .map(|route| route.next_hop().is_some_and(|hop| !hop.is_ipv6_link_local() && outside(hop)))
        .collect();
    link.subnets = subnets;
    let routes = link.subnets.iter_mut().flat_map(|subnet| &mut subnet.routes);
    for (route, outside) in routes.zip(outside) {
        route.on_link |= outside;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Description, description};
    use super::*;

    fn read(kind: &str, text: &str) -> Parsed {
        match description(kind, text.as_bytes(), kind) {
            Ok(Description::Network(parsed)) => parsed,
            other => panic!("{other:?}"),
        }
    }

    fn routes(parsed: &Parsed) -> Vec<String> {
        let mut lines = Vec::new();
        for link in &parsed.network.links {
            for route in link.subnets.iter().flat_map(|subnet| &subnet.routes) {
                let via = route.gateway().map(ToString::to_string).unwrap_or_default();
                let on_link = if route.on_link { " on-link" } else { "" };
                lines.push(format!("{} {} {via}{on_link}", &*link.id, route.destination()));
            }
        }
        lines
    }

    #[test]
    fn a_gateway_outside_of_the_prefix_is_on_the_link_whatever_describes_it() {
        let data = r#"{"links": [{"id": "a", "type": "ovs", "ethernet_mac_address": "02:00:00:00:00:01"}],
            "networks": [{"id": "n", "type": "ipv4", "link": "a", "ip_address": "198.51.100.7",
            "netmask": "255.255.255.255", "routes": [{"network": "0.0.0.0", "netmask": "0.0.0.0",
            "gateway": "198.51.100.1"}, {"network": "10.0.0.0", "netmask": "255.0.0.0", "gateway": "0.0.0.0"}]},
            {"id": "n6", "type": "ipv6", "link": "a", "ip_address": "2001:db8:0:a::7/128", "routes":
            [{"network": "::", "netmask": "::", "gateway": "2001:db8::1"},
            {"network": "2001:db8:9::", "netmask": "48", "gateway": "fe80::1"}]}]}"#;
        let expected = [
            "a 0.0.0.0/0 198.51.100.1 on-link",
            "a 10.0.0.0/8 0.0.0.0",
            "a ::/0 2001:db8::1 on-link",
            "a 2001:db8:9::/48 fe80::1",
        ];
        assert_eq!(routes(&read("network_data.json", data)), expected);
        let two = "{version: 2, ethernets: {a: {addresses: [198.51.100.7/32, 192.0.2.9/24], routes: \
            [{to: default, via: 198.51.100.1}, {to: 10.0.0.0/8, via: 192.0.2.1}]}}}";
        assert_eq!(
            routes(&read("network-config", two)),
            ["a 0.0.0.0/0 198.51.100.1 on-link", "a 10.0.0.0/8 192.0.2.1"]
        );
        let leased = "{version: 2, ethernets: {a: {dhcp4: true, addresses: [198.51.100.7/32], routes: \
            [{to: 10.0.0.0/8, via: 192.0.2.1}]}}}";
        assert_eq!(routes(&read("network-config", leased)), ["a 10.0.0.0/8 192.0.2.1"]);
        let interfaces =
            "iface a inet static\n address 198.51.100.7/32\n up ip route add default via 198.51.100.1\n";
        assert_eq!(routes(&read("interfaces", interfaces)), ["a 0.0.0.0/0 198.51.100.1 on-link"]);
    }

    #[test]
    fn a_route_of_no_link_goes_once_to_the_one_that_reaches_its_gateway() {
        let nic =
            |name: &str, subnet: &str| format!("- {{type: physical, name: {name}, subnets: [{subnet}]}}\n");
        let route = |to: &str, via: &str| format!("- {{type: route, destination: {to}, gateway: {via}}}\n");
        let text = [
            "version: 1\nconfig:\n".to_string(),
            route("10.0.0.0/12", "192.0.2.1"),
            nic("eth0", "{type: dhcp4}"),
            nic("eth1", "{type: static, address: 192.0.2.42/26}"),
            nic("eth2", "{type: static, address: 198.51.100.42/24}"),
            route("192.168.0.0/16", "198.51.100.1"),
            route("192.168.0.0/16", "198.51.100.1"),
            route("172.16.0.0/12", "203.0.113.1"),
            route("2001:db8::/32", "2001:db8::1"),
        ];
        let parsed = read("network-config", &text.concat());
        assert_eq!(
            routes(&parsed),
            [
                "eth0 172.16.0.0/12 203.0.113.1",
                "eth1 10.0.0.0/12 192.0.2.1",
                "eth2 192.168.0.0/16 198.51.100.1"
            ]
        );
        let problems: Vec<String> = parsed.problems.iter().map(ToString::to_string).collect();
        let why = "unable to read network-config: route: no link reaches the gateway of 2001:db8::/32";
        assert_eq!(problems, [why]);
        let text = [
            "version: 1\nconfig:\n",
            &nic("e", "{type: static, address: 192.0.2.4/32}"),
            &route("10.0.0.0/8", "192.0.2.1"),
        ];
        assert_eq!(routes(&read("network-config", &text.concat())), ["e 10.0.0.0/8 192.0.2.1 on-link"]);
    }

    /// netplan refused the whole file, and the machine had no network.
    #[test]
    fn a_reference_that_netplan_refuses_took_the_network_away() {
        let text = "version: 1\nconfig:\n- {type: physical, name: eth0}\n\
            - {type: bridge, name: br0, bridge_interfaces: [eth0]}\n\
            - {type: bridge, name: br1, bridge_interfaces: [eth0]}\n\
            - {type: vlan, name: eth1.7, vlan_id: 7, vlan_link: eth1}\n";
        let parsed = read("network-config", text);
        let ports = |id: &str| match &parsed.network.link(id).unwrap().kind {
            Kind::Bridge { ports } => ports.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!((ports("br0"), ports("br1"), parsed.problems.len()), (0, 1, 1));
        assert_eq!(parsed.network.link("eth1").map(|link| &link.kind), Some(&Kind::Undescribed));
    }

    #[test]
    fn name_servers_of_the_loopback_are_the_machines() {
        let text = "auto lo\niface lo inet loopback\n dns_nameservers 192.0.2.53 2001:db8::53\n \
            dns_search lan.example corp.example\nauto eth0\niface eth0 inet dhcp\n";
        let network = read("interfaces", text).network;
        assert_eq!((network.dns.servers.len(), network.dns.search.len()), (2, 2));
        assert!(network.links.iter().all(|link| link.subnets.iter().all(|subnet| subnet.dns.is_empty())));
    }
}

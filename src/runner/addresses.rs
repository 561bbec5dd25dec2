//! The machine's addresses and routes on its console, in cloud-init's tables:
//! people and programs that have nothing but the console look for them there.

use glowplug::error::Result;
use glowplug::ip::Ip;
use glowplug::module::console_table;
use glowplug::stage::log::Log;
use glowplug::sys::netlink::{AddressInfo, LinkInfo, Netlink, RouteInfo};
use std::io::Write;

/// What stands for nothing.
const NONE: &str = ".";

/// Scopes of addresses by their numbers (rtnetlink(7)).
const SCOPES: [(u8, &str); 4] = [(0, "global"), (200, "site"), (253, "link"), (254, "host")];

/// Prints the tables.
pub(crate) fn tell(log: &mut Log<'_>) {
    match read() {
        // Output that goes nowhere has nobody to miss it.
        Ok((links, addresses, routes)) => {
            let text = devices(&links, &addresses) + &routes_of(&links, &routes);
            let _ = std::io::stdout().write_all(text.as_bytes());
        }
        Err(error) => log.warn(&error),
    }
}

fn read() -> Result<(Vec<LinkInfo>, Vec<AddressInfo>, Vec<RouteInfo>)> {
    let mut netlink = Netlink::open()?;
    let mut links = netlink.links()?;
    links.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((links, netlink.addresses()?, netlink.routes()?))
}

fn devices(links: &[LinkInfo], addresses: &[AddressInfo]) -> String {
    let mut rows = Vec::new();
    for link in links {
        let up = if link.up && link.carrier { "True" } else { "False" };
        let hardware = link
            .address
            .map_or_else(|| NONE.into(), |address| address.map(|byte| format!("{byte:02x}")).join(":"));
        let mut row = |address: String, mask: String, scope: String| {
            rows.push(vec![link.name.clone(), up.into(), address, mask, scope, hardware.clone()]);
        };
        let mut own: Vec<&AddressInfo> = addresses.iter().filter(|own| own.link == link.index).collect();
        own.sort_by_key(|own| own.address.is_ipv6());
        if own.is_empty() {
            row(NONE.into(), NONE.into(), NONE.into());
        }
        for own in own {
            let known = SCOPES.iter().find(|(number, _)| *number == own.scope);
            let scope = known.map_or_else(|| own.scope.to_string(), |(_, name)| (*name).into());
            if own.address.is_ipv6() {
                row(format!("{}/{}", own.address.text(), own.prefix), NONE.into(), scope);
            } else {
                row(own.address.text(), Ip::mask(false, own.prefix).text(), scope);
            }
        }
    }
    console_table("Net device info", &["Device", "Up", "Address", "Mask", "Scope", "Hw-Address"], rows)
}

/// The tables of routes; a family without any has none.
fn routes_of(links: &[LinkInfo], routes: &[RouteInfo]) -> String {
    let mut text = String::new();
    for ipv6 in [false, true] {
        let mut rows = Vec::new();
        for RouteInfo { link, route, .. } in routes {
            let device = links.iter().find(|known| known.index == *link).map(|known| known.name.as_str());
            if route.destination.is_ipv6() != ipv6 || route.table.is_some() || device == Some("lo") {
                continue;
            }
            let whole = route.prefix == if ipv6 { 128 } else { 32 };
            let destination = match (route.destination.text(), ipv6 && !whole) {
                (destination, true) => format!("{destination}/{}", route.prefix),
                (destination, false) => destination,
            };
            let gateway = route.gateway.unwrap_or(Ip::unspecified(ipv6)).text();
            let mut row = vec![rows.len().to_string(), destination, gateway];
            if !ipv6 {
                row.push(Ip::mask(false, route.prefix).text());
            }
            row.push(device.unwrap_or(NONE).into());
            let flags =
                ["U", if route.gateway.is_some() { "G" } else { "" }, if whole && !ipv6 { "H" } else { "" }];
            row.push(flags.concat());
            rows.push(row);
        }
        let (title, head): (_, &[&str]) = if ipv6 {
            ("Route IPv6 info", &["Route", "Destination", "Gateway", "Interface", "Flags"])
        } else {
            ("Route IPv4 info", &["Route", "Destination", "Gateway", "Genmask", "Interface", "Flags"])
        };
        if !rows.is_empty() {
            text += &console_table(title, head, rows);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use glowplug::action::LinkRoute;

    fn ip(text: &str) -> Ip {
        text.parse().unwrap()
    }

    fn link(index: u32, name: &str, address: Option<[u8; 6]>, up: bool) -> LinkInfo {
        LinkInfo {
            index,
            name: name.into(),
            alternative_names: Vec::new(),
            address,
            permanent_address: None,
            own_address: true,
            up,
            carrier: up,
            mtu: 1500,
            kind: String::new(),
            master: None,
            lower: None,
            vlan: None,
            bond_mode: None,
        }
    }

    #[test]
    fn devices_are_told_with_their_addresses() {
        let links = [link(2, "eth0", Some([2, 0, 0, 0, 0, 1]), true), link(3, "eth1", None, false)];
        let address = |text: &str, prefix, scope| AddressInfo {
            link: 2,
            address: ip(text),
            prefix,
            scope,
            advertised: false,
        };
        let addresses = [address("fe80::1", 64, 253), address("10.0.0.5", 24, 0)];
        assert_eq!(
            devices(&links, &addresses),
            "\
ci-info: ++++++++++++++++++++++++++++++Net device info+++++++++++++++++++++++++++++++
ci-info: +--------+-------+------------+---------------+--------+-------------------+
ci-info: | Device |   Up  |  Address   |      Mask     | Scope  |     Hw-Address    |
ci-info: +--------+-------+------------+---------------+--------+-------------------+
ci-info: |  eth0  |  True |  10.0.0.5  | 255.255.255.0 | global | 02:00:00:00:00:01 |
ci-info: |  eth0  |  True | fe80::1/64 |       .       |  link  | 02:00:00:00:00:01 |
ci-info: |  eth1  | False |     .      |       .       |   .    |         .         |
ci-info: +--------+-------+------------+---------------+--------+-------------------+
"
        );
    }

    #[test]
    fn routes_are_told_by_their_family() {
        let links = [link(1, "lo", None, true), link(2, "eth0", None, true)];
        let route = |link, destination: &str, prefix, gateway: Option<&str>, table| RouteInfo {
            link,
            route: LinkRoute {
                destination: ip(destination),
                prefix,
                gateway: gateway.map(ip),
                metric: None,
                table,
                mtu: None,
                windows: [None, None],
                source: None,
                scope: None,
                on_link: false,
            },
            protocol: 4,
        };
        let routes = [
            route(2, "0.0.0.0", 0, Some("10.0.0.1"), None),
            route(2, "10.0.0.0", 24, None, None),
            route(2, "10.9.9.9", 32, Some("10.0.0.1"), None),
            route(2, "10.8.0.0", 16, None, Some(100)),
            route(1, "::1", 128, None, None),
        ];
        let rows: Vec<String> =
            routes_of(&links, &routes).lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(rows[0].contains("RouteIPv4info"), "{rows:?}");
        assert_eq!(
            rows[4..7],
            [
                "ci-info:|0|0.0.0.0|10.0.0.1|0.0.0.0|eth0|UG|",
                "ci-info:|1|10.0.0.0|0.0.0.0|255.255.255.0|eth0|U|",
                "ci-info:|2|10.9.9.9|10.0.0.1|255.255.255.255|eth0|UGH|",
            ]
        );
        assert_eq!(rows.len(), 8, "none of IPv6: {rows:?}");
    }
}

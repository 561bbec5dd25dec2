//! /etc/network/interfaces as ifupdown reads it (interfaces(5)), with the
//! options of its bond, bridge and vlan packages, and the routes that
//! cloud-init writes into it as commands.

mod command;
mod file;
mod link;

pub use file::{Include, Included};

use super::Parsed;
use super::complete::complete;
use super::draft::Draft;
use super::reader::Reader;
use crate::limits;
use crate::network::model::{Control, Origin, Route, Rule};
use crate::network::order::sort_by;
use crate::syntax::value::{Data, Place, Value};
use alloc::vec::Vec;
use command::Command;
use file::Line;

/// Options whose names differ from those of network config v1.
const NAMES: &[(&str, &str)] = &[
    ("hwaddress", "mac_address"),
    ("accept_ra", "accept-ra"),
    ("ethernet-wol", "wakeonlan"),
    ("dns-nameservers", "dns_nameservers"),
    ("dns-search", "dns_search"),
    ("bond-slaves", "bond_interfaces"),
    ("bond_slaves", "bond_interfaces"),
    ("bridge_ports", "bridge_interfaces"),
    ("bridge-ports", "bridge_interfaces"),
    ("vlan-raw-device", "vlan_link"),
    ("vlan-id", "vlan_id"),
    // Of commands that add routes.
    ("via", "gateway"),
    ("gw", "gateway"),
    ("src", "from"),
    // Of commands that add rules.
    ("lookup", "table"),
    ("pref", "priority"),
    ("fwmark", "mark"),
    ("tos", "type-of-service"),
];

/// One `iface`: a way of getting an address.
struct Stanza<'t> {
    /// `eth0` or `eth0:1`.
    name: &'t str,
    line: Line<'t>,
    /// Its options under the names of network config v1.
    options: Value<'t>,
    routes: Vec<Route>,
    rules: Vec<Rule>,
}

/// Everything said, before it is put together.
#[derive(Default)]
struct Said<'t> {
    stanzas: Vec<Stanza<'t>>,
    /// Names by how they are brought up.
    controls: Vec<(Control, &'t str)>,
    /// Routes of no link.
    routes: Vec<Route>,
}

/// Reads an interfaces file; `file` is its path. `include` gives the files
/// that `source` and `source-directory` name.
#[inline(never)]
pub fn parse(text: &str, file: &str, include: Include<'_>) -> Parsed {
    let whole = file::expand(text, file, include);
    let mut reader = Reader::new(file);
    let mut said = Said::default();
    for line in whole.lines() {
        reader.enter_file(line.file);
        read(&mut reader, &mut said, line);
    }
    let mut draft = Draft::default();
    draft.network.origin = Origin::V1;
    // cloud-init's order.
    let mut stanzas: Vec<&Stanza<'_>> = said.stanzas.iter().collect();
    sort_by(&mut stanzas, |a, b| link_name(a.name) < link_name(b.name));
    let mut stanzas = &*stanzas;
    while let Some(first) = stanzas.first() {
        let name = link_name(first.name);
        let count = stanzas.iter().take_while(|stanza| link_name(stanza.name) == name).count();
        let Some((own, rest)) = stanzas.split_at_checked(count) else { break };
        link::add(&mut reader, &mut draft, name, own, &said.controls);
        stanzas = rest;
    }
    draft.network.routes = said.routes;
    complete(draft.network, reader)
}

/// The link that `eth0:1` is a second address of.
fn link_name(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

fn value<'t>(text: &'t str, line: Line<'t>) -> Value<'t> {
    Value { place: Place { line: line.number, column: 1 }, data: Data::Str(text.into()) }
}

/// No options yet, at the place of a line.
fn empty(line: Line<'_>) -> Value<'_> {
    Value { place: Place { line: line.number, column: 1 }, data: Data::Map(Vec::new()) }
}

/// One line.
#[inline(never)]
fn read<'t>(reader: &mut Reader<'t>, said: &mut Said<'t>, line: Line<'t>) {
    let words: Vec<&str> = line.text.split_ascii_whitespace().collect();
    match *words {
        ["auto" | "allow-auto", ref names @ ..] => control(said, Control::Auto, names),
        ["allow-hotplug", ref names @ ..] => control(said, Control::Hotplug, names),
        [] | ["source" | "source-directory" | "no-auto-down" | "no-scripts", ..] => {}
        ["iface", name, family, method, ..] if said.stanzas.len() < limits::NETWORK_ENTRIES => {
            let method = match (family, method) {
                ("inet6", "dhcp") => "dhcp6",
                ("inet6", "auto") => "ipv6_slaac",
                _ => method,
            };
            let mut options = empty(line);
            set(&mut options, "type", method, line);
            said.stanzas.push(Stanza { name, line, options, routes: Vec::new(), rules: Vec::new() });
        }
        ["iface", ..] => reader.add(&empty(line), "", &["iface needs a name, a family and a method"]),
        [option, ref rest @ ..] => match said.stanzas.last_mut() {
            Some(stanza) => match command::of_option(reader, option, rest, line) {
                // cloud-init does not indent the routes of no link.
                Some(Command::Add(route)) if line.indented => stanza.routes.push(route),
                Some(Command::Add(route)) => said.routes.push(route),
                Some(Command::AddRule(rule)) => stanza.rules.push(rule),
                Some(Command::AcceptAdvertisements(value)) => {
                    set(&mut stanza.options, "accept_ra", value, line);
                }
                Some(Command::Nothing) => {}
                None => {
                    let text = line.text.get(option.len()..).unwrap_or_default();
                    set(&mut stanza.options, option, text, line);
                }
            },
            None => reader.add(&empty(line), "", &[option, " stands before any iface"]),
        },
    }
}

fn control<'t>(said: &mut Said<'t>, control: Control, names: &[&'t str]) {
    for name in names {
        said.controls.push((control, name));
    }
}

/// Adds an option under network config v1's name for it.
#[inline(never)]
fn set<'t>(options: &mut Value<'t>, option: &'t str, text: &'t str, line: Line<'t>) {
    let name = NAMES.iter().find(|(own, _)| *own == option).map_or(option, |(_, name)| name);
    let mut text = text.trim_ascii();
    match name {
        "mac_address" => text = text.strip_prefix("ether ").unwrap_or(text),
        "wakeonlan" if text == "g" => text = "on",
        _ => {}
    }
    if let Data::Map(entries) = &mut options.data {
        entries.push((value(name, line), value(text, line)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::model::{Kind, Setting};

    fn parsed(text: &str) -> Parsed {
        let parsed = parse(text, "interfaces", &|_, _| Vec::new());
        assert_eq!(parsed.problems, []);
        parsed
    }

    #[test]
    fn what_cloud_init_writes_is_read_back() {
        let network = parsed(
            "auto lo\niface lo inet loopback\n    dns-nameservers 192.0.2.53\n\n\
             auto eth0\niface eth0 inet static\n    address 192.0.2.10/24\n\
             \x20   post-up ip route add 10.0.0.0/8 via 192.0.2.1 metric 5 || true\n\
             \x20   pre-down ip route del 10.0.0.0/8 via 192.0.2.1 metric 5 || true\n\
             \x20   post-up ip -family inet6 route add default via 2001:db8::1 || true\n\
             # control-alias eth0\niface eth0 inet6 auto\n    dhcp 1\n\n\
             post-up route add -host 198.51.100.1 gw 192.0.2.1 || true\n",
        )
        .network;
        let link = network.link("eth0").unwrap();
        let routes: Vec<String> =
            link.subnets[0].routes.iter().map(|route| route.destination().to_string()).collect();
        assert_eq!(routes, ["10.0.0.0/8", "::/0", "198.51.100.1/32"]);
        assert_eq!(link.subnets[0].routes[0].metric, Some(5));
        assert_eq!(link.subnets[1].method, crate::network::model::Method::Dhcp6Stateless);
        assert_eq!(network.link("lo").unwrap().kind, Kind::Loopback);
    }

    /// Hetzner's and OVH's way of reaching a gateway.
    #[test]
    fn a_route_to_a_host_was_one_to_a_network() {
        let network = parsed(
            "auto eth0\niface eth0 inet static\n address 198.51.100.7/32\n\
             \x20up ip route add 192.0.2.1 dev eth0\n\
             \x20up ip route add default via 192.0.2.1 dev eth0 onlink\n\
             \x20up ip route add blackhole 10.0.0.0/8 metric 5 || true\n\
             \x20up ip route add 10.1.0.0/16 via 192.0.2.1 dev eth0 onlink table 7 mtu 1400 src 198.51.100.7 || true\n",
        )
        .network;
        let routes = &network.link("eth0").unwrap().subnets[0].routes;
        let lines: Vec<String> = routes
            .iter()
            .map(|route| format!("{} {:?} {}", route.destination(), route.kind, route.on_link))
            .collect();
        assert_eq!(
            lines,
            [
                "192.0.2.1/32 None false",
                "0.0.0.0/0 None true",
                "10.0.0.0/8 Some(Plain(\"blackhole\")) false",
                "10.1.0.0/16 None true"
            ]
        );
        assert_eq!((routes[3].table, routes[3].mtu, routes[3].source.is_some()), (Some(7), Some(1400), true));
    }

    #[test]
    fn bonds_bridges_and_vlans() {
        let network = parsed(
            "iface eth0 inet manual\n bond-master bond0\n bond-mode 1\n mtu 9000\n\
             iface bond0 inet manual\n bond-slaves none\n bond-mode active-backup\n bond-miimon 100\n\
             allow-hotplug br0\niface br0 inet dhcp\n bridge_ports eth1 eth2\n bridge_stp off\n\
             \x20bridge_pathcost eth1 50\n bridge_pathcost eth2 75\n\
             iface bond0.7 inet dhcp\niface vlan8 inet dhcp\n vlan-raw-device bond0\n",
        )
        .network;
        let link = |id: &str| network.link(id).unwrap();
        assert_eq!(link("eth0").bond.as_deref(), Some("bond0"));
        assert_eq!((link("eth0").mtu, &link("eth0").parameters[..]), (Some(9000), &[][..]));
        assert_eq!(link("bond0").kind, Kind::Bond);
        assert_eq!(link("bond0").parameter("bond-", "miimon"), Some(&Setting::Int(100)));
        assert_eq!(link("br0").subnets[0].control, Control::Hotplug);
        assert_eq!(link("br0").parameter("bridge_", "stp"), Some(&Setting::Bool(false)));
        let Some(Setting::List(costs)) = link("br0").parameter("bridge_", "pathcost") else {
            panic!("{:?}", link("br0"))
        };
        assert_eq!(costs.iter().map(|cost| &**cost).collect::<Vec<_>>(), ["eth1 50", "eth2 75"]);
        for (name, number) in [("bond0.7", 7), ("vlan8", 8)] {
            let Kind::Vlan(vlan) = &link(name).kind else { panic!("{name}") };
            assert_eq!((vlan.number(), &*vlan.link), (number, "bond0"));
        }
    }
}

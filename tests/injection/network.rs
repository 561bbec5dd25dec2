//! The same for descriptions of networks: no value becomes a line, section or key of a file of any
//! back end, of a .link file or of udev's rules. A value that can't be used changes what else is
//! written (a member that is not there, a link without an address), so a plan is compared with all
//! that plain values in the same places come to.

use crate::machine::Planned;
use crate::random::Random;
use crate::shape::Records;
use crate::{MARK, actual, filled, values};
use glowplug::error::Error;
use glowplug::fetch::Fetch;
use glowplug::network::model::{Mac, SystemLink};
use glowplug::network::parse::{Parsed, network_config, network_data};
use glowplug::network::render::distribution::Distribution;
use glowplug::network::render::{self, Renderer, Target, late};
use glowplug::syntax::value::Value;
use glowplug::syntax::yaml;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Descriptions with a place `<>` for each text, as `seeds` has them.
const DESCRIPTIONS: &[&str] = &[
    "version: 2\nethernets: {<azz9>: {match: {macaddress: <52:54:00:00:00:01>, driver: <virtio_net>}, set-name: <lan>, \
     mtu: <1400>, wakeonlan: true, dhcp4: true, dhcp-identifier: <mac>, dhcp6-overrides: {hostname: <zz9>, \
     use-domains: <route>}, dhcp4-overrides: {hostname: <zz9>, route-metric: <7>}, ipv6-privacy: true, \
     ipv6-address-generation: <eui64>}}\n",
    "version: 2\nethernets: {a: {match: {name: <e*>}, addresses: [<192.0.2.7/24>, {<192.0.2.8/24>: {label: <a:zz9>, \
     lifetime: <0>}}, <2001:db8::7/64>], nameservers: {addresses: [<192.0.2.53>], search: [<zz9.org>]}, \
     activation-mode: <manual>, link-local: [<ipv6>], optional-addresses: [<ipv4-ll>], ipv6-address-token: <::7>}}\n",
    "version: 2\nethernets: {a: {addresses: [192.0.2.7/24], gateway4: <192.0.2.1>, gateway6: <2001:db8::1>, \
     routes: [{to: <198.51.100.0/24>, via: <192.0.2.1>, from: <192.0.2.7>, type: <unicast>, scope: <global>, \
     metric: <7>, table: <9>}], routing-policy: [{from: <192.0.2.0/24>, to: <198.51.100.0/24>, table: <9>, \
     priority: <5>, mark: <3>}]}}\n",
    "version: 2\nethernets: {a: {}, c: {}}\nbonds: {<bzz9>: {interfaces: [a, <c>], macaddress: <52:54:00:00:00:09>, \
     parameters: {mode: <active-backup>, primary: <a>, arp-ip-targets: [<192.0.2.9>], lacp-rate: <fast>, \
     transmit-hash-policy: <layer2>, ad-select: <stable>, mii-monitor-interval: <100>, up-delay: <5>}}}\n",
    "version: 2\nethernets: {a: {}}\nvlans: {<vzz9>: {id: <7>, link: <a>, addresses: [<192.0.2.7/24>]}}\n\
     bridges: {<rzz9>: {interfaces: [<a>], parameters: {stp: <true>, priority: <5>, path-cost: {<a>: <5>}}}}\n",
    "version: 2\nrenderer: <networkd>\nethernets: {a: {<zz9>: {<zz8>: [<>]}}}\nwifis: {w: {access-points: {<zz9>: \
     {password: <zz9>}}}}\nmodems: {<mzz9>: {apn: <zz9>}}\n",
    "version: 1\nconfig:\n- {type: physical, name: <lan>, mac_address: <52:54:00:00:00:01>, mtu: <1400>, \
     accept-ra: <true>, subnets: [{type: static, address: <192.0.2.7>, netmask: <255.255.255.0>, \
     gateway: <192.0.2.1>, broadcast: <192.0.2.255>, metric: <5>, pointopoint: <192.0.2.9>, \
     dns_nameservers: [<192.0.2.53>], dns_search: <zz9.org>, routes: [{network: <198.51.100.0>, \
     netmask: <255.255.255.0>, gateway: <192.0.2.1>, metric: <5>}]}, {type: static6, address: <2001:db8::7/64>}]}\n\
     - {type: nameserver, address: [<192.0.2.54>], search: [<zz8.org>], interface: <lan>}\n\
     - {type: route, destination: <203.0.113.0/24>, gateway: <192.0.2.1>, metric: <5>}\n",
    "version: 1\nconfig:\n- {type: physical, name: a}\n- {type: physical, name: c}\n\
     - {type: bond, name: <bzz9>, bond_interfaces: [a, <c>], params: {bond-mode: <active-backup>, bond-primary: <a>, \
     <bond-miimon>: <100>, bond_xmit_hash_policy: <layer2>}, subnets: [{type: <dhcp4>, control: <auto>}]}\n\
     - {type: vlan, name: <vzz9>, vlan_link: <bzz9>, vlan_id: <7>}\n\
     - {type: bridge, name: <rzz9>, bridge_interfaces: [<a>], params: {<bridge_fd>: <5>, bridge_ports: <c>}}\n",
];

/// `network_data.json`, whose texts are found by their names as well.
const DATA: &[&str] = &[
    "links: [{id: <l0>, name: <lan>, vif_id: <zz9>, type: <phy>, ethernet_mac_address: <52:54:00:00:00:01>, \
     mtu: <1400>}, {id: b0, type: bond, bond_links: [<l0>], bond_mode: <802.3ad>, bond_miimon: <100>, \
     bond_xmit_hash_policy: <layer2>, ethernet_mac_address: <52:54:00:00:00:01>}, {id: v0, type: vlan, \
     vlan_link: <b0>, vlan_id: <7>, vlan_mac_address: <52:54:00:00:00:01>}]\n\
     networks: [{id: <n0>, link: <v0>, type: <ipv4>, ip_address: <192.0.2.7>, netmask: <255.255.255.0>, \
     network_id: <zz9>, dns_search: [<zz9.org>], services: [{type: dns, address: <192.0.2.53>}], \
     routes: [{network: <0.0.0.0>, netmask: <0.0.0.0>, gateway: <192.0.2.1>}]}]\n\
     services: [{type: <dns>, address: <192.0.2.54>}]\n",
];

/// Values of every plain kind.
const PLAIN: &[&str] =
    &["", "x", "zz9", "1", "7", "a", "c", "e0", "true", "192.0.2.66", "2001:db8::66", "dhcp6"];

/// A root that has systemd's folder of .link files.
struct Root;

impl Fetch for Root {
    fn read(&self, _: &str, _: usize) -> glowplug::error::Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn list(&self, _: &str) -> glowplug::error::Result<Option<Vec<String>>> {
        Ok(None)
    }

    fn mode(&self, path: &str) -> glowplug::error::Result<Option<u32>> {
        Ok(path.contains("systemd/network").then_some(0o040_755))
    }

    fn name(&self, path: &str) -> String {
        path.into()
    }
}

/// Two NICs; that of the descriptions' address is not among them, and gets a .link file.
fn present() -> Vec<SystemLink> {
    let nic = |index: u32, name: &str| SystemLink {
        index,
        name: name.into(),
        mac: Mac::parse(&format!("52:54:00:00:01:0{index}")),
        own_mac: true,
        ..SystemLink::default()
    };
    vec![nic(1, "a"), nic(2, "c"), nic(3, "e0")]
}

/// A back end and a distribution that has a dialect of it.
const DIALECTS: &[(&str, &str)] = &[
    ("eni", "debian"),
    ("eni", "alpine"),
    ("sysconfig", "rhel"),
    ("sysconfig", "opensuse"),
    ("netplan", "ubuntu"),
    ("network-manager", "fedora"),
    ("networkd", "arch"),
];

/// The files of a description, and what of it is told.
fn written(text: &str, parse: Parse, renderer: &Renderer, distribution: &'static Distribution) -> Planned {
    let value = match yaml::load(text) {
        Ok(value) => value,
        // keys have a longest length
        Err(fault) => {
            let problems = vec![Error::new("read", "a description", fault.to_string())];
            return Planned { actions: Vec::new(), problems };
        }
    };
    let parsed = parse(value);
    let present = present();
    let resolved = parsed.network.resolve(&present);
    let target = Target { distribution, lasting: true };
    let mut actions = (renderer.render)(&resolved, target);
    actions.append(&mut late::link_files(&resolved, target, &Root));
    let lost = render::lost::lost(&parsed.network, renderer.name);
    let lost = lost.iter().map(|lost| &lost.error);
    let problems = parsed.problems.iter().chain(&resolved.problems).chain(lost).cloned().collect();
    Planned { actions, problems }
}

type Parse = fn(Value<'_>) -> Parsed;

#[test]
fn no_value_of_a_network_leaves_its_place() {
    let values = values();
    let mut random = Random::new(19);
    let all = std::env::var_os("INJECTION_ALL").is_some();
    let (mut tried, mut wrong) = (0, String::new());
    let config: Parse = |value| network_config(value, "network-config");
    let data: Parse = |value| network_data::parse(&value);
    let descriptions =
        DESCRIPTIONS.iter().map(|text| (*text, config)).chain(DATA.iter().map(|text| (*text, data)));
    for (number, (template, parse)) in descriptions.enumerate() {
        for (back_end, distribution) in DIALECTS {
            let renderer = render::ALL.iter().find(|renderer| renderer.name == *back_end).expect(back_end);
            let distribution = Distribution::named(distribution).expect(distribution);
            let harmless = written(&filled(template, usize::MAX, ""), parse, renderer, distribution);
            assert!(!harmless.actions.is_empty(), "{number} for {back_end}");
            let mut known: BTreeSet<String> = Records::of_files(&harmless, MARK).into_iter().collect();
            let places = template.matches('<').count();
            for (at, value) in (0..places).flat_map(|at| PLAIN.iter().map(move |value| (at, value))) {
                let plain = written(&filled(template, at, value), parse, renderer, distribution);
                known.extend(Records::of_files(&plain, value));
            }
            for at in 0..places {
                for value in &values {
                    if !all && !random.once_in(40) {
                        continue;
                    }
                    let hostile = written(&filled(template, at, value), parse, renderer, distribution);
                    tried += 1;
                    let found = Records::of_files(&hostile, &actual(template, at, value));
                    for record in found.iter().filter(|record| !known.contains(*record)) {
                        let shown: String = value.chars().take(60).collect();
                        writeln!(wrong, "{number} for {back_end}, place {at}, {shown:?}: {record:?} is new")
                            .unwrap();
                    }
                }
            }
        }
    }
    println!("{tried} values of networks tried");
    assert!(tried > 1500, "only {tried}");
    assert!(wrong.is_empty(), "{} faults\n{wrong}", wrong.lines().count());
}

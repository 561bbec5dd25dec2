//! Whatever a network description says, every back end writes something, the
//! same each time, and no line of it comes from inside a value.

use std::fs;

use glowplug::limits;
use glowplug::network::model::{Mac, SystemLink};
use glowplug::network::parse::{Parsed, eni, klibc, network_config, network_data};
use glowplug::network::render::distribution::Distribution;
use glowplug::network::render::{self, live};
use glowplug::syntax::{json, yaml};

use crate::{Target, corpus};

const PIECES: &[&[u8]] = &[
    b"\"",
    b",",
    b"{}",
    b"[]",
    b"null",
    b"1",
    b"-1",
    b"\"ipv4\"",
    b"\"ipv6\"",
    b"\"ipv4_dhcp\"",
    b"\"ipv6_slaac\"",
    b"\"ipv6_dhcpv6-stateful\"",
    b"\"bond\"",
    b"\"vlan\"",
    b"\"phy\"",
    b"\"255.255.255.0\"",
    b"\"ffff:ffff::\"",
    b"\"::\"",
    b"\"0.0.0.0\"",
    b"\"10.0.0.1\"",
    b"\"fe80::1\"",
    b"\"fe80::1%eth0\"",
    b"\"fa:16:3e:00:00:01\"",
    b"\"routes\": [{\"network\": \"0.0.0.0\", \"netmask\": \"0.0.0.0\", \"gateway\": \"10.0.0.1\"}],",
    b"\"services\": [{\"type\": \"dns\", \"address\": \"8.8.8.8\"}],",
    b"\"vlan_id\": 101,",
    b"\"vlan_link\": \"a\",",
    b"\"bond_links\": [\"a\", \"b\"],",
    b"\"bond_mode\": \"802.3ad\",",
    b"\"mtu\": 1500,",
    b"\"id\": \"a\",",
    b"\"link\": \"a\",",
    b"/24",
    b"/129",
    b"..",
    b"\\n",
    b"\\u0000",
    b"%",
    b" ",
    b"DEVICE=eth0\n",
    b"\nIPV4ADDR='10.0.0.2'\n",
    b"\nIPV6PROTO=none\n",
];

pub(crate) fn target() -> Target {
    let mut files = corpus::files(&corpus::data().join("network"), &["json"]);
    files.extend(corpus::files(&corpus::data().join("network-inputs"), &["json", "yaml", "eni"]));
    files.extend(corpus::files(&corpus::data().join("net-convert"), &["json", "yaml", "eni"]));
    let corpus = files.iter().map(|path| fs::read(path).unwrap()).collect();
    Target { name: "network", corpus, pieces: PIECES, check, rounds: 10_000 }
}

/// The machine's links, with addresses the corpus names and one it doesn't.
fn present() -> Vec<SystemLink> {
    let link = |index, name: &str, mac| SystemLink {
        index,
        name: name.into(),
        mac: Mac::parse(mac),
        own_mac: true,
        ..SystemLink::default()
    };
    vec![
        link(2, "eth0", "fa:16:3e:00:00:01"),
        link(3, "eth1", "fa:16:3e:00:00:02"),
        link(4, "ens3", "52:54:00:12:34:56"),
    ]
}

/// Every reader that takes the text at all.
fn check(input: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(input) else { return false };
    let mut read = describes(&eni::parse(text, "interfaces", &|_, _| Vec::new()));
    let present = present();
    let left = klibc::parse(&[("/run/net-a.conf", text), ("/run/net6-b.conf", text)], &present);
    // As a file of the machine's, which may be anybody's.
    render::udev::merge(&mut Vec::new(), text, &left.network.resolve(&present));
    read |= describes(&left);
    if let Ok(data) = json::parse(input) {
        read |= describes(&network_data::parse(&data));
    }
    if let Ok(data) = yaml::load(text) {
        read |= describes(&network_config(data, "network-config"));
    }
    read
}

/// Whether there is a link, once everything that must hold does.
fn describes(parsed: &Parsed) -> bool {
    // Described in one of five sections, or named by others.
    assert!(parsed.network.links.len() <= 6 * limits::NETWORK_ENTRIES);
    for problem in &parsed.problems {
        assert!(!problem.to_string().contains('\n'), "{problem}");
    }
    let links = present();
    let resolved = parsed.network.resolve(&links);
    for distribution in ["debian", "rhel", "sles"] {
        let distribution = Distribution::named(distribution).unwrap();
        let target = render::Target { distribution, lasting: false };
        for renderer in render::ALL {
            let actions = (renderer.render)(&resolved, target);
            assert_eq!(actions, (renderer.render)(&resolved, target), "{}", renderer.name);
        }
    }
    drop((live::render(&resolved), live::problems(&resolved), resolved.renames()));
    !parsed.network.links.is_empty()
}

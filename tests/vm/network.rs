//! Networks set live before the root pivot, on the kernel of a machine: names
//! that swap, a bond of two with a VLAN on it, IPv6 with a gateway, a large
//! MTU. What it became is told by busybox' ip and /sys, and by `glowplug net
//! show` of the booted root.

use miniserde::json::{self, Object, Value};

use crate::scene::{Scene, addresses, link, write_seed};
use crate::vm::contents::Contents;
use crate::vm::report::Boot;

/// Of the four NICs, the first is the kernel's last: eth3.
const SWAPPED: &str = "52:54:00:6b:20:01";
const OTHER: &str = "52:54:00:6b:20:02";
const MEMBER: &str = "52:54:00:6b:20:03";
const SECOND_MEMBER: &str = "52:54:00:6b:20:04";

/// The name that the kernel gave the other's NIC comes second of each pair.
fn network_data(names: [&str; 2]) -> String {
    let [swapped, other] = names;
    format!(
        r#"{{"links": [
  {{"id": "front", "type": "phy", "name": "{swapped}", "ethernet_mac_address": "{SWAPPED}", "mtu": 9000}},
  {{"id": "back", "type": "phy", "name": "{other}", "ethernet_mac_address": "{OTHER}"}},
  {{"id": "m0", "type": "phy", "ethernet_mac_address": "{MEMBER}", "mtu": 9000}},
  {{"id": "m1", "type": "phy", "ethernet_mac_address": "{SECOND_MEMBER}", "mtu": 9000}},
  {{"id": "b0", "type": "bond", "name": "bond0", "bond_links": ["m0", "m1"], "mtu": 9000,
    "bond_mode": "active-backup", "bond_miimon": 100, "ethernet_mac_address": "{MEMBER}"}},
  {{"id": "v7", "type": "vlan", "vlan_link": "b0", "vlan_id": 7, "vlan_mac_address": "{MEMBER}", "mtu": 8000}}],
 "networks": [
  {{"id": "n0", "link": "front", "type": "ipv6", "ip_address": "2001:db8:20::10/64",
    "routes": [{{"network": "::", "netmask": "::", "gateway": "2001:db8:20::1"}}]}},
  {{"id": "n1", "link": "back", "type": "ipv4", "ip_address": "192.0.2.80", "netmask": "255.255.255.0",
    "routes": [{{"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "192.0.2.1"}}]}},
  {{"id": "n2", "link": "v7", "type": "ipv4", "ip_address": "198.51.100.80", "netmask": "255.255.255.128",
    "routes": [{{"network": "203.0.113.0", "netmask": "255.255.255.0", "gateway": "198.51.100.1"}}]}}]}}"#
    )
}

/// What the machine does to itself while it runs: the two names swapped again,
/// of NICs that are up with addresses on them, and back.
const USER_DATA: &str = "\
#cloud-config
runcmd:
- glowplug net show --format json > /root/booted.json
- glowplug net show > /root/booted.txt
- sed -e s/eth2/ethX/ -e s/eth3/eth2/ -e s/ethX/eth3/ /root/network.json > /root/swapped.json
- glowplug net apply --network-data /root/swapped.json --kind network_data.json > /root/apply.txt 2>&1
- echo $? >> /root/apply.txt
- glowplug net show --format json > /root/swapped-show.json
- glowplug net apply --network-data /root/network.json --kind network_data.json > /root/again.txt 2>&1
- echo $? >> /root/again.txt
- grep -E '^(bonding|8021q|bridge|dummy) ' /proc/modules | cut -d ' ' -f 1 | sort > /root/modules
";

#[test]
fn a_bond_a_vlan_and_names_that_swap() {
    let network = network_data(["eth2", "eth3"]);
    let indented = network.replace('\n', "\n    ");
    let user_data =
        format!("{USER_DATA}write_files:\n- path: /root/network.json\n  content: |\n    {indented}\n");
    let metadata = r#"{"uuid": "links", "hostname": "links"}"#;
    let seed = write_seed(
        "links",
        &[("meta_data.json", metadata), ("network_data.json", &network), ("user_data", &user_data)],
    );
    let mut scene = Scene::new("links", &[&seed]);
    let boot = scene.boot_seed(&seed);
    let contents = scene.contents();
    assert_eq!(boot.status, "done", "{}", boot.status_output);
    scene.expect_told(&["renamed eth3 to eth2", SWAPPED]);
    scene.expect_told(&["renamed eth2 to eth3", OTHER]);
    the_report_shows_it(&boot);
    netlink_tells_the_same(&contents.text("/root/booted.json").unwrap_or_default(), ["eth2", "eth3"]);
    netlink_tells_the_same(&contents.text("/root/swapped-show.json").unwrap_or_default(), ["eth3", "eth2"]);
    for file in ["/root/apply.txt", "/root/again.txt"] {
        let told = contents.text(file).unwrap_or_default();
        assert!(told.ends_with("\n0\n"), "{file}: {told}");
        assert!(told.contains("to glow0\n") && told.contains("create vlan bond0.7"), "{file}: {told}");
    }
    modules_are_those_of_the_links(&contents);
}

fn the_report_shows_it(boot: &Boot) {
    let swapped = link(boot, SWAPPED);
    assert_eq!((&*swapped.name, swapped.up, swapped.mtu, &*swapped.kind), ("eth2", true, 9000, ""));
    assert_eq!(addresses(swapped), ["2001:db8:20::10/64"]);
    let default = swapped.routes.iter().find(|route| route.starts_with("default"));
    assert!(
        default.is_some_and(|route| route.contains("via 2001:db8:20::1 dev eth2")),
        "{:?}",
        swapped.routes
    );
    let other = link(boot, OTHER);
    assert_eq!((&*other.name, other.up, other.mtu), ("eth3", true, 1500));
    assert!(
        other.routes.iter().any(|route| route.starts_with("default via 192.0.2.1")),
        "{:?}",
        other.routes
    );
    // Members and the VLAN have the bond's address: names tell them apart.
    let named = |name: &str| boot.links.iter().find(|link| link.name == name).unwrap();
    let bond = named("bond0");
    assert_eq!((&*bond.mac, bond.up, bond.mtu, &*bond.kind), (MEMBER, true, 9000, "bond"));
    for member in ["eth0", "eth1"] {
        assert_eq!((&*named(member).master, named(member).mtu), ("bond0", 9000), "{member}");
    }
    let vlan = named("bond0.7");
    assert_eq!((&*vlan.kind, vlan.up, vlan.mtu, &*vlan.mac), ("vlan", true, 8000, MEMBER));
    assert_eq!(addresses(vlan), ["198.51.100.80/25"]);
    assert!(vlan.routes.iter().any(|route| route.starts_with("203.0.113.0/24 via 198.51.100.1")));
    assert_eq!(boot.links.len(), 6, "no other link came along: {:?}", boot.links);
}

fn field<'o>(object: &'o Object, key: &str) -> &'o Value {
    object.get(key).unwrap_or_else(|| panic!("no {key}: {}", json::to_string(object)))
}

fn text(object: &Object, key: &str) -> String {
    match field(object, key) {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => json::to_string(other),
    }
}

fn list<'o>(object: &'o Object, key: &str) -> Vec<&'o Object> {
    let Value::Array(items) = field(object, key) else { panic!("{key} is no list") };
    let object = |item: &'o Value| match item {
        Value::Object(object) => object,
        other => panic!("{}", json::to_string(other)),
    };
    items.iter().map(object).collect()
}

/// `glowplug net show --format json`: all that was planned and, the kernel's
/// own aside, nothing else.
fn netlink_tells_the_same(told: &str, names: [&str; 2]) {
    let told: Object = json::from_str(told).unwrap_or_else(|_| panic!("not JSON: {told}"));
    let links = list(&told, "links");
    let mut lines = Vec::new();
    for link in &links {
        let words = ["name", "up", "mtu", "master", "kind", "vlan", "bond_mode"].map(|key| text(link, key));
        lines.push(words.join(" "));
        for address in list(link, "addresses").iter().filter(|address| text(address, "scope") == "global") {
            lines.push(format!("{} {}", text(link, "name"), text(address, "address")));
        }
        for route in list(link, "routes").iter().filter(|route| text(route, "protocol") != "kernel") {
            let way = format!("{} via {}", text(route, "destination"), text(route, "gateway"));
            lines.push(format!("{} {way}", text(link, "name")));
        }
    }
    lines.retain(|line| !line.starts_with("lo "));
    lines.sort();
    let [swapped, other] = names;
    let mut expected = vec![
        "eth0 true 9000 bond0   ".into(),
        "eth1 true 9000 bond0   ".into(),
        "bond0 true 9000  bond  active-backup".into(),
        "bond0.7 true 8000  vlan 7 ".into(),
        "bond0.7 198.51.100.80/25".into(),
        "bond0.7 203.0.113.0/24 via 198.51.100.1".into(),
        format!("{swapped} true 9000    "),
        format!("{swapped} 2001:db8:20::10/64"),
        format!("{swapped} default via 2001:db8:20::1"),
        format!("{other} true 1500    "),
        format!("{other} 192.0.2.80/24"),
        format!("{other} default via 192.0.2.1"),
    ];
    expected.sort();
    assert_eq!(lines, expected);
    let driver = |name: &str| text(links.iter().find(|link| text(link, "name") == name).unwrap(), "driver");
    assert_eq!([driver("eth0"), driver("bond0"), driver("lo")], ["virtio_net", "bonding", ""]);
}

/// Packed are all four; loaded, those that this network needs.
fn modules_are_those_of_the_links(contents: &Contents) {
    assert_eq!(contents.text("/root/modules").as_deref(), Some("8021q\nbonding\n"));
}

//! Renames: every situation, wherever it is interrupted.

use crate::{by_mac, inside, ip, present, veth};
use glowplug::network::model::LinkName;
use glowplug::network::rename;
use glowplug::stage::network::system_links;
use glowplug::sys::netlink::Netlink;

/// The names wanted, by index.
fn named(names: &[(u8, &str)]) -> Vec<(u32, LinkName)> {
    let links = present();
    names.iter().map(|(mac, name)| (by_mac(&links, *mac).index, LinkName::new(name).unwrap())).collect()
}

/// Gives the NICs these names, cutting the plan after `steps` and beginning
/// anew; then names and up must be as wanted.
fn rename_all(netlink: &mut Netlink, names: &[(u8, &str)], steps: usize) {
    let before = present();
    let wanted = named(names);
    for action in rename::plan(&wanted, &before).iter().take(steps) {
        netlink.apply(action).unwrap();
    }
    let cut = present();
    for action in rename::plan(&wanted, &cut) {
        netlink.apply(&action).unwrap();
    }
    let after = present();
    for (mac, name) in names {
        assert_eq!(by_mac(&after, *mac).name, *name, "after {steps} steps");
    }
    if steps == 0 {
        for link in &before {
            let now = after.iter().find(|other| other.index == link.index).unwrap();
            assert_eq!(now.up, link.up, "{} was up: {}", link.name, link.up);
        }
    }
    assert_eq!(rename::plan(&wanted, &after), []);
}

#[test]
fn swaps_two_links_that_are_up_with_addresses() {
    inside("names::swaps_two_links_that_are_up_with_addresses", |netlink| {
        veth(&["eth0", "eth1"], 2);
        ip("address add 10.0.0.5/24 dev eth0");
        rename_all(netlink, &[(0, "eth1"), (1, "eth0")], 0);
        assert!(ip("-j address show dev eth1").contains("10.0.0.5"), "the address goes with its link");
    });
}

#[test]
fn turns_a_cycle_wherever_it_is_interrupted() {
    inside("names::turns_a_cycle_wherever_it_is_interrupted", |netlink| {
        veth(&["eth0", "eth1", "eth2"], 2);
        let orders = [["eth1", "eth2", "eth0"], ["eth2", "eth0", "eth1"]];
        for steps in 0..10 {
            let [a, b, c] = orders[steps % 2];
            rename_all(netlink, &[(0, a), (1, b), (2, c)], steps);
        }
    });
}

#[test]
fn moves_a_foreign_link_aside() {
    inside("names::moves_a_foreign_link_aside", |netlink| {
        veth(&["eth0", "ens3", "eth1"], 1);
        rename_all(netlink, &[(1, "eth0")], 0);
        let links = present();
        assert_eq!((by_mac(&links, 0).name.as_str(), by_mac(&links, 0).up), ("eth2", true));
    });
}

/// A situation: NICs by their names, those up, and the names wanted by MAC.
struct Situation {
    names: &'static [&'static str],
    up: usize,
    wanted: &'static [(u8, &'static str)],
}

const SITUATIONS: [Situation; 7] = [
    Situation { names: &["eth0", "eth1"], up: 2, wanted: &[(0, "eth1"), (1, "eth0")] },
    Situation { names: &["lan0", "lan1", "dmz"], up: 1, wanted: &[(0, "lan1"), (1, "dmz"), (2, "lan0")] },
    Situation { names: &["lan0", "lan1", "dmz"], up: 2, wanted: &[(0, "lan1"), (1, "dmz"), (2, "wan")] },
    Situation { names: &["lan0", "lan1"], up: 1, wanted: &[(0, "lan0"), (1, "lan1")] },
    Situation { names: &["eth0", "ens3"], up: 2, wanted: &[(1, "eth0")] },
    Situation { names: &["eth0", "eth1", "ens3"], up: 3, wanted: &[(1, "eth0"), (2, "eth1")] },
    Situation {
        names: &["lan0", "lan1", "dmz", "wan"],
        up: 4,
        wanted: &[(0, "lan1"), (1, "lan0"), (2, "wan"), (3, "dmz")],
    },
];

/// Deletes the NICs, so that the next situation finds none.
fn clear() {
    for at in 0..9 {
        if present().iter().any(|link| link.name == format!("peer{at}")) {
            ip(&format!("link delete peer{at}"));
        }
    }
}

#[test]
fn every_situation_ends_well_wherever_it_is_interrupted() {
    inside("names::every_situation_ends_well_wherever_it_is_interrupted", |netlink| {
        for Situation { names, up, wanted } in SITUATIONS {
            let mut steps = 0;
            loop {
                veth(names, up);
                let before = present();
                let plan = rename::plan(&named(wanted), &before);
                rename_all(netlink, wanted, steps);
                for link in present() {
                    assert!(!link.name.starts_with("glow"), "{names:?}: {} after {steps} steps", link.name);
                }
                clear();
                if steps >= plan.len() {
                    break;
                }
                steps += 1;
            }
        }
    });
}

#[test]
fn alternative_names_give_way() {
    inside("names::alternative_names_give_way", |netlink| {
        veth(&["ens3", "ens4", "ens5"], 1);
        ip("link property add dev ens4 altname eth0");
        ip("link property add dev ens5 altname eth1");
        ip("link property add dev ens5 altname kept");
        // One is another's alternative name, one its own.
        rename_all(netlink, &[(0, "eth0"), (2, "eth1")], 0);
        let links = ip("-j link show");
        assert!(links.contains("kept"), "what is in nobody's way stays: {links}");
        assert_eq!(by_mac(&present(), 1).name, "ens4");
    });
}

#[test]
fn a_bridge_with_the_address_of_its_port_is_not_renamed() {
    inside("names::a_bridge_with_the_address_of_its_port_is_not_renamed", |netlink| {
        use glowplug::network::model::{Kind, Link, LinkId, Mac, Match, Network};
        veth(&["ens3"], 1);
        ip("link add br0 type bridge");
        ip("link set ens3 master br0");
        let mac = Mac([2, 0, 0, 0, 0, 0]);
        assert_eq!(present().iter().filter(|link| link.mac == Some(mac)).count(), 2, "both have it");
        let kind = Kind::Physical(Match::default());
        let mut link = Link::new(LinkId::new("lan0").unwrap(), LinkName::new("lan0"), kind);
        link.mac = Some(mac);
        let network = Network { links: vec![link], ..Network::default() };
        let links = present();
        let resolved = network.resolve(&links);
        assert_eq!(resolved.problems, []);
        for action in resolved.renames() {
            netlink.apply(&action).unwrap();
        }
        let names: Vec<String> = present().into_iter().map(|link| link.name).collect();
        assert!(names.contains(&"lan0".into()) && names.contains(&"br0".into()), "{names:?}");
    });
}

/// udev renames NICs when they appear: here, before any one of our steps.
#[test]
fn somebody_elses_renames_meanwhile_do_not_matter() {
    inside("names::somebody_elses_renames_meanwhile_do_not_matter", |netlink| {
        for at in 0..7 {
            for (mac, foreign) in [(0, "enp0s3"), (1, "enp0s4"), (2, "eth0"), (2, "glow0")] {
                veth(&["eth0", "eth1", "ens5"], 2);
                let before = present();
                let wanted = named(&[(0, "eth1"), (1, "eth0"), (2, "lan0")]);
                let mut steps = 0;
                let problems = rename::settle(&wanted, &before, &mut system_links, &mut |action| {
                    let links = present();
                    if steps == at && !links.iter().any(|link| link.name == foreign) {
                        ip(&format!("link set {} name {foreign}", by_mac(&links, mac).name));
                    }
                    steps += 1;
                    netlink.apply(&action)
                });
                assert_eq!(problems, [], "{foreign} before step {at}");
                let after = present();
                let names = [0, 1, 2].map(|mac| by_mac(&after, mac).name.as_str());
                assert_eq!(names, ["eth1", "eth0", "lan0"], "{foreign} before step {at}");
                assert!(by_mac(&after, 0).up && by_mac(&after, 1).up, "{foreign} before step {at}");
                clear();
            }
        }
    });
}

#[test]
fn a_link_in_the_way_leaves_others_their_alternative_names() {
    inside("names::a_link_in_the_way_leaves_others_their_alternative_names", |netlink| {
        veth(&["eth0", "ens4", "ens5"], 1);
        ip("link property add dev ens5 altname eth1");
        rename_all(netlink, &[(1, "eth0")], 0);
        let links = present();
        assert_eq!(by_mac(&links, 0).name, "eth2");
        assert_eq!(by_mac(&links, 2).alternative_names, ["eth1"]);
    });
}

use super::*;
use crate::network::model::{Mac, Match, Vlan};
use crate::network::parse::{Description, description};

fn nic(index: u32, name: &str, mac: &str) -> SystemLink {
    let mac = Mac::parse(mac);
    SystemLink { index, name: name.into(), mac, own_mac: true, ..SystemLink::default() }
}

fn id(text: &str) -> LinkId {
    LinkId::new(text).unwrap()
}

fn link(mac: &str, name: Option<&str>) -> Link {
    let name = name.map(|name| LinkName::new(name).unwrap());
    let mut link = Link::new(id(mac), name, Kind::Physical(Match::default()));
    link.mac = Mac::parse(mac);
    link
}

const A: &str = "52:54:00:00:00:0a";
const B: &str = "52:54:00:00:00:0b";

fn outcome(links: Vec<Link>, present: &[SystemLink]) -> (Vec<String>, Vec<String>) {
    let network = Network { links, ..Network::default() };
    let resolved = network.resolve(present);
    (
        resolved.links.iter().map(|link| link.name.to_string()).collect(),
        resolved.problems.iter().map(ToString::to_string).collect(),
    )
}

#[test]
fn the_kernels_name_stays_unless_another_is_wanted() {
    let present = [nic(2, "ens3", A), nic(3, "ens4", &B.to_uppercase())];
    let (names, problems) = outcome(vec![link(A, None), link(B, Some("lan0"))], &present);
    assert_eq!(names, ["ens3", "lan0"]);
    assert_eq!(problems, [] as [&str; 0]);
}

#[test]
fn a_link_moved_aside_is_configured_under_its_new_name() {
    let present = [nic(2, "eth0", A), nic(3, "eth1", B)];
    assert_eq!(outcome(vec![link(A, None), link(B, Some("eth0"))], &present).0, ["eth2", "eth0"]);
}

#[test]
fn what_is_not_there_is_one_problem_and_the_rest_goes_on() {
    let (names, problems) = outcome(vec![link(B, None), link(A, None)], &[nic(2, "ens3", A)]);
    assert_eq!(names, ["ens3"]);
    assert_eq!(
        problems,
        [format!("unable to find link {B}: no NIC has this MAC address; there are ens3 ({A})")]
    );
}

#[test]
fn a_named_link_is_kept_for_the_day_it_appears() {
    let network = Network { links: vec![link(B, Some("lan0"))], ..Network::default() };
    let resolved = network.resolve(&[]);
    assert_eq!(&*resolved.links[0].name, "lan0");
    assert_eq!((resolved.links[0].present, resolved.problems.len()), (None, 1));
    assert_eq!(resolved.renames(), []);
}

#[test]
fn two_nics_of_one_address_are_both_named() {
    let present = [nic(2, "ens3", A), nic(3, "ens4", A)];
    assert_eq!(
        outcome(vec![link(A, None)], &present).1,
        [format!("unable to find link {A}: ens3 and ens4 have the same MAC address")]
    );
    let mut member = present.clone();
    member[1].own_mac = false;
    assert_eq!(outcome(vec![link(A, None)], &member).0, ["ens3"]);
}

#[test]
fn names_and_addresses_are_given_once() {
    let present = [nic(2, "ens3", A), nic(3, "ens4", B)];
    let (names, problems) = outcome(vec![link(A, Some("lan")), link(B, Some("lan"))], &present);
    assert_eq!((names, problems.len()), (vec!["lan".to_string(), "ens4".to_string()], 1));
    let (names, problems) = outcome(vec![link(A, Some("lan")), link(A, None)], &present);
    assert_eq!((names, problems.len()), (vec!["lan".to_string()], 1));
}

#[test]
fn a_vlan_is_named_after_its_link() {
    let vlan = |of: &str, number| Link::new(id("vlan"), None, Kind::Vlan(Vlan::new(number, id(of)).unwrap()));
    let present = [nic(2, "ens3", A)];
    assert_eq!(outcome(vec![vlan(A, 7), link(A, None)], &present).0, ["ens3.7", "ens3"]);
    assert_eq!(outcome(vec![vlan("eth9", 7)], &present).0, ["eth9.7"]);
    let (names, problems) = outcome(vec![vlan(B, 7), link(B, None)], &present);
    assert_eq!((names, problems.len()), (vec![], 2), "{problems:?}");
}

/// A VLAN on a link with a long name was not made, and was said to be on one
/// without a name.
#[test]
fn a_vlan_of_a_long_name_was_not_made() {
    let vlan = |id: &str, of: &str| {
        Link::new(self::id(id), None, Kind::Vlan(Vlan::new(1234, self::id(of)).unwrap()))
    };
    let present = [nic(2, "enp175s0f1np1", A), nic(3, "enp175s0f1np0", B)];
    let links = vec![link(A, None), link(B, None), vlan("v", A), vlan("w", B)];
    let (names, problems) = outcome(links, &present);
    assert_eq!(names[2], "enp175s0f1.1234");
    assert!(names[3].len() == 15 && names[3].ends_with(".1234") && names[3] != names[2], "{names:?}");
    let why = "unable to give the name enp175s0f1np1.1234: it has more than 15 letters; the name is \
               enp175s0f1.1234";
    assert_eq!((problems.len(), &*problems[0]), (2, why));
}

fn parsed(text: &str) -> Network {
    match description("network-config", text.as_bytes(), "x") {
        Ok(Description::Network(parsed)) => parsed.network,
        other => panic!("{other:?}"),
    }
}

/// A version 2 description resolved: `NAME of ID` for each link, problems and notes.
fn of_text(text: &str, present: &[SystemLink]) -> (Vec<String>, Vec<String>, Vec<String>) {
    let network = parsed(text);
    let resolved = network.resolve(present);
    let is_there = |link: &&ResolvedLink<'_>| !link.is_nobodys();
    let name = |link: &ResolvedLink<'_>| format!("{} of {}", link.name, &*link.link.id);
    let problems = resolved.problems.iter().map(ToString::to_string).collect();
    (resolved.links.iter().filter(is_there).map(name).collect(), problems, resolved.notes)
}

fn machine() -> Vec<SystemLink> {
    let mut present = vec![nic(2, "ens3", A), nic(3, "ens4", B), nic(4, "eth1", "52:54:00:00:00:0c")];
    for (nic, driver) in present.iter_mut().zip(["virtio_net", "virtio_net", "ixgbe"]) {
        nic.driver = Some(driver.into());
    }
    present
}

/// Only one NIC, or none, was configured.
#[test]
fn a_match_is_for_every_nic_that_fits() {
    for (matching, names) in [
        ("name: 'en*'", "ens3 of a, ens4 of a"),
        ("name: [ens4, 'eth?']", "ens4 of a, eth1 of a"),
        ("driver: virtio_net", "ens3 of a, ens4 of a"),
        ("driver: ixgbe e1000", "eth1 of a"),
        ("driver: [e1000, 'virtio*']", "ens3 of a, ens4 of a"),
        ("driver: virtio_net, name: '*4'", "ens4 of a"),
        ("driver: ixgbe, macaddress: '52:54:00:00:00:0c'", "eth1 of a"),
        ("driver: e1000, macaddress: '52:54:00:00:00:0c'", "a of a"),
        ("driver: e1000", ""),
        ("", "ens3 of a, ens4 of a, eth1 of a"),
    ] {
        let text = ["{version: 2, ethernets: {a: {dhcp4: true, match: {", matching, "}}}}"].concat();
        let (found, problems, notes) = of_text(&text, &machine());
        assert_eq!(found.join(", "), names, "{matching}");
        let is_missing = matching.contains("e1000") && !names.contains("ens") && !names.contains("eth1");
        assert_eq!((problems.len(), notes.len()), (usize::from(is_missing), 0), "{matching}: {problems:?}");
    }
}

#[test]
fn the_more_exact_link_has_the_nic() {
    let text = "{version: 2, ethernets: {a: {match: {driver: '*'}}, b: {match: {name: 'en*'}}, \
        c: {match: {name: '*'}}, ens4: {dhcp4: true}, e: {match: {macaddress: '52:54:00:00:00:0a'}}}}";
    let (names, problems, notes) = of_text(text, &machine());
    assert_eq!(names, ["eth1 of c", "ens4 of ens4", "ens3 of e"]);
    assert_eq!(problems, [] as [&str; 0]);
    assert_eq!(notes.len(), 7);
    assert_eq!(notes[0], "ens3 is configured by link e, not by b, which is for it too");
}

#[test]
fn one_name_is_for_one_nic() {
    let set_name = |matching: &str, name: &str| {
        let text = "{version: 2, ethernets: {a: {set-name: N, match: M}}}";
        of_text(&text.replace('N', name).replace('M', matching), &machine())
    };
    let (names, problems, _) = set_name("{driver: virtio_net}", "lan0");
    let why = "unable to find link lan0: ens3 and ens4 match, and only one can have this name";
    assert_eq!((&*names[0], problems[0].as_str()), ("lan0 of a", why));
    assert_eq!(set_name("{driver: ixgbe}", "lan0").1, [] as [&str; 0]);
    assert_eq!(set_name("{name: 'eno*'}", "eth1").1, [] as [&str; 0], "it has its name already");
    let network = parsed("{version: 2, ethernets: {ens3: {set-name: lan0, dhcp4: true}}}");
    let steps: Vec<String> =
        network.resolve(&machine()).renames().iter().map(crate::action::LinkAction::text).collect();
    assert_eq!(steps, ["rename link ens3 to lan0"], "without match the id is the name it has");
}

#[test]
fn what_is_made_of_several_nics() {
    let text = "{version: 2, ethernets: {a: {match: {driver: virtio_net}}, z: {match: {name: 'wl*'}}}, \
        bridges: {br0: {interfaces: [a, z, x]}}, vlans: {v: {id: 7, link: a}}}";
    let network = parsed(text);
    let present = machine();
    let resolved = network.resolve(&present);
    let Kind::Bridge { ports } = &network.link("br0").unwrap().kind else { panic!() };
    assert_eq!(resolved.names_of(ports), ["ens3", "ens4", "x"]);
    let problems: Vec<&str> = resolved.problems.iter().map(Error::text).collect();
    assert!(
        problems.contains(&"unable to make VLAN v: a is for several NICs: only one, ens3, has it"),
        "{problems:?}"
    );
}

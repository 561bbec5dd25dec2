use crate::network::model::SystemLink;
use crate::network::parse::network_config;
use crate::syntax::yaml;

/// The plan of a description on a machine with `nics`, as lines.
fn plan(text: &str, nics: &[&str]) -> Vec<String> {
    let present: Vec<_> = (2..)
        .zip(nics)
        .map(|(index, name)| SystemLink {
            index,
            name: (*name).into(),
            mac: None,
            own_mac: true,
            ..SystemLink::default()
        })
        .collect();
    let parsed = network_config(yaml::load(text).unwrap(), "network-config");
    assert_eq!(parsed.problems, []);
    super::render(&parsed.network.resolve(&present)).iter().map(ToString::to_string).collect()
}

#[test]
fn each_link_is_made_after_those_it_is_on() {
    let text = "
version: 2
ethernets: {a: {mtu: 9000}, b: {}, c: {}}
vlans:
  outer: {id: 3, link: inner, mtu: 1400}
  inner: {id: 2, link: bond0, mtu: 1500}
  round: {id: 4, link: round}
bonds:
  bond0:
    interfaces: [a, b]
    mtu: 9000
    parameters: {primary: b, mii-monitor-interval: 100, mode: active-backup, up-delay: 200}
bridges:
  br0:
    interfaces: [c, outer]
    parameters: {path-cost: {c: 50}, stp: false}
";
    let lines = plan(text, &["a", "b", "c"]);
    let start = lines.iter().position(|line| line.starts_with("create")).unwrap();
    let end = lines.iter().position(|line| line == "set link a up").unwrap();
    assert_eq!(
        lines[start..end],
        [
            "create bond bond0",
            "set mode of bond0 to active-backup",
            "set miimon of bond0 to 100",
            "set updelay of bond0 to 200",
            "create bridge br0",
            "set stp of br0 to 0",
            "set MTU of a to 9000",
            "set link a down",
            "put link a into bond0",
            "set link b down",
            "put link b into bond0",
            "set primary of bond0 to b",
            "set MTU of bond0 to 9000",
            "create vlan inner of bond0 with number 2",
            "set MTU of inner to 1500",
            "create vlan outer of inner with number 3",
            "set MTU of outer to 1400",
            "put link c into br0",
            "put link outer into br0",
            "set pathcost of c to 50",
        ]
    );
    let flushed = lines.iter().rposition(|line| line.starts_with("flush")).unwrap();
    assert!(flushed < start, "what was there goes first: {lines:?}");
}

#[test]
fn a_nic_that_is_not_there_is_left_out() {
    let lines = plan("{version: 2, ethernets: {a: {addresses: [10.0.0.1/8]}}}", &[]);
    assert_eq!(lines, ["set link lo up", "flush rules of an earlier configuration"]);
}

#[test]
fn routers_are_asked_where_the_description_asks_them() {
    let text = "
version: 2
ethernets:
  fixed: {addresses: [10.0.0.1/8], wakeonlan: true}
  asked: {addresses: [10.0.0.2/8], accept-ra: true}
  leased: {dhcp6: true}
  plain: {}
";
    let lines = plan(text, &["fixed", "asked", "leased", "plain"]);
    let of = |link: &str| {
        let up = "set link fixed up";
        let before = lines.iter().take_while(|line| *line != up);
        let of_link = |line: &&String| line.ends_with(link) && !line.starts_with("flush");
        before.filter(of_link).cloned().collect::<Vec<String>>()
    };
    assert_eq!(of("fixed"), ["ignore router advertisements on fixed", "set wake-on-lan of fixed"]);
    assert_eq!(of("asked"), ["accept router advertisements on asked"]);
    assert_eq!(of("leased"), ["accept router advertisements on leased"]);
    assert_eq!(of("plain"), [] as [String; 0]);
}

#[test]
fn a_route_of_no_link_goes_by_the_link_of_its_gateway() {
    let text = "
version: 1
config:
  - {type: physical, name: a, subnets: [{type: static, address: 10.0.0.1/8}]}
  - {type: physical, name: b, subnets: [{type: static, address: 192.0.2.9/24}]}
  - {type: route, destination: 198.51.100.0/24, gateway: 192.0.2.1}
";
    let parsed = network_config(yaml::load(text).unwrap(), "network-config");
    assert_eq!(parsed.problems, []);
    let nic = |(index, name): (u32, &str)| SystemLink {
        index,
        name: name.into(),
        own_mac: true,
        ..SystemLink::default()
    };
    let present = [(2, "a"), (3, "b")].map(nic);
    let resolved = parsed.network.resolve(&present);
    let lines: Vec<String> = super::render(&resolved).iter().map(ToString::to_string).collect();
    let routes: Vec<&String> = lines.iter().filter(|line| line.starts_with("add route")).collect();
    assert_eq!(routes, ["add route 198.51.100.0/24 on b via 192.0.2.1"]);
}

/// A route that is to lead nowhere was set as one on the link.
#[test]
fn a_blackhole_was_a_route_on_the_link() {
    let text = "{version: 2, ethernets: {a: {macaddress: '02:00:00:00:00:09', addresses: [10.0.0.1/8], routes: \
        [{to: 192.0.2.0/24, type: blackhole}]}}}";
    let parsed = network_config(yaml::load(text).unwrap(), "network-config");
    let present = [SystemLink { index: 2, name: "a".into(), own_mac: true, ..SystemLink::default() }];
    let resolved = parsed.network.resolve(&present);
    let lines: Vec<String> = super::render(&resolved).iter().map(ToString::to_string).collect();
    assert!(!lines.iter().any(|line| line.starts_with("add route")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("02:00:00:00:00:09")), "{lines:?}");
}

use crate::network::parse::network_config;
use crate::syntax::yaml;

/// The plan of a description on a machine with `nics`, as lines.
fn plan(text: &str, nics: &[&str]) -> Vec<String> {
    let present: Vec<_> = (2..)
        .zip(nics)
        .map(|(index, name)| crate::network::model::SystemLink {
            index,
            name: (*name).into(),
            mac: None,
            own_mac: true,
            up: false,
            carrier: false,
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
    assert_eq!(plan("{version: 2, ethernets: {a: {addresses: [10.0.0.1/8]}}}", &[]), ["set link lo up"]);
}

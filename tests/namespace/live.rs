//! A description set live, and read back from the kernel.

use crate::{inside, ip, present, veth};
use glowplug::action::{Action, LinkAction, LinkChange, LinkRoute, NewLink, OptionOf, PolicyRule};
use glowplug::network::model::Network;
use glowplug::network::model::parameter::{BOND, BRIDGE, rows};
use glowplug::network::parse::network_config;
use glowplug::network::render::live;
use glowplug::syntax::yaml;
use glowplug::sys::netlink::{LinkInfo, Netlink};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// A version 2 description.
pub(crate) fn network(text: &str) -> Network {
    let parsed = network_config(yaml::load(text).unwrap(), "network-config");
    assert_eq!(parsed.problems, []);
    parsed.network
}

/// Names the NICs and sets everything; what failed, in words.
pub(crate) fn set(netlink: &mut Netlink, network: &Network) -> Vec<String> {
    let present = present();
    let resolved = network.resolve(&present);
    assert_eq!(resolved.problems, []);
    let renames = resolved.renames().into_iter().map(Action::Link);
    let mut failed = Vec::new();
    for action in renames.chain(live::render(&resolved)) {
        if let Action::Link(step) = action
            && let Err(error) = netlink.apply(&step)
        {
            failed.push(error.to_string());
        }
    }
    failed
}

const ONE_NIC: &str = "
version: 2
ethernets:
  lan0:
    match: {macaddress: '02:00:00:00:00:00'}
    set-name: lan0
    mtu: 1300
    addresses: [10.0.0.5/24, 10.9.0.5/24, '2001:db8::5/64']
    gateway4: 10.0.0.1
    routes:
      - {to: 172.16.0.0/12, via: 10.0.0.254, metric: 50}
      - {to: 192.0.2.0/24, via: 10.0.0.254, table: 1000, mtu: 1200}
      - {to: 198.51.100.0/24, via: 203.0.113.1, on-link: true}
      - {to: '2001:db8:1::/48', via: '2001:db8::1', metric: 7}
    routing-policy:
      - {from: 10.0.0.0/24, table: 1000, priority: 100}
      - {to: '2001:db8:2::/64', table: 9, priority: 101, mark: 3}
";

/// What is read back is what was planned: no less, no more. A second run
/// changes nothing.
#[test]
fn the_result_is_the_plan() {
    inside("live::the_result_is_the_plan", |netlink| {
        veth(&["ens3"], 1);
        let network = network(ONE_NIC);
        for run in 0..2 {
            assert_eq!(set(netlink, &network), [] as [String; 0], "run {run}");
            let links = present();
            let resolved = network.resolve(&links);
            let (mut addresses, mut routes, mut rules) = (Vec::new(), Vec::new(), Vec::new());
            for action in live::render(&resolved) {
                let Action::Link(LinkAction { change, .. }) = action else { continue };
                match change {
                    LinkChange::AddAddress { address, prefix, .. } => addresses.push((address, prefix)),
                    LinkChange::AddRoute(route) => routes.push(*route),
                    LinkChange::AddRule(rule) => rules.push(*rule),
                    _ => {}
                }
            }
            let nic = link(netlink, "lan0");
            assert_eq!((nic.mtu, nic.up), (1300, true));
            let found = netlink.addresses().unwrap().into_iter();
            let found = found.filter(|info| info.link == nic.index && info.scope == 0);
            same(found.map(|info| (info.address, info.prefix)).collect(), addresses);
            let found = netlink.routes().unwrap().into_iter();
            let found = found.filter(|info| info.link == nic.index && !info.is_the_kernels());
            same(found.map(|info| info.route).collect(), routes);
            same(own_rules(netlink), rules);
        }
    });
}

/// The rules that are not the kernel's: those are at 0, 32766 and 32767.
fn own_rules(netlink: &mut Netlink) -> Vec<PolicyRule> {
    let rules = netlink.rules().unwrap().into_iter().map(|info| info.rule);
    rules.filter(|rule| rule.priority.is_some_and(|at| at > 0 && at < 32766)).collect()
}

/// Rules of the last description go before the new ones come; a person's stay,
/// even where they look the same.
#[test]
fn rules_of_an_earlier_configuration_go() {
    inside("live::rules_of_an_earlier_configuration_go", |netlink| {
        veth(&["ens3"], 1);
        for rule in ["from 10.0.0.0/24 lookup 77 priority 7", "from 10.6.0.0/16 lookup 1000 priority 6"] {
            ip(&format!("rule add {rule}"));
        }
        let old = network(ONE_NIC);
        assert_eq!(set(netlink, &old), [] as [String; 0]);
        assert_eq!(own_rules(netlink).len(), 4);
        let rules = "{from: 10.0.0.0/24, table: 1000, priority: 100}\n      - {from: 10.6.0.0/16, table: 1000, priority: 6}\n      - {from: 10.8.0.0/24, table: 5}";
        let text = ONE_NIC.replace("{from: 10.0.0.0/24, table: 1000, priority: 100}", rules);
        let cut = text.find("      - {to: '2001:db8:2::/64'").unwrap();
        let new = network(&text[..cut]);
        for run in 0..2 {
            assert_eq!(set(netlink, &new), [] as [String; 0], "run {run}");
            let told = ip("rule show");
            for stays in [
                "6:\tfrom 10.6.0.0/16 lookup 1000\n",
                "7:\tfrom 10.0.0.0/24 lookup 77\n",
                "100:\tfrom 10.0.0.0/24 lookup 1000 proto 103",
                "from 10.8.0.0/24 lookup 5 proto 103",
            ] {
                assert_eq!(told.matches(stays).count(), 1, "{stays} in {told}");
            }
            assert_eq!(ip("-6 rule show").matches("2001:db8:2").count(), 0, "the old one is gone");
        }
        let mut monitor = Monitor::start("rule");
        assert_eq!(set(netlink, &old), [] as [String; 0]);
        let told = monitor.stop();
        let deleted = told.rfind("Deleted").expect(&told);
        let added = told.find("2001:db8:2").expect(&told);
        assert!(deleted < added, "the old ones go first: {told}");
        assert_eq!(ip("rule show").matches("10.8.0.0").count(), 0);
    });
}

/// `ip monitor` tells each change in its order.
struct Monitor(std::process::Child);

impl Monitor {
    fn start(what: &str) -> Self {
        let mut monitor = Command::new("ip");
        monitor.args(["-o", "monitor"]).args(what.split(' ')).stdout(Stdio::piped());
        let monitor = monitor.spawn().unwrap();
        sleep(Duration::from_millis(300));
        Self(monitor)
    }

    fn stop(&mut self) -> String {
        sleep(Duration::from_millis(300));
        self.0.kill().unwrap();
        self.0.wait().unwrap();
        std::io::read_to_string(self.0.stdout.take().unwrap()).unwrap()
    }
}

const ROUTES_OF_NO_LINK: &str = "
version: 1
config:
  - type: physical
    name: ens3
    wakeonlan: true
    accept-ra: true
    subnets: [{type: static, address: 10.0.0.5/24}]
  - type: physical
    name: ens4
    subnets: [{type: static, address: 192.0.2.9/24}, {type: static6, address: '2001:db8::9/64'}]
  - {type: route, destination: 198.51.100.0/24, gateway: 192.0.2.1, metric: 9}
  - {type: route, destination: '2001:db8:5::/48', gateway: '2001:db8::1'}
";

/// A veth pair has no wake-on-lan: the kernel was asked, and said so.
#[test]
fn routes_of_no_link_routers_and_wake_on_lan() {
    inside("live::routes_of_no_link_routers_and_wake_on_lan", |netlink| {
        veth(&["ens3", "ens4"], 0);
        let network = network(ROUTES_OF_NO_LINK);
        let failed = set(netlink, &network);
        assert_eq!(failed, ["unable to set wake-on-lan of ens3: Operation not supported"]);
        for (dev, route) in [
            ("ens4", "198.51.100.0/24 via 192.0.2.1 proto static metric 9"),
            ("ens4", "2001:db8:5::/48 via 2001:db8::1 proto static"),
        ] {
            let family = if route.contains("::") { "-6" } else { "-4" };
            let told = ip(&format!("{family} route show dev {dev}"));
            assert!(told.contains(route), "{route} in {told}");
        }
        let accepts = |name: &str| {
            std::fs::read_to_string(format!("/proc/sys/net/ipv6/conf/{name}/accept_ra")).unwrap()
        };
        assert_eq!((&*accepts("ens3"), &*accepts("ens4")), ("1\n", "0\n"));
    });
}

fn link(netlink: &mut Netlink, name: &str) -> LinkInfo {
    let links = netlink.links().unwrap();
    links.into_iter().find(|link| link.name == name).unwrap_or_else(|| panic!("there is no {name}"))
}

/// Both have the same things, in whatever order.
fn same<T: std::fmt::Debug>(found: Vec<T>, planned: Vec<T>) {
    let sorted = |things: Vec<T>| {
        let mut lines: Vec<String> = things.iter().map(|thing| format!("{thing:?}")).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(found), sorted(planned));
}

/// `ip monitor` tells each change of addresses and routes in its order.
#[test]
fn what_was_there_goes_before_anything_comes() {
    inside("live::what_was_there_goes_before_anything_comes", |netlink| {
        // Named already: a rename takes routes away by itself.
        veth(&["lan0", "ens4"], 2);
        ip("address add 10.0.0.5/24 dev lan0");
        ip("address add 192.0.2.9/24 dev lan0");
        // The address that is wanted on the first.
        ip("address add 10.9.0.5/24 dev ens4");
        ip("route add 100.64.0.0/10 via 10.0.0.7 dev lan0");
        let network = network(ONE_NIC.replace("ethernets:", "ethernets:\n  ens4: {}").as_str());
        let mut monitor = Monitor::start("address route");
        let failed = set(netlink, &network);
        let told = monitor.stop();
        assert_eq!(failed, [] as [String; 0]);
        let at = |parts: &[&str]| told.lines().position(|line| parts.iter().all(|part| line.contains(part)));
        let added = told
            .lines()
            .position(|line| {
                line.contains("inet 10.9.0.5/24") && line.contains("lan0") && !line.contains("Deleted")
            })
            .expect(&told);
        for gone in ["192.0.2.9/24", "10.9.0.5/24", "100.64.0.0/10"] {
            assert!(at(&["Deleted", gone]).expect(gone) < added, "{gone} after the new address: {told}");
        }
        assert_eq!(
            at(&["Deleted", "inet 10.0.0.5/24"]),
            None,
            "the address that stays is not removed: {told}"
        );
    });
}

/// The kinds this kernel can't make; each of its errors has to say so.
fn unknown_kinds(netlink: &mut Netlink) -> Vec<&'static str> {
    let kinds =
        [NewLink::Dummy, NewLink::Bond, NewLink::Bridge, NewLink::Vlan { link: "probe".into(), number: 5 }];
    ip("link add probe type veth peer name probe-peer");
    let mut unknown = Vec::new();
    for new in kinds {
        let kind = new.kind();
        let name = ["probe-", kind].concat();
        match netlink.apply(&LinkAction::new(&name, LinkChange::Create(new))) {
            Ok(()) => drop(ip(&format!("link delete {name}"))),
            Err(error) => {
                let (start, end) =
                    (format!("unable to create {kind} {name}"), "(RTM_NEWLINK: Unknown device type)");
                let error = error.to_string();
                assert!(error.starts_with(&start) && error.ends_with(end), "{error}");
                unknown.push(kind);
            }
        }
    }
    ip("link delete probe");
    println!("kinds of links this kernel can't make: {unknown:?}");
    unknown
}

const EVERY_KIND: &str = "
version: 2
ethernets:
  ens3: {mtu: 9000}
  ens4: {mtu: 9000}
  ens5: {}
bonds:
  bond0:
    interfaces: [ens3, ens4]
    mtu: 9000
    macaddress: '02:00:00:00:0b:00'
    parameters: {mode: active-backup, mii-monitor-interval: 100, primary: ens4}
vlans:
  vlan7: {id: 7, link: bond0, mtu: 8000, addresses: [10.7.0.1/24]}
  vlan8: {id: 8, link: br0, addresses: [10.8.0.1/24]}
bridges:
  br0:
    interfaces: [ens5]
    macaddress: '02:00:00:00:0b:01'
    parameters: {stp: true, forward-delay: 4, priority: 4096, path-cost: {ens5: 50}}
    addresses: [10.1.0.1/24]
";

#[test]
fn every_kind_of_link_is_made() {
    inside("live::every_kind_of_link_is_made", |netlink| {
        let unknown = unknown_kinds(netlink);
        veth(&["ens3", "ens4", "ens5"], 2);
        let network = network(EVERY_KIND);
        let mut failed = set(netlink, &network);
        for (kind, names) in [("bond", &["bond0"][..]), ("vlan", &["vlan7", "vlan8"])] {
            // What depends on a link that can't be made fails too, and says so.
            if unknown.contains(&kind) {
                for name in names {
                    assert!(failed.iter().any(|line| line.contains(name)), "{name} in {failed:?}");
                    failed.retain(|line| !line.contains(name));
                }
            } else {
                for name in names {
                    assert_eq!(link(netlink, name).kind, kind);
                }
            }
        }
        assert_eq!(failed, [] as [String; 0]);
        if !unknown.contains(&"bond") {
            let bond = link(netlink, "bond0");
            let member = link(netlink, "ens3");
            assert_eq!((bond.mtu, bond.address), (9000, Some([2, 0, 0, 0, 0xb, 0])));
            assert_eq!((member.master, member.mtu), (Some(bond.index), 9000));
            let told = ip("-d -j link show bond0");
            assert!(told.contains(r#""mode":"active-backup","miimon":100"#), "{told}");
        }
        if !unknown.contains(&"vlan") {
            assert!(ip("-d -j link show vlan8").contains(r#""id":8"#));
        }
        if !unknown.contains(&"bridge") {
            let bridge = link(netlink, "br0");
            assert_eq!((&*bridge.kind, bridge.up), ("bridge", true));
            assert_eq!(link(netlink, "ens5").master, Some(bridge.index));
            let told = ip("-d -j link show br0");
            for part in [
                r#""address":"02:00:00:00:0b:01""#,
                r#""forward_delay":400"#,
                r#""stp_state":1"#,
                r#""priority":4096"#,
            ] {
                assert!(told.contains(part), "{part} in {told}");
            }
            assert!(ip("-d -j link show ens5").contains(r#""cost":50"#));
            assert!(ip("-j address show br0").contains(r#""local":"10.1.0.1""#));
        }
    });
}

#[test]
fn a_value_no_option_has_and_a_name_of_another_kind_are_errors() {
    inside("live::a_value_no_option_has_and_a_name_of_another_kind_are_errors", |netlink| {
        veth(&["ens3"], 0);
        let mut fail = |change| netlink.apply(&LinkAction::new("ens3", change)).unwrap_err().to_string();
        let option = LinkChange::SetOption { of: OptionOf::Bond, name: "mode", value: "fast".into() };
        assert_eq!(
            fail(option),
            "unable to set mode of ens3 to fast: Invalid argument (no value of this option)"
        );
        assert_eq!(
            fail(LinkChange::Create(NewLink::Bridge)),
            "unable to create bridge ens3: File exists (RTM_NEWLINK)"
        );
        let route = LinkRoute {
            destination: "10.0.0.0".parse().unwrap(),
            prefix: 8,
            gateway: None,
            metric: None,
            table: None,
            mtu: None,
            windows: [None, None],
            source: None,
            scope: None,
            on_link: false,
        };
        assert_eq!(
            fail(LinkChange::AddRoute(Box::new(route))),
            "unable to add route 10.0.0.0/8 on ens3: Network is down (RTM_NEWROUTE: Device for nexthop is not up)"
        );
    });
}

/// What a NIC refuses has been sent to the kernel: the option is known.
#[test]
fn every_parameter_of_the_model_has_an_attribute() {
    inside("live::every_parameter_of_the_model_has_an_attribute", |netlink| {
        veth(&["ens3"], 0);
        for (table, of) in
            [(BOND, &[OptionOf::Bond][..]), (BRIDGE, &[OptionOf::Bridge, OptionOf::BridgePort])]
        {
            for [name, ..] in rows(table) {
                let mut sent = false;
                for value in ["1", "10.0.0.1", "02:00:00:00:00:01", "ens3"] {
                    for of in of {
                        let change = LinkChange::SetOption { of: *of, name, value: value.into() };
                        let outcome = netlink.apply(&LinkAction::new("ens3", change));
                        sent |= outcome.is_err_and(|error| error.to_string().contains("(RTM_NEWLINK"));
                    }
                }
                assert!(sent, "{name}");
            }
        }
    });
}

/// Every NIC that fits is configured, by the driver the kernel tells and by
/// patterns of names; the one that is meant more exactly is not.
#[test]
fn a_match_configures_every_nic_that_fits() {
    inside("live::a_match_configures_every_nic_that_fits", |netlink| {
        veth(&["ens3", "ens4", "eth0"], 0);
        let text = "{version: 2, ethernets: {all: {match: {driver: veth, name: 'e*'}, mtu: 1400, addresses: [10.0.0.5/24]}, \
            lan: {match: {name: ens4}, mtu: 1350, addresses: [10.1.0.5/24]}}}";
        let network = network(text);
        for run in 0..2 {
            assert_eq!(set(netlink, &network), [] as [String; 0], "run {run}");
            for (name, mtu, address) in
                [("ens3", 1400, "10.0.0.5/24"), ("ens4", 1350, "10.1.0.5/24"), ("eth0", 1400, "10.0.0.5/24")]
            {
                assert_eq!(link(netlink, name).mtu, mtu, "{name}");
                let told = ip(&format!("-4 -o address show dev {name}"));
                assert_eq!((told.matches("inet ").count(), told.contains(address)), (1, true), "{told}");
            }
        }
    });
}

/// Labels, lifetimes, sources, scopes and windows of a description had only a line.
#[test]
fn labels_lifetimes_and_what_routes_say() {
    inside("live::labels_lifetimes_and_what_routes_say", |netlink| {
        veth(&["ens3"], 0);
        let text = "{version: 2, ethernets: {ens3: {addresses: [{10.0.0.5/24: {label: 'ens3:web'}}, \
            {10.0.0.6/24: {lifetime: 0}}, {'2001:db8::6/64': {lifetime: 0}}], routes: [\
            {to: 172.16.0.0/12, via: 10.0.0.1, from: 10.0.0.6, congestion-window: 20}, \
            {to: 172.15.0.0/16, scope: host, advertised-receive-window: 30}]}}}";
        let network = network(text);
        for run in 0..2 {
            assert_eq!(set(netlink, &network), [] as [String; 0], "run {run}");
            let addresses = ip("-o address show dev ens3");
            for part in [
                "10.0.0.5/24 brd 10.0.0.255 scope global ens3:web",
                "10.0.0.6/24 brd 10.0.0.255 scope global secondary deprecated ens3",
                "2001:db8::6/64 scope global nodad deprecated",
                "valid_lft forever preferred_lft 0sec",
            ] {
                assert!(addresses.contains(part), "{part} in {addresses}");
            }
            let routes = ip("route show dev ens3");
            for part in [
                "172.16.0.0/12 via 10.0.0.1 proto static src 10.0.0.6 initcwnd 20",
                "172.15.0.0/16 proto static scope host initrwnd 30",
            ] {
                assert!(routes.contains(part), "{part} in {routes}");
            }
        }
    });
}

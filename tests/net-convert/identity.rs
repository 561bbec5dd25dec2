//! What is written and read again is what was described.

use super::{data, differences, inputs, machine, parse, render};
use glowplug::network::model::{Kind, Method, Network, Origin};
use glowplug::network::parse::{eni, network_config};
use glowplug::syntax::{json, yaml};
use std::fmt::Write;
use std::fs;

/// Every description, those made by chance too.
fn networks() -> Vec<(String, Network)> {
    let mut networks = Vec::new();
    for (name, text) in inputs() {
        let network = parse(&name, &text).network;
        networks.push((name, network));
    }
    let generated = fs::read_to_string(data().join("net-convert/generated.jsonl")).unwrap();
    for (number, line) in generated.lines().enumerate() {
        let line = json::parse(line.as_bytes()).unwrap();
        let word = |key: &str| line.get(key).and_then(|value| value.as_str()).unwrap();
        let name = format!("{}.{}", number + 1, word("kind"));
        let network = parse(&name, word("text")).network;
        networks.push((name, network));
    }
    networks
}

/// The same with links and settings by name: a mapping has no order, and YAML
/// is written sorted.
fn in_order(mut network: Network) -> Network {
    network.links.sort_by_key(|link| link.id.to_string());
    for link in &mut network.links {
        // netplan uses leases of both families alike.
        let metric = link.subnets.iter().find(|own| own.method == Method::Dhcp4).map(|own| own.metric);
        if let (Some(metric), Some(six)) =
            (metric, link.subnets.iter_mut().find(|own| own.method == Method::Dhcp6))
        {
            six.metric = metric;
            link.dhcp6_overrides.clear();
        }
        for settings in [&mut link.parameters, &mut link.dhcp4_overrides, &mut link.dhcp6_overrides] {
            settings.sort_by_key(|setting| setting.name.to_string());
        }
    }
    network
}

/// netplan's file of a description of version 2 is that description, but for
/// what netplan would refuse.
#[test]
fn netplan() {
    let (mut seen, known) = (0, differences());
    for (name, network) in networks() {
        if known.iter().any(|(input, back_end)| *input == name && back_end == "netplan/debian") {
            continue;
        }
        if let Origin::V2 { .. } = network.origin {
            let files = render(&network, &machine(), "netplan", "debian");
            let text = &files["etc/netplan/50-cloud-init.yaml"];
            let text = text.split_once('\n').unwrap().1;
            let again = network_config(yaml::load(text).unwrap(), "again").network;
            assert_eq!(in_order(again), in_order(network), "{name}");
            seen += 1;
        }
    }
    assert!(seen > 120, "only {seen} descriptions");
}

fn interfaces(network: &Network) -> String {
    let mut files = render(network, &machine(), "eni", "debian");
    files.remove("etc/network/interfaces.d/50-cloud-init").unwrap().split_once('\n').unwrap().1.into()
}

/// What an interfaces file says; `None` where a setting has to be a command.
fn read(text: &str, name: &str) -> Option<Network> {
    let parsed = eni::parse(text, name, &|_, _| Vec::new());
    let known = parsed.problems.iter().all(|problem| {
        [": has no address", "runs a command, and only routes and rules are kept"]
            .iter()
            .any(|end| problem.text().ends_with(end))
    });
    assert!(known, "{name}: {:?}\n{text}", parsed.problems);
    parsed.problems.is_empty().then_some(parsed.network)
}

/// What an interfaces file says is the same once it is written and read again.
/// The first time some is lost or added, as cloud-init does it: NICs' addresses
/// go to udev's rules, `accept-ra` beside `inet dhcp` is left out, a subnet
/// without resolver settings gets those of an earlier one.
#[test]
fn eni() {
    let (mut wrong, mut seen) = (String::new(), 0);
    for (name, network) in networks() {
        if network.links.iter().any(|link| matches!(link.kind, Kind::Infiniband(_))) {
            // interfaces(5) does not tell them from NICs.
            continue;
        }
        let again = |network: &Network| read(&interfaces(network), &name);
        let Some(network) = again(&network).as_ref().and_then(again) else { continue };
        let again = in_order(again(&network).unwrap());
        let network = in_order(network);
        if again != network {
            writeln!(wrong, "##### {name}\n--- {network:#?}\n--- {again:#?}").unwrap();
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen > 400, "only {seen} descriptions");
}

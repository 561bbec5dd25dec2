//! Addresses of `ws_virt_network_dep`, put beside what the description has.

use crate::cloud_config::CloudConfig;
use crate::cloud_config::virtual_network::{Port, metadata_addresses, ports};
use crate::error::Error;
use crate::instance::{EC2_META_DATA, Instance};
use crate::network::model::{Kind, Link, LinkId, Match, Method, Network, Origin, Prefix, Subnet, SystemLink};
use crate::network::resolve;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Adds them to the links of `network`; the value is what is wrong.
#[inline(never)]
pub(super) fn add(
    network: &mut Network,
    config: &CloudConfig<'_>,
    instance: Option<&Instance>,
    present: &[SystemLink],
) -> Vec<Error> {
    let mut problems = Vec::new();
    let mut own = metadata_addresses(instance.and_then(|instance| instance.file(EC2_META_DATA)));
    for link in &network.links {
        own.extend(link.subnets.iter().filter_map(Subnet::address).map(Prefix::ip));
    }
    let nics = nics(network, present);
    for port in ports(config, &own, &mut problems) {
        let Some(nic) = nics.get(port.number) else {
            problems.push(port.problem(&["it names no NIC: the machine has ", &numbered(&nics)].concat()));
            continue;
        };
        // An entry for several NICs would give each of them the address.
        let others = nics.iter().filter(|other| other.link.is_some() && other.link == nic.link).count();
        let added = match nic.link.and_then(|link| network.links.get_mut(link)) {
            Some(_) if others > 1 => {
                Err("the network's description has one entry for this NIC and others; give it one of its own")
            }
            Some(link) => subnet(&port).map(|subnet| {
                link.subnets.push(subnet.clone());
                (link.id.clone(), subnet)
            }),
            None => Err("the network's description leaves out this NIC"),
        };
        match (added, &mut network.origin) {
            (Ok((id, subnet)), Origin::V2 { ports, .. }) => join(ports, id, subnet),
            (Ok(_), _) => {}
            (Err(why), _) => problems.push(port.problem(why)),
        }
    }
    problems
}

/// Puts an address beside the others of the NIC `id`.
fn join(ports: &mut Vec<Link>, id: LinkId, subnet: Subnet) {
    if let Some(port) = ports.iter_mut().find(|port| port.id == id) {
        port.subnets.push(subnet);
    } else {
        let mut port = Link::new(id, None, Kind::Physical(Match::default()));
        port.subnets.push(subnet);
        ports.push(port);
    }
}

/// A NIC that a port can mean.
struct Nic {
    /// What people know it by: its name, else its MAC address.
    name: String,
    /// Where the description has it, in `Network::links`.
    link: Option<usize>,
}

/// The NICs in the order of their ports: as network_data.json lists them, else as the kernel
/// counts them.
#[inline(never)]
fn nics(network: &Network, present: &[SystemLink]) -> Vec<Nic> {
    let physical = |link: &Link| matches!(link.kind, Kind::Physical(_) | Kind::Infiniband(_));
    let mut nics = Vec::new();
    if network.origin == Origin::NetworkData {
        for (at, link) in network.links.iter().enumerate().filter(|(_, link)| physical(link)) {
            let mac = || link.hardware().map(|mac| mac.to_string()).unwrap_or_default();
            let name = link.name.as_ref().map_or_else(mac, ToString::to_string);
            nics.push(Nic { name, link: Some(at) });
        }
        return nics;
    }
    let mut indices: Vec<(u32, Nic)> = Vec::new();
    for nic in present.iter().filter(|nic| nic.own_mac) {
        let is_it = |link: &Link| match link.hardware() {
            Some(mac) => Some(mac) == nic.mac,
            None => link.name.as_ref().map_or_else(|| resolve::fits(link, nic), |name| **name == *nic.name),
        };
        let link = network.links.iter().position(|link| physical(link) && is_it(link));
        let at = indices.partition_point(|(index, _)| *index < nic.index);
        indices.insert(at, (nic.index, Nic { name: nic.name.clone(), link }));
    }
    for (_, nic) in indices {
        nics.push(nic);
    }
    nics
}

/// The NICs with the names of their ports, for a message.
fn numbered(nics: &[Nic]) -> String {
    let mut text = String::new();
    for (number, nic) in nics.iter().enumerate() {
        let comma = if number > 0 { ", " } else { "" };
        text.extend([comma, "port_", &number.to_string(), " (", &nic.name, ")"]);
    }
    if nics.is_empty() { "none".into() } else { text }
}

fn subnet(port: &Port<'_>) -> Result<Subnet, &'static str> {
    let prefix = Prefix::new(port.ip.into(), port.length).ok_or("its network is no network")?;
    let mut subnet = Subnet::new(Method::Static(prefix));
    if let Some(gateway) = port.gateway
        && !subnet.set_gateway(gateway.into())
    {
        return Err("its gateway is of another family");
    }
    Ok(subnet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud_config::layer;
    use crate::network::model::Mac;
    use crate::network::parse::{network_config, network_data};
    use crate::syntax::{json, yaml};

    const DATA: &[u8] = br#"{"links": [
        {"id": "a", "type": "phy", "ethernet_mac_address": "52:54:00:00:00:01"},
        {"id": "b", "type": "phy", "ethernet_mac_address": "52:54:00:00:00:02"}],
        "networks": [{"link": "a", "type": "ipv4", "ip_address": "192.0.2.10", "netmask": "255.255.255.0"}]}"#;

    fn added(text: &'static str) -> (Vec<Vec<String>>, Vec<String>) {
        let mut network = network_data::parse(&json::parse(DATA).unwrap()).network;
        let problems = add(&mut network, &layer(text), None, &[]);
        let addresses =
            |link: &Link| link.subnets.iter().filter_map(Subnet::address).map(ToString::to_string).collect();
        (
            network.links.iter().map(addresses).collect(),
            problems.iter().map(|problem| problem.text().to_owned()).collect(),
        )
    }

    /// Each NIC that the pattern fits got it.
    #[test]
    fn an_address_for_one_nic_was_that_of_all_that_its_entry_fits() {
        let text = "ws_virt_network_dep:\n  192.0.2.10:\n    port_0: {ip: 10.0.0.1, netmask: 8}\n";
        let data =
            yaml::load("version: 2\nethernets: {all: {match: {name: 'e*'}, addresses: [192.0.2.10/24]}}\n");
        let nic = |index, name: &str| SystemLink {
            index,
            name: name.into(),
            mac: Some(Mac([2, 0, 0, 0, 0, 1])),
            own_mac: true,
            ..SystemLink::default()
        };
        let ported = |present: &[SystemLink]| {
            let mut network = network_config(data.clone().unwrap(), "network-config").network;
            let problems = add(&mut network, &layer(text), None, present);
            (network.links[0].subnets.len(), problems)
        };
        assert_eq!(ported(&[nic(1, "eth0")]), (2, Vec::new()), "it is the only one");
        let (count, problems) = ported(&[nic(1, "eth0"), nic(2, "eth1")]);
        assert_eq!((count, problems.len()), (1, 1));
        assert!(problems[0].text().ends_with("give it one of its own"), "{}", problems[0]);
    }

    #[test]
    fn port_0_is_the_first_nic() {
        let text = "ws_virt_network_dep:\n  192.0.2.10:\n    port_0: {ip: 10.0.0.1, netmask: 8}\n    port_1: {ip: 10.1.0.1, netmask: 16}\n    \
                    port_2: {ip: 10.2.0.1, netmask: 16}\n  192.0.2.11:\n    port_0: {ip: 10.0.0.2, netmask: 8}\n";
        let (addresses, problems) = added(text);
        assert_eq!(addresses, [vec!["192.0.2.10/24", "10.0.0.1/8"], vec!["10.1.0.1/16"]]);
        assert_eq!(
            problems,
            [
                "unable to add the address at user-data:5:13: it names no NIC: the machine has port_0 (52:54:00:00:00:01), port_1 (52:54:00:00:00:02)"
            ]
        );
    }
}

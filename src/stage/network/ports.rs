//! Addresses of `ws_virt_network_dep`, put beside what the description has.

use crate::cloud_config::CloudConfig;
use crate::cloud_config::virtual_network::{Port, metadata_addresses, ports};
use crate::error::Error;
use crate::instance::{EC2_META_DATA, Instance};
use crate::network::model::{Kind, Link, LinkId, Match, Method, Network, Origin, Prefix, Subnet, SystemLink};
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
    for port in ports(config, &own, &mut problems) {
        let added = match nic(network, port.number, present) {
            Some(link) => subnet(&port).map(|subnet| {
                link.subnets.push(subnet.clone());
                (link.id.clone(), subnet)
            }),
            None => Err("the machine has no such port, or nothing describes it"),
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

/// The N-th NIC: as network_data.json lists them, else as the kernel counts them.
fn nic<'n>(network: &'n mut Network, number: usize, present: &[SystemLink]) -> Option<&'n mut Link> {
    let is_nic = |link: &&mut Link| matches!(link.kind, Kind::Physical(_) | Kind::Infiniband(_));
    if network.origin == Origin::NetworkData {
        return network.links.iter_mut().filter(is_nic).nth(number - 1);
    }
    let mut indices: Vec<(u32, _)> = Vec::new();
    for nic in present.iter().filter(|nic| nic.own_mac) {
        let at = indices.partition_point(|(index, _)| *index < nic.index);
        indices.insert(at, (nic.index, nic));
    }
    let (_, nic) = indices.get(number - 1)?;
    let is_it = |link: &&mut Link| match link.hardware() {
        Some(mac) => Some(mac) == nic.mac,
        None => link.name.as_ref().is_some_and(|name| **name == *nic.name),
    };
    network.links.iter_mut().filter(is_nic).find(is_it)
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
    use crate::network::parse::network_data;
    use crate::syntax::json;

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

    #[test]
    fn an_address_joins_those_of_its_nic() {
        let text = "ws_virt_network_dep:\n  192.0.2.10:\n    port_1: {ip: 10.0.0.1, netmask: 8}\n    port_2: {ip: 10.1.0.1, netmask: 16}\n    \
                    port_3: {ip: 10.2.0.1, netmask: 16}\n  192.0.2.11:\n    port_1: {ip: 10.0.0.2, netmask: 8}\n";
        let (addresses, problems) = added(text);
        assert_eq!(addresses, [vec!["192.0.2.10/24", "10.0.0.1/8"], vec!["10.1.0.1/16"]]);
        assert_eq!(
            problems,
            [
                "unable to add the address at user-data:5:13: the machine has no such port, or nothing describes it"
            ]
        );
    }
}

//! OpenStack's network_data.json as network configuration of version 1, as
//! cloud-init 26.2 converts it (`convert_net_json`).

use super::{map, word};
use glowplug::network::model::SystemLink;
use glowplug::syntax::value::{Data, Value};
use std::collections::BTreeMap;

type Entry<'a> = (Value<'a>, Value<'a>);

/// What is taken of a link, a network and a route as it stands.
const OF_LINK: [&str; 6] = ["name", "type", "mac_address", "subnets", "params", "mtu"];
const OF_NETWORK: [&str; 10] = [
    "type",
    "address",
    "netmask",
    "broadcast",
    "metric",
    "gateway",
    "pointopoint",
    "scope",
    "dns_nameservers",
    "dns_search",
];
const OF_ROUTE: [&str; 5] = ["network", "destination", "netmask", "gateway", "metric"];

/// Converts it; `None` for what cloud-init could not convert either.
pub(super) fn convert<'a>(data: &Value<'a>, links: &[SystemLink]) -> Option<Value<'a>> {
    let list = |key: &str| data.get_set(key).and_then(Value::items).unwrap_or_default();
    let mut names = BTreeMap::new();
    let mut bonds = 0;
    // Bonds and VLANs are named by what may come after them.
    for link in list("links") {
        let id = text(link, "id")?;
        let own = text(link, "name").map(str::to_owned);
        let name = match text(link, "type")? {
            "bond" => {
                bonds += 1;
                own.or_else(|| Some(format!("bond{}", bonds - 1)))
            }
            "vlan" => None,
            _ => own.or_else(|| nic(link, links)),
        };
        names.extend(name.map(|name| (id, name)));
    }
    for link in list("links").iter().filter(|link| text(link, "type") == Some("vlan")) {
        let below = names.get(text(link, "vlan_link")?)?;
        let name = format!("{below}.{}", shown(link.get("vlan_id")?));
        names.insert(text(link, "id")?, name);
    }
    let mut config = Vec::new();
    for link in list("links") {
        config.push(self::link(link, list("networks"), &names)?);
    }
    for service in list("services") {
        let mut entries: Vec<Entry<'a>> = service.entries().to_vec();
        set(&mut entries, "type", word("nameserver"));
        config.push(Value::bare(Data::Map(entries)));
    }
    Some(map(vec![("config", Value::bare(Data::Seq(config))), ("version", Value::bare(Data::Int(1)))]))
}

fn text<'v>(value: &'v Value<'_>, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

/// A number or a text as Python's `str()` has it.
fn shown(value: &Value<'_>) -> String {
    value.as_int().map_or_else(|| value.as_str().unwrap_or_default().into(), |number| number.to_string())
}

/// The name of the NIC that a link is.
fn nic(link: &Value<'_>, links: &[SystemLink]) -> Option<String> {
    let mac = text(link, "ethernet_mac_address")?.to_ascii_lowercase();
    links.iter().find(|nic| nic.mac.is_some_and(|own| own.to_string() == mac)).map(|nic| nic.name.clone())
}

fn set<'a>(entries: &mut Vec<Entry<'a>>, key: &'static str, value: Value<'a>) {
    match entries.iter_mut().find(|(known, _)| known.as_str() == Some(key)) {
        Some((_, known)) => *known = value,
        None => entries.push((word(key), value)),
    }
}

/// The entries of a mapping whose keys are among `keys`.
fn only<'a>(value: &Value<'a>, keys: &[&str]) -> Vec<Entry<'a>> {
    let wanted = |(key, _): &&Entry<'a>| key.as_str().is_some_and(|key| keys.contains(&key));
    value.entries().iter().filter(wanted).cloned().collect()
}

fn link<'a>(link: &Value<'a>, networks: &[Value<'a>], names: &BTreeMap<&str, String>) -> Option<Value<'a>> {
    let mut entries = only(link, &OF_LINK);
    let own = |network: &&Value<'a>| text(network, "link") == text(link, "id");
    let mut subnets = Vec::new();
    for network in networks.iter().filter(own) {
        match text(network, "type")? {
            "ipv6" | "static6" => set(&mut entries, "accept-ra", Value::bare(Data::Bool(false))),
            "ipv6_dhcp" | "ipv6_dhcpv6-stateful" => {
                set(&mut entries, "accept-ra", Value::bare(Data::Bool(true)));
            }
            _ => {}
        }
        subnets.push(subnet(network)?);
    }
    set(&mut entries, "subnets", Value::bare(Data::Seq(subnets)));
    let name = names.get(text(link, "id")?).cloned();
    let mac = text(link, "ethernet_mac_address").map(str::to_ascii_lowercase);
    match text(link, "type")? {
        "bond" => bond(link, &mut entries, (mac, name?), names)?,
        "vlan" => {
            let below = names.get(text(link, "vlan_link")?)?.clone();
            set(&mut entries, "name", word(name?));
            set(&mut entries, "vlan_id", link.get("vlan_id")?.clone());
            set(&mut entries, "mac_address", link.get("vlan_mac_address")?.clone());
            set(&mut entries, "vlan_link", word(below));
        }
        _ => {
            set(&mut entries, "type", word("physical"));
            set(&mut entries, "mac_address", mac.map_or(Value::bare(Data::Null), word));
            set(&mut entries, "name", word(name?));
        }
    }
    Some(Value::bare(Data::Map(entries)))
}

fn bond<'a>(
    link: &Value<'a>,
    entries: &mut Vec<Entry<'a>>,
    (mac, name): (Option<String>, String),
    names: &BTreeMap<&str, String>,
) -> Option<()> {
    if let Some(mac) = mac {
        set(entries, "mac_address", word(mac));
    }
    let mut parameters = Vec::new();
    for (key, value) in link.entries() {
        match key.as_str() {
            Some("bond_links") | None => {}
            Some(key) if key.starts_with("bond") => {
                let bare = key.split_once("bond_").map_or(key, |(_, rest)| rest);
                parameters.push((word(format!("bond-{bare}")), value.clone()));
            }
            Some(_) => {}
        }
    }
    let below = link.get("bond_links")?.items()?.iter();
    let below: Option<Vec<Value<'a>>> =
        below.map(|id| Some(word(names.get(id.as_str()?)?.clone()))).collect();
    set(entries, "params", Value::bare(Data::Map(parameters)));
    set(entries, "name", word(name));
    set(entries, "bond_interfaces", Value::bare(Data::Seq(below?)));
    Some(())
}

fn subnet<'a>(network: &Value<'a>) -> Option<Value<'a>> {
    let mut entries = only(network, &OF_NETWORK);
    let routes = network.get_set("routes").and_then(Value::items).unwrap_or_default();
    if !routes.is_empty() {
        let routes = routes.iter().map(|route| Value::bare(Data::Map(only(route, &OF_ROUTE)))).collect();
        set(&mut entries, "routes", Value::bare(Data::Seq(routes)));
    }
    let kind = text(network, "type")?;
    let address = || network.get("ip_address").cloned().unwrap_or(Value::bare(Data::Null));
    match kind {
        "ipv4_dhcp" => set(&mut entries, "type", word("dhcp4")),
        "ipv6_dhcp" => set(&mut entries, "type", word("dhcp6")),
        "ipv4" | "static" => {
            set(&mut entries, "type", word("static"));
            set(&mut entries, "address", address());
        }
        "ipv6" | "static6" => {
            set(&mut entries, "type", word("static6"));
            set(&mut entries, "address", address());
        }
        _ => {}
    }
    let servers = name_servers(network, routes);
    if !servers.is_empty() {
        set(&mut entries, "dns_nameservers", Value::bare(Data::Seq(servers)));
    }
    if kind == "ipv4" || kind == "ipv6" {
        set(&mut entries, if kind == "ipv4" { "ipv4" } else { "ipv6" }, Value::bare(Data::Bool(true)));
    }
    Some(Value::bare(Data::Map(entries)))
}

/// Those of the routes, then those of the network that are not among them.
fn name_servers<'a>(network: &Value<'a>, routes: &[Value<'a>]) -> Vec<Value<'a>> {
    let of = |value: &Value<'a>| -> Vec<Value<'a>> {
        let services = value.get_set("services").and_then(Value::items).unwrap_or_default();
        let is_dns = |service: &&Value<'a>| text(service, "type") == Some("dns");
        services.iter().filter(is_dns).filter_map(|service| service.get("address").cloned()).collect()
    };
    let mut servers: Vec<Value<'a>> = routes.iter().flat_map(of).collect();
    for server in of(network) {
        if !servers.iter().any(|known| known.data == server.data) {
            servers.push(server);
        }
    }
    servers
}

#[cfg(test)]
mod tests {
    use super::super::written;
    use super::*;
    use glowplug::network::model::Mac;
    use glowplug::syntax::json;

    #[test]
    fn it_is_what_cloud_init_makes_of_it() {
        // cloud-init 26.2 has answered this for such a NIC
        let known = include_str!("../../../tests/data/network-config/network-config.json");
        let data = include_str!("../../../tests/data/network-config/network_data.json");
        let nic = SystemLink {
            index: 2,
            name: "eth0".into(),
            alternative_names: Vec::new(),
            mac: Some(Mac([2, 0, 0, 0, 0, 1])),
            own_mac: true,
            up: false,
            carrier: true,
            driver: None,
        };
        let data = json::parse(data.as_bytes()).unwrap();
        assert_eq!(convert(&data, &[nic]).as_ref().map(written).as_deref(), Some(known));
        assert_eq!(convert(&data, &[]), None);
    }

    #[test]
    fn what_lacks_something_is_not_converted() {
        for text in [
            r#"{"links": [{"type": "phy"}]}"#,
            r#"{"links": [{"id": "a", "type": "vlan", "vlan_link": "b", "vlan_id": 1}]}"#,
            r#"{"links": [{"id": "a", "type": "bond", "bond_links": ["b"]}]}"#,
            r#"{"links": [{"id": "a", "type": "phy", "name": "x"}], "networks": [{"link": "a"}]}"#,
        ] {
            assert_eq!(convert(&json::parse(text.as_bytes()).unwrap(), &[]), None, "{text}");
        }
        let nothing = json::parse(b"[]").unwrap();
        assert!(convert(&nothing, &[]).is_some_and(|value| value.get("config").is_some()));
    }
}

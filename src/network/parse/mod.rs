//! Descriptions of a network, each read into the one model.

mod complete;
mod description;
mod draft;
pub mod eni;
pub mod klibc;
mod link;
mod netplan;
pub mod network_data;
mod reader;
mod subnet;
mod v1;
mod v2;

pub use description::{Description, description, of_value};

use crate::error::Error;
use crate::network::model::Network;
use crate::syntax::value::{Data, Value};
use alloc::vec;
use alloc::vec::Vec;

/// What a description said, and what in it could not be used. The parts that
/// could are all there.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The usable part.
    pub network: Network,
    /// One error for each part left out.
    pub problems: Vec<Error>,
}

/// Reads cloud-init's network configuration of either version, with or without
/// a `network:` around it. `file` is what messages call it.
#[inline(never)]
pub fn network_config(data: Value<'_>, file: &str) -> Parsed {
    // netplan's document has this key around it, and nothing beside it.
    let mut whole = if data.get("network").is_some() && data.get("version").is_none() {
        data
    } else {
        Value::bare(Data::Map(vec![(Value::bare(Data::Str("network".into())), data)]))
    };
    if let Data::Map(entries) = &mut whole.data {
        entries.retain(|(key, _)| key.as_str() == Some("network"));
    }
    let inner = whole.get("network").unwrap_or(&whole);
    let is_list = |key| inner.get(key).and_then(Value::items).is_some();
    let version = match inner.get("version") {
        Some(version) => reader::integer(version),
        // Its keys tell.
        None if is_list("config") => Some(1),
        None if v2::is_described(inner) => Some(2),
        None => None,
    };
    match version {
        Some(1) => v1::parse(inner, file),
        Some(2) => v2::parse(inner, v2::netplan(&whole), file),
        _ => {
            let mut reader = reader::Reader::new(file);
            reader.add(inner, "version", &["must be 1 or 2"]);
            Parsed { network: Network::default(), problems: reader.into_problems() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::model::Origin;
    use crate::syntax::yaml;

    fn parsed(text: &str) -> Parsed {
        network_config(yaml::load(text).unwrap(), "network-config")
    }

    #[test]
    fn a_version_is_needed() {
        for text in ["", "[]", "version: 3", "network: {config: disabled}"] {
            let problems = parsed(text).problems;
            assert_eq!(problems.len(), 1, "{text}");
            assert!(problems[0].text().ends_with("version: must be 1 or 2"), "{}", problems[0]);
        }
    }

    #[test]
    fn the_key_around_it_is_no_matter() {
        let inner = "{version: 2, ethernets: {eth0: {dhcp4: true}}}";
        let bare = parsed(inner).network;
        assert_eq!(bare, parsed(&format!("network: {inner}\nother: 1\n")).network);
        let netplan =
            "network:\n    ethernets:\n        eth0:\n            dhcp4: true\n    version: 2\n".to_string();
        assert_eq!(bare.origin, Origin::V2 { netplan, ports: Vec::new() });
    }

    #[test]
    fn a_word_that_is_neither_true_nor_false_is_told_with_its_place() {
        let read = |value: &str| {
            let text = ["version: 2\nethernets:\n  eth0:\n    dhcp4: ", value, "\n    wakeonlan: ON\n"];
            let parsed = parsed(&text.concat());
            let link = &parsed.network.links[0];
            assert!(link.wake_on_lan);
            let told: Vec<String> = parsed.problems.iter().map(ToString::to_string).collect();
            (link.subnets.len(), told.join("\n"))
        };
        for (value, subnets) in
            [("yes", 1), ("'True'", 1), ("1", 1), ("no", 0), ("'off'", 0), ("0", 0), ("~", 0)]
        {
            assert_eq!(read(value), (subnets, String::new()), "{value}");
        }
        for (value, shown) in [("maybe", "maybe"), ("7", "7"), ("[yes]", "a list"), ("''", "")] {
            let why = ["network-config:4:12: dhcp4 of link eth0: ", shown, " is neither true nor false"];
            let (subnets, told) = read(value);
            assert!(subnets == 0 && told.ends_with(&why.concat()), "{told}");
        }
    }

    /// NetworkManager, networkd and the kernel wrote and took settings of all
    /// links for a NIC called `all`; one whose name was refused had no address.
    #[test]
    fn a_name_the_kernel_refuses_left_the_nic_without_its_address() {
        let bad = ["all", "default", ".", "..", "a/b", "a b", "eth0:x", "", "a\u{1}b", "ü"];
        let mac = "52:54:00:00:00:0a";
        for name in bad {
            let quoted = format!("{name:?}").replace("\\u{1}", "\\u0001");
            let data = format!(
                r#"{{"links": [{{"id": "a", "type": "phy", "name": {quoted}, "ethernet_mac_address": "{mac}"}}], "networks": [{{"id": "n", "link": "a", "type": "ipv4", "ip_address": "192.0.2.7/24"}}]}}"#
            );
            let first = format!(
                "version: 1\nconfig:\n- {{type: physical, name: {quoted}, mac_address: '{mac}', subnets: [{{type: static, address: 192.0.2.7/24}}]}}\n"
            );
            let set_name = format!(
                "version: 2\nethernets:\n a: {{match: {{macaddress: '{mac}'}}, set-name: {quoted}, addresses: [192.0.2.7/24]}}\n"
            );
            let id = format!(
                "version: 2\nethernets:\n {quoted}: {{match: {{macaddress: '{mac}'}}, addresses: [192.0.2.7/24]}}\n"
            );
            let interfaces = format!("iface {name} inet static\n address 192.0.2.7/24\n hwaddress {mac}\n");
            let mut texts =
                vec![("network_data.json", data), ("network-config", first), ("network-config", id)];
            if !name.is_empty() {
                texts.push(("network-config", set_name));
            }
            if !name.is_empty() && !name.contains([' ', '\u{1}', ':']) {
                texts.push(("interfaces", interfaces));
            }
            for (kind, text) in texts {
                let Ok(Description::Network(parsed)) = description(kind, text.as_bytes(), "x") else {
                    panic!("{text}")
                };
                let [link] = &*parsed.network.links else { panic!("{text}{:?}", parsed.problems) };
                assert_eq!((&link.name, link.subnets.len()), (&None, 1), "{text}");
                assert_eq!(link.mac, crate::network::model::Mac::parse(mac), "{text}");
                let takes_any_id = text.contains("match") && !text.contains("set-name");
                let problems = &parsed.problems;
                assert!(takes_any_id || problems.len() == 1, "{text}{problems:?}");
                assert!(problems.iter().all(|why| why.text().starts_with("unable to read ")), "{problems:?}");
            }
        }
    }

    /// A link whose name is too long was left out, and what was on it, too.
    #[test]
    fn a_name_too_long_took_its_link_away() {
        let one = "version: 1\nconfig:\n- {type: bond, name: storage-network-0, bond_interfaces: [eth0], \
            params: {mode: 4}}\n- {type: vlan, name: storage-network-0.100, vlan_id: 100, \
            vlan_link: storage-network-0, subnets: [{type: dhcp}]}\n\
            - {type: nameserver, interface: storage-network-0.100, address: 192.0.2.53}\n";
        let two = "version: 2\nethernets:\n eth0: {}\nbonds:\n storage-network-0:\n  interfaces: [eth0]\n\
            \x20 parameters: {mode: 802.3ad}\nvlans:\n storage-network-0.100: {id: 100, link: storage-network-0, \
            dhcp4: true, nameservers: {addresses: [192.0.2.53]}}\n";
        for text in [one, two] {
            let parsed = parsed(text);
            assert_eq!(parsed.problems.len(), 2, "{:?}", parsed.problems);
            let resolved = parsed.network.resolve(&[]);
            let name = |id: &str| resolved.name_of(id).to_string();
            assert_eq!(name("storage-network-0"), "storage-network");
            assert_eq!(name("storage-network-0.100"), "storage-net.100", "{text}");
            let vlan = resolved.links.iter().find(|link| &*link.name == "storage-net.100").unwrap();
            assert_eq!((vlan.link.subnets.len(), vlan.link.dns.is_some()), (1, true));
        }
        let nic = "version: 2\nethernets: {a: {match: {macaddress: '52:54:00:00:00:0a'}, set-name: front-network-lan}}";
        let parsed = parsed(nic);
        assert_eq!(parsed.network.links[0].name.as_deref(), Some("front-network-l"));
        let why = "front-network-lan has more than 15 letters; the name is front-network-l";
        assert!(parsed.problems[0].text().ends_with(why), "{}", parsed.problems[0]);
    }

    #[test]
    fn a_mac_address_without_quotes_was_none() {
        let one = "version: 1\nconfig:\n- type: physical\n  name: lan0\n  mac_address: 52:54:00:12:34:56\n";
        let two =
            "version: 2\nethernets:\n lan0:\n  match:\n   macaddress: 52:54:00:12:34:56\n  set-name: lan0\n";
        for text in [one, two] {
            let parsed = parsed(text);
            assert_eq!(parsed.network.links[0].mac, crate::network::model::Mac::parse("52:54:00:12:34:56"));
            let [problem] = &*parsed.problems else { panic!("{:?}", parsed.problems) };
            let why = ": put 52:54:00:12:34:56 between quotes: without them YAML reads a number";
            assert!(problem.text().contains(":5:1") || problem.text().contains(":5:"), "{problem}");
            assert!(problem.text().ends_with(why), "{problem}");
        }
    }

    #[test]
    fn references_are_bounded() {
        let mut text = String::from("version: 1\nconfig:\n");
        for bond in 0..40 {
            let members: Vec<String> = (0..100).map(|member| format!("e{bond}x{member}")).collect();
            let members = members.join(", ");
            text += &[
                "- {type: bond, name: bond",
                &bond.to_string(),
                ", params: {}, bond_interfaces: [",
                &members,
                "]}\n",
            ]
            .concat();
        }
        assert_eq!(parsed(&text).network.links.len(), crate::limits::NETWORK_ENTRIES + 40);
    }
}

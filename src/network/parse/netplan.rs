//! The document of version 2 as netplan takes it. netplan refuses all of a
//! document for one part of it; what it would refuse and can be meant otherwise
//! is put right, the rest is left out. What is changed here is named by
//! what reads the same document ([`super::v2`]).

mod whole;

use super::reader::{integer, mac_of, split_length, text, words};
use super::v2::SECTIONS;
use crate::network::model::parameter::{self, BOND, BRIDGE, rows};
use crate::network::model::{Address, Prefix};
use crate::syntax::value::{Data, Value};
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

/// Keys of links (netplan-yaml(5), 1.2); others are refused.
const KEYS: &str = "accept-ra activation-mode addresses auth critical delay-virtual-functions-rebind \
    dhcp-identifier dhcp4 dhcp4-overrides dhcp6 dhcp6-overrides embedded-switch-mode emit-lldp gateway4 gateway6 \
    generic-receive-offload generic-segmentation-offload id ignore-carrier infiniband-mode interfaces \
    ipv6-address-generation ipv6-address-token ipv6-mtu ipv6-privacy large-receive-offload link link-local \
    macaddress match mtu nameservers neigh-suppress networkmanager openvswitch optional optional-addresses \
    parameters peer ra-overrides receive-checksum-offload regulatory-domain renderer routes routing-policy set-name \
    tcp-segmentation-offload tcp6-segmentation-offload transmit-checksum-offload \
    virtual-function-count wakeonlan";

/// Keys of lists, of which one item may stand alone elsewhere.
const LISTS: &str = "addresses interfaces link-local routes routing-policy search";

/// Puts the mapping under `network:` right.
#[inline(never)]
pub(super) fn accept(network: &mut Value<'_>) {
    let is_networkds = network.get("renderer").map(text) != Some(NETWORK_MANAGER);
    let Data::Map(sections) = &mut network.data else { return };
    keep(sections, &|key, value| matches!(key, "version" | "renderer") || is_section(value));
    for (key, links) in &mut *sections {
        if !SECTIONS.iter().any(|(name, _)| *name == text(key)) {
            // Tunnels and whatever there is to come: netplan's own.
            continue;
        }
        let Data::Map(links) = &mut links.data else { continue };
        for (id, link) in links {
            if matches!(link.data, Data::Null) {
                link.data = Data::Map(Vec::new());
            }
            self::link(id, link, is_networkds);
        }
    }
    whole::one_master_each(sections);
    whole::define_members(sections);
    whole::exact_first(sections);
}

/// Leaves the entries that are right.
#[inline(never)]
fn keep(entries: &mut Vec<(Value<'_>, Value<'_>)>, is_right: &dyn Fn(&str, &Value<'_>) -> bool) {
    entries.retain(|(key, value)| is_right(text(key), value));
}

/// Leaves the items that are right.
#[inline(never)]
fn keep_items(items: &mut Vec<Value<'_>>, is_right: &dyn Fn(&Value<'_>) -> bool) {
    items.retain(|item| is_right(item));
}

fn is_right_mac(key: &str, value: &Value<'_>) -> bool {
    key != "macaddress" || mac_of(value).is_some()
}

/// Whether this can be a section: mappings by the ids of links.
pub(super) fn is_section(value: &Value<'_>) -> bool {
    let is_link = |(_, link): &(Value<'_>, Value<'_>)| matches!(link.data, Data::Map(_) | Data::Null);
    matches!(value.data, Data::Map(_)) && value.entries().iter().all(is_link)
}

#[inline(never)]
fn link<'a>(id: &Value<'a>, link: &mut Value<'a>, is_networkds: bool) {
    let Data::Map(entries) = &mut link.data else { return };
    keep(entries, &|key, _| is_word(KEYS, key));
    let is_matched =
        entries.iter().any(|(key, value)| text(key) == "match" && !matches!(value.data, Data::Null));
    if !is_matched && let Some(at) = entries.iter().position(|(key, _)| text(key) == "set-name") {
        // Then the id is the name it has.
        let matching = Data::Map(vec![(word("name"), id.clone())]);
        entries.insert(at, (word("match"), Value::bare(matching)));
    }
    for (key, value) in &mut *entries {
        let is_match = text(key) == "match" && matches!(value.data, Data::Map(_));
        // One that is empty is for every NIC, which systemd-networkd wants to be said.
        let name = if value.entries().is_empty() { word("*") } else { id.clone() };
        setting(text(key), value);
        if is_match && value.entries().is_empty() {
            value.data = Data::Map(vec![(word("name"), name)]);
        }
    }
    keep(entries, &is_right_mac);
    let own = link.get("renderer").map(text);
    if own.map_or(is_networkds, |own| own != NETWORK_MANAGER) {
        one_lease(link);
    }
}

/// The renderer that uses leases of each family in its own way.
const NETWORK_MANAGER: &str = "NetworkManager";

/// netplan refuses a link with leases of both families that are not used alike: what is said of
/// IPv4's is for both.
#[inline(never)]
fn one_lease(link: &mut Value<'_>) {
    let is_on = |key: &str| {
        let of = |value: &Value<'_>| value.data == Data::Bool(true) || is_word("yes on true", text(value));
        link.get(key).is_some_and(of)
    };
    if !is_on("dhcp4") || !is_on("dhcp6") {
        return;
    }
    let four = link.get("dhcp4-overrides").cloned();
    let Data::Map(entries) = &mut link.data else { return };
    keep(entries, &|key, _| key != "dhcp6-overrides");
    if let Some(four) = four {
        entries.push((word("dhcp6-overrides"), four));
    }
}

#[inline(never)]
fn setting(key: &str, value: &mut Value<'_>) {
    if is_word(LISTS, key) {
        listed(value);
    }
    match (key, &mut value.data) {
        ("addresses", Data::Seq(items)) => {
            items.iter_mut().for_each(address);
            keep_items(items, &|item| is_prefix(text(key_of(item))));
        }
        ("routes", Data::Seq(items)) => keep_items(items, &is_route),
        ("match", Data::Map(entries)) => {
            for (key, value) in &mut *entries {
                pattern(text(key), value);
            }
            keep(entries, &is_right_mac);
        }
        ("nameservers", Data::Map(entries)) => {
            for (key, value) in entries {
                listed(value);
                if let ("addresses", Data::Seq(items)) = (text(key), &mut value.data) {
                    keep_items(items, &|item| Address::parse(text(item)).is_some());
                }
            }
        }
        ("parameters", Data::Map(entries)) => {
            keep(entries, &|key, value| is_parameter(key) && !matches!(value.data, Data::Null));
            for (key, value) in entries {
                parameter(text(key), value);
            }
        }
        ("macaddress", Data::Int(_)) => {
            if let Some(mac) = mac_of(value) {
                value.data = Data::Str(mac.to_string().into());
            }
        }
        _ => {}
    }
}

/// What a NIC is matched by. netplan takes a list of drivers and one name, neither with blanks.
fn pattern(key: &str, value: &mut Value<'_>) {
    match key {
        "driver" if words(Some(value)).len() > 1 => listed(value),
        "name" => {
            if let Some(first) = words(Some(value)).first().map(ToString::to_string) {
                value.data = Data::Str(first.into());
            }
        }
        key => setting(key, value),
    }
}

/// Whether netplan knows a parameter of bonds or bridges.
fn is_parameter(key: &str) -> bool {
    const NEWER: &str = "all-members-active packets-per-member gratuitious-arp";
    is_word(NEWER, key) || [BOND, BRIDGE].iter().any(|table| rows(table).any(|[_, own, ..]| own == key))
}

/// A number that stands for a word becomes that, and one address a list.
#[inline(never)]
fn parameter(key: &str, value: &mut Value<'_>) {
    if key == "arp-ip-targets" {
        return listed(value);
    }
    let number = integer(value);
    let word = number.and_then(|number| parameter::word(parameter::known(BOND, key)?, number));
    if let Some(word) = word {
        value.data = Data::Str(word.into());
    }
}

/// One item, or several in one text, become a list.
#[inline(never)]
fn listed(value: &mut Value<'_>) {
    match &value.data {
        Data::Seq(_) => {}
        Data::Null => value.data = Data::Seq(Vec::new()),
        Data::Str(words) => {
            let mut items = Vec::new();
            for item in words.split([' ', ',']).filter(|item| !item.is_empty()) {
                items.push(Value { place: value.place, data: Data::Str(item.to_string().into()) });
            }
            value.data = Data::Seq(items);
        }
        _ => value.data = Data::Seq(vec![value.clone()]),
    }
}

/// An address with a netmask, or without the length of its network, gets the
/// one the other back ends are given.
fn address(item: &mut Value<'_>) {
    if let Data::Map(entries) = &mut item.data {
        return entries.iter_mut().take(1).for_each(|(key, _)| address(key));
    }
    let Data::Str(whole) = &item.data else { return };
    let (bare, length) = split_length(whole.trim_ascii());
    let Some(address) = Address::parse(bare) else { return };
    let length = match length {
        Some(length) => super::reader::length(length, &address),
        None => Some(if address.is_ipv6() { 64 } else { 24 }),
    };
    let right = length.map(|length| [bare, "/", &u32::from(length).to_string()].concat());
    if let Some(right) = right.filter(|right| *right != **whole) {
        item.data = Data::Str(right.into());
    }
}

/// An item itself, or the one key of it.
fn key_of<'v, 'a>(item: &'v Value<'a>) -> &'v Value<'a> {
    item.entries().first().map_or(item, |(key, _)| key)
}

fn is_prefix(text: &str) -> bool {
    let (address, length) = split_length(text);
    let length = length.and_then(|length| length.parse().ok());
    Address::parse(address)
        .is_some_and(|address| length.is_some_and(|length| Prefix::new(address, length).is_some()))
}

/// Whether a route's destination and gateway are of one family.
#[inline(never)]
fn is_route(route: &Value<'_>) -> bool {
    let to = route.get("to").map(text).unwrap_or_default();
    let family = |text: &str| Address::parse(split_length(text).0).map(|address| address.is_ipv6());
    let via = route.get_set("via").map(text);
    let fits = |via: &str| family(via).is_some_and(|via| to == "default" || family(to) == Some(via));
    via.map_or(to == "default" || family(to).is_some(), fits)
}

fn is_word(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|known| known == word)
}

fn word(text: &'static str) -> Value<'static> {
    Value::bare(Data::Str(text.into()))
}

#[cfg(test)]
mod tests {
    use crate::network::model::Origin;
    use crate::network::parse::network_config;
    use crate::syntax::yaml;

    fn accepted(text: &str) -> String {
        match network_config(yaml::load(text).unwrap(), "x").network.origin {
            Origin::V2 { netplan, .. } => netplan.split_ascii_whitespace().collect::<Vec<_>>().join(" "),
            _ => panic!("{text}"),
        }
    }

    fn nic(text: &str) -> String {
        let text = accepted(&["version: 2\nethernets:\n  eth0: {", text, "}\n"].concat());
        let text = text.strip_prefix("network: ethernets: eth0:").unwrap();
        text.strip_suffix("version: 2").unwrap().trim().into()
    }

    #[test]
    fn one_part_that_netplan_refuses_left_the_machine_without_a_network() {
        for (written, accepted) in [
            ("addresses: 10.0.0.5/24", "addresses: - 10.0.0.5/24"),
            ("addresses: [10.0.0.5, '2001:db8::1', nonsense]", "addresses: - 10.0.0.5/24 - 2001:db8::1/64"),
            (
                "nameservers: {addresses: '10.0.0.1, x', search: a.example}",
                "nameservers: addresses: - 10.0.0.1 search: - a.example",
            ),
            ("match: {driver: bcmgenet smsc95xx}", "match: driver: - bcmgenet - smsc95xx"),
            ("match: {name: [en*, eth*]}", "match: name: en*"),
            ("match: {}", "match: name: '*'"),
            ("match: {macaddress: nonsense}", "match: name: eth0"),
            ("match: {macaddress: 41135085296}", "match: macaddress: '52:54:00:12:34:56'"),
            ("addresses: [10.0.0.5/255.255.0.0]", "addresses: - 10.0.0.5/16"),
            ("macaddress: nonsense", "{}"),
            ("dhcp4: true, dhcp4domain: true, dhpc6: true", "dhcp4: true"),
            ("set-name: lan", "match: name: eth0 set-name: lan"),
            ("routes: {to: default, via: 10.0.0.1}", "routes: - to: default via: 10.0.0.1"),
            (
                "routes: [{to: 10.0.0.0/8, via: 'fe80::1'}, {via: 10.0.0.1}, {to: '::/0', via: 'fe80::1'}]",
                "routes: - to: ::/0 via: fe80::1",
            ),
            ("addresses: [10.0.0.5/24: {label: 'eth0:1'}]", "addresses: - 10.0.0.5/24: label: eth0:1"),
            ("addresses: ['10.0.0.5/24 ': {label: 'eth0:1'}]", "addresses: - 10.0.0.5/24: label: eth0:1"),
        ] {
            assert_eq!(nic(written).replace("'::/0'", "::/0"), accepted, "{written}");
        }
    }

    /// netplan gave a NIC the settings that are for every NIC, not its own.
    #[test]
    fn the_id_of_what_is_for_many_nics_came_before_the_exact_ones() {
        let text = "{version: 2, ethernets: {all: {match: {name: 'en*'}}, any: {match: {driver: v}}, \
            ens4: {dhcp4: true}}, bridges: {br0: {interfaces: [all, ens5], parameters: {path-cost: {all: 5}}, \
            nameservers: {search: [all]}}}}";
        assert_eq!(
            accepted(text),
            "network: bridges: br0: interfaces: - zz-all - ens5 nameservers: search: - all parameters: path-cost: \
             zz-all: 5 ethernets: ens4: dhcp4: true ens5: {} zz-all: match: name: en* zzz-any: match: driver: v version: 2"
        );
        let right = "{version: 2, ethernets: {ens4: {dhcp4: true}, zz: {match: {name: 'en*'}}, a: {match: {name: 'x*'}}}}";
        assert!(accepted(right).contains(" zz: match:") && accepted(right).contains(" a: match:"));
    }

    #[test]
    fn leases_and_parameters_are_as_netplan_takes_them() {
        for (written, accepted) in [
            ("dhcp4: true, dhcp6: true, dhcp6-overrides: {use-dns: false}", "dhcp4: true dhcp6: true"),
            (
                "dhcp4: true, dhcp6: true, dhcp4-overrides: {use-dns: false}",
                "dhcp4: true dhcp4-overrides: use-dns: false dhcp6: true dhcp6-overrides: use-dns: false",
            ),
            ("dhcp6: true, dhcp6-overrides: {use-dns: false}", "dhcp6: true dhcp6-overrides: use-dns: false"),
            (
                "parameters: {mode: 1, lacp-rate: fast, arp-ip-targets: 10.0.0.1, odd: 1, up-delay: 4, min-links: ~}",
                "parameters: arp-ip-targets: - 10.0.0.1 lacp-rate: fast mode: active-backup up-delay: 4",
            ),
        ] {
            assert_eq!(nic(written), accepted, "{written}");
        }
    }

    /// netplan refused the whole document, and the machine had no network.
    #[test]
    fn what_a_bridge_is_made_of_took_the_network_away() {
        let text = "{version: 2, bonds: {bond0: {interfaces: [eth0]}}, bridges: {br0: {interfaces: [eth0, eth1, bond0, bond0]}, \
            br1: {interfaces: eth1}}, vlans: {v: {id: 7, link: eth2}}}";
        assert_eq!(
            accepted(text),
            "network: bonds: bond0: interfaces: - eth0 bridges: br0: interfaces: - bond0 br1: interfaces: - eth1 \
             ethernets: eth0: {} eth1: {} eth2: {} version: 2 vlans: v: id: 7 link: eth2"
        );
    }

    #[test]
    fn sections_of_netplan_alone_go_through_whole() {
        let text = "version: 2\nethernets: {eth0: ~}\ntunnels: {t0: {mode: gre, odd: [1]}}\nto-come: {x: {}}\n\
            routes: [{to: default, via: 10.0.0.1}]\nnameservers: {addresses: [10.0.0.1]}\n";
        assert_eq!(
            accepted(text),
            "network: ethernets: eth0: {} to-come: x: {} tunnels: t0: mode: gre odd: - 1 version: 2"
        );
    }
}

//! Keys of a network description that nothing reads: mistyped, or of another
//! kind of description.

use glowplug::cloud_config::schema::nearest;
use glowplug::error::Error;
use glowplug::network::model::parameter::{self, BOND, BRIDGE};
use glowplug::syntax::value::Value;

/// Keys of version 1, each set as words.
const TOP_1: &str = "version config";
const LINK_1: &str = "type name id mac_address mtu subnets accept-ra wakeonlan optional keep_configuration params \
    bond_interfaces bridge_interfaces vlan_id vlan_link";
const SUBNET_1: &str = "type address ip_address netmask prefix gateway broadcast pointopoint scope metric mtu control \
    dns_nameservers dns_search routes ipv4 ipv6";
const NAME_SERVER_1: &str = "type id name address search interface";
/// A route of any description.
const ROUTE: &str = "type id destination network netmask prefix gateway metric to via from table mtu on-link scope \
    congestion-window advertised-receive-window advertised-mss";

/// Keys of version 2 (netplan-yaml(5)), known to one back end or another.
const TOP_2: &str = "version renderer ethernets bonds bridges vlans dummy-devices wifis modems tunnels vrfs \
    nm-devices virtual-ethernets openvswitch";
const LINK_2: &str = "renderer dhcp4 dhcp6 dhcp4-overrides dhcp6-overrides dhcp4domain dhcp6domain dhcp-identifier \
    ra-overrides ipv6-mtu ipv6-privacy link-local ignore-carrier critical accept-ra addresses \
    ipv6-address-generation ipv6-address-token gateway4 gateway6 nameservers macaddress mtu optional \
    optional-addresses activation-mode routes routing-policy neigh-suppress networkmanager openvswitch auth \
    emit-lldp hairpin port-mac-learning match set-name wakeonlan receive-checksum-offload \
    transmit-checksum-offload tcp-segmentation-offload tcp6-segmentation-offload generic-segmentation-offload \
    generic-receive-offload large-receive-offload link virtual-function-count embedded-switch-mode \
    delay-virtual-functions-rebind infiniband-mode interfaces parameters id";
const OVERRIDES_2: &str = "use-dns use-ntp send-hostname use-hostname use-mtu hostname use-routes use-domains \
    route-metric";
const RULE_2: &str = "from to table priority mark type-of-service";

/// Keys of network_data.json; hosts add their own to them.
const TOP_DATA: &str = "links networks services";
const LINK_DATA: &str = "id name type ethernet_mac_address mtu vif_id vlan_id vlan_link vlan_mac_address bond_links \
    bond_mode bond_miimon bond_xmit_hash_policy";
const NETWORK_DATA: &str = "id type link ip_address netmask gateway routes services network_id dns_nameservers \
    dns_search metric";

/// One error for each key of `tree` that nothing reads, with its place.
pub(crate) fn unread(tree: &Value<'_>, file: &str) -> Vec<Error> {
    let inner = tree.get("network").unwrap_or(tree);
    let mut found = Found { file, errors: Vec::new(), near_only: false };
    if inner.get("config").and_then(Value::as_str) == Some("disabled") {
        return found.errors;
    }
    if inner.get("links").is_some() {
        found.near_only = true;
        network_data(&mut found, inner);
    } else if inner.get("config").is_some() {
        version_1(&mut found, inner);
    } else {
        version_2(&mut found, inner);
    }
    found.errors
}

struct Found<'f> {
    file: &'f str,
    errors: Vec<Error>,
    /// Only names that are nearly those of keys are errors.
    near_only: bool,
}

impl Found<'_> {
    /// Tells the keys of a mapping that are not among `known`.
    fn check(&mut self, value: &Value<'_>, of: &str, known: &'static str) {
        self.check_by(value, of, known, &|_| false);
    }

    /// As [`Found::check`]; `is_known` may know more.
    fn check_by(
        &mut self,
        value: &Value<'_>,
        of: &str,
        known: &'static str,
        is_known: &dyn Fn(&str) -> bool,
    ) {
        for (key, _) in value.entries() {
            let name = key.as_str().unwrap_or(key.kind());
            if known.split_ascii_whitespace().any(|word| word == name) || is_known(name) {
                continue;
            }
            let near = nearest(name, &mut known.split_ascii_whitespace());
            if near.is_some() || !self.near_only {
                self.add(key, of, near);
            }
        }
    }

    /// Adds the error of a key, with the one that was probably meant.
    fn add(&mut self, key: &Value<'_>, of: &str, near: Option<&str>) {
        let name = key.as_str().unwrap_or(key.kind());
        let what = if of.is_empty() { String::new() } else { format!(" of {of}") };
        let hint = near.map(|near| format!("; is {near} meant?")).unwrap_or_default();
        let text = format!("{name}{what}: nothing reads this key{hint}");
        self.errors.push(Error::at("read", self.file, key.place.line, key.place.column, text));
    }

    /// Tells the parameters of a bond or bridge that no back end knows.
    /// ifupdown takes any after the right stem.
    fn parameters(&mut self, value: &Value<'_>, of: &str, table: &'static str, more: &[&str]) {
        let names = || parameter::rows(table).flat_map(|[name, netplans, ..]| [name, netplans]);
        for (key, _) in value.entries() {
            let name = key.as_str().unwrap_or(key.kind());
            if parameter::known(table, name).is_some() || more.contains(&name) {
                continue;
            }
            let bare = parameter::without_stem(name);
            let near = nearest(bare.unwrap_or(name), &mut names());
            if near.is_some() || bare.is_none() {
                self.add(key, of, near);
            }
        }
    }

    fn routes(&mut self, value: &Value<'_>, of: &str) {
        for route in items(value, "routes") {
            self.check(route, &format!("a route of {of}"), ROUTE);
        }
    }
}

fn items<'d, 'a>(value: &'d Value<'a>, key: &str) -> &'d [Value<'a>] {
    value.get(key).and_then(Value::items).unwrap_or_default()
}

fn text<'d>(value: &'d Value<'_>, key: &str) -> &'d str {
    value.get(key).and_then(Value::as_str).unwrap_or("without a name")
}

fn version_1(found: &mut Found<'_>, data: &Value<'_>) {
    found.check(data, "", TOP_1);
    for entry in items(data, "config") {
        match text(entry, "type") {
            "route" => found.check(entry, "a route", ROUTE),
            "nameserver" => found.check(entry, "a nameserver", NAME_SERVER_1),
            kind => {
                let of = format!("link {}", text(entry, "name"));
                found.check(entry, &of, LINK_1);
                if let Some(parameters) = entry.get("params") {
                    let table = if kind == "bond" { BOND } else { BRIDGE };
                    found.parameters(parameters, &of, table, &["driver"]);
                }
                for subnet in items(entry, "subnets") {
                    found.check(subnet, &format!("a subnet of {of}"), SUBNET_1);
                    found.routes(subnet, &of);
                }
            }
        }
    }
}

fn version_2(found: &mut Found<'_>, data: &Value<'_>) {
    found.check(data, "", TOP_2);
    for section in ["ethernets", "bonds", "bridges", "vlans", "dummy-devices"] {
        for (id, link) in data.get(section).map(Value::entries).unwrap_or_default() {
            let of = format!("link {}", id.as_str().unwrap_or(id.kind()));
            found.check(link, &of, LINK_2);
            found.routes(link, &of);
            for (key, known) in [
                ("match", "macaddress name driver"),
                ("nameservers", "addresses search"),
                ("dhcp4-overrides", OVERRIDES_2),
                ("dhcp6-overrides", OVERRIDES_2),
            ] {
                if let Some(inner) = link.get(key) {
                    found.check(inner, &format!("{key} of {of}"), known);
                }
            }
            if let Some(parameters) = link.get("parameters") {
                let table = if section == "bonds" { BOND } else { BRIDGE };
                found.parameters(parameters, &of, table, &["all-members-active", "packets-per-member"]);
            }
            for rule in items(link, "routing-policy") {
                found.check(rule, &format!("a rule of {of}"), RULE_2);
            }
            for (_, options) in items(link, "addresses").iter().flat_map(Value::entries) {
                found.check(options, &format!("an address of {of}"), "label lifetime");
            }
        }
    }
}

fn network_data(found: &mut Found<'_>, data: &Value<'_>) {
    found.check(data, "", TOP_DATA);
    for link in items(data, "links") {
        let is_known = |name: &str| name.starts_with("bond_");
        found.check_by(link, &format!("link {}", text(link, "id")), LINK_DATA, &is_known);
    }
    for network in items(data, "networks") {
        let of = format!("network {}", text(network, "id"));
        found.check(network, &of, NETWORK_DATA);
        found.routes(network, &of);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glowplug::syntax::yaml;

    fn told(text: &str) -> Vec<String> {
        let errors = unread(&yaml::load(text).unwrap(), "x");
        errors.iter().map(|error| error.text().trim_start_matches("unable to read x:").to_string()).collect()
    }

    #[test]
    fn a_mistyped_key_was_dropped_in_silence() {
        let one = "version: 1\nconfig:\n- type: physical\n  name: eth0\n  macaddress: x\n  subnets:\n  - type: static\n\
            \x20   gatway: 192.0.2.1\n    dns_nameserver: [192.0.2.53]\n";
        assert_eq!(
            told(one),
            [
                "5:3: macaddress of link eth0: nothing reads this key; is mac_address meant?",
                "8:5: gatway of a subnet of link eth0: nothing reads this key; is gateway meant?",
                "9:5: dns_nameserver of a subnet of link eth0: nothing reads this key; is dns_nameservers meant?",
            ]
        );
        let two = "version: 2\nethernets:\n  eth0: {dhpc4: true, adresses: [192.0.2.10/24], gateway: 192.0.2.1, \
            accept_ra: false, warp: 9}\nbonds: {b: {parameters: {mod: 4, xmit-hash-polcy: 1}}}\nroutes: []\n";
        assert_eq!(
            told(two),
            [
                "5:1: routes: nothing reads this key",
                "3:10: dhpc4 of link eth0: nothing reads this key; is dhcp4 meant?",
                "3:23: adresses of link eth0: nothing reads this key; is addresses meant?",
                "3:50: gateway of link eth0: nothing reads this key; is gateway4 meant?",
                "3:70: accept_ra of link eth0: nothing reads this key; is accept-ra meant?",
                "3:88: warp of link eth0: nothing reads this key",
                "4:26: mod of link b: nothing reads this key; is mode meant?",
                "4:34: xmit-hash-polcy of link b: nothing reads this key; is xmit-hash-policy meant?",
            ]
        );
        let data = "{links: [{id: a, mac_address: x, ethernet_mac_adress: x, tenant: y}], networks: []}";
        let why =
            "1:34: ethernet_mac_adress of link a: nothing reads this key; is ethernet_mac_address meant?";
        assert_eq!(told(data), [why]);
    }

    #[test]
    fn every_key_that_something_reads_is_known() {
        let mut told = Vec::new();
        for folder in ["net-convert", "network-inputs"] {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_string();
                let is_tree = [".v1.yaml", ".v2.yaml", "data.json"].iter().any(|end| name.ends_with(end));
                if is_tree && !name.starts_with("broken") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    told.extend(self::told(&text).iter().map(|line| format!("{name}:{line}")));
                }
            }
        }
        told.sort();
        // cloud-init's documentation has it, and nothing there reads it.
        assert_eq!(told, ["physical-driver.v1.yaml:8:7: ethtool of link eth0: nothing reads this key"]);
    }
}

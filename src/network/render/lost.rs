//! What of a description a back end has no setting for. The agent links none of
//! it: the runner says it.

use crate::error::Error;
use crate::network::model::parameter::{BOND, rows};
use crate::network::model::{Control, Kind, Link, Match, Method, Network, Origin, Parameter, Setting};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// By back end what it has no setting for, by netplan's names where there are
/// such.
const LACKS: &[(&str, &str)] = &[
    (
        "eni",
        "later-nics activation-mode:off dhcp4-overrides dhcp6-overrides dhcp-identifier label emit-lldp ignore-carrier \
         ipv6-address-generation ipv6-address-token",
    ),
    ("netplan", "broadcast pointopoint scope hotplug bond:1"),
    ("networkd", "hotplug"),
    (
        "sysconfig",
        "later-nics activation-mode:off pointopoint scope label lifetime optional critical emit-lldp ignore-carrier hotplug \
         ipv6-address-generation ipv6-address-token dummy dhcp4-overrides.use-domains \
         dhcp4-overrides.use-hostname dhcp4-overrides.use-mtu dhcp6-overrides.use-domains \
         dhcp6-overrides.use-hostname dhcp6-overrides.hostname dhcp6-overrides.send-hostname",
    ),
    (
        "network-manager",
        "activation-mode:off broadcast pointopoint scope label lifetime optional critical emit-lldp hotplug ignore-carrier",
    ),
    (
        LIVE,
        "later-nics activation-mode activation-mode:off pointopoint scope label lifetime dhcp-identifier emit-lldp ignore-carrier ipv6-mtu ipv6-privacy \
         link-local ipv6-address-generation ipv6-address-token dhcp4-overrides dhcp6-overrides \
         route-type route-from route-scope",
    ),
];

/// How a root without a back end is called here.
pub const LIVE: &str = "live";

/// One error for each setting of a link that the back end of this name lacks.
pub fn lost(network: &Network, back_end: &str) -> Vec<Error> {
    let mut errors = Vec::new();
    // What netplan is given of version 2 is the description itself.
    if let (Origin::V2 { netplan, .. }, "netplan") = (&network.origin, back_end) {
        for link in &network.links {
            if let Some(Match { names, .. }) = link.of_several()
                && let [first, _, ..] = &**names
            {
                let cause = ["netplan takes one pattern, and gets ", first].concat();
                errors.push(Error::new("keep", ["all names that match link ", &link.id].concat(), cause));
            }
        }
        // NetworkManager takes them as they are.
        let is_networkds = !netplan.contains("renderer: NetworkManager");
        for link in network.links.iter().filter(|link| is_networkds && has_other_leases(link)) {
            let cause = "netplan uses leases of both families alike, as dhcp4-overrides says";
            errors.push(Error::new("keep", ["dhcp6-overrides of link ", &link.id].concat(), cause));
        }
        return errors;
    }
    let Some((_, lacks)) = LACKS.iter().find(|(name, _)| *name == back_end) else { return errors };
    for link in &network.links {
        let mut told: Vec<String> = Vec::new();
        for (setting, shown) in settings(link) {
            let lacking = lacks.split_ascii_whitespace().any(|own| own == setting || own == shown);
            if lacking && !told.contains(&shown) {
                told.push(shown);
            }
        }
        for setting in told {
            if setting == "later-nics" {
                let what = ["NICs that come later for link ", &link.id].concat();
                let cause =
                    [back_end, " has no patterns: each NIC that is there has its own settings"].concat();
                errors.push(Error::new("configure", what, cause));
                continue;
            }
            let cause = [back_end, " has no such setting"].concat();
            errors.push(Error::new("keep", [&setting, " of link ", &link.id].concat(), cause));
        }
    }
    errors
}

/// Whether leases of both families are to be used in different ways.
fn has_other_leases(link: &Link) -> bool {
    let leased = |method: &Method| link.subnets.iter().any(|subnet| subnet.method == *method);
    let netplans = |overrides: &[Parameter]| -> Vec<Parameter> {
        overrides.iter().filter(|own| !own.name.ends_with("domain")).cloned().collect()
    };
    let (four, six) = (netplans(&link.dhcp4_overrides), netplans(&link.dhcp6_overrides));
    let same = four.len() == six.len() && four.iter().all(|own| six.contains(own));
    leased(&Method::Dhcp4) && leased(&Method::Dhcp6) && !same
}

/// The settings of a link, by what [`LACKS`] calls each and by what a message
/// does.
fn settings(link: &Link) -> Vec<(&'static str, String)> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    let mut add = |name: &'static str, is_set: bool| {
        if is_set {
            found.push((name, name.to_string()));
        }
    };
    add("later-nics", link.of_several().is_some());
    add("dummy", link.kind == Kind::Dummy);
    add("optional", link.optional == Some(true));
    add("critical", link.keep_configuration == Some(true));
    for subnet in &link.subnets {
        add("broadcast", subnet.broadcast().is_some());
        add("pointopoint", subnet.pointopoint.is_some());
        add("scope", subnet.scope.is_some());
        add("label", subnet.label.is_some());
        add("lifetime", subnet.deprecated);
        add("hotplug", subnet.control == Control::Hotplug);
        for route in &subnet.routes {
            add("route-type", route.kind.is_some());
            add("route-from", route.source.is_some());
            add("route-scope", route.scope.is_some());
        }
    }
    for name in [
        "ipv6-mtu",
        "ipv6-privacy",
        "link-local",
        "dhcp-identifier",
        "emit-lldp",
        "ignore-carrier",
        "ipv6-address-generation",
        "ipv6-address-token",
    ] {
        add(name, link.extra(name).is_some());
    }
    for (overrides, stem) in
        [(&link.dhcp4_overrides, "dhcp4-overrides"), (&link.dhcp6_overrides, "dhcp6-overrides")]
    {
        for own in overrides.iter().filter(|own| *own.name != *"route-metric") {
            found.push((stem, [stem, ".", &own.name].concat()));
        }
    }
    if let Some(mode) = link.extra("activation-mode") {
        // The subnets of a link that is brought up by hand say so.
        let by_hand = matches!(mode, Setting::Text(mode) if **mode == *"manual") && !link.subnets.is_empty();
        let name = if by_hand { "activation-mode" } else { "activation-mode:off" };
        found.push((name, "activation-mode".to_string()));
    }
    // netplan has a word for none of these.
    for [name, netplans, ..] in rows(BOND) {
        if netplans == "-" && link.kind == Kind::Bond && link.parameter("bond-", name).is_some() {
            found.push(("bond:1", ["bond-", name].concat()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::parse::network_config;
    use crate::syntax::yaml;

    fn told(text: &str, back_end: &str) -> Vec<String> {
        let network = network_config(yaml::load(text).unwrap(), "x").network;
        lost(&network, back_end).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_a_back_end_has_no_setting_for_was_lost_in_silence() {
        let two = "{version: 2, ethernets: {a: {dhcp4: true, optional: true, dhcp4-overrides: {use-dns: false}, \
            addresses: [{10.0.0.1/8: {label: x, lifetime: 0}}]}}}";
        assert_eq!(
            told(two, "eni"),
            [
                "unable to keep label of link a: eni has no such setting",
                "unable to keep dhcp4-overrides.use-dns of link a: eni has no such setting"
            ]
        );
        assert_eq!(told(two, "sysconfig").len(), 3);
        assert_eq!((told(two, "networkd").len(), told(two, "netplan").len()), (0, 0));
        let both =
            "{version: 2, ethernets: {a: {dhcp4: true, dhcp6: true, dhcp6-overrides: {use-dns: false}}}}";
        let why = "unable to keep dhcp6-overrides of link a: netplan uses leases of both families alike, as \
            dhcp4-overrides says";
        assert_eq!((told(both, "netplan"), told(both, "networkd").len()), (vec![why.to_string()], 0));
        let several = "{version: 2, ethernets: {a: {match: {name: [en*, eth*]}, dhcp4: true}}}";
        assert_eq!(
            told(several, "netplan"),
            ["unable to keep all names that match link a: netplan takes one pattern, and gets en*"]
        );
        assert_eq!(
            told(several, "eni"),
            [
                "unable to configure NICs that come later for link a: eni has no patterns: each NIC that is there has its own settings"
            ]
        );
        assert_eq!((told(several, "live").len(), told(several, "networkd").len()), (1, 0));
        let by_hand =
            "{version: 2, ethernets: {a: {dhcp4: true, activation-mode: manual}, b: {activation-mode: off}}}";
        assert_eq!((told(by_hand, "eni").len(), told(by_hand, "live").len()), (1, 2));
        let one = "{version: 1, config: [{type: physical, name: a, subnets: [{type: static, address: 10.0.0.1/8, \
            broadcast: 10.9.9.9, pointopoint: 10.0.0.2}]}]}";
        assert_eq!(
            (told(one, "netplan").len(), told(one, "eni").len(), told(one, "networkd").len()),
            (2, 0, 0)
        );
        for (back_end, _) in LACKS {
            let known = super::super::ALL.iter().any(|renderer| renderer.name == *back_end);
            assert!(known || *back_end == LIVE, "{back_end}");
        }
    }
}

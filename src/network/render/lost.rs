//! What of a description a back end has no setting for. The agent links none of
//! it: the runner says it.

use crate::error::Error;
use crate::network::model::parameter::{BOND, rows};
use crate::network::model::{
    Address, Control, Kind, Link, Match, Method, Network, Origin, Parameter, Setting,
};
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
        "later-nics activation-mode activation-mode:off pointopoint scope dhcp-identifier emit-lldp ignore-carrier ipv6-mtu ipv6-privacy \
         link-local ipv6-address-generation ipv6-address-token dhcp4-overrides dhcp6-overrides \
         route-type",
    ),
];

/// How a root without a back end is called here.
pub const LIVE: &str = "live";

/// A setting that a back end has none for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Which setting of which link.
    pub error: Error,
    /// Whether the machine comes to be another than is asked for; not where the back end does without
    /// it what the setting says.
    pub matters: bool,
}

/// Each setting of a link that the back end of this name lacks.
pub fn lost(network: &Network, back_end: &str) -> Vec<Lost> {
    let mut all = Vec::new();
    // What netplan is given of version 2 is the description itself.
    if let (Origin::V2 { netplan, .. }, "netplan") = (&network.origin, back_end) {
        return lost_by_netplan(network, netplan);
    }
    let Some((_, lacks)) = LACKS.iter().find(|(name, _)| *name == back_end) else { return all };
    for link in &network.links {
        let mut told: Vec<(String, bool)> = Vec::new();
        for Found { name, shown, matters } in settings(link) {
            if !lacks.split_ascii_whitespace().any(|own| own == name || own == shown) {
                continue;
            }
            match told.iter_mut().find(|(other, _)| *other == shown) {
                Some((_, before)) => *before |= matters,
                None => told.push((shown, matters)),
            }
        }
        for (setting, matters) in told {
            let error = if setting == LATER {
                let what = ["NICs that come later for link ", &link.id].concat();
                let cause =
                    [back_end, " has no patterns: each NIC that is there has its own settings"].concat();
                Error::new("configure", what, cause)
            } else {
                let cause = [back_end, " has no such setting"].concat();
                Error::new("keep", [&setting, " of link ", &link.id].concat(), cause)
            };
            all.push(Lost { error, matters });
        }
    }
    all
}

/// What netplan loses of `description`, the text in its own language.
fn lost_by_netplan(network: &Network, description: &str) -> Vec<Lost> {
    let mut all = Vec::new();
    let mut add = |what: &str, link: &Link, cause: &str| {
        let error = Error::new("keep", [what, " link ", &link.id].concat(), cause);
        all.push(Lost { error, matters: true });
    };
    for link in &network.links {
        if let Some(Match { names, .. }) = link.of_several()
            && let [first, _, ..] = &**names
        {
            let cause = ["netplan takes one pattern, and gets ", first].concat();
            add("all names that match", link, &cause);
        }
    }
    // NetworkManager takes them as they are.
    let is_networkds = !description.contains("renderer: NetworkManager");
    for link in network.links.iter().filter(|link| is_networkds && has_other_leases(link)) {
        let cause = "netplan uses leases of both families alike, as dhcp4-overrides says";
        add("dhcp6-overrides of", link, cause);
    }
    all
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

/// What [`LACKS`] calls the NICs of a pattern that are not there yet.
const LATER: &str = "later-nics";

/// A setting of a link.
struct Found {
    /// What [`LACKS`] calls it.
    name: &'static str,
    /// What a message does.
    shown: String,
    /// As in [`Lost`].
    matters: bool,
}

fn settings(link: &Link) -> Vec<Found> {
    let mut found = Vec::new();
    let mut add = |name: &'static str, is_set: bool, matters: bool| {
        if is_set {
            found.push(Found { name, shown: name.to_string(), matters });
        }
    };
    // Those that are there are configured.
    add(LATER, link.of_several().is_some(), false);
    add("dummy", link.kind == Kind::Dummy, true);
    // Whether a boot waits for a link is no matter of the link.
    add("optional", link.optional == Some(true), false);
    add("critical", link.keep_configuration == Some(true), true);
    for subnet in &link.subnets {
        let usual = subnet.address().map(|address| address.ip().last_of_network(address.length()));
        let broadcast = subnet.broadcast();
        add("broadcast", broadcast.is_some(), broadcast.map(Address::ip) != usual);
        add("pointopoint", subnet.pointopoint.is_some(), true);
        add("scope", subnet.scope.is_some(), !is_word(subnet.scope.as_deref(), "global"));
        add("label", subnet.label.is_some(), true);
        add("lifetime", subnet.deprecated, true);
        // Those without the word look after each link that appears.
        add("hotplug", subnet.control == Control::Hotplug, false);
        for route in &subnet.routes {
            add("route-type", route.kind.is_some(), !is_word(route.kind.as_deref(), "unicast"));
            add("route-from", route.source.is_some(), true);
            add("route-scope", route.scope.is_some(), !is_word(route.scope.as_deref(), "global"));
        }
    }
    for (name, default) in EXTRA {
        if let Some(setting) = link.extra(name) {
            add(name, true, !is_default(setting, default));
        }
    }
    for (overrides, stem) in
        [(&link.dhcp4_overrides, "dhcp4-overrides"), (&link.dhcp6_overrides, "dhcp6-overrides")]
    {
        for own in overrides.iter().filter(|own| *own.name != *"route-metric") {
            let shown = [stem, ".", &own.name].concat();
            // A lease is used whole where nothing says otherwise.
            found.push(Found { name: stem, shown, matters: own.value != Setting::Bool(true) });
        }
    }
    if let Some(mode) = link.extra("activation-mode") {
        // The subnets of a link that is brought up by hand say so.
        let by_hand = matches!(mode, Setting::Text(mode) if **mode == *"manual") && !link.subnets.is_empty();
        let name = if by_hand { "activation-mode" } else { "activation-mode:off" };
        found.push(Found { name, shown: "activation-mode".to_string(), matters: true });
    }
    // netplan has a word for none of these.
    for [name, netplans, ..] in rows(BOND) {
        if netplans == "-" && link.kind == Kind::Bond && link.parameter("bond-", name).is_some() {
            let shown = ["bond-", name].concat();
            found.push(Found { name: "bond:1", shown, matters: true });
        }
    }
    found
}

/// Settings of [`Link::extra`], each with what holds without it; empty: nothing that can be said.
const EXTRA: [(&str, &str); 8] = [
    ("ipv6-mtu", ""),
    ("ipv6-privacy", "false"),
    ("link-local", "ipv6"),
    ("dhcp-identifier", "duid"),
    ("emit-lldp", "false"),
    ("ignore-carrier", "false"),
    ("ipv6-address-generation", "eui64"),
    ("ipv6-address-token", ""),
];

fn is_word(text: Option<&str>, word: &str) -> bool {
    text == Some(word)
}

fn is_default(setting: &Setting, default: &str) -> bool {
    match setting {
        Setting::Bool(on) => *on == (default == "true"),
        Setting::Int(_) => false,
        Setting::Text(text) => **text == *default,
        Setting::List(words) => matches!(&**words, [word] if **word == *default),
    }
}

#[cfg(test)]
mod tests;

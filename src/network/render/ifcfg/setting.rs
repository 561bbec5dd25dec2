//! Settings of a link that Red Hat's ifcfg files have variables for: of its
//! leases, its addresses and its policy rules (ifcfg's sysconfig.txt,
//! nm-settings-ifcfg-rh(5)).

use crate::network::model::parameter::rows;
use crate::network::model::{Kind, Link, Parameter, Rule, Setting};
use crate::network::render::section::Section;
use crate::network::render::text::{Spelling, hardware_address, push_number, push_rule};
use alloc::string::{String, ToString};

const SPELLING: Spelling = Spelling { yes: "yes", no: "no", separator: " " };

/// netplan's overrides of leases, and the variable of either family.
const OVERRIDES: &str = "\
hostname      DHCP_HOSTNAME      -
send-hostname DHCP_SEND_HOSTNAME -
use-dns       PEERDNS            IPV6_PEERDNS
use-ntp       PEERNTP            -
use-routes    PEERROUTES         IPV6_PEERROUTES
";

#[inline(never)]
pub(super) fn of_link(file: &mut Section, link: &Link) {
    overrides(file, &link.dhcp4_overrides, 1);
    overrides(file, &link.dhcp6_overrides, 2);
    match (&link.kind, hardware_address(link), link.extra("macaddress")) {
        (_, _, Some(Setting::Text(mac))) => file.set("MACADDR", mac),
        (Kind::Vlan(_), Some(address), _) => file.set("MACADDR", &address),
        _ => {}
    }
    if let Some(Setting::Int(mtu)) = link.extra("ipv6-mtu") {
        file.set("IPV6_MTU", &mtu.to_string());
    }
    if let Some(Setting::Bool(on)) = link.extra("ipv6-privacy") {
        file.set("IPV6_PRIVACY", if *on { "rfc3041" } else { "no" });
    }
    if let Some(Setting::Text(word)) = link.extra("dhcp-identifier")
        && **word == *"mac"
    {
        file.set_all("DHCP_CLIENT_ID=mac");
    }
    if let Some(Setting::List(families)) = link.extra("link-local")
        && !families.iter().any(|family| **family == *"ipv6")
        && !link.subnets.iter().any(|subnet| subnet.method.is_ipv6())
    {
        file.set_all("IPV6_DISABLED=yes");
    }
    for (number, rule) in link.rules.iter().enumerate() {
        self::rule(file, number, rule);
    }
}

#[inline(never)]
fn overrides(file: &mut Section, parameters: &[Parameter], column: usize) {
    for row in rows(OVERRIDES) {
        let own = parameters.iter().find(|own| *own.name == *row[0]);
        if let (Some(own), Some(key)) = (own, row.get(column).filter(|key| **key != "-")) {
            file.set(key, &SPELLING.of(&own.value));
        }
    }
}

/// `ROUTING_RULE_n`, which needs a priority.
#[inline(never)]
fn rule(file: &mut Section, number: usize, rule: &Rule) {
    // Where none is described they keep their order.
    let after = u32::try_from(number).unwrap_or_default();
    let mut text = String::new();
    push_number(&mut text, "priority ", rule.priority.or(Some(30_000 + after)));
    push_rule(&mut text, rule);
    file.set_numbered(if rule.is_ipv6() { "ROUTING_RULE6_" } else { "ROUTING_RULE_" }, number + 1, &text);
}

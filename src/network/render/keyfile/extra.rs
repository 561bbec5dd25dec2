//! netplan's settings of a link that a profile has properties for
//! (nm-settings-keyfile(5)).

use crate::network::model::{Link, Setting};
use crate::network::render::section::Sections;
use crate::network::render::text::Spelling;

const SPELLING: Spelling = Spelling { yes: "2", no: "0", separator: " " };

/// Adds them. Without an IPv6 address a link that is to have no link-local one
/// has no IPv6 at all.
#[inline(never)]
pub(super) fn of_link(profile: &mut Sections, link: &Link) {
    for (name, title, key) in [
        ("dhcp-identifier", "ipv4", "dhcp-client-id"),
        ("ipv6-mtu", "ipv6", "mtu"),
        ("ipv6-privacy", "ipv6", "ip6-privacy"),
        ("ipv6-address-token", "ipv6", "token"),
        ("macaddress", "ethernet", "cloned-mac-address"),
    ] {
        let Some(value) = link.extra(name) else { continue };
        let word = SPELLING.of(value);
        // NetworkManager's own is of another kind.
        if name != "dhcp-identifier" || word == "mac" {
            profile.of(title).set(key, &word);
        }
    }
    if let Some(Setting::Text(word)) = link.extra("ipv6-address-generation") {
        profile.of("ipv6").set("addr-gen-mode", if **word == *"eui64" { "0" } else { "1" });
    }
    if let Some(Setting::List(families)) = link.extra("link-local")
        && !families.iter().any(|family| **family == *"ipv6")
        && !link.subnets.iter().any(|subnet| subnet.method.is_ipv6())
    {
        profile.of("ipv6").set_all("method=disabled");
    }
}

//! udev's rules for persistent names, for links that appear later.

use super::file;
use crate::action::Action;
use crate::network::model::{Kind, Match};
use crate::network::resolve::Resolved;
use crate::text::fill;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// One rule for each NIC found by its MAC address. Without any the file is
/// empty, so that one of an earlier boot goes.
#[inline(never)]
pub(super) fn rules(actions: &mut Vec<Action>, network: &Resolved<'_>, path: &str) {
    let mut rules = String::new();
    for link in &network.links {
        let Kind::Physical(Match { driver, .. }) = &link.link.kind else { continue };
        let Some(mac) = link.link.mac else { continue };
        let rule =
            "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"{}\", ATTR{address}==\"{}\", NAME=\"{}\"\n";
        let driver = driver.as_deref().unwrap_or("?*");
        rules.push_str(&fill(rule, &[driver, &mac.to_string(), &link.name]));
    }
    file(actions, &[path], 0o644, rules);
}

//! udev's rules for persistent names, for links that appear later.

use super::{file, text};
use crate::action::Action;
use crate::network::model::{Kind, Match};
use crate::network::resolve::Resolved;
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
        let pieces = [
            "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"",
            driver.as_deref().unwrap_or("?*"),
            "\", ATTR{address}==\"",
            &mac.to_string(),
            "\", NAME=\"",
            &link.name,
            "\"\n",
        ];
        text::push(&mut rules, &pieces);
    }
    file(actions, &[path], 0o644, rules);
}

//! udev's rules for persistent names, for links that appear later.

use super::file;
use super::text::Text;
use crate::action::Action;
use crate::network::resolve::Resolved;
use alloc::vec::Vec;

const PATH: &str = "/etc/udev/rules.d/70-persistent-net.rules";

/// One rule for each link found by its MAC address; no file without any.
#[inline(never)]
pub(super) fn rules(actions: &mut Vec<Action>, network: &Resolved<'_>) {
    let mut text = Text::default();
    for link in &network.links {
        if let Some(mac) = link.link.hardware() {
            let name = &*link.name;
            writeln!(
                text,
                "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", ATTR{{address}}==\"{mac}\", NAME=\"{name}\""
            );
        }
    }
    if !text.out.is_empty() {
        file(actions, &[PATH], 0o644, text.out);
    }
}

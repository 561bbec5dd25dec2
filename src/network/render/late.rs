//! NICs that a description names and that are not there yet: what gives them
//! their names when they come.

use super::{Target, exists, file};
use crate::action::Action;
use crate::fetch::Fetch;
use crate::network::resolve::Resolved;
use crate::text::fill;
use alloc::vec::Vec;

/// A systemd.link(5) file for each such NIC found by its MAC address. Where
/// udev is older than those, its rules tell (the back ends for such roots write
/// them).
#[inline(never)]
pub fn link_files(network: &Resolved<'_>, target: Target, root: &dyn Fetch) -> Vec<Action> {
    let mut actions = Vec::new();
    let systemd = ["usr/lib/", "lib/"].iter().any(|folder| exists(root, &[folder, "systemd/network"]));
    for resolved in network.links.iter().filter(|link| systemd && link.present.is_none()) {
        if let (Some(name), Some(mac)) = (&resolved.link.name, resolved.link.hardware()) {
            let text = fill(
                "[Match]\nMACAddress={}\n\n[Link]\nName={}\n",
                &[&alloc::string::ToString::to_string(&mac), name],
            );
            let path = [target.folder(), "/systemd/network/10-cloud-init-", name, ".link"];
            file(&mut actions, &path, 0o644, text);
        }
    }
    actions
}

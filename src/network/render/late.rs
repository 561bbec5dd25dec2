//! NICs that a description names and that are not there yet: what gives them
//! their names when they come.

use super::section::Sections;
use super::{Target, exists, file};
use crate::action::Action;
use crate::fetch::Fetch;
use crate::network::resolve::{Resolved, ResolvedLink};
use crate::text::fill;
use alloc::string::ToString;
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
            let wake = if resolved.link.wake_on_lan { "WakeOnLan=magic\n" } else { "" };
            let text = fill("[Match]\nMACAddress={}\n\n[Link]\nName={}\n{}", &[&mac.to_string(), name, wake]);
            let path = [target.folder(), "/systemd/network/10-cloud-init-", name, ".link"];
            file(&mut actions, &path, 0o644, text);
        }
    }
    actions
}

/// The systemd.link(5) file of a NIC that is there and that a magic packet wakes.
#[inline(never)]
pub(super) fn wake_up(resolved: &ResolvedLink<'_>) -> Option<Sections> {
    let nic = resolved.link.kind.is_nic() && resolved.link.wake_on_lan;
    let present = resolved.present.filter(|_| nic)?;
    let mut file = Sections::default();
    match resolved.link.hardware().or(present.mac) {
        Some(mac) => file.of("Match").add("MACAddress", &mac.to_string()),
        None => file.of("Match").add("OriginalName", &resolved.name),
    }
    file.of("Link").add("Name", &resolved.name);
    file.of("Link").add("WakeOnLan", "magic");
    Some(file)
}

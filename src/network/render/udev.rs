//! udev's rules for persistent names, for links that appear later.

use super::{Append, file};
use crate::action::Action;
use crate::network::model::Device;
use crate::network::resolve::Resolved;
use alloc::string::String;

const PATH: &str = "/etc/udev/rules.d/70-persistent-net.rules";

/// One rule for each link found by its MAC address; `None` without any.
pub(super) fn rules(network: &Resolved<'_>) -> Option<Action> {
    let mut text = String::new();
    for link in &network.links {
        if let Device::Hardware { mac, .. } = &link.link.device {
            let name = &link.name;
            text.append(format_args!(
                "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", ATTR{{address}}==\"{mac}\", NAME=\"{name}\"\n"
            ));
        }
    }
    (!text.is_empty()).then(|| file(PATH, 0o644, text))
}

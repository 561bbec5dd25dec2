//! The machine that every description of a network is for.

use glowplug::network::model::{Mac, SystemLink};

/// Eight NICs, `ens1` to `ens8`, their addresses ending in these numbers.
pub(crate) fn machine() -> Vec<SystemLink> {
    let link = |index: u8| SystemLink {
        index: index.into(),
        name: format!("ens{index}"),
        mac: Some(Mac([0xfa, 0x16, 0x3e, 0, 0, index])),
        own_mac: true,
        ..SystemLink::default()
    };
    (1..=8).map(link).collect()
}

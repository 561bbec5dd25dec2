//! `glowplug net flush`: a link without what was put on it.

use crate::cli::{Arguments, Ended};
use glowplug::action::{LinkAction, LinkChange};
use glowplug::error::Error;
use glowplug::sys::netlink::Netlink;

pub(crate) fn run(arguments: &Arguments) -> Ended {
    let name = arguments.operand().unwrap_or_default();
    let mut netlink = Netlink::open()?;
    let links = netlink.links()?;
    if links.iter().all(|link| link.name != name) {
        return Err(Error::new("flush", name, "there is no such link").into());
    }
    if name == "lo" {
        return Err(Error::new("flush", name, "the machine speaks to itself by it").into());
    }
    for change in [
        LinkChange::FlushAddresses { keep: Vec::new(), advertised: false },
        LinkChange::FlushRoutes { keep: Vec::new(), advertised: false },
    ] {
        netlink.apply(&LinkAction::new(name, change))?;
    }
    Ok(0)
}

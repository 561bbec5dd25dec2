//! The network of this boot: names, then either the root's own back end is
//! written for, or the addresses go on live; never both.

use super::local::carry_out;
use super::log::Log;
use crate::action::Action;
use crate::error::Result;
use crate::fetch::Fetch as _;
use crate::instance::{Instance, NETWORK_DATA};
use crate::network::model::{Link, Mac, Network, SystemLink};
use crate::network::order::sort_by;
use crate::network::parse::network_data;
use crate::network::render::{self, live};
use crate::network::{fallback, resolve::Resolved};
use crate::syntax::json;
use crate::sys::apply::Applier;
use crate::sys::clock;
use crate::sys::netlink::{Netlink, Uevents};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem::take;

/// How the network is to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// The description or the machine differs from the last boot's: files in
    /// /etc are written again.
    pub changed: bool,
    /// Microseconds of the monotonic clock up to which NICs are waited for.
    pub deadline: u64,
}

/// Configures the network an instance describes. Every problem is one line of
/// the log.
#[inline(never)]
pub fn configure(instance: &Instance, applier: &mut Applier<'_>, manner: Manner, log: &mut Log<'_>) {
    let mut present = match system_links() {
        Ok(present) => present,
        Err(error) => {
            log.error(&error);
            return;
        }
    };
    let Some(network) = describe(instance, &present, log) else { return };
    if applier.record.is_none() {
        wait_for(&network, &mut present, manner.deadline, log);
    }
    let resolved = network.resolve(&present);
    log.warn_of(&resolved.problems);
    let start = clock::monotonic();
    for step in resolved.renames() {
        carry_out(applier, &Action::Link(step), log);
    }
    log.step("agent/rename links", start);
    write(&resolved, manner.changed, applier, log);
    tell_names(&resolved, log);
}

/// One line for each link that is there: what it was called, and is.
#[inline(never)]
fn tell_names(resolved: &Resolved<'_>, log: &mut Log<'_>) {
    for link in &resolved.links {
        let Some(nic) = link.present else { continue };
        let (old, new) = (&*nic.name, &*link.name);
        let mac = link.link.hardware().map(|mac| mac.to_string()).unwrap_or_default();
        if old == new {
            log.info("{} ({}) keeps its name", &[new, &mac]);
        } else {
            log.info("renamed {} to {} ({})", &[old, new, &mac]);
        }
    }
}

/// The description of the seed, or the fallback where it has none. A broken
/// one leaves the network as it is.
#[inline(never)]
fn describe(instance: &Instance, present: &[SystemLink], log: &mut Log<'_>) -> Option<Network> {
    let Some(raw) = instance.file(NETWORK_DATA) else {
        log.info("the seed describes no network: DHCP on the first NIC", &[]);
        return fallback::fallback(present);
    };
    // Why it is none was told when the seed was read; then it was kept empty.
    let Ok(value) = json::parse(raw) else {
        log.info("the network is left as it is: the seed's description of it can't be read", &[]);
        return None;
    };
    let parsed = network_data::parse(&value);
    log.warn_of(&parsed.problems);
    Some(parsed.network)
}

/// NICs the description names may still be on their way.
#[inline(never)]
fn wait_for(network: &Network, present: &mut Vec<SystemLink>, deadline: u64, log: &mut Log<'_>) {
    let missing = |present: &[SystemLink]| {
        let is_there = |mac| present.iter().any(|nic| nic.mac == Some(mac));
        network.links.iter().filter_map(Link::hardware).any(|mac| !is_there(mac))
    };
    if !missing(present) {
        return;
    }
    let start = clock::monotonic();
    let Ok(mut uevents) = Uevents::open() else { return };
    loop {
        if let Ok(now) = system_links() {
            *present = now;
        }
        if !missing(present)
            || clock::monotonic() >= deadline
            || !matches!(uevents.wait(deadline), Ok(Some(_)))
        {
            break;
        }
    }
    log.step("agent/wait for NICs", start);
}

/// Writes the back end's files, or sets addresses live where the root has none.
/// Files in /etc are written when the network has `changed`.
#[inline(never)]
fn write(resolved: &Resolved<'_>, changed: bool, applier: &mut Applier<'_>, log: &mut Log<'_>) {
    let root = applier.root;
    let (actions, everything) = if let Some(renderer) = render::detect(root) {
        log.info("the network is written for {}", &[renderer.name]);
        ((renderer.render)(resolved, render::Target::boot(root)), changed)
    } else {
        log.warn_of(&live::problems(resolved));
        log.info("the root has no network back end: addresses are set live", &[]);
        (live::render(resolved), true)
    };
    for action in &actions {
        let stays = matches!(action, Action::WriteFile(file)
            if !everything && !file.path.starts_with("/run/") && root.mode(&file.path).is_some());
        if !stays {
            carry_out(applier, action, log);
        }
    }
}

/// Hardware addresses of this machine's NICs, sorted, for its identity.
#[inline(never)]
pub fn macs() -> Vec<String> {
    let mut macs: Vec<String> = Vec::new();
    for link in &system_links().unwrap_or_default() {
        if let (true, Some(mac)) = (link.own_mac, link.mac) {
            macs.push(mac.to_string());
        }
    }
    sort_by(&mut macs, |a, b| a < b);
    macs
}

/// The links of the running machine.
#[inline(never)]
pub fn system_links() -> Result<Vec<SystemLink>> {
    let mut links = Vec::new();
    for link in &mut Netlink::open()?.links()? {
        links.push(SystemLink {
            index: link.index,
            name: take(&mut link.name),
            mac: link.address.map(Mac),
            own_mac: link.own_address,
            up: link.up,
            carrier: link.carrier,
        });
    }
    Ok(links)
}

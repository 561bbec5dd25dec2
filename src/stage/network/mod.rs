//! The network of this boot: names, then either the root's own back end is
//! written for, or the addresses go on live; never both.

mod carrier;
mod ports;
mod source;
mod write;

pub use write::copy_of;

use super::local::carry_out;
use super::log::{Level, Log};
use super::search::SETTLED;
use crate::action::Action;
use crate::cloud_config::CloudConfig;
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::kernel_line::KernelLine;
use crate::network::model::{Control, Link, Mac, Network, SystemLink};
use crate::network::order::sort_by;
use crate::network::parse::Description;
use crate::network::render::ours::Trees;
use crate::network::resolve::Resolved;
use crate::state::paths::{HANDOFF_LATE, MISSING_NICS, NETWORK_DIGEST};
use crate::sys::apply::Applier;
use crate::sys::clock;
use crate::sys::netlink::{Netlink, Uevents};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem::take;

/// What the network is configured from, and how.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The kernel's command line.
    pub kernel_line: &'a KernelLine,
    /// The machine's root and the running /run.
    pub trees: Trees<'a>,
    /// The root's own configuration, which alone describes networks and pins
    /// back ends.
    pub system: &'a CloudConfig<'a>,
    /// All configuration, user-data's too.
    pub config: &'a CloudConfig<'a>,
    /// The seed's instance; `None` on a machine whose last one is another's.
    pub instance: Option<&'a Instance>,
    /// The description or the machine differs from the last boot's: files in
    /// /etc are written again.
    pub changed: bool,
    /// As [`SystemConfig::unread`](super::config::SystemConfig::unread) has it: a part of
    /// `system` is not known.
    pub unread: Option<&'a Error>,
    /// Microseconds of the monotonic clock up to which NICs are waited for.
    pub deadline: u64,
    /// Whether the root takes changes.
    pub writable: bool,
    /// Whether what was written can be noted for the next boot.
    pub keeps: bool,
}

/// Whether a part of the configuration that can't be read may leave the network alone
/// (`network: {config: disabled}`): unless an earlier boot of the same instance, which could read
/// it, wrote the network.
fn may_be_off(inputs: &Inputs<'_>) -> bool {
    let was_written = || matches!(inputs.trees.read(NETWORK_DIGEST), Ok(Some(_)));
    inputs.unread.is_some() && (inputs.changed || !was_written())
}

/// Configures the network. Every problem is one line of the log.
#[inline(never)]
pub fn configure(inputs: &Inputs<'_>, applier: &mut Applier<'_>, log: &mut Log<'_>) {
    if may_be_off(inputs) {
        return log.line(
            Level::Error,
            "the network is left alone: what can't be read of /etc/cloud may say so",
            &[],
        );
    }
    let mut present = match system_links() {
        Ok(present) => present,
        Err(error) => {
            log.error(&error);
            return;
        }
    };
    let Some(mut network) = source::choose(inputs, &present, log) else { return };
    log.warn_of(&ports::add(&mut network, inputs.config, inputs.instance, &present));
    if applier.record.is_none() {
        wait_for(&network, &mut present, inputs, applier, log);
    }
    come_later(&mut network, &present, applier, log);
    if carrier::is_on_network(inputs.kernel_line) {
        for line in carrier::keep(&mut network, &present) {
            log.line(Level::Warning, "{}", &[&line]);
        }
    }
    let resolved = network.resolve(&present);
    log.warn_of(&resolved.problems);
    for note in &resolved.notes {
        log.info("{}", &[note]);
    }
    let start = clock::monotonic();
    if applier.record.is_some() {
        for step in resolved.renames() {
            carry_out(applier, &Action::Link(step), log);
        }
    } else {
        let mut rename = |step| applier.apply(&Action::Link(step), None);
        for problem in resolved.rename(&mut system_links, &mut rename) {
            log.error(&problem);
        }
    }
    log.step("agent/rename links", start);
    write::write(inputs, &resolved, applier, log);
    tell_names(&resolved, log);
}

/// The network that counts; `None` leaves it as it is.
pub(super) fn described(inputs: &Inputs<'_>, present: &[SystemLink], log: &mut Log<'_>) -> Option<Network> {
    source::choose(inputs, present, log)
}

/// What the initramfs has said of it, where that counts.
pub fn of_initramfs(trees: &Trees<'_>, line: &KernelLine, present: &[SystemLink]) -> Option<Description> {
    source::initramfs(trees, line, present).ok().flatten().map(|(_, description)| description)
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

/// NICs the description names may still be on their way. Those that were waited
/// for at the last boot of this instance in vain are given as long as the kernel
/// is not silent.
#[inline(never)]
fn wait_for(
    network: &Network,
    present: &mut Vec<SystemLink>,
    inputs: &Inputs<'_>,
    applier: &mut Applier<'_>,
    log: &mut Log<'_>,
) {
    let deadline = inputs.deadline;
    let before = inputs.trees.text(MISSING_NICS).unwrap_or_default();
    let start = clock::monotonic();
    let mut missing = missing_macs(network, present);
    if start >= deadline || missing.is_empty() && before.is_empty() {
        return;
    }
    let known = if inputs.changed { "" } else { &*before };
    let is_known = |missing: &str| missing.lines().all(|mac| known.lines().any(|known| known == mac));
    if !missing.is_empty() && is_known(&missing) {
        log.info("no long wait for NICs that did not come at the last boot: {}", &[&words(&missing)]);
    } else if !missing.is_empty() {
        let seconds = (deadline - start).div_ceil(1_000_000).to_string();
        log.info("waiting for NICs, {} s at the most", &[&seconds]);
    }
    if let (false, Ok(mut uevents)) = (missing.is_empty(), Uevents::open()) {
        loop {
            if let Ok(links) = system_links() {
                *present = links;
            }
            missing = missing_macs(network, present);
            let now = clock::monotonic();
            let until = if is_known(&missing) { deadline.min(now + SETTLED) } else { deadline };
            if missing.is_empty() || now >= deadline || !matches!(uevents.wait(until), Ok(Some(_))) {
                break;
            }
        }
        log.step("agent/wait for NICs", start);
    }
    if inputs.keeps && missing != before {
        carry_out(applier, &Action::write(MISSING_NICS, missing.into_bytes(), 0o644), log);
    }
}

/// The addresses of a file, on a line of the log.
fn words(lines: &str) -> String {
    lines.trim_ascii_end().replace('\n', ", ")
}

/// The MAC addresses of NICs that are described and not there, a line each.
#[inline(never)]
fn missing_macs(network: &Network, present: &[SystemLink]) -> String {
    let mut macs = String::new();
    for link in network.links.iter().filter(|link| is_missing(link, present)) {
        macs.extend([link.mac.map(|mac| mac.to_string()).as_deref().unwrap_or_default(), "\n"]);
    }
    macs
}

/// Whether a link is a NIC by its MAC address that is not among those `present`.
fn is_missing(link: &Link, present: &[SystemLink]) -> bool {
    link.hardware().is_some_and(|mac| !present.iter().any(|nic| nic.mac == Some(mac)))
}

/// NICs that are still missing are brought up when they come, as ifupdown would
/// fail on them at boot; and the runner is told that it may be it to see them.
#[inline(never)]
fn come_later(network: &mut Network, present: &[SystemLink], applier: &mut Applier<'_>, log: &mut Log<'_>) {
    let macs = missing_macs(network, present);
    for link in network.links.iter_mut().filter(|link| is_missing(link, present)) {
        for subnet in &mut link.subnets {
            if subnet.control == Control::Auto {
                subnet.control = Control::Hotplug;
            }
        }
    }
    if !macs.is_empty() {
        carry_out(applier, &Action::write(HANDOFF_LATE, macs.into_bytes(), 0o644), log);
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
    let mut netlink = Netlink::open()?;
    for link in &mut netlink.links()? {
        let driver = if link.own_address { netlink.driver(&link.name) } else { None };
        links.push(SystemLink {
            index: link.index,
            name: take(&mut link.name),
            alternative_names: take(&mut link.alternative_names),
            mac: link.permanent_address.or(link.address).map(Mac),
            own_mac: link.own_address,
            up: link.up,
            carrier: link.carrier,
            driver,
        });
    }
    Ok(links)
}

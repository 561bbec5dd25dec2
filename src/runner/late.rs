//! NICs that came after the agent had run: their driver may be in the root
//! alone. Before the network starts they are named and configured as the
//! others were.

use crate::fallback;
use crate::provision::{Machine, kernel_line};
use crate::waits::Wait;
use glowplug::action::LinkAction;
use glowplug::instance::Instance;
use glowplug::limits;
use glowplug::stage::local;
use glowplug::stage::log::Log;
use glowplug::stage::network::system_links;
use glowplug::stage::search::SETTLED;
use glowplug::state::paths::HANDOFF_LATE;
use glowplug::sys::apply::Applier;
use glowplug::sys::netlink::{Netlink, Uevents};
use glowplug::sys::{block, clock, tree};
use std::fs;

/// Waits for the NICs that the agent missed until no more are on their way, and
/// configures the network again where one of them is there.
pub(crate) fn finish(machine: &Machine, log: &mut Log<'_>) {
    let Some(text) = tree::text(HANDOFF_LATE) else { return };
    let missed: Vec<&str> = text.lines().collect();
    let come = wait_for(&missed);
    if come == 0 {
        log.info("still not there: NICs with {}", &[&missed.join(", ")]);
    } else if let Some(instance) = machine.instance(log).or_else(|| fallback::of_configuration(machine, log))
    {
        configure(machine, &instance, log);
    }
    // What comes now is udev's alone: whoever waited for the network goes on.
    let _ = fs::remove_file(HANDOFF_LATE);
}

/// Names and configures the NICs once more, as `instance` has them.
pub(crate) fn configure(machine: &Machine, instance: &Instance, log: &mut Log<'_>) {
    let line = kernel_line();
    let mut netlink = None;
    let mut link = |action: &LinkAction| Netlink::apply_when_needed(&mut netlink, action);
    let mut applier = Applier::new(&machine.root, &machine.run);
    applier.link = Some(&mut link);
    local::network_again(&machine.local(&line), instance, &mut applier, log);
}

/// How many of them are there once all are, or the kernel is silent.
fn wait_for(missed: &[&str]) -> usize {
    let _wait = Wait::begin(&format!("for NICs with {}", missed.join(", ")));
    let deadline = clock::monotonic() + u64::from(limits::WAIT_SECONDS) * 1_000_000;
    let mut uevents = Uevents::open().ok();
    loop {
        let present = system_links().unwrap_or_default();
        let is_there =
            |mac: &&&str| present.iter().any(|nic| nic.mac.is_some_and(|own| own.to_string() == **mac));
        let come = missed.iter().filter(is_there).count();
        let now = clock::monotonic();
        if come == missed.len() || now >= deadline {
            return come;
        }
        let event = match &mut uevents {
            Some(uevents) => uevents.wait(deadline.min(now + SETTLED)),
            None => return come,
        };
        if !matches!(event, Ok(Some(_))) && !block::are_on_their_way() {
            return come;
        }
    }
}

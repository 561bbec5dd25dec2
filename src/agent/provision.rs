//! Provisioning a mounted root.

use super::options::Options;
use super::start;
use glowplug::action::{Action, LinkAction};
use glowplug::error::Result;
use glowplug::kernel_line::KernelLine;
use glowplug::stage::local::{self, Local, Outcome};
use glowplug::stage::log::Log;
use glowplug::sys::apply::Applier;
use glowplug::sys::mount;
use glowplug::sys::netlink::Netlink;
use glowplug::sys::root::Root;

/// Runs the local stage on the root that `options` name. A root that is
/// mounted read-only is writable meanwhile.
pub(crate) fn provision(options: &Options<'_>, line: &KernelLine, log: &mut Log<'_>) -> Result<Outcome> {
    let root = Root::open(options.root)?;
    let run = Root::open("/run")?;
    let was_read_only = mount::is_read_only(options.root);
    let writable = options.plan
        || !was_read_only
        || match mount::remount(options.root, true) {
            Ok(()) => true,
            Err(error) => {
                log.warn(&error);
                false
            }
        };
    let local = Local { root: &root, run: &run, kernel_line: line, seed: options.seed, writable };
    let mut print = |action: &Action| start::print(&[&action.text(), "\n"].concat());
    let mut netlink: Option<Netlink> = None;
    let mut link = |action: &LinkAction| {
        if netlink.is_none() {
            netlink = Some(Netlink::open()?);
        }
        netlink.as_mut().map_or(Ok(()), |netlink| netlink.apply(action))
    };
    let mut applier = Applier::new(&root, &run);
    applier.link = Some(&mut link);
    if options.plan {
        applier.record = Some(&mut print);
    }
    let outcome = local::run(&local, &mut applier, log);
    if !options.plan {
        local::close(&mut applier, log);
    }
    if was_read_only && writable && !options.plan {
        rustix::fs::sync();
        if let Err(error) = mount::remount(options.root, false) {
            log.warn(&error);
        }
    }
    Ok(outcome)
}

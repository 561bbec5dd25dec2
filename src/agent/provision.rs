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

/// Where every initramfs has the runner.
const RUNNER: &str = "/usr/bin/glowplug";

/// Runs the local stage on the root that `options` name. A root that is
/// mounted read-only is writable meanwhile.
#[inline(never)]
pub(crate) fn provision(options: &Options<'_>, line: &KernelLine, log: &mut Log<'_>) -> Result<Outcome> {
    let root = Root::open(options.root)?.labelled();
    let run = Root::open("/run")?;
    if root.has_labels() {
        log.info("new files get the labels of the root's SELinux policy", &[]);
    }
    let remounts = !options.plan && mount::is_read_only(options.root);
    let writable = !remounts || remount(options.root, true, log);
    let local = Local {
        root: &root,
        run: &run,
        kernel_line: line,
        seed: options.seed,
        writable,
        running: false,
        runner: Some(RUNNER),
    };
    let mut print = |action: &Action| start::print(&[&action.text(), "\n"].concat());
    let mut netlink = None;
    let mut link = |action: &LinkAction| Netlink::apply_when_needed(&mut netlink, action);
    let mut applier = Applier::new(&root, &run);
    applier.link = Some(&mut link);
    if options.plan {
        applier.record = Some(&mut print);
    }
    let outcome = local::run(&local, &mut applier, log);
    log.warn_of(&root.refused_patterns());
    if !options.plan {
        local::close(&mut applier, log);
    }
    if remounts && writable {
        rustix::fs::sync();
        remount(options.root, false, log);
    }
    Ok(outcome)
}

/// Whether that worked; why not is in the log.
fn remount(root: &str, writable: bool, log: &mut Log<'_>) -> bool {
    let outcome = mount::remount(root, writable);
    if let Err(error) = &outcome {
        log.warn(error);
    }
    outcome.is_ok()
}

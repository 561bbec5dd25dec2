//! Provisioning a mounted root.

use super::options::Options;
use super::{start, target};
use core::cell::OnceCell;
use glowplug::action::{Action, LinkAction};
use glowplug::error::Result;
use glowplug::kernel_line::KernelLine;
use glowplug::stage::local::{self, Local, Outcome};
use glowplug::stage::log::Log;
use glowplug::sys::apply::Applier;
use glowplug::sys::mount;
use glowplug::sys::netlink::Netlink;
use glowplug::sys::remount::Mounted;
use glowplug::sys::root::Root;
use glowplug::text::escaped;

/// Exit status of a run that could not write all it had to.
pub(crate) const FAILED: i32 = 1;

/// Where every initramfs has the runner.
const RUNNER: &str = "/usr/bin/glowplug";

/// Runs the local stage on the root that `options` name. The value: the exit
/// status. A root that is mounted read-only is writable while it is written.
#[inline(never)]
pub(crate) fn provision(options: &Options<'_>, line: &KernelLine, log: &mut Log<'_>) -> Result<i32> {
    if let Some(sign) = target::spared(line) {
        log.info("{}: nothing is provisioned in this boot", &[sign]);
        return Ok(Outcome::Absent.status());
    }
    let root = Root::open(options.root)?.labelled();
    target::check(&root, options.root, log)?;
    let run = Root::open("/run")?;
    if root.has_labels() {
        log.info("new files get the labels of the root's SELinux policy", &[]);
    }
    let writable = options.plan || !mount::is_read_only(options.root);
    let mounted: OnceCell<Option<Mounted>> = OnceCell::new();
    let unlock = |log: &mut Log<'_>| mounted.get_or_init(|| unlock(&root, options.root, log)).is_some();
    let local = Local {
        root: &root,
        run: &run,
        kernel_line: line,
        seed: options.seed,
        writable,
        unlock: Some(&unlock),
        running: false,
        runner: Some(RUNNER),
    };
    let mut printed = true;
    let mut print = |action: &Action| printed &= start::print(&[&action.text(), "\n"].concat());
    let mut netlink = None;
    let mut link = |action: &LinkAction| Netlink::apply_when_needed(&mut netlink, action);
    let mut applier = Applier::new(&root, &run);
    applier.link = Some(&mut link);
    let watch = |text: &str| _ = start::print(&["glowplug-agent: debug: ", &escaped(text), "\n"].concat());
    if line.has("glowplug.debug") {
        applier.watch = Some(&watch);
    }
    if options.plan {
        applier.record = Some(&mut print);
    }
    let outcome = local::run(&local, &mut applier, log);
    log.warn_of(&root.refused_patterns());
    if !options.plan {
        local::close(&mut applier, log);
    }
    let refused = applier.refused;
    drop(applier);
    if let Some(Some(mounted)) = mounted.get()
        && let Err(error) = mounted.remount(false)
    {
        log.warn(&error);
    }
    Ok(if refused || !printed { FAILED } else { outcome.status() })
}

/// Makes the root writable, and says how it was mounted; `None`: why it is not
/// writable is in the log.
fn unlock(root: &Root, path: &str, log: &mut Log<'_>) -> Option<Mounted> {
    let unlocked = Mounted::of(root.fd(), path).and_then(|mounted| {
        mounted.remount(true)?;
        Ok(mounted)
    });
    unlocked.map_err(|error| log.warn(&error)).ok()
}

//! Whether this boot, and what is mounted, is one to provision.

use glowplug::error::{Error, Result};
use glowplug::fetch::Fetch;
use glowplug::kernel_line::KernelLine;
use glowplug::stage::log::Log;
use glowplug::sys::root::Root;
use glowplug::sys::{block, mount};

/// Words that make systemd and System V init start a shell for one person.
static RESCUE: [&str; 7] = ["rescue", "emergency", "single", "s", "S", "1", "-b"];

/// Programs that repair a machine when they are its `init=`.
static SHELLS: [&str; 6] = ["sh", "bash", "dash", "ash", "zsh", "busybox"];

/// What says that this boot is not for provisioning: it saves the memory of a
/// kernel that crashed, or somebody repairs the machine.
#[inline(never)]
pub(crate) fn spared(line: &KernelLine) -> Option<&str> {
    if block::exists("/proc/vmcore") {
        return Some("/proc/vmcore");
    }
    if let Some(init) = line.get("init")
        && SHELLS.contains(&init.rsplit('/').next().unwrap_or(init))
    {
        return Some(init);
    }
    match line.get("systemd.unit") {
        Some(unit) => ["rescue.target", "emergency.target"].contains(&unit).then_some(unit),
        None => RESCUE.iter().copied().find(|word| line.has(word)),
    }
}

/// Fails where `root`, mounted at `path`, is no system: where an initramfs is
/// left without its root, its own folder is there all the same. What is missing
/// in one is told.
#[inline(never)]
pub(crate) fn check(root: &Root, path: &str, log: &mut Log<'_>) -> Result<()> {
    let names = |path: &str| root.list(path).map(Option::unwrap_or_default);
    if mount::is_in_memory("/") && !mount::is_mount_point(path) {
        return Err(Error::new("provision", path, "no root is mounted there"));
    }
    let top = names("/")?;
    let has = |name: &str| top.iter().any(|have| have == name);
    if !has("etc") && !has("usr") {
        return Err(Error::new("provision", path, "it holds no system: neither etc nor usr is in it"));
    }
    if has("usr") && names("/usr")?.is_empty() {
        let why = "its usr is empty (not mounted yet?): it is provisioned by half";
        log.warn(&Error::new("find the system of", path, why));
    }
    if has("nix") && !["sbin", "lib"].iter().any(|name| has(name)) {
        let why = "it looks like NixOS: its next activation may replace what is written to etc, \
                   and nothing runs the stages";
        log.warn(&Error::new("find the init of", path, why));
    }
    Ok(())
}

//! The agent as PID 1 of an initramfs: from nothing mounted to the root's own
//! init. Whatever fails, the machine boots on as far as it can.

use super::options::Options;
use super::provision::provision;
use super::root_device::{self, Spec};
use super::start::{self, Environment};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use glowplug::error::{Error, Result};
use glowplug::fetch::may_exist;
use glowplug::kernel_line::KernelLine;
use glowplug::stage::log::Log;
use glowplug::sys::root::Root;
use glowplug::sys::{clock, kernel_module, mount, power, tree};

/// Where the root is mounted before it becomes `/`.
const SYSROOT: &str = "/sysroot";

/// Programs that may be the root's init, as the kernel tries them.
static INITS: [&str; 4] = ["/sbin/init", "/etc/init", "/bin/init", "/bin/sh"];

/// The argument of a second start after a fault: mount the root and go on.
pub(crate) const NO_SEED: &str = "--no-seed";

/// Boots the machine.
pub(crate) fn run(environment: &Environment, log: &mut Log<'_>) -> ! {
    let no_seed = environment.arguments.contains(&NO_SEED);
    let start = clock::monotonic();
    mount::mount_kernels(&mut |error| log.error(&error));
    mount::open_console();
    start::guard(environment, no_seed);
    let line = KernelLine::parse(&tree::attribute("/proc/cmdline").unwrap_or_default());
    log.info(
        if no_seed { "starting again without provisioning" } else { "starting before the root is mounted" },
        &[],
    );
    log.step("agent/mount kernel file systems", start);
    load_modules(log);
    mount_root(&line, environment, log);
    if !no_seed {
        rehearse_fault(&line);
        let options = Options { root: SYSROOT, ..Options::default() };
        if let Err(error) = provision(&options, &line, log) {
            trouble(&error, &line, environment, log);
        }
    }
    leave(&line, environment, log)
}

/// `glowplug.fault=panic|stack`: a fault on purpose, so that whoever builds an
/// image can see that it boots all the same.
#[inline(never)]
#[allow(clippy::panic)]
fn rehearse_fault(line: &KernelLine) {
    match line.get("glowplug.fault") {
        Some("panic") => panic!("a fault on purpose (glowplug.fault=panic)"),
        Some("stack") => {
            core::hint::black_box(overflow(0));
        }
        _ => {}
    }
}

/// Ends when the stack does.
fn overflow(depth: u64) -> u64 {
    let frame = core::hint::black_box([depth; 64]);
    if depth == u64::MAX { 0 } else { overflow(depth + 1) + frame[0] }
}

#[inline(never)]
fn load_modules(log: &mut Log<'_>) {
    let start = clock::monotonic();
    let loaded = kernel_module::load_all(&mut |error| log.warn(&error));
    log.info("loaded {} kernel modules", &[&loaded.to_string()]);
    log.step("agent/load modules", start);
}

#[inline(never)]
fn mount_root(line: &KernelLine, environment: &Environment, log: &mut Log<'_>) {
    // A second start finds the root where the first one mounted it.
    if mount::is_mount_point(SYSROOT) {
        return;
    }
    let start = clock::monotonic();
    loop {
        match try_mount_root(line, log) {
            Ok(()) => break,
            Err(error) => trouble(&error, line, environment, log),
        }
    }
    log.step("agent/mount root", start);
}

#[inline(never)]
fn try_mount_root(line: &KernelLine, log: &mut Log<'_>) -> Result<()> {
    let text = line.get("root").unwrap_or_default();
    let spec = Spec::parse(text)?;
    let Some((device, kind)) = root_device::wait(&spec, text, log) else {
        return Err(Error::new("find root", text, "it did not appear in 30 seconds"));
    };
    let known = mount::known_kinds();
    let kinds = line.get("rootfstype").or(kind).unwrap_or(&known);
    let options = line.get("rootflags").unwrap_or_default();
    mount::mount_root(&device, SYSROOT, kinds, line.wants_writable_root(), options)?;
    log.info("mounted the root from {}", &[&device]);
    Ok(())
}

/// Leaves the initramfs and becomes the root's init.
fn leave(line: &KernelLine, environment: &Environment, log: &mut Log<'_>) -> ! {
    let init = loop {
        match find_init(line) {
            Ok(init) => break init,
            Err(error) => trouble(&error, line, environment, log),
        }
    };
    log.info("leaving the initramfs for {}", &[&init]);
    if let Err(error) = mount::switch_root(SYSROOT, &mut |error| log.warn(&error)) {
        log.error(&error);
    }
    // The kernel gave this program the words that are meant for init.
    let mut arguments = Vec::from([init.as_str()]);
    for word in &environment.arguments {
        if !word.starts_with("--") {
            arguments.push(word);
        }
    }
    let error = power::become_program(&init, &arguments, environment.variables);
    log.error(&error);
    start::halt()
}

#[inline(never)]
fn find_init(line: &KernelLine) -> Result<String> {
    let root = Root::open(SYSROOT)?;
    let named = line.get("init").unwrap_or(INITS[0]);
    // Starting one that can't be looked up tells what is wrong with it.
    if may_exist(&root, named) {
        return Ok(named.into());
    }
    match INITS.iter().find(|path| may_exist(&root, path)) {
        Some(path) => Ok((*path).into()),
        None => Err(Error::new("find init", named, "the root has none")),
    }
}

/// Tells a fault and does what `glowplug.onerror` says. It returns when the
/// boot is to go on, a while later where that means trying again.
#[inline(never)]
fn trouble(error: &Error, line: &KernelLine, environment: &Environment, log: &mut Log<'_>) {
    log.error(error);
    match line.get("glowplug.onerror") {
        Some("poweroff") => {
            log.info("powering off (glowplug.onerror=poweroff)", &[]);
            log.error(&power::power_off());
        }
        Some("shell") => {
            log.info("starting /bin/sh (glowplug.onerror=shell)", &[]);
            log.error(&power::become_program("/bin/sh", &["sh"], environment.variables));
        }
        _ => {}
    }
    start::pause_second();
}

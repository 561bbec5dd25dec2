//! The agent as PID 1 of an initramfs: from nothing mounted to the root's own
//! init. Whatever fails, the machine boots on as far as it can.

use super::options::Options;
use super::provision::{FAILED, provision};
use super::root_device::{self, Spec};
use super::start::{self, Ending, Environment};
use alloc::string::{String, ToString};
use glowplug::error::{Error, Result};
use glowplug::fetch::may_exist;
use glowplug::kernel_line::KernelLine;
use glowplug::stage::log::Log;
use glowplug::sys::root::Root;
use glowplug::sys::{clock, kernel_module, mount, power, stdio, tree};

/// Where the root is mounted before it becomes `/`.
const SYSROOT: &str = "/sysroot";

/// Programs that may be the root's init, as the kernel tries them.
static INITS: [&str; 4] = ["/sbin/init", "/etc/init", "/bin/init", "/bin/sh"];

/// Seconds between two tries of what a boot can't do without.
const AGAIN: u32 = 10;

/// Boots the machine.
pub(crate) fn run(environment: &Environment, log: &mut Log<'_>) -> ! {
    let no_seed = start::is_second(environment);
    let start = clock::monotonic();
    mount::mount_kernels(&mut |error| log.error(&error));
    mount::open_console();
    stdio::open_missing();
    start::guard(environment, no_seed);
    let line = tree::kernel_line().map_or_else(KernelLine::unreadable, |line| KernelLine::parse(&line));
    log.warn_of(line.problems());
    start::end_as(ending(&line));
    log.info(
        if no_seed { "starting again without provisioning" } else { "starting before the root is mounted" },
        &[],
    );
    log.step("agent/mount kernel file systems", start);
    load_modules(log);
    mount_root(&line, environment, log);
    if let Err(error) = if no_seed { Err(crashed()) } else { provision_root(&line, log) } {
        trouble(&error, &line, environment, log);
    }
    leave(&line, environment, log)
}

fn crashed() -> Error {
    Error::new("provision", "the machine", "this program crashed; the lines above say how")
}

#[inline(never)]
fn provision_root(line: &KernelLine, log: &mut Log<'_>) -> Result<()> {
    rehearse_fault(line);
    let options = Options { root: SYSROOT, ..Options::default() };
    match provision(&options, line, log)? {
        FAILED => Err(Error::new("provision", "the machine", "the lines above say what was not written")),
        _ => Ok(()),
    }
}

/// What becomes of a machine that can't go on: `glowplug.onerror`, else what
/// the kernel does after a panic of its own (`panic=`).
fn ending(line: &KernelLine) -> Ending {
    match line.get("glowplug.onerror") {
        Some("poweroff") => Ending::PowerOff,
        Some("reboot") => Ending::Restart(0),
        Some("continue") => Ending::Halt,
        _ => after_panic(&tree::attribute("/proc/sys/kernel/panic").unwrap_or_default()),
    }
}

/// The kernel's seconds after a panic: 0 is for ever, a negative number none.
fn after_panic(seconds: &str) -> Ending {
    match seconds.parse::<i32>() {
        Ok(0) | Err(_) => Ending::Halt,
        Ok(seconds) => Ending::Restart(u32::try_from(seconds).unwrap_or(0)),
    }
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
            Err(error) => {
                root_device::tell_all(line, log);
                stuck(&error, line, environment, log);
            }
        }
    }
    log.step("agent/mount root", start);
}

#[inline(never)]
fn try_mount_root(line: &KernelLine, log: &mut Log<'_>) -> Result<()> {
    let text = line.get("root").unwrap_or_default();
    if text.is_empty() {
        return Err(Error::new("find", "the root", "the kernel line has no usable root="));
    }
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
            Err(error) => stuck(&error, line, environment, log),
        }
    };
    log.info("leaving the initramfs for {}", &[&init]);
    if let Err(error) = mount::switch_root(SYSROOT, &mut |error| log.warn(&error)) {
        log.error(&error);
    }
    // The kernel gave this program the words that are meant for init.
    for program in [&*init].iter().chain(INITS.iter().filter(|path| **path != init)) {
        log.error(&power::become_program(program, environment.raw_arguments, environment.variables));
    }
    start::end()
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

/// Says a fault and does what `glowplug.onerror` says. It returns when the boot
/// is to go on.
#[inline(never)]
fn trouble(error: &Error, line: &KernelLine, environment: &Environment, log: &mut Log<'_>) {
    log.error(error);
    match line.get("glowplug.onerror") {
        Some(word @ ("poweroff" | "reboot")) => {
            log.info("ending this boot (glowplug.onerror={})", &[word]);
            start::end()
        }
        Some("shell") => {
            log.info("starting /bin/sh (glowplug.onerror=shell)", &[]);
            log.error(&power::become_program("/bin/sh", &[], environment.variables));
        }
        _ => {}
    }
}

/// As [`trouble`] for what a boot can't do without. It returns a while later,
/// where that is to be tried again.
#[inline(never)]
fn stuck(error: &Error, line: &KernelLine, environment: &Environment, log: &mut Log<'_>) {
    trouble(error, line, environment, log);
    if let Ending::Restart(_) = ending(line) {
        log.info("ending this boot (panic=)", &[]);
        start::end()
    }
    start::pause(AGAIN);
}

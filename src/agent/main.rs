//! `glowplug-agent`: provisioning before the root pivot, without libc.
//!
//! As PID 1 it is the whole of an initramfs; anywhere else it works on a root
//! that is mounted already, and its exit status tells how that went.
#![cfg_attr(not(test), no_std, no_main)]

extern crate alloc;

mod boot;
mod options;
mod provision;
mod root_device;
mod start;

use glowplug::stage::log::Log;
use glowplug::sys::tree;
use options::{Asked, Options};

/// Exit status of a command line that makes no sense.
const USAGE: i32 = 2;

/// Runs the agent; the value is its exit status.
fn main(environment: &start::Environment) -> i32 {
    let mut log = Log::new("glowplug-agent", &start::print);
    if rustix::process::getpid().is_init() {
        boot::run(environment, &mut log);
    }
    match options::parse(&environment.arguments) {
        Ok(Asked::Help) => {
            start::print(options::HELP);
            0
        }
        Ok(Asked::Version) => {
            start::print(concat!("glowplug-agent ", env!("CARGO_PKG_VERSION"), "\n"));
            0
        }
        Ok(Asked::Run(options)) => hook(&options, &mut log),
        Err(error) => {
            start::print(&["glowplug-agent: ", error.text(), "\n"].concat());
            USAGE
        }
    }
}

#[inline(never)]
fn hook(options: &Options<'_>, log: &mut Log<'_>) -> i32 {
    let line = tree::attribute("/proc/cmdline").unwrap_or_default();
    let line = glowplug::kernel_line::KernelLine::parse(&line);
    match provision::provision(options, &line, log) {
        Ok(outcome) => outcome.status(),
        Err(error) => {
            log.error(&error);
            1
        }
    }
}

//! `glowplug-agent`: provisioning before the root pivot, without libc.
//!
//! As PID 1 it is the whole of an initramfs; anywhere else it works on a root
//! that is mounted already, and its exit status tells how that went.
#![cfg_attr(not(test), no_std, no_main)]

extern crate alloc;

mod boot;
mod console;
mod options;
mod provision;
mod root_device;
mod start;
mod target;

use console::Console;
use glowplug::kernel_line::KernelLine;
use glowplug::stage::log::{Level, Log};
use glowplug::sys::tree;
use options::{Asked, Options};

/// Exit status of a command line that makes no sense.
const USAGE: i32 = 2;

/// Runs the agent; the value is its exit status.
fn main(environment: &start::Environment) -> i32 {
    let lines = Console::of(environment);
    let console = |level: Level, text: &str| lines.print(level, text);
    let mut log = Log::new("glowplug-agent", &console);
    if rustix::process::getpid().is_init() {
        boot::run(environment, &mut log);
    }
    let show = |text: &str| i32::from(!start::print(text));
    match options::parse(&environment.arguments) {
        Ok(Asked::Help) => show(options::HELP),
        Ok(Asked::Version) => show(concat!("glowplug-agent ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Asked::Run(options)) => hook(&options, &mut log),
        Err(error) => {
            start::print(&["glowplug-agent: ", error.text(), "\n"].concat());
            USAGE
        }
    }
}

#[inline(never)]
fn hook(options: &Options<'_>, log: &mut Log<'_>) -> i32 {
    let line = match tree::kernel_line() {
        Ok(line) => KernelLine::parse(&line),
        // It may have switched provisioning off.
        Err(error) => {
            log.error(&error);
            return 1;
        }
    };
    log.warn_of(line.problems());
    match provision::provision(options, &line, log) {
        Ok(status) => status,
        Err(error) => {
            log.error(&error);
            1
        }
    }
}

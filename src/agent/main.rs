//! `glowplug-agent`: provisioning before the root pivot, without libc.
#![cfg_attr(not(test), no_std, no_main)]

extern crate alloc;

mod start;

/// Runs the agent; the value is its exit status.
fn main(environment: &start::Environment) -> i32 {
    start::print(&alloc::format!("glowplug-agent: {:?}\n", environment.arguments));
    0
}
